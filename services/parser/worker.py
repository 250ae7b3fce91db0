"""What a process of the parser's pool runs: parse one page, with the clock."""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime
from pathlib import Path

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, pack
from services.parser.limits import Limits
from services.parser.parse import parse
from services.parser.recipe import book_of

_ALLOCATIONS_BEFORE_A_COLLECTION = 50_000
_PAGE = (
    "<html><head><title>The first page of a new process</title></head><body><article>"
    "<h1>The first page of a new process</h1>"
    "<p>It is parsed so that what loads late is loaded before the first page that counts. Nothing of it is kept, "
    "and nobody reads it; it only has to look enough like a report of some length to walk through all the code.</p>"
    "</article></body></html>"
)


def work(
    page: FetchedPage, limits: Limits, version: str, content: bytes | None = None, recipes: Path | None = None
) -> ParsedArticle | Rejection:
    """The page's article or rejection; the last stamp says how long it took.

    `content` is as for parse(); `recipes` is the operator's folder. Raises RecipeError where that can't be used.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    result = parse(page, limits, started, version, content, book_of(recipes))
    if isinstance(result, Rejection):
        return result
    stamp = result.stamps[-1].model_copy(update={"took": time.perf_counter() - clock})
    return result.model_copy(update={"stamps": (*result.stamps[:-1], stamp)})


def warm() -> None:
    """Load everything that a parse needs, for good: the collector of garbage then has nothing to look through.

    A page's objects hold no circles, so they go when it is done; at the usual thresholds the collector takes 6 to 9 %
    of a parse to find nothing.
    """
    now = datetime.now(UTC)
    page = FetchedPage(
        request=FetchRequest(
            url="https://warm.example/news/first-page-of-a-process", reason="submitted", requested_at=now
        ),
        url="https://warm.example/news/first-page-of-a-process",
        status=200,
        media_type="text/html",
        body=pack(_PAGE.encode()),
        body_sha256="",
        fetched_at=now,
        stamp=Stamp(stage="warm", version="", started=now, took=0),
    )
    parse(page, Limits(), now)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BEFORE_A_COLLECTION)
