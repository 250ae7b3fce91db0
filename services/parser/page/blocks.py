"""The page's text in reading order, cut at block elements and line breaks, each block with the place it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from services.parser.limits import MAX_LINE_CHARS, MAX_NAMES_CHARS, MAX_NODES, MAX_PICTURES, MAX_SHORT_LINES
from services.parser.page.names import FOOTER, RELATED, TAG_BITS, keywords_of

Part = Literal["content", "chrome", "related", "footer"]

_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "svg", "head", "iframe", "object", "embed", "select", "option",
    "textarea", "button", "math", "canvas", "video", "audio",
})  # fmt: skip
INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr", "nobr", "img", "picture", "source", "input",
})  # fmt: skip
_PREFORMATTED = TAG_BITS["pre"]
_STRONG = frozenset({"b", "strong"})
_TELLING = _STRONG | {"a", "time", "span", "em", "i"}
"""Inline elements that say something of the text in them."""
_CHROME_TAGS = frozenset({"nav", "aside", "form", "menu"})
_HOLDERS = frozenset({"ul", "ol", "dl", "blockquote", "table", "tr", "figure", "pre"})
"""Elements that make what stands in them one list, quote, row or figure."""
_WHOLE = frozenset({"body", "article", "main", "h1", "p"})
_DIGIT = re.compile(r"\d")
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Element:
    """A block element of the page, and what the elements around it hand down."""

    tag: str
    names: str
    """Its classes and id."""
    part: Part
    parent: Element | None
    depth: int
    """Block elements around it."""
    tags: int
    """Itself and the elements around it, as bits of names.TAG_BITS."""
    keywords: int
    """What the classes and ids of itself and of the elements around it say, as bits of names.KEYWORDS."""
    own_keywords: int
    """The same of itself alone."""
    hidden: bool
    """Whether it is not shown, as far as attributes tell."""
    holder: Element | None
    """The innermost list, quote, table row, figure or preformatted text: itself or around it."""
    marks: int
    """Bits of the elements that the caller asked to mark: itself and around it."""


@dataclass(slots=True, eq=False)
class Block:
    """A run of text without a block boundary in it. May be empty where only a `<time>` stands."""

    text: str
    """In single spaces; preformatted text keeps its lines."""
    element: Element
    """The block element that holds the text."""
    tag: str
    """Its tag."""
    part: Part
    names: str
    """The classes and the id of the elements that hold just this text."""
    linked: float
    """Share of its characters that are link text."""
    strong: float
    """Share of its characters that are bold."""
    breaks: int
    """How many `<br>` part it from the text before it in its element; 0 where none does."""
    tags: int
    """The element's tags and the inline ones around the block's beginning."""
    marks: int
    times: tuple[str, ...]
    """datetime attributes of `<time>` elements in it."""
    pieces: tuple[tuple[str, str], ...]
    """Of a short block: its runs of text, each with the class of the inline element that holds it."""


class Picture(NamedTuple):
    """An image of the page, where it stands in its text."""

    source: str
    alt: str
    at: int
    """How many blocks stand before it."""
    element: Element


class Layout(NamedTuple):
    """What a reader sees of a page, in order."""

    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...]


_Place = tuple[Element, bool, bool, str, Part, int, int]
"""Where a text stands: its block element, and what inline elements around it add: whether it is a link, whether it is
bold, the classes of the innermost that has some, its part, tags and marks. A bare tuple: a page has a thousand."""


def short_lines(blocks: Sequence[Block], start: int = 0) -> Iterator[tuple[int, Block]]:
    """The first few hundred short blocks that hold a digit: where dates and counters stand."""
    seen = 0
    for index in range(start, len(blocks)):
        block = blocks[index]
        if len(block.text) <= MAX_LINE_CHARS and _DIGIT.search(block.text):
            seen += 1
            if seen > MAX_SHORT_LINES:
                return
            yield index, block


def blocks_of(tree: LexborHTMLParser) -> tuple[Block, ...]:
    """The blocks of the page's body, without scripts and styles; bounded in the number of nodes that are walked."""
    return layout_of(tree).blocks


