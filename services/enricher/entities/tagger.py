"""Find known things in a text: one automaton per language over the folded text, with offsets of the original."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import ahocorasick_rs

from services.contracts.articles import Entity, Mention
from services.contracts.folding import APOSTROPHES
from services.enricher.entities import suffixes
from services.enricher.knowledge.base import LANGUAGES, Known, is_acronym

MAX_MENTIONS = 1_000
"""Of one article; the first ones stay. A text that names countries more often is a list, not news."""
FOREIGN_NAME_CHARS = 10
"""From here on, names of several words are recognised in texts of any other language too."""
SURROUNDINGS = 40
"""Characters on each side that tell whether a line is set in capitals."""
_SURE, _ACRONYM, _WITHOUT_CAPITALS, _SHORT, _SHORT_CHARS = 0.95, 0.9, 0.85, 0.8, 4

_ONE_TO_ONE = str.maketrans(
    {
        **dict.fromkeys(APOSTROPHES, "'"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u200c\t", " "),  # the zero-width non-joiner ends a word in Persian
        **dict.fromkeys("\u2010\u2011\u2012\u2013", "-"),
        "İ": "I", "ı": "i", "ё": "е", "Ё": "Е", "ي": "ی", "ك": "ک",
    }
)  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")
_PRIMARY = frozenset(language.split("-", 1)[0] for language in LANGUAGES)


def same_length(text: str) -> str:
    """The text with one spelling of apostrophes, spaces, dashes and letters that vary; offsets stay true."""
    return _SURROGATE.sub("\ufffd", text).translate(_ONE_TO_ONE)


@dataclass(frozen=True)
class _Form:
    """One name of one thing: what the automaton looks for, then what has to follow."""

    known: Known
    written: str
    acronym: bool
    capital: bool
    follows: str
    confidence: float

    @cached_property
    def rest(self) -> re.Pattern[str]:
        return re.compile(self.follows + suffixes.WORD_ENDS)


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    order: int
    form: _Form


class Tagger:
    """The names that count in texts of one language."""

    def __init__(self, knowledge: Sequence[Known], language: str) -> None:
        self._language = language
        by_start: dict[str, list[_Form]] = {}
        for literal, form in _forms(knowledge, language):
            by_start.setdefault(literal, []).append(form)
        self._starts = list(by_start)
        self._forms = list(by_start.values())
        self._automaton = ahocorasick_rs.AhoCorasick(self._starts, matchkind=ahocorasick_rs.MatchKind.Standard)

    def tag(self, text: str) -> tuple[Entity, ...]:
        """Who and what is named, in the order of the first mention; the longest name wins where two overlap."""
        cased = same_length(text)
        found = sorted(self._found(cased, cased.lower()), key=lambda f: (f.start - f.end, f.start, f.order))
        taken = bytearray(len(text))
        kept = []
        for one in found:
            if not any(taken[one.start : one.end]):
                taken[one.start : one.end] = b"\1" * (one.end - one.start)
                kept.append(one)
        kept = sorted(kept, key=lambda f: f.start)[:MAX_MENTIONS]
        by_known: dict[str, list[_Found]] = {}
        for one in kept:
            by_known.setdefault(one.form.known.id, []).append(one)
        return tuple(self._entity(mentions, text) for mentions in by_known.values())

    def _entity(self, found: list[_Found], text: str) -> Entity:
        known = found[0].form.known
        return Entity(
            id=known.id,
            type=known.type,
            name=known.name_in(self._language),
            name_en=known.names.get("en"),
            mentions=tuple(Mention(start=f.start, end=f.end, surface=text[f.start : f.end]) for f in found),
            confidence=max(f.form.confidence for f in found),
        )

    def _found(self, cased: str, low: str) -> Iterator[_Found]:
        for which, start, end in self._automaton.find_matches_as_indexes(low, overlapping=True):
            if not _word_begins(low, start):
                continue
            for order, form in enumerate(self._forms[which]):
                if form.acronym and not (cased.startswith(form.written, start) and _in_running_text(cased, start, end)):
                    continue
                if form.capital and cased[start].islower():
                    continue
                if rest := form.rest.match(low, end):
                    yield _Found(start, rest.end(), order, form)


def _forms(knowledge: Sequence[Known], language: str) -> Iterator[tuple[str, _Form]]:
    """The language's own names; of others those of several words; every name where the language has none here."""
    primary = language.split("-", 1)[0]
    foreign = []
    for known in knowledge:
        for tag, aliases in known.aliases.items():
            own = tag.split("-", 1)[0] == primary
            for alias in aliases:
                form = _form(known, alias, language, own)
                if own:
                    yield form
                elif not form[1].acronym and (
                    primary not in _PRIMARY or (" " in alias and len(alias) >= FOREIGN_NAME_CHARS)
                ):
                    foreign.append(form)
    yield from foreign


def _form(known: Known, alias: str, language: str, own: bool) -> tuple[str, _Form]:
    written = same_length(alias)
    low, acronym = written.lower(), is_acronym(alias)
    literal, follows = suffixes.split(language if own or language != "ru" else "", low, acronym)
    if acronym:
        confidence = _ACRONYM
    elif len(low) <= _SHORT_CHARS:
        confidence = _SHORT
    else:
        confidence = _SURE if written[0].isupper() else _WITHOUT_CAPITALS
    return literal, _Form(known, written, acronym, written[0].isupper(), follows, confidence)


def _word_begins(low: str, start: int) -> bool:
    if start == 0:
        return True
    before = low[start - 1]
    return not (before.isalnum() or (before == "'" and start > 1 and low[start - 2].isalnum()))


def _in_running_text(cased: str, start: int, end: int) -> bool:
    """Not on a line of capitals, where WHO may be a word."""
    before = cased[max(0, start - SURROUNDINGS) : start].rpartition("\n")[2]
    around = before + cased[end : end + SURROUNDINGS].partition("\n")[0]
    return not any(c.isupper() for c in around) or any(c.islower() for c in around)
