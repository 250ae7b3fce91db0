"""The headers and cookies that a source's subscription asks for, from secret files, for its own hosts only."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from services.contracts.identity import BadUrl, host_of
from services.runtime import logs

MAX_FILE_BYTES = 64 * 1024
MAX_VALUE_CHARS = 8192
MAX_NAMES = 32
LOOK_SECONDS = 10.0
"""Between two looks at the files' times: so long a rotated secret may still be the old one."""
FORBIDDEN = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect",
        "host", "if-modified-since", "if-none-match", "keep-alive", "range", "te", "trailer", "transfer-encoding",
        "upgrade", "user-agent",
    }
)  # fmt: skip
"""Headers that are the fetcher's own: how an answer is framed, what is asked for, and who asks."""
_FILE = re.compile(r"([a-z0-9][a-z0-9-]{0,63})\.toml")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_COOKIE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_NOTHING: Mapping[str, str] = MappingProxyType({})


class BadCredentials(ValueError):
    """A file of credentials can't be used; the text names the file, the key and what is wanted, never a value."""


class _Subscription(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    hosts: list[str] = Field(min_length=1, max_length=MAX_NAMES)
    insecure: bool = False
    headers: dict[str, SecretStr] = Field(default_factory=dict, max_length=MAX_NAMES)
    cookies: dict[str, SecretStr] = Field(default_factory=dict, max_length=MAX_NAMES)

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, hosts: list[str]) -> list[str]:
        known = []
        for host in hosts:
            name = host.removeprefix("*.")
            try:
                bare = host_of(f"https://{name}/")
            except BadUrl:
                bare = ""
            if not bare or any(c in name for c in "/@?#*") or ("*." in host and "." not in bare):
                raise ValueError("each host should be like news.example, news.example:8443 or *.news.example")
            known.append(f"*.{bare}" if host.startswith("*.") else bare)
        return known

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            lower = name.lower()
            if not _TOKEN.fullmatch(name):
                raise ValueError("a header's name should be of letters, digits and hyphens")
            if lower == "cookie":
                raise ValueError("cookies should stand under [cookies]")
            if lower in FORBIDDEN or lower.startswith(("proxy-", "sec-")):
                raise ValueError(f"{name} is set by the fetcher itself; leave it out")
            if not _VALUE.fullmatch(value.get_secret_value()) or len(value) > MAX_VALUE_CHARS:
                raise ValueError(f"{name} should be one line of ASCII, at most {MAX_VALUE_CHARS} characters")
        if len({name.lower() for name in headers}) < len(headers):
            raise ValueError("a header stands there twice")
        return headers

    @field_validator("cookies")
    @classmethod
    def _are_cookies(cls, cookies: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in cookies.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError("a cookie's name should be of letters, digits and hyphens")
            if not _COOKIE.fullmatch(value.get_secret_value()) or len(value) > MAX_VALUE_CHARS:
                raise ValueError(f"{name} should be a cookie's value: ASCII without spaces, quotes, commas, semicolons")
        return cookies

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.headers and not self.cookies:
            raise ValueError("there should be [headers] or [cookies]")
        return self

    def fits(self, host: str) -> bool:
        """Whether the host is one of those listed; `*.news.example` lists what is below it, not itself."""
        return any(host == listed or (listed[0] == "*" and host.endswith(listed[1:])) for listed in self.hosts)

    def as_headers(self) -> Mapping[str, str]:
        sent = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value.get_secret_value()}" for name, value in self.cookies.items())
        return sent


class Credentials:
    """What each source's requests carry, read from `<source-id>.toml` files of one folder.

    A file says `hosts = ["news.example", "*.news.example"]`, then `[headers]` and `[cookies]` of names and values. They
    go to https, to pinned names, and to http only with `insecure = true`. Files are read again when they change.
    """

    def __init__(
        self,
        folder: Path,
        pinned: Collection[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read every file. Raises BadCredentials for the first that can't be used."""
        self._folder = folder
        self._pinned = frozenset(pinned)
        self._clock = clock
        self._looked = clock()
        self._marks = self._signature()
        self._sources = {source: _read(folder / f"{source}.toml") for source in self._marks}

    def __repr__(self) -> str:
        return f"Credentials({str(self._folder)!r}, sources={sorted(self._sources)})"

    def headers_for(self, source: str | None, url: str) -> Mapping[str, str]:
        """The headers that a request of this source to this URL carries beside the fetcher's own; often none."""
        if source is None:
            return _NOTHING
        self._look()
        subscription = self._sources.get(source)
        if subscription is None:
            return _NOTHING
        try:
            host = host_of(url)
        except BadUrl:
            return _NOTHING
        parts = urlsplit(url)
        private = parts.scheme == "https" or subscription.insecure or (parts.hostname or "") in self._pinned
        return subscription.as_headers() if private and subscription.fits(host) else _NOTHING

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        try:
            marks = self._signature()
        except BadCredentials as error:
            logs.logger().error("credentials are not read again", error=str(error))
            return
        for source in self._sources.keys() - marks.keys():
            del self._sources[source]
        for source, mark in marks.items():
            if mark == self._marks.get(source):
                continue
            try:
                self._sources[source] = _read(self._folder / f"{source}.toml")
                logs.logger().info("credentials read again", source=source)
            except BadCredentials as error:
                # What was there may still be good; the file is looked at again when it changes.
                logs.logger().error("credentials stay as they were", source=source, error=str(error))
        self._marks = marks

    def _signature(self) -> Mapping[str, tuple[int, int, int]]:
        """What tells one state of each file from the next; a rotated secret of Kubernetes is another inode."""
        found = {}
        try:
            for path in sorted(self._folder.iterdir()):
                if path.suffix != ".toml" or path.name.startswith("."):
                    continue
                name = _FILE.fullmatch(path.name)
                if name is None:
                    raise BadCredentials(f"{path} should be named like a source: <source-id>.toml")
                facts = path.stat()
                found[name[1]] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        except OSError as error:
            raise BadCredentials(f"{self._folder} can't be read: {error.strerror}") from None
        return found


def _read(path: Path) -> _Subscription:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise BadCredentials(f"{path} is larger than {MAX_FILE_BYTES} bytes")
        return _Subscription.model_validate(tomllib.loads(raw.decode()))
    except OSError as error:
        raise BadCredentials(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadCredentials(f"{path} should be UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [^)]*\)$", str(error))
        raise BadCredentials(f"{path} is no TOML {place[0] if place else ''}".strip()) from None
    except ValidationError as error:
        raise BadCredentials("; ".join(_sentence(path, fault) for fault in error.errors(include_input=False))) from None


def _sentence(path: Path, fault: Mapping[str, object]) -> str:
    place = fault["loc"]
    assert isinstance(place, tuple)
    key = ".".join(map(str, place))
    wanted = str(fault["msg"]).replace("Input should be", "it should be").removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        wanted = "no such key; hosts, insecure, [headers] and [cookies] are known"
    return f"{path}: {key + ': ' if key else ''}{wanted}"
