"""The parser as a stage: pages in, articles out, each page in a process that can be killed."""

from __future__ import annotations

from pathlib import Path

from services.contracts.articles import Extraction, ParsedArticle
from services.contracts.identity import BadUrl, article_id
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage
from services.contracts.topics import FETCHED_PAGES, PARSED_ARTICLES
from services.parser.limits import Limits
from services.parser.worker import work
from services.runtime import metrics
from services.runtime.pool import ProcessPool
from services.runtime.stage import VERSION, Stage


def stage_of(pool: ProcessPool, limits: Limits, recipes: Path | None = None) -> Stage[FetchedPage, ParsedArticle]:
    """The stage, parsing in the pool's processes; `recipes` is the operator's folder of them."""

    async def handle(page: FetchedPage) -> ParsedArticle | Rejection:
        result = await pool.run(work, page, limits, VERSION, None, recipes)
        if isinstance(result, ParsedArticle):
            count_recipe(result.extraction)
        return result

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


def count_recipe(extraction: Extraction) -> None:
    """Count a recipe and what of it found nothing; here, since nobody asks the pool's processes for metrics."""
    if extraction.recipe is None:
        return
    host, _, version = extraction.recipe.partition("@")
    metrics.RECIPE_USES.labels(host, version).inc()
    for name in extraction.missed:
        metrics.RECIPE_MISSES.labels(host, version, name).inc()


def lane_of(page: FetchedPage) -> str:
    """Two fetches of one URL stay in order."""
    try:
        return article_id(page.url)
    except BadUrl:
        return page.url
