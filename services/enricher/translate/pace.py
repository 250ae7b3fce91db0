"""How many calls an engine gets at once and a second: first come, first served, and nobody turns in circles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Pace:
    """Turns of one engine. Who is cancelled while waiting or at work leaves nothing taken."""

    def __init__(self, at_once: int, per_second: float | None, clock: Callable[[], float]) -> None:
        """`per_second` None: as many as there is time for. `clock`: monotonic seconds."""
        self._slots = asyncio.Semaphore(at_once)
        self._gap = 1 / per_second if per_second else 0.0
        self._head = asyncio.Lock()
        self._clock = clock
        self._next = 0.0
        self._held_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn, from its beginning to its end."""
        async with self._slots:
            async with self._head:
                # The next begin is set after the wait: who gives up in it has used none.
                while True:  # a hold may have begun in the meantime
                    wait = max(self._next, self._held_until) - self._clock()
                    if wait <= 0:
                        break
                    await asyncio.sleep(wait)
                self._next = self._clock() + self._gap
            yield

    def hold(self, until: float) -> None:
        """Nobody's turn begins before that time."""
        self._held_until = max(self._held_until, until)

    @property
    def held_until(self) -> float:
        """When turns may begin again."""
        return self._held_until
