"""What one partition of the frontier holds, in little room: URLs as the bytes of their records, the rest as objects."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError
from pydantic_core import from_json

from services.contracts.pages import FrontierEntry, FrontierState
from services.runtime import logs

QueueLane = Literal["live", "recrawl", "backfill"]
LANES: tuple[QueueLane, ...] = get_args(QueueLane)
"""In the order in which a host's turns are given."""
STATES: tuple[FrontierState, ...] = get_args(FrontierState)

SLICE = 500
"""Records looked at in one go before others get their turn: about 2 ms."""
_SMALL = 64
"""A heap shorter than this is never swept."""
_URL = b"url:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DUE_BYTES, _NUMBER_BYTES, _NAME_BYTES = 8, 6, 16
_NUMBER_AT = 1 + _DUE_BYTES
_NAME_AT = _NUMBER_AT + _NUMBER_BYTES


def name_of(key: bytes) -> bytes:
    """A record's key in 16 bytes."""
    return blake2b(key, digest_size=_NAME_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Glance:
    """What the queue must know of a record."""

    host: str
    state: FrontierState
    wait: tuple[QueueLane, datetime] | None


def wait_of(entry: FrontierEntry) -> tuple[QueueLane, datetime] | None:
    """In which lane the entry waits for its turn, and since or until when; whether a list is listed is not asked."""
    lane = None if entry.request is None else entry.request.lane
    found = _lane(entry.kind, entry.state, lane)
    return None if found is None or entry.due_at is None else (found, entry.due_at)


def _lane(kind: str, state: str, asked_in: str | None) -> QueueLane | None:
    if kind == "feed":
        return "live"
    if kind != "url":
        return None
    if state == "fetched":
        return "recrawl"
    return cast(QueueLane, asked_in) if state == "pending" and asked_in is not None else None


def glance(value: bytes) -> Glance:
    """A URL's record, read no further than the queue needs: a fifth of what `decode` costs. Raises ValueError."""
    record = _fields(value)
    try:
        state, due, request = record.get("state", "pending"), record.get("due_at"), record.get("request")
        lane = _lane("url", state, request and request.get("lane", "live"))
        if state not in STATES or (lane is not None and lane not in LANES):
            raise ValueError(f"state {state!r}, lane {lane!r}")
        return Glance(record["host"], state, None if lane is None or due is None else (lane, _moment(due)))
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"no record of a URL: {type(error).__name__} {error}") from error


def unseen_since(value: bytes) -> datetime | None:
    """When a URL that is not pending was last announced, or else fetched or found; None where nothing says so."""
    record = _fields(value)
    if record.get("state", "pending") == "pending":
        return None
    last = record.get("last_seen") or record.get("fetched_at") or record.get("first_seen")
    try:
        return None if last is None else _moment(last)
    except (ValueError, TypeError):
        return None


def _fields(value: bytes) -> Mapping[str, Any]:
    record = from_json(value, cache_strings="keys")
    if not isinstance(record, dict):
        raise ValueError("the record is no object")
    return record


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Queue:
    """When each host's records are due, lane by lane.

    A place in it is one bytes object: lane, due time, number, name. It sorts as these do, and takes 64 bytes in all.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, dict[QueueLane, list[bytes]]] = {}
        self._limits: dict[tuple[str, QueueLane], int] = {}
        self._places: dict[bytes, bytes] = {}
        """The one place of each name that counts; what else is in the heaps is passed over."""
        self.given: set[bytes] = set()
        """Names taken that were neither queued again nor removed."""
        self._number = 0

    def __len__(self) -> int:
        """How many places there are, those that count no more among them."""
        return sum(len(heap) for lanes in self._lanes.values() for heap in lanes.values())

    def hosts(self) -> list[str]:
        """The hosts for which something waits."""
        return list(self._lanes)

    def add(self, host: str, lane: QueueLane, due: datetime, name: bytes) -> None:
        """Queue a name, in place of where it was queued before; what is queued for that time keeps its place."""
        # Whole numbers sort as bytes only from zero on; nothing is due before 1970.
        stamp = bytes([LANES.index(lane)]) + max(0, (due - _EPOCH) // _MICROSECOND).to_bytes(_DUE_BYTES)
        before = self._places.get(name)
        if before is not None and before.startswith(stamp):
            return
        self.given.discard(name)
        self._number += 1
        place = stamp + self._number.to_bytes(_NUMBER_BYTES) + name
        self._places[name] = place
        heap = self._lanes.setdefault(host, {}).setdefault(lane, [])
        heapq.heappush(heap, place)
        if len(heap) > self._limits.get((host, lane), _SMALL):
            heap[:] = [place for place in heap if self._counts(place)]
            heapq.heapify(heap)
            self._limits[host, lane] = max(_SMALL, 2 * len(heap))

    def remove(self, name: bytes) -> None:
        """Let a name wait no more."""
        self._places.pop(name, None)
        self.given.discard(name)

    def first(self, host: str, lane: QueueLane) -> datetime | None:
        """When the lane's first name is due."""
        heap = self._heap(host, lane)
        return None if not heap else _EPOCH + int.from_bytes(heap[0][1:_NUMBER_AT]) * _MICROSECOND

    def take(self, host: str, lane: QueueLane) -> bytes | None:
        """The lane's first name, which waits no more."""
        heap = self._heap(host, lane)
        if not heap:
            return None
        name = heapq.heappop(heap)[_NAME_AT:]
        del self._places[name]
        self.given.add(name)
        return name

    def _heap(self, host: str, lane: QueueLane) -> list[bytes]:
        """The lane's heap, with a place that counts on top; empty ones are left to nobody."""
        lanes = self._lanes.get(host, {})
        heap = lanes.get(lane, [])
        while heap and not self._counts(heap[0]):
            heapq.heappop(heap)
        if not heap and lane in lanes:
            del lanes[lane]
            self._limits.pop((host, lane), None)
            if not lanes:
                del self._lanes[host]
        return heap

    def _counts(self, place: bytes) -> bool:
        return self._places.get(place[_NAME_AT:]) == place


