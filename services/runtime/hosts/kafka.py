"""The aiokafka host: for stages with long network tails, and for stages that write in batches."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    InvalidSessionTimeoutError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from services.contracts.topics import REJECTIONS, STAGE_CONTROLS, Topic, dead_letters
from services.runtime import logs, metrics
from services.runtime.connection import client_options
from services.runtime.health import Health
from services.runtime.link import LARGEST, Link, Unusable, as_record
from services.runtime.process import EXIT_IMPOSSIBLE, Loop, give_up, not_in_group, serve_stage, session_refused
from services.runtime.retry import Backoff
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import BatchStage, Outcome, Record, Stage, Transient, death, decode
from services.runtime.work import Gate, Impossible, TooLarge, Worker, report

LIVENESS_IS_OURS_MS = 86_400_000
"""max.poll.interval: a held record must not cost the membership; /healthz watches progress instead."""
POLL_MS = 200
LOST_MEMBERSHIP = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

Partitions = Callable[[Sequence[TopicPartition]], Awaitable[None]]


async def _nothing(_: Sequence[TopicPartition]) -> None:
    return None


def run(
    stage: Stage[Any, Any] | BatchStage,
    settings: RuntimeSettings,
    *,
    alongside: Sequence[Loop] = (),
    on_assigned: Partitions = _nothing,
    on_revoked: Partitions = _nothing,
) -> None:
    """Run the stage until SIGTERM. `alongside` are the service's own loops; they get the Link to publish with."""

    def make(link: Link, gate: Gate, health: Health) -> _Host:
        if isinstance(stage, BatchStage):
            return _BatchHost(stage, settings, link, gate, health, on_assigned, on_revoked)
        return _RecordHost(stage, settings, link, gate, health, on_assigned, on_revoked)

    needed = [t.name for t in (*stage.sources, REJECTIONS, STAGE_CONTROLS)]
    source = stage.source if isinstance(stage, Stage) else stage.sources[0]
    needed += [dead_letters(stage.name, source).name]
    if stage.target is not None:
        needed.append(stage.target.name)
    asyncio.run(serve_stage(stage.name, needed, settings, make, alongside))


@dataclass(eq=False)
class _Assignment:
    """One partition from its assignment to its revocation; a new one after every rebalance."""

    live: bool = True
    commit: int | None = None


