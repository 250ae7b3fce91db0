"""How alike two texts are, in runs of four words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

GRAM = 4

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
_SPACES = re.compile(r"\s+")


def words_of(text: str) -> list[str]:
    """The words of a text; of scripts without spaces, the characters."""
    return [part for word in _WORD.findall(text) for part in _UNSPACED.findall(word)]


def line_of(text: str) -> str:
    """A line in the form in which lines are compared."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def grams_of(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    """The runs of four words, with how often each comes; a shorter text is one run."""
    return Counter(tuple(words[at : at + GRAM]) for at in range(max(1, len(words) - GRAM + 1)) if words)


def likeness(gold: Sequence[str], answer: Sequence[str]) -> tuple[float | None, float]:
    """Precision and recall of an answer's words, over multisets of runs; precision is None for no answer."""
    wanted, given = grams_of(gold), grams_of(answer)
    both = sum((wanted & given).values())
    return both / given.total() if given else None, both / max(1, wanted.total())


def f_of(precision: float, recall: float) -> float:
    """The harmonic mean of both."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
