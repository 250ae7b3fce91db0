"""A process pool in which a poisonous input takes only itself along."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import poisonous
import pytest

from services.runtime.pool import Poisoned, ProcessPool


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = ProcessPool(workers=2, timeout_seconds=2)
    yield pool
    await asyncio.to_thread(pool.close)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def until_now(reached: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.05)


async def until(reached: Callable[[], object], what: str, seconds: float = 30) -> None:
    await asyncio.to_thread(until_now, reached, what, seconds)


async def test_an_input_that_crashes_or_hangs_its_process_is_poison_and_its_neighbours_are_well(
    pool: ProcessPool, tmp_path: Path
) -> None:
    note = tmp_path / "hung"
    good = [pool.run(poisonous.double, n) for n in range(10)]
    bad = [pool.run(poisonous.crash), pool.run(poisonous.hang, str(note))]
    *answers, crashed, hung = await asyncio.gather(*good, *bad, return_exceptions=True)
    assert answers == [2 * n for n in range(10)]
    assert isinstance(crashed, Poisoned)
    assert "died twice" in str(crashed)
    assert isinstance(hung, Poisoned)
    assert "no answer within 2 s" in str(hung)
    hanged = [int(pid) for pid in note.read_text().split()]
    assert len(hanged) == 2
    await until(lambda: not any(map(runs, hanged)), "the end of the processes that hung")
    assert await pool.run(poisonous.double, 21) == 42


async def test_what_the_function_raises_comes_through_and_is_no_poison(pool: ProcessPool) -> None:
    with pytest.raises(LookupError, match="asked to fail"):
        await pool.run(poisonous.stumble)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing bounds the data of a process")
async def test_an_input_that_takes_more_memory_than_a_process_may_hold_is_poison() -> None:
    pool = ProcessPool(workers=1, timeout_seconds=20, memory_bytes=256 * 1024 * 1024)
    try:
        with pytest.raises(Poisoned, match="268435456 bytes of memory"):
            await pool.run(poisonous.hoard, 1024 * 1024 * 1024)
        assert await pool.run(poisonous.hoard, 1024) == 1024
    finally:
        await asyncio.to_thread(pool.close)


async def test_an_input_whose_process_dies_once_is_tried_again_alone(pool: ProcessPool, tmp_path: Path) -> None:
    assert await pool.run(poisonous.crash_once, str(tmp_path / "note")) == "well"


async def test_crashes_one_after_another_blame_no_neighbour_and_leave_the_pool_whole(pool: ProcessPool) -> None:
    for turn in range(3):
        tasks = [pool.run(poisonous.crash), pool.run(poisonous.double, turn), pool.run(poisonous.crash)]
        first, answer, second = await asyncio.gather(*tasks, return_exceptions=True)
        assert answer == 2 * turn
        assert isinstance(first, Poisoned)
        assert isinstance(second, Poisoned)


async def test_a_process_that_is_killed_while_it_is_idle_is_replaced(pool: ProcessPool) -> None:
    for turn in range(2):
        child = await pool.run(poisonous.who)
        os.kill(child, signal.SIGKILL)
        await until(lambda child=child: not runs(child), "the child's end")  # type: ignore[misc]
        await asyncio.sleep(0.3 * turn)  # before and after the pool has looked at its children
        assert await pool.run(poisonous.double, 21) == 42


async def test_a_signal_to_the_group_leaves_the_children_to_their_parent(pool: ProcessPool) -> None:
    child = await pool.run(poisonous.who)
    os.kill(child, signal.SIGTERM)
    os.kill(child, signal.SIGINT)
    assert await pool.run(poisonous.double, 1) == 2
    assert runs(child)


async def test_a_task_that_is_given_up_ends_its_process(pool: ProcessPool, tmp_path: Path) -> None:
    note = tmp_path / "hung"
    running = asyncio.create_task(ProcessPool.run(pool, poisonous.hang, str(note)))
    await until(note.exists, "a process at work")
    running.cancel()
    await until(lambda: not runs(int(note.read_text())), "its end", seconds=10)


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "hung"
    here = Path(__file__).parent
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(here.parents[1]), str(here)))}
    with subprocess.Popen([sys.executable, "-m", "poisonous", str(note)], env=environ) as parent:
        until_now(lambda: note.exists() and note.read_text().strip(), "a child at work")
        child = int(note.read_text())
        assert child != parent.pid
        assert runs(child)
        parent.kill()
    until_now(lambda: not runs(child), "the child's end")
