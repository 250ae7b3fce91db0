"""What the frontier's records come to: one host, one URL in plain words, or everything counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import nsmallest

from pydantic import ValidationError

from services.contracts.pages import FrontierEntry
from services.fetcher.queue.table import STATES, Glance, glance
from services.runtime.stage import Record

NEXT_DUE = 10
BIGGEST_HOSTS = 10
MAX_HOSTS = 1 << 24
Rows = list[tuple[str, str]]

_KINDS = (b"url:", b"feed:", b"host:")
_URL, _LIST, _HOST = range(3)
_FORMS = {
    "feed": "feed",
    "sitemap": "sitemap",
    "index": "index page",
    "robots": "robots.txt, for its sitemaps",
    None: "feed",
}


def read_entry(value: bytes) -> FrontierEntry | None:
    """A record as an entry; None where it is none."""
    try:
        return FrontierEntry.decode(value)
    except ValidationError:
        return None


class HostView:
    """One host's records, taken from those of its partition: URLs as a state and a due time, the rest whole."""

    def __init__(self, host: str, whole: Sequence[str] = ()) -> None:
        self._named = f'"host":"{host}"'.encode()
        self._whole = {key.encode() for key in whole}
        self._urls: dict[bytes, tuple[str, datetime | None]] = {}
        self._kept: dict[bytes, bytes] = {}

    def hear(self, record: Record) -> None:
        """Take in a record of the partition."""
        key, value = record.key or b"", record.value
        self._urls.pop(key, None)
        self._kept.pop(key, None)
        if value is None or self._named not in value:
            return
        if key.startswith(b"url:"):
            try:
                seen: Glance = glance(value)
            except ValueError:
                return
            self._urls[key] = seen.state, seen.wait[1] if seen.wait else None
        if not key.startswith(b"url:") or key in self._whole:
            self._kept[key] = value

    @property
    def empty(self) -> bool:
        """Whether nothing is known of the host."""
        return not self._urls and not self._kept

    def entry(self, key: str) -> FrontierEntry | None:
        """The record of a key that was to be kept whole."""
        value = self._kept.get(key.encode())
        return None if value is None else read_entry(value)

    def lists(self) -> list[FrontierEntry]:
        """The host's polled lists."""
        found = (read_entry(value) for key, value in sorted(self._kept.items()) if key.startswith(b"feed:"))
        return [entry for entry in found if entry is not None]

    def states(self) -> Counter[str]:
        """How many URLs are in which state."""
        return Counter(state for state, _ in self._urls.values())

    def next_due(self, most: int = NEXT_DUE) -> list[tuple[datetime, str, str]]:
        """Due time, state and URL of those whose turn is next."""
        waiting = ((due, state, key.decode()[4:]) for key, (state, due) in self._urls.items() if due is not None)
        return nsmallest(most, waiting)


def moment(at: datetime | None, now: datetime, never: str = "never") -> str:
    """A point in time in UTC, and how far away it is."""
    if at is None:
        return never
    away = at - now
    words = f"in {_span(away)}" if away > timedelta(0) else f"{_span(-away)} ago"
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC ({words})"


def _span(length: timedelta) -> str:
    seconds = length.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def host_in_words(entry: FrontierEntry | None, now: datetime) -> Rows:
    """What is known of a host's patience."""
    if entry is None:
        return [("asked", "never, or so long ago that the record is gone")]
    rows = [
        ("last request", moment(entry.last_request_at, now)),
        ("requests today", str(entry.fetched_today if entry.day == now.astimezone(UTC).date().isoformat() else 0)),
    ]
    waits = entry.retry_after is not None and entry.retry_after > now
    rows.append(("left alone until", moment(entry.retry_after, now) if waits else "–; its delay and its budget count"))
    if entry.strikes:
        rows.append(("strikes", f"{entry.strikes} in a row (429, 503, silence): the wait doubles with each"))
    if entry.fault:
        rows.append(("last fault", entry.fault))
    if entry.missing_like is not None:
        what = "a page like any other (200)" if entry.missing_like else "with 404"
        rows.append(("what never was", f"is answered {what}; learned {moment(entry.missing_asked_at, now)}"))
    return [*rows, ("written by", f"{entry.writer}, {moment(entry.written_at, now)}")]


def list_in_words(entry: FrontierEntry, now: datetime) -> Rows:
    """What is known of a polled list."""
    rows = [
        ("polled as", f"{_FORMS[entry.listing]} of {entry.source or 'no source'}"),
        ("last poll", _last_poll(entry, now)),
        ("next poll", moment(entry.due_at, now, "not planned")),
        ("last new entry", moment(entry.found_at, now, "none yet")),
    ]
    if entry.per_day is not None:
        rows.append(("usual", f"{entry.per_day:.3g} new entries a day"))
    if entry.unchanged:
        rows.append(("nothing new", f"for {entry.unchanged} polls"))
    if entry.attempts:
        rows.append(("failed", f"{entry.attempts} times in a row: {entry.detail or entry.fault or 'nobody knows why'}"))
    if entry.lies:
        rows.append(("validators", "not sent: it said 304 though it had changed"))
    else:
        rows.append(("validators", _validators(entry)))
    if entry.moved_to:
        rows.append(("moved", f"for good, to {entry.moved_to}: change the source if that is right"))
    if entry.hubs:
        rows.append(("WebSub hubs", ", ".join(entry.hubs)))
    return rows


