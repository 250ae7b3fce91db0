"""The enricher as a stage: parsed articles in, enriched articles out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.contracts.articles import EnrichedArticle, ParsedArticle
from services.contracts.topics import ENRICHED_ARTICLES, PARSED_ARTICLES
from services.enricher.enrich import STAGE, Identify, Tag, Translate, enrich
from services.runtime import metrics
from services.runtime.stage import VERSION, Stage


def stage(
    identify: Identify, tag: Tag, translate: Translate, now: Callable[[], datetime]
) -> Stage[ParsedArticle, EnrichedArticle]:
    """The stage; articles of one id stay in order."""

    async def handle(article: ParsedArticle) -> EnrichedArticle:
        enriched = await enrich(article, identify, tag, translate, now, VERSION)
        measure(enriched)
        return enriched

    return Stage(
        name=STAGE,
        source=PARSED_ARTICLES,
        target=ENRICHED_ARTICLES,
        handle=handle,
        lane=lambda article: article.article_id,
        url_of=lambda article: article.url,
        source_of=lambda article: article.source,
        event="enriched",
        takes_replays=True,
    )


def measure(enriched: EnrichedArticle) -> None:
    """Count the entities and translations of an article."""
    for entity in enriched.entities:
        metrics.ENTITIES.labels(entity.type, entity.found_by, "no" if entity.id.startswith("name:") else "yes").inc()
    for translation in enriched.translations:
        pair = f"{enriched.language.tag}>{translation.target}"
        metrics.TRANSLATIONS.labels(translation.engine, pair, translation.status).inc()
        if translation.model is not None:  # else the engine was not asked
            metrics.TRANSLATION_SECONDS.labels(translation.engine).observe(translation.seconds)
        for sentence in translation.sentences:
            if sentence.flaw:
                metrics.TRANSLATION_FLAWS.labels(translation.engine, sentence.flaw).inc()
