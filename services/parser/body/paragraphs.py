"""Blocks of a body become paragraphs: list items, table rows and entries stay readable, torn sentences are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from services.parser.page.blocks import Block, Element
from services.parser.page.names import TAG_BITS

_MAX_CELL_CHARS = 200
"""A longer cell is text that a table lays out."""
_WHOLE = {"table": 8.0, "list": 4.0}
"""How many blocks may be missing for each that was chosen."""
_MAX_MISSING = 40
_MAX_LINKED = 0.5
_PROSE_CHARS = 60
_TORN_CHARS = 40
"""What ends without a mark and is this long can be the first part of a sentence; a shorter one is a label."""
LIVE_ENTRIES = 3
"""Times with text under them make a live report."""
_MAX_TIME_CHARS = 16
_TIME = re.compile(r"\W{0,3}[0-2]?\d[:.][0-5]\d\W{0,2}(?:[ap]\.?m\.?|[A-Z]{2,4}|МСК)?", re.IGNORECASE)
_MAX_TERM_CHARS = 80
_MAX_DEPTH = 200
_SENTENCE_END = re.compile(r"[.!?…؟۔:;»”\"')\]]$")
_OPEN_END = re.compile(r"[\w,–—-]")
_POST = re.compile(
    r"(?:^|\s)(?:twitter-(?:tweet|video)|instagram-media|tiktok-embed|telegram-\w{1,20}|tg-post|bluesky-embed|fb-post"
    r"|mastodon-embed|reddit-embed\w{0,10}|text-post-media)(?:$|\s)",
    re.IGNORECASE,
)
"""Classes that the networks' own embedding code has."""
_POST_AUTHOR = re.compile(r"[—–-]\s?([^()]{1,80}\(@[\w.]{1,40}\))")
_POST_LINKS = re.compile(r"(?:https?://t\.co/\w{1,20}|pic\.(?:twitter|x)\.com/\w{1,20})")
_MARKED = re.compile(r"(?:[-–—•·▪●*◦‣✓✅►▶]|\(?\d{1,3}[.)]|\(?[^\W\d_][.)])\s")
_LIST = TAG_BITS["li"]
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_TERMS = frozenset({"dt", "dd"})


def paragraphs_of(blocks: Sequence[Block]) -> list[str]:
    """The paragraphs of these blocks, in order; the lines of lists, tables and verses are parted by line feeds.

    A list is one paragraph with a line `- item` (`1. item` in an ordered list) for each item, a table one with a line
    `cell | cell` for each row, a definition list one with lines `term: definition`. Where an item or a cell holds
    several blocks, or a cell holds prose, list or table are layout and their blocks are paragraphs.
    """
    found: list[str] = []
    last: Block | None = None
    after_a_time = False
    is_live = sum(is_time(block.text) for block in blocks) >= LIVE_ENTRIES
    for (kind, _), run in groupby(_placed(blocks), key=lambda placed: placed[0]):
        members = [block for _, block in run]
        if kind == "list":
            lines = _items(members)
        elif kind == "table":
            lines = _rows(members)
        elif kind == "terms":
            lines = _terms(members)
        elif kind == "post":
            lines = _post(members)
        elif kind == "pre":
            lines = ["\n".join(block.text for block in members)]
        else:
            lines = _lines(members)
            if found and last is not None and _is_torn(found[-1], last, lines[0], members[0]):
                found[-1] = f"{found[-1]} {lines.pop(0)}"
        if after_a_time and lines:
            # An entry of a live report stands below its time.
            found[-1] = f"{found[-1]}\n{lines.pop(0)}"
        found += lines
        last = members[-1] if kind == "text" else None
        after_a_time = is_live and len(members) == 1 and is_time(members[0].text)
    return found


