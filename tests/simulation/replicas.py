"""Replicas of the fetcher that share a log in memory: they join, leave and die, and others take over from the log."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from services.contracts.identity import host_of
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.contracts.topics import FETCH_REQUESTS, URL_FRONTIER, M, Topic
from services.fetcher.crawl import Crawl
from services.fetcher.hosts import HostRules
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier, partition_of
from services.fetcher.queue.ledger import Ledger
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.stage import Acceptor
from services.fetcher.web.answers import Outcome, Web
from services.runtime.stage import Transient

PARTITIONS = 8
SESSION_SECONDS = 45.0
RESTORE_SECONDS = 2.0
FOR_EVER = 1e12


class Log:
    """url-frontier, compacted, and fetch-requests, of which each is read until it was accepted."""

    def __init__(self) -> None:
        self.records: list[dict[str, tuple[int, FrontierEntry]]] = [{} for _ in range(PARTITIONS)]
        self.ends = [0] * PARTITIONS
        self.requests: list[deque[FetchRequest]] = [deque() for _ in range(PARTITIONS)]
        self.asked = [asyncio.Event() for _ in range(PARTITIONS)]
        self.pages: list[str] = []
        self.last_asked: dict[str, tuple[str, float]] = {}
        """By host: which replica asked last, and when."""
        self.handed_over: list[tuple[str, float, float]] = []
        """Hosts asked by another replica shortly before: seconds from the assignment to the new owner's first request,
        and how many it should have waited."""

    def append(self, partition: int, entry: FrontierEntry) -> int:
        """Write a record; the partition's new end."""
        records = self.records[partition]
        records.pop(entry.key, None)
        records[entry.key] = (self.ends[partition], entry)
        self.ends[partition] += 1
        return self.ends[partition]


class Replica:
    """One fetcher process, with all its real parts but the wire and the broker."""

    def __init__(self, name: str, log: Log, web: Web, sources: Iterable[Source], clock: Callable[[], datetime]) -> None:
        settings = FetcherSettings(fetcher_recrawl_seconds="")
        self._name = name
        self._log = log
        self._web = web
        self._taken_at = 0.0
        self._clock = clock
        self._dead = asyncio.Event()
        book = SourceBook()
        for source in sources:
            book.apply(source.id, source)
        book.restored = True
        self._rules = rules = HostRules(
            Rule(settings.fetcher_delay_seconds, settings.fetcher_pages_per_day, settings.fetcher_retry_seconds), book
        )
        # The simulation never stands still, so the pulse need not be felt.
        pulse = Pulse(FOR_EVER, asyncio.get_running_loop().time)
        self.frontier = Frontier(name, PARTITIONS, rules, timedelta(seconds=SESSION_SECONDS))
        ledger = Ledger(self.frontier, self, pulse)
        self.crawl = Crawl(
            settings=settings, frontier=self.frontier, ledger=ledger, book=book, rules=rules, web=self, publisher=self,
            pulse=pulse, clock=clock, random=random.Random(name).random, doze_seconds=3600.0,
        )  # fmt: skip
        self.acceptor = Acceptor(self.frontier, ledger, self, self.crawl.wake, clock)
        self.ours: frozenset[int] = frozenset()
        self._running = asyncio.create_task(self.crawl.run())

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """A request, which the dead make none of."""
        await self._alive()
        self._note(host_of(url))
        outcome = await self._web.get(url, headers)
        await self._alive()
        return outcome

    async def send(
        self,
        topic: Topic[M],
        message: M,
        *,
        id_: str | None = None,
        partition: int | None = None,
        traceparent: str | None = None,
    ) -> None:
        """Into the log."""
        await self._alive()
        if topic is URL_FRONTIER and isinstance(message, FrontierEntry):
            assert partition is not None
            end = self._log.append(partition, message)
            if self.frontier.runs(partition):
                self.frontier.table(partition).next_offset = end
        elif topic is FETCH_REQUESTS and isinstance(message, FetchRequest):
            assert partition is not None
            self._log.requests[partition].append(message)
            self._log.asked[partition].set()
        elif isinstance(message, FetchedPage):
            self._log.pages.append(message.request.url)

    async def bury(self, topic: Topic[M], key: str, partition: int | None = None) -> None:
        """Nothing gets so old in a fortnight."""
        raise AssertionError(key)

    async def take(self, partitions: frozenset[int]) -> None:
        """These are ours: read what is known of them, then go on."""
        self.ours = partitions
        self._taken_at = asyncio.get_running_loop().time()
        for partition in partitions:
            self.frontier.assign(partition, self._clock())
        self.crawl.resume()
        await asyncio.sleep(RESTORE_SECONDS)
        for partition in partitions:
            table = self.frontier.table(partition)
            known = table.next_offset or 0
            for key, (offset, entry) in self._log.records[partition].items():
                if offset >= known:
                    table.keep(key.encode(), entry.encode())
            table.next_offset = self._log.ends[partition]
            self.frontier.restored(partition, self._clock())
        self.crawl.wake()

    async def let_go(self) -> None:
        """None is ours any more."""
        await self.crawl.release()
        for partition in self.ours:
            self.frontier.revoke(partition)
        self.ours = frozenset()

    async def leave(self) -> None:
        """End in order."""
        await self.let_go()
        self._running.cancel()
        await asyncio.wait([self._running])

    def die(self) -> None:
        """End without a word: what was about to be said or asked is not."""
        self._dead.set()
        self.ours = frozenset()
        self._running.cancel()

    def _note(self, host: str) -> None:
        now = asyncio.get_running_loop().time()
        name, at = self._log.last_asked.get(host, (self._name, now))
        if name != self._name and at > self._taken_at - SESSION_SECONDS:
            self._log.handed_over.append((host, now - self._taken_at, SESSION_SECONDS + self._rules(host).delay))
        self._log.last_asked[host] = (self._name, now)

    async def _alive(self) -> None:
        if self._dead.is_set():
            await asyncio.Event().wait()


