"""Note which named things of an article have lost their name in its translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.contracts.articles import Entity, Translation
from services.enricher.translate.engine import primary
from services.enricher.translate.guards import missing_names

NAMED = "en"
"""Entities carry their names in English."""


def with_missing_names(
    translation: Translation, title: str | None, text: str, entities: Sequence[Entity]
) -> Translation:
    """The translation with the ids of the entities whose English name is not in it, though their sentence is.

    Mentions point into the text, below the title and a blank line where there is one.
    """
    if primary(translation.target) != NAMED or not translation.sentences:
        return translation
    starts = dict(_starts(title, text))
    taken = [
        (starts[pair.paragraph] + pair.start, starts[pair.paragraph] + pair.end)
        for pair in translation.sentences
        if pair.flaw is None and pair.target_start is not None and pair.paragraph in starts
    ]
    named = [
        (entity.id, (entity.name_en,))
        for entity in entities
        if entity.name_en and any(start <= m.start and m.end <= end for m in entity.mentions for start, end in taken)
    ]
    told = "\n".join(part for part in (translation.title, *translation.paragraphs) if part)
    return translation.model_copy(update={"names_missing": missing_names(named, told)})


def _starts(title: str | None, text: str) -> Iterator[tuple[int | None, int]]:
    """Where the title (None) and each paragraph begin."""
    at, number = 0, 0
    if title is not None:
        yield None, 0
        at = len(title) + len("\n\n")
    for paragraph in text.split("\n\n"):
        if paragraph:
            yield number, at
            number += 1
        at += len(paragraph) + len("\n\n")