def layout_of(tree: LexborHTMLParser, marked: Mapping[int, int] | None = None) -> Layout:
    """The blocks and pictures of the page's body; `marked` maps the mem_id of elements to bits that they hand down."""
    body = tree.body
    if body is None:
        return Layout((), ())
    around_headlines = _around_headlines(tree)
    marks = marked.get(body.mem_id, 0) if marked else 0
    root = Element("body", "", "content", None, 0, 0, 0, 0, False, None, marks)
    places: dict[int, _Place] = {body.mem_id: (root, False, False, "", "content", 0, marks)}
    place_of = places.get
    walk = _Walk()
    pictures: list[Picture] = []
    nodes = body.traverse(include_text=True)
    next(nodes, None)
    for node in islice(nodes, MAX_NODES):
        parent = node.parent
        place = place_of(parent.mem_id) if parent is not None else None
        if place is None:
            continue
        tag = node.tag
        if tag == "-text":
            text = node.text_content
            if text:
                walk.add(text, place)
            continue
        if not tag or tag in _SKIPPED or not node.is_element_node:
            continue
        if tag == "br":
            walk.line_break()
            continue
        outer, linked, strong, around, part, tags, marks = place
        attributes = node.attributes
        own = node.mem_id
        names, hidden, keywords = "", False, 0
        if attributes:
            if tag == "img":
                if len(pictures) < MAX_PICTURES:
                    source = attributes.get("data-src") or attributes.get("src") or ""
                    before = len(walk.blocks) + (walk.place is not None)
                    pictures.append(Picture(source, attributes.get("alt") or "", before, outer))
                continue
            classes, identity = attributes.get("class"), attributes.get("id")
            if classes or identity:
                names = f"{classes or ''} {identity or ''}".strip()[:MAX_NAMES_CHARS]
                keywords = keywords_of(names)
            if "hidden" in attributes or (
                (style := attributes.get("style")) and _HIDDEN.search(style[:MAX_NAMES_CHARS])
            ):
                hidden = True
            if marked:
                marks |= marked.get(own, 0)
        if tag in INLINE:
            if hidden:
                continue
            if walk.place is not None and walk.place[0] is not outer:
                walk.end()
            if names:
                walk.names.append(names)
            if names or tag in _TELLING or marks != place[6]:
                link = tag == "a"
                if link:
                    part = _part(tag, keywords, part)
                elif tag == "time" and attributes.get("datetime"):
                    walk.times.append(attributes["datetime"] or "")
                    walk.place = walk.place or place
                tags |= TAG_BITS.get(tag, 0)
                place = (outer, link or linked, strong or tag in _STRONG, names or around, part, tags, marks)
            places[own] = place
            continue
        if walk.place is not None or walk.breaks or walk.names:
            walk.end()
        if attributes and (property_ := attributes.get("itemprop")):
            keywords |= keywords_of("", property_)
        if own not in around_headlines:
            part = _part(tag, keywords, part)
        tags |= TAG_BITS.get(tag, 0)
        element = Element(
            tag, names, part, outer, outer.depth + 1, tags, outer.keywords | keywords, keywords,
            hidden or outer.hidden, outer.holder, marks,
        )  # fmt: skip
        if tag in _HOLDERS:
            element.holder = element
        places[own] = (element, linked, strong, names, part, tags, marks)
    walk.end()
    return Layout(tuple(walk.blocks), tuple(pictures))


class _Walk:
    """The run of text that is being read, and the blocks before it."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.place: _Place | None = None
        self.parts: list[str] = []
        self.linked = self.strong = self.breaks = 0
        self.times: list[str] = []
        self.names: list[str] = []
        self.pieces: list[tuple[str, str]] = []

    def add(self, text: str, place: _Place) -> None:
        if self.place is not None and self.place[0] is not place[0]:
            self.end()
        if text.isspace():
            if self.parts:
                self.parts.append(text)
            return
        if self.place is None:
            self.place = place
        self.parts.append(text)
        self.pieces.append((place[3], text))
        if place[1]:
            self.linked += len(text)
        if place[2]:
            self.strong += len(text)

    def line_break(self) -> None:
        breaks = 0 if self.place is not None else self.breaks
        self.end()
        self.breaks = breaks + 1

    def end(self) -> None:
        place, self.place = self.place, None
        breaks, self.breaks = self.breaks, 0
        if place is None:
            if self.names:
                self.names = []
            return
        element, _, _, _, part, tags, marks = place
        text = "".join(self.parts)
        if tags & _PREFORMATTED and "\n" in text:
            text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
        else:
            text = " ".join(text.split())
        size = len(text) or 1
        pieces: tuple[tuple[str, str], ...] = ()
        if size <= MAX_LINE_CHARS:
            pieces = tuple([(around, piece.strip()) for around, piece in self.pieces])
        names = " ".join([element.names, *self.names]) if self.names else element.names
        self.blocks.append(
            Block(
                text, element, element.tag, part, names, min(1.0, self.linked / size) if self.linked else 0.0,
                min(1.0, self.strong / size) if self.strong else 0.0, breaks, tags, marks, tuple(self.times), pieces,
            )
        )  # fmt: skip
        self.parts, self.pieces = [], []
        self.linked = self.strong = 0
        if self.times or self.names:
            self.times, self.names = [], []


def _around_headlines(tree: LexborHTMLParser) -> frozenset[int]:
    """What holds a headline is no sidebar, whatever its class says (`with-sidebar`)."""
    found: set[int] = set()
    for node in tree.css("h1, [itemprop=headline]")[:3]:
        parent = node.parent
        while parent is not None and parent.mem_id not in found:
            found.add(parent.mem_id)
            parent = parent.parent
    return frozenset(found)


def _part(tag: str, keywords: int, outer: Part) -> Part:
    if outer == "footer" or outer == "related":
        return outer
    if tag == "footer" or keywords & FOOTER:
        return "footer"
    # A class on the whole page or article says nothing of one box in it.
    if keywords & RELATED and tag not in _WHOLE:
        return "related"
    return "chrome" if tag in _CHROME_TAGS else outer
