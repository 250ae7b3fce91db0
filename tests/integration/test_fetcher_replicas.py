"""Three fetchers over the newsroom: one budget per host, whatever happens to them."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from fetching import (
    DELAY,
    SESSION,
    Fleet,
    Tap,
    ask_for,
    broker_in,
    fleet,
    forget_everything,
    most_in_flight,
    repeated,
    tap,
    too_early,
    until,
)

from services.console.local.kafka import LocalKafka
from services.console.newsroom.server import Newsroom
from services.contracts.identity import canonical_url, host_of
from services.contracts.pages import FetchRequest, FrontierEntry

PARTITIONS = 8
REPLICAS = 3


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    with broker_in(tmp_path_factory.mktemp("kafka-of-the-replicas"), PARTITIONS) as broker:
        yield broker


@pytest.fixture
async def broker(own_broker: LocalKafka) -> LocalKafka:
    await forget_everything(own_broker, PARTITIONS)
    return own_broker


def wanted(newsroom: Newsroom) -> list[str]:
    """The articles that may be fetched, those of all hosts mixed."""
    return sorted((canonical_url(gold.url) for gold in newsroom.gold() if gold.fetchable), key=lambda url: url[::-1])


def requests_for(urls: list[str]) -> list[FetchRequest]:
    now = datetime.now(UTC)
    return [FetchRequest(url=url, reason="submitted", requested_at=now) for url in urls]


async def all_done(newsroom: Newsroom, heard: Tap, urls: list[str], replicas: Fleet) -> None:
    """Every page is there, and its newest record says so."""
    await until(
        lambda: set(urls) <= heard.fetched().keys() and {heard.states().get(url) for url in urls} == {"fetched"},
        lambda: (
            set(urls) - heard.fetched().keys(),
            [url for url in urls if heard.states().get(url) != "fetched"],
            newsroom.requests[-5:],
            replicas.log()[-3000:],
        ),
        seconds=60,
    )


async def next_request(newsroom: Newsroom, heard: Tap, urls: list[str]) -> None:
    """Be there when some page has just been asked for, while there still are any."""
    seen = len(newsroom.requests)
    while True:
        if len(newsroom.requests) > seen or set(urls) <= heard.fetched().keys():
            return
        await asyncio.sleep(0.001)


def is_dealt_out(replicas: Fleet) -> bool:
    """Whether every partition is read by exactly one replica, and every replica has some."""
    shares = replicas.read_by()
    return len(shares) == REPLICAS and all(shares) and sorted(itertools.chain(*shares)) == list(range(PARTITIONS))


async def test_no_host_has_two_owners_and_replicas_that_come_and_go_repeat_nothing(
    broker: LocalKafka, tmp_path: Path
) -> None:
    with Newsroom(copies=2) as newsroom:
        urls = wanted(newsroom)
        async with (
            tap(broker, PARTITIONS) as heard,
            # Here nobody is to be late with a heartbeat, however busy this machine is.
            fleet(broker, newsroom, tmp_path, REPLICAS, KAFKA_SESSION_TIMEOUT_SECONDS=str(3 * SESSION)) as replicas,
        ):
            await until(lambda: is_dealt_out(replicas), replicas.log)
            await ask_for(broker, *requests_for(urls[::2]))
            await all_done(newsroom, heard, urls[::2], replicas)
            owners = heard.writers()
            assert {len(writers) for writers in owners.values()} == {1}, owners
            assert len({writers[0] for writers in owners.values()}) == REPLICAS
            dealt = replicas.assignments()
            await ask_for(broker, *requests_for(urls[1::2]))
            await until(lambda: heard.fetched().total() > len(urls) * 0.6, replicas.log)
            await replicas.replace(0)
            await all_done(newsroom, heard, urls, replicas)
            hand_overs = replicas.assignments() - dealt
        # A host's records go on in another hand at a hand-over, and only then.
        assert 1 <= max(len(writers) for writers in heard.writers().values()) - 1 <= hand_overs, heard.writers()
        assert not repeated(newsroom.requests)
        assert not too_early(newsroom.requests)


async def test_kills_every_few_seconds_lose_no_page_and_hurt_no_host(broker: LocalKafka, tmp_path: Path) -> None:
    kills, random = 5, Random(7)
    with Newsroom(copies=3) as newsroom:
        urls = wanted(newsroom)
        async with tap(broker, PARTITIONS) as heard, fleet(broker, newsroom, tmp_path, REPLICAS) as replicas:
            await ask_for(broker, *requests_for(urls))
            await until(lambda: len(heard.pages) > 0, replicas.log)
            for _ in range(kills):
                await asyncio.sleep(2.5)
                await next_request(newsroom, heard, urls)
                assert not set(urls) <= heard.fetched().keys(), "all was done before the last kill"
                await replicas.kill(random.randrange(REPLICAS))
            await all_done(newsroom, heard, urls, replicas)
        again = repeated(newsroom.requests)
        in_flight = most_in_flight(list({host_of(url) for url in urls}), PARTITIONS, REPLICAS)
        print(f"{kills} kills, {len(urls)} pages, {again.total()} repeated requests {dict(again)}")
        assert again.total() <= kills * in_flight
        assert not too_early(newsroom.requests)


async def test_an_owner_that_stood_still_loses_nothing_and_its_state_is_repaired(
    broker: LocalKafka, tmp_path: Path
) -> None:
    with Newsroom(copies=3) as newsroom:
        urls = wanted(newsroom)
        late = urls[::5]
        async with tap(broker, PARTITIONS) as heard, fleet(broker, newsroom, tmp_path, REPLICAS) as replicas:
            await ask_for(broker, *requests_for([url for url in urls if url not in late]))
            await until(lambda: len(heard.pages) > 0, replicas.log)
            for number in range(REPLICAS):
                await next_request(newsroom, heard, urls)
                replicas.pause(number)
                await ask_for(broker, *requests_for(late[number::REPLICAS]))
                await asyncio.sleep(SESSION * 2)
                replicas.thaw(number)
                await asyncio.sleep(SESSION / 2)
            await all_done(newsroom, heard, urls, replicas)
            repairs = replicas.log().count("another writer's record is replaced")
        early = too_early(newsroom.requests)
        print(f"{REPLICAS} pauses, {repeated(newsroom.requests).total()} repeated, {repairs} repaired, early: {early}")
        # A stop may fall between the last look at the group and the request: one a host, and one a stop.
        assert max(early.values(), default=0) <= REPLICAS
        assert repeated(newsroom.requests).total() <= REPLICAS * most_in_flight(
            list({host_of(url) for url in urls}), PARTITIONS, REPLICAS
        )


def host_record(heard: Tap, host: str) -> FrontierEntry:
    """What the newest record says of a host."""
    unknown = FrontierEntry(kind="host", host=host, writer="", written_at=datetime.now(UTC))
    return heard.newest().get(f"host:{host}", unknown)


async def test_what_is_known_of_a_host_moves_with_it(broker: LocalKafka, tmp_path: Path) -> None:
    with Newsroom() as newsroom:
        by_host: dict[str, list[str]] = {}
        for url in wanted(newsroom):
            by_host.setdefault(host_of(url), []).append(url)
        open_host, busy_host, spent_host = "tong.example", "bogaz.example", "dala.example"
        budget, wait = 5, 8

        def asked(host: str, path: str | None = None) -> list[float]:
            return [r.at for r in newsroom.requests if r.host == host and path in (None, r.path)]

        async with (
            tap(broker, PARTITIONS) as heard,
            fleet(broker, newsroom, tmp_path, 1, FETCHER_PAGES_PER_DAY=str(budget)) as replicas,
        ):
            first = by_host[open_host][:1] + by_host[spent_host][:2]
            await ask_for(broker, *requests_for(first))
            await all_done(newsroom, heard, first, replicas)
            newsroom.fail(busy_host, 429, times=2, retry_after=wait)
            await ask_for(broker, *requests_for(by_host[busy_host][:1]))
            await until(lambda: host_record(heard, busy_host).strikes == 1, replicas.log)

            await replicas.replace(0)
            second = by_host[open_host][1:2] + by_host[spent_host][2:4]
            await ask_for(broker, *requests_for([*second, *by_host[spent_host][4:]]))
            await all_done(newsroom, heard, second, replicas)
            await until(lambda: host_record(heard, busy_host).strikes == 2, replicas.log)
            at = asked(busy_host)
            assert len(at) == 2
            assert at[1] - at[0] >= wait
            await until(lambda: host_record(heard, spent_host).fetched_today == budget, replicas.log)

            await replicas.kill(0)
            third = by_host[open_host][2:3]
            await ask_for(broker, *requests_for(third))
            await all_done(newsroom, heard, third, replicas)
        assert len(asked(spent_host)) == budget
        assert len(asked(open_host, "/robots.txt")) == 1
        assert not too_early(newsroom.requests, DELAY)
