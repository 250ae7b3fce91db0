"""Lists polled and read on request: what they announce, how they lie and move, what is forgotten."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from crawling import A, Fetching, QuickClock, fetching, until

from services.contracts.outcomes import Receipt, Rejection
from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.fetcher.lifecycle import LAST_SEEN_EVERY, Mark
from services.fetcher.queue.frontier import Frontier
from services.fetcher.source_health import health
from services.fetcher.web.answers import Answer, Outcome
from services.runtime.stage import utc_now

RSS = "http://a.example/rss"
MAP = "http://a.example/sitemap.xml"
FRONT = "http://a.example/news"
TAGGED = {"etag": '"1"'}


def feed(*paths: str) -> bytes:
    items = "".join(f"<item><link>{path}</link></item>" for path in paths)
    return f'<rss version="2.0"><channel><title>A</title>{items}</channel></rss>'.encode()


def urlset(**lastmod: str) -> bytes:
    urls = "".join(f"<url><loc>http://a.example/{p}</loc><lastmod>{at}</lastmod></url>" for p, at in lastmod.items())
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def sitemap_index(**lastmod: str) -> bytes:
    maps = "".join(
        f"<sitemap><loc>http://a.example/{name}.xml</loc><lastmod>{at}</lastmod></sitemap>"
        for name, at in lastmod.items()
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'.encode()


def watch(it: Fetching, **lists: tuple[str, ...]) -> None:
    it.book.apply("a", Source.model_validate({"id": "a", "name": "A", "homepage": "http://a.example/", **lists}))
    it.book.restored = True
    it.crawl.wake()


def asked_for(it: Fetching) -> list[str]:
    return [request.url for request in it.broker.of(FetchRequest)]


def record(frontier: Frontier, url: str) -> FrontierEntry:
    known = frontier.get("a.example", f"feed:{url}")
    assert known is not None
    return known


class Forgetful(dict[str, list[Outcome]]):
    """A site whose feed changes and which says 304 to every conditional request all the same."""

    def __init__(self, conditional: Callable[[], bool], grown: bytes) -> None:
        super().__init__()
        self.conditional = conditional
        self.polls = 0
        self.grown = grown

    def get(self, url: str, default: object = None) -> list[Outcome]:  # type: ignore[override]
        if url != RSS:
            return [Answer(url, 404, {})]
        self.polls += 1
        if self.conditional():
            return [Answer(url, 304, {})]
        return [Answer(url, 200, TAGGED, feed("/1") if self.polls == 1 else self.grown)]


async def test_a_feed_that_says_304_for_ever_is_found_out_and_polled_without_validators() -> None:
    async with fetching({}) as it:
        it.web.script = Forgetful(lambda: "If-None-Match" in it.web.headers[-1], feed("/2", "/1"))
        watch(it, feeds=(RSS,))
        await until(lambda: "http://a.example/2" in asked_for(it))
        await until(lambda: record(it.frontier, RSS).lies)
        polls = it.web.asked.count(RSS)
        await until(lambda: it.web.asked.count(RSS) > polls + 1)
        last = max(number for number, url in enumerate(it.web.asked) if url == RSS)
        assert it.web.headers[last] == {}


async def test_an_honest_feed_keeps_its_validators_though_it_is_doubted_now_and_then() -> None:
    quiet: list[Outcome] = [Answer("", 304, {})] * 7
    async with fetching({RSS: [Answer("", 200, TAGGED, feed("/1")), *quiet]}) as it:
        it.web.script[RSS].append(Answer("", 200, {"etag": '"2"'}, feed("/2", "/1")))
        watch(it, feeds=(RSS,))
        await until(lambda: "http://a.example/2" in asked_for(it))
        await until(lambda: record(it.frontier, RSS).etag == '"2"')
        assert not record(it.frontier, RSS).lies


async def test_where_a_feed_moved_for_good_is_noted_and_not_taken_silently() -> None:
    there = "http://a.example/feed"
    script: dict[str, list[Outcome]] = {
        RSS: [Answer("", 301, {"location": there})],
        there: [Answer("", 200, {}, feed("/1"))],
    }
    async with fetching(script) as it:
        watch(it, feeds=(RSS,))
        await until(lambda: it.web.asked.count(there) >= 2)
        assert record(it.frontier, RSS).moved_to == there
        assert it.web.asked.count(RSS) >= 2, "the address that the operator gave is still the one that is polled"
    script[RSS] = [Answer("", 302, {"location": there})]
    async with fetching(script) as it:
        watch(it, feeds=(RSS,))
        await until(lambda: it.web.asked.count(there) >= 2)
        assert record(it.frontier, RSS).moved_to is None


async def test_why_a_list_cannot_be_read_stands_in_its_record_by_the_name_of_the_table() -> None:
    challenged = Answer("", 403, {"cf-mitigated": "challenge"})
    for answer, fault in (
        (Answer("", 403, {}), "http-403"),
        (challenged, "blocked"),
        (Answer("", 200, {}, b"<p>"), "not-a-list"),
    ):
        async with fetching({RSS: [answer]}) as it:
            watch(it, feeds=(RSS,))
            await until(lambda: RSS in it.web.asked and record(it.frontier, RSS).state == "failed")
            assert record(it.frontier, RSS).fault == fault


async def test_a_sitemap_announces_what_is_new_and_leaves_the_past_to_a_backfill() -> None:
    now = utc_now().isoformat(timespec="seconds")
    async with fetching({MAP: [Answer("", 200, {}, urlset(new=now, old="2020-01-01"))]}) as it:
        watch(it, sitemaps=(MAP,))
        await until(lambda: asked_for(it) == ["http://a.example/new"])
        [request] = it.broker.of(FetchRequest)
        assert (request.reason, request.lane, request.source) == ("sitemap", "live", "a")


async def test_an_index_of_sitemaps_is_followed_to_those_that_changed_lately() -> None:
    now = utc_now().isoformat(timespec="seconds")
    script: dict[str, list[Outcome]] = {
        MAP: [Answer("", 200, {}, sitemap_index(posts=now, archive="2019-05-05"))],
        "http://a.example/posts.xml": [Answer("", 200, {}, urlset(one=now))],
    }
    async with fetching(script) as it:
        watch(it, sitemaps=(MAP,))
        await until(lambda: "http://a.example/one" in asked_for(it))
        await until(lambda: it.web.asked.count(MAP) >= 3)
        assert it.web.asked.count("http://a.example/posts.xml") == 1, "it has not changed since"
        assert "http://a.example/archive.xml" not in it.web.asked


async def test_a_backfill_reads_what_robots_name_back_to_its_date_in_a_lane_of_its_own() -> None:
    robots = "http://a.example/robots.txt"
    script: dict[str, list[Outcome]] = {
        robots: [Answer("", 200, {}, f"User-agent: *\nDisallow: /x\nSitemap: {MAP}".encode())],
        MAP: [Answer("", 200, {}, sitemap_index(y2026="2026-02-01", y2019="2019-12-31"))],
        "http://a.example/y2026.xml": [Answer("", 200, {}, urlset(young="2026-01-05", older="2025-12-30"))],
    }
    async with fetching(script) as it:
        request = FetchRequest(
            url=robots, source="a", reason="submitted", lane="backfill", listing="robots",
            since=datetime(2026, 1, 1, tzinfo=UTC), requested_at=utc_now(),
        )  # fmt: skip
        await it.acceptor.accept(request)
        await until(lambda: "http://a.example/young" in it.web.asked)
        assert "http://a.example/y2019.xml" not in it.web.asked
        assert "http://a.example/older" not in asked_for(it)
        assert {request.lane for request in it.broker.of(FetchRequest)} == {"backfill"}


async def test_sitemaps_that_name_each_other_come_to_an_end() -> None:
    loop = sitemap_index(sitemap="2026-01-02", other="2026-01-02")
    script: dict[str, list[Outcome]] = {
        MAP: [Answer("", 200, {}, loop)],
        "http://a.example/other.xml": [Answer("", 200, {}, loop)],
    }
    async with fetching(script) as it:
        request = FetchRequest(
            url=MAP, reason="submitted", lane="backfill", listing="sitemap", since=datetime(2026, 1, 1, tzinfo=UTC),
            requested_at=utc_now(),
        )  # fmt: skip
        await it.acceptor.accept(request)
        await until(lambda: "http://a.example/other.xml" in it.web.asked)
        await asyncio.sleep(0.3)
        assert len(it.web.asked) <= 4


async def test_an_index_page_is_explored_and_then_followed_where_articles_were_found() -> None:
    sections = "".join(f'<a href="/tag/{name}">{name}</a>' for name in "abcdefghijklmnop")
    stories = "".join(
        f'<a href="/2026/11/{day:02}/a-long-story-of-day-{day}">A long story of day {day}</a>' for day in range(1, 29)
    )
    front = f"<html><body>{sections}{stories}</body></html>".encode()
    async with fetching({FRONT: [Answer("", 200, {"content-type": "text/html"}, front)]}) as it:
        watch(it, index_pages=(FRONT,))
        await until(lambda: bool(asked_for(it)))
        await until(lambda: it.web.asked.count(FRONT) >= 1 and record(it.frontier, FRONT).state == "fetched")
        explored = asked_for(it)
        assert len(explored) < 28
        for url in explored:
            told(it, url, accepted="/2026/" in url)
        await until(lambda: sum("/2026/" in url for url in asked_for(it)) == 28)
        assert sum("/tag/" in url for url in asked_for(it)) <= 6


def told(it: Fetching, url: str, *, accepted: bool) -> None:
    now = utc_now()
    if accepted:
        facts = {"article_id": "1", "kind": "new", "revision": 1, "url": url, "canonical_url": url, "host": "a.example"}
        it.outcomes.stored(Receipt.model_validate({**facts, "stored_at": now}))
    else:
        it.outcomes.rejected(Rejection(stage="parser", reason="not-an-article", url=url, rejected_at=now))


async def test_a_url_that_nothing_lists_any_more_is_forgotten_but_not_one_that_may_be_listed() -> None:
    async with fetching({RSS: [Answer("", 200, {}, feed("/1"))]}) as it:
        watch(it, feeds=(RSS,))
        await until(lambda: "fetched" in it.broker.states(A) or "gone" in it.broker.states(A))
        await until(lambda: record(it.frontier, RSS).last_seen is not None)
        old = utc_now() - timedelta(days=60)
        for path, source in (("/old", "a"), ("/other", "unread")):
            url = f"http://a.example{path}"
            entry = FrontierEntry(
                kind="url", host="a.example", url=url, source=source, state="fetched", first_seen=old, last_seen=old,
                writer="me", written_at=old,
            )  # fmt: skip
            it.frontier.put(entry)
        unread = FrontierEntry(
            kind="feed", host="a.example", url="http://a.example/unread", source="unread", state="failed",
            last_seen=utc_now() - 3 * LAST_SEEN_EVERY, writer="me", written_at=old,
        )  # fmt: skip
        unread = Mark("me", utc_now()).on(unread, due_at=utc_now() + timedelta(days=1))
        it.book.apply("unread", Source(id="unread", name="U", homepage="http://a.example/", feeds=(unread.url or "",)))
        it.frontier.put(unread)
        await it.crawl.forget_unseen()
        assert it.broker.buried == ["url:http://a.example/old"]
        assert it.frontier.get("a.example", "url:http://a.example/old") is None
        assert it.frontier.get("a.example", f"url:{A}") is not None


async def test_a_source_that_turns_us_away_or_is_overloaded_is_told_though_its_host_is_left_alone() -> None:
    for answer, state in (
        (Answer("", 403, {"cf-mitigated": "challenge"}), "blocked"),
        (Answer("", 503, {}), "failing"),
    ):
        async with fetching({RSS: [answer]}) as it:
            watch(it, feeds=(RSS,))
            await until(lambda: bool(it.web.asked) and record(it.frontier, RSS).attempts >= 3)
            assert health([record(it.frontier, RSS)], utc_now()).state == state


async def test_a_feed_that_only_changes_its_date_is_no_liar() -> None:
    def told(number: int) -> Answer:
        return Answer("", 200, {"etag": 'W/"1"'}, feed("/1") + f"<!-- built at {number} -->".encode())

    class Restless(dict[str, list[Outcome]]):
        polls = 0

        def get(self, url: str, default: object = None) -> list[Outcome]:  # type: ignore[override]
            if url != RSS:
                return [Answer(url, 404, {})]
            self.polls += 1
            return [Answer("", 304, {})] if "If-None-Match" in it.web.headers[-1] else [told(self.polls)]

    async with fetching({}) as it:
        it.web.script = Restless()
        watch(it, feeds=(RSS,))
        await until(lambda: it.web.asked.count(RSS) >= 14)
        assert not record(it.frontier, RSS).lies


async def test_a_source_that_changes_while_its_list_is_read_keeps_the_change() -> None:
    async with fetching({RSS: [Answer("", 200, TAGGED, feed("/1"))]}) as it:
        it.web.slow = 0.1
        watch(it, feeds=(RSS,))
        await until(lambda: RSS in it.web.asked)
        watch(it, sitemaps=(RSS,))
        await until(lambda: record(it.frontier, RSS).state == "fetched")
        assert record(it.frontier, RSS).listing == "sitemap"


async def test_live_news_that_waits_in_the_backfill_comes_forward() -> None:
    async with fetching({RSS: [Answer("", 200, {}, feed("/1"))]}) as it:
        later = utc_now() + timedelta(days=1)
        waiting = FetchRequest(url=A, reason="sitemap", lane="backfill", not_before=later, requested_at=utc_now())
        await it.acceptor.accept(waiting)
        watch(it, feeds=(RSS,))
        await until(lambda: A in it.web.asked)


async def test_a_sitemap_is_read_again_though_the_index_that_names_it_stays_the_same() -> None:
    clock = QuickClock()
    index = b"<sitemapindex><sitemap><loc>http://a.example/posts.xml</loc></sitemap></sitemapindex>"
    posts = "http://a.example/posts.xml"
    async with fetching({MAP: [Answer("", 200, TAGGED, index)]}, clock=clock) as it:
        it.web.script[posts] = [Answer("", 200, {}, urlset(one="2026-01-01"))]
        watch(it, sitemaps=(MAP,))
        for number in range(100):
            clock.now += timedelta(minutes=10)
            it.crawl.wake()
            await asyncio.sleep(0.01)
            if number == 50:
                assert 2 <= it.web.asked.count(posts) <= 6, "half as often each time that it brings nothing"
                now = clock.now.isoformat(timespec="seconds")
                it.web.script[posts] = [Answer("", 200, {}, urlset(two=now))]
        assert "http://a.example/two" in asked_for(it)


async def test_a_fault_of_ours_over_a_list_rejects_no_article() -> None:
    async with fetching({MAP: [Answer("", 200, {}, urlset(one="2026-01-01"))]}) as it:

        async def stumble(entry: FrontierEntry) -> None:
            raise RuntimeError("a bug")

        it.crawl._polling.read = stumble  # type: ignore[method-assign]
        request = FetchRequest(url=MAP, reason="submitted", lane="backfill", listing="sitemap", requested_at=utc_now())
        await it.acceptor.accept(request)
        await until(lambda: "failed" in it.broker.states(MAP))
        assert not it.broker.of(Rejection)


async def test_an_index_page_that_redirects_to_a_login_has_not_moved_there() -> None:
    login = "http://login.example/consent"
    page = Answer("", 200, {"content-type": "text/html"}, b'<html><a href="/help">A link to help with signing in</a>')
    async with fetching({FRONT: [Answer("", 301, {"location": login})], login: [page]}) as it:
        watch(it, index_pages=(FRONT,))
        await until(lambda: login in it.web.asked and record(it.frontier, FRONT).state == "fetched")
        assert record(it.frontier, FRONT).moved_to is None
