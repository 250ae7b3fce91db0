"""When a polled list is read next: a pace from what it brought, and the hours at which it did."""

import math
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import pytest

from services.contracts.pages import FrontierEntry
from services.fetcher.schedule import Bounds, Pace, after_fault, asked_interval, paced, spread

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds()
FEED = FrontierEntry(
    kind="feed", host="a.example", url="http://a.example/rss", first_seen=NOW, writer="me", written_at=NOW
)


def learned(known: FrontierEntry, pace: Pace, now: datetime) -> FrontierEntry:
    return known.model_copy(
        update={
            "per_day": pace.per_day, "gap_seconds": pace.gap_seconds, "found_at": pace.found_at,
            "hours": pace.hours, "fetched_at": now,
        }
    )  # fmt: skip


def watched(published: list[datetime], until: datetime, listed: int = 20) -> tuple[list[datetime], FrontierEntry]:
    """The polls that a feed with these dates gets from NOW on, and its record after them."""
    known, now, polls = FEED, NOW, []
    while now < until:
        past = [date for date in published if date <= now]
        since = known.fetched_at
        pace = paced(known, [d for d in past[-listed:] if since is None or d > since], now, BOUNDS)
        known = learned(known, pace, now)
        polls.append(now)
        now += spread(pace.interval, "http://a.example/rss", now, BOUNDS)
    return polls, known


def delays(published: list[datetime], polls: list[datetime]) -> list[timedelta]:
    return [
        min(poll for poll in polls if poll >= date) - date for date in published if polls[0] < date <= polls[-1]
    ]  # fmt: skip


def every(gap: timedelta, days: float = 28, hours: range = range(24)) -> list[datetime]:
    """Dates from a fortnight before NOW on, about so far apart, in those hours of the day alone."""
    chance, at, dates = random.Random(7), NOW - 14 * DAY, []
    while at < NOW + (days - 14) * DAY:
        at += gap * (0.5 + chance.random())
        if at.hour in hours:
            dates.append(at)
    return dates


@pytest.mark.parametrize(
    ("published", "target", "most_polls_a_day"),
    [
        (every(HOUR), 6 * MINUTE, 144),
        (every(45 * MINUTE, hours=range(5, 20)), 6 * MINUTE, 125),
        (every(5 * HOUR), 15 * MINUTE, 54),
        (every(DAY), 90 * MINUTE, 12),
    ],
)
def test_news_wait_a_short_time_for_few_polls(
    published: list[datetime], target: timedelta, most_polls_a_day: float
) -> None:
    polls, _ = watched(published, NOW + 14 * DAY)
    assert median(delays(published, polls)) <= target
    assert len(polls) / 14 <= most_polls_a_day


def test_a_feed_is_read_seldom_at_the_hours_at_which_it_never_had_news() -> None:
    polls, known = watched(every(45 * MINUTE, hours=range(6, 18)), NOW + 14 * DAY)
    by_day = sum(6 <= poll.hour < 18 for poll in polls)
    assert by_day > 2 * (len(polls) - by_day)
    assert sum(known.hours[2:6]) > 0.99 * sum(known.hours)


def test_the_first_poll_learns_the_habits_from_the_dates() -> None:
    hourly = paced(FEED, [NOW - n * HOUR for n in range(30)], NOW, BOUNDS)
    daily = paced(FEED, [NOW - n * DAY for n in range(30)], NOW, BOUNDS)
    assert hourly.per_day == pytest.approx(24, rel=0.1)
    assert hourly.interval == BOUNDS.least
    assert daily.per_day == pytest.approx(1, rel=0.1)
    assert 90 * MINUTE < daily.interval < 200 * MINUTE
    assert daily.found_at == NOW


def test_the_usual_longest_wait_is_no_shorter_than_chance_makes_it() -> None:
    daily = paced(FEED, [NOW - n * DAY for n in range(30)], NOW, BOUNDS)
    assert 2 * DAY < timedelta(seconds=daily.gap_seconds) < 3 * DAY
    weekend = [NOW - (n + 60) * HOUR for n in range(100)] + [NOW]
    assert paced(FEED, weekend, NOW, BOUNDS).gap_seconds == 60 * 3600
    hardly = paced(FEED, [NOW - 3000 * DAY, NOW - 2999 * DAY], NOW, BOUNDS)
    assert timedelta(seconds=hardly.gap_seconds) == 60 * DAY


