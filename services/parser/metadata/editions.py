"""The same article in other languages: links that declare it, and the language switcher that readers click on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

from services.contracts.articles import Edition
from services.parser.limits import MAX_EDITIONS, MAX_LINKS_STATED
from services.parser.metadata.languages import in_address, named, tag_of
from services.parser.metadata.stated import Anchor, Stated, shown_text
from services.parser.page.address import LANGUAGES, absolute, is_root, related_host

_PARAMETER = re.compile(r"[?&](?:lang|language|hl|l|locale)=([\w-]{2,10})")
_NUMBER = re.compile(r"\d{3,}")
_MOST_HREF_CHARS = 2_000
_MOST_CANDIDATES = 60
_NAMES_CHARS = 60
_LEAST_TAIL = 4
_SCHEMES = frozenset({"", "http:", "https:"})


class _Address(NamedTuple):
    """A URL's host, path and query without the parts that name a language."""

    host: tuple[str, ...]
    path: tuple[str, ...]
    query: frozenset[tuple[str, str]]


def editions_of(stated: Stated, url: str, canonical: str | None) -> tuple[Edition, ...]:
    """Other editions of the page, none twice, never the page itself or a home page."""
    own = {absolute(url, url), absolute(url, canonical)}
    found: dict[str, Edition] = {}
    declared = [(tag_of(link.language), link.href) for link in stated.links if "alternate" in link.rel.split()]
    told = [anchor for anchor in stated.anchors if anchor.language][:MAX_LINKS_STATED]
    declared += [(_told_by(anchor), anchor.href) for anchor in told]
    for tag, href in declared:
        target = absolute(url, href[:_MOST_HREF_CHARS]) if tag else None
        if tag and target and target not in own and not is_root(target) and related_host(url, target):
            found.setdefault(target, Edition(language=tag, url=target))
    languages = {edition.language for edition in found.values()}
    for tag, target in _switched(stated.anchors, url):
        if target not in own and tag not in languages and related_host(url, target):
            found.setdefault(target, Edition(language=tag, url=target))
    return tuple(found.values())[:MAX_EDITIONS]


def _told_by(anchor: Anchor) -> str | None:
    """The language that a link declares, in the script that its text shows."""
    tag, shown = tag_of(anchor.language), named(shown_text(anchor.node))
    return shown if tag and shown and shown.startswith(f"{tag}-") else tag


def _switched(anchors: Sequence[Anchor], url: str) -> Iterator[tuple[str, str]]:
    """Languages and addresses of links that lead to this article in another language, as far as addresses tell."""
    here, language, candidates = _bare(url), in_address(url), 0
    said, tail = _names(url), here.path[-1] if here.path else ""
    for anchor in anchors:
        names = _names(anchor.href)
        # Most links of a page name no language, or the page's own: that is told first, and cheaply.
        if names == said or (not names and (len(tail) < _LEAST_TAIL or tail not in anchor.href)):
            continue
        candidates += 1
        if candidates > _MOST_CANDIDATES or len(anchor.href) > _MOST_HREF_CHARS:
            return
        try:
            target = urljoin(url, anchor.href.strip())
            there = _bare(target)
        except ValueError:
            continue
        same = _same(here, there)
        if not same and not _alike(here, there):
            continue
        shown = named(shown_text(anchor.node))
        tag = shown or in_address(target)
        if tag is None or (language and in_address(target) == language) or is_root(target) or not (same or shown):
            continue
        if clean := absolute(url, target):
            yield tag, clean


def _names(link: str) -> tuple[str, ...]:
    """The names of languages in a link: its host's first label, its first two segments, a parameter."""
    scheme, slashes, rest = link.partition("//")
    if slashes and scheme in _SCHEMES:
        host, _, path = rest.partition("/")
        places = [host.partition(".")[0], *path[:_NAMES_CHARS].split("/", 2)[:2]]
    elif link[:1] == "/":
        places = link[1:_NAMES_CHARS].split("/", 2)[:2]
    else:
        places = []
    found = tuple([place for place in places if place in LANGUAGES])
    if "=" in link and (match := _PARAMETER.search(link, 0, _MOST_HREF_CHARS)):
        found += (match[1],)
    return found


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
