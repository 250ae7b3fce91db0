"""The life of one frontier record: asked for, fetched, looked at again, moved, gone, refused, put off, polled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry, FrontierState
from services.contracts.sources import Lane
from services.fetcher.interpret import Denied, Later
from services.fetcher.lists.listing import LASTMOD_SLACK
from services.fetcher.schedule import Pace
from services.fetcher.web.answers import Answer

ANOTHER_CHANCE = timedelta(days=1)
LAST_SEEN_EVERY = timedelta(days=15)
MAX_DETAIL_CHARS = 300
MAX_VALIDATOR_CHARS = 512
MAX_RETRY_SECONDS = 6 * 3600.0
MAX_LIST_DEPTH = 4
"""Sitemap indexes within each other: the protocol knows one level, sites know more, cycles know no end."""
LIST_AGAIN = timedelta(hours=1)
LIST_RETIRED = timedelta(days=30)
"""A sitemap of an index that brings nothing new is read half as often each time, down to this."""
ONE_DAY = timedelta(days=1)
MIDNIGHT = time()
_ASKED_BY_NAME = frozenset({"submitted", "recrawl"})


@dataclass(frozen=True)
class Mark:
    """Who writes, and when."""

    writer: str
    now: datetime

    def on(self, entry: FrontierEntry, **changes: object) -> FrontierEntry:
        """The entry with changes, marked."""
        return entry.model_copy(update={**changes, "writer": self.writer, "written_at": self.now})


@dataclass(frozen=True)
class Patience:
    """How often a URL is tried, how long it waits after the first time, and when a page is looked at again."""

    attempts: int
    first_seconds: float
    gone_again: timedelta = timedelta(hours=1)
    """Before a known page that is missing is asked for once more; after that it is gone."""
    recrawls: tuple[timedelta, ...] = ()
    """After the first fetch, in rising order."""

    def wait(self, attempts: int, random: Callable[[], float]) -> timedelta:
        """Before the next attempt, after that many; four times longer each time."""
        seconds = min(MAX_RETRY_SECONDS, self.first_seconds * 4 ** min(attempts - 1, 16))
        return timedelta(seconds=seconds * (1 + random() / 4))

    def next_look(self, done: int, request: FetchRequest | None, now: datetime) -> datetime | None:
        """When a page that was looked at again `done` times has its next turn; old news has none."""
        if request is None or request.lane == "backfill" or done >= len(self.recrawls):
            return None
        return now + self.recrawls[done] - (self.recrawls[done - 1] if done else timedelta(0))


def accept(request: FetchRequest, known: FrontierEntry | None, mark: Mark) -> FrontierEntry | None:
    """The record that a request makes, or None where it asks for nothing that is not known. Raises BadUrl."""
    url = canonical_url(request.url)
    if known is not None and not _asks_again(request, known, mark.now):
        return seen(known, mark)
    fresh = known or FrontierEntry(
        kind="url", host=host_of(url), url=url, first_seen=mark.now, writer=mark.writer, written_at=mark.now
    )
    return mark.on(
        fresh,
        source=request.source or fresh.source,
        state="pending",
        due_at=max(mark.now, request.not_before) if request.not_before else mark.now,
        attempts=0,
        recrawls=0,
        missing=0,
        request=request,
        last_seen=mark.now,
        detail=None,
    )


def seen(known: FrontierEntry, mark: Mark) -> FrontierEntry | None:
    """The record of a URL that is still listed, where that has to be noted again."""
    listed = known.last_seen or known.first_seen
    return mark.on(known, last_seen=mark.now) if listed is None or mark.now - listed >= LAST_SEEN_EVERY else None


def _asks_again(request: FetchRequest, known: FrontierEntry, now: datetime) -> bool:
    if known.request == request:
        return False  # the same record, delivered twice
    if request.listing is not None:
        return _reads_again(request, known, now)
    if request.reason in _ASKED_BY_NAME or comes_forward(known, request.lane):
        return True
    if known.state == "failed":
        return known.written_at + ANOTHER_CHANCE <= now
    # A redirect leads back to where one began: followed again, so that a loop meets its limit and is told.
    return request.hops > 0 and known.state == "fetched" and known.body_sha256 is None


def _reads_again(request: FetchRequest, known: FrontierEntry, now: datetime) -> bool:
    """Whether a list that was read, or waits for it, has to be read for this request; by evidence, not by its name."""
    before = known.request
    if before is None or before.listing is None or request.reason in _ASKED_BY_NAME:
        return True
    if (request.lane == "backfill" and before.lane == "live") or _reaches_back(request.since, before.since):
        return True
    if known.state == "pending" or known.fetched_at is None:
        return known.state == "failed" and known.written_at + LIST_AGAIN <= now
    changed = _moment(request.hints.modified)
    if changed is not None and changed.time() != MIDNIGHT:
        # A time that is rounded, or comes from a cache, may hide a change just after we read.
        hides = known.fetched_at < changed + LASTMOD_SLACK and known.fetched_at + LASTMOD_SLACK / 2 <= now
        return changed > known.fetched_at or hides
    if changed is not None and changed + ONE_DAY <= known.fetched_at:
        return False
    # Without a date, or with a day that was not over, the only evidence is what the last readings brought.
    return known.fetched_at + min(LIST_AGAIN * 2.0 ** min(known.unchanged, 16), LIST_RETIRED) <= now


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _reaches_back(since: datetime | None, before: datetime | None) -> bool:
    """Whether more is wanted than what was read `before`; without a date, everything is."""
    return before is not None and (since is None or since < before)


def comes_forward(known: FrontierEntry, lane: Lane) -> bool:
    """Whether a page that waits in the backfill is live news after all."""
    waits_behind = known.state == "pending" and known.request is not None and known.request.lane == "backfill"
    return waits_behind and lane == "live"


def known_to(entry: FrontierEntry | None, now: datetime) -> bool:
    """Whether a discovery of this URL would be in vain."""
    return entry is not None and not (entry.state == "failed" and entry.written_at + ANOTHER_CHANCE <= now)


def fetched(entry: FrontierEntry, page: FetchedPage, patience: Patience, mark: Mark) -> FrontierEntry:
    """The page is with the broker; it waits for the next look at it, if there is one."""
    return _looked_at(
        entry,
        patience,
        mark,
        etag=page.headers.get("etag", "")[:MAX_VALIDATOR_CHARS] or None,
        last_modified=page.headers.get("last-modified", "")[:MAX_VALIDATOR_CHARS] or None,
        body_sha256=page.body_sha256,
        fetched_at=page.fetched_at,
        detail=None,
    )


def looked_again(entry: FrontierEntry, patience: Patience, mark: Mark, why: str | None = None) -> FrontierEntry:
    """A known page had not changed, or could not be had: what is stored stands."""
    return _looked_at(entry, patience, mark, detail=why and why[:MAX_DETAIL_CHARS])


def _looked_at(entry: FrontierEntry, patience: Patience, mark: Mark, **changes: object) -> FrontierEntry:
    done = entry.recrawls + (entry.state == "fetched")
    due_at = patience.next_look(done, entry.request, mark.now)
    ended = _ended(entry, "fetched", mark, recrawls=done, missing=0, **changes)
    # Its source and what the feed said of it go along with the next fetch.
    return ended if due_at is None else ended.model_copy(update={"due_at": due_at, "request": entry.request})


def finished(entry: FrontierEntry, mark: Mark) -> FrontierEntry:
    """A known page is not looked at any more: it is no article, or its source is no longer watched."""
    return _ended(entry, "fetched", mark)


def missed(
    entry: FrontierEntry, why: Denied, patience: Patience, mark: Mark, random: Callable[[], float]
) -> FrontierEntry | Denied:
    """The page is not there: asked for once more, for sites err; the second time in a row it is gone."""
    if entry.missing:
        return why
    wait = patience.gone_again if entry.state == "fetched" else patience.wait(2, random)
    return mark.on(entry, missing=1, due_at=mark.now + wait, detail=why.detail[:MAX_DETAIL_CHARS])


def moved(entry: FrontierEntry, target: str, mark: Mark) -> FrontierEntry:
    """The page lives on another host; a request for it there is with the broker."""
    detail = f"moved to {target}"[:MAX_DETAIL_CHARS]
    return _ended(entry, "fetched", mark, body_sha256=None, fetched_at=mark.now, detail=detail)


def denied(entry: FrontierEntry, why: Denied, mark: Mark) -> FrontierEntry:
    """The page is not wanted; its rejection is with the broker."""
    state: FrontierState = "gone" if why.reason == "gone" else "rejected"
    if why.reason in ("unreachable", "http-status"):
        state = "failed"
    detail = f"{why.reason}: {why.detail}"[:MAX_DETAIL_CHARS]
    return _ended(entry, state, mark, fetched_at=mark.now, detail=detail, fault=why.fault)


def _ended(entry: FrontierEntry, state: FrontierState, mark: Mark, **changes: object) -> FrontierEntry:
    # What was asked for by name is kept, so that the same record delivered again asks for nothing.
    keep = entry.request is not None and entry.request.reason in _ASKED_BY_NAME
    request = entry.request if keep else None
    return mark.on(entry, **{"state": state, "due_at": None, "attempts": 0, "request": request, **changes})


def postponed(
    entry: FrontierEntry, why: Later, patience: Patience, mark: Mark, random: Callable[[], float]
) -> FrontierEntry | Denied:
    """When it is tried again, or how it ends because it was tried often enough."""
    if why.until is not None:
        return waits(entry, why.detail, why.until, mark)
    attempts = entry.attempts + 1
    if attempts >= patience.attempts:
        return Denied(why.reason, f"{why.detail}, {attempts} times", why.fault)
    return mark.on(
        entry,
        attempts=attempts,
        due_at=mark.now + patience.wait(attempts, random),
        detail=why.detail[:MAX_DETAIL_CHARS],
    )


def waits(entry: FrontierEntry, why: str, until: datetime, mark: Mark) -> FrontierEntry:
    """It has its turn later, and that is no attempt."""
    return mark.on(entry, due_at=until, detail=why[:MAX_DETAIL_CHARS])


def listed(entry: FrontierEntry, new: int, mark: Mark) -> FrontierEntry:
    """A list was read for a request, and what it announced is with the broker."""
    unchanged = 0 if new else entry.unchanged + 1
    # How far back it was read decides what a later request for it still wants.
    return _ended(entry, "fetched", mark, request=entry.request, unchanged=unchanged, fetched_at=mark.now, detail=None)


def unlisted(entry: FrontierEntry, why: str, fault: str | None, mark: Mark) -> FrontierEntry:
    """What was asked for can't be read as a list, or need not be fetched; no article is refused by that."""
    return _ended(entry, "failed", mark, request=entry.request, detail=why[:MAX_DETAIL_CHARS], fault=fault)


