"""RSS, RDF, Atom and JSON Feed as bytes → the entries that they announce."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin

import feedparser

from services.contracts.identity import BadUrl, canonical_url
from services.fetcher.lists.feed_charset import feed_text
from services.fetcher.lists.feed_markup import MAX_ENTRIES_READ, DeclaresEntities, mended_feed
from services.fetcher.lists.listing import Entry, Listing, NotAListing

MAX_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 500
MAX_HUBS = 10
MAX_PROLOGUE_CHARS = 8 * 1024
MAX_FLOOR = timedelta(days=1)
"""Whoever asks for longer waits wrote seconds or milliseconds where minutes are meant."""
MAX_AHEAD = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
"""Older than any news on the web: such a date is a default that nobody set."""
_MAX_HINT_CHARS = 500
_MAX_LINK_HEADER_CHARS = 8 * 1024
_ROOT = re.compile(r"<[A-Za-z]")
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,200}>")
_BREAKS = re.compile(r"[\t\r\n]+[ \t\r\n]*")
_LINK_VALUE = re.compile(r"<([^<>]*)>([^<>]*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\";,]+))", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d|\d{1,2}[\s-][A-Za-z]{3}|[A-Za-z]{3,9} \d{1,2}")
"""What a date tells at least: feedparser fills in the rest of a year alone, or of an hour alone, from today."""
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


@dataclass(frozen=True)
class _Item:
    """An entry as it is told, whatever the form of the feed."""

    links: tuple[str, ...]
    """Where the page may be, the likeliest first."""
    identity: str
    """Empty where it is no address."""
    title: str | None
    published: str | None
    modified: str | None
    published_at: datetime | None
    modified_at: datetime | None


def read_feed(body: bytes, url: str, headers: Mapping[str, str] | None = None, now: datetime | None = None) -> Listing:
    """What the feed lists, its links resolved against `url`. Touches no network. Raises NotAListing.

    A date without zone is taken for UTC. One more than an hour after `now`, or before 1995, is kept as it is written
    and is no instant. An entry that tells one date only is published then.
    """
    if len(body) > MAX_BYTES:
        raise NotAListing(f"it has {len(body)} bytes; {MAX_BYTES} are the most")
    headers = headers or {}
    latest = now + MAX_AHEAD if now else _NEVER
    if body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        told = _json_feed(body)
        hubs = told.get("hubs")
        linked = [hub.get("url") for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
        items = [_json_item(item, latest) for item in told["items"][:MAX_ENTRIES_READ] if isinstance(item, dict)]
        return Listing(_entries(items, url), hubs=_hubs([*linked, *_header_hubs(headers)], url))
    feed = _parsed(feed_text(body, headers.get("content-type", "")), url)
    linked = [link.get("href") for link in feed.feed.get("links", ()) if "hub" in link.get("rel", "").split()]
    return Listing(
        _entries([_item(entry, latest) for entry in feed.entries], url),
        floor=_floor(feed.feed),
        hubs=_hubs([*linked, *_header_hubs(headers)], url),
    )


def _parsed(text: str, url: str) -> Any:
    _refuse_what_is_no_feed(text)
    try:
        mended = mended_feed(text)
    except DeclaresEntities:
        raise NotAListing("it declares XML entities") from None
    if mended is None:
        raise NotAListing("it is neither RSS nor Atom")
    facts = {"content-location": url, "content-type": "application/xml; charset=utf-8"}
    try:
        # A stream, for feedparser opens a text that looks like a URL or a file name.
        return feedparser.parse(
            io.BytesIO(mended.encode("utf-8", "replace")),
            response_headers=facts,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # feedparser lets errors of its own code through on odd input
        raise NotAListing(f"it can't be read: {type(error).__name__}: {error}") from error


def _refuse_what_is_no_feed(text: str) -> None:
    if not text.strip("\0 \t\r\n"):
        raise NotAListing("it is empty")
    root = _ROOT.search(text)
    if root is None:
        raise NotAListing("it is not XML")
    if root.start() > MAX_PROLOGUE_CHARS:
        raise NotAListing("too much stands before its first element")
    if _HTML.search(text[: root.start() + 16]):
        raise NotAListing("it is an HTML page")


def _item(entry: Mapping[str, Any], latest: datetime) -> _Item:
    links = [
        str(link.get("href", ""))
        for link in entry.get("links", ())
        if link.get("rel", "alternate") == "alternate" and not str(link.get("type", "")).endswith("+xml")
    ]
    identity = _address(entry.get("id"))
    # feedparser answers for `updated` with the publication: only what stands there is a change.
    published, modified = entry.get("published"), entry.get("updated") if "updated" in entry else None
    published_at = _instant(published, entry.get("published_parsed"), latest)
    modified_at = _instant(modified, entry.get("updated_parsed"), latest) if modified else None
    return _Item(
        links=(str(entry.get("link") or ""), *links, identity),
        identity=identity,
        title=_hint(entry.get("title")),
        published=_hint(published) or _hint(modified),
        modified=_hint(modified),
        published_at=published_at if published else modified_at,
        modified_at=modified_at,
    )


def _address(identity: object) -> str:
    written = str(identity or "").strip()
    return written if written.startswith(("http://", "https://")) else ""


def _json_feed(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body.decode("utf-8-sig", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise NotAListing(f"it is no JSON: {error}") from error
    if not str(told.get("version", "")).startswith("https://jsonfeed.org/") or not isinstance(told.get("items"), list):
        raise NotAListing("it is JSON, but no JSON Feed")
    return dict(told)


def _json_item(item: Mapping[str, Any], latest: datetime) -> _Item:
    published, modified = item.get("date_published") or item.get("date_modified"), item.get("date_modified")
    identity = _address(item.get("id"))
    return _Item(
        links=(str(item.get("url") or ""), identity),
        identity=identity,
        title=_hint(item.get("title")),
        published=_hint(published),
        modified=_hint(modified),
        published_at=_rfc3339(published, latest),
        modified_at=_rfc3339(modified, latest),
    )


def _entries(items: Sequence[_Item], base: str) -> tuple[Entry, ...]:
    """Each page once. Where all items link to one page and name others as their ids, those are the pages."""
    located = [next((u for u in (_url(link, base) for link in item.links) if u), None) for item in items]
    named = [_url(item.identity, base) for item in items]
    if len({canonical_url(u) for u in located if u}) == 1 and len({u for u in named if u}) > 1:
        located = named
    entries: dict[str, Entry] = {}
    for item, url in zip(items, located, strict=True):
        if url is not None:
            entry = Entry(url, item.title, item.published, item.modified, item.published_at, item.modified_at)
            entries.setdefault(canonical_url(url), entry)
        if len(entries) == MAX_ENTRIES:
            break
    return tuple(entries.values())


def _url(link: object, base: str) -> str | None:
    """Where a link leads; None for an identity that is no address, and for what can't be asked for."""
    written = _BREAKS.sub("", str(link or "").strip()).replace(" ", "%20")
    if not written:
        return None
    try:
        url = urljoin(base, written)
        canonical_url(url)
    except (BadUrl, ValueError):
        return None
    return url


