"""Ask a model in a process that can be killed: native code may crash, hang or eat memory, and no thread can end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from services.enricher.translate.engine import Broken
from services.runtime.pool import Poisoned, ProcessPool

T = TypeVar("T")


class Pool(Protocol):
    """Where work is done that may crash or hang; `ProcessPool` is one."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """What the function returns or raises. Raises Poisoned where it crashes or hangs."""
        ...

    def close(self) -> None:
        """End the processes."""
        ...


def processes(workers: int, timeout_seconds: float, memory_bytes: int | None = None) -> ProcessPool:
    """Processes that keep their models, and ask once: a second process for a retry would hold a second model."""
    return ProcessPool(workers, timeout_seconds, memory_bytes=memory_bytes, retry=False)


async def asked(pool: Pool, function: Callable[..., T], *args: Any) -> T:
    """What the function returns or raises. Raises Broken where its process crashes or hangs."""
    try:
        return await pool.run(function, *args)
    except Poisoned as error:
        raise Broken(str(error)) from None
