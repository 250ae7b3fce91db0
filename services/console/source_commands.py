"""`xabar sources`: which news sites are watched."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.console.broker import connected, newest, send
from services.console.local.errors import LocalRunError
from services.console.settings import settings_for
from services.console.terminal import HERE, State, screen
from services.contracts.identity import canonical_url
from services.contracts.sources import Politeness, Source
from services.contracts.topics import SOURCES

sources = typer.Typer(help="The news sites that are watched.", no_args_is_help=True)


@sources.command("add")
def sources_add(
    id_: Annotated[str | None, typer.Argument(metavar="ID", help="Short and stable, like `uza`.")] = None,
    homepage: Annotated[str | None, typer.Option(help="https://…")] = None,
    feed: Annotated[list[str] | None, typer.Option(help="RSS or Atom; more than one is fine.")] = None,
    name: Annotated[str | None, typer.Option()] = None,
    language: Annotated[str | None, typer.Option(help="BCP 47, like uz-Latn; a hint.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA, like Asia/Tashkent; for dates without a zone.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166, like UZ.")] = None,
    delay: Annotated[float | None, typer.Option(help="Seconds between two requests to one host.")] = None,
    file: Annotated[Path | None, typer.Option(help="JSON: a list of sources instead.")] = None,
    state: State = HERE,
) -> None:
    """Watch a news site; the same ID again replaces what was known of it."""
    if file:
        try:
            wanted = [Source.model_validate(entry) for entry in json.loads(file.read_text())]
        except (OSError, ValueError) as error:
            raise LocalRunError(f"{file} can't be used: {error}") from None
    elif id_ and homepage and feed:
        try:
            wanted = [
                Source(
                    id=id_,
                    name=name or id_,
                    homepage=canonical_url(homepage),
                    feeds=tuple(canonical_url(f) for f in feed),
                    language=language,
                    timezone=timezone,
                    country=country,
                    politeness=Politeness(delay=delay),
                )
            ]
        except ValueError as error:
            raise LocalRunError(f"Not added: {error}") from None
    else:
        raise LocalRunError("Give an ID with --homepage and --feed, or --file sources.json.")
    asyncio.run(send(settings_for(state), SOURCES, *wanted))
    screen.print(f"watching {', '.join(source.id for source in wanted)}")


@sources.command("list")
def sources_list(state: State = HERE) -> None:
    """Show the sites that are watched."""

    async def read() -> dict[str, Any]:
        async with connected(settings_for(state), [SOURCES]) as link:
            return await newest(link, SOURCES)

    table = Table("id", "name", "language", "zone", "feeds")
    for _, source in sorted(asyncio.run(read()).items()):
        table.add_row(source.id, source.name, source.language, source.timezone, "\n".join(source.feeds))
    screen.print(table)


@sources.command("remove")
def sources_remove(id_: Annotated[str, typer.Argument(metavar="ID")], state: State = HERE) -> None:
    """Watch a site no longer; what is stored stays."""

    async def bury() -> None:
        async with connected(settings_for(state), [SOURCES]) as link:
            if id_ not in await newest(link, SOURCES):
                raise LocalRunError(f"There is no source {id_!r}; `xabar sources list` shows them.")
            await link.bury(SOURCES, id_)

    asyncio.run(bury())
    screen.print(f"no longer watching {id_}")
