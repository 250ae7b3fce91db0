"""What a line beside an article is: a counter, print, share, a date, a credit, a related list; the words are data."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from services.contracts.folding import TURNED_COMMA, fold
from services.parser.dates import reading as dates
from services.parser.dates.months import month
from services.parser.limits import MAX_LINE_CHARS

Kind = Literal["views", "print", "share", "date", "photo", "related", "bare", "plea"]

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f,.]\d{3})+(?!\d)|\d+(?:[.,]\d+)?\s?[kKкК]\b|\d+")


def key(line: str) -> str:
    """The line's words in one spelling: without digits, marks and apostrophes, Uzbek Cyrillic as Latin."""
    return _NOT_LETTERS.sub(" ", fold(line).replace(TURNED_COMMA, "")).strip()


def _keys(kind: str) -> frozenset[str]:
    return frozenset(key(phrase) for phrase in _PHRASES[kind])


_PHRASES: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("noise.toml").read_text("utf-8"))
_VIEWS, _PRINT, _SHARE, _NETWORKS = _keys("views"), _keys("print"), _keys("share"), _keys("networks")
_DATED, _CHANGED, _BESIDE_A_DATE = _keys("dated"), _keys("changed"), _keys("beside_a_date")
_PHOTO, _RELATED, _PLEAS = _keys("photo"), _keys("related"), _keys("pleas")
_LABELS = sorted(_DATED | _CHANGED, key=len, reverse=True)
_MOST_WORDS_OF_A_PLEA = 30


@lru_cache(maxsize=4096)
def kind_of(line: str) -> Kind | None:
    """What a line beside an article is, or None where it may be the article's own."""
    if len(line) > MAX_LINE_CHARS:
        return None
    words = key(line)
    if not words:
        if not any(c.isalnum() for c in line):
            return "bare"
        return "date" if dates.read(line) else "bare"
    if words in _RELATED:
        return "related"
    if words in _PRINT:
        return "print"
    if words in _SHARE or all(w in _NETWORKS or w in _SHARE for w in words.split()):
        return "share"
    if any(c.isdigit() for c in line) and views(line) is not None:
        return "views"
    if is_date_line(line):
        return "date"
    if any(words == p or words.startswith(f"{p} ") for p in _PHOTO) and re.match(r"[^:©/(]{0,24}[:©/(]", line):
        return "photo"
    if len(words.split()) <= _MOST_WORDS_OF_A_PLEA and any(words.startswith(p) or f" {p}" in words for p in _PLEAS):
        return "plea"
    return None


def views(line: str) -> int | None:
    """The number that a line gives as its views: `Views: 1 465`, `1.2K просмотров`."""
    if len(line) > MAX_LINE_CHARS or key(_NUMBER.sub(" ", line)) not in _VIEWS:
        return None
    numbers = _NUMBER.findall(line.translate(dates.ASCII_DIGITS))
    return _count(numbers[0]) if len(numbers) == 1 else None


def is_date_line(line: str) -> bool:
    """Whether a line says when, and hardly anything else."""
    found = dates.read_all(line)
    if not found:
        return False
    rest = line
    for reading in found:
        rest = rest.replace(reading.raw, " ")
    left = _unlabelled(key(rest))
    return len(left) <= 1 or (" ".join(left) in _VIEWS)


def is_changed_label(line: str) -> bool:
    """Whether a short label speaks of a later change: `Updated:`."""
    words = key(line)
    return words in _CHANGED or any(words.endswith(f" {p}") for p in _CHANGED)


def _unlabelled(words: str) -> list[str]:
    for phrase in _LABELS:
        if words == phrase or words.startswith(f"{phrase} "):
            words = words[len(phrase) :].strip()
            break
    return [w for w in words.split() if w not in _BESIDE_A_DATE and month(w) is None]


def _count(number: str) -> int:
    thousands = number[-1] in "kKкК"
    digits = number.rstrip("kKкК \u00a0")
    if thousands:
        return round(float(digits.replace(",", ".")) * 1000)
    return min(int(re.sub(r"\D", "", digits)), 10**12)


def is_labelled(line: str) -> bool:
    """Whether a date line says what its date is: `Added: 04.07.2024`."""
    words = key(line)
    return any(words == p or words.startswith(f"{p} ") for p in _LABELS if len(p) > 2)
