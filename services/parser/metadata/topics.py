"""What an article is filed under: its section and its tags."""

from __future__ import annotations

import re
from typing import Any

from services.parser.limits import MAX_NAME_CHARS, MAX_TAGS
from services.parser.metadata.stated import Stated, spelled
from services.parser.page.structured import Graph, kinds, tidy

_BETWEEN_TAGS = re.compile(r"[,;،、|]")
_MOST_CRUMBS = 12


def section_of(stated: Stated, graph: Graph, title: str) -> tuple[str, str] | None:
    """The section and where it came from: the page's own word for it, then the last breadcrumb before the title."""
    found = [
        (graph.text("articleSection"), "json-ld"),
        (stated.first("article:section", "og:article:section", "section", "dc.subject.section"), "opengraph"),
        (_last_crumb(graph, title), "breadcrumbs"),
    ]
    return next(((spelled(v)[:MAX_NAME_CHARS], origin) for v, origin in found if v and spelled(v)), None)


def tags_of(stated: Stated, graph: Graph) -> tuple[tuple[str, ...], str]:
    """The tags, none twice in whatever case, and where they came from."""
    article = graph.article or {}
    sources: list[tuple[list[Any], str]] = [
        (list(graph.each(article.get("keywords"))), "json-ld"),
        (list(stated.meta.get("article:tag", ())), "opengraph"),
        (list(stated.tags), "page"),
        ([*stated.meta.get("news_keywords", ()), *stated.meta.get("keywords", ())], "meta"),
    ]
    for values, origin in sources:
        found: dict[str, str] = {}
        for value in values[: 4 * MAX_TAGS]:
            text = value.get("name") if isinstance(value, dict) else value
            if isinstance(text, str):
                for part in _BETWEEN_TAGS.split(text[: MAX_TAGS * MAX_NAME_CHARS]):
                    tag = spelled(tidy(part)).lstrip("#").strip()
                    if 1 < len(tag) <= MAX_NAME_CHARS:
                        found.setdefault(tag.casefold(), tag)
        if found:
            return tuple(found.values())[:MAX_TAGS], origin
    return (), ""


def _last_crumb(graph: Graph, title: str) -> str | None:
    for node in graph.nodes:
        items = node.get("itemListElement") if "BreadcrumbList" in kinds(node) else None
        if not isinstance(items, list) or len(items) < 2:
            continue
        names = []
        for item in items[:_MOST_CRUMBS]:
            inner = item.get("item") if isinstance(item, dict) else None
            name = item.get("name") if isinstance(item, dict) else None
            name = name or (inner.get("name") if isinstance(inner, dict) else None)
            if isinstance(name, str) and name.strip():
                names.append(tidy(name))
        # The first one is the home page; the last may be the article itself.
        if names and names[-1].casefold()[:30] == title.casefold()[:30]:
            names.pop()
        return names[-1] if len(names) >= 2 else None
    return None
