"""A site's home page → what a source's description needs: feeds, name, language, editions, country, time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.contracts.identity import BadUrl, canonical_url, host_of
from services.fetcher.interpret import charset_of
from services.fetcher.lists.index_pages import read_tree

MAX_FEEDS = 20
MAX_EDITIONS = 30
MAX_PLACES = 16
MAX_NODES = 5000
_MAX_NAME_CHARS = 120

_FEED_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json",
})  # fmt: skip
_LIKE_A_FEED = re.compile(r"(?:^|[/._-])(?:rss|feed|atom)(?:[/._-](?:xml|json|php))?/?$", re.IGNORECASE)
_COMMENTS = re.compile(r"comments|/reviews?/|izoh|коммент", re.IGNORECASE)
_PLACES = ("rss", "feed", "rss.xml", "feed.xml", "atom.xml", "rss/all", "rss/news", "index.xml", "feed.json", "atom")
_DIVIDERS = re.compile(r"\s+[|–—»:•-]\s+|\s*[|•»]\s*")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?:[-_]|$)")
_NO_LANGUAGES = {"kz": "kk", "tj": "tg"}
"""Codes of countries that sites take for those of languages, and that are none."""


@dataclass(frozen=True)
class _Country:
    code: str
    timezone: str
    domains: tuple[str, ...]
    language: str | None = None
    """The language that is written in this country and hardly elsewhere."""


_COUNTRIES = (
    _Country("UZ", "Asia/Tashkent", ("uz",), "uz"),
    _Country("KZ", "Asia/Almaty", ("kz", "xn--80ao21a"), "kk"),
    _Country("KG", "Asia/Bishkek", ("kg",), "ky"),
    _Country("TJ", "Asia/Dushanbe", ("tj",), "tg"),
    _Country("TM", "Asia/Ashgabat", ("tm",), "tk"),
    _Country("TR", "Europe/Istanbul", ("tr",), "tr"),
    _Country("IR", "Asia/Tehran", ("ir", "xn--mgba3a4f16a")),
)


@dataclass(frozen=True)
class FoundFeed:
    """A feed that the page names; `announced` where it says so in its head, else it only looks like one."""

    url: str
    title: str | None = None
    announced: bool = True


@dataclass(frozen=True)
class Edition:
    """The same site in a language (BCP 47)."""

    language: str
    url: str


@dataclass(frozen=True)
class Home:
    """What a home page says of its site; nothing of it is checked."""

    feeds: tuple[FoundFeed, ...] = ()
    """The likeliest first: announced ones as the page orders them, those of comments after all others."""
    name: str | None = None
    language: str | None = None
    editions: tuple[Edition, ...] = ()
    country: str | None = None
    timezone: str | None = None


def read_home(body: bytes, url: str, headers: Mapping[str, str]) -> Home:
    """What the page tells; `headers` have lower-case names. Touches no network. Raises NotAListing where it is no HTML.

    The country is that of the host's domain, or else of a region that the page names as its language's; the time
    zone is the country's, or that of the one country where the language is written. Of Russian nothing follows.
    """
    tree = read_tree(body, charset_of(headers.get("content-type", "")))
    metas = _metas(tree)
    root = tree.root
    said = [
        (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else None,
        metas.get("og:locale"),
        metas.get("content-language"),
        headers.get("content-language", "").partition(",")[0],
    ]
    languages = [language for language in map(_language, said) if language]
    base = _join(url, _first(tree, "base[href]", "href")) or url
    country = _country(url, languages)
    return Home(
        feeds=_feeds(tree, base),
        name=_name(metas, tree, url),
        language=languages[0] if languages else None,
        editions=_editions(tree, base),
        country=country.code if country else None,
        timezone=country.timezone if country else _timezone(languages),
    )


def usual_places(url: str) -> tuple[str, ...]:
    """Where feeds are usually found, beside the page and at the host's root, the likeliest first: to be tried."""
    below = urljoin(url, ".")
    places = (urljoin(root, place) for place in _PLACES for root in (below, urljoin(url, "/")))
    return tuple(islice(dict.fromkeys(places), MAX_PLACES))


