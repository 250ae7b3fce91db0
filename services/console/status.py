"""What the pipeline does now: stages, lag, sources, dead letters, from the services' own metrics and the broker."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from services.console.broker import offsets
from services.console.local.errors import LocalRunError
from services.console.settings import ConsoleSettings
from services.contracts.topics import STAGE_INPUTS, dead_letters

EVENTS = ("discovered", "fetched", "parsed", "enriched", "stored", "rejected")
REFRESH_SECONDS = 1.0


@dataclass(frozen=True)
class StageView:
    """One service, as it tells of itself."""

    obstacles: Mapping[str, str] | None
    """Why it is not ready; None when it does not answer."""
    outcomes: Counter[str] = field(default_factory=Counter)
    lag: int = 0
    in_flight: int = 0
    idle_seconds: float = 0.0
    sources: Mapping[str, Counter[str]] = field(default_factory=dict)


def read_stage(health_url: str) -> StageView:
    """Ask a service for its readiness and its metrics."""
    try:
        obstacles = json.loads(_get(f"{health_url}/readyz")).get("obstacles", {})
        exposition = _get(f"{health_url}/metrics")
    except (OSError, ValueError):
        return StageView(None)
    outcomes: Counter[str] = Counter()
    sources: defaultdict[str, Counter[str]] = defaultdict(Counter)
    lag = in_flight = 0
    idle = 0.0
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            match sample.name:
                case "xabar_records_total":
                    outcomes[sample.labels["outcome"]] += int(sample.value)
                case "xabar_consumer_lag_records":
                    lag += int(sample.value)
                case "xabar_in_flight_records":
                    in_flight += int(sample.value)
                case "xabar_since_progress_seconds":
                    idle = sample.value
                case "xabar_source_articles_total":
                    sources[sample.labels["source"]][sample.labels["event"]] += int(sample.value)
    return StageView(obstacles, outcomes, lag, in_flight, idle, sources)


def _get(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - the operator's own addresses
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()  # 503 says why


def read_stages(health_urls: Mapping[str, str]) -> dict[str, StageView]:
    """Every service, in the pipeline's order."""
    order = [*STAGE_INPUTS, *(name for name in health_urls if name not in STAGE_INPUTS)]
    return {name: read_stage(health_urls[name]) for name in order if name in health_urls}


def stage_table(stages: Mapping[str, StageView], waiting: Mapping[str, int]) -> Table:
    """One row per service; `waiting` are the dead letters on its topic."""
    table = Table("stage", "done", "rejected", "dead letters", "lag", "in flight", "state", title_justify="left")
    for name, view in stages.items():
        if view.obstacles is None:
            state = Text("does not answer", style="red")
        elif view.obstacles:
            state = Text("; ".join(view.obstacles.values()), style="yellow")
        else:
            state = Text("ready", style="green")
        letters = str(waiting.get(name, view.outcomes["dead-lettered"]))
        numbers = [view.outcomes["done"], view.outcomes["rejected"]]
        table.add_row(name, *map(str, numbers), letters, str(view.lag), str(view.in_flight), state)
    return table


def source_table(stages: Mapping[str, StageView]) -> Table | None:
    """One row per source, over all services; None before anything is known."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for view in stages.values():
        for source, events in view.sources.items():
            totals[source] += events
    if not totals:
        return None
    table = Table("source", *EVENTS)
    for source, events in sorted(totals.items()):
        table.add_row(source, *(str(events[event]) for event in EVENTS))
    return table


async def dead_letters_waiting(settings: ConsoleSettings) -> dict[str, int]:
    """How many dead letters each stage's topic holds. Raises LocalRunError when the broker does not answer."""
    names = {stage: dead_letters(stage, source).name for stage, source in STAGE_INPUTS.items()}
    found = await offsets(settings, list(names.values()))
    return {stage: sum(after - first for first, after in found[name]) for stage, name in names.items()}


async def _picture(settings: ConsoleSettings) -> tuple[RenderableType, bool]:
    """What there is to see, and whether the broker told its part."""
    stages = await asyncio.to_thread(read_stages, settings.console_health_urls)
    try:
        waiting = await dead_letters_waiting(settings)
    except LocalRunError as error:
        return Group(stage_table(stages, {}), Text(str(error), style="red")), False
    parts: list[RenderableType] = []
    if stages:
        parts.append(stage_table(stages, waiting))
    else:
        parts.append(Text("No service is known: set CONSOLE_HEALTH_URLS=fetcher=http://host:8080,parser=…"))
    by_source = source_table(stages)
    return (Group(*parts, by_source) if by_source else Group(*parts)), True


async def show(
    settings: ConsoleSettings, screen: Console, *, watch: bool, until: Callable[[], bool] = lambda: False
) -> bool:
    """Print the picture once, or keep it up to date; whether the broker answered at last."""
    picture, answered = await _picture(settings)
    if not watch:
        screen.print(picture)
        return answered
    with Live(picture, console=screen, auto_refresh=False) as live:
        while not until():
            await asyncio.sleep(REFRESH_SECONDS)
            picture, answered = await _picture(settings)
            live.update(picture, refresh=True)
    return answered
