"""A fortnight of 300 sources on 200 hosts, crawled by replicas that come, go and die: nothing lost, nobody hurt.

The best fixed interval of a feed is the longest at which its articles would have waited, in the median, no longer than
they did here.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import median

import pytest
from fortnight import DAYS, MINUTE, Fortnight
from news_world import DAY, KINDS

HOURLY = ("agency", "hourly", "daytime")
DAILY = ("daily", "column", "weekday")
MIDDLE = ("paper", "batches", "small")
TARGETS = {**dict.fromkeys(HOURLY, 6 * MINUTE), **dict.fromkeys(DAILY, 90 * MINUTE)}
"""The longest median wait of an article, in seconds, by the kind of its paper."""
MOST_POLLS = 1.5
"""Against the best fixed interval."""
LONGEST_FIXED = DAY
MOST_FALSE_ALARMS = 4
"""Sources called silent that were not: news by chance sometimes keep people waiting."""
ALARM_AFTER = 7 * DAY
KILLS = 3
MOST_REPEATS = KILLS * 32
"""Pages that a replica was fetching when it died; each fetches one of so many hosts at once."""


def best_fixed(times: Sequence[float], target: float) -> float:
    """The longest fixed interval, in seconds, at which these articles wait `target` seconds in the median."""

    def waits(interval: float) -> float:
        phases = [interval * phase / 4 for phase in range(4)]
        return median(interval - (at - phase) % interval for at in times for phase in phases)

    low, high = MINUTE, LONGEST_FIXED
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if waits(middle) <= target else (low, middle)
    return low


def polls(fortnight: Fortnight, kinds: Sequence[str]) -> int:
    return sum(len(fortnight.world.polls[paper.id]) for paper in fortnight.of(kinds))


def best_fixed_polls(fortnight: Fortnight, kinds: Sequence[str], target: float | None = None) -> float:
    """Of all feeds of these kinds, each with the interval that is best for it; `target` in seconds, or as achieved."""
    total = 0.0
    for paper in fortnight.of(kinds):
        times = [at for _, at in fortnight.articles(paper)]
        if times:
            total += DAYS * DAY / best_fixed(times, target or median(fortnight.delays(paper)))
    return total


pytestmark = pytest.mark.timeout(900)


def test_every_article_is_found_and_delivered_once(fortnight: Fortnight) -> None:
    published = [url for paper in fortnight.world.papers.values() for url, _ in fortnight.articles(paper)]
    assert len(published) > 10_000
    assert set(published) <= fortnight.world.first_asked.keys()
    delivered = Counter(fortnight.pages)
    assert set(published) <= delivered.keys()
    for counts in (delivered, fortnight.world.fetched):
        assert sum(counts.values()) - len(counts) <= MOST_REPEATS


def test_no_host_sees_two_requests_closer_than_its_delay(fortnight: Fortnight) -> None:
    assert sum(fortnight.world.requests.values()) > 100_000
    assert fortnight.world.breaches == []


def test_a_new_owner_waits_until_the_former_one_surely_asks_no_more(fortnight: Fortnight) -> None:
    assert len(fortnight.handed_over) > 50
    assert [late for late in fortnight.handed_over if late[1] < late[2]] == []


def test_news_of_every_hour_wait_six_minutes_and_daily_ones_ninety(fortnight: Fortnight) -> None:
    for kind in KINDS:
        if kind.name in TARGETS:
            assert fortnight.median_of([kind.name]) * MINUTE <= TARGETS[kind.name], kind.name
    assert fortnight.median_of(MIDDLE) <= 30


def test_polls_are_no_more_than_half_as_many_again_as_the_best_fixed_intervals_take(fortnight: Fortnight) -> None:
    everybody = [kind.name for kind in KINDS]
    assert polls(fortnight, everybody) <= MOST_POLLS * best_fixed_polls(fortnight, everybody)
    for kind in KINDS:
        assert polls(fortnight, [kind.name]) <= MOST_POLLS * best_fixed_polls(fortnight, [kind.name]), kind.name
        if kind.name in TARGETS:  # nor than those that would just do
            enough = best_fixed_polls(fortnight, [kind.name], TARGETS[kind.name])
            assert polls(fortnight, [kind.name]) <= MOST_POLLS * enough, kind.name


def test_sources_that_fall_silent_are_told_and_hardly_another(fortnight: Fortnight) -> None:
    ended = {paper.id: paper.ends for paper in fortnight.world.papers.values() if paper.ends is not None}
    assert len(ended) == 6
    for paper, end in ended.items():
        assert end < fortnight.alarms[paper] < end + ALARM_AFTER
    assert len(fortnight.alarms.keys() - ended.keys()) <= MOST_FALSE_ALARMS
    assert len(fortnight.failing) > 20  # the outages were seen