def _feeds(tree: LexborHTMLParser, base: str) -> tuple[FoundFeed, ...]:
    announced: list[FoundFeed] = []
    for node in tree.css("link[rel][href]")[:MAX_NODES]:
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        rels = (node.attributes.get("rel") or "").lower().split()
        if "alternate" in rels and kind in _FEED_TYPES and (url := _join(base, node.attributes.get("href"))):
            announced.append(FoundFeed(url, _text(node.attributes.get("title"))))
    guessed: list[FoundFeed] = []
    for node in tree.css("a[href]")[:MAX_NODES]:
        href = node.attributes.get("href") or ""
        if _LIKE_A_FEED.search(href[-40:].partition("?")[0]) and (url := _join(base, href)):
            guessed.append(FoundFeed(url, _text(node.text(deep=True)[:_MAX_NAME_CHARS]), announced=False))
    found: dict[str, FoundFeed] = {}
    for feed in sorted([*announced, *guessed], key=_of_comments):
        found.setdefault(canonical_url(feed.url), feed)
    return tuple(found.values())[:MAX_FEEDS]


def _of_comments(feed: FoundFeed) -> bool:
    return bool(_COMMENTS.search(f"{feed.url} {feed.title or ''}"))


def _editions(tree: LexborHTMLParser, base: str) -> tuple[Edition, ...]:
    editions: dict[Edition, None] = {}
    for node in tree.css("link[rel][hreflang][href]")[:MAX_NODES]:
        if "alternate" not in (node.attributes.get("rel") or "").lower().split():
            continue
        language, url = _language(node.attributes.get("hreflang")), _join(base, node.attributes.get("href"))
        if language and url:
            editions.setdefault(Edition(language, url))
    return tuple(editions)[:MAX_EDITIONS]


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    told: dict[str, str] = {}
    for node in tree.css("meta[content]")[:MAX_NODES]:
        name = next((v for key in ("property", "name", "http-equiv") if (v := node.attributes.get(key))), "")
        told.setdefault(name.strip().lower(), (node.attributes.get("content") or "").strip())
    return told


def _name(metas: Mapping[str, str], tree: LexborHTMLParser, url: str) -> str | None:
    if name := _text(metas.get("og:site_name")) or _text(metas.get("application-name")):
        return name
    heading = tree.css_first("head > title")
    title = _text(heading.text(deep=True)) if heading else None
    if not title:
        return None
    # Of name and slogan the name is the one that the host resembles.
    labels = [label for label in host_of(url).partition(":")[0].split(".")[:-1] if len(label) > 3]
    pieces = [piece.strip() for piece in _DIVIDERS.split(title) if piece.strip()]
    plain = (re.sub(r"[\W_]+", "", piece).lower() for piece in pieces)
    alike = (piece for piece, letters in zip(pieces, plain, strict=True) if any(label in letters for label in labels))
    return next(alike, title)


def _country(url: str, languages: Iterable[str]) -> _Country | None:
    domain = host_of(url).partition(":")[0].rpartition(".")[2]
    regions = [language.rpartition("-")[2] for language in languages]
    by_domain = (country for country in _COUNTRIES if domain in country.domains)
    by_region = (country for region in regions for country in _COUNTRIES if region == country.code)
    return next(chain(by_domain, by_region), None)


def _timezone(languages: Iterable[str]) -> str | None:
    spoken = (language.partition("-")[0] for language in languages)
    return next((c.timezone for tongue in spoken for c in _COUNTRIES if tongue == c.language), None)


def _language(written: str | None) -> str | None:
    """A language tag in its usual spelling: language, script, region; None for what is none."""
    found = _LANGUAGE.match((written or "").strip())
    if not found:
        return None
    language = found[1].lower()
    script, region = (found[2] or "").title(), (found[3] or "").upper()
    return "-".join(filter(None, (_NO_LANGUAGES.get(language, language), script, region)))


def _first(tree: LexborHTMLParser, selector: str, attribute: str) -> str | None:
    node = tree.css_first(selector)
    return node.attributes.get(attribute) if node else None


def _join(base: str, href: str | None) -> str | None:
    link = (href or "").strip()
    if not link:
        return None
    try:
        url = urljoin(base, link)
        canonical_url(url)
    except (BadUrl, ValueError):
        return None
    return url if urlsplit(url).netloc else None


def _text(written: str | None) -> str | None:
    return " ".join((written or "").split())[:_MAX_NAME_CHARS] or None
