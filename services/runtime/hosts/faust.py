"""The Faust host, for stages from topic to topic: Faust moves records and offsets, nothing else is left to it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.types import EventT

from services.contracts.topics import REJECTIONS, STAGE_CONTROLS, dead_letters
from services.runtime import logs
from services.runtime.connection import tls
from services.runtime.health import Health
from services.runtime.link import LARGEST, Link, Unusable
from services.runtime.process import EXIT_IMPOSSIBLE, Loop, give_up, not_in_group, serve_stage
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Record, Stage
from services.runtime.work import Gate, Worker

LIVENESS_IS_OURS_SECONDS = 86_400.0
"""Held longer than the poll interval, a Faust worker leaves its group for good and looks alive."""
BUFFERED_RECORDS = 16
"""Of each of Faust's two buffers, which count records and not bytes: at 8 MiB a record, 256 MiB at the worst."""


def run(stage: Stage[Any, Any], settings: RuntimeSettings, *, alongside: tuple[Loop, ...] = ()) -> None:
    """Run the stage until SIGTERM."""

    def make(link: Link, gate: Gate, health: Health) -> FaustHost:
        return FaustHost(stage, settings, link, gate, health)

    needed = [*(t.name for t in stage.sources), stage.target.name, REJECTIONS.name, STAGE_CONTROLS.name]
    needed.append(dead_letters(stage.name, stage.source).name)
    asyncio.run(serve_stage(stage.name, needed, settings, make, alongside))


class _App(faust.App):
    """An application that tells its host when a rebalance begins."""

    when_rebalancing: Callable[[], None] | None = None

    def on_rebalance_start(self) -> None:
        super().on_rebalance_start()
        if self.when_rebalancing:
            self.when_rebalancing()


def _app(group: str, settings: RuntimeSettings, state: Path) -> _App:
    """A stateless application: no tables, no web server, no right to create topics, no decoding of its own."""
    return _App(
        group,
        broker=[f"kafka://{server.strip()}" for server in settings.kafka_bootstrap_servers.split(",")],
        broker_credentials=credentials(settings),
        datadir=state,
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        key_serializer="raw",
        value_serializer="raw",
        stream_wait_empty=True,
        stream_buffer_maxsize=BUFFERED_RECORDS,
        broker_max_poll_records=BUFFERED_RECORDS,
        broker_commit_interval=settings.commit_seconds,
        broker_session_timeout=settings.kafka_session_timeout_seconds,
        broker_heartbeat_interval=settings.kafka_session_timeout_seconds / 4,
        broker_rebalance_timeout=settings.kafka_rebalance_timeout_seconds,
        broker_request_timeout=max(settings.kafka_request_timeout_seconds, settings.kafka_session_timeout_seconds + 1),
        broker_max_poll_interval=LIVENESS_IS_OURS_SECONDS,
        consumer_max_fetch_size=LARGEST,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.kafka_instance_id,
        producer_request_timeout=settings.kafka_request_timeout_seconds,
    )


