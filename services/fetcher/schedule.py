"""When a polled list is read next: often where and at the hours when much is new, seldom where nothing is."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from services.contracts.pages import FrontierEntry
from services.fetcher.politeness import read_retry_after

PARTS_OF_DAY = 8
MEMORY = timedelta(days=7)
"""What is older than that counts a third: a week, so that weekends weigh what they should."""
PEAK_HALF_LIFE = timedelta(days=14)
"""After that much time without a longer wait, the usual longest one is taken for half as long."""
LOOK_BACK = timedelta(days=60)
"""How far before a list's newest entry the others tell its habits when it is first read."""
FULL_WEEK = timedelta(days=8)
SHORT_GAP = timedelta(hours=2)
"""A list whose news are no further apart is read every `Bounds.least`."""
LONG_GAP = timedelta(days=1)
BEYOND = 1.1
"""The interval grows a little faster than the gap up to LONG_GAP, and with the root of the gap from there."""
QUIET_SHARE = 3
"""After a silence, news are expected no more often than once in this part of it: nights, holidays, feeds that ended."""
UNKNOWN_GAP = timedelta(days=2)
CHANCE_GAPS = 2.5
"""News by chance alone now and then leave so many of their mean gaps without any: no wait up to that is unusual."""
UNKNOWN_PER_DAY = 4.0
LEAST_SPAN = timedelta(hours=6)
"""A list that reaches back less may have been filled in one go."""
HOURS_TRUST = 0.8
"""How far the hours of past news are believed, at most; the rest counts on all hours alike."""
HOURS_DOUBT = 5.0
"""So many entries must have been seen until they are believed half as far."""
FAULT_GROWTH = 1.5
FAULT_MOST = timedelta(hours=6)
SPREAD = 0.1

_DAY = timedelta(days=1)
_PART = _DAY / PARTS_OF_DAY
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class Bounds:
    """The shortest and the longest wait between two polls."""

    least: timedelta = timedelta(minutes=10)
    most: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Pace:
    """What a list's record learns at a poll; the fields are those of FrontierEntry."""

    per_day: float
    """New entries in a usual day."""
    gap_seconds: float
    """The usual longest wait for news, nights and weekends included."""
    found_at: datetime | None
    """When something new was last announced."""
    hours: tuple[float, ...]
    """New entries by part of the UTC day."""
    interval: timedelta
    """Until the next poll, before `asked_interval` and `spread`."""


def paced(known: FrontierEntry, new: Sequence[datetime | None], now: datetime, bounds: Bounds) -> Pace:
    """What a poll that was answered at `now` teaches, and how long to wait for the next.

    `known` is the list's record before the poll. `new` holds a date (or None) for each entry that the list had not
    announced before; at the first poll, when `known.per_day` is None, for each entry listed, known or not.
    """
    learned = _first(known, new, now) if known.per_day is None else _later(known, known.per_day, new, now)
    per_day, gap, found_at, hours = learned
    quiet = now - (found_at or known.first_seen or now)
    return Pace(
        per_day=round(per_day, 3),
        gap_seconds=round(gap.total_seconds()),
        found_at=found_at,
        hours=tuple(round(count, 2) for count in hours),
        interval=_interval(per_day, hours, quiet, now, bounds),
    )


def after_fault(known: FrontierEntry, now: datetime, bounds: Bounds) -> timedelta:
    """How long to wait when a poll failed; `known` is the record before that poll, its `attempts` the faults before.

    The shortest wait first and half as long again after each further fault, up to an hour or twice the usual
    interval, whichever is longer: a list that mattered is read soon after an outage, a dead one ever less often.
    """
    per_day = UNKNOWN_PER_DAY if known.per_day is None else known.per_day
    quiet = now - (known.found_at or known.first_seen or now)
    usual = _interval(per_day, (), quiet, now, bounds)
    ceiling = max(bounds.least, min(max(2 * usual, timedelta(hours=1)), FAULT_MOST, bounds.most))
    return min(bounds.least * FAULT_GROWTH ** min(known.attempts, 32), ceiling)


def asked_interval(headers: Mapping[str, str], floor: timedelta | None, now: datetime, bounds: Bounds) -> timedelta:
    """The longest wait asked for by the list itself (`Listing.floor`), Cache-Control or Retry-After, up to our own."""
    wishes = [floor or timedelta(0)]
    if match := _MAX_AGE.search(headers.get("cache-control", "")):
        wishes.append(timedelta(seconds=int(match[1])))
    if until := read_retry_after(headers.get("retry-after", ""), now):
        wishes.append(until - now)
    return min(max(wishes), bounds.most)


