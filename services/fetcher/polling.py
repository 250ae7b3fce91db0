"""One list of pages read, because it is due or was asked for: what it announces and nobody knows is requested."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchRequest, FrontierEntry, Hints, ListForm, RequestReason
from services.contracts.sources import Lane
from services.fetcher.answers import Answer
from services.fetcher.feeds import read_feed
from services.fetcher.frontier import Frontier
from services.fetcher.index_pages import choose, read_links
from services.fetcher.interpret import Denied, Later, Meaning, Move, Unchanged, Usable, charset_of, without_user_info
from services.fetcher.lifecycle import (
    LAST_SEEN_EVERY,
    LIST_AGAIN,
    MAX_LIST_DEPTH,
    Reading,
    known_to,
    listed,
    not_polled,
    polled,
    unlisted,
    waits,
)
from services.fetcher.listing import Child, Entry, Listing, NotAListing
from services.fetcher.outcomes import Outcomes
from services.fetcher.schedule import Bounds, after_fault, asked_interval, paced, spread
from services.fetcher.scribe import Scribe
from services.fetcher.sitemaps import fresh, read_sitemap, sitemaps_of_robots, worth_reading
from services.fetcher.source_book import SourceBook
from services.fetcher.visits import Visits
from services.runtime import logs, metrics

BATCH = 100
DOUBT_EVERY = 6
"""After so many polls in a row that brought nothing, one goes without validators: some servers say 304 for ever."""
LIVE_WINDOW = timedelta(days=7)
"""How old a sitemap's pages may be by its own dates; what is older is for a backfill."""
MAX_UNDATED = 1000
"""Of a sitemap's undated pages at its first reading: they may be all that the site ever wrote."""
REASONS: dict[ListForm, RequestReason] = {"feed": "feed", "sitemap": "sitemap", "robots": "sitemap", "index": "index"}


@dataclass(frozen=True)
class Wish:
    """For whom a list is read, and how what it announces is asked for."""

    place: str
    source: str | None
    form: ListForm
    lane: Lane
    since: datetime | None
    until: datetime | None = None
    first: bool = False
    """Whether the list was never read before."""
    depth: int = 0
    """How many lists led to it."""


