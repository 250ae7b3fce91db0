"""The table of faults agrees with what the fetcher does, and the page in docs with the table."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from services.contracts.outcomes import RejectionReason
from services.fetcher.answers import Answer, Fault, Outcome, Refusal
from services.fetcher.faults import HOST_STATUSES, PASSING, TROUBLES, fault_of, markdown_table, of_status
from services.fetcher.interpret import Denied, Later, meaning
from services.fetcher.politeness import HOST_SIGNALS

URL = "https://a.example/x"
STATUSES = [status for status in range(100, 650) if status not in (200, 203, 304)]
PAGE = Path(__file__).parents[2] / "docs" / "fetch-errors.md"


def _name(found: Outcome | Later | Denied) -> str:
    trouble = fault_of(found)
    assert trouble is not None
    return trouble.name


def test_names_are_told_apart_and_end_as_reasons_that_the_contract_knows() -> None:
    names = [trouble.name for trouble in TROUBLES]
    assert len(set(names)) == len(names) < 60
    assert {trouble.ends for trouble in TROUBLES} - {None} <= set(get_args(RejectionReason))


def test_a_status_is_tried_again_exactly_where_the_table_says_so_and_ends_as_it_says() -> None:
    for status in STATUSES:
        outcome = Answer(URL, status, {})
        found, trouble = meaning(outcome), fault_of(outcome)
        assert isinstance(found, Later | Denied), status
        assert trouble is not None, status
        assert isinstance(found, Later) == (status in PASSING) == (trouble.again in ("tries", "host")), status
        assert trouble.ends == found.reason, status
        assert fault_of(found) is trouble, status


def test_the_statuses_that_speak_of_a_host_are_those_that_politeness_heeds() -> None:
    assert HOST_STATUSES == HOST_SIGNALS


@pytest.mark.parametrize("kind", get_args(get_type_hints(Fault)["kind"]))
def test_a_fault_of_the_network_has_the_name_of_its_kind(kind: str) -> None:
    outcome = Fault(URL, kind, "why: it failed")  # type: ignore[arg-type]
    assert _name(outcome) == _name(meaning(outcome)) == kind  # type: ignore[arg-type]
    assert _name(Later("unreachable", f"robots.txt: {kind}: why")) == kind


@pytest.mark.parametrize("reason", ["bad-url", "address-refused", "too-large"])
def test_a_refusal_has_the_name_of_its_reason(reason: str) -> None:
    outcome = Refusal(URL, reason, "why")  # type: ignore[arg-type]
    assert _name(outcome) == _name(meaning(outcome)) == reason  # type: ignore[arg-type]


def test_an_answer_with_nothing_wrong_has_no_row() -> None:
    moved = Answer(URL, 301, {"location": "/y"})
    assert [fault_of(a) for a in (Answer(URL, 200, {}, b"text"), moved)] == [None, None]
    assert fault_of(Answer(URL, 304, {}), conditional=True) is None
    assert _name(Answer(URL, 304, {})) == "unasked-304"
    assert _name(Answer(URL, 200, {})) == "empty"


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        (Denied("robots", "robots.txt disallows it to xabar"), "robots"),
        (Later("robots", "robots.txt was answered with 503"), "robots-unread"),
        (Later("budget", "not before 2026-11-22T00:00:00+00:00"), "budget"),
        (Denied("http-status", "status 503, 6 times"), "http-503"),
        (Denied("http-status", "status 304, though nothing was known"), "unasked-304"),
        (Denied("unreachable", "timeout: 30 s ReadTimeout, 6 times"), "timeout"),
        (Later("unreachable", "a fault of ours: ValueError: no"), "ours"),
        (Denied("gone", "it reads like the page for what never was"), "soft-404"),
        (Denied("http-status", "challenge page of a CDN"), "blocked"),
        (Denied("not-html", "image/png"), "not-html"),
        (Denied("too-many-redirects", "more than 10"), "too-many-redirects"),
    ],
)
def test_a_verdict_is_traced_back_to_what_happened(verdict: Later | Denied, name: str) -> None:
    assert _name(verdict) == name


def test_statuses_that_nobody_has_listed_fall_to_the_row_of_their_class() -> None:
    assert [of_status(s).name for s in (305, 418, 511, 204, 999)] == [
        "http-3xx", "http-4xx", "http-5xx", "odd-status", "odd-status"
    ]  # fmt: skip


def test_the_page_in_docs_holds_the_table_as_it_is() -> None:
    assert markdown_table() in PAGE.read_text(), "put faults.markdown_table() in docs/fetch-errors.md"
