"""Small servers that say exactly what a test wants, an internet that leads to them, and certificates for them."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import h2.config
import h2.connection
import h2.events
import httpcore
import trustme

from services.fetcher.web.addresses import Pin
from services.fetcher.web.http import HttpxWeb
from services.fetcher.web.http import resolve as ask_the_system

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Hears the head of a request and writes what it likes."""
PUBLIC = "93.184.216.34"
SITE = "site.example"


@dataclass
class Heard:
    """What a server was asked."""

    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def server(talk: Talk, tls: ssl.SSLContext | None = None, heard: Heard | None = None) -> AsyncIterator[int]:
    """A server on a free port; a connection is asked again until `talk` closes it."""
    heard = heard or Heard()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        heard.connections += 1
        with contextlib.suppress(
            OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError
        ):
            try:
                while not writer.is_closing():
                    heard.requests.append(await reader.readuntil(b"\r\n\r\n"))
                    await talk(heard.requests[-1], writer)
                    await writer.drain()
            finally:
                writer.close()
                tasks.discard(task)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await _end(tasks)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


def says(body: bytes = b"", *headers: str, status: str = "200 OK") -> Talk:
    """A server that always gives this answer, and keeps the connection."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)

    return talk


def sends(raw: bytes, *, ends: bool = True) -> Talk:
    """A server that sends these bytes, be they HTTP or not, and hangs up or holds on."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if ends:
            writer.close()
        else:
            await asyncio.sleep(60)

    return talk


def floods(head: bytes, piece: bytes, times: int = 1_000_000) -> Talk:
    """A server that does not come to an end."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _i in range(times):
            writer.write(piece)
            await writer.drain()
        writer.close()

    return talk


def drips(head: bytes, piece: bytes = b"x") -> Talk:
    """A server that sends a little, again and again, with short rests."""

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    return talk


@dataclass
class Internet(httpcore.AnyIOBackend):
    """Public addresses that lead to servers of this machine; `dialled` is where anybody wanted to go."""

    routes: dict[str, int]
    dialled: list[tuple[str, int]] = field(default_factory=list)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if host not in self.routes:
            raise httpcore.ConnectError("nobody is there")
        return await super().connect_tcp("127.0.0.1", self.routes[host], timeout, local_address, socket_options)


def resolver(answers: dict[str, list[Sequence[str]]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A DNS whose answers to one name change; the last stays. Numbers are read as the system reads them."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in answers:
            return await ask_the_system(host, port)
        given = answers[host]
        return given.pop(0) if len(given) > 1 else given[0]

    return resolve


def web(port: int, seconds: float = 5, **ways: Any) -> HttpxWeb:
    """The fetcher's web, with site.example pinned to a port of this machine."""
    return HttpxWeb("xabar/1 (+me@here.example)", {SITE: Pin("127.0.0.1", port)}, total_seconds=seconds, **ways)


def serving(
    authority: trustme.CA, *names: str, protocols: Sequence[str] = ("http/1.1",), **options: Any
) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    context.set_alpn_protocols(list(protocols))
    return context


Talk2 = Callable[[h2.connection.H2Connection, int, asyncio.StreamWriter], Awaitable[None]]
"""Hears a request's stream and writes frames, or bytes that are none."""


@asynccontextmanager
async def http2_server(talk: Talk2, tls: ssl.SSLContext, heads: list[Any] | None = None) -> AsyncIterator[int]:
    """A server that speaks HTTP/2, as well or badly as `talk` does; requests' headers are put on `heads`."""

    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        config = h2.config.H2Configuration(
            client_side=False,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        state = h2.connection.H2Connection(config)
        state.initiate_connection()
        writer.write(state.data_to_send())
        with contextlib.suppress(OSError, h2.exceptions.H2Error, asyncio.CancelledError):
            while data := await reader.read(65536):
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        if heads is not None:
                            heads.append(event.headers)
                        await talk(state, event.stream_id, writer)
                writer.write(state.data_to_send())
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await _end(tasks)


@dataclass
class Forwarder:
    """A forward proxy: what it was asked for, and where it leads; `answer` replaces all it would do."""

    routes: dict[str, int]
    login: str | None = None
    answer: bytes | None = None
    heads: list[bytes] = field(default_factory=list)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await self._serve(reader, writer)
            finally:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        given = [line for line in head.split(b"\r\n") if line.lower().startswith(b"proxy-authorization:")]
        if self.answer is not None:
            writer.write(self.answer)
        elif self.login is not None and given != [f"Proxy-Authorization: {self.login}".encode()]:
            writer.write(b"HTTP/1.1 407 pa55word wanted\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
        elif method == "CONNECT":
            there, back = await asyncio.open_connection("127.0.0.1", self.routes[target.rsplit(":", 1)[0]])
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.wait(
                [asyncio.create_task(_pipe(reader, back)), asyncio.create_task(_pipe(there, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            back.close()
        else:
            there, back = await asyncio.open_connection("127.0.0.1", self.routes[target.split("/")[2]])
            back.write(head.replace(b"Connection: keep-alive", b"Connection: close"))
            await _pipe(there, writer)
        await writer.drain()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def forwarding(forwarder: Forwarder, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The proxy on a free port."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await forwarder.connected(reader, writer)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await _end(tasks)
