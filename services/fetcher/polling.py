"""One list of pages read, because it is due or was asked for: what it announces and nobody knows is requested."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urljoin

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchRequest, FrontierEntry, Hints, ListForm, RequestReason
from services.contracts.sources import Lane
from services.fetcher.interpret import Denied, Later, Meaning, Move, Unchanged, Usable, charset_of, without_user_info
from services.fetcher.lifecycle import (
    LIST_AGAIN,
    MAX_LIST_DEPTH,
    Reading,
    comes_forward,
    known_to,
    listed,
    not_polled,
    polled,
    unlisted,
    validators_of,
    waits,
)
from services.fetcher.lists.feeds import read_feed
from services.fetcher.lists.index_pages import choose, read_links, same_site
from services.fetcher.lists.listing import Child, Entry, Listing, NotAListing
from services.fetcher.lists.outcomes import Outcomes
from services.fetcher.lists.sitemaps import fresh, read_sitemap, sitemaps_of_robots, worth_reading
from services.fetcher.queue.frontier import Frontier
from services.fetcher.schedule import Bounds, after_fault, asked_interval, paced, spread
from services.fetcher.scribe import Scribe
from services.fetcher.source_book import SourceBook
from services.fetcher.visits import OF_THE_HOST, Visits
from services.fetcher.web.answers import Answer
from services.runtime import logs, metrics

BATCH = 100
SLICE = 500
"""So many entries are looked up before others have a turn."""
WHOLE_EVERY = timedelta(days=1)
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
    read_at: datetime | None = None
    """When the list was read before."""
    polled: bool = False
    """Whether it is read again and again."""
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
        self._elsewhere: dict[str, frozenset[int]] = {}
        """By polled list: hashes of what it announced last on hosts whose records another replica keeps."""

    async def poll(self, entry: FrontierEntry) -> None:
        """Read a list whose turn it is."""
        assert entry.url is not None
        validators = validators_of(entry)
        # Once a day it is read whole, whatever it says of itself: what it lists is noted, and a lie comes out.
        noted = entry.last_seen is not None and self._clock() - entry.last_seen < WHOLE_EVERY
        whole = entry.whole or entry.lies or not noted or (entry.unchanged + 1) % DOUBT_EVERY == 0
        found = await self._visits.obtain(entry.url, entry.source, {} if whole else validators, across=True)
        match found:
            case Unchanged():
                await self._polled(entry, found, None, None)
            case Usable(answer=answer):
                digest = hashlib.sha256(answer.body).hexdigest()
                if digest == entry.body_sha256 and noted and not entry.whole:
                    await self._polled(entry, found, digest, None)
                    return
                try:
                    listing = await self._read(entry.listing or "feed", answer, entry.url)
                except NotAListing as error:
                    metrics.FETCH_FAULTS.labels("not-a-list").inc()
                    await self.failed(entry, str(error), "not-a-list")
                    return
                await self._polled(entry, found, digest, listing, blindly=whole)
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
                await self.put_off(entry, found)
                return
            case _:
                await self._not_read(entry, *_why_not(found))
                return
        self._scribe.still_ours(entry)
        wish = Wish(
            request.url, request.source, request.listing, request.lane, request.since, request.until,
            entry.fetched_at, depth=request.hops,
        )  # fmt: skip
        new = await self._announce(wish, listing)
        await self._scribe.record(entry, listed(entry, len(new), self._scribe.mark()))
        logs.logger().info(
            "list read", url=request.url, source=request.source, form=request.listing, lane=request.lane,
            listed=len(listing.entries), lists=len(listing.children), new=len(new),
        )  # fmt: skip

    async def put_off(self, entry: FrontierEntry, why: Later) -> None:
        """Read the list later, or not at all where that was tried often enough. Raises NotOurs."""
        ended = await self._scribe.put_off(entry, why)
        if ended is not None:
            await self._not_read(entry, ended.detail, ended.fault)

    async def failed(self, entry: FrontierEntry, why: str, fault: str | None, until: datetime | None = None) -> None:
        """A poll came to nothing; with `until` for no fault of the list's. Raises NotOurs."""
        self._scribe.still_ours(entry)
        if until is not None and fault not in OF_THE_HOST:
            await self._scribe.record(entry, waits(entry, why, until, self._scribe.mark()))
            return
        now = self._clock()
        wait = after_fault(entry, now, self._bounds)
        if until is not None:
            wait = max(wait, until - now)
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
                before = self._elsewhere.get(place, frozenset[int]())
                return choose(links, self._outcomes.shapes, lambda url: self._is_known(url, before, now), now)

    async def _polled(
        self,
        entry: FrontierEntry,
        found: Usable | Unchanged,
        digest: str | None,
        listing: Listing | None,
        *,
        blindly: bool = False,
    ) -> None:
        """`blindly`: it was asked for without validators."""
        assert entry.url is not None
        self._scribe.still_ours(entry)
        source = self._book.source(entry.source)
        form = entry.listing or "feed"
        now = self._clock()
        wish = Wish(
            entry.url,
            entry.source,
            form,
            source.lane if source else "live",
            now - LIVE_WINDOW if form == "sitemap" else None,
            read_at=entry.fetched_at,
            polled=True,
        )
        new = await self._announce(wish, listing) if listing else []
        told = listing.entries if listing and entry.per_day is None else new
        dates = [*(item.published_at for item in told), *_news_of_children(listing, entry.fetched_at)]
        pace = paced(entry, dates, now, self._bounds)
        floor = asked_interval(found.answer.headers, listing.floor if listing else None, now, self._bounds)
        wait = spread(max(pace.interval, floor), entry.url, now, self._bounds)
        blind = listing is not None and any(_tells_no_change(child, now) for child in listing.children)
        if blind:
            wait = max(floor, min(wait, LIST_AGAIN))
        reading = Reading(
            found.answer,
            digest,
            len(new),
            pace,
            wait,
            last_seen=now if listing else entry.last_seen,
            lies=bool(new and blindly) and await self._hid_it(entry),
            moved_to=found.moved_to if found.moved_to and _is_the_list(entry, found.moved_to) else None,
            hubs=listing.hubs if listing else None,
            # What is chosen of an index page grows with what was learned since, though its bytes stay the same.
            whole=None if listing is None else form == "index" or blind,
        )
        await self._scribe.record(entry, polled(entry, reading, self._scribe.mark()))
        metrics.POLLS.labels(entry.source or "", "new" if new else "nothing").inc()
        logs.logger().info(
            "polled", url=entry.url, source=entry.source, form=form, status=found.answer.status,
            listed=len(listing.entries) if listing else 0, new=len(new), next_in=round(wait.total_seconds(), 1),
        )  # fmt: skip

    async def _hid_it(self, entry: FrontierEntry) -> bool:
        """Whether a list that has news says "not modified" to who asks by the old validators, as it may have before."""
        validators = validators_of(entry)
        if not validators or entry.whole or entry.lies or not entry.unchanged:
            return False
        assert entry.url is not None
        again = await self._visits.obtain(entry.url, entry.source, validators, across=True)
        if isinstance(again, Unchanged):
            logs.logger().warning("says 304 though it changed; validators are left out", url=entry.url)
            return True
        return False

    async def _announce(self, wish: Wish, listing: Listing) -> list[Entry]:
        """Ask for the pages and lists that nobody knows yet; the pages among them."""
        now = self._clock()
        before = self._elsewhere.get(wish.place)
        elsewhere: set[int] = set()
        new: list[Entry] = []
        undated = 0
        requests: list[FetchRequest] = []
        for number, item in enumerate(fresh(listing.entries, wish.since)):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            dated = item.published_at or item.modified_at
            if wish.until and dated and dated >= wish.until:
                continue
            url = canonical_url(item.url)
            host = host_of(url)
            if self._frontier.owns(host):
                known = self._frontier.get(host, f"url:{url}")
                if known is not None and known_to(known, now):
                    await self._scribe.still_listed(known)
                    # What a sitemap does not date was put behind on purpose.
                    if comes_forward(known, wish.lane) and (dated is not None or wish.form != "sitemap"):
                        requests.append(_page_request(wish, item, wish.lane, now))
                    continue
            else:
                elsewhere.add(hash(url))
                if before is not None and hash(url) in before:
                    continue
                if before is None and wish.read_at is not None and not (dated and dated > wish.read_at):
                    # Its owner knows whether it is new; we have only just begun to read this list.
                    requests.append(_page_request(wish, item, wish.lane, now))
                    continue
            lane = wish.lane
            if wish.read_at is None and wish.form == "sitemap" and lane == "live" and dated is None:
                undated += 1
                lane = "backfill"
                if undated > MAX_UNDATED:
                    continue
            new.append(item)
            requests.append(_page_request(wish, item, lane, now))
        requests += self._lists_of(wish, listing, now)
        for start in range(0, len(requests), BATCH):
            await asyncio.gather(*map(self._scribe.ask_for, requests[start : start + BATCH]))
        if wish.polled:
            self._remember(wish.place, frozenset(elsewhere))
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

    def _is_known(self, url: str, elsewhere: frozenset[int], now: datetime) -> bool:
        url = canonical_url(url)
        host = host_of(url)
        if not self._frontier.owns(host):
            return hash(url) in elsewhere
        return known_to(self._frontier.get(host, f"url:{url}"), now)

    def _remember(self, place: str, elsewhere: frozenset[int]) -> None:
        self._elsewhere[place] = elsewhere
        if len(self._elsewhere) > 2 * len(self._book.lists()):
            self._elsewhere = {url: seen for url, seen in self._elsewhere.items() if url in self._book.lists()}

    async def _not_read(self, entry: FrontierEntry, why: str, fault: str | None) -> None:
        self._scribe.still_ours(entry)
        await self._scribe.record(entry, unlisted(entry, why, fault, self._scribe.mark()))
        logs.logger().warning("list not read", url=entry.url, source=entry.source, why=why, fault=fault)


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


def _tells_no_change(child: Child, now: datetime) -> bool:
    """Whether a sitemap may have changed without its index saying so: undated, or dated with a day that is not over."""
    at = child.modified_at
    return at is None or (at.time() == time() and at + timedelta(days=1) > now)


def _is_the_list(entry: FrontierEntry, place: str) -> bool:
    """Whether a place that redirects led to is surely the list: any HTML could pass for an index page."""
    return entry.listing != "index" or same_site(host_of(place), entry.host)


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
