"""What a home page tells of its site, and what it doesn't."""

import pytest

from services.fetcher.lists.home_page import (
    MAX_EDITIONS,
    MAX_FEEDS,
    MAX_PLACES,
    Edition,
    FoundFeed,
    read_home,
    usual_places,
)
from services.fetcher.lists.listing import NotAListing

URL = "https://www.site.uz/"


def page(head: str = "", body: str = "", lang: str = "") -> bytes:
    attribute = f' lang="{lang}"' if lang else ""
    return f"<!doctype html><html{attribute}><head>{head}</head><body><p>Xabar</p>{body}</body></html>".encode()


def rss(href: str, title: str = "", kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def test_announced_feeds_come_first_then_anchors_that_look_like_feeds_then_comments() -> None:
    head = (
        rss("/comments/feed/", "Izohlar")
        + rss("/rss", " Barcha\n xabarlar ")
        + rss("//cdn.example/a", kind="Application/Atom+XML; x=y")
    )
    head += rss("/f.json", kind="application/feed+json") + rss("/style.css", kind="text/css") + rss("javascript:x")
    body = '<a href="/uz/rss.xml">RSS</a><a href="/RSS">again</a><a href="/news/feed-the-world">no</a>'
    body += '<a href="/rss">same</a>'
    assert read_home(page(head, body), URL, {}).feeds == (
        FoundFeed("https://www.site.uz/rss", "Barcha xabarlar"),
        FoundFeed("https://cdn.example/a"),
        FoundFeed("https://www.site.uz/f.json"),
        FoundFeed("https://www.site.uz/uz/rss.xml", "RSS", announced=False),
        FoundFeed("https://www.site.uz/RSS", "again", announced=False),
        FoundFeed("https://www.site.uz/comments/feed/", "Izohlar"),
    )  # fmt: skip


def test_links_are_resolved_against_the_pages_base() -> None:
    assert [f.url for f in read_home(page('<base href="/uz/">' + rss("rss")), URL, {}).feeds] == [URL + "uz/rss"]


def test_a_page_without_anything_tells_nothing_but_the_place_of_its_host() -> None:
    home = read_home(page(), URL, {})
    assert (home.feeds, home.name, home.language, home.editions) == ((), None, None, ())
    assert (home.country, home.timezone) == ("UZ", "Asia/Tashkent")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('<title>T</title><meta property="og:site_name" content=" Gazeta.uz ">', "Gazeta.uz"),
        ('<title>T</title><meta name="application-name" content="Kun">', "Kun"),
        ("<title>Oxirgi yangiliklar — Daryo News | Toshkent</title>", "Daryo News"),
        ("<title>So‘nggi xabarlar - bugun</title>", "So‘nggi xabarlar - bugun"),
        ("<title> </title>", None),
    ],
)
def test_the_name_is_the_sites_and_not_its_slogan(head: str, name: str | None) -> None:
    assert read_home(page(head), "https://news.daryo.uz/", {}).name == name


@pytest.mark.parametrize(
    ("lang", "head", "headers", "language"),
    [
        ("uz", '<meta property="og:locale" content="ru_RU">', {}, "uz"),
        ("UZ_cyrl_uz", "", {}, "uz-Cyrl-UZ"),
        ("uz-Latn", "", {}, "uz-Latn"),
        ("kz", "", {}, "kk"),
        ("{{ lang }}", '<meta property="og:locale" content="tr_TR">', {}, "tr-TR"),
        ("", '<meta http-equiv="Content-Language" content="ky">', {}, "ky"),
        ("", "", {"content-language": "tg, ru"}, "tg"),
        ("x-default", "", {}, None),
        ("language", "", {}, None),
    ],
)
def test_the_language_is_told_in_many_places(
    lang: str, head: str, headers: dict[str, str], language: str | None
) -> None:
    assert read_home(page(head, lang=lang), URL, headers).language == language


@pytest.mark.parametrize(
    ("url", "lang", "country", "timezone"),
    [
        ("https://kun.uz/", "en-US", "UZ", "Asia/Tashkent"),
        ("https://zakon.kz:8443/", "ru", "KZ", "Asia/Almaty"),
        ("https://24.kg/", "", "KG", "Asia/Bishkek"),
        ("https://asiaplus.tj/", "ru", "TJ", "Asia/Dushanbe"),
        ("https://orient.tm/", "ru", "TM", "Asia/Ashgabat"),
        ("https://haber.com.tr/", "", "TR", "Europe/Istanbul"),
        ("https://khabar.ir/", "fa", "IR", "Asia/Tehran"),
        ("https://баспа.қаз/", "", "KZ", "Asia/Almaty"),
        ("https://site.com/", "ru-KZ", "KZ", "Asia/Almaty"),
        ("https://site.com/", "ky", None, "Asia/Bishkek"),
        ("https://site.com/", "ru-RU", None, None),
        ("https://site.com/", "fa", None, None),
        ("https://93.184.216.34/", "en", None, None),
    ],
)
def test_country_and_zone_follow_from_domain_region_or_language(
    url: str, lang: str, country: str | None, timezone: str | None
) -> None:
    home = read_home(page(lang=lang), url, {})
    assert (home.country, home.timezone) == (country, timezone)


def test_editions_are_the_languages_that_the_page_links() -> None:
    head = "".join(
        f'<link rel="alternate" hreflang="{lang}" href="{href}">'
        for lang, href in [("uz-cyrl", "/uzc"), ("ru", "/ru"), ("x-default", "/"), ("en", ""), ("ru", "/ru")]
    )
    assert read_home(page(head), URL, {}).editions == (Edition("uz-Cyrl", URL + "uzc"), Edition("ru", URL + "ru"))


def test_the_charset_of_the_header_is_heard() -> None:
    body = "<html><head><title>Новости</title></head><body>Душанбе</body></html>".encode("cp1251")
    assert read_home(body, "https://a.tj/", {"content-type": "text/html; charset=windows-1251"}).name == "Новости"


def test_usual_places_are_few_and_beside_the_page_first() -> None:
    assert usual_places("https://site.uz")[:4] == tuple(
        f"https://site.uz/{p}" for p in ("rss", "feed", "rss.xml", "feed.xml")
    )
    below = usual_places("https://site.uz/uz/index.php?x=1")
    assert below[:4] == tuple(f"https://site.uz/{p}" for p in ("uz/rss", "rss", "uz/feed", "feed"))
    assert len(below) == MAX_PLACES


def test_what_is_taken_from_a_page_is_bounded() -> None:
    head = "".join(rss(f"/{n}/rss") + f'<link rel="alternate" hreflang="uz" href="/{n}">' for n in range(3000))
    home = read_home(page(head, '<a href="/rss">x</a>' * 3000, lang="u" * 100_000), URL, {})
    assert (len(home.feeds), len(home.editions), home.language) == (MAX_FEEDS, MAX_EDITIONS, None)


@pytest.mark.parametrize("body", [b"", b"<?xml version='1.0'?><rss version='2.0'><channel></channel></rss>"])
def test_what_is_no_page_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_home(body, URL, {})
