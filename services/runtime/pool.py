"""Run CPU work in processes that can be killed, one task each, so that a poison input takes only itself along."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as TaskTimeout
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, TypeVar

import pebble
from pebble.common.types import CONSTS, ProcessExpired

# Our children ignore SIGTERM, and while pebble waits for one before it kills it, the whole pool stands still.
CONSTS.term_timeout = 0.05

T = TypeVar("T")
PARENT_CHECK_SECONDS = 1.0
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Processes are how our work is spread: libraries that start threads in each would only wait for one another."""


class Poisoned(Exception):
    """The input hung or crashed its process, and again when tried alone: bad data."""


class Closed(Exception):
    """The pool was closed while there was work for it."""


class ProcessPool:
    """Killable workers for one import-light function per task; results must pickle."""

    def __init__(
        self,
        workers: int,
        timeout_seconds: float,
        warm: Callable[[], None] | None = None,
        memory_bytes: int | None = None,
        retry: bool = True,
    ) -> None:
        """`memory_bytes` bounds what each worker may take for its data, where the system can bound it (Linux).

        `retry`: whether what hung or crashed is tried once more, alone in a process that is kept for that.
        """
        for variable in ONE_THREAD:
            os.environ.setdefault(variable, "1")  # for the children: such libraries read it when they are loaded
        self._timeout = timeout_seconds
        self._retry = retry
        self._warm = warm
        self._memory = memory_bytes
        self._many = _Renewable(partial(self._pool, workers))
        self._alone = _Renewable(partial(self._pool, 1))
        self._turn = asyncio.Lock()

    def _pool(self, workers: int) -> pebble.ProcessPool:
        return pebble.ProcessPool(
            max_workers=workers,
            context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(os.getpid(), self._warm, self._memory),
        )

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """What the function returns or raises.

        Raises Poisoned after a timeout, a crash or the end of memory, and one isolated retry where it retries.
        """
        try:
            return await self._once(self._many, function, args)
        except (TaskTimeout, ProcessExpired, BrokenProcessPool, MemoryError) as error:
            if not self._retry:
                raise self._poisoned(error) from None
        # It may have been a neighbour's fault (memory, say), so the second try is alone.
        async with self._turn:
            try:
                return await self._once(self._alone, function, args)
            except (TaskTimeout, ProcessExpired, BrokenProcessPool, MemoryError) as error:
                raise self._poisoned(error) from None

    def _poisoned(self, error: Exception) -> Poisoned:
        twice = " twice" if self._retry else ""
        if isinstance(error, TaskTimeout):
            return Poisoned(f"no answer within {self._timeout:g} s{twice}")
        if isinstance(error, MemoryError):
            return Poisoned(f"more than {self._memory or 'all'} bytes of memory{twice}")
        return Poisoned(f"the process died{twice}: {error}")

    async def _once(self, pool: _Renewable, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        future = pool.usable().schedule(function, args=args, timeout=self._timeout)
        try:
            result: T = await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.cancel()  # type: ignore[no-untyped-call]  # kills the worker if it runs already
            raise
        except BrokenProcessPool:
            pool.usable()  # the pool that gave up leaves its workers as they are, hanging ones too: end them now
            raise
        return result

    def close(self) -> None:
        """Kill the workers, busy or not."""
        self._alone.end()
        self._many.end()


class _Renewable:
    """A pool that is replaced once it is broken.

    When pebble finds a worker dead and can't tell what it worked on (it was idle, or died before its word of having
    begun was read), it gives up every task and takes no more.
    """

    def __init__(self, make: Callable[[], pebble.ProcessPool]) -> None:
        self._make = make
        self._pool = make()
        self._ended = False

    def usable(self) -> pebble.ProcessPool:
        """The pool, or a new one in its place. Raises Closed."""
        if self._ended:
            raise Closed("the pool is closed")
        if not self._pool.active:
            threading.Thread(target=_end, args=(self._pool,), daemon=True).start()
            self._pool = self._make()
        return self._pool

    def end(self) -> None:
        """Kill its workers, for good: who is in the middle of a task must not start others for another try."""
        self._ended = True
        _end(self._pool)


def _end(pool: pebble.ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    # Left to itself pebble first unlinks the workers' locks: a worker that is just starting then says so at length.
    pool._pool_manager.worker_manager.force_stop_workers()  # type: ignore[no-untyped-call]
    with contextlib.suppress(TimeoutError):
        pool.join(timeout=5)


def _start(parent: int, warm: Callable[[], None] | None, memory: int | None) -> None:
    """In each worker: signals are the parent's business, and no worker outlives its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if memory is not None and sys.platform == "linux":
        import resource  # which not every system has

        # Address space would count what is only reserved, and libraries reserve much.
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if warm:
        warm()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(1)
