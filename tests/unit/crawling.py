"""A crawl between a scripted web and a broker in memory, for the tests beside this file."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.topics import FETCH_REQUESTS, M, Topic
from services.fetcher.crawl import Crawl
from services.fetcher.hosts import HostRules
from services.fetcher.lists.outcomes import Outcomes
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier
from services.fetcher.queue.ledger import Ledger
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.stage import Acceptor
from services.fetcher.web.answers import Answer, Outcome
from services.fetcher.web.credentials import Credentials
from services.runtime.stage import Transient, utc_now

A = "http://a.example/1"
HTML = Answer(A, 200, {"content-type": "text/html"}, b"<html>a page")
NO_ROBOTS = Answer("", 404, {})
DELAY = 0.02


@dataclass
class ScriptedWeb:
    """Answers by URL, the last one for ever; remembers who asked when."""

    script: dict[str, list[Outcome]]
    asked: list[str] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    headers: list[Mapping[str, str]] = field(default_factory=list)
    slow: float = 0.0

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        self.asked.append(url)
        self.headers.append(headers or {})
        self.times[url.split("/")[2]].append(time.monotonic())
        await asyncio.sleep(self.slow)
        answers = self.script.get(url) or [NO_ROBOTS]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return Answer(url, answer.status, answer.headers, answer.body) if isinstance(answer, Answer) else answer


@dataclass
class Broker:
    """Keeps what is sent, gives requests back to the acceptor, and fails when told to."""

    sent: list[tuple[str, object, int | None]] = field(default_factory=list)
    accept: Callable[[FetchRequest], Awaitable[object]] | None = None
    failures: int = 0

    buried: list[str] = field(default_factory=list)

    async def bury(self, topic: Topic[M], key: str, partition: int | None = None) -> None:
        self.buried.append(key)

    async def send(
        self,
        topic: Topic[M],
        message: M,
        *,
        id_: str | None = None,
        partition: int | None = None,
        traceparent: str | None = None,
    ) -> None:
        await asyncio.sleep(0)
        if self.failures and not isinstance(message, FrontierEntry):
            self.failures -= 1
            raise Transient("no broker")
        self.sent.append((topic.name, message, partition))
        if topic is FETCH_REQUESTS and self.accept is not None and isinstance(message, FetchRequest):
            await self.accept(message)

    def of(self, kind: type[M]) -> list[M]:
        return [message for _, message, _ in self.sent if isinstance(message, kind)]

    @property
    def pages(self) -> list[str]:
        return [page.request.url for page in self.of(FetchedPage)]

    @property
    def refused(self) -> dict[str, str]:
        return {rejection.url: rejection.reason for rejection in self.of(Rejection)}

    def states(self, url: str) -> list[str]:
        return [entry.state for entry in self.of(FrontierEntry) if entry.url == url]


@dataclass
class Fetching:
    web: ScriptedWeb
    broker: Broker
    frontier: Frontier
    crawl: Crawl
    book: SourceBook
    acceptor: Acceptor
    outcomes: Outcomes

    async def submit(self, *urls: str, reason: str = "submitted") -> None:
        for url in urls:
            await self.acceptor.accept(
                FetchRequest.model_validate({"url": url, "reason": reason, "requested_at": utc_now()})
            )


class QuickClock:
    """Time that passes only while somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def fetching(
    script: dict[str, list[Outcome]],
    partitions: int = 1,
    clock: QuickClock | None = None,
    strike: float = 0.01,
    recrawls: str = "",
    credentials: Credentials | None = None,
) -> AsyncIterator[Fetching]:
    settings = FetcherSettings(
        fetcher_retry_seconds=0.01, fetcher_attempts=3, fetcher_min_poll_seconds=0.05, retry_first_seconds=0.01,
        fetcher_recrawl_seconds=recrawls, fetcher_gone_again_seconds=0.05,
    )  # fmt: skip
    book = SourceBook()
    rules = HostRules(Rule(DELAY, 1000, strike), book)
    frontier = Frontier("me", partitions, rules)
    web, broker = ScriptedWeb(script), Broker()
    pulse = Pulse(100)
    ledger = Ledger(frontier, broker, pulse)
    outcomes = Outcomes(book.has_index)
    crawl = Crawl(
        settings=settings, frontier=frontier, ledger=ledger, book=book, rules=rules, web=web, publisher=broker,
        pulse=pulse, clock=clock or utc_now, random=lambda: 0.0, sleep=clock.sleep if clock else asyncio.sleep,
        outcomes=outcomes, credentials=credentials,
    )  # fmt: skip
    acceptor = Acceptor(frontier, ledger, broker, crawl.wake, clock or utc_now, restore_seconds=0.1)
    broker.accept = acceptor.accept
    for partition in range(partitions):
        frontier.assign(partition, utc_now())
        frontier.restored(partition, utc_now())
    running = asyncio.create_task(crawl.run())
    try:
        yield Fetching(web, broker, frontier, crawl, book, acceptor, outcomes)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
