"""Which letters the languages are written with."""

from __future__ import annotations

import re
from typing import Literal

from services.enricher.entities.text import Text
from services.enricher.knowledge.base import LANGUAGES
from services.enricher.script import usual_script

Script = Literal["Latn", "Cyrl", "Arab"]
LETTERS: dict[Script, re.Pattern[str]] = {
    "Latn": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
    "Cyrl": re.compile("[\u0400-\u052f]"),
    "Arab": re.compile("[\u0600-\u06ff]"),
}
_LISTED = frozenset(tag.split("-", 1)[0] for tag in LANGUAGES)
SAMPLE_CHARS = 2_000
"""What tells the script of a text whose language is not known."""


def is_listed(primary: str) -> bool:
    """Whether names are listed in the language."""
    return primary in _LISTED


def script_of(language: str) -> Script:
    """What a listed language is written in: Cyrl for ru and for uz-Cyrl; Latn where that is not known."""
    usual = usual_script(language)
    return next((script for script in LETTERS if script == usual), "Latn")


def same_script(one: str, other: str) -> bool:
    """Whether two letters are of one script."""
    return any(letters.match(one) and letters.match(other) for letters in LETTERS.values())


def letters_of(text: Text) -> re.Pattern[str]:
    """The letters that a text in its language is written with; of an unknown language, those of its beginning."""
    if is_listed(text.primary):
        return LETTERS[script_of(text.language)]
    counts = {script: len(letters.findall(text.low, 0, SAMPLE_CHARS)) for script, letters in LETTERS.items()}
    return LETTERS[max(counts, key=counts.__getitem__)]