class Polling:
    """Reads feeds, sitemaps and index pages."""

    def __init__(
        self,
        *,
        frontier: Frontier,
        visits: Visits,
        scribe: Scribe,
        book: SourceBook,
        outcomes: Outcomes,
        bounds: Bounds,
        clock: Callable[[], datetime],
    ) -> None:
        self._frontier = frontier
        self._visits = visits
        self._scribe = scribe
        self._book = book
        self._outcomes = outcomes
        self._bounds = bounds
        self._clock = clock
        self._elsewhere: dict[str, frozenset[str]] = {}
        """By list: what it announced last on hosts whose records another replica keeps."""

    async def poll(self, entry: FrontierEntry) -> None:
        """Read a list whose turn it is."""
        assert entry.url is not None
        # What is chosen of an index page grows with what was learned since: it is read whole each time.
        validators = _validators(entry) if entry.listing != "index" else {}
        # What it lists is noted now and then, for what no list names is forgotten one day.
        noted = entry.last_seen is not None and self._clock() - entry.last_seen < LAST_SEEN_EVERY
        doubted = bool(validators) and (entry.lies or not noted or (entry.unchanged + 1) % DOUBT_EVERY == 0)
        found = await self._visits.obtain(entry.url, entry.source, {} if doubted else validators, across=True)
        match found:
            case Unchanged():
                await self._polled(entry, found, None, None)
            case Usable(answer=answer):
                digest = hashlib.sha256(answer.body).hexdigest()
                if digest == entry.body_sha256 and noted and entry.listing != "index":
                    await self._polled(entry, found, digest, None)
                    return
                try:
                    listing = await self._read(entry.listing or "feed", answer, entry.url)
                except NotAListing as error:
                    metrics.FETCH_FAULTS.labels("not-a-list").inc()
                    await self.failed(entry, str(error), "not-a-list")
                    return
                suspect = doubted and not entry.lies and digest != entry.body_sha256
                lies = suspect and await self._denies_its_change(entry, validators)
                await self._polled(entry, found, digest, listing, lies=lies)
            case Later(until=until, fault=fault):
                await self.failed(entry, found.detail, fault, until)
            case Denied(reason=reason, detail=detail, fault=fault):
                await self.failed(entry, f"{reason}: {detail}", fault)
            case Move(url=url):
                await self.failed(entry, f"too many redirects, the last to {url}", "too-many-redirects")

    async def read(self, entry: FrontierEntry) -> None:
        """Read a list that a request asks for, once; it is no article, so nothing is rejected when that fails."""
        request = entry.request
        assert request is not None
        assert request.listing is not None
        found = await self._visits.obtain(without_user_info(request.url), request.source, {}, across=True)
        match found:
            case Usable(answer=answer):
                try:
                    listing = await self._read(request.listing, answer, request.url)
                except NotAListing as error:
                    await self._not_read(entry, str(error), "not-a-list")
                    return
            case Denied(reason="gone") if request.listing == "robots":
                listing = _usual_sitemap(request.url)
            case Later():
                ended = await self._scribe.put_off(entry, found)
                if ended is not None:
                    await self._not_read(entry, ended.detail, ended.fault)
                return
            case _:
                await self._not_read(entry, *_why_not(found))
                return
        self._scribe.still_ours(entry)
        first = entry.fetched_at is None
        wish = Wish(
            request.url, request.source, request.listing, request.lane, request.since, request.until, first,
            depth=request.hops,
        )  # fmt: skip
        new = await self._announce(wish, listing)
        await self._scribe.record(entry, listed(entry, len(new), self._scribe.mark()))
        logs.logger().info(
            "list read", url=request.url, source=request.source, form=request.listing, lane=request.lane,
            listed=len(listing.entries), lists=len(listing.children), new=len(new),
        )  # fmt: skip

    async def failed(self, entry: FrontierEntry, why: str, fault: str | None, until: datetime | None = None) -> None:
        """A poll came to nothing; with `until` for no fault of the list's. Raises NotOurs."""
        self._scribe.still_ours(entry)
        if until is not None:
            await self._scribe.record(entry, waits(entry, why, until, self._scribe.mark()))
            return
        wait = after_fault(entry, self._clock(), self._bounds)
        await self._scribe.record(entry, not_polled(entry, why, wait, self._scribe.mark(), fault))
        metrics.POLLS.labels(entry.source or "", "failed").inc()
        logs.logger().warning("list not read", url=entry.url, source=entry.source, why=why, fault=fault)

    async def _read(self, form: ListForm, answer: Answer, place: str) -> Listing:
        now = self._clock()
        match form:
            case "feed":
                return await asyncio.to_thread(read_feed, answer.body, answer.url, answer.headers, now)
            case "sitemap":
                return await asyncio.to_thread(read_sitemap, answer.body, answer.url, now)
            case "robots":
                places = sitemaps_of_robots(answer.body.decode("utf-8", "replace"), answer.url)
                return Listing(children=tuple(map(Child, places))) if places else _usual_sitemap(answer.url)
            case "index":
                charset = charset_of(answer.header("content-type"))
                links = await asyncio.to_thread(read_links, answer.body, answer.url, charset)
                before = self._elsewhere.get(place, frozenset())
                return choose(links, self._outcomes.shapes, lambda url: self._is_known(url, before, now), now)

    async def _denies_its_change(self, entry: FrontierEntry, validators: dict[str, str]) -> bool:
        """Whether a list that has just shown something new says "not modified" to who asks by its old validators."""
        assert entry.url is not None
        return isinstance(await self._visits.obtain(entry.url, entry.source, validators, across=True), Unchanged)

    async def _polled(
        self,
        entry: FrontierEntry,
        found: Usable | Unchanged,
        digest: str | None,
        listing: Listing | None,
        *,
        lies: bool = False,
    ) -> None:
        assert entry.url is not None
        self._scribe.still_ours(entry)
        source = self._book.source(entry.source)
        form = entry.listing or "feed"
        now = self._clock()
        since = now - LIVE_WINDOW if form == "sitemap" else None
        first = entry.fetched_at is None
        wish = Wish(entry.url, entry.source, form, source.lane if source else "live", since, first=first)
        new = await self._announce(wish, listing) if listing else []
        told = listing.entries if listing and entry.per_day is None else new
        dates = [*(item.published_at for item in told), *_news_of_children(listing, entry.fetched_at)]
        pace = paced(entry, dates, now, self._bounds)
        floor = asked_interval(found.answer.headers, listing.floor if listing else None, now, self._bounds)
        wait = spread(max(pace.interval, floor), entry.url, now, self._bounds)
        if listing and any(child.modified_at is None for child in listing.children):
            wait = max(floor, min(wait, LIST_AGAIN))
        hubs = listing.hubs if listing else None
        last_seen = now if listing else entry.last_seen
        reading = Reading(found.answer, digest, len(new), pace, wait, last_seen, lies, found.moved_to, hubs)
        await self._scribe.record(entry, polled(entry, reading, self._scribe.mark()))
        metrics.POLLS.labels(entry.source or "", "new" if new else "nothing").inc()
        logs.logger().info(
            "polled", url=entry.url, source=entry.source, form=form, status=found.answer.status,
            listed=len(listing.entries) if listing else 0, new=len(new), next_in=round(wait.total_seconds(), 1),
        )  # fmt: skip
        if lies:
            logs.logger().warning("says 304 though it changed; validators are left out", url=entry.url)

    async def _announce(self, wish: Wish, listing: Listing) -> list[Entry]:
        """Ask for the pages and lists that nobody knows yet; the pages among them."""
        now = self._clock()
        before = self._elsewhere.get(wish.place, frozenset())
        elsewhere: set[str] = set()
        new: list[Entry] = []
        undated = 0
        requests: list[FetchRequest] = []
        for item in fresh(listing.entries, wish.since):
            dated = item.published_at or item.modified_at
            if wish.until and dated and dated >= wish.until:
                continue
            url = canonical_url(item.url)
            host = host_of(url)
            if self._frontier.owns(host):
                known = self._frontier.get(host, f"url:{url}")
                if known is not None and known_to(known, now):
                    await self._scribe.still_listed(known)
                    continue
            else:
                elsewhere.add(url)
                if url in before:
                    continue
            lane = wish.lane
            if wish.first and wish.form == "sitemap" and lane == "live" and dated is None:
                undated += 1
                lane = "backfill"
                if undated > MAX_UNDATED:
                    continue
            new.append(item)
            requests.append(_page_request(wish, item, lane, now))
        requests += self._lists_of(wish, listing, now)
        for start in range(0, len(requests), BATCH):
            await asyncio.gather(*map(self._scribe.ask_for, requests[start : start + BATCH]))
        if elsewhere or before:
            self._elsewhere[wish.place] = frozenset(elsewhere)
        for _ in new:
            self._scribe.count(wish.source, "discovered")
        return new

    def _lists_of(self, wish: Wish, listing: Listing, now: datetime) -> list[FetchRequest]:
        """Requests for the lists that a list names; the owner of each decides whether there is a need."""
        if wish.depth >= MAX_LIST_DEPTH:
            return []
        requests = []
        for child in listing.children:
            host = host_of(child.url)
            known = self._frontier.get(host, f"url:{canonical_url(child.url)}") if self._frontier.owns(host) else None
            read_at = known.fetched_at if known is not None and wish.lane == "live" else None
            if worth_reading(child, wish.since, read_at):
                requests.append(_list_request(wish, child, now))
        return requests

    def _is_known(self, url: str, elsewhere: frozenset[str], now: datetime) -> bool:
        url = canonical_url(url)
        host = host_of(url)
        return known_to(self._frontier.get(host, f"url:{url}"), now) if self._frontier.owns(host) else url in elsewhere

    async def _not_read(self, entry: FrontierEntry, why: str, fault: str | None) -> None:
        self._scribe.still_ours(entry)
        await self._scribe.record(entry, unlisted(entry, why, fault, self._scribe.mark()))
        logs.logger().warning("list not read", url=entry.url, source=entry.source, why=why, fault=fault)


