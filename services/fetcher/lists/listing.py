"""A list of pages as a site announces it, whatever its form: a feed, a sitemap, an index page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LASTMOD_SLACK = timedelta(hours=1)
"""How much later than its lastmod a sitemap may change: times are rounded, and answers come from caches."""


class NotAListing(ValueError):
    """The bytes are no list of that form that can be read; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One announced page, its dates as written and, where they can be read and are not in the future, as instants."""

    url: str
    title: str | None = None
    published: str | None = None
    modified: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True)
class Child:
    """Another list that this one names: a sitemap of an index."""

    url: str
    modified: str | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True)
class Listing:
    """What a list says: its entries, each URL once, in the list's order."""

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    floor: timedelta | None = None
    """The shortest wait between two polls that the list asks for: ttl, sy:updatePeriod."""
    hubs: tuple[str, ...] = ()
    """WebSub hubs, as they are linked."""
