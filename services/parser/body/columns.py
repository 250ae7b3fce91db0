"""Which of a body's blocks stand in the column of the text, where tables lay the page out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.parser.page.blocks import Block, Element
from services.parser.page.headline import headline
from services.parser.page.names import TAG_BITS

_CELLS = frozenset({"td", "th"})
_IN_A_TABLE = TAG_BITS["td"]
_MOST_OF_THE_TEXT = 0.5
"""Share of the characters that the column of the text must hold."""
_NEARLY_ALL = 0.9
"""Share of the characters that must stand in the table, or it is part of the text and not the page's frame."""
_MIN_CHARS = 200
"""Of text in the cell of the title, for it to be the text's."""
_MAX_LEVELS = 8
"""Tables in tables that are looked at."""
_MAX_DEPTH = 200


def own_column(blocks: Sequence[Block], kept: Sequence[int], title: str) -> list[int]:
    """The kept blocks without those that stand in the row of the text's cell, but in another cell of it.

    The text's cell is the one below whose roof the title stands, too, or else the one with most of the text.
    """
    own = list(kept)
    if not any(blocks[i].tags & _IN_A_TABLE for i in own):
        return own
    cells = {i: _cells_around(blocks[i].element) for i in own}
    at = headline(title, blocks)
    titled = [] if at is None else _cells_around(blocks[at].element)
    for level in range(_MAX_LEVELS):
        sizes: Counter[int] = Counter()
        known: dict[int, Element] = {}
        for i in own:
            if level < len(cells[i]):
                cell = cells[i][level]
                known[id(cell)] = cell
                sizes[id(cell)] += len(blocks[i].text)
        every = sum(len(blocks[i].text) for i in own)
        if not sizes or sizes.total() < _NEARLY_ALL * every:
            break
        key, size = sizes.most_common(1)[0]
        if level < len(titled) and sizes[id(titled[level])] >= _MIN_CHARS:
            key = id(titled[level])
        elif size < _MOST_OF_THE_TEXT * every:
            break
        main = known[key]
        own = [i for i in own if level >= len(cells[i]) or not _is_beside(cells[i][level], main)]
    return own


def _is_beside(cell: Element, main: Element) -> bool:
    return cell is not main and cell.parent is main.parent


def _cells_around(element: Element) -> list[Element]:
    """The table cells that an element stands in, the outermost first."""
    found: list[Element] = []
    here: Element | None = element
    for _ in range(_MAX_DEPTH):
        if here is None:
            break
        if here.tag in _CELLS:
            found.append(here)
        here = here.parent
    return found[::-1]
