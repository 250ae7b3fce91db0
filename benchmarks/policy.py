"""What the runtime's policy costs beside the bare function: decode, handle, encode, against the memory host."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from services.contracts.pages import FetchRequest
from services.contracts.topics import FETCH_REQUESTS
from services.runtime import logs
from services.runtime.hosts.memory import MemoryHost
from services.runtime.settings import RuntimeSettings
from services.runtime.stage import Record, Stage

RECORDS = 2000


async def _same(request: FetchRequest) -> FetchRequest:
    return request


STAGE = Stage("fetcher", FETCH_REQUESTS, FETCH_REQUESTS, _same, lambda r: r.url, lambda r: r.url, lambda r: r.source)


def contests() -> list[tuple[str, Callable[[], int], str, Callable[[], int]]]:
    """Records per second through the whole policy, and through the function alone."""
    logs.configure("bench", "error")
    logging.disable(logging.WARNING)
    now = datetime.now(UTC)
    values = [
        FetchRequest(url=f"https://news.example/{i}", reason="feed", requested_at=now).encode() for i in range(RECORDS)
    ]
    records = [Record("fetch-requests", 0, i, b"news.example", value, (), 0) for i, value in enumerate(values)]

    def whole() -> int:
        async def run() -> None:
            await MemoryHost(STAGE, RuntimeSettings()).run(records)

        asyncio.run(run())
        return RECORDS

    def bare() -> int:
        async def run() -> None:
            for value in values:
                (await _same(FetchRequest.decode(value))).encode()

        asyncio.run(run())
        return RECORDS

    return [("policy", whole, "bare function", bare)]
