"""Add a layer to an article: language, translations, entities, search key; the article itself stays as it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime

from services.contracts.articles import (
    EnrichedArticle,
    Language,
    ParsedArticle,
    Translation,
    entity_text,
)
from services.contracts.folding import fold
from services.contracts.message import Stamp
from services.contracts.sources import Lane
from services.enricher.entities.found import Tagged
from services.enricher.translate.names import with_missing_names

STAGE = "enricher"


Identify = Callable[[str, tuple[str, ...]], Awaitable[Language]]
"""Title and paragraphs to language."""
Tag = Callable[[str, Language, int, date | None], Awaitable[Tagged]]
"""Text, its language, where its headline ends (0 without one) and the day of the article to entities."""
Translate = Callable[[str, Sequence[str], str, Lane], Awaitable[tuple[Translation, ...]]]
"""Title, paragraphs, language tag and lane to translations."""


async def enrich(
    article: ParsedArticle,
    identify: Identify,
    tag: Tag,
    translate: Translate,
    now: Callable[[], datetime],
    version: str = "0",
) -> EnrichedArticle:
    """The article whole, with its layer.

    Raises what `identify` and `tag` raise; a translator's troubles are a status.
    """
    started = now()
    language = await identify(article.title, article.paragraphs)
    published = article.published.day if article.published else None
    tagged = await tag(entity_text(article), language, len(article.title), published)
    translations = await translate(article.title, article.paragraphs, language.tag, article.lane)
    ended = now()
    return EnrichedArticle(
        article=article,
        language=language,
        translations=tuple(
            with_missing_names(one, article.title, article.text, tagged.entities) for one in translations
        ),
        entities=tagged.entities,
        acronyms=tagged.acronyms,
        search_key=fold(article.title),
        enriched_at=ended,
        stamp=Stamp(stage=STAGE, version=version, started=started, took=max(0.0, (ended - started).total_seconds())),
    )
