"""Child processes of the local run: started in a group of their own, ended with their parent, their logs at hand."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from services.console.local.errors import LocalRunError

PR_SET_PDEATHSIG: Final = 1
TAIL_BYTES: Final = 16_384


def tail(log_file: Path, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


def spawn(
    command: Sequence[str],
    log_file: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: int | None = None,
    group: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in its own session, its output appended to its log; it ends when this process dies (Linux)."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - commands are built here, never from outside text
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            user=user,
            group=group,
            extra_groups=[] if user is not None else None,
            start_new_session=True,
            preexec_fn=_end_with_parent(),  # a single system call, which takes no lock
        )


def _end_with_parent() -> Callable[[], None] | None:
    """What a child runs to be ended (SIGTERM) once its parent is gone; None where the system has no such thing.

    Linux ties this to the *thread* that started the child, so it is only asked for from the main thread: a child
    started by a pool's thread would be ended with that thread.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return None
    parent = os.getpid()

    def end_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return end_with_parent


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a child and to all that it started in its group."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # gone; macOS says the second of a group of zombies
        return


class ServiceProcess:
    """One service of the local run, `python -m <module>`, with its own log."""

    def __init__(self, name: str, module: str, env: Mapping[str, str], log_file: Path) -> None:
        self.name = name
        self.module = module
        self.env = env
        self.log_file = log_file
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start the service with exactly the given environment; nothing happens if it runs already."""
        if self.process is None or self.process.poll() is not None:
            self.process = spawn([sys.executable, "-m", self.module], self.log_file, env=self.env)

    def poll(self) -> int | None:
        """None while the service runs (or was never started), else the code it ended with."""
        return self.process.poll() if self.process else None

    def terminate(self) -> None:
        """Ask the service to drain and end."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        """End the service and its children at once, as a crash would."""
        if self.process:
            signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def wait(self, timeout: float | None = None) -> int | None:
        """The code the service ended with, or None if it still runs after `timeout` seconds."""
        if self.process is None:
            return None
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, timeout: float = 30.0) -> int | None:
        """Terminate, wait, and kill what is left after `timeout` seconds."""
        self.terminate()
        if self.wait(timeout) is None:
            self.kill()
        elif self.process:
            signal_group(self.process, signal.SIGKILL)  # children that outlived it
        return self.poll()

    def tail(self, lines: int = 15) -> str:
        """The last lines the service wrote."""
        return tail(self.log_file, lines)

    def require_running(self) -> None:
        """Stop with one sentence and the end of the log if the service has ended by itself."""
        code = self.poll()
        if code is not None:
            raise LocalRunError(f"The {self.name} ended with code {code}; the end of {self.log_file}:\n{self.tail()}")
