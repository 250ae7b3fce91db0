"""A text as the matcher reads it: what stands around a name and tells whether it means what is listed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from services.enricher.entities import suffixes
from services.enricher.entities.alphabets import LETTERS, letters_of, same_script
from services.enricher.entities.found import Role
from services.enricher.entities.homonyms import FOREIGN_PLACE, OWN, Surroundings
from services.enricher.entities.index import ARTICLE
from services.enricher.entities.persons import lexicon
from services.enricher.entities.text import WORD, Text, folded, lower, plain

SURROUNDINGS = 40
"""Characters on each side that tell whether a line is set in capitals."""
_OPENING, _CLOSING = '«„“"‹”‘', '»“”"›’'
_MARKS = frozenset(_OPENING), frozenset(_CLOSING)
_BETWEEN_NAMES = frozenset("«»”")
"""Marks that stand in no phrase in quotation marks: what has them is between two of such."""
_SPEECH = re.compile(r",? ?(?:[—–-] ?)?([^\W\d_]{3,20})(?!\w)")
"""Behind a quotation: who says it, or the verb."""
QUOTE_CHARS, QUOTE_WORDS = 45, 5
"""How much of a phrase in quotation marks may be the name of something."""
_NO_TITLE = re.compile(r"[.,;:!?\n]")
_SENTENCE_ENDS = frozenset(".!?…:;•|")
_GAPS = frozenset({" ", "-", ". ", ' "', " '", " «", " “", " „"})
_WORD_BEFORE, _ABBREVIATION, _ENDING, _TURKIC_ENDING = 24, 2, 6, 10
"""Characters: of the word before, of abbreviations (г.), of endings of type words."""
_RUSSIAN_CASE = 2
"""Characters of the longest ending of a Russian given name."""
_RUSSIAN_ADJECTIVE = re.compile("^[а-я]+(?:ый|ий|ое|ая|ной|ской)$")
_OF = {"en": (" of ",), "ru": (" при ",), "pt": (" de ", " da ", " do ")}
"""What joins a body and its owner behind it."""
_PLURAL = re.compile("[lлдт][aeаеоө][rр]")


class Hit(NamedTuple):
    """Where a form of the index stands."""

    start: int
    end: int
    stem_end: int | None
    form: int
    role: Role
    where: bool
    standing: float
    bare: bool
    """Written without the apostrophes of the name."""


_TypeWords = dict[str, tuple[tuple[str, str], ...]]
"""First letter → how a type word begins, and the sort that it tells."""


class _Data(NamedTuple):
    after: dict[str, _TypeWords]
    before: dict[str, _TypeWords]
    everyday: dict[str, frozenset[str]]
    where: dict[str, frozenset[str]]
    idioms: dict[str, frozenset[str]]
    directions: dict[str, tuple[str, ...]]


@cache
def _data() -> _Data:
    """The word lists beside this file."""
    here = Path(__file__)
    types = tomllib.loads(here.with_name("type_words.toml").read_text(encoding="utf-8"))
    words = tomllib.loads(here.with_name("everyday.toml").read_text(encoding="utf-8"))

    def side(name: str) -> dict[str, _TypeWords]:
        return {language: _by_letter(sides.get(name, {})) for language, sides in types.items()}

    return _Data(
        side("after"),
        side("before"),
        {language: frozenset(map(folded, found)) for language, found in words["words"].items()},
        {language: frozenset(map(folded, found)) for language, found in words["where"].items()},
        {language: frozenset(map(folded, found)) for language, found in words["idioms"].items()},
        {language: tuple(map(folded, found)) for language, found in words["directions"].items()},
    )


def _by_letter(sorts: dict[str, list[str]]) -> _TypeWords:
    found: dict[str, list[tuple[str, str]]] = {}
    for sort, begins in sorts.items():
        for begin in map(folded, begins):
            found.setdefault(begin[0], []).append((begin, sort))
    return {letter: tuple(begins) for letter, begins in found.items()}


class Reading:
    """A text as the matcher reads it."""

    def __init__(self, text: Text) -> None:
        self.low, self.cased, self.original = text.low, text.cased, text.original
        self.plain = plain(text.low)
        self.language, self.primary = text.language, text.primary
        self._data = _data()
        self._after = self._data.after.get(self.primary, {})
        self._before = self._data.before.get(self.primary, {})
        self._everyday = self._data.everyday.get(self.primary, frozenset[str]())
        self._where = self._data.where.get(self.primary, frozenset[str]())
        self._idioms = self._data.idioms.get(self.primary, frozenset[str]())
        self._directions = self._data.directions.get(self.primary, ())
        self.main_letters = letters_of(text)

    def is_everyday(self, name: str, said: str, standing: float) -> bool:
        """Whether a word is mostly no place: in this language or, for names of other languages, in those."""
        if name in self._everyday or lower(said) in self._everyday:
            return True
        if standing == OWN:
            return False
        if standing <= FOREIGN_PLACE and _RUSSIAN_ADJECTIVE.search(name):
            return True
        if name in self._data.everyday["ru" if LETTERS["Cyrl"].match(name) else "en"]:
            return True
        return " " not in name and lexicon.seen(self.primary, said).alone

    def is_given(self, name: str, said: str, standing: float) -> bool:
        """Whether a name that this language's lists do not have is a given name as well."""
        return standing < OWN and " " not in name and lexicon.seen(self.primary, said).cls == "G"

    def has_inner_capital(self, start: int, end: int) -> bool:
        """Whether a small letter begins it and a capital stands in it; the article of al-Qaida is no beginning."""
        return not self.cased[start:end].islower() and ARTICLE.match(self.low, start) is None

    def is_mixed(self, start: int, end: int, written: str) -> bool:
        """Whether a name begins with two capitals here and goes on in small letters: an acronym with its ending."""
        head = self.cased[start : start + 2]
        return len(head) == 2 and head.isupper() and not self.cased[start:end].isupper() and not written[:2].isupper()

    def in_running_text(self, start: int, end: int) -> bool:
        """Not on a line of capitals, where WHO may be a word."""
        before = self.cased[max(0, start - SURROUNDINGS) : start].rpartition("\n")[2]
        around = before + self.cased[end : end + SURROUNDINGS].partition("\n")[0]
        return around.upper() == around.lower() or around != around.upper()

    def surroundings(self, hit: Hit, doubtful: bool) -> Surroundings:
        """What stands around a name; where it is not doubtful, capitals need not be looked at."""
        before, gap = self.word_before(hit.start)
        after = self._word_after(hit.end)
        word = self.plain[hit.start : hit.stem_end or hit.end]
        bare = hit.stem_end == hit.end
        beside = after if bare or self.primary == "ru" else None  # Russian declines both words of a name
        sorts_before = tuple(self._sorts_before(before, gap, hit.start))
        sorts_after = tuple(self._sorts_after(after, bare))
        quoted = self._quoted(hit.start, hit.stem_end or hit.end, hit.end)
        return Surroundings(
            chars=len(word),
            words=word.count(" ") + 1,
            capital=self._capital(hit.start, hit.end) if doubtful else None,
            where=hit.where or (before in self._where and gap == " " and word not in self._idioms),
            person=bool(before) and gap in {" ", ". "} and self._is_given(hit.start, before, gap, bare, doubtful),
            person_after=doubtful and beside is not None and self._surname_follows(hit, beside),
            in_quotes=quoted == "exactly",
            in_title=quoted == "title",
            part=self._is_part(hit, before, gap),
            capitals=doubtful and self._capital_beside(hit, before, gap, beside),
            sorts=frozenset((*sorts_before, *sorts_after)),
            of_another=self.plain.startswith(_OF.get(self.primary, ()), hit.end),
            apposed=bool(sorts_after) or (bare and self.plain[hit.end - 1] in suffixes.CONSONANTS),
        )

    def word_before(self, start: int) -> tuple[str, str]:
        """The word before a place, and what stands between."""
        head = self.plain[max(0, start - _WORD_BEFORE) : start]
        stripped = head.rstrip(" ")
        return stripped.rpartition(" ")[2], self.low[start - len(head) + len(stripped) : start]

    def _word_after(self, end: int) -> re.Match[str] | None:
        if self.low[end : end + 1] not in {" ", "-"}:
            return None
        return WORD.match(self.plain, end + 1)

    def _is_given(self, start: int, before: str, gap: str, bare: bool, doubtful: bool) -> bool:
        """A given name or an initial stands before it; a name with a case ending stands beside one only in Russian.

        At the start of a sentence a rare given name is more often a word (Рейс Ташкент).
        """
        at = start - len(gap) - len(before)
        said = self.cased[at : at + len(before)]
        if not said[0].isupper():
            return False
        if gap != " ":
            return len(before) == 1
        if not (bare or doubtful or self.primary == "ru"):
            return False
        cuts = range(min(_RUSSIAN_CASE, len(said) - 1) + 1) if self.primary == "ru" else range(1)
        seen = [lexicon.seen(self.primary, said[: len(said) - cut]) for cut in cuts]
        within = bool(self._capital(at, start))
        return any(one.cls == "G" and (one.alone or within or (doubtful and bare)) for one in seen)

    def _surname_follows(self, hit: Hit, after: re.Match[str]) -> bool:
        said = self.cased[after.start() : after.end()]
        if not said[0].isupper() or self.low[after.start() - 1] != " ":
            return False
        cls = lexicon.seen(self.primary, said).cls
        return cls in "SFPW" or (
            cls in "GKO" and lexicon.seen(self.primary, self.cased[hit.start : hit.end]).cls == "G"
        )

    def _capital(self, start: int, end: int) -> bool | None:
        """Whether a capital letter stands within a sentence of small letters; None where the script has none."""
        if not self.cased[start].isupper():
            return None
        before = self.cased[max(0, start - SURROUNDINGS) : start].rpartition("\n")[2]
        line = before + " " + self.cased[end : end + SURROUNDINGS].partition("\n")[0]
        initials = [word[0] for word in line.split()]
        small = sum(c.islower() for c in initials)
        if small * 2 < sum(c.isupper() for c in initials):
            return False
        lead = before.rstrip(" \"'«“(„")
        return bool(lead) and lead[-1] not in _SENTENCE_ENDS

    def _quoted(self, start: int, end: int, word_end: int) -> str:
        """Whether a name stands alone in quotation marks (exactly), in a short phrase in them (title), or not.

        A case ending may stand inside the marks («Хабардан») or behind them.
        """
        if self.original[start - 1 : start] in _MARKS[0] and self.original[word_end : word_end + 1] in _MARKS[1]:
            return "exactly"
        before = self.original[max(0, start - QUOTE_CHARS) : start]
        after = self.original[end : end + QUOTE_CHARS]
        opens = max(map(before.rfind, _OPENING))
        closes = min((at for mark in _CLOSING if (at := after.find(mark)) >= 0), default=-1)
        if opens < 0 or closes < 0 or (opens > 0 and before[opens - 1].isalnum()):
            return ""
        inside = before[opens + 1 :] + self.original[start:end] + after[:closes]
        if len(inside) == end - start:
            return "exactly"
        if not _BETWEEN_NAMES.isdisjoint(inside):
            return ""
        said = _SPEECH.match(after, closes + 1)
        if said is not None and lexicon.says(self.primary, lower(said[1])):
            return ""
        short = len(inside) <= QUOTE_CHARS and inside.count(" ") < QUOTE_WORDS
        return "title" if short and inside[0].isupper() and _NO_TITLE.search(inside) is None else ""

    def _is_part(self, hit: Hit, before: str, gap: str) -> bool:
        """After a word of direction; among words of another script; behind a dot or a slash, as in an address."""
        start, end = hit.start, hit.end
        if start and self.original[start - 1] in "./@=":
            return True
        if (
            before
            and gap in {" ", "-"}
            and before.startswith(self._directions)
            and self.cased[start - 1 - len(before)].isupper()
        ):
            return True
        if not self.main_letters.match(self.low, start) and self.low[start].isalpha():
            return (gap == " " and bool(before) and same_script(before[-1], self.low[start])) or (
                self.low[end : end + 1] in {" ", "-"} and same_script(self.low[end + 1 : end + 2], self.low[start])
            )
        return False

    def _capital_beside(self, hit: Hit, before: str, gap: str, after: re.Match[str] | None) -> bool:
        start = hit.start
        if gap == " " and len(before) > 2:
            at = start - 1 - len(before)
            if self.cased[at].isupper() and not self.cased[at : start - 1].isupper() and self._capital(at, start - 1):
                return True
        return (
            after is not None
            and self.low[after.start() - 1] == " "
            and self.cased[after.start()].isupper()
            and not self.cased[after.start() : after.end()].isupper()
            and self._capital(start, hit.end) is not None
        )

    def _sorts_before(self, before: str, gap: str, start: int) -> Iterator[str]:
        if not before or gap not in _GAPS or (gap == ". " and len(before) > _ABBREVIATION):
            return
        for begin, sort in self._before.get(before[0], ()):
            if before == begin or (
                len(begin) > _ABBREVIATION and before.startswith(begin) and len(before) - len(begin) <= _ENDING
            ):
                yield sort
        if gap == " " and before == "of":
            ahead = self.word_before(start - len(" of"))[0]
            yield from (sort for begin, sort in self._before.get(ahead[:1], ()) if begin == f"{ahead} of")

    def _sorts_after(self, after: re.Match[str] | None, bare: bool) -> Iterator[str]:
        if after is None or not bare:
            return
        for begin, sort in self._after.get(after[0][0], ()):
            if not self.plain.startswith(begin, after.start()):
                continue
            rest = after[0][len(begin) :]
            if " " in begin or (len(rest) <= _TURKIC_ENDING and not _PLURAL.match(rest)):
                yield sort
