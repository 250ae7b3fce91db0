"""When a host may be asked, what robots.txt and its answers change, and when a feed is polled again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from services.contracts.sources import Politeness, Source
from services.fetcher.interpret import Denied, Later
from services.fetcher.politeness import Rule, allowed_from, answered, asked, closed, gentler, read_retry_after, rule_for
from services.fetcher.queue.frontier import host_entry
from services.fetcher.robots import read_robots, robots_url
from services.fetcher.source_book import SourceBook
from services.fetcher.web.answers import Answer, Fault, Refusal

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
RULE = Rule(delay=2, per_day=3, strike=30)
HOST = host_entry("site.example", NOW)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def no_jitter() -> float:
    return 0.0


def test_a_host_that_was_never_asked_may_be_asked_at_once() -> None:
    assert allowed_from(HOST, RULE, NOW) == NOW


def test_the_delay_counts_from_the_last_request() -> None:
    host = asked(HOST, NOW)
    assert allowed_from(host, RULE, NOW + seconds(0.5)) == NOW + seconds(2)
    assert allowed_from(host, RULE, NOW + seconds(9)) == NOW + seconds(9)


def test_a_clock_that_was_set_back_does_not_silence_a_host() -> None:
    host = asked(HOST, NOW + timedelta(days=3))
    assert allowed_from(host, RULE, NOW) == NOW + seconds(2)


def test_robots_may_lengthen_a_delay_but_not_shorten_it() -> None:
    assert rule_for(RULE, None, 7).delay == 7
    assert rule_for(RULE, None, 1).delay == 2
    assert rule_for(RULE, Politeness(delay=0.5, pages_per_day=9), None) == Rule(0.5, 9, 30)
    assert rule_for(RULE, Politeness(delay=0.5), 4).delay == 4
    assert rule_for(RULE, None, float("nan")).delay == 2
    assert rule_for(RULE, None, 1e12).delay == 3600


def test_of_two_sources_on_one_host_the_gentler_word_counts() -> None:
    both = gentler(Politeness(delay=1, pages_per_day=50), Politeness(delay=5))
    assert both == Politeness(delay=5, pages_per_day=50)


def test_a_spent_budget_lasts_until_midnight() -> None:
    host = HOST
    for _ in range(3):
        host = asked(host, NOW)
    assert allowed_from(host, RULE, NOW + seconds(60)) == datetime(2026, 1, 3, tzinfo=UTC)
    tomorrow = NOW + timedelta(days=1)
    assert allowed_from(host, RULE, tomorrow) == tomorrow
    assert asked(host, tomorrow).fetched_today == 1


@pytest.mark.parametrize("status", [429, 503])
def test_strikes_double_the_wait_and_a_good_answer_ends_it(status: int) -> None:
    waits = []
    host = HOST
    for _ in range(12):
        host = answered(host, RULE, status, "", NOW, no_jitter)
        waits.append((allowed_from(host, RULE, NOW) - NOW).total_seconds())
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 6 * 3600
    jittered = answered(HOST, RULE, status, "", NOW, lambda: 0.999)
    assert seconds(30) < allowed_from(jittered, RULE, NOW) - NOW < seconds(38)
    assert allowed_from(answered(host, RULE, 200, "", NOW, no_jitter), RULE, NOW) == NOW + seconds(2)


def test_a_strike_long_ago_is_forgotten() -> None:
    struck = answered(answered(HOST, RULE, 503, "", NOW, no_jitter), RULE, 503, "", NOW, no_jitter)
    soon, late = NOW + timedelta(hours=3), NOW + timedelta(days=3)
    assert answered(struck, RULE, 503, "", soon, no_jitter).strikes == 3
    assert answered(struck, RULE, 503, "", late, no_jitter).strikes == 1


def test_one_silence_costs_only_the_delay_and_the_next_is_a_strike() -> None:
    host = answered(HOST, RULE, None, "", NOW, no_jitter)
    assert allowed_from(host, RULE, NOW) == NOW + seconds(2)
    assert allowed_from(answered(host, RULE, None, "", NOW, no_jitter), RULE, NOW) == NOW + seconds(60)


def test_retry_after_is_obeyed_as_seconds_and_as_a_date() -> None:
    assert answered(HOST, RULE, 429, "5", NOW, no_jitter).retry_after == NOW + seconds(5)
    date = "Fri, 02 Jan 2026 13:00:00 GMT"
    assert answered(HOST, RULE, 503, date, NOW, no_jitter).retry_after == NOW + timedelta(hours=1)
    assert read_retry_after("99999999999999", NOW) == NOW + timedelta(days=1)
    assert read_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", NOW) == NOW
    for odd in ("", "soon", "-5", "Fri, 99 Jan 2026", "१२"):
        assert read_retry_after(odd, NOW) is None


def answer(status: int, body: bytes = b"") -> Answer:
    return Answer("https://site.example/robots.txt", status, {}, body)


def test_robots_rules_count_for_our_product_and_for_a_day() -> None:
    robots = read_robots(answer(200, b"User-agent: *\nDisallow: /private\nCrawl-delay: 3\n"), NOW, seconds(30))
    assert not robots.allows("https://site.example/private/x", "xabar")
    assert robots.allows("https://site.example/news", "xabar")
    assert robots.crawl_delay("xabar") == 3
    assert robots.until == NOW + timedelta(hours=24)


def test_a_missing_robots_file_means_open_and_a_failing_server_means_closed_for_now() -> None:
    assert read_robots(answer(404), NOW, seconds(30)).allows("https://site.example/", "xabar")
    for outcome in (answer(500), answer(429), Fault("", "timeout", "")):
        robots = read_robots(outcome, NOW, seconds(30))
        assert not robots.allows("https://site.example/", "xabar")
        assert isinstance(robots.closed, Later)
        assert robots.until == NOW + seconds(30)
    assert isinstance(read_robots(Refusal("", "address-refused", ""), NOW, seconds(30)).closed, Denied)


@pytest.mark.parametrize("body", [b"\xff\xfe\x00garbage", b"<html>not found</html>", b"Disallow" * 100_000, b""])
def test_a_robots_file_that_is_none_means_open(body: bytes) -> None:
    assert read_robots(answer(200, body), NOW, seconds(30)).allows("https://site.example/a", "xabar")


def test_robots_are_asked_without_user_info() -> None:
    assert robots_url("https://me:secret@site.example:8443/a/b?c") == "https://site.example:8443/robots.txt"


def test_a_host_whose_robots_cannot_be_read_waits_longer_each_time() -> None:
    host, waits = HOST, []
    for _ in range(3):
        strikes = host.strikes
        host = answered(host, RULE, 500, "", NOW, no_jitter)
        host = closed(host, strikes, RULE, NOW, no_jitter)
        waits.append(allowed_from(host, RULE, NOW) - NOW)
    assert waits == [seconds(30), seconds(60), seconds(120)]
    told = answered(HOST, RULE, 429, "300", NOW, no_jitter)
    assert closed(told, 0, RULE, NOW, no_jitter) == told


def test_the_hosts_of_the_sources_are_worked_out_when_asked_for_and_not_at_each_change() -> None:
    book = SourceBook()
    worked_out = 0

    class Counted(tuple[str, ...]):
        def __iter__(self) -> Iterator[str]:
            nonlocal worked_out
            worked_out += 1
            return super().__iter__()

    for n in range(100):
        site = Source(id=f"s{n}", name="S", homepage=f"https://site{n}.example/", language="uz")
        book.apply(site.id, site.model_copy(update={"feeds": Counted(("https://feeds.example/rss",))}))
    gentle = Politeness(delay=9)
    book.apply("s1", Source(id="s1", name="S", homepage="https://site.example/", language="uz", politeness=gentle))
    assert book.wishes("site.example") == gentle
    assert book.wishes("site1.example") is None
    assert worked_out == 99
