"""Add a layer to an article: language, translation, entities, search key; the article itself stays as it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from services.contracts.articles import EnrichedArticle, Entity, Language, ParsedArticle, Translation, entity_text
from services.contracts.folding import fold
from services.contracts.message import Stamp
from services.enricher.translate.protocol import Translator, primary

STAGE = "enricher"
UNKNOWN = "und"

Identify = Callable[[str, tuple[str, ...]], Awaitable[Language]]
"""Title and paragraphs to language."""
Tag = Callable[[str, str], Awaitable[tuple[Entity, ...]]]
"""Text and language tag to entities."""


async def enrich(
    article: ParsedArticle,
    identify: Identify,
    tag: Tag,
    translator: Translator,
    now: Callable[[], datetime],
    target: str = "en",
    version: str = "0",
) -> EnrichedArticle:
    """The article whole, with its layer.

    Raises what `identify` and `tag` raise; a translator's troubles are a status.
    """
    started = now()
    language = await identify(article.title, article.paragraphs)
    entities = await tag(entity_text(article), language.tag)
    translations = await _translations(article, language.tag, translator, target)
    ended = now()
    return EnrichedArticle(
        article=article,
        language=language,
        translations=translations,
        entities=entities,
        search_key=fold(article.title),
        enriched_at=ended,
        stamp=Stamp(stage=STAGE, version=version, started=started, took=max(0.0, (ended - started).total_seconds())),
    )


async def _translations(
    article: ParsedArticle, source: str, translator: Translator, target: str
) -> tuple[Translation, ...]:
    """One translation, or none where the article is in the target language already."""
    if primary(source) == primary(target):
        return ()
    if source == UNKNOWN and translator.name != "none":
        return (
            Translation(target=target, status="unsupported", engine=translator.name, detail="the language is unknown"),
        )
    return (await translator.translate(article.title, article.paragraphs, source, target),)
