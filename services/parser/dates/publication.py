"""When a page was published: what its data, its markup and the lines near its headline say, weighed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import DateSource, Instant
from services.contracts.pages import FetchedPage
from services.parser.body import noise
from services.parser.dates import reading as dates
from services.parser.dates.zones import zone_named
from services.parser.metadata.metadata import Metadata
from services.parser.page.blocks import Block, short_lines
from services.parser.page.headline import headline

_PUBLISHED_META = (
    "article:published_time", "article:published", "og:published_time", "og:article:published_time", "datepublished",
    "date_published", "publishdate", "publish-date", "publish_date", "published_time", "published-date", "pubdate",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created",
    "dc.date", "dcterms.date", "date", "mediator_published_time", "citation_publication_date",
)  # fmt: skip
_MODIFIED_META = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")
_MARKED = '[itemprop="datePublished"], [property="datePublished"], time[pubdate]'
_URL_DAY = re.compile(r"/((?:19|20)\d{2})[/-]?(1[0-2]|0?[1-9])[/-]?(3[01]|[12]\d|0?[1-9])(?=[/_.-]|$)")
_BEFORE, _AFTER = 4, 8
"""Blocks around the headline in which a date line is the page's own."""
_PROSE_CHARS = 220
_WORDS_OF_A_TITLE = 4
_NAMES_A_DATE = re.compile(
    r"(?:^|[\s_-])(?:date|datetime|time|timestamp|pub(?:lished|date)?|posted|meta|data|sana|info)(?:$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Publication:
    """The two points in time of a page."""

    published: Instant | None
    modified: Instant | None


@dataclass(frozen=True)
class _Line:
    reading: dates.Reading
    confidence: float
    changed: bool


def publication_of(
    page: FetchedPage, tree: LexborHTMLParser, metadata: Metadata, blocks: Sequence[Block]
) -> Publication:
    """When the page was published and changed, or None where it does not say."""
    zone = zone_named(page.facts.timezone)
    now = page.fetched_at.astimezone(zone) if zone else page.fetched_at

    def instant(reading: dates.Reading | None, source: DateSource, confidence: float) -> Instant | None:
        if reading is None:
            return None
        return dates.instant(reading, source=source, zone=zone, fetched_at=page.fetched_at, confidence=confidence)

    lines = list(_lines(metadata.title or "", blocks, now, known_zone=zone is not None))
    shown = next((line for line in lines if not line.changed), None)
    stated: Instant | None = None
    for reading, source, confidence in _stated(tree, metadata):
        if shown and source != "time-element":
            reading = _agreed(reading, shown.reading, zone)
        stated = instant(reading, source, confidence)
        if stated:
            break
    seen = instant(shown.reading, "text-near-headline", shown.confidence) if shown else None
    by_url = instant(_in_url(page.url), "url", 0.6)
    fed = instant(dates.read_stamp(page.request.hints.published or ""), "feed", 0.6)
    published = stated or seen or _finer(by_url, fed) or fed
    changed = next((line for line in lines if line.changed), None)
    modified = next(
        (m for m in (instant(r, s, 0.9) for r, s in _stated_changes(metadata)) if m),
        instant(changed.reading, "text-near-headline", changed.confidence) if changed else None,
    )
    if modified and published and modified.moment.date() < published.moment.date():
        modified = None
    return Publication(published, modified)


def _stated(tree: LexborHTMLParser, metadata: Metadata) -> Iterator[tuple[dates.Reading, DateSource, float]]:
    nodes: list[dict[str, Any]] = [n for n in (metadata.graph.article,) if n]
    nodes += [n for n in metadata.graph.nodes if n is not metadata.graph.article and _is_page(n)]
    for node in nodes:
        if reading := _stamp(node.get("datePublished")):
            yield reading, "json-ld", 0.95
    for name in _PUBLISHED_META:
        for content in metadata.meta.get(name, []):
            if reading := dates.read_stamp(content):
                yield reading, "meta", 0.9
    for marked in tree.css(_MARKED)[:4]:
        a = marked.attributes
        if reading := dates.read_stamp(a.get("datetime") or a.get("content") or marked.text()[: dates.MAX_DATE_CHARS]):
            yield reading, "time-element", 0.9


def _stated_changes(metadata: Metadata) -> Iterator[tuple[dates.Reading, DateSource]]:
    if reading := _stamp((metadata.graph.article or {}).get("dateModified")):
        yield reading, "json-ld"
    for name in _MODIFIED_META:
        for content in metadata.meta.get(name, []):
            if reading := dates.read_stamp(content):
                yield reading, "meta"


def _is_page(node: dict[str, Any]) -> bool:
    return str(node.get("@type")) in ("WebPage", "ItemPage", "CreativeWork")


def _stamp(value: object) -> dates.Reading | None:
    value = value[0] if isinstance(value, list) and value else value
    return dates.read_stamp(str(value)) if isinstance(value, str | int) else None


def _lines(title: str, blocks: Sequence[Block], now: datetime, *, known_zone: bool) -> Iterator[_Line]:
    """Date lines, best first: close to the headline, then labelled ones elsewhere in the content."""
    head = headline(title, blocks)
    if head is None:
        # Without a headline to be near to, only a date that is the page's one and only.
        named = [i for i, b in short_lines(blocks) if b.part == "content" and _is_named_date(b)]
        if len(named) == 1:
            yield from _line_at(named[0], blocks, now, known_zone=known_zone, confidence=0.6)
        return
    window: list[tuple[int, int]] = []
    for index in range(head + 1, min(len(blocks), head + 1 + _AFTER)):
        if len(blocks[index].text) > _PROSE_CHARS and blocks[index].linked < 0.5:
            break
        window.append((index - head, index))
    window.extend((2 * (head - index), index) for index in range(head - 1, max(-1, head - 1 - _BEFORE), -1))
    for _, index in sorted(window):
        yield from _line_at(index, blocks, now, known_zone=known_zone, confidence=0.85)
    # `Added: 04.07.2024` below the text: only with a label or in an element named after a date.
    for index, block in short_lines(blocks, head + 1):
        if block.part in ("footer", "related"):
            continue
        if _is_labelled(block.text) or _is_named_date(block):
            yield from _line_at(index, blocks, now, known_zone=known_zone, confidence=0.7)


def _line_at(
    index: int, blocks: Sequence[Block], now: datetime, *, known_zone: bool, confidence: float
) -> Iterator[_Line]:
    block = blocks[index]
    if block.part in ("footer", "related") or len(block.text) > dates.MAX_DATE_CHARS or "©" in block.text:
        return
    if _stands_in_a_list(index, blocks):
        return
    stamps = [r for r in map(dates.read_stamp, block.times) if r]
    text = block.text
    found = list(dates.read_all(text)) if _is_line(text, stamps) else []
    if not found and known_zone and (relative := dates.read_relative(text, now)):
        found = [relative]
    if found and found[0].precision == "day" and len(found) == 1:
        # `15.05.2024` and `19:34` in elements of their own.
        for other in (index + 1, index - 1):
            near = blocks[other].text if 0 <= other < len(blocks) else ""
            if re.fullmatch(r"\D{0,3}\d{1,2}\s?[:h]\s?\d{2}(?::\d{2})?\D{0,3}", near):
                found = [r for r in dates.read_all(f"{text} {near}") if r.precision != "day"] or found
                break
    position = 0
    for reading in stamps or found:
        label = text[position : reading.start] if not stamps else text
        yield _Line(reading, confidence, noise.is_changed_label(label[-40:]))
        position = reading.end if not stamps else 0


def _is_line(text: str, stamps: list[dates.Reading]) -> bool:
    """Whether a short block is about when: little else in it, no sentence around the date."""
    if stamps or noise.is_date_line(text):
        return True
    rest = text
    for reading in dates.read_all(text):
        rest = rest.replace(reading.raw, " ")
    # `Reporter Name | 15.05.2024 | Politics | 1465 views`
    return (
        len(text) <= 110
        and len(noise.key(rest).split()) <= 8
        and not re.search(r"[.!?]\s*$|[.!?]\s+\w{4,}", rest.strip())
    )


def _is_named_date(block: Block) -> bool:
    return _NAMES_A_DATE.search(block.names) is not None and noise.is_date_line(block.text)


def _is_labelled(text: str) -> bool:
    return len(text) <= 80 and noise.is_date_line(text) and noise.is_labelled(text)


def _stands_in_a_list(index: int, blocks: Sequence[Block]) -> bool:
    """Whether a date belongs to a teaser: link text of some length beside it."""
    for other in (index - 1, index + 1):
        near = blocks[other] if 0 <= other < len(blocks) else None
        if near and near.tag != "h1" and near.linked > 0.6 and len(near.text) >= 25:
            return True
    own = blocks[index].text
    for reading in dates.read_all(own):
        own = own.replace(reading.raw, " ")
    return blocks[index].linked > 0.6 and len(noise.key(own).split()) >= _WORDS_OF_A_TITLE


def _agreed(stated: dates.Reading, shown: dates.Reading, zone: ZoneInfo | None) -> dates.Reading:
    """What machine-readable data says, corrected by the line that readers see.

    A line of the same day knows the time where the data knows only the day. Local time that the data calls UTC is
    local time: publishing systems often write a Z that they don't mean.
    """
    if stated.precision == "day" and shown.precision != "day" and stated.when.date() == shown.when.date():
        return shown
    if stated.when.utcoffset() == timedelta(0) and zone and shown.precision != "day" and shown.when.tzinfo is None:
        bare = stated.when.replace(tzinfo=None)
        if bare.replace(second=0, microsecond=0) == shown.when.replace(second=0, microsecond=0):
            return replace(stated, when=bare)
    return stated


def _finer(day: Instant | None, fed: Instant | None) -> Instant | None:
    """The feed's time where the URL's day agrees with it."""
    return fed if day and fed and fed.precision != "day" and day.day == fed.day else day


def _in_url(url: str) -> dates.Reading | None:
    match = _URL_DAY.search(urlsplit(url).path)
    return dates.read("-".join((match[1], match[2], match[3]))) if match else None
