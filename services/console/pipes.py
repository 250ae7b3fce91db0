"""Standard input to standard output, line by line, with a sentence for each way in which a pipe can end."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import BinaryIO

from services.console.local.errors import LocalRunError
from services.runtime.lines import Answer, Unreadable, answer_lines


async def answer_standard_input(answer: Answer, at_once: int, most_bytes: int) -> None:
    """Answer every line until the input ends or nobody reads any more. Raises LocalRunError."""
    if sys.stdin is None or sys.stdout is None:
        raise LocalRunError("Standard input and output are both needed, and one of them is closed.")
    try:
        await answer_lines(_standard_input(), sys.stdout.buffer, answer, at_once, most_bytes)
    except Unreadable as error:
        raise LocalRunError(f"Standard input can't be read: {error}") from None
    except BrokenPipeError:
        # Whoever read has read enough. What Python writes at its end goes nowhere instead of failing again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise LocalRunError(f"Standard output can't be written: {error.strerror or error}") from None


def _standard_input() -> BinaryIO:
    """A reader of our own: the thread that waits in it may still do so at the end, when Python locks its own."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # no file stands behind it
        return sys.stdin.buffer
