"""Connections kept from one request to the next: a pool for each origin, for a shared one looks at all on each turn."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import httpcore


@dataclass(eq=False)
class _Kept:
    """One origin's pool."""

    pool: httpcore.AsyncConnectionPool
    used: float
    asking: int = 0

    def busy(self) -> bool:
        """Whether a request is under way, or its answer is still being read."""
        return self.asking > 0 or any(not (one.is_idle() or one.is_closed()) for one in self.pool.connections)


class Connections:
    """As many origins' connections as `most`, the last used ones, and none that was idle for `seconds`.

    httpcore asks each connection of a pool, with system calls, whether it is still alive, twice for each request: with
    64 of them that costs as much as the requests.
    """

    def __init__(
        self,
        make: Callable[[], httpcore.AsyncConnectionPool],
        most: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[tuple[bytes, bytes, int | None], _Kept] = OrderedDict()

    def __len__(self) -> int:
        """How many origins have a pool; more than `most` only while so many are asked at once."""
        return len(self._kept)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send one request. Raises httpcore's errors as they are."""
        url = request.url
        origin = (url.scheme, url.host, url.port)
        kept = self._kept.get(origin)
        if kept is None:
            kept = self._kept[origin] = _Kept(self._make(), self._clock())
        kept.used = self._clock()
        self._kept.move_to_end(origin)
        kept.asking += 1
        try:
            await self._tidy()
            return await kept.pool.handle_async_request(request)
        finally:
            kept.asking -= 1

    async def _tidy(self) -> None:
        for origin, kept in list(self._kept.items()):
            if len(self._kept) <= self._most and self._clock() - kept.used < self._seconds:
                return
            if not kept.busy() and self._kept.pop(origin, None) is not None:
                await kept.pool.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        while self._kept:
            _, kept = self._kept.popitem()
            await kept.pool.aclose()