def whole(blocks: Sequence[Block], kept: list[int]) -> list[int]:
    """The chosen blocks, and what is missing of tables and lists of which a good part was chosen.

    `kept` are indices into the page's blocks, in order; so is what is returned.
    """
    held = {_owner(blocks[i]) for i in kept if blocks[i].element.holder is not None}
    held = {owner for owner in held if owner[0] in _WHOLE}
    if not held:
        return kept
    layouts = {_owner(blocks[i]) for i in kept if len(blocks[i].text) > _MAX_CELL_CHARS or blocks[i].tag in _HEADINGS}
    held = {owner for owner in held if owner[0] == "list" or owner not in layouts}
    chosen = set(kept)
    missing: dict[tuple[str, int], list[int]] = {}
    had: dict[tuple[str, int], int] = {}
    for index in range(max(0, kept[0] - _MAX_MISSING), min(len(blocks), kept[-1] + _MAX_MISSING)):
        block = blocks[index]
        if block.element.holder is None or not block.text or (owner := _owner(block)) not in held:
            continue
        if index in chosen:
            had[owner] = had.get(owner, 0) + 1
        else:
            missing.setdefault(owner, []).append(index)
    for owner, indices in missing.items():
        most = max((len(blocks[i].text) for i in indices), default=0)
        linked = any(blocks[i].linked > _MAX_LINKED for i in indices)
        if len(indices) <= had[owner] * _WHOLE[owner[0]] and most <= _MAX_CELL_CHARS and not linked:
            chosen.update(indices)
    return sorted(chosen)


def row_of(block: Block) -> int | None:
    """What tells the block's table row from others, or None where it stands in none."""
    holder = block.element.holder
    return id(holder) if holder is not None and holder.tag == "tr" else None


def is_time(text: str) -> bool:
    """Whether a line is a time of day and nothing else: `14:05`, `14.05 MSK`."""
    return len(text) <= _MAX_TIME_CHARS and _TIME.fullmatch(text) is not None


def _placed(blocks: Sequence[Block]) -> list[tuple[tuple[str, int], Block]]:
    """Each block with what it is read as, and the element that makes it one with its neighbours."""
    owners = [_owner(block) for block in blocks]
    crowded = _crowded(blocks, owners)
    return [
        (("text", id(block.element)), block) if owner in crowded else (owner, block)
        for owner, block in zip(owners, blocks, strict=True)
    ]


def _owner(block: Block) -> tuple[str, int]:
    holder = block.element.holder
    if holder is None or holder.tag == "figure":
        return "text", id(block.element)
    if holder.tag == "blockquote":
        return ("post", id(holder)) if _is_post(holder.names) else ("text", id(block.element))
    if holder.tag == "tr":
        return "table", id(_within(holder, "table"))
    if holder.tag in _LISTS:
        return ("list", id(_outermost(holder))) if block.tags & _LIST else ("text", id(block.element))
    if holder.tag == "dl":
        return ("terms", id(holder)) if block.tag in _TERMS else ("text", id(block.element))
    return "pre", id(holder)


