"""Gives the frontier more partitions: each record moves to where its host lives from then on, and none is lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)
from pydantic_core import from_json

from services.console.broker import connected
from services.console.frontier_log import log_reader, portions
from services.console.local.errors import LocalRunError
from services.contracts.identity import host_of
from services.contracts.topics import FETCH_REQUESTS, URL_FRONTIER, Topic
from services.fetcher.queue.frontier import partition_of
from services.runtime.connection import Refused
from services.runtime.link import Link
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Outgoing, Record, Transient
from services.runtime.topics import connect

T = TypeVar("T")

STAGE = "fetcher"
KNOWN_SECONDS = 30.0
"""How long new partitions may take to be known to every client, and a group's coordinator to be found."""
LOOK_SECONDS = 0.2
_KEYED_BY_HOST: tuple[Topic[Any], ...] = (URL_FRONTIER, FETCH_REQUESTS)


@dataclass(frozen=True)
class Moved:
    """What a migration did."""

    partitions: int
    records: int = 0
    requests: int = 0
    unreadable: int = 0


async def migrate(settings: RuntimeSettings, partitions: int) -> Moved:
    """Create the partitions and move what belongs elsewhere; begun again after a crash, it goes on.

    A record is first written to its new partition, and only when the broker has it buried in the old one. Kept in
    memory is a number for each key, about 150 bytes. Raises LocalRunError while fetchers run.
    """
    admin = await _admin(settings)
    try:
        await _refuse_while_fetchers_run(admin, settings)
        async with connected(settings, _KEYED_BY_HOST):
            for topic in _KEYED_BY_HOST:
                await _widen(admin, topic, partitions)
        async with _wide(settings, partitions) as link:
            records, unreadable = await _move_records(settings, link, admin, partitions)
            requests, unread = await _move_requests(settings, link, admin, partitions)
    except (KafkaError, Transient) as error:
        raise LocalRunError(f"Not finished: {error}. Run it again; it goes on where it was.") from None
    finally:
        await admin.close()
    return Moved(partitions, records, requests, unreadable + unread)


async def _admin(settings: RuntimeSettings) -> AIOKafkaAdminClient:
    try:
        return await connect(settings, wait_seconds=5)
    except Refused as error:
        raise LocalRunError(str(error)) from None
    except KafkaError:
        raise LocalRunError(f"No broker answers at {settings.kafka_bootstrap_servers}.") from None


async def _refuse_while_fetchers_run(admin: AIOKafkaAdminClient, settings: RuntimeSettings) -> None:
    group = f"{settings.kafka_group_prefix}{STAGE}"
    [answer] = await _once_coordinated(lambda: admin.describe_consumer_groups([group]))
    members = sum(len(described[5]) for described in answer.groups)
    if members:
        raise LocalRunError(
            f"{members} fetcher{'s' if members > 1 else ''} of the group {group} still run: stop them all first. "
            "Where one was killed, the broker counts it until its session ends."
        )