@dataclass(eq=False)
class _Host(ConsumerRebalanceListener):  # type: ignore[misc]
    """What both kinds of stage share: membership, commits, rebalances."""

    stage: Any
    settings: RuntimeSettings
    link: Link
    gate: Gate
    health: Health
    on_assigned: Partitions
    on_revoked: Partitions
    parts: dict[TopicPartition, _Assignment] = field(default_factory=dict)
    joined: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.consumer = AIOKafkaConsumer(
            **client_options(self.settings),
            group_id=self.link.group,
            group_instance_id=self.settings.kafka_instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RangePartitionAssignor,),
            session_timeout_ms=int(self.settings.kafka_session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(self.settings.kafka_session_timeout_seconds * 1000 / 4),
            rebalance_timeout_ms=int(self.settings.kafka_rebalance_timeout_seconds * 1000),
            max_poll_interval_ms=LIVENESS_IS_OURS_MS,
            max_partition_fetch_bytes=LARGEST,
        )

    async def start(self) -> None:
        """Join the group. Raises Unusable when the broker refuses the session timeout, or nobody lets us in."""
        self.consumer.subscribe([t.name for t in self.stage.sources], listener=self)
        try:
            async with asyncio.timeout(self.settings.kafka_join_timeout_seconds):
                await self.consumer.start()  # waits for an assignment, however long
                await self.joined.wait()
        except TimeoutError:
            raise Unusable(not_in_group(self.link.group, self.settings)) from None
        except InvalidSessionTimeoutError:
            raise Unusable(session_refused(self.settings)) from None
        except KafkaError as error:
            raise Unusable(f"The group {self.link.group} can't be joined: {type(error).__name__} {error}.") from error

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Called in the middle of a rebalance: start work here, don't do it here."""
        for tp in assigned:
            self.parts[tp] = _Assignment()
        self.link.assigned([(tp.topic, tp.partition) for tp in assigned])
        self.health.joined()
        await self._guarded(self.on_assigned(list(assigned)))
        self.joined.set()
        logs.logger().info("assigned", stage=self.stage.name, partitions=[str(tp) for tp in sorted(assigned)])

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let go: finish or give up what is in flight, commit while still the owner."""
        self.health.left()
        for tp in revoked:
            if tp in self.parts:
                self.parts[tp].live = False
        await self._guarded(self._release(self.settings.kafka_rebalance_timeout_seconds / 2))
        await self._guarded(self.on_revoked(list(revoked)))
        await self.commit()
        for tp in revoked:
            self.parts.pop(tp, None)

    async def _guarded(self, call: Awaitable[Any]) -> None:
        # aiokafka swallows what a listener raises; here it would mean work on partitions that are not ours.
        try:
            await call
        except Exception as error:
            logs.logger().error("rebalance failed", exc_info=error)
            give_up(EXIT_IMPOSSIBLE, f"a rebalance listener raised {error!r}")

    @abc.abstractmethod
    async def _release(self, seconds: float) -> None:
        """Finish what is in flight within that time, and give up the rest."""

    async def commit(self) -> None:
        """Commit what is finished; a refused commit means that the records come again."""
        offsets = {tp: part.commit for tp, part in self.parts.items() if part.commit is not None}
        if not offsets:
            return
        try:
            await self.consumer.commit(offsets)
        except LOST_MEMBERSHIP:
            return
        except KafkaError as error:
            logs.logger().warning("commit failed", stage=self.stage.name, error=str(error))
            return
        for tp, offset in offsets.items():
            part = self.parts.get(tp)
            if part and part.commit == offset:
                part.commit = None

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(self.settings.commit_seconds)
            await self.commit()

    async def pull(self, most: int) -> list[tuple[_Assignment, Record]]:
        """The next records of partitions that are ours."""
        pulled: list[tuple[_Assignment, Record]] = []
        for tp, messages in (await self.consumer.getmany(timeout_ms=POLL_MS, max_records=most)).items():
            part = self.parts.get(tp)
            if part is None:
                # The assignment's callback has not run yet: look at these again, never skip them.
                with contextlib.suppress(IllegalStateError):
                    self.consumer.seek(tp, messages[0].offset)
                continue
            pulled += [(part, as_record(m)) for m in messages]
        return pulled

    async def stop(self) -> None:
        """Commit and leave the group."""
        await self.commit()
        await self.consumer.stop()


@dataclass(eq=False)
class _RecordHost(_Host):
    """Record by record, many at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.worker = Worker(
            self.stage,
            self.settings,
            self.link.publish,
            self.gate,
            self.health,
            on_impossible=lambda why: give_up(EXIT_IMPOSSIBLE, why),
        )

    async def run(self) -> None:
        """Move records until SIGTERM."""
        committing = asyncio.create_task(self._commit_often())
        try:
            while not self.link.stopping.is_set():
                await self.gate.wait()
                for part, record in await self.pull(self.settings.max_in_flight):
                    if part.live and not self.link.stopping.is_set():
                        await self._take(part, record)
        finally:
            committing.cancel()

    async def _take(self, part: _Assignment, record: Record) -> None:
        def acknowledge() -> None:
            part.commit = record.offset + 1

        await self.worker.take(record, acknowledge, part)

    async def _release(self, seconds: float) -> None:
        await self.worker.drain(seconds, begun_only=True)
        await self.worker.abandon()

    async def drain(self) -> None:
        """Finish what has begun, commit, leave."""
        while not await self.worker.drain(self.settings.commit_seconds, begun_only=True):
            await self.commit()  # what is finished need not come again if the rest does not end in time
        await self.worker.abandon()
        await self.stop()


