"""Translated sentences that were asked for lately: on the local disk, bounded in bytes, and never in the way."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from services.enricher.translate.disposable import Disposable, transaction
from services.runtime import metrics

MOST_TEXT_BYTES = 64 * 1024
"""Of one translation; a longer one is not kept."""
LEAST_BYTES = 256 * 1024
"""Less than that holds no tables."""
LEAVE_AT_ONCE = 256
"""Rows that make room in one go."""
MOST_GOES = 16
"""To make room for one article, which waits for it. Each goes further than an article, so that a bound that was lowered
is kept soon."""
SHRINK_PAGES = 256
"""That the file gives back to the disk at a time, while it is larger than its bound."""
_DIGEST_BYTES = 16
# Numbers only grow, so that the oldest rows stand side by side and whole pages become free when they leave.
_SCHEMA = """
CREATE TABLE units (turn INTEGER PRIMARY KEY, key BLOB NOT NULL, text BLOB NOT NULL, check_sum INTEGER NOT NULL);
CREATE UNIQUE INDEX units_key ON units (key)
"""
_VERSION = 1


@dataclass(frozen=True)
class Key:
    """What a translation depends on."""

    engine: str
    model: str
    """Name and version: a new version of an engine knows nothing of the old one's answers."""
    source: str
    """BCP 47 tag, as is `target`."""
    target: str
    text: str

    def digest(self) -> bytes:
        """16 bytes; each part is led by its length, so that no two keys look alike."""
        told = blake2b(digest_size=_DIGEST_BYTES)
        for part in (self.engine, self.model, self.source, self.target, self.text):
            content = part.encode("utf-8", "surrogatepass")
            told.update(len(content).to_bytes(8, "big"))
            told.update(content)
        return told.digest()


class Cache:
    """Least recently used out first, roughly: a sentence in use is renewed once it is in the older half.

    It never raises: a file that can't be used means that nothing is known, and is in the log.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        """`path` None: in memory. `max_bytes`: of the file (at least LEAST_BYTES), beside a log of 8 MiB at most."""
        self._max_bytes = max(LEAST_BYTES, max_bytes)
        self._file = Disposable(path, _SCHEMA, _VERSION, "translation cache")

    async def get_many(self, keys: Sequence[Key]) -> dict[Key, str]:
        """The translations that are here."""
        digests = {key.digest(): key for key in keys}
        if not digests:
            return {}
        nothing: dict[bytes, str] = {}
        found = await self._file.run(lambda connection: _read(connection, list(digests)), nothing)
        metrics.TRANSLATION_CACHE_LOOKUPS.labels("hit").inc(len(found))
        metrics.TRANSLATION_CACHE_LOOKUPS.labels("miss").inc(len(digests) - len(found))
        return {digests[digest]: text for digest, text in found.items()}

    async def put_many(self, items: Iterable[tuple[Key, str]]) -> None:
        """Keep translations; others leave when there is no room."""
        rows = [(key.digest(), text.encode("utf-8", "surrogatepass")) for key, text in items]
        rows = [(digest, text) for digest, text in rows if len(text) <= MOST_TEXT_BYTES]
        if not rows:
            return
        kept = await self._file.run(lambda connection: _write(connection, rows, self._max_bytes), None)
        if kept is not None:
            metrics.TRANSLATION_CACHE_BYTES.set(kept.bytes)
            metrics.TRANSLATION_CACHE_EVICTIONS.inc(kept.left)

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()


@dataclass(frozen=True)
class _Kept:
    bytes: int
    left: int


def _read(connection: sqlite3.Connection, digests: Sequence[bytes]) -> dict[bytes, str]:
    first, last = connection.execute(
        "SELECT (SELECT turn FROM units ORDER BY turn LIMIT 1), (SELECT turn FROM units ORDER BY turn DESC LIMIT 1)"
    ).fetchone()
    if last is None:
        return {}
    found: dict[bytes, str] = {}
    old: list[tuple[bytes, bytes]] = []
    for digest in digests:
        row = connection.execute("SELECT turn, text, check_sum FROM units WHERE key = ?", (digest,)).fetchone()
        if row is None or row[2] != zlib.crc32(row[1], zlib.crc32(digest)):
            continue
        found[digest] = row[1].decode("utf-8", "surrogatepass")
        if row[0] < first + (last - first) // 2:
            old.append((digest, row[1]))
    if old:
        with transaction(connection):
            _put(connection, old)
    return found


def _write(connection: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes]], max_bytes: int) -> _Kept:
    left = 0
    with transaction(connection):
        _put(connection, rows)
        for _ in range(MOST_GOES):
            if _bytes(connection) <= max_bytes:
                break
            left += connection.execute(
                "DELETE FROM units WHERE turn IN (SELECT turn FROM units ORDER BY turn LIMIT ?)", (LEAVE_AT_ONCE,)
            ).rowcount
    if _number(connection, "page_count") * _number(connection, "page_size") > max_bytes:
        # execute() would stop after the first page: each is a step, and none has a row.
        connection.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")
    return _Kept(_bytes(connection), left)


def _put(connection: sqlite3.Connection, rows: Sequence[tuple[bytes, bytes]]) -> None:
    turn = connection.execute("SELECT coalesce(max(turn), 0) FROM units").fetchone()[0]
    connection.executemany(
        "INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?)",
        [
            (turn + i, digest, text, zlib.crc32(text, zlib.crc32(digest)))
            for i, (digest, text) in enumerate(rows, start=1)
        ],
    )


def _bytes(connection: sqlite3.Connection) -> int:
    pages = _number(connection, "page_count") - _number(connection, "freelist_count")
    return pages * _number(connection, "page_size")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
