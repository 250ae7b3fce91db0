"""The enricher as a stage: parsed articles in, enriched articles out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.contracts.articles import EnrichedArticle, ParsedArticle
from services.contracts.topics import ENRICHED_ARTICLES, PARSED_ARTICLES
from services.enricher.enrich import STAGE, Identify, Tag, enrich
from services.enricher.translate.protocol import Translator
from services.runtime import metrics
from services.runtime.stage import VERSION, Stage


def stage(
    identify: Identify, tag: Tag, translator: Translator, target: str, now: Callable[[], datetime]
) -> Stage[ParsedArticle, EnrichedArticle]:
    """The stage; articles of one id stay in order."""

    async def handle(article: ParsedArticle) -> EnrichedArticle:
        enriched = await enrich(article, identify, tag, translator, now, target, VERSION)
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
    )


def measure(enriched: EnrichedArticle) -> None:
    """Count the translations of an article."""
    for translation in enriched.translations:
        pair = f"{enriched.language.tag}>{translation.target}"
        metrics.TRANSLATIONS.labels(translation.engine, pair, translation.status).inc()
        if translation.model is None:  # the engine was not asked
            continue
        metrics.TRANSLATION_SECONDS.labels(translation.engine).observe(translation.seconds)
        texts = zip(enriched.article.paragraphs, translation.paragraphs, strict=False)
        chars = sum(len(source) for source, text in texts if text is not None)
        chars += len(enriched.article.title) if translation.title is not None else 0
        metrics.TRANSLATION_CHARACTERS.labels(translation.engine).inc(chars)
