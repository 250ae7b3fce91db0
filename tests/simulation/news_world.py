"""A web of news sites with the habits of real ones, and a notebook of who asked for what and when."""

import asyncio
import json
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from services.contracts.sources import Source
from services.fetcher.web.answers import Answer, Fault, Outcome

HOUR, DAY = 3600.0, 86400.0
DELAY = 2.0
SLACK = 0.001
"""Seconds by which two requests may be closer than they should, for the clock's roundings."""
HISTORY_DAYS = 21
SHAPES: dict[str, list[float]] = {
    "news": [0.1] * 6 + [0.6, 1.2, 1.6, 1.8] + [1.5] * 8 + [1.2, 1, 0.9, 0.8, 0.5, 0.2],
    "day": [0.0] * 6 + [1.0] * 14 + [0.0] * 4,
    "office": [0.0] * 8 + [1.0] * 10 + [0.0] * 6,
    "morning": [0.0] * 6 + [1.0, 4.0, 2.0] + [0.1] * 15,
}
"""How much news each hour of a site's day brings, beside the others."""

Habit = Literal["honest", "bare", "liar"]
"""How a feed answers a conditional request: by its ETag, without any, or "not modified" whatever happened."""
OutageKind = Literal["connect", "500", "503", "503-date", "429"]


@dataclass(frozen=True)
class Kind:
    """So many sources with so much news a day, at such hours, in such batches; `weekend` is the share left then."""

    name: str
    count: int
    per_day: tuple[float, float]
    shape: str
    listed: int
    batch: int = 1
    weekend: tuple[float, float] = (0.4, 1.0)


KINDS = (
    Kind("agency", 2, (80, 130), "news", 30),
    Kind("hourly", 9, (24, 40), "news", 30),
    Kind("daytime", 7, (14, 18), "day", 20),
    Kind("paper", 20, (5, 10), "news", 20),
    Kind("batches", 6, (4, 9), "news", 15, batch=4),
    Kind("small", 45, (2, 4), "news", 10),
    Kind("daily", 153, (0.8, 1.4), "news", 10),
    Kind("column", 28, (0.9, 1.1), "morning", 10, weekend=(1.0, 1.0)),
    Kind("weekday", 12, (1.0, 1.2), "office", 10, weekend=(0.0, 0.0)),
    Kind("weekly", 18, (0.2, 0.35), "news", 10),
)


@dataclass
class Outage:
    """A host that doesn't answer as it should for a while; seconds since the start."""

    begin: float
    end: float
    kind: OutageKind


@dataclass
class Site:
    """A host."""

    name: str
    crawl_delay: float | None
    outages: list[Outage] = field(default_factory=list)
    last_asked: float = float("-inf")

    @property
    def delay(self) -> float:
        """Seconds between two requests."""
        return max(DELAY, self.crawl_delay or 0.0)


@dataclass
class Paper:
    """A source: its feed and what it publishes, in seconds since the start; before it is history."""

    id: str
    kind: Kind
    site: Site
    habit: Habit
    dated: bool
    rss: bool
    max_age: int | None
    times: list[float] = field(default_factory=list)
    corrections: list[float] = field(default_factory=list)
    """When the title of a listed entry was changed: the feed is another then, and nothing is new."""
    ends: float | None = None
    """When it falls silent."""

    @property
    def feed(self) -> str:
        return f"https://{self.site.name}/{self.id}/feed.{'xml' if self.rss else 'json'}"

    def page(self, number: int) -> str:
        """The address of an article."""
        return f"https://{self.site.name}/{self.id}/{number}"

    @property
    def source(self) -> Source:
        return Source(id=self.id, name=self.id, homepage=f"https://{self.site.name}/{self.id}/", feeds=(self.feed,))

    def published(self, until: float) -> int:
        """How many articles there are by then."""
        return bisect_right(self.times, until)


