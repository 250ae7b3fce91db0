"""A service's own connection to Kafka beside its consumer group: publish, follow a topic, watch lag and broker."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NodeNotReadyError,
    RecordListTooLargeError,
)
from aiokafka.structs import ConsumerRecord

from services.contracts.outcomes import StageControl
from services.contracts.topics import STAGE_CONTROLS, TOPICS, Topic
from services.runtime import logs, metrics
from services.runtime.connection import Refused, client_options
from services.runtime.health import Health
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Out, Outgoing, Record, Transient, outgoing, utc_now
from services.runtime.topics import connect
from services.runtime.work import Gate, TooLarge

LARGEST = max(topic.max_message_bytes for topic in TOPICS)
WATCH_SECONDS = 5.0
LINGER_MS = 5


class Unusable(Exception):
    """The deployment lacks what the service needs: a topic, say, or a password that the broker takes."""


def as_record(message: ConsumerRecord[bytes | None, bytes | None]) -> Record:
    """A client's record as the runtime knows it."""
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple((k, v if v is not None else b"") for k, v in message.headers or ()),
        timestamp=message.timestamp,
    )


class Link:
    """Publishes with the broker's acknowledgement, follows topics, and says how far behind the group is."""

    def __init__(self, stage: str, settings: RuntimeSettings, health: Health) -> None:
        self.stage = stage
        self.settings = settings
        self.health = health
        self.stopping = asyncio.Event()
        self._options = client_options(settings)
        self._producer: AIOKafkaProducer | None = None
        self._assigned: frozenset[tuple[str, int]] = frozenset()
        self._overtaken: dict[TopicPartition, int] = {}

    @property
    def group(self) -> str:
        """The consumer group of the stage."""
        return f"{self.settings.kafka_group_prefix}{self.stage}"

    async def start(self, needed: Sequence[str]) -> None:
        """Wait for the broker, then for the topics. Raises Unusable when those are missing or it turns us away."""
        admin = await self._wait_for_broker()
        try:
            await self._wait_for_topics(admin, needed)
        finally:
            await admin.close()
        self._producer = AIOKafkaProducer(
            **self._options, acks="all", linger_ms=LINGER_MS, max_batch_size=256 * 1024, max_request_size=LARGEST
        )
        await self._producer.start()

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            with contextlib.suppress(KafkaError, asyncio.TimeoutError):
                await asyncio.wait_for(self._producer.stop(), timeout=5)

    async def publish(self, record: Outgoing) -> None:
        """Hand a record over and wait for the broker. Raises Transient or TooLarge."""
        assert self._producer is not None
        try:
            await self._producer.send_and_wait(
                record.topic, record.value, key=record.key, headers=list(record.headers), partition=record.partition
            )
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise TooLarge(str(error)) from error
        except (TimeoutError, KafkaError) as error:
            raise Transient(f"{record.topic} can't be written: {type(error).__name__} {error}".strip()) from error

    async def send(
        self,
        topic: Topic[Out],
        message: Out,
        *,
        id_: str | None = None,
        partition: int | None = None,
        traceparent: str | None = None,
    ) -> None:
        """Publish a message of a service's own loop. `id_` is deterministic where a repeat must be recognised."""
        await self.publish(
            outgoing(
                topic,
                message,
                id_=id_ or uuid.uuid4().hex,
                stage=self.stage,
                now=utc_now(),
                traceparent=traceparent,
                partition=partition,
            )
        )

    async def bury(self, topic: Topic[Any], key: str, partition: int | None = None) -> None:
        """Write a tombstone for a key of a compacted topic."""
        await self.publish(Outgoing(topic.name, key.encode(), None, (), topic.max_message_bytes, partition))

    async def partitions(self, topic: Topic[Any]) -> int:
        """How many partitions the topic has. Raises Transient."""
        assert self._producer is not None
        try:
            return len(await self._producer.partitions_for(topic.name))
        except KafkaError as error:
            raise Transient(f"{topic.name} can't be looked up: {error}") from error

    async def follow(
        self,
        topic: Topic[Any],
        heard: Callable[[Record, bool], Awaitable[None] | None],
        *,
        restored: Callable[[], None] = lambda: None,
    ) -> None:
        """Read a whole topic without a group, for ever: `heard(record, restoring)`, then `restored()` at its end."""
        restoring = True
        async with self._reader() as reader:
            tps = [TopicPartition(topic.name, p) for p in range(await self.partitions(topic))]
            reader.assign(tps)
            ends = await reader.end_offsets(tps)
            while True:
                if restoring and all([await reader.position(tp) >= ends[tp] for tp in tps]):
                    restoring = False
                    restored()
                for messages in (await reader.getmany(timeout_ms=500)).values():
                    for message in messages:
                        result = heard(as_record(message), restoring)
                        if result is not None:
                            await result

    @contextlib.asynccontextmanager
    async def _reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(
            **self._options,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST,
        )
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()

    async def follow_controls(self, gate: Gate, restored: asyncio.Event) -> None:
        """Pause and resume as the control topic says."""

        last: StageControl | None = None

        def heard(record: Record, restoring: bool) -> None:
            nonlocal last
            if (record.key or b"").decode("utf-8", "replace") != self.stage or record.value is None:
                return
            try:
                control = STAGE_CONTROLS.model.decode(record.value)
            except ValueError as error:
                logs.logger().error("control record ignored", record=str(record), error=str(error))
            else:
                if restoring:
                    last = control
                else:
                    gate.heard(control)

        def at_the_end() -> None:
            if last is not None:
                gate.restore(last)
            restored.set()

        await self.follow(STAGE_CONTROLS, heard, restored=at_the_end)

    def assigned(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Which partitions this replica reads, for the lag it reports."""
        for topic, partition in self._assigned - set(partitions):
            with contextlib.suppress(KeyError):
                metrics.CONSUMER_LAG.remove(self.stage, topic, str(partition))
        self._assigned = frozenset(partitions)

    async def watch(self) -> None:
        """Ask the broker every few seconds: is it there, and how far behind is the group."""
        while True:
            try:
                admin = await connect(self.settings, wait_seconds=0)
                async with contextlib.AsyncExitStack() as stack:
                    stack.push_async_callback(admin.close)
                    reader = await stack.enter_async_context(self._reader())
                    while True:
                        await self._measure_lag(admin, reader)
                        self.health.broker(True)
                        await asyncio.sleep(WATCH_SECONDS)
            except Refused as error:
                self.health.broker(False)
                self.health.block("broker", str(error))
                logs.logger().warning("broker refuses us", error=str(error))
                await asyncio.sleep(1)
            except (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, TimeoutError, OSError) as error:
                self.health.broker(False)
                logs.logger().warning("broker unreachable", error=f"{type(error).__name__} {error}".strip())
                await asyncio.sleep(1)
            except KafkaError as error:
                # An answer, if not the one we asked for: a young group has no coordinator yet, say.
                self.health.broker(True)
                logs.logger().info("lag unknown", error=f"{type(error).__name__} {error}".strip())
                await asyncio.sleep(1)

    async def _measure_lag(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer) -> None:
        tps = [TopicPartition(*tp) for tp in self._assigned]
        committed = await admin.list_consumer_group_offsets(self.group)
        if not tps:
            self.health.behind(0)
            return
        ends, beginnings = await reader.end_offsets(tps), await reader.beginning_offsets(tps)
        total = 0
        for tp in tps:
            offset = committed[tp].offset if tp in committed else -1
            if 0 <= offset < beginnings[tp] and self._overtaken.get(tp) != offset:
                self._overtaken[tp] = offset
                metrics.OFFSETS_OUT_OF_RANGE.labels(self.stage).inc()
                logs.logger().error("retention overtook the stage", partition=str(tp), lost=beginnings[tp] - offset)
            behind = ends[tp] - max(offset, beginnings[tp])
            metrics.CONSUMER_LAG.labels(self.stage, tp.topic, str(tp.partition)).set(behind)
            total += behind
        self.health.behind(total)

    async def _wait_for_broker(self) -> AIOKafkaAdminClient:
        while True:
            try:
                admin = await connect(self.settings, wait_seconds=0)
            except Refused as error:
                raise Unusable(str(error)) from None
            except KafkaError as error:
                self.health.broker(False)
                # A listener of another protocol just hangs up.
                protocol = self.settings.kafka_security_protocol
                logs.logger().warning("waiting for the broker", error=str(error), security_protocol=protocol)
                await asyncio.sleep(1)
            else:
                self.health.broker(True)
                return admin

    async def _wait_for_topics(self, admin: AIOKafkaAdminClient, needed: Sequence[str]) -> None:
        deadline = asyncio.get_running_loop().time() + self.settings.kafka_join_timeout_seconds
        while missing := sorted(set(needed) - set(await admin.list_topics())):
            sentence = f"Topics are missing: {', '.join(missing)}. Create them with: xabar topics apply"
            self.health.block("topics", sentence)
            if asyncio.get_running_loop().time() > deadline:
                raise Unusable(sentence)
            logs.logger().warning("waiting for topics", missing=missing)
            await asyncio.sleep(1)
        self.health.clear("topics")
