"""Requests by httpx, over connections that go only to addresses which were checked."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpcore
import httpx

from services.contracts.identity import BadUrl, host_of
from services.fetcher.interpret import redacted
from services.fetcher.web.addresses import Pin, refusal, refusal_of_host
from services.fetcher.web.answers import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_WIRE_BYTES,
    Answer,
    Fault,
    Outcome,
    Refusal,
)
from services.fetcher.web.connections import Connections
from services.fetcher.web.egress import Proxy, check_source_address, tls_context
from services.fetcher.web.unpacking import ACCEPTED, TooLarge, Unpacker, Unreadable

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 20.0
ACCEPT = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/xml;q=0.9,*/*;q=0.1"
MAX_UNREAD_BYTES = 64 * 1024
"""Of a body that nobody reads, a redirect's say; more is not worth keeping the connection for."""
MISSING_PAGE_BYTES = 256 * 1024
"""Of the page that a site shows for what is not there: later pages are compared with it."""
ERROR_PAGE_BYTES = 64 * 1024
"""Of any other error page; a challenge says what it is in its head."""
ERROR_PAGE_SECONDS = 5.0
"""For the body of an error page; its status is known without it."""
SETTLE_SECONDS = 0.1
"""Left of the total time when the reading of such a body ends."""
MAX_BEFORE_HEADERS_BYTES = MAX_HEADER_BYTES + 64 * 1024
"""Until the headers are whole: interim answers, frames, the headers, and what of the body came in the same read."""
MAX_FRAMING_BYTES = 256 * 1024
"""Beside the body itself: chunk sizes, trailers, frames that carry nothing."""
MAX_PARTS = 20_000
"""Pieces that a body may come in; each costs the same, however small it is."""

_BROKEN_OFF = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_USER_INFO = re.compile(r"(?<=//)[^/?#]*@")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Exception):
    """A name leads to an address that we do not connect to."""


class NameUnknown(Exception):
    """DNS has no address for the name, or does not answer."""


class ProxyFailed(Exception):
    """The proxy can't be reached, or does not serve us."""


class Flood(Exception):
    """The server sends and sends, and no answer comes of it."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the system's resolver. Raises NameUnknown."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameUnknown(f"{host}: {error}") from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _Meter:
    """What one request received, down to the frames that no reader of the body ever sees."""

    def __init__(self) -> None:
        self._received = 0
        self._most = MAX_BEFORE_HEADERS_BYTES

    def received(self, size: int) -> None:
        """Count bytes off the wire. Raises Flood."""
        self._received += size
        if self._received > self._most:
            raise Flood(f"{self._received} bytes, too few of them an answer")

    def headers_are_whole(self) -> None:
        """From here on it is the body that counts."""
        self._most = MAX_BEFORE_HEADERS_BYTES + MAX_FRAMING_BYTES

    def body(self, size: int) -> None:
        """Bytes of the body allow for as many more."""
        self._most += size


_METER: ContextVar[_Meter | None] = ContextVar("meter", default=None)
"""The request that reads; on a connection of HTTP/2 it may receive another's frames too."""


