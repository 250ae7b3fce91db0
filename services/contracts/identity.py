"""One identity per article and one per content, from the URL and from the text."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit

from services.contracts.folding import TURNED_COMMA, fold

_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|ysclid|ymclid|_openstat|mc_cid|mc_eid|igshid|twclid"
    r"|_ga|_gl|at_\w+|ns_\w+|cmpid|phpsessid|jsessionid|aspsessionid\w*|sessionid)$",
    re.IGNORECASE,
)
_SESSION_PAIR = re.compile(r"^sid(?:$|=(?!\d{1,10}$))", re.IGNORECASE)
"""A session by its name, unless it is a short number: there are systems that number their stories as `sid`."""
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_HOST_DOTS = re.compile("[.。．｡]")
_HOST_LETTERS = re.compile("[ßς\u200c\u200d]")
"""Letters of host names that Python's codec, of 2003, takes for others: sharp s, final sigma, (non-)joiners."""
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_FORBIDDEN = re.compile("[\x00-\x20\\\\\ud800-\udfff]")
"""Control characters, spaces, backslashes, lone surrogates."""
MAX_URL_CHARS = 4096
REMEMBERED = 32_768
"""The same few URLs and hosts are asked about again and again."""


class BadUrl(ValueError):
    """The text is no http or https URL that can be fetched."""


@lru_cache(REMEMBERED)
def canonical_url(url: str) -> str:
    """The URL without what does not name the page: tracking, fragment, default port, session ids, user info.

    The case of the path and the order of the query stay. Idempotent. Raises BadUrl.
    """
    parts, host, port = _split(url)
    # One spelling first: what is left out is known by its name, however it is escaped.
    path = _remove_dots(_SESSION_PATH.sub("", _escape(parts.path, keep="/%:@!$&'()*+,;="))) or "/"
    pairs = _escape(parts.query, keep="/%:@!$&'()*+,;=?").split("&")
    query = "&".join(pair for pair in pairs if pair and not _names_no_page(pair))
    canonical = f"{parts.scheme}://{_authority(parts.scheme, host, port)}{path}" + (f"?{query}" if query else "")
    return _short_enough(canonical)


@lru_cache(REMEMBERED)
def host_of(url: str) -> str:
    """The URL's host, as frontier and politeness know it: lower case, punycode, with a port that is not the default.

    Raises BadUrl.
    """
    parts, host, port = _split(url)
    return _authority(parts.scheme, host, port)


def article_id(url: str) -> str:
    """32 hex digits of the SHA-256 of the canonical URL. Raises BadUrl."""
    return hashlib.sha256(canonical_url(url).encode()).hexdigest()[:32]


def content_key(title: str, text: str) -> str:
    """32 hex digits of the SHA-256 of title and text folded over case, space, apostrophes and Uzbek scripts."""
    folded = fold(f"{title}\n{text}").replace(TURNED_COMMA, "")
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:32]


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    url = _short_enough(url.strip())
    if _FORBIDDEN.search(url):
        raise BadUrl(f"control characters, spaces or backslashes in {url!r}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadUrl(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadUrl(f"{url!r} begins with neither http:// nor https://")
    if not host:
        raise BadUrl(f"{url!r} names no host")
    return parts, _address(host) if "[" in parts.netloc else _ascii_host(host), port


def _short_enough(url: str) -> str:
    if len(url) > MAX_URL_CHARS:
        raise BadUrl(f"the URL has {len(url)} characters; {MAX_URL_CHARS} are the most")
    return url


def _names_no_page(pair: str) -> bool:
    return bool(_TRACKING.match(pair.split("=", 1)[0]) or _SESSION_PAIR.match(pair))


def _authority(scheme: str, host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port is None or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"


def _address(host: str) -> str:
    """What stands in brackets, in its one short spelling."""
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as error:
        raise BadUrl(f"[{host}] is no IPv6 address: {error}") from error
    if address.scope_id:
        raise BadUrl(f"[{host}] is an address of one machine's own network")
    return address.compressed


def _ascii_host(host: str) -> str:
    try:
        name = host if host.isascii() else ".".join(_ascii_label(label) for label in _HOST_DOTS.split(host))
    except UnicodeError as error:
        raise BadUrl(f"{host!r} is no host name: {error}") from error
    name = name.rstrip(".").lower()
    if not _HOST.fullmatch(name):
        raise BadUrl(f"{host!r} is no host name")
    return name


def _ascii_label(label: str) -> str:
    if not _HOST_LETTERS.search(label):
        return label.encode("idna").decode()
    return f"xn--{unicodedata.normalize('NFKC', label).lower().encode('punycode').decode()}"


def _escape(text: str, keep: str) -> str:
    """Percent-encode what a URL can't hold, in one spelling: unreserved characters bare, hex digits upper case."""

    def one_spelling(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    # Stray percent signs first: decoding must not make escapes that were none.
    return quote(_ESCAPE.sub(one_spelling, _STRAY_PERCENT.sub("%25", text)), safe=keep)


def _remove_dots(path: str) -> str:
    """RFC 3986, section 5.2.4, for absolute paths."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
