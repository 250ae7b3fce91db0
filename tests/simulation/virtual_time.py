"""An event loop whose time jumps to whatever is due next, so that a fortnight passes in a minute."""

import asyncio
import selectors
from asyncio.futures import Future
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
TICK = 1e-6
"""Added to each jump, so that what is due is not missed by a rounding."""


class _Jump(selectors.DefaultSelector):
    """Waits for nothing: the time that it was told to wait has passed at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits, and for nothing that has a time")
        if timeout > 0:
            self.now += timeout + TICK
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is in seconds since the loop was made; threads' work is done on the spot, in no time."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: Any) -> "Future[T]":  # type: ignore[override]
        done: Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run(main: Callable[[Callable[[], datetime]], Coroutine[Any, Any, T]], start: datetime) -> T:
    """Run `main(clock)` in a loop of its own, whose time begins at `start`, and cancel what it leaves behind."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)

    def clock() -> datetime:
        return start + timedelta(seconds=loop.time())

    try:
        return loop.run_until_complete(main(clock))
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
