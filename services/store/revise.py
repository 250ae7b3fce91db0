"""What the store keeps of an article's content, and what changed from one content to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.contracts.articles import EnrichedArticle, ParsedArticle
from services.store.fold import Observation

COMPARED = ("title", "lead", "text", "authors", "published", "section", "tags", "image")
NO_SCRIPT = ""
"""The script of a text without letters; a value rather than NULL, so that keys can hold it."""
_OWN_COLUMNS = {"article_id", "content_key", "title", "lead", "text", "fetched_at", "stamps"}


@dataclass(frozen=True)
class Content:
    """One content of an article with the language that its text was found to be in."""

    article: ParsedArticle
    language: str
    script: str
    enriched_at: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Article and content."""
        return self.article.article_id, self.article.content_key

    @property
    def order(self) -> tuple[datetime, datetime]:
        """Of two with one key, the one that counts is the later by this."""
        return self.article.fetched_at, self.enriched_at

    @property
    def facts(self) -> dict[str, Any]:
        """All that the parser found and that has no column of its own."""
        return self.article.model_dump(mode="json", exclude=_OWN_COLUMNS, exclude_none=True)


def restored(
    article_id: str,
    content_key: str,
    fetched_at: datetime,
    title: str,
    lead: str | None,
    text: str,
    facts: Mapping[str, Any],
) -> ParsedArticle:
    """The article as it came, from the columns of its content; only its stamps are not kept."""
    own = {"article_id": article_id, "content_key": content_key, "fetched_at": fetched_at}
    return ParsedArticle.model_validate({**facts, **own, "title": title, "lead": lead, "text": text})


def content_of(message: EnrichedArticle) -> Content:
    """The content that a message carries."""
    return Content(message.article, message.language.tag, message.language.script or NO_SCRIPT, message.enriched_at)


def observation_of(message: EnrichedArticle) -> Observation:
    """What a message says happened."""
    article = message.article
    return Observation(
        fetched_at=article.fetched_at,
        enriched_at=message.enriched_at,
        content_key=article.content_key,
        script=message.language.script or NO_SCRIPT,
        body_sha256=article.body_sha256,
        method=article.extraction.method,
    )


def changed(before: Content | None, after: Content) -> tuple[str, ...]:
    """The fields in which two contents differ; none for an article's first."""
    if before is None:
        return ()
    fields = tuple(f for f in COMPARED if getattr(before.article, f) != getattr(after.article, f))
    return fields if before.language == after.language else (*fields, "language")
