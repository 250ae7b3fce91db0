"""Which of the frontier's URLs are asked for once more, and as what."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from services.console.frontier_view import read_entry
from services.contracts.pages import FetchRequest, FrontierEntry, FrontierState, Hints
from services.runtime.stage import Record

KEPT = 50_000
"""Matching records that are held until the last is read, about 1 KB each; more are only counted."""


class Wanted:
    """Gathers the URLs that match all that is given, at most so many; the others are only counted."""

    def __init__(
        self,
        most: int,
        *,
        host: str | None = None,
        url: str | None = None,
        state: FrontierState | None = None,
        source: str | None = None,
    ) -> None:
        self._most = most
        self._host = host
        self._key = None if url is None else f"url:{url}".encode()
        self._state = state
        self._source = source
        # What every matching record must hold; few of the others are read any further.
        names = {"host": host, "source": source, "state": None if state == "pending" else state}
        self._marks = [f'"{name}":"{value}"'.encode() for name, value in names.items() if value is not None]
        self._found: dict[bytes, bytes] = {}
        self._more: set[int] = set()

    def hear(self, record: Record) -> None:
        """Take in a record; the newest of its key counts."""
        key, value = record.key or b"", record.value
        if value is None or not self._matches(key, value):
            self._found.pop(key, None)
            self._more.discard(hash(key))
        elif key in self._found or len(self._found) < KEPT:
            self._found[key] = value
            self._more.discard(hash(key))
        else:
            self._more.add(hash(key))

    @property
    def left_out(self) -> int:
        """How many match beyond those that are asked for."""
        return max(0, len(self._found) - self._most) + len(self._more)

    def requests(self, now: datetime) -> list[FetchRequest]:
        """What is asked: a single URL at once, many only where live news leave room."""
        lane = "live" if self._key else "backfill"
        entries = (read_entry(value) for value in islice(self._found.values(), self._most))
        return [_request(entry, now, lane) for entry in entries if entry is not None]

    def _matches(self, key: bytes, value: bytes) -> bool:
        if not key.startswith(b"url:") or (self._key is not None and key != self._key):
            return False
        if not all(mark in value for mark in self._marks):
            return False
        entry = read_entry(value)
        return (
            entry is not None
            and (self._key is not None or self._is_a_page(entry))
            and self._host in (None, entry.host)
            and self._state in (None, entry.state)
            and self._source in (None, entry.source)
        )

    def _is_a_page(self, entry: FrontierEntry) -> bool:
        """Not a robots.txt, and no list, or its backfill would begin anew; one that failed may well be meant."""
        listed = entry.request is not None and entry.request.listing is not None
        return entry.robots is None and (not listed or self._state == "failed")


def _request(entry: FrontierEntry, now: datetime, lane: str) -> FetchRequest:
    before = entry.request
    return FetchRequest.model_validate(
        {
            "url": before.url if before else entry.url,
            "source": entry.source,
            "reason": "submitted",
            "lane": lane,
            "hints": before.hints if before else Hints(),
            "listing": before.listing if before else None,
            "since": before.since if before else None,
            "until": before.until if before else None,
            "requested_at": now,
        }
    )
