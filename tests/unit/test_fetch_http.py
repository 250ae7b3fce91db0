"""Requests against small hostile servers: bounds, the guard, and what each fault is called."""

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from services.fetcher.web.addresses import Pin
from services.fetcher.web.answers import MAX_BODY_BYTES, Answer, Fault, Outcome, Refusal
from services.fetcher.web.http import HttpxWeb, NameUnknown

Talk = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(await reader.readuntil(b"\r\n\r\n"), writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


def says(body: bytes, *headers: str, status: str = "200 OK") -> Talk:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)

    return talk


async def ask(talk: Talk, *, path: str = "/", seconds: float = 5) -> Outcome:
    async with server(talk) as port, web({"site.example": Pin("127.0.0.1", port)}, seconds) as client:
        return await client.get(f"http://site.example{path}")


def web(pins: dict[str, Pin], seconds: float = 5, addresses: Sequence[str] | None = None) -> HttpxWeb:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if addresses is None:
            raise NameUnknown(host)
        return addresses

    return HttpxWeb("xabar/1 (+me@here.example)", pins, total_seconds=seconds, resolve=resolve)


async def test_an_answer_is_whole_with_lower_case_headers() -> None:
    answer = await ask(says(b"<html>salom", "Content-Type: text/html; charset=utf-8", "ETag: x"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.header("etag")) == (200, b"<html>salom", "x")


async def test_who_asks_is_said_and_no_cookie_is_ever_sent_back() -> None:
    heard: list[bytes] = []

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        heard.append(request)
        await says(b"", "Set-Cookie: a=b; Path=/")(request, writer)

    async with server(talk) as port, web({"site.example": Pin("127.0.0.1", port)}) as client:
        await client.get("http://site.example/")
        await client.get("http://site.example/")
    assert b"User-Agent: xabar/1 (+me@here.example)" in heard[1]
    assert b"cookie" not in heard[1].lower()
    assert b"Host: site.example\r\n" in heard[1]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"xabar" * 99, mtime=0)),
        ("gzip", gzip.compress(b"xabar" * 90, mtime=0) + gzip.compress(b"xabar" * 9, mtime=0)),
        ("deflate", zlib.compress(b"xabar" * 99)),
        ("deflate", zlib.compress(b"xabar" * 99, wbits=-15)),
    ],
)
async def test_a_packed_body_is_unpacked(encoding: str, packed: bytes) -> None:
    answer = await ask(says(packed, f"Content-Encoding: {encoding}"))
    assert isinstance(answer, Answer)
    assert answer.body == b"xabar" * 99


async def test_a_gzip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (20 * MAX_BODY_BYTES), 1)
    refused = await ask(says(bomb, "Content-Encoding: gzip"))
    assert isinstance(refused, Refusal)
    assert refused.reason == "too-large"


async def test_a_page_of_20_mib_is_refused_after_the_first_eight() -> None:
    sent = 0

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20971520\r\n\r\n")
        for _i in range(320):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    refused = await ask(talk)
    assert isinstance(refused, Refusal)
    assert refused.reason == "too-large"
    assert sent < 16 * 1024 * 1024


async def test_headers_without_end_are_a_fault_or_too_large() -> None:
    many = [f"X-{i}: {'y' * 800}" for i in range(100)]
    outcome = await ask(says(b"", *many))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "too-large"


async def test_an_answer_that_drips_is_cut_at_the_total_time() -> None:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _i in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    started = time.monotonic()
    fault = await ask(talk, seconds=0.4)
    assert isinstance(fault, Fault)
    assert fault.kind == "timeout"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("bytes_sent", [b"", b"HTTP/1.1 200", b"\x16\x03\x01garbage\r\n\r\n"])
async def test_what_is_no_http_is_a_fault(bytes_sent: bytes) -> None:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes_sent)

    fault = await ask(talk)
    assert isinstance(fault, Fault)
    assert fault.kind == "protocol"


async def test_a_body_that_is_not_in_its_encoding_is_a_fault() -> None:
    fault = await ask(says(b"this is no gzip", "Content-Encoding: gzip"))
    assert isinstance(fault, Fault)


async def test_a_redirect_is_an_answer_whose_body_nobody_reads() -> None:
    answer = await ask(says(b"x" * 20_000_000, "Location: /there", status="302 Found"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.header("location"), answer.body) == (302, "/there", b"")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:169.254.169.254"]])
async def test_a_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    async with web({}, addresses=addresses) as client:
        refused = await client.get("http://inside.example/")
    assert isinstance(refused, Refusal)
    assert refused.reason == "address-refused"


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/", "http://[::1]/", "http://127.0.0.1:8080/"])
async def test_an_address_as_a_host_is_checked_like_a_name(url: str) -> None:
    async with HttpxWeb("xabar/1", {"other.example": Pin("127.0.0.1", 1)}) as client:
        refused = await client.get(url)
    assert isinstance(refused, Refusal)
    assert refused.reason == "address-refused"


async def test_a_name_that_dns_does_not_know_is_a_fault_that_may_pass() -> None:
    async with web({}) as client:
        fault = await client.get("http://nowhere.example/")
    assert isinstance(fault, Fault)
    assert fault.kind == "dns"


async def test_a_port_where_nobody_listens_is_a_fault_that_may_pass() -> None:
    async with server(says(b"")) as port:
        pass
    async with web({"site.example": Pin("127.0.0.1", port)}) as client:
        fault = await client.get("http://site.example/")
    assert isinstance(fault, Fault)
    assert fault.kind == "connect"


@pytest.mark.parametrize("url", ["ftp://site.example/", "http://", "http://a b/", "http://xn--.example\x00/"])
async def test_what_is_no_url_is_refused(url: str) -> None:
    async with web({}) as client:
        refused = await client.get(url)
    assert isinstance(refused, Refusal)
    assert refused.reason == "bad-url"
