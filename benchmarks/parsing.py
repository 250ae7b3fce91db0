"""The parser against trafilatura on the newsroom's pages: pages per second, one core."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import trafilatura

from services.console.newsroom.server import Newsroom
from services.contracts.message import Stamp
from services.contracts.pages import FetchedPage, FetchRequest, pack
from services.parser.limits import Limits
from services.parser.parse import parse


def pages() -> list[FetchedPage]:
    """Every article's page, as the fetcher would bring it."""
    now = datetime.now(UTC)
    newsroom = Newsroom()
    fetched: list[FetchedPage] = []
    for article in newsroom.gold():
        answer = newsroom.answer(article.host, article.url.removeprefix(f"http://{article.host}"))
        fetched.append(
            FetchedPage(
                request=FetchRequest(url=article.url, reason="feed", requested_at=now),
                url=article.url,
                status=200,
                media_type="text/html",
                body=pack(answer.body),
                body_sha256="",
                fetched_at=now,
                stamp=Stamp(stage="fetcher", version="", started=now, took=0),
            )
        )
    return fetched


def contests() -> list[tuple[str, Callable[[], int], str, Callable[[], int]]]:
    """Text, metadata and dates by us; the same by trafilatura."""
    fetched, now = pages(), datetime.now(UTC)

    def ours() -> int:
        return len([parse(page, Limits(), now) for page in fetched])

    def theirs() -> int:
        return len([trafilatura.bare_extraction(page.content(), with_metadata=True) for page in fetched])

    return [("parse", ours, "trafilatura", theirs)]
