"""The state of a source from its lists' records: whose silence is an alarm, and whose is a weekend."""

from datetime import UTC, datetime, timedelta

from services.contracts.pages import FrontierEntry
from services.fetcher.source_health import health

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def listed(n: int = 1, **changes: object) -> FrontierEntry:
    known = {
        "kind": "feed", "host": "a.example", "url": f"http://a.example/{n}", "first_seen": NOW - 100 * HOUR,
        "fetched_at": NOW - HOUR, "found_at": NOW - 2 * HOUR, "per_day": 12.0, "gap_seconds": 8 * 3600.0,
        "writer": "me", "written_at": NOW,
    }  # fmt: skip
    return FrontierEntry.model_validate({**known, **changes})


NEVER_READ = {"fetched_at": None, "found_at": None, "per_day": None, "gap_seconds": None}


def test_a_source_that_is_read_is_healthy_and_says_what_to_expect() -> None:
    found = health([listed(), listed(2, per_day=3.0, found_at=NOW - HOUR)], NOW)
    assert (found.state, found.expected_per_day, found.last_new_at) == ("healthy", 12.0, NOW - HOUR)


def test_a_source_that_was_never_read_is_new_until_it_fails_for_good() -> None:
    assert health([], NOW).state == "new"
    assert health([listed(**NEVER_READ)], NOW).state == "new"
    assert health([listed(**NEVER_READ, attempts=1, fault="dns")], NOW).state == "new"
    assert health([listed(**NEVER_READ, attempts=3, fault="dns", detail="no such name")], NOW).state == "failing"


def test_one_good_list_is_enough_and_without_any_the_source_fails() -> None:
    bad = listed(2, attempts=3, fault="timeout", detail="no answer")
    assert health([listed(), bad], NOW).state == "healthy"
    found = health([bad], NOW)
    assert (found.state, found.since) == ("failing", NOW - HOUR)
    assert "no answer" in found.why


def test_a_source_that_turns_us_away_is_blocked_at_the_second_time() -> None:
    for fault in ("http-401", "http-403", "http-451"):
        assert health([listed(attempts=2, fault=fault)], NOW).state == "blocked"
    assert health([listed(attempts=1, fault="blocked")], NOW).state == "healthy"
    assert health([listed(attempts=2, fault="blocked", detail="status 403")], NOW).state == "blocked"
    assert health([listed(attempts=2, fault="blocked"), listed(2, attempts=9, fault="dns")], NOW).state == "blocked"


def test_a_source_is_silent_after_k_times_its_usual_longest_wait() -> None:
    quiet = listed(found_at=NOW - 25 * HOUR)
    found = health([quiet], NOW)
    assert (found.state, found.since) == ("silent", NOW - 25 * HOUR)
    assert "25.0 hours" in found.why
    assert health([quiet], NOW, k=4).state == "healthy"
    assert health([quiet, listed(2)], NOW).state == "healthy"
    assert health([listed(found_at=None, first_seen=NOW - 200 * HOUR)], NOW).state == "silent"


def test_a_busy_source_may_still_be_quiet_for_half_a_day() -> None:
    assert health([listed(found_at=NOW - 11 * HOUR, gap_seconds=600.0)], NOW).state == "healthy"
    assert health([listed(found_at=NOW - 13 * HOUR, gap_seconds=600.0)], NOW).state == "silent"


def test_a_move_is_proposed_where_nothing_is_wrong() -> None:
    found = health([listed(moved_to="https://b.example/rss")], NOW)
    assert found.state == "moved"
    assert "https://b.example/rss" in found.why
    assert health([listed(moved_to="https://b.example/rss", attempts=5)], NOW).state == "failing"
