"""The loop that gives the hosts their turns, and what becomes of each answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.topics import FETCH_REQUESTS, FETCHED_PAGES, REJECTIONS
from services.fetcher.answers import Answer, Web
from services.fetcher.feeds import read_feed
from services.fetcher.frontier import Frontier, Turn, partition_of
from services.fetcher.hosts import HostRules, Hosts
from services.fetcher.interpret import (
    MAX_HOPS,
    Denied,
    Later,
    Move,
    Unchanged,
    Usable,
    interpret,
    rejection,
    without_user_info,
)
from services.fetcher.ledger import Insistence, Ledger, NotOurs, Publisher
from services.fetcher.lifecycle import Mark, Patience, denied, fetched, known_to, moved, not_polled, polled, postponed
from services.fetcher.listing import Listing, NotAListing
from services.fetcher.pulse import Pulse
from services.fetcher.schedule import Bounds, asked_interval, interval_after
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.visits import Visits
from services.runtime import logs, metrics
from services.runtime.retry import Backoff
from services.runtime.stage import VERSION

RELEASE_SECONDS = 5.0
DOZE_SECONDS = 1.0
GAUGE_SECONDS = 10.0
FEED_BATCH = 100


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
    ) -> None:
        self._settings = settings
        self._frontier = frontier
        self._ledger = ledger
        self._book = book
        self._publisher = publisher
        self._pulse = pulse
        self._clock = clock
        self._random = random
        self._patience = Patience(settings.fetcher_attempts, settings.fetcher_retry_seconds)
        self._bounds = Bounds(
            timedelta(seconds=settings.fetcher_min_poll_seconds), timedelta(seconds=settings.fetcher_max_poll_seconds)
        )
        self._insist = Insistence(Backoff(settings.retry_first_seconds, settings.retry_most_seconds), random, sleep)
        self._hosts = Hosts(
            frontier=frontier, ledger=ledger, rules=rules, web=web, pulse=pulse, insist=self._insist, clock=clock,
            random=random, sleep=sleep,
        )  # fmt: skip
        self._visits = Visits(self._hosts, settings.product, timedelta(seconds=settings.fetcher_retry_seconds), clock)
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._announced: dict[str, frozenset[str]] = {}
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
                    self._frontier.list_feeds(self._book.feeds(), now)
                self._start(now)
                await self._doze()
        finally:
            await self.release()

    async def gauge(self) -> None:
        """Say how much waits, for ever."""
        while True:
            counts = self._frontier.counts()
            for state in ("pending", "fetched", "rejected", "gone", "failed"):
                metrics.FRONTIER_ENTRIES.labels(state).set(counts[state])
            metrics.HOST_QUEUE_AGE_SECONDS.set(self._frontier.oldest_wait(self._clock()).total_seconds())
            await asyncio.sleep(GAUGE_SECONDS)

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
                    await self._insist(lambda: self._ledger.write(self._mark().on(newest)))
                except NotOurs:
                    return

    def _start(self, now: datetime) -> None:
        turns = self._frontier.turns(now, self._jobs)
        while not self._hosts.letting_go and self._has_room():
            turn = next(turns, None)
            if turn is None:
                return
            self._jobs[turn.host] = asyncio.create_task(self._take(turn), name="host")

    def _has_room(self) -> bool:
        return self._pulse.steady() and len(self._jobs) - self._hosts.resting < self._settings.fetcher_hosts_at_once

    async def _doze(self) -> None:
        seconds = DOZE_SECONDS
        at = self._frontier.next_look()
        if at is not None and self._has_room():
            seconds = min(seconds, max(0.005, (at - self._clock()).total_seconds()))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _take(self, turn: Turn) -> None:
        entry = turn.entry
        try:
            await (self._poll(entry) if entry.kind == "feed" else self._fetch(entry))
        except NotOurs:
            logs.logger().info("let go", url=entry.url, why="the partition was handed over")
        except Exception as error:
            logs.logger().error("fault of ours", url=entry.url, exc_info=error)
            await self._stumbled(entry, error)
        finally:
            del self._jobs[turn.host]
            self._frontier.again(entry, self._clock())
            self.wake()

    async def _stumbled(self, entry: FrontierEntry, error: Exception) -> None:
        why = Later("unreachable", f"a fault of ours: {type(error).__name__}: {error}")
        try:
            if entry.kind == "feed":
                await self._record(entry, not_polled(entry, why.detail, self._bounds.most, self._mark()))
            else:
                await self._put_off(entry, why)
        except NotOurs:
            return

    # One page

    async def _fetch(self, entry: FrontierEntry) -> None:
        request = entry.request
        if request is None:
            return
        started = self._clock()
        found = await self._visits.obtain(without_user_info(request.url), request.source, {}, across=False)
        match found:
            case Usable(answer=answer):
                facts = self._book.facts(request.source)
                page = await asyncio.to_thread(interpret, request, facts, answer, started, self._clock(), VERSION)
                if isinstance(page, Denied):
                    await self._deny(entry, page, self._clock())
                    return
                self._still_ours(entry)
                id_ = f"{entry.key}:{page.fetched_at.isoformat()}"
                await self._insist(lambda: self._publisher.send(FETCHED_PAGES, page, id_=id_))
                await self._record(entry, fetched(entry, page, self._mark()))
                self._count(request.source, "fetched")
                logs.logger().info(
                    "fetched", url=request.url, source=request.source, status=answer.status, bytes=len(answer.body),
                    seconds=round(answer.seconds, 3),
                )  # fmt: skip
            case Move(url=url):
                await self._follow(entry, request, url)
            case Unchanged():
                await self._deny(entry, Denied("http-status", "status 304, though nothing was known"), self._clock())
            case Later():
                await self._put_off(entry, found)
            case Denied():
                await self._deny(entry, found, self._clock())

    async def _follow(self, entry: FrontierEntry, request: FetchRequest, url: str) -> None:
        """A page that moved to another host is asked for there, by whoever owns that host."""
        first = request.origin or request.url
        if request.hops + 1 > MAX_HOPS or canonical_url(url) == canonical_url(first):
            await self._deny(entry, Denied("too-many-redirects", f"the redirects lead to {url}"), self._clock())
            return
        update = {"url": url, "hops": request.hops + 1, "origin": first, "requested_at": self._clock()}
        self._still_ours(entry)
        await self._ask_for(request.model_copy(update=update))
        await self._record(entry, moved(entry, url, self._mark()))
        logs.logger().info("moved", url=request.url, source=request.source, to=url)

    async def _put_off(self, entry: FrontierEntry, why: Later) -> None:
        result = postponed(entry, why, self._patience, self._mark(), self._random)
        if isinstance(result, Denied):
            await self._deny(entry, result, self._clock())
            return
        self._still_ours(entry)
        await self._record(entry, result)
        logs.logger().info(
            "put off", url=entry.url, source=entry.source, why=why.detail, attempts=result.attempts,
            until=result.due_at and result.due_at.isoformat(timespec="seconds"),
        )  # fmt: skip

    async def _deny(self, entry: FrontierEntry, why: Denied, fetched_at: datetime) -> None:
        assert entry.request is not None
        self._still_ours(entry)
        refused = rejection(entry.request, why, fetched_at, self._clock())
        id_ = f"{entry.key}:{refused.rejected_at.isoformat()}"
        await self._insist(lambda: self._publisher.send(REJECTIONS, refused, id_=id_))
        await self._record(entry, denied(entry, why, self._mark()))
        self._count(entry.request.source, "rejected")
        metrics.FETCH_REJECTIONS.labels(why.reason).inc()
        logs.logger().info(
            "rejected", url=entry.request.url, source=entry.request.source, reason=why.reason, detail=why.detail
        )

    # One feed

    async def _poll(self, entry: FrontierEntry) -> None:
        assert entry.url is not None
        headers = {}
        if entry.etag:
            headers["If-None-Match"] = entry.etag
        if entry.last_modified:
            headers["If-Modified-Since"] = entry.last_modified
        found = await self._visits.obtain(entry.url, entry.source, headers, across=True)
        match found:
            case Unchanged(answer=answer):
                await self._polled(entry, answer, None, None)
            case Usable(answer=answer):
                digest = hashlib.sha256(answer.body).hexdigest()
                if digest == entry.body_sha256:
                    await self._polled(entry, answer, digest, None)
                    return
                try:
                    feed = await asyncio.to_thread(read_feed, answer.body, answer.url, answer.headers, self._clock())
                except NotAListing as error:
                    await self._feed_failed(entry, str(error))
                else:
                    await self._polled(entry, answer, digest, feed)
            case Later(detail=detail, until=until):
                await self._feed_failed(entry, detail, until)
            case Denied(reason=reason, detail=detail):
                await self._feed_failed(entry, f"{reason}: {detail}")
            case Move(url=url):
                await self._feed_failed(entry, f"too many redirects, the last to {url}")

    async def _polled(self, entry: FrontierEntry, answer: Answer, digest: str | None, feed: Listing | None) -> None:
        self._still_ours(entry)
        listed = feed.entries if feed else ()
        new = await self._announce(entry, feed) if feed else 0
        before = None
        if entry.fetched_at is not None and entry.due_at is not None:
            before = entry.due_at - entry.fetched_at
        floor = feed.floor // timedelta(minutes=1) if feed and feed.floor else None
        interval = max(
            interval_after(before, new, len(listed), self._bounds),
            asked_interval(answer.headers, floor, self._clock(), self._bounds),
        )
        await self._record(entry, polled(entry, answer, digest, new, interval, self._mark()))
        logs.logger().info(
            "polled", feed=entry.url, source=entry.source, status=answer.status, listed=len(listed), new=new,
            next_in=round(interval.total_seconds(), 1),
        )  # fmt: skip

    async def _announce(self, entry: FrontierEntry, feed: Listing) -> int:
        """Ask for what the feed lists and we do not know; how many that were."""
        assert entry.url is not None
        now = self._clock()
        source = self._book.source(entry.source)
        lane = source.lane if source else "live"
        before = self._announced.get(entry.url, frozenset())
        fresh: list[FetchRequest] = []
        for item in feed.entries:
            url = canonical_url(item.url)
            host = host_of(url)
            if self._frontier.owns(host):
                if known_to(self._frontier.get(host, f"url:{url}"), now):
                    continue
            elif url in before:
                continue
            hints = {"title": item.title, "published": item.published}
            fresh.append(
                FetchRequest.model_validate(
                    {
                        "url": without_user_info(item.url),
                        "source": entry.source,
                        "reason": "feed",
                        "lane": lane,
                        "hints": hints,
                        "requested_at": now,
                    }
                )
            )
        for start in range(0, len(fresh), FEED_BATCH):
            await asyncio.gather(*(self._ask_for(request) for request in fresh[start : start + FEED_BATCH]))
        self._announced[entry.url] = frozenset(canonical_url(item.url) for item in feed.entries)
        for _ in fresh:
            self._count(entry.source, "discovered")
        return len(fresh)

    async def _feed_failed(self, entry: FrontierEntry, why: str, until: datetime | None = None) -> None:
        now = self._clock()
        wait = max(self._patience.wait(entry.attempts + 1, self._random), self._bounds.least)
        wait = max(min(wait, self._bounds.most), until - now if until else timedelta(0))
        self._still_ours(entry)
        await self._record(entry, not_polled(entry, why, wait, self._mark()))
        logs.logger().warning("feed not read", feed=entry.url, source=entry.source, why=why)

    # Writing

    async def _ask_for(self, request: FetchRequest) -> None:
        partition = partition_of(host_of(request.url), self._frontier.partitions)
        id_ = f"{canonical_url(request.url)}:{request.requested_at.isoformat()}"
        await self._insist(lambda: self._publisher.send(FETCH_REQUESTS, request, id_=id_, partition=partition))

    async def _record(self, before: FrontierEntry, after: FrontierEntry) -> None:
        """Replace a record, unless another request came in for it meanwhile: then that one stands."""
        async with self._ledger.lock(before.host):
            newest = self._frontier.get(before.host, before.key)
            if newest is None or newest.request == before.request:
                await self._insist(lambda: self._ledger.write(after))

    def _still_ours(self, entry: FrontierEntry) -> None:
        """Before an answer counts. Raises NotOurs where the host was lost while it spoke."""
        if not self._frontier.owns(entry.host):
            raise NotOurs(entry.host)

    def _mark(self) -> Mark:
        return Mark(self._frontier.writer, self._clock())

    def _count(self, source: str | None, event: str) -> None:
        if source:
            metrics.SOURCE_ARTICLES.labels(source, event).inc()
