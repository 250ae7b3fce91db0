"""An engine's process that crashes or hangs is the engine's fault, and it is asked once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import poisonous
import pytest

from services.enricher.translate.engine import Broken
from services.enricher.translate.engines.processes import asked, processes
from services.runtime.pool import ProcessPool


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = processes(workers=1, timeout_seconds=1)
    yield pool
    await asyncio.to_thread(pool.close)


async def test_a_hang_is_broken_and_not_tried_again_by_a_second_process(pool: ProcessPool, tmp_path: Path) -> None:
    note = tmp_path / "hung"
    with pytest.raises(Broken, match=r"^no answer within 1 s$"):
        await asked(pool, poisonous.hang, str(note))
    assert len(note.read_text().split()) == 1
    assert await asked(pool, poisonous.double, 21) == 42


async def test_a_crash_is_broken_and_what_the_function_raises_comes_through(pool: ProcessPool) -> None:
    with pytest.raises(Broken, match="the process died"):
        await asked(pool, poisonous.crash)
    with pytest.raises(LookupError, match="asked to fail"):
        await asked(pool, poisonous.stumble)
