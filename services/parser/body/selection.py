"""Which blocks of a page are the article's body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.parser.page.blocks import Block

_PROSE_CHARS = 80


@dataclass(frozen=True)
class Selection:
    """The blocks that are the body, in order."""

    kept: tuple[int, ...]
    """Indices into the page's blocks."""
    probabilities: Sequence[float]
    """Of each block, to be of the body: 0 to 1."""
    confidence: float
    method: str


def select(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> Selection:
    """Choose the body's blocks, by the words of the title, the description and what JSON-LD gives as the text."""
    likely = [0.9 if b.part == "content" and b.linked < 0.5 and len(b.text) >= _PROSE_CHARS else 0.1 for b in blocks]
    return Selection(tuple(i for i, p in enumerate(likely) if p > 0.5), likely, 0.5, "prose 1")
