"""Notices that this process stood still, for then its partitions may be another's already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT_SECONDS = 0.5


class Pulse:
    """Steady while it beats; after a pause of half a session it waits a session, so that the group can speak first."""

    def __init__(self, session_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session_seconds
        self._clock = clock
        self._last = clock()
        self._held_until = self._last

    def beat(self) -> None:
        """The loop runs."""
        now = self._clock()
        if now - self._last > self._session / 2:
            self._held_until = now + self._session
        self._last = now

    def steady(self) -> bool:
        """Whether what we believe to own is surely still ours."""
        now = self._clock()
        return now - self._last <= self._session / 2 and now >= self._held_until

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)
