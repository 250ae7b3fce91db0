"""Words beside dates in many languages: weekdays, `ago`, `yesterday`, labels; the words are data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files

_APOSTROPHES = re.compile("['ʻʼ‘’`´\u200c\u0640]")
"""Also the joiner and the stretcher of Persian: they are no letters."""
_WORD = re.compile(r"[^\W\d_]+(?:['ʻʼ‘’`´\u200c][^\W\d_]+){0,3}")
_CYRILLIC = range(0x400, 0x530)
_SAME = str.maketrans({"İ": "i", "ı": "i", "ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ё": "е", "ł": "l", "ø": "o"})
_DATA = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))


@lru_cache(maxsize=32_768)
def fold(word: str) -> str:
    """One spelling: lower case, no marks on Latin and Arabic letters, no apostrophes."""
    word = _APOSTROPHES.sub("", word).translate(_SAME)
    if word.isascii():
        return word.lower()
    bare = "".join(
        c
        if ord(c) in _CYRILLIC
        else "".join(d for d in unicodedata.normalize("NFKD", c) if not unicodedata.combining(d))
        for c in unicodedata.normalize("NFC", word)
    )
    return bare.casefold().translate(_SAME)


def words_in(text: str) -> list[str]:
    """The words of a short text, folded."""
    return [fold(word) for word in _WORD.findall(text)]


def _set(name: str) -> frozenset[str]:
    return frozenset(" ".join(words_in(phrase)) for phrase in _DATA[name])


def _weekdays() -> dict[str, int | None]:
    """Weekdays by name, Monday 0; None for a name that means two days in two languages."""
    found: dict[str, int | None] = {}
    for row in _DATA["weekdays"]:
        for number, name in enumerate(row.split()):
            if name != "-":
                name = fold(name)
                found[name] = number if found.get(name, number) == number else None
    return found


_WEEKDAYS = _weekdays()
_BETWEEN = _set("between") | _set("beside_weekdays") | _WEEKDAYS.keys()
TODAY, YESTERDAY, NOW = _set("today"), _set("yesterday"), _set("now")
AGO, AGO_BEFORE, ONE = _set("ago"), _set("ago_before"), _set("one")
_PUBLISHED, _CHANGED, _ELSEWHERE = _set("published"), _set("changed"), _set("elsewhere")
_UNITS = {
    word: timedelta(**{f"{name}s": 1}) for name in ("week", "day", "hour", "minute", "second") for word in _set(name)
}


def is_between(word: str) -> bool:
    """Whether a word may stand between the parts of a date: `of`, `жылғы`, a weekday."""
    return fold(word) in _BETWEEN


def weekday(word: str) -> int | None:
    """The weekday of a name, Monday 0; None where it is none, or which one depends on the language."""
    return _WEEKDAYS.get(fold(word))


def unit(word: str) -> timedelta | None:
    """How long a unit of time is."""
    return _UNITS.get(fold(word))


def says(words: Sequence[str], phrases: frozenset[str], most: int = 3) -> bool:
    """Whether one of the phrases stands among folded words."""
    return any(
        " ".join(words[start : start + length]) in phrases
        for start in range(len(words))
        for length in range(1, min(most, len(words) - start) + 1)
    )


def labels() -> frozenset[str]:
    """Words that say what a date is the date of."""
    return _PUBLISHED | _CHANGED


def is_of_publication(text: str) -> bool:
    """Whether a short text speaks of publishing: `Added`, `Опубликовано`."""
    return says(words_in(text), _PUBLISHED)


def is_of_a_change(text: str) -> bool:
    """Whether a short text speaks of a later change: `Last updated`."""
    return says(words_in(text), _CHANGED)


def is_of_something_else(text: str) -> bool:
    """Whether a short text speaks of a birth, a deadline or another day that is not the page's."""
    return says(words_in(text), _ELSEWHERE)
