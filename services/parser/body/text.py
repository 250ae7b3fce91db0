"""The text of an article: the chosen blocks as paragraphs, freed of the lines around an article."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.contracts.articles import Image
from services.parser.body import noise
from services.parser.body.columns import own_column
from services.parser.body.paragraphs import LIVE_ENTRIES, is_time, paragraphs_of, row_of, whole
from services.parser.body.pictures import images_of, without_captions
from services.parser.body.selection import Selection
from services.parser.limits import MAX_LINE_CHARS, MAX_NAME_CHARS
from services.parser.page.blocks import Block, Element, Layout, short_lines
from services.parser.page.headline import words_of

_EDGE = 3
"""Blocks at each end of the body that are judged as lines around the article."""
_MAY_BE_TEXT: frozenset[noise.Kind] = frozenset({"label", "date", "photo", "credit", "plea", "call"})
"""What a sentence of the text may look like."""
_DOUBTED = 0.75
"""Below, the model is not sure of a block, and it is judged as one at the edge."""
_MOST_JUDGED = 2_000
"""Blocks; a longer text is a table or worse, and its lines stay as they are."""
_MAX_INNER_CHARS = 200
"""Of a line that goes wherever it stands; longer ones are judged at the edges only."""
_REPEATED_CHARS = 30
_PROSE_CHARS = 80
_SENTENCE_CHARS = 40
_MAX_LISTED_CHARS = 200
"""A title of another article, at most."""
_SENTENCE_END = re.compile(r"(?:[.!…؟۔]|[.!?…][»”\"')\]])$")
_BARE_NUMBER = re.compile(r"\d[\d .,\u00a0]{0,12}[kK]?")
_COUNTER = re.compile(r"(?:^|[\s_-])(?:views?|view-?count|hits|eye)(?:$|[\s_-])", re.IGNORECASE)
_ITEMS = frozenset({"tr", "ul", "ol", "dl"})
_APPEAL = re.compile(r"newsletter|subscri|sign-?up|donat|mailing-?list|podpisk|rassylk|obuna", re.IGNORECASE)
_APPEALS_UP = 4
"""Elements around a text whose names are read."""
_SHARE_OF_A_BOX = 0.2
"""Of the text: what holds more is no box in it."""
_MAX_COUNTER_CHARS = 80
_BARS = re.compile(r"\s[|·•/]\s")
_SPACES = 2
"""Characters around a link that are neither its label nor its own."""
_MOST_NAMES = 24
_WORDS_BESIDE_A_NAME = 3
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True)
class Body:
    """The text of an article, and what the lines around it said."""

    paragraphs: tuple[str, ...]
    method: str
    confidence: float
    views: int | None
    linked: float
    """Share of its characters that are link text on the page."""
    images: tuple[Image, ...]
    """Its pictures that have a caption or a credit."""

    @property
    def text(self) -> str:
        """The paragraphs, a blank line between two."""
        return "\n\n".join(self.paragraphs)


def text_of(layout: Layout, selection: Selection, title: str, url: str, names: Sequence[str] = ()) -> Body:
    """The text of the blocks that were chosen, as a reader would want it. May be empty; raises nothing for a page.

    `title` is the article's, `url` the page's own; `names` are those of its authors and its section, which are no text
    at its edges. Paragraphs are as paragraphs_of() gives them.
    """
    blocks = layout.blocks
    chosen = own_column(blocks, whole(blocks, [i for i in selection.kept if blocks[i].text]), title)
    kept = _own(blocks, _with_times(blocks, chosen), selection.probabilities, title, names)
    size = sum(len(blocks[i].text) for i in kept)
    linked = sum(len(blocks[i].text) * blocks[i].linked for i in kept) / max(1, size)
    return Body(
        tuple(paragraphs_of([blocks[i] for i in kept])),
        selection.method,
        selection.confidence,
        views_of(blocks),
        linked,
        images_of(layout, kept, url),
    )


def _kind(block: Block) -> noise.Kind | None:
    if len(block.text) > noise.MAX_PLEA_CHARS:
        return None
    kind = noise.kind_of(block.text)
    if kind is None and len(block.pieces) > 1 and len(block.text) <= MAX_LINE_CHARS:
        pieces = [piece for _, piece in block.pieces if piece]
        unlinked = (1 - block.linked) * len(block.text)
        if block.linked and unlinked <= len(pieces[0]) + _SPACES and noise.names_a_link(pieces[0]):
            return "also"
        return noise.kind_of_pieces(pieces)
    return kind


def _kinds(blocks: Sequence[Block], kept: list[int]) -> dict[int, noise.Kind]:
    """What those blocks are that may be lines around an article; long ones are looked at near the ends only."""
    near = {*kept[: 2 * _EDGE], *kept[-2 * _EDGE :]}
    judged = [i for i in kept if len(blocks[i].text) <= _MAX_INNER_CHARS or i in near]
    return {i: kind for i in judged if (kind := _kind(blocks[i])) is not None}


def views_of(blocks: Sequence[Block]) -> int | None:
    """What a counter of the page says, outside of lists of other articles."""
    for _, block in short_lines(blocks):
        if block.part in ("footer", "related") or len(block.text) > _MAX_COUNTER_CHARS:
            continue
        runs = [(block.names, block.text)]
        if len(block.pieces) > 1:
            runs += block.pieces
        elif len(parts := _BARS.split(block.text)) > 1:
            runs += [("", part) for part in parts]
        for names, text in runs:
            if _BARE_NUMBER.fullmatch(text):
                counted = noise.views(f"views {text}") if _counts(names) else None
            else:
                counted = noise.views(text)
            if counted is not None:
                return counted
    return None


@lru_cache(maxsize=16_384)
def _counts(names: str) -> bool:
    return _COUNTER.search(names) is not None


def _with_times(blocks: Sequence[Block], kept: list[int]) -> list[int]:
    """The body of a live report with the times that stand above its entries, where they were not chosen."""
    chosen = set(kept)
    times = [
        i - 1 for i in kept if i and i - 1 not in chosen and blocks[i].linked < 0.5 and is_time(blocks[i - 1].text)
    ]
    if len(times) < LIVE_ENTRIES or len({blocks[i].names for i in times}) > 1:
        return kept
    return sorted(chosen.union(times))


def _own(
    blocks: Sequence[Block], kept: list[int], probabilities: Sequence[float], title: str, names: Sequence[str]
) -> list[int]:
    """Without the title, captions, repeated blocks and the lines around an article."""
    if len(kept) > _MOST_JUDGED:
        return kept
    kept = without_captions(blocks, kept)
    kept = _without_repeats(blocks, _below_title(blocks, kept, title))
    kinds = _kinds(blocks, kept)
    kept = _without_boxes(blocks, _before_related(blocks, _without_appeals(blocks, kept), kinds), kinds)
    return _without_edges(blocks, kept, kinds, probabilities, names)


def _below_title(blocks: Sequence[Block], kept: list[int], title: str) -> list[int]:
    wanted = words_of(title)
    if not wanted:
        return kept
    for place, index in enumerate(kept[:_EDGE]):
        text = blocks[index].text
        if len(text) <= len(title) + 20 and words_of(text) == wanted:
            # What stands above the headline is the page's top, unless it is text.
            return [i for i in kept[:place] if len(blocks[i].text) >= _PROSE_CHARS] + kept[place + 1 :]
    return kept


def _without_repeats(blocks: Sequence[Block], kept: list[int]) -> list[int]:
    """Without text that stands there twice. Labels, headings, items and cells may well be the same."""
    seen: set[str] = set()
    own: list[int] = []
    for index in kept:
        block = blocks[index]
        if block.element.holder is None or block.element.holder.tag not in _ITEMS:
            text = block.text
            if own and text == blocks[own[-1]].text:
                continue
            if len(text) >= _REPEATED_CHARS and block.tag not in _HEADINGS:
                if text in seen and (len(text) >= _PROSE_CHARS or _SENTENCE_END.search(text)):
                    continue
                seen.add(text)
        own.append(index)
    return own


def _before_related(blocks: Sequence[Block], kept: list[int], kinds: Mapping[int, noise.Kind]) -> list[int]:
    """Cut where only titles and dates of other articles follow, below a heading or as a list of both."""
    start = len(kept)
    dates = titles = 0
    cut = start
    while start and (kept[start - 1] in kinds or _may_be_a_title(blocks[kept[start - 1]])):
        start -= 1
        block = blocks[kept[start]]
        kind = kinds.get(kept[start])
        dates += kind == "date" or is_time(block.text)
        titles += kind is None
        if start and kind == "related":
            cut = start
    if start and cut == len(kept) and dates >= 2 and titles >= 2:
        # Times and titles in turn, without a heading.
        cut = start
    return kept[:cut]


def _may_be_a_title(block: Block) -> bool:
    """Whether the block could be the title of another article in a list."""
    return len(block.text) <= _MAX_LISTED_CHARS and (block.linked > 0.6 or not _SENTENCE_END.search(block.text))


def _without_appeals(blocks: Sequence[Block], kept: list[int]) -> list[int]:
    """Without boxes in the text that ask for an address or for money, by the names of their elements."""
    boxes: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for index in kept:
        element: Element | None = blocks[index].element
        for _ in range(_APPEALS_UP):
            if element is None:
                break
            if element.names and _asks(element.names):
                boxes[index] = id(element)
                sizes[id(element)] = sizes.get(id(element), 0) + len(blocks[index].text)
                break
            element = element.parent
    if not boxes:
        return kept
    # A page whose text stands in `subscriber-content` is no box.
    most = _SHARE_OF_A_BOX * sum(len(blocks[index].text) for index in kept)
    return [index for index in kept if index not in boxes or sizes[boxes[index]] > most]


@lru_cache(maxsize=16_384)
def _asks(names: str) -> bool:
    return _APPEAL.search(names) is not None


def _without_boxes(blocks: Sequence[Block], kept: list[int], kinds: Mapping[int, noise.Kind]) -> list[int]:
    """Without what can't be mistaken, wherever it stands: also boxes that lead to other articles."""
    own: list[int] = []
    in_a_box = False
    for index in kept:
        block = blocks[index]
        kind = kinds.get(index) if len(block.text) <= _MAX_INNER_CHARS else None
        if kind == "related" and (block.linked > 0.6 or noise.is_plain(block.text)):
            in_a_box = True
            continue
        if in_a_box and (block.linked > 0.8 or kind == "date") and len(block.text) <= _MAX_LISTED_CHARS:
            continue
        in_a_box = False
        goes = kind == "also" or (kind == "advertising" and block.tag not in _HEADINGS)
        if kind is None or not (goes or noise.is_plain(block.text)):
            own.append(index)
    return own


