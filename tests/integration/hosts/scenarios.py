"""What happens to workers and their records in each scenario; the tests say what ought to come of it."""

import asyncio
import json
import random
import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace

from aiokafka.errors import MessageSizeTooLargeError
from hosts.behaviours import Task, make_stage, source
from hosts.bench import TRACEPARENT, Bench, Worker, headers_of, until

from services.console.local.kafka import LocalKafka
from services.contracts.topics import REJECTIONS
from services.runtime.hosts.memory import MemoryHost
from services.runtime.pool import ProcessPool
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Record
from services.runtime.topics import TopicSettings, applied

WELL_BEHIND_THE_SLOW_ONE = range(1, 10)
MIXED = (
    Task(id=20),
    b"{no message",
    Task(id=21, do="reject"),
    Task(id=22, do="raise"),
    Task(id=23, do="transient", times=2),
    Task(id=24, do="crash"),
    Task(id=25, do="hang"),
    Task(id=26, size=2 * 1024 * 1024),
    Task(id=27, seconds=0.1),
)
HELD = 30
REPLAYED = 40
"""Comes from the replays, behind a record that is no message, into a partition whose source stands still."""
HELD_SECONDS = 5.0
"""Longer than the workers' session and their rebalance timeout."""


def tasks(count: int, start: int = 0, **how: object) -> list[Task]:
    """That many tasks of one kind."""
    return [Task(id=i, **how) for i in range(start, start + count)]  # type: ignore[arg-type]


async def every_behaviour(bench: Bench) -> SimpleNamespace:
    """One worker meets every kind of record at once."""
    if bench.host == "memory":
        return await _every_behaviour_in_memory(bench.folder)
    slow, held = bench.folder / f"{bench.name}-slow", bench.folder / f"{bench.name}-held"
    await bench.create(partitions=3)
    await bench.send(0, [Task(id=0, do="wait", file=str(slow)), *map(_well, WELL_BEHIND_THE_SLOW_ONE)])
    await bench.send(1, MIXED)
    await bench.send(2, [Task(id=HELD, do="hold", file=str(held)), *tasks(5, 31)])
    await bench.send(0, [b"{a replay", Task(id=REPLAYED)], to="replays")
    worker = bench.worker()
    await worker.started()

    async def others_ended() -> bool:
        done = set(await bench.outputs())
        replays = (await bench.committed("replays"))[0]
        behind = {*WELL_BEHIND_THE_SLOW_ONE, *range(31, 36)}
        return (await bench.committed())[1] >= len(MIXED) and replays == 2 and done >= behind

    await until(others_ended, "the end of all records but two")
    before, replays_before = await bench.committed(), await bench.committed("replays")

    async def held_long_enough() -> bool:
        return time.monotonic() - started > HELD_SECONDS and worker.get("/readyz")[0] == 503

    started = time.monotonic()
    await until(held_long_enough, "a record that is held")
    ready_while_held, alive_while_held = worker.get("/readyz"), worker.get("/healthz")
    members_while_held = await bench.members()
    slow.touch()
    held.touch()
    await until(bench.all_committed, "the end of all records")
    outcomes = {o: worker.metric(f'xabar_records_total{{outcome="{o}"') for o in ("done", "rejected", "dead-lettered")}

    async def ready() -> bool:
        return worker.get("/readyz")[0] == 200

    await until(ready, "readiness")
    return SimpleNamespace(
        outputs=await bench.outputs(),
        output_headers=[headers_of(r) for r in await bench.output_records()],
        letters=[(r.value, headers_of(r)) for r in await bench.letters()],
        rejections=await bench.rejections(),
        committed_before=before,
        committed_replays_before=replays_before[0],
        committed=await bench.committed(),
        outcomes=outcomes,
        ready_while_held=ready_while_held,
        alive_while_held=alive_while_held,
        members_while_held=members_while_held,
        again=len(worker.lines("again")),
        exit_code=await worker.stop(),
    )


