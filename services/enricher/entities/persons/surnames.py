"""Later mentions of a person by surname alone, and one id and one name for each person of a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon, persian, russian
from services.enricher.entities.persons.keys import (
    PARTICLES,
    consonants,
    has_initials,
    is_patronymic,
    key,
    parts,
    romanised,
    same_person,
)
from services.enricher.entities.text import Text, lower, same_length

MAX_MENTIONS = 2_000
"""Later mentions that are read in one text."""
MAX_NAMESAKES = 20
"""Persons of one surname that a name is compared with."""
MAX_SPELLINGS = 20
"""Spellings of one person that others are compared with."""
SURNAME_ALONE = 0.8
_TOWNS = frozenset({"city", "village", "district"})
_UPPER = "".join(c for c in map(chr, range(0x41, 0x530)) if c.isupper())
_CAPITALISED = re.compile(rf"(?<![\w'-])[{_UPPER}][^\W_]++(?:(?:-|'(?!s(?!\w)))[^\W_]++)*+")
"""With what a hyphen or an apostrophe joins to it, but for the English genitive."""
_SPACES = re.compile(r"\s+")
_NEXT_WORD = re.compile(r"[ ]{1,2}([^\W\d_][\w'-]{0,39})")
_NAMED_AFTER = re.compile(r"(?: [\w'-]{1,40}+){0,2}? (?:атындағы|атындагы|adyndaky|adindaki|nomidagi|номидаги)\b")
"""Behind a part of a name after which a thing is called."""
_OPENING, _CLOSING = frozenset('"“„«‘'), frozenset('"”“»’')


@dataclass
class _Person:
    """One person of a text."""

    id: str | None
    names: list[str] = field(default_factory=list)
    """In the nominative, the fullest first."""
    starts: list[int] = field(default_factory=list)

    @property
    def surname(self) -> str:
        return self._words()[-1] if self._words() else ""

    @property
    def given(self) -> str:
        words = self._words()
        return words[0] if len(words) > 1 else ""

    def _words(self) -> tuple[str, ...]:
        words = parts(self.names[0])
        if len(words) < 2:
            return words
        if words[0] in lexicon.first_names() or (lexicon.is_given(words[-1]) and not lexicon.is_given(words[0])):
            return words[::-1]  # Si Szinpin, Karimov Anvar
        last = self.names[0].rpartition(" ")[2]
        return (*words[:-1], romanised(last)) if "-" in last else words

    @property
    def identity(self) -> str:
        return self.id or f"name:{key(self.names[0])}"


def identified(text: Text, kept: Sequence[Found]) -> list[Found]:
    """The same mentions; each person that no list has gets the id `name:KEY` and, to show, the fullest nominative.

    Mentions of one person get one id over the text; that of the knowledge base wins.
    """
    people = _People(text, kept)
    return [people.identified(one) if one.type == "PER" else one for one in kept]


def later_mentions(text: Text, kept: Sequence[Found]) -> list[Found]:
    """Surnames alone, with endings, that stand for a person named in full in the text; none overlaps what is kept."""
    people = _People(text, kept)
    surnames = people.by_surname()
    if not surnames:
        return []
    taken = bytearray(len(text.cased) + 1)
    for one in kept:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    found: list[Found] = []
    for start, end in _words_of_names(text):
        if end - start > lexicon.MAX_WORD_CHARS or taken[start] or taken[end - 1] or len(found) >= MAX_MENTIONS:
            continue
        for stem, read in _readings(text.primary, text.original[start:end]):
            if (namesakes := surnames.get(read)) and _stands_alone(text, start, end):
                person = _nearest(namesakes, start)
                child = lexicon.child_after(text.cased, end)
                found.append(
                    Found(
                        _with_particles(text, start, person), child or end, "PER", "article", SURNAME_ALONE,
                        person.identity, stem_end=child or start + stem, name=None if person.id else person.names[0],
                    )
                )  # fmt: skip
                break
    return found


def _with_particles(text: Text, start: int, person: _Person) -> int:
    """Where a surname begins with what belongs to it: von der | Leyen."""
    for word in reversed(lower(same_length(person.names[0])).split(" ")[:-1]):
        before = start - len(word) - 1
        if romanised(word) not in PARTICLES or before < 0 or text.low[before:start] != word + " ":
            break
        start = before
    return start


def _words_of_names(text: Text) -> Iterator[tuple[int, int]]:
    """Where a word stands that may be a surname: with a capital letter, where the script has such."""
    if text.primary == "fa":
        return persian.surnames_alone(text)
    return map(re.Match.span, _CAPITALISED.finditer(text.cased))


def without_namesakes(text: Text, kept: Sequence[Found]) -> list[Found]:
    """The same without towns, and bodies by a model, that are called like a person named in full before: Hamilton.

    To be asked before `later_mentions`, which then finds the person there. What a model alone takes for a place or a
    body, and is the given name of such a person, stays as a person.
    """
    people = _People(text, kept)
    surnames = people.by_surname()
    left = [one for one in kept if not (_is_doubtful(one) and _is_surname(text, one, surnames))]
    return [replace(one, type="PER", by="article") if people.is_given_of_one(one) else one for one in left]


def _is_doubtful(one: Found) -> bool:
    guessed = one.by == "model" and one.id is None and one.type in {"ORG", "LOC"}
    return guessed or (one.type == "LOC" and one.role == "name" and one.kind in _TOWNS)


def _is_surname(text: Text, one: Found, surnames: Mapping[str, Sequence[_Person]]) -> bool:
    before, _, surface = text.original[one.start : one.end].rpartition(" ")
    if not PARTICLES.issuperset(map(romanised, before.split())) or len(surface) > lexicon.MAX_WORD_CHARS:
        return False
    if not _stands_alone(text, one.start, one.end):
        return False
    said = (read for _, read in _readings(text.primary, surface))
    return any(person.starts[0] < one.start for read in said for person in surnames.get(read, ()))


class _People:
    """Who is named in a text, each once."""

    def __init__(self, text: Text, kept: Sequence[Found]) -> None:
        self._text = text
        self._people: list[_Person] = []
        self._by_id: dict[str, _Person] = {}
        self._near: dict[str, list[_Person]] = defaultdict(list)
        self._of: dict[tuple[int, int], _Person] = {}
        mentions = [one for one in kept if one.type == "PER"]
        self._last_words = {lower(text.original[one.start : one.end].rpartition(" ")[2]) for one in mentions}
        named = [(one, self._nominative(one)) for one in mentions]
        named.sort(key=lambda pair: (not _is_linked(pair[0]), *_fullness(pair[1]), pair[0].start))
        for one, name in named:
            self._add(one, name)

    def identified(self, one: Found) -> Found:
        person = self._of[one.start, one.end]
        return replace(one, id=person.identity, name=one.name if person.id else person.names[0])

    def by_surname(self) -> dict[str, list[_Person]]:
        """Of the persons that the text names in full."""
        surnames: dict[str, list[_Person]] = defaultdict(list)
        for person in self._people:
            if person.given and len(person.surname) >= lexicon.MIN_STEM:
                surnames[person.surname].append(person)
        return surnames

    def is_given_of_one(self, one: Found) -> bool:
        """Whether what only a model has for a place or a body is the given name of one person named before."""
        word = self._text.original[one.start : one.end]
        if one.by != "model" or one.id is not None or one.type not in {"ORG", "LOC"} or not lexicon.is_given(word):
            return False
        bearers = [person for person in self._people if person.given == romanised(word)]
        return len(bearers) == 1 and bearers[0].starts[0] < one.start

    def _add(self, one: Found, name: str) -> None:
        person = self._known(one, name)
        if person is None:
            person = _Person(one.id if _is_linked(one) else None)
            self._people.append(person)
            if person.id:
                self._by_id[person.id] = person
        new = name not in person.names and (not person.names or len(parts(name)) > 1 or has_initials(name))
        if new and len(person.names) < MAX_SPELLINGS:
            person.names.append(name)
            person.names.sort(key=_fullness)
            for word in set(parts(name)):
                self._near[consonants(word)].append(person)
        person.starts.append(one.start)
        self._of[one.start, one.end] = person

    def _known(self, one: Found, name: str) -> _Person | None:
        if _is_linked(one):
            return self._by_id.get(one.id or "")
        near, words = self._candidates(name), parts(name)
        if not words:
            return None
        if len(words) == 1 or _is_given_only(words):
            return self._by_one_word(words, near, one.start, name)
        for person in near:
            if any(same_person(known, name) for known in person.names):
                return person
        return self._linked_by_surname(name, near)

    @staticmethod
    def _linked_by_surname(name: str, near: Sequence[_Person]) -> _Person | None:
        """Benyamin Netanyahu, where the list knows Netanyahu; not a woman, who would be his wife or his daughter."""
        full = _Person(None, [name])
        if not full.given or not lexicon.is_masculine(full.given):
            return None
        return next((one for one in near if one.id and not one.given and one.surname == full.surname), None)

    def _candidates(self, name: str) -> list[_Person]:
        """Persons with a word of the name, the first ones of each."""
        near: dict[int, _Person] = {}
        for word in parts(name):
            for person in self._near.get(consonants(word), ())[:MAX_NAMESAKES]:
                near.setdefault(id(person), person)
        return list(near.values())

    def _by_one_word(self, words: tuple[str, ...], near: Sequence[_Person], start: int, name: str) -> _Person | None:
        """A surname alone is the person of that surname; a given name alone the only person of that name."""
        if has_initials(name):
            for person in near:
                if any(same_person(known, name) for known in person.names):
                    return person
            # Sh. Mirziyoyev beside a linked surname
            return next((one for one in near if one.id and one.surname == words[0] and not one.given), None)
        by_surname = [person for person in near if person.surname == words[0]]
        if by_surname and len(words) == 1:
            return _nearest(by_surname, start)
        by_given = [person for person in near if person.given == words[0]]
        return by_given[0] if len(by_given) == 1 else None

    def _nominative(self, one: Found) -> str:
        if one.by == "article" and one.name:
            return one.name
        name = _SPACES.sub(" ", self._text.original[one.start : one.end])
        if self._text.primary == "ru":
            return russian.nominative(name)
        if one.stem_end is not None and one.stem_end < one.end:
            return _SPACES.sub(" ", self._text.original[one.start : one.stem_end])
        head, _, last = name.rpartition(" ")
        return f"{head} {self._without_ending(last)}".strip()

    def _without_ending(self, word: str) -> str:
        """A surname that no list has loses its ending only where the text has it without one, too."""
        cased = same_length(word)
        cls, stem, *_ = lexicon.seen(self._text.primary, cased)
        if stem < len(word):
            return word[:stem]
        if cls in "OW":
            for shorter in lexicon.stems(self._text.primary, lower(cased))[1:]:
                if lower(word[:shorter]) in self._last_words:
                    return word[:shorter]
        return word


def _is_linked(one: Found) -> bool:
    return one.id is not None and not one.id.startswith("name:")


def _fullness(name: str) -> tuple[int, int, str]:
    """The fullest name first; a given name with a patronymic is one name."""
    words = parts(name)
    return (-1 if _is_given_only(words) else -len(words), -len(name), name)


def _is_given_only(words: tuple[str, ...]) -> bool:
    """Shavkat Miromonovich."""
    return len(words) == 2 and is_patronymic(words[1]) and lexicon.is_given(words[0])


def _nearest(persons: Sequence[_Person], start: int) -> _Person:
    """The one who was named last before; the first one named where all come later."""
    before = [(at, i) for i, person in enumerate(persons) for at in person.starts[:MAX_NAMESAKES] if at < start]
    return persons[max(before)[1]] if before else min(persons, key=lambda person: person.starts[0])


@lru_cache(maxsize=1 << 15)
def _readings(language: str, word: str) -> tuple[tuple[int, str], ...]:
    """What the word may be without an ending: characters of it, romanised."""
    if language == "ru":
        return tuple((len(word), romanised(read)) for read in sorted(russian.readings(word)))
    stems = lexicon.stems(language, lower(same_length(word)))
    return tuple((stem, romanised(word[:stem])) for stem in stems)


def _stands_alone(text: Text, start: int, end: int) -> bool:
    """No street, prize or work of that name, and no other person: another name beside it would be one."""
    if start and text.original[start - 1] in _OPENING and text.original[end : end + 1] in _CLOSING:
        return False
    if _NAMED_AFTER.match(text.low, end):
        return False
    following = _NEXT_WORD.match(text.cased, end)
    return not (following and lexicon.is_thing(text.primary, lower(following[1])))
