"""What the fetcher knows of its hosts and their URLs, in memory: whose turn it is, and with what."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from aiokafka.partitioner import murmur2

from services.contracts.identity import host_of
from services.contracts.pages import FrontierEntry, ListForm
from services.fetcher.politeness import Rule, allowed_from
from services.fetcher.queue.table import LANES, SLICE, QueueLane, Table, name_of, unseen_since, wait_of

HOST_RECORD_EVERY = timedelta(seconds=5)
"""How far behind a busy host's record may be; whoever takes the host over counts it in."""
KEEP_UNSEEN = timedelta(days=45)
"""How long a URL is remembered that nothing announces any more."""
HOSTS_REMEMBERED = 100_000
"""Hosts whose partition need not be worked out again."""
_FEW_LOOKS = 1024
"""An agenda shorter than this is never swept."""


@lru_cache(HOSTS_REMEMBERED)
def partition_of(host: str, partitions: int) -> int:
    """Where a host lives, in fetch-requests and url-frontier alike: what Kafka's default partitioner makes of it."""
    return (int(murmur2(host.encode())) & 0x7FFFFFFF) % partitions


@dataclass(frozen=True)
class Listed:
    """A list to be polled: for which source, and of what form; a feed where none is given."""

    source: str
    form: ListForm | None = None


def feed_entry(url: str, source: str, now: datetime, form: ListForm | None = None) -> FrontierEntry:
    """A list that was never polled; it is in no log yet, so it has no writer."""
    return FrontierEntry(
        kind="feed", host=host_of(url), url=url, source=source, listing=form, due_at=now, first_seen=now, writer="",
        written_at=now,
    )  # fmt: skip


