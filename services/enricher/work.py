"""What runs in the pool's processes: they alone import the libraries, and load models once, when first needed."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from services.contracts.articles import Language, SentenceFlaw
from services.enricher.entities.found import Tagged

if TYPE_CHECKING:
    from services.enricher.entities.tagger import Tagger

SURE = 0.9


def identify_article(title: str, paragraphs: tuple[str, ...], plausible: frozenset[str]) -> Language:
    """The article's language."""
    from services.enricher.language import identify

    return identify(title, paragraphs, plausible)


def judge_sentences(pairs: tuple[tuple[str, str], ...], source: str, target: str) -> list[SentenceFlaw | None]:
    """What is wrong with the translation of each sentence."""
    from services.enricher.translate.guards import flaw

    return [flaw(text, answer, source, target, _sure_language) for text, answer in pairs]


def _sure_language(text: str) -> str | None:
    """The language of a text, where there is little doubt."""
    from services.enricher.language import identify_text

    guess = identify_text(text)
    return guess.language if guess.confidence >= SURE else None


def tag_text(
    text: str, language: Language, title_end: int = 0, published: date | None = None, extra: Path | None = None
) -> Tagged:
    """What is named in a text; below `title_end` is its headline, `extra` is the operator's own list of names."""
    return _tagger(extra).tag(text, language, title_end, published)


@lru_cache(maxsize=1)
def _tagger(extra: Path | None) -> Tagger:
    from services.enricher.entities.tagger import Tagger
    from services.enricher.knowledge.base import load

    return Tagger(load(extra))
