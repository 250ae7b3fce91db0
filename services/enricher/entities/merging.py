"""Decide which of the candidates stay where they overlap; the same rules for lists, models, shapes and rules."""

from __future__ import annotations

from collections.abc import Sequence

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text

_WEIGHT = {"rule": 5, "article": 4, "list": 3, "shape": 2, "model": 2}


def merged(candidates: Sequence[Found], text: Text) -> list[Found]:
    """Candidates of which none overlaps another, in order; an id from the list is kept where the type agrees."""
    taken = bytearray(len(text.original))
    kept: list[Found] = []
    for one in sorted(candidates, key=lambda f: (f.start - f.end, -_WEIGHT[f.by], -f.confidence, f.start)):
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda f: f.start)
