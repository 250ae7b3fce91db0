"""Extractors as processes on one core that answer the same pages turn by turn, timed from outside."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WARM_PAGES = 3
"""Whose time does not count."""
LIMIT_SECONDS = 60.0
"""For one page; then the process is replaced."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_CHUNK_BYTES = 1 << 20

Asked = Mapping[str, Any]


class Extractor:
    """One process that answers JSON lines on one core."""

    def __init__(self, command: Sequence[str], core: int | None) -> None:
        self._command, self._core = command, core
        self._process = self._start()
        self._buffer = b""

    def answer(self, asked: Asked) -> tuple[dict[str, Any], float]:
        """The answer, and the seconds that reading, parsing and answering took."""
        started = time.perf_counter()
        try:
            found = self._ask(asked)
        except (TimeoutError, EOFError, BrokenPipeError, ValueError) as error:
            self.close()
            self._process, self._buffer = self._start(), b""
            found = {"error": type(error).__name__}
        return found, time.perf_counter() - started

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD, "PYTHONHASHSEED": "0", "TZ": "UTC"},
        )
        if self._core is not None and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {self._core})
        return process

    def _ask(self, asked: Asked) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write((json.dumps(asked) + "\n").encode())
        self._process.stdin.flush()
        end, output = time.monotonic() + LIMIT_SECONDS, self._process.stdout.fileno()
        while True:
            line, found, rest = self._buffer.partition(b"\n")
            if found:
                self._buffer = rest
                if line.startswith(b"{"):
                    return dict(json.loads(line))
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(output, _CHUNK_BYTES)
            if not chunk:
                raise EOFError
            self._buffer += chunk


@dataclass
class Round:
    """All answers of one extractor, with the seconds of each."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def compete(
    commands: Mapping[str, Sequence[str]],
    asked: Sequence[Asked],
    core: int | None,
    tell: Callable[[int], object] = lambda done: None,
) -> dict[str, Round]:
    """Every extractor on every page, page by page, so that a load meets all alike; `tell` hears of each page."""
    extractors = {name: Extractor(command, core) for name, command in commands.items()}
    rounds = {name: Round() for name in commands}
    try:
        for extractor in extractors.values():
            for page in asked[:WARM_PAGES]:
                extractor.answer(page)
        for done, page in enumerate(asked, 1):
            for name, extractor in extractors.items():
                found, seconds = extractor.answer(page)
                rounds[name].answers[page["id"]] = found
                rounds[name].seconds.append(seconds)
            tell(done)
    finally:
        for extractor in extractors.values():
            extractor.close()
    return rounds
