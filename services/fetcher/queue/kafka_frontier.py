"""Reads the url-frontier partitions that are ours, from where we left off, and stays at their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord
from pydantic import ValidationError

from services.contracts.pages import FrontierEntry
from services.contracts.topics import URL_FRONTIER
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier
from services.runtime import logs
from services.runtime.connection import client_options
from services.runtime.settings import RuntimeSettings

POLL_MS = 200
AGAIN_SECONDS = 1.0
FETCH_BYTES = 4 * 1024 * 1024
AT_ONCE = 1000
"""Records heard in one go before others get their turn: about 10 ms, far less than a heartbeat waits."""


class KafkaFrontier:
    """Follows the assignment: a group-less consumer, for the group's own offsets are the requests'."""

    def __init__(
        self,
        settings: RuntimeSettings,
        frontier: Frontier,
        rewrite: Callable[[FrontierEntry], Awaitable[None]],
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        pulse: Pulse,
    ) -> None:
        self._options = client_options(settings)
        self._frontier = frontier
        self._rewrite = rewrite
        self._clock = clock
        self._wake = wake
        self._pulse = pulse
        self._ours: frozenset[int] = frozenset()
        self._generation = 0

    def assigned(self, partitions: Collection[int]) -> None:
        """These partitions are ours from now, and no others; nothing is awaited here."""
        self._ours = frozenset(partitions)
        self._generation += 1
        for partition in self._ours:
            self._frontier.assign(partition, self._clock())

    def revoked(self) -> None:
        """No partition is ours."""
        for partition in self._ours:
            self._frontier.revoke(partition)
        self._ours = frozenset()
        self._generation += 1

    async def run(self) -> None:
        """Read for ever; after a fault of the broker, from where it stopped."""
        while True:
            try:
                await self._read()
            except KafkaError as error:
                logs.logger().warning("frontier is read again", error=f"{type(error).__name__} {error}".strip())
                await asyncio.sleep(AGAIN_SECONDS)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._options,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        await consumer.start()
        try:
            while True:
                await self._follow(consumer)
        finally:
            await consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        """Read one assignment until the next."""
        generation = self._generation
        tps = [TopicPartition(URL_FRONTIER.name, p) for p in sorted(self._ours)]
        if not tps:
            await asyncio.sleep(POLL_MS / 1000)
            return
        consumer.assign(tps)
        beginnings, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        for tp in tps:
            offset = self._frontier.table(tp.partition).next_offset
            consumer.seek(tp, beginnings[tp] if offset is None else max(offset, beginnings[tp]))
        restoring = {tp for tp in tps if not self._frontier.runs(tp.partition)}
        while generation == self._generation:
            for tp in list(restoring):
                if await consumer.position(tp) >= ends[tp] and await self._settled(tp.partition, generation):
                    restoring.discard(tp)
                    logs.logger().info("frontier restored", partition=tp.partition, end=ends[tp])
                    self._wake()
            batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
            for tp, messages in batches.items():
                if not await self._may_judge(generation):
                    return
                await self._take(tp.partition, messages)
            await asyncio.sleep(0)  # where much is buffered, nothing else here waits

    async def _may_judge(self, generation: int) -> bool:
        """Wait until it is sure whose records these are; False where they are to be read under the next assignment.

        What a process that stood still hears may be its successor's: taken for a former owner's, it would be lost.
        """
        while True:
            if generation != self._generation:
                return False
            if self._pulse.steady():
                return True
            await asyncio.sleep(POLL_MS / 1000)

    async def _settled(self, partition: int, generation: int) -> bool:
        """Make sense of a partition that is read, a slice at a time; whether it is still ours."""
        for _ in self._frontier.settling(partition, self._clock()):
            await asyncio.sleep(0)
            if generation != self._generation:
                return False
        return True

    async def _take(self, partition: int, messages: Sequence[ConsumerRecord[bytes | None, bytes | None]]) -> None:
        table = self._frontier.table(partition)
        if table.restored:
            for message in messages:
                await self._hear(partition, message.offset, message.key or b"", message.value)
            return
        for message in messages:
            table.keep(message.key or b"", message.value)
        table.next_offset = messages[-1].offset + 1

    async def _hear(self, partition: int, offset: int, key: bytes, value: bytes | None) -> None:
        if value is not None and self._frontier.table(partition).holds(key, value):
            self._frontier.table(partition).next_offset = offset + 1
            return  # our own, as it comes by
        try:
            entry = None if value is None else FrontierEntry.decode(value)
        except ValidationError as error:
            # Only fetchers write here; what none of them can read holds no request.
            logs.logger().error("frontier record ignored", partition=partition, offset=offset, error=str(error)[:500])
            return
        ours = self._frontier.hear(partition, offset, key.decode("utf-8", "replace"), entry)
        if ours is not None:
            logs.logger().warning("another writer's record is replaced", partition=partition, offset=offset)
            await self._rewrite(ours)