def _hubs(links: Iterable[object], base: str) -> tuple[str, ...]:
    found = dict.fromkeys(url for url in (_url(link, base) for link in links) if url)
    return tuple(found)[:MAX_HUBS]


def _header_hubs(headers: Mapping[str, str]) -> list[str]:
    """What the Link header calls a hub (RFC 8288, W3C WebSub section 4)."""
    links = _LINK_VALUE.findall(headers.get("link", "")[:_MAX_LINK_HEADER_CHARS])
    rels = ((target, _REL.search(parameters)) for target, parameters in links)
    return [target for target, rel in rels if rel and "hub" in (rel[1] or rel[2] or "").lower().split()]


def _floor(feed: Mapping[str, Any]) -> timedelta | None:
    """The longer of ttl (minutes) and sy:updatePeriod divided by sy:updateFrequency, at most MAX_FLOOR."""
    period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower(), timedelta(0))
    asked = max(timedelta(minutes=_number(feed.get("ttl"))), period / (_number(feed.get("sy_updatefrequency")) or 1))
    return min(asked, MAX_FLOOR) or None


def _number(value: object) -> int:
    text = str(value or "").strip()
    return int(text[:7]) if text.isascii() and text.isdigit() else 0


def _hint(value: object) -> str | None:
    text = " ".join(unescape(_TAG.sub(" ", str(value or ""))).split())
    return text.encode("utf-8", "ignore").decode()[:_MAX_HINT_CHARS] or None


def _instant(written: object, parsed: Any, latest: datetime) -> datetime | None:
    text = str(written or "").strip()[:_MAX_HINT_CHARS]
    if not parsed:
        # feedparser knows none of RFC 822 without a zone.
        return _mail_date(text, latest) or _rfc3339(text, latest)
    if not _DAY.search(text):
        return None
    year, month, day, hour, minute, second = parsed[:6]
    try:
        return _likely(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC), latest)
    except (ValueError, OverflowError):
        return None


def _mail_date(text: str, latest: datetime) -> datetime | None:
    try:
        return _likely(_in_utc(parsedate_to_datetime(text)), latest)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _rfc3339(written: object, latest: datetime) -> datetime | None:
    try:
        return _likely(_in_utc(datetime.fromisoformat(str(written or "").strip())), latest)
    except (ValueError, OverflowError):
        return None


def _in_utc(told: datetime) -> datetime:
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def _likely(instant: datetime, latest: datetime) -> datetime | None:
    return instant if EARLIEST <= instant <= latest else None