def _without_edges(
    blocks: Sequence[Block],
    kept: list[int],
    kinds: Mapping[int, noise.Kind],
    probabilities: Sequence[float],
    names: Sequence[str],
) -> list[int]:
    times = [place for place, index in enumerate(kept) if is_time(blocks[index].text)]
    entries = {place for place in times if _is_prose(blocks, kept, place + 1)}
    if len(entries) < LIVE_ENTRIES:
        entries = set()
    noisy = {
        place
        for place, index in enumerate(kept)
        if index in kinds and place not in entries and not _is_subheading(blocks, kept, place)
    }
    # A row of a table is judged as one: a number or a day in it is what the table is for.
    text_rows = {row_of(blocks[index]) for place, index in enumerate(kept) if place not in noisy} - {None}
    noisy = {place for place in noisy if row_of(blocks[kept[place]]) not in text_rows}
    keys = [named for name in names[:_MOST_NAMES] if (named := noise.key(name))]
    noisy.update(
        place
        for place in (*range(min(_EDGE, len(kept))), *range(max(0, len(kept) - _EDGE), len(kept)))
        if _is_byline(blocks[kept[place]].text, keys)
    )
    doubted = {
        place for place in noisy if probabilities[kept[place]] < _DOUBTED and noise.key(blocks[kept[place]].text)
    }
    start, end = 0, len(kept)
    while start < end and start in noisy:
        start += 1
    while end > start and end - 1 in noisy:
        end -= 1
    judged = (*range(start, min(end, start + _EDGE)), *range(max(start, end - _EDGE), end))
    noisy = {
        place
        for place in noisy
        if not (start < place < end - 1 and kinds.get(kept[place]) in _MAY_BE_TEXT and _is_told(blocks, kept, place))
    }
    return [
        kept[place]
        for place in range(start, end)
        if place not in noisy or (place not in judged and place not in doubted)
    ]


