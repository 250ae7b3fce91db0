"""What a page says of itself, each value with where it came from: JSON-LD, OpenGraph, meta tags, then the page."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Edition
from services.contracts.pages import Rights
from services.parser.limits import (
    MAX_AUTHORS,
    MAX_EDITIONS,
    MAX_LEAD_CHARS,
    MAX_META_TAGS,
    MAX_NAME_CHARS,
    MAX_TAGS,
    MAX_TITLE_CHARS,
)
from services.parser.page.address import absolute, is_root, related_host
from services.parser.page.blocks import Block
from services.parser.page.decode import clean
from services.parser.page.headline import words_of
from services.parser.page.structured import Graph, graph_of, kinds, tidy

_SPACES = re.compile(r"\s+")
_ENDLESS_REFERENCE = re.compile(r"&#\d{10,};?")
"""Python refuses to read a number of thousands of digits."""
_TITLE_CUT = re.compile(r"\s+[|\-–—·•»:/]+\s+|\s*[|»]\s*|\s*::\s*")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_BYLINE = re.compile(
    r"^(?:by|text|words by|written by|author|authors|автор|авторы|текст|муаллиф|muallif|yazar|yazan|haber"
    r"|муаллифи|awtor|awtory|نویسنده|گزارشگر|خبرنگار|por|autor|autora|texto)(?:\s*[:：]\s*|\s+)(\S.{2,80})$",
    re.IGNORECASE,
)  # fmt: skip
_NAME_LABEL = re.compile(
    r"^(?:by|von|par|por|di|от|автор|author|written by|posted by|text|muallif|муаллиф|yazar"
    r"|نویسنده|autor)(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_NAME_CUT = re.compile(
    r"\s*(?:,|;|/|\s&\s|\sand\s|\sи\s|\sva\s|\sва\s|\sve\s"
    r"|\sжәне\s|\sжана\s|\swe\s|\se\s|\sو\s)\s*"
)
_NO_NAME = re.compile(
    r"https?:|www\.|@|\d|^\W*$"
    r"|^(?:admin|administrator|editor|editors|editorial|редакция|redaksiya|tahririyat|таҳририят"
    r"|webmaster|user|author|staff|guest|root|moderator|news)$",
    re.IGNORECASE,
)
_OPT_OUTS = frozenset({"noai", "noimageai", "notrain"})
_SURE = 0.5


@dataclass(frozen=True)
class Metadata:
    """A page's own account of itself; `origins` maps a field to where its value came from."""

    graph: Graph
    meta: dict[str, list[str]]
    title: str | None
    site: str | None
    lead: str | None
    authors: tuple[str, ...]
    language: str | None
    section: str | None
    tags: tuple[str, ...]
    image: str | None
    canonical: str | None
    editions: tuple[Edition, ...]
    rights: Rights
    origins: dict[str, str]

    def first(self, *names: str) -> tuple[str, str] | None:
        """The first meta tag of these names that says something: its content and its name."""
        return next(((c, n) for n in names for c in self.meta.get(n, []) if c), None)


def metadata_of(tree: LexborHTMLParser, url: str, blocks: Sequence[Block], known: Rights) -> Metadata:
    """Everything but dates and text."""
    graph, meta = graph_of(tree), _meta(tree)
    origins: dict[str, str] = {}
    site = (_first(meta, "og:site_name", "application-name") or graph.site_name() or "")[:MAX_TITLE_CHARS] or None

    def keep(field: str, found: Iterable[tuple[str | None, str]], most: int) -> str | None:
        for value, origin in found:
            if value and value.strip():
                origins[field] = origin
                return value.strip()[:most].strip()
        return None

    title = keep("title", _titles(tree, graph, meta, site, url), MAX_TITLE_CHARS)
    authors, origin = _authors(tree, graph, meta, blocks, site)
    if authors:
        origins["authors"] = origin
    tags, origin = _tags(tree, graph, meta)
    if tags:
        origins["tags"] = origin
    described = (
        (graph.text("description"), "json-ld"),
        (_first(meta, "og:description", "twitter:description"), "opengraph"),
        (_first(meta, "description", "dc.description"), "meta"),
    )
    language = keep("language_declared", ((_language(v), o) for v, o in _languages(tree, graph, meta)), 35)
    section = keep(
        "section",
        ((graph.text("articleSection"), "json-ld"), (_first(meta, "article:section", "section"), "opengraph")),
        MAX_NAME_CHARS,
    )
    image = keep("image", ((absolute(url, v), o) for v, o in _images(graph, meta)), 4096)
    canonical = _link(tree, "canonical") or _first(meta, "og:url")
    return Metadata(
        graph=graph,
        meta=meta,
        title=title,
        site=site,
        lead=keep("lead", described, MAX_LEAD_CHARS),
        authors=authors,
        language=language,
        section=section,
        tags=tags,
        image=image,
        canonical=canonical,
        editions=_editions(tree, url, canonical),
        rights=_rights(graph, meta, known),
        origins=origins,
    )


