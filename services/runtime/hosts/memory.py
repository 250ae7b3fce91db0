"""The memory host: the same worker on lists instead of topics, for trying a stage without a broker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from services.runtime.health import Health
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Outgoing, Record, Stage
from services.runtime.work import Gate, Impossible, TooLarge, Worker


class MemoryHost:
    """Feeds records to a stage and keeps what it publishes, by topic.

    `committed` is the next offset of each of the source's partitions, `committed_replays` of those of its replays.
    """

    def __init__(self, stage: Stage[Any, Any], settings: RuntimeSettings) -> None:
        self.published: dict[str, list[Outgoing]] = defaultdict(list)
        self.committed: dict[int, int] = {}
        self.committed_replays: dict[int, int] = {}
        self.limits: dict[str, int] = {}
        """Bytes that a topic takes, where it is less than what its contract says."""
        self.stopped_because: str | None = None
        self.health = Health(stage.name, settings.stall_seconds)
        self.gate = Gate(stage.name, settings, self.health, self._publish)
        self._settings = settings
        self._source = stage.source.name
        self._worker = Worker(stage, settings, self._publish, self.gate, self.health, on_impossible=self._stop)

    async def run(self, records: Iterable[Record]) -> bool:
        """Work through the records, then drain; whether all ended before the drain's deadline."""
        for record in records:
            if self.stopped_because:
                break
            await self._worker.take(record, partial(self._commit, record), (record.topic, record.partition))
        ended = await self._worker.drain(self._settings.drain_seconds)
        if not ended:
            await self._worker.abandon()
        return ended

    def _commit(self, record: Record) -> None:
        offsets = self.committed if record.topic == self._source else self.committed_replays
        offsets[record.partition] = record.offset + 1

    async def _publish(self, record: Outgoing) -> None:
        if record.size > self.limits.get(record.topic, record.max_bytes):
            raise TooLarge(record.topic)
        self.published[record.topic].append(record)

    def _stop(self, why: str) -> None:
        self.stopped_because = f"{Impossible.__name__}: {why}"
