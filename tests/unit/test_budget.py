"""When the dead-letter budget pauses a stage, what survives a restart, and who may resume."""

from datetime import UTC, datetime

import pytest

from services.contracts.outcomes import StageControl
from services.contracts.topics import STAGE_CONTROLS
from services.runtime.budget import Budget, Limits
from services.runtime.health import Health
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Outgoing, Transient
from services.runtime.work import Gate

LIMITS = Limits(window=100, most_in_a_row=5, most_share=0.25, least=10)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def after(history: str, limits: Limits = LIMITS) -> Budget:
    """The budget after good (g) and bad (b) records."""
    budget = Budget()
    for record in history:
        budget = budget.good(limits) if record == "g" else budget.bad(limits)
    return budget


@pytest.mark.parametrize(
    ("history", "why"),
    [
        ("", None),
        ("bbbb", None),
        ("bbbbgbbbb", None),
        ("bbbbb", "5 records in a row became dead letters"),
        ("bggg" * 10, None),
        ("bgg" * 10, "10 of the last 30 records became dead letters"),
        ("b" + "g" * 300 + "bbbb", None),
    ],
)
def test_a_run_of_dead_letters_or_too_large_a_share_spends_the_budget(history: str, why: str | None) -> None:
    assert after(history).exhausted(LIMITS) == why


def test_old_records_fade_so_that_a_stage_gone_bad_is_noticed_after_a_million_good_ones() -> None:
    budget = after("g" * 10_000)
    assert budget.seen < 2 * LIMITS.window
    for _ in range(70):
        budget = budget.bad(LIMITS).good(LIMITS)
    assert budget.exhausted(LIMITS)


class Topic:
    """The control topic, in memory."""

    def __init__(self) -> None:
        self.controls: list[StageControl] = []
        self.broken = False

    async def __call__(self, record: Outgoing) -> None:
        if self.broken:
            raise Transient("away")
        assert record.topic == STAGE_CONTROLS.name
        assert record.key == b"parser"
        self.controls.append(StageControl.decode(record.value or b""))


def gate_on(topic: Topic) -> tuple[Gate, Health]:
    health = Health("parser", stall_seconds=60)
    settings = RuntimeSettings(dead_letter_most_in_a_row=3, dead_letter_most_share=1)
    return Gate("parser", settings, health, topic), health


async def test_a_spent_budget_closes_the_gate_says_so_and_is_written_down() -> None:
    topic = Topic()
    gate, health = gate_on(topic)
    for _ in range(3):
        assert gate.is_open
        await gate.bad()
    assert not gate.is_open
    assert "xabar resume parser" in health.obstacles()["budget"]
    assert [(c.paused, c.in_a_row) for c in topic.controls] == [(False, 1), (False, 2), (True, 3)]
    assert "3 records in a row" in (topic.controls[-1].reason or "")


async def test_a_restarted_stage_goes_on_where_its_budget_was() -> None:
    topic = Topic()
    before, _ = gate_on(topic)
    for _ in range(2):
        await before.bad()
    gate, _ = gate_on(topic)
    gate.restore(topic.controls[-1])
    assert gate.is_open
    await gate.bad()
    assert not gate.is_open
    third, _ = gate_on(topic)
    third.restore(topic.controls[-1])
    assert not third.is_open


async def test_a_run_that_ended_is_over_for_the_next_process_too() -> None:
    topic = Topic()
    before, _ = gate_on(topic)
    await before.bad()
    await before.bad()
    await before.good()
    await before.good()
    assert [c.in_a_row for c in topic.controls] == [1, 2, 0], "one record when the run ends, none for each good one"
    gate, _ = gate_on(topic)
    gate.restore(topic.controls[-1])
    await gate.bad()
    assert gate.is_open


async def test_its_own_older_words_do_not_open_a_gate_that_has_closed() -> None:
    topic = Topic()
    gate, _ = gate_on(topic)
    for _ in range(3):
        await gate.bad()
    for own in topic.controls:
        gate.heard(own)
    assert not gate.is_open


async def test_a_resume_by_hand_opens_the_gate_with_a_fresh_budget() -> None:
    topic = Topic()
    gate, health = gate_on(topic)
    for _ in range(3):
        await gate.bad()
    gate.heard(StageControl(stage="parser", changed_at=NOW, resumed_at=NOW))
    assert gate.is_open
    assert "budget" not in health.obstacles()
    for own in topic.controls:
        gate.heard(own)
    assert gate.is_open, "what was written before the resume closes nothing"
    await gate.bad()
    assert gate.is_open
    assert topic.controls[-1].resumed_at == NOW


async def test_a_resume_that_was_missed_is_found_when_the_topic_is_read_again() -> None:
    topic = Topic()
    gate, _ = gate_on(topic)
    for _ in range(3):
        await gate.bad()
    gate.restore(StageControl(stage="parser", changed_at=NOW, resumed_at=NOW))
    assert gate.is_open


async def test_good_records_under_way_do_not_write_over_the_reason_of_a_pause() -> None:
    topic = Topic()
    gate, _ = gate_on(topic)
    for _ in range(3):
        await gate.bad()
    await gate.good()
    assert topic.controls[-1].paused
    assert "3 records in a row" in (topic.controls[-1].reason or "")


async def test_a_pause_of_one_replica_or_by_hand_pauses_all_and_a_late_death_does_not_lift_it() -> None:
    topic = Topic()
    gate, _ = gate_on(topic)
    gate.heard(StageControl(stage="parser", paused=True, reason="looks odd", changed_at=NOW))
    assert not gate.is_open
    await gate.bad()
    assert topic.controls[-1].paused


async def test_a_control_topic_that_is_away_does_not_stop_the_stage() -> None:
    topic = Topic()
    topic.broken = True
    gate, _ = gate_on(topic)
    for _ in range(3):
        await gate.bad()
    assert not gate.is_open
