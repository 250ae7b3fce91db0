"""Pages made to hang, fill or crash a parser end as a result or a rejection, in bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest
from services.parser.limits import Limits
from services.parser.parse import parse
from services.parser.worker import warm, work
from services.runtime.pool import ProcessPool

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MOST_SECONDS = 15
"""Many times what each takes on an idle core, and less than a stage waits for a page."""
PARA = "The ferry across the lake runs every hour again after the ice broke up during the night. "
TEXT = f"<h1>Ferry runs again</h1><p>{PARA * 4}</p>"
MIB = 1024 * 1024


def _json_ld(source: str) -> str:
    return f'<script type="application/ld+json">{source}</script>{TEXT}'


def _nested(depth: int) -> str:
    return '{"@type":"NewsArticle","author":' * depth + "1" + "}" * depth


def _filled(piece: str, size: int = 4 * MIB) -> str:
    return piece * (size // len(piece.encode()))


def _soup(seed: int) -> str:
    chosen = random.Random(seed)
    pieces = [
        "<p>", "<div>", "</div>", "<table>", "<tr>", "<td>", "<a href=x>", "<b>", "<i>", "</p>", "<!--", "<script>",
        "&#xD800;", "<br>", "text ", "\x00", "]]>", "<svg>", "<template>", "<select>", "<li>", "<h1>", "<math>",
        "<form>", "<frameset>", "<plaintext>", "<![CDATA[", "<?php", "</", "&#0;", "<noscript>", "<textarea>",
    ]  # fmt: skip
    return "".join(chosen.choice(pieces) for _ in range(60_000))


PAGES: dict[str, Callable[[], str]] = {
    "nested": lambda: "<div>" * 100_000 + TEXT,
    "nested-quotes": lambda: TEXT + "<blockquote>" * 2_900 + PARA * 10,
    "nested-lists": lambda: TEXT + "<ul><li>" * 2_900 + PARA * 10,
    "nested-tables": lambda: TEXT + "<table><tr><td>" * 2_900 + PARA * 10,
    "nested-bold": lambda: TEXT + "<b>" * 50_000,
    "nested-fonts": lambda: TEXT + "<font><p>" * 20_000,
    "nested-links": lambda: TEXT + "<a href=/x>" * 50_000,
    "one-element": lambda: f"<h1>Ferry runs again</h1><p>{_filled(PARA, 8 * MIB - 1_000)}</p>",
    "one-line-without-tags": lambda: _filled(PARA, 8 * MIB - 1_000),
    "one-word": lambda: TEXT + "<p>" + "a" * (8 * MIB - 2_000),
    "attributes": lambda: f"<p {' '.join(f'a{n}=1' for n in range(1_000_000 // 2))}>{TEXT}",
    "attributes-spread": lambda: TEXT + ("<p " + "a='b' " * 900 + ">x") * 1_000,
    "long-class": lambda: f"<div class='{_filled('wide ')}'>{TEXT}</div>",
    "long-classes": lambda: TEXT + "".join(f"<p class='{'x' * 3_000}{n}'>word {n}" for n in range(1_000)),
    "elements": lambda: TEXT + "<i></i>" * 1_000_000,
    "paragraphs": lambda: TEXT + f"<p>{PARA}</p>" * 40_000,
    "paragraphs-apart": lambda: TEXT + "".join(f"<p>{PARA} {n}</p>" for n in range(40_000)),
    "line-breaks": lambda: TEXT + "<br>" * 100_000,
    "lines-broken": lambda: TEXT + "word and word<br>" * 100_000,
    "pictures": lambda: TEXT + "<img src=/a.jpg alt='a b'>" * 100_000,
    "figures": lambda: TEXT + "<figure><img src=/a.jpg><figcaption>Photo: A B</figcaption></figure>" * 30_000,
    "links": lambda: TEXT + "<a href=/news/1>Beekeepers of four valleys choose</a> " * 80_000,
    "metas": lambda: "<meta name=author content='A B'>" * 100_000 + TEXT,
    "metas-of-dates": lambda: "<meta property='article:published_time' content='2024-05-15'>" * 100_000 + TEXT,
    "heads-links": lambda: "<link rel=alternate hreflang=uz href=/uz/1>" * 80_000 + TEXT,
    "title": lambda: f"<title>{_filled('Ferry runs | ')}</title>{TEXT}",
    "titles": lambda: "<title>Ferry</title>" * 100_000 + TEXT,
    "headlines": lambda: "<h1>Ferry runs again on the lake</h1>" * 80_000 + TEXT,
    "headline": lambda: f"<title>Ferry runs</title><h1>{_filled('Ferry runs ')}</h1><p>{PARA * 4}",
    "times": lambda: TEXT + "<time datetime='2024-05-15'>15 May 2024, 12:30</time> " * 50_000,
    "short-lines-of-dates": lambda: TEXT + "<div>15 мая 2024, 12:30</div>" * 50_000,
    "tables": lambda: TEXT + "<table>" + "<tr><td>15.05.2024</td><td>1 234</td></tr>" * 40_000,
    "scripts-in-attributes": lambda: TEXT + "<p onclick='<script>alert(1)</script>' href=\"javascript:x\">w" * 40_000,
    "cdata": lambda: "<![CDATA[" * 100_000 + TEXT + "]]>" * 100_000,
    "cdata-in-svg": lambda: TEXT + "<svg><![CDATA[<p>" * 50_000,
    "comments": lambda: TEXT + "<!--" * 500_000,
    "comments-closed": lambda: TEXT + "<!-->" * 500_000,
    "nothing-closed": lambda: TEXT + "<a <b <c " * 400_000,
    "angles": lambda: TEXT + "<" * 4_000_000,
    "ampersands": lambda: TEXT + "&" * 2_000_000,
    "references": lambda: TEXT + "&amp;" * 400_000 + "&#x41;" * 400_000,
    "nul": lambda: TEXT.replace(" ", " \x00") + "\x00" * 500,
    "surrogates": lambda: TEXT + "&#xD800;\ud83d &#56832;" * 50_000,
    "marks": lambda: TEXT + "<p>a" + "\u0301" * 1_000_000,
    "spaces": lambda: TEXT + "<p>" + " " * 4_000_000 + PARA,
    "digits": lambda: TEXT + "<p>" + "1." * 2_000_000,
    "json-ld-deep": lambda: _json_ld("[" * 200_000),
    "json-ld-deeper": lambda: _json_ld(_nested(900)),
    "json-ld-wide": lambda: _json_ld("[" + '{"@type":"NewsArticle","author":"A B"},' * 20_000 + "{}]"),
    "json-ld-large": lambda: _json_ld(json.dumps({"@type": "NewsArticle", "articleBody": PARA * 50_000})),
    "json-ld-many": lambda: '<script type="application/ld+json">{"@type":"NewsArticle"}</script>' * 40_000 + TEXT,
    "json-ld-commas": lambda: _json_ld("," * 900_000),
    "json-ld-loop": lambda: _json_ld('{"@graph":[{"@id":"#a","@type":"NewsArticle","author":{"@id":"#a"}}]}'),
    "json-ld-markup": lambda: _json_ld(json.dumps({"@type": "NewsArticle", "articleBody": "<" * 900_000})),
    "json-ld-number": lambda: _json_ld('{"@type":"NewsArticle","headline":' + "9" * 500_000 + "}"),
    "formatting-left-open": lambda: TEXT + "".join(f"<b i={n}>" for n in range(900)) + "</p><p>x" * 2_000,
    "plain-text": lambda: TEXT + "<plaintext>" + "<b>" * 500_000,
    "frames": lambda: "<frameset>" * 2_000 + TEXT,
    "templates": lambda: TEXT + "<template>" * 2_900,
    "selects": lambda: TEXT + "<select><option>a" * 80_000,
    **{f"soup-{seed}": lambda seed=seed: _soup(seed) for seed in range(4)},
}  # fmt: skip

# What the parser's expressions repeat: the beginning of something, many times and never finished.
TRAPS = [
    "A B ", "a-b-", "by A. ", "Фото: ", "12:30 ", "15.05.2024 ", "2024-05-15T", "15 мая ", "1 234 ", "۱۲ ", "1,", "«a ",
    "( ", "| ", "— ", "@", "http://a.b/", "&#99999999999", "<a ", "’", "o'", "ё", "   ", "\t\n", ". . ", "a.", "...",
    "display : ", "charset = ", "views 1 ", "5 soat ", "T00:00:00+", "/a/", "-_", "no-archive,", "A.B.", "Ў", "[",
    "/* <![CDATA[ ",
]  # fmt: skip


def fetched(html: str) -> FetchedPage:
    return FetchedPage(
        request=FetchRequest(url="https://dolina.example/news/ferry-runs-771", reason="feed", requested_at=NOW),
        url="https://dolina.example/news/ferry-runs-771",
        status=200,
        media_type="text/html",
        body="",
        body_sha256="0" * 64,
        fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0),
    )


def survived(html: str) -> ParsedArticle | Rejection:
    content = html.encode("utf-8", "surrogatepass")[: Limits.max_page_bytes]
    started = time.perf_counter()
    result = parse(fetched(html), Limits(), NOW, content=content)
    took = time.perf_counter() - started
    assert type(result).decode(result.encode()) == result
    assert took < MOST_SECONDS
    return result


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_to_hurt_is_read_or_refused_in_time(name: str) -> None:
    survived(PAGES[name]())


@pytest.mark.parametrize("trap", TRAPS, ids=ascii)
def test_what_expressions_repeat_is_read_in_time_wherever_it_stands(trap: str) -> None:
    long, line = trap * (200_000 // len(trap)), trap * (190 // len(trap))
    quoted = long.replace('"', "").replace("'", "")
    metas = "".join(
        f"<meta name={name} content='{quoted}x'>" for name in ("author", "description", "keywords", "robots")
    )
    links = f"<link rel=canonical href='/{quoted}'><link rel='{quoted}' href='{quoted}'>"
    date = f"<meta property=article:published_time content='{quoted}x'>"
    said = ("headline", "author", "datePublished", "keywords", "articleSection", "inLanguage", "articleBody")
    shown = f"<h1>{long}x</h1><div class=author>{long}x</div><time datetime='{quoted}x'>{long}</time><p>{long}x</p>"
    named = f"<div class='{quoted}' id='{quoted}' style='{quoted}'><a href='/{quoted}'>next</a></div>"
    for html in (
        f"<title>{long}</title>{shown}{TEXT}",
        f"<html lang='{quoted}'><head>{metas}{date}{links}</head>{named}{TEXT}",
        _json_ld(json.dumps({"@type": "NewsArticle", **dict.fromkeys(said, long)})),
        TEXT + f"<div>{line}x</div>" * 2_000,
    ):
        survived(html)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing bounds the data of a process")
async def test_the_largest_pages_end_well_in_a_process_of_bounded_memory() -> None:
    pool = ProcessPool(1, 60, warm, 1024 * MIB)
    try:
        for name in ("figures", "one-element", "paragraphs-apart", "attributes-spread", "json-ld-large", "soup-1"):
            html = PAGES[name]()
            content = html.encode()[: Limits.max_page_bytes]
            assert isinstance(await pool.run(work, fetched(html), Limits(), "1", content), ParsedArticle | Rejection)
    finally:
        await asyncio.to_thread(pool.close)
