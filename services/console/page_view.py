"""How one parsed page looks on the screen: every field with where its value came from, then the text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.contracts.articles import Instant, ParsedArticle
from services.contracts.outcomes import Rejection

TEXT_COLUMNS = 96
MAX_SHOWN = 12
"""Of images and editions, that are shown one by one."""

Row = tuple[str, str, str]
"""A field's name, its value, and where that came from."""


def page_view(result: ParsedArticle | Rejection, milliseconds: float | None = None) -> RenderableType:
    """The article as a person checks it, or why there is none."""
    if isinstance(result, Rejection):
        table = _table()
        for name, value in (("reason", result.reason), ("evidence", result.detail), ("url", result.url)):
            table.add_row(name, escape(value), "")
        if milliseconds is not None:
            table.add_row("took", f"{milliseconds:.1f} ms", "")
        return Group(Text("no article", style="bold red"), table)
    table = _table()
    for name, value, origin in rows(result, milliseconds):
        table.add_row(name, escape(value), escape(origin))
    text = Constrain(Text(result.text), TEXT_COLUMNS)
    return Group(Text(result.title, style="bold"), table, Text(""), text)


def rows(article: ParsedArticle, milliseconds: float | None = None) -> Iterator[Row]:
    """The article's fields but for title and text, those that are empty left out."""
    origins = article.provenance
    simple = (
        ("url", article.url),
        ("canonical_url", article.canonical_url),
        ("source", article.source),
        ("title", article.title),
        ("authors", ", ".join(article.authors)),
        ("organizations", ", ".join(article.organizations)),
        ("published", instant_text(article.published)),
        ("modified", instant_text(article.modified)),
        ("language_declared", article.language_declared),
        ("section", article.section),
        ("tags", ", ".join(article.tags)),
        ("lead", article.lead),
        ("image", article.image),
        *(("images", " | ".join(filter(None, (i.url, i.caption, i.credit)))) for i in article.images[:MAX_SHOWN]),
        *(("editions", f"{e.language} {e.url}") for e in article.editions[:MAX_SHOWN]),
        ("next_page", article.next_page),
        ("views", str(article.engagement.views) if article.engagement else None),
        ("rights", _rights(article)),
    )
    for name, value in simple:
        if value:
            yield name, value, origins.get(name, "")
    for name in sorted(set(origins) - {name for name, _ in simple}):
        yield name, "", origins[name]
    extraction = article.extraction
    yield "text", f"{len(article.text)} characters, {len(article.paragraphs)} paragraphs", f"by {extraction.method}"
    yield "confidence", f"{extraction.confidence:.2f}", ""
    if extraction.recipe:
        yield "recipe", extraction.recipe, ""
    if extraction.missed:
        yield "recipe misses", ", ".join(extraction.missed), ""
    if milliseconds is not None:
        yield "took", f"{milliseconds:.1f} ms", ""


def instant_text(instant: Instant | None) -> str:
    """A date with what is known about it: how exact, whose zone, and as written."""
    if instant is None:
        return ""
    zone = {"page": "the page's zone", "host": "its site's zone", "none": "no zone"}[instant.zone_source]
    known = instant.precision if instant.precision == "day" else f"{instant.precision}, {zone}"
    return f"{instant.value}  ({known}, {instant.confidence:.2f}; written {instant.raw!r})"


def _rights(article: ParsedArticle) -> str:
    rights = article.rights
    marks = [*rights.robots]
    if rights.paywalled is not None:
        marks.append("paywalled" if rights.paywalled else "not paywalled")
    if rights.training_opt_out:
        marks.append("no training")
    return ", ".join(marks)


def _table() -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    table.add_column(style="dim", overflow="fold", max_width=22)
    return table
