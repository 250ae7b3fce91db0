"""`xabar frontier` and `xabar backfill` on a real broker: what they show, what they ask for, what they move."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner, Result

from services.console.commands import app
from services.console.local.errors import LocalRunError
from services.console.local.kafka import LocalKafka
from services.contracts.identity import host_of
from services.contracts.pages import FetchRequest, FrontierEntry
from services.contracts.sources import Source
from services.contracts.topics import FETCH_REQUESTS, SOURCES, URL_FRONTIER
from services.fetcher.queue.frontier import partition_of
from services.runtime.topics import TopicSettings, applied

PARTITIONS = 3
NOW = datetime.now(UTC).replace(microsecond=0)
T = TypeVar("T")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    kafka = LocalKafka(tmp_path_factory.mktemp("kafka-of-the-frontier"), group_min_session_timeout_ms=1000)
    kafka.start()
    asyncio.run(applied(TopicSettings(kafka_bootstrap_servers=kafka.bootstrap, topics_partitions=PARTITIONS)))
    yield kafka
    kafka.stop()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def xabar(broker: LocalKafka, *words: str) -> Result:
    env = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap, "COLUMNS": "200"}
    return CliRunner().invoke(app, list(words), env=env)


def said(broker: LocalKafka, *words: str) -> str:
    result = xabar(broker, *words)
    assert result.exit_code == 0, result.exception or result.output
    return " ".join(result.output.split())


def refused(broker: LocalKafka, *words: str) -> str:
    result = xabar(broker, *words)
    assert isinstance(result.exception, LocalRunError), result.output
    return str(result.exception)


async def write(broker: LocalKafka, *records: tuple[str, int | None, str, bytes | None]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        for topic, partition, key, value in records:
            await producer.send_and_wait(topic, value, key=key.encode(), partition=partition)


def of(entry: FrontierEntry, partitions: int = PARTITIONS) -> tuple[str, int, str, bytes]:
    return URL_FRONTIER.name, partition_of(entry.host, partitions), entry.key, entry.encode()


def entry(url: str, **more: Any) -> FrontierEntry:
    return FrontierEntry(
        **{
            "kind": "url",
            "host": host_of(url),
            "url": url,
            "writer": "w",
            "written_at": NOW,
            "state": "fetched",
            **more,
        }
    )


async def records(broker: LocalKafka, topic: str) -> list[Any]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as reader:
        tps = reader.assignment()
        ends, found = await reader.end_offsets(tps), list[Any]()
        while any([await reader.position(tp) < ends[tp] for tp in tps]):
            for messages in (await reader.getmany(timeout_ms=200)).values():
                found += messages
        return found


def requests(broker: LocalKafka, host: str) -> list[FetchRequest]:
    found = [(m.partition, FetchRequest.decode(m.value)) for m in run(records(broker, FETCH_REQUESTS.name))]
    ours = [(partition, request) for partition, request in found if host_of(request.url) == host]
    assert {partition for partition, _ in ours} <= {partition_of(host, PARTITIONS)}
    return [request for _, request in ours]


def test_a_host_and_a_url_are_shown_and_what_is_unknown_is_refused(broker: LocalKafka) -> None:
    failed = entry("https://show.example/1", state="failed", detail="status 502, 6 times")
    host = FrontierEntry(kind="host", host="show.example", strikes=3, writer="w", written_at=NOW)
    feed = entry("https://show.example/rss", kind="feed", source="show", found_at=NOW)
    run(write(broker, of(failed), of(host), of(feed), of(entry("https://other.example/1"))))
    shown = said(broker, "frontier", "show", "show.example")
    assert "3 in a row" in shown
    assert "https://show.example/rss" in shown
    assert "failed 1" in shown
    assert "status 502, 6 times" in said(broker, "frontier", "show", "https://show.example/1")
    assert "last new entry" in said(broker, "frontier", "show", "https://show.example/rss")
    assert "Nothing is known" in refused(broker, "frontier", "show", "never.example")
    assert "does not know" in refused(broker, "frontier", "show", "https://show.example/never")
    assert "neither a host nor a URL" in refused(broker, "frontier", "show", "ftp://show.example/")


def test_the_whole_frontier_is_counted(broker: LocalKafka) -> None:
    pair = entry("https://count.example/1"), entry("https://count.example/1", state="gone")
    run(write(broker, *map(of, pair)))
    counted = said(broker, "frontier", "stats")
    assert "1 gone" in counted
    assert "count.example" in counted


def test_failed_urls_of_a_host_are_asked_for_again_in_its_partition(broker: LocalKafka) -> None:
    known = [entry(f"https://again.example/{n}", state="failed") for n in range(4)]
    run(write(broker, *map(of, known), of(entry("https://again.example/0"))))
    command = ("frontier", "requeue", "again.example", "--most", "2")
    assert "2 URLs would be asked for again; 1 more match" in said(broker, *command, "--dry-run")
    assert requests(broker, "again.example") == []
    assert "2 URLs are asked for again" in said(broker, *command)
    assert {r.url for r in requests(broker, "again.example")} == {f"https://again.example/{n}" for n in (1, 2)}
    assert "1 URLs" in said(broker, "frontier", "requeue", "https://again.example/0")
    assert "xabar submit" in refused(broker, "frontier", "requeue", "https://again.example/9")
    assert "Say which" in refused(broker, "frontier", "requeue")


def test_a_backfill_reads_the_sitemaps_of_a_source(broker: LocalKafka) -> None:
    source = Source(id="old", name="Old", homepage="https://old.example/", sitemaps=("https://old.example/map.xml",))
    run(write(broker, (SOURCES.name, 0, source.id, source.encode())))
    assert "1 lists would be read" in said(broker, "backfill", "old", "--since", "2026-01-01", "--dry-run")
    assert requests(broker, "old.example") == []
    assert "1 lists are read" in said(broker, "backfill", "old", "--since", "2026-01-01")
    [request] = requests(broker, "old.example")
    assert (request.listing, request.lane, request.since) == ("sitemap", "backfill", datetime(2026, 1, 1, tzinfo=UTC))
    assert "no source" in refused(broker, "backfill", "never", "--since", "2026-01-01")


async def newest(broker: LocalKafka) -> dict[tuple[int, str], bytes]:
    found: dict[tuple[int, str], bytes] = {}
    for message in await records(broker, URL_FRONTIER.name):
        key = message.partition, message.key.decode()
        found.pop(key, None)
        if message.value is not None:
            found[key] = message.value
    return found


async def commit(broker: LocalKafka, offsets: dict[int, int]) -> None:
    group = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, group_id="fetcher", enable_auto_commit=False)
    await group.start()
    tps = {TopicPartition(FETCH_REQUESTS.name, partition): offset for partition, offset in offsets.items()}
    group.assign(list(tps))
    await group.commit(tps)
    await group.stop()


async def ends(broker: LocalKafka) -> dict[int, int]:
    async with AIOKafkaConsumer(FETCH_REQUESTS.name, bootstrap_servers=broker.bootstrap) as reader:
        return {tp.partition: offset for tp, offset in (await reader.end_offsets(reader.assignment())).items()}


async def with_a_fetcher(broker: LocalKafka, work: Coroutine[Any, Any, T]) -> T:
    async with AIOKafkaConsumer(
        FETCH_REQUESTS.name, bootstrap_servers=broker.bootstrap, group_id="fetcher", enable_auto_commit=False
    ):
        return await work


def test_more_partitions_are_refused_while_a_fetcher_runs(broker: LocalKafka) -> None:
    told = run(with_a_fetcher(broker, asyncio.to_thread(refused, broker, "frontier", "migrate", "--partitions", "8")))
    assert "1 fetcher of the group fetcher still run" in told
    assert len(run(ends(broker))) == PARTITIONS


def test_records_and_waiting_requests_move_to_more_partitions_and_a_crash_on_the_way_harms_nothing(
    broker: LocalKafka,
) -> None:
    hosts = [f"h{n}.example" for n in range(40)]
    known = [entry(f"https://{host}/{n}") for host in hosts for n in range(5)]
    known += [FrontierEntry(kind="host", host=host, writer="w", written_at=NOW) for host in hosts]
    asked = [FetchRequest(url=f"https://{host}/{when}", reason="feed", requested_at=NOW)
             for host in hosts for when in ("taken", "waits")]  # fmt: skip
    as_records = [(FETCH_REQUESTS.name, None, host_of(r.url), r.encode()) for r in asked]
    run(write(broker, *map(of, known), *as_records[::2]))
    run(commit(broker, run(ends(broker))))
    run(write(broker, *as_records[1::2]))
    buried = entry("https://h1.example/buried")
    run(write(broker, of(buried), (*of(buried)[:3], None)))
    before = {key: value for (_, key), value in run(newest(broker)).items()}

    assert "8 partitions" in said(broker, "frontier", "migrate", "--partitions", "8")
    _all_at_home(run(newest(broker)), before)
    moved = [m for m in run(records(broker, FETCH_REQUESTS.name)) if m.partition == _home(m, 8)]
    urls = {FetchRequest.decode(m.value).url for m in moved}
    assert {f"https://{host}/waits" for host in hosts} <= urls
    assert any(m.partition >= PARTITIONS for m in moved)
    stays = {host for host in hosts if partition_of(host, PARTITIONS) == partition_of(host, 8)}
    assert {url for url in urls if url.endswith("/taken")} == {f"https://{host}/taken" for host in stays}

    # A crash after the copy and before the tombstone; and a fetcher that went on with one of them meanwhile.
    movers = [e for e in known if e.kind == "url" and partition_of(e.host, PARTITIONS) != partition_of(e.host, 8)]
    newer = movers[0].model_copy(update={"state": "gone", "written_at": NOW + timedelta(seconds=5)})
    older = movers[1].model_copy(update={"state": "failed", "written_at": NOW - timedelta(seconds=5)})
    run(write(broker, of(movers[0]), of(older), of(newer, 8), of(movers[2])))
    said(broker, "frontier", "migrate", "--partitions", "8")
    _all_at_home(run(newest(broker)), before | {newer.key: newer.encode()})
    assert "; 0 records" in said(broker, "frontier", "migrate", "--partitions", "8")
    assert "never gets fewer" in refused(broker, "frontier", "migrate", "--partitions", "2")


def _home(message: Any, partitions: int) -> int:
    return partition_of(host_of(FetchRequest.decode(message.value).url), partitions)


def _all_at_home(found: dict[tuple[int, str], bytes], wanted: dict[str, bytes]) -> None:
    assert {key: value for (_, key), value in found.items()} == wanted
    assert len(found) == len(wanted)
    assert all(partition_of(FrontierEntry.decode(value).host, 8) == at for (at, _), value in found.items())
