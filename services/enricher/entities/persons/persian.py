"""Persons in Persian, whose script has no capital letters: a title or a given name, then a surname by its ending."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, same_length

MAX_PERSONS = 2_000
"""Of one text; what comes later is not read."""
MAX_NAME_WORDS = 5
SHAPE, TITLED = 0.7, 0.85
"""Confidence: a given name and a word with the ending of a surname; a title and a given name before any word."""
MIN_ALONE = 4
"""Letters of a surname that is looked for by itself, or that a polite title alone tells."""
_LETTERS = r"[\u0620-\u064a\u066e-\u06d3]"
_WORD = re.compile(rf"{_LETTERS}++(?: (?:الدین|الله)(?!{_LETTERS}))?+")
"""A given name of two parts (سراج‌الدین), whose joint is a space in `Text.cased`, is one word."""
_MIN_SURNAME, _MIN_PART = 3, 3


class _Token(NamedTuple):
    start: int
    end: int
    word: str


@dataclass(frozen=True)
class _Words:
    titles: frozenset[str]
    polite: frozenset[str]
    given: frozenset[str]
    everyday: frozenset[str]
    """Given names that are other words as often."""
    built_with: tuple[str, ...]
    closing: tuple[str, ...]
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    adjectives: frozenset[str]
    not_names: frozenset[str]
    things: frozenset[str]

    def is_given(self, word: str) -> bool:
        """Whether it is a given name that is listed, or one built of such: پیرحسین, محمدامین."""
        if word in self.given or word.endswith(self.closing):
            return True
        parts = (
            word.removeprefix(part) if word.startswith(part) else word.removesuffix(part)
            for part in self.built_with
            if word != part and (word.startswith(part) or word.endswith(part))
        )
        return any(len(rest) >= _MIN_PART and rest in self.given for rest in parts)

    def is_surname(self, word: str) -> bool:
        """Whether a surname ends so; an adjective of everyday is none."""
        return len(word) >= _MIN_SURNAME and word.endswith((*self.strong, "ی")) and word not in self.adjectives


def find(text: Text, listed: Sequence[Found]) -> list[Found]:
    """Persons by a given name: with a surname's ending after it, or a title on either side; or by a polite title.

    A listed person with more of the name before (سید عباس عراقچی) is found whole, with its id.
    """
    words, cased = _words(), text.cased
    blocked = bytearray(len(cased) + 1)
    people: dict[int, Found] = {}
    for known in listed:
        if known.type == "PER":
            people[known.start] = known
        elif known.role == "name":
            blocked[known.start : known.end] = b"\1" * (known.end - known.start)
    tokens = [_Token(*match.span(), match[0]) for match in _WORD.finditer(cased)]
    found: list[Found] = []
    i = 0
    while i < len(tokens) and len(found) < MAX_PERSONS:
        length, confidence = _name(tokens, i, cased, words)
        start, end = tokens[i].start, tokens[i + length - 1].end if length else 0
        if confidence and not any(blocked[start:end]):
            inner = next((one for token in tokens[i : i + length] if (one := people.get(token.start))), None)
            if inner is None or inner.end == end:
                identity = inner.id if inner else None
                found.append(Found(start, end, "PER", "shape", confidence, identity, stem_end=end))
        i += max(length, 1)
    return found


def may_be_place(word: str) -> bool:
    """Whether a word in Persian letters is none of everyday."""
    words = _words()
    return bool(_WORD.fullmatch(word)) and len(word) >= _MIN_PART and word not in words.not_names | words.adjectives


def surnames_alone(text: Text) -> Iterator[tuple[int, int]]:
    """Where a word stands that may be a surname by itself: no everyday word, no given name, none before it."""
    words, before = _words(), ""
    for match in _WORD.finditer(text.cased):
        word = match[0]
        known = word in words.not_names or word in words.titles or word in words.adjectives or word in words.things
        if len(word) >= MIN_ALONE and not known and before not in words.given and not words.is_given(word):
            yield match.span()
        before = word


def _name(tokens: Sequence[_Token], i: int, cased: str, words: _Words) -> tuple[int, float]:
    """How many words the name that begins here has, and how sure; a street's is no person's."""
    before = tokens[i - 1].word if i and cased[tokens[i - 1].end : tokens[i].start] == " " else ""
    row: list[str] = []
    for at in range(i, min(i + MAX_NAME_WORDS + 1, len(tokens))):
        if tokens[at].word in words.not_names or (at > i and cased[tokens[at - 1].end : tokens[at].start] != " "):
            break
        row.append(tokens[at].word)
    if not row:
        return 0, 0.0
    if not words.is_given(row[0]):
        return _polite(row, words) if before in words.polite else (0, 0.0)
    if before in words.things:
        return len(row), 0.0
    given = 1
    while given < min(len(row), MAX_NAME_WORDS) and words.is_given(row[given]):
        given += 1
    plain = all(word in words.everyday for word in row[:given])
    titled = before in words.titles or before in words.polite
    if given < min(len(row), MAX_NAME_WORDS) and row[given] not in words.titles:
        surname = row[given]
        at = i + given + 1
        behind = tokens[at].word if at < len(tokens) and cased[tokens[at - 1].end : tokens[at].start] == " " else ""
        if len(surname) >= _MIN_SURNAME and (titled or surname.endswith(words.strong)):
            return given + 1, TITLED if titled else SHAPE
        if not plain and (words.is_surname(surname) or behind in words.titles):
            return given + 1, SHAPE
        if given > 1 and surname.endswith(words.weak):
            return given + 1, SHAPE
    return (given, SHAPE) if given > 1 and not plain else (0, 0.0)


def _polite(row: Sequence[str], words: _Words) -> tuple[int, float]:
    """A name that no list knows behind a polite title: a surname alone, or one after another word."""
    for length in (2, 1):
        name = row[:length]
        if len(name) == length and len(name[-1]) >= MIN_ALONE and words.is_surname(name[-1]):
            return (0, 0.0) if not words.titles.isdisjoint(name) else (length, TITLED)
    return 0, 0.0


@lru_cache(maxsize=1)
def _words() -> _Words:
    table = tomllib.loads(Path(__file__).with_name("persian.toml").read_text(encoding="utf-8"))
    return _Words(
        titles=_set(table["titles"]),
        polite=_set(table["polite"]),
        given=_set(table["given"]),
        everyday=_set(table["everyday"]),
        built_with=tuple(table["built_with"]),
        closing=tuple(f" {part}" for part in table["closing"]),
        strong=tuple(table["surname_endings"]),
        weak=tuple(table["weak_endings"]),
        adjectives=_set(table["adjectives"]),
        not_names=_set(table["not_names"]),
        things=_set(table["things"]),
    )


def _set(words: str) -> frozenset[str]:
    """A word with a zero-width joint is two words in a text, but for given names of two parts."""
    spelled = (same_length(word) for word in words.split())
    return frozenset(word if _WORD.fullmatch(word) else word.split(" ")[-1] for word in spelled)
