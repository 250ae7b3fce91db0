"""The loop that gives the hosts their turns, and the slower ones beside it: gauges, and forgetting what is old."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from services.contracts.identity import host_of
from services.contracts.pages import FrontierEntry
from services.fetcher.hosts import HostRules, Hosts
from services.fetcher.interpret import Later
from services.fetcher.lifecycle import LAST_SEEN_EVERY, Mark, Patience
from services.fetcher.lists.outcomes import Outcomes
from services.fetcher.pages import Pages
from services.fetcher.polling import Polling
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier, Turn
from services.fetcher.queue.ledger import Insistence, Ledger, NotOurs, Publisher
from services.fetcher.schedule import Bounds
from services.fetcher.scribe import Scribe
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.source_health import STATES, health
from services.fetcher.visits import Visits
from services.fetcher.web.answers import Web
from services.fetcher.web.credentials import Credentials
from services.runtime import logs, metrics
from services.runtime.retry import Backoff

RELEASE_SECONDS = 5.0
DOZE_SECONDS = 1.0
GAUGE_SECONDS = 10.0
SWEEP_SECONDS = 3600.0


class Crawl:
    """Asks one host at a time for one thing at a time, and many hosts at once."""

    def __init__(
        self,
        *,
        settings: FetcherSettings,
        frontier: Frontier,
        ledger: Ledger,
        book: SourceBook,
        rules: HostRules,
        web: Web,
        publisher: Publisher,
        pulse: Pulse,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        doze_seconds: float = DOZE_SECONDS,
        outcomes: Outcomes | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self._settings = settings
        self._frontier = frontier
        self._ledger = ledger
        self._book = book
        self._pulse = pulse
        self._clock = clock
        self._sleep = sleep
        self._doze_seconds = doze_seconds
        patience = Patience(
            settings.fetcher_attempts,
            settings.fetcher_retry_seconds,
            timedelta(seconds=settings.fetcher_gone_again_seconds),
            settings.recrawls,
        )
        bounds = Bounds(
            timedelta(seconds=settings.fetcher_min_poll_seconds), timedelta(seconds=settings.fetcher_max_poll_seconds)
        )
        outcomes = outcomes or Outcomes(book.has_index)
        self._insist = Insistence(Backoff(settings.retry_first_seconds, settings.retry_most_seconds), random, sleep)
        self._hosts = Hosts(
            frontier=frontier, ledger=ledger, rules=rules, web=web, pulse=pulse, insist=self._insist, clock=clock,
            random=random, sleep=sleep, credentials=credentials,
        )  # fmt: skip
        visits = Visits(self._hosts, settings.product, timedelta(seconds=settings.fetcher_retry_seconds), clock)
        self._scribe = Scribe(
            frontier=frontier, ledger=ledger, publisher=publisher, insist=self._insist, patience=patience, clock=clock,
            random=random,
        )  # fmt: skip
        self._pages = Pages(
            visits=visits, hosts=self._hosts, scribe=self._scribe, book=book, outcomes=outcomes, clock=clock,
            random=random,
        )  # fmt: skip
        self._polling = Polling(
            frontier=frontier, visits=visits, scribe=self._scribe, book=book, outcomes=outcomes, bounds=bounds,
            clock=clock,
        )  # fmt: skip
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._listed_version = -1
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something changed: look again."""
        self._wake.set()

    async def run(self) -> None:
        """Ask for ever."""
        try:
            while True:
                self._wake.clear()
                now = self._clock()
                if self._listed_version != self._book.version:
                    self._listed_version = self._book.version
                    self._frontier.list_feeds(self._book.lists(), now)
                self._start(now)
                await self._doze()
        finally:
            await self.release()

    async def gauge(self) -> None:
        """Say how much waits and how the sources are, for ever."""
        told: set[str] = set()
        while True:
            now = self._clock()
            counts = self._frontier.counts()
            for state in ("pending", "fetched", "rejected", "gone", "failed"):
                metrics.FRONTIER_ENTRIES.labels(state).set(counts[state])
            metrics.HOST_QUEUE_AGE_SECONDS.set(self._frontier.oldest_wait(now).total_seconds())
            told = self._tell_health(now, told)
            await self._hosts.catch_up()
            await self._sleep(GAUGE_SECONDS)

    def _tell_health(self, now: datetime, told: set[str]) -> set[str]:
        """How the sources are by the lists that this replica reads; `told` are those that it spoke of before."""
        by_source: dict[str, list[FrontierEntry]] = defaultdict(list)
        for entry in self._lists():
            by_source[entry.source or ""].append(entry)
        for source, entries in by_source.items():
            found = health(entries, now, self._settings.fetcher_silence_factor)
            for state in STATES:
                metrics.SOURCE_HEALTH.labels(source, state).set(state == found.state)
            metrics.SOURCE_EXPECTED_PER_DAY.labels(source).set(found.expected_per_day or 0.0)
            if found.last_new_at is not None:
                metrics.SOURCE_SILENT_SECONDS.labels(source).set((now - found.last_new_at).total_seconds())
        for source in told - by_source.keys():
            metrics.forget_source(source, STATES)
        return set(by_source)

    def _lists(self) -> Iterator[FrontierEntry]:
        """The records of the polled lists that are ours."""
        for url in self._book.lists():
            host = host_of(url)
            entry = self._frontier.get(host, f"feed:{url}") if self._frontier.owns(host) else None
            if entry is not None:
                yield entry

    async def sweep(self) -> None:
        """Forget what nothing has listed for long, for ever."""
        while True:
            await self._sleep(SWEEP_SECONDS)
            await self.forget_unseen()

    async def forget_unseen(self) -> None:
        """Bury the URLs that nothing has listed for long; those stay whose lists can't be read and may name them."""
        now = self._clock()
        unread = {e.source for e in self._lists() if e.last_seen is None or now - e.last_seen > 2 * LAST_SEEN_EVERY}
        buried = 0
        for entry in self._frontier.expired(now, lambda entry: entry.source in unread):
            if entry is None:
                await asyncio.sleep(0)
                continue
            async with self._ledger.lock(entry.host):
                if self._frontier.get(entry.host, entry.key) == entry:
                    try:
                        await self._insist(partial(self._ledger.bury, entry))
                    except NotOurs:
                        continue
                    buried += 1
        if buried:
            logs.logger().info("forgotten", urls=buried)

    def resume(self) -> None:
        """Partitions were assigned: hosts may be asked again."""
        self._hosts.letting_go = False
        self.wake()

    async def release(self) -> None:
        """Let go of all hosts: nothing new is asked, answers under way get a moment, the rest is dropped."""
        self._hosts.letting_go = True
        tasks = list(self._jobs.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=RELEASE_SECONDS)
            for task in late:
                task.cancel()
        await self._hosts.write_recent(RELEASE_SECONDS)

    async def rewrite(self, entry: FrontierEntry) -> None:
        """Write our record again over one of a former owner."""
        async with self._ledger.lock(entry.host):
            newest = self._frontier.get(entry.host, entry.key)
            if newest is not None and newest.writer == self._frontier.writer:
                try:
                    mark = Mark(self._frontier.writer, self._clock())
                    await self._insist(lambda: self._ledger.write(mark.on(newest)))
                except NotOurs:
                    return

    def _start(self, now: datetime) -> None:
        at_once = self._settings.fetcher_hosts_at_once
        # Recrawls and backfill leave half of the places to live news.
        for spare, places in ((False, at_once), (True, max(1, at_once // 2))):
            turns = self._frontier.turns(now, self._jobs, spare=spare)
            while not self._hosts.letting_go and self._has_room(places):
                turn = next(turns, None)
                if turn is None:
                    break
                self._jobs[turn.host] = asyncio.create_task(self._take(turn), name="host")

    def _has_room(self, places: int) -> bool:
        # What waits for the broker, or for a slow host, asks nobody; of the former there may be as many again.
        waiting = min(self._insist.waiting, self._settings.fetcher_hosts_at_once)
        return self._pulse.steady() and len(self._jobs) - self._hosts.resting - waiting < places

    async def _doze(self) -> None:
        seconds = self._doze_seconds
        at = self._frontier.next_look()
        if at is not None and self._has_room(self._settings.fetcher_hosts_at_once):
            seconds = min(seconds, max(0.005, (at - self._clock()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _take(self, turn: Turn) -> None:
        entry = turn.entry
        try:
            if entry.kind == "feed":
                await self._polling.poll(entry)
            elif self._is_unwatched(entry):
                await self._scribe.drop(entry, "its source is no longer watched")
            elif _is_list(entry):
                await self._polling.read(entry)
            else:
                await self._pages.fetch(entry)
        except NotOurs:
            logs.logger().info("let go", url=entry.url, why="the partition was handed over")
        except Exception as error:
            logs.logger().error("fault of ours", url=entry.url, exc_info=error)
            await self._stumbled(entry, error)
        finally:
            del self._jobs[turn.host]
            self._frontier.again(entry, self._clock())
            self.wake()

    def _is_unwatched(self, entry: FrontierEntry) -> bool:
        """Whether a request that nobody made by hand belongs to a source that was removed since."""
        request = entry.request
        if entry.state != "pending" or request is None or request.reason == "submitted" or request.source is None:
            return False
        return self._book.removed(request.source)

    async def _stumbled(self, entry: FrontierEntry, error: Exception) -> None:
        why = f"a fault of ours: {type(error).__name__}: {error}"
        try:
            if entry.kind == "feed":
                await self._polling.failed(entry, why, "ours")
            elif _is_list(entry):
                await self._polling.put_off(entry, Later("unreachable", why, fault="ours"))
            else:
                await self._pages.put_off(entry, Later("unreachable", why, fault="ours"))
        except NotOurs:
            return


def _is_list(entry: FrontierEntry) -> bool:
    return entry.request is not None and entry.request.listing is not None
