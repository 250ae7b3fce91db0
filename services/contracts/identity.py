"""One identity per article and one per content, from the URL and from the text."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

from services.contracts.folding import TURNED_COMMA, fold

_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|ysclid|ymclid|_openstat|mc_cid|mc_eid|igshid|twclid"
    r"|_ga|_gl|at_\w+|ns_\w+|cmpid|phpsessid|jsessionid|aspsessionid\w*|sid|sessionid)$",
    re.IGNORECASE,
)
_SESSION_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
MAX_URL_CHARS = 4096


class BadUrl(ValueError):
    """The text is no http or https URL that can be fetched."""


def canonical_url(url: str) -> str:
    """The URL without what does not name the page: tracking, fragment, default port, session ids, user info.

    The case of the path and the order of the query stay. Idempotent. Raises BadUrl.
    """
    parts, host, port = _split(url)
    path = _remove_dots(_escape(_SESSION_PATH.sub("", parts.path), keep="/%:@!$&'()*+,;=")) or "/"
    kept = [pair for pair in parts.query.split("&") if pair and not _TRACKING.match(pair.split("=", 1)[0])]
    query = _escape("&".join(kept), keep="/%:@!$&'()*+,;=?")
    return f"{parts.scheme}://{_authority(parts.scheme, host, port)}{path}" + (f"?{query}" if query else "")


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
    url = url.strip()
    if len(url) > MAX_URL_CHARS:
        raise BadUrl(f"the URL has {len(url)} characters; {MAX_URL_CHARS} are the most")
    if any(ord(c) < 0x21 or c == "\\" or "\ud800" <= c <= "\udfff" for c in url):
        raise BadUrl(f"control characters, spaces or backslashes in {url!r}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadUrl(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadUrl(f"only http and https are fetched, not {parts.scheme or 'a URL without a scheme'!r}")
    if not host:
        raise BadUrl(f"{url!r} names no host")
    return parts, _ascii_host(host), port


def _authority(scheme: str, host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port is None or port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"


def _ascii_host(host: str) -> str:
    host = host.rstrip(".").lower()
    if ":" in host:
        return host
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise BadUrl(f"{host!r} is no host name: {error}") from error
    if not host or not re.fullmatch(r"[a-z0-9._-]+", host):
        raise BadUrl(f"{host!r} is no host name")
    return host


def _escape(text: str, keep: str) -> str:
    """Percent-encode what a URL can't hold, in one spelling: unreserved characters bare, hex digits upper case."""

    def one_spelling(match: re.Match[str]) -> str:
        char = unquote(match[0], errors="strict") if int(match[1], 16) < 0x80 else ""
        return char if char in _UNRESERVED and char else match[0].upper()

    text = _ESCAPE.sub(one_spelling, text)
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(text, safe=keep))


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
