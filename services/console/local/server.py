"""What the local Kafka and the local Postgres have in common: a life in a state folder, as a child of this process."""

from __future__ import annotations

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self

from services.console.local.errors import LocalRunError

START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.02
STOP_SECONDS = 20.0
"""For an end in good order; then it is killed."""


class LocalServer(ABC):
    """A server whose data, log and ports live in a state folder; it can be killed and started again on them."""

    title: ClassVar[str]
    ends_by: ClassVar[signal.Signals] = signal.SIGTERM
    """The signal to end in good order."""

    def __init__(self, state: Path, name: str, port: int | None) -> None:
        """`name` is that of its files in the folder; `port` is the one it must have, if any."""
        self.state = state.absolute()
        self.given_port = port
        self.log_file = self.state / f"{name}.log"
        self.pid_file = self.state / f"{name}.pid.json"
        self.process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it answers; nothing happens if it runs already. Raises LocalRunError."""

    def stop(self) -> None:
        """End the server in good order, clients or not, and kill it if it doesn't end."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(self.ends_by)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._forget()

    @abstractmethod
    def kill(self) -> None:
        """End the server at once, as a crash would; `start` brings it back with its data."""

    @abstractmethod
    def end_left_over(self) -> None:
        """End the server of a run that was killed; refuse if that run is alive. Raises LocalRunError."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @abstractmethod
    def _is_up(self) -> bool:
        """Whether the process that was started takes clients."""

    @abstractmethod
    def _broken(self, what: str) -> LocalRunError:
        """What to tell of a server that failed, and what to do."""

    def _wait_until_up(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            code = self.process.poll()
            if code is not None:
                self._forget()
                raise self._broken(f"{self.title} ended while it started (code {code})")
            if self._is_up():
                return
            time.sleep(POLL_SECONDS)
        self.kill()
        raise self._broken(f"{self.title} took no clients within {START_SECONDS:.0f} seconds")

    def _forget(self) -> None:
        self.process = None
        self.pid_file.unlink(missing_ok=True)
