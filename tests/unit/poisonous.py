"""What the tests of the process pool run in its children; light to import."""

import os
import time
from pathlib import Path


def double(number: int) -> int:
    """Answer."""
    return 2 * number


def who() -> int:
    """The child's process id."""
    return os.getpid()


def crash(_: object = None) -> None:
    """Die without a word."""
    os._exit(9)


def hang(note: str) -> None:
    """Never answer, and write down who does not."""
    with Path(note).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(3600)


def hoard(size: int) -> int:
    """Hold so many bytes, and tell how many."""
    return len(bytearray(size))


def stumble(_: object = None) -> None:
    """Raise."""
    raise LookupError("asked to fail")


def crash_once(note: str) -> str:
    """Die at the first time only."""
    if not Path(note).exists():
        Path(note).touch()
        os._exit(9)
    return "well"


def hold_a_pool(note: str) -> None:
    """The program of a parent that is killed: a pool with a child at work."""
    import asyncio

    from services.runtime.pool import ProcessPool

    asyncio.run(ProcessPool(workers=1, timeout_seconds=600).run(hang, note))


if __name__ == "__main__":
    import sys

    hold_a_pool(sys.argv[1])
