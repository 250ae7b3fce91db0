"""What a page says of itself, each value with where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from services.contracts.articles import Edition
from services.contracts.pages import Rights
from services.parser.limits import MAX_LEAD_CHARS, MAX_TITLE_CHARS
from services.parser.metadata.authors import authors_of
from services.parser.metadata.editions import editions_of
from services.parser.metadata.languages import declared
from services.parser.metadata.rights import rights_of
from services.parser.metadata.stated import Stated, stated_of
from services.parser.metadata.titles import as_shown, folded, names_of_site, title_of
from services.parser.metadata.topics import section_of, tags_of
from services.parser.page.address import absolute
from services.parser.page.blocks import Block
from services.parser.page.headline import headline
from services.parser.page.structured import Graph, graph_of

_MAX_URL_CHARS = 4_096
_IMAGES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")


@dataclass(frozen=True)
class Metadata:
    """A page's own account of itself; `origins` maps a field to where its value came from."""

    graph: Graph
    meta: dict[str, list[str]]
    title: str | None
    headline: int | None
    """Which block shows the title."""
    site: str | None
    lead: str | None
    description: str
    """What the head says the page is about; empty where it says nothing."""
    article_body: str | None
    """The text as structured data gives it, which is often cut short."""
    authors: tuple[str, ...]
    """Persons."""
    organizations: tuple[str, ...]
    """Agencies, desks and the site itself, where they are named as authors."""
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


def metadata_of(
    tree: LexborHTMLParser, url: str, blocks: Sequence[Block], known: Rights, known_language: str | None = None
) -> Metadata:
    """Everything but dates and text.

    `known` are the rights that HTTP headers state; `known_language` is what the page's source says of all its pages.
    """
    graph, stated = graph_of(tree), stated_of(tree)
    sites = names_of_site(stated, graph, url)
    sections = frozenset(
        folded(name) for name in (graph.text("articleSection"), stated.first("article:section")) if name
    )
    origins: dict[str, str] = {}

    def keep(field: str, found: tuple[str, str] | None) -> str | None:
        if found is None:
            return None
        origins[field] = found[1]
        return found[0]

    title = keep("title", _bounded(title_of(stated, graph, sites, sections), MAX_TITLE_CHARS))
    if title and origins["title"] == "title":
        title = as_shown(title, blocks)
    at = headline(title, blocks) if title else None
    credited = authors_of(stated, graph, blocks, at, sites)
    origins.update(credited.origins)
    section = keep("section", section_of(stated, graph, title or ""))
    tags, origin = tags_of(stated, graph)
    if tags:
        origins["tags"] = origin
    language = keep("language_declared", declared(stated, graph, url, title or "", blocks, known_language))
    canonical = stated.canonical() or stated.first("og:url")
    editions = editions_of(stated, url, canonical)
    if editions:
        origins["editions"] = "page"
    rights, of_rights = rights_of(stated, graph, known)
    origins.update(of_rights)
    return Metadata(
        graph=graph,
        meta=stated.meta,
        title=title,
        headline=at,
        site=_site(stated, graph),
        lead=keep("lead", _first(_leads(stated, graph), MAX_LEAD_CHARS)),
        description=(stated.first("og:description", "description", "twitter:description") or "")[:MAX_LEAD_CHARS],
        article_body=graph.article_body(),
        authors=credited.persons,
        organizations=credited.bodies,
        language=language,
        section=section,
        tags=tags,
        image=keep("image", _first(_images(stated, graph, url), _MAX_URL_CHARS)),
        canonical=canonical,
        editions=editions,
        rights=rights,
        origins=origins,
    )


def _site(stated: Stated, graph: Graph) -> str | None:
    said = stated.first("og:site_name", "application-name") or next(iter(graph.site_names()), "")
    return said[:MAX_TITLE_CHARS] or None


def _leads(stated: Stated, graph: Graph) -> Iterator[tuple[str | None, str]]:
    yield graph.text("description"), "json-ld"
    yield stated.first("og:description", "twitter:description"), "opengraph"
    yield stated.first("description", "dc.description"), "meta"


def _images(stated: Stated, graph: Graph, url: str) -> Iterator[tuple[str | None, str]]:
    for link in (stated.first(*_IMAGES[:3]), stated.first(*_IMAGES[3:])):
        yield absolute(url, link), "opengraph"
    given = (graph.article or {}).get("image")
    for image in graph.each(given[:4] if isinstance(given, list) else given):
        link = image.get("url") or image.get("contentUrl") if isinstance(image, dict) else image
        yield absolute(url, link) if isinstance(link, str) else None, "json-ld"
    yield absolute(url, next((x.href for x in stated.links if "image_src" in x.rel.split()), None)), "link"


def _first(found: Iterable[tuple[str | None, str]], most: int) -> tuple[str, str] | None:
    return next((b for v, o in found if v and (b := _bounded((v, o), most))), None)


def _bounded(found: tuple[str, str] | None, most: int) -> tuple[str, str] | None:
    text = found[0][:most].strip() if found else ""
    return (text, found[1]) if found and text else None
