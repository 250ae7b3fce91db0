"""Real processes are killed while the newsroom flows: nothing is lost, nothing is doubled, every receipt is told."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from services.console.local.processes import ServiceProcess
from tests.e2e.pipeline import Pipeline, assert_each_change_was_told_once, wait_for
from tests.integration.fetching import too_early

KILLS_PER_SERVICE = 3
SEED = 20261122
DATABASE_AWAY_SECONDS = 60.0


def kill(service: ServiceProcess) -> None:
    """SIGKILL, the process alone: its children must end by themselves."""
    assert service.pid is not None
    os.kill(service.pid, signal.SIGKILL)
    service.wait(10)


def assert_all_arrived_once(pipeline: Pipeline) -> None:
    assert pipeline.faults() == []
    assert pipeline.query("SELECT max(revision) FROM articles") == [(1,)]
    assert_each_change_was_told_once(pipeline)


@pytest.mark.timeout(400)
def test_killing_every_service_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with Pipeline(tmp_path / "up", copies=4) as pipeline:
        pipeline.watch_sources()
        order = [name for name in pipeline.run.services for _ in range(KILLS_PER_SERVICE)]
        chance.shuffle(order)
        between_commit_and_receipt = 0
        for name in order:
            time.sleep(chance.uniform(0.5, 2.5))
            if name == "store":
                between_commit_and_receipt += wait_for_waiting_receipts(pipeline)
            kill(pipeline.services[name])
            pipeline.services[name].start()
        assert len(order) >= 12
        assert between_commit_and_receipt, "no kill fell between a commit and its receipts"
        pipeline.wait_until_complete(240)
        assert_all_arrived_once(pipeline)


def wait_for_waiting_receipts(pipeline: Pipeline, seconds: float = 40.0) -> bool:
    """Whether receipts were seen in the outbox: then a kill now falls between their commit and their sending."""
    deadline = time.monotonic() + seconds
    stored = 0
    while time.monotonic() < deadline and stored < len(pipeline.gold):
        [(waiting, stored)] = pipeline.query("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM articles)")
        if waiting:
            return True
        time.sleep(0.005)
    return False


@pytest.mark.timeout(400)
def test_kafka_and_postgres_may_crash_in_the_flow(tmp_path: Path) -> None:
    with Pipeline(tmp_path / "up", copies=2) as pipeline:
        pipeline.watch_sources()
        total = len(pipeline.gold)
        kafka, postgres = pipeline.run.kafka, pipeline.run.postgres
        assert kafka is not None
        assert postgres is not None
        wait_for(lambda: pipeline.missing() < total * 0.8, 90, lambda: "nothing flows")
        postgres.kill()
        time.sleep(DATABASE_AWAY_SECONDS)
        postgres.start()
        kafka.kill()
        time.sleep(3)
        kafka.start()
        pipeline.wait_until_complete(240)
        for service in pipeline.services.values():
            service.require_running()
        assert_all_arrived_once(pipeline)


@pytest.mark.timeout(400)
def test_replicas_share_the_work_and_keep_one_budget_per_host(tmp_path: Path) -> None:
    delay = 0.4
    with Pipeline(tmp_path / "up", copies=2, FETCHER_DELAY_SECONDS=str(delay)) as pipeline:
        second = {name: pipeline.add_replica(name) for name in ("fetcher", "parser", "enricher")}
        pipeline.run.health_urls |= {f"{name}-2": url for name, url in second.items()}
        wait_for(
            lambda: all(pipeline.stage(f"{name}-2").obstacles == {} for name in second),
            60,
            lambda: f"not ready: { {name: pipeline.stage(f'{name}-2').obstacles for name in second} }",
        )
        pipeline.watch_sources()
        pipeline.wait_until_complete(240)
        for name in second:
            shares = [pipeline.stage(label).outcomes["done"] for label in (name, f"{name}-2")]
            assert min(shares) > 0, f"the {name}s did not share: {shares}"
        assert_all_arrived_once(pipeline)
        # The newsroom notes a request when it answers, which a busy machine may do late: then the next one looks early.
        # Two fetchers without one budget would be early all the time.
        early = {host: n for host, n in too_early(pipeline.newsroom.requests, delay * 0.8).items() if n > 1}
        assert not early, f"requests closer than {delay} s: {early}"