def _validators(entry: FrontierEntry) -> dict[str, str]:
    found = {"If-None-Match": entry.etag, "If-Modified-Since": entry.last_modified}
    return {name: value for name, value in found.items() if value}


def _why_not(found: Meaning) -> tuple[str, str | None]:
    match found:
        case Denied(reason=reason, detail=detail, fault=fault):
            return f"{reason}: {detail}", fault
        case Move(url=url):
            return f"too many redirects, the last to {url}", "too-many-redirects"
    return "status 304, though nothing was known", "unasked-304"


def _usual_sitemap(url: str) -> Listing:
    """Where a site's sitemap stands if its robots.txt names none."""
    return Listing(children=(Child(urljoin(url, "/sitemap.xml")),))


def _news_of_children(listing: Listing | None, read_at: datetime | None) -> Iterator[datetime]:
    """When lists that this one names changed since it was read: that is how an index tells of news."""
    for child in listing.children if listing is not None else ():
        if child.modified_at is not None and (read_at is None or child.modified_at > read_at):
            yield child.modified_at


def _page_request(wish: Wish, item: Entry, lane: Lane, now: datetime) -> FetchRequest:
    return FetchRequest(
        url=without_user_info(item.url),
        source=wish.source,
        reason=REASONS[wish.form],
        lane=lane,
        hints=Hints(title=item.title, published=item.published, modified=item.modified),
        requested_at=now,
    )


def _list_request(wish: Wish, child: Child, now: datetime) -> FetchRequest:
    changed = child.modified_at.isoformat() if child.modified_at else None
    return FetchRequest(
        url=without_user_info(child.url),
        source=wish.source,
        reason="sitemap",
        lane=wish.lane,
        hints=Hints(modified=changed),
        hops=wish.depth + 1,
        listing="sitemap",
        since=wish.since,
        until=wish.until,
        requested_at=now,
    )
