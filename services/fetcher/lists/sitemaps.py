"""Sitemaps as bytes → the pages and further sitemaps that they list (sitemaps.org 0.9 with the news extension)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from urllib.parse import urljoin
from xml.parsers import expat

from services.contracts.identity import BadUrl, canonical_url
from services.fetcher.lists.feeds import read_feed
from services.fetcher.lists.listing import LASTMOD_SLACK, Child, Entry, Listing, NotAListing

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
"""The protocol's bound for one sitemap, unpacked."""
MAX_URLS = 50_000
"""The protocol's bound for one sitemap, and for one index."""
MAX_ROBOTS_SITEMAPS = 50
MAX_ROBOTS_CHARS = 512 * 1024
MAX_AHEAD = timedelta(hours=1)
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
MAX_DEPTH = 32
_MAX_VALUE_CHARS = 8192
_MAX_HINT_CHARS = 500
_MAX_MEMBERS = 64
_MAX_MENDED_BYTES = 16 * 1024 * 1024
_HEAD_BYTES = 2048
_GZIP: Final = b"\x1f\x8b"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_BOM: Final = b"\xef\xbb\xbf"
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_STRAY_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)")
_WHOLE_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")
_FEEDS = frozenset({"rss", "feed", "RDF"})
_FIELDS = {
    ("urlset", "url", "loc"): "loc",
    ("urlset", "url", "lastmod"): "lastmod",
    ("urlset", "url", "news", "publication_date"): "published",
    ("urlset", "url", "news", "title"): "title",
    ("sitemapindex", "sitemap", "loc"): "loc",
    ("sitemapindex", "sitemap", "lastmod"): "lastmod",
}
"""What is read, by the way to it: prefixes and namespaces are too often wrong or absent."""


class _EnoughError(Exception):
    """Nothing more is wanted of the document."""


class _AFeedError(Exception):
    """The document is a feed, as the protocol allows."""


def read_sitemap(body: bytes, url: str, now: datetime) -> Listing:
    """What a sitemap lists: XML or one URL a line, packed with gzip or not, whole or cut off. Raises NotAListing.

    A date without zone is taken for UTC, a day without time for its 00:00 UTC. A date more than an hour after `now`,
    before 1995, or of a year or month alone is kept as it is written and is no instant. A feed in a sitemap's place
    is read as a feed: the protocol allows it.

    XML is read by the standard library's expat in one pass that keeps no tree; a document type is refused at its
    first letter, before any entity can be declared, and so nothing is expanded and nothing external is asked for.
    Expat gets the bytes in one piece: in small pieces its older versions take quadratic time for one long token.
    """
    body = _unpacked(body) if body.startswith(_GZIP) else body
    if len(body) > MAX_UNPACKED_BYTES:
        raise NotAListing(f"it has {len(body)} bytes; {MAX_UNPACKED_BYTES} are the most")
    body = body if body.startswith(_WIDE_MARKS) else body.removeprefix(_BOM).lstrip()
    head = body[:_HEAD_BYTES].replace(b"\0", b"")
    if not head.strip():
        raise NotAListing("it is empty")
    if _HTML.search(head):
        raise NotAListing("it is an HTML page where a sitemap should be")
    if not head.removeprefix(_WIDE_MARKS[0]).removeprefix(_WIDE_MARKS[1]).lstrip().startswith(b"<"):
        return _text_listing(body, url)
    try:
        return _xml_listing(body, url, now)
    except _AFeedError:
        return read_feed(body, url, {}, now)


def fresh(entries: Iterable[Entry], since: datetime | None) -> tuple[Entry, ...]:
    """Those published or changed after `since`, and those that tell no date: they may be. A day counts to its end."""
    return tuple(entry for entry in entries if since is None or not (told := _last_of(entry)) or told > since)


def worth_reading(child: Child, since: datetime | None, last_read_at: datetime | None) -> bool:
    """Whether a sitemap of an index can hold something new: by its lastmod, never by what its URL looks like.

    Without lastmod it can. With one, it must lie after `since` and not long before our last reading; a day counts to
    its end.
    """
    told = _end(child.modified, child.modified_at)
    if told is None:
        return True
    unread = last_read_at is None or told + LASTMOD_SLACK > last_read_at
    return unread and (since is None or told > since)


def sitemaps_of_robots(text: str, base: str) -> tuple[str, ...]:
    """The URLs on a robots.txt's Sitemap lines, for whomever they stand (sitemaps.org), resolved against `base`."""
    found: dict[str, None] = {}
    for line in text[:MAX_ROBOTS_CHARS].splitlines():
        field, colon, value = line.partition(":")
        if colon and field.strip(" \t\ufeff").lower() == "sitemap" and (page := _page(value.partition(" #")[0], base)):
            found.setdefault(page[0])
        if len(found) == MAX_ROBOTS_SITEMAPS:
            break
    return tuple(found)


