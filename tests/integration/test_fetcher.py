"""The fetcher as a process, between a real Kafka and the newsroom."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fetching import (
    ask_for,
    broker_in,
    bury,
    fetcher,
    forget_everything,
    send,
    tap,
    too_early,
    until,
)

from services.console.local.kafka import LocalKafka
from services.console.newsroom.server import Newsroom
from services.contracts.identity import canonical_url, host_of
from services.contracts.outcomes import Receipt, Rejection
from services.contracts.pages import FetchedPage, FetchRequest
from services.contracts.sources import Source
from services.contracts.topics import REJECTIONS, SOURCES, STORED_ARTICLES
from services.fetcher.queue.frontier import partition_of

PARTITIONS = 4


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    with broker_in(tmp_path_factory.mktemp("kafka-of-the-fetcher"), PARTITIONS) as broker:
        yield broker


@pytest.fixture
async def broker(own_broker: LocalKafka) -> LocalKafka:
    await forget_everything(own_broker, PARTITIONS)
    return own_broker


async def test_sources_become_pages_once_each_and_politely(broker: LocalKafka, tmp_path: Path) -> None:
    with Newsroom() as newsroom:
        wanted = {canonical_url(gold.url) for gold in newsroom.gold() if gold.fetchable}
        closed = {canonical_url(gold.url) for gold in newsroom.gold() if not gold.fetchable}
        sources = [Source.model_validate(source) for source in newsroom.sources()]
        await send(broker, SOURCES, *sources)
        async with tap(broker, PARTITIONS) as heard, fetcher(broker, newsroom, tmp_path / "log"):
            await until(
                lambda: wanted <= heard.fetched().keys() and closed <= heard.rejected().keys(),
                lambda: (
                    wanted - heard.fetched().keys(),
                    closed - heard.rejected().keys(),
                    (tmp_path / "log").read_text()[-3000:],
                ),
            )
            polled = {feed.removeprefix("http://").partition("/") for s in sources for feed in s.feeds}
            await until(
                lambda: (
                    {(r.host, r.path) for r in newsroom.requests if r.status == 304}
                    >= {(host, f"/{path}") for host, _, path in polled}
                ),
                lambda: [(r.host, r.path, r.status) for r in newsroom.requests if r.path.endswith("xml")],
            )
            await bury(broker, *sources)
            assert heard.fetched().most_common(1)[0][1] == 1
        assert {heard.rejected()[url] for url in closed} == {"robots"}
        assert not closed & heard.fetched().keys()
        asked = {f"http://{r.host}{r.path}" for r in newsroom.requests}
        assert not closed & asked
        gone = {url for url, why in newsroom.strays().items() if why == "gone"}
        assert {heard.rejected()[canonical_url(url)] for url in gone} == {"gone"}
        assert not too_early(newsroom.requests)
        first = {page.facts.language for page in heard.pages}
        assert None not in first


async def test_two_fetchers_keep_one_budget_per_host_and_a_kill_loses_nothing(
    broker: LocalKafka, tmp_path: Path
) -> None:
    with Newsroom() as newsroom:
        urls = {canonical_url(gold.url) for gold in newsroom.gold() if gold.fetchable}
        now = datetime.now(UTC)
        requests = [FetchRequest(url=url, reason="submitted", requested_at=now) for url in sorted(urls)]
        log = tmp_path / "log"
        async with (
            tap(broker, PARTITIONS) as heard,
            fetcher(broker, newsroom, log) as one,
            fetcher(broker, newsroom, log),
        ):
            await ask_for(broker, *requests)
            await until(lambda: len(heard.pages) >= len(urls) // 3, log.read_text)
            one.send_signal(signal.SIGKILL)
            await one.wait()
            async with fetcher(broker, newsroom, log):
                await until(
                    lambda: urls <= heard.fetched().keys(),
                    lambda: (urls - heard.fetched().keys(), log.read_text()[-3000:]),
                )
        assert heard.fetched().total() <= len(urls) + PARTITIONS * 3
        assert not too_early(newsroom.requests)


async def test_what_can_never_be_fetched_is_rejected_and_harms_nothing_else(broker: LocalKafka, tmp_path: Path) -> None:
    host = "http://faults.example"
    expected = {
        "http://169.254.169.254/latest/meta-data": "address-refused",
        "http://localhost:9092/": "address-refused",
        "ftp://faults.example/file": "bad-url",
        f"{host}/bomb": "too-large",
        f"{host}/huge": "too-large",
        f"{host}/loop": "too-many-redirects",
        f"{host}/cut": "unreachable",
        f"{host}/no-such-page": "gone",
        f"{host}/unavailable": "http-status",
        "http://no-such-name.invalid/": "unreachable",
    }
    now = datetime.now(UTC)
    with Newsroom() as newsroom:
        async with (
            tap(broker, PARTITIONS) as heard,
            fetcher(broker, newsroom, tmp_path / "log", FETCHER_ATTEMPTS="2", FETCHER_RETRY_SECONDS="0.2"),
        ):
            for url in (*expected, f"{host}/one-line"):
                await ask_for(broker, FetchRequest(url=url, reason="submitted", requested_at=now))
            await until(
                lambda: {r.url for r in heard.rejections} >= expected.keys() and len(heard.pages) == 1,
                lambda: (expected.keys() - {r.url for r in heard.rejections}, (tmp_path / "log").read_text()[-3000:]),
            )
            await until(
                lambda: set(heard.states().values()) == {"fetched", "rejected", "gone", "failed"},
                lambda: heard.states(),
            )
        assert {r.url: r.reason for r in heard.rejections} == expected
        assert all(partition_of(entry.host, PARTITIONS) == partition for partition, entry in heard.records)
        assert len(heard.pages[0].content()) > 2_900_000


@asynccontextmanager
async def judged(
    broker: LocalKafka, pages: list[FetchedPage], is_article: Callable[[str], bool]
) -> AsyncIterator[None]:
    """Tell what becomes of pages, as the parser and the store would, while the context lasts."""

    async def judge() -> None:
        told = 0
        while True:
            for page in pages[told:]:
                url, now = canonical_url(page.request.url), datetime.now(UTC)
                if is_article(url):
                    receipt = Receipt(
                        article_id=url, kind="new", revision=1, url=url, canonical_url=url, host=host_of(url),
                        source=page.request.source, stored_at=now,
                    )  # fmt: skip
                    await send(broker, STORED_ARTICLES, receipt)
                else:
                    refused = Rejection(stage="parser", reason="not-an-article", url=url, rejected_at=now)
                    await send(broker, REJECTIONS, refused)
                told += 1
            await asyncio.sleep(0.05)

    judging = asyncio.create_task(judge())
    try:
        yield
    finally:
        judging.cancel()


async def test_sites_without_feeds_are_read_by_their_pages_and_their_sitemaps(
    broker: LocalKafka, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with Newsroom() as newsroom:
        sources = [Source.model_validate(s) for s in newsroom.sources() if s["index_pages"] or s["sitemaps"]]
        assert {bool(source.sitemaps) for source in sources} == {True, False}

        def articles() -> set[str]:
            return {canonical_url(g.url) for g in newsroom.gold() if g.site in {s.id for s in sources} and g.fetchable}

        def missing() -> set[str]:
            return articles() - heard.fetched().keys()

        async with (
            tap(broker, PARTITIONS) as heard,
            judged(broker, heard.pages, lambda url: url in articles()),
            fetcher(broker, newsroom, log),
        ):
            await send(broker, SOURCES, *sources)
            await until(lambda: not missing(), lambda: (missing(), log.read_text()[-3000:]))
            # Sites write whole seconds: what is dated now may look older than the poll before.
            at = datetime.now(UTC) + timedelta(seconds=1)
            for source in sources:
                like = next(gold.slug for gold in newsroom.gold() if gold.site == source.id)
                newsroom.publish(like, f"news-of-{source.id}", at)
            assert len(missing()) == len(sources)
            await until(lambda: not missing(), lambda: (missing(), log.read_text()[-3000:]))
            await bury(broker, *sources)
        assert {heard.fetched()[url] for url in articles()} == {1}
        strangers = heard.fetched().keys() - articles()
        assert len(strangers) < len(articles()), strangers
        assert not too_early(newsroom.requests)


async def test_edits_flow_on_and_what_is_missing_twice_is_gone(broker: LocalKafka, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Newsroom() as newsroom:
        of_host: dict[str, list[str]] = {}
        slugs = {canonical_url(gold.url): gold.slug for gold in newsroom.gold() if gold.fetchable}
        for url in sorted(slugs):
            of_host.setdefault(host_of(url), []).append(url)
        edited, deleted, unchanged = of_host["bogaz.example"][:3]
        removed = of_host["alatoo.example"][0]
        hidden, reworded = of_host["pamir.example"][:2]
        urls = [edited, deleted, unchanged, removed, hidden, reworded]
        now = datetime.now(UTC)
        async with (
            tap(broker, PARTITIONS) as heard,
            fetcher(broker, newsroom, log, FETCHER_RECRAWL_SECONDS="6,10", FETCHER_GONE_AGAIN_SECONDS="1"),
        ):
            await ask_for(broker, *(FetchRequest(url=u, reason="submitted", requested_at=now) for u in urls))
            await until(lambda: set(urls) == heard.fetched().keys(), log.read_text)
            before = len(newsroom.requests)
            newsroom.edit(slugs[edited], ["It reads otherwise now, and longer than it did before.", "Wholly so."])
            newsroom.edit(slugs[reworded], ["This page is there still, though its words are not.", "They are new."])
            newsroom.delete(slugs[deleted], 410)
            newsroom.delete(slugs[removed], 404)
            newsroom.delete(slugs[hidden], 404)
            newsroom.soft_404(host_of(hidden))
            gone = {deleted, removed, hidden}
            await until(
                lambda: (
                    heard.rejected().keys() == gone
                    and {u for u, n in heard.fetched().items() if n == 2}
                    == {
                        edited,
                        reworded,
                    }
                ),
                lambda: (heard.rejected(), heard.fetched(), log.read_text()[-3000:]),
            )
            await until(lambda: {heard.states().get(url) for url in gone} == {"gone"}, heard.states)
            await until(
                lambda: all(heard.newest()[f"url:{u}"].recrawls == 2 for u in (edited, unchanged, reworded)),
                lambda: [heard.newest()[f"url:{u}"] for u in (edited, unchanged, reworded)],
            )
        assert set(heard.rejected().values()) == {"gone"}
        assert heard.fetched() == dict.fromkeys(urls, 1) | {edited: 2, reworded: 2}
        assert [b"otherwise now" in p.content() for p in heard.pages if p.request.url == edited] == [False, True]
        assert {p.request.reason for p in heard.pages[len(urls) :]} == {"recrawl"}
        later = newsroom.requests[before:]
        looks = {url: [r.status for r in later if f"http://{r.host}{r.path}" == url] for url in urls}
        assert looks == {
            edited: [200, 304], deleted: [410, 410], unchanged: [304, 304], removed: [404, 404], hidden: [200, 200],
            reworded: [200, 304],
        }  # fmt: skip
        assert not too_early(newsroom.requests)
