"""The words for numbers and months of each language, as numbers.toml has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

SHORTEST_BEGINNING, LONGEST_BEGINNING = 2, 16
"""Of the listed beginnings of words."""
_CLEAN = str.maketrans({**dict.fromkeys("'ʻʼʹ‘’`´\u0307", None), "ي": "ی", "ى": "ی", "ك": "ک"})


@dataclass(frozen=True)
class Words:
    """A language's words for numbers; those that end with * in the file are beginnings."""

    exact: Mapping[str, tuple[str, str]]
    beginnings: Mapping[str, tuple[str, str]]
    """Word → kind and value; kinds: number, scale, weak, half, one_and_half, glue, month."""

    def find(self, word: str, kinds: tuple[str, ...] = ()) -> tuple[str, str] | None:
        """Kind and value of a folded word, None where it is no number."""
        found = self.exact.get(word)
        if found and (not kinds or found[0] in kinds):
            return found
        if word[:SHORTEST_BEGINNING] not in self._starts:  # as of most words
            return None
        for end in range(min(len(word), LONGEST_BEGINNING), SHORTEST_BEGINNING - 1, -1):
            found = self.beginnings.get(word[:end])
            if found and (not kinds or found[0] in kinds):
                return found
        return None

    @cached_property
    def _starts(self) -> frozenset[str]:
        return frozenset(beginning[:SHORTEST_BEGINNING] for beginning in self.beginnings)


def folded_word(word: str) -> str:
    """A word as the tables have it: small, without apostrophes, Arabic letters as in Persian."""
    return word.casefold().translate(_CLEAN)


def month_of(word: str, language: str) -> int | None:
    """The month, from 1, that a word names or abbreviates."""
    found = month_words(language).find(folded_word(word))
    return int(found[1]) if found else None


@lru_cache(maxsize=32)
def number_words(language: str) -> Words:
    """The words for numbers of a listed language, else of all."""
    exact: dict[str, tuple[str, str]] = {}
    beginnings: dict[str, tuple[str, str]] = {}
    for table in _tables(language):
        entries = [("glue", "0", table.get("glue", "")), ("half", "0", table.get("half", ""))]
        entries += [("one_and_half", "0", table.get("one_and_half", ""))]
        entries += [("weak", power, words) for power, words in table.get("weak", {}).items()]
        entries += [("number", value, words) for value, words in table.items() if value.isdecimal()]
        entries += [("scale", power, words) for power, words in table["scales"].items()]
        for kind, value, listed in entries:
            _enter(exact, beginnings, listed, (kind, value))
    return Words(exact, beginnings)


@lru_cache(maxsize=32)
def month_words(language: str) -> Words:
    """The names of months of a listed language, else of all."""
    exact: dict[str, tuple[str, str]] = {}
    beginnings: dict[str, tuple[str, str]] = {}
    for table in _tables(language):
        for month, listed in enumerate(table["months"], start=1):
            _enter(exact, beginnings, listed, ("month", str(month)))
    return Words(exact, beginnings)


def _enter(
    exact: dict[str, tuple[str, str]], beginnings: dict[str, tuple[str, str]], listed: str, is_a: tuple[str, str]
) -> None:
    for word in listed.split():
        key = folded_word(word.removesuffix("*"))
        (beginnings if word.endswith("*") else exact)[key] = is_a


@lru_cache(maxsize=1)
def _data() -> dict[str, dict[str, Any]]:
    data = tomllib.loads(files(__package__).joinpath("numbers.toml").read_text("utf-8"))
    return dict(data["languages"])


def _tables(language: str) -> list[dict[str, Any]]:
    tables = _data()
    return [tables[language]] if language in tables else list(tables.values())
