"""What an answer means for the URL that was asked for: a page, a refusal, another address, or another time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

from services.contracts.identity import BadUrl, canonical_url
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection, RejectionReason
from services.contracts.pages import FetchedPage, FetchRequest, Rights, SourceFacts, pack
from services.fetcher.faults import PASSING, of_status
from services.fetcher.web.answers import MAX_WIRE_BYTES, Answer, Fault, Outcome, Refusal
from services.fetcher.web.challenges import challenge

STAGE = "fetcher"
MAX_HOPS = 10
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
BLOCKED = "blocked"
KEPT_HEADERS = (
    "content-type", "content-language", "date", "last-modified", "etag", "cache-control", "link", "x-robots-tag",
    "tdm-reservation", "tdm-policy", "content-location",
)  # fmt: skip
_MAX_HEADER_CHARS = 2048
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_LOOKS_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_BOT_PREFIX = re.compile(r"^[\w-]+:(?!//)\s*")
_USER_INFO = re.compile(r"(?<=//)[^/?#\s]*@")
_OPT_OUTS = frozenset({"noai", "noimageai"})


@dataclass(frozen=True)
class Move:
    """The page lives elsewhere; for good, where it says so."""

    url: str
    permanent: bool = False


@dataclass(frozen=True)
class Unchanged:
    """The answer to a conditional request: what you have is current."""

    answer: Answer
    moved_to: str | None = None


@dataclass(frozen=True)
class Later:
    """Another time; `reason` is how it ends where no time is left. With `until` it is not counted as an attempt.

    `fault` is the row of docs/fetch-errors.md.
    """

    reason: RejectionReason
    detail: str
    until: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Denied:
    """Not wanted, with the reason that a Rejection gives and the row of docs/fetch-errors.md."""

    reason: RejectionReason
    detail: str
    fault: str | None = None


@dataclass(frozen=True)
class Usable:
    """An answer with a body worth reading; `moved_to` where permanent redirects alone led to it."""

    answer: Answer
    moved_to: str | None = None


Meaning = Usable | Unchanged | Move | Later | Denied


def meaning(outcome: Outcome) -> Meaning:
    """What an outcome means, for pages and lists alike."""
    match outcome:
        case Refusal(reason=reason, detail=detail):
            return Denied(reason, detail, reason)
        case Fault(kind=kind, detail=detail):
            return Later("unreachable", f"{kind}: {detail}", fault=kind)
    if who := challenge(outcome):
        return Later("http-status", f"a challenge by {who}, status {outcome.status}", fault=BLOCKED)
    match outcome:
        case Answer(status=200 | 203, body=body):
            return Usable(outcome) if body.strip() else Later("not-html", "200 without a body", fault="empty")
        case Answer(status=304):
            return Unchanged(outcome)
        case Answer(status=status) if status in REDIRECTS and outcome.header("location"):
            return _move(outcome)
    row = of_status(outcome.status)
    detail = f"status {outcome.status}"
    if outcome.status in PASSING:
        return Later("http-status", detail, fault=row.name)
    return Denied("gone" if row.ends == "gone" else "http-status", detail, row.name)


def _move(answer: Answer) -> Move | Denied:
    try:
        target = urljoin(answer.url, answer.header("location").strip())
        canonical_url(target)
    except (BadUrl, ValueError) as error:
        return Denied("bad-url", redacted(f"redirected to no URL: {error}")[:500], "bad-url")
    return Move(without_user_info(target), answer.status in PERMANENT)


def interpret(
    request: FetchRequest, facts: SourceFacts, answer: Answer, started: datetime, now: datetime, version: str
) -> FetchedPage | Denied:
    """The page in a usable answer, or why it is not wanted."""
    content_type = answer.header("content-type")
    media_type = content_type.split(";", 1)[0].strip().lower()
    if media_type and media_type not in HTML_TYPES:
        return Denied("not-html", media_type[:100], "not-html")
    if not media_type and not _LOOKS_HTML.search(answer.body[:1024]):
        return Denied("not-html", "no media type, and no HTML by the looks of it", "not-html")
    body = pack(answer.body)
    if len(body) * 3 // 4 > MAX_WIRE_BYTES:
        return Denied("too-large", f"{len(body) * 3 // 4} bytes compressed; {MAX_WIRE_BYTES} are the most", "too-large")
    return FetchedPage(
        request=request,
        facts=facts,
        url=answer.url,
        status=answer.status,
        headers={k: answer.headers[k][:_MAX_HEADER_CHARS] for k in KEPT_HEADERS if k in answer.headers},
        media_type=media_type or "text/html",
        charset=charset_of(content_type),
        body=body,
        body_sha256=hashlib.sha256(answer.body).hexdigest(),
        fetched_at=now,
        rights=rights(answer.headers),
        stamp=Stamp(stage=STAGE, version=version, started=started, took=max(0.0, (now - started).total_seconds())),
    )


def charset_of(content_type: str) -> str | None:
    """The charset that a Content-Type header names, in lower case."""
    found = _CHARSET.search(content_type)
    return found[1].lower() if found else None


def rights(headers: Mapping[str, str]) -> Rights:
    """What the headers say about the page's use."""
    # "otherbot: noindex" speaks to another; a general directive comes without a name.
    words = [w.strip().lower() for w in headers.get("x-robots-tag", "").split(",")]
    robots = tuple(dict.fromkeys(w[:100] for w in words if w and not _BOT_PREFIX.match(w)))[:20]
    opted_out = bool(_OPT_OUTS & set(robots)) or headers.get("tdm-reservation", "").strip() == "1"
    return Rights(robots=robots, training_opt_out=True if opted_out else None)


def rejection(request: FetchRequest, denied: Denied, fetched_at: datetime | None, now: datetime) -> Rejection:
    """The record of a page that is not wanted."""
    detail = denied.detail if request.origin is None else f"{denied.detail} (first asked for {request.origin})"
    return Rejection(
        stage=STAGE,
        reason=denied.reason,
        detail=detail[:1000],
        source=request.source,
        url=request.url,
        fetched_at=fetched_at,
        rejected_at=now,
    )


def redacted(text: str) -> str:
    """A text about what is no URL, without the name and password that may stand in it.

    Where nobody can say what is a password and what is not, only what stands behind the last @ is left.
    """
    text = _USER_INFO.sub("", text)
    return text.rsplit("@", 1)[-1]


def without_user_info(url: str) -> str:
    """The URL as it is asked for: no name, no password, no fragment."""
    parts = urlsplit(url.strip())
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1], fragment=""))
