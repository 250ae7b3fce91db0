"""Note which named things of an article have lost their name in its translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.contracts.articles import Entity, ParsedArticle, Translation
from services.enricher.translate.engine import primary
from services.enricher.translate.guards import missing_names

NAMED = "en"
"""Entities carry their names in English."""


def with_missing_names(translation: Translation, article: ParsedArticle, entities: Sequence[Entity]) -> Translation:
    """The translation with the ids of the entities whose English name is not in it, though their sentence is."""
    if primary(translation.target) != NAMED or not translation.sentences:
        return translation
    taken = _taken(translation, article)
    named = [
        (entity.id, (entity.name_en,))
        for entity in entities
        if entity.name_en and any(start <= m.start and m.end <= end for m in entity.mentions for start, end in taken)
    ]
    told = "\n".join(text for text in (translation.title, *translation.paragraphs) if text)
    return translation.model_copy(update={"names_missing": missing_names(named, told)})


def _taken(translation: Translation, article: ParsedArticle) -> list[tuple[int, int]]:
    """Where the sentences stand that have a translation: start and end in title + blank line + text."""
    starts = dict(_starts(article))
    return [
        (starts[pair.paragraph] + pair.start, starts[pair.paragraph] + pair.end)
        for pair in translation.sentences
        if pair.flaw is None and pair.target_start is not None
    ]


def _starts(article: ParsedArticle) -> Iterator[tuple[int | None, int]]:
    """Where the title (None) and each paragraph begin."""
    yield None, 0
    at, number = len(article.title) + len("\n\n"), 0
    for paragraph in article.text.split("\n\n"):
        if paragraph:
            yield number, at
            number += 1
        at += len(paragraph) + len("\n\n")
