"""Answers of boosted symmetric trees, by numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 512
"""Keeps what one step needs in the processor's cache."""


class Trees(NamedTuple):
    """Trees that ask the same question everywhere on a level: an example's leaf is its answers, read as bits.

    (Kohavi, Li: Oblivious decision trees, graphs, and top-down pruning, 1995; as trained by CatBoost.)
    """

    columns: tuple[str, ...]
    """What the numbers of an example are called."""
    questions: NDArray[np.int32]
    """Of each level of each tree, the question that it asks: shape (trees, levels)."""
    column_of: NDArray[np.int32]
    """Of each question, its column."""
    more_than: NDArray[np.float32]
    """Of each question, the number that the column must exceed."""
    leaves: NDArray[np.float32]
    """Shape (trees, 2 ** levels)."""
    bias: float

    def probabilities(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of each example: float32 of shape (examples,) from one of shape (columns, examples)."""
        count = columns.shape[1]
        chunks = [self._probabilities(columns[:, at : at + _AT_ONCE]) for at in range(0, count, _AT_ONCE)]
        return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)

    def reading(self, columns: Sequence[str]) -> Trees:
        """The same trees for examples with these columns. Raises ValueError where one that they need is missing."""
        where = np.array([columns.index(name) for name in self.columns], np.int32)
        return self._replace(columns=tuple(columns), column_of=where[self.column_of])

    def _probabilities(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = (columns[self.column_of] > self.more_than[:, None]).view(np.uint8)
        trees, levels = self.questions.shape
        leaf = answers[self.questions[:, 0]]
        for level in range(1, levels):
            leaf |= answers[self.questions[:, level]] << np.uint8(level)
        at = leaf.astype(np.int32)
        at += (np.arange(trees, dtype=np.int32) * self.leaves.shape[1])[:, None]
        scores = self.leaves.ravel().take(at).sum(0, dtype=np.float64) + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-scores)), np.float32)


def load(name: str) -> Trees:
    """The trees that ship under this name. Raises FileNotFoundError or ValueError where there are none."""
    with files("services.parser.body.models").joinpath(f"{name}.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return packed(
            tuple(str(column) for column in stored["columns"]),
            stored["column"], stored["more_than"], stored["leaves"], float(stored["bias"]),
        )  # fmt: skip


def packed(
    columns: Sequence[str],
    column: NDArray[np.int16],
    more_than: NDArray[np.float32],
    leaves: NDArray[np.float32],
    bias: float,
) -> Trees:
    """Trees from the columns and bounds of each level, both of shape (trees, levels). Equal questions are asked once.

    Raises ValueError where the shapes do not fit.
    """
    trees, levels = column.shape
    if more_than.shape != column.shape or leaves.shape != (trees, 1 << levels) or levels > 8:
        raise ValueError("these are no symmetric trees")
    pairs = np.stack([column.ravel().astype(np.float64), more_than.ravel().astype(np.float64)], 1)
    asked, where = np.unique(pairs, axis=0, return_inverse=True)
    return Trees(
        tuple(columns),
        where.reshape(trees, levels).astype(np.int32),
        asked[:, 0].astype(np.int32),
        asked[:, 1].astype(np.float32),
        leaves.astype(np.float32),
        bias,
    )
