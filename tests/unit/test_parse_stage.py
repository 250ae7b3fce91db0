"""The parser's stage keeps fetches of one URL in order, and its work is stamped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, pack
from services.parser.limits import Limits
from services.parser.stage import stage_of
from services.runtime.pool import ProcessPool

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


class SameProcess:
    """A pool without processes."""

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


def page(url: str, text: str) -> FetchedPage:
    return FetchedPage(
        request=FetchRequest(url=url, source="lake", reason="feed", requested_at=NOW),
        url=url,
        status=200,
        media_type="text/html",
        body=pack(f"<h1>The ferry runs again</h1><p>{text}</p>".encode()),
        body_sha256="0" * 64,
        fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0.1),
    )


STAGE = stage_of(cast(ProcessPool, SameProcess()), Limits())


async def test_an_article_carries_the_stamps_of_both_stages() -> None:
    result = await STAGE.handle(page("https://lake.example/n/771", "The ice broke up during the night, slowly. " * 5))
    assert isinstance(result, ParsedArticle)
    assert [stamp.stage for stamp in result.stamps] == ["fetcher", "parser"]
    assert result.stamps[1].took > 0
    assert result.stamps[1].version


async def test_a_page_that_is_no_article_is_a_rejection_and_no_error() -> None:
    result = await STAGE.handle(page("https://lake.example/n/771", "Too short."))
    assert isinstance(result, Rejection)
    assert result.reason == "too-short"


def test_one_url_in_two_spellings_is_one_lane() -> None:
    urls = (
        "https://lake.example/n/771",
        "https://lake.example:443/n/771?utm_source=feed#top",
        "https://lake.example/n/772",
    )
    lanes = [STAGE.lane(page(url, "")) for url in urls]
    assert lanes[0] == lanes[1] != lanes[2]
