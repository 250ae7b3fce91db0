"""Which of a page's dates is the page's, how exact it is, and by which clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Instant
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest, Hints, Rights, SourceFacts
from services.parser.dates.publication import Publication, publication_of
from services.parser.metadata.metadata import metadata_of
from services.parser.page.blocks import blocks_of

FETCHED = datetime(2024, 6, 1, 12, tzinfo=UTC)
TITLE = "Ferry runs again after two quiet weeks"
PROSE = "The ferry between the two banks has been running again since the morning, and the crews were thanked. " * 3


def published_on(
    body: str, url: str = "https://news.example/n/771", head: str = "", lang: str = "", hints: str | None = None,
    **facts: str,
) -> Publication:  # fmt: skip
    page = FetchedPage(
        request=FetchRequest(url=url, reason="feed", requested_at=FETCHED, hints=Hints(published=hints)),
        facts=SourceFacts(**facts),
        url=url,
        status=200,
        media_type="text/html",
        body="",
        body_sha256="",
        fetched_at=FETCHED,
        stamp=Stamp(stage="fetcher", version="", started=FETCHED, took=0),
    )
    tree = LexborHTMLParser(f"<html lang='{lang}'><head><title>{TITLE}</title>{head}</head><body>{body}</body></html>")
    blocks = blocks_of(tree)
    return publication_of(page, tree, metadata_of(tree, url, blocks, Rights()), blocks)


def published(body: str, **more: str) -> Instant | None:
    return published_on(body, **more).published


def value(body: str, **more: str) -> str | None:
    found = published(body, **more)
    return found.value if found else None


def article(line: str) -> str:
    return f"<article><h1>{TITLE}</h1>{line}<p>{PROSE}</p><p>{PROSE}</p></article>"


def ld(published: str, modified: str = "", kind: str = "NewsArticle", headline: str = TITLE) -> str:
    changed = f', "dateModified": "{modified}"' if modified else ""
    return (
        f'<script type="application/ld+json">{{"@type": "{kind}", "headline": "{headline}", '
        f'"datePublished": "{published}"{changed}}}</script>'
    )


def meta(content: str, name: str = "article:published_time") -> str:
    return f'<meta property="{name}" content="{content}">'


@pytest.mark.parametrize(
    ("host", "lang", "line", "expected"),
    [
        ("xabar.uz", "uz", "<div class='date'>19:34 / 15.05.2024</div>", "2024-05-15T19:34:00+05:00"),
        ("xabar.uz", "uz", "<span>15-may, 2024-yil, 19:34</span><span>1 465</span>", "2024-05-15T19:34:00+05:00"),
        ("xabar.uz", "uz-Cyrl", "<div>2024 йил 15 май, 19:34</div><p>1465</p>", "2024-05-15T19:34:00+05:00"),
        ("habar.kz", "kk", "<time>15 мамыр 2024, 19:34</time>", "2024-05-15T19:34:00+05:00"),
        ("habar.kz", "kk", "<div>15 ақпан 2024, 19:34</div>", "2024-02-15T19:34:00+06:00"),
        ("kabar.kg", "ky", "<p class=info>15-май, 2024-жыл 19:34</p>", "2024-05-15T19:34:00+06:00"),
        ("khovar.tj", "tg", "<div>15 Майи 2024 19:34, чоршанбе</div>", "2024-05-15T19:34:00+05:00"),
        ("habar.tm", "tk", "<div>15.05.2024ý. | 19:34</div>", "2024-05-15T19:34:00+05:00"),
        ("haber.com.tr", "tr", "<div>Giriş: 15.05.2024 - 19:34</div>", "2024-05-15T19:34:00+03:00"),
        ("khabar.ir", "fa", "<div>۲۶ اردیبهشت ۱۴۰۳ - ۱۹:۳۴</div>", "2024-05-15T19:34:00+03:30"),
        ("khabar.af", "fa", "<div>۲۶ ثور ۱۴۰۳ - ۱۹:۳۴</div>", "2024-05-15T19:34:00+04:30"),
        ("novosti.ru", "ru", "<div>15 мая 2024, 19:34</div>", "2024-05-15T19:34:00+03:00"),
        ("novosti.kg", "ru", "<div>Бишкек, 19:34 - 15 мая 2024</div>", "2024-05-15T19:34:00+06:00"),
        ("xeber.az", "az", "<div>15 may 2024 19:34</div>", "2024-05-15T19:34:00+04:00"),
        ("xabar.com", "uz", "<div>Bugun, 14:05</div>", "2024-06-01T14:05:00+05:00"),
        ("xabar.uz", "uz", "<div class=time>2 soat oldin</div>", "2024-06-01T15:00:00+05:00"),
        ("novosti.uz", "ru", "<div>Вчера, 23:10 | Общество</div>", "2024-05-31T23:10:00+05:00"),
        ("novosti.uz", "ru", "<div>15 мая, 19:34</div>", "2024-05-15T19:34:00+05:00"),
        ("novosti.uz", "ru", "<div>15.05.2024</div><div>19:34</div>", "2024-05-15T19:34:00+05:00"),
    ],
)  # fmt: skip
def test_a_date_line_below_the_headline_is_told_by_the_clock_of_its_country(
    host: str, lang: str, line: str, expected: str
) -> None:
    found = published(article(line), url=f"https://{host}/news/771", lang=lang)
    assert found is not None
    assert (found.value, found.precision, found.source in ("text-near-headline", "time-element")) == (
        expected, "minute", True
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "zone_source", "expected"),
    [
        ({"timezone": "Asia/Samarkand", "url": "https://a.kg/1"}, "host", "2024-05-15T19:34:00+05:00"),
        ({"country": "KZ"}, "host", "2024-05-15T19:34:00+05:00"),
        ({"country": "KZ", "url": "https://a.kg/1"}, "host", "2024-05-15T19:34:00+06:00"),
        ({"country": "KZ", "url": "https://a.us/1"}, "host", "2024-05-15T19:34:00+05:00"),
        ({"url": "https://a.us/1"}, "none", "2024-05-15T19:34:00"),
        ({"url": "https://a.io/1", "lang": "en"}, "none", "2024-05-15T19:34:00"),
        ({"url": "https://a.org/1", "lang": "ru"}, "none", "2024-05-15T19:34:00"),
        ({"timezone": "Mars/Olympus"}, "none", "2024-05-15T19:34:00"),
    ],
)
def test_the_zone_is_the_sources_then_the_hosts_countrys_then_none(
    more: dict[str, str], zone_source: str, expected: str
) -> None:
    found = published(article("<div>15.05.2024 19:34</div>"), **more)
    assert found is not None
    assert (found.value, found.zone_source) == (expected, zone_source)


@pytest.mark.parametrize(
    ("head", "line", "expected"),
    [
        # A day takes its time from whoever has it.
        (ld("2024-05-15"), "<div>15.05.2024, 19:34</div>", "2024-05-15T19:34:00+05:00"),
        (ld("2024-05-15T00:00:00+05:00"), "<div>19:34 / 15.05.2024</div>", "2024-05-15T19:34:00+05:00"),
        (ld("2024-05-15"), "<div>15 may, 19:34</div>", "2024-05-15T19:34:00+05:00"),
        (ld("2024-05-15") + meta("2024-05-15T19:34:08+05:00"), "", "2024-05-15T19:34:08+05:00"),
        (ld("2024-05-16") + meta("2024-05-15T19:34:08+05:00"), "", "2024-05-16"),
        # Local time takes its offset.
        (ld("2024-05-15T19:34:08") + meta("2024-05-15T19:34:08+06:00"), "", "2024-05-15T19:34:08+06:00"),
        (ld("2024-05-15T19:34:08") + meta("2024-05-15T13:34:08Z"), "", "2024-05-15T19:34:08+06:00"),
        # A Z beside the same time on the page is local; one that another source confirms is not.
        (ld("2024-05-15T19:34:08Z"), "<div>15.05.2024 19:34</div>", "2024-05-15T19:34:08+05:00"),
        (ld("2024-05-15T19:34:08+00:00"), "<div>15.05.2024 19:34</div>", "2024-05-15T19:34:08+05:00"),
        (ld("2024-05-15T14:34:08Z"), "<div>15.05.2024 19:34</div>", "2024-05-15T19:34:08+05:00"),
        (ld("2024-05-15T19:34:08Z") + meta("2024-05-15T19:34:08+05:00"), "", "2024-05-15T19:34:08+05:00"),
        (ld("2024-05-15T14:34:08Z") + meta("2024-05-15T17:34:08+03:00"), "", "2024-05-15T17:34:08+03:00"),
    ],
)
def test_the_finest_of_statements_that_agree_is_taken(head: str, line: str, expected: str) -> None:
    assert value(article(line), head=head, url="https://a.uz/news/771") == expected


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [("2024-05-15T19:34:08Z", "2024-05-15T19:34:08+02:00"), ("2024-05-15T19:34:08+00:00", "2024-05-15T21:34:08+02:00")],
)
def test_a_written_offset_of_nothing_is_believed_where_it_is_nearly_the_pages_own(stamp: str, expected: str) -> None:
    assert value(article("<div>15.05.2024 19:34</div>"), head=ld(stamp), url="https://a.de/news/771") == expected


def test_the_offset_of_a_page_without_a_place_is_seen_where_it_shows_its_time() -> None:
    found = value(article("<div>February 24, 2024 | 9:25pm</div>"), head=ld("2024-02-25T02:25:54Z"))
    assert found == "2024-02-24T21:25:54-05:00"


def test_the_article_that_bears_the_title_speaks_for_the_page() -> None:
    others = "".join(ld(f"2024-05-2{n}T10:00:00+05:00", headline=f"Beekeepers choose queen {n}") for n in range(3))
    assert value(article(""), head=others + ld("2024-05-15T19:34:00+05:00")) == "2024-05-15T19:34:00+05:00"


@pytest.mark.parametrize("kind", ["Comment", "Event", "Product", "ImageObject", "Review"])
def test_a_comments_or_an_events_day_is_not_the_pages(kind: str) -> None:
    assert value(article(""), head=ld("2024-05-15T19:34:00+05:00", kind=kind)) is None


@pytest.mark.parametrize(
    ("head", "line", "url", "expected"),
    [
        # Published anew: data bear the new day, readers and the address the old one.
        (ld("2024-05-20", "2024-05-20"), "<div>15 May 2024</div>", "https://a.example/n/1", "2024-05-15"),
        (ld("2024-05-20"), "", "https://a.example/2023/11/02/ferry/", "2023-11-02"),
        # What is shown is the day of the change.
        (ld("2024-05-10", "2024-05-20"), "<div>20 May 2024</div>", "https://a.example/n/1", "2024-05-10"),
        # Two fields against one.
        (ld("2024-05-10") + meta("2024-05-15"), "<div>15 May 2024</div>", "https://a.example/n/1", "2024-05-15"),
    ],
)
def test_data_that_readers_contradict_are_weighed(head: str, line: str, url: str, expected: str) -> None:
    assert value(article(line), head=head, url=url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2024/05/15/ferry-runs/", "2024-05-15"),
        ("https://a.example/2024/5/15/ferry", "2024-05-15"),
        ("https://a.example/news/20240515-ferry-runs", "2024-05-15"),
        ("https://a.example/news/2024-05-15/771", "2024-05-15"),
        ("https://a.example/news/ferry-15-05-2024.html", "2024-05-15"),
        ("https://a.example/2024/0515/ferry.html", "2024-05-15"),
        ("https://web.archive.org/web/20240520101010/https://a.example/2024/05/15/ferry/", "2024-05-15"),
        ("https://a.example/2024/12", None),
        ("https://a.example/news/202405151", None),
        ("https://a.example/news/2024-2025", None),
        ("https://a.example/2025/05/15/ferry/", None),
        ("https://a.example/n/15-05", None),
    ],
)
def test_the_address_names_the_day(url: str, expected: str | None) -> None:
    found = published(article(""), url=url)
    assert (found.value if found else None) == expected
    assert found is None or found.source == "url"


@pytest.mark.parametrize(
    "rest",
    [
        "<footer>15.05.2024</footer>",
        "<div class=copyright>15.05.2024</div>",
        "<p>© 2019-2024, 15.05.2024</p>",
        f"<p>{PROSE} It had been closed on 15.05.2024 by the harbour master of the town.</p>",
        "<div class=comments><div class=comment>Guest, 15.05.2024 19:34</div></div>",
        "<aside class=related><a href=/1>Beekeepers of four valleys choose their queen</a> <i>15.05.2024</i></aside>",
        "<ul>" + "".join(
            f"<li><a href=/{n}>Beekeepers of four valleys choose no. {n}</a> <time datetime=2024-05-1{n}>x</time></li>"
            for n in range(4)
        ) + "</ul>",
        "<div>Views: 15052024</div>",
        "<p>Tel.: +998 71 200-10-10</p>",
    ],
)  # fmt: skip
def test_footers_comments_teasers_and_prose_never_date_the_page(rest: str) -> None:
    assert value(article("") + rest) is None


@pytest.mark.parametrize("today", ["Saturday, 1 June 2024", "Chorshanba, 22-may 2024-yil"])
def test_the_day_in_the_sites_header_gives_way_to_the_pages_own(today: str) -> None:
    header = f"<header><div>{today}</div></header>"
    assert value(header + article("<div class=date>15.05.2024</div>")) == "2024-05-15"
    assert value(header + article("") + "<div>Sana: 15.05.2024</div>") == "2024-05-15"


def test_a_date_and_a_counter_side_by_side_are_no_number() -> None:
    line = "<div><span>15.05.2024</span><span>19:34</span><span>1465</span></div>"
    assert value(article(line), url="https://a.uz/1") == "2024-05-15T19:34:00+05:00"


def test_scripts_and_datelines_are_better_than_nothing() -> None:
    script = """<script>window.page = {"id": 7, "publishedAt": "2024-05-15T19:34:08+05:00"}</script>"""
    found = published(article("") + script)
    assert found is not None
    assert (found.value, found.confidence) == ("2024-05-15T19:34:08+05:00", 0.4)
    assert value(f"<h1>{TITLE}</h1><p>TASHKENT, 15 May 2024 - {PROSE}</p>") == "2024-05-15"


@pytest.mark.parametrize(
    ("url", "head", "expected"),
    [
        ("/2024/03/04/ferry", "", "2024-03-04T15:05:00"),
        ("/2024/04/03/ferry", "", "2024-04-03T15:05:00"),
        ("/ferry", ld("2024-03-04"), "2024-03-04T15:05:00"),
        ("/ferry", "", "2024-04-03T15:05:00"),
    ],
)
def test_the_address_or_the_data_tells_which_number_is_the_month(url: str, head: str, expected: str) -> None:
    line = article("<div class='date'>03/04/2024 3:05 PM</div>")
    assert value(line, url=f"https://news.example{url}", head=head) == expected


def test_a_page_of_date_lines_is_read_in_no_time() -> None:
    lines = "<p class=date>Name Surname 15.05.2024 19:34 <time datetime=2024-05-15>x</time></p>" * 8_000
    started = time.perf_counter()
    published(article("") + lines)
    assert time.perf_counter() - started < 10


def test_a_range_of_days_is_an_event() -> None:
    assert value(article("<div>15.05.2024 - 20.05.2024</div>")) is None
    assert value(article("<div>4-5 September 2023, Samarkand</div>")) is None


@pytest.mark.parametrize(
    ("line", "published", "modified"),
    [
        ("<p>Published 15.05.2024 19:34 | Updated 16.05.2024 10:00</p>", "2024-05-15T19:34:00", "2024-05-16T10:00:00"),
        ("<div>15 мая 2024</div><div>Обновлено: 16 мая 2024</div>", "2024-05-15", "2024-05-16"),
        ("<div>Yangilangan: 16.05.2024</div><div>E’lon qilingan: 15.05.2024</div>", "2024-05-15", "2024-05-16"),
        ("<div>Жаңартылды: 16.05.2024</div><div>15.05.2024</div>", "2024-05-15", "2024-05-16"),
        ("<div>15.05.2024</div><div>Güncelleme: 16.05.2024</div>", "2024-05-15", "2024-05-16"),
    ],
)  # fmt: skip
def test_a_labelled_change_is_no_publication(line: str, published: str, modified: str) -> None:
    found = published_on(article(line))
    assert found.published is not None
    assert found.modified is not None
    assert (found.published.value, found.modified.value) == (published, modified)


def test_the_last_change_stands_in_for_a_day_that_nothing_tells() -> None:
    found = published_on(article(""), head=meta("2024-05-15T19:34:00+05:00", "article:modified_time"))
    assert found.published is not None
    assert found.published.value == "2024-05-15T19:34:00+05:00"
    assert found.published.confidence <= 0.3


def test_a_change_before_the_publication_is_none() -> None:
    assert published_on(article(""), head=ld("2024-05-15", "2024-05-10")).modified is None


def test_the_surer_the_place_the_higher_the_confidence() -> None:
    pages = [
        published(article(""), head=ld("2024-05-15T19:34:00+05:00")),
        published(article("<div>15.05.2024</div>")),
        published(article(""), url="https://a.example/2024/05/15/ferry/"),
        published(article("<div>15 May, 19:34</div>")),
    ]
    shares = [found.confidence for found in pages if found]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)


def test_american_english_puts_the_month_first_where_no_country_speaks_against_it() -> None:
    line = article("<div>04/07/2024</div>")
    assert value(line, lang="en-US") == "2024-04-07"
    assert value(line, lang="en") is None  # 4 July has not come
    assert value(article("<div>04/03/2024</div>"), lang="en-US", url="https://a.uz/1") == "2024-03-04"


@pytest.mark.parametrize("day", ["2024-06-03", "1994-05-15", "2031-01-01T10:00:00Z"])
def test_no_page_is_of_tomorrow_or_from_before_the_web(day: str) -> None:
    assert value(article(""), head=ld(day)) is None


def test_a_day_in_the_address_that_has_not_come_gives_way_to_what_the_page_says() -> None:
    assert value(article("<div>15.05.2024</div>"), url="https://a.example/2024/12/31/ferry/") == "2024-05-15"


def test_the_feed_tells_the_time_of_the_day_that_the_address_names() -> None:
    found = published(article(""), url="https://a.uz/2024/05/15/ferry/", hints="Wed, 15 May 2024 14:34:00 GMT")
    assert found is not None
    assert found.value == "2024-05-15T19:34:00+05:00"
