"""`xabar frontier`: what the fetcher remembers, and how it is made to ask again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, get_args

import typer
from aiokafka.errors import KafkaError
from rich.table import Table

from services.console import frontier_migration
from services.console.broker import connected
from services.console.frontier_log import log_reader, portions
from services.console.frontier_requeue import KEPT, Wanted
from services.console.frontier_view import (
    HostView,
    Rows,
    Tally,
    host_in_words,
    list_in_words,
    moment,
    url_in_words,
)
from services.console.local.errors import LocalRunError
from services.console.settings import ConsoleSettings, settings_for
from services.console.terminal import HERE, State, screen
from services.contracts.identity import BadUrl, canonical_url, host_of
from services.contracts.pages import FetchRequest, FrontierState
from services.contracts.topics import FETCH_REQUESTS, URL_FRONTIER
from services.fetcher.queue.frontier import partition_of
from services.runtime.link import Link
from services.runtime.stage import Record, Transient

MOST = 1_000
MOST_PARTITIONS = 10_000
AT_ONCE = 500

frontier = typer.Typer(help="What the fetcher knows of each URL, list and host.", no_args_is_help=True)


@frontier.command("show")
def show(
    target: Annotated[str, typer.Argument(metavar="HOST|URL")],
    state: State = HERE,
) -> None:
    """Show what is known of a host and its lists, or of one URL."""
    host, url = _target(target)
    keys = () if url is None else (f"url:{url}", f"feed:{url}", f"feed:{target}")
    view = HostView(host, keys)
    asyncio.run(_hear(settings_for(state), view.hear, host))
    if view.empty:
        raise LocalRunError(f"Nothing is known of {host}. Ask for a page of it with: xabar submit URL")
    now = datetime.now(UTC)
    if url is not None:
        _print(url, _known(view, keys, now))
        return
    _print(host, host_in_words(view.entry(f"host:{host}"), now))
    for entry in view.lists():
        _print(entry.url or "", list_in_words(entry, now))
    states = view.states()
    rows: Rows = [(name, f"{states[name]:,}") for name in get_args(FrontierState) if states[name]]
    _print("URLs", rows or [("known", "none")])
    if due := view.next_due():
        _print(
            "next",
            [(moment(at, now), f"{'again' if name == 'fetched' else name}: {address}") for at, name, address in due],
        )


@frontier.command("stats")
def stats(state: State = HERE) -> None:
    """Count the whole frontier: URLs by state, what is due, what compaction leaves, the biggest hosts."""
    tally = Tally(datetime.now(UTC))
    asyncio.run(_count(settings_for(state), tally))
    _print("url-frontier", tally.rows())


@frontier.command("requeue")
def requeue(
    target: Annotated[str | None, typer.Argument(metavar="HOST|URL")] = None,
    in_state: Annotated[
        FrontierState | None, typer.Option("--state", help="Only URLs in this state; `failed` where no URL is given.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only URLs of this source id.")] = None,
    most: Annotated[int, typer.Option(min=1, max=KEPT, help="URLs at the most.")] = MOST,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    folder: Annotated[
        Path, typer.Option("--run", envvar="XABAR_STATE", help="Where local runs keep their data.")
    ] = HERE,
) -> None:
    """Ask once more for URLs that ended: one, or those of a host, a source or a state."""
    if target is None and in_state is None and source is None:
        raise LocalRunError("Say which: a host, a URL, --source ID or --state failed.")
    host, url = (None, None) if target is None else _target(target)
    chosen = in_state if in_state or url else "failed"
    wanted = Wanted(most, host=host, url=url, state=chosen, source=source)
    settings, now = settings_for(folder), datetime.now(UTC)
    asyncio.run(_hear(settings, wanted.hear, host))
    requests = wanted.requests(now)
    if not requests:
        hint = f"; ask for it with: xabar submit {url}" if url else ""
        raise LocalRunError(f"No URL of the frontier matches{hint}.")
    if dry_run:
        for request in requests:
            screen.print(request.url, soft_wrap=True, highlight=False, markup=False)
    else:
        asyncio.run(ask(settings, requests))
    left = f"; {wanted.left_out:,} more match, see --most" if wanted.left_out else ""
    screen.print(f"{len(requests):,} URLs {'would be' if dry_run else 'are'} asked for again{left}", highlight=False)


@frontier.command("migrate")
def migrate(
    partitions: Annotated[int, typer.Option(min=1, max=MOST_PARTITIONS, help="How many there should be.")],
    state: State = HERE,
) -> None:
    """Give url-frontier and fetch-requests more partitions, and move what is known; no fetcher may run meanwhile."""
    moved = asyncio.run(frontier_migration.migrate(settings_for(state), partitions))
    screen.print(
        f"{moved.partitions} partitions; {moved.records:,} records and {moved.requests:,} waiting requests moved",
        highlight=False,
    )
    if moved.unreadable:
        screen.print(f"{moved.unreadable:,} records can't be read and stay where they are", highlight=False)
    screen.print("Start the fetchers again.")


async def ask(settings: ConsoleSettings, requests: list[FetchRequest]) -> None:
    """Put requests where their hosts live. Raises LocalRunError when the broker does not take them."""
    async with connected(settings, [FETCH_REQUESTS]) as link:
        count = await link.partitions(FETCH_REQUESTS)
        try:
            for start in range(0, len(requests), AT_ONCE):
                await asyncio.gather(*(_send(link, request, count) for request in requests[start : start + AT_ONCE]))
        except Transient as error:
            raise LocalRunError(f"Not all were asked for: {error}. The same command again is harmless.") from None


async def _send(link: Link, request: FetchRequest, partitions: int) -> None:
    await link.send(FETCH_REQUESTS, request, partition=partition_of(host_of(request.url), partitions))


async def _hear(settings: ConsoleSettings, hear: Callable[[Record], None], host: str | None) -> None:
    """Every record of the host's partition, or of all."""
    try:
        async with connected(settings, [URL_FRONTIER]) as link, log_reader(settings) as reader:
            count = await link.partitions(URL_FRONTIER)
            partitions = range(count) if host is None else [partition_of(host, count)]
            async for records in portions(reader, URL_FRONTIER.name, partitions):
                for record in records:
                    hear(record)
    except KafkaError as error:
        raise LocalRunError(f"url-frontier can't be read: {error}") from None


