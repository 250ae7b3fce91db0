"""Which address names the page: when its rel=canonical is believed, and which links are its editions."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from services.contracts.identity import BadUrl, canonical_url

_DRESS_HOSTS = re.compile(r"^(?:(?:www\d?|m|amp|mobile|mob|touch|wap|lite)\.)+", re.IGNORECASE)
_DRESS_SEGMENTS = frozenset({"amp", "m", "mobile", "print", "amp.html", "lite"})
_EXTENSION = re.compile(r"(?:\.amp)?\.(?:html?|amp|php|aspx?|shtml)$|\.amp$", re.IGNORECASE)
_INDEX = re.compile(r"^(?:index|default|home|main)(?:\.\w{2,5})?$", re.IGNORECASE)
LANGUAGES = frozenset({
    "uz", "uzb", "uz-latn", "uz-cyrl", "uzl", "uzc", "oz", "cyr", "lat", "kir", "kiril", "lotin", "krill", "ru",
    "rus", "en", "eng", "kk", "kaz", "kz", "kk-latn", "qz", "ky", "kyr", "kg", "kirg", "tg", "taj", "tj", "tk",
    "turkm", "tm", "tr", "tur", "fa", "fas", "per", "pt", "por", "pt-br", "de", "fr", "es", "ar", "zh", "cn", "qq",
    "kaa", "az", "cyrl", "qaz", "tt",
})  # fmt: skip
"""How addresses name languages."""
_NUMBER = re.compile(r"\d{4,}")
_ID_OF_A_PAGE = frozenset({
    "id", "p", "nid", "aid", "article", "articleid", "article_id", "news", "newsid", "news_id", "item", "itemid",
    "sid", "story", "post", "page_id",
})  # fmt: skip
_LONG_SLUG = 16


def believed(page_url: str, canonical: str | None, editions: frozenset[str] = frozenset()) -> str | None:
    """The canonical link as an absolute, canonicalised URL if it is this page under another dress, or None.

    Never the root, a section or another language edition: those would merge many articles into one.
    """
    try:
        own = canonical_url(page_url)
        said = canonical_url(urljoin(page_url, canonical or ""))
    except (BadUrl, ValueError):
        return None
    if not canonical:
        return None
    if said == own:
        return own
    here, there = urlsplit(own), urlsplit(said)
    if said in editions or is_root(said) or not same_site(own, said):
        return None
    if _language(here) != _language(there):
        return None
    mine, theirs = _bare_path(here), _bare_path(there)
    if mine == theirs:
        # Dropping the query is fine where the path names the article, not where the query does.
        return said if there.query or not _named_by_query(here) else None
    if len(theirs) < len(mine) and mine[: len(theirs)] == theirs:
        return None
    if _named_by_query(here):
        return said if _shares_a_name(here, there) else None
    return said if mine and theirs and _shares_a_name(here, there) else None


def is_root(url: str) -> bool:
    """Whether the URL is a site's home page, also that of a language edition."""
    parts = urlsplit(url)
    segments = [s for s in parts.path.split("/") if s]
    if segments and _INDEX.match(segments[-1]):
        segments.pop()
    bare = all(s.lower() in LANGUAGES or s.lower() in _DRESS_SEGMENTS for s in segments)
    return bare and not _named_by_query(parts)


def same_site(one: str, other: str) -> bool:
    """Whether two URLs are of one site: hosts that differ in www., m. or amp. at most."""
    return _site(one) == _site(other)


def related_host(one: str, other: str) -> bool:
    """Whether two URLs share all but the first label of their hosts: ru.site.example and site.example do."""
    hosts = [_site(one), _site(other)]
    if hosts[0] == hosts[1]:
        return True
    ends = [h.split(".") for h in hosts]
    return ends[0][-2:] == ends[1][-2:] and min(map(len, ends)) >= 2 and all(
        len(e) < 3 or e[0] in LANGUAGES or e[0] == "www" for e in ends
    )  # fmt: skip


def absolute(base: str, link: str | None) -> str | None:
    """A link as an absolute http or https URL in canonical spelling, or None."""
    if not link or not link.strip():
        return None
    try:
        return canonical_url(urljoin(base, link.strip()))
    except (BadUrl, ValueError):
        return None


def _site(url: str) -> str:
    return _DRESS_HOSTS.sub("", (urlsplit(url).hostname or "").lower())


def _language(parts: SplitResult) -> str | None:
    label = (parts.hostname or "").split(".")[0].lower()
    if label in LANGUAGES:
        return label
    for segment in [s for s in parts.path.lower().split("/") if s][:2]:
        if segment in LANGUAGES:
            return segment
    for name, value in parse_qsl(parts.query):
        if name.lower() in ("lang", "language", "hl", "l"):
            return value.lower()
    return None


def _bare_path(parts: SplitResult) -> list[str]:
    segments = [s for s in parts.path.split("/") if s and s.lower() not in _DRESS_SEGMENTS]
    if segments:
        segments[-1] = _EXTENSION.sub("", segments[-1])
    return [s.lower() for s in segments if s]


def _named_by_query(parts: SplitResult) -> bool:
    return any(n.lower() in _ID_OF_A_PAGE and v for n, v in parse_qsl(parts.query))


def _shares_a_name(here: SplitResult, there: SplitResult) -> bool:
    numbers = [set(_NUMBER.findall(f"{p.path}?{p.query}")) - _years(p) for p in (here, there)]
    if numbers[0] & numbers[1]:
        return True
    slugs = [{s for s in _bare_path(p) if len(s) >= _LONG_SLUG} for p in (here, there)]
    if slugs[0] & slugs[1]:
        return True
    ids = [{v for n, v in parse_qsl(p.query) if n.lower() in _ID_OF_A_PAGE} for p in (here, there)]
    segments = set(_bare_path(there)) | {w for s in _bare_path(there) for w in re.split(r"[-_]", s) if w.isdigit()}
    return bool(ids[0] & (ids[1] | segments))


def _years(parts: SplitResult) -> set[str]:
    return {n for n in _NUMBER.findall(parts.path) if len(n) == 4 and n.startswith(("19", "20"))}
