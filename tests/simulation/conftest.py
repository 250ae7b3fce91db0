"""The fortnight is lived through in a process of its own, while other tests, from the first on, wait for servers."""

import os
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult, Pool
from pathlib import Path

import pytest
from fortnight import Fortnight, lived

HERE = Path(__file__).parent
LAST_IN_LINE = 19
"""Its niceness: tests of crashes have the processors first."""
_POOL = pytest.StashKey[Pool]()
_LIVED = pytest.StashKey[AsyncResult[Fortnight]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin, if any test will ask for it."""
    if not session.config.option.collectonly and any(item.path.parent == HERE for item in session.items):
        session.stash[_POOL] = pool = get_context("spawn").Pool(1, os.nice, (LAST_IN_LINE,))
        session.stash[_LIVED] = pool.apply_async(lived)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End it, should nobody have waited."""
    if (pool := session.stash.get(_POOL, None)) is not None:
        pool.terminate()


@pytest.fixture(scope="session")
def fortnight(request: pytest.FixtureRequest) -> Fortnight:
    """What came of it."""
    return request.session.stash[_LIVED].get()
