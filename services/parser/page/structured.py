"""The JSON-LD of a page as one flat graph, references by @id resolved."""

from __future__ import annotations

import html
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
_MOST_NAMES = 6
_LEAST_BODY_CHARS = 200
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_NUMBER_REFERENCE = re.compile(r"&#\d{10,};?")
"""Python refuses to read a number of thousands of digits."""
_NOT_THE_PAGE = frozenset({"comment", "liveBlogUpdate", "itemListElement", "hasPart", "citation", "mentions", "review"})


class Graph:
    """The nodes of a page's JSON-LD, the article among them."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self._by_id = {n["@id"]: n for n in nodes if isinstance(n.get("@id"), str) and len(n) > 2}
        self.articles: list[Node] = [n for n in nodes if is_article(n)]
        self.article: Node | None = self.articles[0] if self.articles else None

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

    def article_body(self) -> str | None:
        """The longest articleBody that the page's articles state, as text; None where it is short."""
        longest = max((b for n in self.articles if isinstance(b := n.get("articleBody"), str)), key=len, default="")
        if len(longest) < _LEAST_BODY_CHARS:
            return None
        return clean(html.unescape(html.unescape(_NUMBER_REFERENCE.sub("\ufffd", _MARKUP.sub(" ", longest)))))

    def organizations(self) -> list[str]:
        """The names of the nodes that are organizations and no persons."""
        owners = [self.resolved((self.article or {}).get("publisher")), *self.nodes]
        return [
            tidy(owner["name"])
            for owner in owners
            if isinstance(owner, dict)
            and isinstance(owner.get("name"), str)
            and "Person" not in kinds(owner)
            and any("Organization" in kind for kind in kinds(owner))
        ]

    def site_names(self) -> list[str]:
        """The publisher's and the web site's names."""
        publisher = self.resolved((self.article or {}).get("publisher"))
        owners = [
            publisher,
            *(n for n in self.nodes if kinds(n) & {"WebSite", "NewsMediaOrganization", "Organization"}),
        ]
        names = (
            name
            for o in owners
            if isinstance(o, dict) and "Person" not in kinds(o)
            for name in (o.get("name"), o.get("alternateName"))
        )
        return [tidy(name) for name in names if isinstance(name, str) and name.strip()][:_MOST_NAMES]


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
    """A value of structured data as one line of storable text; references are read, which many templates leave in."""
    line = str(text)
    if "&" in line:
        line = html.unescape(_NUMBER_REFERENCE.sub("\ufffd", line))
    return re.sub(r"\s+", " ", clean(line)).strip()


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