def test_a_feed_without_dates_or_entries_is_read_every_hour_or_so_at_first() -> None:
    assert HOUR / 2 < paced(FEED, [None] * 20, NOW, BOUNDS).interval < 2 * HOUR
    assert paced(FEED, [], NOW, BOUNDS).found_at is None


def test_a_feed_that_ended_is_read_ever_less_often_down_to_once_a_day() -> None:
    polls, known = watched([NOW - n * HOUR for n in range(20)][::-1], NOW + 120 * DAY)
    waits = [later - earlier for earlier, later in pairwise(polls)]
    assert waits[1] < 12 * MINUTE
    assert 15 * HOUR < waits[-1] < 27 * HOUR
    assert len(polls) < 600
    assert known.found_at == NOW


def test_a_list_that_was_filled_in_one_go_is_soon_known_better() -> None:
    at_once = [NOW - MINUTE * n / 10 for n in range(30)][::-1]
    polls, known = watched(at_once + [NOW + n * DAY for n in range(1, 15)], NOW + 14 * DAY)
    assert known.per_day is not None
    assert known.per_day < 4
    assert sum(poll > NOW + 7 * DAY for poll in polls) < 7 * 40


def test_the_usual_longest_wait_knows_nights_and_weekends_and_forgets_a_long_silence_slowly() -> None:
    published = [d for d in every(HOUR, hours=range(8, 18)) if d.weekday() < 5]
    _, known = watched(published, NOW + 14 * DAY)
    assert known.gap_seconds is not None
    assert 40 * 3600 < known.gap_seconds < 66 * 3600


def test_days_written_as_midnights_are_no_hours() -> None:
    midnight = NOW.replace(hour=0)
    pace = paced(FEED, [midnight - n * DAY for n in range(20)], NOW, BOUNDS)
    assert sum(pace.hours) == 0
    later = paced(learned(FEED, pace, NOW), [midnight], NOW + HOUR, BOUNDS)
    assert later.hours[4] == 1


def test_dates_ahead_clocks_set_back_and_old_records_do_no_harm() -> None:
    known = FEED.model_copy(update={"fetched_at": NOW + HOUR, "found_at": NOW + HOUR, "per_day": 5.0})
    for pace in (paced(known, [NOW + DAY, None], NOW, BOUNDS), paced(FEED, [NOW + DAY, NOW], NOW, BOUNDS)):
        assert BOUNDS.least <= pace.interval <= BOUNDS.most
        assert math.isfinite(pace.per_day)
        assert pace.gap_seconds >= 0


def test_after_faults_a_busy_list_is_read_within_the_hour_and_a_dead_one_seldom() -> None:
    busy = FEED.model_copy(update={"per_day": 30.0, "found_at": NOW})
    waits = [after_fault(busy.model_copy(update={"attempts": n}), NOW, BOUNDS) for n in range(12)]
    assert waits[0] == BOUNDS.least
    assert waits == sorted(waits)
    assert waits[-1] == HOUR
    dead = busy.model_copy(update={"attempts": 500})
    assert after_fault(dead, NOW + 60 * DAY, BOUNDS) == 6 * HOUR


def test_what_the_list_asks_for_is_a_floor_and_no_more_than_our_longest_wait() -> None:
    assert asked_interval({"cache-control": "public, max-age=1800"}, 20 * MINUTE, NOW, BOUNDS) == 30 * MINUTE
    assert asked_interval({"cache-control": "s-maxage=9"}, 20 * MINUTE, NOW, BOUNDS) == 20 * MINUTE
    assert asked_interval({"retry-after": "7200"}, None, NOW, BOUNDS) == 2 * HOUR
    assert asked_interval({}, 10**6 * DAY, NOW, BOUNDS) == BOUNDS.most
    assert asked_interval({}, None, NOW, BOUNDS) == timedelta(0)


def test_what_was_read_together_parts_again_and_never_waits_less() -> None:
    waits = [spread(HOUR, f"http://{n}.example/rss", NOW, BOUNDS) for n in range(200)]
    assert min(waits) >= HOUR
    assert max(waits) <= 1.1 * HOUR
    assert len({int(wait / (36 * timedelta(seconds=1))) for wait in waits}) >= 9
    assert spread(HOUR, "u", NOW, BOUNDS) == spread(HOUR, "u", NOW, BOUNDS)
