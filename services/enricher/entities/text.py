"""A text made ready for all that look for entities in it: one spelling of each letter, offsets of the original."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from services.contracts.folding import APOSTROPHES

_ONE_TO_ONE = str.maketrans(
    {
        **dict.fromkeys(APOSTROPHES, "'"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u200c\t", " "),  # the zero-width non-joiner ends a word in Persian
        **dict.fromkeys("\u2010\u2011\u2012\u2013", "-"),
        "İ": "I", "ı": "i", "ё": "е", "Ё": "Е", "ي": "ی", "ك": "ک",
    }
)  # fmt: skip
_NO_WORD = re.compile(r"[^\w']|(?<!\w)'|'(?!\w)")
WORD = re.compile(r"\w[\w']*+")
"""Of plain text."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def same_length(text: str) -> str:
    """The text with one spelling of apostrophes, spaces, dashes and letters that vary; offsets stay true."""
    return _SURROGATE.sub("\ufffd", text).translate(_ONE_TO_ONE)


def lower(cased: str) -> str:
    """In small letters, one for one: a letter that becomes two stays as it is."""
    low = cased.lower()
    return low if len(low) == len(cased) else "".join(c.lower() if len(c.lower()) == 1 else c for c in cased)


def folded(word: str) -> str:
    """One spelling, in small letters."""
    return lower(same_length(word))


def plain(low: str) -> str:
    """Folded text with a space for everything that is neither a letter, a digit nor an apostrophe within a word."""
    return _NO_WORD.sub(" ", low)


@dataclass(frozen=True)
class Text:
    """What is searched, in one language."""

    original: str
    language: str
    """BCP 47: uz-Latn, ru; und where it is not known."""
    title_end: int = 0
    """Where the headline ends; 0 without one."""
    published: date | None = None
    """The article's own day, for dates that are said against it."""

    @cached_property
    def cased(self) -> str:
        """As long as the original, in one spelling."""
        return same_length(self.original)

    @cached_property
    def low(self) -> str:
        """As long as the original, in one spelling and small letters."""
        return lower(self.cased)

    @property
    def primary(self) -> str:
        """The language without its script: uz."""
        return self.language.split("-", 1)[0]
