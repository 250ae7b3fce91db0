"""The page's text in reading order, cut at block elements and line breaks, each block with the place it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from services.parser.limits import MAX_LINE_CHARS, MAX_NAMES_CHARS, MAX_NODES, MAX_PICTURES, MAX_SHORT_LINES
from services.parser.page.names import TAG_BITS, keywords_of

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
_TELLING = _STRONG | {"a", "time", "span"}
"""Inline elements that say something of the text in them."""
_CHROME_TAGS = frozenset({"nav", "aside", "form", "menu"})
_HOLDERS = frozenset({"ul", "ol", "dl", "blockquote", "table", "tr", "figure", "pre"})
"""Elements that make what stands in them one list, quote, row or figure."""
_RELATED = re.compile(
    r"(?:^|[\s_-])(?:related|recommend\w*|similar|more-?news|other-?news|also|read-?(?:also|more)|popular|trending"
    r"|latest|most-?read|last-?news|news-?(?:feed|ticker|line)|side-?bar|widget|comments?|disqus|promo|teasers?)(?:$|[\s_-])",
    re.IGNORECASE,
)
_FOOTER = re.compile(r"(?:^|[\s_-])(?:site-?)?(?:footer|copyright|colophon)(?:$|[\s_-])", re.IGNORECASE)
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


class _Place(NamedTuple):
    """Where a text stands: its block element, and what inline elements around it add."""

    element: Element
    linked: bool
    strong: bool
    around: str
    part: Part
    tags: int
    marks: int


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
    marked = marked or {}
    around_headlines = _around_headlines(tree)
    marks = marked.get(body.mem_id, 0)
    root = Element("body", "", "content", None, 0, 0, 0, 0, False, None, marks)
    places = {body.mem_id: _Place(root, False, False, "", "content", 0, marks)}
    walk = _Walk()
    pictures: list[Picture] = []
    nodes = body.traverse(include_text=True)
    next(nodes, None)
    for walked, node in enumerate(nodes):
        if walked >= MAX_NODES:
            break
        parent = node.parent
        place = places.get(parent.mem_id) if parent is not None else None
        if place is None:
            continue
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content
            if text:
                walk.add(text, place)
            continue
        if tag in _SKIPPED or not node.is_element_node:
            continue
        if tag == "br":
            walk.line_break()
            continue
        attributes = node.attributes
        outer, own = place.element, node.mem_id
        names, hidden, marks = "", False, place.marks
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
            if "hidden" in attributes or (
                (style := attributes.get("style")) and _HIDDEN.search(style[:MAX_NAMES_CHARS])
            ):
                hidden = True
            if marked:
                marks |= marked.get(own, 0)
        if tag in INLINE:
            if hidden:
                continue
            if walk.place is not None and walk.place.element is not outer:
                walk.end()
            if tag == "time" and attributes.get("datetime"):
                walk.times.append(attributes["datetime"] or "")
                walk.place = walk.place or place
            if names:
                walk.names.append(names)
            if names or tag in _TELLING or marks != place.marks:
                link = tag == "a"
                places[own] = _Place(
                    outer,
                    link or place.linked,
                    place.strong or tag in _STRONG,
                    names or place.around,
                    _part(tag, names, place.part) if link and names else place.part,
                    place.tags | TAG_BITS.get(tag, 0),
                    marks,
                )
            else:
                places[own] = place
            continue
        walk.end()
        keywords = keywords_of(names, attributes.get("itemprop") or "") if attributes else 0
        part = place.part if own in around_headlines else _part(tag, names, place.part)
        tags = place.tags | TAG_BITS.get(tag, 0)
        element = Element(
            tag, names, part, outer, outer.depth + 1, tags, outer.keywords | keywords, keywords,
            hidden or outer.hidden, None, marks,
        )  # fmt: skip
        element.holder = element if tag in _HOLDERS else outer.holder
        places[own] = _Place(element, place.linked, place.strong, names, part, tags, marks)
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
        if self.place is not None and self.place.element is not place.element:
            self.end()
        if text.isspace():
            if self.parts:
                self.parts.append(text)
            return
        if self.place is None:
            self.place = place
        self.parts.append(text)
        self.pieces.append((place.around, text))
        if place.linked:
            self.linked += len(text)
        if place.strong:
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
        text = "".join(self.parts)
        if place.tags & _PREFORMATTED and "\n" in text:
            text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
        else:
            text = " ".join(text.split())
        element, size = place.element, max(1, len(text))
        pieces = tuple((around, piece.strip()) for around, piece in self.pieces) if size <= MAX_LINE_CHARS else ()
        names = " ".join([element.names, *self.names]) if self.names else element.names
        self.blocks.append(
            Block(
                text, element, element.tag, place.part, names, min(1.0, self.linked / size),
                min(1.0, self.strong / size), breaks, place.tags, place.marks, tuple(self.times), pieces,
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


@lru_cache(maxsize=16_384)
def _part(tag: str, classes: str, outer: Part) -> Part:
    if outer in ("footer", "related"):
        return outer
    if tag == "footer" or (classes and _FOOTER.search(classes)):
        return "footer"
    # A class on the whole page or article says nothing of one box in it.
    if classes and tag not in ("body", "article", "main", "h1", "p") and _RELATED.search(classes):
        return "related"
    return "chrome" if tag in _CHROME_TAGS else outer
