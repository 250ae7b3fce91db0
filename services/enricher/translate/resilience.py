"""Patience around an engine: retries, breaker, pace and budget, so that an answer or a reason comes in time."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.contracts.sources import Lane
from services.enricher.translate.batching import BatchSize, batches
from services.enricher.translate.breaker import STATES, Breaker, BreakerBounds, State, Ticket
from services.enricher.translate.budget import Budget
from services.enricher.translate.engine import (
    BadAnswer,
    Bounds,
    Broken,
    Busy,
    DataPolicy,
    Denied,
    Engine,
    EngineFault,
    Refused,
    Spent,
    TooMuch,
)
from services.enricher.translate.pace import Pace
from services.runtime import logs, metrics

MOST_RETRY_AFTER_SECONDS = 86_400.0
"""However long an engine wants to be left alone, it is asked again after a day."""
BAD_ALONE = 2
"""Sentences of a batch that get no good answer alone, before any other did: then the fault is the engine's."""
MOST_BAD_ALONE = 16
"""Where others did; then what is left of the batch is refused."""
MOST_REASON_CHARS = 300
_OUTCOMES: tuple[tuple[type[EngineFault], str], ...] = (
    (Busy, "busy"),
    (Spent, "spent"),
    (Denied, "denied"),
    (BadAnswer, "bad-answer"),
)

Answers = list[str | Refused]


