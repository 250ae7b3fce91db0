"""Known things in a text: one automaton per script over folded text, the grammar of each language for what follows."""

from __future__ import annotations

import re
import tomllib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

import ahocorasick_rs

from services.enricher.entities import homonyms, suffixes
from services.enricher.entities.found import Found, Role
from services.enricher.entities.homonyms import (
    FOREIGN,
    FOREIGN_PLACE,
    NEAR,
    NEAR_PLACE,
    OTHER_SCRIPT_PLACE,
    OWN,
    UNTOLD,
    Candidate,
    Context,
    Surroundings,
)
from services.enricher.entities.persons import lexicon
from services.enricher.entities.text import Text, lower, same_length
from services.enricher.knowledge.base import LANGUAGES, Known, is_acronym
from services.enricher.knowledge.base import UNTOLD as UNTOLD_TAGS

Script = Literal["Latn", "Cyrl", "Arab"]
LETTERS: dict[Script, re.Pattern[str]] = {
    "Latn": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "Cyrl": re.compile("[\u0400-\u052f]"),
    "Arab": re.compile("[\u0600-\u06ff]"),
}
_SCRIPTS: dict[str, Script] = {"ru": "Cyrl", "kk": "Cyrl", "ky": "Cyrl", "tg": "Cyrl", "fa": "Arab", "uz-Cyrl": "Cyrl"}
TAGS = (*LANGUAGES, *UNTOLD_TAGS)
FOREIGN_NAME_CHARS = 10
"""From here on, names of several words are recognised in texts of any other language too."""
FOREIGN_WORD_CHARS, FOREIGN_ACRONYM_CHARS = 5, 3
SURROUNDINGS = 40
"""Characters on each side that tell whether a line is set in capitals."""
MANY_FORMS = 3
"""From here on, the forms that begin alike are told apart by their second word."""
_SECOND_WORD = 3
SAMPLE_CHARS = 2_000
"""What tells the script of a text whose language is not known."""
_NEW_LATIN = {
    **dict.fromkeys("öõŏ", "oʻ"), **dict.fromkeys("ÖÕŎ", "Oʻ"), "ğ": "gʻ", "Ğ": "Gʻ",
    **dict.fromkeys("şș", "sh"), **dict.fromkeys("ŞȘ", "Sh"), "ç": "ch", "Ç": "Ch",
}  # fmt: skip
"""Letters of the new Uzbek Latin, and of its drafts, in the Latin of 1995."""
_NEW_LETTER = re.compile("[öõŏğşșç]")
MAX_CACHED = 8_192
APOSTROPHE_FREE = 0.9
"""How sure an Uzbek name is that is written without its apostrophes."""
MAX_SPANS = 5_000
"""Of one script in one text; a text that names more is a list, not news."""
_NEIGHBOURS = {
    "uz": {"ru", "en"}, "kk": {"ru"}, "ky": {"ru", "kk"}, "tg": {"ru", "fa"}, "tk": {"ru", "en"}, "fa": set(),
    "ru": set(), "en": set(), "tr": {"en"}, "pt": set(),
}  # fmt: skip
"""Whose names of one word stand in a language's news as they are."""

_ACRONYM, _LOWER, _ADJECTIVE, _INHABITANT, _QUOTED, _BARE, _SEVERAL, _LONG, _PLACE, _LOCAL = (1 << n for n in range(10))
"""What is told of a form: how it is written, whose it is, how many words and characters it has."""
_ARTICLE = re.compile("(?:al|el|as|ash|ar|аль|ал|эль|әл|аш|ас|ар)-")
_NO_WORD = re.compile(r"[^\w']|(?<!\w)'|'(?!\w)")
_OTHER_MARK = re.compile(r"[^\w\s'-]")
_WORD = re.compile(r"\w[\w']*+")
_OPENING, _CLOSING = '«„“"‹”‘', '»“”"›’'
_MARKS = frozenset(_OPENING), frozenset(_CLOSING)
_BETWEEN_NAMES = frozenset("«»”")
"""Marks that stand in no phrase in quotation marks: what has them is between two of such."""
QUOTE_CHARS, QUOTE_WORDS = 45, 5
"""How much of a phrase in quotation marks may be the name of something."""
_NO_TITLE = re.compile(r"[.,;:!?\n]")
_SENTENCE_ENDS = frozenset(".!?…:;•|")
_GAPS = frozenset({" ", "-", ". ", ' "', " '", " «", " “", " „"})
_WORD_BEFORE, _ABBREVIATION, _PREFIX, _ENDING, _TURKIC_ENDING = 24, 2, 5, 6, 10
"""Characters: of the word before, of abbreviations (г.), of what a hyphen joins (Нью-), of endings of type words."""
_RUSSIAN_CASE = 2
"""Characters of the longest ending of a Russian given name."""
_RUSSIAN_ADJECTIVE = re.compile("^[а-я]+(?:ый|ий|ое|ая|ной|ской)$")
_PLURAL = re.compile("[lлдт][aeаеоө][rр]")
_OWNER_AFTER = {
    "ru": ("",), "en": ("of ", "of the ", "in ", ""), "tg": ("",), "fa": ("",), "und": ("",), "pt": ("do ", "da "),
}  # fmt: skip
"""Where the country of a body follows it, and what stands between."""