class _MeteredStream(httpcore.AsyncNetworkStream):
    """A connection whose received bytes are counted for the request that reads them."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        meter = _METER.get()
        if meter is not None:
            meter.received(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _MeteredStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.AsyncNetworkBackend):
    """TCP only, metered, from the source address that was given."""

    def __init__(
        self, resolve: Resolve, source_address: str | None, network: httpcore.AsyncNetworkBackend | None
    ) -> None:
        self._resolve = resolve
        self._source = source_address
        self._inner = network or httpcore.AnyIOBackend()

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: the web is not on this machine."""
        raise AddressRefused("a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Between attempts of the pool."""
        await asyncio.sleep(seconds)

    async def _connect_to_first(
        self, host: str, addresses: Sequence[str], port: int, timeout: float | None, options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = NameUnknown(f"{host} has no address")
        for address in addresses:
            if self._source is not None and _version(address) != _version(self._source):
                failure = httpcore.ConnectError(f"{host} has no address that {self._source} can reach")
                continue
            try:
                return _MeteredStream(await self._inner.connect_tcp(address, port, timeout, self._source, options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class GuardedBackend(_Backend):
    """Resolves, checks every address, then connects to one that was checked; DNS is not asked twice."""

    def __init__(
        self,
        pins: Mapping[str, Pin],
        resolve: Resolve = resolve,
        source_address: str | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        super().__init__(resolve, source_address, network)
        self._pins = pins

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
            return await self._connect_to_first(host, [pin.address], pin.port, timeout, socket_options)
        addresses = await self._resolve(host, port)
        for address in addresses:
            # One bad address spoils the name: nobody publishes both honestly.
            if why := refusal(address):
                raise AddressRefused(f"{host} leads to {address}: {why}")
        return await self._connect_to_first(host, addresses, port, timeout, socket_options)


class _ToProxy(_MeteredStream):
    """A connection whose first handshake is with the proxy, not with a site."""

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await super().start_tls(ssl_context, server_hostname, timeout)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise ProxyFailed(f"no TLS with it: {error}") from error


class ProxyBackend(_Backend):
    """Connects to the operator's proxy, wherever it is; the pool asks for nothing else."""

    def __init__(
        self,
        resolve: Resolve,
        source_address: str | None,
        network: httpcore.AsyncNetworkBackend | None = None,
        *,
        tls: bool,
    ) -> None:
        super().__init__(resolve, source_address, network)
        self._tls = tls

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the proxy. Raises ProxyFailed."""
        try:
            addresses = await self._resolve(host, port)
            stream = await self._connect_to_first(host, addresses, port, timeout, socket_options)
        except (NameUnknown, httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise ProxyFailed(f"{host}:{port} can't be reached: {type(error).__name__} {error}".strip()) from error
        return _ToProxy(stream) if self._tls else stream


def _version(address: str) -> int:
    return ipaddress.ip_address(address.split("%", 1)[0]).version


class _Body(httpx.AsyncByteStream):
    """httpcore's stream of a response, as httpx wants it."""

    def __init__(self, response: httpcore.Response) -> None:
        self._stream: Any = response.stream
        self._connection = response.extensions["network_stream"]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = 0
        async for part in self._stream:
            # Empty ones too, which nobody further on gets to see.
            parts += 1
            if parts > MAX_PARTS:
                raise Flood(f"a body in more than {MAX_PARTS} pieces")
            yield part
        if self._more_came():
            await self._connection.aclose()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _more_came(self) -> bool:
        """Whether bytes stand behind an answer of HTTP/1.1: the next request must not take them for its own.

        httpcore keeps them where only its own names lead; a test holds us to them.
        """
        stream = getattr(self._stream, "_stream", self._stream)  # a pool's wraps the connection's
        connection = getattr(stream, "_connection", None)
        state = getattr(connection, "_h11_state", None)
        return state is not None and bool(state.trailing_data[0])


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's way to httpcore, with the guard as network backend (httpx has no place to give one).

    With a proxy, pinned names still go straight to where the operator pinned them.
    """

    def __init__(
        self,
        pins: Mapping[str, Pin],
        *,
        resolve: Resolve,
        connections: int,
        context: Callable[[], ssl.SSLContext],
        proxy: Proxy | None = None,
        source_address: str | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._pins = pins
        tls, backend = context(), GuardedBackend(pins, resolve, source_address, network)
        self._direct = Connections(
            lambda origin: httpcore.AsyncHTTPConnection(
                origin, ssl_context=tls, keepalive_expiry=KEEPALIVE_SECONDS, http2=True, network_backend=backend
            ),
            connections,
            KEEPALIVE_SECONDS,
        )
        self._proxied: httpcore.AsyncHTTPProxy | None = None
        if proxy is not None:
            self._proxied = httpcore.AsyncHTTPProxy(
                httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
                proxy_auth=proxy.login,
                ssl_context=context(),
                # Of its own, for the pool offers HTTP/2 on the other one.
                proxy_ssl_context=context() if proxy.scheme == "https" else None,
                network_backend=ProxyBackend(resolve, source_address, network, tls=proxy.scheme == "https"),
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=KEEPALIVE_SECONDS,
                http2=True,
            )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises AddressRefused, NameUnknown, ProxyFailed, and httpcore's errors as they are."""
        host = request.url.raw_host.decode("ascii")
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        if self._proxied is None or host in self._pins:
            response = await self._direct.handle_async_request(sent)
        else:
            if why := refusal_of_host(host):
                raise AddressRefused(f"{host} through a proxy: {why}")
            response = await _through(self._proxied, sent)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._direct.aclose()
        if self._proxied is not None:
            await self._proxied.aclose()


async def _through(proxy: httpcore.AsyncHTTPProxy, request: httpcore.Request) -> httpcore.Response:
    """The proxy's response. Raises ProxyFailed, or httpcore.ConnectError where it can't reach the site."""
    try:
        response = await proxy.handle_async_request(request)
    except httpcore.ProxyError as error:
        # Of the proxy's own words only the status is taken over.
        status = int(str(error)[:3])
        if status in (502, 503, 504):
            raise httpcore.ConnectError(f"the proxy can't reach it: status {status}") from None
        raise ProxyFailed(_proxy_says(status)) from None
    if response.status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        await response.aclose()
        raise ProxyFailed(_proxy_says(response.status))
    return response


def _proxy_says(status: int) -> str:
    if status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        return "status 407: it wants a name and a password, or others than those of FETCHER_PROXY"
    return f"status {status}: it refuses to connect"


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
        proxy: Proxy | None = None,
        ca_bundle: Path | None = None,
        source_address: str | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Raises ValueError with a sentence where the bundle or the source address can't be used.

        `network` connects to what was checked: the system's TCP, or a small internet in the tests.
        """
        self._total = total_seconds
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(
                pins,
                resolve=resolve,
                connections=connections,
                context=lambda: tls_context(ca_bundle),
                proxy=proxy,
                source_address=check_source_address(source_address) if source_address is not None else None,
                network=network,
            ),
            headers={"User-Agent": user_agent, "Accept": ACCEPT, "Accept-Encoding": ACCEPTED},
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
        """One request, no redirects followed. Never raises for what the web does.

        A name and password in the URL are neither sent nor told.
        """
        started = time.monotonic()

        def seconds() -> float:
            return time.monotonic() - started

        told = _USER_INFO.sub("", url)
        try:
            asked = _as_asked(url)
            async with asyncio.timeout(self._total) as total:
                status, answered, body = await self._exchange(asked, headers or {}, total)
        except (BadUrl, httpx.InvalidURL, UnicodeError) as error:
            return Refusal(redacted(url), "bad-url", redacted(str(error))[:500], seconds())
        except AddressRefused as error:
            return Refusal(told, "address-refused", str(error), seconds())
        except TooLarge as error:
            return Refusal(told, "too-large", str(error), seconds())
        except NameUnknown as error:
            return Fault(told, "dns", str(error), seconds())
        except ProxyFailed as error:
            return Fault(told, "proxy", str(error)[:500], seconds())
        except Unreadable as error:
            return Fault(told, "encoding", str(error)[:500], seconds())
        except (TimeoutError, httpcore.TimeoutException) as error:
            return Fault(told, "timeout", f"{seconds():.0f} s {type(error).__name__}", seconds())
        except httpcore.ConnectError as error:
            return Fault(told, "tls" if _is_tls(error) else "connect", str(error)[:500], seconds())
        except Exception as error:  # whatever the libraries raise on hostile bytes, it ends one request only
            return Fault(told, "protocol", f"{type(error).__name__}: {error}"[:500], seconds())
        return Answer(told, status, answered, body, seconds())

    async def _exchange(
        self, url: str, headers: Mapping[str, str], total: asyncio.Timeout
    ) -> tuple[int, Mapping[str, str], bytes]:
        meter = _Meter()
        _METER.set(meter)
        async with self._client.stream("GET", url, headers=headers) as response:
            meter.headers_are_whole()
            size = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
            if size > MAX_HEADER_BYTES:
                raise TooLarge(f"{size} bytes of headers; {MAX_HEADER_BYTES} are the most")
            answered = {name: _CONTROLS.sub(" ", value) for name, value in response.headers.items()}
            encoding = answered.get("content-encoding", "")
            if response.is_success:
                unpacker = Unpacker(encoding, MAX_WIRE_BYTES, MAX_BODY_BYTES)
                await _read(response, unpacker, meter)
                return response.status_code, answered, unpacker.body()
            if response.status_code < httpx.codes.BAD_REQUEST:
                await _glimpse(response, "", MAX_UNREAD_BYTES, meter, total)
                return response.status_code, answered, b""
            most = MISSING_PAGE_BYTES if response.status_code in (404, 410) else ERROR_PAGE_BYTES
            return response.status_code, answered, await _glimpse(response, encoding, most, meter, total)


async def _read(response: httpx.Response, unpacker: Unpacker, meter: _Meter) -> None:
    """The body into the unpacker. Raises TooLarge, Unreadable, Flood, and httpcore's errors."""
    async for chunk in response.aiter_raw():
        meter.body(len(chunk))
        unpacker.feed(chunk)


async def _glimpse(response: httpx.Response, encoding: str, most: int, meter: _Meter, total: asyncio.Timeout) -> bytes:
    """What of a body came within 5 seconds and the bound; the status stands, whatever is wrong with the body."""
    deadline = asyncio.get_running_loop().time() + ERROR_PAGE_SECONDS
    last = total.when()
    assert last is not None
    try:
        unpacker = Unpacker(encoding, most, most)
    except Unreadable:
        return b""
    try:
        async with asyncio.timeout_at(min(deadline, last - SETTLE_SECONDS)):
            await _read(response, unpacker, meter)
    except (TooLarge, Unreadable, Flood, TimeoutError, OSError, *_BROKEN_OFF):
        pass
    return unpacker.so_far()


def _as_asked(url: str) -> str:
    """The URL that goes out: the host as the frontier knows it, no name, no password, no fragment. Raises BadUrl."""
    authority = host_of(url)
    return urlunsplit(urlsplit(url.strip())._replace(netloc=authority, fragment=""))


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