class Unavailable(Exception):
    """There is no answer to be had in time; in words why. `done`: the answers for the first units that there were."""

    def __init__(self, reason: str, done: Sequence[str | Refused] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.done = tuple(done)


@dataclass(frozen=True)
class Patience:
    """How an engine is dealt with; seconds throughout."""

    at_once: int = 4
    """Calls under way."""
    calls_per_second: float | None = None
    tries: int = 4
    """Of one call that meets a fault that may pass."""
    first_pause: float = 0.5
    """The most before the second try; doubles with each, and any part of it is taken (full jitter).

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    most_pause: float = 20.0
    fair_seconds: float = 10.0
    """A call that the deadline cuts off sooner says nothing about the engine."""
    open_seconds: float = 60.0
    """For the engine's start."""
    reopen_seconds: float = 30.0
    """Until another start, where it broke."""
    denied_seconds: float = 600.0
    """Until another start, where it will not serve us as we are."""
    breaker: BreakerBounds = field(default_factory=BreakerBounds)


@dataclass(frozen=True)
class _Order:
    """What all calls for one text have in common."""

    source: str
    target: str
    deadline: float
    lane: Lane
    headline: bool


class Patient:
    """An Engine whose faults are waited out within a deadline. It raises Unavailable, and nothing else of an engine's.

    It is opened by `ready`, and again from time to time by a task of its own where that failed.
    """

    def __init__(
        self,
        engine: Engine,
        patience: Patience | None = None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`clock`: monotonic seconds, in which deadlines are given. `chance`: numbers in [0, 1)."""
        self._engine = engine
        self._patience = patience or Patience()
        self._budget = budget
        self._clock = clock
        self._now = now
        self._chance = chance
        self._size = BatchSize(engine.bounds)
        self._pace = Pace(self._patience.at_once, self._patience.calls_per_second, clock)
        self._breaker = Breaker(self._patience.breaker, self._show)
        self._tried = asyncio.Event()
        self._once_open = False
        self._shut: str | None = f"{engine.name}: it was not opened yet"
        self._complaint: str | None = None
        self._spent_until = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._show(self._breaker.state)

    @property
    def name(self) -> str:
        """The engine's."""
        return self._engine.name

    @property
    def policy(self) -> DataPolicy:
        """The engine's."""
        return self._engine.policy

    @property
    def bounds(self) -> Bounds:
        """Of one unit, to whoever cuts a text; batches are made here."""
        return self._engine.bounds

    @property
    def at_once(self) -> int:
        """Calls that may be under way."""
        return self._patience.at_once

    @property
    def rationed(self) -> bool:
        """Whether there is a budget of characters."""
        return self._budget is not None

    def model(self, source: str, target: str) -> str | None:
        """The engine's model for the pair; None where it has none, or was never opened."""
        return self._engine.model(source, target) if self._once_open else None

    def why_not(self) -> str | None:
        """Why there would be no answer just now, whatever the pair; None where there may be one."""
        now = self._clock()
        if self._shut is not None:
            return self._shut
        if now < self._spent_until:
            return f"{self.name}: its quota is used up, for {_length(self._spent_until - now)} still"
        if not self._breaker.admits(now):
            wait = self._breaker.seconds_left(now)
            again = f"it is asked again in {_length(wait)}" if wait else "it is being tried just now"
            return f"{self.name}: it failed too often, {again}"
        return None

    async def ready(self) -> None:
        """Open the engine, at the first call; who comes later learns what came of it.

        Raises Unavailable where it was never open.
        """
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_opening(0.0))
        await self._tried.wait()
        if not self._once_open:
            raise Unavailable(self._shut or self.name)

    async def close(self) -> None:
        """Let go of the engine."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._engine.close()

    async def translate(
        self,
        units: Sequence[str],
        source: str,
        target: str,
        deadline: float,
        lane: Lane = "live",
        headline: bool = False,
    ) -> Answers:
        """A translation for each unit, in order, or why it has none; over by `deadline`, on the clock given.

        Raises Unavailable.
        """
        order = _Order(source, target, deadline, lane, headline)
        done: Answers = []
        try:
            async with self._until(deadline):
                await self.ready()
            while len(done) < len(units):
                batch = next(batches(units[len(done) :], self._size.bounds))
                await self._whole_or_split(batch, order, done)
        except Unavailable as why:
            raise Unavailable(why.reason, done) from why.__cause__
        return done

    async def _whole_or_split(self, batch: Sequence[str], order: _Order, done: Answers) -> None:
        """Add the batch's answers in order; after a bad one it is asked for again, then for halves of it.

        Raises Unavailable where sentences get no good answer even alone, and none of the batch has got one.
        """
        good: list[int] = []
        bad: list[int] = []
        try:
            await self._split(batch, order, done, good, bad)
        finally:
            self._size.learn(good, bad)
        if bad and not good:
            self._breaker.fault(self._clock())

    async def _split(self, batch: Sequence[str], order: _Order, done: Answers, good: list[int], bad: list[int]) -> None:
        """`good` and `bad` are told how many sentences each call had. Raises Unavailable."""
        waiting = [batch]
        began, alone = len(done), 0
        while waiting:
            part = waiting.pop()
            if alone == MOST_BAD_ALONE or len(part[0]) > self.bounds.unit_chars:
                done += [Refused("refused")] * len(part)
                continue
            try:
                answers = await self._asked_again(part, order)
                done += answers
                good.append(len(part))
                alone += len(part) == 1 and isinstance(answers[0], Refused)
            except TooMuch as fault:
                given = fault.done[: len(part)]
                bad.append(len(part))
                good += [len(given)] if given else []
                done += given or ([Refused("refused")] if len(part) == 1 else [])
                if given or len(part) > 1:
                    waiting += _in_two(part[len(given) :], halve=not given)
            except BadAnswer as fault:
                bad.append(len(part))
                if bad == [len(batch)]:
                    waiting.append(part)
                elif len(part) > 1:
                    waiting += _in_two(part)
                else:
                    done.append(Refused("refused"))
                    alone += 1
                    if good or (waiting and alone < BAD_ALONE):
                        continue
                    if waiting and await self._has_answer(waiting[0][-1:], order):
                        good.append(1)
                        continue
                    self._complain(fault)
                    if alone == BAD_ALONE:
                        del done[began:]
                        self._breaker.fault(self._clock())
                        raise Unavailable(self._reason(fault)) from fault

    async def _has_answer(self, units: Sequence[str], order: _Order) -> bool:
        """Whether other sentences fare better: two that are odd are no fault of the engine. Raises Unavailable."""
        try:
            await self._asked_again(units, order)
        except BadAnswer:
            return False
        return True

    def _complain(self, fault: EngineFault) -> None:
        reason = self._reason(fault)
        if reason != self._complaint:
            logs.logger().warning("a translation engine's answers are of no use", engine=self.name, why=reason)
        self._complaint = reason

    async def _asked_again(self, units: Sequence[str], order: _Order) -> Answers:
        """An answer, be it at the last try. Raises BadAnswer and Unavailable."""
        attempt = 0
        while True:
            try:
                return await self._asked_once(units, order)
            except BadAnswer:
                raise
            except EngineFault as fault:
                attempt += 1
                pause = self._pause(attempt, fault)
                if (
                    isinstance(fault, (Spent, Denied))
                    or attempt >= self._patience.tries
                    or self._clock() + pause >= order.deadline
                    or not self._breaker.admits(self._clock())
                ):
                    raise Unavailable(self._reason(fault)) from fault
            await asyncio.sleep(pause)

    def _pause(self, attempt: int, fault: EngineFault) -> float:
        most = min(self._patience.most_pause, self._patience.first_pause * 2.0 ** min(attempt - 1, 32))
        return max(self._chance() * most, _retry_after(fault) or 0.0)

    async def _asked_once(self, units: Sequence[str], order: _Order) -> Answers:
        """One call, when its turn has come. Raises EngineFault and Unavailable."""
        if (why := self.why_not()) is not None:
            raise Unavailable(why)
        if self._clock() >= order.deadline:
            raise Unavailable(f"{self.name}: no time left to ask it")
        if self._pace.held_until >= order.deadline:
            raise Unavailable(f"{self.name}: it wants fewer calls")
        async with self._until(order.deadline) as limit, self._pace.turn():
            why = self.why_not()  # much may have happened before this turn
            ticket = self._breaker.enter(self._clock()) if why is None else None
            if ticket is None:
                raise Unavailable(why or self.name)
            return await self._counted(units, order, ticket, limit)

    @asynccontextmanager
    async def _until(self, deadline: float) -> AsyncIterator[asyncio.Timeout]:
        """What is in it is cancelled at the deadline. Raises Unavailable then."""
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock())) as limit:
                yield limit
        except TimeoutError:
            raise Unavailable(f"{self.name}: no answer in time") from None

    async def _counted(self, units: Sequence[str], order: _Order, ticket: Ticket, limit: asyncio.Timeout) -> Answers:
        """The engine's answer, once the budget has room for it. Raises EngineFault and Unavailable."""
        chars = sum(map(len, units))
        settled = False
        try:
            if self._budget is not None and not await self._budget.take(chars, order.headline, order.lane):
                raise Unavailable(f"{self.name}: the characters for this day are used up")
            settled = True
        finally:
            if not settled:
                self._breaker.let_go(ticket)
        try:
            answers = await self._measured(units, order, ticket, limit)
        except (Busy, Spent, Denied):
            if self._budget is not None:  # other faults may come after the work, and on the bill
                await self._budget.give_back(chars, order.headline, order.lane)
            raise
        metrics.TRANSLATION_CHARACTERS.labels(self.name).inc(chars)
        return answers

    async def _measured(self, units: Sequence[str], order: _Order, ticket: Ticket, limit: asyncio.Timeout) -> Answers:
        """The engine's answer, and what it says about the engine. Raises EngineFault."""
        began = self._clock()
        outcome = "broken"
        try:
            answers = await self._engine.translate(units, order.source, order.target)
            if len(answers) != len(units):
                raise BadAnswer(f"{len(answers)} translations for {len(units)} sentences")
            outcome = "ok"
            self._breaker.succeeded(ticket)
            return answers
        except EngineFault as fault:
            outcome = next((name for kind, name in _OUTCOMES if isinstance(fault, kind)), "broken")
            self._take_note(fault, ticket)
            raise
        except asyncio.CancelledError:
            outcome = "timeout" if limit.expired() else ""
            if outcome and self._clock() - began >= self._patience.fair_seconds:
                self._breaker.failed(ticket, self._clock())
            else:
                self._breaker.let_go(ticket)
            raise
        except Exception as error:  # a fault that the engine's author did not think of
            self._breaker.failed(ticket, self._clock())
            raise Broken(type(error).__name__) from error
        finally:
            if outcome:
                metrics.TRANSLATION_CALLS.labels(self.name, outcome).inc()
                metrics.TRANSLATION_CALL_SECONDS.labels(self.name).observe(max(0.0, self._clock() - began))

    def _take_note(self, fault: EngineFault, ticket: Ticket) -> None:
        now, wait = self._clock(), _retry_after(fault)
        if not isinstance(fault, (Busy, Spent, Denied, BadAnswer)):
            self._breaker.failed(ticket, now, wait or 0.0)
            return
        self._breaker.let_go(ticket)  # it is there
        if isinstance(fault, Busy) and wait is not None:
            self._pace.hold(now + wait)
        elif isinstance(fault, Spent):
            self._spent_until = max(self._spent_until, now + (_until_next_day(self._now()) if wait is None else wait))
            logs.logger().warning("a translation engine's quota is used up", engine=self.name)
        elif isinstance(fault, Denied):
            self._shut_for(fault)
            if self._keeper is None or self._keeper.done():
                self._keeper = asyncio.create_task(self._keep_opening(self._before_reopening(fault)))

    async def _keep_opening(self, pause: float) -> None:
        """Until it is open."""
        while True:
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(self._patience.open_seconds):
                    await self._engine.open()
                self._shut, self._once_open = None, True
                return
            except Exception as error:  # a start that fails is no reason for the service to stop
                fault = error if isinstance(error, EngineFault) else Broken(type(error).__name__)
                self._shut_for(fault)
                pause = self._before_reopening(fault)
            finally:
                self._tried.set()

    def _before_reopening(self, fault: EngineFault) -> float:
        lasting = isinstance(fault, (Spent, Denied))
        pause = self._patience.denied_seconds if lasting else self._patience.reopen_seconds
        return max(pause, _retry_after(fault) or 0.0)

    def _shut_for(self, fault: EngineFault) -> None:
        reason = self._reason(fault)
        if reason != self._shut:
            logs.logger().warning("a translation engine can't be used", engine=self.name, why=reason)
        self._shut = reason

    def _reason(self, fault: EngineFault) -> str:
        said = str(fault).removeprefix(f"{self.name}: ") or type(fault).__name__
        return f"{self.name}: {said}"[:MOST_REASON_CHARS]

    def _show(self, state: State) -> None:
        for one in STATES:
            metrics.TRANSLATION_BREAKER.labels(self.name, one).set(one == state)


def _in_two(part: Sequence[str], halve: bool = True) -> list[Sequence[str]]:
    """What to ask for next, the last first."""
    middle = len(part) // 2 if halve else 0
    return [half for half in (part[middle:], part[:middle]) if half]


def _retry_after(fault: EngineFault) -> float | None:
    """Seconds, within reason whatever an engine says."""
    if fault.retry_after is None or math.isnan(fault.retry_after):
        return None
    return min(max(fault.retry_after, 0.0), MOST_RETRY_AFTER_SECONDS)


def _until_next_day(now: datetime) -> float:
    """Seconds, by UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def _length(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds >= 7200 else f"{max(1.0, seconds):.0f} s"
