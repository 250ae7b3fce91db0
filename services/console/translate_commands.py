"""`xabar translate`: what was stored is translated once more, by the engines that there are now."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.console.broker import behind, connected
from services.console.local.errors import LocalRunError
from services.console.settings import ConsoleSettings, environment_for, settings_for
from services.console.terminal import HERE, State, needing, screen
from services.contracts.articles import ParsedArticle
from services.contracts.topics import PARSED_ARTICLES, replays
from services.runtime.settings import read
from services.runtime.stage import Transient
from services.runtime.work import TooLarge

STAGE = "enricher"
REPLAYS = replays(STAGE, PARSED_ARTICLES)
AHEAD = 50
"""Articles given to the enricher that it has still before it: live ones must not wait behind more."""
LOOK_SECONDS = 0.5

translate = typer.Typer(help="Translations of what is stored.", no_args_is_help=True)


@translate.command("redo")
def redo(
    engine: Annotated[
        str | None, typer.Option(help="Whose translation is wanted; else that which TRANSLATE_ROUTES names.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only this name and version of its model counts as done.")] = None,
    source_language: Annotated[str | None, typer.Option(help="As in uz or uz-Cyrl; else any.")] = None,
    target: Annotated[str, typer.Option(help="The language that is translated into.")] = "en",
    since: Annotated[
        str | None, typer.Option(metavar="DAY|Nd", help="Published since, or within so many days.")
    ] = None,
    status: Annotated[str, typer.Option(help="Only where the best translation stands so: ok, partial, …, none.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Articles at the most, the newest first.")] = None,
    per_second: Annotated[float, typer.Option(min=0.01, max=1000, help="Articles given to the enricher.")] = 5.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would take.")] = False,
    state: State = HERE,
) -> None:
    """Give stored articles to the enricher again that lack a whole translation by an engine.

    It translates them by its own TRANSLATE_ROUTES, and the store keeps what was
    there beside what is new. Nothing else of an article changes. Live articles
    never wait behind more than a few of these. It can be interrupted and run
    again: what has been done is not given again, nor what the engine has no model
    for (--status unsupported does, once it has one).
    """
    with needing("enricher", "store"):
        from services.console.redo import Wish, all_due, articles, since_of, standings_of
        from services.enricher.settings import TranslationSettings
        from services.enricher.translate.routes import read_routes
    settings = settings_for(state)
    if settings.store_database_url is None:
        raise LocalRunError("STORE_DATABASE_URL is not set; it names the store's database: postgresql://…")
    database_url = settings.store_database_url.get_secret_value()
    try:
        told = read(TranslationSettings, environment_for(state))
        routes = read_routes(told.translate_routes)
    except ValueError as error:
        raise LocalRunError(str(error)) from None
    first = since_of(since, datetime.now(UTC)) if since else None
    wish = Wish(routes, target, engine, model, source_language, first, standings_of(status), told.translate_max_chars)
    found = asyncio.run(all_due(database_url, wish))
    wanted = found[:limit]
    if not wanted:
        screen.print("Nothing is to be done: every such article has its translation.")
        return
    table = Table("language", "engine", "now", "articles", "characters", box=None)
    kinds: dict[tuple[str, str, str], list[int]] = {}
    for one in wanted:
        kinds.setdefault((one.language, one.engine, one.standing), []).append(one.chars)
    for kind, chars in sorted(kinds.items()):
        table.add_row(*kind, f"{len(chars):,}", f"{sum(chars):,}")
    screen.print(table)
    total = sum(one.chars for one in wanted)
    left = f"; {len(found) - len(wanted):,} more are left for later" if len(found) > len(wanted) else ""
    screen.print(f"{len(wanted):,} articles, at most {total:,} characters into {target}{left}")
    for language, other in sorted({(one.language, one.elsewhere) for one in wanted if one.elsewhere}):
        said = f"TRANSLATE_ROUTES leads {language}:{target} to {other} here; the enricher goes by its own."
        screen.print(f"[yellow]{said}[/yellow]", soft_wrap=True)
    if dry_run:
        return

    async def more(ids: Sequence[str]) -> list[ParsedArticle]:
        return await articles(database_url, ids)

    given: Counter[str] = Counter()
    try:
        asyncio.run(_give(settings, [one.article_id for one in wanted], more, per_second, given))
    except KeyboardInterrupt:
        screen.print(f"{given['given']:,} of {len(wanted):,} were given. Run it again for the rest.")
        raise typer.Exit(130) from None
    except (Transient, KafkaError) as error:
        said = f"{given['given']:,} of {len(wanted):,} were given, then the broker failed"
        raise LocalRunError(f"{said}: {error}. Run it again for the rest.") from None
    screen.print(f"{given['given']:,} articles were given to the {STAGE}, and it has taken them all.")
    if given["too large"]:
        screen.print(f"{given['too large']:,} are too large for {REPLAYS.name}.")


async def _give(
    settings: ConsoleSettings,
    ids: Sequence[str],
    more: Callable[[Sequence[str]], Awaitable[list[ParsedArticle]]],
    per_second: float,
    given: Counter[str],
) -> None:
    """Put the articles on the topic of replays, never far ahead of who reads it, and wait until they are taken."""
    from services.console.redo import AT_ONCE

    topic = replace(PARSED_ARTICLES, name=REPLAYS.name, max_message_bytes=REPLAYS.max_message_bytes)
    clock = asyncio.get_running_loop().time
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn(), TimeRemainingColumn(),
        console=screen, disable=not screen.is_terminal,
    )  # fmt: skip
    async with connected(settings, [REPLAYS]) as link, behind(settings, STAGE, REPLAYS.name) as unread:

        async def until_at_most(most: int, saying: str) -> None:
            while (waiting := await unread()) > most:
                bar.update(task, description=f"{saying}: {waiting} before it")
                await asyncio.sleep(LOOK_SECONDS)
            bar.update(task, description="given")

        with bar:
            task = bar.add_task("given", total=len(ids))
            turn = clock()
            for start in range(0, len(ids), AT_ONCE):
                await until_at_most(AHEAD - AT_ONCE, f"waiting for the {STAGE}")
                for article in await more(ids[start : start + AT_ONCE]):
                    await asyncio.sleep(max(0.0, turn - clock()))
                    turn = max(turn, clock() - 1) + 1 / per_second
                    try:
                        await link.send(topic, article)
                    except TooLarge:
                        given["too large"] += 1
                    else:
                        given["given"] += 1
                    bar.update(task, completed=given.total())
            await until_at_most(0, f"the {STAGE} works")
