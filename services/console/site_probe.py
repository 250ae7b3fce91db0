"""Asks sites on an operator's behalf, as gently as the fetcher does: robots.txt first, one request a host at a time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import ListForm
from services.contracts.sources import Politeness
from services.fetcher.faults import NAMED
from services.fetcher.interpret import MAX_HOPS, Denied, Later, Move, Unchanged, Usable, charset_of, meaning
from services.fetcher.lists.feeds import read_feed
from services.fetcher.lists.index_pages import Shapes, choose, read_links
from services.fetcher.lists.listing import Child, Listing
from services.fetcher.lists.sitemaps import read_sitemap, sitemaps_of_robots
from services.fetcher.politeness import Rule, rule_for
from services.fetcher.robots import Robots, read_robots, robots_url
from services.fetcher.web.answers import Answer, Outcome, Web

MAX_REQUESTS = 200
"""Of one run to one host."""
MAX_WAIT_SECONDS = 120.0
"""Between two requests; a site that wants longer is not asked twice by hand."""
MAX_ROBOTS_HOPS = 5

Told = Usable | Later | Denied
"""What asking for an address came to, once every redirect was followed."""


@dataclass
class _Pace:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked: int = 0
    last: float | None = None
    rests: Later | None = None


class Probe:
    """One run's requests; remembers each robots.txt, and which hosts want to be left alone."""

    def __init__(
        self,
        web: Web,
        product: str,
        delay: float,
        wishes: Callable[[str], Politeness | None] = lambda _: None,
        secrets: Callable[[str | None, str], Mapping[str, str]] = lambda *_: {},
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._web = web
        self._product = product
        self._defaults = Rule(delay=delay)
        self._wishes = wishes
        self._secrets = secrets
        self._source: str | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._paces: defaultdict[str, _Pace] = defaultdict(_Pace)
        self._robots: dict[str, Robots] = {}
        self._robots_locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._crawl_delays: dict[str, float] = {}

    @property
    def now(self) -> datetime:
        """The run's clock."""
        return self._clock()

    def of(self, source: str | None) -> Self:
        """The same run asking for a source: its subscription's headers go along."""
        ours = copy(self)
        ours._source = source
        return ours

    async def ask(self, url: str) -> Told:
        """What stands at a URL, over at most 10 redirects. Never raises for what the web does."""
        first, seen, permanent = url, {url}, True
        for _ in range(MAX_HOPS + 1):
            try:
                robots = await self.robots(url)
            except BadUrl as error:
                return Denied("bad-url", str(error), "bad-url")
            if robots.closed is not None:
                return robots.closed
            if not robots.allows(url, self._product):
                return Denied("robots", f"robots.txt disallows it to {self._product}", "robots")
            outcome = await self._get(url)
            found = outcome if isinstance(outcome, Later) else meaning(outcome)
            if isinstance(found, Unchanged):
                return Denied("http-status", "status 304, though nothing was asked under a condition", "unasked-304")
            if isinstance(found, Usable):
                moved = permanent and canonical_url(url) != canonical_url(first)
                return replace(found, moved_to=url if moved else None)
            if not isinstance(found, Move):
                return found
            if found.url in seen:
                return Denied("too-many-redirects", f"a loop through {found.url}", "too-many-redirects")
            url, permanent = found.url, permanent and found.permanent
            seen.add(url)
        return Denied("too-many-redirects", f"more than {MAX_HOPS}", "too-many-redirects")

    async def robots(self, url: str) -> Robots:
        """What the robots.txt of a URL's site says. Raises BadUrl."""
        host, place = host_of(url), robots_url(url)
        async with self._robots_locks[place]:
            if place not in self._robots:
                robots = await self._read_robots(place)
                self._robots[place] = robots
                if (delay := robots.crawl_delay(self._product)) is not None:
                    self._crawl_delays[host] = delay
            return self._robots[place]

    async def _read_robots(self, place: str) -> Robots:
        outcome = await self._get(place)
        for _ in range(MAX_ROBOTS_HOPS):
            found = outcome if isinstance(outcome, Later) else meaning(outcome)
            if not isinstance(found, Move):
                break
            outcome = await self._get(found.url)
        if isinstance(outcome, Later):
            return Robots(self._clock(), closed=outcome)
        return read_robots(outcome, self._clock(), timedelta())

    async def _get(self, url: str) -> Outcome | Later:
        """One request, when the host may be asked again; Later where this run asks it no more."""
        host = host_of(url)
        pace = self._paces[host]
        async with pace.lock:
            delay = rule_for(self._defaults, self._wishes(host), self._crawl_delays.get(host)).delay
            if pace.rests is None and delay > MAX_WAIT_SECONDS:
                pace.rests = Later("budget", f"it wants {delay:.0f} s between two requests", fault="budget")
            if pace.rests is None and pace.asked >= MAX_REQUESTS:
                pace.rests = Later("budget", f"{MAX_REQUESTS} requests to it are enough for one run", fault="budget")
            if pace.rests is not None:
                return pace.rests
            if pace.last is not None:
                await self._sleep(max(0.0, pace.last + delay - self._monotonic()))
            pace.asked += 1
            outcome = await self._web.get(url, self._secrets(self._source, url))
            pace.last = self._monotonic()
            found = meaning(outcome)
            if isinstance(found, Later) and found.fault in NAMED and NAMED[found.fault].signal == "host":
                pace.rests = found  # 429, 503 or a challenge: whatever else we wanted there is answered by that
            return outcome


async def read_list(form: ListForm, answer: Answer, now: datetime) -> Listing:
    """What a list announces; of an index page, the links that would be asked for first. Raises NotAListing."""
    match form:
        case "feed":
            return await asyncio.to_thread(read_feed, answer.body, answer.url, answer.headers, now)
        case "sitemap":
            return await asyncio.to_thread(read_sitemap, answer.body, answer.url, now)
        case "robots":
            places = sitemaps_of_robots(answer.body.decode("utf-8", "replace"), answer.url)
            return Listing(children=tuple(map(Child, places)))
        case "index":
            charset = charset_of(answer.header("content-type"))
            links = await asyncio.to_thread(read_links, answer.body, answer.url, charset)
            nothing_known = Shapes()
            return choose(links, lambda _: nothing_known, lambda _: False, now)
