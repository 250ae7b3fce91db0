"""Headers keep the trace, and dead letters say why in a bounded space."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.contracts.asyncapi import EVENT_HEADERS
from services.contracts.headers import (
    MAX_DEAD_LETTER_HEADER_BYTES,
    Headers,
    child_of,
    cloud_event,
    dead_letter,
    trace_id,
    value_of,
)

fast = settings(max_examples=100, deadline=None, derandomize=True, database=None)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
originals = st.lists(
    st.tuples(st.sampled_from(["ce_id", "traceparent", "dlq-error"]), st.binary(max_size=9)), max_size=5
)


def added(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name.startswith("dlq-"))


@fast
@given(originals.map(tuple), st.dictionaries(names, st.text(max_size=60), max_size=12), st.integers(1, 400))
@example((), {"error": "\ud800" * 3000}, 1)
@example((), {f"fact-{number}": "" for number in range(3000)}, 1)
@example((), {"error": "й" * 20_000, "stage": "parser"}, 1)
def test_what_a_dead_letter_adds_stays_within_its_room(original: Headers, facts: dict[str, str], times: int) -> None:
    headers = dead_letter(original, {name: fact * times for name, fact in facts.items()})
    new = added(headers)
    assert sum(len(name.encode()) + len(value) for name, value in new) <= MAX_DEAD_LETTER_HEADER_BYTES
    assert [name for name, _ in new] == [f"dlq-{name}" for name in facts][: len(new)]
    assert all(value.decode() is not None for _, value in new), "half a character is no UTF-8"
    assert headers[: len(headers) - len(new)] == tuple(h for h in original if not h[0].startswith("dlq-"))


def test_short_facts_are_told_whole() -> None:
    facts = {"stage": "parser", "error": "Poisoned: 20 soniya o‘tdi"}
    assert added(dead_letter((), facts)) == tuple((f"dlq-{name}", fact.encode()) for name, fact in facts.items())


def test_a_second_death_replaces_the_first() -> None:
    once = dead_letter((("ce_id", b"1"),), {"stage": "parser", "error": "first"})
    assert dead_letter(once, {"stage": "store"}) == (("ce_id", b"1"), ("dlq-stage", b"store"))


@fast
@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.sampled_from(["00", "01"]))
def test_a_child_keeps_trace_and_flags_and_has_a_span_of_its_own(trace: str, flags: str) -> None:
    child = child_of(f"00-{trace}-{SPAN}-{flags}")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", child)
    assert SPAN not in child
    if trace != "0" * 32:
        assert trace_id(child) == trace
        assert child.endswith(f"-{flags}")


@pytest.mark.parametrize(
    "broken", [None, "", "nonsense", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01\n", f"00-{TRACE}"]
)
def test_what_is_no_trace_starts_a_new_one(broken: str | None) -> None:
    assert trace_id(broken) is None
    assert trace_id(child_of(broken)) not in (None, TRACE, trace_id(child_of(broken)))


def test_a_record_says_what_it_is_as_the_published_document_says() -> None:
    headers = cloud_event(
        id_="parser:fetched-pages[0]@1",
        source="xabar/parser",
        type_="xabar.parsed-articles",
        time=datetime(2026, 3, 14, tzinfo=UTC),
        traceparent=f"00-{TRACE}-{SPAN}-01",
    )
    assert [name for name, _ in headers] == list(EVENT_HEADERS["properties"])
    assert value_of(headers, "ce_time") == "2026-03-14T00:00:00+00:00"
    assert value_of(headers, "content-type") == EVENT_HEADERS["properties"]["content-type"]["const"]
    assert value_of(headers, "dlq-stage") is None