def _is_new_latin(low: str) -> bool:
    """Whether an Uzbek text is written with ş, ç, ŏ, ğ rather than with sh, ch, oʻ, gʻ."""
    return len(_NEW_LETTER.findall(low)) > low.count("o'") + low.count("g'")


def plain(low: str) -> str:
    """Folded text with a space for everything that is neither a letter, a digit nor an apostrophe within a word."""
    return _NO_WORD.sub(" ", low)


class _Hit(NamedTuple):
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
        {language: frozenset(map(_folded, found)) for language, found in words["words"].items()},
        {language: frozenset(map(_folded, found)) for language, found in words["where"].items()},
        {language: frozenset(map(_folded, found)) for language, found in words["idioms"].items()},
        {language: tuple(map(_folded, found)) for language, found in words["directions"].items()},
    )


def _by_letter(sorts: dict[str, list[str]]) -> _TypeWords:
    found: dict[str, list[tuple[str, str]]] = {}
    for sort, begins in sorts.items():
        for begin in map(_folded, begins):
            found.setdefault(begin[0], []).append((begin, sort))
    return {letter: tuple(begins) for letter, begins in found.items()}


def _folded(word: str) -> str:
    return lower(same_length(word))


def _same_script(one: str, other: str) -> bool:
    return any(letters.match(one) and letters.match(other) for letters in LETTERS.values())


def _letters_of(text: Text) -> re.Pattern[str]:
    """The letters that a text in its language is written with; of an unknown language, those of its beginning."""
    if text.primary in _NEIGHBOURS:
        return LETTERS[_SCRIPTS.get(text.language, _SCRIPTS.get(text.primary, "Latn"))]
    counts = {script: len(letters.findall(text.low, 0, SAMPLE_CHARS)) for script, letters in LETTERS.items()}
    return LETTERS[max(counts, key=counts.__getitem__)]