def _unpacked(body: bytes) -> bytes:
    """The bytes inside of gzip members, up to where they are cut off. Raises NotAListing for more than the bound."""
    out = bytearray()
    for _ in range(_MAX_MEMBERS):
        inflater = zlib.decompressobj(31)
        try:
            out += inflater.decompress(body, MAX_UNPACKED_BYTES + 1 - len(out))
        except zlib.error as error:
            if not out:
                raise NotAListing(f"it is no gzip, though it begins like it: {error}") from error
            break
        if len(out) > MAX_UNPACKED_BYTES:
            raise NotAListing(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes")
        body = inflater.unused_data
        if not body.startswith(_GZIP):
            break
    return bytes(out)


def _text_listing(body: bytes, base: str) -> Listing:
    text = body.decode("utf-16" if body.startswith(_WIDE_MARKS) else "utf-8", "replace")
    lines = filter(None, (line.strip() for line in text.splitlines()))
    urls: dict[str, Entry] = {}
    for line in islice(lines, MAX_URLS):
        page = _page(line, base) if line.startswith(("http://", "https://")) else None
        if page is None and not urls:
            raise NotAListing("it is neither XML nor a list of URLs")
        if page is not None:
            urls.setdefault(page[1], Entry(page[0]))
    return Listing(tuple(urls.values()))


def _xml_listing(body: bytes, base: str, now: datetime) -> Listing:
    reading = _Reading(base, now + MAX_AHEAD)
    error = reading.read(body)
    if error and len(body) <= _MAX_MENDED_BYTES and (mended := _STRAY_AMPERSAND.sub(b"&amp;", body)) != body:
        # The commonest fault: addresses with bare ampersands.
        again = _Reading(base, now + MAX_AHEAD)
        error = again.read(mended)
        reading = again
    if error and not reading.root:
        raise NotAListing(f"it is no XML: {error}")
    return Listing(tuple(reading.entries.values()), tuple(reading.children.values()))


class _Reading:
    """One pass over a document, and what it brought."""

    def __init__(self, base: str, latest: datetime) -> None:
        self.entries: dict[str, Entry] = {}
        self.children: dict[str, Child] = {}
        self.root = ""
        self._base = base
        self._latest = latest
        self._path: list[str] = []
        self._told: dict[str, str] = {}
        self._field: str | None = None
        self._pieces: list[str] = []
        self._chars = 0
        self._listed = 0

    def read(self, body: bytes) -> str | None:
        """Why the reading ended before the document's end, if it did."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            return str(error)
        except (LookupError, ValueError) as error:
            if isinstance(error, NotAListing):
                raise
            return f"its encoding can't be read: {error}"
        except _EnoughError:
            return None
        return None

    def _doctype(self, *_: object) -> None:
        raise NotAListing("it declares a document type, which no sitemap has")

    def _start(self, name: str, _: object) -> None:
        local = name.rpartition(":")[2]
        if not self._path:
            if local in _FEEDS:
                raise _AFeedError
            if local not in ("urlset", "sitemapindex"):
                raise NotAListing(f"its first element is <{local[:40]}>, neither <urlset> nor <sitemapindex>")
            self.root = local
        if len(self._path) >= MAX_DEPTH:
            raise _EnoughError
        self._path.append(local)
        if len(self._path) == 2:
            self._told = {}
        self._field = _FIELDS.get(tuple(self._path))
        self._pieces, self._chars = [], 0

    def _data(self, text: str) -> None:
        if self._field and self._chars < _MAX_VALUE_CHARS:
            self._pieces.append(text[: _MAX_VALUE_CHARS - self._chars])
            self._chars += len(text)

    def _end(self, _: str) -> None:
        if self._field:
            self._told.setdefault(self._field, "".join(self._pieces).strip())
            self._field = None
        if len(self._path) == 2:
            self._list()
        self._path.pop()

    def _list(self) -> None:
        self._listed += 1
        if self._listed > MAX_URLS:
            raise _EnoughError
        page = _page(self._told.get("loc", ""), self._base)
        if page is None:
            return
        url, key = page
        modified = self._told.get("lastmod", "")[:_MAX_HINT_CHARS] or None
        modified_at = _instant(modified, self._latest)
        if self._path == ["sitemapindex", "sitemap"]:
            self.children.setdefault(key, Child(url, modified, modified_at))
        elif self._path == ["urlset", "url"]:
            title = " ".join(self._told.get("title", "").split())[:_MAX_HINT_CHARS] or None
            published = self._told.get("published", "")[:_MAX_HINT_CHARS] or None
            published_at = _instant(published, self._latest)
            self.entries.setdefault(key, Entry(url, title, published, modified, published_at, modified_at))


def _page(written: str, base: str) -> tuple[str, str] | None:
    """The URL and its identity; None for what can't be asked for."""
    link = written.strip()
    if not link:
        return None
    try:
        url = urljoin(base, link)
        return url, canonical_url(url)
    except (BadUrl, ValueError):
        return None


def _instant(written: str | None, latest: datetime) -> datetime | None:
    if not written or len(written) < len("20260102"):
        return None
    try:
        told = datetime.fromisoformat(written)
        told = (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return told if EARLIEST <= told <= latest else None


def _last_of(entry: Entry) -> datetime | None:
    ends = (_end(entry.published, entry.published_at), _end(entry.modified, entry.modified_at))
    return max((end for end in ends if end is not None), default=None)


def _end(written: str | None, instant: datetime | None) -> datetime | None:
    """The last moment that a date means: of a day alone, its end."""
    if instant is None:
        return None
    return instant + timedelta(days=1) if _WHOLE_DAY.fullmatch((written or "").strip()) else instant
