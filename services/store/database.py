"""The store's database: connections, readiness, and batches of which one bad record never harms the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from services.contracts.articles import EnrichedArticle
from services.contracts.outcomes import Rejection
from services.runtime import logs, metrics
from services.runtime.stage import Transient
from services.store.errors import is_outage
from services.store.migrate import Unsuitable, migrate
from services.store.write import Connection, Stored, write

READY_SECONDS = 5.0
# Without these a server that vanished without a word would hold a batch for hours.
_NOTICES_DEATH: Mapping[str, str | int] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def connection_string(url: str, connect_timeout: float) -> str:
    """The operator's connection string; what it leaves open is filled so that a dead server is noticed."""
    given = conninfo_to_dict(url)
    ours: dict[str, str | int] = {
        **_NOTICES_DEATH,
        "connect_timeout": max(2, round(connect_timeout)),
        "application_name": "xabar-store",
    }
    return make_conninfo(url, **{key: value for key, value in ours.items() if key not in given})


class Database:
    """Postgres as the store uses it; migrated when it is first reached."""

    def __init__(self, conninfo: str, *, pool_size: int, connect_timeout: float, statement_timeout: float) -> None:
        self.conninfo = conninfo
        self._pool_size = pool_size
        self._connect_timeout = connect_timeout
        self._statement_timeout = statement_timeout
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._opening = asyncio.Lock()

    async def write(self, batch: Sequence[EnrichedArticle | Rejection], now: datetime) -> list[Stored]:
        """Store the batch in one transaction. Raises Transient for an outage, anything else for the data."""
        started = time.monotonic()
        try:
            pool = await self._open()
            async with pool.connection() as connection:
                return await write(connection, batch, now, self._statement_timeout)
        except Exception as error:
            if is_outage(error):
                raise Transient(f"the database: {_first_line(error)}") from error
            raise
        finally:
            metrics.DATABASE_SECONDS.labels("write").observe(time.monotonic() - started)

    async def why_not_ready(self) -> str | None:
        """Why nothing can be stored at the moment, or None."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                pool = await self._open()
                async with pool.connection() as connection:
                    await connection.execute("SELECT 1")
        except Transient as error:
            return str(error)
        except Exception as error:
            return f"the database: {_first_line(error)}"
        return None

    async def close(self) -> None:
        """Let go of all connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _open(self) -> AsyncConnectionPool[Connection]:
        async with self._opening:
            if self._pool is None:
                try:
                    await asyncio.to_thread(migrate, self.conninfo)
                except Unsuitable as error:
                    # Not refused here: the database was exchanged under a running store, and may be exchanged again.
                    raise Transient(str(error)) from error
                except Exception as error:
                    raise Transient(f"the database: {_first_line(error)}") from error
                pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
                    self.conninfo,
                    min_size=1,
                    max_size=self._pool_size,
                    kwargs={"autocommit": True},
                    timeout=self._connect_timeout,
                    # The pool's own pauses between attempts double without limit; ours are the host's.
                    reconnect_timeout=self._connect_timeout,
                    # A connection that died in the pool is replaced, not handed out.
                    check=AsyncConnectionPool.check_connection,
                    open=False,
                )
                await pool.open()
                self._pool = pool
            return self._pool


async def write_each(
    database: Database, batch: Sequence[EnrichedArticle | Rejection], clock: Callable[[], datetime]
) -> tuple[list[Exception | None], list[Stored]]:
    """Store a batch; one that is refused is halved until the bad records stand alone. Raises Transient.

    The halves are stored for good before their neighbours: a repeat of the whole batch leaves them as they are.
    """
    try:
        return [None] * len(batch), await database.write(batch, clock())
    except Transient:
        raise
    except Exception as error:
        if len(batch) == 1:
            return [error], []
        logs.logger().warning("batch refused", records=len(batch), error=_first_line(error))
    half = len(batch) // 2
    answers, stored = await write_each(database, batch[:half], clock)
    more_answers, more_stored = await write_each(database, batch[half:], clock)
    return [*answers, *more_answers], [*stored, *more_stored]


def _first_line(error: BaseException) -> str:
    said = str(error).strip().splitlines()
    sqlstate = f" {error.sqlstate}" if isinstance(error, psycopg.Error) and error.sqlstate else ""
    return f"{type(error).__name__}{sqlstate}{': ' + said[0] if said else ''}"
