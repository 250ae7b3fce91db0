"""How long to wait before the next attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Doubling from `first` to `most` seconds, with jitter so that replicas do not return together."""

    first: float
    most: float

    def delay(self, attempt: int, random: Callable[[], float]) -> float:
        """Seconds before the attempt after the `attempt`-th (1, 2, …); `random` gives numbers in [0, 1)."""
        full = min(self.most, self.first * 2.0 ** min(attempt - 1, 32))
        return float(full * (0.5 + random() / 2))
