"""A record held longer than the clients' default poll interval of five minutes; begun first, looked at last."""

import asyncio
from collections.abc import Iterator

import pytest
from hosts.scenarios import LongHold, provide

from services.console.local.kafka import LocalKafka


@pytest.fixture(scope="session")
def long_holds(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LongHold]]:
    """One worker of each host, each with a record in its hand."""
    folder = tmp_path_factory.mktemp("long-hold")
    holds = {host: LongHold(kafka.bootstrap, host, folder) for host in ("kafka", "faust")}

    async def begin() -> None:
        await provide(kafka.bootstrap)
        await asyncio.gather(*(hold.begin() for hold in holds.values()))

    asyncio.run(begin())
    yield holds
    for hold in holds.values():
        hold.kill()


@pytest.mark.begins_first
def test_workers_hold_a_record(long_holds: dict[str, LongHold]) -> None:
    assert set(long_holds) == {"kafka", "faust"}


@pytest.mark.looked_at_last
@pytest.mark.timeout(500)
@pytest.mark.parametrize("host", ["kafka", "faust"])
def test_a_record_held_past_the_poll_interval_is_finished_and_the_worker_goes_on(
    long_holds: dict[str, LongHold], host: str
) -> None:
    facts = asyncio.run(long_holds[host].end())
    assert facts.alive[0] == 200
    assert facts.members == 1
    assert facts.committed_while_held == 0
    assert sorted(facts.outputs) == [*range(41), *range(100, 110)]
    assert facts.exit_code == 0
