"""How the watched sources are, from the records of their lists: state, pace, faults, and moves that are proposed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.contracts.identity import BadUrl, canonical_url
from services.contracts.pages import FrontierEntry
from services.contracts.sources import Source
from services.fetcher.source_health import STATES, Health, State, health

COLOURS: dict[State, str] = {
    "healthy": "green", "new": "cyan", "moved": "yellow", "silent": "yellow", "failing": "red", "blocked": "red"
}  # fmt: skip


@dataclass(frozen=True)
class SourceStatus:
    """One source, its lists as the fetcher last wrote them down, and what they add up to."""

    source: Source
    health: Health
    lists: tuple[FrontierEntry, ...]

    @property
    def next_poll(self) -> datetime | None:
        """When the first of its lists is due."""
        return min((entry.due_at for entry in self.lists if entry.due_at), default=None)

    @property
    def moves(self) -> Mapping[str, str]:
        """Each list's address that redirects for good → where to."""
        return {entry.url: entry.moved_to for entry in self.lists if entry.url and entry.moved_to}

    @property
    def fault(self) -> str | None:
        """What went wrong last with one of its lists, where that still counts."""
        faults = [entry for entry in self.lists if entry.attempts and (entry.detail or entry.fault)]
        worst = max(faults, key=lambda entry: entry.attempts, default=None)
        return None if worst is None else worst.detail or worst.fault


def statuses(
    sources: Iterable[Source], entries: Iterable[FrontierEntry], now: datetime, silence_factor: float
) -> list[SourceStatus]:
    """Every source with its lists, those in trouble first."""
    known = {
        canonical: entry
        for entry in entries
        if entry.kind == "feed" and entry.url is not None
        for canonical in _canonical([entry.url])
    }
    found = []
    for source in sources:
        # A list that two sources name is polled for one of them, and tells of both.
        named = dict.fromkeys(_canonical((*source.feeds, *source.sitemaps, *source.index_pages)))
        lists = tuple(known[url] for url in named if url in known)
        found.append(SourceStatus(source, health(lists, now, silence_factor), lists))
    order = {state: rank for rank, state in enumerate(("blocked", "failing", "silent", "moved", "new", "healthy"))}
    return sorted(found, key=lambda status: (order[status.health.state], status.source.id))


def with_moves(status: SourceStatus) -> Source:
    """The source with the addresses that its lists' permanent redirects lead to."""
    moves = {canonical_url(old): new for old, new in status.moves.items()}

    def now(urls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(next((moves[c] for c in _canonical([url]) if c in moves), url) for url in urls))

    source = status.source
    return source.model_copy(
        update={
            "feeds": now(source.feeds),
            "sitemaps": now(source.sitemaps),
            "index_pages": now(source.index_pages),
        }
    )


def overview(found: Sequence[SourceStatus], now: datetime) -> RenderableType:
    """One row per source, then how many are in which state."""
    table = Table("source", "state", "since", "per day", "last new", "next poll", "remark", box=None, pad_edge=False)
    for column in table.columns[:6]:
        column.no_wrap = True
    for status in found:
        told = status.health
        table.add_row(
            status.source.id,
            Text(told.state, style=COLOURS[told.state]),
            span(now - told.since) if told.since else "–",
            f"{told.expected_per_day:.3g}",
            ago(told.last_new_at, now),
            ahead(status.next_poll, now),
            escape(_remark(status)),
        )
    counts = {state: sum(status.health.state == state for status in found) for state in STATES}
    summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return Group(table, Text(f"{len(found)} sources: {summary}" if found else "No source is watched."))


def in_detail(status: SourceStatus, now: datetime) -> RenderableType:
    """One source with all its lists."""
    told, source = status.health, status.source
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_row("state", Text(f"{told.state}: {told.why}", style=COLOURS[told.state]))
    facts.add_row("since", moment(told.since))
    facts.add_row("expected", f"{told.expected_per_day:.3g} new a day")
    facts.add_row("last new", f"{moment(told.last_new_at)} ({ago(told.last_new_at, now)})" if told.last_new_at else "–")
    if source.unverified:
        facts.add_row("unverified", escape(source.unverified))
    parts: list[RenderableType] = [Text(f"{source.id}  {source.name}", style="bold"), facts]
    for entry in status.lists:
        one = Table(show_header=False, box=None, pad_edge=False)
        one.add_row("read", f"{ago(entry.fetched_at, now)}, next {ahead(entry.due_at, now)}")
        one.add_row("pace", f"{entry.per_day or 0:.3g} a day, {entry.unchanged} polls in a row without news")
        if entry.attempts:
            one.add_row("fault", Text(f"{entry.attempts} in a row: {entry.detail or entry.fault}", style="red"))
        if entry.moved_to:
            one.add_row("moved", Text(f"to {entry.moved_to}; take it with: xabar sources accept-move {source.id}",
                                      style="yellow"))  # fmt: skip
        if entry.lies:
            one.add_row("lies", "said 304 though it had changed; it is polled without validators")
        if entry.hubs:
            one.add_row("hubs", escape(", ".join(entry.hubs)))
        parts += [Text(f"\n{entry.listing or 'feed'} {entry.url}", style="bold"), one]
    if not status.lists:
        parts.append(Text("\nThe fetcher has written nothing of it yet."))
    return Group(*parts)


def as_facts(status: SourceStatus) -> dict[str, Any]:
    """The status for programs."""
    told = status.health
    return {
        "id": status.source.id,
        "state": told.state,
        "since": _iso(told.since),
        "why": told.why,
        "expected_per_day": told.expected_per_day,
        "last_new_at": _iso(told.last_new_at),
        "next_poll_at": _iso(status.next_poll),
        "fault": status.fault,
        "moves": dict(status.moves),
        "unverified": status.source.unverified,
        "lists": [
            entry.model_dump(mode="json", exclude_none=True, exclude={"kind", "source"}) for entry in status.lists
        ],
    }


def span(length: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = max(0.0, length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, or that it never was."""
    return "never" if at is None else f"{span(now - at)} ago"


def ahead(at: datetime | None, now: datetime) -> str:
    """How soon."""
    return "–" if at is None else "now" if at <= now else f"in {span(at - now)}"


def moment(at: datetime | None) -> str:
    """A point in time for people."""
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M %Z}"


def _remark(status: SourceStatus) -> str:
    if status.moves:
        return "moved to " + ", ".join(status.moves.values())
    if status.health.state not in ("healthy", "new"):
        return status.health.why
    return status.fault or ("unverified" if status.source.unverified else "")


def _canonical(urls: Iterable[str]) -> list[str]:
    found = []
    for url in urls:
        try:
            found.append(canonical_url(url))
        except BadUrl:
            continue
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