async def _every_behaviour_in_memory(folder: Path) -> SimpleNamespace:
    slow, held = folder / "memory-slow", folder / "memory-held"
    pool = ProcessPool(workers=2, timeout_seconds=1)
    stage = make_stage("memory", pool)
    host = MemoryHost(stage, RuntimeSettings(retry_first_seconds=0.05, retry_most_seconds=0.2, hold_after_attempts=3))
    values: list[tuple[int, list[Task | bytes]]] = [
        (0, [Task(id=0, do="wait", file=str(slow)), *map(_well, WELL_BEHIND_THE_SLOW_ONE)]),
        (1, list(MIXED)),
        (2, [Task(id=HELD, do="hold", file=str(held)), *tasks(5, 31)]),
    ]
    traced = (("traceparent", TRACEPARENT.encode()),)
    records = [
        Record(f"{stage.name}-replays", 0, offset, b"k", value, traced, 0)
        for offset, value in enumerate((b"{a replay", Task(id=REPLAYED).encode()))
    ] + [
        Record(
            stage.source.name, p, offset, b"k", v if isinstance(v, bytes) else v.encode(),
            traced, 0,
        )
        for p, list_of in values
        for offset, v in enumerate(list_of)
    ]  # fmt: skip
    running = asyncio.create_task(host.run(records))

    async def others_ended() -> bool:
        return len(host.published["memory-out"]) >= 9 + 5 + 4 and host.committed.get(1) == len(MIXED)

    await until(others_ended, "the end of all records but two")
    before, replays_before = {p: host.committed.get(p, 0) for p in range(3)}, host.committed_replays.get(0)

    async def is_held() -> bool:
        return "held" in host.health.obstacles()

    await until(is_held, "a record that is held")
    ready_while_held, alive = host.health.obstacles(), host.health.alive()
    slow.touch()
    held.touch()
    assert await running
    await asyncio.to_thread(pool.close)
    return SimpleNamespace(
        outputs=[json.loads(o.value or b"")["id"] for o in host.published["memory-out"]],
        output_headers=[{k: v.decode() for k, v in o.headers} for o in host.published["memory-out"]],
        letters=[(o.value, {k: v.decode() for k, v in o.headers}) for o in host.published["memory-dlq"]],
        rejections=[json.loads(o.value or b"") for o in host.published[REJECTIONS.name]],
        committed_before=before,
        committed_replays_before=replays_before,
        committed=host.committed,
        outcomes=None,
        ready_while_held=(503, str(ready_while_held)),
        alive_while_held=(200 if alive is None else 503, str(alive)),
        members_while_held=1,
        again=3,
        exit_code=0,
    )


def _well(number: int) -> Task:
    return Task(id=number)


