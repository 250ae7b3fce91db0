"""The dead-letter budget: how much may die before the stage pauses instead of pouring a topic into its dead letters."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Limits:
    """What pauses a stage."""

    window: int
    most_in_a_row: int
    most_share: float
    least: int


@dataclass(frozen=True)
class Budget:
    """What the budget has seen; when the window is full, its counts are halved, so old records fade."""

    seen: int = 0
    failed: int = 0
    in_a_row: int = 0

    def good(self, limits: Limits) -> Budget:
        """After a record that did not die."""
        return replace(self, seen=self.seen + 1, in_a_row=0)._faded(limits)

    def bad(self, limits: Limits) -> Budget:
        """After a dead letter."""
        return Budget(self.seen + 1, self.failed + 1, self.in_a_row + 1)._faded(limits)

    def exhausted(self, limits: Limits) -> str | None:
        """Why the stage must pause, or None."""
        if self.in_a_row >= limits.most_in_a_row:
            return f"{self.in_a_row} records in a row became dead letters"
        if self.failed >= limits.least and self.failed / self.seen > limits.most_share:
            return f"{self.failed} of the last {self.seen} records became dead letters"
        return None

    def _faded(self, limits: Limits) -> Budget:
        if self.seen < 2 * limits.window:
            return self
        return replace(self, seen=self.seen // 2, failed=self.failed // 2)
