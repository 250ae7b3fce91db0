"""What `xabar frontier` and `xabar backfill` make of records, without a broker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.backfill import wanted as backfilled
from services.console.frontier_requeue import Wanted
from services.console.frontier_view import HostView, Tally, host_in_words, list_in_words, moment, url_in_words
from services.console.local.errors import LocalRunError
from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.runtime.stage import Record

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def entry(url: str, **more: Any) -> FrontierEntry:
    host = url.split("/")[2]
    return FrontierEntry(**{"kind": "url", "host": host, "url": url, "writer": "w", "written_at": NOW, **more})


def waiting(url: str, minutes: int, **more: Any) -> FrontierEntry:
    request = FetchRequest(url=url, reason="feed", requested_at=NOW)
    return entry(url, request=request, due_at=NOW + timedelta(minutes=minutes), **more)


def host(name: str, **more: Any) -> FrontierEntry:
    return FrontierEntry(**{"kind": "host", "host": name, "writer": "w", "written_at": NOW, **more})


def record(known: FrontierEntry, *, buried: bool = False) -> Record:
    value = None if buried else known.encode()
    return Record("url-frontier", 0, 0, known.key.encode(), value, (), 0)


def test_a_host_is_seen_alone_with_its_states_and_what_is_due_next() -> None:
    view = HostView("a.example")
    shown = waiting("https://a.example/2", 5)
    for known in (
        entry("https://a.example/1", state="failed"),
        entry("https://a.example/1", state="fetched", due_at=NOW + timedelta(hours=3)),
        waiting("https://a.example/3", 9),
        shown,
        waiting("https://b.example/https://a.example/", 1),
        host("a.example", strikes=2),
        host("b.example"),
        entry("https://a.example/rss", kind="feed"),
    ):
        view.hear(record(known))
    view.hear(record(entry("https://a.example/4", state="gone")))
    view.hear(record(entry("https://a.example/4"), buried=True))
    assert view.states() == {"pending": 2, "fetched": 1}
    assert [url for _, _, url in view.next_due()] == [f"https://a.example/{n}" for n in (2, 3, 1)]
    assert [known.url for known in view.lists()] == ["https://a.example/rss"]
    assert view.entry("host:a.example") == host("a.example", strikes=2)
    assert view.entry(shown.key) is None


def test_a_url_that_was_asked_for_is_kept_whole_and_told_in_words() -> None:
    known = waiting("https://a.example/2", 5, attempts=3, detail="status 502", source="a")
    view = HostView("a.example", [known.key])
    view.hear(record(known))
    assert view.entry(known.key) == known
    told = dict(url_in_words(known, NOW))
    assert told["due"] == "2026-11-22 20:05:00 UTC (in 5 min)"
    assert told["why"] == "status 502"
    assert told["attempts"] == "3 in vain"
    assert told["source"] == "a"


def test_a_list_that_was_read_on_request_is_called_no_page() -> None:
    asked = FetchRequest(url="https://a.example/map.xml", reason="sitemap", listing="sitemap", requested_at=NOW)
    told = dict(url_in_words(entry(asked.url, state="fetched", request=asked), NOW))
    assert told["state"] == "fetched: the list was read"
    assert told["read as"] == "sitemap"


def test_hosts_and_lists_tell_of_strikes_lies_and_moves() -> None:
    struck = host("a.example", strikes=2, retry_after=NOW + timedelta(hours=3), day="2026-11-21", fetched_today=9)
    told = dict(host_in_words(struck, NOW))
    assert "in 3 h" in told["left alone until"]
    assert told["requests today"] == "0"
    assert told["strikes"].startswith("2 in a row")
    feed = entry("https://a.example/rss", kind="feed", lies=True, moved_to="https://a.example/new", per_day=12.5)
    told = dict(list_in_words(feed, NOW))
    assert "304" in told["validators"]
    assert "https://a.example/new" in told["moved"]
    assert told["usual"].startswith("12.5 ")


@pytest.mark.parametrize(
    ("away", "words"), [(-30, "30 s ago"), (119, "in 119 s"), (7200, "in 2 h"), (-86_400 * 3, "3 d ago")]
)
def test_moments_say_how_far_away_they_are(away: int, words: str) -> None:
    assert words in moment(NOW + timedelta(seconds=away), NOW)


def test_everything_is_counted_by_the_newest_record_of_each_key() -> None:
    tally = Tally(NOW)
    first = [
        entry("https://a.example/1", state="failed"),
        entry("https://a.example/1", state="fetched"),
        waiting("https://a.example/2", -5),
        waiting("https://a.example/3", 5),
        host("a.example"),
        entry("https://a.example/rss", kind="feed", due_at=NOW),
        entry("https://a.example/idle", kind="feed"),
    ]
    for known in first:
        tally.hear(record(known))
    tally.hear(record(entry("https://a.example/3"), buried=True))
    tally.hear(Record("url-frontier", 0, 0, b"url:https://a.example/4", b"no record", (), 0))
    tally.end_of_partition()
    last = entry("https://b.example/1", state="gone")
    tally.hear(record(last))
    tally.end_of_partition()
    assert tally.urls == {"fetched": 1, "pending": 1, "gone": 1}
    assert (tally.records, tally.keys, tally.tombstones, tally.unreadable) == (10, 6, 1, 1)
    assert (tally.lists, tally.hosts, dict(tally.due)) == (2, 1, {"url": 1, "list": 1})
    assert dict(tally.by_host) == {"a.example": 2, "b.example": 1}
    assert tally.url_bytes == sum(len(e.key) + len(e.encode()) for e in (first[1], first[2], last))
    assert "compaction leaves 60%" in dict(tally.rows())["records"]


def chosen(wanted: Wanted, *known: FrontierEntry) -> list[str]:
    for one in known:
        wanted.hear(record(one))
    return [request.url for request in wanted.requests(NOW)]


def test_failed_urls_are_asked_for_again_unless_they_were_fetched_since() -> None:
    known = (
        entry("https://a.example/1", state="failed"),
        entry("https://a.example/2", state="failed"),
        entry("https://a.example/2", state="fetched"),
        entry("https://a.example/3", state="rejected"),
        entry("https://b.example/4", state="failed", source="b"),
    )
    assert chosen(Wanted(9, state="failed"), *known) == ["https://a.example/1", "https://b.example/4"]
    assert chosen(Wanted(9, state="failed", source="b"), *known) == ["https://b.example/4"]
    assert chosen(Wanted(9, state="failed", host="a.example"), *known) == ["https://a.example/1"]
    assert chosen(Wanted(9, host="a.example", url="https://a.example/3"), *known) == ["https://a.example/3"]


def test_pending_urls_match_though_their_records_leave_that_out() -> None:
    assert chosen(Wanted(9, state="pending"), waiting("https://a.example/1", 5)) == ["https://a.example/1"]


def test_more_than_asked_for_is_counted_and_left() -> None:
    wanted = Wanted(2, state="failed")
    many = [entry(f"https://a.example/{n}", state="failed") for n in range(5)]
    assert len(chosen(wanted, *many)) == 2
    assert wanted.left_out == 3
    wanted.hear(record(many[4], buried=True))
    assert wanted.left_out == 2


def test_many_wait_behind_live_news_and_a_list_stays_a_list() -> None:
    asked = FetchRequest(
        url="https://a.example/map.xml", reason="sitemap", listing="sitemap", since=NOW, requested_at=NOW
    )
    known = entry("https://a.example/map.xml", state="failed", request=asked)
    for wanted, lane in ((Wanted(9, state="failed"), "backfill"), (Wanted(9, url=known.url), "live")):
        wanted.hear(record(known))
        [request] = wanted.requests(NOW)
        assert (request.lane, request.reason, request.listing, request.since) == (lane, "submitted", "sitemap", NOW)


def test_a_list_that_was_read_is_not_read_again_with_the_pages() -> None:
    asked = FetchRequest(url="https://a.example/map.xml", reason="sitemap", listing="sitemap", requested_at=NOW)
    read = entry("https://a.example/map.xml", state="fetched", request=asked)
    assert chosen(Wanted(9, host="a.example", state="fetched"), read) == []
    assert chosen(Wanted(9, url=read.url), read) == [read.url]


def test_a_kept_robots_txt_is_no_page_to_ask_for() -> None:
    kept = entry("https://a.example/robots.txt", state="fetched", robots="H4sI")
    assert chosen(Wanted(9, state="fetched"), kept) == []


SOURCE = Source(id="a", name="A", homepage="https://a.example/", timezone="Asia/Tashkent")
SINCE, UNTIL = datetime(2026, 1, 1), datetime(2026, 1, 31)  # noqa: DTZ001 - days as typed, without a zone


def test_a_backfill_asks_for_each_sitemap_in_days_of_the_source() -> None:
    maps = ("https://a.example/1.xml", "https://a.example/2.xml")
    requests = backfilled(SOURCE.model_copy(update={"sitemaps": maps}), SINCE, UNTIL, NOW)
    assert [(r.url, r.listing, r.lane, r.reason) for r in requests] == [
        (url, "sitemap", "backfill", "sitemap") for url in maps
    ]
    assert {r.since for r in requests} == {datetime(2025, 12, 31, 19, tzinfo=UTC)}
    assert {r.until for r in requests} == {datetime(2026, 1, 31, 19, tzinfo=UTC)}


def test_a_backfill_without_sitemaps_asks_robots_txt_for_them() -> None:
    [request] = backfilled(SOURCE, SINCE, None, NOW)
    assert (request.url, request.listing, request.until) == ("https://a.example/robots.txt", "robots", None)


def test_a_backfill_of_no_days_is_refused() -> None:
    with pytest.raises(LocalRunError, match="still to come"):
        backfilled(SOURCE, SINCE.replace(year=2027), None, NOW)
    with pytest.raises(LocalRunError, match="before"):
        backfilled(SOURCE, UNTIL, SINCE, NOW)
