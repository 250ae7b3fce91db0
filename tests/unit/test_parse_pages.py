"""Saved pages with the habits of news sites become the articles that a reader would see, or a rejection."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, Hints, SourceFacts, pack
from services.parser.limits import MAX_NAMES_CHARS, Limits
from services.parser.page.blocks import blocks_of
from services.parser.parse import parse

PAGES = Path(__file__).parent / "pages"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
URL = "https://tong.example/uz/2024/05/15/vodiyda-yangi-koprik-ochildi"
EVENING = "2024-05-15T19:34:00+05:00"
SENTENCE = "The ferry across the lake runs every hour again after the ice broke up during the night. "


def page(
    content: str | bytes,
    url: str = "https://dolina.example/news/snow-closes-the-pass-771",
    *,
    charset: str | None = None,
    media_type: str = "text/html",
    timezone: str | None = "Asia/Tashkent",
    hints: Hints | None = None,
    status: int = 200,
) -> FetchedPage:
    content = content if isinstance(content, bytes) else content.encode()
    return FetchedPage(
        request=FetchRequest(url=url, source="dolina", reason="feed", hints=hints or Hints(), requested_at=NOW),
        facts=SourceFacts(timezone=timezone),
        url=url,
        status=status,
        media_type=media_type,
        charset=charset,
        body=pack(content),
        body_sha256="0" * 64,
        fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0.1),
    )


def article(
    content: str | bytes, url: str = "https://dolina.example/news/snow-closes-the-pass-771", **facts: object
) -> ParsedArticle:
    result = parse(page(content, url, **facts), Limits(), NOW)  # type: ignore[arg-type]
    assert isinstance(result, ParsedArticle), result
    return result


def rejection(
    content: str | bytes, url: str = "https://dolina.example/news/snow-closes-the-pass-771", **facts: object
) -> Rejection:
    result = parse(page(content, url, **facts), Limits(), NOW)  # type: ignore[arg-type]
    assert isinstance(result, Rejection), result
    return result


def saved(name: str) -> str:
    return (PAGES / f"{name}.html").read_text(encoding="utf-8")


def test_a_page_without_structured_data_loses_its_edges_and_keeps_its_text() -> None:
    found = article(saved("bare-with-related-list"), "https://bulutli.example/en/news/1001")
    assert found.title == "Mountain school opens its first observatory"
    assert [p[:20] for p in found.paragraphs] == [
        "Pupils of the boardi",
        "The dome was built i",
        "The school plans ope",
    ]
    assert found.published is not None
    assert found.published.value == "2024-05-15T19:34:00+05:00"
    assert (found.published.source, found.published.zone_source) == ("text-near-headline", "host")
    assert found.engagement is not None
    assert found.engagement.views == 1465


@pytest.mark.parametrize("encoding", ["windows-1251", "utf-8"])
def test_paragraphs_parted_by_double_breaks_stay_apart_in_any_encoding(encoding: str) -> None:
    found = article(saved("br-paragraphs").encode(encoding))
    assert found.title == "Снегопад закрыл перевал Ак-Таш"
    assert [p.split()[0] for p in found.paragraphs] == ["Перевал", "Дорожники", "Автобусы", "Синоптики"]
    assert found.published is not None
    assert found.published.value == "2024-05-15T08:05:00+05:00"
    assert found.engagement is not None
    assert found.engagement.views == 2310


def test_structured_data_is_believed_and_corrected_by_what_readers_see() -> None:
    found = article(saved("json-ld-graph"), f"{URL}?utm_source=feed")
    assert found.title == "Vodiyda yangi ko‘prik ochildi"
    assert found.authors == ("Dilnoza Yo‘ldosheva",)
    assert found.published is not None
    assert (found.published.value, found.published.source) == ("2024-05-15T19:34:00+05:00", "json-ld")
    assert found.modified is not None
    assert found.modified.value == "2024-05-16T08:00:00+05:00"
    assert found.canonical_url == URL
    assert [(e.language, e.url.rsplit("/", 1)[1]) for e in found.editions] == [("ru", "v-doline-otkryt-novyj-most")]
    assert (found.section, found.tags) == ("Jamiyat", ("ko‘prik", "yo‘l"))
    assert found.image == "https://tong.example/img/koprik.jpg"
    assert found.lead == "Ko‘prik \ufffd ochildi"
    assert found.language_declared == "uz-Latn"
    assert found.rights.paywalled is True
    assert found.rights.training_opt_out is True
    assert "max-image-preview:large" in found.rights.robots
    assert found.provenance["title"] == "headline"
    assert [s.stage for s in found.stamps] == ["fetcher", "parser"]
    assert ParsedArticle.decode(found.encode()) == found


def test_the_same_page_gives_the_same_identities() -> None:
    one, other = (
        article(saved("br-paragraphs"), url) for url in ("https://d.example/n/771", "https://d.example/n/771#top")
    )
    assert (one.article_id, one.content_key) == (other.article_id, other.content_key)


@pytest.mark.parametrize(
    ("page_url", "canonical", "believed"),
    [
        ("https://a.example/amp/news/river-771", "https://a.example/news/river-771", True),
        ("https://m.a.example/news/river-771", "https://www.a.example/news/river-771", True),
        ("https://a.example/news/river-771?page=print", "/news/river-771", True),
        ("https://a.example/?p=771", "https://a.example/2024/05/river-771/", True),
        ("https://a.example/news/river-771/amp", "https://a.example/news/river-771", True),
        ("https://a.example/news/river-771", "https://a.example/", False),
        ("https://a.example/news/river-771", "https://a.example/uz", False),
        ("https://a.example/news/river-771", "https://a.example/news", False),
        ("https://a.example/ru/news/river-771", "https://a.example/uz/news/river-771", False),
        ("https://a.example/news.php?id=771", "https://a.example/news.php", False),
        ("https://a.example/news/river-771", "https://b.example/news/river-771", False),
        ("https://a.example/news/river-771", "https://a.example/news/bridge-772", False),
        ("https://a.example/news/river-771", "http://[broken", False),
    ],
)
def test_a_canonical_link_is_believed_for_another_dress_only(page_url: str, canonical: str, believed: bool) -> None:
    html = f'<link rel="canonical" href="{canonical}"><h1>Ferry runs again</h1><p>{SENTENCE * 4}</p>'
    found = article(html, page_url)
    assert (found.provenance["canonical_url"] == "rel-canonical") is believed


@pytest.mark.parametrize(
    "url", ["https://a.example/", "https://a.example/uz/", "https://a.example/index.php", "https://a.example/ru"]
)
def test_a_home_page_is_no_article(url: str) -> None:
    assert rejection(saved("section"), url).reason == "not-an-article"
    assert rejection(f"<h1>Ferry runs again</h1><p>{SENTENCE * 9}</p>", url).reason == "not-an-article"


@pytest.mark.parametrize("url", ["https://a.example/en/society", "https://a.example/en/news/list-2024"])
def test_a_section_page_is_no_article(url: str) -> None:
    found = rejection(saved("section"), url)
    assert found.reason == "not-an-article"
    assert "4 teasers" in found.detail


def test_a_short_report_is_an_article_and_a_shorter_one_is_not() -> None:
    found = article(
        f"<h1>Ferry runs again</h1><p>{SENTENCE}</p><p>The mayor thanked the crews.</p><p>Tickets cost the same.</p>"
    )
    assert len(found.text) < 200
    assert rejection(f"<h1>Ferry runs again</h1><p>{SENTENCE}</p>").reason == "too-short"


def test_a_short_report_between_a_long_menu_and_other_news_is_still_an_article() -> None:
    menu = "".join(f'<li><a href="/s/{i}">Section number {i} of the regional portal</a></li>' for i in range(40))
    others = "".join(
        f'<div><a href="/n/{i}">Beekeepers of valley {i} choose their queen</a> 16.05.2024</div>' for i in range(8)
    )
    found = article(
        f"<ul>{menu}</ul><h1>Ferry runs again</h1><div>15.05.2024</div><p>{SENTENCE}{SENTENCE[:60]}</p>{others}"
        "<p>The mayor thanked the crews, who had broken the ice for a week.</p>"
    )
    assert found.published is not None
    assert found.published.value == "2024-05-15"


@pytest.mark.parametrize(
    ("content", "facts", "reason"),
    [
        (b"%PDF-1.7 " + b"x" * 300, {}, "not-html"),
        (b"a plain text", {"media_type": "text/plain"}, "not-html"),
        (b"<p>x</p>", {"media_type": "application/pdf"}, "not-html"),
        (bytes(range(256)) * 50, {}, "undecodable-text"),
        (f"<p>{SENTENCE * 9}</p>", {}, "no-title"),
        (f"<h1>Ferry runs again</h1><p>{SENTENCE * 9}</p>", {"status": 404}, "http-status"),
        ("<div>" * 9000, {}, "too-large"),
        ("<p>" + "word " * 120_000, {}, "too-large"),
        (b" " * 9_000_000, {}, "too-large"),
        ("<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">", {}, "too-large"),
        ("<p " + "".join(f"a{n}='>'" for n in range(20_000)) + ">", {}, "too-large"),
        ("".join(f"<a h={n}><b i={n}>" for n in range(20_000)), {}, "too-large"),
        ("<x></y>" * 20_000, {}, "too-large"),
        ("<p>" + "".join(f"<b i={n}>" for n in range(1_000)) + "</p>" + "<p>x</p>" * 20_000, {}, "too-large"),
        ("", {}, "no-title"),
    ],
)
def test_every_page_that_is_no_article_says_why(content: str | bytes, facts: dict[str, object], reason: str) -> None:
    content = content if reason != "too-large" or isinstance(content, bytes) else f"<h1>Ferry runs again</h1>{content}"
    found = rejection(content, **facts)
    assert found.reason == reason
    assert (found.source, found.stage, found.rejected_at) == ("dolina", "parser", NOW)


def test_markup_that_looks_large_and_is_not_is_read() -> None:
    picture = f'<img src="data:image/png;base64,{"QUJD a=b " * 5_000}">'
    chart = "<svg>" + '<path d="M0 0"/>' * 5_000 + "</svg>"
    script = "<script>" + "if (a <b && c) s = '<div><b>';\n" * 5_000 + "</script>"
    unclosed = "<br><b>Note:<p>" * 1_000 + "<!-- <i x> -->" * 5_000
    found = article(f"<h1>Ferry runs again</h1>{picture}{chart}{script}<p>{SENTENCE * 3}</p>{unclosed}")
    assert SENTENCE.strip() in found.text


def test_what_a_page_says_of_itself_at_great_length_is_read_in_no_time() -> None:
    graph = "{" + ",".join(f'"{n}":{{}}' for n in range(20_000)) + "}"
    head = f'<title>Ferry runs{" | Dolina" * 20_000}</title><script type="application/ld+json">{graph}</script>'
    started = time.perf_counter()
    article(f"{head}<h1>Ferry runs again</h1><p>{SENTENCE * 3}</p>")
    assert time.perf_counter() - started < 5


def test_long_names_of_an_element_are_not_kept_with_every_line_in_it() -> None:
    lines = "".join(f"<i class=c{n}>{n}</i><br>" for n in range(100))
    blocks = blocks_of(LexborHTMLParser(f"<div class='{'wide ' * 50_000}'>{lines}</div>"))
    assert len(blocks) == 100
    assert max(len(block.names) for block in blocks) < 2 * MAX_NAMES_CHARS


def test_a_reference_without_end_does_not_break_the_page() -> None:
    found = article(f"<h1>Ferry runs</h1><meta name=author content='&amp;#{'9' * 5_000}'><p>{SENTENCE * 3}</p>")
    assert found.title == "Ferry runs"


@pytest.mark.parametrize(
    ("html", "value", "source"),
    [
        ('<meta property="article:published_time" content="2024-05-15T19:34:00+05:00">', EVENING, "meta"),
        ('<time itemprop="datePublished" datetime="2024-05-15T14:34:00Z">x</time>', EVENING, "time-element"),
        ('<time datetime="2024-05-15T19:34">earlier</time>', EVENING, "time-element"),
        ("<div>15.05.2024</div><div>19:34</div>", EVENING, "text-near-headline"),
        ("<div>Bugun, 14:05</div>", "2024-06-01T14:05:00+05:00", "text-near-headline"),
        ('<meta name="date" content="2024-05-15"><div>19:34 / 15.05.2024</div>', EVENING, "meta"),
        ('<meta name="date" content="2031-05-15"><div>19:34 / 15.05.2024</div>', EVENING, "text-near-headline"),
    ],
)  # fmt: skip
def test_the_date_comes_from_the_surest_place(html: str, value: str, source: str) -> None:
    found = article(f"<h1>Ferry runs again</h1>{html}<p>{SENTENCE * 4}</p>")
    assert found.published is not None
    assert (found.published.value, found.published.source) == (value, source)


@pytest.mark.parametrize(
    "html",
    [
        "<footer>15.05.2024</footer>",
        "<div>© 15.05.2024 Dolina</div>",
        f"<p>{SENTENCE * 2} It was closed on 15.05.2024 by the harbour master.</p>",
        '<aside class="related"><a href="/n/1">Beekeepers of four valleys choose their queen</a> 15.05.2024</aside>',
        '<div><a href="/n/1">Beekeepers of four valleys choose their queen</a></div><div>19:09 / 15.05.2024</div>',
    ],
)
def test_a_date_of_something_else_is_not_the_pages_date(html: str) -> None:
    assert article(f"<h1>Ferry runs again</h1><p>{SENTENCE * 4}</p>{html}").published is None


def test_the_feeds_date_is_the_last_resort() -> None:
    hints = Hints(published="Wed, 15 May 2024 14:34:00 GMT")
    found = article(f"<h1>Ferry runs again</h1><p>{SENTENCE * 4}</p>", hints=hints)
    assert found.published is not None
    assert (found.published.value, found.published.source) == ("2024-05-15T19:34:00+05:00", "feed")


@pytest.mark.parametrize(
    "line",
    ["Views: 1465", "Ko‘rishlar soni: 1 465", "Кўрилди: 1465", "Просмотров: 1465", "1465 просмотров", "Қаралым: 1465",
     "Көрүүлөр: 1465", "Тамошо: 1465", "Görlen: 1465", "Görüntülenme: 1.465", "بازدید: ۱۴۶۵", "Visualizações: 1.465"],
)  # fmt: skip
def test_a_counter_becomes_data_in_every_language(line: str) -> None:
    found = article(
        f"<article><h1>Ferry runs again</h1><p>{SENTENCE * 2}</p><p>{SENTENCE[::-1]}</p><p>{line}</p></article>"
    )
    assert found.engagement is not None
    assert found.engagement.views == 1465
    assert "1" not in found.text


@given(st.binary(max_size=3000))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_an_article_or_a_rejection(content: bytes) -> None:
    result = parse(page(b"<html><h1>Ferry runs</h1>" + content), Limits(min_text_chars=1), NOW)
    assert type(result).decode(result.encode()) == result


_LD_JSON = '<script type="application/ld+json">'
_PARTS = st.sampled_from(
    ["<div>", "</div>", "<p>", "<h1>", "<article>", "<table>", "<td>", "<a href='//['>", "<!--", "<br><br>", "\x00",
     '<link rel=canonical href="http://[">', '<link rel=alternate hreflang=ru href="//x:y">', "&#xD800;", "\u2424",
     "<time datetime='2024-99-99'>", _LD_JSON, '<meta name=author content="\ud7ff,,;">', "19:34 / 15.05.2024",
     _LD_JSON + '{"@type":["NewsArticle"],"author":{"name":[1,null]},"datePublished":[{}],"headline":{}}</script>',
     "Views: 99", SENTENCE, "۱۴۰۳/۱۲/۳۱"],
)  # fmt: skip


@given(st.lists(_PARTS, max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_markup_is_an_article_or_a_rejection(parts: list[str]) -> None:
    result = parse(page("<h1>Ferry runs again</h1>" + "".join(parts)), Limits(min_text_chars=1), NOW)
    assert type(result).decode(result.encode()) == result
