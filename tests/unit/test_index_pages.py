"""Index pages: which links are read, which shapes their URLs have, which of them are asked for."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.fetcher.lists.index_pages import (
    EXPLORE_PER_POLL,
    MAX_LINKS,
    MAX_SHAPES,
    Link,
    Shapes,
    choose,
    read_links,
    same_site,
    shape,
)
from services.fetcher.lists.listing import NotAListing

PAGE = "https://www.xabar.uz/uz/"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def urls(html: str, page: str = PAGE) -> list[str]:
    return [link.url for link in read_links(html.encode(), page)]


def test_links_of_the_same_site_are_read_once_and_in_order() -> None:
    html = """<html><base href="/uz/yangilik/"><body>
    <a href="2">Ikkinchi</a><a href="1#izoh">Birinchi</a><a href="1?utm_source=x">Birinchi</a>
    <a href="https://xabar.uz/3">3</a><a href="https://sport.xabar.uz/4">4</a></body></html>"""
    assert urls(html) == [
        "https://www.xabar.uz/uz/yangilik/2",
        "https://www.xabar.uz/uz/yangilik/1",
        "https://xabar.uz/3",
        "https://sport.xabar.uz/4",
    ]


def test_what_is_no_page_of_the_site_is_left_out() -> None:
    hrefs = (
        "#top", "", "mailto:a@b.uz", "javascript:void(0)", "tel:1", "/a.pdf", "/foto.JPG?x=1", "https://t.me/xabar",
        "https://notxabar.uz/1", "http://[::1", "ftp://xabar.uz/1", "/", PAGE, "https://user@evil.example/",
    )  # fmt: skip
    assert urls("<html>" + "".join(f'<a href="{href}">x</a>' for href in hrefs)) == []


def test_the_longest_text_is_the_title_and_a_link_is_aside_only_where_it_never_stands_elsewhere() -> None:
    html = """<html><nav><a href="/uz/1">Bosh</a><a href="/uz/sport">Sport</a></nav>
    <a href="/uz/1">  Yangi   maktab
    ochildi </a><a href="/uz/1"><img></a><a href="/uz/2" title="Rasm ostida"><img></a></html>"""
    assert read_links(html.encode(), PAGE) == (
        Link("https://www.xabar.uz/uz/1", "Yangi maktab ochildi", False),
        Link("https://www.xabar.uz/uz/sport", "Sport", True),
        Link("https://www.xabar.uz/uz/2", "Rasm ostida", False),
    )


@pytest.mark.parametrize(
    ("head", "header"), [("", "windows-1251"), ('<meta charset="windows-1251">', None), ("", None), ("", "zip")]
)
def test_titles_are_read_in_the_page_s_charset(head: str, header: str | None) -> None:
    body = f"<html>{head}<a href=/1>Жаңылыктар</a>".replace("ң", "н").encode("windows-1251")
    assert read_links(body, PAGE, header)[0].title == "Жанылыктар"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no markup",
        b'{"a": "<a href=/1>"}'.replace(b"<a", b""),
        b"%PDF-1.7 \0\0 <a>",
        b"<?xml version='1.0'?><rss><channel/></rss>",
        b"<html>" + b"<a href=/x><div>" * 200_000,
        b"<html><a " + b"b " * 100_000 + b">",
        b"<html>" + b" " * 5_000_000,
    ],
)
def test_what_is_no_page_or_costs_too_much_is_refused_at_once(body: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(NotAListing):
        read_links(body, PAGE)
    assert time.monotonic() - began < 5


def test_no_more_links_are_read_than_the_bound() -> None:
    assert len(urls("<html>" + "".join(f"<a href=/n/{n}>x</a>" for n in range(MAX_LINKS + 9)))) == MAX_LINKS


def test_subdomains_and_www_are_one_site_and_neighbours_are_not() -> None:
    assert same_site("www.a.uz", "a.uz")
    assert same_site("sport.a.uz", "www.a.uz")
    assert same_site("a.uz", "ru.a.uz")
    assert not same_site("ba.uz", "a.uz")
    assert not same_site("a.uz", "uz")
    assert not same_site("x.a.uz", "y.a.uz")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/news/123456", "/news/<n>"),
        ("/article/12345/", "/article/<n>"),
        ("/uz/news/2026/11/22/yangi-maktab-ochildi-bugun/", "/uz/news/<y>/<m>/<d>/<slug>"),
        ("/uz/12345-yangi-maktab", "/uz/<n>-<slug>"),
        ("/ru/obshchestvo/v-tashkente-otkryli-shkolu-98765.html", "/ru/obshchestvo/<slug>-<n>.html"),
        ("/?p=123&utm_source=x", "/?p=<n>&utm_source=<word>"),
        ("/index.php?newsid=4&do=cat", "/<word>.php?do=cat&newsid=<n>"),
        ("/category/sport", "/category/<word>"),
        ("/tag/sport?page=2", "/tag/<word>?page=<n>"),
        ("/sport", "/sport"),
        ("/uz", "/uz"),
        ("/%D1%81%D0%BF%D0%BE%D1%80%D1%82/%D0%B0-%D0%B1-%D0%B2-%D0%B3", "/спорт/<slug>"),
        ("/x/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/x/<id>"),
        ("/a/2026-11-22/c98w2p4z3lro", "/a/<date>/<id>"),
    ],
)
def test_urls_of_one_kind_have_one_shape(path: str, expected: str) -> None:
    assert shape("https://a.uz" + path) == expected


def test_shapes_are_bounded_and_those_that_are_seen_often_stay() -> None:
    shapes = Shapes()
    for n in range(9):
        shapes.told(f"https://a.uz/news/{n}", True, NOW)
    for n in range(MAX_SHAPES * 2):
        name = "".join(chr(97 + int(digit)) for digit in str(n))
        shapes.told(f"https://a.uz/{name}", False, NOW + timedelta(seconds=n))
    assert len(shapes) == MAX_SHAPES
    assert shapes.share("/news/<n>") > 0.8


def test_the_order_in_which_outcomes_are_read_again_does_not_matter() -> None:
    told = [(f"https://a.uz/n/{n}", n % 3 == 0, NOW + timedelta(hours=n)) for n in range(50)]
    live, again = Shapes(), Shapes()
    for outcome in told:
        live.told(*outcome)
    for outcome in sorted(told, key=lambda outcome: not outcome[1]):
        again.told(*outcome)
    assert live.share("/n/<n>") == pytest.approx(again.share("/n/<n>"))


class Site:
    """A front page with thirty kinds of sections, tags and authors, each with many links, beside the newest news."""

    def __init__(self) -> None:
        self.shapes = Shapes()
        self.asked: dict[str, int] = {}
        self.published: dict[str, int] = {}
        self.polls = 0
        self.on_the_way: list[tuple[str, bool, datetime]] = []
        self.wasted: list[int] = []

    def page(self, article: str) -> list[Link]:
        links = [
            Link(f"https://a.uz/uz/{section}{chr(97 + kind)}/{name}", f"{name} bo‘limi")
            for kind in range(10)
            for section in ("rukn", "teg", "muallif")
            for name in (f"jahon-{'abcdefghij'[(self.polls + at) % 10]}-va-yana-boshqa-{self.polls}" for at in range(4))
        ]
        for nth in range(2):
            self.published.setdefault(article.format(n=10_000 + self.polls * 2 + nth), self.polls)
        newest = list(self.published)[-30:]
        return links + [Link(url, f"Yangilik {url}") for url in newest]

    def poll(self, article: str) -> None:
        now = NOW + timedelta(minutes=20) * self.polls
        listing = choose(self.page(article), lambda url: self.shapes, self.asked.__contains__, now)
        for outcome in self.on_the_way:
            self.shapes.told(*outcome)
        self.on_the_way = [(entry.url, entry.url in self.published, now) for entry in listing.entries]
        self.asked.update((entry.url, self.polls) for entry in listing.entries)
        self.wasted.append(sum(entry.url not in self.published for entry in listing.entries))
        self.polls += 1


def test_after_a_few_polls_nearly_all_requests_go_to_articles_and_none_is_missed() -> None:
    site = Site()
    for _ in range(500):
        site.poll("https://a.uz/uz/yangilik/{n}")
    assert set(site.published) <= set(site.asked)
    assert max(site.asked[url] - poll for url, poll in site.published.items()) <= 5
    assert max(site.wasted) <= EXPLORE_PER_POLL
    assert sum(site.wasted[:30]) <= 200
    assert sum(site.wasted[30:]) <= 0.07 * len(site.published)


def test_a_new_scheme_of_urls_is_learned_within_a_few_polls() -> None:
    site = Site()
    for _ in range(60):
        site.poll("https://a.uz/uz/yangilik/{n}")
    for _ in range(60):
        site.poll("https://a.uz/?p={n}")
    changed = {url: poll for url, poll in site.published.items() if "?p=" in url}
    assert set(changed) <= set(site.asked)
    assert max(site.asked[url] - poll for url, poll in changed.items()) <= 2


def test_a_barren_shape_is_left_alone_until_it_is_looked_at_again() -> None:
    shapes = Shapes()
    for n in range(8):
        shapes.told(f"https://a.uz/video/{n}", False, NOW)
    links = [Link(f"https://a.uz/video/{n}") for n in range(100, 140)]

    def asked(after: timedelta) -> int:
        return len(choose(links, lambda url: shapes, lambda url: False, NOW + after).entries)

    assert asked(timedelta(days=1)) == 0
    assert asked(timedelta(days=6)) == 1
    shapes.told("https://a.uz/video/100", True, NOW + timedelta(days=6))
    assert asked(timedelta(days=6)) == 2


def test_of_what_is_unknown_the_links_that_look_like_articles_are_tried_first() -> None:
    menu = [Link(f"https://a.uz/bo{chr(97 + n)}/x", "Rukn", aside=True) for n in range(20)]
    story = Link("https://a.uz/2026/11/22/yangi-maktab-ochildi-bugun", "Toshkentda bugun yangi maktab ochildi")
    chosen = choose([*menu, story], lambda url: Shapes(), lambda url: False, NOW).entries
    assert len(chosen) == EXPLORE_PER_POLL
    assert (chosen[-1].url, chosen[-1].title) == (story.url, story.title)
