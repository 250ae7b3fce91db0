"""`xabar translate check`: do the engines that the routes name translate, how fast, and with how much memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psutil
import typer
from rich.table import Table

from services.console.local.errors import LocalRunError
from services.console.local.run import portuguese_model
from services.console.settings import environment_for
from services.console.terminal import HERE, State, needing, screen
from services.runtime import logs
from services.runtime.settings import read

if TYPE_CHECKING:
    from services.enricher.settings import EnricherSettings
    from services.enricher.translate.checking import Checked

MIB = 1024 * 1024
SHOWN_CHARS = 60


def check(
    languages: Annotated[str, typer.Option(help="Like uz-Latn,ru; else all that the test page is written in.")] = "",
    state: State = HERE,
) -> None:
    """Translate a short report into English by TRANSLATE_ROUTES, and say how that went.

    Exit code 1 where an engine that a route names gave no answer, or most of
    its sentences failed a guard; a pair that it has no model for is told. chrF2 is against an English of our own: it
    tells nonsense from a translation, and not a good one from a better one.
    """
    with needing("enricher"):
        from services.enricher.translate.checking import pages
    settings = _settings(state)
    wanted = [tag.strip() for tag in languages.split(",") if tag.strip()] or list(pages())
    if unknown := [tag for tag in wanted if tag not in pages()]:
        raise LocalRunError(f"No page in {', '.join(unknown)}; there are {', '.join(pages())}.")
    found, memory = asyncio.run(_checked(settings, wanted))
    table = Table(box=None, header_style="dim")
    for column in ("language", "engine", "model", "status", "sentences/s", "chrF2", "in English, or why not"):
        table.add_column(column)
    for one in found:
        made = one.translation
        speed = f"{len(made.sentences) / one.seconds:.1f}" if made.sentences and one.seconds else ""
        score = "" if one.chrf is None else f"{one.chrf:.0f}"
        told = made.title or made.detail or ""
        table.add_row(one.source, made.engine, made.model or "", made.status, speed, score, told[:SHOWN_CHARS])
    screen.print(table)
    screen.print(f"memory of the engines' processes: {memory // MIB} MiB")
    if any(one.is_broken for one in found):
        raise typer.Exit(1)


async def _checked(settings: EnricherSettings, languages: Sequence[str]) -> tuple[list[Checked], int]:
    from services.enricher.opening import Faculties
    from services.enricher.translate.checking import checked

    try:
        can = Faculties(settings)
    except ValueError as error:
        raise LocalRunError(str(error)) from None
    try:
        found = [await checked(can.translator, tag) for tag in languages]
        memory = sum(child.memory_info().rss for child in psutil.Process().children(recursive=True))
    finally:
        await can.close()
    return found, memory


def _settings(state: Path) -> EnricherSettings:
    from services.enricher.settings import EnricherSettings
    from services.enricher.translate.routes import only_into

    logs.configure("enricher", "warning")
    environ = environment_for(state)
    try:
        settings = read(EnricherSettings, {**environ, **portuguese_model(environ)})
        routes = only_into("en", settings.translate_routes)
    except ValueError as error:
        raise LocalRunError(str(error)) from None
    return settings.model_copy(update={"translate_routes": routes, "translate_cache": None})
