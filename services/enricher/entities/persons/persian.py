"""Persons in Persian, whose script has no capital letters: a title or a given name, then a surname by its ending."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, same_length

MAX_PERSONS = 2_000
"""Of one text; what comes later is not read."""
MAX_NAME_WORDS = 4
SHAPE, TITLED = 0.7, 0.85
"""Confidence: a given name and a word with the ending of a surname; a title and a given name before any word."""
_WORD = re.compile(r"[\u0620-\u064a\u066e-\u06d3]++")
_MIN_SURNAME = 3


@dataclass(frozen=True)
class _Words:
    titles: frozenset[str]
    given: frozenset[str]
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    not_names: frozenset[str]
    things: frozenset[str]


def find(text: Text, listed: Sequence[Found]) -> list[Found]:
    """Persons by a given name that is listed: with a surname's ending after it, or with a title before."""
    words, cased = _words(), text.cased
    blocked = bytearray(len(cased) + 1)
    for one in listed:
        blocked[one.start : one.end] = b"\1" * (one.end - one.start)
    tokens = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(cased)]
    found: list[Found] = []
    i = 0
    while i < len(tokens) and len(found) < MAX_PERSONS:
        length, confidence = _name(tokens, i, cased, words)
        start, end = tokens[i][0], tokens[i + length - 1][1] if length else 0
        if confidence and not any(blocked[start:end]):
            found.append(Found(start, end, "PER", "shape", confidence, stem_end=end))
        i += max(length, 1)
    return found


def _name(tokens: list[tuple[int, int, str]], i: int, cased: str, words: _Words) -> tuple[int, float]:
    """How many words the name that begins here has, and how sure; a street's is no person's."""
    if tokens[i][2] not in words.given:
        return 0, 0.0
    row = [tokens[i][2]]
    while len(row) < MAX_NAME_WORDS and i + len(row) < len(tokens):
        start, _, word = tokens[i + len(row)]
        if cased[tokens[i + len(row) - 1][1] : start] != " " or word in words.not_names:
            break
        row.append(word)
    before = tokens[i - 1][2] if i and cased[tokens[i - 1][1] : tokens[i][0]] == " " else ""
    if before in words.things:
        return len(row), 0.0
    given = 1
    while given < len(row) and row[given] in words.given:
        given += 1
    titled = before in words.titles
    if given < len(row):
        surname = row[given]
        if len(surname) >= _MIN_SURNAME and (titled or surname.endswith(words.strong)):
            return given + 1, TITLED if titled else SHAPE
        if given > 1 and surname.endswith(words.weak):
            return given + 1, SHAPE
    return (given, SHAPE) if given > 1 else (0, 0.0)


@lru_cache(maxsize=1)
def _words() -> _Words:
    table = tomllib.loads(Path(__file__).with_name("persian.toml").read_text(encoding="utf-8"))
    return _Words(
        titles=_set(table["titles"]),
        given=_set(table["given"]),
        strong=tuple(table["surname_endings"]),
        weak=tuple(table["weak_endings"]),
        not_names=_set(table["not_names"]),
        things=_set(table["things"]),
    )


def _set(words: str) -> frozenset[str]:
    """A word with a zero-width joint is two words in a text."""
    return frozenset(same_length(word).split(" ")[-1] for word in words.split())