def _crowded(blocks: Sequence[Block], owners: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Lists and tables whose items hold several blocks, or whose cells hold prose: they lay out, they don't list."""
    crowded: set[tuple[str, int]] = set()
    items: dict[int, Element] = {}
    for block, owner in zip(blocks, owners, strict=True):
        if owner[0] == "table" and (
            len(block.text) > _MAX_CELL_CHARS or block.tag in _HEADINGS or _is_a_paragraph_of_a_cell(block)
        ):
            crowded.add(owner)
        elif owner[0] == "table" and block.tag == "p" and len(block.text) >= _PROSE_CHARS:
            # Two paragraphs of some length in one cell are no data.
            if items.setdefault(_cell(block), block.element) is not block.element:
                crowded.add(owner)
        elif owner[0] == "list":
            first = items.setdefault(id(_within(block.element, "li")), block.element)
            if first is not block.element or block.breaks > 1:
                crowded.add(owner)
    return crowded


def _is_a_paragraph_of_a_cell(block: Block) -> bool:
    """Whether empty lines part the block from text above it in one cell: no data are written so."""
    return block.breaks > 1 and len(block.text) >= _PROSE_CHARS


def _outermost(holder: Element) -> Element:
    for _ in range(_MAX_DEPTH):
        around = holder.parent.holder if holder.parent is not None else None
        if around is None or around.tag not in _LISTS:
            break
        holder = around
    return holder


def _within(element: Element, tag: str) -> Element:
    """The innermost element of that tag around this one, itself included; itself where there is none."""
    here: Element | None = element
    for _ in range(_MAX_DEPTH):
        if here is None:
            break
        if here.tag == tag:
            return here
        here = here.parent
    return element


def _items(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    numbers: dict[int, int] = {}
    for _, run in groupby(blocks, key=lambda block: id(_within(block.element, "li"))):
        item = list(run)
        text, holder = " ".join(block.text for block in item), item[0].element.holder
        if _MARKED.match(text):
            lines.append(text)
        elif holder is not None and holder.tag == "ol":
            number = numbers[id(holder)] = numbers.get(id(holder), 0) + 1
            lines.append(f"{number}. {text}")
        else:
            lines.append(f"- {text}")
    return ["\n".join(lines)]


def _rows(blocks: Sequence[Block]) -> list[str]:
    lines = []
    for _, row in groupby(blocks, key=lambda block: id(block.element.holder)):
        cells = [" ".join(block.text for block in cell) for _, cell in groupby(row, key=_cell)]
        lines.append(" | ".join(cells))
    return ["\n".join(lines)]


def _cell(block: Block) -> int:
    here: Element | None = block.element
    for _ in range(_MAX_DEPTH):
        if here is None or here.tag in _CELLS:
            break
        here = here.parent
    return id(here)


def _terms(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    open_term = False
    for block in blocks:
        if open_term and block.tag == "dd":
            lines[-1] = f"{lines[-1].rstrip(':')}: {block.text}"
        else:
            lines.append(block.text)
        open_term = block.tag == "dt" and len(block.text) <= _MAX_TERM_CHARS
    return ["\n".join(lines)]


@lru_cache(maxsize=4096)
def _is_post(names: str) -> bool:
    return _POST.search(names) is not None


def _post(blocks: Sequence[Block]) -> list[str]:
    """An embedded post: its words, then a line that says whose they are, without its date and its short links."""
    lines: list[str] = []
    author = ""
    for block in blocks:
        if match := _POST_AUTHOR.match(block.text):
            author = f"— {match[1]}"
        elif text := _POST_LINKS.sub("", block.text).strip():
            lines.append(text)
    return ["\n".join([*lines, author] if author else lines)] if lines else []


def _lines(blocks: Sequence[Block]) -> list[str]:
    """The text of one element, parted by its line breaks: paragraphs, or lines of one where they part verses."""
    paragraphs: list[list[Block]] = []
    for block in blocks:
        if block.breaks != 1 or not paragraphs:
            paragraphs.append([block])
        else:
            paragraphs[-1].append(block)
    found: list[str] = []
    last: Block | None = None
    for paragraph in paragraphs:
        lines = _joined(paragraph)
        if found and last is not None and _is_torn(found[-1], last, lines[0], paragraph[0]):
            found[-1] = f"{found[-1]} {lines.pop(0)}"
        found += lines
        last = paragraph[-1]
    return found


def _joined(blocks: Sequence[Block]) -> list[str]:
    lines = [block.text for block in blocks]
    if len(lines) == 1:
        return lines
    whole = sum(len(line) >= _PROSE_CHARS and bool(_SENTENCE_END.search(line)) for line in lines)
    if whole >= len(lines) - 1:
        return lines
    # A bold line of its own is a subheading; a line goes on where its sentence does.
    text = lines[0]
    for before, block in pairwise(blocks):
        if (before.strong > 0.9) != (block.strong > 0.9) and not _goes_on(text, block.text):
            text += f"\n\n{block.text}"
        elif _goes_on(text, block.text):
            text += f" {block.text}"
        else:
            text += f"\n{block.text}"
    return text.split("\n\n")


def _goes_on(before: str, after: str) -> bool:
    """Whether a line break stands within a sentence."""
    return bool(_OPEN_END.match(before[-1])) and after[0].islower() and not _MARKED.match(after)


def _is_torn(before: str, one: Block, after: str, other: Block) -> bool:
    """Whether two paragraphs side by side are one sentence."""
    if one.element is not other.element and (one.tag != "p" or other.tag != "p" or not _are_siblings(one, other)):
        return False
    return len(before) >= _TORN_CHARS and _goes_on(before, after)


def _are_siblings(one: Block, other: Block) -> bool:
    return one.element.parent is other.element.parent
