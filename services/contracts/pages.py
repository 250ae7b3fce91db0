"""What is asked of the fetcher, what it remembers and what it brings back."""

from __future__ import annotations

import base64
import gzip
from typing import Literal

from pydantic import Field

from services.contracts.message import Count, Message, Moment, Stamp, Value
from services.contracts.sources import Lane

RequestReason = Literal["feed", "sitemap", "index", "link", "submitted", "recrawl"]
ListForm = Literal["feed", "sitemap", "index", "robots"]
"""What lists pages: RSS, Atom or JSON Feed; a sitemap or an index of them; an HTML page; a robots.txt's sitemaps."""


class Hints(Value):
    """What an announcement of a page said of it."""

    title: str | None = None
    published: str | None = Field(default=None, description="as written in the feed")
    modified: str | None = Field(default=None, description="as written in the sitemap, of a page or of a sitemap")


class FetchRequest(Message):
    """One URL that should be fetched, and why."""

    url: str
    source: str | None = Field(default=None, description="source id")
    reason: RequestReason
    lane: Lane = "live"
    not_before: Moment | None = None
    hints: Hints = Hints()
    hops: Count = Field(default=0, description="redirects that crossed hosts on the way here")
    origin: str | None = Field(default=None, description="the URL first asked for, where redirects crossed hosts")
    listing: ListForm | None = Field(
        default=None, description="the URL is no page, but a list of pages to be read once"
    )
    since: Moment | None = Field(default=None, description="of a list: what it dates before this is not asked for")
    until: Moment | None = Field(default=None, description="of a list: nor what it dates at this or after it")
    traceparent: str | None = Field(default=None, description="W3C trace context of whoever asked")
    requested_at: Moment


class SourceFacts(Value):
    """What the page's source says of its pages, carried along so that no later stage looks it up."""

    language: str | None = None
    timezone: str | None = None
    country: str | None = None


class Rights(Value):
    """What a page says about its use."""

    robots: tuple[str, ...] = Field(default=(), description="directives of X-Robots-Tag and meta robots")
    paywalled: bool | None = None
    training_opt_out: bool | None = None


class FetchedPage(Message):
    """A page as it came over the wire."""

    request: FetchRequest
    facts: SourceFacts = SourceFacts()
    url: str = Field(description="final URL, after redirects")
    status: int
    headers: dict[str, str] = Field(default_factory=dict, description="lower-case names; those that matter")
    media_type: str
    charset: str | None = Field(default=None, description="of the Content-Type header")
    body: str = Field(description="the bytes received: gzip, then base64")
    body_sha256: str = Field(description="of the bytes received, hex")
    fetched_at: Moment
    rights: Rights = Rights()
    stamp: Stamp

    def content(self) -> bytes:
        """The page's bytes as received."""
        return unpack(self.body)


PACK_LEVEL = 4
"""Of gzip: 3 % larger than the best level, in 40 % of its time."""


def pack(content: bytes) -> str:
    """Bytes as FetchedPage.body carries them; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(content, PACK_LEVEL, mtime=0)).decode()


def unpack(packed: str) -> bytes:
    """The bytes that `pack` was given."""
    return gzip.decompress(base64.b64decode(packed))


FrontierState = Literal["pending", "fetched", "rejected", "gone", "failed"]


class FrontierEntry(Message):
    """What the fetcher knows of a URL, a polled list or a host; the newest record of a key is the truth."""

    kind: Literal["url", "feed", "host"]
    host: str
    url: str | None = None
    source: str | None = None
    state: FrontierState = "pending"
    due_at: Moment | None = None
    attempts: Count = 0
    request: FetchRequest | None = Field(default=None, description="of a URL that is pending")
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    unchanged: Count = Field(default=0, description="polls in a row that brought nothing new")
    first_seen: Moment | None = None
    last_seen: Moment | None = None
    fetched_at: Moment | None = None
    detail: str | None = Field(default=None, description="why it was rejected or failed")
    fetched_today: Count = Field(default=0, description="of a host: requests on `day`")
    day: str | None = Field(default=None, description="of a host: the UTC day that is counted")
    retry_after: Moment | None = Field(default=None, description="of a host: nothing before this")
    strikes: Count = Field(default=0, description="of a host: 429, 503 and timeouts in a row")
    last_request_at: Moment | None = None
    recrawls: Count = Field(default=0, description="of a URL: how often it was fetched again")
    missing: Count = Field(default=0, description="of a URL: answers in a row by which it is gone")
    listing: ListForm | None = Field(default=None, description="of a polled list: its form; a feed where none is given")
    per_day: float | None = Field(default=None, ge=0, description="of a list: new entries in a usual day")
    gap_seconds: float | None = Field(default=None, ge=0, description="of a list: its usual longest wait for news")
    found_at: Moment | None = Field(default=None, description="of a list: when it last announced something new")
    hours: tuple[float, ...] = Field(
        default=(), description="of a list: new entries by part of the UTC day, eight of three hours, older ones fading"
    )
    whole: bool = Field(default=False, description="of a list: read whole each time; its bytes do not tell what is new")
    lies: bool = Field(default=False, description="of a list: it said 304 though it had changed; polled without ETag")
    moved_to: str | None = Field(default=None, description="of a list: where permanent redirects say that it lives now")
    fault: str | None = Field(
        default=None, description="of a list or host: what went wrong last, as the metrics name it"
    )
    hubs: tuple[str, ...] = Field(default=(), description="of a feed: its WebSub hubs, noted only")
    missing_like: str | None = Field(
        default=None, description="of a host: a sketch of what it answers for a page that never was; empty for a 404"
    )
    robots: str | None = Field(
        default=None, description="of a robots.txt's URL: its text, gzip then base64; kept so that it survives a move"
    )
    robots_at: Moment | None = Field(default=None, description="when `robots` was read")
    missing_asked_at: Moment | None = Field(default=None, description="of a host: when `missing_like` was learned")
    writer: str = Field(description="which process wrote this record")
    written_at: Moment

    def encode(self) -> bytes:
        """The record's bytes: millions of them are read at every hand-over, so that defaults are left out."""
        return self.model_dump_json(exclude_none=True, exclude_defaults=True).encode()

    @property
    def key(self) -> str:
        """The record's key: kind, then URL or host."""
        return f"{self.kind}:{self.url if self.kind != 'host' else self.host}"