async def _once_coordinated(ask: Callable[[], Awaitable[T]]) -> T:
    """What a group's coordinator answers; a cluster where no group ever was makes one when it is first asked."""
    deadline = asyncio.get_running_loop().time() + KNOWN_SECONDS
    while True:
        try:
            return await ask()
        except (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(LOOK_SECONDS)


async def _widen(admin: AIOKafkaAdminClient, topic: Topic[Any], partitions: int) -> None:
    [described] = await admin.describe_topics([topic.name])
    count = len(described["partitions"])
    if count > partitions:
        raise LocalRunError(f"{topic.name} has {count} partitions; a topic never gets fewer.")
    if count < partitions:
        await admin.create_partitions({topic.name: NewPartitions(partitions)})


@contextlib.asynccontextmanager
async def _wide(settings: RuntimeSettings, partitions: int) -> AsyncIterator[Link]:
    """A link that knows all partitions. A producer learns of new ones only every few minutes: another one is asked."""
    deadline = asyncio.get_running_loop().time() + KNOWN_SECONDS
    while True:
        async with connected(settings, _KEYED_BY_HOST) as link:
            if min([await link.partitions(topic) for topic in _KEYED_BY_HOST]) >= partitions:
                yield link
                return
        if asyncio.get_running_loop().time() > deadline:
            raise LocalRunError("The new partitions do not show up. Run it again; it goes on where it was.")
        await asyncio.sleep(LOOK_SECONDS)


async def _move_records(
    settings: RuntimeSettings, link: Link, admin: AIOKafkaAdminClient, partitions: int
) -> tuple[int, int]:
    misplaced: dict[int, int] = {}
    """Of a partition and a key that does not belong there: the newest record's offset."""
    at_home: dict[int, int] = {}
    """Of a key where it belongs: when its newest record was written."""
    unreadable = 0
    async with log_reader(settings) as reader:
        async for records in portions(reader, URL_FRONTIER.name, range(partitions)):
            for record in records:
                misplaced.pop(_place(record), None)
                if record.value is None:
                    continue
                try:
                    target, written = _whereabouts(record, partitions)
                except (ValueError, KeyError, TypeError):
                    unreadable += 1
                    continue
                if target == record.partition:
                    at_home[hash(record.key)] = written
                else:
                    misplaced[_place(record)] = record.offset
        if misplaced:
            async for records in portions(reader, URL_FRONTIER.name, range(partitions)):
                await _refuse_while_fetchers_run(admin, settings)
                moving = [record for record in records if misplaced.get(_place(record)) == record.offset]
                copies: list[Outgoing] = []
                for record in moving:
                    target, written = _whereabouts(record, partitions)
                    # The newest wins, wherever it was written; the same one again is an earlier attempt's.
                    if at_home.get(hash(record.key), -1) < written:
                        at_home[hash(record.key)] = written
                        copies.append(_copy(URL_FRONTIER, record, target))
                await _publish(link, copies)
                await _publish(link, [_tombstone(record) for record in moving])
    return len(misplaced), unreadable


def _place(record: Record) -> int:
    return hash((record.partition, record.key))


def _whereabouts(record: Record, partitions: int) -> tuple[int, int]:
    """The partition where a record belongs, and when it was written, in microseconds."""
    entry = from_json(record.value or b"")
    written = datetime.fromisoformat(entry["written_at"])
    return partition_of(entry["host"], partitions), int(written.timestamp() * 1_000_000)


async def _move_requests(
    settings: RuntimeSettings, link: Link, admin: AIOKafkaAdminClient, partitions: int
) -> tuple[int, int]:
    """Requests that no fetcher has taken up go to their host's new partition; their old copies ask for nothing new."""
    group = f"{settings.kafka_group_prefix}{STAGE}"
    committed = await _once_coordinated(lambda: admin.list_consumer_group_offsets(group))
    since = {tp.partition: max(at.offset, 0) for tp, at in committed.items() if tp.topic == FETCH_REQUESTS.name}
    moved = unreadable = 0
    async with log_reader(settings) as reader:
        async for records in portions(reader, FETCH_REQUESTS.name, range(partitions), since):
            copies: list[Outgoing] = []
            for record in records:
                try:
                    target = partition_of(host_of(from_json(record.value or b"")["url"]), partitions)
                except (ValueError, KeyError, TypeError):
                    unreadable += 1  # the fetcher says what is wrong with it
                    continue
                if target != record.partition:
                    copies.append(_copy(FETCH_REQUESTS, record, target))
            await _publish(link, copies)
            moved += len(copies)
    return moved, unreadable


async def _publish(link: Link, records: Sequence[Outgoing]) -> None:
    await asyncio.gather(*(link.publish(record) for record in records))


def _tombstone(record: Record) -> Outgoing:
    return Outgoing(URL_FRONTIER.name, record.key, None, (), URL_FRONTIER.max_message_bytes, record.partition)


def _copy(topic: Topic[Any], record: Record, partition: int) -> Outgoing:
    return Outgoing(topic.name, record.key, record.value, record.headers, topic.max_message_bytes, partition)
