"""Requests by httpx, over connections that go only to addresses which were checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from services.contracts.identity import BadUrl, host_of
from services.fetcher.addresses import Pin, refusal
from services.fetcher.answers import MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_WIRE_BYTES, Answer, Fault, Outcome, Refusal
from services.fetcher.unpacking import TooLarge, Unpacker, Unreadable

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 20.0
ACCEPT = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.1"
MAX_UNREAD_BYTES = 64 * 1024
"""Of a body that nobody reads, an error page say; more is not worth keeping the connection for."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Exception):
    """A name leads to an address that we do not connect to."""


class NameUnknown(Exception):
    """DNS has no address for the name, or does not answer."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the system's resolver. Raises NameUnknown."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(f"{host}: {error}") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks every address, then connects to one that was checked; DNS is not asked twice."""

    def __init__(self, pins: Mapping[str, Pin], resolve: Resolve = resolve) -> None:
        self._pins = pins
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to a checked address. Raises AddressRefused, NameUnknown or httpcore's errors."""
        pin = self._pins.get(host.lower().rstrip("."))
        if pin is not None:
            return await self._inner.connect_tcp(pin.address, pin.port, timeout, local_address, socket_options)
        addresses = await self._resolve(host, port)
        for address in addresses:
            # One bad address spoils the name: nobody publishes both honestly.
            if why := refusal(address):
                raise AddressRefused(f"{host} leads to {address}: {why}")
        failure: Exception = NameUnknown(f"{host} has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: the web is not on this machine."""
        raise AddressRefused("a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Between attempts of the pool."""
        await asyncio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    """httpcore's stream of a response, as httpx wants it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's way to httpcore, with the guard as network backend (httpx has no place to give one)."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, connections: int, context: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEPALIVE_SECONDS,
            http2=True,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpcore's errors as they are."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.stream),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class HttpxWeb:
    """The web as the fetcher sees it: one GET at a time, every answer bounded, no cookies, nothing followed."""

    def __init__(
        self,
        user_agent: str,
        pins: Mapping[str, Pin],
        *,
        total_seconds: float = 30.0,
        connections: int = 64,
        resolve: Resolve = resolve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._total = total_seconds
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(
                GuardedBackend(pins, resolve), connections, context or httpx.create_ssl_context()
            ),
            headers={"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(total_seconds, connect=min(CONNECT_SECONDS, total_seconds)),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        """One request, no redirects followed. Never raises for what the web does."""
        started = time.monotonic()

        def seconds() -> float:
            return time.monotonic() - started

        try:
            host_of(url)
            async with asyncio.timeout(self._total):
                status, answered, body = await self._exchange(url, headers or {})
        except (BadUrl, httpx.InvalidURL, UnicodeError) as error:
            return Refusal(url, "bad-url", str(error)[:500], seconds())
        except AddressRefused as error:
            return Refusal(url, "address-refused", str(error), seconds())
        except TooLarge as error:
            return Refusal(url, "too-large", str(error), seconds())
        except NameUnknown as error:
            return Fault(url, "dns", str(error), seconds())
        except (TimeoutError, httpcore.TimeoutException) as error:
            return Fault(url, "timeout", f"{seconds():.0f} s {type(error).__name__}", seconds())
        except httpcore.ConnectError as error:
            return Fault(url, "tls" if _is_tls(error) else "connect", str(error)[:500], seconds())
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, Unreadable, OSError) as error:
            return Fault(url, "protocol", f"{type(error).__name__}: {error}"[:500], seconds())
        return Answer(url, status, answered, body, seconds())

    async def _exchange(self, url: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        async with self._client.stream("GET", url, headers=headers) as response:
            size = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
            if size > MAX_HEADER_BYTES:
                raise TooLarge(f"{size} bytes of headers; {MAX_HEADER_BYTES} are the most")
            if not response.is_success:
                async for _ in response.aiter_raw():
                    if response.num_bytes_downloaded > MAX_UNREAD_BYTES:
                        break
                return response.status_code, dict(response.headers.items()), b""
            unpacker = Unpacker(response.headers.get("content-encoding", ""), MAX_WIRE_BYTES, MAX_BODY_BYTES)
            async for chunk in response.aiter_raw():
                unpacker.feed(chunk)
            return response.status_code, dict(response.headers.items()), unpacker.body()


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
