"""Writes frontier records: first to the log, then to memory, one at a time per host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Protocol
from weakref import WeakValueDictionary

from services.contracts.pages import FrontierEntry
from services.contracts.topics import URL_FRONTIER, M, Topic
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier, partition_of
from services.runtime import logs, metrics
from services.runtime.retry import Backoff
from services.runtime.stage import Transient

LOOK_SECONDS = 0.1


class NotOurs(Exception):
    """The host's partition is another replica's."""


class Publisher(Protocol):
    """Hands a message to the broker and waits until it has it. Raises Transient."""

    async def send(
        self,
        topic: Topic[M],
        message: M,
        *,
        id_: str | None = None,
        partition: int | None = None,
        traceparent: str | None = None,
    ) -> None: ...

    async def bury(self, topic: Topic[M], key: str, partition: int | None = None) -> None: ...


class Insistence:
    """Sends until the broker has it: an outage of ours is no outcome."""

    def __init__(
        self, backoff: Backoff, random: Callable[[], float], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self.waiting = 0
        """How many sends wait for the broker."""
        self._backoff = backoff
        self._random = random
        self._sleep = sleep

    async def __call__(self, send: Callable[[], Awaitable[None]]) -> None:
        """Call `send` until it raises no Transient."""
        self.waiting += 1
        try:
            await self._until_sent(send)
        finally:
            self.waiting -= 1

    async def _until_sent(self, send: Callable[[], Awaitable[None]]) -> None:
        attempt = 0
        while True:
            try:
                await send()
            except Transient as error:
                attempt += 1
                metrics.RETRIES.labels("fetcher").inc()
                logs.logger().warning("again", attempt=attempt, why=str(error))
                await self._sleep(self._backoff.delay(attempt, self._random))
            else:
                return


class Ledger:
    """Log and memory kept alike."""

    def __init__(self, frontier: Frontier, publisher: Publisher, pulse: Pulse) -> None:
        self._frontier = frontier
        self._publisher = publisher
        self._pulse = pulse
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def steady(self) -> bool:
        """Whether a write would not have to wait for the group's word on whose partition it is."""
        return self._pulse.steady()

    def lock(self, host: str) -> asyncio.Lock:
        """Held from the decision to the write, so that nobody decides on a record that is being replaced."""
        return self._locks.setdefault(host, asyncio.Lock())

    async def write(self, entry: FrontierEntry) -> None:
        """Put a record in the log, then in memory. Raises NotOurs or Transient."""
        partition = await self._partition(entry.host)
        id_ = f"{entry.writer}:{blake2b(entry.key.encode(), digest_size=8).hexdigest()}:{entry.written_at.timestamp()}"
        await self._publisher.send(URL_FRONTIER, entry, id_=id_, partition=partition)
        self._frontier.put(entry)

    async def bury(self, entry: FrontierEntry) -> None:
        """Forget the record and put a tombstone in the log. Raises NotOurs or Transient."""
        partition = await self._partition(entry.host)
        # Forgotten first: its own tombstone, as it comes by, must not look like another writer's.
        self._frontier.drop(entry.host, entry.key)
        await self._publisher.bury(URL_FRONTIER, entry.key, partition)

    async def _partition(self, host: str) -> int:
        """Where the host's records are written, once that is surely ours to do. Raises NotOurs."""
        while True:
            if not self._frontier.owns(host):
                raise NotOurs(host)
            if self._pulse.steady():
                return partition_of(host, self._frontier.partitions)
            # We stood still: the group says first whether this is still ours to write.
            await asyncio.sleep(LOOK_SECONDS)
