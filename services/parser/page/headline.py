"""Where the headline stands among a page's blocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.parser.page.blocks import Block

_WORD = re.compile(r"\w+")


def words_of(text: str) -> set[str]:
    """The words of a title, for comparing two."""
    return set(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def headline(title: str, blocks: Sequence[Block]) -> int | None:
    """The index of the block that is the title, or None."""
    wanted = words_of(title)
    if not wanted:
        return None
    best: tuple[float, int] | None = None
    for index, block in enumerate(blocks):
        if len(block.text) > 2 * len(title) + 40 or block.part in ("footer", "related") or block.linked > 0.8:
            continue
        own = words_of(block.text)
        alike = len(wanted & own) / len(wanted | own) if own else 0.0
        score = alike + (0.2 if block.tag == "h1" else 0.0)
        if alike >= 0.6 and (best is None or score > best[0]):
            best = (score, index)
    return best[1] if best else None
