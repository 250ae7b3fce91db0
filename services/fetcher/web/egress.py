"""How requests leave this machine: which proxy, which authorities, which of our addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

MAX_CA_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Proxy:
    """A forward proxy for http requests as they are and https through CONNECT."""

    scheme: str
    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)


def read_proxy(text: str) -> Proxy:
    """Read `http://user:password@host:port` or the same with https.

    Raises ValueError with a sentence that holds nothing of the text, since a password may stand in it.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or port is None or parts.path not in ("", "/") or parts.query:
        raise ValueError("http://host:port or http://user:password@host:port")
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if re.search(r"[^\x20-\x7e]", name + password) or ":" in name:
        raise ValueError("http://user:password@host:port, name and password in ASCII, the name without a colon")
    return Proxy(parts.scheme, host, port, (name, password) if name or password else None)


def tls_context(ca_bundle: Path | None = None) -> ssl.SSLContext:
    """The trust in servers: the authorities in `ca_bundle` (PEM) and no others, or else those of certifi.

    Raises ValueError with a sentence about the file.
    """
    if ca_bundle is None:
        return httpx.create_ssl_context()
    try:
        if ca_bundle.stat().st_size > MAX_CA_BYTES:
            raise ValueError(f"{ca_bundle} is larger than {MAX_CA_BYTES} bytes; it should hold certificates in PEM")
        context = ssl.create_default_context(cafile=ca_bundle)
    except ssl.SSLError as error:
        raise ValueError(f"{ca_bundle} holds no certificates that can be read; it should hold PEM") from error
    except OSError as error:
        raise ValueError(f"{ca_bundle} can't be read: {error.strerror}") from error
    return context


def check_source_address(text: str) -> str:
    """The address, which is one of this machine's. Raises ValueError with a sentence."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        raise ValueError(f"the source address {text!r} should be an IPv4 or IPv6 address of this machine") from None
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(address), 0))
    except OSError as error:
        raise ValueError(f"the source address {address} can't be used on this machine: {error.strerror}") from None
    return str(address)