class _Index:
    """All names of one script: where each begins for the automaton, and whose name it is, in arrays."""

    def __init__(self, knowledge: Sequence[Known], script: Script) -> None:
        names: list[str] = []
        owners, tags, flags = array("I"), array("B"), array("H")
        letters = LETTERS[script]
        for number, known in enumerate(knowledge):
            for aliases, flag in (
                (known.aliases, 0),
                (known.adjectives, _ADJECTIVE),
                (known.inhabitants, _INHABITANT),
                (known.quoted, _QUOTED),
                (known.local, _LOCAL),
            ):
                for language, written in aliases.items():
                    tag = TAGS.index(language)
                    for name in written:
                        if letters.search(name) and "\n" not in name:
                            names.append(name)
                            owners.append(number)
                            tags.append(tag)
                            flags.append(flag | (_PLACE if known.type == "LOC" else 0))
        self._build(names, owners, tags, flags)

    def _build(self, names: list[str], owners: array[int], tags: array[int], flags: array[int]) -> None:
        """One form for all languages that write a thing's name alike, sorted by how the forms begin."""
        written = same_length("\n".join(names)).split("\n")
        merged: dict[tuple[str, int, int, str], int] = {}
        for name, said, owner, tag, flag in zip(names, written, owners, tags, flags, strict=True):
            flag |= _flags(said)
            folded = plain(lower(said)).strip(" ")
            if not folded:
                continue
            acronym = bool(flag & _ACRONYM)
            if not acronym and " " in folded:
                flag |= _SEVERAL
            enough = FOREIGN_ACRONYM_CHARS if acronym else FOREIGN_NAME_CHARS if " " in folded else FOREIGN_WORD_CHARS
            if len(folded) >= enough:
                flag |= _LONG
            begin = suffixes.literal(TAGS[tag], folded, acronym)
            key = (begin, owner, flag, name)
            merged[key] = merged.get(key, 0) | 1 << tag
            if TAGS[tag] == "uz-Latn" and "'" in begin and not acronym:
                key = (begin.replace("'", ""), owner, flag | _BARE, name)
                merged[key] = merged.get(key, 0) | 1 << tag
        by_start: dict[str, list[tuple[int, int, str, int]]] = {}
        for (begin, owner, flag, name), mask in merged.items():
            by_start.setdefault(begin, []).append((owner, flag, name, mask))
        self.names: list[str] = []
        self.owners, self.flags, self.masks = array("I"), array("H"), array("H")
        self.first = array("I", [0])
        self.any_case = bytearray()
        for forms in by_start.values():
            for owner, flag, name, mask in forms:
                self.names.append(name)
                self.owners.append(owner)
                self.flags.append(flag)
                self.masks.append(mask)
            self.first.append(len(self.names))
            self.any_case.append(any(form[1] & _LOWER for form in forms))
        self.automaton = ahocorasick_rs.AhoCorasick(
            [" " + begin for begin in by_start],
            matchkind=ahocorasick_rs.MatchKind.Standard,
            store_patterns=False,
        )
        self.by_second = lru_cache(maxsize=512)(self._by_second)

    def _by_second(self, pattern: int) -> dict[str, tuple[int, ...]]:
        """Forms by the beginning of their second word, a short one (МИД РФ) whole; "" holds names of one word."""
        found: dict[str, list[int]] = {}
        for form in range(self.first[pattern], self.first[pattern + 1]):
            name = folded_name(self.names[form])
            second = name.partition(" ")[2].lstrip(" ").partition(" ")[0]
            found.setdefault(second[:_SECOND_WORD], []).append(form)
        return {second: tuple(forms) for second, forms in found.items()}

    def candidates(self, pattern: int, flat: str, start: int) -> Sequence[int]:
        """The forms that may stand at start of a plain text."""
        first, after = self.first[pattern], self.first[pattern + 1]
        if after - first <= MANY_FORMS:
            return range(first, after)
        groups = self.by_second(pattern)
        word = _WORD.match(flat, start)
        second = flat[word.end() : word.end() + 8].lstrip(" ")[:_SECOND_WORD] if word else ""
        begins = {second[:length] for length in range(len(second) + 1)}
        return tuple(form for begin in sorted(begins) for form in groups.get(begin, ()))


def _flags(written: str) -> int:
    if is_acronym(written):
        return _ACRONYM
    small = not written[0].isupper() and written[0].lower() != written[0].upper()
    return _LOWER if small or _ARTICLE.match(lower(written)) else 0


@lru_cache(maxsize=MAX_CACHED)
def folded_name(name: str) -> str:
    """A name as the plain text has it."""
    return plain(_folded(name)).strip(" ")


@lru_cache(maxsize=64)
def _standings(language: str) -> tuple[tuple[float | None, ...], ...]:
    """For each of TAGS, what its names weigh in texts of the language: places, other names of one word, acronyms,
    names of several words. None: such names do not count.
    """
    primary = language.split("-", 1)[0]
    told = primary in _NEIGHBOURS
    script = _SCRIPTS.get(language, _SCRIPTS.get(primary, "Latn"))
    found: list[tuple[float | None, ...]] = []
    for tag in TAGS:
        other = tag.split("-", 1)[0]
        if other == "und":
            found.append((UNTOLD,) * 4)
        elif other == primary or not told:
            found.append((OWN,) * 4)
        elif _SCRIPTS.get(tag, "Latn") != script:
            found.append((OTHER_SCRIPT_PLACE, NEAR, NEAR, NEAR))
        elif other in _NEIGHBOURS[primary]:
            found.append((FOREIGN_PLACE if other == "en" else NEAR_PLACE, NEAR, NEAR, NEAR))
        else:
            found.append((FOREIGN_PLACE, None, None, FOREIGN))
    return tuple(found)


@dataclass(slots=True)
class _Span:
    """All that one stretch of text may name."""

    start: int
    end: int
    hits: tuple[_Hit, ...]
    candidates: tuple[Candidate, ...]
    around: Surroundings
    chosen: int = 0
    weight: float = 0.0


