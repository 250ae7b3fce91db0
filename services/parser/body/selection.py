"""Which blocks of a page are the article's body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.parser.body.features import MAX_BLOCK_CHARS, features_of, names
from services.parser.body.trees import Trees, load
from services.parser.page.blocks import Block

METHOD = "blocks 1"
MAX_BLOCKS = 6_000
"""That are weighed; what stands behind them on a page is no body."""
THRESHOLD = 0.5
MAX_CHARS = 2_000_000
"""Of all blocks that are weighed."""
_FEW_CHARS = 150
"""Less is nearly nothing: then the likeliest blocks are taken."""
_LIKELIEST = 5
_LEAST = 0.1
"""The probability below which a block is not taken even then."""
_DOUBT = 1.7
"""What makes the F to be expected from the probabilities the F that pages out of fold had."""


@dataclass(frozen=True)
class Selection:
    """The blocks that are the body, in order."""

    kept: tuple[int, ...]
    """Indices into the page's blocks."""
    probabilities: Sequence[float]
    """Of each block, to be of the body: 0 to 1."""
    confidence: float
    """The F of the answer that is to be expected: 0 to 1."""
    method: str


def select(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> Selection:
    """Choose the body's blocks, by the words of the title, the description and what JSON-LD gives as the text."""
    spoken = _weighed(blocks)
    if not spoken:
        return Selection((), [0.0] * len(blocks), 0.0, METHOD)
    shown = [blocks[i] for i in spoken]
    page = features_of(shown, title, description, article_body)
    likely = _model().probabilities(page.columns)
    sizes = np.array([len(block.text) for block in shown])
    taken = taken_of(likely, sizes)
    probabilities = np.zeros(len(blocks), np.float32)
    probabilities[spoken] = likely
    kept = tuple(spoken[i] for i in np.flatnonzero(taken))
    return Selection(kept, probabilities.tolist(), round(_confidence(likely, sizes, taken), 4), METHOD)


def _weighed(blocks: Sequence[Block]) -> list[int]:
    """The blocks that hold text, as far as the bounds go."""
    weighed: list[int] = []
    room = MAX_CHARS
    for index, block in enumerate(blocks):
        if block.text:
            room -= min(len(block.text), MAX_BLOCK_CHARS)
            if room < 0 or len(weighed) == MAX_BLOCKS:
                break
            weighed.append(index)
    return weighed


def taken_of(likely: NDArray[np.float32], sizes: NDArray[np.int64], threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Which blocks are taken, by their probabilities and their characters; the likeliest where nearly none would be."""
    taken = likely > threshold
    if sizes[taken].sum() < _FEW_CHARS:
        likeliest = np.argsort(-likely, kind="stable")[:_LIKELIEST]
        taken[likeliest[likely[likeliest] > _LEAST]] = True
    return taken


def _confidence(likely: NDArray[np.float32], sizes: NDArray[np.int64], taken: NDArray[np.bool_]) -> float:
    """The F that is to be expected: twice the text that is right, by what is given and what is wanted."""
    right = float((likely * sizes)[taken].sum())
    exact = 2 * right / max(1.0, float(sizes[taken].sum()) + float((likely * sizes).sum()))
    return float(exact**_DOUBT)


@lru_cache(maxsize=1)
def _model() -> Trees:
    return load("body").reading(names())
