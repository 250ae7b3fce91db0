"""The queue: whose turn it is, what a hand-over means, and how a record lives."""

from datetime import UTC, datetime, timedelta

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.topics import FETCH_REQUESTS
from services.fetcher.interpret import Denied, Later
from services.fetcher.lifecycle import Mark, Patience, accept, denied, moved, postponed
from services.fetcher.politeness import Rule, asked
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier, Turn, partition_of

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
MARK = Mark("me", NOW)
A = "http://a.example/1"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def request(url: str = A, reason: str = "feed", **more: object) -> FetchRequest:
    return FetchRequest.model_validate({"url": url, "reason": reason, "requested_at": NOW, **more})


def entry(url: str = A, mark: Mark = MARK, **more: object) -> FrontierEntry:
    made = accept(request(url, **more), None, mark)
    assert made is not None
    return made


def ours(partitions: int = 1, *, handover: float = 10) -> Frontier:
    frontier = Frontier("me", partitions, lambda _: Rule(delay=2), timedelta(seconds=handover))
    for partition in range(partitions):
        frontier.assign(partition, NOW)
        frontier.restored(partition, NOW)
    return frontier


def turns(frontier: Frontier, now: datetime, busy: tuple[str, ...] = ()) -> list[str | None]:
    taken: set[str] = set(busy)
    found: list[Turn] = []
    for turn in frontier.turns(now, taken):
        taken.add(turn.host)
        found.append(turn)
    return [turn.entry.url for turn in found]


@given(st.from_regex(r"[a-z0-9.-]{1,40}(:[0-9]{1,5})?", fullmatch=True), st.integers(1, 64))
def test_a_host_lives_where_kafkas_default_partitioner_puts_its_key(host: str, partitions: int) -> None:
    default = DefaultPartitioner()(host.encode(), list(range(partitions)), [])
    assert partition_of(host, partitions) == default


def test_a_request_is_keyed_by_its_host_so_any_client_finds_the_owner() -> None:
    assert FETCH_REQUESTS.key(request("https://A.example:443/x")) == "a.example"


def test_hosts_take_turns_and_one_host_has_one_turn_at_a_time() -> None:
    frontier = ours()
    for url in (A, "http://a.example/2", "http://b.example/1"):
        frontier.put(entry(url))
    assert turns(frontier, NOW) == [A, "http://b.example/1"]


def test_after_a_turn_the_host_waits_its_delay() -> None:
    frontier = ours()
    first, second = entry(A), entry("http://a.example/2")
    frontier.put(first)
    frontier.put(second)
    assert turns(frontier, NOW) == [A]
    frontier.put(MARK.on(asked(frontier.host("a.example", NOW), NOW)))
    frontier.put(denied(first, Denied("gone", ""), MARK))
    frontier.again(first, NOW)
    assert turns(frontier, later(1)) == []
    assert frontier.next_look() == later(2)
    assert turns(frontier, later(2)) == ["http://a.example/2"]


def test_a_turn_that_came_to_nothing_comes_again() -> None:
    frontier = ours()
    frontier.put(entry())
    assert turns(frontier, NOW) == [A]
    assert turns(frontier, NOW) == []
    frontier.again(entry(), NOW)
    assert turns(frontier, NOW) == [A]


def test_what_is_due_later_waits_and_live_goes_before_backfill() -> None:
    frontier = ours()
    frontier.put(entry("http://a.example/old", lane="backfill"))
    frontier.put(entry("http://a.example/new", mark=Mark("me", later(1))))
    frontier.put(entry("http://a.example/tomorrow", not_before=later(86_400)))
    assert turns(frontier, later(5)) == ["http://a.example/new"]
    frontier.remind("a.example", later(5))
    assert turns(frontier, later(5)) == ["http://a.example/old"]
    frontier.remind("a.example", later(5))
    assert turns(frontier, later(5)) == []
    assert frontier.next_look() == later(86_400)


def test_nothing_is_asked_before_the_partition_is_read_nor_after_it_is_lost() -> None:
    frontier = Frontier("me", 1, lambda _: Rule())
    frontier.assign(0, NOW)
    frontier.hear(0, 0, entry().key, entry())
    assert turns(frontier, NOW) == []
    frontier.restored(0, NOW)
    frontier.revoke(0)
    assert turns(frontier, NOW) == []
    frontier.assign(0, NOW)
    assert frontier.table(0).next_offset == 1
    frontier.restored(0, NOW)
    assert turns(frontier, NOW) == [A]


def test_a_host_that_another_asked_a_moment_ago_waits_out_the_hand_over() -> None:
    frontier = Frontier("me", 1, lambda _: Rule(delay=2), timedelta(seconds=10))
    frontier.assign(0, NOW)
    theirs = Mark("other", later(-1)).on(asked(frontier.host("a.example", NOW), later(-1)))
    frontier.hear(0, 0, theirs.key, theirs)
    frontier.hear(0, 1, entry().key, entry())
    frontier.restored(0, NOW)
    assert turns(frontier, later(11)) == []
    assert turns(frontier, later(12)) == [A]


def test_a_host_that_nobody_asked_lately_or_only_we_did_waits_for_nothing() -> None:
    for writer, ago in (("other", 3600), ("me", 3)):
        frontier = Frontier("me", 1, lambda _: Rule(delay=2), timedelta(seconds=10))
        frontier.assign(0, NOW)
        host = Mark(writer, later(-ago)).on(asked(frontier.host("a.example", NOW), later(-ago)))
        frontier.hear(0, 0, host.key, host)
        frontier.hear(0, 1, entry().key, entry())
        frontier.restored(0, NOW)
        assert turns(frontier, NOW) == [A]


