"""The parser as a stage: pages in, articles out, each page in a process that can be killed."""

from __future__ import annotations

from services.contracts.articles import ParsedArticle
from services.contracts.identity import BadUrl, article_id
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage
from services.contracts.topics import FETCHED_PAGES, PARSED_ARTICLES
from services.parser.limits import Limits
from services.parser.worker import work
from services.runtime.pool import ProcessPool
from services.runtime.stage import VERSION, Stage


def stage_of(pool: ProcessPool, limits: Limits) -> Stage[FetchedPage, ParsedArticle]:
    """The stage, parsing in the pool's processes."""

    async def handle(page: FetchedPage) -> ParsedArticle | Rejection:
        return await pool.run(work, page, limits, VERSION)

    return Stage(
        name="parser",
        source=FETCHED_PAGES,
        target=PARSED_ARTICLES,
        handle=handle,
        lane=lane_of,
        url_of=lambda page: page.request.url,
        source_of=lambda page: page.request.source,
        event="parsed",
    )


def lane_of(page: FetchedPage) -> str:
    """Two fetches of one URL stay in order."""
    try:
        return article_id(page.url)
    except BadUrl:
        return page.url
