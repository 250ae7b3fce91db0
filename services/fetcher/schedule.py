"""When a feed is polled next: often where much is new, seldom where nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.fetcher.politeness import read_retry_after

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class Bounds:
    """The shortest and the longest wait between two polls."""

    least: timedelta = timedelta(minutes=10)
    most: timedelta = timedelta(hours=24)


def interval_after(before: timedelta | None, new: int, listed: int, bounds: Bounds) -> timedelta:
    """The next interval, from the last one and the share of entries that were new."""
    if before is None:
        return bounds.least
    share = new / listed if listed else 0.0
    if share >= 0.5:
        factor = 0.25
    elif share >= 0.1:
        factor = 0.5
    elif share > 0:
        factor = 0.75
    else:
        factor = 1.5
    return min(max(before * factor, bounds.least), bounds.most)


def asked_interval(headers: Mapping[str, str], ttl_minutes: int | None, now: datetime, bounds: Bounds) -> timedelta:
    """The longest wait that the feed asks for by ttl, Cache-Control or Retry-After, up to our own longest."""
    wishes = [timedelta(0)]
    if ttl_minutes:
        wishes.append(timedelta(minutes=min(ttl_minutes, 60 * 24 * 365)))
    if match := _MAX_AGE.search(headers.get("cache-control", "")):
        wishes.append(timedelta(seconds=int(match[1])))
    if until := read_retry_after(headers.get("retry-after", ""), now):
        wishes.append(until - now)
    return min(max(wishes), bounds.most)
