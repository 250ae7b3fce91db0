"""A broker, taps on its topics and fetcher processes, for the tests that run the real fetcher over the newsroom."""

import asyncio
import itertools
import json
import math
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.console.local.kafka import LocalKafka
from services.console.newsroom.server import Newsroom, Request
from services.contracts.identity import canonical_url, host_of
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.contracts.topics import FETCH_REQUESTS, FETCHED_PAGES, REJECTIONS, SOURCES, URL_FRONTIER, M, Topic
from services.fetcher.queue.frontier import partition_of
from services.runtime.topics import TopicSettings, applied

DELAY = 0.3
SESSION = 2.0
NOTED_LATE = 0.02
"""Seconds. The newsroom notes a request when it answers, so of two requests the first may look later than it was."""


@contextmanager
def broker_in(folder: Path, partitions: int) -> Iterator[LocalKafka]:
    """A broker of its own: a fetcher reads whole topics, and those of other tests are not for it."""
    kafka = LocalKafka(folder, group_min_session_timeout_ms=1000)
    kafka.start()
    asyncio.run(applied(TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=partitions)))
    yield kafka
    kafka.stop()


async def forget_everything(broker: LocalKafka, partitions: int) -> None:
    """Make all topics anew, for a fetcher remembers in them what the tests before have done."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        topics = [name for name in await admin.list_topics() if not name.startswith("__")]
        await admin.delete_topics(topics)

        async def are_deleted() -> bool:
            return not set(topics) & set(await admin.list_topics())

        await until(are_deleted, lambda: "the topics are not deleted")
    finally:
        await admin.close()
    await applied(TopicSettings(kafka_bootstrap_servers=broker.bootstrap, topics_partitions=partitions))


@dataclass
class Tap:
    """Everything on the topics of pages, rejections and records since the tap was opened."""

    pages: list[FetchedPage] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    records: list[tuple[int, FrontierEntry]] = field(default_factory=list)
    """With their partitions, each partition's in their order."""

    def fetched(self) -> Counter[str]:
        """URL → how many pages of it there are."""
        return Counter(canonical_url(page.request.url) for page in self.pages)

    def rejected(self) -> dict[str, str]:
        """URL → the reason last heard."""
        return {canonical_url(rejection.url): rejection.reason for rejection in self.rejections}

    def newest(self) -> dict[str, FrontierEntry]:
        """Key → its newest record."""
        return {entry.key: entry for _, entry in self.records}

    def states(self) -> dict[str, str]:
        """URL → what its newest record says of it."""
        return {key.removeprefix("url:"): e.state for key, e in self.newest().items() if e.kind == "url"}

    def writers(self, since: int = 0) -> dict[str, list[str]]:
        """Host → who wrote its records, one after another, from a number of records on."""
        found: dict[str, list[str]] = defaultdict(list)
        for _, entry in self.records[since:]:
            if found[entry.host][-1:] != [entry.writer]:
                found[entry.host].append(entry.writer)
        return dict(found)


@asynccontextmanager
async def tap(broker: LocalKafka, partitions: int) -> AsyncIterator[Tap]:
    """Listen to what the fetchers write from now on."""
    reader = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="latest")
    await reader.start()
    tps = [TopicPartition(t.name, p) for t in (FETCHED_PAGES, REJECTIONS, URL_FRONTIER) for p in range(partitions)]
    reader.assign(tps)
    await reader.seek_to_end(*tps)
    for tp in tps:
        await reader.position(tp)
    heard = Tap()

    async def listen() -> None:
        async for record in reader:
            if record.topic == FETCHED_PAGES.name:
                heard.pages.append(FetchedPage.decode(record.value))
            elif record.topic == REJECTIONS.name:
                heard.rejections.append(Rejection.decode(record.value))
            elif record.value is not None:
                heard.records.append((record.partition, FrontierEntry.decode(record.value)))

    listening = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        listening.cancel()
        await reader.stop()


async def start_fetcher(
    broker: LocalKafka, newsroom: Newsroom, log: Path, more: dict[str, str]
) -> asyncio.subprocess.Process:
    """One fetcher, which writes its log to the end of a file."""
    environ = {
        "PATH": os.environ["PATH"],
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "KAFKA_SESSION_TIMEOUT_SECONDS": str(SESSION),
        "HEALTH_HOST": "127.0.0.1",
        "HEALTH_PORT": "0",
        "FETCHER_RESOLVE": newsroom.resolve(),
        "FETCHER_DELAY_SECONDS": str(DELAY),
        "FETCHER_MIN_POLL_SECONDS": "1",
        "FETCHER_MAX_POLL_SECONDS": "2",
        "FETCHER_RETRY_SECONDS": "0.5",
        "FETCHER_CONTACT": "https://operator.example/",
        **more,
    }
    with log.open("ab") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.fetcher", env=environ, stderr=errors
        )


async def end(process: asyncio.subprocess.Process) -> None:
    """Let a fetcher go in peace, if it lives."""
    if process.returncode is None:
        process.terminate()
        await asyncio.wait_for(process.wait(), timeout=20)