@dataclass(frozen=True)
class Reading:
    """One poll of a list that could be read; without `body_sha256` it said that it had not changed."""

    answer: Answer
    body_sha256: str | None
    new: int
    pace: Pace
    wait: timedelta
    """Until the next poll."""
    last_seen: datetime | None
    """When what it lists was last looked at entry by entry."""
    lies: bool = False
    moved_to: str | None = None
    hubs: tuple[str, ...] | None = None
    whole: bool | None = None


def polled(entry: FrontierEntry, reading: Reading, mark: Mark) -> FrontierEntry:
    """A list was read and what it announced is with the broker."""
    changes: dict[str, object] = {}
    if reading.body_sha256 is not None:
        changes = {
            "etag": reading.answer.header("etag")[:MAX_VALIDATOR_CHARS] or None,
            "last_modified": reading.answer.header("last-modified")[:MAX_VALIDATOR_CHARS] or None,
            "body_sha256": reading.body_sha256,
        }
    if reading.hubs is not None:
        changes["hubs"] = reading.hubs
    if reading.whole is not None:
        changes["whole"] = reading.whole
    return mark.on(
        entry,
        state="fetched",
        attempts=0,
        unchanged=0 if reading.new else entry.unchanged + 1,
        fetched_at=mark.now,
        due_at=mark.now + reading.wait,
        per_day=reading.pace.per_day,
        gap_seconds=reading.pace.gap_seconds,
        found_at=reading.pace.found_at,
        hours=reading.pace.hours,
        last_seen=reading.last_seen,
        lies=entry.lies or reading.lies,
        moved_to=reading.moved_to,
        detail=None,
        fault=None,
        **changes,
    )


def not_polled(entry: FrontierEntry, why: str, wait: timedelta, mark: Mark, fault: str | None = None) -> FrontierEntry:
    """A list could not be read; it is tried again."""
    return mark.on(
        entry,
        state="failed",
        attempts=entry.attempts + 1,
        due_at=mark.now + wait,
        detail=why[:MAX_DETAIL_CHARS],
        fault=fault,
    )


def validators_of(entry: FrontierEntry) -> dict[str, str]:
    """The headers of a conditional request for what the record holds."""
    found = {"If-None-Match": entry.etag, "If-Modified-Since": entry.last_modified}
    return {name: value for name, value in found.items() if value}


def with_what_others_know(after: FrontierEntry, newest: FrontierEntry) -> FrontierEntry:
    """A record with what was written to it by others while its job ran: its source's word, its host's robots.txt."""
    changes: dict[str, object] = {"robots": newest.robots, "robots_at": newest.robots_at}
    if after.kind == "feed":
        changes |= {"source": newest.source, "listing": newest.listing}
    return after.model_copy(update=changes)
