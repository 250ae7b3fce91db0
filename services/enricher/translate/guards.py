"""What a translated sentence must not be: empty, a copy, a loop, too long, in another script, short of a number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from services.contracts.articles import SentenceFlaw
from services.enricher.script import scripts_in
from services.enricher.translate.engine import primary

LanguageOf = Callable[[str], str | None]
"""The BCP 47 tag of a text, or None where it is not sure."""

LONG_ENOUGH_CHARS = 20
"""Shorter texts are allowed any ratio: one word may take five."""
LEAST_RATIO, MOST_RATIO = 0.35, 3.0
COPIED_WORDS = 4
"""Names and figures stay as they are; a copied run of words in lower case is no translation."""
MOST_IN_OTHER_SCRIPTS = 0.2

_GROUPED = re.compile(r"(?<=\d)[\u00a0\u202f\u2009 '’](?=\d{3}(?!\d))")
_SEPARATORS = re.compile(r"(?<=\d)[.,:h](?=\d)")
_LOOP = re.compile(r"(\b\w[^\n]{0,40}?)(?:[\s,.;]+\1){4,}(?!\w)", re.IGNORECASE)
"""The same words five times running."""
_AFTERNOON = re.compile(r"(?<![a-z])p\.?\s?m\b", re.IGNORECASE)
NOON, MIDNIGHT = 12, 24
_LATIN_TARGETS = frozenset({"en", "pt", "tr", "tk", "de", "fr", "es"})
_ENGLISH_NUMBERS = (
    ("zero",), ("one", "first", "once", "a", "an"), ("two", "second", "twice"), ("three", "third"), ("four", "fourth"),
    ("five", "fifth"), ("six", "sixth"), ("seven", "seventh"), ("eight", "eighth"), ("nine", "ninth"),
    ("ten", "tenth"), ("eleven", "eleventh"), ("twelve", "twelfth"),
)  # fmt: skip


def flaw(
    source: str, translation: str, source_tag: str, target: str, language_of: LanguageOf | None = None
) -> SentenceFlaw | None:
    """The first thing that is wrong with a translated sentence, or None."""
    if not translation.strip():
        return "empty" if source.strip() else None
    if _is_copy(source, translation):
        return "copy"
    if _LOOP.search(translation) and not _LOOP.search(source):
        return "repeats"
    if len(source) >= LONG_ENOUGH_CHARS and not LEAST_RATIO <= len(translation) / len(source) <= MOST_RATIO:
        return "length"
    if primary(target) in _LATIN_TARGETS and _in_other_scripts(translation) > MOST_IN_OTHER_SCRIPTS:
        return "script"
    return None if numbers_survive(source, translation, target) else "numbers"


def numbers_survive(source: str, translation: str, target: str) -> bool:
    """Whether every number of the source is in the translation, however it is grouped; small ones may be words."""
    there = Counter(numbers(translation))
    for number, times in Counter(numbers(source)).items():
        missing = times - there[number]
        if missing > 0 and primary(target) == "en":
            missing -= _in_english_words(number, translation, there)
        if missing > 0:
            return False
    return True


def _in_english_words(number: str, translation: str, there: Counter[str]) -> int:
    """How often a number may stand in an English text as a word, or as an hour of the afternoon."""
    if int(number[:9]) < len(_ENGLISH_NUMBERS):
        words = Counter(re.findall(r"[a-z]+", translation.lower()))
        return sum(words[word] for word in _ENGLISH_NUMBERS[int(number)])
    hour, minutes = number[:2], number[2:]
    if len(number) in (2, 4) and NOON <= int(hour) < MIDNIGHT and _AFTERNOON.search(translation):
        twelve = str((int(hour) - 1) % 12 + 1)
        return there[twelve + minutes] or (there[twelve] if minutes in ("", "00") else 0)
    return 0


def numbers(text: str) -> list[str]:
    """The numbers of a text in ASCII digits and without marks inside.

    1.465,50 and 1,465.50 are one, 10h30 and 10:30 too.
    """
    ascii_digits = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    return re.findall(r"\d+", _SEPARATORS.sub("", _GROUPED.sub("", ascii_digits)))


def _is_copy(source: str, translation: str) -> bool:
    same = " ".join(source.casefold().split()) == " ".join(translation.casefold().split())
    return same and sum(word[:1].islower() for word in source.split()) >= COPIED_WORDS


def _in_other_scripts(text: str) -> float:
    found = scripts_in(text)
    letters = sum(found.values())
    return (letters - found["Latn"]) / letters if letters else 0.0


def missing_names(names: Sequence[tuple[str, tuple[str, ...]]], translated: str) -> tuple[str, ...]:
    """The ids of the entities none of whose names is in the translated text."""
    folded = translated.casefold()
    return tuple(entity for entity, spellings in names if not any(s.casefold() in folded for s in spellings))
