"""What `xabar sources check`, `test` and `add` show of what they found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.console.site_finding import Finding
from services.console.source_check import GOOD, VERDICTS, Checked, CheckedSource
from services.console.source_status import ago
from services.console.source_trial import NAMES, NotStored, TriedList, TriedPage
from services.contracts.articles import ParsedArticle
from services.contracts.identity import canonical_url
from services.contracts.sources import Source

TEXT_CHARS = 200
MAX_AUTHORS_SHOWN = 4


def checked_table(checked: Sequence[CheckedSource], now: datetime) -> RenderableType:
    """Every address with its verdict, by source, and what the verdicts mean that are no good."""
    table = Table("", "address", "verdict", "what is there", box=None, pad_edge=False)
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[1].overflow = table.columns[3].overflow = "fold"
    for one in checked:
        name = Text(one.source.name, style="bold" if one.good else "bold red")
        table.add_row("", name, "", Text(one.source.id, style="dim"))
        for address in one.addresses:
            colour = "green" if address.verdict == "ok" else "yellow" if address.good else "red"
            table.add_row(
                address.kind, Text(address.url), Text(address.verdict, style=colour), Text(_found(address, now))
            )
    bad = {address.verdict for one in checked for address in one.addresses} - GOOD
    meanings = [Text.assemble((f"{verdict}: ", "red"), VERDICTS[verdict]) for verdict in VERDICTS if verdict in bad]
    if checked and all("dns: " in address.detail for one in checked for address in one.addresses):
        meanings = [Text("Not one name leads anywhere: is there a network here, or a proxy for FETCHER_PROXY?", "red")]
    good = sum(one.good for one in checked)
    return Group(table, Text(""), *meanings, Text(f"{len(checked)} sources: {good} good, {len(checked) - good} not"))


def checked_facts(checked: CheckedSource) -> dict[str, Any]:
    """A source's check for programs."""
    return {
        "id": checked.source.id,
        "good": checked.good,
        "addresses": [
            {
                "kind": address.kind,
                "url": address.url,
                "verdict": address.verdict,
                "good": address.good,
                "detail": address.detail,
                "moved_to": address.moved_to,
                "entries": address.entries,
                "newest": address.newest.isoformat() if address.newest else None,
                "language": address.language,
            }
            for address in checked.addresses
        ],
    }


def tried_view(tried: TriedList, now: datetime) -> RenderableType:
    """A list that was polled, and what would become of its pages."""
    parts: list[RenderableType] = []
    if tried.form is not None:
        newest = f", the newest {ago(tried.newest, now)}" if tried.newest else ", without dates"
        links = f"{NAMES[tried.form]}: {tried.announced} entries{newest}"
        if tried.form == "index":
            links = f"a page of links: {tried.announced} would be asked for at first"
        parts += [Text(f"through {place}") for place in tried.through]
        parts.append(Text.assemble((tried.url, "bold"), f"\n{links}"))
    if tried.moved_to:
        parts.append(Text(f"moved for good to {tried.moved_to}", style="yellow"))
    parts += [_page(page) for page in tried.pages]
    stored = sum(isinstance(page.result, ParsedArticle) for page in tried.pages)
    verb = "would be stored; nothing was."
    parts.append(Text(f"\n{stored} of {len(tried.pages)} pages {verb}", style="green" if stored else "red"))
    return Group(*parts)


def finding_view(found: Finding, source: Source, now: datetime) -> RenderableType:
    """What a site told, and what will be watched of it."""
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in (
        ("id", source.id), ("name", source.name), ("home page", source.homepage), ("language", source.language),
        ("zone", source.timezone), ("country", source.country),
    ):  # fmt: skip
        facts.add_row(name, Text(value) if value else Text("not known", style="yellow"))
    watched = {*source.feeds, *source.sitemaps, *source.index_pages}
    table = Table("", "address", "", "what is there", box=None, pad_edge=False)
    table.columns[0].no_wrap = table.columns[2].no_wrap = True
    table.columns[1].overflow = table.columns[3].overflow = "fold"
    for one in found.seen:
        is_watched = canonical_url(one.moved_to or one.url) in watched
        mark = Text("watched", style="green") if is_watched else Text("not watched", style="dim")
        table.add_row(one.kind, Text(one.url), mark, Text(_found(one, now) or VERDICTS[one.verdict]))
    asked = {canonical_url(one.moved_to or one.url) for one in found.seen}
    for url in sorted(watched - asked):
        table.add_row("given", Text(url), Text("watched", style="green"), "by your word")
    parts: list[RenderableType] = [facts, Text(""), table]
    if found.editions:
        parts.append(Text("\nOther editions, to be added each on its own:"))
        parts += [Text(f"  {edition.language}  {edition.url}") for edition in found.editions]
    parts.append(Text(""))
    return Group(*parts)


def _page(page: TriedPage) -> RenderableType:
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    if isinstance(page.result, NotStored):
        facts.add_row("not stored", Text(f"{page.result.reason}: {page.result.detail}".rstrip(": "), style="red"))
        return Group(Text(f"\n{page.url}"), facts)
    article = page.result
    published = article.published
    more = len(article.authors) - MAX_AUTHORS_SHOWN
    authors = ", ".join(article.authors[:MAX_AUTHORS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    text = " ".join(article.text.split())
    shown = text[:TEXT_CHARS] + (f"… ({len(article.text)} characters)" if len(text) > TEXT_CHARS else "")
    facts.add_row("title", Text(article.title, style="bold"))
    facts.add_row("published", Text(f"{published.value}, by {published.source}" if published else "no date found"))
    facts.add_row("language", page.language or "not known")
    facts.add_row("authors", Text(authors or "none"))
    if article.canonical_url != page.url:
        facts.add_row("stored as", Text(article.canonical_url))
    facts.add_row("text", Text(shown))
    return Group(Text(f"\n{page.url}"), facts)


def _found(address: Checked, now: datetime) -> str:
    parts = []
    if address.moved_to:
        parts.append(f"now at {address.moved_to}")
    if address.entries is not None:
        links = "links" if address.kind == "index" else "entries"
        parts.append(f"{address.entries} {links}" + (f", newest {ago(address.newest, now)}" if address.newest else ""))
    if address.kind == "article" and address.language:
        parts.append(address.language)
    if address.detail:
        parts.append(address.detail)
    return "; ".join(parts).replace("; though ", ", though ")