def test_a_stopped_owner_that_writes_late_is_written_over() -> None:
    frontier = ours()
    mine = entry(reason="submitted")
    frontier.put(mine)
    stale = Mark("other", later(5)).on(mine, state="fetched", due_at=None)
    assert frontier.hear(0, 7, mine.key, stale) == mine
    assert turns(frontier, NOW) == [A]


def test_our_own_records_coming_by_change_nothing_and_news_of_others_counts() -> None:
    frontier = ours()
    mine = entry()
    frontier.put(Mark("me", later(1)).on(mine, state="fetched", due_at=None))
    assert frontier.hear(0, 1, mine.key, mine) is None
    assert turns(frontier, later(1)) == []
    other = entry("http://a.example/9", mark=Mark("other", NOW))
    assert frontier.hear(0, 2, other.key, other) is None
    assert turns(frontier, later(1)) == ["http://a.example/9"]


def test_a_listed_feed_is_due_at_once_and_one_that_nobody_lists_never() -> None:
    frontier = ours()
    frontier.list_feeds({"http://a.example/rss": "a"}, NOW)
    assert turns(frontier, NOW) == ["http://a.example/rss"]
    frontier.list_feeds({}, NOW)
    frontier.remind("a.example", NOW)
    assert turns(frontier, later(99)) == []


def test_a_known_page_is_asked_for_again_only_by_name() -> None:
    done = denied(entry(), Denied("robots", ""), MARK)
    assert accept(request(), done, MARK) is None
    assert accept(request("http://A.example/1#x", "link"), done, MARK) is None
    again = accept(request(reason="submitted"), done, MARK)
    assert again is not None
    assert (again.state, again.first_seen) == ("pending", NOW)


def test_the_same_record_delivered_twice_asks_for_nothing() -> None:
    by_name = entry(reason="submitted")
    assert accept(request(reason="submitted"), by_name, MARK) is None
    done = denied(by_name, Denied("gone", ""), MARK)
    assert accept(request(reason="submitted"), done, MARK) is None
    assert accept(request(reason="submitted", requested_at=later(1)), done, MARK) is not None


def test_a_page_that_failed_has_another_chance_after_a_day() -> None:
    failed = denied(entry(), Denied("unreachable", ""), MARK)
    assert accept(request(), failed, Mark("me", later(3600))) is None
    assert accept(request(), failed, Mark("me", later(90_000))) is not None


def test_a_page_seen_again_after_long_is_noted() -> None:
    done = denied(entry(), Denied("gone", ""), MARK)
    assert accept(request(), done, Mark("me", later(14 * 86_400))) is None
    seen = accept(request(), done, Mark("me", later(15 * 86_400)))
    assert seen is not None
    assert (seen.state, seen.last_seen) == ("gone", later(15 * 86_400))


def test_a_redirect_back_to_a_page_that_moved_is_followed_until_its_limit() -> None:
    left = moved(entry(), "http://b.example/", MARK)
    assert accept(request(), left, MARK) is None
    assert accept(request(hops=2, origin="http://c.example/"), left, MARK) is not None


def test_a_fault_is_tried_again_later_each_time_and_ends_after_the_last() -> None:
    patience = Patience(attempts=4, first_seconds=30)
    waiting: FrontierEntry | Denied = entry()
    waits = []
    while isinstance(waiting, FrontierEntry):
        waiting = postponed(waiting, Later("unreachable", "dns"), patience, MARK, lambda: 0.0)
        if isinstance(waiting, FrontierEntry):
            assert waiting.due_at is not None
            waits.append((waiting.due_at - NOW).total_seconds())
    assert waits == [30, 120, 480]
    assert waiting == Denied("unreachable", "dns, 4 times")


def test_waiting_for_a_host_is_no_attempt() -> None:
    waiting = postponed(entry(), Later("budget", "", later(99)), Patience(1, 30.0), MARK, lambda: 0.0)
    assert isinstance(waiting, FrontierEntry)
    assert (waiting.due_at, waiting.attempts) == (later(99), 0)


def test_a_process_that_stood_still_waits_for_the_group_to_speak() -> None:
    clock = [0.0]
    pulse = Pulse(10, lambda: clock[0])
    clock[0] = 4
    pulse.beat()
    assert pulse.steady()
    clock[0] = 60
    assert not pulse.steady()
    pulse.beat()
    assert not pulse.steady()
    for second in range(61, 71):
        clock[0] = second
        pulse.beat()
    assert pulse.steady()


def test_rebalances_and_changes_of_sources_leave_the_queue_as_long_as_it_was() -> None:
    frontier = ours()
    for n in range(9):
        frontier.put(entry(f"http://a.example/{n}"))
    feeds = {"http://a.example/rss": "a"}
    for n in range(5):
        frontier.revoke(0)
        frontier.assign(0, NOW)
        frontier.restored(0, NOW)
        frontier.list_feeds(feeds | {f"http://b.example/{n}": "b"}, NOW)
    waiting = []
    while found := turns(frontier, later(5)):
        waiting += [url for url in found if url and "a.example" in url]
        frontier.remind("a.example", later(5))
    assert sorted(waiting) == sorted([f"http://a.example/{n}" for n in range(9)] + ["http://a.example/rss"])


def test_an_ended_url_is_remembered_whole_and_counted_once() -> None:
    frontier = ours()
    frontier.put(entry())
    done = denied(entry(reason="submitted"), Denied("gone", "status 410"), MARK)
    frontier.put(denied(entry(), Denied("unreachable", ""), MARK))
    frontier.put(done)
    assert frontier.get("a.example", f"url:{A}") == done
    assert +frontier.counts() == {"gone": 1}
    frontier.put(entry())
    assert +frontier.counts() == {"pending": 1}
