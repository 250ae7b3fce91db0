"""Serves the newsroom's sites to the other containers; once they answer, asks for them to be watched."""

from __future__ import annotations

import asyncio
import signal
import threading

from services.console.newsroom.server import Newsroom
from services.contracts.sources import Source
from services.contracts.topics import SOURCES
from services.runtime.health import Health
from services.runtime.link import Link
from services.runtime.settings import RuntimeSettings, load

PORT = 8089


async def register(newsroom: Newsroom, settings: RuntimeSettings) -> None:
    """Put the sites on the topic of sources; the same again changes nothing."""
    link = Link("console", settings, Health("console", settings.stall_seconds))
    await link.start([SOURCES.name])
    try:
        for source in newsroom.sources():
            await link.send(SOURCES, Source.model_validate(source))
    finally:
        await link.stop()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Newsroom(host="0.0.0.0", port=PORT) as newsroom:  # noqa: S104 - inside the containers' network
        asyncio.run(register(newsroom, load(RuntimeSettings)))
        stop.wait()


if __name__ == "__main__":
    main()
