"""What runs in the pool's processes: they alone import the libraries, and load models once, when first needed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from services.contracts.articles import Entity, Language

if TYPE_CHECKING:
    from services.enricher.entities.knowledge import Known
    from services.enricher.entities.tagger import Tagger

LANGUAGES_AT_HAND = 32


def identify_article(title: str, paragraphs: tuple[str, ...], plausible: frozenset[str]) -> Language:
    """The article's language."""
    from services.enricher.language import identify

    return identify(title, paragraphs, plausible)


def tag_text(text: str, language: str) -> tuple[Entity, ...]:
    """The entities of a text in that language."""
    return _tagger(language).tag(text)


@lru_cache(maxsize=1)
def _knowledge() -> tuple[Known, ...]:
    from services.enricher.entities.knowledge import load

    return load()


@lru_cache(maxsize=LANGUAGES_AT_HAND)
def _tagger(language: str) -> Tagger:
    from services.enricher.entities.tagger import Tagger

    return Tagger(_knowledge(), language)