def one_line(text: str | None) -> str:
    """Markup's text as one line of storable text."""
    return _SPACES.sub(" ", clean(html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", text or "")))).strip()


def _meta(tree: LexborHTMLParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in tree.css("meta")[:MAX_META_TAGS]:
        a = tag.attributes
        name = a.get("property") or a.get("name") or a.get("itemprop") or a.get("http-equiv")
        content = one_line((a.get("content") or "")[: 4 * MAX_LEAD_CHARS])
        if name and content:
            found.setdefault(name.lower().strip(), []).append(content)
    return found


def _first(meta: dict[str, list[str]], *names: str) -> str | None:
    return next((c for n in names for c in meta.get(n, [])), None)


def _link(tree: LexborHTMLParser, rel: str) -> str | None:
    return next((link.attributes.get("href") for link in tree.css(f'link[rel~="{rel}"]')), None)


def _titles(
    tree: LexborHTMLParser, graph: Graph, meta: dict[str, list[str]], site: str | None, url: str
) -> list[tuple[str | None, str]]:
    """Titles, best first: a headline on the page that what the page says of itself confirms."""
    node = tree.css_first("title")
    stated = [
        (graph.text("headline"), "json-ld"),
        (_first(meta, "og:title", "twitter:title", "dc.title"), "opengraph"),
        (one_line(node.text()) if node else None, "title"),
    ]
    # Cut first: what is no title in its first thousand characters is none, and parting it from the site takes long.
    claims = [(without_site(t[: 2 * MAX_TITLE_CHARS], site, url), origin) for t, origin in stated if t]
    shown = [one_line(n.text(separator=" ")) for n in tree.css("h1, [itemprop=headline]")[:10]]
    shown = [s for s in shown if 0 < len(s) <= MAX_TITLE_CHARS and not _is_site(s, site, url)]
    best = max(((max((_alike(s, c) for c, _ in claims), default=0.0), -i) for i, s in enumerate(shown)), default=None)
    if best and best[0] >= _SURE:
        return [(without_site(shown[-best[1]], site, url), "headline")]
    if len(shown) == 1 and len(words_of(shown[0])) >= 3:
        return [(without_site(shown[0], site, url), "headline"), *claims]
    return [*((c, o) for c, o in claims if not _is_site(c, site, url)), *((s, "headline") for s in shown[:1])]


def _alike(shown: str, claim: str) -> float:
    one, other = words_of(shown), words_of(claim)
    if not one or not other:
        return 0.0
    shared = len(one & other)
    # A headline that the claim holds whole, with more around it, is confirmed too.
    return max(shared / len(one | other), 0.9 * shared / len(one) if len(one) >= 3 else 0.0)


def without_site(title: str, site: str | None, url: str) -> str:
    """The title without the site's name before or after it."""
    while True:
        cuts = list(_TITLE_CUT.finditer(title))
        if not cuts:
            return title
        if len(title[: cuts[-1].start()]) > 6 and _is_site(title[cuts[-1].end() :], site, url):
            title = title[: cuts[-1].start()].strip()
        elif len(title[cuts[0].end() :]) > 6 and _is_site(title[: cuts[0].start()], site, url):
            title = title[cuts[0].end() :].strip()
        else:
            return title


def _is_site(text: str, site: str | None, url: str) -> bool:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    label = _letters(host.split(".")[0] if host.count(".") < 2 else host.split(".")[-2])
    said, named = _letters(text), _letters(site or "")
    if not said:
        return True
    if said in (named, _letters(host), label):
        return True
    near = [n for n in (named, label) if len(n) > 3]
    return any((said in n and len(said) > 3) or (n in said and len(said) < len(n) + 12) for n in near)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).casefold())


def _authors(
    tree: LexborHTMLParser, graph: Graph, meta: dict[str, list[str]], blocks: Sequence[Block], site: str | None
) -> tuple[tuple[str, ...], str]:
    node = graph.article or {}
    people = [p for p in graph.each(node.get("author") or node.get("creator")) if not _is_body(p)]
    sources: list[tuple[list[Any], str]] = [
        (people, "json-ld"),
        (list(meta.get("author", []) + meta.get("article:author", []) + meta.get("dc.creator", [])), "meta"),
    ]
    selectors = (
        "[itemprop=author] [itemprop=name]",
        "[itemprop=author]",
        "a[rel~=author]",
        ".byline a",
        ".author-name",
        ".byline",
        ".author",
    )
    for selector in selectors:
        shown = [n.attributes.get("content") or one_line(n.text(separator=" ")) for n in tree.css(selector)[:4]]
        sources.append(([s for s in shown if s and len(s) < 90], "byline"))
    lines = [b.text for b in blocks if b.part == "content" and len(b.text) < 100]
    sources.append(([m[1] for m in map(_BYLINE.match, lines) if m][:2], "byline"))
    for values, origin in sources:
        found = names_of(values, site)
        if origin == "byline":
            found = tuple(n for n in found if " " in n)
        if found:
            return found, origin
    return (), ""


def _is_body(value: Any) -> bool:
    return isinstance(value, dict) and any("Organization" in k for k in kinds(value))


def names_of(values: Iterable[Any], site: str | None = None) -> tuple[str, ...]:
    """Persons' names in what pages give as authors: texts, nodes, lists of both."""
    found: dict[str, None] = {}
    for value in values:
        name = value.get("name") if isinstance(value, dict) else value
        for text in name if isinstance(name, list) else [name]:
            if not isinstance(text, str) or len(text) > 10 * MAX_NAME_CHARS:
                continue
            line = _NAME_LABEL.sub("", one_line(re.sub(r"<[^<>]{0,300}>", " ", text)))
            line = re.sub(r"\s*[|•–—].*$|\s*\([^()]*\)", "", line)
            for part in _NAME_CUT.split(line):
                part = part.strip(" .·-")
                fits = 2 < len(part) <= MAX_NAME_CHARS // 2 and len(part.split()) <= 6
                if fits and not _NO_NAME.search(part) and _letters(part) != _letters(site or ""):
                    found.setdefault(part)
    return tuple(found)[:MAX_AUTHORS]


def _tags(tree: LexborHTMLParser, graph: Graph, meta: dict[str, list[str]]) -> tuple[tuple[str, ...], str]:
    keywords = (graph.article or {}).get("keywords")
    sources: list[tuple[list[Any], str]] = [
        (list(graph.each(keywords)), "json-ld"),
        (list(meta.get("article:tag", [])), "opengraph"),
        ([one_line(n.text()) for n in tree.css("a[rel~=tag]")[:MAX_TAGS]], "page"),
        (list(meta.get("news_keywords", []) + meta.get("keywords", [])), "meta"),
    ]
    for values, origin in sources:
        found: dict[str, None] = {}
        for value in values:
            text = value.get("name") if isinstance(value, dict) else value
            if isinstance(text, str):
                for part in re.split(r"[,;،]", text[: MAX_TAGS * MAX_NAME_CHARS]):
                    tag = tidy(part).lstrip("#").strip()
                    if 1 < len(tag) <= MAX_NAME_CHARS:
                        found.setdefault(tag)
        if found:
            return tuple(found)[:MAX_TAGS], origin
    return (), ""


def _languages(tree: LexborHTMLParser, graph: Graph, meta: dict[str, list[str]]) -> list[tuple[str | None, str]]:
    root = tree.css_first("html")
    return [
        (root.attributes.get("lang") or root.attributes.get("xml:lang") if root else None, "html"),
        (_first(meta, "content-language", "language"), "meta"),
        (graph.text("inLanguage"), "json-ld"),
        (_first(meta, "og:locale"), "opengraph"),
    ]


def _language(tag: str | None) -> str | None:
    """A language tag in the usual spelling: uz-Latn, pt-BR."""
    tag = (tag or "").split(",")[0].strip()
    if not _LANGUAGE.match(tag):
        return None
    first, *rest = tag.replace("_", "-").split("-")
    return "-".join([first.lower(), *(r.title() if len(r) == 4 else r.upper() if len(r) == 2 else r for r in rest)])


def _images(graph: Graph, meta: dict[str, list[str]]) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = [(_first(meta, "og:image", "og:image:url", "twitter:image"), "opengraph")]
    for image in graph.each((graph.article or {}).get("image")):
        link = image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image
        found.append((link if isinstance(link, str) else None, "json-ld"))
    return found[:4]


def _editions(tree: LexborHTMLParser, url: str, canonical: str | None) -> tuple[Edition, ...]:
    own = {absolute(url, url), absolute(url, canonical)}
    found: dict[str, Edition] = {}
    for link in tree.css("link[hreflang], a[hreflang]")[: 4 * MAX_EDITIONS]:
        a = link.attributes
        if link.tag == "link" and "alternate" not in (a.get("rel") or "").lower():
            continue
        tag, target = _language(a.get("hreflang")), absolute(url, a.get("href"))
        if tag and target and target not in own and not is_root(target) and related_host(url, target):
            found.setdefault(target, Edition(language=tag, url=target))
    return tuple(found.values())[:MAX_EDITIONS]


def _rights(graph: Graph, meta: dict[str, list[str]], known: Rights) -> Rights:
    directives = dict.fromkeys(known.robots)
    for content in meta.get("robots", []):
        directives.update(dict.fromkeys(d.strip().lower()[:MAX_NAME_CHARS] for d in content.split(",") if d.strip()))
    free = (graph.article or {}).get("isAccessibleForFree")
    paid = None if free is None else str(free).strip().lower() in ("false", "0", "no")
    opted_out = bool(_OPT_OUTS & set(directives)) or _first(meta, "tdm-reservation") == "1"
    return Rights(
        robots=tuple(directives)[:MAX_TAGS],
        paywalled=paid if paid is not None else known.paywalled,
        training_opt_out=True if opted_out else known.training_opt_out,
    )