@dataclass
class World:
    """All sites, and what was asked of them."""

    start: datetime
    days: int
    sites: dict[str, Site]
    papers: dict[str, Paper]
    chance: random.Random
    first_asked: dict[str, float] = field(default_factory=dict)
    """When each article was first asked for and answered."""
    polls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    breaches: list[tuple[str, float, float]] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    fetched: Counter[str] = field(default_factory=Counter)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """One request; the answer takes part of a second."""
        now = asyncio.get_running_loop().time()
        _, _, host, *path = url.split("/")
        site = self.sites[host]
        if now - site.last_asked < site.delay - SLACK:
            self.breaches.append((url, site.last_asked, now))
        site.last_asked = now
        feed = path[-1].startswith("feed.")
        if feed:
            self.polls[path[0]].append(now)
        await asyncio.sleep(0.05 + self.chance.random() * 0.4)
        outcome = self._trouble(site, url, now) or self._answer(site, url, path, headers or {}, now)
        what = "robots" if path == ["robots.txt"] else "feeds" if feed else "articles"
        self.requests[what] += 1
        if what == "articles" and isinstance(outcome, Answer) and outcome.status == 200:
            self.first_asked.setdefault(url, now)
            self.fetched[url] += 1
        return outcome

    def _trouble(self, site: Site, url: str, now: float) -> Outcome | None:
        for outage in site.outages:
            if outage.begin <= now < outage.end:
                ends = format_datetime(self.start + timedelta(seconds=outage.end), usegmt=True)
                match outage.kind:
                    case "connect":
                        return Fault(url, "connect", "refused")
                    case "500":
                        return Answer(url, 500, {})
                    case "503":
                        return Answer(url, 503, {})
                    case "503-date":
                        return Answer(url, 503, {"retry-after": ends})
                    case "429":
                        return Answer(url, 429, {"retry-after": "900"})
        luck = self.chance.random()
        if luck < 0.001:
            return Answer(url, 429, {"retry-after": str(self.chance.randrange(30, 600))})
        return Fault(url, "timeout", "slow") if luck < 0.002 else None

    def _answer(self, site: Site, url: str, path: list[str], headers: Mapping[str, str], now: float) -> Outcome:
        if path == ["robots.txt"]:
            if site.crawl_delay is None:
                return Answer(url, 404, {})
            return Answer(url, 200, {}, f"User-agent: *\nCrawl-delay: {site.crawl_delay:g}\n".encode())
        paper = self.papers.get(path[0])
        if paper is None:
            return Answer(url, 404, {})
        if path[1].startswith("feed."):
            return _feed(paper, self.start, headers, now)
        number = int(path[1])
        if number >= paper.published(now):
            return Answer(url, 404, {})
        tag = f'"{number}"'
        if headers.get("If-None-Match") == tag:
            return Answer(url, 304, {})
        body = f"<html lang=en><title>{paper.id} {number}</title><p>What happened, number {number}."
        return Answer(url, 200, {"content-type": "text/html; charset=utf-8", "etag": tag}, body.encode())


def _feed(paper: Paper, start: datetime, headers: Mapping[str, str], now: float) -> Answer:
    count, changes = paper.published(now), bisect_right(paper.corrections, now)
    tag = f'"{count}-{changes}"'
    told = {"content-type": "application/rss+xml" if paper.rss else "application/feed+json"}
    if paper.habit != "bare":
        told["etag"] = tag
    if paper.max_age is not None:
        told["cache-control"] = f"max-age={paper.max_age}"
    asked = headers.get("If-None-Match")
    if asked is not None and (asked == tag or paper.habit == "liar"):
        return Answer(paper.feed, 304, {**told, "etag": asked})
    numbers = range(count - 1, max(-1, count - 1 - paper.kind.listed), -1)
    entries = []
    for number in numbers:
        title = f"News {number}" + (f" (corrected {changes})" if changes and number == count - 1 else "")
        entries.append((paper.page(number), title, start + timedelta(seconds=paper.times[number])))
    return Answer(paper.feed, 200, told, (_rss if paper.rss else _json_feed)(paper, entries).encode())