class _Reading:
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
        self.main_letters = _letters_of(text)

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
        return not self.cased[start:end].islower() and _ARTICLE.match(self.low, start) is None

    def is_mixed(self, start: int, end: int, written: str) -> bool:
        """Whether a name begins with two capitals here and goes on in small letters: an acronym with its ending."""
        head = self.cased[start : start + 2]
        return len(head) == 2 and head.isupper() and not self.cased[start:end].isupper() and not written[:2].isupper()

    def in_running_text(self, start: int, end: int) -> bool:
        """Not on a line of capitals, where WHO may be a word."""
        before = self.cased[max(0, start - SURROUNDINGS) : start].rpartition("\n")[2]
        around = before + self.cased[end : end + SURROUNDINGS].partition("\n")[0]
        return around.upper() == around.lower() or around != around.upper()

    def surroundings(self, hit: _Hit, doubtful: bool) -> Surroundings:
        """What stands around a name; where it is not doubtful, capitals need not be looked at."""
        before, gap = self._word_before(hit.start)
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
            apposed=bool(sorts_after) or (bare and self.plain[hit.end - 1] in suffixes.CONSONANTS),
        )

    def _word_before(self, start: int) -> tuple[str, str]:
        """The word before a place, and what stands between."""
        head = self.plain[max(0, start - _WORD_BEFORE) : start]
        stripped = head.rstrip(" ")
        return stripped.rpartition(" ")[2], self.low[start - len(head) + len(stripped) : start]

    def _word_after(self, end: int) -> re.Match[str] | None:
        if self.low[end : end + 1] not in {" ", "-"}:
            return None
        return _WORD.match(self.plain, end + 1)

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

    def _surname_follows(self, hit: _Hit, after: re.Match[str]) -> bool:
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
        short = len(inside) <= QUOTE_CHARS and inside.count(" ") < QUOTE_WORDS
        return "title" if short and inside[0].isupper() and _NO_TITLE.search(inside) is None else ""

    def _is_part(self, hit: _Hit, before: str, gap: str) -> bool:
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
            return (gap == " " and bool(before) and _same_script(before[-1], self.low[start])) or (
                self.low[end : end + 1] in {" ", "-"} and _same_script(self.low[end + 1 : end + 2], self.low[start])
            )
        return False

    def _capital_beside(self, hit: _Hit, before: str, gap: str, after: re.Match[str] | None) -> bool:
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
            ahead = self._word_before(start - len(" of"))[0]
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


