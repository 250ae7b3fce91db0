"""Answers that a fetcher must survive, each under its own path of faults.example."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, count, repeat
from typing import Literal

HOST = "faults.example"

_HTML = "text/html; charset=utf-8"
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """One answer; `body` is made anew for each request."""

    what: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], bytes] = bytes
    manner: Literal["whole", "trickle", "cut", "endless-headers"] = "whole"


def faults() -> Mapping[str, Fault]:
    """Path → what is answered there."""
    return _FAULTS


def index() -> bytes:
    """A feed that lists every fault."""
    items = "".join(
        f"<item><title>{fault.what}</title><link>http://{HOST}{path}</link></item>" for path, fault in _FAULTS.items()
    )
    return f'<rss version="2.0"><channel><title>{HOST}</title>{items}</channel></rss>'.encode()


def endless_headers() -> Iterator[bytes]:
    """Header lines without an end."""
    return (f"X-Filler-{number}: {'x' * 1000}\r\n".encode() for number in count())


def _page(body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>A page with a fault</title></head><body><article>'
        f"<h1>A page with a fault</h1><p>{body}</p></article></body></html>"
    )


_SENTENCE = "The harbour office said on Monday that the ferries would keep to the winter timetable until March. "


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    start, block = _page(_SENTENCE).encode(), b" " * _MIB
    return b"".join(packer.compress(part) for part in chain([start], repeat(block, 80))) + packer.flush()


def _huge() -> bytes:
    paragraph = f"<p>{_SENTENCE * 8}</p>\n"
    return _page(paragraph * (20 * _MIB // len(paragraph) + 1)).encode()


def _one_line() -> bytes:
    return _page(_SENTENCE * (3_000_000 // len(_SENTENCE) + 1)).encode()


def _wrong_charset() -> bytes:
    text = "Портовое управление сообщило, что паромы до марта будут ходить по зимнему расписанию. " * 10
    return _page(text).encode("cp1251")


def _garbage() -> bytes:
    return bytes((number * number * 31 + number * 17 + 7) % 256 for number in range(64 * 1024))


def _nul() -> bytes:
    return _page(f"{_SENTENCE * 8}Here &#0; and here \0 stands a NUL, and here &#x0; again. {_SENTENCE}").encode()


def _surrogates() -> bytes:
    return _page(f"{_SENTENCE * 8}Here &#xD800; and here &#xDFFF; stand lone surrogates. {_SENTENCE}").encode()


_EMPTY_FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Nothing new</title></channel></rss>'

_FAULTS: Mapping[str, Fault] = {
    "/too-many-requests": Fault(
        "429 with Retry-After", 429, {"Retry-After": "30", "Content-Type": _HTML}, lambda: b"slow down"
    ),
    "/unavailable": Fault("503 without Retry-After", 503, {"Content-Type": _HTML}, lambda: b"back soon"),
    "/slow": Fault(
        "a body that trickles", 200, {"Content-Type": _HTML}, lambda: _page(_SENTENCE * 50).encode(), "trickle"
    ),
    "/loop": Fault("a redirect loop", 302, {"Location": f"http://{HOST}/loop-back"}),
    "/loop-back": Fault("the other half of the redirect loop", 302, {"Location": f"http://{HOST}/loop"}),
    "/metadata": Fault(
        "a redirect to an address inside the cloud", 302, {"Location": "http://169.254.169.254/latest/"}
    ),
    "/bomb": Fault(
        "80 MiB in a few kilobytes of gzip", 200, {"Content-Type": _HTML, "Content-Encoding": "gzip"}, _bomb
    ),
    "/huge": Fault("a page of 20 MiB", 200, {"Content-Type": _HTML}, _huge),
    "/one-line": Fault("3 MB in one line", 200, {"Content-Type": _HTML}, _one_line),
    "/wrong-charset": Fault("windows-1251 that says it is UTF-8", 200, {"Content-Type": _HTML}, _wrong_charset),
    "/empty-feed": Fault("a feed without items", 200, {"Content-Type": "application/rss+xml"}, lambda: _EMPTY_FEED),
    "/html-feed": Fault(
        "HTML where a feed should be", 200, {"Content-Type": "application/rss+xml"}, lambda: _page(_SENTENCE).encode()
    ),
    "/endless-headers": Fault("headers without an end", manner="endless-headers"),
    "/nul": Fault("NUL characters", 200, {"Content-Type": _HTML}, _nul),
    "/surrogates": Fault("references to lone surrogates", 200, {"Content-Type": _HTML}, _surrogates),
    "/garbage": Fault("noise that says it is HTML", 200, {"Content-Type": "text/html"}, _garbage),
    "/bad-gzip": Fault(
        "a body that is not the gzip it says it is",
        200,
        {"Content-Type": _HTML, "Content-Encoding": "gzip"},
        lambda: gzip.compress(_page(_SENTENCE * 40).encode())[:60] + b"broken",
    ),
    "/cut": Fault(
        "a connection cut in the middle", 200, {"Content-Type": _HTML}, lambda: _page(_SENTENCE * 50).encode(), "cut"
    ),
}
