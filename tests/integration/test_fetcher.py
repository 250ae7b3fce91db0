"""The fetcher as a process, between a real Kafka and the newsroom."""

import asyncio
import itertools
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.console.local.kafka import LocalKafka
from services.console.newsroom.server import Newsroom
from services.contracts.identity import canonical_url
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.contracts.topics import FETCH_REQUESTS, FETCHED_PAGES, REJECTIONS, SOURCES, URL_FRONTIER, M, Topic
from services.fetcher.frontier import partition_of
from services.runtime.topics import TopicSettings, applied

DELAY = 0.3
SESSION = 2.0
PARTITIONS = 4


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker of its own: a fetcher reads whole topics, and those of other tests are not for it."""
    kafka = LocalKafka(tmp_path_factory.mktemp("kafka-of-the-fetcher"), group_min_session_timeout_ms=1000)
    kafka.start()
    settings = TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=PARTITIONS)
    asyncio.run(applied(settings))
    yield kafka
    kafka.stop()


class Tap:
    """Everything on a topic since the tap was opened."""

    def __init__(self) -> None:
        self.pages: list[FetchedPage] = []
        self.rejections: list[Rejection] = []

    def fetched(self) -> Counter[str]:
        return Counter(canonical_url(page.request.url) for page in self.pages)

    def rejected(self) -> dict[str, str]:
        return {canonical_url(rejection.url): rejection.reason for rejection in self.rejections}


@asynccontextmanager
async def tap(broker: LocalKafka) -> AsyncIterator[Tap]:
    reader = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="latest")
    await reader.start()
    tps = [TopicPartition(t.name, p) for t in (FETCHED_PAGES, REJECTIONS) for p in range(PARTITIONS)]
    reader.assign(tps)
    await reader.seek_to_end(*tps)
    heard = Tap()

    async def listen() -> None:
        async for record in reader:
            if record.topic == FETCHED_PAGES.name:
                heard.pages.append(FetchedPage.decode(record.value))
            else:
                heard.rejections.append(Rejection.decode(record.value))

    listening = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        listening.cancel()
        await reader.stop()


@asynccontextmanager
async def fetcher(
    broker: LocalKafka, newsroom: Newsroom, log: Path, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
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
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.fetcher", env=environ, stderr=errors
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), timeout=20)


async def send(broker: LocalKafka, topic: Topic[M], *messages: M) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for message in messages:
        await producer.send_and_wait(topic.name, message.encode(), key=topic.key(message).encode())
    await producer.stop()


async def bury(broker: LocalKafka, *sources: Source) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    for source in sources:
        await producer.send_and_wait(SOURCES.name, None, key=source.id.encode())
    await producer.stop()


async def until(met: Callable[[], bool | Awaitable[bool]], what: Callable[[], object], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while True:
        result = met()
        if result is True or (isinstance(result, Awaitable) and await result):
            return
        assert time.monotonic() < deadline, what()
        await asyncio.sleep(0.05)


def gaps(newsroom: Newsroom, since: int = 0) -> dict[str, float]:
    """Each host's shortest time between two requests."""
    times: dict[str, list[float]] = defaultdict(list)
    for request in newsroom.requests[since:]:
        times[request.host].append(request.at)
    return {host: min(b - a for a, b in itertools.pairwise(at)) for host, at in times.items() if len(at) > 1}


async def test_sources_become_pages_once_each_and_politely(broker: LocalKafka, tmp_path: Path) -> None:
    with Newsroom() as newsroom:
        wanted = {canonical_url(gold.url) for gold in newsroom.gold() if gold.fetchable}
        closed = {canonical_url(gold.url) for gold in newsroom.gold() if not gold.fetchable}
        sources = [Source.model_validate(source) for source in newsroom.sources()]
        await send(broker, SOURCES, *sources)
        async with tap(broker) as heard, fetcher(broker, newsroom, tmp_path / "log"):
            await until(
                lambda: wanted <= heard.fetched().keys() and closed <= heard.rejected().keys(),
                lambda: (
                    wanted - heard.fetched().keys(),
                    closed - heard.rejected().keys(),
                    (tmp_path / "log").read_text()[-3000:],
                ),
            )
            polled = {feed.removeprefix("http://").partition("/") for s in sources for feed in s.feeds}
            await until(
                lambda: (
                    {(r.host, r.path) for r in newsroom.requests if r.status == 304}
                    >= {(host, f"/{path}") for host, _, path in polled}
                ),
                lambda: [(r.host, r.path, r.status) for r in newsroom.requests if r.path.endswith("xml")],
            )
            await bury(broker, *sources)
            assert heard.fetched().most_common(1)[0][1] == 1
        assert {heard.rejected()[url] for url in closed} == {"robots"}
        assert not closed & heard.fetched().keys()
        asked = {f"http://{r.host}{r.path}" for r in newsroom.requests}
        assert not closed & asked
        gone = {url for url, why in newsroom.strays().items() if why == "gone"}
        assert {heard.rejected()[canonical_url(url)] for url in gone} == {"gone"}
        assert all(gap > DELAY - 0.02 for gap in gaps(newsroom).values()), gaps(newsroom)
        first = {page.facts.language for page in heard.pages}
        assert None not in first


