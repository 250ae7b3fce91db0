"""`xabar parse`: pages on disk or on the web as articles, one for a reader or many for a program."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.console.local.errors import LocalRunError
from services.console.pipes import answer_standard_input
from services.console.settings import environment_for
from services.console.source_commands import source_called
from services.console.terminal import HERE, State, needing, screen
from services.contracts.articles import ParsedArticle
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage
from services.runtime.settings import read
from services.runtime.stage import VERSION

if TYPE_CHECKING:
    from services.parser.settings import ParserSettings

PARSER_LIBRARIES = ("fetcher", "parser")
"""What looking at a page needs beside the console's own."""


def parse(
    target: Annotated[
        str | None, typer.Argument(metavar="FILE|URL", help="A saved page, - for standard input, or https://…")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where a saved page came from.")] = None,
    source: Annotated[
        str | None, typer.Option(help="ID of a source, of the region pack or watched, whose language and zone count.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: the article or the rejection.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read a line of JSON per page, write a line for each.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="With --jsonl: seconds for one page; then its process is killed.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="With --jsonl: processes that parse, some pages at once.")
    ] = 1,
    state: State = HERE,
) -> None:
    """Parse one page and show where each value came from, or many with --jsonl.

    One page: exit code 1 where it is no article. A URL is asked for as the
    fetcher does: robots.txt, pauses, no private addresses. No broker is needed.

    Many pages: standard input has a line of JSON for each,
    {"id", "url", "html_path" or "html_base64", "headers"?, "fetched_at"?,
    "source"?: {"id", "time_zone", "language", "country"}}.
    Each is answered in order and at once by {"id", "article", "rejection"}: one
    of the two is null, or both, and "error" says what was wrong. A page without
    "url" gets a made-up one below unknown.invalid.

    This one process does it all, without a limit of time; with --timeout or
    --workers, processes that are replaced when a page hangs or crashes them.
    """
    with needing(*PARSER_LIBRARIES):
        from services.parser.recipe import book_of
        from services.parser.settings import ParserSettings
    environ = environment_for(state)
    try:
        settings = read(ParserSettings, environ)
        book_of(settings.parser_recipes)
    except ValueError as error:
        raise LocalRunError(str(error)) from None
    if jsonl:
        if target or url or source:
            raise LocalRunError("--jsonl reads pages, URLs and sources from standard input; give no FILE, URL or ID.")
        _many(settings, workers, timeout)
        return
    if target is None:
        raise LocalRunError("Give a FILE or a URL, or --jsonl for many pages; xabar parse --help tells more.")
    raise typer.Exit(_one(target, url, source, settings, environ, state, as_json=as_json))


def _one(
    target: str,
    url: str | None,
    source: str | None,
    settings: ParserSettings,
    environ: Mapping[str, str],
    state: Path,
    *,
    as_json: bool,
) -> int:
    page, content = open_page(target, url, source, settings, environ, state)
    from services.console.page_view import page_view
    from services.parser.batch import told
    from services.parser.worker import warm, work

    warm()
    clock = time.perf_counter()
    try:
        result: ParsedArticle | Rejection = work(page, settings.limits, VERSION, content, settings.parser_recipes)
    except Exception as error:
        raise LocalRunError(f"The parser failed on {target}: {type(error).__name__}: {error}") from error
    took = (time.perf_counter() - clock) * 1000
    if as_json:
        sys.stdout.buffer.write(told(target, result))
        sys.stdout.flush()
    else:
        screen.print(page_view(result, took), soft_wrap=False)
    return 1 if isinstance(result, Rejection) else 0


def open_page(
    target: str,
    url: str | None,
    source: str | None,
    settings: ParserSettings,
    environ: Mapping[str, str],
    state: Path,
) -> tuple[FetchedPage, bytes]:
    """The page that a command was pointed at, and its bytes. Raises LocalRunError."""
    with needing(*PARSER_LIBRARIES):
        from services.console.page_opening import is_url, on_disk, on_the_web
    known = source_called(source, state) if source else None
    if not is_url(target):
        return on_disk(target, url, known, settings.limits.max_page_bytes)
    if url is not None:
        raise LocalRunError("--url says where a saved page came from; a page that is fetched has its own.")
    return asyncio.run(on_the_web(target, known, environ))


def _many(settings: ParserSettings, workers: int, timeout: float | None) -> None:
    with needing(*PARSER_LIBRARIES):
        from services.console.page_opening import hear
        from services.parser.batch import MAX_LINE_BYTES, answer, opened
        from services.parser.worker import warm, work
        from services.runtime.pool import ProcessPool
    limits, recipes = settings.limits, settings.parser_recipes

    async def here(page: FetchedPage, content: bytes) -> ParsedArticle | Rejection:
        return work(page, limits, VERSION, content, recipes)

    async def elsewhere(page: FetchedPage, content: bytes) -> ParsedArticle | Rejection:
        return await pool.run(work, page, limits, VERSION, content, recipes)

    does = here if workers == 1 and timeout is None else elsewhere

    async def answered(line: bytes) -> bytes:
        return await answer(opened(line, hear, limits.max_page_bytes, datetime.now(UTC)), does)

    if does is here:
        warm()
        asyncio.run(answer_standard_input(answered, 1, MAX_LINE_BYTES))
        return
    pool = ProcessPool(workers, timeout or settings.parser_timeout_seconds, warm, settings.parser_worker_memory_bytes)

    async def all_of_them() -> None:
        try:
            await answer_standard_input(answered, workers, MAX_LINE_BYTES)
        finally:  # before what still runs is cancelled: for each of those, the pool would start a process anew
            pool.close()

    asyncio.run(all_of_them())
