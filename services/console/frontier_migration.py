"""Gives the frontier more partitions: each record moves to where its host lives from then on, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import KafkaError
from pydantic_core import from_json

from services.console.broker import connected
from services.console.frontier_log import log_reader, portions
from services.console.local.errors import LocalRunError
from services.contracts.identity import host_of
from services.contracts.topics import FETCH_REQUESTS, URL_FRONTIER, Topic
from services.fetcher.frontier import partition_of
from services.runtime.connection import Refused
from services.runtime.link import Link
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Outgoing, Record, Transient
from services.runtime.topics import connect

STAGE = "fetcher"
KNOWN_SECONDS = 30.0
"""How long the new partitions may take to be known to every client."""
LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Moved:
    """What a migration did."""

    partitions: int
    records: int = 0
    requests: int = 0
    unreadable: int = 0


@dataclass
class _Misplaced:
    """A key that lives in the wrong partition: where its newest record is, and where it should be."""

    offset: int
    target: int
    written: int


async def migrate(settings: RuntimeSettings, partitions: int) -> Moved:
    """Create the partitions and move what belongs elsewhere; begun again after a crash, it goes on.

    A record is first written to its new partition, and only when the broker has it buried in the old one. Kept in
    memory is a number for each key, about 150 bytes. Raises LocalRunError while fetchers run.
    """
    admin = await _admin(settings)
    try:
        async with connected(settings, [URL_FRONTIER, FETCH_REQUESTS]) as link:
            await _refuse_while_fetchers_run(admin, settings)
            for topic in (URL_FRONTIER, FETCH_REQUESTS):
                await _widen(admin, topic, partitions)
        # A link of its own: a producer learns of new partitions only now and then.
        async with connected(settings, [URL_FRONTIER, FETCH_REQUESTS]) as link:
            await _until_known(link, partitions)
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
    [answer] = await admin.describe_consumer_groups([group])
    members = sum(len(described[5]) for described in answer.groups)
    if members:
        raise LocalRunError(
            f"{members} fetcher{'s' if members > 1 else ''} of the group {group} still run: stop them all first. "
            "Where one was killed, the broker counts it until its session ends."
        )


async def _widen(admin: AIOKafkaAdminClient, topic: Topic[Any], partitions: int) -> None:
    [described] = await admin.describe_topics([topic.name])
    count = len(described["partitions"])
    if count > partitions:
        raise LocalRunError(f"{topic.name} has {count} partitions; a topic never gets fewer.")
    if count < partitions:
        await admin.create_partitions({topic.name: NewPartitions(partitions)})


async def _until_known(link: Link, partitions: int) -> None:
    deadline = asyncio.get_running_loop().time() + KNOWN_SECONDS
    for topic in (URL_FRONTIER, FETCH_REQUESTS):
        while await link.partitions(topic) < partitions:
            if asyncio.get_running_loop().time() > deadline:
                raise LocalRunError(f"The new partitions of {topic.name} do not show up. Run it again.")
            await asyncio.sleep(LOOK_SECONDS)


async def _move_records(
    settings: RuntimeSettings, link: Link, admin: AIOKafkaAdminClient, partitions: int
) -> tuple[int, int]:
    misplaced: dict[tuple[int, int], _Misplaced] = {}
    at_home: dict[int, int] = {}
    copies: list[Outgoing] = []
    unreadable = 0
    async with log_reader(settings) as reader:
        async for records in portions(reader, URL_FRONTIER.name, range(partitions)):
            for record in records:
                name = hash(record.key)
                misplaced.pop((record.partition, name), None)
                if record.value is None:
                    continue
                try:
                    target, written = _whereabouts(record, partitions)
                except (ValueError, KeyError, TypeError):
                    unreadable += 1
                    continue
                if target == record.partition:
                    at_home[name] = written
                else:
                    misplaced[record.partition, name] = _Misplaced(record.offset, target, written)
        if misplaced:
            sources = {partition for partition, _ in misplaced}
            async for records in portions(reader, URL_FRONTIER.name, sources):
                await _refuse_while_fetchers_run(admin, settings)
                moving = [
                    (record, found.target, found.written)
                    for record in records
                    if (found := misplaced.get((record.partition, hash(record.key)))) and found.offset == record.offset
                ]
                for record, target, written in moving:
                    # The newest wins, wherever it was written; the same one again is an earlier attempt's.
                    if at_home.get(hash(record.key), -1) < written:
                        at_home[hash(record.key)] = written
                        copies.append(_copy(URL_FRONTIER, record, target))
                await _publish(link, copies)
                await _publish(link, [_tombstone(record) for record, _, _ in moving])
                copies.clear()
    return len(misplaced), unreadable


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
    committed = await admin.list_consumer_group_offsets(group)
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
