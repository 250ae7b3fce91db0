"""The enricher's three faculties as its settings want them: identify, tag, translate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.contracts.articles import Language, SentenceFlaw
from services.enricher.entities.found import Tagged
from services.enricher.knowledge.extra import checked
from services.enricher.settings import EnricherSettings
from services.enricher.translate.opening import open_translator
from services.enricher.work import identify_article, judge_sentences, tag_text
from services.runtime import logs
from services.runtime.pool import ProcessPool

CLASHES_TOLD = 20


class Faculties:
    """What the stage and the batch mode put together to a layer; language and entities in killable processes."""

    def __init__(self, settings: EnricherSettings) -> None:
        """Raises ValueError where a setting can't be right."""
        if settings.enricher_kb_extra is not None:
            for clash in checked(settings.enricher_kb_extra)[:CLASHES_TOLD]:
                logs.logger().warning("an own name is taken from something else", clash=str(clash))
        self.translator = open_translator(settings, self.judge)
        self._plausible = settings.languages
        self._extra = settings.enricher_kb_extra
        self._work = ProcessPool(settings.enricher_workers, settings.enricher_timeout_seconds)
        self.translate = self.translator.translate

    async def identify(self, title: str, paragraphs: tuple[str, ...]) -> Language:
        """The language of a text. Raises Poisoned."""
        return await self._work.run(identify_article, title, paragraphs, self._plausible)

    async def tag(self, text: str, language: Language, title_end: int, published: date | None) -> Tagged:
        """The entities of a text. Raises Poisoned."""
        return await self._work.run(tag_text, text, language, title_end, published, self._extra)

    async def judge(self, pairs: Sequence[tuple[str, str]], source: str, target: str) -> Sequence[SentenceFlaw | None]:
        """What is wrong with each translation. Raises Poisoned."""
        return await self._work.run(judge_sentences, tuple(pairs), source, target)

    async def close(self) -> None:
        """Let go of engines and processes."""
        self.close_processes()
        await self.translator.close()

    def close_processes(self) -> None:
        """End the processes for language and entities."""
        self._work.close()
