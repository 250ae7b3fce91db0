"""What a site's robots.txt lets us ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from services.fetcher.interpret import Denied, Later
from services.fetcher.web.answers import Answer, Fault, Outcome, Refusal

MAX_BYTES = 500 * 1024
FRESH = timedelta(hours=24)


@dataclass(frozen=True)
class Robots:
    """A site's rules and until when they count; `closed` says why nothing may be asked, for now or at all."""

    until: datetime
    text: str | None = None
    """What stands in the file; empty where there is none, None where that is not known."""
    rules: Protego | None = field(default=None, repr=False)
    closed: Later | Denied | None = None

    def allows(self, url: str, agent: str) -> bool:
        """Whether `agent` (its product token) may ask for the URL."""
        if self.closed is not None:
            return False
        # RFC 9309, 2.2.2: the file itself may always be asked for.
        return self.rules is None or urlsplit(url).path == "/robots.txt" or bool(self.rules.can_fetch(url, agent))

    def crawl_delay(self, agent: str) -> float | None:
        """Seconds between requests that the site asks of `agent`."""
        return None if self.rules is None else self.rules.crawl_delay(agent)


def robots_url(url: str) -> str:
    """Where the rules for this URL are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}/robots.txt"


def read_robots(outcome: Outcome, now: datetime, closed_for: timedelta) -> Robots:
    """RFC 9309: no such file means open, a server that fails means closed; too many redirects mean open."""
    match outcome:
        case Answer(status=status, body=body) if 200 <= status < 300:
            return open_robots(body[:MAX_BYTES].decode("utf-8", "replace").lstrip("\ufeff"), now + FRESH)
        case Answer(status=status) if status == 429 or status >= 500:
            why = Later("robots", f"robots.txt was answered with {status}", fault="robots-unread")
            return Robots(now + closed_for, closed=why)
        case Fault(kind=kind, detail=detail):
            return Robots(now + closed_for, closed=Later("unreachable", f"robots.txt: {kind}: {detail}", fault=kind))
        case Refusal(reason="address-refused" | "bad-url" as reason, detail=detail):
            return Robots(now + closed_for, closed=Denied(reason, detail, reason))
    return open_robots("", now + FRESH)


def open_robots(text: str, until: datetime) -> Robots:
    """The rules of a file that was read; an empty one forbids nothing."""
    return Robots(until, text, Protego.parse(text) if text else None)