async def _count(settings: ConsoleSettings, tally: Tally) -> None:
    try:
        async with connected(settings, [URL_FRONTIER]) as link, log_reader(settings) as reader:
            for partition in range(await link.partitions(URL_FRONTIER)):
                async for records in portions(reader, URL_FRONTIER.name, [partition]):
                    for record in records:
                        tally.hear(record)
                tally.end_of_partition()
    except KafkaError as error:
        raise LocalRunError(f"url-frontier can't be read: {error}") from None


def _target(target: str) -> tuple[str, str | None]:
    """The host, and the URL where it is one. Raises LocalRunError."""
    try:
        if "://" in target:
            return host_of(target), canonical_url(target)
        return host_of(f"https://{target}/"), None
    except BadUrl as error:
        raise LocalRunError(f"{target} is neither a host nor a URL: {error}") from None


def _known(view: HostView, keys: tuple[str, ...], now: datetime) -> Rows:
    url, *lists = (view.entry(key) for key in keys)
    rows = [] if url is None else url_in_words(url, now)
    polled = next((entry for entry in lists if entry is not None), None)
    rows += [] if polled is None else list_in_words(polled, now)
    if not rows:
        raise LocalRunError("The frontier does not know this URL. Ask for it with: xabar submit URL")
    return rows


def _print(title: str, rows: Rows) -> None:
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for name, value in rows:
        table.add_row(name, value)
    screen.print(table, soft_wrap=not screen.is_terminal, markup=False)
