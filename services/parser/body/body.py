"""The article's text: paragraphs of the extractor, freed of the lines around an article, which become data or go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import trafilatura

from services.parser.body import noise
from services.parser.page.blocks import Block, short_lines
from services.parser.page.decode import clean
from services.parser.page.headline import headline, words_of

METHOD = f"trafilatura {trafilatura.__version__}, edges 1"
_FALLBACK = "blocks 1"
_MOST_TAGS = 60_000
"""Beyond, the extractor would take longer than the page is worth."""
_FAST_FROM_CHARS = 400_000
"""From here on the extractor goes without its second and third opinion."""

_BREAKS = re.compile(r"(?:<br\b[^<>]{0,60}>(?:\s|&nbsp;|&#160;){0,200}){2,}", re.IGNORECASE)
_PARAGRAPH_MARK = "\u2424"
_LINE_MARK = "\u2028"
_BARE_NUMBER = re.compile(r"\d[\d .,\u00a0]{0,12}[kK]?")
_COUNTER = re.compile(r"(?:^|[\s_-])(?:views?|view-?count|hits|eye)(?:$|[\s_-])", re.IGNORECASE)
_EDGE_NOISE = frozenset({"views", "share", "date", "bare"})
_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…؟۔:;»”\"')\]]$")
_EDGE = 6
"""Paragraphs at each end that are judged as lines around the article."""
_MOST_JUDGED = 2_000
"""Paragraphs; a longer text is a table or worse, and its lines stay as they are."""
_REPEATED_CHARS = 30
_PROSE_CHARS = 60
_LONG_PROSE_CHARS = 200
_RICH_CHARS = 250
_SHORT_CHARS = 100
_MOST_ABOVE = 100


@dataclass(frozen=True)
class Body:
    """The text of an article, and what the lines around it said."""

    paragraphs: tuple[str, ...]
    method: str
    confidence: float
    views: int | None
    linked: float
    """Share of its characters that are link text on the page."""

    @property
    def text(self) -> str:
        """The paragraphs, a blank line between two."""
        return "\n\n".join(self.paragraphs)


def body_of(html: str, blocks: Sequence[Block], title: str) -> Body:
    """The article's text. May be empty; never raises for what a page holds."""
    found = _below_headline(_cleaned(_extracted(html), title), blocks, title)
    method = METHOD
    beside = _beside_headline(blocks, title)
    sizes = _size(found), _size(beside)
    # The extractor lets go of short articles and of text without paragraphs; the page's own blocks know better there.
    if sizes[0] < _RICH_CHARS and sizes[1] > 1.3 * sizes[0]:
        own = _cleaned(beside, title)
        found, method = (own, _FALLBACK) if _size(own) > 1.3 * sizes[0] else (found, METHOD)
    agreement = min(sizes) / max(*sizes, 1)
    links = {b.text for b in blocks if b.linked > 0.8}
    linked = sum(len(p) for p in found if p in links) / max(1, _size(found))
    confidence = round((0.6 if method == METHOD else 0.4) + 0.35 * agreement - 0.3 * linked, 2)
    return Body(found, method, max(0.05, confidence), _views(blocks), linked)


def _extracted(html: str) -> list[str]:
    if html.count("<") > _MOST_TAGS:
        return []
    marked = html.replace(_PARAGRAPH_MARK, " ")
    if "<br" in marked or "<BR" in marked:
        marked = _BREAKS.sub(f"<br>{_PARAGRAPH_MARK}<br>", marked)
    try:
        document: Any = trafilatura.bare_extraction(
            marked, fast=len(marked) > _FAST_FROM_CHARS, include_comments=False, include_tables=True
        )
        if document is None or document.body is None:
            return []
        return [p for element in document.body for p in _paragraphs(element)]
    except (RecursionError, AssertionError, LookupError, AttributeError, TypeError, ValueError):
        # The extractor stumbles over some broken trees; the page's own blocks are still there.
        return []