class Matcher:
    """The things of a knowledge base, found in texts of any language; the index of a script is built when first met."""

    def __init__(self, knowledge: Sequence[Known]) -> None:
        self._knowledge = tuple(knowledge)
        self._indexes: dict[Script, _Index] = {}

    def find(self, text: Text) -> list[Found]:
        """What is named, in order, none overlapping; homonyms are decided by what the text is about."""
        if text.primary == "uz" and _is_new_latin(text.low):
            return self._find_in_new_latin(text)
        return self._find(text)

    def _find_in_new_latin(self, text: Text) -> list[Found]:
        """As _find, over the text in the alphabet that names are listed in; offsets are those of the text itself."""
        letters = [_NEW_LATIN.get(letter, letter) for letter in text.original]
        origin = [at for at, written in enumerate(letters) for _ in written]
        found = self._find(replace(text, original="".join(letters)))
        return [
            replace(
                one,
                start=origin[one.start],
                end=origin[one.end - 1] + 1,
                stem_end=None if one.stem_end is None else origin[one.stem_end - 1] + 1,
            )
            for one in found
        ]

    def _find(self, text: Text) -> list[Found]:
        reading = _Reading(text)
        spans = [
            span
            for script, letters in LETTERS.items()
            if letters.search(reading.low)
            for span in self._spans(self._index(script), reading)
        ]
        if not spans:
            return []
        spans.sort(key=lambda span: (span.start - span.end, span.start))
        first = _kept(spans, Context(text.primary), len(reading.low), homonyms.SURE)
        sure = [span for span in first if len(span.candidates) == 1 or _is_country_or_hamlet(span)]
        countries = Counter(c for span in sure if (c := _country(span)))
        places = frozenset(c for span in sure if (c := _country(span)) and not _known(span).id.startswith("iso3166:"))
        context = Context(text.primary, countries, places, frozenset(_known(span).id for span in sure), text.published)
        beside = _Beside(first, spans, reading)
        for span in spans:
            beside.note(span)
        kept = _kept(spans, context, len(reading.low), homonyms.ENOUGH)
        return [_found(span) for span in sorted(kept, key=lambda span: span.start)]

    def _index(self, script: Script) -> _Index:
        if script not in self._indexes:
            self._indexes[script] = _Index(self._knowledge, script)
        return self._indexes[script]

    def _spans(self, index: _Index, reading: _Reading) -> Iterator[_Span]:
        by_place: dict[tuple[int, int], dict[int, _Hit]] = {}
        for hit in self._hits(index, reading):
            here = by_place.setdefault((hit.start, hit.end), {})
            owner = index.owners[hit.form]
            if owner not in here or hit.standing > here[owner].standing:
                here[owner] = hit
        for (start, end), by_owner in islice(by_place.items(), MAX_SPANS):
            hits = tuple(by_owner.values())
            candidates = tuple(self._candidate(index, hit, reading) for hit in hits)
            doubtful = any(c.common or c.standing < OWN or c.known.common for c in candidates)
            yield _Span(start, end, hits, candidates, reading.surroundings(hits[0], doubtful))

    def _candidate(self, index: _Index, hit: _Hit, reading: _Reading) -> Candidate:
        name = folded_name(index.names[hit.form])
        if hit.bare:
            name = name.replace("'", "")
        flags, said = index.flags[hit.form], reading.cased[hit.start : hit.end]
        known = self._knowledge[index.owners[hit.form]]
        return Candidate(
            known=known,
            standing=hit.standing,
            common=known.type == "LOC" and not flags & _ACRONYM and reading.is_everyday(name, said, hit.standing),
            untold=hit.standing <= FOREIGN_PLACE,
            given=known.type == "LOC" and reading.is_given(name, said, hit.standing),
            quoted=bool(flags & _QUOTED),
            local=bool(flags & _LOCAL),
            bare=hit.bare,
        )

    def _hits(self, index: _Index, reading: _Reading) -> Iterator[_Hit]:
        cased, flat = reading.cased, reading.plain
        any_case = index.any_case
        for pattern, start, _ in index.automaton.find_matches_as_indexes(" " + flat, overlapping=True):
            if not any_case[pattern] and cased[start].islower():
                continue
            for form in index.candidates(pattern, flat, start):
                if hit := self._hit(index, form, reading, start):
                    yield hit

    def _hit(self, index: _Index, form: int, reading: _Reading, start: int) -> _Hit | None:
        flags = index.flags[form]
        small = reading.cased[start].islower()
        if small and not flags & _LOWER:
            return None
        standing = _standing(reading.language, index.masks[form], flags & (_ACRONYM | _SEVERAL | _LONG | _PLACE))
        if standing is None:
            return None
        written, bare = index.names[form], bool(flags & _BARE)
        if flags & _ACRONYM:
            return _acronym_hit(reading, form, same_length(written), start, standing)
        name = folded_name(written)
        if bare:
            name = name.replace("'", "")
        found = suffixes.ending(reading.primary, name, reading.low, reading.plain, start)
        if found is None or not _same_marks(written, reading.low, start, found.stem_end or found.end):
            return None
        if reading.is_mixed(start, found.stem_end or found.end, written):
            return None
        if small and flags & _SEVERAL and not flags & _PLACE and reading.has_inner_capital(start, found.end):
            return None  # правительство США in small letters is a word and the name of a country
        role: Role = found.role
        if flags & (_ADJECTIVE | _INHABITANT):
            role = "adjective" if flags & _ADJECTIVE else "inhabitant"
        elif role != "name" and self._knowledge[index.owners[form]].type != "LOC":
            return None
        return _Hit(start, found.end, found.stem_end, form, role, found.where, standing, bare)


@lru_cache(maxsize=4_096)
def _standing(language: str, mask: int, flags: int) -> float | None:
    """What a form of these languages weighs in a text of the language; None where it does not count."""
    column = 2 if flags & _ACRONYM else 3 if flags & _SEVERAL else 0 if flags & _PLACE else 1
    weights = [row[column] for tag, row in enumerate(_standings(language)) if mask & 1 << tag]
    return max((w for w in weights if w is not None and (flags & _LONG or w in {OWN, UNTOLD})), default=None)


