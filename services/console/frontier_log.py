"""Reads partitions of a topic from their beginning to where they end now, in portions, for commands that only look."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.console.local.errors import LocalRunError
from services.console.terminal import screen
from services.runtime.connection import client_options
from services.runtime.link import as_record
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Record

PORTION = 2_000
"""Records handed over at once."""
SILENT_SECONDS = 60.0
"""How long the broker may bring nothing before its end is reached."""
FETCH_BYTES = 4 * 1024 * 1024


@contextlib.asynccontextmanager
async def log_reader(settings: RuntimeSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group; nothing is assigned to it yet."""
    reader = AIOKafkaConsumer(
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def portions(
    reader: AIOKafkaConsumer, topic: str, partitions: Collection[int], since: Mapping[int, int] | None = None
) -> AsyncIterator[Sequence[Record]]:
    """The records of these partitions up to where they end now, each partition's in order, a bar while it lasts.

    `since` names offsets to begin with. Raises LocalRunError when the broker falls silent.
    """
    tps = [TopicPartition(topic, partition) for partition in sorted(partitions)]
    reader.assign(tps)
    first, after = await reader.beginning_offsets(tps), await reader.end_offsets(tps)
    begin = {tp: min(max(first[tp], (since or {}).get(tp.partition, 0)), after[tp]) for tp in tps}
    for tp in tps:
        reader.seek(tp, begin[tp])
    left = {tp for tp in tps if begin[tp] < after[tp]}
    reader.pause(*(tp for tp in tps if tp not in left))
    clock = asyncio.get_running_loop().time
    heard_at = clock()
    with _bar(topic, sum(after[tp] - begin[tp] for tp in tps)) as advance:
        while left:
            for tp, messages in (await reader.getmany(timeout_ms=500, max_records=PORTION)).items():
                heard_at = clock()
                advance(messages[-1].offset + 1 - messages[0].offset)
                yield [as_record(message) for message in messages if message.offset < after[tp]]
            done = {tp for tp in left if await reader.position(tp) >= after[tp]}
            left -= done
            reader.pause(*done)
            if clock() - heard_at > SILENT_SECONDS:
                raise LocalRunError(f"{topic} can't be read to its end: the broker brings nothing.")


@contextlib.contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    with Progress(
        TextColumn(what), BarColumn(40), MofNCompleteColumn(), console=screen, transient=True,
        disable=not screen.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)
