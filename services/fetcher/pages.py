"""One page asked for, and what becomes of the answer: the first time, and when a known page is looked at again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urljoin

from services.contracts.identity import canonical_url
from services.contracts.pages import FrontierEntry
from services.fetcher.hosts import Hosts
from services.fetcher.interpret import MAX_HOPS, Denied, Later, Move, Unchanged, Usable, interpret, without_user_info
from services.fetcher.lifecycle import fetched, finished, looked_again, missed, moved, validators_of
from services.fetcher.lists.outcomes import Outcomes
from services.fetcher.missing import probe_url, says_missing, sketch
from services.fetcher.scribe import Scribe
from services.fetcher.source_book import SourceBook
from services.fetcher.visits import Visits
from services.runtime import logs, metrics
from services.runtime.stage import VERSION

PROBE_EVERY = timedelta(days=7)
"""How long what a host answers for a page that never was is taken for its habit."""


class Pages:
    """Fetches pages, and looks at known ones again: edits flow on, what is missing twice is gone."""

    def __init__(
        self,
        *,
        visits: Visits,
        hosts: Hosts,
        scribe: Scribe,
        book: SourceBook,
        outcomes: Outcomes,
        clock: Callable[[], datetime],
        random: Callable[[], float],
    ) -> None:
        self._visits = visits
        self._hosts = hosts
        self._scribe = scribe
        self._book = book
        self._outcomes = outcomes
        self._clock = clock
        self._random = random

    async def fetch(self, entry: FrontierEntry) -> None:
        """Ask for the page of a record that is due."""
        request = entry.request
        if request is None:
            return
        again = entry.state == "fetched"
        if again:
            if self._is_over(entry):
                await self._scribe.record(entry, finished(entry, self._scribe.mark()))
                return
            # The request goes on with the page; what asked for it this time is the recrawl.
            now = self._clock()
            request = request.model_copy(update={"reason": "recrawl", "requested_at": now, "traceparent": None})
        started = self._clock()
        headers = validators_of(entry) if again else {}
        found = await self._visits.obtain(without_user_info(request.url), request.source, headers, across=False)
        if isinstance(found, Usable) and again:
            found = await self._seen_through(entry, found)
        match found:
            case Usable(answer=answer):
                facts = self._book.facts(request.source)
                page = await asyncio.to_thread(interpret, request, facts, answer, started, self._clock(), VERSION)
                if isinstance(page, Denied):
                    await self._deny(entry, page)
                    return
                await self._scribe.deliver(entry, page)
                await self._scribe.record(entry, fetched(entry, page, self._scribe.patience, self._scribe.mark()))
                logs.logger().info(
                    "fetched", url=request.url, source=request.source, status=answer.status, bytes=len(answer.body),
                    seconds=round(answer.seconds, 3), recrawl=again,
                )  # fmt: skip
            case Unchanged() if again:
                await self._look_again_later(entry)
            case Unchanged():
                await self._deny(entry, Denied("http-status", "status 304, though nothing was known", "unasked-304"))
            case Move(url=url):
                await self._follow(entry, url)
            case Later():
                await self.put_off(entry, found)
            case Denied():
                await self._deny(entry, found)

    async def put_off(self, entry: FrontierEntry, why: Later) -> None:
        """Try the page again later, or end it where it was tried often enough. Raises NotOurs."""
        ended = await self._scribe.put_off(entry, why)
        if ended is not None:
            await self._deny(entry, ended)

    def _is_over(self, entry: FrontierEntry) -> bool:
        """Whether nobody wants to know any more how the page changes."""
        assert entry.url is not None
        unwatched = entry.source is not None and self._book.restored and self._book.source(entry.source) is None
        return unwatched or self._outcomes.no_article(entry.url)

    async def _seen_through(self, entry: FrontierEntry, found: Usable) -> Usable | Unchanged | Denied:
        """A known page that answers 200: changed, unchanged, or an error page in disguise."""
        if hashlib.sha256(found.answer.body).hexdigest() == entry.body_sha256:
            return Unchanged(found.answer)
        page = await asyncio.to_thread(sketch, found.answer.body)
        like = await self._missing_like(entry, page)
        if says_missing(page, like):
            front = await self._sketched(entry, urljoin(found.answer.url, "/"))
            if front is None or says_missing(front, like):
                logs.logger().info("the whole site may show one page", url=entry.url, source=entry.source)
                return Unchanged(found.answer)
            metrics.FETCH_FAULTS.labels("soft-404").inc()
            return Denied("gone", "status 200, with what the site shows for pages that never were", "soft-404")
        return found

    async def _missing_like(self, entry: FrontierEntry, page: str) -> str:
        """A sketch of what the host answers for a page that never was; empty where it says 404, or nothing clear."""
        assert entry.url is not None
        known = self._hosts.state(entry.host)
        if known.missing_asked_at is not None and known.missing_asked_at + PROBE_EVERY > self._clock():
            return known.missing_like or ""
        like = await self._sketched(entry, probe_url(entry.url, self._random))
        if like is not None and says_missing(page, like):
            # The site may look at some part of the address only, and show this very article for the rest.
            like = await self._sketched(entry, probe_url(urljoin(entry.url, "/article"), self._random))
        if like is None:
            return ""
        await self._hosts.learn(entry.host, missing_like=like, missing_asked_at=self._clock())
        return like

    async def _sketched(self, entry: FrontierEntry, url: str) -> str | None:
        """A sketch of what stands at another URL of the host; empty where that is refused, None for a passing fault."""
        found = await self._visits.obtain(url, entry.source, {}, across=False)
        if isinstance(found, Usable):
            return await asyncio.to_thread(sketch, found.answer.body)
        return "" if isinstance(found, Denied) else None

    async def _look_again_later(self, entry: FrontierEntry, why: str | None = None) -> None:
        self._scribe.still_ours(entry)
        await self._scribe.record(entry, looked_again(entry, self._scribe.patience, self._scribe.mark(), why))
        logs.logger().info("looked at again", url=entry.url, source=entry.source, found=why or "unchanged")

    async def _deny(self, entry: FrontierEntry, why: Denied) -> None:
        if why.reason == "gone":
            result = missed(entry, why, self._scribe.patience, self._scribe.mark(), self._random)
            if not isinstance(result, Denied):
                self._scribe.still_ours(entry)
                await self._scribe.record(entry, result)
                logs.logger().info("missing", url=entry.url, source=entry.source, why=why.detail)
                return
        elif entry.state == "fetched":
            # The article is stored and may well be there still.
            await self._look_again_later(entry, f"{why.reason}: {why.detail}")
            return
        await self._scribe.refuse(entry, why)

    async def _follow(self, entry: FrontierEntry, url: str) -> None:
        """A page that moved to another host is asked for there, by whoever owns that host."""
        request = entry.request
        assert request is not None
        first = request.origin or request.url
        if request.hops + 1 > MAX_HOPS or canonical_url(url) == canonical_url(first):
            await self._deny(entry, Denied("too-many-redirects", f"the redirects lead to {url}", "too-many-redirects"))
            return
        update = {"url": url, "hops": request.hops + 1, "origin": first, "requested_at": self._clock()}
        self._scribe.still_ours(entry)
        await self._scribe.ask_for(request.model_copy(update=update))
        await self._scribe.record(entry, moved(entry, url, self._scribe.mark()))
        logs.logger().info("moved", url=request.url, source=request.source, to=url)
