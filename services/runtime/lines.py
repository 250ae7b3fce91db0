"""Lines in, lines out, for programs on both ends of a pipe: in order, each at once, some answered at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import BinaryIO

AHEAD = 4
"""Lines that are read ahead of the first unanswered one, for each that is worked on."""

Answer = Callable[[bytes], Awaitable[bytes]]
"""A line to the line that answers it, its end included; it never raises for what a line holds."""


class Unreadable(Exception):
    """The input can't be read."""


async def answer_lines(source: BinaryIO, target: BinaryIO, answer: Answer, at_once: int, most_bytes: int) -> None:
    """Answer every line that is not blank, in order, and flush each.

    Of a line longer than `most_bytes`, one byte more than that is handed on and the rest is passed over.
    Raises Unreadable, and OSError where the output is closed or full.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[bytes | OSError] = asyncio.Queue()
    room = threading.Semaphore(at_once * AHEAD)

    def read() -> None:
        # A thread of its own, for a read of a silent pipe can't be ended: as a daemon it keeps nobody waiting.
        try:
            while line := next_line(source, most_bytes):
                if line.strip():
                    room.acquire()
                    loop.call_soon_threadsafe(waiting.put_nowait, line)
            loop.call_soon_threadsafe(waiting.put_nowait, b"")
        except OSError as error:
            loop.call_soon_threadsafe(waiting.put_nowait, error)
        except RuntimeError:  # the loop has ended before the input did
            return

    turns = asyncio.Semaphore(at_once)

    async def worked(line: bytes) -> bytes:
        async with turns:
            return await answer(line)

    answers: asyncio.Queue[asyncio.Task[bytes] | OSError | None] = asyncio.Queue()

    async def start() -> None:
        while line := await waiting.get():
            if isinstance(line, OSError):
                answers.put_nowait(line)
                return
            answers.put_nowait(asyncio.create_task(worked(line)))
        answers.put_nowait(None)

    threading.Thread(target=read, name="lines", daemon=True).start()
    starting = asyncio.create_task(start())
    try:
        while (following := await answers.get()) is not None:
            if isinstance(following, OSError):
                raise Unreadable(following.strerror or str(following)) from following
            target.write(await following)
            target.flush()
            room.release()
    finally:
        starting.cancel()


def next_line(source: BinaryIO, most_bytes: int) -> bytes:
    """The next line; of one that is too long, a byte too much, and the rest of it is passed over. Raises OSError."""
    line = source.readline(most_bytes + 1)
    if len(line) > most_bytes and not line.endswith(b"\n"):
        while (rest := source.readline(most_bytes)) and not rest.endswith(b"\n"):
            continue
    return line
