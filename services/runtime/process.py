"""A service's process: signals, health server, the loops beside the host, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn, Protocol

from services.runtime import logs
from services.runtime.health import Health, serve
from services.runtime.link import Link, Unusable
from services.runtime.settings import EXIT_CONFIG, RuntimeSettings, refuse
from services.runtime.work import Gate

EXIT_IMPOSSIBLE = 70
"""EX_SOFTWARE: a record could neither be finished nor dead-lettered; nothing after it was committed."""
EXIT_TRY_AGAIN = 75
"""EX_TEMPFAIL: ended uncommitted, by a deadline; starting again is right."""

Loop = Callable[[Link], Awaitable[None]]


class Host(Protocol):
    """What moves records: joined to its group by `start`, at work in `run`, emptied by `drain`."""

    async def start(self) -> None: ...

    async def run(self) -> None: ...

    async def drain(self) -> None: ...


def session_refused(settings: RuntimeSettings) -> str:
    """What to say when the broker does not take the session timeout."""
    return (
        f"KAFKA_SESSION_TIMEOUT_SECONDS ({settings.kafka_session_timeout_seconds:g}) is outside of what the broker "
        "allows (group.min.session.timeout.ms to group.max.session.timeout.ms)."
    )


def not_in_group(group: str, settings: RuntimeSettings) -> str:
    """What to say when the broker does not let a worker in."""
    waited = f"Not in the group {group} after {settings.kafka_join_timeout_seconds:g} s."
    return f"{waited} The usual cause: {session_refused(settings)}"


def give_up(code: int, why: str) -> NoReturn:
    """End at once, uncommitted; Kafka gives the records to whoever comes next."""
    logs.logger().critical("process ends", why=why, exit_code=code)
    sys.stderr.flush()
    os._exit(code)


async def serve_stage(
    name: str,
    needed_topics: Sequence[str],
    settings: RuntimeSettings,
    make_host: Callable[[Link, Gate, Health], Host],
    alongside: Sequence[Loop],
) -> None:
    """Run a host and the loops beside it until SIGTERM, then drain. Ends the process where that can't be done."""
    health = Health(name, settings.stall_seconds)
    try:
        server = serve(health, settings.health_host, settings.health_port)
    except OSError as error:
        refuse(f"HEALTH_PORT {settings.health_port} can't be used: {error.strerror}.")
    try:
        link = Link(name, settings, health)
    except ValueError as error:
        refuse(str(error))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, link.stopping.set)
    gate = Gate(name, settings, health, link.publish)
    host = make_host(link, gate, health)
    heart = asyncio.create_task(_beat(health))
    restored = asyncio.Event()
    background: list[asyncio.Task[None]] = []
    try:
        if await _unless_stopping(link, link.start(needed_topics)):
            background = [
                asyncio.create_task(_forever(link, link.watch), name="watch"),
                asyncio.create_task(_forever(link, lambda: link.follow_controls(gate, restored)), name="controls"),
            ]
            # A stage that was paused before it stopped must not take up a record before it knows.
            if await _unless_stopping(link, restored.wait()) and await _unless_stopping(link, host.start()):
                logs.logger().info("started", stage=name, group=link.group, health_port=server.server_port)
                work = [asyncio.create_task(host.run(), name="host")]
                work += [asyncio.create_task(_aside(link, beside), name=beside.__name__) for beside in alongside]
                await _until_stopping(link, [*work, *background])
                await _drain(host, work[1:], settings)
    except Unusable as error:
        logs.logger().critical("can't run", why=str(error))
        give_up(EXIT_CONFIG, str(error))
    except Exception as error:
        logs.logger().error("failed", exc_info=error)
        give_up(EXIT_TRY_AGAIN, f"{type(error).__name__} {error}".strip())
    finally:
        for task in (heart, *background):
            task.cancel()
    await link.stop()
    logs.logger().info("stopped", stage=name)
    # Threads and half-closed clients must not keep a process that has nothing left to do.
    sys.stderr.flush()
    os._exit(0)


async def _drain(host: Host, asides: Sequence[asyncio.Task[None]], settings: RuntimeSettings) -> None:
    # Not wait_for: it would wait for the cancelled drain, and Faust's does not let itself be cancelled.
    draining = asyncio.create_task(_let_go(host, asides), name="drain")
    await asyncio.wait([draining], timeout=settings.drain_seconds)
    if not draining.done():
        give_up(EXIT_TRY_AGAIN, f"work in flight did not end within {settings.drain_seconds:g} s")
    if error := draining.exception():
        give_up(EXIT_TRY_AGAIN, f"the drain failed: {error!r}")


async def _let_go(host: Host, asides: Sequence[asyncio.Task[None]]) -> None:
    """End the service's own loops, which may have words to write, then the host."""
    for task in asides:
        task.cancel()
    if asides:
        await asyncio.wait(asides)
    await host.drain()


async def _unless_stopping(link: Link, work: Awaitable[object]) -> bool:
    """Whether `work` ended before SIGTERM; what it raises is raised."""
    task = asyncio.ensure_future(work)
    stop = asyncio.create_task(link.stopping.wait())
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
        return False
    task.result()
    return True


async def _until_stopping(link: Link, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Until SIGTERM; a loop that ends before is a fault that no record can be blamed for."""
    stop = asyncio.create_task(link.stopping.wait())
    done, _ = await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    if stop in done:
        return
    for task in done:
        error = task.exception()
        if error is not None:
            logs.logger().error("loop failed", loop=task.get_name(), exc_info=error)
        give_up(EXIT_TRY_AGAIN, f"the loop {task.get_name()} ended: {error!r}")


async def _aside(link: Link, beside: Loop) -> None:
    await beside(link)


async def _forever(link: Link, loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop of the runtime's own again when the broker drops it."""
    while True:
        try:
            await loop()
        except Exception as error:
            logs.logger().warning("following again", error=f"{type(error).__name__} {error}".strip())
        await asyncio.sleep(1)


async def _beat(health: Health) -> None:
    while True:
        health.beat()
        await asyncio.sleep(1)
