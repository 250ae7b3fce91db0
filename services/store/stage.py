"""The store as a stage: batches of articles and rejections into the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from services.contracts.articles import EnrichedArticle
from services.contracts.outcomes import Rejection
from services.contracts.topics import ENRICHED_ARTICLES, REJECTIONS, STORED_ARTICLES
from services.runtime import metrics
from services.runtime.stage import BatchStage
from services.store.database import Database, write_each
from services.store.settings import StoreSettings
from services.store.write import Stored

UNKNOWN_SOURCE = "unknown"


def make_stage(database: Database, settings: StoreSettings, clock: Callable[[], datetime]) -> BatchStage:
    """The stage that stores into `database`."""

    async def store(batch: Sequence[EnrichedArticle | Rejection]) -> Sequence[Exception | None]:
        answers, stored = await write_each(database, batch, clock)
        observe_freshness(stored)
        return answers

    return BatchStage(
        name="store",
        sources=(ENRICHED_ARTICLES, REJECTIONS),
        write=store,
        target=STORED_ARTICLES,
        source_of=source_of,
        event="stored",
        max_records=settings.store_batch_records,
        max_bytes=settings.store_batch_bytes,
    )


def source_of(message: EnrichedArticle | Rejection) -> str | None:
    """Whose article it is; a rejection was counted by the stage that made it."""
    return message.article.source if isinstance(message, EnrichedArticle) else None


def observe_freshness(stored: Sequence[Stored]) -> None:
    """Publication to store, for first contents whose page states a time: a day alone says too little."""
    for one in stored:
        published = one.article.published
        if one.receipt.kind in ("new", "duplicate") and published and published.precision != "day":
            age = (one.receipt.stored_at - published.moment).total_seconds()
            metrics.FRESHNESS_SECONDS.labels(one.article.source or UNKNOWN_SOURCE).observe(max(0.0, age))