def _json_feed(paper: Paper, entries: list[tuple[str, str, datetime]]) -> str:
    items = [
        {"id": url, "url": url, "title": title} | ({"date_published": at.isoformat()} if paper.dated else {})
        for url, title, at in entries
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": paper.id, "items": items})


def _rss(paper: Paper, entries: list[tuple[str, str, datetime]]) -> str:
    items = "".join(
        f"<item><link>{url}</link><title>{title}</title>"
        + (f"<pubDate>{format_datetime(at)}</pubDate>" if paper.dated else "")
        + "</item>"
        for url, title, at in entries
    )
    return f'<rss version="2.0"><channel><title>{paper.id}</title><ttl>5</ttl>{items}</channel></rss>'


def make_world(start: datetime, days: int, seed: int) -> World:
    """300 sources on 200 hosts: 150 hosts with one each, 50 with three. `start` is a Monday's midnight."""
    chance = random.Random(seed)
    sites = [Site(f"site{n}.example", chance.choice((5.0, 10.0)) if n % 10 == 3 else None) for n in range(200)]
    places = [site for n, site in enumerate(sites) for _ in range(3 if n < 50 else 1)]
    chance.shuffle(places)
    papers: list[Paper] = []
    for kind in KINDS:
        for _ in range(kind.count):
            number = len(papers)
            papers.append(
                Paper(
                    f"s{number}",
                    kind,
                    places[number],
                    "liar" if number % 25 == 7 else "bare" if number % 5 == 1 else "honest",
                    dated=number % 12 != 5,
                    rss=number % 75 == 11,
                    max_age=300 if number % 6 == 2 else None,
                )
            )
    # Of some kinds one falls silent in the first week.
    for number in (5, 15, 25, 40, 50, 65):
        papers[number].ends = (3 + chance.random() * 3) * DAY
    for paper in papers:
        paper.times = _times(paper, chance, days)
        paper.corrections = sorted(chance.random() * days * DAY for _ in range(len(paper.times) // 40))
    busy = {paper.site.name for paper in papers if paper.kind.name in ("agency", "hourly", "batches")}
    for site in sites:
        for _ in range(chance.choice((0, 1, 1, 2))):
            begin = chance.random() * days * DAY
            hours = 0.2 + chance.random() * (1.3 if site.name in busy else 5.0)
            trouble: OutageKind = chance.choice(("connect", "500", "503", "503-date", "429"))
            site.outages.append(Outage(begin, begin + hours * HOUR, trouble))
    by_name = {site.name: site for site in sites}
    return World(start, days, by_name, {paper.id: paper for paper in papers}, random.Random(seed + 1))


def _times(paper: Paper, chance: random.Random, days: int) -> list[float]:
    """When it publishes: by its hours (five east of Greenwich), less at weekends, much more on a day now and then."""
    kind, shape = paper.kind, SHAPES[paper.kind.shape]
    weekend = chance.uniform(*kind.weekend)
    history = HISTORY_DAYS if kind.per_day[0] > 1 else 60
    news = chance.uniform(*kind.per_day) / kind.batch
    mean, peak = sum(shape) / 24, 3 * max(shape)
    great_days = {chance.randrange(days) for _ in range(2)} if 2 <= kind.per_day[0] < 20 else set()
    at = -history * DAY
    times: list[float] = []
    while True:
        at += chance.expovariate(news / DAY * peak / mean)
        if at >= (days * DAY if paper.ends is None else paper.ends):
            return sorted(time for time in times if time < days * DAY)
        local = at + 5 * HOUR
        day = int(local // DAY)
        share = shape[int(local % DAY // HOUR)] * (weekend if day % 7 >= 5 else 1.0) * (3 if day in great_days else 1)
        if chance.random() * peak < share:
            number = 1 if kind.batch == 1 else 1 + int(chance.expovariate(1 / (kind.batch - 1)))
            times += [at + chance.random() * 120 for _ in range(min(number, 8))]
