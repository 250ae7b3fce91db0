"""A SQLite file that may be lost: worked on in one thread, begun anew when corrupt, in memory where it can't be."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from services.runtime import logs

T = TypeVar("T")
LOCK_SECONDS = 1.0
"""That another process may keep us waiting."""
MOST_SECONDS = 3.0
"""That anybody waits for the disk."""
WAL_PAGES = 1_000
WAL_BYTES = 8 * 1024 * 1024
_RUINED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_FORMAT})


class Disposable:
    """A file with tables, in WAL mode: a kill at any moment leaves it as it was after some transaction."""

    def __init__(self, path: Path | None, schema: str, version: int, what: str) -> None:
        """`schema`: statements that make the tables. `version`: of the schema, a file of another one is begun anew.

        `what` names it in the log. None for `path` means in memory only. Nothing is opened yet.
        """
        self._path = path
        self._schema = schema
        self._version = version
        self._what = what
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=what.replace(" ", "-"))
        self._after_stall: Future[None] | None = None
        self._trouble = ""

    async def run(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What `work` returns, or `otherwise` where the file can't be used just now; never blocks the loop."""
        if self._after_stall is not None and not self._after_stall.done():
            return otherwise
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(self._thread, self._run, work, otherwise), MOST_SECONDS)
        except TimeoutError:
            # Nothing more is put in the queue until what is in it is done.
            self._after_stall = self._thread.submit(lambda: None)
            self._tell(f"no answer from the disk in {MOST_SECONDS:g} s")
            return otherwise

    async def close(self) -> None:
        """Close the file; what was committed is in it."""
        if self._after_stall is None or self._after_stall.done():
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _run(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        for attempt in (1, 2):
            try:
                done = work(self._opened())
            except sqlite3.DatabaseError as error:
                if attempt == 1 and _is_ruined(error):
                    self._begin_anew(error)
                    continue
                self._tell(str(error))
                return otherwise
            self._trouble = ""
            return done
        return otherwise

    def _tell(self, trouble: str) -> None:
        """Once, and not for every article."""
        if trouble != self._trouble:
            logs.logger().warning(f"the {self._what} can't be used", why=trouble)
        self._trouble = trouble

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._on_disk() if self._path else self._in_memory()
        return self._connection

    def _on_disk(self) -> sqlite3.Connection:
        assert self._path is not None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return self._with_tables(str(self._path))
        except (OSError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.DatabaseError) and _is_ruined(error):
                raise
            logs.logger().warning(f"the {self._what} is kept in memory: its file can't be opened", why=str(error))
            return self._in_memory()

    def _in_memory(self) -> sqlite3.Connection:
        return self._with_tables(":memory:")

    def _with_tables(self, name: str) -> sqlite3.Connection:
        # One thread works on it, but not the one that makes this object.
        connection = sqlite3.connect(name, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
            with transaction(connection):
                found = connection.execute("PRAGMA user_version").fetchone()[0]
                if found == 0:
                    for statement in filter(str.strip, self._schema.split(";")):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {self._version}")
                elif found != self._version:
                    raise _AnotherVersion(f"its tables are of version {found}, not {self._version}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin_anew(self, why: sqlite3.DatabaseError) -> None:
        logs.logger().warning(f"the {self._what} is begun anew", why=str(why))
        self._close()
        if self._path is None:
            return
        for suffix in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


class _AnotherVersion(sqlite3.DatabaseError):
    """Written by another version of this program."""


def _is_ruined(error: sqlite3.DatabaseError) -> bool:
    if isinstance(error, _AnotherVersion):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _RUINED  # the low byte is the primary code


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
