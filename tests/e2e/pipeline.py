"""The whole pipeline on the newsroom, as the end-to-end tests drive it: start, kill, wait, count."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.console import compare
from services.console.archive import StoredArticle, stored_articles
from services.console.demo import overrides
from services.console.local.kafka import LocalKafka
from services.console.local.ports import HOST, free_port
from services.console.local.processes import ServiceProcess
from services.console.local.run import LocalRun
from services.console.newsroom.content import GoldArticle
from services.console.newsroom.faults import HOST as FAULTS_HOST
from services.console.newsroom.server import Newsroom
from services.console.status import StageView, read_stage
from services.console.stay import register
from services.contracts.outcomes import Receipt
from services.contracts.sources import Source
from services.contracts.topics import STORED_ARTICLES

POLL_SECONDS = 0.2
QUICK = {
    "KAFKA_SESSION_TIMEOUT_SECONDS": "3",
    "KAFKA_REBALANCE_TIMEOUT_SECONDS": "6",
    "FETCHER_DELAY_SECONDS": "0.2",
    "FETCHER_RETRY_SECONDS": "1",
    "RETRY_MOST_SECONDS": "2",
    "COMMIT_SECONDS": "0.5",
    "PARSER_WORKERS": "1",
}


@dataclass(frozen=True)
class Told:
    """A receipt as a consumer of the topic sees it."""

    ce_id: str
    receipt: Receipt


class Pipeline:
    """Kafka, Postgres, newsroom and services of one test, with replicas on demand."""

    def __init__(self, folder: Path, *, copies: int = 1, **settings: str) -> None:
        self.newsroom = Newsroom(copies=copies)
        self.run = LocalRun(folder, overrides=overrides(self.newsroom) | QUICK | settings)
        self.run.kafka = LocalKafka(folder, group_min_session_timeout_ms=1000)
        self.replicas: dict[str, tuple[ServiceProcess, str]] = {}

    def __enter__(self) -> Self:
        self.newsroom.__enter__()
        self.run.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for service, _ in self.replicas.values():
            service.stop()
        self.run.__exit__(kind, error, at)
        self.newsroom.__exit__(kind, error, at)

    @property
    def gold(self) -> list[GoldArticle]:
        """What should be stored."""
        return [article for article in self.newsroom.gold() if article.fetchable]

    @property
    def services(self) -> dict[str, ServiceProcess]:
        """Every process of a service, by its label."""
        return {**self.run.services, **{label: service for label, (service, _) in self.replicas.items()}}

    def add_replica(self, name: str) -> str:
        """Start one more process of a service; its health URL."""
        label, port = f"{name}-2", free_port()
        service = self.run.service(name, label, port)
        service.start()
        self.replicas[label] = (service, f"http://{HOST}:{port}")
        return f"http://{HOST}:{port}"

    def watch_sources(self, *more: Source) -> None:
        """Register the newsroom's sites, and others."""
        sources = [Source.model_validate(source) for source in self.newsroom.sources()]
        asyncio.run(register(self.run.state.parent, [*sources, *more]))

    def stage(self, name: str) -> StageView:
        """What a service tells of itself."""
        return read_stage(self.run.health_urls[name])

    def stored(self) -> list[StoredArticle]:
        """Every stored article."""
        return asyncio.run(stored_articles(self.run.database_url))

    def missing(self) -> int:
        """How many articles have not arrived; all while the database is away."""
        try:
            return compare.missing(self.gold, self.stored())
        except Exception:
            return len(self.gold)

    def wait_until_complete(self, seconds: float) -> None:
        """Until every article is stored and every receipt told."""
        wait_for(lambda: self.missing() == 0, seconds, lambda: f"{self.missing()} of {len(self.gold)} missing")
        wait_for(lambda: self.query("SELECT count(*) FROM outbox") == [(0,)], 30, lambda: "receipts wait in the outbox")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.run.database_url) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]

    def faults(self) -> list[str]:
        """Differences between the gold records and what is stored."""
        return compare.faults(self.gold, [a for a in self.stored() if a.host != FAULTS_HOST])

    def receipts(self) -> list[Told]:
        """Every record of stored-articles."""

        async def read() -> list[Told]:
            return [
                Told(dict(m.headers)["ce_id"].decode(), Receipt.decode(m.value))
                for m in await records(self.run.bootstrap, STORED_ARTICLES.name)
                if m.headers
            ]

        return asyncio.run(read())

    def send_raw(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Put bytes on topics that no service of ours would write."""

        async def send() -> None:
            async with AIOKafkaProducer(bootstrap_servers=self.run.bootstrap) as producer:
                for topic, value in entries:
                    await producer.send_and_wait(topic, value, key=b"garbage.example")

        asyncio.run(send())


async def records(bootstrap: str, topic: str) -> list[Any]:
    """All records that a topic holds now."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        tps = consumer.assignment()
        ends = await consumer.end_offsets(tps)
        found: list[Any] = []
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for messages in (await consumer.getmany(timeout_ms=200)).values():
                found += messages
        return found


def wait_for(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Poll until the condition holds; fail with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:g} s: {what()}"
        time.sleep(POLL_SECONDS)


def assert_each_change_was_told_once(pipeline: Pipeline) -> None:
    """Receipts agree with the tables: repeats of a ce_id say the same, none is missing, none contradicts."""
    by_id: defaultdict[str, set[str]] = defaultdict(set)
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for told in pipeline.receipts():
        if told.ce_id not in by_id:
            kinds[told.receipt.article_id].append(told.receipt.kind)
        by_id[told.ce_id].add(told.receipt.encode().decode())
    contradicting = {ce_id: said for ce_id, said in by_id.items() if len(said) > 1}
    assert not contradicting, f"receipts with one ce_id differ: {contradicting}"
    rows = pipeline.query(
        "SELECT article_id, contents, gones, backs, duplicate_of FROM ledger JOIN articles USING (article_id)"
    )
    assert len(rows) == len(pipeline.stored())
    for article_id, contents, gones, backs, duplicate_of in rows:
        expected = ["duplicate" if duplicate_of else "new"] + ["revision"] * (contents - 1) + ["gone"] * gones
        expected += ["back"] * backs
        assert sorted(kinds[article_id]) == sorted(expected), f"{article_id} was told as {kinds[article_id]}"
    assert set(kinds) == {row[0] for row in rows}
