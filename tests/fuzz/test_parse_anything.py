"""Whatever bytes a page is made of, the parser answers in time with an article or a rejection that holds together."""

from __future__ import annotations

import json
import os
import re
import time
import unicodedata
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from services.console.newsroom import pages
from services.console.newsroom.content import labels, load
from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest
from services.parser.limits import Limits
from services.parser.page.decode import clean, decode
from services.parser.parse import parse

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""Of each test; without it few, and the same ones every time."""
FUZZ = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MOST_SECONDS = 10
LIMITS = Limits(min_text_chars=1, max_page_bytes=2 * 1024 * 1024)
STOCK, LABELS = load(), labels()
NEWSROOM = [
    (STOCK.url(article), pages.article_page(STOCK, article, LABELS).encode(STOCK.site_of(article).charset))
    for _, article in sorted(STOCK.articles.items())
]
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")
URLS = st.sampled_from([
    "https://dolina.example/news/ferry-runs-771", "https://dolina.example/", "https://dolina.example/2024/05/15/x",
    "https://dolina.example/tag/x?page=2", "https://dolina.example/%D0%B0/%ff", "http://[::1]/a", "https://q.example:8443/x#y",
])  # fmt: skip


def answered(content: bytes, url: str, charset: str | None = None) -> ParsedArticle | Rejection:
    page = FetchedPage(
        request=FetchRequest(url=url, reason="feed", requested_at=NOW), url=url, status=200, media_type="text/html",
        charset=charset, body="", body_sha256="0" * 64, fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0),
    )  # fmt: skip
    started = time.perf_counter()
    result = parse(page, LIMITS, NOW, content=content)
    assert time.perf_counter() - started < MOST_SECONDS
    assert parse(page, LIMITS, NOW, content=content) == result
    return result


def holds_together(content: bytes, url: str, charset: str | None = None) -> None:
    result = answered(content, url, charset)
    assert type(result).decode(result.encode()) == result
    assert json.loads(result.model_dump_json()) == result.model_dump(mode="json")
    if isinstance(result, Rejection):
        assert result.detail or result.reason
        return
    for text in (result.text, result.title, *result.authors, *result.tags, result.lead or "", result.section or ""):
        assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text), ascii(text)
        text.encode()
    decoded = decode(content, charset)
    assert decoded is not None
    root = LexborHTMLParser(decoded.text).root
    shown = _SPACE.sub("", clean(root.text(deep=True)) if root else "")
    for word in _WORD.findall(result.text):
        assert word in shown, ascii(word)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A newsroom page with ranges cut out, doubled, moved in from another page, and bytes flipped."""
    url, content = draw(st.sampled_from(NEWSROOM))
    page = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(0, len(page) - 1)))
        end = min(len(page), start + draw(st.sampled_from([1, 3, 17, 90, 400, 3_000])))
        kind = draw(st.sampled_from(["cut", "double", "splice", "flip", "move"]))
        if kind == "cut":
            del page[start:end]
        elif kind == "double":
            page[start:start] = page[start:end] * draw(st.sampled_from([1, 2, 40]))
        elif kind == "splice":
            _, other = draw(st.sampled_from(NEWSROOM))
            page[start:end] = other[start : end + 200]
        elif kind == "flip":
            page[start : start + 1] = bytes((draw(st.integers(0, 255)),))
        else:
            part = bytes(page[start:end])
            del page[start:end]
            page.extend(part)
    return url, bytes(page)


_TAGS = st.sampled_from([
    "p", "div", "span", "a", "b", "i", "h1", "h2", "ul", "li", "table", "tr", "td", "th", "figure", "figcaption",
    "blockquote", "article", "section", "time", "script", "style", "br", "img", "pre", "code", "svg", "math",
    "template", "select", "option", "textarea", "iframe", "video", "aside", "nav", "footer", "form", "title", "meta",
    "html", "body",
])  # fmt: skip
_WORDS = st.sampled_from([
    "The ferry runs again across the lake.", "Паром снова ходит.", "Кўприк ёпилди,", "12:30", "15.05.2024",
    "By Ann Lee", "Photo: A. B.", "Views: 1 204", "۱۴۰۳/۰۲/۲۶", "Ҷаҳон", "e\u0301", "\u200f", "&amp;", "&#0;",
    "&#xD800;", "&lt;b&gt;", "\x00", "\u2028", "\ufeff", "😀", "…", "- ", "# ", "| ", "ҳозир", "2 soat oldin",
    "x" * 300,
])  # fmt: skip
_NAMES = st.sampled_from([
    "", " class=author", " class='date news-date'", " id=content", " itemprop=articleBody", " href=/news/1-a",
    " datetime=2024-05-15T10:00", " style='display:none'", " hidden", " src=/a.jpg alt=A",
])  # fmt: skip
MARKUP = st.recursive(
    st.lists(_WORDS, max_size=4).map(" ".join),
    lambda inside: st.builds(
        lambda tag, names, parts, closed: f"<{tag}{names}>{''.join(parts)}{f'</{tag}>' if closed else ''}",
        _TAGS, _NAMES, st.lists(inside, max_size=5), st.booleans(),
    ),
    max_leaves=40,
)  # fmt: skip

_FIELDS = st.sampled_from([
    "@type", "@id", "@graph", "headline", "author", "name", "datePublished", "dateModified", "articleBody", "image",
    "url", "keywords", "articleSection", "inLanguage", "isAccessibleForFree", "publisher", "mainEntityOfPage",
    "description", "sameAs",
])  # fmt: skip
_STRANGE = st.sampled_from(
    ["NewsArticle", "Person", "2024-05-15T10:00:00+05:00", "#a", "http://[x", "9" * 50, "\ud800", "\x00", "A B"]
)
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=30), _STRANGE)
DATA = st.recursive(
    _VALUES, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(_FIELDS, inside, max_size=6), max_leaves=25
)
TEXT = "<h1>Ferry runs again</h1><p>The ferry across the lake runs every hour again after the ice broke up.</p>" * 2


@given(damaged())
@FUZZ
def test_a_damaged_page_of_the_newsroom(page: tuple[str, bytes]) -> None:
    holds_together(page[1], page[0])


@given(st.lists(MARKUP, min_size=1, max_size=8), URLS)
@FUZZ
def test_any_tree_of_markup(parts: list[str], url: str) -> None:
    html = "<h1>Ferry runs again</h1>" + "".join(parts)
    holds_together(html.encode("utf-8", "surrogatepass"), url)


@given(DATA, st.dictionaries(_FIELDS, st.text(max_size=20), max_size=4), URLS)
@FUZZ
def test_any_structured_data(data: object, metas: dict[str, str], url: str) -> None:
    said = "".join(f'<meta name="{name}" property="og:{name}" content="{value}">' for name, value in metas.items())
    typed = {"@type": "NewsArticle", **data} if isinstance(data, dict) else data
    script = f'<script type="application/ld+json">{json.dumps(typed)}</script>'
    holds_together(f"{said}{script}{TEXT}".encode("utf-8", "replace"), url)


@given(
    st.binary(max_size=300), st.none() | st.sampled_from(["utf-8", "windows-1251", "koi8-r", "gb18030", "utf-7", "x"])
)
@FUZZ
def test_any_bytes_after_a_headline(content: bytes, charset: str | None) -> None:
    holds_together(TEXT.encode() + content, "https://dolina.example/news/ferry-runs-771", charset)
