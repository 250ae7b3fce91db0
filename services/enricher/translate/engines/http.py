"""How engines are asked over HTTP: JSON both ways, bounded in time and bytes, and a kind of fault for each status."""

from __future__ import annotations

import asyncio
import html
import ipaddress
import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from services.enricher.translate.engine import BadAnswer, Broken, Busy, DataPolicy, Denied, EngineFault, Spent

MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_RETRY_AFTER_SECONDS = 86_400.0
MAX_CONNECTIONS = 16
MAX_CA_BYTES = 16 * 1024 * 1024
_SECONDS = re.compile(r"\d{1,9}")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,8192}")

KINDS: Mapping[int, type[EngineFault]] = {
    400: BadAnswer,
    401: Denied,
    402: Spent,
    403: Denied,
    404: Denied,
    405: Denied,
    407: Denied,
    408: Broken,
    410: Denied,
    413: BadAnswer,
    414: BadAnswer,
    422: BadAnswer,
    429: Busy,
    456: Spent,  # DeepL's own
    529: Busy,  # DeepL's own
}
"""What a status means where the engine's documentation says nothing more. A request that was not taken as it is (400,
413, 414, 422) is the article's fault and not the engine's: it must not count as a refusal of us."""


@dataclass(frozen=True)
class Endpoint:
    """Where an engine is and how it is reached. Raises ValueError, with nothing secret in it, where that can't be."""

    base_url: str
    """http or https, with or without a path; no name, password, query or fragment."""
    timeout_seconds: float = 20.0
    """Of a whole call: connecting, sending, waiting and reading."""
    ca_file: Path | None = None
    """Authorities (PEM) to trust instead of the system's."""
    proxy: SecretStr | None = None
    """http://user:password@host:port; the environment's proxies are never used."""

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("an engine's URL can't be read") from None
        if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", self.base_url):
            raise ValueError("an engine's URL is http://host or https://host, with a port and a path where needed")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an engine's URL has no name, password, query or fragment")
        if not 0 < self.timeout_seconds <= 600:
            raise ValueError(f"a timeout of {self.timeout_seconds} seconds; it is above 0 and at most 600")

    @property
    def policy(self) -> DataPolicy:
        """Local for an address of this machine or a private network, else the text leaves.

        A name other than localhost says nothing about where it leads, and counts as leaving.
        """
        host = urlsplit(self.base_url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return "local" if host == "localhost" else "leaves"
        return "local" if address.is_loopback or address.is_private else "leaves"


@dataclass(frozen=True)
class Answer:
    """What came back: its body is the engine's text and stays out of every message."""

    status: int
    retry_after: float | None = None
    """Seconds."""
    data: Any = field(default=None, repr=False)
    """Read from JSON; None where an answer with an error's status held no JSON."""

    @property
    def fine(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == httpx.codes.OK


class Edge:
    """One engine's connections."""

    def __init__(
        self,
        endpoint: Endpoint,
        name: str,
        headers: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`headers` go with every request, keys among them. Raises ValueError where `ca_file` can't be read."""
        self._base = endpoint.base_url.rstrip("/")
        self._name = name
        self._seconds = endpoint.timeout_seconds
        self._now = now
        # No compression: what is counted is what is kept, and no small answer becomes a large one.
        fixed = {"accept": "application/json", "accept-encoding": "identity", "accept-language": "en"}
        self._client = httpx.AsyncClient(
            headers={**fixed, "user-agent": "Xabar", **(headers or {})},
            verify=_trust(endpoint),
            proxy=_proxy(endpoint.proxy),
            trust_env=False,
            follow_redirects=False,
            timeout=endpoint.timeout_seconds,
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
        )

    async def get(self, path: str, query: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Raises Broken and BadAnswer."""
        return await self._ask("GET", path, None, query, headers)

    async def post(self, path: str, body: Mapping[str, Any], **headers: str) -> Answer:
        """Raises Broken and BadAnswer."""
        # A lone half of a surrogate pair is no character, and no UTF-8.
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return await self._ask("POST", path, content, None, {**headers, "content-type": "application/json"})

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _ask(
        self, method: str, path: str, content: bytes | None, query: Mapping[str, str] | None, headers: Mapping[str, str]
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream(
                    method, self._base + path, content=content, params=query, headers=dict(headers)
                ) as response,
            ):
                body = await self._body(response)
        except (TimeoutError, httpx.TimeoutException):
            raise Broken(f"{self._name}: no answer within {self._seconds:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # The error itself may carry the request, with text and key.
            raise Broken(f"{self._name}: {type(error).__name__}") from None
        fine = response.status_code == httpx.codes.OK
        return Answer(
            response.status_code,
            read_retry_after(response.headers.get("retry-after", ""), self._now()),
            self._read(body, fine),
        )

    async def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise BadAnswer(f"{self._name}: a compressed answer, and none was asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise BadAnswer(f"{self._name}: an answer of more than {MAX_ANSWER_BYTES} bytes")
        return bytes(body)

    def _read(self, body: bytes, fine: bool) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            if fine:
                raise BadAnswer(f"{self._name}: the answer is no JSON") from None
            return None


def fault(name: str, answer: Answer, kind: type[EngineFault] | None = None, reason: str = "") -> EngineFault:
    """The fault that an answer stands for: `kind` where the engine said more than its status does.

    `reason` comes from a closed list of the engine's documented words, never from the answer itself.
    """
    status = answer.status
    kind = kind or KINDS.get(status)
    if kind is None:
        kind = Broken if status >= 500 else Denied if 300 <= status < 400 else BadAnswer
    return kind(f"{name}: HTTP {status}{f' ({reason})' if reason else ''}", answer.retry_after)


def read_retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3): a number or a date; None where it says nothing."""
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER_SECONDS)
    if not value or len(value) > 64:
        return None
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def texts(name: str, values: object, count: int) -> list[str]:
    """The translations as promised: a list of as many strings as were asked for. Raises BadAnswer."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadAnswer(f"{name}: the answer is no list of texts")
    if len(values) != count:
        raise BadAnswer(f"{name}: {len(values)} texts for {count}")
    return [_SURROGATE.sub("\ufffd", value) for value in values]


def fields(values: object, key: str) -> list[object]:
    """`key` of each object in a list; None for what is no list, no object or has no such key."""
    return [value.get(key) if isinstance(value, dict) else None for value in _list(values)]


def listed(name: str, values: object, key: str) -> list[str]:
    """The strings under `key` in a list of objects. Raises BadAnswer where there is not one."""
    found = [value for value in fields(values, key) if isinstance(value, str) and value]
    if not found:
        raise BadAnswer(f"{name}: it names no languages")
    return found


def having(values: object, key: str, flag: str) -> list[str]:
    """The strings under `key` of those objects in a list whose `flag` is true."""
    pairs = zip(fields(values, key), fields(values, flag), strict=True)
    return [value for value, is_set in pairs if isinstance(value, str) and is_set is True]


def inside(data: object, *keys: str) -> object:
    """What stands under these keys, one in the other; None where one is missing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def unescaped(sources: Sequence[str], translations: Sequence[str]) -> list[str]:
    """Translations without the HTML entities that the engine put there; one whose source writes some is left alone."""
    return [
        translation if _ENTITY.search(source) else _ENTITY.sub(lambda found: html.unescape(found[0]), translation)
        for source, translation in zip(sources, translations, strict=True)
    ]


def header_value(secret: SecretStr) -> str:
    """A key as a header takes it. Raises ValueError, without the key, where it holds more than printable ASCII."""
    value = secret.get_secret_value().strip()
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("a key is of printable ASCII characters without spaces")
    return value


def _list(values: object) -> list[object]:
    return values if isinstance(values, list) else []


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    if endpoint.ca_file is None:
        if endpoint.base_url.startswith("https:"):
            return ssl.create_default_context()
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is asked for nobody
    try:
        if endpoint.ca_file.stat().st_size > MAX_CA_BYTES:
            raise ValueError(f"{endpoint.ca_file} is larger than {MAX_CA_BYTES} bytes")
        return ssl.create_default_context(cafile=endpoint.ca_file)
    except ssl.SSLError:
        raise ValueError(f"{endpoint.ca_file} holds no certificates that can be read") from None
    except OSError as error:
        raise ValueError(f"{endpoint.ca_file} can't be read: {error.strerror}") from None


def _proxy(proxy: SecretStr | None) -> httpx.Proxy | None:
    if proxy is None:
        return None
    try:
        return httpx.Proxy(proxy.get_secret_value().strip())
    except (ValueError, httpx.InvalidURL):
        raise ValueError("an engine's proxy is http://user:password@host:port") from None
