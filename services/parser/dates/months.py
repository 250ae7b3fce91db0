"""Names of months in many languages, with their case endings; the names are data."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files

from services.parser.dates.words import fold

_MOST_CHARS = 16
_SHORT_BUT_WHOLE = frozenset({"may", "май", "мае"})
"""Names of three letters that take endings: an abbreviation with an ending is another word (mar + ket)."""
_NO_MONTHS = frozenset({"martin", "martini", "маи"})
_NONE = "-"


def _numbers(rows: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        names = row.split()
        assert len(names) == 12, row
        for number, name in enumerate(names, 1):
            if name != _NONE:
                found.setdefault(fold(name), number)
    return found


_DATA = tomllib.loads(files(__package__).joinpath("months.toml").read_text("utf-8"))
_GREGORIAN, _SOLAR = _numbers(_DATA["gregorian"]), _numbers(_DATA["solar"])
_ENDINGS = frozenset(fold(ending) for ending in _DATA["endings"])
_LONGEST_ENDING = max(map(len, _ENDINGS))


@lru_cache(maxsize=16_384)
def month(word: str, *, solar: bool = False) -> int | None:
    """The number of a month's name, with or without a case ending."""
    if len(word) > _MOST_CHARS:
        return None
    table, word = _SOLAR if solar else _GREGORIAN, fold(word)
    if (number := table.get(word)) is not None or word in _NO_MONTHS:
        return number
    for cut in range(max(3, len(word) - _LONGEST_ENDING), len(word)):
        stem = word[:cut]
        if stem in table and word[cut:] in _ENDINGS and (cut > 3 or stem in _SHORT_BUT_WHOLE):
            return table[stem]
    return None
