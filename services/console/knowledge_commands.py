"""`xabar kb`: what the knowledge base knows, whether an own list fits it, and what it could learn from the store."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from services.console.local.errors import LocalRunError
from services.console.settings import environment_for, settings_for
from services.console.terminal import HERE, State, needing, screen
from services.runtime.settings import read

if TYPE_CHECKING:
    from services.enricher.knowledge.base import Known

MOST_SHOWN = 10
MOST_CLASHES = 100
FEWEST, MOST_PROPOSED = 3, 200

kb = typer.Typer(help="The knowledge base: what things are called.", no_args_is_help=True)


@kb.command("show")
def show(
    what: Annotated[str, typer.Argument(metavar="ID-or-NAME", help="iso3166:UZ, wd:Q265, un, Toshkent, Ташкент …")],
    state: State = HERE,
) -> None:
    """Show what a thing is called, by its id or by any of its names in any language and script.

    With ENRICHER_KB_EXTRA the own list counts as well. Exit code 1 where nothing has that name.
    """
    with needing("enricher"):
        from services.enricher.knowledge.lookup import Lookup
    lookup = Lookup(_knowledge(state))
    found = lookup.find(what)
    if not found:
        near = ", ".join(f"{known.name_in('en')} ({known.id})" for known in lookup.near(what))
        raise LocalRunError(f"Nothing is called {what!r}." + (f" Near: {near}." if near else ""))
    for known in found[:MOST_SHOWN]:
        screen.print(_described(known))
        screen.print()
    if len(found) > MOST_SHOWN:
        screen.print(f"and {len(found) - MOST_SHOWN} more of that name")


@kb.command("stats")
def stats(state: State = HERE) -> None:
    """Show how much the knowledge base holds, by kind and by language, where it is from, and which version it is."""
    with needing("enricher"):
        from services.enricher.knowledge.base import KNOWLEDGE_FILE, header
    knowledge = _knowledge(state)
    head = header()
    size = KNOWLEDGE_FILE.stat().st_size / 1e6
    screen.print(f"version {head['version']}, {len(knowledge):,} things, {size:.1f} MB")
    for source in head["sources"]:
        screen.print(f"  {source['name']} {source['version']}, {source['licence']}")
    kinds = Table("kind", "type", "things", box=None, header_style="dim")
    for (kind, sort), count in Counter((known.kind or "", known.type) for known in knowledge).most_common():
        kinds.add_row(kind, sort, f"{count:,}")
    languages = Table("language", "things", "names", box=None, header_style="dim")
    things: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for known in knowledge:
        things.update(known.aliases.keys())
        names.update({language: len(own) for language, own in known.aliases.items()})
    for language, count in names.most_common():
        languages.add_row(language, f"{things[language]:,}", f"{count:,}")
    sources = Table("id", "things", box=None, header_style="dim")
    for prefix, count in Counter(known.id.partition(":")[0] for known in knowledge).most_common():
        sources.add_row(f"{prefix}:…", f"{count:,}")
    for table in (kinds, languages, sources):
        screen.print()
        screen.print(table)


@kb.command("check")
def check(file: Annotated[Path, typer.Argument(help="A list for ENRICHER_KB_EXTRA: TOML or CSV.")]) -> None:
    """Check an own list: what is wrong in it, with the line, and which of its names something else bears too.

    Exit code 1 where the enricher would not take it. A name that clashes is no fault: the own entry gets it.
    """
    with needing("enricher"):
        from services.enricher.knowledge.base import load
        from services.enricher.knowledge.extra import BadList, clashes, joined, read_list
    built_in = load()
    try:
        entries = read_list(file)
        joined(built_in, entries)
    except OSError as error:
        raise LocalRunError(f"{file} can't be read: {error.strerror}.") from None
    except BadList as error:
        raise LocalRunError(str(error)) from None
    found = clashes(built_in, entries)
    for clash in found[:MOST_CLASHES]:
        screen.print(f"[yellow]clash[/] {escape(str(clash))}", soft_wrap=True)
    if len(found) > MOST_CLASHES:
        screen.print(f"and {len(found) - MOST_CLASHES} more clashes")
    ids = {known.id for known in built_in}
    new = sum(entry.id not in ids for entry in entries)
    counts = f"new: {new}, known already: {len(entries) - new}, clashes: {len(found)}"
    screen.print(f"{escape(str(file))} can be used; {counts}", soft_wrap=True)


@kb.command("propose")
def propose(
    since: Annotated[str | None, typer.Option(metavar="DAY|Nd", help="Articles published since; else all.")] = None,
    fewest: Annotated[int, typer.Option("--min", min=1, help="Articles that it has to stand in.")] = FEWEST,
    most: Annotated[int, typer.Option("--limit", min=1, help="Proposals at the most.")] = MOST_PROPOSED,
    state: State = HERE,
) -> None:
    """Print a list to complete: names and acronyms that recur in the store and that the knowledge base lacks.

    What stands in the most articles comes first. Complete it, check it with `xabar kb check`, name it in
    ENRICHER_KB_EXTRA.
    """
    with needing("enricher", "store"):
        from services.console.proposals import recurring, skeleton
        from services.console.redo import since_of
    database = settings_for(state).store_database_url
    if database is None:
        raise LocalRunError("STORE_DATABASE_URL is not set; it names the store's database: postgresql://…")
    first = since_of(since, datetime.now(UTC)) if since else None
    proposals = asyncio.run(recurring(database.get_secret_value(), first, fewest, most))
    typer.echo(skeleton(proposals, _knowledge(state)), nl=False)


def _knowledge(state: Path) -> tuple[Known, ...]:
    with needing("enricher"):
        from services.enricher.knowledge.base import load
        from services.enricher.settings import EnricherSettings
    try:
        return load(read(EnricherSettings, environment_for(state)).enricher_kb_extra)
    except OSError as error:
        raise LocalRunError(f"{error.filename} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise LocalRunError(str(error)) from None


def _described(known: Known) -> Table:
    table = Table(show_header=False, box=None, title=escape(f"{known.name_in('en')}  {known.id}"), title_justify="left")
    days = [f"{day:%Y-%m-%d}" if day else "" for day in (known.valid_from, known.valid_to)]
    facts = {
        "kind": f"{known.kind}, {known.type}",
        "country": known.country,
        "part of": known.part_of,
        "population": f"{known.population:,}" if known.population else None,
        "from, to": " – ".join(days) if any(days) else None,
        "same as": ", ".join(known.same_as),
        "roles": ", ".join(known.roles),
        "everyday word": "yes" if known.common else None,
    }
    for name, value in facts.items():
        if value:
            table.add_row(name, escape(value))
    for language in sorted({*known.names, *known.aliases}):
        shown = known.names.get(language)
        others = [name for name in known.aliases.get(language, ()) if name != shown]
        bold = f"[bold]{escape(shown)}[/]" if shown else ""
        table.add_row(language, ", ".join(part for part in (bold, escape(", ".join(others))) if part))
    for name, forms in (
        ("adjectives", known.adjectives),
        ("inhabitants", known.inhabitants),
        ("in quotation marks", known.quoted),
    ):
        if forms:
            table.add_row(name, escape("; ".join(f"{language}: {', '.join(own)}" for language, own in forms.items())))
    return table
