"""Runs a stage's records: lanes, retries, budget, acknowledgements in offset order; no broker here."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol

from services.contracts.headers import trace_id
from services.contracts.outcomes import StageControl
from services.contracts.topics import STAGE_CONTROLS
from services.runtime import logs, metrics
from services.runtime.budget import Budget, Limits
from services.runtime.health import Health
from services.runtime.retry import Backoff
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import (
    In,
    Out,
    Outcome,
    Outgoing,
    Record,
    Stage,
    Transient,
    decode,
    outgoing,
    refusal,
    rejected,
    step,
    utc_now,
)

LOOK_AGAIN_SECONDS = 0.5


class TooLarge(Exception):
    """The broker refuses a record of this size."""


class Impossible(Exception):
    """A dead letter can't be written: the process must stop, uncommitted, rather than lose a record."""


class Publish(Protocol):
    """Hand a record to the broker and wait until it has it. Raises Transient, or TooLarge."""

    async def __call__(self, record: Outgoing) -> None: ...


class Gate:
    """The stage's dead-letter budget over its life: closed while the stage is paused."""

    def __init__(self, stage: str, settings: RuntimeSettings, health: Health, publish: Publish) -> None:
        self._stage = stage
        self._limits = Limits(
            settings.dead_letter_window,
            settings.dead_letter_most_in_a_row,
            settings.dead_letter_most_share,
            settings.dead_letter_least,
        )
        self._budget = Budget()
        self._health = health
        self._publish = publish
        self._resumed_at: datetime | None = None
        self._why: str | None = None
        self._open = asyncio.Event()
        self._open.set()
        metrics.PAUSED.labels(stage).set(0)

    @property
    def is_open(self) -> bool:
        """Whether the stage may take up records."""
        return self._open.is_set()

    async def wait(self) -> None:
        """Until the stage may run."""
        await self._open.wait()

    async def good(self) -> None:
        """A record did not die. The end of a run of dead letters is written down too, or a restart would revive it."""
        ran = self._budget.in_a_row
        self._budget = self._budget.good(self._limits)
        if ran and self.is_open:
            await self._write()

    async def bad(self) -> None:
        """A record died; its dead letter is written. Written down for whoever starts next."""
        self._budget = self._budget.bad(self._limits)
        why = self._budget.exhausted(self._limits)
        if why and self.is_open:
            self._close(why)
        await self._write()

    def restore(self, control: StageControl) -> None:
        """Go on as the stage's newest control record says."""
        self._budget = Budget(control.seen, control.failed, control.in_a_row)
        self._resumed_at = control.resumed_at
        if control.paused and self.is_open:
            self._close(control.reason or "paused by hand")
        elif not control.paused and not self.is_open:
            self._resume()

    def heard(self, control: StageControl) -> None:
        """A new control record was read. Any replica's can pause us all; only a newer resume by hand lets us go on.

        What was written without knowing of the last resume is out of date: our own words come back, too.
        """
        if _newer(control.resumed_at, self._resumed_at):
            self.restore(control)
        elif control.resumed_at == self._resumed_at and control.paused and self.is_open:
            self._close(control.reason or "paused by hand")

    def _resume(self) -> None:
        self._why = None
        self._open.set()
        self._health.progressed()
        self._health.clear("budget")
        metrics.PAUSED.labels(self._stage).set(0)
        logs.logger().warning("resumed", stage=self._stage)

    def _close(self, why: str) -> None:
        self._why = why
        self._open.clear()
        metrics.PAUSED.labels(self._stage).set(1)
        self._health.block("budget", f"{why}; look at them, then run: xabar resume {self._stage}")
        logs.logger().error("paused", stage=self._stage, why=why)

    async def _write(self) -> None:
        now = utc_now()
        seen = self._budget
        control = StageControl(
            stage=self._stage,
            paused=not self.is_open,
            reason=self._why,
            failed=seen.failed,
            seen=seen.seen,
            in_a_row=seen.in_a_row,
            changed_at=now,
            resumed_at=self._resumed_at,
        )
        record = outgoing(STAGE_CONTROLS, control, id_=f"{self._stage}:{now.isoformat()}", stage=self._stage, now=now)
        try:
            await self._publish(record)
        except (Transient, TooLarge) as error:
            logs.logger().warning("budget not written", stage=self._stage, error=str(error))


def _newer(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)