def credentials(settings: RuntimeSettings) -> Any:
    """What Faust signs in with, and how it verifies the broker."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    context = tls(settings) if settings.kafka_security_protocol.endswith("SSL") else None
    if settings.kafka_security_protocol == "SSL":
        return faust.SSLCredentials(context)
    assert settings.kafka_sasl_password is not None  # the link has checked
    return faust.SASLCredentials(
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=context,
    )


class FaustHost:
    """One Faust application; it can be started once."""

    def __init__(
        self, stage: Stage[Any, Any], settings: RuntimeSettings, link: Link, gate: Gate, health: Health
    ) -> None:
        self._stage = stage
        self._settings = settings
        self._link = link
        self._gate = gate
        self._health = health
        self._worker = Worker(
            stage,
            settings,
            link.publish,
            gate,
            health,
            on_impossible=lambda why: give_up(EXIT_IMPOSSIBLE, why),
        )
        self._joined = asyncio.Event()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._messages: dict[Record, Any] = {}
        self._release: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Join the group. Raises Unusable when that does not come about in time."""
        self._state = Path(tempfile.mkdtemp(prefix="xabar-faust-"))
        self._app = _app(self._link.group, self._settings, self._state)
        self._app.when_rebalancing = self._rebalancing
        source = self._app.topic(
            *(topic.name for topic in self._stage.sources),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )
        # concurrency stays 1: with more, Faust commits past records in flight.
        self._app.agent(source, name=self._stage.name)(cast(Any, self._agent))
        self._app.on_partitions_assigned.connect(cast(Any, self._assigned))
        self._starting = asyncio.create_task(self._app.start())
        deadline = asyncio.create_task(asyncio.sleep(self._settings.kafka_join_timeout_seconds))
        joined = asyncio.create_task(self._joined.wait())
        await asyncio.wait([self._starting, joined, deadline], return_when=asyncio.FIRST_COMPLETED)
        if not self._joined.is_set() and self._starting.done() and not self._starting.exception():
            await asyncio.wait([joined, deadline], return_when=asyncio.FIRST_COMPLETED)
        deadline.cancel()
        joined.cancel()
        if self._starting.done() and (error := self._starting.exception()):
            if isinstance(error, KafkaError):
                raise Unusable(f"The group {self._link.group} can't be joined: {type(error).__name__} {error}.")
            raise error
        if not self._joined.is_set():
            raise Unusable(not_in_group(self._link.group, self._settings))

    async def run(self) -> None:
        """Until the agent or the application ends, which it must not."""
        while not self._app.should_stop and not self._app.crashed:
            if self._ended.done():
                self._ended.result()
                return
            await asyncio.sleep(0.5)

    async def _agent(self, stream: faust.Stream[bytes]) -> None:
        quiet = stream.noack()
        try:
            async for event in quiet.events():
                await self._take(event)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            give_up(EXIT_IMPOSSIBLE, f"the agent ended: {error!r}")
        if not self._app.should_stop and not self._app.rebalancing and not self._ended.done():
            self._ended.set_result(None)

    async def _take(self, event: EventT[Any]) -> None:
        message = event.message
        if self._link.stopping.is_set():
            self._app.consumer.unacked.discard(message)  # for whoever comes next
            return
        record = Record(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value,
            headers=_headers(message.headers),
            timestamp=round(message.timestamp * 1000),
        )
        generation = (message.topic, message.partition, message.generation_id)
        self._messages[record] = message

        def acknowledge() -> None:
            self._messages.pop(record, None)
            event.ack()

        await self._worker.take(record, acknowledge, generation)

    async def _assigned(self, app: Any, *args: Any, **_: Any) -> None:
        [assigned] = args
        self._link.assigned([(tp.topic, tp.partition) for tp in assigned])
        self._health.joined()
        if self._release:
            self._release.cancel()
            self._release = None
        self._joined.set()
        logs.logger().info("assigned", stage=self._stage.name, partitions=sorted(map(str, assigned)))

    def _rebalancing(self) -> None:
        """Faust waits for all work in flight before it lets partitions go: give it up where it takes too long."""
        self._health.left()
        if self._release is None and self._joined.is_set():
            seconds = self._settings.kafka_rebalance_timeout_seconds / 2
            self._release = asyncio.create_task(self._let_go(seconds))

    async def _let_go(self, seconds: float) -> None:
        """Finish what has begun, and let Faust wait for nothing else."""
        await self._worker.drain(seconds, begun_only=True)
        for record in await self._worker.abandon():
            message = self._messages.pop(record, None)
            if message is not None:
                self._app.consumer.unacked.discard(message)

    async def drain(self) -> None:
        """Finish what has begun, commit, leave."""
        await self._let_go(self._settings.drain_seconds + 1)
        await self._app.stop()
        with contextlib.suppress(asyncio.CancelledError):
            self._starting.cancel()
        shutil.rmtree(self._state, ignore_errors=True)


def _headers(headers: Any) -> tuple[tuple[str, bytes], ...]:
    pairs = headers.items() if isinstance(headers, dict) else headers or ()
    return tuple((k, v if v is not None else b"") for k, v in pairs)
