"""Servers that a killed run left behind: found through the state folder, proved to be ours, then ended."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

from services.console.local.errors import LocalRunError

TERM_SECONDS = 10.0


def write_down(file: Path, pid: int) -> None:
    """Note which process serves this state folder, and which process started it."""
    owner = psutil.Process()
    file.write_text(json.dumps({"pid": pid, "owner": owner.pid, "owner_created": owner.create_time()}) + "\n")


def noted_pid(file: Path) -> int | None:
    """The server's process id as the last run noted it."""
    return _note(file).get("pid")


def require_no_owner(file: Path, server: str, state: Path) -> None:
    """Stop with one sentence if the run that started this server is alive: then it is not a left-over."""
    note = _note(file)
    owner = note.get("owner")
    if owner is None or owner == os.getpid():
        return
    try:
        alive = psutil.Process(owner).create_time() == note.get("owner_created")
    except psutil.Error:
        return
    if alive:
        raise LocalRunError(
            f"{server} of {state} belongs to a local run that is going on (process {owner}); "
            "end that run first, or use another state folder."
        )


def command_of(pid: int) -> Sequence[str]:
    """The command line of a process, empty if there is no such process."""
    try:
        return list(psutil.Process(pid).cmdline())
    except psutil.Error:
        return []


def processes_where(name: str, matches: Callable[[psutil.Process], bool]) -> list[int]:
    """The processes of this name that match."""
    found: list[int] = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == name and matches(process):
                found.append(process.pid)
        except psutil.Error:
            continue  # it ended while we looked, or is somebody else's
    return found


def working_in(name: str, folder: Path) -> list[int]:
    """The processes of this name whose working folder is `folder`."""
    return processes_where(name, lambda process: Path(process.cwd()) == folder)


def end(pids: Iterable[int], *, at_once: bool = False) -> None:
    """End these processes and wait until they are gone: politely first, unless `at_once`."""
    processes: list[psutil.Process] = []
    for pid in pids:
        try:
            processes.append(psutil.Process(pid))
        except psutil.Error:
            continue
    for process in processes:
        _signal(process.kill if at_once else process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=TERM_SECONDS)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=TERM_SECONDS)


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.Error:
        return


def _note(file: Path) -> dict[str, int]:
    try:
        note = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
