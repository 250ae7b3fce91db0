"""`xabar up` and `xabar down`: a local run that stays, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from types import FrameType

import psutil
from rich.console import Console

from services.console import status
from services.console.broker import connected
from services.console.local.errors import LocalRunError
from services.console.local.postgres import LocalPostgres
from services.console.local.run import LocalRun
from services.console.newsroom.server import Newsroom
from services.console.settings import runs_in, settings_for
from services.contracts.sources import Source
from services.contracts.topics import SOURCES

STOP_SECONDS = 90.0


def stay(folder: Path, screen: Console, *, newsroom: bool) -> None:
    """Start everything and show it until Ctrl-C, SIGTERM or `xabar down`."""
    if folder.name in runs_in(folder.parent):
        raise LocalRunError("It runs already; look at it with: xabar status, end it with: xabar down")
    leave = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        leave.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    with contextlib.ExitStack() as stack:
        overrides: dict[str, str] = {}
        web = stack.enter_context(Newsroom(port=0)) if newsroom else None
        if web:
            overrides["FETCHER_RESOLVE"] = web.resolve()
        with screen.status("starting") as spinner:
            run = stack.enter_context(
                LocalRun(
                    folder,
                    overrides=overrides,
                    bootstrap=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"),
                    database_url=os.environ.get("STORE_DATABASE_URL"),
                    say=lambda step: screen.print(f"  {step}"),
                    doing=spinner.update,
                )
            )
        if web:
            asyncio.run(register(folder.parent, [Source.model_validate(s) for s in web.sources()]))
        screen.print("Running. Another terminal: xabar status, xabar sources add, xabar submit. Ctrl-C ends it.")
        settings = settings_for(folder.parent)
        viewer = threading.Thread(target=_view, args=(settings, screen, leave), daemon=True)
        if screen.is_terminal:
            viewer.start()
        while not leave.wait(0.5):
            for service in run.services.values():
                service.require_running()
        screen.print("Draining and stopping.")


def _view(settings: object, screen: Console, leave: threading.Event) -> None:
    asyncio.run(status.show(settings, screen, watch=True, until=leave.is_set))  # type: ignore[arg-type]


async def register(state: Path, sources: list[Source]) -> None:
    """Put sources on their topic."""
    async with connected(settings_for(state), [SOURCES]) as link:
        for source in sources:
            await link.send(SOURCES, source)


def stop(state: Path) -> list[str]:
    """End every local run of this folder, in order; which ones. Raises LocalRunError when one won't end."""
    stopped: list[str] = []
    for name, facts in runs_in(state).items():
        psutil.Process(facts.pid).terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while facts.alive:
            if time.monotonic() > deadline:
                raise LocalRunError(
                    f"The run {name} (process {facts.pid}) does not end; end it with: kill -9 {facts.pid}"
                )
            time.sleep(0.1)
        stopped.append(name)
    return stopped


def purge(state: Path, only: str | None = None) -> None:
    """Delete the data of local runs that have ended. Raises LocalRunError while one runs."""
    running = [name for name in runs_in(state) if only in (None, name)]
    if running:
        raise LocalRunError(f"Still running: {', '.join(running)}. End it first with: xabar down")
    for folder in state.glob(only or "*"):
        if (folder / "postgres.port.json").exists():
            LocalPostgres(folder).purge()
        shutil.rmtree(folder, ignore_errors=True)
