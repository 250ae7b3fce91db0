"""Record headers: CloudEvents 1.0 in binary mode, W3C trace context, and what a dead letter carries beside them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

Headers = tuple[tuple[str, bytes], ...]

CONTENT_TYPE = "application/json; charset=utf-8"
MAX_DEAD_LETTER_HEADER_BYTES = 8 * 1024
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


def cloud_event(*, id_: str, source: str, type_: str, time: datetime, traceparent: str) -> Headers:
    """The headers of a record that a stage makes; `id_` is deterministic, so a repeat is recognised."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", id_.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type_.encode()),
        ("ce_time", time.isoformat().encode()),
        ("content-type", CONTENT_TYPE.encode()),
        ("traceparent", traceparent.encode()),
    )


def dead_letter(original: Headers, facts: Mapping[str, str]) -> Headers:
    """The original headers, then `dlq-*`; facts are cut, the last ones left out, where they would pass 8 KiB together.

    A second death replaces what the first one wrote.
    """
    kept = tuple(h for h in original if not h[0].startswith("dlq-"))
    room = MAX_DEAD_LETTER_HEADER_BYTES
    added: list[tuple[str, bytes]] = []
    for name, fact in facts.items():
        key = f"dlq-{name}"
        room -= len(key.encode())
        if room < 0:
            break
        # Cut between characters: half of one is no UTF-8.
        value = fact.encode("utf-8", "backslashreplace")[:room].decode("utf-8", "ignore").encode()
        room -= len(value)
        added.append((key, value))
    return kept + tuple(added)


def value_of(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """The last header of that name, as text."""
    found = [value for key, value in headers if key == name]
    return found[-1].decode("utf-8", "replace") if found and found[-1] is not None else None


def child_of(traceparent: str | None, span: str | None = None) -> str:
    """The trace context to send on: the same trace with a span of our own, or a new trace where there is none."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    trace, flags = (match[1], match[3]) if match else (secrets.token_hex(16), "01")
    return f"00-{trace}-{span or secrets.token_hex(8)}-{flags}"


def trace_id(traceparent: str | None) -> str | None:
    """The trace id in a traceparent, or None where it is not one."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    return match[1] if match else None
