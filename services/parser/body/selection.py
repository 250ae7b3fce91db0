"""Which blocks of a page are the article's body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from services.parser.body.features import features_of, names
from services.parser.body.trees import Trees, load
from services.parser.page.blocks import Block

METHOD = "blocks 1"
MAX_BLOCKS = 6_000
"""That are weighed; what stands behind them on a page is no body."""
_THRESHOLD = 0.5
_FEW_CHARS = 150
"""Less is nearly nothing: then the likeliest blocks are taken."""
_LIKELIEST = 5
_LEAST = 0.1
"""The probability below which a block is not taken even then."""


@dataclass(frozen=True)
class Selection:
    """The blocks that are the body, in order."""

    kept: tuple[int, ...]
    """Indices into the page's blocks."""
    probabilities: Sequence[float]
    """Of each block, to be of the body: 0 to 1."""
    confidence: float
    """How much of the true text the answer is expected to be: 0 to 1."""
    method: str


def select(blocks: Sequence[Block], title: str, description: str, article_body: str | None) -> Selection:
    """Choose the body's blocks, by the words of the title, the description and what JSON-LD gives as the text."""
    spoken = [i for i, block in enumerate(blocks) if block.text][:MAX_BLOCKS]
    if not spoken:
        return Selection((), [0.0] * len(blocks), 0.0, METHOD)
    shown = [blocks[i] for i in spoken]
    page = features_of(shown, title, description, article_body)
    likely = _model().probabilities(page.columns)
    sizes = np.array([len(block.text) for block in shown])
    taken = likely > _THRESHOLD
    if sizes[taken].sum() < _FEW_CHARS:
        likeliest = np.argsort(-likely, kind="stable")[:_LIKELIEST]
        taken[likeliest[likely[likeliest] > _LEAST]] = True
    probabilities = np.zeros(len(blocks), np.float32)
    probabilities[spoken] = likely
    chars = int(sizes[taken].sum())
    confidence = float((likely[taken] * sizes[taken]).sum() / chars) if chars else 0.0
    kept = tuple(spoken[i] for i in np.flatnonzero(taken))
    return Selection(kept, probabilities.tolist(), round(confidence, 4), METHOD)


@lru_cache(maxsize=1)
def _model() -> Trees:
    return load("body").reading(names())
