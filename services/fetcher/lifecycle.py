"""The life of one frontier record: asked for, fetched, moved, refused, put off, polled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry, FrontierState
from services.fetcher.answers import Answer
from services.fetcher.interpret import Denied, Later

ANOTHER_CHANCE = timedelta(days=1)
LAST_SEEN_EVERY = timedelta(days=15)
MAX_DETAIL_CHARS = 300
MAX_VALIDATOR_CHARS = 512
MAX_RETRY_SECONDS = 6 * 3600.0
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
    """How often a URL is tried, and how long it waits after the first time."""

    attempts: int = 6
    first_seconds: float = 30.0

    def wait(self, attempts: int, random: Callable[[], float]) -> timedelta:
        """Before the next attempt, after that many; four times longer each time."""
        seconds = min(MAX_RETRY_SECONDS, self.first_seconds * 4 ** min(attempts - 1, 16))
        return timedelta(seconds=seconds * (1 + random() / 4))


def accept(request: FetchRequest, known: FrontierEntry | None, mark: Mark) -> FrontierEntry | None:
    """The record that a request makes, or None where it asks for nothing that is not known. Raises BadUrl."""
    url = canonical_url(request.url)
    if known is not None and not _asks_again(request, known, mark.now):
        listed = known.last_seen or known.first_seen
        if listed is None or mark.now - listed >= LAST_SEEN_EVERY:
            return mark.on(known, last_seen=mark.now)
        return None
    fresh = known or FrontierEntry(
        kind="url", host=host_of(url), url=url, first_seen=mark.now, writer=mark.writer, written_at=mark.now
    )
    return mark.on(
        fresh,
        source=request.source or fresh.source,
        state="pending",
        due_at=max(mark.now, request.not_before) if request.not_before else mark.now,
        attempts=0,
        request=request,
        last_seen=mark.now,
        detail=None,
    )


def _asks_again(request: FetchRequest, known: FrontierEntry, now: datetime) -> bool:
    if known.request == request:
        return False  # the same record, delivered twice
    if request.reason in _ASKED_BY_NAME:
        return True
    if known.state == "failed":
        return known.written_at + ANOTHER_CHANCE <= now
    # A redirect leads back to where one began: followed again, so that a loop meets its limit and is told.
    return request.hops > 0 and known.state == "fetched" and known.body_sha256 is None


def known_to(entry: FrontierEntry | None, now: datetime) -> bool:
    """Whether a discovery of this URL would be in vain."""
    return entry is not None and not (entry.state == "failed" and entry.written_at + ANOTHER_CHANCE <= now)


def fetched(entry: FrontierEntry, page: FetchedPage, mark: Mark) -> FrontierEntry:
    """The page is with the broker."""
    return _ended(
        entry,
        "fetched",
        mark,
        etag=page.headers.get("etag", "")[:MAX_VALIDATOR_CHARS] or None,
        last_modified=page.headers.get("last-modified", "")[:MAX_VALIDATOR_CHARS] or None,
        body_sha256=page.body_sha256,
        fetched_at=page.fetched_at,
        detail=None,
    )


def moved(entry: FrontierEntry, target: str, mark: Mark) -> FrontierEntry:
    """The page lives on another host; a request for it there is with the broker."""
    detail = f"moved to {target}"[:MAX_DETAIL_CHARS]
    return _ended(entry, "fetched", mark, body_sha256=None, fetched_at=mark.now, detail=detail)


def denied(entry: FrontierEntry, why: Denied, mark: Mark) -> FrontierEntry:
    """The page is not wanted; its rejection is with the broker."""
    state: FrontierState = "gone" if why.reason == "gone" else "rejected"
    if why.reason in ("unreachable", "http-status"):
        state = "failed"
    return _ended(entry, state, mark, fetched_at=mark.now, detail=f"{why.reason}: {why.detail}"[:MAX_DETAIL_CHARS])


def _ended(entry: FrontierEntry, state: FrontierState, mark: Mark, **changes: object) -> FrontierEntry:
    # What was asked for by name is kept, so that the same record delivered again asks for nothing.
    keep = entry.request is not None and entry.request.reason in _ASKED_BY_NAME
    return mark.on(entry, state=state, due_at=None, attempts=0, request=entry.request if keep else None, **changes)


def postponed(
    entry: FrontierEntry, why: Later, patience: Patience, mark: Mark, random: Callable[[], float]
) -> FrontierEntry | Denied:
    """When it is tried again, or how it ends because it was tried often enough."""
    if why.until is not None:
        return mark.on(entry, due_at=why.until, detail=why.detail[:MAX_DETAIL_CHARS])
    attempts = entry.attempts + 1
    if attempts >= patience.attempts:
        return Denied(why.reason, f"{why.detail}, {attempts} times")
    return mark.on(
        entry,
        attempts=attempts,
        due_at=mark.now + patience.wait(attempts, random),
        detail=why.detail[:MAX_DETAIL_CHARS],
    )


def polled(
    entry: FrontierEntry, answer: Answer, body_sha256: str | None, new: int, interval: timedelta, mark: Mark
) -> FrontierEntry:
    """A feed was read and what it announced is with the broker; without `body_sha256` it had not changed."""
    validators: dict[str, object] = {}
    if body_sha256 is not None:
        validators = {
            "etag": answer.header("etag")[:MAX_VALIDATOR_CHARS] or None,
            "last_modified": answer.header("last-modified")[:MAX_VALIDATOR_CHARS] or None,
            "body_sha256": body_sha256,
        }
    return mark.on(
        entry,
        state="fetched",
        attempts=0,
        unchanged=0 if new else entry.unchanged + 1,
        fetched_at=mark.now,
        due_at=mark.now + interval,
        detail=None,
        **validators,
    )


def not_polled(entry: FrontierEntry, why: str, wait: timedelta, mark: Mark) -> FrontierEntry:
    """A feed could not be read; it is tried again."""
    return mark.on(
        entry,
        state="failed",
        attempts=entry.attempts + 1,
        due_at=mark.now + wait,
        detail=why[:MAX_DETAIL_CHARS],
    )