def spread(interval: timedelta, url: str, now: datetime, bounds: Bounds) -> timedelta:
    """The interval and up to a tenth more, by the hash of URL and time: what was read together parts again.

    Never shorter than `interval`, and never longer than the longest wait by more than that tenth.
    """
    digest = hashlib.blake2b(f"{url} {now.timestamp():.0f}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest) / 2**32
    return min(interval, bounds.most) * (1 + SPREAD * share)


_Learned = tuple[float, timedelta, datetime | None, tuple[float, ...]]


def _first(known: FrontierEntry, listed: Sequence[datetime | None], now: datetime) -> _Learned:
    """A list's habits by the dates of what it lists; a rate that fades with age, as if we had watched it."""
    dates = sorted(min(date, now) for date in listed if date is not None)
    if not dates:
        return UNKNOWN_PER_DAY, UNKNOWN_GAP, now if listed else None, (0.0,) * PARTS_OF_DAY
    newest = dates[-1]
    dates = [date for date in dates if newest - date <= LOOK_BACK]
    span = max(now - dates[0], LEAST_SPAN)
    gaps = [later - earlier for earlier, later in pairwise(dates)]
    gap = max(gaps, default=UNKNOWN_GAP)
    if newest - dates[0] < FULL_WEEK:
        gap = max(gap, _DAY)  # no weekend was seen yet
    if not gaps:
        return UNKNOWN_PER_DAY, gap, newest, (0.0,) * PARTS_OF_DAY
    # The oldest only says how far the list reaches.
    weights = [math.exp((date - now) / MEMORY) for date in dates[1:]]
    per_day = sum(weights) / (MEMORY / _DAY * (1 - math.exp(-span / MEMORY)))
    gap = max(gap, _by_chance(per_day))
    hours = [0.0] * PARTS_OF_DAY
    if len({date.time() for date in dates}) > 1:  # else these are days written as midnights
        for date, weight in zip(dates[1:], weights, strict=True):
            hours[_part(date)] += weight
    return per_day, gap, newest, tuple(hours)


def _later(known: FrontierEntry, per_day: float, new: Sequence[datetime | None], now: datetime) -> _Learned:
    since = known.fetched_at or now
    waited = max(now - since, timedelta(0))
    # A young record learns fast, for its first estimate may rest on a list that was filled in one go; but what comes
    # once a week is not forgotten in a day.
    young = max(_DAY, now - (known.first_seen or now))
    memory = min(max(min(MEMORY, young), 2 * _DAY / max(per_day, 1e-3)), LOOK_BACK)
    per_day = per_day * math.exp(-waited / memory) + len(new) / (memory / _DAY)
    fade = math.exp(-waited / MEMORY)
    hours = [count * fade for count in known.hours or (0.0,) * PARTS_OF_DAY]
    gap = UNKNOWN_GAP if known.gap_seconds is None else timedelta(seconds=known.gap_seconds)
    if not new:
        return per_day, gap, known.found_at, tuple(hours)
    for date in new:
        # Dates from before the last poll are wrong, or say the day and no hour.
        hours[_part(date if date is not None and since <= date <= now else now)] += 1
    if known.found_at is not None:
        went_without = max(now - known.found_at, timedelta(0))
        gap = max(went_without, gap * 0.5 ** (went_without / PEAK_HALF_LIFE))
    return per_day, max(gap, _by_chance(per_day)), now, tuple(hours)


def _by_chance(per_day: float) -> timedelta:
    """A wait that news at this rate may well take; of a list that hardly brings any, not more than LOOK_BACK."""
    return min(CHANCE_GAPS * _DAY / max(per_day, 1e-3), LOOK_BACK)


def _interval(per_day: float, hours: Sequence[float], quiet: timedelta, now: datetime, bounds: Bounds) -> timedelta:
    """The wait through which the parts of the day, each with an interval of its own, add up to one.

    That the hours of past news tell when to look again: Sia, Cho and Cho, "Efficient Monitoring Algorithm for Fast
    News Alerts" (2007).
    """
    gap = max(_DAY / max(per_day, 1e-3), quiet / QUIET_SHARE)
    total = sum(hours)
    trust = HOURS_TRUST * total / (total + HOURS_DOUBT) if total > 0 else 0.0
    waited, share = timedelta(0), 0.0
    until_next = _PART - timedelta(seconds=now.timestamp() % _PART.total_seconds())
    part = _part(now)
    while waited < bounds.most:
        busy = 1.0
        if trust:
            around = hours[part - 1] + 2 * hours[part] + hours[(part + 1) % PARTS_OF_DAY]
            busy = 1 - trust + trust * PARTS_OF_DAY * around / 4 / total
        here = _steady(gap / busy, bounds)
        if share + until_next / here >= 1:
            waited += here * (1 - share)
            break
        share += until_next / here
        waited += until_next
        part, until_next = (part + 1) % PARTS_OF_DAY, _PART
    return min(max(waited, bounds.least), bounds.most)


def _steady(gap: timedelta, bounds: Bounds) -> timedelta:
    """The interval for news that come once in a `gap` at all hours alike."""
    growth: float = (min(gap, LONG_GAP) / SHORT_GAP) ** BEYOND * math.sqrt(max(gap / LONG_GAP, 1))
    return min(max(bounds.least * growth, bounds.least), bounds.most)


def _part(at: datetime) -> int:
    return at.astimezone(UTC).hour * PARTS_OF_DAY // 24