class Group:
    """Who has which partitions: all let go, then all take, as an eager rebalance does it."""

    def __init__(self, log: Log, make: Callable[[str], Replica]) -> None:
        self._log = log
        self._make = make
        self._names = 0
        self.replicas: list[Replica] = []
        self._readers = [asyncio.create_task(self._read(partition)) for partition in range(PARTITIONS)]

    def owner(self, host: str) -> Replica | None:
        """Whose host it is."""
        return self._reader_of(partition_of(host, PARTITIONS))

    async def join(self, count: int) -> None:
        """More replicas."""
        for _ in range(count):
            self._names += 1
            self.replicas.append(self._make(f"replica-{self._names}"))
        await self._rebalance()

    async def leave(self) -> None:
        """The first replica ends in order."""
        await self.replicas.pop(0).leave()
        await self._rebalance()

    async def kill(self) -> None:
        """The first replica dies; the others learn of it when its session is over."""
        self.replicas.pop(0).die()
        await asyncio.sleep(SESSION_SECONDS)
        await self._rebalance()

    async def _rebalance(self) -> None:
        await asyncio.gather(*(replica.let_go() for replica in self.replicas))
        count = len(self.replicas)
        shares = [
            frozenset(p for p in range(PARTITIONS) if p * count // PARTITIONS == n) for n, _ in enumerate(self.replicas)
        ]
        await asyncio.gather(*(replica.take(share) for replica, share in zip(self.replicas, shares, strict=True)))
        for event in self._log.asked:
            event.set()

    async def _read(self, partition: int) -> None:
        """Requests go to whoever owns the partition; each stands in the log until it was taken up."""
        waiting, asked = self._log.requests[partition], self._log.asked[partition]
        while True:
            await asked.wait()
            asked.clear()
            while waiting and (owner := self._reader_of(partition)) is not None:
                try:
                    await asyncio.wait_for(owner.acceptor.accept(waiting[0]), SESSION_SECONDS)
                except (Transient, TimeoutError):
                    await asyncio.sleep(1)
                else:
                    waiting.popleft()

    def _reader_of(self, partition: int) -> Replica | None:
        return next((replica for replica in self.replicas if partition in replica.ours), None)
