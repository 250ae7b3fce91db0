"""Which blocks of a training page are its body, by a gold text or by what several extractors answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from services.parser.training.shingles import GRAM, f_of, likeness, line_of, words_of

WEIGHTS = {"trafilatura": 1.5, "readability": 1.2, "newspaper": 1.2, "goose": 0.8, "resiliparse": 0.7}
"""What each extractor's answer weighs in the vote."""
FOLDS = 5

_FEW_WORDS = 8
_AGREEMENT = 0.8
_LEAST_CHARS = 300
_SILVER = 0.5
"""What a page without a gold text weighs against one with it."""
_SECOND_LEVEL = frozenset({"co", "com", "org", "gov", "net", "ac", "edu"})

Floats = NDArray[np.float64]


class Labels(NamedTuple):
    """Of each block of a page, whether it is of the body and how much that is believed."""

    body: NDArray[np.bool_]
    weights: Floats


def labels_of(texts: Sequence[str], gold: Mapping[str, object], answers: Mapping[str, str]) -> Labels | None:
    """Labels by the full gold text, or by the vote and the gold snippets; None where the extractors do not agree."""
    blocks = [words_of(text) for text in texts]
    lines = [line_of(text) for text in texts]
    sizes = np.sqrt([len(words) + 1.0 for words in blocks])
    sizes[[not words for words in blocks]] = 0.01
    full = gold.get("text")
    if isinstance(full, str) and full:
        return Labels(cover(blocks, lines, full) > 0.5, sizes / sizes.sum())
    if len(answers["trafilatura"]) < _LEAST_CHARS or _agreement(answers) <= _AGREEMENT:
        return None
    votes = sum(weight * (cover(blocks, lines, answers[name]) > 0.5) for name, weight in WEIGHTS.items())
    share = np.asarray(votes) / sum(WEIGHTS.values())
    belief = np.abs(share - 0.5) * 2
    inside, outside = _said(lines, gold.get("with")), _said(lines, gold.get("without"))
    share[inside & ~outside], share[outside & ~inside] = 1.0, 0.0
    belief[inside ^ outside] = 1.0
    weights = sizes * belief
    return Labels(share > 0.5, weights / max(weights.sum(), 1e-9) * _SILVER)


def cover(blocks: Sequence[Sequence[str]], lines: Sequence[str], text: str) -> Floats:
    """The share of each block's words that the text holds in the same order: 0 to 1.

    Runs of four words are looked for. A block of few words is found by itself as a whole line, or together with the
    blocks around it: their words in a row are looked for in the text's.
    """
    words = words_of(text)
    known = {tuple(words[at : at + GRAM]) for at in range(len(words) - GRAM + 1)}
    whole = {line_of(line) for line in text.split("\n")}
    stream = [word for block in blocks for word in block]
    owners = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    hits = np.zeros(len(stream), bool)
    for at in range(len(stream) - GRAM + 1):
        if tuple(stream[at : at + GRAM]) in known:
            hits[at : at + GRAM] = True
    found = np.bincount(owners, hits, len(blocks))
    covered = np.zeros(len(blocks))
    for number, block in enumerate(blocks):
        runs = len(block) - GRAM + 1
        if runs > 0:
            covered[number] = sum(tuple(block[at : at + GRAM]) in known for at in range(runs)) / runs
        if block and len(block) < _FEW_WORDS:
            in_a_row = found[number] / len(block) * 0.95
            covered[number] = max(covered[number] * 0.9, in_a_row, float(lines[number] in whole))
    return covered


def fold_of(url: str, otherwise: str) -> int:
    """The fold of a page: all pages of a domain are in the same one."""
    parts = (urlsplit(url).hostname or otherwise).removeprefix("www.").split(".")
    kept = 3 if len(parts) > 2 and parts[-2] in _SECOND_LEVEL else 2
    return int(hashlib.sha256(".".join(parts[-kept:]).encode()).hexdigest(), 16) % FOLDS


def _agreement(answers: Mapping[str, str]) -> float:
    first = words_of(answers["trafilatura"])
    both = (likeness(first, words_of(answers[name])) for name in ("readability", "newspaper"))
    return max(f_of(precision or 0.0, recall) for precision, recall in both)


def _said(lines: Sequence[str], snippets: object) -> NDArray[np.bool_]:
    wanted = [str(snippet) for snippet in snippets] if isinstance(snippets, list) else []
    exact = {line_of(s[1:-1]) for s in wanted if s.startswith("^") and s.endswith("$")}
    parts = [line_of(s) for s in wanted if not (s.startswith("^") and s.endswith("$"))]
    return np.array([line in exact or any(part in line for part in parts) for line in lines], bool)
