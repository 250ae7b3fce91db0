"""The fetcher's stage: a request becomes a record of the frontier, and only then is it committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.topics import FETCH_REQUESTS, URL_FRONTIER
from services.fetcher.interpret import STAGE, Denied, redacted, rejection, without_user_info
from services.fetcher.lifecycle import Mark, accept
from services.fetcher.queue.frontier import Frontier, partition_of
from services.fetcher.queue.ledger import Ledger, NotOurs, Publisher
from services.runtime.stage import Stage, Transient

RESTORE_SECONDS = 20.0
LOOK_SECONDS = 0.05


class Acceptor:
    """Takes requests up."""

    def __init__(
        self,
        frontier: Frontier,
        ledger: Ledger,
        publisher: Publisher,
        wake: Callable[[], None],
        clock: Callable[[], datetime],
        restore_seconds: float = RESTORE_SECONDS,
    ) -> None:
        self._frontier = frontier
        self._ledger = ledger
        self._publisher = publisher
        self._wake = wake
        self._clock = clock
        self._restore_seconds = restore_seconds

    async def accept(self, request: FetchRequest) -> Rejection | None:
        """Write what the request asks for to the frontier; it is there when this returns. Raises Transient."""
        now = self._clock()
        try:
            host = host_of(request.url)
        except BadUrl as error:
            request = request.model_copy(update={"url": redacted(request.url)})
            return rejection(request, Denied("bad-url", redacted(str(error))), None, now)
        # A name and a password are nobody's business but the site's, and are not sent to it either.
        request = request.model_copy(update={"url": without_user_info(request.url)})
        partition = partition_of(host, self._frontier.partitions)
        if self._frontier.table(partition).assigned_at is None:
            # Somebody wrote it under another key; its owner gets it.
            await self._publisher.send(FETCH_REQUESTS, request, partition=partition)
            return None
        await self._restored(partition)
        async with self._locked(host):
            known = self._frontier.get(host, f"url:{canonical_url(request.url)}")
            entry = accept(request, known, Mark(self._frontier.writer, self._clock()))
            if entry is not None:
                try:
                    await self._ledger.write(entry)
                except NotOurs as error:
                    raise Transient(f"the partition of {host} is being handed over") from error
                self._wake()
        return None

    async def _restored(self, partition: int) -> None:
        deadline = asyncio.get_running_loop().time() + self._restore_seconds
        while not self._frontier.runs(partition):
            if asyncio.get_running_loop().time() > deadline:
                raise Transient(f"the frontier's partition {partition} is not read yet")
            self._stood_still()
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def _locked(self, host: str) -> AsyncIterator[None]:
        """The host's lock; whoever holds it may be waiting for the group's word. Raises Transient."""
        lock = self._ledger.lock(host)
        while True:
            self._stood_still()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await lock.acquire()
                break
        try:
            yield
        finally:
            lock.release()

    def _stood_still(self) -> None:
        """Whoever waited here for the group's word would hold up the hand-over it may ask for. Raises Transient."""
        if not self._ledger.steady:
            raise Transient("this process stood still: the group says first whose partition it is")


def stage(accept_request: Callable[[FetchRequest], Awaitable[Rejection | None]]) -> Stage[FetchRequest, FrontierEntry]:
    """What the host runs; the frontier's records are written by the handler, under its lock."""
    return Stage(
        name=STAGE,
        source=FETCH_REQUESTS,
        target=URL_FRONTIER,
        handle=accept_request,
        lane=FETCH_REQUESTS.key,
        url_of=lambda request: request.url,
        source_of=lambda request: request.source,
    )
