"""The JSON-LD of a page as one flat graph, references by @id resolved."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from services.parser.limits import MAX_JSON_LD_CHARS, MAX_JSON_LD_NODES
from services.parser.page.decode import clean

Node = dict[str, Any]

_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s?<!\[CDATA\[|/\*\s?<!\[CDATA\[\s?\*/|<!\[CDATA\[)|(?:-->|//\s?\]\]>|/\*\s?\]\]>\s?\*/|\]\]>)\s*$"
)
_TRAILING_COMMA = re.compile(r",\s{0,200}(?=[}\]])")
_ARTICLE = re.compile(r"(?:Article|BlogPosting|LiveBlogPosting|Reportage|^Report$|NewsReport)", re.ASCII)
_LIST = re.compile(r"^(?:CollectionPage|SearchResultsPage|ItemList|Blog|ProfilePage|ContactPage|AboutPage)$")
_NOT_THE_PAGE = frozenset({"comment", "liveBlogUpdate", "itemListElement", "hasPart", "citation", "mentions", "review"})


class Graph:
    """The nodes of a page's JSON-LD, the article among them."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._by_id = {n["@id"]: n for n in nodes if isinstance(n.get("@id"), str) and len(n) > 2}
        self.article: Node | None = next((n for n in nodes if is_article(n)), None)

    @property
    def is_a_list(self) -> bool:
        """Whether the page says of itself that it lists other pages."""
        return self.article is None and any(_LIST.match(kind) for node in self.nodes for kind in kinds(node))

    def resolved(self, value: Any) -> Any:
        """A node for a reference to it by @id; anything else as it is."""
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and "name" not in value:
            return self._by_id.get(value["@id"], value)
        return value

    def each(self, value: Any) -> Iterator[Any]:
        """The members of a list, or the one value; references resolved."""
        for member in value if isinstance(value, list) else [value]:
            if member is not None:
                yield self.resolved(member)

    def text(self, name: str) -> str | None:
        """A text of the article's node."""
        value = (self.article or {}).get(name)
        value = value[0] if isinstance(value, list) and value else value
        return tidy(value) or None if isinstance(value, str | int | float) and not isinstance(value, bool) else None

    def site_name(self) -> str | None:
        """The publisher's or the web site's name."""
        publisher = self.resolved((self.article or {}).get("publisher"))
        owners = [
            publisher,
            *(n for n in self.nodes if kinds(n) & {"WebSite", "NewsMediaOrganization", "Organization"}),
        ]
        for owner in owners:
            if isinstance(owner, dict) and isinstance(owner.get("name"), str) and owner["name"].strip():
                return tidy(owner["name"])
        return None


def kinds(node: Node) -> set[str]:
    """The types of a node."""
    value = node.get("@type")
    return {v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)}


def is_article(node: Node) -> bool:
    """Whether a node is an article, of whatever kind."""
    return any(_ARTICLE.search(kind) for kind in kinds(node))


def graph_of(tree: LexborHTMLParser) -> Graph:
    """All JSON-LD of the page; what can't be read is left out."""
    nodes: list[Node] = []
    room = MAX_JSON_LD_CHARS
    for script in tree.css('script[type*="ld+json"]'):
        source = script.text() or ""
        room -= len(source)
        if room < 0 or len(nodes) >= MAX_JSON_LD_NODES:
            break
        nodes.extend(_flat(_loaded(source), MAX_JSON_LD_NODES - len(nodes)))
    return Graph(nodes)


def tidy(text: Any) -> str:
    """A value of structured data as one line of storable text."""
    return re.sub(r"\s+", " ", clean(str(text))).strip()


def _loaded(source: str) -> Any:
    source = _WRAPPING.sub("", source)
    for attempt in (source, _TRAILING_COMMA.sub("", source)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _flat(value: Any, most: int) -> list[Node]:
    """Outermost nodes first; parts that are not the page itself (comments, list items) stay inside."""
    found: list[Node] = []
    waiting = deque([value])
    while waiting and len(found) < most:
        current = waiting.popleft()
        if isinstance(current, list):
            waiting.extendleft(reversed(current[:most]))
        elif isinstance(current, dict):
            if "@type" in current or "@id" in current:
                found.append(current)
            waiting.extend(v for k, v in current.items() if k not in _NOT_THE_PAGE and isinstance(v, dict | list))
    return found
