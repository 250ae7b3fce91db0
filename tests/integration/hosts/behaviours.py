"""A stage whose records say how they want to be treated, and the program that runs it under either host."""

import asyncio
import os
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hosts import poison

from services.contracts.message import Message
from services.contracts.outcomes import Rejection
from services.contracts.topics import MiB, Topic
from services.runtime import logs
from services.runtime.pool import ProcessPool
from services.runtime.settings import RuntimeSettings, load
from services.runtime.stage import BatchStage, Stage, Transient, utc_now


class Task(Message):
    """What the stage is to do."""

    id: int
    do: str = "well"
    times: int = 0
    """Of transient faults before it is well."""
    seconds: float = 0.0
    size: int = 0
    file: str = ""
    """What is waited for."""
    started: str = ""
    """A file that is made when the work begins."""


class Done(Message):
    """What the stage makes of a task."""

    id: int
    text: str = ""


def source(name: str) -> Topic[Task]:
    """Where a stage's tasks come from."""
    return Topic(f"{name}-in", Task, lambda t: str(t.id), "id", "tasks", timedelta(days=1), (), (), 1 * MiB)


def target(name: str) -> Topic[Done]:
    """Where its results go."""
    return Topic(f"{name}-out", Done, lambda d: str(d.id), "id", "results", timedelta(days=1), (), (), 1 * MiB)


class Behaviours:
    """Treats each task as it asks to be."""

    def __init__(self, name: str, pool: ProcessPool) -> None:
        self._name = name
        self._pool = pool
        self._attempts: Counter[int] = Counter()

    async def handle(self, task: Task) -> Done | Rejection:
        """The stage's work."""
        if task.started:
            _make(task.started)
        match task.do:
            case "reject":
                url = f"http://tasks.example/{task.id}"
                return Rejection(stage=self._name, reason="too-short", url=url, rejected_at=utc_now())
            case "raise":
                raise ValueError(f"task {task.id} is bad")
            case "transient":
                self._attempts[task.id] += 1
                if self._attempts[task.id] <= task.times:
                    raise Transient("not yet")
            case "hold":
                if not _is_there(task.file):
                    raise Transient(f"{task.file} is not there yet")
            case "wait":
                while not _is_there(task.file):  # noqa: ASYNC110 - the file is made by another process
                    await asyncio.sleep(0.02)
            case "block":
                time.sleep(task.seconds)  # noqa: ASYNC251 - what this behaviour is for
            case "crash" | "hang":
                await self._pool.run(poison.harm, task.do)
            case _:
                await asyncio.sleep(task.seconds)
        return Done(id=task.id, text="x" * task.size)


def _make(file: str) -> None:
    Path(file).touch()


def _is_there(file: str) -> bool:
    return Path(file).exists()


def make_stage(name: str, pool: ProcessPool) -> Stage[Task, Done]:
    """The stage, on topics of its own."""
    return Stage(
        name,
        source(name),
        target(name),
        Behaviours(name, pool).handle,
        lane=lambda t: str(t.id),
        url_of=lambda t: f"http://tasks.example/{t.id}",
        source_of=lambda _: "tasks",
        event="parsed",
        takes_replays=True,
    )


class Shelf:
    """A database for batches: a repeat changes nothing, and each row counts how often it was written."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._failures = 2
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE IF NOT EXISTS shelf (id INTEGER PRIMARY KEY, times INTEGER NOT NULL)")

    async def write(self, tasks: Sequence[Task]) -> Sequence[Exception | None]:
        """One transaction; fails twice at first, as a database would that is away."""
        if self._failures:
            self._failures -= 1
            raise Transient("the shelf is away")
        await asyncio.sleep(max(task.seconds for task in tasks))
        good = [(task.id,) for task in tasks if task.do != "raise"]
        with sqlite3.connect(self._path) as database:
            database.executemany("INSERT INTO shelf VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1", good)
        return [ValueError(f"task {task.id} is bad") if task.do == "raise" else None for task in tasks]


def main() -> None:
    """Run a host as the environment says; end with the process that started it."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    settings = load(RuntimeSettings)
    logs.configure("worker", settings.log_level)
    host, name = os.environ["SUITE_HOST"], os.environ["SUITE_STAGE"]
    pool = ProcessPool(workers=2, timeout_seconds=1)
    if host == "faust":
        from services.runtime.hosts import faust

        faust.run(make_stage(name, pool), settings)
        sys.exit("the host came back")
    from services.runtime.hosts import kafka

    if shelf := os.environ.get("SUITE_SHELF"):
        kafka.run(BatchStage(name, (source(name),), Shelf(shelf).write, max_records=20), settings)
    else:
        kafka.run(make_stage(name, pool), settings)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
