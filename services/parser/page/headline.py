"""Where the headline stands among a page's blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.parser.page.blocks import Block

_ELSEWHERE = frozenset({"footer", "related"})
_MOST_LINKED = 0.8
_WORD = re.compile(r"\w+")


def words_of(text: str) -> set[str]:
    """The words of a title, for comparing two."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return set(_WORD.findall(text.casefold()))


def headline(title: str, blocks: Sequence[Block]) -> int | None:
    """The index of the block that is the title, or None."""
    wanted = words_of(title)
    if not wanted:
        return None
    for index, block in enumerate(blocks):
        if block.text == title and block.tag == "h1" and block.part not in _ELSEWHERE and block.linked <= _MOST_LINKED:
            return index
    best: tuple[float, int] | None = None
    least, most = len(title) // 3, 2 * len(title) + 40
    for index, block in enumerate(blocks):
        # Much shorter or longer lines share too few words, whichever these are.
        if not least <= len(block.text) <= most or block.part in _ELSEWHERE or block.linked > _MOST_LINKED:
            continue
        own = words_of(block.text)
        alike = len(wanted & own) / len(wanted | own) if own else 0.0
        score = alike + (0.2 if block.tag == "h1" else 0.0)
        if alike >= 0.6 and (best is None or score > best[0]):
            best = (score, index)
    return best[1] if best else None
