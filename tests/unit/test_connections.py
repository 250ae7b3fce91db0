"""Connections: kept from one request to the next, few of them, none for long, and none closed under an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore
import pytest

from services.fetcher.web.connections import Connections


@dataclass
class Site:
    """Answers each request; counts connections, and those that are still open."""

    port: int = 0
    opened: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open.add(writer)
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
        self.open.discard(writer)
        writer.close()


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    of = Site()
    server = await asyncio.start_server(of.answer, "127.0.0.1", 0)
    of.port = server.sockets[0].getsockname()[1]
    async with server:
        yield of


@asynccontextmanager
async def connections(most: int, clock: list[float]) -> AsyncIterator[Connections]:
    kept = Connections(httpcore.AsyncHTTPConnection, most, 20, lambda: clock[0])
    try:
        yield kept
    finally:
        await kept.aclose()


async def ask(kept: Connections, of: Site) -> httpcore.Response:
    request = httpcore.Request("GET", f"http://127.0.0.1:{of.port}/", headers={"Host": "a.example"})
    return await kept.handle_async_request(request)


async def read(response: httpcore.Response) -> bytes:
    try:
        return await response.aread()
    finally:
        await response.aclose()


async def all_closed(of: Site) -> None:
    for _ in range(500):
        if not of.open:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(of.open)} connections are open still")


async def test_one_connection_serves_many_requests() -> None:
    async with site() as one, connections(4, [0.0]) as kept:
        for _ in range(3):
            assert await read(await ask(kept, one)) == b"body"
        assert one.opened == 1


async def test_the_connections_used_longest_ago_are_closed_where_there_are_too_many() -> None:
    async with site() as one, site() as two, site() as three, connections(2, [0.0]) as kept:
        for of in (one, two, one, three):
            await read(await ask(kept, of))
        assert len(kept) == 2
        await all_closed(two)
        assert (len(one.open), len(three.open)) == (1, 1)


async def test_what_was_idle_for_long_is_closed_though_nobody_asks_for_it() -> None:
    clock = [0.0]
    async with site() as one, site() as two, connections(9, clock) as kept:
        await read(await ask(kept, one))
        clock[0] = 21.0
        await read(await ask(kept, two))
        await all_closed(one)
        assert len(kept) == 1


async def test_an_answer_that_is_being_read_keeps_its_connection() -> None:
    clock = [0.0]
    async with site() as one, site() as two, connections(1, clock) as kept:
        slow = await ask(kept, one)
        clock[0] = 21.0
        await read(await ask(kept, two))
        assert await read(slow) == b"body"


async def test_two_requests_at_once_to_one_site_do_not_wait_for_each_other() -> None:
    async with site() as one, connections(4, [0.0]) as kept:
        first, second = await ask(kept, one), await ask(kept, one)
        assert (await read(second), await read(first)) == (b"body", b"body")
        await read(await ask(kept, one))
        assert one.opened == 2


async def test_a_connection_that_the_site_has_closed_is_not_used_again() -> None:
    async with site() as one, connections(4, [0.0]) as kept:
        await read(await ask(kept, one))
        for writer in list(one.open):
            writer.close()
            await writer.wait_closed()
        assert await read(await ask(kept, one)) == b"body"
        assert one.opened == 2


async def test_where_nobody_answers_nothing_is_kept_that_could_be_used() -> None:
    async with site() as gone:
        pass
    async with connections(4, [0.0]) as kept:
        for _ in range(2):
            with pytest.raises(httpcore.ConnectError):
                await ask(kept, gone)
