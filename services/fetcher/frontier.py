"""What the fetcher knows of its hosts and their URLs, in memory: whose turn it is, and with what."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiokafka.partitioner import murmur2

from services.contracts.identity import host_of
from services.contracts.pages import FrontierEntry, FrontierState
from services.contracts.sources import Lane
from services.fetcher.politeness import Rule, allowed_from

HOST_RECORD_EVERY = timedelta(seconds=5)
"""How far behind a busy host's record may be; whoever takes the host over counts it in."""

_Due = tuple[datetime, int, str]


def partition_of(host: str, partitions: int) -> int:
    """Where a host lives, in fetch-requests and url-frontier alike: what Kafka's default partitioner makes of it."""
    return (int(murmur2(host.encode())) & 0x7FFFFFFF) % partitions


def feed_entry(url: str, source: str, now: datetime) -> FrontierEntry:
    """A feed that was never polled; it is in no log yet, so it has no writer."""
    return FrontierEntry(
        kind="feed", host=host_of(url), url=url, source=source, due_at=now, first_seen=now, writer="", written_at=now
    )


def host_entry(host: str, now: datetime) -> FrontierEntry:
    """A host that was never asked."""
    return FrontierEntry(kind="host", host=host, writer="", written_at=now)


@dataclass(eq=False)
class Table:
    """One partition's records, the newest of each key; it outlives a revocation."""

    live: dict[str, FrontierEntry] = field(default_factory=dict)
    """Hosts, feeds and the URLs that wait."""
    ended: dict[FrontierState, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    """The other URLs, which are nearly all: as they stand in the log, a third of what they take up as objects."""
    next_offset: int | None = None
    assigned_at: datetime | None = None
    """None while the partition is not ours."""
    restored: bool = False

    def get(self, key: str) -> FrontierEntry | None:
        """The record of that key."""
        if (live := self.live.get(key)) is not None:
            return live
        return next((FrontierEntry.decode(kept[key]) for kept in self.ended.values() if key in kept), None)

    def put(self, entry: FrontierEntry) -> None:
        """Replace the record of the entry's key."""
        self.drop(entry.key)
        if entry.kind == "url" and entry.state != "pending":
            self.ended[entry.state][entry.key] = entry.encode()
        else:
            self.live[entry.key] = entry

    def drop(self, key: str) -> None:
        """Forget the record of that key."""
        self.live.pop(key, None)
        for kept in self.ended.values():
            kept.pop(key, None)


@dataclass(frozen=True)
class Turn:
    """A host that may be asked now, and what for."""

    host: str
    entry: FrontierEntry


class Frontier:
    """The queue of every host in the partitions that are ours. Single-threaded; no input or output."""

    def __init__(
        self, writer: str, partitions: int, rule: Callable[[str], Rule], handover: timedelta = timedelta(0)
    ) -> None:
        self.writer = writer
        self.partitions = partitions
        self._rule = rule
        self._handover = handover
        self._tables: dict[int, Table] = {}
        self._due: dict[str, dict[Lane, list[_Due]]] = {}
        self._agenda: list[tuple[datetime, str]] = []
        self._looks: dict[str, datetime] = {}
        self._numbers = itertools.count()
        self._feeds: dict[str, str] = {}

    def table(self, partition: int) -> Table:
        """The partition's table."""
        return self._tables.setdefault(partition, Table())

    def assign(self, partition: int, now: datetime) -> None:
        """The partition is ours from now; nothing of it is due before `restored`."""
        table = self.table(partition)
        table.assigned_at = now
        table.restored = False

    def revoke(self, partition: int) -> None:
        """The partition is not ours any more; what is known of it stays."""
        table = self.table(partition)
        table.assigned_at = None
        table.restored = False

    def restored(self, partition: int, now: datetime) -> None:
        """The partition's records are all read: its hosts may be asked."""
        table = self.table(partition)
        table.restored = True
        self._list_feeds(self._feeds, now)
        for host in {entry.host for entry in table.live.values()}:
            self._due.pop(host, None)  # from the last time that it was ours
        for entry in table.live.values():
            self._queue(entry)

    def runs(self, partition: int) -> bool:
        """Whether the partition is ours and read."""
        table = self.table(partition)
        return table.assigned_at is not None and table.restored

    def owns(self, host: str) -> bool:
        """Whether the host's partition is ours and read."""
        return self.runs(partition_of(host, self.partitions))

    def get(self, host: str, key: str) -> FrontierEntry | None:
        """The newest record of a key of that host."""
        return self.table(partition_of(host, self.partitions)).get(key)

    def host(self, host: str, now: datetime) -> FrontierEntry:
        """What is known of the host."""
        return self.get(host, f"host:{host}") or host_entry(host, now)

    def put(self, entry: FrontierEntry) -> None:
        """A record is in the log, or is as good as that."""
        partition = partition_of(entry.host, self.partitions)
        self.table(partition).put(entry)
        if self.runs(partition):
            self._queue(entry)

    def hear(self, partition: int, offset: int, key: str, entry: FrontierEntry | None) -> FrontierEntry | None:
        """A record was read from the log; the record of ours that must be written again over it, if any."""
        table = self.table(partition)
        table.next_offset = offset + 1
        if entry is None:
            if not table.restored:
                table.drop(key)
            return None
        ours = table.get(key)
        if table.restored and ours is not None and ours.writer == self.writer:
            if entry.writer != self.writer:
                return ours  # a stopped owner came back and wrote over what has happened since
            if entry.written_at <= ours.written_at:
                return None  # our own, as it comes by
        table.put(entry)
        if self.runs(partition):
            self._queue(entry)
        return None

    def list_feeds(self, feeds: Mapping[str, str], now: datetime) -> None:
        """Which feeds are to be polled, and for which source; the others are left alone."""
        before = self._feeds
        self._feeds = {f"feed:{url}": source for url, source in feeds.items()}
        self._list_feeds({key: source for key, source in self._feeds.items() if before.get(key) != source}, now)

    def _list_feeds(self, feeds: Mapping[str, str], now: datetime) -> None:
        for key, source in feeds.items():
            url = key.removeprefix("feed:")
            host = host_of(url)
            if not self.owns(host):
                continue
            entry = self.get(host, key)
            if entry is None:
                self.put(feed_entry(url, source, now))
            elif entry.source != source:
                self.put(entry.model_copy(update={"source": source}))
            else:
                self._queue(entry)

    def _queue(self, entry: FrontierEntry) -> None:
        if self._waits(entry) and entry.due_at is not None:
            lane: Lane = entry.request.lane if entry.request else "live"
            heaps = self._due.setdefault(entry.host, {"live": [], "backfill": []})
            heapq.heappush(heaps[lane], (entry.due_at, next(self._numbers), entry.key))
            self.remind(entry.host, entry.due_at)

    def _waits(self, entry: FrontierEntry) -> bool:
        if entry.kind == "feed":
            return entry.key in self._feeds
        return entry.kind == "url" and entry.state == "pending" and entry.request is not None

    def remind(self, host: str, at: datetime) -> None:
        """Look at the host again then, or earlier."""
        look = self._looks.get(host)
        if look is None or at < look:
            self._looks[host] = at
            heapq.heappush(self._agenda, (at, host))

    def turns(self, now: datetime, busy: Collection[str]) -> Iterator[Turn]:
        """The hosts that may be asked now. The taker adds each to `busy`, and calls `remind` when it is free again."""
        while self._agenda and self._agenda[0][0] <= now:
            at, host = heapq.heappop(self._agenda)
            if self._looks.get(host) != at:
                continue  # an earlier look replaced it
            del self._looks[host]
            if host in busy or not self.owns(host):
                continue
            allowed = self.allowed_from(host, now)
            if allowed > now:
                if self._next_due(host) is not None:
                    self.remind(host, allowed)
                continue
            entry = self._pick(host, now)
            if entry is not None:
                yield Turn(host, entry)
            elif (due := self._next_due(host)) is not None:
                self.remind(host, due)

    def next_look(self) -> datetime | None:
        """When some host may have its turn."""
        return self._agenda[0][0] if self._agenda else None

    def allowed_from(self, host: str, now: datetime) -> datetime:
        """When the host may be asked next: its politeness, and the time that a former owner may still use."""
        known = self.host(host, now)
        rule = self._rule(host)
        allowed = allowed_from(known, rule, now)
        assigned_at = self.table(partition_of(host, self.partitions)).assigned_at
        if known.writer in ("", self.writer) or known.last_request_at is None or assigned_at is None:
            return allowed
        grace = self._handover + timedelta(seconds=rule.delay)
        if known.last_request_at + HOST_RECORD_EVERY + grace <= assigned_at:
            return allowed
        return max(allowed, assigned_at + grace)

    def _pick(self, host: str, now: datetime) -> FrontierEntry | None:
        for lane in ("live", "backfill"):
            top = self._top(host, lane)
            if top is not None and top[0] <= now:
                heapq.heappop(self._due[host][lane])
                return top[1]
        return None

    def _next_due(self, host: str) -> datetime | None:
        tops = [top[0] for lane in ("live", "backfill") if (top := self._top(host, lane))]
        return min(tops, default=None)

    def _top(self, host: str, lane: Lane) -> tuple[datetime, FrontierEntry] | None:
        """The lane's first entry that still waits for that time."""
        heap = self._due.get(host, {}).get(lane, [])
        while heap:
            due, _, key = heap[0]
            entry = self.get(host, key)
            if entry is not None and entry.due_at == due and self._waits(entry):
                return due, entry
            heapq.heappop(heap)
        return None

    def again(self, entry: FrontierEntry, now: datetime) -> None:
        """A turn ended; what is still waiting is queued again, and the host has its next turn when it may."""
        newest = self.get(entry.host, entry.key)
        if newest is not None and newest.due_at == entry.due_at:
            self._queue(newest)
        self.remind(entry.host, now)

    def counts(self) -> Counter[str]:
        """How many URLs are in which state."""
        counts: Counter[str] = Counter()
        for table in self._tables.values():
            if table.assigned_at is not None:
                counts["pending"] += sum(entry.kind == "url" for entry in table.live.values())
                counts.update({state: len(kept) for state, kept in table.ended.items()})
        return counts

    def oldest_wait(self, now: datetime) -> timedelta:
        """How long the oldest due entry has waited."""
        dues = [due for host in list(self._due) if self.owns(host) and (due := self._next_due(host))]
        return max((now - due for due in dues if due <= now), default=timedelta(0))
