"""What every host does with every kind of record and accident; each scenario is played once, several at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from hosts import scenarios
from hosts.bench import TRACEPARENT, Bench
from hosts.scenarios import HELD, MIXED, REPLAYED, WELL_BEHIND_THE_SLOW_ONE

from services.console.local.kafka import LocalKafka

AT_ONCE = 6
Scenario = Callable[[Bench], Awaitable[SimpleNamespace]]
pytestmark = pytest.mark.timeout(300)


def played(scenario: Scenario, *hosts: str) -> pytest.MarkDecorator:
    """The test sees what came of the scenario under each host."""
    cases = [pytest.param((scenario, host), id=host) for host in hosts or ("kafka", "faust")]
    return pytest.mark.parametrize("facts", cases, indirect=True)


@pytest.fixture(scope="module")
def plays(
    kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[tuple[Scenario, str], Future[SimpleNamespace]]]:
    """All scenarios that the selected tests look at, begun in the order of the tests."""
    folder = tmp_path_factory.mktemp("hosts")
    asyncio.run(scenarios.provide(kafka.bootstrap))
    wanted = dict.fromkeys(
        item.callspec.params["facts"]
        for item in request.session.items
        if item.path == request.path and isinstance(item, pytest.Function) and hasattr(item, "callspec")
    )
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {(play, host): threads.submit(_play, play, kafka.bootstrap, host, folder) for play, host in wanted}
        threads.shutdown(cancel_futures=True)


def _play(scenario: Scenario, bootstrap: str, host: str, folder: Path) -> SimpleNamespace:
    async def in_its_own_loop() -> SimpleNamespace:
        async with Bench(bootstrap, host, folder) as bench:
            return await scenario(bench)

    return asyncio.run(in_its_own_loop())


@pytest.fixture
def facts(
    plays: dict[tuple[Scenario, str], Future[SimpleNamespace]], request: pytest.FixtureRequest
) -> SimpleNamespace:
    """What came of one scenario."""
    return plays[request.param].result()


ALL = ("kafka", "faust", "memory")


@played(scenarios.killed_again_and_again)
def test_nothing_is_lost_when_workers_are_killed_between_publish_and_commit(facts: SimpleNamespace) -> None:
    print(vars(facts))
    assert facts.lost == []
    assert facts.repeats > 0, "no kill fell between a publish and its commit, so this run showed nothing"
    assert facts.letters == 0
    assert facts.exit_codes == [0, 0]


@played(scenarios.broker_killed)
def test_a_worker_outlives_its_broker_and_loses_nothing(facts: SimpleNamespace) -> None:
    print(vars(facts))
    assert facts.lost == []
    assert facts.letters == 0
    assert facts.alive == 200, "an outage of the broker is no reason to restart a worker"
    assert facts.exit_code == 0


@played(scenarios.joined_by_a_second)
def test_nothing_is_lost_when_a_second_worker_joins_while_work_is_in_flight_and_held(facts: SimpleNamespace) -> None:
    print(vars(facts))
    assert facts.lost == []
    assert facts.exit_codes == [0, 0]


@played(scenarios.every_behaviour, *ALL)
def test_nothing_is_committed_past_a_record_in_flight_or_held(facts: SimpleNamespace) -> None:
    assert facts.committed_before == {0: 0, 1: len(MIXED), 2: 0}
    assert facts.committed == {0: 10, 1: len(MIXED), 2: 6}


@played(scenarios.every_behaviour, *ALL)
def test_replays_have_offsets_of_their_own_beside_a_source_that_stands_still(facts: SimpleNamespace) -> None:
    assert facts.committed_replays_before == 2
    assert facts.committed_before[0] == 0
    assert REPLAYED in facts.outputs


@played(scenarios.every_behaviour, *ALL)
def test_records_that_are_well_are_done_once(facts: SimpleNamespace) -> None:
    assert sorted(facts.outputs) == [0, *WELL_BEHIND_THE_SLOW_ONE, 20, 23, 27, HELD, *range(31, 36), REPLAYED]


@played(scenarios.every_behaviour, *ALL)
def test_a_result_carries_its_event_and_the_trace_of_its_record(facts: SimpleNamespace) -> None:
    for headers in facts.output_headers:
        assert headers["ce_specversion"] == "1.0"
        assert headers["traceparent"].split("-")[1] == TRACEPARENT.split("-")[1]
        assert headers["traceparent"] != TRACEPARENT


@played(scenarios.every_behaviour, *ALL)
def test_a_refused_page_and_a_result_that_is_too_large_are_rejected(facts: SimpleNamespace) -> None:
    reasons = {f["url"].rsplit("/", 1)[1]: f["reason"] for f in facts.rejections}
    assert reasons == {"21": "too-short", "26": "too-large"}
    assert len(facts.rejections) == 2


@played(scenarios.every_behaviour, *ALL)
def test_only_what_is_bad_becomes_a_dead_letter_as_it_came_with_what_killed_it(facts: SimpleNamespace) -> None:
    died = sorted((int(h["dlq-offset"]), h["dlq-error-type"]) for _, h in facts.letters)
    assert died == [(0, "undecodable"), (1, "undecodable"), (3, "ValueError"), (5, "Poisoned"), (6, "Poisoned")]
    [replayed] = [(value, h) for value, h in facts.letters if h["dlq-topic"].endswith("-replays")]
    assert (replayed[0], replayed[1]["dlq-offset"]) == (b"{a replay", "0")
    for value, headers in facts.letters:
        if headers is replayed[1]:
            continue
        sent = MIXED[int(headers["dlq-offset"])]
        assert value == (sent if isinstance(sent, bytes) else sent.encode())
        assert headers["dlq-partition"] == "1"
        assert headers["traceparent"] == TRACEPARENT
        assert headers["dlq-error"]


@played(scenarios.every_behaviour)
def test_every_record_is_counted_once(facts: SimpleNamespace) -> None:
    assert facts.outcomes == {"done": 20, "rejected": 2, "dead-lettered": 5}


@played(scenarios.every_behaviour, *ALL)
def test_a_held_record_makes_the_worker_unready_and_leaves_it_alive_and_in_its_group(facts: SimpleNamespace) -> None:
    status, body = facts.ready_while_held
    assert status == 503
    assert "is not there yet" in body
    assert facts.alive_while_held[0] == 200
    assert facts.members_while_held == 1
    assert facts.again >= 3


@played(scenarios.every_behaviour)
def test_a_worker_that_was_held_ends_in_good_order(facts: SimpleNamespace) -> None:
    assert facts.exit_code == 0


@played(scenarios.budget_spent)
def test_bad_records_in_a_row_pause_the_stage_over_restarts_until_it_is_resumed(facts: SimpleNamespace) -> None:
    assert facts.exit_code_of_the_first == 0, "a paused stage has nothing to wait for"
    assert facts.letters_of_the_first == 3
    assert facts.letters_before_resuming == 3
    assert facts.outputs_before_resuming == []
    assert facts.alive == 200
    assert facts.letters == 4
    assert facts.outputs == [10, 11, 12, 13, 14]
    assert facts.exit_code == 0


@played(scenarios.ended_in_good_order)
def test_a_worker_answers_its_probes_while_its_loop_is_blocked(facts: SimpleNamespace) -> None:
    assert facts.answered_in_time, "the loop was not blocked any more"
    assert "xabar_records_total" in facts.answers["/metrics"][1]
    assert facts.answers["/metrics"][0] == 200
    assert facts.answers["/healthz"][0] == 200
    assert facts.answers["/readyz"][0] == 200


@played(scenarios.ended_in_good_order)
def test_a_worker_that_is_asked_to_end_finishes_and_commits_its_work_in_flight(facts: SimpleNamespace) -> None:
    assert sorted(facts.outputs) == list(range(len(facts.outputs))), "each once, in the order in which they came"
    assert facts.committed_before < facts.committed == len(facts.outputs)
    assert len(facts.outputs) < 50, "what had not begun is left to whoever comes next"
    assert facts.exit_code == 0


@played(scenarios.stuck_at_the_deadline)
def test_a_stuck_transform_is_left_uncommitted_at_the_deadline(facts: SimpleNamespace) -> None:
    assert facts.exit_code == 75
    assert facts.committed == 0
    assert facts.said


@played(scenarios.letter_refused)
def test_a_worker_that_cannot_write_a_dead_letter_ends_uncommitted(facts: SimpleNamespace) -> None:
    assert facts.exit_code == 70
    assert facts.committed <= 1
    assert "refuses a dead letter" in facts.said[0]["why"]


@played(scenarios.largest_record_dies)
def test_the_largest_record_that_a_topic_takes_fits_its_dead_letters(facts: SimpleNamespace) -> None:
    assert facts.refused_sizes > 0, "a larger one would have been taken"
    assert facts.letter.value == b"{" * facts.size
    assert facts.outputs == [1]
    assert facts.exit_code == 0


@played(scenarios.session_refused)
def test_a_session_timeout_that_the_broker_refuses_ends_the_process_with_a_sentence(facts: SimpleNamespace) -> None:
    assert facts.exit_code == 78
    [line] = facts.said
    assert "KAFKA_SESSION_TIMEOUT_SECONDS" in line["why"]


@played(scenarios.topic_missing)
def test_a_missing_topic_ends_the_process_with_a_sentence(facts: SimpleNamespace) -> None:
    assert facts.exit_code == 78
    [line] = facts.said
    assert line["why"] == f"Topics are missing: {facts.name}-out. Create them with: xabar topics apply"


@played(scenarios.batches, "kafka")
def test_a_batch_is_tried_again_whole_and_its_bad_records_die_alone(facts: SimpleNamespace) -> None:
    assert facts.again == 2
    died = {(h["dlq-error-type"], h["dlq-partition"], h["dlq-offset"]) for _, h in facts.letters}
    assert died == {("undecodable", "0", "50"), ("ValueError", "1", "50")}


@played(scenarios.batches, "kafka")
def test_batches_of_a_killed_worker_come_again_and_none_is_missing(facts: SimpleNamespace) -> None:
    print("written more than once:", sum(times > 1 for times in facts.rows.values()))
    assert sorted(facts.rows) == list(range(199))
    assert facts.exit_code == 0


@played(scenarios.batch_budget_spent, "kafka")
def test_bad_records_in_a_row_pause_a_stage_of_batches_in_the_middle_of_one(facts: SimpleNamespace) -> None:
    assert (facts.letters, facts.committed) == (3, 0)
    assert facts.letters_after_resuming == 4
    assert facts.letters_at_the_end == 7
    assert facts.exit_code == 0
    assert facts.seconds_to_end < 15, "a paused stage has nothing to wait for"
