"""What one HTTP request may come to: an answer, a refusal of ours, or a fault that may pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

MAX_WIRE_BYTES = 5 * 1024 * 1024
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole response; header names in lower case, the body unpacked.

    Of an error page the first 256 KiB (404, 410) or 64 KiB are kept, of a redirect's body nothing.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0

    def header(self, name: str) -> str:
        """The header's value, or an empty text."""
        return self.headers.get(name, "")


@dataclass(frozen=True)
class Refusal:
    """We will not take it, now or later."""

    url: str
    reason: Literal["bad-url", "address-refused", "too-large"]
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Fault:
    """The network or the server failed; another time it may work."""

    url: str
    kind: Literal["dns", "connect", "tls", "timeout", "protocol", "encoding", "proxy"]
    detail: str
    seconds: float = 0.0


Outcome = Answer | Refusal | Fault


class Web(Protocol):
    """Whoever makes requests: httpx in the service, a script in the tests."""

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """One request, no redirects followed. Never raises for what the web does."""


def status_class(outcome: Outcome) -> str:
    """The bounded label under which a request is counted."""
    match outcome:
        case Answer(status=status):
            return f"{status // 100}xx"
        case Refusal(reason=reason):
            return reason
        case Fault(kind=kind):
            return kind
