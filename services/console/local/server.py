"""What the local Kafka and the local Postgres have in common: a life in a state folder, as a child of this process."""

from __future__ import annotations

import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

STOP_SECONDS = 20.0
"""For an end in good order; then it is killed."""


class LocalServer(ABC):
    """A server whose data, log and ports live in a state folder; it can be killed and started again on them."""

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

    def _forget(self) -> None:
        self.process = None
        self.pid_file.unlink(missing_ok=True)