@asynccontextmanager
async def fetcher(
    broker: LocalKafka, newsroom: Newsroom, log: Path, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A fetcher for as long as the context lasts."""
    process = await start_fetcher(broker, newsroom, log, more)
    try:
        yield process
    finally:
        await end(process)


class Fleet:
    """Several fetchers over one newsroom, to be killed, paused and replaced."""

    def __init__(self, broker: LocalKafka, newsroom: Newsroom, folder: Path, more: dict[str, str]) -> None:
        self._broker = broker
        self._newsroom = newsroom
        self._folder = folder
        self._more = more
        self._processes: list[asyncio.subprocess.Process] = []

    def __len__(self) -> int:
        return len(self._processes)

    async def grow(self) -> None:
        """One more replica."""
        self._processes.append(await self._start(len(self._processes)))

    async def kill(self, number: int) -> None:
        """End a replica at once, and start another in its place."""
        process = self._processes[number]
        process.send_signal(signal.SIGKILL)
        await process.wait()
        self._processes[number] = await self._start(number)

    async def replace(self, number: int) -> None:
        """Let a replica go in peace, and start another in its place."""
        await end(self._processes[number])
        self._processes[number] = await self._start(number)

    def pause(self, number: int) -> None:
        """Freeze a replica."""
        self._processes[number].send_signal(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """Let a frozen replica go on."""
        self._processes[number].send_signal(signal.SIGCONT)

    async def end(self) -> None:
        """Let all go."""
        for number in range(len(self)):
            if self._processes[number].returncode is None:
                self.thaw(number)
        await asyncio.gather(*map(end, self._processes))

    def log(self) -> str:
        """What all replicas have written, one after another."""
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("replica-*.log")))

    def assignments(self) -> int:
        """How often the replica was dealt partitions that saw most of it."""
        return max(path.read_text().count('"event": "assigned"') for path in self._folder.glob("replica-*.log"))

    def read_by(self) -> list[list[int]]:
        """For each replica, the partitions that it was given last and has read to their end."""
        return [_read_partitions(path.read_text()) for path in sorted(self._folder.glob("replica-*.log"))]

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        return await start_fetcher(self._broker, self._newsroom, self._folder / f"replica-{number}.log", self._more)


def _read_partitions(log: str) -> list[int]:
    """What a log says was read since the last assignment."""
    found: list[int] = []
    for line in log.splitlines(keepends=True):
        # The last line may be half written.
        told = json.loads(line) if line.startswith("{") and line.endswith("}\n") else {}
        if told.get("event") == "assigned":
            found = []
        elif told.get("event") == "frontier restored":
            found.append(int(told["partition"]))
    return sorted(found)


@asynccontextmanager
async def fleet(
    broker: LocalKafka, newsroom: Newsroom, folder: Path, replicas: int, **more: str
) -> AsyncIterator[Fleet]:
    """So many replicas."""
    found = Fleet(broker, newsroom, folder, more)
    try:
        for _ in range(replicas):
            await found.grow()
        yield found
    finally:
        await found.end()


async def send(broker: LocalKafka, topic: Topic[M], *messages: M) -> None:
    """Put messages on a topic; requests where the fetchers' owner of the host reads them, as Kafka's default does."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for message in messages:
        await producer.send_and_wait(topic.name, message.encode(), key=topic.key(message).encode())
    await producer.stop()


async def bury(broker: LocalKafka, *sources: Source) -> None:
    """Remove sources."""
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for source in sources:
        await producer.send_and_wait(SOURCES.name, None, key=source.id.encode())
    await producer.stop()


async def until(met: Callable[[], bool | Awaitable[bool]], what: Callable[[], object], seconds: float = 40) -> None:
    """Wait until something is so. Raises AssertionError with what is instead."""
    deadline = time.monotonic() + seconds
    while True:
        result = met()
        if result is True or (isinstance(result, Awaitable) and await result):
            return
        assert time.monotonic() < deadline, what()
        await asyncio.sleep(0.05)


def too_early(requests: Sequence[Request], delay: float = DELAY) -> dict[str, int]:
    """Host → the fewest of its requests without which the delay between the others would have been kept."""
    last: dict[str, float] = {}
    found: Counter[str] = Counter()
    for request in sorted(requests, key=lambda request: request.at):
        if request.at - last.get(request.host, -math.inf) < delay - NOTED_LATE:
            found[request.host] += 1
        else:
            last[request.host] = request.at
    return dict(found)


def repeated(requests: Sequence[Request]) -> Counter[str]:
    """URL → how often it was asked for beyond the first time."""
    asked = Counter(f"{request.host}{request.path}" for request in requests)
    return Counter({url: count - 1 for url, count in asked.items() if count > 1})


def most_in_flight(hosts: Sequence[str], partitions: int, replicas: int) -> int:
    """Hosts that one replica can own at the most, each with one request: partitions are dealt out in ranges."""
    each, more = divmod(partitions, replicas)
    sizes = [each + (number < more) for number in range(replicas)]
    starts = [0, *itertools.accumulate(sizes)]
    homes = Counter(partition_of(host, partitions) for host in hosts)
    return max(sum(homes[p] for p in range(start, start + size)) for start, size in zip(starts, sizes, strict=False))


async def ask_for(broker: LocalKafka, *requests: FetchRequest) -> None:
    """Ask for pages by name."""
    await send(broker, FETCH_REQUESTS, *requests)


def hosts_of(urls: Sequence[str]) -> list[str]:
    """The hosts of some URLs."""
    return sorted({host_of(url) for url in urls})
