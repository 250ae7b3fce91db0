"""What a command needs to ask sites: the fetcher's web by the fetcher's settings, and the parser's processes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from services.console.local.errors import LocalRunError
from services.console.site_probe import Probe
from services.console.source_trial import Parse
from services.contracts.articles import ParsedArticle
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage
from services.contracts.sources import Source
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_book import SourceBook
from services.fetcher.web.way_out import open_web
from services.parser.recipe import book_of
from services.parser.settings import ParserSettings
from services.parser.worker import warm, work
from services.runtime.link import Unusable
from services.runtime.pool import ProcessPool
from services.runtime.settings import read
from services.runtime.stage import VERSION


@dataclass(frozen=True)
class Session:
    """Who asks, and who parses."""

    probe: Probe
    parse: Parse


@contextlib.asynccontextmanager
async def session(sources: Iterable[Source], environ: Mapping[str, str]) -> AsyncIterator[Session]:
    """One command's requests, by the fetcher's and the parser's own variables; `sources` say how gently.

    Raises LocalRunError where a variable is wrong.
    """
    try:
        settings, parsing = read(FetcherSettings, environ), read(ParserSettings, environ)
        book_of(parsing.parser_recipes)
        web, credentials = open_web(settings)
    except (ValueError, Unusable) as error:
        raise LocalRunError(str(error)) from None
    book = SourceBook()
    for source in sources:
        book.apply(source.id, source)
    pool = ProcessPool(1, parsing.parser_timeout_seconds, warm, parsing.parser_worker_memory_bytes)

    async def parse(page: FetchedPage) -> ParsedArticle | Rejection:
        return await pool.run(work, page, parsing.limits, VERSION, None, parsing.parser_recipes)

    secrets = credentials.headers_for if credentials else lambda *_: {}
    try:
        async with web:
            yield Session(Probe(web, settings.product, settings.fetcher_delay_seconds, book.wishes, secrets), parse)
    finally:
        pool.close()
