"""`xabar backfill`: asks for what a source published earlier, by its sitemaps, where live news leave room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import typer

from services.console.broker import connected, newest
from services.console.frontier_commands import ask
from services.console.local.errors import LocalRunError
from services.console.settings import settings_for
from services.console.terminal import HERE, State, screen
from services.contracts.identity import host_of
from services.contracts.pages import FetchRequest
from services.contracts.sources import Source
from services.contracts.topics import SOURCES


def backfill(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Its id.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, where the site is at home.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; today if not given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be asked for.")] = False,
    state: State = HERE,
) -> None:
    """Fetch what a source published since a day, by its sitemaps or those that its robots.txt names."""
    settings = settings_for(state)

    async def find() -> Source | None:
        async with connected(settings, [SOURCES]) as link:
            return (await newest(link, SOURCES)).get(source)

    found = asyncio.run(find())
    if found is None:
        raise LocalRunError(f"There is no source {source!r}; `xabar sources list` shows them.")
    requests = wanted(found, since, until, datetime.now(UTC))
    if not dry_run:
        asyncio.run(ask(settings, requests))
    for request in requests:
        what = "its sitemaps" if request.listing == "robots" else "sitemap"
        screen.print(f"{request.url}: {what}", soft_wrap=True, highlight=False, markup=False)
    verb = "would be" if dry_run else "are"
    hint = f"follow it with: xabar frontier show {host_of(requests[0].url)}"
    screen.print(f"{len(requests)} lists {verb} read for {source}; {hint}", soft_wrap=True, highlight=False)


def wanted(source: Source, since: datetime, until: datetime | None, now: datetime) -> list[FetchRequest]:
    """The lists to be read once: a source's sitemaps, else its robots.txt. Days are those of the source's zone.

    Raises LocalRunError where there are no such days.
    """
    try:
        zone = ZoneInfo(source.timezone) if source.timezone else UTC
    except (KeyError, ValueError, OSError):
        raise LocalRunError(f"The zone of {source.id}, {source.timezone!r}, is none: add the source again.") from None
    first = since.replace(tzinfo=zone)
    after = None if until is None else (until + timedelta(days=1)).replace(tzinfo=zone)
    if first > now:
        raise LocalRunError(f"{since:%Y-%m-%d} is still to come.")
    if after is not None and after <= first:
        raise LocalRunError(f"--until {until:%Y-%m-%d} is before --since {since:%Y-%m-%d}.")
    lists = [(url, "sitemap") for url in source.sitemaps] or [(urljoin(source.homepage, "/robots.txt"), "robots")]
    return [
        FetchRequest.model_validate(
            {
                "url": url,
                "source": source.id,
                "reason": "sitemap",
                "lane": "backfill",
                "listing": form,
                "since": first,
                "until": after,
                "requested_at": now,
            }
        )
        for url, form in lists
    ]
