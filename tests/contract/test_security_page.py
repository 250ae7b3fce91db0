"""docs/security.md names tests and files that exist, and every test of a hostile web stands in it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
}
HOSTILE = (ROOT / "tests" / "integration" / "test_hostile_web.py").read_text()
THE_GOOD_CASES = {
    "test_what_we_ask_for_we_can_unpack",
    "test_a_connection_whose_answer_was_clean_is_used_again",
    "test_the_body_of_an_error_page_is_kept",
    "test_a_site_that_speaks_http_2_is_answered_in_it_on_one_connection",
}


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert named <= TESTS


def test_every_hostile_case_stands_on_the_page() -> None:
    cases = set(re.findall(r"^(?:async )?def (test_\w+)", HOSTILE, re.MULTILINE)) - THE_GOOD_CASES
    assert {case for case in cases if f"`{case}`" not in PAGE} == set()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", PAGE))))
def test_every_link_of_the_page_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).exists()
