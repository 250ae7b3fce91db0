"""The crawl with a scripted web and a broker in memory: what is asked, what is sent, and in which order."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crawling import DELAY, HTML, A, Broker, QuickClock, fetching, until

from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.fetcher.lifecycle import Mark
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier, host_entry, partition_of
from services.fetcher.queue.ledger import Ledger, NotOurs
from services.fetcher.web.answers import Answer, Fault, Outcome, Refusal
from services.fetcher.web.credentials import Credentials
from services.runtime.stage import Transient, utc_now


async def test_a_submitted_url_becomes_a_page_and_only_then_the_frontier_says_so() -> None:
    async with fetching({A: [HTML]}) as it:
        await it.submit(A)
        await until(lambda: "fetched" in it.broker.states(A))
        of_the_page = [message for _, message, _ in it.broker.sent if getattr(message, "url", "") == A]
        kinds = [type(message).__name__ for message in of_the_page]
        assert kinds == ["FrontierEntry", "FetchedPage", "FrontierEntry"]
        assert it.web.asked == ["http://a.example/robots.txt", A]


async def test_while_the_broker_is_away_a_page_waits_and_is_not_fetched_twice() -> None:
    async with fetching({A: [HTML]}) as it:
        it.broker.failures = 3
        await it.submit(A)
        await until(lambda: "fetched" in it.broker.states(A))
        assert (it.broker.pages, it.web.asked.count(A)) == ([A], 1)


async def test_requests_to_one_host_are_spaced_and_never_overlap() -> None:
    urls = [f"http://a.example/{n}" for n in range(5)]
    async with fetching({url: [HTML] for url in urls}) as it:
        it.web.slow = 0.01
        await it.submit(*urls)
        await until(lambda: len(it.broker.pages) == 5)
        at = it.web.times["a.example"]
        assert all(b - a >= DELAY + 0.01 for a, b in itertools.pairwise(at))


async def test_robots_are_read_once_and_obeyed() -> None:
    robots = Answer("", 200, {}, b"User-agent: xabar\nDisallow: /2")
    async with fetching({"http://a.example/robots.txt": [robots], A: [HTML]}) as it:
        await it.submit(A, "http://a.example/2")
        await until(lambda: bool(it.broker.pages and it.broker.refused))
        assert it.broker.refused == {"http://a.example/2": "robots"}
        assert sorted(it.web.asked) == [A, "http://a.example/robots.txt"]


async def test_a_fault_is_tried_again_and_a_lasting_one_is_told() -> None:
    dead = "http://b.example/1"
    script: dict[str, list[Outcome]] = {
        A: [Fault(A, "timeout", "slow"), Answer(A, 502, {}), HTML],
        dead: [Fault(dead, "connect", "refused")],
    }
    async with fetching(script) as it:
        await it.submit(A, dead)
        await until(lambda: bool(it.broker.pages and it.broker.refused))
        assert it.broker.refused == {dead: "unreachable"}
        assert it.web.asked.count(dead) == 3


async def test_a_host_whose_robots_cannot_be_read_is_left_alone_and_in_the_end_told() -> None:
    script: dict[str, list[Outcome]] = {"http://a.example/robots.txt": [Answer("", 500, {})], A: [HTML]}
    async with fetching(script) as it:
        await it.submit(A)
        await until(lambda: it.broker.refused == {A: "robots"})
        assert A not in it.web.asked


async def test_what_leads_inside_is_refused() -> None:
    inside = "http://169.254.169.254/"
    script: dict[str, list[Outcome]] = {
        "http://169.254.169.254/robots.txt": [Refusal("", "address-refused", "link-local")],
        A: [Answer(A, 302, {"location": inside})],
    }
    async with fetching(script) as it:
        await it.submit(A)
        await until(lambda: it.broker.refused == {inside: "address-refused"})


async def test_a_redirect_on_the_host_is_followed_and_one_to_another_host_is_asked_for_there() -> None:
    there = "http://b.example/new"
    script: dict[str, list[Outcome]] = {
        A: [Answer(A, 301, {"location": "/2"})],
        "http://a.example/2": [Answer(A, 301, {"location": there})],
        there: [HTML],
    }
    async with fetching(script, partitions=7) as it:
        await it.submit(A)
        await until(lambda: it.broker.pages == [there])
        page = it.broker.of(FetchedPage)[0]
        assert (page.request.origin, page.request.hops) == (A, 1)
        for topic, message, partition in it.broker.sent:
            if isinstance(message, FetchRequest | FrontierEntry):
                host = message.host if isinstance(message, FrontierEntry) else "b.example"
                assert partition == partition_of(host, 7), topic


async def test_redirect_loops_on_a_host_and_across_hosts_are_told() -> None:
    b, c = "http://b.example/", "http://c.example/"
    script: dict[str, list[Outcome]] = {
        A: [Answer(A, 302, {"location": "/2"})],
        "http://a.example/2": [Answer(A, 302, {"location": A})],
        b: [Answer(b, 302, {"location": c})],
        c: [Answer(c, 302, {"location": b})],
    }
    async with fetching(script) as it:
        await it.submit(A, reason="feed")
        await it.submit(b, reason="feed")
        await until(lambda: len(it.broker.refused) == 2)
        assert set(it.broker.refused.values()) == {"too-many-redirects"}


FEED = (
    b'<rss version="2.0"><channel><item><title>T</title><link>/1</link></item><item><link>/1?utm_source=x</link></item>'
)
SOURCE = Source(id="a", name="A", homepage="http://a.example/", feeds=("http://a.example/rss",), language="uz")


async def test_a_feed_is_polled_conditionally_and_its_pages_are_asked_for_once() -> None:
    feed = Answer("", 200, {"etag": '"1"', "last-modified": "yesterday"}, FEED + b"</channel></rss>")
    script: dict[str, list[Outcome]] = {"http://a.example/rss": [feed, Answer("", 304, {})], A: [HTML]}
    async with fetching(script) as it:
        it.book.apply("a", SOURCE)
        it.crawl.wake()
        await until(lambda: it.web.asked.count("http://a.example/rss") >= 3 and bool(it.broker.pages))
        again = it.web.headers[len(it.web.asked) - 1 - it.web.asked[::-1].index("http://a.example/rss")]
        assert again == {"If-None-Match": '"1"', "If-Modified-Since": "yesterday"}
        [request] = it.broker.of(FetchRequest)
        assert (request.url, request.source, request.hints.title) == (A, "a", "T")
        assert it.broker.of(FetchedPage)[0].facts.language == "uz"
        order = [m for _, m, _ in it.broker.sent]
        first_poll = next(m for m in order if isinstance(m, FrontierEntry) and m.kind == "feed")
        assert order.index(request) < order.index(first_poll)


async def test_a_source_that_is_removed_is_not_polled_any_more() -> None:
    script: dict[str, list[Outcome]] = {"http://a.example/rss": [Answer("", 200, {}, FEED)], A: [HTML]}
    async with fetching(script) as it:
        it.book.apply("a", SOURCE)
        await until(lambda: "http://a.example/rss" in it.web.asked)
        it.book.apply("a", None)
        it.crawl.wake()
        await asyncio.sleep(0.1)
        polls = it.web.asked.count("http://a.example/rss")
        await asyncio.sleep(0.2)
        assert it.web.asked.count("http://a.example/rss") == polls


async def test_a_feed_that_is_html_or_empty_or_gone_is_no_rejection_and_is_tried_again() -> None:
    script: dict[str, list[Outcome]] = {
        "http://a.example/rss": [Answer("", 200, {}, b"<html>"), Answer("", 404, {}), Answer("", 200, {}, b"")],
    }
    async with fetching(script) as it:
        it.book.apply("a", SOURCE)
        await until(lambda: it.web.asked.count("http://a.example/rss") >= 3)
        assert not it.broker.refused
        failed = [e for e in it.broker.of(FrontierEntry) if e.kind == "feed"]
        assert failed[0].detail == "it is an HTML page"


async def test_what_is_revoked_while_it_is_fetched_is_dropped_unpublished() -> None:
    async with fetching({A: [HTML]}) as it:
        it.web.slow = 0.2
        await it.submit(A)
        await until(lambda: A in it.web.asked or "http://a.example/robots.txt" in it.web.asked)
        it.frontier.revoke(0)
        await it.crawl.release()
        assert not it.broker.pages
        it.web.slow = 0
        it.frontier.assign(0, utc_now())
        it.frontier.restored(0, utc_now())
        it.crawl.resume()
        await until(lambda: it.broker.pages == [A])


async def test_a_request_that_comes_in_while_its_url_is_fetched_is_not_lost() -> None:
    async with fetching({A: [HTML]}) as it:
        it.web.slow = 0.05
        await it.submit(A)
        await until(lambda: A in it.web.asked)
        await it.submit(A)
        await until(lambda: it.broker.pages == [A, A] and it.broker.states(A)[-1] == "fetched")
        assert it.broker.states(A) == ["pending", "pending", "fetched"]


async def test_a_request_for_a_host_of_another_partition_is_sent_where_it_belongs() -> None:
    async with fetching({A: [HTML]}, partitions=5) as it:
        it.broker.accept = None
        it.frontier.revoke(partition_of("a.example", 5))
        await it.submit(A)
        assert [(topic, partition) for topic, _, partition in it.broker.sent] == [
            ("fetch-requests", partition_of("a.example", 5))
        ]


async def test_a_request_waits_for_its_partition_to_be_read() -> None:
    async with fetching({A: [HTML]}) as it:
        it.frontier.assign(0, utc_now())
        with pytest.raises(Transient, match="not read yet"):
            await it.submit(A)


async def test_a_record_of_a_former_owner_is_written_over() -> None:
    async with fetching({A: [Fault(A, "timeout", "")]}) as it:
        await it.submit(A)
        mine = it.frontier.get("a.example", f"url:{A}")
        assert mine is not None
        late = Mark("other", datetime.now(UTC) + timedelta(seconds=5)).on(mine, state="fetched", due_at=None)
        ours = it.frontier.hear(0, 1, mine.key, late)
        assert ours is not None
        await it.crawl.rewrite(ours)
        newest = it.broker.of(FrontierEntry)[-1]
        assert (newest.writer, newest.state, newest.url) == ("me", "pending", A)


async def test_a_password_in_a_url_is_neither_asked_with_nor_passed_on() -> None:
    async with fetching({A: [HTML]}) as it:
        await it.submit("http://me:secret@a.example/1")
        await until(lambda: it.broker.pages == [A])
        assert it.web.asked[-1] == A
        bad = FetchRequest(url="ftp://me:secret@a.example/\\1", reason="submitted", requested_at=utc_now())
        refused = await it.acceptor.accept(bad)
        assert "secret" not in str(it.broker.sent) + str(refused)


async def test_a_bad_url_is_rejected_at_once() -> None:
    async with fetching({}) as it:
        request = FetchRequest(url="javascript:alert(1)", reason="submitted", requested_at=utc_now())
        refused = await it.acceptor.accept(request)
        assert isinstance(refused, Rejection)
        assert refused.reason == "bad-url"


async def test_what_stood_still_writes_nothing_before_the_group_has_spoken() -> None:
    clock = [0.0]
    pulse = Pulse(10, lambda: clock[0])
    frontier, broker = Frontier("me", 1, lambda _: Rule()), Broker()
    frontier.assign(0, utc_now())
    frontier.restored(0, utc_now())
    clock[0] = 60
    pulse.beat()
    writing = asyncio.create_task(Ledger(frontier, broker, pulse).write(host_entry("a.example", utc_now())))
    await asyncio.sleep(0.15)
    assert not writing.done()
    frontier.revoke(0)
    with pytest.raises(NotOurs):
        await writing
    assert not broker.sent


async def test_a_redirect_on_a_very_slow_host_is_followed_in_one_go() -> None:
    slow = Answer("", 200, {}, b"User-agent: *\nCrawl-delay: 90")
    script: dict[str, list[Outcome]] = {
        "http://a.example/robots.txt": [Answer("", 301, {"location": "https://a.example/robots.txt"})],
        "https://a.example/robots.txt": [slow],
        A: [Answer("", 301, {"location": "https://a.example/1"})],
        "https://a.example/1": [HTML],
    }
    clock = QuickClock()
    began = clock()
    async with fetching(script, clock=clock) as it:
        await it.submit(A)
        await until(lambda: it.broker.pages == [A])
        assert it.web.asked == [
            "http://a.example/robots.txt", "https://a.example/robots.txt", A, "https://a.example/robots.txt",
            "https://a.example/1",
        ]  # fmt: skip
        assert clock() - began >= timedelta(seconds=3 * 90)


async def test_a_host_whose_robots_fail_is_closed_as_a_whole_and_not_url_by_url() -> None:
    robots = "http://a.example/robots.txt"
    async with fetching({robots: [Answer("", 500, {})]}, strike=60) as it:
        urls = [f"http://a.example/{n}" for n in range(20)]
        await it.submit(*urls)
        await until(lambda: it.frontier.host("a.example", utc_now()).strikes == 1)
        await asyncio.sleep(0.1)
        written = [e for e in it.broker.of(FrontierEntry) if e.kind == "url"]
        assert len(written) == len(urls) + 1
        assert it.web.asked == [robots]
        assert not list(it.frontier.turns(utc_now() + timedelta(seconds=50), ()))


async def test_a_host_that_many_robots_files_redirect_to_is_asked_at_its_own_pace() -> None:
    shared = "http://shared.example/robots.txt"
    pages = [f"http://h{n}.example/1" for n in range(5)]
    script: dict[str, list[Outcome]] = {page: [HTML] for page in pages}
    script |= {f"http://h{n}.example/robots.txt": [Answer("", 302, {"location": shared})] for n in range(5)}
    async with fetching(script) as it:
        it.web.slow = 0.01
        await it.submit(*pages)
        await until(lambda: len(it.broker.pages) == 5)
        at = it.web.times["shared.example"]
        assert len(at) == 5
        assert all(b - a >= DELAY + 0.01 for a, b in itertools.pairwise(at))
        assert it.frontier.host("shared.example", utc_now()).fetched_today == 5


async def test_robots_and_feeds_are_followed_to_a_host_of_another_replica_at_the_first_hosts_pace() -> None:
    feed = "http://c.example/rss"
    script: dict[str, list[Outcome]] = {
        "http://a.example/robots.txt": [Answer("", 301, {"location": "http://d.example/robots.txt"})],
        A: [HTML],
        feed: [Answer("", 301, {"location": "http://d.example/rss"})],
    }
    async with fetching(script, partitions=7) as it:
        assert len({partition_of(f"{name}.example", 7) for name in "acd"}) == 3
        it.frontier.revoke(partition_of("d.example", 7))
        it.book.apply("c", Source(id="c", name="C", homepage="http://c.example/", feeds=(feed,), language="uz"))
        await it.submit(A)
        await until(lambda: it.broker.pages == [A] and "http://d.example/rss" in it.web.asked)
        assert it.frontier.host("a.example", utc_now()).fetched_today == 3, "robots.txt, where it led, the page"
        assert it.frontier.host("d.example", utc_now()).fetched_today == 0


async def test_a_subscriptions_secrets_go_to_its_hosts_only_and_not_along_a_redirect(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        'hosts = ["a.example"]\ninsecure = true\n'
        '[headers]\nAuthorization = "Bearer hush"\n[cookies]\nsession = "hush"\n'
    )
    there = "http://b.example/1"
    script: dict[str, list[Outcome]] = {A: [Answer(A, 302, {"location": there})], there: [HTML]}
    async with fetching(script, credentials=Credentials(tmp_path)) as it:
        request = FetchRequest(url=A, source="a", reason="submitted", requested_at=utc_now())
        await it.acceptor.accept(request)
        await until(lambda: it.broker.pages == [there])
        carried = dict(zip(it.web.asked, it.web.headers, strict=True))
        assert carried[A] == {"Authorization": "Bearer hush", "Cookie": "session=hush"}
        assert carried[there] == {}
        assert "hush" not in str(it.broker.sent)


async def test_while_nothing_answers_no_url_is_given_up_and_no_host_is_blamed() -> None:
    pages = [f"http://h{n}.example/1" for n in range(4)]
    script: dict[str, list[Outcome]] = {}
    for page in pages:
        fault = Fault(page, "dns", "no resolver")
        script[page.replace("/1", "/robots.txt")] = [*[fault] * 8, Answer("", 404, {})]
        script[page] = [*[fault] * 2, HTML]
    async with fetching(script) as it:
        await it.submit(*pages)
        await until(lambda: sorted(it.broker.pages) == pages)
        assert not it.broker.refused
        assert all(it.frontier.host(f"h{n}.example", utc_now()).strikes <= 2 for n in range(4))


async def test_a_host_that_is_overloaded_costs_its_urls_one_attempt_and_not_all() -> None:
    busy = Answer("", 503, {})
    async with fetching({"http://a.example/robots.txt": [Answer("", 404, {})], A: [*[busy] * 6, HTML]}) as it:
        await it.submit(A)
        await until(lambda: it.broker.pages == [A])
        assert not it.broker.refused


async def test_a_url_that_alone_says_503_ends_all_the_same() -> None:
    fine = "http://a.example/fine"
    async with fetching({A: [Answer("", 503, {})], fine: [HTML]}) as it:
        await it.submit(A)
        for _ in range(6):
            await asyncio.sleep(0.1)
            await it.submit(fine)
        await until(lambda: it.broker.refused == {A: "http-status"})


async def test_what_is_known_of_a_host_is_written_down_a_while_after_its_last_request() -> None:
    clock = QuickClock()
    urls = [f"http://a.example/{number}" for number in range(3)]
    async with fetching({url: [HTML] for url in urls}, clock=clock) as it:
        await it.submit(*urls)
        gauging = asyncio.create_task(it.crawl.gauge())  # time passes while it sleeps
        await until(lambda: len(it.broker.pages) == 3)

        def newest() -> int:
            return [e.fetched_today for e in it.broker.of(FrontierEntry) if e.kind == "host"][-1]

        await until(lambda: newest() == it.frontier.host("a.example", clock()).fetched_today)
        gauging.cancel()


async def test_what_waits_for_a_source_that_is_removed_is_dropped_unless_somebody_asked_by_hand() -> None:
    by_hand = "http://a.example/by-hand"
    async with fetching({A: [HTML], by_hand: [HTML]}) as it:
        it.book.apply("gone", None)
        now = utc_now()
        await it.acceptor.accept(FetchRequest(url=A, source="gone", reason="feed", requested_at=now))
        await it.acceptor.accept(FetchRequest(url=by_hand, source="gone", reason="submitted", requested_at=now))
        await until(lambda: it.broker.pages == [by_hand] and "failed" in it.broker.states(A))
        assert A not in it.web.asked
        assert not it.broker.refused


async def test_a_proxy_that_is_down_is_no_attempt_of_any_url() -> None:
    down = Fault(A, "proxy", "nobody answers")
    async with fetching(
        {"http://a.example/robots.txt": [*[down] * 5, Answer("", 404, {})], A: [*[down] * 5, HTML]}
    ) as it:
        await it.submit(A)
        await until(lambda: it.broker.pages == [A])
        assert not it.broker.refused


async def test_a_new_owner_knows_robots_txt_without_asking() -> None:
    robots = Answer("", 200, {}, b"User-agent: *\nDisallow: /2\nCrawl-delay: 0.03")
    async with fetching({"http://a.example/robots.txt": [robots], A: [HTML]}) as it:
        await it.submit(A)
        await until(lambda: it.broker.pages == [A])
        kept = [entry for entry in it.broker.of(FrontierEntry) if entry.robots is not None]
        assert len(kept) == 1
    async with fetching({A: [HTML]}) as it:
        it.frontier.put(kept[0])
        await it.submit(A, "http://a.example/2")
        await until(lambda: it.broker.pages == [A] and bool(it.broker.refused))
        assert it.web.asked == [A]
        assert it.broker.refused == {"http://a.example/2": "robots"}