@dataclass(eq=False)
class Table:
    """One partition's records, the newest of each key; it outlives a revocation."""

    urls: dict[bytes, bytes] = field(default_factory=dict)
    """By name, as they stand in the log: a tenth of what they take up as objects."""
    others: dict[bytes, FrontierEntry] = field(default_factory=dict)
    """Hosts and polled lists, by name."""
    unread: dict[bytes, bytes | None] = field(default_factory=dict)
    """Records of hosts and lists that were heard before the table was settled."""
    changed: set[bytes] | None = None
    """Names of URLs heard since the table was last settled; None where it never was."""
    states: Counter[FrontierState] = field(default_factory=Counter)
    """How many URLs are in which state."""
    buried: set[bytes] = field(default_factory=set)
    """Names dropped since the assignment, whose tombstones are still to be heard."""
    queue: Queue = field(default_factory=Queue)
    next_offset: int | None = None
    assigned_at: datetime | None = None
    """None while the partition is not ours."""
    restored: bool = False

    def get(self, key: str) -> FrontierEntry | None:
        """The record of that key."""
        return self.named(name_of(key.encode()))

    def named(self, name: bytes) -> FrontierEntry | None:
        """The record of that name; one that turns out to be unreadable is forgotten."""
        value = self.urls.get(name)
        if value is None:
            return self.others.get(name)
        try:
            return FrontierEntry.decode(value)
        except ValidationError as error:
            self._forget(value, error)
            self.drop(name)
            return None

    def holds(self, key: bytes, value: bytes) -> bool:
        """Whether that very record of a URL is the newest that is known."""
        return self.urls.get(name_of(key)) == value

    def put(self, entry: FrontierEntry) -> bytes:
        """Replace the record of the entry's key; its name."""
        name = name_of(entry.key.encode())
        if entry.kind != "url":
            self.others[name] = entry
            return name
        self._uncount(name)
        self.urls[name] = entry.encode()
        self.states[entry.state] += 1
        return name

    def drop(self, name: bytes) -> None:
        """Forget the record of that name."""
        self._uncount(name)
        self.urls.pop(name, None)
        self.others.pop(name, None)
        self.queue.remove(name)

    def keep(self, key: bytes, value: bytes | None) -> None:
        """Take up a record as it comes from the log, unread: the last one wins. `settle` makes sense of it all."""
        name = name_of(key)
        if not key.startswith(_URL):
            self.unread[name] = value
            return
        if self.changed is not None:
            self._uncount(name)
            self.changed.add(name)
        if value is None:
            self.urls.pop(name, None)
        else:
            self.urls[name] = value

    def settle(self) -> Iterator[tuple[bytes, str, QueueLane, datetime] | None]:
        """What is to be queued, as name, host, lane and time, once all records are kept; None after each slice.

        All of it the first time; after that, what was heard since, and what was given out and did not come back.
        Nothing may be put before this is at its end.
        """
        self.buried.clear()
        names = self._read_others()
        if self.changed is None:
            self.queue = Queue()
            self.states.clear()
            names = [*self.others, *self.urls]
        else:
            names += [*self.changed, *self.queue.given]
        for number, name in enumerate(names):
            if number % SLICE == 0:
                yield None
            seen = self._seen(name)
            if seen is None or seen.wait is None:
                self.queue.remove(name)
            else:
                yield name, seen.host, *seen.wait
        self.changed = set()

    def _seen(self, name: bytes) -> Glance | None:
        """What the queue must know of a name; URLs that were not counted yet are."""
        if (entry := self.others.get(name)) is not None:
            return Glance(entry.host, entry.state, wait_of(entry))
        uncounted = self.changed is None or name in self.changed
        if self.changed is not None:
            self.changed.discard(name)
        value = self.urls.get(name)
        if value is None:
            return None
        try:
            seen = glance(value)
        except ValueError as error:
            self._forget(value, error)
            del self.urls[name]
            return None
        self.states[seen.state] += uncounted
        return seen

    def _read_others(self) -> list[bytes]:
        """The names of hosts and lists that were heard."""
        heard = list(self.unread)
        for name, value in self.unread.items():
            if value is None:
                self.others.pop(name, None)
                continue
            try:
                entry = FrontierEntry.decode(value)
            except ValidationError as error:
                self._forget(value, error)
                continue
            known = self.others.get(name)
            # Of a host we know more than we write down.
            if known is None or known.writer != entry.writer or known.written_at < entry.written_at:
                self.others[name] = entry
        self.unread.clear()
        return heard

    def _uncount(self, name: bytes) -> None:
        """The record is about to be replaced or dropped."""
        value = self.urls.get(name)
        if value is not None and self.changed is not None and name not in self.changed:
            self.states[glance(value).state] -= 1

    @staticmethod
    def _forget(value: bytes, error: ValueError) -> None:
        # Only fetchers write here; what none of them can read holds no request.
        logs.logger().error("frontier record ignored", record=value[:200], error=str(error)[:500])