def _acronym_hit(reading: _Reading, form: int, written: str, start: int, standing: float) -> _Hit | None:
    """An acronym counts as written, with endings in small letters, and not on a line of capitals."""
    if not reading.cased.startswith(written, start):
        return None
    after = start + len(written)
    name = lower(written)
    end = suffixes.acronym_end(reading.primary, name, reading.low, after)
    if end is None or reading.cased[after:end] != reading.low[after:end] or not reading.in_running_text(start, end):
        return None
    return _Hit(start, end, after, form, "name", False, standing, False)


def _same_marks(written: str, low: str, start: int, end: int) -> bool:
    """A space may stand for a hyphen, but no full stop between two names."""
    marks = len(_OTHER_MARK.findall(low, start, end))
    return marks == 0 or marks == len(_OTHER_MARK.findall(same_length(written)))


def _kept(spans: Sequence[_Span], context: Context, length: int, enough: float) -> list[_Span]:
    """The longest first, each with its most probable thing; spans are sorted so."""
    taken = bytearray(length)
    kept = []
    for span in spans:
        if taken[span.start] or taken[span.end - 1] or 1 in taken[span.start : span.end]:
            continue
        best = homonyms.best(span.candidates, span.around, context)
        if best is None or best[1] < enough:
            continue
        span.chosen, span.weight = best
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        kept.append(span)
    return kept


def _known(span: _Span) -> Known:
    return span.candidates[span.chosen].known


def _is_country_or_hamlet(span: _Span) -> bool:
    """Whether it is taken for a country, and could be a town of that name at most (Kazakhstan, once a state farm)."""
    others = (c.known.kind for number, c in enumerate(span.candidates) if number != span.chosen)
    return _known(span).id.startswith("iso3166:") and all(kind in ("city", "village") for kind in others)


def _country(span: _Span) -> str | None:
    known = _known(span)
    return homonyms.country_of(known) if known.type == "LOC" else None


class _Beside:
    """What stands right before and after a name: countries, by the sure names, and what a hyphen joins to it."""

    def __init__(self, sure: Sequence[_Span], spans: Sequence[_Span], reading: _Reading) -> None:
        self._plain, self._language = reading.plain, reading.primary
        self._low, self._original = reading.low, reading.original
        self._all_starts = {span.start for span in spans}
        self._all_ends = {span.end for span in spans}
        self._ends: dict[int, str] = {}
        self._starts: dict[int, str] = {}
        for span in sure:
            known = _known(span)
            if known.id.startswith("iso3166:"):
                code = known.id.removeprefix("iso3166:")
                self._ends[span.end] = code
                if span.hits[span.chosen].role == "name":
                    self._starts[span.start] = code

    def note(self, span: _Span) -> None:
        """Writes down in the span's surroundings the country beside it."""
        country = self._ends.get(span.start - 1) if self._low[span.start - 1 : span.start] == " " else None
        if country is None and self._low.startswith("'s ", span.start - 3):
            country = self._ends.get(span.start - 3)
        if country is None and self._language in _OWNER_AFTER and self._low[span.end : span.end + 1] == " ":
            at = span.end + 1
            for link in _OWNER_AFTER[self._language]:
                if self._plain.startswith(link, at) and (country := self._starts.get(at + len(link))):
                    break
        joined = self._joined(span)
        if country or joined:
            span.around = replace(span.around, country_beside=country, part=span.around.part or joined)

    def _joined(self, span: _Span) -> bool:
        """By a hyphen to a word that names nothing: Нью-Мехико, Россия-24, but not Toshkent-Samarqand."""
        start, end = span.start, span.end
        sure = any(candidate.standing == OWN and not candidate.common for candidate in span.candidates)
        if self._original[start - 1 : start] == "-" and start - 1 not in self._all_ends:
            word = self._plain[max(0, start - _WORD_BEFORE) : start - 1].rpartition(" ")[2]
            if word and (not sure or len(word) <= _PREFIX):
                return True
        after = self._original[end + 1 : end + 2] if self._original[end : end + 1] == "-" else ""
        return after.isdigit() or (after.isupper() and not sure and end + 1 not in self._all_starts)


def _found(span: _Span) -> Found:
    hit, known = span.hits[span.chosen], _known(span)
    return Found(
        start=span.start,
        end=span.end,
        type=known.type,
        by="list",
        confidence=round(homonyms.confidence(span.weight) * (APOSTROPHE_FREE if hit.bare else 1.0), 2),
        id=known.id,
        role=hit.role,
        stem_end=hit.stem_end,
        kind=known.kind,
    )
