"""Everything that can go wrong with a request, in one table: what it means, whose it is, when it is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from services.contracts.outcomes import RejectionReason

Signal = Literal["host", "silence", "url", "ours"]
"""Whose trouble it is: the host's at once, the host's from the second time in a row, one URL's, or our own."""
Again = Literal["tries", "host", "next day", "in turn", "once more", "by name"]

SIGNALS: dict[Signal, str] = {
    "host": "host",
    "silence": "host, from the second in a row",
    "url": "URL",
    "ours": "ours",
}
AGAIN: dict[Again, str] = {
    "tries": "`FETCHER_RETRY_SECONDS` later, then 4 times later each time, at most 6 h; `FETCHER_ATTEMPTS` in all",
    "host": "like *tries*, and not before the host is asked again: it waits twice as long each time, at most 6 h;"
    " only the first such answer in a row counts as an attempt",
    "next day": "a day later, if a list still names it",
    "in turn": "when the host may be asked again, after midnight UTC or sooner; no attempt is counted",
    "once more": "a page that was there an hour later, then it is gone; any other like *by name*",
    "by name": "only by `xabar submit` or `xabar frontier requeue`",
}


@dataclass(frozen=True)
class Trouble:
    """One row: `name` is what metrics and records call it, `ends` what becomes of a URL when no try is left."""

    name: str
    means: str
    signal: Signal
    again: Again
    ends: RejectionReason | None
    statuses: frozenset[int] = field(default=frozenset())


_NAMED_5XX = frozenset({500, 501, 502, 503, 504, 505, 511, *range(520, 531)})


def _status(
    codes: int | Iterable[int], means: str, signal: Signal, again: Again, name: str = "",
    ends: RejectionReason = "http-status",
) -> Trouble:  # fmt: skip
    statuses = frozenset((codes,) if isinstance(codes, int) else codes)
    return Trouble(name or f"http-{min(statuses)}", means, signal, again, ends, statuses)


TROUBLES: tuple[Trouble, ...] = (
    Trouble("dns", "the name has no address, or DNS does not answer", "silence", "tries", "unreachable"),
    Trouble("connect", "nobody takes the connection", "silence", "tries", "unreachable"),
    Trouble("tls", "no TLS: an untrusted certificate, or no version in common", "silence", "tries", "unreachable"),
    Trouble("timeout", "no whole answer within `FETCHER_TIMEOUT_SECONDS`", "silence", "tries", "unreachable"),
    Trouble("protocol", "broken HTTP, or the connection ends in mid-answer", "silence", "tries", "unreachable"),
    Trouble("encoding", "the body is not in the encoding that its header names", "url", "tries", "unreachable"),
    Trouble("proxy", "the egress proxy does not answer, or refuses", "ours", "in turn", None),
    Trouble("ours", "an error in our own code; the log has its trace", "ours", "tries", "unreachable"),
    Trouble("budget", "the host was asked often enough today, or rests for a good while", "ours", "in turn", None),
    Trouble("address-refused", "the name leads to a private or local address", "url", "by name", "address-refused"),
    Trouble("bad-url", "no http or https URL, or a redirect to one that is none", "url", "by name", "bad-url"),
    Trouble("robots", "robots.txt closes the page to us", "url", "by name", "robots"),
    Trouble("robots-unread", "robots.txt is answered with 429 or 5xx: the host is closed", "host", "host", "robots"),
    Trouble("too-many-redirects", "a loop, or more than 10 redirects", "url", "by name", "too-many-redirects"),
    Trouble("unasked-304", "\"not modified\" to a request without validators", "url", "next day", "http-status"),
    _status(400, "the server takes the request for malformed", "url", "next day"),
    _status(401, "a name and a password are wanted", "url", "next day"),
    _status(402, "a paywall that says so", "url", "next day"),
    _status(403, "forbidden: to everybody, to robots, or to this address", "url", "next day"),
    _status(404, "there is nothing", "url", "once more", ends="gone"),
    _status(408, "the server waited too long for the request", "url", "tries"),
    _status(410, "there is nothing any more, on purpose", "url", "once more", ends="gone"),
    _status(425, "the server fears a replay of an early request", "url", "tries"),
    _status(429, "too many requests; `Retry-After` is heeded", "host", "host"),
    _status(451, "closed for legal reasons, often by country", "url", "next day"),
    _status(500, "the page's program failed", "url", "tries"),
    _status(501, "the server cannot answer GET", "url", "next day"),
    _status(502, "a gateway got no good answer from the site", "url", "tries"),
    _status(503, "overloaded or under repair; `Retry-After` is heeded", "host", "host"),
    _status(504, "a gateway got no answer from the site in time", "url", "tries"),
    _status(505, "the server does not speak our HTTP", "url", "next day"),
    _status(511, "a network between us and the site wants a login", "ours", "tries"),
    _status(range(520, 531), "a CDN cannot reach the site", "url", "tries"),
    Trouble("http-3xx", "a redirect that leads nowhere, or 300 and 305", "url", "next day", "http-status"),
    Trouble("http-4xx", "any other status of 400 to 499", "url", "next day", "http-status"),
    _status({*range(500, 600)} - _NAMED_5XX, "any other status of 500 to 599", "url", "tries", "http-5xx"),
    Trouble("odd-status", "below 200, 600 and more, 2xx but 200 and 203", "url", "next day", "http-status"),
    Trouble("blocked", "a challenge page: the site wants to see a browser", "host", "host", "http-status"),
    Trouble("not-html", "no HTML, by its media type or, without one, by its looks", "url", "by name", "not-html"),
    Trouble("too-large", "over 5 MiB compressed, 8 MiB unpacked, or 64 KiB of headers", "url", "by name", "too-large"),
    Trouble("empty", "200 without a body", "url", "tries", "not-html"),
    Trouble("soft-404", "200 with the page that the site shows for what never was", "url", "once more", "gone"),
    Trouble("not-a-list", "a feed, sitemap or index page that can't be read", "url", "tries", None),
)  # fmt: skip
"""Every row; the names are all values that the label of a metric, or `FrontierEntry.fault`, can take."""

NAMED = {trouble.name: trouble for trouble in TROUBLES}
_BY_STATUS = {status: trouble for trouble in TROUBLES for status in trouble.statuses}

PASSING = frozenset(status for status, trouble in _BY_STATUS.items() if trouble.again in ("tries", "host"))
"""Statuses after which the same URL is tried again."""
HOST_STATUSES = frozenset(status for status, trouble in _BY_STATUS.items() if trouble.signal == "host")
"""Statuses that speak of the whole host."""


def of_status(status: int) -> Trouble:
    """The row of a status that brought nothing."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if status == 304:
        return NAMED["unasked-304"]
    return NAMED.get(f"http-{status // 100}xx", NAMED["odd-status"])


def markdown_table() -> str:
    """All rows as docs/fetch-errors.md shows them, and what their words mean."""
    lines = ["| name | what it means | signal of | asked again | ends as |", "|---|---|---|---|---|"]
    for row in TROUBLES:
        ends = f"`{row.ends}`" if row.ends else "–"
        lines.append(f"| `{row.name}`{_up_to(row)} | {row.means} | {SIGNALS[row.signal]} | {row.again} | {ends} |")
    lines += ["", "Asked again:", "", *(f"- *{name}*: {when}" for name, when in AGAIN.items())]
    return "\n".join(lines) + "\n"


def _up_to(row: Trouble) -> str:
    first, last = min(row.statuses, default=0), max(row.statuses, default=0)
    return f" to {last}" if last > first and row.name == f"http-{first}" else ""
