"""Where the command line finds what it works on: the local run, or the operator's own broker and database."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import BeforeValidator, Field, SecretStr

from services.console.local.errors import LocalRunError
from services.runtime.settings import RuntimeSettings, read

STATE = ".xabar"
RUN_FILE = "run.json"


def _pairs(value: object) -> object:
    """`name=value,name=value` as a mapping."""
    if not isinstance(value, str):
        return value
    return dict(pair.strip().split("=", 1) for pair in value.split(",") if "=" in pair)


class ConsoleSettings(RuntimeSettings):
    """What the command line takes beside the broker's address."""

    store_database_url: SecretStr | None = Field(None, description="postgresql://… of the store")
    console_health_urls: Annotated[dict[str, str], BeforeValidator(_pairs)] = Field(
        default_factory=dict, description="name=http://host:port of each service, comma-separated"
    )


@dataclass(frozen=True)
class RunFacts:
    """What a local run writes down for the other commands."""

    pid: int
    started: float
    """When that process was created, so that a number given to another process is noticed."""
    bootstrap: str
    database_url: str
    health_urls: dict[str, str]
    overrides: dict[str, str] = field(default_factory=dict)
    """Variables that the run gave its services: where the newsroom is, say."""

    def write(self, folder: Path) -> None:
        """Readable by the owner alone: the database's address holds its password."""
        path = folder / RUN_FILE
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))

    @property
    def alive(self) -> bool:
        """Whether that run still runs."""
        try:
            process = psutil.Process(self.pid)
            created: float = process.create_time()
            ended = process.status() == psutil.STATUS_ZOMBIE  # ended, and nobody has asked how yet
        except psutil.Error:
            return False
        return not ended and abs(created - self.started) < 1


def runs_in(state: Path) -> dict[str, RunFacts]:
    """The local runs that are alive, by name."""
    found: dict[str, RunFacts] = {}
    for path in sorted(state.glob(f"*/{RUN_FILE}")):
        try:
            facts = RunFacts(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if facts.alive:
            found[path.parent.name] = facts
    return found


def environment_for(state: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a command that works as a service does takes its settings from: the environment, then the local run's own.

    A run counts only where settings_for counts it, without a broker of the operator's own.
    """
    runs = {} if "KAFKA_BOOTSTRAP_SERVERS" in environ else runs_in(state)
    facts = runs.get("up") or next(iter(runs.values()), None)
    return {**(facts.overrides if facts else {}), **environ}


def settings_for(state: Path, environ: Mapping[str, str] = os.environ) -> ConsoleSettings:
    """The operator's own addresses where they are set, else those of the local run.

    Raises LocalRunError when there is neither, or when a variable is wrong.
    """
    given = dict(environ)
    if "KAFKA_BOOTSTRAP_SERVERS" not in given:
        runs = runs_in(state)
        if not runs:
            raise LocalRunError(
                "Nothing runs here. Start it with: xabar up\n"
                "Or name your own: KAFKA_BOOTSTRAP_SERVERS=host:port and STORE_DATABASE_URL=postgresql://…"
            )
        facts = runs.get("up") or next(iter(runs.values()))
        given["KAFKA_BOOTSTRAP_SERVERS"] = facts.bootstrap
        given.setdefault("STORE_DATABASE_URL", facts.database_url)
        given.setdefault("CONSOLE_HEALTH_URLS", ",".join(f"{k}={v}" for k, v in facts.health_urls.items()))
    try:
        return read(ConsoleSettings, given)
    except ValueError as error:
        raise LocalRunError(str(error)) from None
