"""Pages like those of Central Asian outlets are read exactly: title, paragraphs, instant, language, authors, views."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Instant, ParsedArticle
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts
from services.parser.limits import Limits
from services.parser.parse import parse

PAGES = Path(__file__).with_name("regional")
NAMES = sorted(path.stem for path in PAGES.glob("*.toml"))
LEAST_PAGES = 12
LEAST_NOISE_LINES = 150


@dataclass(frozen=True)
class Gold:
    """What a careful reader finds on a page."""

    url: str
    fetched_at: datetime
    source: dict[str, str]
    title: str
    paragraphs: tuple[str, ...]
    published: str
    modified: str | None
    language: str
    authors: tuple[str, ...]
    views: int | None
    noise: tuple[str, ...]
    encoding: str


@cache
def gold_of(name: str) -> Gold:
    told: dict[str, Any] = tomllib.loads((PAGES / f"{name}.toml").read_text("utf-8"))
    return Gold(
        told["url"],
        told["fetched_at"],
        told["source"],
        told["title"],
        tuple(told["text"].strip().split("\n\n")),
        told["published"],
        told.get("modified"),
        told["language"],
        tuple(told.get("authors", ())),
        told.get("views"),
        tuple(told["noise"]),
        told.get("encoding", "utf-8"),
    )


def html_of(name: str) -> str:
    """The page, with its title and paragraphs where the template has `[[title]]` and `[[1]]`."""
    gold, html = gold_of(name), (PAGES / f"{name}.html").read_text("utf-8")
    for place, text in (("title", gold.title), *((str(i), p) for i, p in enumerate(gold.paragraphs, 1))):
        html = html.replace(f"[[{place}]]", escape(text, quote=False))
    assert "[[" not in html
    return html


@cache
def read(name: str) -> ParsedArticle:
    gold = gold_of(name)
    content = html_of(name).encode(gold.encoding, "xmlcharrefreplace")
    page = FetchedPage(
        request=FetchRequest(url=gold.url, reason="feed", requested_at=gold.fetched_at),
        facts=SourceFacts(
            timezone=gold.source.get("time_zone"),
            language=gold.source.get("language"),
            country=gold.source.get("country"),
        ),
        url=gold.url,
        status=200,
        media_type="text/html",
        body="",
        body_sha256=hashlib.sha256(content).hexdigest(),
        fetched_at=gold.fetched_at,
        stamp=Stamp(stage="fetcher", version="", started=gold.fetched_at, took=0),
    )
    result = parse(page, Limits(), gold.fetched_at, content=content)
    assert isinstance(result, ParsedArticle), result
    return result


def said(instant: Instant | None) -> str | None:
    return instant.value if instant else None


@pytest.mark.parametrize("name", NAMES)
def test_title_and_paragraphs_are_exact(name: str) -> None:
    assert read(name).title == gold_of(name).title
    assert read(name).paragraphs == gold_of(name).paragraphs


@pytest.mark.parametrize("name", NAMES)
def test_the_instant_has_day_minute_and_zone(name: str) -> None:
    gold, found = gold_of(name), read(name)
    assert said(found.published) == gold.published
    assert gold.modified is None or said(found.modified) == gold.modified


@pytest.mark.parametrize("name", NAMES)
def test_language_authors_and_views_are_exact(name: str) -> None:
    gold, found = gold_of(name), read(name)
    assert (found.language_declared or "").split("-")[0] == gold.language.split("-")[0]
    assert set(found.authors) == set(gold.authors)
    assert (found.engagement.views if found.engagement else None) == gold.views


def test_no_noise_line_is_in_any_text() -> None:
    table = [
        (name, line)
        for name in NAMES
        for line in gold_of(name).noise
        if any(line == own or (" " in line and line in own) for own in read(name).text.splitlines())
    ]
    assert table == []


def test_the_noise_lines_are_many_and_stand_on_their_pages() -> None:
    assert len(NAMES) >= LEAST_PAGES
    assert sum(len(gold_of(name).noise) for name in NAMES) >= LEAST_NOISE_LINES
    for name in NAMES:
        html = unescape(html_of(name))
        root = LexborHTMLParser(html).root
        shown = " ".join(f"{root.text(separator=' ')} {root.text()} {html}".split())
        assert [line for line in gold_of(name).noise if line not in shown] == []
