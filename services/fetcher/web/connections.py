"""Connections kept from one request to the next, and found by their origin."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import httpcore


@dataclass(eq=False)
class _Kept:
    """One origin's connections."""

    used: float
    connections: list[httpcore.AsyncHTTPConnection] = field(default_factory=list)
    asking: int = 0

    def busy(self) -> bool:
        """Whether a request is under way, or its answer is still being read."""
        return self.asking > 0 or any(not (one.is_idle() or one.is_closed()) for one in self.connections)


class Connections:
    """The connections of as many origins as `most`, the last used ones, and none that was idle for `seconds`.

    In place of httpcore's pool, which asks each of its connections, with system calls, whether it is still alive, and
    does so twice for each request: with 64 of them that costs as much as the requests. How many are used at once is
    for the caller to bound.
    """

    def __init__(
        self,
        make: Callable[[httpcore.Origin], httpcore.AsyncHTTPConnection],
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
        """How many origins have connections; more than `most` only while so many are asked at once."""
        return len(self._kept)

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send one request. Raises httpcore's errors as they are."""
        url = request.url
        origin = (url.scheme, url.host, url.port)
        kept = self._kept.setdefault(origin, _Kept(self._clock()))
        kept.used = self._clock()
        self._kept.move_to_end(origin)
        kept.asking += 1
        try:
            await self._tidy()
            while True:
                connection = await self._free(kept, url.origin)
                try:
                    return await connection.handle_async_request(request)
                except httpcore.ConnectionNotAvailable:
                    continue  # it turned out to speak HTTP/1.1, and answers another; or it ended a moment ago
        finally:
            kept.asking -= 1
            kept.connections = [one for one in kept.connections if not one.is_closed()]

    async def _free(self, kept: _Kept, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        while (connection := next((one for one in kept.connections if one.is_available()), None)) is not None:
            if not connection.has_expired():
                return connection
            kept.connections.remove(connection)
            await connection.aclose()
        connection = self._make(origin)
        kept.connections.append(connection)
        return connection

    async def _tidy(self) -> None:
        for origin, kept in list(self._kept.items()):
            if len(self._kept) <= self._most and self._clock() - kept.used < self._seconds:
                return
            if not kept.busy() and self._kept.pop(origin, None) is not None:
                await _close(kept)

    async def aclose(self) -> None:
        """Close all connections."""
        while self._kept:
            _, kept = self._kept.popitem()
            await _close(kept)


async def _close(kept: _Kept) -> None:
    for connection in kept.connections:
        await connection.aclose()