def host_entry(host: str, now: datetime) -> FrontierEntry:
    """A host that was never asked."""
    return FrontierEntry(kind="host", host=host, writer="", written_at=now)


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
        self._agenda: list[tuple[datetime, str]] = []
        self._looks: dict[str, datetime] = {}
        self._patient: OrderedDict[str, None] = OrderedDict()
        """Hosts that may be asked for what is not live; they come after all others."""
        self._feeds: dict[str, Listed] = {}

    def table(self, partition: int) -> Table:
        """The partition's table."""
        table = self._tables.get(partition)
        if table is None:
            table = self._tables[partition] = Table()
        return table

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
        for _ in self.settling(partition, now):
            pass

    def settling(self, partition: int, now: datetime) -> Iterator[None]:
        """What `restored` does, slice by slice of a few milliseconds; it is done at the iterator's end."""
        table = self.table(partition)
        assigned_at = table.assigned_at
        for waiting in table.settle():
            if waiting is None:
                yield
                continue
            name, host, lane, due = waiting
            table.queue.add(host, lane, due, name)
        if table.assigned_at != assigned_at:
            return  # lost meanwhile
        for entry in table.others.values():
            if entry.kind == "feed" and entry.key not in self._feeds:
                table.queue.remove(name_of(entry.key.encode()))
        table.restored = True
        for host in table.queue.hosts():
            self.remind(host, now)
        self._list_feeds(self._feeds, now)

    def runs(self, partition: int) -> bool:
        """Whether the partition is ours and read."""
        table = self.table(partition)
        return table.assigned_at is not None and table.restored

    def owns(self, host: str) -> bool:
        """Whether the host's partition is ours and read."""
        return self.runs(partition_of(host, self.partitions))

    def get(self, host: str, key: str) -> FrontierEntry | None:
        """The newest record of a key of that host."""
        return self._table_of(host).get(key)

    def host(self, host: str, now: datetime) -> FrontierEntry:
        """What is known of the host."""
        return self.get(host, f"host:{host}") or host_entry(host, now)

    def put(self, entry: FrontierEntry) -> None:
        """A record is in the log, or is as good as that; of a partition that is not ours it is left to the log."""
        if self.owns(entry.host):
            self._queue(entry, self._table_of(entry.host).put(entry))

    def drop(self, host: str, key: str) -> None:
        """Forget a record of ours, before its tombstone goes to the log."""
        if self.owns(host):
            table, name = self._table_of(host), name_of(key.encode())
            table.drop(name)
            table.buried.add(name)

    def hear(self, partition: int, offset: int, key: str, entry: FrontierEntry | None) -> FrontierEntry | None:
        """A record was read from the log; the record of ours that must be written again over it, if any."""
        table = self.table(partition)
        table.next_offset = offset + 1
        if not table.restored:
            table.keep(key.encode(), None if entry is None else entry.encode())
            return None
        ours = table.get(key)
        if entry is None:
            return self._hear_tombstone(table, name_of(key.encode()), ours)
        if ours is not None and ours.writer == self.writer:
            if entry.writer != self.writer:
                return ours  # a stopped owner came back and wrote over what has happened since
            if entry.written_at <= ours.written_at:
                return None  # our own, as it comes by
        self.put(entry)
        return None

    def _hear_tombstone(self, table: Table, name: bytes, ours: FrontierEntry | None) -> FrontierEntry | None:
        if name in table.buried:
            table.buried.discard(name)  # our own; what is known now was written after it
        elif ours is not None and ours.writer == self.writer:
            return ours  # a stopped owner buried what we have written since
        return None

    def list_feeds(self, feeds: Mapping[str, str | Listed], now: datetime) -> None:
        """Which lists are to be polled, and for which source; the others are left alone."""
        before = self._feeds
        listed = {url: Listed(of) if isinstance(of, str) else of for url, of in feeds.items()}
        self._feeds = {f"feed:{url}": of for url, of in listed.items()}
        for key in before.keys() - self._feeds.keys():
            self._table_of(host_of(key.removeprefix("feed:"))).queue.remove(name_of(key.encode()))
        self._list_feeds({key: of for key, of in self._feeds.items() if before.get(key) != of}, now)

    def _list_feeds(self, feeds: Mapping[str, Listed], now: datetime) -> None:
        for key, listed in feeds.items():
            url = key.removeprefix("feed:")
            host = host_of(url)
            if not self.owns(host):
                continue
            entry = self.get(host, key) or feed_entry(url, listed.source, now, listed.form)
            self.put(entry.model_copy(update={"source": listed.source, "listing": listed.form or entry.listing}))

    def _queue(self, entry: FrontierEntry, name: bytes) -> None:
        queue = self._table_of(entry.host).queue
        wait = wait_of(entry)
        if wait is None or (entry.kind == "feed" and entry.key not in self._feeds):
            queue.remove(name)
            return
        queue.add(entry.host, *wait, name)
        self.remind(entry.host, wait[1])

    def remind(self, host: str, at: datetime) -> None:
        """Look at the host again then, or earlier."""
        look = self._looks.get(host)
        if look is None or at < look:
            self._looks[host] = at
            heapq.heappush(self._agenda, (at, host))
            if len(self._agenda) > max(_FEW_LOOKS, 2 * len(self._looks)):
                self._agenda = [(at, host) for host, at in self._looks.items()]
                heapq.heapify(self._agenda)

    def turns(self, now: datetime, busy: Collection[str], *, spare: bool = True) -> Iterator[Turn]:
        """The hosts that may be asked now, those with something live first; without `spare` there are no others.

        The taker adds each to `busy`, and calls `again` or `remind` when it is free. Recrawls go before backfill, and
        both together never take more than half of a host's daily budget: `live` always has room.
        """
        while self._agenda and self._agenda[0][0] <= now:
            at, host = heapq.heappop(self._agenda)
            if self._looks.get(host) != at:
                continue  # an earlier look replaced it
            del self._looks[host]
            if host not in busy and (entry := self._look_at(host, now, LANES[:1])) is not None:
                yield Turn(host, entry)
        while spare and self._patient:
            host, _ = self._patient.popitem(last=False)
            if host not in busy and (entry := self._look_at(host, now, LANES)) is not None:
                yield Turn(host, entry)

    def next_look(self) -> datetime | None:
        """When some host may have its turn; one that only wants for `spare` is not waited for."""
        return self._agenda[0][0] if self._agenda else None

    def allowed_from(self, host: str, now: datetime) -> datetime:
        """When the host may be asked next: its politeness, and the time that a former owner may still use."""
        return self._allowed_from(host, self._rule(host), now)

    def _allowed_from(self, host: str, rule: Rule, now: datetime) -> datetime:
        known = self.host(host, now)
        allowed = allowed_from(known, rule, now)
        assigned_at = self._table_of(host).assigned_at
        if known.writer in ("", self.writer) or known.last_request_at is None or assigned_at is None:
            return allowed
        grace = self._handover + timedelta(seconds=rule.delay)
        if known.last_request_at + HOST_RECORD_EVERY + grace <= assigned_at:
            return allowed
        return max(allowed, assigned_at + grace)

    def _look_at(self, host: str, now: datetime, lanes: tuple[QueueLane, ...]) -> FrontierEntry | None:
        """What the host may be asked for now in these lanes; else it is looked at again when there may be something."""
        if not self.owns(host):
            return None
        queue = self._table_of(host).queue
        again: list[datetime] = []
        for lane in LANES:
            due = queue.first(host, lane)
            if due is None:
                continue
            rule = self._rule(host)
            if lane != "live":
                rule = replace(rule, per_day=max(1, rule.per_day // 2))
            at = max(due, self._allowed_from(host, rule, now))
            if at > now:
                again.append(at)
            elif lane not in lanes:
                self._patient[host] = None
            elif (entry := self._take(host, lane)) is not None:
                return entry
            else:
                again.append(now)
        if again:
            self.remind(host, min(again))
        return None

    def _take(self, host: str, lane: QueueLane) -> FrontierEntry | None:
        table = self._table_of(host)
        name = table.queue.take(host, lane)
        return None if name is None else table.named(name)

    def again(self, entry: FrontierEntry, now: datetime) -> None:
        """A turn ended; what is still waiting is queued again, and the host has its next turn when it may."""
        newest = self.get(entry.host, entry.key)
        if newest is not None and self.owns(entry.host):
            self._queue(newest, name_of(newest.key.encode()))
        self.remind(entry.host, now)

    def expired(
        self, now: datetime, listed: Callable[[FrontierEntry], bool], keep: timedelta = KEEP_UNSEEN
    ) -> Iterator[FrontierEntry | None]:
        """URLs of ours that nothing announced for so long and no list holds; None after each slice of the search.

        Records may be put and dropped between two steps.
        """
        for partition in [p for p in self._tables if self.runs(p)]:
            table = self.table(partition)
            for number, name in enumerate(list(table.urls)):
                if number % SLICE == 0:
                    yield None
                    if not self.runs(partition):
                        break
                value = table.urls.get(name)
                since = None if value is None else unseen_since(value)
                if since is None or now - since < keep:
                    continue
                entry = table.named(name)
                if entry is not None and not listed(entry):
                    yield entry

    def counts(self) -> Counter[str]:
        """How many URLs are in which state."""
        counts: Counter[str] = Counter()
        for table in self._tables.values():
            if table.assigned_at is not None:
                counts.update(table.states)
        return counts

    def oldest_wait(self, now: datetime) -> timedelta:
        """How long the oldest due entry has waited that is live."""
        ours = [table for partition, table in self._tables.items() if self.runs(partition)]
        dues = [due for table in ours for host in table.queue.hosts() if (due := table.queue.first(host, "live"))]
        return max((now - due for due in dues if due <= now), default=timedelta(0))

    def _table_of(self, host: str) -> Table:
        return self.table(partition_of(host, self.partitions))
