"""Run the enricher: python -m services.enricher."""

from __future__ import annotations

from datetime import UTC, datetime

from services.contracts.articles import Entity, Language
from services.enricher.settings import EnricherSettings
from services.enricher.stage import stage
from services.enricher.translate.opening import open_translator
from services.enricher.work import identify_article, tag_text
from services.runtime import logs
from services.runtime.hosts import faust
from services.runtime.pool import ProcessPool
from services.runtime.settings import load, refuse


def main() -> None:
    """Enrich articles until SIGTERM."""
    settings = load(EnricherSettings)
    logs.configure("enricher", settings.log_level)
    try:
        translator = open_translator(settings)
    except ValueError as wrong:
        refuse(str(wrong))
    work = ProcessPool(settings.enricher_workers, settings.enricher_timeout_seconds)

    async def identify(title: str, paragraphs: tuple[str, ...]) -> Language:
        return await work.run(identify_article, title, paragraphs, settings.languages)

    async def tag(text: str, language: str) -> tuple[Entity, ...]:
        return await work.run(tag_text, text, language)

    try:
        faust.run(stage(identify, tag, translator.translate, lambda: datetime.now(UTC)), settings)
    finally:
        work.close()


if __name__ == "__main__":
    main()
