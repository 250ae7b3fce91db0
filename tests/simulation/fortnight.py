"""Three hundred sources on 200 hosts for a fortnight, crawled by replicas that come, go and die.

Only the wire and the broker are played; the time is an event loop's own.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import structlog
from news_world import DAY, HOUR, Paper, World, make_world
from replicas import Group, Log, Replica
from virtual_time import run

from services.fetcher.source_health import health

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 14
SEED = 5
HEALTH_EVERY = 6 * HOUR
LAST_HOURS = 48 * HOUR
"""What is published so late need not be found by the end: a feed that lies is doubted every sixth poll only."""
MINUTE = 60.0


@dataclass
class Fortnight:
    """What came of it."""

    world: World
    pages: list[str]
    """URLs of the pages that were delivered, in order."""
    handed_over: list[tuple[str, float, float]]
    """As in the log of the replicas."""
    alarms: dict[str, float] = field(default_factory=dict)
    """When each source was first called silent."""
    failing: set[str] = field(default_factory=set)
    """Which sources were ever called failing or blocked."""

    def articles(self, paper: Paper) -> list[tuple[str, float]]:
        """What it published while it was watched, early enough to be found."""
        return [
            (paper.page(number), at) for number, at in enumerate(paper.times) if MINUTE < at < DAYS * DAY - LAST_HOURS
        ]

    def delays(self, paper: Paper) -> list[float]:
        """Seconds from publication to the request that was answered."""
        asked = self.world.first_asked
        return [asked[url] - at for url, at in self.articles(paper) if url in asked]

    def of(self, kinds: Sequence[str]) -> list[Paper]:
        """The papers of these kinds."""
        return [paper for paper in self.world.papers.values() if paper.kind.name in kinds]

    def median_of(self, kinds: Sequence[str]) -> float:
        """Minutes, over all articles of these kinds."""
        return median(delay for paper in self.of(kinds) for delay in self.delays(paper)) / MINUTE


async def live_through(clock: Callable[[], datetime]) -> Fortnight:
    """One replica, then three, then two, and so on, three times by a death."""
    world, log = make_world(MONDAY, DAYS, SEED), Log()
    sources = [paper.source for paper in world.papers.values()]
    found = Fortnight(world, log.pages, log.handed_over)
    group = Group(log, lambda name: Replica(name, log, world, sources, clock))
    await group.join(1)
    steps: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        # While all that the feeds list at first is fetched, no host is idle.
        (30.0, lambda: group.join(2)),
        (2 * MINUTE, group.kill),
        (3.3 * DAY, lambda: group.join(1)),
        (5.6 * DAY, group.kill),
        (8.4 * DAY, lambda: group.join(1)),
        (10.7 * DAY, group.leave),
        (12.5 * DAY, group.kill),
    ]
    loop = asyncio.get_running_loop()
    for look in range(1, int(DAYS * DAY / HEALTH_EVERY) + 1):
        while steps and steps[0][0] <= look * HEALTH_EVERY:
            at, change = steps.pop(0)
            await asyncio.sleep(at - loop.time())
            await change()
        await asyncio.sleep(max(0.0, look * HEALTH_EVERY - loop.time()))
        for paper in world.papers.values():
            owner = group.owner(paper.site.name)
            entry = owner.frontier.get(paper.site.name, f"feed:{paper.feed}") if owner is not None else None
            assert entry is not None
            state = health([entry], clock()).state
            if state == "silent":
                found.alarms.setdefault(paper.id, loop.time())
            elif state in ("failing", "blocked"):
                found.failing.add(paper.id)
    return found


def lived() -> Fortnight:
    """All fourteen days: two minutes of one processor."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return run(live_through, MONDAY)
