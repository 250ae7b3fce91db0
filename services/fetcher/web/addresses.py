"""Which network addresses a fetcher may connect to: the public internet, nothing else."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `is_global` lets through although it leads inside, or nowhere.
_REFUSED_V4 = {
    "168.63.129.16/32": "cloud metadata",
    "192.88.99.0/24": "6to4 relay",
    "192.0.0.0/24": "protocol assignments",
}
_REFUSED_V6 = {
    "64:ff9b:1::/48": "local NAT64",
    "fec0::/10": "site-local",
    "5f00::/16": "segment routing",
    "3fff::/20": "documentation",
}
_REFUSED = {ipaddress.ip_network(net): why for net, why in (_REFUSED_V4 | _REFUSED_V6).items()}
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOCAL_NAMES = (".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home.arpa")


def refusal(address: str) -> str | None:
    """Why this IP address may not be connected to, or None for a public one; an IPv4 inside an IPv6 counts too."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return "no IP address"
    return _refusal(ip)


def refusal_of_host(host: str) -> str | None:
    """Why a host may not be asked for through a proxy, which resolves names where we can't see it; None if it may.

    An address counts in every spelling that a resolver takes (`127.1`, `0x7f000001`, `0177.0.0.1`, `2130706433`), and
    a name where it belongs to a machine or a local network and to no site. A public name that leads inside is for the
    proxy to refuse.
    """
    host = host.strip("[]").rstrip(".").lower()
    try:
        return _refusal(ipaddress.ip_address(host.split("%", 1)[0]))
    except ValueError:
        pass
    try:
        return _refusal(ipaddress.IPv4Address(socket.inet_aton(host)))
    except (OSError, UnicodeError):
        pass
    if "." not in host or host.endswith(_LOCAL_NAMES):
        return "a name of a local network"
    return None


def _refusal(ip: _Address) -> str | None:
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded(ip)
        if inner is not None:
            return _refusal(inner)
    for matches, why in (
        (ip.is_unspecified, "unspecified"),
        (ip.is_loopback, "loopback"),
        (ip.is_link_local, "link-local, where clouds keep their metadata"),
        (ip.is_multicast, "multicast"),
        (ip.is_private, "private"),
        (ip.is_reserved, "reserved"),
        (not ip.is_global, "not on the public internet"),
    ):
        if matches:
            return why
    return next((why for net, why in _REFUSED.items() if ip.version == net.version and ip in net), None)


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, compatible, 6to4, Teredo or NAT64 address leads to."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _SIX_TO_FOUR:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 0xFFFF):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True)
class Pin:
    """Where a name leads by the operator's word, whatever DNS or the guard say."""

    address: str
    port: int


def read_pins(text: str) -> Mapping[str, Pin]:
    """Read `name=ip:port,name=ip:port`. Raises ValueError with a sentence about the part that is wrong."""
    pins: dict[str, Pin] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, target = part.partition("=")
        address, colon, port = target.rpartition(":")
        address = address.strip("[]")
        try:
            ipaddress.ip_address(address)
            good = bool(name and equals and colon) and 0 < int(port) < 65536
        except ValueError:
            good = False
        if not good:
            raise ValueError(f"{part!r} is not name=ip:port")
        pins[name.strip().lower().rstrip(".")] = Pin(address, int(port))
    return MappingProxyType(pins)
