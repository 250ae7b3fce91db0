"""`xabar demo`: the whole pipeline on the newsroom, watched while it works and compared with the gold records."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.console import compare
from services.console.archive import StoredArticle, find, receipts, stored_articles
from services.console.local.errors import LocalRunError
from services.console.local.run import LocalRun
from services.console.newsroom.content import GoldArticle
from services.console.newsroom.server import Newsroom
from services.console.reading import best_first, side_by_side
from services.console.settings import runs_in
from services.console.status import read_stages, stage_table
from services.console.stay import register
from services.contracts.sources import Source

SETTLE_SECONDS = 2.0
"""After the last article, for what should not be there to arrive too."""
POLL_SECONDS = 10.0
"""On a second run the sites may have been visited too lately to be asked again soon."""
SHOWN_ENTITIES = 3
SHOWN_LINES = 6
"""Of the article that is shown with its translation."""
READABLE = ("ok", "partial")
COLUMNS: dict[str, dict[str, int]] = {
    "site": {"width": 9},
    "language": {"width": 8},
    "published": {"width": 16},
    "title": {"ratio": 3},
    "in English": {"ratio": 2},
    "entities": {"ratio": 2},
}
"""Of the table of articles; `published` is local time where the site is at home."""


@dataclass(frozen=True)
class Report:
    """What a demo saw."""

    stored: Sequence[StoredArticle]
    new: int
    faults: Sequence[str]
    seconds: float
    peak_memory_bytes: int
    translated: Mapping[str, Any] | None
    """An article that was translated, with all that hangs on it."""


def overrides(newsroom: Newsroom) -> dict[str, str]:
    """What the demo sets differently from production: addresses, and a pace for an impatient reader."""
    return {"FETCHER_RESOLVE": newsroom.resolve(), "FETCHER_DELAY_SECONDS": "0.5", "FETCHER_MIN_POLL_SECONDS": "5"}


def run(folder: Path, screen: Console, seconds: float) -> int:
    """Run the demo; 0 when everything arrived once and right."""
    if folder.name in runs_in(folder.parent):
        raise LocalRunError("A demo runs already in another terminal.")
    screen.print("[bold]Xabar[/bold]: from news sites through Kafka into Postgres", highlight=False)
    with Newsroom(port=0) as newsroom:
        gold = [article for article in newsroom.gold() if article.fetchable]
        sites, languages = {article.host for article in gold}, {article.language for article in gold}
        screen.print(f"  newsroom: {len(sites)} sites, {len(gold)} articles, {len(languages)} languages")
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            with screen.status("starting") as spinner:
                run = LocalRun(folder, overrides=overrides(newsroom), say=_step(screen), doing=spinner.update)
                local = stack.enter_context(run)
            screen.print(f"  up after {time.monotonic() - began:.1f} s\n")
            report = asyncio.run(_watch(local, newsroom, gold, screen, seconds))
    screen.print(article_table(report.stored))
    if report.translated is not None:
        screen.print(read_in_english(report.translated))
    _conclude(report, gold, screen)
    return 1 if report.faults else 0


def _step(screen: Console) -> Callable[[str], None]:
    return lambda step: screen.print(f"  {step}")


async def _watch(
    local: LocalRun, newsroom: Newsroom, gold: Sequence[GoldArticle], screen: Console, seconds: float
) -> Report:
    before = await receipts(local.database_url)
    began = time.monotonic()
    await register(local.state.parent, [Source.model_validate(source) for source in newsroom.sources()])
    bar = Progress(TextColumn("stored"), BarColumn(40), MofNCompleteColumn(), TimeElapsedColumn(), console=screen)
    task = bar.add_task("stored", total=len(gold))
    peak, quiet_since = 0, 0.0
    stored: list[StoredArticle] = []
    with Live(console=screen, auto_refresh=False, transient=not screen.is_terminal) as live:
        while time.monotonic() - began < seconds:
            for service in local.services.values():
                service.require_running()
            stored = await stored_articles(local.database_url)
            stages = await asyncio.to_thread(read_stages, local.health_urls)
            bar.update(task, completed=len(gold) - compare.missing(gold, stored))
            picture: RenderableType = Group(stage_table(stages, {}), bar)
            live.update(picture, refresh=screen.is_terminal)
            peak = max(peak, await asyncio.to_thread(local.memory_bytes))
            at_rest = all(s.obstacles is not None and not s.in_flight for s in stages.values())
            polled = {article.host for article in gold} <= {request.host for request in newsroom.requests}
            if compare.missing(gold, stored) or not at_rest or not (polled or time.monotonic() - began > POLL_SECONDS):
                quiet_since = 0.0
            elif not quiet_since:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > SETTLE_SECONDS:
                break
            await asyncio.sleep(0.5)
        if not screen.is_terminal:
            screen.print(picture)
    took = time.monotonic() - began
    stored = await stored_articles(local.database_url)
    new = await receipts(local.database_url) - before
    translated = [article.article_id for article in stored if article.translation_status in READABLE]
    one = await find(local.database_url, translated[0]) if translated else None
    return Report(stored, sum(new.values()), compare.faults(gold, stored), took, peak, one)


def article_table(stored: Sequence[StoredArticle]) -> Table:
    """The stored articles, as a reader of the database sees them."""
    table = Table(box=None, pad_edge=False)
    for column, room in COLUMNS.items():
        table.add_column(column, no_wrap=True, overflow="ellipsis", width=room.get("width"), ratio=room.get("ratio"))
    table.expand = True
    for article in sorted(stored, key=lambda a: (a.host, a.published or "")):
        english = article.translation_title or article.translation_status or ""
        entities = ", ".join(article.entities[:SHOWN_ENTITIES])
        if len(article.entities) > SHOWN_ENTITIES:
            entities += f" +{len(article.entities) - SHOWN_ENTITIES}"
        when = (article.published or "")[:16].replace("T", " ")
        title = f"{article.title} [dim](reprint)[/dim]" if article.duplicate_of else article.title
        table.add_row(article.host.removesuffix(".example"), article.language, when, title, english, entities)
    return table


def read_in_english(article: Mapping[str, Any]) -> RenderableType:
    """One article beside its translation, sentence by sentence."""
    head = Text(f"\n{article['canonical_url']} and its translation, sentence by sentence", style="dim")
    return Group(head, side_by_side(article, best_first(article["translations"])[0], article["language"], SHOWN_LINES))


def _conclude(report: Report, gold: Sequence[GoldArticle], screen: Console) -> None:
    languages = Counter(article.language for article in report.stored)
    screen.print(
        f"{len(report.stored)} articles stored, {report.new} changes in this run; "
        + ", ".join(f"{language} {count}" for language, count in sorted(languages.items()))
    )
    screen.print(f"{report.seconds:.1f} s, at most {report.peak_memory_bytes / 2**20:.0f} MiB for everything")
    if report.faults:
        for fault in report.faults:
            screen.print(f"[red]{fault}[/red]", soft_wrap=True, highlight=False)
        screen.print(f"[red]{len(report.faults)} faults against {len(gold)} gold records[/red]")
    else:
        screen.print(f"[green]All {len(gold)} articles arrived once, each with its language, day and title.[/green]")
