"""What the frontier keeps of a million URLs: bytes that are read when asked for, a queue without litter, lanes."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

from services.contracts.pages import FetchRequest, FrontierEntry
from services.fetcher.lifecycle import Mark, accept
from services.fetcher.politeness import Rule, asked
from services.fetcher.queue.frontier import Frontier, Listed
from services.fetcher.queue.table import SLICE, glance, wait_of

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
MARK = Mark("me", NOW)
A = "http://a.example/1"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def entry(url: str = A, lane: str = "live", **more: object) -> FrontierEntry:
    request = FetchRequest.model_validate({"url": url, "reason": "feed", "lane": lane, "requested_at": NOW})
    made = accept(request, None, MARK)
    assert made is not None
    return made.model_copy(update=more)


def fetched(url: str = A, **more: object) -> FrontierEntry:
    done: dict[str, object] = {"state": "fetched", "request": None, "due_at": None, "fetched_at": NOW}
    return entry(url).model_copy(update={**done, **more})


def ours(per_day: int = 1000) -> Frontier:
    frontier = Frontier("me", 1, lambda _: Rule(delay=2, per_day=per_day))
    frontier.assign(0, NOW)
    frontier.restored(0, NOW)
    return frontier


def turns(frontier: Frontier, now: datetime = NOW, *, spare: bool = True) -> list[str | None]:
    taken: set[str] = set()
    found = []
    for turn in frontier.turns(now, taken, spare=spare):
        taken.add(turn.host)
        found.append(turn.entry.url)
    return found


def heard(frontier: Frontier, *entries: FrontierEntry) -> None:
    for offset, record in enumerate(entries):
        frontier.hear(0, offset, record.key, record)


def test_what_is_seen_at_a_glance_is_what_decoding_says() -> None:
    for record in (entry(), entry(lane="backfill"), fetched(), fetched(due_at=later(0.25)), entry(due_at=None)):
        seen = glance(record.encode())
        assert (seen.host, seen.state, seen.wait) == (record.host, record.state, wait_of(record))


def test_a_record_is_read_in_any_order_of_fields_and_with_fields_of_another_version() -> None:
    frontier = Frontier("me", 1, lambda _: Rule())
    frontier.assign(0, NOW)
    fields = json.loads(entry().encode())
    turned = {"of_tomorrow": [1], **dict(reversed(fields.items()))}
    frontier.table(0).keep(b"url:" + A.encode(), json.dumps(turned).encode())
    frontier.restored(0, NOW)
    assert turns(frontier) == [A]
    assert frontier.get("a.example", f"url:{A}") == entry()


def test_records_that_nobody_can_read_are_forgotten_and_the_others_stand() -> None:
    frontier = Frontier("me", 1, lambda _: Rule())
    frontier.assign(0, NOW)
    table = frontier.table(0)
    broken = ("no json", '"text"', '{"kind":"url"}', '{"host":"a.example","state":"lost"}', '{"host":"a.example"}')
    for number, value in enumerate(broken):
        table.keep(f"url:http://a.example/{number}".encode(), value.encode())
    table.keep(b"host:a.example", b"{}")
    heard(frontier, entry("http://a.example/9"))
    frontier.restored(0, NOW)
    assert [frontier.get("a.example", f"url:http://a.example/{n}") for n in range(5)] == [None] * 5
    assert +frontier.counts() == {"pending": 1}
    assert turns(frontier) == ["http://a.example/9"]


def test_of_many_records_of_a_key_the_last_one_counts_and_a_tombstone_ends_it() -> None:
    frontier = Frontier("me", 1, lambda _: Rule())
    frontier.assign(0, NOW)
    heard(frontier, entry(), fetched(), entry("http://a.example/2"))
    frontier.hear(0, 3, "url:http://a.example/2", None)
    frontier.restored(0, NOW)
    assert +frontier.counts() == {"fetched": 1}
    assert turns(frontier) == []


def test_a_partition_lost_while_it_is_made_sense_of_does_not_run() -> None:
    frontier = Frontier("me", 1, lambda _: Rule())
    frontier.assign(0, NOW)
    heard(frontier, *(entry(f"http://a.example/{n}") for n in range(SLICE + 1)))
    steps = frontier.settling(0, NOW)
    next(steps)
    frontier.revoke(0)
    assert list(steps) != []
    assert not frontier.runs(0)


def test_a_partition_that_comes_back_is_made_sense_of_by_what_is_new_in_it() -> None:
    frontier = ours()
    for n in range(4):
        frontier.put(entry(f"http://a.example/{n}"))
    frontier.put(fetched("http://b.example/done"))
    assert turns(frontier) == ["http://a.example/0"]
    frontier.revoke(0)
    frontier.assign(0, NOW)
    heard(frontier, fetched("http://a.example/1"), entry("http://c.example/new"), fetched("http://a.example/1"))
    frontier.hear(0, 3, "url:http://a.example/2", None)
    assert len(list(frontier.settling(0, NOW))) == 1, "all records are looked at again"
    assert frontier.counts() == {"pending": 3, "fetched": 2}
    waiting = []
    while found := turns(frontier):
        waiting += found
        frontier.remind("a.example", NOW)
    assert sorted(map(str, waiting)) == ["http://a.example/0", "http://a.example/3", "http://c.example/new"]


def test_a_hand_over_that_is_broken_off_is_begun_again_and_counts_nothing_twice() -> None:
    frontier = ours()
    entries = [entry(f"http://a.example/{n}") for n in range(3)]
    frontier.put(entries[0])
    for _ in range(2):
        frontier.revoke(0)
        frontier.assign(0, NOW)
        heard(frontier, *entries)
        next(frontier.settling(0, NOW))
    frontier.restored(0, NOW)
    assert frontier.counts() == {"pending": 3}
    frontier.revoke(0)
    frontier.assign(0, NOW)
    frontier.restored(0, NOW)
    assert frontier.counts() == {"pending": 3}


def test_what_we_know_of_a_host_beyond_the_log_outlives_a_hand_over_to_ourselves() -> None:
    frontier = ours()
    written = MARK.on(asked(frontier.host("a.example", NOW), NOW))
    known = Mark("me", later(3)).on(asked(written, later(3)))
    frontier.put(known)
    for record, kept in ((written, known), (Mark("other", later(2)).on(written), Mark("other", later(2)).on(written))):
        frontier.revoke(0)
        frontier.assign(0, later(4))
        heard(frontier, record)
        frontier.restored(0, later(4))
        assert frontier.host("a.example", NOW) == kept


def test_recrawls_go_before_backfill_and_both_after_what_is_live_anywhere() -> None:
    frontier = ours()
    frontier.put(entry("http://a.example/old", lane="backfill"))
    frontier.put(fetched("http://a.example/again", due_at=NOW))
    frontier.put(entry("http://b.example/new", due_at=later(1)))
    assert turns(frontier, later(1)) == ["http://b.example/new", "http://a.example/again"]
    frontier.remind("a.example", later(1))
    assert turns(frontier, later(1)) == ["http://a.example/old"]


def test_without_room_to_spare_only_live_turns_are_given_and_the_others_come_when_there_is_some() -> None:
    frontier = ours()
    frontier.put(entry("http://a.example/old", lane="backfill"))
    frontier.put(fetched("http://b.example/again", due_at=NOW))
    frontier.put(entry("http://b.example/new", due_at=later(60)))
    assert turns(frontier, spare=False) == []
    assert frontier.next_look() == later(60), "nobody looks in vain until then"
    assert turns(frontier, later(60), spare=False) == ["http://b.example/new"]
    frontier.remind("b.example", later(60))
    assert sorted(map(str, turns(frontier, later(60)))) == ["http://a.example/old", "http://b.example/again"]


def test_what_is_not_live_leaves_half_of_the_days_budget() -> None:
    frontier = ours(per_day=4)
    frontier.put(entry("http://a.example/old", lane="backfill"))
    host = frontier.host("a.example", NOW)
    for _ in range(2):
        host = asked(host, later(-60))
    frontier.put(MARK.on(host))
    assert turns(frontier) == []
    assert frontier.next_look() == datetime(2026, 1, 3, tzinfo=UTC)
    frontier.put(entry("http://a.example/new"))
    assert turns(frontier) == ["http://a.example/new"]


def test_a_recrawl_that_is_put_off_again_and_again_leaves_no_litter() -> None:
    frontier = ours()
    recrawl, page, done = fetched(), entry("http://a.example/2"), fetched("http://a.example/2")
    for n in range(2500):
        frontier.put(recrawl.model_copy(update={"due_at": later(86_400 + n)}))
        frontier.put(page.model_copy(update={"due_at": later(n)}))
        assert turns(frontier, later(n)) == ["http://a.example/2"]
        frontier.put(done)
        frontier.remind("a.example", later(n))
    assert len(frontier.table(0).queue) < 200
    assert len(frontier._agenda) < 2000
    assert turns(frontier, later(86_400 + 2498)) == []
    assert turns(frontier, later(86_400 + 2499)) == [A]


def test_a_url_that_changes_its_lane_has_one_turn() -> None:
    frontier = ours()
    frontier.put(entry(lane="backfill"))
    frontier.put(entry())
    assert turns(frontier) == [A]
    frontier.remind("a.example", NOW)
    assert turns(frontier) == []


def test_a_list_is_polled_in_the_form_that_its_source_gives_it() -> None:
    frontier = ours()
    url = "http://a.example/sitemap.xml"
    frontier.list_feeds({url: "a"}, NOW)
    frontier.list_feeds({url: Listed("a", "sitemap")}, NOW)
    known = frontier.get("a.example", f"feed:{url}")
    assert known is not None
    assert (known.listing, known.source) == ("sitemap", "a")
    assert turns(frontier) == [url]
    frontier.again(known, NOW)
    frontier.list_feeds({}, NOW)
    assert turns(frontier) == []


def test_only_what_ended_and_nobody_announced_for_long_and_no_list_holds_is_expired() -> None:
    frontier = ours()
    old = NOW - timedelta(days=46)
    frontier.put(entry("http://a.example/waits", last_seen=old))
    frontier.put(fetched("http://a.example/listed", last_seen=old))
    frontier.put(fetched("http://a.example/seen", last_seen=NOW - timedelta(days=44), fetched_at=old))
    frontier.put(fetched("http://a.example/forgotten", last_seen=old))
    found = [e.url for e in frontier.expired(NOW, lambda e: str(e.url).endswith("listed")) if e is not None]
    assert found == ["http://a.example/forgotten"]


def test_the_search_for_what_expired_gives_way_and_bears_changes_under_it() -> None:
    frontier = ours()
    old = NOW - timedelta(days=46)
    forgotten = fetched(last_seen=old)
    for n in range(3 * SLICE):
        frontier.put(forgotten.model_copy(update={"url": f"http://a.example/{n}"}))
    found = 0
    given_way = 0
    for expired in frontier.expired(NOW, lambda _: False):
        if expired is None:
            given_way += 1
            frontier.put(forgotten.model_copy(update={"url": f"http://a.example/new-{given_way}"}))
        else:
            found += 1
            frontier.drop(expired.host, expired.key)
    assert (found, given_way) == (3 * SLICE, 3)
    assert +frontier.counts() == {"fetched": 3}


def test_our_own_tombstone_coming_by_does_not_undo_what_was_asked_for_since() -> None:
    frontier = ours()
    frontier.put(fetched())
    frontier.drop("a.example", f"url:{A}")
    frontier.put(entry())
    assert frontier.hear(0, 1, f"url:{A}", None) is None
    assert turns(frontier) == [A]


def test_a_tombstone_of_a_stopped_owner_is_written_over() -> None:
    frontier = ours()
    frontier.put(entry())
    assert frontier.hear(0, 1, f"url:{A}", None) == entry()
    assert turns(frontier) == [A]


def test_a_url_takes_little_more_than_its_record() -> None:
    urls = 4000
    done, waiting = fetched(etag='"abc"', body_sha256="0" * 64), entry()
    records = [done.model_copy(update={"url": f"http://a.example/{n:060}"}) for n in range(urls)]
    records[::10] = [waiting.model_copy(update={"url": record.url}) for record in records[::10]]
    size = sum(len(record.encode()) for record in records) / urls
    frontier = ours()
    tracemalloc.start()
    try:
        for record in records:
            frontier.put(record)
        taken = tracemalloc.get_traced_memory()[0] / urls
    finally:
        tracemalloc.stop()
    assert taken < size + 250
