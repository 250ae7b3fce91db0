"""Requests to hosts, each in its time and counted on its host: delays, budgets, strikes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FrontierEntry, pack, unpack
from services.fetcher.lifecycle import Mark
from services.fetcher.politeness import Rule, answered, asked, closed, rule_for, spared
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import HOST_RECORD_EVERY, Frontier
from services.fetcher.queue.ledger import Insistence, Ledger, NotOurs
from services.fetcher.reach import Reach
from services.fetcher.source_book import SourceBook
from services.fetcher.web.answers import Answer, Fault, Outcome, Web, status_class
from services.fetcher.web.challenges import challenge
from services.fetcher.web.credentials import Credentials
from services.runtime import logs, metrics
from services.runtime.stage import Transient

LONGEST_PAUSE = timedelta(seconds=60)
"""A job that has asked nothing yet waits no longer than this; one that has, holds no place while it does."""
LOOK_SECONDS = 1.0
SILENCES = frozenset({"dns", "connect", "tls", "timeout", "protocol"})
"""Faults that a second time in a row speak of the host."""
CHALLENGED = 503
"""What a challenge page means for the host, whatever its status: leave it alone for a while."""
MAX_KEPT_ROBOTS = 64 * 1024
"""A longer robots.txt is not written down: the next owner of its host asks for it again."""
RECENT = timedelta(minutes=10)


class NotNow(Exception):
    """The host may not be asked for a good while."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until.isoformat(timespec='seconds')}")
        self.until = until


class HostRules:
    """How gently each host is treated, by settings, sources and robots.txt."""

    def __init__(self, defaults: Rule, book: SourceBook) -> None:
        self._defaults = defaults
        self._book = book
        self.crawl_delays: dict[str, float] = {}

    def __call__(self, host: str) -> Rule:
        return rule_for(self._defaults, self._book.wishes(host), self.crawl_delays.get(host))


