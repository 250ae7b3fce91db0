"""The page's text in reading order, cut at block elements, each block with the part of the page that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.parser.limits import MAX_LINE_CHARS, MAX_NAMES_CHARS, MAX_NODES, MAX_SHORT_LINES

Part = Literal["content", "chrome", "related", "footer"]

_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "svg", "head", "iframe", "object", "embed", "select", "option",
    "textarea", "button", "math", "canvas",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u",
    "var", "wbr", "nobr",
})  # fmt: skip
_CHROME_TAGS = frozenset({"nav", "aside", "form", "menu"})
_RELATED = re.compile(
    r"(?:^|[\s_-])(?:related|recommend\w*|similar|more-?news|other-?news|also|read-?(?:also|more)|popular|trending"
    r"|latest|most-?read|last-?news|news-?(?:feed|ticker|line)|side-?bar|widget|comments?|disqus|promo|teasers?)(?:$|[\s_-])",
    re.IGNORECASE,
)
_FOOTER = re.compile(r"(?:^|[\s_-])(?:site-?)?(?:footer|copyright|colophon)(?:$|[\s_-])", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text without a block boundary in it."""

    text: str
    tag: str
    part: Part
    names: str
    """The classes and the id of the elements that hold just this text."""
    linked: float
    """Share of its characters that are link text."""
    times: tuple[str, ...] = ()
    """datetime attributes of `<time>` elements in it."""
    pieces: tuple[tuple[str, str], ...] = ()
    """Of a short block: its runs of text, each with the class of the inline element that holds it."""


def short_lines(blocks: Sequence[Block], start: int = 0) -> Iterator[tuple[int, Block]]:
    """The first few hundred short blocks that hold a digit: where dates and counters stand."""
    seen = 0
    for index in range(start, len(blocks)):
        block = blocks[index]
        if len(block.text) <= MAX_LINE_CHARS and any(c.isdigit() for c in block.text):
            seen += 1
            if seen > MAX_SHORT_LINES:
                return
            yield index, block


@dataclass(slots=True)
class _Open:
    parts: list[str]
    linked: int
    times: list[str]
    names: list[str]
    pieces: list[tuple[str, str]]


def blocks_of(tree: LexborHTMLParser) -> tuple[Block, ...]:
    """The blocks of the page's body, without scripts and styles; bounded in the number of nodes that are walked."""
    body = tree.body
    if body is None:
        return ()
    found: list[Block] = []
    around_headlines = _around_headlines(tree)
    run = _Open([], 0, [], [], [])

    def flush(tag: str, part: Part, names: str) -> None:
        text = _SPACES.sub(" ", "".join(run.parts)).strip()
        if text or run.times:
            pieces = tuple(run.pieces) if len(text) <= MAX_LINE_CHARS else ()
            share = min(1.0, run.linked / max(1, len(text)))
            found.append(Block(text, tag, part, " ".join([names, *run.names]), share, tuple(run.times), pieces))
        run.parts, run.linked, run.times, run.names, run.pieces = [], 0, [], [], []

    # An explicit stack: hostile pages nest deeper than Python recurses. A node that is None closes its block.
    stack: list[tuple[LexborNode | None, str, Part, str, bool, str]] = [(body, "body", "content", "", False, "")]
    walked = 0
    while stack and walked < MAX_NODES:
        node, tag, part, names, linked, around = stack.pop()
        if node is None:
            flush(tag, part, names)
            continue
        walked += 1
        if node.is_text_node:
            text = node.text_content or ""
            run.parts.append(text)
            if text.strip():
                run.pieces.append((around, text.strip()))
            run.linked += len(text) if linked else 0
            continue
        own = (node.tag or "").lower()
        if not node.is_element_node or own in _SKIPPED:
            continue
        attributes = node.attributes
        if "hidden" in attributes:
            continue
        classes = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".strip()[:MAX_NAMES_CHARS]
        if own == "br":
            flush(tag, part, names)
            continue
        inner_part = part if node.mem_id in around_headlines else _part(own, classes, part)
        if own in _INLINE:
            if own == "time" and attributes.get("datetime"):
                run.times.append(attributes["datetime"] or "")
            if classes:
                run.names.append(classes)
            inner = (tag, part if own != "a" else inner_part, names, linked or own == "a", classes or around)
        else:
            flush(tag, part, names)
            stack.append((None, own, inner_part, classes, linked, ""))
            inner = (own, inner_part, classes, linked, classes)
        child = node.last_child
        while child is not None:
            stack.append((child, *inner))
            child = child.prev
    flush("body", "content", "")
    return tuple(found)


def _around_headlines(tree: LexborHTMLParser) -> frozenset[int]:
    """What holds a headline is no sidebar, whatever its class says (`with-sidebar`)."""
    found: set[int] = set()
    for node in tree.css("h1, [itemprop=headline]")[:3]:
        parent = node.parent
        while parent is not None and parent.mem_id not in found:
            found.add(parent.mem_id)
            parent = parent.parent
    return frozenset(found)


def _part(tag: str, classes: str, outer: Part) -> Part:
    if outer in ("footer", "related"):
        return outer
    if tag == "footer" or (classes and _FOOTER.search(classes)):
        return "footer"
    # A class on the whole page or article says nothing of one box in it.
    if classes and tag not in ("body", "article", "main", "h1", "p") and _RELATED.search(classes):
        return "related"
    return "chrome" if tag in _CHROME_TAGS else outer