@dataclass(eq=False)
class _Slot:
    """A record on its way through the stage."""

    record: Record
    acknowledge: Callable[[], None]
    begun: bool = False
    finished: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(eq=False)
class _Line:
    """The slots of one partition in one generation of the group, in offset order."""

    slots: deque[_Slot] = field(default_factory=deque)

    def settle(self) -> tuple[int, int]:
        """Acknowledge the finished head; how many records that were, and how many bytes."""
        records = size = 0
        while self.slots and self.slots[0].finished:
            slot = self.slots.popleft()
            slot.acknowledge()
            records, size = records + 1, size + slot.record.size
        return records, size


class Worker(Generic[In, Out]):
    """Takes records, runs the stage on them, publishes, and acknowledges strictly in offset order per partition."""

    def __init__(
        self,
        stage: Stage[In, Out],
        settings: RuntimeSettings,
        publish: Publish,
        gate: Gate,
        health: Health,
        on_impossible: Callable[[str], None],
        rand: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._stage = stage
        self._settings = settings
        self._publish = publish
        self._gate = gate
        self._health = health
        self._on_impossible = on_impossible
        self._rand = rand
        self._sleep = sleep
        self._backoff = Backoff(settings.retry_first_seconds, settings.retry_most_seconds)
        self._running = asyncio.Semaphore(settings.max_in_flight)
        self._lines: dict[Hashable, _Line] = {}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._waiting: set[asyncio.Task[Any] | None] = set()
        self._taken = 0
        self._taken_bytes = 0
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()

    async def take(self, record: Record, acknowledge: Callable[[], None], generation: Hashable) -> None:
        """Take a record up; returns when there is room for the next.

        `acknowledge` is called once the record has had its outcome and so have all before it in its partition.
        """
        slot = _Slot(record, acknowledge)
        line = self._lines.setdefault(generation, _Line())
        line.slots.append(slot)
        self._count(1, record.size)
        message = decode(self._stage.source, record)
        lane = self._lane_of(message) or str(record)
        before = self._lanes.get(lane)
        task = asyncio.create_task(
            self._run(slot, line, generation, message, before), name=f"{self._stage.name} {record}"
        )
        slot.task = self._lanes[lane] = task
        task.add_done_callback(lambda done: self._lanes.pop(lane) if self._lanes.get(lane) is done else None)
        await self._room.wait()
        await self._gate.wait()

    @property
    def in_flight(self) -> int:
        """Records taken and not yet acknowledged."""
        return self._taken

    async def drain(self, seconds: float, *, begun_only: bool = False) -> bool:
        """Wait for what was taken; whether all of it ended in time.

        With `begun_only`, what waits is given up: for its turn, as a full window can be minutes of work, for the
        end of an outage, or for a paused stage.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            slots = [slot for line in self._lines.values() for slot in line.slots]
            tasks = {slot.task: slot for slot in slots if slot.task and not slot.task.done()}
            if begun_only:
                for task, slot in tasks.items():
                    if not slot.begun or task in self._waiting:
                        task.cancel()
            left = deadline - asyncio.get_running_loop().time()
            if not tasks or left <= 0:
                return not tasks
            await asyncio.wait(tasks, timeout=min(left, LOOK_AGAIN_SECONDS))

    async def abandon(self, generations: Callable[[Hashable], bool] = lambda _: True) -> list[Record]:
        """Cancel what is still in flight, unacknowledged, so that it comes again; the records given up."""
        lost: list[Record] = []
        tasks: list[asyncio.Task[None]] = []
        for generation in [g for g in self._lines if generations(g)]:
            line = self._lines.pop(generation)
            for slot in line.slots:
                lost.append(slot.record)
                self._count(-1, -slot.record.size)
                if slot.task and not slot.task.done():
                    slot.task.cancel()
                    tasks.append(slot.task)
            line.slots.clear()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        return lost

    def _count(self, records: int, size: int) -> None:
        self._taken += records
        self._taken_bytes += size
        self._health.took(records)
        if self._taken < self._settings.window_records and self._taken_bytes < self._settings.window_bytes:
            self._room.set()
        else:
            self._room.clear()

    async def _run(
        self, slot: _Slot, line: _Line, generation: Hashable, message: In | Exception, before: asyncio.Task[None] | None
    ) -> None:
        started = time.monotonic()
        try:
            if before is not None:
                await asyncio.wait([before])
            async with self._running:
                slot.begun = True
                outcome = await self._finish(slot.record, message)
        except asyncio.CancelledError:
            raise  # never acknowledged: it will come again
        except Impossible as error:
            self._on_impossible(str(error))
            return
        except BaseException as error:  # the policy above has no way to end like this
            self._on_impossible(f"{type(error).__name__} outside of a stage's own code: {error}")
            return
        self._report(slot.record, outcome, time.monotonic() - started)
        slot.finished = True
        records, size = line.settle()
        self._count(-records, -size)
        if not line.slots and self._lines.get(generation) is line:
            del self._lines[generation]

    async def _finish(self, record: Record, message: In | Exception) -> Outcome:
        """Try until the record has an outcome and the broker has what follows from it."""
        outcome: Outcome | None = None
        attempt, held = 0, False
        try:
            while True:
                attempt += 1
                try:
                    if outcome is None:
                        outcome = await step(self._stage, record, message, utc_now())
                    await self._deliver(outcome)
                    return outcome
                except TooLarge:
                    if isinstance(message, Exception) or outcome is None or outcome.name != "done":
                        raise Impossible(
                            f"the broker refuses the size of {outcome and outcome.name} {record}"
                        ) from None
                    now = utc_now()
                    refused = refusal(
                        self._stage, message, "too-large", "the broker refuses an output of this size", now
                    )
                    outcome = rejected(self._stage, record, refused)
                except Transient as error:
                    metrics.RETRIES.labels(self._stage.name).inc()
                    self._health.progressed()
                    if attempt >= self._settings.hold_after_attempts and not held:
                        held = True
                        self._hold(1, str(error))
                    logs.logger().warning(
                        "again", stage=self._stage.name, record=str(record), attempt=attempt, why=str(error)
                    )
                    await self._idle(self._sleep(self._backoff.delay(attempt, self._rand)))
        finally:
            if held:
                self._hold(-1, "")

    def _lane_of(self, message: In | Exception) -> str | None:
        if isinstance(message, Exception):
            return None
        try:
            return self._stage.lane(message)
        except Exception:
            return None  # what is wrong with it, the stage itself will say

    def _hold(self, change: int, why: str) -> None:
        self._held += change
        metrics.HELD.labels(self._stage.name).set(self._held)
        if self._held:
            self._health.block("held", why or "records are held")
        else:
            self._health.clear("held")

    async def _deliver(self, outcome: Outcome) -> None:
        if outcome.name != "dead-lettered":
            if outcome.send is not None:
                await self._publish(outcome.send)
            await self._gate.good()
            return
        await self._idle(self._gate.wait())
        assert outcome.send is not None
        if outcome.send.size > outcome.send.max_bytes:
            raise Impossible(f"a dead letter of {outcome.send.size} bytes does not fit {outcome.send.topic}")
        try:
            await self._publish(outcome.send)
        except TooLarge:
            raise Impossible(f"{outcome.send.topic} refuses a dead letter of {outcome.send.size} bytes") from None
        await self._gate.bad()

    async def _idle(self, wait: Awaitable[Any]) -> None:
        """Wait for what is no work of ours."""
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            await wait
        finally:
            self._waiting.discard(task)

    def _report(self, record: Record, outcome: Outcome, seconds: float) -> None:
        report(self._stage.name, self._stage.event, record, outcome, seconds)
        self._health.progressed()


def report(stage: str, event: str | None, record: Record, outcome: Outcome, seconds: float) -> None:
    """Count the outcome, once, and write its log line."""
    metrics.RECORDS.labels(stage, outcome.name, outcome.reason).inc()
    metrics.PROCESSING_SECONDS.labels(stage).observe(seconds)
    if outcome.source:
        happened = event if outcome.name == "done" else "rejected" if outcome.name == "rejected" else None
        if happened:
            metrics.SOURCE_ARTICLES.labels(outcome.source, happened).inc()
    if outcome.name == "dead-lettered":
        metrics.DEAD_LETTERS.labels(stage, outcome.reason).inc()
    log = logs.logger().error if outcome.name == "dead-lettered" else logs.logger().info
    log(
        outcome.name,
        stage=stage,
        reason=outcome.reason or None,
        detail=outcome.detail or None,
        source=outcome.source,
        key=(record.key or b"").decode("utf-8", "replace"),
        sent_key=outcome.send and (outcome.send.key or b"").decode("utf-8", "replace"),
        record=str(record),
        trace_id=trace_id(record.traceparent),
        seconds=round(seconds, 3),
    )