class Hosts:
    """Asks the hosts that are ours, one request at a time each."""

    def __init__(
        self,
        *,
        frontier: Frontier,
        ledger: Ledger,
        rules: HostRules,
        web: Web,
        pulse: Pulse,
        insist: Insistence,
        clock: Callable[[], datetime],
        random: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        credentials: Credentials | None = None,
    ) -> None:
        self._credentials = credentials
        self.rules = rules
        self.letting_go = False
        self.resting = 0
        """How many jobs wait for longer than the longest pause."""
        self._frontier = frontier
        self._ledger = ledger
        self._web = web
        self._pulse = pulse
        self._insist = insist
        self._clock = clock
        self._random = random
        self._sleep = sleep
        self._reach = Reach()
        self._asking: set[str] = set()
        self._written: dict[str, datetime] = {}
        self._unwritten: set[str] = set()
        """Hosts of which more is known than stands in the log."""

    def ours(self, host: str) -> bool:
        """Whether we may ask the host at all."""
        return self._frontier.owns(host)

    def strikes(self, host: str) -> int:
        """How often in a row the host wished to be left alone."""
        return self._frontier.host(host, self._clock()).strikes

    async def request(
        self, host: str, url: str, source: str | None, headers: Mapping[str, str], *, patient: bool
    ) -> Outcome:
        """One request, when the host may be asked. Raises NotOurs, and NotNow unless `patient`."""
        await self._pace(host, patient)
        self._asking.add(host)
        try:
            self._frontier.put(self._mark().on(asked(self._frontier.host(host, self._clock()), self._clock())))
            await self._keep(host)
            if not (self.ours(host) and self._pulse.steady()):
                raise NotOurs(host)  # writing took so long that another may ask the host now
            secrets = self._credentials.headers_for(source, url) if self._credentials else {}
            outcome = await self._web.get(url, {**headers, **secrets})
        finally:
            self._asking.discard(host)
        fault = outcome.kind if isinstance(outcome, Fault) else None
        self._reach.heard(host, fault)
        before = self.state(host)
        if self.cut_off or fault == "proxy":
            after = spared(before, self.rules(host), self._clock(), self._random)
        else:
            after = self._told_by(outcome, before, host)
        self._frontier.put(self._mark().on(after))
        self._unwritten.add(host)
        if after.strikes != before.strikes:
            await self._keep(host, at_once=True)
        metrics.FETCHES.labels(source or "", status_class(outcome)).inc()
        metrics.FETCH_SECONDS.labels(source or "").observe(outcome.seconds)
        return outcome

    @property
    def cut_off(self) -> bool:
        """Whether nothing at all answers, so that no host is to blame."""
        return self._reach.cut_off

    def _told_by(self, outcome: Outcome, before: FrontierEntry, host: str) -> FrontierEntry:
        """The host's state after its answer, or after none."""
        answer = outcome if isinstance(outcome, Answer) else None
        silent = isinstance(outcome, Fault) and outcome.kind in SILENCES
        status = None if silent else (answer.status if answer else 0)
        if answer is not None and challenge(answer):
            status = CHALLENGED
        retry_after = answer.header("retry-after") if answer else ""
        return answered(before, self.rules(host), status, retry_after, self._clock(), self._random)

    def state(self, host: str) -> FrontierEntry:
        """What is known of the host."""
        return self._frontier.host(host, self._clock())

    async def learn(self, host: str, **facts: object) -> None:
        """Write down what was learned of the host."""
        self._frontier.put(self._mark().on(self.state(host), **facts))
        await self._keep(host, at_once=True)

    def known_robots(self, place: str) -> tuple[str, datetime] | None:
        """The text at a robots.txt's URL and when it was read, as this replica or one before it wrote it down."""
        host = host_of(place)
        kept = self._frontier.get(host, f"url:{canonical_url(place)}") if self.ours(host) else None
        if kept is None or kept.robots is None or kept.robots_at is None:
            return None
        return unpack(kept.robots).decode(), kept.robots_at

    async def keep_robots(self, place: str, text: str) -> None:
        """Write a robots.txt down, for whoever has the host next."""
        host = host_of(place)
        if not self.ours(host) or len(text) > MAX_KEPT_ROBOTS:
            return
        now = self._clock()
        key = canonical_url(place)
        async with self._ledger.lock(host):
            known = self._frontier.get(host, f"url:{key}") or FrontierEntry(
                kind="url", host=host, url=key, first_seen=now, state="fetched", writer="", written_at=now
            )
            kept = self._mark().on(known, robots=pack(text.encode()), robots_at=now, last_seen=now)
            await self._insist(lambda: self._ledger.write(kept))

    async def close(self, host: str, strikes: int) -> datetime:
        """Leave the host alone, for its robots.txt can't be read; until when. `strikes` it had before that."""
        known = self._frontier.host(host, self._clock())
        after = closed(known, strikes, self.rules(host), self._clock(), self._random)
        self._frontier.put(self._mark().on(after))
        await self._keep(host, at_once=True)
        assert after.retry_after is not None
        return after.retry_after

    async def catch_up(self) -> None:
        """Write down what is known of hosts that were asked a while ago, and not since."""
        now = self._clock()
        for host in [h for h in self._unwritten if now - self._written.get(h, now) >= HOST_RECORD_EVERY]:
            self._unwritten.discard(host)
            try:
                await self._keep(host)
            except NotOurs:
                continue
        self._written = {host: at for host, at in self._written.items() if now - at < RECENT}

    async def write_recent(self, seconds: float) -> None:
        """Write down what is known of the hosts asked lately: the next owner counts from there."""
        now = self._clock()
        recent = [host for host, written in self._written.items() if now - written < RECENT and self.ours(host)]
        self._written.clear()
        self._unwritten.clear()
        hosts = [self._mark().on(self._frontier.host(host, now)) for host in recent]
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._ledger.write(host) for host in hosts))
        except (NotOurs, Transient, TimeoutError) as error:
            logs.logger().warning("hosts let go without a word", hosts=len(hosts), error=str(error))

    async def _pace(self, host: str, patient: bool) -> None:
        began = self._clock()
        while True:
            if self.letting_go or not self._frontier.owns(host):
                raise NotOurs(host)
            now = self._clock()
            until = self._frontier.allowed_from(host, now)
            if until <= now and host not in self._asking and self._pulse.steady():
                return
            if until - now > LONGEST_PAUSE and not patient:
                raise NotNow(until)
            rests = max(until, now) - began > LONGEST_PAUSE
            self.resting += rests
            try:
                await self._sleep(min(max((until - now).total_seconds(), 0.01), LOOK_SECONDS))
            finally:
                self.resting -= rests

    async def _keep(self, host: str, *, at_once: bool = False) -> None:
        """Write the host's record down, if that is long ago: whoever takes the host over must know of us."""
        now = self._clock()
        written = self._written.get(host)
        if written is not None and now - written < HOST_RECORD_EVERY and not at_once:
            self._unwritten.add(host)
            return
        self._written[host] = now
        self._unwritten.discard(host)
        await self._insist(lambda: self._ledger.write(self._frontier.host(host, now)))

    def _mark(self) -> Mark:
        return Mark(self._frontier.writer, self._clock())
