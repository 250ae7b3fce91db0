"""The same article in other languages: links that declare it, and the language switcher that readers click on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Edition
from services.parser.limits import MAX_EDITIONS, MAX_LINKS_READ
from services.parser.metadata.languages import in_address, named, tag_of
from services.parser.metadata.stated import Stated, shown_text
from services.parser.page.address import LANGUAGES, absolute, is_root, related_host

_NAMES_A_LANGUAGE = re.compile(
    rf"(?:^|[/.=])(?:{'|'.join(sorted(map(re.escape, LANGUAGES), key=len, reverse=True))})(?=[/.&?#]|$)", re.IGNORECASE
)
_NUMBER = re.compile(r"\d{3,}")
_MOST_HREF_CHARS = 2_000
_MOST_CANDIDATES = 60


class _Address(NamedTuple):
    """A URL's host, path and query without the parts that name a language."""

    host: tuple[str, ...]
    path: tuple[str, ...]
    query: frozenset[tuple[str, str]]


def editions_of(tree: LexborHTMLParser, stated: Stated, url: str, canonical: str | None) -> tuple[Edition, ...]:
    """Other editions of the page, none twice, never the page itself or a home page."""
    own = {absolute(url, url), absolute(url, canonical)}
    found: dict[str, Edition] = {}
    for link in stated.links:
        tag = tag_of(link.language)
        if tag is None or (not link.shown and "alternate" not in link.rel.split()):
            continue
        target = absolute(url, link.href[:_MOST_HREF_CHARS])
        if target and target not in own and not is_root(target) and related_host(url, target):
            found.setdefault(target, Edition(language=tag, url=target))
    declared = {edition.language for edition in found.values()}
    for tag, target in _switched(tree, url):
        if target not in own and tag not in declared and related_host(url, target):
            found.setdefault(target, Edition(language=tag, url=target))
    return tuple(found.values())[:MAX_EDITIONS]


def _switched(tree: LexborHTMLParser, url: str) -> Iterator[tuple[str, str]]:
    """Languages and addresses of links that lead to this article in another language, as far as addresses tell."""
    here, language, candidates = _bare(url), in_address(url), 0
    for link in tree.css("a[href]")[:MAX_LINKS_READ]:
        a = link.attributes
        href = a.get("href") or ""
        # Most links of a page name no language: that is told first, and cheaply.
        if len(href) > _MOST_HREF_CHARS or not (_NAMES_A_LANGUAGE.search(href) or a.get("lang") or a.get("hreflang")):
            continue
        candidates += 1
        if candidates > _MOST_CANDIDATES:
            return
        try:
            target = urljoin(url, href.strip())
            there = _bare(target)
        except ValueError:
            continue
        said = tag_of(a.get("hreflang")) or tag_of(a.get("lang")) or named(shown_text(link))
        tag = said or in_address(target)
        if tag is None or (language and in_address(target) == language) or is_root(target):
            continue
        clean = absolute(url, target)
        if clean and (_same(here, there) or (said and _alike(here, there))):
            yield tag, clean


def _bare(url: str) -> _Address:
    parts = urlsplit(url)
    labels = tuple(x for x in (parts.hostname or "").lower().split(".") if x not in LANGUAGES and x not in ("www", "m"))
    path = tuple(s for s in parts.path.lower().split("/") if s)
    path = tuple(s for i, s in enumerate(path) if i > 1 or s not in LANGUAGES)
    query = frozenset((n, v) for n, v in parse_qsl(parts.query) if v.lower() not in LANGUAGES)
    return _Address(labels, path, query)


def _same(one: _Address, other: _Address) -> bool:
    return bool(one.path or one.query) and (one.path, one.query) == (other.path, other.query)


def _alike(one: _Address, other: _Address) -> bool:
    """Whether two addresses of one shape may be one article: slugs are translated, numbers and sections seldom."""
    if len(one.path) != len(other.path) or not one.path:
        return False
    if set(_NUMBER.findall("/".join(one.path))) & set(_NUMBER.findall("/".join(other.path))):
        return True
    return len(one.path) > 1 and one.path[:-1] == other.path[:-1] and ("-" in other.path[-1] or "_" in other.path[-1])
