"""Writes what became of a URL or a list: to the broker first, then to the frontier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.contracts.headers import child_of
from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.topics import FETCH_REQUESTS, FETCHED_PAGES, REJECTIONS
from services.fetcher.interpret import Denied, Later, rejection
from services.fetcher.lifecycle import Mark, Patience, denied, postponed, seen, unlisted, with_what_others_know
from services.fetcher.queue.frontier import Frontier, partition_of
from services.fetcher.queue.ledger import Insistence, Ledger, NotOurs, Publisher
from services.runtime import logs, metrics


class Scribe:
    """Holds every write until the broker has it; what came from a host that was lost meanwhile is not written."""

    def __init__(
        self,
        *,
        frontier: Frontier,
        ledger: Ledger,
        publisher: Publisher,
        insist: Insistence,
        patience: Patience,
        clock: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self.patience = patience
        self._frontier = frontier
        self._ledger = ledger
        self._publisher = publisher
        self._insist = insist
        self._clock = clock
        self._random = random

    def mark(self) -> Mark:
        """Who writes, and that it is now."""
        return Mark(self._frontier.writer, self._clock())

    def still_ours(self, entry: FrontierEntry) -> None:
        """Before an answer counts. Raises NotOurs where the host was lost while it spoke."""
        if not self._frontier.owns(entry.host):
            raise NotOurs(entry.host)

    async def record(self, before: FrontierEntry, after: FrontierEntry) -> None:
        """Replace a record, unless another request came in for it meanwhile: then that one stands."""
        async with self._ledger.lock(before.host):
            newest = self._frontier.get(before.host, before.key)
            if newest is None or newest.request == before.request:
                written = after if newest is None else with_what_others_know(after, newest)
                await self._insist(lambda: self._ledger.write(written))

    async def still_listed(self, entry: FrontierEntry) -> None:
        """A list still names a URL that is known: noted now and then, for what nobody names is forgotten one day."""
        if seen(entry, self.mark()) is None:
            return
        async with self._ledger.lock(entry.host):
            newest = self._frontier.get(entry.host, entry.key)
            again = None if newest is None else seen(newest, self.mark())
            if again is not None:
                await self._insist(lambda: self._ledger.write(again))

    async def ask_for(self, request: FetchRequest) -> None:
        """Send a request to whoever owns its host; its trace begins here."""
        request = request.model_copy(update={"traceparent": request.traceparent or child_of(None)})
        partition = partition_of(host_of(request.url), self._frontier.partitions)
        id_ = f"{canonical_url(request.url)}:{request.requested_at.isoformat()}"
        await self._insist(
            lambda: self._publisher.send(
                FETCH_REQUESTS, request, id_=id_, partition=partition, traceparent=request.traceparent
            )
        )

    async def deliver(self, entry: FrontierEntry, page: FetchedPage) -> None:
        """Hand a page to the parser."""
        self.still_ours(entry)
        id_ = f"{entry.key}:{page.fetched_at.isoformat()}"
        trace = page.request.traceparent
        await self._insist(lambda: self._publisher.send(FETCHED_PAGES, page, id_=id_, traceparent=trace))
        self.count(page.request.source, "fetched")

    async def put_off(self, entry: FrontierEntry, why: Later) -> Denied | None:
        """Try a URL again later; what becomes of it where it was tried often enough."""
        result = postponed(entry, why, self.patience, self.mark(), self._random)
        if isinstance(result, Denied):
            return result
        self.still_ours(entry)
        await self.record(entry, result)
        logs.logger().info(
            "put off", url=entry.url, source=entry.source, why=why.detail, attempts=result.attempts,
            until=result.due_at and result.due_at.isoformat(timespec="seconds"),
        )  # fmt: skip
        return None

    async def drop(self, entry: FrontierEntry, why: str) -> None:
        """End what nobody waits for any more; that is no rejection."""
        self.still_ours(entry)
        await self.record(entry, unlisted(entry, why, None, self.mark()))
        logs.logger().info("dropped", url=entry.url, source=entry.source, why=why)

    async def refuse(self, entry: FrontierEntry, why: Denied) -> None:
        """Say that a page is not wanted, or is gone."""
        request = entry.request
        assert request is not None
        self.still_ours(entry)
        refused = rejection(request, why, self._clock(), self._clock())
        id_ = f"{entry.key}:{refused.rejected_at.isoformat()}"
        trace = request.traceparent
        await self._insist(lambda: self._publisher.send(REJECTIONS, refused, id_=id_, traceparent=trace))
        await self.record(entry, denied(entry, why, self.mark()))
        self.count(request.source, "rejected")
        metrics.FETCH_REJECTIONS.labels(why.reason).inc()
        logs.logger().info("rejected", url=request.url, source=request.source, reason=why.reason, detail=why.detail)

    def count(self, source: str | None, event: str) -> None:
        """One more of a source's articles came this far."""
        if source:
            metrics.SOURCE_ARTICLES.labels(source, event).inc()