@dataclass(eq=False)
class _BatchHost(_Host):
    """Batch by batch, one at a time."""

    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.backoff = Backoff(self.settings.retry_first_seconds, self.settings.retry_most_seconds)
        self.topics: dict[str, Topic[Any]] = {t.name: t for t in self.stage.sources}

    async def run(self) -> None:
        """Move batches until SIGTERM."""
        while not self.link.stopping.is_set():
            await self.gate.wait()
            pulled = await self.pull(self.stage.max_records)
            while pulled and not self.link.stopping.is_set():
                batch, pulled = self._cut(pulled)
                await self._one(batch)

    def _cut(
        self, pulled: list[tuple[_Assignment, Record]]
    ) -> tuple[list[tuple[_Assignment, Record]], list[tuple[_Assignment, Record]]]:
        size = 0
        for i, (_, record) in enumerate(pulled):
            size += record.size
            if i and size > self.stage.max_bytes:
                return pulled[:i], pulled[i:]
        return pulled, []

    async def _one(self, batch: list[tuple[_Assignment, Record]]) -> None:
        async with self.busy:
            batch = [(part, record) for part, record in batch if part.live]
            if not batch:
                return
            started = time.monotonic()
            self.health.took(len(batch))
            try:
                outcomes = await self._outcomes(batch)
            finally:
                self.health.took(-len(batch))
                self.health.clear("held")
            if outcomes is None:
                return
            seconds = (time.monotonic() - started) / len(batch)
            for (part, record), outcome in zip(batch, outcomes, strict=True):
                report(self.stage.name, self.stage.event, record, outcome, seconds)
                part.commit = record.offset + 1
            self.health.progressed()
            await self.commit()

    async def _outcomes(self, batch: list[tuple[_Assignment, Record]]) -> list[Outcome] | None:
        """Every record's outcome, its dead letter written; None when the batch is given up unfinished."""
        messages = [decode(self.topics[record.topic], record) for _, record in batch]
        readable = [m for m in messages if not isinstance(m, Exception)]
        written = await self._write(batch, readable)
        if written is None:
            return None
        answers = iter(written)
        outcomes: list[Outcome] = []
        for (_, record), message in zip(batch, messages, strict=True):
            topic = self.stage.sources[0]
            if isinstance(message, Exception):
                outcome = death(self.stage.name, topic, record, message, "undecodable", attempts=1)
            else:
                error, source = next(answers), self.stage.source_of(message)
                if error is None:
                    outcome = Outcome("done", "", None, source)
                else:
                    kind = type(error).__name__
                    outcome = death(self.stage.name, topic, record, error, kind, attempts=1, source=source)
            if not await self._deliver(outcome, batch):
                return None
            outcomes.append(outcome)
        return outcomes

    async def _write(
        self, batch: list[tuple[_Assignment, Record]], messages: list[Any]
    ) -> Sequence[Exception | None] | None:
        attempt = 0
        while messages:
            attempt += 1
            try:
                answers: Sequence[Exception | None] = await self.stage.write(messages)
            except Transient as error:
                if not await self._again(attempt, str(error), batch):
                    return None
            except Exception as error:
                logs.logger().error("batch failed", exc_info=error)
                give_up(EXIT_IMPOSSIBLE, f"the stage could not name the bad record of its batch: {error!r}")
            else:
                return answers
        return []

    async def _deliver(self, outcome: Outcome, batch: list[tuple[_Assignment, Record]]) -> bool:
        if outcome.send is None:
            await self.gate.good()
            return True
        attempt = 0
        while True:
            attempt += 1
            if not await self._gate_opens(batch):
                return False
            try:
                await self.link.publish(outcome.send)
                break
            except TooLarge as error:
                give_up(EXIT_IMPOSSIBLE, f"{Impossible.__name__}: {outcome.send.topic} refuses a dead letter: {error}")
            except Transient as error:
                if not await self._again(attempt, str(error), batch):
                    return False
        await self.gate.bad()
        return True

    async def _again(self, attempt: int, why: str, batch: list[tuple[_Assignment, Record]]) -> bool:
        """Wait before the next attempt; False when there is none, for partitions are gone or the process stops."""
        metrics.RETRIES.labels(self.stage.name).inc()
        self.health.progressed()
        if attempt >= self.settings.hold_after_attempts:
            self.health.block("held", why)
        logs.logger().warning("again", stage=self.stage.name, attempt=attempt, why=why)
        with contextlib.suppress(TimeoutError):
            seconds = self.backoff.delay(attempt, random.random)
            await asyncio.wait_for(self.link.stopping.wait(), timeout=seconds)
        return self._goes_on(batch)

    async def _gate_opens(self, batch: list[tuple[_Assignment, Record]]) -> bool:
        while not self.gate.is_open:
            if not self._goes_on(batch):
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gate.wait(), timeout=POLL_MS / 1000)
        return True

    def _goes_on(self, batch: list[tuple[_Assignment, Record]]) -> bool:
        return not self.link.stopping.is_set() and any(part.live for part, _ in batch)

    async def _release(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.busy.acquire()
                self.busy.release()

    async def drain(self) -> None:
        """Finish the batch, commit, leave."""
        async with self.busy:
            pass
        await self.stop()
