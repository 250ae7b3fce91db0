"""The state that a source is in, from the records of its lists."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.contracts.pages import FrontierEntry
from services.fetcher.schedule import UNKNOWN_GAP

State = Literal["new", "healthy", "failing", "silent", "blocked", "moved"]
STATES: tuple[State, ...] = ("new", "healthy", "failing", "silent", "blocked", "moved")
FAILING_AFTER = 3
"""Faults in a row until a list counts as failing."""
BLOCKED_AFTER = 2
LEAST_SILENCE = timedelta(hours=12)
"""A shorter silence is no news, however busy the source is."""
BLOCKING = frozenset({"blocked", "http-401", "http-403", "http-451"})
"""Faults by which a site turns us away: a challenge page, or a status that says so."""


@dataclass(frozen=True)
class Health:
    """How a source is, since when, and why, in a sentence for people."""

    state: State
    since: datetime | None
    why: str
    expected_per_day: float
    """New entries in a usual day: of its busiest list, for the others mostly list the same pages."""
    last_new_at: datetime | None
    """When any of its lists last announced something new."""


def health(entries: Collection[FrontierEntry], now: datetime, k: float = 3.0) -> Health:
    """The state of the source whose lists these are (records of kind "feed").

    A list is silent when it has announced nothing for `k` times its usual longest wait. One good list is enough for
    a source that is neither failing nor blocked nor silent. In this order: `new`, `blocked`, `failing`, `silent`,
    `moved`, `healthy`; a move is only proposed, so it is told where nothing is wrong.
    """
    per_day = max((entry.per_day or 0.0 for entry in entries), default=0.0)
    last_new = max((entry.found_at for entry in entries if entry.found_at is not None), default=None)

    def told(state: State, since: datetime | None, why: str) -> Health:
        return Health(state, since, why, per_day, last_new)

    tried = [entry for entry in entries if entry.fetched_at is not None or entry.attempts > 0]
    if not tried:
        return told("new", min((e.first_seen for e in entries if e.first_seen), default=None), "not read yet")
    blocked = [entry for entry in tried if entry.attempts >= BLOCKED_AFTER and entry.fault in BLOCKING]
    failing = [entry for entry in tried if entry.attempts >= FAILING_AFTER]
    bad = {entry.key for entry in (*blocked, *failing)}
    good = [entry for entry in tried if entry.key not in bad]
    if not good:
        worst = blocked or failing
        since = max((_failed_since(entry) for entry in worst), default=None)
        detail = worst[0].detail or worst[0].fault or "no reason is known"
        if blocked:
            return told("blocked", since, f"{_lists(len(blocked), len(entries))} turned us away: {detail}")
        return told("failing", since, f"{_lists(len(failing), len(entries))} could not be read: {detail}")
    read = [entry for entry in good if entry.fetched_at is not None]
    if read and all(_silent_from(entry, k) <= now for entry in read):
        latest = max(read, key=_last_word)
        why = f"nothing new for {_span(now - _last_word(latest))}; the usual longest wait is {_span(_usual(latest))}"
        return told("silent", _last_word(latest), why)
    moved = [entry for entry in good if entry.moved_to]
    if moved:
        return told("moved", moved[0].fetched_at, f"{moved[0].url} says that it lives at {moved[0].moved_to} now")
    if not read:
        return told("new", min((e.first_seen for e in good if e.first_seen), default=None), "not read yet")
    since = min(entry.first_seen or entry.written_at for entry in read)
    return told("healthy", since, f"{len(read)} of {len(entries)} lists read without a lasting fault")


def _silent_from(entry: FrontierEntry, k: float) -> datetime:
    """From when on the list's silence is a longer one than it should be."""
    return _last_word(entry) + max(k * _usual(entry), LEAST_SILENCE)


def _usual(entry: FrontierEntry) -> timedelta:
    return UNKNOWN_GAP if entry.gap_seconds is None else timedelta(seconds=entry.gap_seconds)


def _last_word(entry: FrontierEntry) -> datetime:
    return entry.found_at or entry.first_seen or entry.written_at


def _failed_since(entry: FrontierEntry) -> datetime:
    """A failing list was last well when it was last read."""
    return entry.fetched_at or entry.first_seen or entry.written_at


def _lists(some: int, of: int) -> str:
    if of == 1:
        return "its list"
    return f"all {of} lists" if some == of else f"{some} of {of} lists"


def _span(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"
