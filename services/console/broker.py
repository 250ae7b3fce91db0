"""What the command line says to the broker, and reads from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.console.local.errors import LocalRunError
from services.contracts.topics import TOPICS, RawTopic, Topic
from services.runtime.connection import client_options, refusal
from services.runtime.health import Health
from services.runtime.link import LARGEST, Link, Unusable, as_record
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Record
from services.runtime.topics import connect

CONNECT_SECONDS = 10.0


def named(topic: str) -> Topic[Any] | RawTopic:
    """The topic of that name. Raises LocalRunError naming those there are."""
    for known in TOPICS:
        if known.name == topic:
            return known
    raise LocalRunError(f"There is no topic {topic!r}. There are: {', '.join(t.name for t in TOPICS)}.")


@contextlib.asynccontextmanager
async def connected(settings: RuntimeSettings, needed: Sequence[Topic[Any] | RawTopic]) -> AsyncIterator[Link]:
    """A link for one command. Raises LocalRunError when the broker or a topic is not there."""
    link = Link("console", settings, Health("console", settings.stall_seconds))
    try:
        await asyncio.wait_for(link.start([topic.name for topic in needed]), timeout=CONNECT_SECONDS)
    except Unusable as error:
        raise LocalRunError(str(error)) from None
    except TimeoutError:
        missing = link.health.obstacles().get("topics")
        raise LocalRunError(missing or f"No broker answers at {settings.kafka_bootstrap_servers}.") from None
    try:
        yield link
    finally:
        await link.stop()


async def send(settings: RuntimeSettings, topic: Topic[Any], *messages: Any) -> None:
    """Put messages on a topic, each acknowledged. Raises LocalRunError when the broker or the topic is not there."""
    async with connected(settings, [topic]) as link:
        for message in messages:
            await link.send(topic, message)


async def read_all(link: Link, topic: Topic[Any], heard: Callable[[Record], None]) -> None:
    """Hear every record that the topic holds now."""
    ended = asyncio.Event()
    reading = asyncio.create_task(link.follow(topic, lambda record, _: heard(record), restored=ended.set))
    end = asyncio.create_task(ended.wait())
    await asyncio.wait([reading, end], return_when=asyncio.FIRST_COMPLETED)
    for task in (reading, end):
        task.cancel()
    if not ended.is_set():
        await reading


async def newest(link: Link, topic: Topic[Any], begin: str = "") -> dict[str, Any]:
    """The newest message of each key that begins so, of a compacted topic; keys with a tombstone are left out."""
    found: dict[str, Any] = {}

    def heard(record: Record) -> None:
        key = (record.key or b"").decode("utf-8", "replace")
        if not key.startswith(begin):
            return
        if record.value is None:
            found.pop(key, None)
        else:
            with contextlib.suppress(ValueError):
                found[key] = topic.model.decode(record.value)

    await read_all(link, topic, heard)
    return found


async def offsets(settings: RuntimeSettings, topics: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """(first, next) offset per partition of each topic. Raises LocalRunError when the broker does not answer."""
    found: dict[str, list[tuple[int, int]]] = {}
    async with _reader(settings, *topics) as reader:
        tps = sorted(reader.assignment())
        first, after = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
        for tp in tps:
            found.setdefault(tp.topic, []).append((first[tp], after[tp]))
    return found


@contextlib.asynccontextmanager
async def behind(settings: RuntimeSettings, stage: str, topic: str) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """A way to ask how many records of a topic a stage has still before it.

    Raises LocalRunError when the broker does not answer; what is given raises KafkaError then.
    """
    async with _reader(settings, topic) as reader:
        try:
            admin = await connect(settings, CONNECT_SECONDS)
        except KafkaError as error:
            raise LocalRunError(f"No broker answers at {settings.kafka_bootstrap_servers}: {error}") from None

        async def unread() -> int:
            tps = reader.assignment()
            committed = await admin.list_consumer_group_offsets(f"{settings.kafka_group_prefix}{stage}")
            first, after = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
            return sum(after[tp] - max(first[tp], committed[tp].offset if tp in committed else 0) for tp in tps)

        try:
            yield unread
        finally:
            await admin.close()


async def tail(
    settings: RuntimeSettings, topic: str, *, last: int, follow: bool, show: Callable[[Record], Awaitable[None] | None]
) -> None:
    """Show the last records of a topic, then those that come, until cancelled."""
    async with _reader(settings, topic) as reader:
        tps = sorted(reader.assignment())
        first, after = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
        for tp in tps:
            reader.seek(tp, max(first[tp], after[tp] - last))
        backlog: list[Record] = []
        while any([await reader.position(tp) < after[tp] for tp in tps]):
            for messages in (await reader.getmany(timeout_ms=200)).values():
                backlog += [as_record(m) for m in messages]
        for record in sorted(backlog, key=lambda r: (r.timestamp, r.partition, r.offset))[-last:]:
            show(record)
        while follow:
            for messages in (await reader.getmany(timeout_ms=500)).values():
                for message in messages:
                    show(as_record(message))


@contextlib.asynccontextmanager
async def _reader(settings: RuntimeSettings, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, assigned every partition of the topics."""
    reader = AIOKafkaConsumer(
        *topics, **client_options(settings), enable_auto_commit=False, max_partition_fetch_bytes=LARGEST
    )
    try:
        await asyncio.wait_for(reader.start(), timeout=CONNECT_SECONDS)
    except (KafkaError, TimeoutError):
        await reader.stop()
        turned_away = await refusal(settings)
        raise LocalRunError(str(turned_away or f"No broker answers at {settings.kafka_bootstrap_servers}.")) from None
    try:
        missing = sorted(set(topics) - {tp.topic for tp in reader.assignment()})
        if missing:
            raise LocalRunError(f"Topics are missing: {', '.join(missing)}. Create them with: xabar topics apply")
        yield reader
    finally:
        await reader.stop()