def _is_subheading(blocks: Sequence[Block], kept: Sequence[int], place: int) -> bool:
    """Whether a line is one word above text: it may be any word then."""
    block = blocks[kept[place]]
    return block.tag in _HEADINGS and " " not in noise.key(block.text) and _is_prose(blocks, kept, place + 1)


def _is_byline(text: str, names: Sequence[str]) -> bool:
    """Whether a line is one of these names, or a person's name and at most a word or two about the person."""
    if not names or len(text) > MAX_NAME_CHARS or _SENTENCE_END.search(text):
        return False
    line = noise.key(text)
    return any(
        line == name or (" " in name and name in line and line.count(" ") <= name.count(" ") + _WORDS_BESIDE_A_NAME)
        for name in names
    )


def _is_told(blocks: Sequence[Block], kept: Sequence[int], place: int) -> bool:
    """Whether a line is a sentence between two others."""
    beside = (blocks[kept[place - 1]], blocks[kept[place + 1]])
    if blocks[kept[place]].linked >= 0.5 or not noise.is_sentence(blocks[kept[place]].text):
        return False
    return all(
        len(block.text) >= _SENTENCE_CHARS and block.linked < 0.5 and _SENTENCE_END.search(block.text)
        for block in beside
    )


def _is_prose(blocks: Sequence[Block], kept: Sequence[int], place: int) -> bool:
    block = blocks[kept[place]] if place < len(kept) else None
    return block is not None and len(block.text) >= _PROSE_CHARS and block.linked < 0.5
