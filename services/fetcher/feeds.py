"""RSS, RDF, Atom and JSON Feed as bytes → the entries that they announce."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin

import feedparser

from services.contracts.identity import BadUrl, canonical_url
from services.fetcher.listing import Entry, Listing, NotAListing

MAX_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 500
MAX_PROLOGUE_BYTES = 8 * 1024
_MAX_HINT_CHARS = 500
_ROOT = re.compile(rb"<[A-Za-z]")
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_REFERENCES = re.compile(rb"(?:&#(?:[xX][0-9A-Fa-f]+|[0-9]+);)+")
_MAX_CODE_POINT = 0x10FFFF
_REPLACEMENT = 0xFFFD
_TAG = re.compile(r"<[^<>]{0,200}>")


def read_feed(body: bytes, url: str, headers: Mapping[str, str] | None = None, now: datetime | None = None) -> Listing:
    """The feed's entries, their links resolved against `url`. Touches no network. Raises NotAListing."""
    if len(body) > MAX_BYTES:
        raise NotAListing(f"it has {len(body)} bytes; {MAX_BYTES} are the most")
    if body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return Listing(_entries(_json_items(body), url))
    _refuse_what_hurts(body)
    facts = {"content-location": url, "content-type": (headers or {}).get("content-type", "application/xml")}
    readable = _REFERENCES.sub(_mended, body)
    try:
        # A stream, for feedparser opens a text that looks like a URL or a file name.
        parsed: Any = feedparser.parse(
            io.BytesIO(readable),
            response_headers=facts,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # feedparser lets errors of its own code through on odd input
        raise NotAListing(f"it can't be read: {type(error).__name__}: {error}") from error
    if not parsed.entries and not parsed.version:
        raise NotAListing("it is neither RSS nor Atom")
    minutes = _minutes(parsed.feed.get("ttl"))
    return Listing(_entries(parsed.entries, url), floor=timedelta(minutes=minutes) if minutes else None)


def _mended(references: re.Match[bytes]) -> bytes:
    """Character references in a row, without those at which the parser stops: surrogates and what is no character."""
    codes = [_code(reference) for reference in references[0][2:-1].split(b";&#")]
    text = "".join(map(chr, codes)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(f"&#{ord(character)};" for character in text).encode()


def _code(reference: bytes) -> int:
    digits, base = (reference[1:], 16) if reference[:1] in b"xX" else (reference, 10)
    digits = digits.lstrip(b"0") or b"0"
    code = int(digits, base) if len(digits) <= 7 else _MAX_CODE_POINT + 1
    return code if code <= _MAX_CODE_POINT else _REPLACEMENT


def _entries(items: Iterable[Mapping[str, Any]], url: str) -> tuple[Entry, ...]:
    entries: dict[str, Entry] = {}
    for item in items:
        entry = _entry(item, url)
        if entry is not None:
            entries.setdefault(canonical_url(entry.url), entry)
        if len(entries) == MAX_ENTRIES:
            break
    return tuple(entries.values())


def _json_items(body: bytes) -> list[Mapping[str, Any]]:
    try:
        told = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise NotAListing(f"it is no JSON: {error}") from error
    if not str(told.get("version", "")).startswith("https://jsonfeed.org/") or not isinstance(told.get("items"), list):
        raise NotAListing("it is JSON, but no JSON Feed")
    return [
        {"link": i.get("url"), "id": i.get("id"), "title": i.get("title"), "published": i.get("date_published")}
        for i in told["items"]
        if isinstance(i, dict)
    ]


def _refuse_what_hurts(body: bytes) -> None:
    text = body.replace(b"\0", b"")  # UTF-16 and UTF-32 read like ASCII then
    if not text.strip():
        raise NotAListing("it is empty")
    root = _ROOT.search(text)
    prologue = text[: root.start() + 16] if root else text
    if root is None:
        raise NotAListing("it is not XML")
    if root.start() > MAX_PROLOGUE_BYTES:
        # feedparser's patterns for the prologue take quadratic time.
        raise NotAListing("too much stands before its first element")
    if _HTML.search(prologue):
        raise NotAListing("it is an HTML page")
    if b"<!entity" in text.lower():
        raise NotAListing("it declares XML entities")


def _entry(item: Mapping[str, Any], base: str) -> Entry | None:
    link = item.get("link") or (item.get("id") if str(item.get("id", "")).startswith(("http://", "https://")) else None)
    if not link:
        return None
    try:
        url = urljoin(base, str(link).strip())
        canonical_url(url)
    except (BadUrl, ValueError):
        return None
    modified = _hint(item.get("updated")) if "updated" in item else None
    return Entry(url, _hint(item.get("title")), _hint(item.get("published")) or modified, modified)


def _hint(value: object) -> str | None:
    text = " ".join(unescape(_TAG.sub(" ", str(value or ""))).split())
    return text.encode("utf-8", "ignore").decode()[:_MAX_HINT_CHARS] or None


def _minutes(value: object) -> int | None:
    text = str(value or "").strip()
    return int(text[:7]) if text.isascii() and text.isdigit() and int(text[:7]) else None
