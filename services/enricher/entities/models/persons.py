"""What both models get wrong of persons, put right: two halves of one name, a father's name, a word that is no name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon, russian
from services.enricher.entities.text import Text

_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…\n]) {0,2}[\"«“„]?$")
_SMALL_WORD = re.compile(r"(?<![\w'-])[^\W\d_A-ZА-ЯЁ][^\W\d_]++(?![\w'-])")
_WITHIN = re.compile(r"(?<=[\w,] )[A-ZА-ЯЁ][^\W\d_]++(?!\w)")
_OF_A_NAME = re.compile(r"(?:ск\w{1,3}|ец|ц\w{1,3}|ич\w{0,3}|ян\w{0,3}|чан\w{0,3})$")
"""Made of a name: ташкентцы, москвичи."""
MIN_STEM, MAX_ENDING = 5, 3
"""Characters: of a word that the text has elsewhere in small letters, with another ending."""


def put_right(found: Sequence[Found], text: Text) -> list[Found]:
    """The same names, in order; given name and surname in one, with uulu, kyzy or ogly, without capitalised words."""
    words = _Words(text.cased)
    whole: list[Found] = []
    for one in found:
        if words.is_none(one.start, one.end):
            continue
        if whole and _are_halves(whole[-1], one, text):
            one = replace(one, start=whole.pop().start, type="PER")
        whole.append(one)
    return [
        replace(one, end=end) if one.type == "PER" and (end := lexicon.child_after(text.cased, one.end)) else one
        for one in whole
    ]


class _Words:
    """How a text writes its words."""

    def __init__(self, cased: str) -> None:
        self._cased = cased

    @cached_property
    def _small(self) -> dict[str, list[str]]:
        """How they begin → words in small letters."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in set(_SMALL_WORD.findall(self._cased)):
            found[word[:MIN_STEM]].append(word)
        return found

    @cached_property
    def _names(self) -> frozenset[str]:
        """How words begin that have a capital within a sentence."""
        return frozenset(word[:MIN_STEM].lower() for word in _WITHIN.findall(self._cased))

    def is_none(self, start: int, end: int) -> bool:
        """Whether what begins a sentence is no name: a word that is small elsewhere, and has no capital there."""
        word = self._cased[start:end]
        if len(word) < MIN_STEM or not (word.isalpha() and word.istitle()) or not begins_sentence(self._cased, start):
            return False
        stem = word.lower()[: max(MIN_STEM, len(word) - MAX_ENDING)]
        near = (one for one in self._small.get(stem[:MIN_STEM], ()) if one.startswith(stem))
        is_small = any(len(one) <= len(word) + MAX_ENDING and not _OF_A_NAME.search(one) for one in near)
        return is_small and stem[:MIN_STEM] not in self._names


def after_its_trade(person: str) -> int:
    """The length of the word that opens a sentence before a given name and a surname: Weaver Mehriniso Sharipova."""
    first, _, rest = person.partition(" ")
    given, _, surname = rest.partition(" ")
    return len(first) + 1 if surname and _is_given(given) and not _is_given(first) else 0


def begins_sentence(cased: str, start: int) -> bool:
    """Whether a word has its capital, perhaps, for its place only."""
    return _SENTENCE_BEGINS.search(cased, max(0, start - 4), start) is not None


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
