"""How many sentences an engine is asked for at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.enricher.translate.engine import Bounds

MORE_AFTER = 100
"""Good answers to as much as it takes, until an engine is tried with twice as much."""


class BatchSize:
    """An engine's bounds, narrowed where it answers small batches only (a server's own limit on texts in a call)."""

    def __init__(self, bounds: Bounds) -> None:
        self._given = bounds
        self._units = bounds.batch_units
        self._good = 0

    @property
    def bounds(self) -> Bounds:
        """What to keep to now."""
        return replace(self._given, batch_units=self._units)

    def learn(self, good: Sequence[int], bad: Sequence[int]) -> None:
        """From one batch: how many units each call had that was answered well, and each that was not.

        One sentence that spoils every call that it is in says nothing about the size.
        """
        if good and bad and max(good) < min(bad):
            self._units, self._good = max(good), 0
        elif not bad and max(good, default=0) == self._units < self._given.batch_units:
            self._good += 1
            if self._good == MORE_AFTER:
                self._units, self._good = min(2 * self._units, self._given.batch_units), 0


def batches(units: Sequence[str], bounds: Bounds) -> Iterator[Sequence[str]]:
    """The units in order, as many at a time as the bounds allow; one that is too long for any call is alone."""
    start = chars = 0
    for i, unit in enumerate(units):
        full = i - start == bounds.batch_units or chars + len(unit) > bounds.batch_chars
        if i > start and (full or bounds.unit_chars < max(len(unit), len(units[start]))):
            yield units[start:i]
            start, chars = i, 0
        chars += len(unit)
    if start < len(units):
        yield units[start:]
