"""Which receipts an article's history calls for, less those that were told before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.contracts.articles import ParsedArticle
from services.contracts.outcomes import Receipt, ReceiptKind
from services.store.fold import History


@dataclass(frozen=True)
class Told:
    """How many receipts of each sort an article has had: contents (new, duplicate, revision), gone, back."""

    contents: int = 0
    gones: int = 0
    backs: int = 0


@dataclass(frozen=True)
class Telling:
    """A receipt on its way out; `ce_id` is the same however often it is sent."""

    ce_id: str
    receipt: Receipt


def told_by(history: History, before: Told) -> Told:
    """The count after everything due has been told; a change that was told is never taken back."""
    return Told(
        max(before.contents, len(history.revisions)),
        max(before.gones, history.gones),
        max(before.backs, history.backs),
    )


def due(
    history: History,
    before: Told,
    article: ParsedArticle,
    duplicates: Mapping[int, str | None],
    stored_at: datetime,
) -> tuple[Telling, ...]:
    """The receipts that are still to be told, in the order of contents, then goings and comings.

    Changes are counted (the third content, the second time gone) and not dated, so a fact that arrives late adds the
    receipts that were missing and repeats none.
    """
    tellings: list[Telling] = []

    def tell(kind: ReceiptKind, ordinal: int, revision: int) -> None:
        receipt = Receipt(
            article_id=article.article_id,
            kind=kind,
            revision=revision,
            url=article.url,
            canonical_url=article.canonical_url,
            host=article.host,
            source=article.source,
            duplicate_of=duplicates.get(revision),
            stored_at=stored_at,
        )
        tellings.append(Telling(f"{article.article_id}:{ordinal}:{kind}", receipt))

    for revision in history.revisions[before.contents :]:
        first: ReceiptKind = "duplicate" if duplicates.get(revision.number) else "new"
        tell(first if revision.number == 1 else "revision", revision.number, revision.number)
    current = history.current.number
    for ordinal in range(1, history.gones + 1):
        if ordinal > before.gones:
            tell("gone", ordinal, current)
        if before.backs < ordinal <= history.backs:
            tell("back", ordinal, current)
    return tuple(tellings)