def _paragraphs(element: Any) -> Iterator[str]:
    if element.tag in ("list", "quote") and any(child.tag in ("item", "p", "list") for child in element):
        yield element.text or ""
        for child in element:
            yield from _paragraphs(child)
    elif element.tag == "table":
        for row in element.iter("row"):
            yield " ".join("".join(cell.itertext()).strip() for cell in row.iter("cell"))
    else:
        for line_break in element.iter("lb"):
            line_break.text = _LINE_MARK
        for paragraph in "".join(element.itertext()).split(_PARAGRAPH_MARK):
            yield from _lines(paragraph)
    yield element.tail or ""


def _lines(paragraph: str) -> Iterator[str]:
    """One paragraph, or its lines where single breaks stand for paragraphs."""
    lines = [line.strip() for line in paragraph.split(_LINE_MARK) if line.strip()]
    whole = sum(len(line) >= _PROSE_CHARS and bool(_SENTENCE_END.search(line)) for line in lines)
    if len(lines) > 1 and whole >= len(lines) - 1:
        yield from lines
    else:
        yield " ".join(lines)


def _beside_headline(blocks: Sequence[Block], title: str) -> list[str]:
    """The content's blocks from the headline on, up to the first list of other articles."""
    start = headline(title, blocks)
    found: list[str] = []
    for block in blocks[0 if start is None else start + 1 :]:
        if block.part == "content" and block.linked < 0.5:
            if noise.kind_of(block.text) == "related":
                break
            found.append(block.text)
    return found


def _cleaned(paragraphs: Sequence[str], title: str) -> tuple[str, ...]:
    """Without the title, repeated blocks and the lines around an article."""
    kept: list[str] = []
    seen: set[str] = set()
    wanted = words_of(title)
    for raw in paragraphs:
        # Character references can bring in what was taken out of the page's text.
        paragraph = _SPACES.sub(" ", clean(raw)).strip()
        if not paragraph or (len(paragraph) >= _REPEATED_CHARS and paragraph in seen):
            continue
        if len(kept) < _EDGE and len(paragraph) <= len(title) + 20 and wanted and wanted == words_of(paragraph):
            # What stands above the headline is the page's top, unless it is text.
            kept = [p for p in kept if len(p) >= _LONG_PROSE_CHARS]
            continue
        seen.add(paragraph)
        kept.append(paragraph)
    if len(kept) > _MOST_JUDGED:
        return tuple(kept)
    kept = _before_related(kept)
    kept = [p for p in kept if noise.kind_of(p) not in ("photo", "print", "plea", "related")]
    while kept and noise.kind_of(kept[0]):
        kept.pop(0)
    while kept and noise.kind_of(kept[-1]):
        kept.pop()
    edge = (*range(_EDGE), *range(len(kept) - _EDGE, len(kept)))
    return tuple(p for i, p in enumerate(kept) if i not in edge or noise.kind_of(p) not in _EDGE_NOISE)


def _below_headline(paragraphs: tuple[str, ...], blocks: Sequence[Block], title: str) -> tuple[str, ...]:
    """Without the page's top: short first lines that stand above the headline."""
    head = headline(title, blocks) or 0
    above = {word for block in blocks[max(0, head - _MOST_ABOVE) : head] for word in words_of(block.text)}
    start = 0
    while start < len(paragraphs) and len(paragraphs[start]) < _SHORT_CHARS and words_of(paragraphs[start]) <= above:
        start += 1
    return paragraphs[start:]


def _before_related(paragraphs: list[str]) -> list[str]:
    """Cut at the heading of a related list where only titles and dates follow, no text."""
    for index, paragraph in enumerate(paragraphs):
        rest = paragraphs[index + 1 :]
        if index and noise.kind_of(paragraph) == "related" and all(len(p) < _LONG_PROSE_CHARS for p in rest):
            return paragraphs[:index]
    return paragraphs


def _views(blocks: Sequence[Block]) -> int | None:
    """What a counter of the page says, outside of lists of other articles."""
    for _, block in short_lines(blocks):
        if block.part in ("footer", "related"):
            continue
        for names, text in ((block.names, block.text), *block.pieces):
            counted = noise.views(text)
            if counted is None and _COUNTER.search(names) and _BARE_NUMBER.fullmatch(text):
                counted = noise.views(f"views {text}")
            if counted is not None:
                return counted
    return None


def _size(paragraphs: Sequence[str]) -> int:
    return sum(map(len, paragraphs))
