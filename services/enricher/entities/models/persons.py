"""What both models get wrong of persons, put right: two halves of one name, a father's name, a word that is no name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon, russian
from services.enricher.entities.text import Text

_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…\n]) {0,2}[\"«“„]?$")
MIN_STEM, MAX_ENDING = 5, 3
"""Characters: of a word that the text has elsewhere in small letters, with another ending."""


def put_right(found: Sequence[Found], text: Text) -> list[Found]:
    """The same names, in order; given name and surname in one, with uulu, kyzy or ogly, without capitalised words."""
    named = [one for one in found if not _is_word(one, text)]
    whole: list[Found] = []
    for one in named:
        if whole and _are_halves(whole[-1], one, text):
            one = replace(one, start=whole.pop().start, type="PER")
        whole.append(one)
    return [
        replace(one, end=end) if one.type == "PER" and (end := lexicon.child_after(text.cased, one.end)) else one
        for one in whole
    ]


def after_its_trade(person: str) -> int:
    """The length of the word that opens a sentence before a given name and a surname: Weaver Mehriniso Sharipova."""
    first, _, rest = person.partition(" ")
    given, _, surname = rest.partition(" ")
    return len(first) + 1 if surname and _is_given(given) and not _is_given(first) else 0


def begins_sentence(cased: str, start: int) -> bool:
    """Whether a word has its capital, perhaps, for its place only."""
    return _SENTENCE_BEGINS.search(cased, max(0, start - 4), start) is not None


def _is_word(one: Found, text: Text) -> bool:
    """Whether a single word at the beginning of a sentence stands elsewhere in small letters, and nowhere as a name."""
    word = text.cased[one.start : one.end]
    if len(word) < MIN_STEM or not (word.isalpha() and word.istitle()) or not begins_sentence(text.cased, one.start):
        return False
    if re.search(rf"[\w,] {word}(?!\w)", text.cased):
        return False
    stem = word.lower()[: max(MIN_STEM, len(word) - MAX_ENDING)]
    ending = rf"[^\W\d_]{{0,{len(word) + MAX_ENDING - len(stem)}}}"
    return re.search(rf"(?<![\w'-]){stem}{ending}(?![\w'-])", text.cased) is not None


def _are_halves(first: Found, second: Found, text: Text) -> bool:
    """Whether a model has told a given name from its surname: Bakhytzhan | Baizhanov, Айтбек | Амангельды."""
    if text.cased[first.end : second.start] != " " or first.type == "ORG":
        return False
    given, surname = text.cased[first.start : first.end], text.cased[second.start : second.end]
    if " " in given + surname or _is_given(surname):
        return False
    by_form = lexicon.seen(text.primary, surname).cls == "S"
    if not _is_given(given):
        return by_form and first.type == second.type == "LOC"
    return second.type == "PER" or by_form


def _is_given(word: str) -> bool:
    return lexicon.is_given(word) or lexicon.is_given(russian.nominative(word))
