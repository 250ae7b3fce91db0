"""An engine that breaks, is busy or hangs costs an article its translation at the most, and never more time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from services.enricher.translate.breaker import Breaker, BreakerBounds
from services.enricher.translate.budget import Allowance, Budget, Ledger, Spending
from services.enricher.translate.cache import LEAST_BYTES, Cache
from services.enricher.translate.engine import (
    BadAnswer,
    Bounds,
    Broken,
    Busy,
    DataPolicy,
    Denied,
    Refused,
    Spent,
    TooMuch,
)
from services.enricher.translate.resilience import MOST_BAD_ALONE, Patience, Patient, Unavailable
from services.enricher.translate.routes import read_routes
from services.enricher.translate.translator import ArticleLimits, Translator
from services.runtime import metrics
from tests.simulation.virtual_time import run

START = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
"""Two hours before the next day."""
HANG = "hang"

Step = Exception | str | Callable[[Sequence[str]], list[str | Refused]]


class Scripted:
    """Takes a second for each call; does what the script says as long as it lasts, then translates."""

    policy: DataPolicy = "leaves"
    bounds = Bounds(unit_chars=400, batch_units=8, batch_chars=1000)

    def __init__(self, *script: Step, opening: Sequence[Exception | str] = (), name: str = "scripted") -> None:
        self.script = list(script)
        self.opening = list(opening)
        self.name = name
        self.calls: list[tuple[float, tuple[str, ...]]] = []
        self.opened = self.under_way = self.most_under_way = 0

    async def open(self) -> None:
        self.opened += 1
        step = self.opening.pop(0) if self.opening else None
        if step == HANG:
            await asyncio.Event().wait()
        elif isinstance(step, Exception):
            raise step

    def model(self, source: str, target: str) -> str | None:
        return "scripted-1"

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        self.calls.append((round(time(), 2), tuple(units)))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            step = self.script.pop(0) if self.script else upper
            if step == HANG:
                await asyncio.sleep(1e9)
            await asyncio.sleep(1)
            if isinstance(step, Exception):
                raise step
            assert callable(step)
            return step(units)
        finally:
            self.under_way -= 1

    async def close(self) -> None:
        pass


def upper(units: Sequence[str]) -> list[str | Refused]:
    return [unit.upper() for unit in units]


def choking_on(poison: str) -> Callable[[Sequence[str]], list[str | Refused]]:
    def step(units: Sequence[str]) -> list[str | Refused]:
        if poison in units:
            raise BadAnswer("against the schema")
        return upper(units)

    return step


def time() -> float:
    return asyncio.get_running_loop().time()


def patient(
    engine: Scripted, budget: Budget | None = None, now: Callable[[], datetime] = lambda: START, **knobs: Any
) -> Patient:
    return Patient(engine, Patience(**knobs), budget, time, now, chance=lambda: 0.999)


def at(main: Callable[[Callable[[], datetime]], Awaitable[None]]) -> None:
    async def whole(clock: Callable[[], datetime]) -> None:
        await main(clock)

    run(whole, START)


async def refusal(work: Awaitable[object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await work
    return caught.value


def calls_counted(engine: str, outcome: str) -> float:
    return (
        metrics.REGISTRY.get_sample_value("xabar_translation_calls_total", {"engine": engine, "outcome": outcome})
        or 0.0
    )


def test_a_fault_is_retried_after_pauses_that_grow() -> None:
    async def main(_: object) -> None:
        engine = Scripted(Broken("down"), Broken("down"), Broken("down"))
        assert await patient(engine).translate(["a"], "ru", "en", 60) == ["A"]
        begins = [begin for begin, _ in engine.calls]
        assert [b - a for a, b in pairwise(begins)] == pytest.approx([1.5, 2.0, 3.0], abs=0.05)

    at(main)


def test_the_last_try_is_the_last() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[Broken("down")] * 9)
        why = await refusal(patient(engine, tries=3).translate(["a"], "ru", "en", 60))
        assert (why.reason, len(engine.calls)) == ("scripted: down", 3)

    at(main)


def test_an_engine_that_names_a_time_is_left_alone_by_everybody_until_then() -> None:
    async def main(_: object) -> None:
        engine = Scripted(Busy("slow down", retry_after=30))
        calm = patient(engine, at_once=1)
        assert await asyncio.gather(*(calm.translate([x], "ru", "en", 60) for x in "ab")) == [["A"], ["B"]]
        assert sorted(begin for begin, _ in engine.calls)[1] == pytest.approx(31, abs=0.05)

    at(main)


def test_a_time_after_the_deadline_is_not_waited_for() -> None:
    async def main(_: object) -> None:
        calm = patient(Scripted(Busy("slow down", retry_after=1e12)))
        await refusal(calm.translate(["a"], "ru", "en", 20))
        await refusal(calm.translate(["b"], "ru", "en", time() + 20))
        assert time() < 2

    at(main)


def test_nothing_lasts_longer_than_the_deadline() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[HANG] * 9, name="hanging")
        calm = patient(engine, at_once=2)
        reasons = await asyncio.gather(*(refusal(calm.translate(["a"], "ru", "en", 20)) for _ in range(5)))
        assert time() == pytest.approx(20, abs=0.1)
        assert {why.reason for why in reasons} == {"hanging: no answer in time"}
        assert engine.under_way == 0
        assert calls_counted("hanging", "timeout") == 2

    at(main)


def test_no_call_begins_when_the_time_is_over() -> None:
    async def main(_: object) -> None:
        engine = Scripted()
        await refusal(patient(engine).translate(["a"], "ru", "en", time()))
        assert engine.calls == []

    at(main)


def test_what_was_translated_before_the_fault_is_handed_over() -> None:
    async def main(_: object) -> None:
        engine = Scripted(upper, HANG)
        why = await refusal(patient(engine).translate([f"n{i}" for i in range(12)], "ru", "en", 20))
        assert why.done == tuple(f"N{i}" for i in range(8))

    at(main)


def test_the_breaker_opens_probes_and_closes() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[Broken("down")] * 6)
        calm = patient(engine, tries=1, breaker=BreakerBounds(faults=5, cool_seconds=15))
        for _ in range(5):
            await refusal(calm.translate(["a"], "ru", "en", time() + 60))
        before = time()
        for _ in range(100):
            why = await refusal(calm.translate(["a"], "ru", "en", time() + 60))
        assert time() == before
        assert len(engine.calls) == 5
        assert why.reason == "scripted: it failed too often, it is asked again in 15 s"
        await asyncio.sleep(15)
        probe, other = await asyncio.gather(*(refusal(calm.translate([x], "ru", "en", time() + 60)) for x in "ab"))
        assert (probe.reason, other.reason) == (
            "scripted: down",
            "scripted: it failed too often, it is being tried just now",
        )
        await asyncio.sleep(16)
        assert calm.why_not() is not None, "twice as long after a probe that failed"
        await asyncio.sleep(14)
        assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]
        assert await asyncio.gather(*(calm.translate([x], "ru", "en", time() + 60) for x in "ab")) == [["A"], ["B"]]
        state = metrics.REGISTRY.get_sample_value(
            "xabar_translation_breaker", {"engine": "scripted", "state": "closed"}
        )
        assert state == 1

    at(main)


def test_faults_that_are_not_in_a_row_open_nothing() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[Broken("down"), Broken("down"), upper] * 5)
        calm = patient(engine, breaker=BreakerBounds(faults=3))
        for _ in range(5):
            assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]

    at(main)


def test_who_waits_for_another_try_does_not_wait_for_an_open_breaker() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[Broken("down", retry_after=10)] * 9)
        calm = patient(engine, tries=9, breaker=BreakerBounds(faults=3))
        await refusal(calm.translate(["a"], "ru", "en", 600))
        assert [begin for begin, _ in engine.calls] == pytest.approx([0, 11, 22], abs=0.05)
        assert time() == pytest.approx(23, abs=0.05)

    at(main)


def test_calls_from_before_the_last_change_of_state_say_nothing() -> None:
    breaker = Breaker(BreakerBounds(faults=1, cool_seconds=10))
    early, late, lucky = breaker.enter(0), breaker.enter(0), breaker.enter(0)
    assert None not in (early, late, lucky)
    breaker.failed(early, 1)
    assert breaker.enter(10.9) is None
    probe = breaker.enter(11)
    assert probe
    breaker.failed(late, 12)
    breaker.succeeded(lucky)
    assert breaker.state == "half-open"
    assert breaker.enter(12) is None, "one probe at a time"
    breaker.succeeded(probe)
    assert breaker.state == "closed"


def test_a_cancelled_probe_lets_another_one_through() -> None:
    async def main(_: object) -> None:
        engine = Scripted(Broken("down"), HANG)
        calm = patient(engine, tries=1, breaker=BreakerBounds(faults=1, cool_seconds=5))
        await refusal(calm.translate(["a"], "ru", "en", 60))
        await asyncio.sleep(6)
        probe = asyncio.create_task(calm.translate(["a"], "ru", "en", 600))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.wait([probe])
        assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]

    at(main)


def test_articles_that_have_little_time_do_not_open_the_breaker() -> None:
    async def main(_: object) -> None:
        engine = Scripted()
        calm = patient(engine, breaker=BreakerBounds(faults=2))
        for _ in range(5):
            await refusal(calm.translate(["a"], "ru", "en", time() + 0.5))
        assert calm.why_not() is None

    at(main)


def test_a_sentence_that_spoils_its_batch_is_found_and_the_others_are_translated() -> None:
    async def main(_: object) -> None:
        units = [*"abcdef", "poison", "h", *"ijk"]
        engine = Scripted(*[choking_on("poison")] * 30)
        calm = patient(engine, breaker=BreakerBounds(faults=1))
        answers = await calm.translate(units, "ru", "en", 600)
        assert answers == [Refused("refused") if unit == "poison" else unit.upper() for unit in units]
        assert engine.calls[0][1] == engine.calls[1][1]
        assert calm.why_not() is None

    at(main)


def test_an_engine_that_answers_nothing_well_is_not_asked_for_ever() -> None:
    async def main(_: object) -> None:
        engine = Scripted(*[BadAnswer("no JSON")] * 999)
        engine.bounds = Bounds(unit_chars=400, batch_units=64, batch_chars=1000)
        calm = patient(engine, breaker=BreakerBounds(faults=2))
        failed = await refusal(calm.translate(["x"] * 64, "ru", "en", 600))
        assert (failed.reason, failed.done) == ("scripted: no JSON", ())
        assert [len(units) for _, units in engine.calls] == [64, 64, 32, 16, 8, 4, 2, 1, 1, 1]
        assert await calm.translate(["x"], "ru", "en", 600) == [Refused("refused")]
        assert "too often" in (await refusal(calm.translate(["x"], "ru", "en", 600))).reason

    at(main)


def test_two_odd_sentences_at_the_start_are_no_fault_of_the_engine() -> None:
    def choking(units: Sequence[str]) -> list[str | Refused]:
        if {"a", "b"} & set(units):
            raise BadAnswer("against the schema")
        return upper(units)

    async def main(_: object) -> None:
        engine = Scripted(*[choking] * 99)
        calm = patient(engine, breaker=BreakerBounds(faults=1))
        refused = Refused("refused")
        assert await calm.translate([*"abcdefgh"], "ru", "en", 600) == [refused, refused, *"CDEFGH"]
        assert calm.why_not() is None

    at(main)


def test_a_filter_that_stops_every_sentence_ends_after_some() -> None:
    def filtering(units: Sequence[str]) -> list[str | Refused]:
        if len(units) > 1:
            raise TooMuch("filtered")
        return [Refused("refused")]

    async def main(_: object) -> None:
        engine = Scripted(*[filtering] * 999)
        engine.bounds = Bounds(unit_chars=400, batch_units=64, batch_chars=1000)
        assert await patient(engine).translate(["x"] * 64, "ru", "en", 600) == [Refused("refused")] * 64
        assert len(engine.calls) < 2 * MOST_BAD_ALONE + 8

    at(main)


def test_an_engine_that_takes_few_at_once_is_asked_for_few_from_then_on() -> None:
    def at_most_two(units: Sequence[str]) -> list[str]:
        if len(units) > 2:
            raise BadAnswer("too many texts")
        return [unit.upper() for unit in units]

    async def main(_: object) -> None:
        engine = Scripted(*[at_most_two] * 999)
        engine.bounds = Bounds(unit_chars=400, batch_units=16, batch_chars=1000)
        calm = patient(engine)
        units = [f"unit {n}" for n in range(48)]
        assert await calm.translate(units, "ru", "en", 600) == [unit.upper() for unit in units]
        first = len(engine.calls)
        assert await calm.translate(units, "ru", "en", 600) == [unit.upper() for unit in units]
        assert len(engine.calls) - first == 24, "two at a time, and none refused"

    at(main)


def test_what_was_too_much_at_once_is_asked_for_in_smaller_parts() -> None:
    def four_then_full(units: Sequence[str]) -> list[str]:
        if len(units) > 4:
            raise TooMuch("full", [unit.upper() for unit in units[:4]])
        return [unit.upper() for unit in units]

    async def main(_: object) -> None:
        engine = Scripted(*[four_then_full] * 99)
        units = [*"abcdefghij"]
        assert await patient(engine).translate(units, "ru", "en", 600) == [unit.upper() for unit in units]
        assert [len(asked) for _, asked in engine.calls] == [8, 4, 2], "it is not asked again for what it gave"

    at(main)


def test_what_is_too_much_even_alone_is_refused() -> None:
    async def main(_: object) -> None:
        engine = Scripted(TooMuch("full"), TooMuch("full"), TooMuch("full"))
        assert await patient(engine).translate(["a", "b"], "ru", "en", 600) == [Refused("refused")] * 2
        assert len(engine.calls) == 3

    at(main)


def test_a_wrong_number_of_answers_is_a_bad_answer() -> None:
    async def main(_: object) -> None:
        engine = Scripted(lambda units: ["A"], lambda units: ["A", "B", "C"])
        assert await patient(engine).translate(["a", "b"], "ru", "en", 60) == ["A", "B"]
        assert len(engine.calls) == 4

    at(main)


def test_a_denied_engine_is_opened_again_after_a_while_and_not_asked_before() -> None:
    async def main(_: object) -> None:
        engine = Scripted(Denied("wrong key"), opening=[])
        calm = patient(engine, denied_seconds=600)
        await refusal(calm.translate(["a"], "ru", "en", 60))
        await asyncio.sleep(500)
        assert (await refusal(calm.translate(["a"], "ru", "en", time() + 60))).reason == "scripted: wrong key"
        assert (len(engine.calls), engine.opened) == (1, 1)
        await asyncio.sleep(101)
        assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]
        assert engine.opened == 2

    at(main)


@pytest.mark.parametrize(("retry_after", "hours"), [(None, 2.0), (3600.0, 1.0)])
def test_a_quota_that_is_used_up_is_left_alone_until_the_next_day_or_the_time_named(
    retry_after: float | None, hours: float
) -> None:
    async def main(clock: Callable[[], datetime]) -> None:
        engine = Scripted(Spent("quota exceeded", retry_after))
        calm = patient(engine, now=clock)
        await refusal(calm.translate(["a"], "ru", "en", 60))
        await asyncio.sleep(3600 * hours - 10)
        assert "quota" in (await refusal(calm.translate(["a"], "ru", "en", time() + 60))).reason
        await asyncio.sleep(10)
        assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]
        assert len(engine.calls) == 2

    at(main)


def test_an_engine_that_does_not_start_is_started_again_and_stops_nobody() -> None:
    async def main(_: object) -> None:
        engine = Scripted(opening=[Broken("refused the line"), HANG, RuntimeError("a bug")])
        calm = patient(engine, reopen_seconds=30, open_seconds=60)
        assert calm.model("ru", "en") is None
        whys = await asyncio.gather(*(refusal(calm.ready()) for _ in range(3)))
        assert {why.reason for why in whys} == {"scripted: refused the line"}
        assert engine.opened == 1
        assert (await refusal(calm.translate(["a"], "ru", "en", 60))).reason == "scripted: refused the line"
        await asyncio.sleep(30 + 60 + 30 + 30 + 1)
        await calm.ready()
        assert (engine.opened, calm.model("ru", "en")) == (4, "scripted-1")
        assert await calm.translate(["a"], "ru", "en", time() + 60) == ["A"]
        await calm.close()

    at(main)


def test_a_start_that_hangs_is_not_waited_for_beyond_the_deadline() -> None:
    async def main(_: object) -> None:
        calm = patient(Scripted(opening=[HANG]))
        await refusal(calm.translate(["a"], "ru", "en", 5))
        assert time() == pytest.approx(5, abs=0.1)
        await calm.close()

    at(main)


def test_as_many_calls_at_once_and_a_second_as_allowed_in_the_order_they_came() -> None:
    async def main(_: object) -> None:
        engine = Scripted()
        calm = patient(engine, at_once=3, calls_per_second=2)
        await asyncio.gather(*(calm.translate([str(i)], "ru", "en", 600) for i in range(12)))
        assert [units for _, units in engine.calls] == [(str(i),) for i in range(12)]
        assert [begin for begin, _ in engine.calls] == pytest.approx([0.5 * i for i in range(12)], abs=0.05)
        engine.calls.clear()
        wide = patient(engine, at_once=3)
        await asyncio.gather(*(wide.translate([str(i)], "ru", "en", 600) for i in range(9)))
        assert engine.most_under_way == 3
        assert time() == pytest.approx(6.5 + 3, abs=0.1)

    at(main)


def test_cancelled_articles_leave_no_slot_taken() -> None:
    async def main(_: object) -> None:
        engine = Scripted(HANG, HANG)
        calm = patient(engine, at_once=2, calls_per_second=2)
        tasks = [asyncio.create_task(calm.translate([str(i)], "ru", "en", 6000)) for i in range(6)]
        await asyncio.sleep(5)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        before = time()
        done = await asyncio.gather(*(calm.translate([x], "ru", "en", time() + 60) for x in "ab"))
        assert done == [["A"], ["B"]]
        assert time() - before == pytest.approx(1.5, abs=0.1)

    at(main)


def test_a_fault_that_its_author_did_not_think_of_is_a_broken_engine() -> None:
    async def main(_: object) -> None:
        engine = Scripted(KeyError("text of an article"))
        why = await refusal(patient(engine, tries=1).translate(["a"], "ru", "en", 60))
        assert why.reason == "scripted: KeyError"

    at(main)


def test_a_unit_that_is_too_long_is_not_given_to_the_engine() -> None:
    async def main(_: object) -> None:
        engine = Scripted()
        answers = await patient(engine).translate(["a", "x" * 401, "b"], "ru", "en", 60)
        assert answers == ["A", Refused("refused"), "B"]

    at(main)


@pytest.mark.parametrize(
    ("spent", "headline", "lane", "left"),
    [
        (Spending(), True, "live", 1000),
        (Spending(), False, "live", 900),
        (Spending(chars=950, headlines=100), False, "live", 50),
        (Spending(chars=950, headlines=20), False, "live", 0),
        (Spending(chars=950, headlines=20), True, "live", 50),
        (Spending(chars=300, backfill=300), False, "backfill", 100),
        (Spending(chars=880, backfill=100), True, "backfill", 120),
        (Spending(chars=2000), True, "live", 0),
    ],
)
def test_a_day_keeps_room_for_headlines_and_for_live_news(
    spent: Spending, headline: bool, lane: Any, left: int
) -> None:
    assert Allowance(1000, headline_share=0.1, backfill_share=0.4).left(spent, headline, lane) == left


def test_the_budget_outlives_a_restart_and_begins_anew_with_the_day(tmp_path: Path) -> None:
    async def main(_: object) -> None:
        day = [START]

        def budget() -> tuple[Budget, Ledger]:
            ledger = Ledger(tmp_path / "ledger.sqlite")
            return Budget("scripted", Allowance(100, headline_share=0), ledger, lambda: day[0]), ledger

        first, ledger = budget()
        assert await first.take(70)
        assert not await first.take(31)
        await ledger.close()
        second, ledger = budget()
        assert await second.left() == 30
        day[0] = datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)
        assert await second.left() == 100
        await ledger.close()

    at(main)


def test_what_an_engine_did_not_work_on_is_not_spent() -> None:
    async def main(_: object) -> None:
        ledger = Ledger(None)
        budget = Budget("scripted", Allowance(100, headline_share=0), ledger, lambda: START)
        engine = Scripted(Busy("slow down"), Broken("cut"), upper)
        assert await patient(engine, budget).translate(["x" * 30], "ru", "en", 60) == ["X" * 30]
        assert await budget.left() == 40
        why = await refusal(patient(engine, budget).translate(["x" * 41], "ru", "en", time() + 60))
        assert why.reason == "scripted: the characters for this day are used up"
        assert len(engine.calls) == 3

    at(main)


def test_articles_flow_on_while_an_engine_is_dead_and_are_translated_when_it_is_back() -> None:
    async def main(_: object) -> None:
        dead = [Broken("no connection")] * 12
        engine = Scripted(*dead, *[lambda units: ["The bridge across the river was opened this morning."]] * 99)
        calm = patient(engine, tries=2, breaker=BreakerBounds(faults=5, cool_seconds=15, most_cool_seconds=60))
        limits = ArticleLimits(chars=10_000, seconds=30)
        routes = read_routes("ru:en=scripted")
        translator = Translator(routes, {"scripted": calm}, {}, Cache(None, LEAST_BYTES), limits, clock=time)
        seen = []
        for _i in range(300):  # an article every two seconds
            before = time()
            (found,) = await translator.translate("Мост через реку открыли сегодня утром.", (), "ru")
            assert time() - before <= limits.seconds + 0.1
            seen.append(found.status)
            await asyncio.sleep(2)
        assert seen[0] == "unavailable"
        back = seen.index("ok")
        assert set(seen[:back]) == {"unavailable"}
        assert set(seen[back:]) == {"ok"}, "the breaker is closed again"
        assert len(engine.calls) == len(dead) + 1, "then the cache knows it"
        await translator.close()

    at(main)
