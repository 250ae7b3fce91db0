"""Every command of `xabar`, its words and its options; what it does is in the modules beside this one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from rich.table import Table

from services.console import demo as demo_run
from services.console import doctor as checks
from services.console import lookup, status
from services.console.backfill import backfill
from services.console.broker import connected, named, newest, offsets, send, tail
from services.console.enrich_commands import enrich
from services.console.frontier_commands import frontier
from services.console.knowledge_commands import kb
from services.console.local.errors import LocalRunError
from services.console.model_commands import models
from services.console.parse_commands import parse
from services.console.recipe_commands import recipe
from services.console.settings import ConsoleSettings, settings_for
from services.console.source_commands import sources
from services.console.stay import purge, stay, stop
from services.console.terminal import HERE, State, screen
from services.console.translate_commands import translate
from services.console.translation_check import check
from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.outcomes import StageControl
from services.contracts.pages import FetchRequest
from services.contracts.topics import FETCH_REQUESTS, SOURCES, STAGE_CONTROLS, STAGE_INPUTS, TOPICS, Topic
from services.runtime.stage import Record
from services.runtime.topics import TopicSettings, applied, configuration

app = typer.Typer(
    name="xabar",
    help="Xabar: the web's news as a Kafka stream.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics = typer.Typer(help="The topics of the pipeline.", no_args_is_help=True)
app.add_typer(sources, name="sources")
app.add_typer(topics, name="topics")
app.add_typer(frontier, name="frontier")
app.command()(backfill)
app.command()(parse)
app.command()(enrich)
app.add_typer(recipe, name="recipe")
for group in (translate, models):
    group.command("check")(check)
app.add_typer(translate, name="translate")
app.add_typer(models, name="models")
app.add_typer(kb, name="kb")


@app.command()
def demo(
    state: State = HERE,
    seconds: Annotated[float, typer.Option(help="Give up after this long.")] = 120,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier demos first.")] = False,
) -> None:
    """Run the whole pipeline on a small news agency and compare with its gold records."""
    if fresh:
        purge(state, "demo")
    raise typer.Exit(demo_run.run(state / "demo", screen, seconds))


@app.command()
def up(
    state: State = HERE,
    newsroom: Annotated[bool, typer.Option(help="Serve the newsroom too, and watch its sites.")] = False,
) -> None:
    """Start Kafka, Postgres and the four services, show what they do, stay until Ctrl-C or `xabar down`.

    KAFKA_BOOTSTRAP_SERVERS and STORE_DATABASE_URL, where they are set, name your own instead.
    """
    stay(state / "up", screen, newsroom=newsroom)


@app.command()
def down(
    state: State = HERE,
    forget: Annotated[bool, typer.Option("--purge", help="Delete all data of local runs too.")] = False,
) -> None:
    """Stop what `xabar up` started."""
    stopped = stop(state)
    screen.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
    if forget:
        purge(state)
        screen.print(f"deleted {state}")


@app.command("status")
def status_(
    state: State = HERE,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it live.")] = False,
) -> None:
    """Show stages, lag, sources and dead letters."""
    settings = settings_for(state)
    with contextlib.suppress(KeyboardInterrupt):
        if not asyncio.run(status.show(settings, screen, watch=watch)):
            raise typer.Exit(1)


@app.command()
def submit(
    url: str, source: Annotated[str | None, typer.Option(help="Source id.")] = None, state: State = HERE
) -> None:
    """Ask for one URL to be fetched."""
    try:
        canonical_url(url)
    except BadUrl as error:
        raise LocalRunError(f"Not submitted: {error}") from None
    request = FetchRequest(url=url, source=source, reason="submitted", requested_at=datetime.now(UTC))
    asyncio.run(_submit(settings_for(state), request))
    screen.print(f"submitted to {host_of(url)}; look for it with: xabar article {url}", soft_wrap=True)


async def _submit(settings: ConsoleSettings, request: FetchRequest) -> None:
    async with connected(settings, [FETCH_REQUESTS, SOURCES]) as link:
        if request.source is not None and request.source not in await newest(link, SOURCES):
            raise LocalRunError(f"There is no source {request.source!r}; `xabar sources list` shows them.")
        await link.send(FETCH_REQUESTS, request)


@app.command()
def article(url_or_id: str, state: State = HERE) -> None:
    """Show a stored article with its revisions, translations and entities."""
    settings = settings_for(state)
    found = asyncio.run(lookup.article(settings, url_or_id))
    screen.print(found, soft_wrap=True)


@app.command()
def resume(stage: str, state: State = HERE) -> None:
    """Let a stage run again that its dead-letter budget has paused."""
    if stage not in STAGE_INPUTS:
        raise LocalRunError(f"There is no stage {stage!r}. There are: {', '.join(STAGE_INPUTS)}.")
    now = datetime.now(UTC)
    control = StageControl(stage=stage, changed_at=now, resumed_at=now)
    asyncio.run(send(settings_for(state), STAGE_CONTROLS, control))
    screen.print(f"{stage} resumes")


@app.command()
def doctor(state: State = HERE) -> None:
    """Check what Xabar needs on this machine, and say what to do where something is missing."""
    raise typer.Exit(checks.run(state, screen))


@topics.command("apply")
def topics_apply(
    partitions: Annotated[int, typer.Option(help="Of topics whose contract leaves it open.")] = 6,
    replication: Annotated[int, typer.Option()] = 1,
    state: State = HERE,
) -> None:
    """Create missing topics, set what differs."""
    known = settings_for(state).model_dump(include=set(TopicSettings.model_fields))
    settings = TopicSettings(**known | {"topics_partitions": partitions, "topics_replication": replication})
    try:
        changes = asyncio.run(applied(settings))
    except KafkaError as error:
        raise LocalRunError(f"The topics can't be applied at {settings.kafka_bootstrap_servers}: {error}") from None
    for change in changes:
        screen.print(f"{change.topic}: {change.what}", soft_wrap=True)
    screen.print(f"{len(TOPICS)} topics, {len(changes)} changes")
    raise typer.Exit(1 if any(change.refused for change in changes) else 0)


@topics.command("list")
def topics_list() -> None:
    """Show every topic of the contracts."""
    table = Table("topic", "key", "kept", "at most", "what", box=None)
    for topic in TOPICS:
        kept = "newest per key" if topic.retention is None else f"{topic.retention.days} d"
        key = topic.key_is if isinstance(topic, Topic) else "as its origin"
        table.add_row(topic.name, key, kept, f"{topic.max_message_bytes / 2**20:.3g} MiB", topic.what)
    screen.print(table, soft_wrap=not screen.is_terminal)


@topics.command("describe")
def topics_describe(topic: str, state: State = HERE) -> None:
    """Show a topic's policy, its offsets and its message's JSON Schema."""
    known = named(topic)
    table = Table(show_header=False)
    table.add_row("what", known.what)
    if isinstance(known, Topic):
        table.add_row("key", known.key_is)
        table.add_row("written by", ", ".join(known.producers))
        table.add_row("read by", ", ".join(known.consumers))
    for name, value in configuration(known).items():
        table.add_row(name, value)
    for partition, (first, after) in enumerate(asyncio.run(offsets(settings_for(state), [topic]))[topic]):
        table.add_row(f"partition {partition}", f"{after - first} records, offsets {first} to {after}")
    screen.print(table)
    if isinstance(known, Topic):
        screen.print_json(json.dumps(known.model.model_json_schema(mode="serialization")))


@topics.command("tail")
def topics_tail(
    topic: str,
    last: Annotated[int, typer.Option("-n", help="Begin with that many of the newest.")] = 10,
    follow: Annotated[bool, typer.Option("-f", help="Wait for more.")] = False,
    state: State = HERE,
) -> None:
    """Print records as JSON lines: topic, partition, offset, key, headers, value."""
    named(topic)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(tail(settings_for(state), topic, last=last, follow=follow, show=_print_record))


def _print_record(record: Record) -> None:
    try:
        value: Any = json.loads(record.value) if record.value is not None else None
    except ValueError:
        value = (record.value or b"").decode("utf-8", "backslashreplace")
    line = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": (record.key or b"").decode("utf-8", "replace"),
        "headers": {k: v.decode("utf-8", "replace") for k, v in record.headers},
        "value": value,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
