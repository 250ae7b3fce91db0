"""The table of faults agrees with what the fetcher does, and the page in docs with the table."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from services.contracts.outcomes import RejectionReason
from services.fetcher.faults import HOST_STATUSES, NAMED, TROUBLES, markdown_table, of_status
from services.fetcher.interpret import Denied, Later, meaning
from services.fetcher.politeness import HOST_SIGNALS
from services.fetcher.robots import read_robots
from services.fetcher.web.answers import Answer, Fault, Refusal

URL = "https://a.example/x"
STATUSES = [status for status in range(100, 650) if status not in (200, 203, 304)]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fetch-errors.md"
CODE = ROOT / "services" / "fetcher"


def test_names_are_told_apart_and_end_as_reasons_that_the_contract_knows() -> None:
    names = [trouble.name for trouble in TROUBLES]
    assert len(set(names)) == len(names) < 60
    assert {trouble.ends for trouble in TROUBLES} - {None} <= set(get_args(RejectionReason))


def test_a_status_is_tried_again_exactly_where_the_table_says_so_and_ends_as_it_says() -> None:
    for status in STATUSES:
        found, row = meaning(Answer(URL, status, {})), of_status(status)
        assert isinstance(found, Later | Denied), status
        assert isinstance(found, Later) == (row.again in ("tries", "host")), status
        assert (found.fault, found.reason) == (row.name, row.ends), status


def test_the_statuses_that_speak_of_a_host_are_those_that_politeness_heeds() -> None:
    assert HOST_STATUSES == HOST_SIGNALS


@pytest.mark.parametrize("kind", get_args(get_type_hints(Fault)["kind"]))
def test_a_fault_of_the_network_has_the_row_of_its_kind_and_is_tried_again(kind: str) -> None:
    found = meaning(Fault(URL, kind, "why: it failed"))  # type: ignore[arg-type]
    assert isinstance(found, Later)
    assert found.fault == kind
    if NAMED[kind].signal == "ours":
        assert (NAMED[kind].again, NAMED[kind].ends) == ("in turn", None)
    else:
        assert (NAMED[kind].again, NAMED[kind].ends) == ("tries", found.reason)


@pytest.mark.parametrize("reason", get_args(get_type_hints(Refusal)["reason"]))
def test_a_refusal_of_ours_has_the_row_of_its_reason_and_is_final(reason: str) -> None:
    found = meaning(Refusal(URL, reason, "why"))  # type: ignore[arg-type]
    assert isinstance(found, Denied)
    assert (found.fault, found.reason) == (reason, NAMED[reason].ends)
    assert NAMED[reason].again == "by name"


def test_a_challenge_page_is_the_host_turning_us_away_whatever_its_status() -> None:
    for status in (200, 403, 503):
        found = meaning(Answer(URL, status, {"cf-mitigated": "challenge"}))
        assert isinstance(found, Later)
        assert (found.fault, found.reason) == ("blocked", NAMED["blocked"].ends)


def test_a_robots_txt_that_cannot_be_read_has_the_row_of_its_reason() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for outcome, name in ((Answer(URL, 503, {}), "robots-unread"), (Fault(URL, "dns", "no name"), "dns")):
        closed = read_robots(outcome, now, timedelta(0)).closed
        assert isinstance(closed, Later)
        assert closed.fault == name
        assert name in NAMED


def test_every_fault_that_the_code_names_has_a_row() -> None:
    named = re.compile(r'(?:fault=|Denied\([^()]*, |failed\([^()]*(?:\([^()]*\))?[^()]*, )"([a-z0-9-]+)"')
    found = {name for file in CODE.glob("*.py") for name in named.findall(file.read_text())}
    assert {"ours", "robots-unread", "not-a-list", "soft-404", "unasked-304"} <= found <= NAMED.keys()


def test_statuses_that_nobody_has_listed_fall_to_the_row_of_their_class() -> None:
    assert [of_status(s).name for s in (305, 418, 510, 204, 999)] == [
        "http-3xx", "http-4xx", "http-5xx", "odd-status", "odd-status"
    ]  # fmt: skip


def test_the_page_in_docs_holds_the_table_as_it_is() -> None:
    assert markdown_table() in PAGE.read_text(), "put faults.markdown_table() in docs/fetch-errors.md"
