"""Fold what was ever observed of one article into its history, whatever order it arrived in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby


@dataclass(frozen=True, order=True)
class Observation:
    """One extraction of one fetch of an article's page; its order is the order of facts."""

    fetched_at: datetime
    enriched_at: datetime
    content_key: str
    script: str
    body_sha256: str
    method: str


@dataclass(frozen=True)
class Revision:
    """One content of an article, from the first fetch that showed it on."""

    number: int
    content_key: str
    script: str
    valid_from: datetime


@dataclass(frozen=True)
class History:
    """All that the observations say: the revisions, and how often the page went and came back."""

    revisions: tuple[Revision, ...]
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None
    gones: int
    backs: int

    @property
    def current(self) -> Revision:
        """The newest content."""
        return self.revisions[-1]


def fold(observations: Iterable[Observation], gone: Iterable[datetime] = ()) -> History:
    """The history of an article. A pure function of the *sets* it gets: order and repeats do not matter.

    There must be at least one observation.
    """
    seen = sorted(set(observations))
    gone_at, gones, backs = _presence({o.fetched_at for o in seen}, set(gone))
    return History(_revisions(seen), seen[0].fetched_at, seen[-1].fetched_at, gone_at, gones, backs)


def _revisions(seen: list[Observation]) -> tuple[Revision, ...]:
    """One revision per run of fetches that show the same content.

    A fetch may have been extracted more than once. Two fetches show the same when any of their extractions agree, or
    when their bytes are the same: then only the extractor differs, and the site has edited nothing.
    """
    revisions: list[Revision] = []
    keys: set[str] = set()
    bodies: set[str] = set()
    for fetched_at, group in groupby(seen, key=lambda o: o.fetched_at):
        fetch = list(group)
        newest = fetch[-1]
        if keys.isdisjoint(o.content_key for o in fetch) and bodies.isdisjoint(o.body_sha256 for o in fetch):
            keys, bodies = set(), set()
            revisions.append(Revision(len(revisions) + 1, newest.content_key, newest.script, fetched_at))
        else:
            last = revisions[-1]
            revisions[-1] = Revision(last.number, newest.content_key, newest.script, last.valid_from)
        keys.update(o.content_key for o in fetch)
        bodies.update(o.body_sha256 for o in fetch)
    return tuple(revisions)


def _presence(seen: set[datetime], gone: set[datetime]) -> tuple[datetime | None, int, int]:
    """Since when the page is gone, how often it went, how often it came back.

    A page that was gone before we first saw it has not come back; of one moment, the sight comes last.
    """
    gone_at: datetime | None = None
    gones = backs = 0
    goings = {(moment, False) for moment in gone if moment > min(seen)}
    for moment, is_seen in sorted(goings | {(moment, True) for moment in seen}):
        if is_seen:
            backs += gone_at is not None
            gone_at = None
        elif gone_at is None:
            gone_at = moment
            gones += 1
    return gone_at, gones, backs