async def test_two_fetchers_keep_one_budget_per_host_and_a_kill_loses_nothing(
    broker: LocalKafka, tmp_path: Path
) -> None:
    with Newsroom() as newsroom:
        urls = {canonical_url(gold.url) for gold in newsroom.gold() if gold.fetchable}
        now = datetime.now(UTC)
        requests = [FetchRequest(url=url, reason="submitted", requested_at=now) for url in sorted(urls)]
        log = tmp_path / "log"
        async with tap(broker) as heard, fetcher(broker, newsroom, log) as one, fetcher(broker, newsroom, log):
            await send(broker, FETCH_REQUESTS, *requests)
            await until(lambda: len(heard.pages) >= len(urls) // 3, log.read_text)
            one.send_signal(signal.SIGKILL)
            await one.wait()
            async with fetcher(broker, newsroom, log):
                await until(
                    lambda: urls <= heard.fetched().keys(),
                    lambda: (urls - heard.fetched().keys(), log.read_text()[-3000:]),
                )
        assert heard.fetched().total() <= len(urls) + PARTITIONS * 3
        assert all(gap > DELAY - 0.02 for gap in gaps(newsroom).values()), gaps(newsroom)


async def test_what_can_never_be_fetched_is_rejected_and_harms_nothing_else(broker: LocalKafka, tmp_path: Path) -> None:
    host = "http://faults.example"
    expected = {
        "http://169.254.169.254/latest/meta-data": "address-refused",
        "http://localhost:9092/": "address-refused",
        "ftp://faults.example/file": "bad-url",
        f"{host}/bomb": "too-large",
        f"{host}/huge": "too-large",
        f"{host}/loop": "too-many-redirects",
        f"{host}/cut": "unreachable",
        f"{host}/no-such-page": "gone",
        f"{host}/unavailable": "http-status",
        "http://no-such-name.invalid/": "unreachable",
    }
    now = datetime.now(UTC)
    with Newsroom() as newsroom:
        async with (
            tap(broker) as heard,
            fetcher(broker, newsroom, tmp_path / "log", FETCHER_ATTEMPTS="2", FETCHER_RETRY_SECONDS="0.2"),
        ):
            for url in (*expected, f"{host}/one-line"):
                await send(broker, FETCH_REQUESTS, FetchRequest(url=url, reason="submitted", requested_at=now))
            await until(
                lambda: {r.url for r in heard.rejections} >= expected.keys() and len(heard.pages) == 1,
                lambda: (expected.keys() - {r.url for r in heard.rejections}, (tmp_path / "log").read_text()[-3000:]),
            )
        assert {r.url: r.reason for r in heard.rejections} == expected
        assert len(heard.pages[0].content()) > 2_900_000


async def test_the_frontier_says_what_became_of_each_url_in_its_hosts_partition(broker: LocalKafka) -> None:
    reader = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await reader.start()
    tps = [TopicPartition(URL_FRONTIER.name, p) for p in range(PARTITIONS)]
    reader.assign(tps)
    ends = await reader.end_offsets(tps)
    newest: dict[str, FrontierEntry] = {}
    while any([await reader.position(tp) < ends[tp] for tp in tps]):
        for tp, records in (await reader.getmany(timeout_ms=500)).items():
            for record in records:
                entry = FrontierEntry.decode(record.value)
                assert partition_of(entry.host, PARTITIONS) == tp.partition
                newest[record.key.decode()] = entry
    await reader.stop()
    assert {entry.state for entry in newest.values() if entry.kind == "url"} == {
        "fetched", "rejected", "gone", "failed"
    }  # fmt: skip
