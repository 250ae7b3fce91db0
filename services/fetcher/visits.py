"""One URL asked for to its end: robots.txt first, then the page or feed, then where it redirects to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.contracts.identity import host_of
from services.fetcher.faults import TROUBLES
from services.fetcher.hosts import Hosts, NotNow
from services.fetcher.interpret import MAX_HOPS, Denied, Later, Meaning, Move, Unchanged, Usable, meaning
from services.fetcher.reach import SILENT
from services.fetcher.robots import FRESH, Robots, open_robots, read_robots, robots_url
from services.fetcher.web.answers import Outcome
from services.runtime import metrics

PROXY = "proxy"
OF_THE_HOST = frozenset(row.name for row in TROUBLES if row.signal == "host") - {"robots-unread"}
MAX_ROBOTS_HOPS = 5
MAX_ROBOTS_KEPT = 20_000


@dataclass
class Visit:
    """One job's requests. Only before the first may it give its turn back: after that it would begin anew for ever."""

    hosts: Hosts
    home: str
    source: str | None
    begun: bool = False

    async def ask(self, url: str, headers: Mapping[str, str]) -> Outcome:
        """The next request, paced by the URL's own host. Raises NotOurs or NotNow.

        Where another replica has that host, by the host that sent us there: a robots.txt or a feed that redirects, to
        `www` say, is a request a day or a poll, and not to follow it would close the site.
        """
        host = host_of(url)
        payer = host if self.hosts.ours(host) else self.home
        outcome = await self.hosts.request(payer, url, self.source, headers, patient=self.begun)
        self.begun = True
        return outcome


class Visits:
    """Asks for URLs as robots.txt allows; remembers each robots.txt for a day."""

    def __init__(self, hosts: Hosts, product: str, denied_for: timedelta, clock: Callable[[], datetime]) -> None:
        self._hosts = hosts
        self._product = product
        self._denied_for = denied_for
        self._clock = clock
        self._robots: dict[str, Robots] = {}

    async def obtain(self, url: str, source: str | None, headers: Mapping[str, str], *, across: bool) -> Meaning:
        """Ask for a URL and follow its redirects on the host, or `across` hosts; a Move leads elsewhere."""
        first = host_of(url)
        visit = Visit(self._hosts, first, source)
        seen = {url}
        permanent = True
        try:
            for _ in range(MAX_HOPS + 1):
                robots = await self._robots_for(visit, url)
                if robots.closed is not None:
                    return self._blameless(robots.closed, host_of(url))
                if not robots.allows(url, self._product):
                    return Denied("robots", f"robots.txt disallows it to {self._product}", "robots")
                found = meaning(await visit.ask(url, headers))
                if isinstance(found, Later | Denied) and found.fault is not None:
                    metrics.FETCH_FAULTS.labels(found.fault).inc()
                if isinstance(found, Usable | Unchanged):
                    return replace(found, moved_to=url if permanent and len(seen) > 1 else None)
                if not isinstance(found, Move) or (host_of(found.url) != first and not across):
                    return self._blameless(found, host_of(url))
                if found.url in seen:
                    return Denied("too-many-redirects", f"a loop through {found.url}", "too-many-redirects")
                url = found.url
                permanent = permanent and found.permanent
                seen.add(url)
        except NotNow as error:
            return Later("budget", str(error), error.until, "budget")
        return Denied("too-many-redirects", f"more than {MAX_HOPS}", "too-many-redirects")

    def _blameless(self, found: Meaning, host: str) -> Meaning:
        """What is not the URL's own fault is no attempt of it: it waits as long as the host does.

        That is a fault of ours (our proxy's, or nothing at all answers), and a host in trouble that was so before.
        """
        if not isinstance(found, Later):
            return found
        ours = found.fault == PROXY or (found.fault in SILENT and self._hosts.cut_off)
        if ours or (found.fault in OF_THE_HOST and self._hosts.strikes(host) > 1):
            return replace(found, until=self._hosts.state(host).retry_after or self._clock() + self._denied_for)
        return found

    async def _robots_for(self, visit: Visit, url: str) -> Robots:
        place = robots_url(url)
        kept = self._robots.get(place)
        if kept is not None and kept.until > self._clock():
            if isinstance(kept.closed, Later):
                # Whoever asked for the file had the failed attempt; the others only wait.
                return Robots(kept.until, closed=replace(kept.closed, until=kept.until))
            return kept
        host = host_of(place)
        known = self._hosts.known_robots(place)
        if known is not None and known[1] + FRESH > self._clock():
            return self._keep(place, open_robots(known[0], known[1] + FRESH))
        strikes = self._hosts.strikes(host)
        robots = await self._read(visit, place)
        if robots.closed is not None and robots.closed.fault is not None:
            metrics.FETCH_FAULTS.labels(robots.closed.fault).inc()
        if isinstance(robots.closed, Later) and self._hosts.cut_off:
            robots = replace(robots, until=self._hosts.state(host).retry_after or robots.until)
        elif isinstance(robots.closed, Later) and self._hosts.ours(host):
            robots = replace(robots, until=await self._hosts.close(host, strikes))
        if robots.text is not None:
            await self._hosts.keep_robots(place, robots.text)
        return self._keep(place, robots)

    def _keep(self, place: str, robots: Robots) -> Robots:
        host = host_of(place)
        if len(self._robots) >= MAX_ROBOTS_KEPT:
            self._robots = {k: v for k, v in self._robots.items() if v.until > self._clock()}
        self._robots[place] = robots
        delay = robots.crawl_delay(self._product)
        if delay is not None:
            self._hosts.rules.crawl_delays[host] = delay
        elif robots.closed is None:
            self._hosts.rules.crawl_delays.pop(host, None)
        return robots

    async def _read(self, visit: Visit, place: str) -> Robots:
        outcome = await visit.ask(place, {})
        for _ in range(MAX_ROBOTS_HOPS):
            found = meaning(outcome)
            if not isinstance(found, Move):
                break
            outcome = await visit.ask(found.url, {})
        return read_robots(outcome, self._clock(), self._denied_for)
