"""A circuit breaker: when an engine is asked no more, and when it gets another chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "half-open", "open"]
STATES: tuple[State, ...] = ("closed", "half-open", "open")


@dataclass(frozen=True)
class BreakerBounds:
    """When a breaker opens, and for how long."""

    faults: int = 5
    """In a row: then it opens."""
    cool_seconds: float = 15.0
    """Before the first probe; twice as long after each probe that fails."""
    most_cool_seconds: float = 300.0


@dataclass(frozen=True)
class Ticket:
    """Leave for one call; to be handed back whatever becomes of it."""

    era: int
    probe: bool


class Breaker:
    """Closed: calls go through. Open: none does. Half open: one does, and decides. Times are of one monotonic clock."""

    def __init__(
        self, bounds: BreakerBounds | None = None, changed: Callable[[State], None] = lambda state: None
    ) -> None:
        """`changed` is told of every new state."""
        self._bounds = bounds or BreakerBounds()
        self._changed = changed
        self._state: State = "closed"
        self._faults = 0
        self._opened = 0
        self._until = 0.0
        self._probing = False
        self._era = 0

    @property
    def state(self) -> State:
        """As of the last call; an open one whose time is over is half open from the next call on."""
        return self._state

    def seconds_left(self, now: float) -> float:
        """Until a call may go through; 0 where one may already."""
        return max(0.0, self._until - now) if self._state == "open" else 0.0

    def admits(self, now: float) -> bool:
        """Whether `enter` would give leave."""
        return self.seconds_left(now) == 0.0 and not self._probing

    def enter(self, now: float) -> Ticket | None:
        """Leave for one call, or None."""
        if not self.admits(now):
            return None
        if self._state == "open":
            self._turn("half-open")
        self._probing = self._state == "half-open"
        return Ticket(self._era, self._probing)

    def succeeded(self, ticket: Ticket) -> None:
        """The call had an answer. An answer to a call from before the last change of state says nothing."""
        if ticket.era != self._era:
            return
        self._faults = self._opened = 0
        if ticket.probe:
            self._turn("closed")

    def failed(self, ticket: Ticket, now: float, retry_after: float = 0.0) -> None:
        """The call met a fault; `retry_after` seconds the engine wants to be left alone."""
        if ticket.era == self._era:
            self.fault(now, retry_after)

    def let_go(self, ticket: Ticket) -> None:
        """The call says nothing about the engine; another one may be the probe."""
        if ticket.era == self._era and ticket.probe:
            self._probing = False

    def fault(self, now: float, retry_after: float = 0.0) -> None:
        """One more in a row; the last of them opens, and so does any where it is half open."""
        if self._state == "open":
            return
        self._faults += 1
        if self._state == "closed" and self._faults < self._bounds.faults:
            return
        cool = min(self._bounds.most_cool_seconds, self._bounds.cool_seconds * 2.0 ** min(self._opened, 32))
        self._opened += 1
        self._until = now + max(cool, retry_after)
        self._turn("open")

    def _turn(self, state: State) -> None:
        self._state, self._probing, self._faults = state, False, 0
        self._era += 1
        self._changed(state)
