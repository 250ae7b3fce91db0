"""What `xabar sources status` says, from records of lists; and which changes to the sources follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from services.console.source_commands import changes_of
from services.console.source_status import as_facts, in_detail, overview, span, statuses, with_moves
from services.contracts.pages import FrontierEntry
from services.contracts.sources import Source

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def source(name: str, **other: Any) -> Source:
    return Source(
        **{"id": name, "name": name.title(), "homepage": f"http://{name}.example/",
           "feeds": (f"http://{name}.example/rss",)} | other
    )  # fmt: skip


def polled(name: str, path: str = "rss", **other: Any) -> FrontierEntry:
    known: dict[str, Any] = {
        "kind": "feed", "host": f"{name}.example", "url": f"http://{name}.example/{path}", "source": name,
        "first_seen": NOW - timedelta(days=9), "fetched_at": NOW - timedelta(minutes=5), "per_day": 24.0,
        "gap_seconds": 3600.0, "found_at": NOW - timedelta(minutes=30), "due_at": NOW + timedelta(minutes=7),
        "writer": "w", "written_at": NOW,
    }  # fmt: skip
    return FrontierEntry(**known | other)


def shown(what: Any, width: int = 90) -> str:
    screen = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    screen.print(what)
    return " ".join(screen.export_text().split())


def test_sources_in_trouble_come_first_with_the_reason_and_the_rest_is_counted() -> None:
    sources = [source("calm"), source("dead"), source("mute"), source("fresh"), source("away")]
    entries = [
        polled("calm"),
        polled("dead", attempts=5, fault="http-500", detail="status 500"),
        polled("mute", found_at=NOW - timedelta(days=3)),
        polled("away", moved_to="http://away.example/new"),
    ]
    found = statuses(sources, entries, NOW, 3.0)
    assert [(one.source.id, one.health.state) for one in found] == [
        ("dead", "failing"), ("mute", "silent"), ("away", "moved"), ("fresh", "new"), ("calm", "healthy")
    ]  # fmt: skip
    text = shown(overview(found, NOW))
    assert "status 500" in text
    assert "moved to http://away.example/new" in text
    assert "5 sources: 1 new, 1 healthy, 1 failing, 1 silent, 1 moved" in text
    assert "in 7 min" in text


def test_records_of_lists_that_are_watched_no_longer_say_nothing() -> None:
    [found] = statuses([source("calm")], [polled("calm", "old", attempts=9, fault="dns"), polled("calm")], NOW, 3.0)
    assert found.health.state == "healthy"
    assert [entry.url for entry in found.lists] == ["http://calm.example/rss"]


def test_a_list_that_two_sources_name_tells_of_both() -> None:
    twin = source("twin", feeds=("http://calm.example/rss",))
    assert {one.health.state for one in statuses([source("calm"), twin], [polled("calm")], NOW, 3.0)} == {"healthy"}


def test_one_source_is_shown_with_each_list_its_fault_and_its_move() -> None:
    entries = [
        polled("calm", attempts=2, fault="timeout", detail="timeout: 30 s", lies=True),
        polled("calm", "map.xml", listing="sitemap", moved_to="http://calm.example/m.xml"),
    ]
    [found] = statuses([source("calm", sitemaps=("http://calm.example/map.xml",))], entries, NOW, 3.0)
    text = shown(in_detail(found, NOW))
    assert "feed http://calm.example/rss" in text
    assert "2 in a row: timeout: 30 s" in text
    assert "polled without validators" in text
    assert "sitemap http://calm.example/map.xml" in text
    assert "xabar sources accept-move calm" in text


def test_programs_get_the_same_with_moments_in_iso() -> None:
    [found] = statuses([source("calm")], [polled("calm")], NOW, 3.0)
    facts = as_facts(found)
    assert (facts["state"], facts["expected_per_day"]) == ("healthy", 24.0)
    assert facts["next_poll_at"] == "2026-11-22T12:07:00+00:00"
    assert facts["lists"][0]["url"] == "http://calm.example/rss"


def test_an_accepted_move_changes_the_lists_address_and_nothing_else() -> None:
    watched = source("calm", feeds=("http://CALM.example/rss", "http://calm.example/two"), unverified="why")
    [found] = statuses([watched], [polled("calm", moved_to="https://calm.example/feed")], NOW, 3.0)
    changed = with_moves(found)
    assert changed.feeds == ("https://calm.example/feed", "http://calm.example/two")
    assert changed.model_copy(update={"feeds": watched.feeds}) == watched


def test_an_import_tells_what_is_new_what_changes_and_what_stays() -> None:
    known = {"same": source("same"), "other": source("other")}
    wanted = [source("same"), source("other", language="uz"), source("new")]
    assert changes_of(wanted, known) == {"same": "unchanged", "other": "changed", "new": "added"}


@pytest.mark.parametrize(
    ("length", "words"),
    [(5, "5 s"), (70, "1 min"), (119 * 60, "119 min"), (2 * 3600, "2 h"), (47 * 3600, "47 h"), (9 * 86400, "9 d")],
)
def test_a_length_of_time_is_told_in_one_unit(length: float, words: str) -> None:
    assert span(timedelta(seconds=length)) == words
