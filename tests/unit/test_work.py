"""How a worker treats many records at once: lanes, retries, the window, and acknowledgements in order."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.contracts.message import Message
from services.contracts.topics import REJECTIONS, STAGE_CONTROLS, Topic
from services.runtime.health import Health
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Outgoing, Record, Stage, Transient
from services.runtime.work import Gate, TooLarge, Worker


class Job(Message):
    """A message: `lane/number`."""

    name: str


JOBS = Topic("jobs", Job, lambda j: j.name, "name", "jobs", timedelta(days=1), (), ())
RESULTS = Topic("results", Job, lambda j: j.name, "name", "results", timedelta(days=1), (), ())


async def soon(reached: Callable[[], object]) -> None:
    """Let the loop run until something is so."""
    for _ in range(1000):
        if reached():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come about")


async def all_quiet() -> None:
    """Let the loop run until nothing more can happen by itself."""
    for _ in range(200):
        await asyncio.sleep(0)


class Scene:
    """A worker with everything around it faked."""

    def __init__(self, handle: Callable[[Job], Awaitable[Any]] | None = None, **settings: Any) -> None:
        self.began: list[str] = []
        self.doors: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.published: dict[str, list[Outgoing]] = defaultdict(list)
        self.refuse: Callable[[Outgoing], Exception | None] = lambda _: None
        self.acknowledged: list[str] = []
        self.slept: list[float] = []
        self.impossible: list[str] = []
        self.health = Health("worker", stall_seconds=60)
        self.health.joined()
        values = RuntimeSettings(**{"dead_letter_most_in_a_row": 1000, "dead_letter_most_share": 1, **settings})
        self.gate = Gate("worker", values, self.health, self._publish)
        self.worker = Worker(
            Stage(
                "worker", JOBS, RESULTS, handle or self._through_a_door, lane=lambda j: j.name.split("/")[0],
                url_of=lambda _: "http://e.example/", source_of=lambda _: None,
            ),
            values, self._publish, self.gate, self.health, self.impossible.append, rand=lambda: 1.0, sleep=self._sleep,
        )  # fmt: skip
        self._offsets: dict[int, int] = defaultdict(int)

    async def take(self, name: str, partition: int = 0, value: bytes | None = None, generation: int = 0) -> None:
        """Hand a job over."""
        offset = self._offsets[partition]
        self._offsets[partition] += 1
        record = Record("jobs", partition, offset, b"k", value or Job(name=name).encode(), (), 0)
        await self.worker.take(record, lambda: self.acknowledged.append(name), (partition, generation))

    async def _through_a_door(self, job: Job) -> Job:
        self.began.append(job.name)
        await self.doors[job.name].wait()
        return job

    async def _publish(self, record: Outgoing) -> None:
        if fault := self.refuse(record):
            raise fault
        self.published[record.topic].append(record)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def open(self, *names: str) -> None:
        """Let these jobs end."""
        for name in names:
            self.doors[name].set()


async def test_records_of_a_partition_are_acknowledged_in_order_whatever_ends_first() -> None:
    scene = Scene()
    for name in ("a/1", "b/1", "c/1"):
        await scene.take(name)
    await soon(lambda: len(scene.began) == 3)
    scene.open("c/1", "b/1")
    await soon(lambda: len(scene.published["results"]) == 2)
    await all_quiet()
    assert scene.acknowledged == []
    scene.open("a/1")
    await soon(lambda: scene.acknowledged == ["a/1", "b/1", "c/1"])
    assert scene.worker.in_flight == 0


async def test_partitions_do_not_wait_for_each_other() -> None:
    scene = Scene()
    await scene.take("a/1", partition=0)
    await scene.take("b/1", partition=1)
    scene.open("b/1")
    await soon(lambda: scene.acknowledged == ["b/1"])


async def test_records_of_one_lane_run_one_after_another_and_lanes_at_once() -> None:
    scene = Scene()
    for name in ("a/1", "a/2", "b/1", "a/3"):
        await scene.take(name)
    await soon(lambda: scene.began == ["a/1", "b/1"])
    await all_quiet()
    assert scene.began == ["a/1", "b/1"]
    scene.open("a/1")
    await soon(lambda: scene.began == ["a/1", "b/1", "a/2"])
    scene.open("a/2")
    await soon(lambda: scene.began[-1] == "a/3")


async def test_a_lane_goes_on_after_a_bad_record() -> None:
    async def handle(job: Job) -> Job:
        if job.name == "a/1":
            raise ValueError("bad")
        return job

    scene = Scene(handle)
    for name in ("a/1", "a/2"):
        await scene.take(name)
    await soon(lambda: scene.acknowledged == ["a/1", "a/2"])
    assert len(scene.published["worker-dlq"]) == 1


async def test_no_more_records_run_at_once_than_the_settings_allow() -> None:
    scene = Scene(max_in_flight=2)
    for name in ("a/1", "b/1", "c/1"):
        await scene.take(name)
    await all_quiet()
    assert scene.began == ["a/1", "b/1"]
    scene.open("b/1")
    await soon(lambda: "c/1" in scene.began)


@pytest.mark.parametrize("window", [{"window_records": 2}, {"window_bytes": 30}])
async def test_a_full_window_takes_no_more_until_its_head_is_acknowledged(window: dict[str, int]) -> None:
    scene = Scene(**window)
    await scene.take("a/1")
    taking = asyncio.create_task(scene.take("b/1"))
    await all_quiet()
    assert not taking.done()
    scene.open("b/1")
    await all_quiet()
    assert not taking.done(), "b/1 is finished, but not acknowledged"
    scene.open("a/1")
    await soon(taking.done)


async def test_an_outage_is_waited_out_with_growing_waits_and_makes_the_worker_unready_meanwhile() -> None:
    attempts = 0
    obstacles: list[bool] = []

    async def handle(job: Job) -> Job:
        nonlocal attempts
        attempts += 1
        obstacles.append("held" in scene.health.obstacles())
        if attempts < 7:
            raise Transient("away")
        return job

    scene = Scene(handle, retry_first_seconds=1, retry_most_seconds=8, hold_after_attempts=3)
    await scene.take("a/1")
    await soon(lambda: scene.acknowledged == ["a/1"])
    assert scene.slept == [1, 2, 4, 8, 8, 8]
    assert obstacles == [False, False, False, True, True, True, True]
    assert scene.health.obstacles() == {}
    assert "worker-dlq" not in scene.published


async def test_the_worker_stays_unready_until_the_last_held_record_is_well() -> None:
    async def handle(job: Job) -> Job:
        if not scene.doors[job.name].is_set():
            raise Transient("away")
        return job

    scene = Scene(handle, hold_after_attempts=1)
    await scene.take("a/1")
    await scene.take("b/1", partition=1)
    await soon(lambda: "held" in scene.health.obstacles() and len(scene.slept) > 4)
    scene.open("a/1")
    await soon(lambda: scene.acknowledged == ["a/1"])
    assert "held" in scene.health.obstacles()
    scene.open("b/1")
    await soon(lambda: scene.acknowledged == ["a/1", "b/1"])
    assert scene.health.obstacles() == {}


async def test_a_result_that_the_broker_did_not_take_is_sent_again_without_working_again() -> None:
    faults = [Transient("away"), Transient("away")]
    worked = 0

    async def handle(job: Job) -> Job:
        nonlocal worked
        worked += 1
        return job

    scene = Scene(handle)
    scene.refuse = lambda _: faults.pop() if faults else None
    await scene.take("a/1")
    await soon(lambda: scene.acknowledged == ["a/1"])
    assert worked == 1
    assert len(scene.published["results"]) == 1


async def test_a_result_whose_size_the_broker_refuses_is_rejected() -> None:
    scene = Scene()
    scene.refuse = lambda record: TooLarge(record.topic) if record.topic == "results" else None
    scene.open("a/1")
    await scene.take("a/1")
    await soon(lambda: scene.acknowledged == ["a/1"])
    [rejection] = scene.published[REJECTIONS.name]
    assert b'"too-large"' in (rejection.value or b"")
    assert scene.impossible == []


@pytest.mark.parametrize("refused", ["worker-dlq", REJECTIONS.name])
async def test_a_record_whose_end_can_not_be_written_down_stops_the_process_unacknowledged(refused: str) -> None:
    scene = Scene()
    scene.refuse = lambda record: TooLarge(record.topic) if record.topic in {refused, "results"} else None
    scene.open("a/1")
    await scene.take("a/1", value=b"{" if refused == "worker-dlq" else None)
    await soon(lambda: scene.impossible)
    await all_quiet()
    assert scene.acknowledged == []


async def test_a_lane_that_can_not_be_told_does_not_stop_the_worker() -> None:
    scene = Scene()
    scene.worker._stage.__dict__["lane"] = lambda _: 1 / 0
    scene.open("a/1")
    await scene.take("a/1")
    await soon(lambda: scene.acknowledged == ["a/1"])


async def test_a_paused_stage_writes_no_dead_letter_and_takes_no_record() -> None:
    async def handle(job: Job) -> Job:
        raise ValueError(job.name)

    scene = Scene(handle, dead_letter_most_in_a_row=2, max_in_flight=1)
    taking = [asyncio.create_task(scene.take(f"{i}/1")) for i in range(4)]
    await soon(lambda: not scene.gate.is_open)
    await all_quiet()
    assert len(scene.published["worker-dlq"]) == 2
    assert scene.acknowledged == ["0/1", "1/1"]
    assert len(scene.published[STAGE_CONTROLS.name]) == 2
    for task in taking:
        task.cancel()
    await scene.worker.abandon()


async def test_a_drain_waits_for_work_in_flight_and_says_when_it_did_not_end() -> None:
    scene = Scene()
    await scene.take("a/1")
    await scene.take("b/1")
    await soon(lambda: len(scene.began) == 2)
    scene.open("b/1")
    assert not await scene.worker.drain(0.01)
    scene.open("a/1")
    assert await scene.worker.drain(5)
    assert scene.acknowledged == ["a/1", "b/1"]


async def test_what_waits_for_its_turn_does_not_get_it_in_a_drain_of_what_has_begun() -> None:
    scene = Scene(max_in_flight=1)
    for name in ("a/1", "a/2", "b/1"):
        await scene.take(name)
    await soon(lambda: scene.began == ["a/1"])
    scene.open("a/1", "a/2", "b/1")
    assert await scene.worker.drain(5, begun_only=True)
    assert scene.began == ["a/1"]
    assert scene.acknowledged == ["a/1"]
    assert [record.offset for record in await scene.worker.abandon()] == [1, 2]


async def test_a_held_record_is_given_up_in_a_drain_of_what_has_begun() -> None:
    async def handle(job: Job) -> Job:
        if job.name == "a/1":
            raise Transient("away")
        return job

    scene = Scene(handle)
    await scene.take("b/1")
    await scene.take("a/1")
    await soon(lambda: len(scene.slept) > 10)
    assert await scene.worker.drain(5, begun_only=True)
    assert scene.acknowledged == ["b/1"]
    assert [record.offset for record in await scene.worker.abandon()] == [1]
    assert "held" not in scene.health.obstacles()


async def test_a_dead_letter_that_waits_for_a_paused_stage_is_given_up_in_a_drain_of_what_has_begun() -> None:
    scene = Scene(dead_letter_most_in_a_row=1)
    await scene.take("a/1", value=b"{")
    await soon(lambda: not scene.gate.is_open)
    taking = asyncio.create_task(scene.take("b/1", value=b"{"))
    await all_quiet()
    assert await scene.worker.drain(5, begun_only=True)
    assert len(scene.published["worker-dlq"]) == 1
    assert [record.offset for record in await scene.worker.abandon()] == [1]
    taking.cancel()


async def test_abandoned_records_are_never_acknowledged_and_make_room() -> None:
    scene = Scene(window_records=2)
    await scene.take("a/1")
    taking = asyncio.create_task(scene.take("b/1"))
    await soon(lambda: len(scene.began) == 2)
    scene.open("b/1")
    await all_quiet()
    lost = await scene.worker.abandon()
    assert [record.offset for record in lost] == [0, 1]
    await soon(taking.done)
    scene.open("a/1")
    await all_quiet()
    assert scene.acknowledged == []
    assert scene.worker.in_flight == 0
    await scene.take("a/1", generation=1)
    await soon(lambda: scene.acknowledged == ["a/1"])


async def test_a_record_that_comes_again_waits_for_none_of_its_former_life() -> None:
    scene = Scene()
    await scene.take("a/1")
    await soon(lambda: scene.began == ["a/1"])
    await scene.worker.abandon()
    scene.open("a/2")
    await scene.take("a/2", generation=1)
    await soon(lambda: scene.acknowledged == ["a/2"])
