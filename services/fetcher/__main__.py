"""The fetcher's process: settings, adapters, loops."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from services.contracts.outcomes import Receipt, Rejection
from services.contracts.pages import FetchRequest
from services.contracts.sources import Source
from services.contracts.topics import (
    FETCH_REQUESTS,
    REJECTIONS,
    SOURCES,
    STORED_ARTICLES,
    URL_FRONTIER,
    M,
    Topic,
)
from services.fetcher.crawl import Crawl
from services.fetcher.hosts import HostRules
from services.fetcher.lists.outcomes import Outcomes
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier
from services.fetcher.queue.kafka_frontier import KafkaFrontier
from services.fetcher.queue.ledger import Ledger
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.stage import Acceptor, stage
from services.fetcher.web.way_out import open_web
from services.runtime import logs
from services.runtime.hosts.kafka import run
from services.runtime.link import Link, Unusable
from services.runtime.settings import load
from services.runtime.stage import Record, Transient, utc_now


class Parts:
    """The fetcher's parts, put together once the broker has said how many partitions there are."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._ours: frozenset[int] = frozenset()
        self._ready = asyncio.Event()
        self._acceptor: Acceptor | None = None
        self._crawl: Crawl | None = None
        self._reader: KafkaFrontier | None = None
        self._pulse = Pulse(settings.kafka_session_timeout_seconds)

    async def accept(self, request: FetchRequest) -> Rejection | None:
        """Take a request up."""
        await self._ready.wait()
        assert self._acceptor is not None
        return await self._acceptor.accept(request)

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """These are ours: start reading them, and be back at once, for heartbeats wait."""
        self._ours = frozenset(tp.partition for tp in partitions)
        if self._reader is not None and self._crawl is not None:
            self._reader.assigned(self._ours)
            self._crawl.resume()

    async def revoked(self, _: Sequence[TopicPartition]) -> None:
        """None is ours any more."""
        self._ours = frozenset()
        if self._reader is not None and self._crawl is not None:
            if not self._pulse.steady():
                self._reader.revoked()  # we stood still: others may have them already, so that no last word is ours
            await self._crawl.release()
            self._reader.revoked()

    async def crawl(self, link: Link) -> None:
        """All loops of the fetcher, for ever."""
        settings = self._settings
        # Names that DNS is slow to resolve must not keep pages from being packed.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.fetcher_hosts_at_once + 8))
        partitions = await link.partitions(URL_FRONTIER)
        if partitions != await link.partitions(FETCH_REQUESTS):
            raise Unusable(f"{FETCH_REQUESTS.name} and {URL_FRONTIER.name} must have equally many partitions.")
        book = SourceBook()
        outcomes = Outcomes(book.has_index)
        rules = HostRules(
            Rule(settings.fetcher_delay_seconds, settings.fetcher_pages_per_day, settings.fetcher_retry_seconds), book
        )
        session = settings.kafka_session_timeout_seconds
        pulse = self._pulse
        frontier = Frontier(uuid.uuid4().hex[:12], partitions, rules, timedelta(seconds=session))
        ledger = Ledger(frontier, link, pulse)
        web, credentials = open_web(settings)
        async with web, asyncio.TaskGroup() as tasks:
            self._crawl = crawl = Crawl(
                settings=settings, frontier=frontier, ledger=ledger, book=book, rules=rules, web=web, publisher=link,
                pulse=pulse, clock=utc_now, random=random.random, outcomes=outcomes, credentials=credentials,
            )  # fmt: skip
            self._reader = KafkaFrontier(settings, frontier, crawl.rewrite, utc_now, crawl.wake, pulse)
            self._acceptor = Acceptor(frontier, ledger, link, crawl.wake, utc_now)
            self._reader.assigned(self._ours)
            self._ready.set()
            for loop in (pulse.run, self._reader.run, crawl.run, crawl.gauge, crawl.sweep):
                tasks.create_task(loop())
            known = asyncio.Event()
            tasks.create_task(_follow_sources(link, book, outcomes, crawl, known))
            tasks.create_task(_follow_outcomes(link, outcomes, known))


async def _follow_sources(link: Link, book: SourceBook, outcomes: Outcomes, crawl: Crawl, known: asyncio.Event) -> None:
    """Keep the book of sources; `known` is set once all are read that were there."""

    def heard(source_id: str, source: Source | None) -> None:
        book.apply(source_id, source)
        outcomes.sources_changed()
        crawl.wake()

    def restored() -> None:
        book.restored = True
        known.set()

    await _follow(link, SOURCES, heard, restored)


async def _follow_outcomes(link: Link, outcomes: Outcomes, known: asyncio.Event) -> None:
    """Hear what became of pages; what is said of a site counts only once its source is known."""
    await known.wait()

    def stored(_: str, receipt: Receipt | None) -> None:
        if receipt is not None:
            outcomes.stored(receipt)

    def rejected(_: str, rejection: Rejection | None) -> None:
        if rejection is not None:
            outcomes.rejected(rejection)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_follow(link, STORED_ARTICLES, stored))
        tasks.create_task(_follow(link, REJECTIONS, rejected))


async def _follow(
    link: Link, topic: Topic[M], heard: Callable[[str, M | None], None], restored: Callable[[], None] = lambda: None
) -> None:
    """Hear a whole topic, live; when the broker drops us, all of it again. None is a tombstone."""

    def decoded(record: Record, _: bool) -> None:
        try:
            message = None if record.value is None else topic.model.decode(record.value)
        except ValidationError as error:
            logs.logger().error("record ignored", record=str(record), error=str(error)[:500])
            return
        heard((record.key or b"").decode("utf-8", "replace"), message)

    while True:
        try:
            await link.follow(topic, decoded, restored=restored)
        except (KafkaError, Transient) as error:
            logs.logger().warning(
                "topic is read again", topic=topic.name, error=f"{type(error).__name__} {error}".strip()
            )
            await asyncio.sleep(1)


def main() -> None:
    """Run until SIGTERM."""
    settings = load(FetcherSettings)
    logs.configure("fetcher", settings.log_level)
    if settings.fetcher_contact is None:
        logs.logger().warning("no contact", why="FETCHER_CONTACT is not set: site owners can't reach you")
    parts = Parts(settings)
    run(stage(parts.accept), settings, alongside=[parts.crawl], on_assigned=parts.assigned, on_revoked=parts.revoked)


if __name__ == "__main__":
    main()