async def killed_again_and_again(bench: Bench, messages: int = 600, kills: int = 4) -> SimpleNamespace:
    """Two workers, one of them killed again and again while its results are published and not yet committed."""
    dice = random.Random(7)
    await bench.create(partitions=3)
    for partition in range(3):
        of_both = tasks(messages // 3, partition * (messages // 3), seconds=0.03)
        await bench.send(partition, of_both[::2])
        await bench.send(partition, of_both[1::2], to="replays")
    # The first to be killed commits nothing but when its group changes.
    workers = [bench.worker(COMMIT_SECONDS=every, KAFKA_SESSION_TIMEOUT_SECONDS="1") for every in ("60", "0.3")]
    await asyncio.gather(*(worker.started() for worker in workers))
    for _ in range(kills):
        goal = len(await bench.outputs()) + dice.randint(30, 90)

        async def enough(goal: int = goal) -> bool:
            return len(await bench.outputs()) >= goal

        await until(enough, f"{goal} results", every=0.02)
        workers.pop(0).kill()
        workers.append(bench.worker(COMMIT_SECONDS="0.3", KAFKA_SESSION_TIMEOUT_SECONDS="1"))
    await until(bench.all_committed, "the end of all records")
    await asyncio.gather(*(worker.started() for worker in workers))
    outputs = await bench.outputs()
    return SimpleNamespace(
        kills=kills,
        lost=sorted(set(range(messages)) - set(outputs)),
        repeats=len(outputs) - len(set(outputs)),
        letters=len(await bench.letters()),
        messages=messages,
        exit_codes=[await worker.stop() for worker in workers],
    )


async def joined_by_a_second(bench: Bench) -> SimpleNamespace:
    """A second worker joins while work is in flight, and while a record is held and one is stuck for a while."""
    held, stuck = bench.folder / f"{bench.name}-held", bench.folder / f"{bench.name}-stuck"
    await bench.create(partitions=4)
    await bench.send(0, [Task(id=0, do="hold", file=str(held)), Task(id=1, do="wait", file=str(stuck))])
    for partition in range(4):
        await bench.send(partition, tasks(60, 100 + 100 * partition, seconds=0.2))
    first = bench.worker(MAX_IN_FLIGHT="8")
    await first.started()

    async def working() -> bool:
        return len(await bench.outputs()) >= 20

    await until(working, "20 results")
    second = bench.worker(MAX_IN_FLIGHT="8")
    await second.started()
    for partition in range(4):
        await bench.send(partition, tasks(20, 160 + 100 * partition, seconds=0.2))

    async def shared() -> bool:
        return await bench.members() == 2 and all(w.metric("xabar_records_total") > 0 for w in (first, second))

    await until(shared, "two workers at work")
    held.touch()
    stuck.touch()
    await until(bench.all_committed, "the end of all records")
    outputs = await bench.outputs()
    return SimpleNamespace(
        lost=sorted({0, 1, *(100 + 100 * p + i for p in range(4) for i in range(80))} - set(outputs)),
        repeats=len(outputs) - len(set(outputs)),
        exit_codes=[await first.stop(), await second.stop()],
    )


async def broker_killed(bench: Bench) -> SimpleNamespace:
    """The broker is killed under a working worker, stays away until the worker has noticed, and comes back."""
    with LocalKafka(bench.folder / f"broker-{bench.host}", group_min_session_timeout_ms=1000) as broker:
        await provide(broker.bootstrap)
        async with Bench(broker.bootstrap, bench.host, bench.folder) as own:
            await own.create(partitions=3)
            for partition in range(3):
                await own.send(partition, tasks(150, 150 * partition, seconds=0.1))
            worker = own.worker(KAFKA_REQUEST_TIMEOUT_SECONDS="4")

            async def working() -> bool:
                return len(await own.outputs()) >= 60

            await until(working, "60 results")
            await asyncio.to_thread(broker.kill)

            async def noticed() -> bool:
                return worker.process.poll() is not None or "broker" in worker.get("/readyz")[1]

            await until(noticed, "a worker that notices")
            alive = worker.get("/healthz")[0]
            await asyncio.to_thread(broker.start)
            await until(own.all_committed, "the end of all records")

            async def ready() -> bool:
                return worker.get("/readyz")[0] == 200

            await until(ready, "readiness")
            outputs = await own.outputs()
            return SimpleNamespace(
                alive=alive,
                lost=sorted(set(range(450)) - set(outputs)),
                repeats=len(outputs) - len(set(outputs)),
                letters=len(await own.letters()),
                exit_code=await worker.stop(),
            )


async def ended_in_good_order(bench: Bench) -> SimpleNamespace:
    """SIGTERM with work in flight; before that, a loop that a stage blocks."""
    blocked = bench.folder / f"{bench.name}-blocked"
    await bench.create()
    worker = bench.worker(MAX_IN_FLIGHT="8", DRAIN_SECONDS="10")
    await worker.started()
    await bench.send(0, [Task(id=0, do="block", seconds=3, started=str(blocked))])

    async def is_blocked() -> bool:
        return blocked.exists()

    await until(is_blocked, "a blocked loop", every=0.02)
    answers = {path: worker.get(path, timeout=2) for path in ("/metrics", "/healthz", "/readyz")}
    answered_in_time = not await bench.outputs()
    await bench.send(0, tasks(99, 1, seconds=1.5))

    async def in_flight() -> bool:
        return worker.metric("xabar_in_flight_records") >= 50

    await until(in_flight, "50 records taken")
    before = (await bench.committed())[0]
    code = await worker.stop()
    return SimpleNamespace(
        answers=answers,
        answered_in_time=answered_in_time,
        committed_before=before,
        outputs=await bench.outputs(),
        committed=(await bench.committed())[0],
        exit_code=code,
    )


async def stuck_at_the_deadline(bench: Bench) -> SimpleNamespace:
    """SIGTERM while a transform never ends."""
    await bench.create()
    await bench.send(0, [Task(id=0, do="wait", file=str(bench.folder / "never")), *tasks(3, 1)])
    worker = bench.worker(DRAIN_SECONDS="2")

    async def in_flight() -> bool:
        return sorted(await bench.outputs()) == [1, 2, 3]

    await until(in_flight, "results behind the stuck one")
    code = await worker.stop()
    return SimpleNamespace(exit_code=code, committed=(await bench.committed())[0], said=worker.lines("process ends"))


async def letter_refused(bench: Bench) -> SimpleNamespace:
    """The topic of dead letters takes none of them."""
    await bench.create(letter_bytes=100)
    await bench.send(0, [Task(id=0), Task(id=1, do="raise"), *tasks(3, 2)])
    worker = bench.worker()
    code = await worker.ended(60)
    return SimpleNamespace(exit_code=code, committed=(await bench.committed())[0], said=worker.lines("process ends"))


async def largest_record_dies(bench: Bench) -> SimpleNamespace:
    """The largest record that the topic takes is no message."""
    await bench.create()
    overhead = 120
    while not bench.sent:
        try:
            await bench.send(0, [b"{" * (source(bench.name).max_message_bytes - overhead)])
        except MessageSizeTooLargeError:
            overhead += 1
    await bench.send(0, tasks(1, 1))
    worker = bench.worker()
    await until(bench.all_committed, "the end of all records")
    [letter] = await bench.letters()
    return SimpleNamespace(
        refused_sizes=overhead - 120,
        letter=letter,
        size=source(bench.name).max_message_bytes - overhead,
        outputs=await bench.outputs(),
        exit_code=await worker.stop(),
    )


async def session_refused(bench: Bench) -> SimpleNamespace:
    """The session timeout is shorter than the broker allows."""
    await bench.create()
    worker = bench.worker(KAFKA_SESSION_TIMEOUT_SECONDS="0.5", KAFKA_JOIN_TIMEOUT_SECONDS="8")
    code = await worker.ended(60)
    return SimpleNamespace(exit_code=code, said=worker.lines("can't run"))


async def topic_missing(bench: Bench) -> SimpleNamespace:
    """One of the stage's topics does not exist."""
    await bench.create(without="-out")
    worker = bench.worker(KAFKA_JOIN_TIMEOUT_SECONDS="1")
    code = await worker.ended(60)
    return SimpleNamespace(exit_code=code, said=worker.lines("can't run"), name=bench.name)


async def budget_spent(bench: Bench) -> SimpleNamespace:
    """Bad records one after another pause the stage; it is ended, started again, and resumed by the console."""
    settings = {"DEAD_LETTER_MOST_IN_A_ROW": "3", "MAX_IN_FLIGHT": "1", "DRAIN_SECONDS": "1"}
    await bench.create()
    await bench.send(0, [*tasks(4, 0, do="raise"), *tasks(5, 10)])
    first = bench.worker(**settings)
    await first.started()

    async def paused(worker: Worker = first) -> bool:
        return "xabar resume" in worker.get("/readyz")[1]

    await until(paused, "a pause")

    async def three_committed() -> bool:
        return (await bench.committed())[0] == 3

    await until(three_committed, "the commit of the three that died")
    alive = first.get("/healthz")[0]
    exit_code_of_the_first = await first.stop()
    letters_of_the_first = len(await bench.letters())
    second = bench.worker(**settings)
    await second.started()
    await until(lambda: paused(second), "a pause after the restart")
    not_before = len(await bench.letters())
    outputs_before = await bench.outputs()
    await bench.resume()
    await until(bench.all_committed, "the end of all records")

    async def ready() -> bool:
        return second.get("/readyz")[0] == 200

    await until(ready, "readiness")
    return SimpleNamespace(
        alive=alive,
        exit_code_of_the_first=exit_code_of_the_first,
        letters_of_the_first=letters_of_the_first,
        letters_before_resuming=not_before,
        outputs_before_resuming=outputs_before,
        letters=len(await bench.letters()),
        outputs=sorted(await bench.outputs()),
        exit_code=await second.stop(),
    )


async def batches(bench: Bench) -> SimpleNamespace:
    """Batches meet an outage, two bad records, a second worker and the SIGKILL of the first."""
    shelf = bench.folder / f"{bench.name}.sqlite"
    await bench.create(partitions=2)
    await bench.send(0, [*tasks(50, 0, seconds=0.4), b"{no message", *tasks(50, 50, seconds=0.4)])
    await bench.send(1, [*tasks(50, 100, seconds=0.4), Task(id=999, do="raise"), *tasks(49, 150, seconds=0.4)])
    first = bench.worker(SUITE_SHELF=str(shelf), KAFKA_SESSION_TIMEOUT_SECONDS="1")

    def rows() -> dict[int, int]:
        with sqlite3.connect(shelf) as database:
            return dict(database.execute("SELECT id, times FROM shelf"))

    async def some() -> bool:
        return shelf.exists() and len(rows()) >= 40

    await first.started()
    await until(some, "40 rows", every=0.02)
    again = len(first.lines("again"))
    second = bench.worker(SUITE_SHELF=str(shelf), KAFKA_SESSION_TIMEOUT_SECONDS="1")
    await second.started()
    first.kill()
    await until(bench.all_committed, "the end of all records")
    return SimpleNamespace(
        again=again,
        rows=rows(),
        letters=[(r.value, headers_of(r)) for r in await bench.letters()],
        exit_code=await second.stop(),
    )


async def batch_budget_spent(bench: Bench) -> SimpleNamespace:
    """Bad records in a row pause a stage of batches; it is resumed, paused again, and ended while it is paused."""
    await bench.create()
    await bench.send(0, [*tasks(4, 0, do="raise"), *tasks(5, 10)])
    worker = bench.worker(
        SUITE_SHELF=str(bench.folder / f"{bench.name}.sqlite"), DEAD_LETTER_MOST_IN_A_ROW="3", DRAIN_SECONDS="20"
    )
    await worker.started()

    async def paused() -> bool:
        return "xabar resume" in worker.get("/readyz")[1]

    await until(paused, "a pause")
    letters, committed = len(await bench.letters()), (await bench.committed())[0]
    await bench.resume()
    await until(bench.all_committed, "the end of all records")
    letters_after = len(await bench.letters())
    await bench.send(0, tasks(4, 20, do="raise"))
    await until(paused, "another pause")
    began = time.monotonic()
    code = await worker.stop()
    return SimpleNamespace(
        letters=letters,
        committed=committed,
        letters_after_resuming=letters_after,
        letters_at_the_end=len(await bench.letters()),
        exit_code=code,
        seconds_to_end=time.monotonic() - began,
    )


async def provide(bootstrap: str) -> None:
    """The topics that all stages share."""
    await applied(TopicSettings(kafka_bootstrap_servers=bootstrap, topics_partitions=1))


class LongHold:
    """A worker that holds one record longer than any client's default of how long it may not poll."""

    seconds = 310.0

    def __init__(self, bootstrap: str, host: str, folder: Path) -> None:
        self._bench = Bench(bootstrap, host, folder)
        self._file = folder / f"long-hold-{host}"
        self._began = 0.0

    async def begin(self) -> None:
        """Start it and see it hold; it is left running."""
        async with self._bench as bench:
            await bench.create(partitions=2)
            # The window is full behind the held record, so the host takes no more: that is what a client minds.
            await bench.send(0, [Task(id=0, do="hold", file=str(self._file)), *tasks(40, 1)])
            worker = bench.worker(WINDOW_RECORDS="8", RETRY_MOST_SECONDS="5")
            await worker.started()

            async def is_held() -> bool:
                return "held" in worker.get("/readyz")[1]

            await until(is_held, "a held record")
            self._began = time.monotonic()
            self._worker = bench.workers.pop()

    async def end(self) -> SimpleNamespace:
        """When the time has come, let the record go and see what became of the worker."""
        await asyncio.sleep(max(0.0, self._began + self.seconds - time.monotonic()))
        async with Bench(self._bench.bootstrap, self._bench.host, self._bench.folder, self._bench.name) as bench:
            bench.partitions, bench.sent = self._bench.partitions, self._bench.sent
            bench.workers.append(self._worker)
            alive, members = self._worker.get("/healthz"), await bench.members()
            committed = (await bench.committed())[0]
            self._file.touch()
            await until(bench.all_committed, "the end of all records")
            # A worker that only looks alive takes up nothing new.
            await bench.send(1, tasks(10, 100))
            await until(bench.all_committed, "the end of new records")
            return SimpleNamespace(
                alive=alive,
                members=members,
                committed_while_held=committed,
                outputs=await bench.outputs(),
                exit_code=await self._worker.stop(),
            )

    def kill(self) -> None:
        """Leave nothing running."""
        self._worker.kill()
