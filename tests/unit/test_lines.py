"""Lines in, lines out: in order, at once, and over when either end of the pipe is."""

import asyncio
import errno
import io
import os
import threading

import pytest

from services.runtime.lines import Unreadable, answer_lines, next_line

MOST = 1_000


async def shouted(line: bytes) -> bytes:
    return line.strip().upper() + b"\n"


def test_lines_are_answered_in_order_though_the_first_takes_longest() -> None:
    async def slow_at_first(line: bytes) -> bytes:
        await asyncio.sleep(0.05 if line.startswith(b"0") else 0)
        return line

    given = b"".join(b"%d\n" % i for i in range(50))
    target = io.BytesIO()
    asyncio.run(answer_lines(io.BytesIO(given), target, slow_at_first, 8, MOST))
    assert target.getvalue() == given


def test_blank_lines_have_no_answer_and_the_last_line_needs_no_end() -> None:
    target = io.BytesIO()
    asyncio.run(answer_lines(io.BytesIO(b"a\n\n  \nb"), target, shouted, 1, MOST))
    assert target.getvalue() == b"A\nB\n"


def test_a_line_is_answered_before_the_next_is_there() -> None:
    read, write = os.pipe()
    seen: list[bytes] = []

    class Target(io.BytesIO):
        def write(self, line: bytes) -> int:  # type: ignore[override]
            seen.append(line)
            if len(seen) == 1:
                os.write(write, b"two\n")
                os.close(write)
            return len(line)

    os.write(write, b"one\n")
    with os.fdopen(read, "rb") as source:
        asyncio.run(asyncio.wait_for(answer_lines(source, Target(), shouted, 1, MOST), 10))
    assert seen == [b"ONE\n", b"TWO\n"]


@pytest.mark.parametrize(
    "broken", [BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.ENOSPC, "No space left")]
)
def test_an_output_that_takes_no_more_ends_it_though_the_input_is_silent(broken: OSError) -> None:
    read, write = os.pipe()

    class Target(io.BytesIO):
        def write(self, line: bytes) -> int:  # type: ignore[override]
            raise broken

    os.write(write, b"one\n")
    source = os.fdopen(read, "rb")
    with pytest.raises(OSError, match=str(broken.strerror)):
        asyncio.run(asyncio.wait_for(answer_lines(source, Target(), shouted, 2, MOST), 10))
    os.close(write)  # only now does the read end that nobody waited for
    for reading in threading.enumerate():
        if reading.name == "lines":
            reading.join(10)
    source.close()


def test_an_input_that_breaks_is_told_apart_from_an_output() -> None:
    class Source(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(Unreadable, match="Input/output error"):
        asyncio.run(answer_lines(Source(), io.BytesIO(), shouted, 1, MOST))


def test_no_more_is_read_ahead_than_there_is_room_for() -> None:
    asked = 0

    class Source(io.BytesIO):
        def readline(self, size: int | None = -1) -> bytes:
            nonlocal asked
            asked += 1
            return b"line\n" if asked <= 1_000 else b""

    async def run() -> int:
        go_on = asyncio.Event()

        async def waits(line: bytes) -> bytes:
            await go_on.wait()
            return line

        task = asyncio.create_task(answer_lines(Source(), io.BytesIO(), waits, 2, MOST))
        await asyncio.sleep(0.1)
        ahead = asked
        go_on.set()
        await task
        return ahead

    assert asyncio.run(run()) < 20
    assert asked == 1_001


def test_of_a_line_that_is_too_long_one_byte_more_is_told() -> None:
    source = io.BytesIO(b"x" * 5_000 + b"\nnext\n")
    assert next_line(source, MOST) == b"x" * (MOST + 1)
    assert next_line(source, MOST) == b"next\n"
