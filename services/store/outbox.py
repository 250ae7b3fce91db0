"""Send the receipts that transactions have left behind: one publisher, in order, each deleted once acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Protocol

import psycopg

from services.contracts.outcomes import Receipt
from services.contracts.topics import STORED_ARTICLES, Topic
from services.runtime import logs, metrics
from services.runtime.retry import Backoff
from services.runtime.stage import Transient
from services.store import statements as sql

LOCK = 0x786162617202
"""Of pg_try_advisory_lock, held on the publisher's own connection: who holds it, publishes."""
PAGE = 500


class Send(Protocol):
    """Hands a message over and returns when the broker has it. Raises Transient."""

    def __call__(self, topic: Topic[Receipt], message: Receipt, /, *, id_: str) -> Awaitable[None]: ...


Row = tuple[int, str, Receipt]


class Publisher:
    """The loop that empties the outbox, as long as this replica is the elected one."""

    def __init__(self, conninfo: str, send: Send, *, idle_seconds: float, backoff: Backoff) -> None:
        self._conninfo = conninfo
        self._send = send
        self._idle_seconds = idle_seconds
        self._backoff = backoff

    async def run(self, rand: Callable[[], float]) -> None:
        """Publish until cancelled; an outage of the database or the broker is waited out."""
        attempt = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    mine = False
                    while True:
                        mine = mine or await elected(connection)
                        sent = await self.publish_page(connection) if mine else 0
                        attempt = 0
                        if sent < PAGE:
                            await asyncio.sleep(self._idle_seconds)
            except (psycopg.Error, OSError, Transient) as error:
                attempt += 1
                logs.logger().warning("receipts wait", error=str(error).strip() or type(error).__name__)
                await asyncio.sleep(self._backoff.delay(attempt, rand))

    async def publish_page(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> int:
        """Send the oldest receipts and delete them once the broker has them; how many.

        A crash after the sending sends them again, under the same ce_id.
        """
        started = time.monotonic()
        found = await (await connection.execute(sql.READ_OUTBOX, [PAGE])).fetchall()
        rows = [(id_, ce_id, Receipt.model_validate(receipt)) for id_, ce_id, receipt in found]
        for wave in waves(rows):
            results = await asyncio.gather(
                *(self._send(STORED_ARTICLES, receipt, id_=ce_id) for _, ce_id, receipt in wave), return_exceptions=True
            )
            for failed in results:
                if isinstance(failed, BaseException):
                    raise failed
            await connection.execute(sql.DELETE_OUTBOX, [[id_ for id_, _, _ in wave]])
        if rows:
            metrics.DATABASE_SECONDS.labels("publish").observe(time.monotonic() - started)
        (waiting,) = await (await connection.execute(sql.COUNT_OUTBOX)).fetchone() or (0,)
        metrics.OUTBOX_RECORDS.set(waiting)
        return len(rows)


async def elected(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> bool:
    """Whether this connection has won the publisher's lock; it loses it when it ends."""
    row = await (await connection.execute(sql.ELECT, [LOCK])).fetchone()
    return bool(row and row[0])


def waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Runs of rows, in order, with no article twice: a run may be sent at once, and order per article stays."""
    wave: list[Row] = []
    articles: set[str] = set()
    for row in rows:
        if row[2].article_id in articles:
            yield wave
            wave, articles = [], set()
        wave.append(row)
        articles.add(row[2].article_id)
    if wave:
        yield wave