def url_in_words(entry: FrontierEntry, now: datetime) -> Rows:
    """What is known of a URL."""
    asked = entry.request
    was_list = asked is not None and asked.listing is not None and entry.state == "fetched"
    rows = [("state", "fetched: the list was read" if was_list else _STATE_WORDS[entry.state])]
    if entry.state == "pending":
        rows.append(("due", moment(entry.due_at, now, "never")))
    elif entry.due_at is not None:
        rows.append(("looked at again", moment(entry.due_at, now)))
    if entry.attempts:
        rows.append(("attempts", f"{entry.attempts} in vain"))
    if entry.detail:
        rows.append(("why", entry.detail))
    if entry.missing:
        rows.append(("missing", f"for {entry.missing} answers in a row"))
    if asked is not None:
        rows.append(("asked for", f"as {asked.reason}, lane {asked.lane}, {moment(asked.requested_at, now)}"))
        if asked.listing:
            since = f", from {moment(asked.since, now)}" if asked.since else ""
            until = f", up to {moment(asked.until, now)}" if asked.until else ""
            rows.append(("read as", f"{_FORMS[asked.listing]}{since}{until}"))
        if asked.origin:
            rows.append(("redirected from", f"{asked.origin}, {asked.hops} hops"))
    rows += [
        ("source", entry.source or "none"),
        ("first seen", moment(entry.first_seen, now)),
        ("last seen", moment(entry.last_seen, now)),
        ("answered", moment(entry.fetched_at, now)),
    ]
    if entry.state == "fetched":
        rows += [("fetched again", f"{entry.recrawls} times"), ("validators", _validators(entry))]
    return [*rows, ("written by", f"{entry.writer}, {moment(entry.written_at, now)}")]


_STATE_WORDS = {
    "pending": "pending: it waits for its turn",
    "fetched": "fetched: the page is on fetched-pages",
    "rejected": "rejected: it was understood, and is not wanted",
    "gone": "gone: the site says that it is not there",
    "failed": "failed: tried often enough; asked for again a day later where a list still names it",
}


def _last_poll(entry: FrontierEntry, now: datetime) -> str:
    return f"{moment(entry.fetched_at, now)}, {'failed since' if entry.state == 'failed' else entry.state}"


def _validators(entry: FrontierEntry) -> str:
    given = {"ETag": entry.etag, "changed": entry.last_modified}
    return ", ".join(f"{name} {value}" for name, value in given.items() if value) or "none given"


def _due_at(kind: int, seen: Glance, value: bytes) -> datetime | None:
    if kind == _LIST:
        entry = read_entry(value)
        return None if entry is None else entry.due_at
    return seen.wait[1] if kind == _URL and seen.wait else None


@dataclass
class Tally:
    """The whole frontier counted, a partition at a time: what is kept of each of its keys is one number."""

    now: datetime
    records: int = 0
    keys: int = 0
    tombstones: int = 0
    unreadable: int = 0
    urls: Counter[str] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    """`url` and `list`."""
    lists: int = 0
    hosts: int = 0
    url_bytes: int = 0
    by_host: Counter[str] = field(default_factory=Counter)
    _names: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)
    _newest: dict[int, int] = field(default_factory=dict)

    def hear(self, record: Record) -> None:
        """Take in a record of the partition that is being read."""
        self.records += 1
        key, value = record.key or b"", record.value
        name = hash(key)
        if value is None:
            self.tombstones += 1
            self._newest.pop(name, None)
            return
        kind = next((number for number, start in enumerate(_KINDS) if key.startswith(start)), None)
        try:
            if kind is None:
                raise ValueError("a key of no kind")
            seen = glance(value)
        except ValueError:
            self.unreadable += 1
            return
        size = len(key) + len(value) + sum(len(k) + len(v) for k, v in record.headers)
        due = _due_at(kind, seen, value)
        packed = (
            (size << 24 | self._number(seen.host)) << 1 | (due is not None and due <= self.now)
        ) << 3 | STATES.index(seen.state)
        self._newest[name] = packed << 2 | kind

    def end_of_partition(self) -> None:
        """Add up the partition that was read."""
        for packed in self._newest.values():
            kind, state, due = packed & 3, STATES[packed >> 2 & 7], packed >> 5 & 1
            self.keys += 1
            if kind == _HOST:
                self.hosts += 1
            elif kind == _LIST:
                self.lists += 1
                self.due["list"] += due
            else:
                self.urls[state] += 1
                self.due["url"] += due
                self.url_bytes += packed >> 30
                self.by_host[self._names[packed >> 6 & (MAX_HOSTS - 1)]] += 1
        self._newest.clear()

    def rows(self) -> Rows:
        """All of it in words."""
        urls = self.urls.total()
        states = ", ".join(f"{self.urls[state]:,} {state}" for state in STATES if self.urls[state])
        spared = f"; compaction leaves {self.keys / self.records:.0%}" if self.records else ""
        rows = [
            ("URLs", f"{urls:,}{f': {states}' if states else ''}"),
            ("due now", f"{self.due['url']:,} URLs, {self.due['list']:,} lists, watched or not"),
            ("polled lists", f"{self.lists:,}"),
            ("hosts", f"{self.hosts:,} asked, {len(self.by_host):,} with URLs"),
            ("records", f"{self.records:,} for {self.keys:,} keys, {self.tombstones:,} tombstones{spared}"),
            ("bytes per URL", f"{self.url_bytes / urls:.0f}, its key and headers among them" if urls else "–"),
        ]
        if self.unreadable:
            rows.append(("unreadable", f"{self.unreadable:,} records"))
        return rows + [(f"{count:,} URLs", host) for host, count in self.by_host.most_common(BIGGEST_HOSTS)]

    def _number(self, host: str) -> int:
        number = self._numbers.setdefault(host, len(self._numbers))
        if number == len(self._names):
            if number == MAX_HOSTS:
                raise OverflowError(f"more than {MAX_HOSTS} hosts")
            self._names.append(host)
        return number
