"""Names of months in many languages, with their case endings; the names are data."""

from __future__ import annotations

import tomllib
import unicodedata
from importlib.resources import files

_MOST_ENDING = 4
"""Letters of a case ending: mayda, мамырдың, Mayıs'ta."""
_LEAST_STEM = 3


def _fold(word: str) -> str:
    """One spelling: lower case, dotless and dotted i alike, Arabic letters as Persian ones."""
    word = unicodedata.normalize("NFKC", word).replace("İ", "i").replace("ي", "ی").replace("ك", "ک")
    return word.casefold().replace("ı", "i")


def _numbers(rows: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        names = row.split()
        assert len(names) == 12, row
        for number, name in enumerate(names, 1):
            found.setdefault(_fold(name), number)
    return found


_DATA = tomllib.loads(files(__package__).joinpath("months.toml").read_text("utf-8"))
_GREGORIAN, _SOLAR = _numbers(_DATA["gregorian"]), _numbers(_DATA["solar"])
TODAY, YESTERDAY = (frozenset(_fold(word) for word in _DATA[day]) for day in ("today", "yesterday"))


def month(word: str, *, solar: bool = False) -> int | None:
    """The number of a month's name, with or without a case ending."""
    word, table = _fold(word), _SOLAR if solar else _GREGORIAN
    for length in range(len(word), max(_LEAST_STEM, len(word) - _MOST_ENDING) - 1, -1):
        # A short stem with an ending could be any word: mar + ket.
        if word[:length] in table and (length == len(word) or length > _LEAST_STEM or len(word) - length <= 2):
            return table[word[:length]]
    return table.get(word)


def says(words: list[str], days: frozenset[str]) -> bool:
    """Whether one of the words is `today` (or `yesterday`) in some language."""
    return any(_fold(word) in days for word in words)
