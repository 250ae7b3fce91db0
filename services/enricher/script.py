"""Scripts of letters, texts and languages, as ISO 15924 names them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

SCRIPT_CHARS = 4
_BY_NAME = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab", "GREEK": "Grek", "HEBREW": "Hebr", "ARMENIAN": "Armn",
    "GEORGIAN": "Geor", "DEVANAGARI": "Deva", "BENGALI": "Beng", "TAMIL": "Taml", "THAI": "Thai", "ETHIOPIC": "Ethi",
    "CJK": "Hani", "HIRAGANA": "Hira", "KATAKANA": "Kana", "HANGUL": "Hang", "MONGOLIAN": "Mong",
}  # fmt: skip
_BY_LANGUAGE = {
    **dict.fromkeys(["az", "de", "en", "es", "fr", "it", "nl", "pl", "pt", "tk", "tr"], "Latn"),
    **dict.fromkeys(["kk", "ky", "ru", "tg", "tt"], "Cyrl"),
    **dict.fromkeys(["fa", "ug"], "Arab"),
}


def usual_script(tag: str) -> str | None:
    """The script that a BCP 47 tag names, or what its language is written in; None for uz (two) and unknown ones."""
    primary, *more = tag.split("-")
    said = next((part for part in more if len(part) == SCRIPT_CHARS and part.isalpha()), None)
    return said or _BY_LANGUAGE.get(primary)


@lru_cache(maxsize=8192)
def script_of(letter: str) -> str | None:
    """The script of one letter; None for what is no letter or of a script not listed here."""
    if not letter.isalpha():
        return None
    return _BY_NAME.get(unicodedata.name(letter, "").split(" ", 1)[0])


def scripts_in(text: str) -> Counter[str]:
    """How many letters of each script."""
    found: Counter[str] = Counter()
    for letter, times in Counter(text).items():
        if script := script_of(letter):
            found[script] += times
    return found


def main_script(text: str) -> str | None:
    """The script of most letters, or None where there are none."""
    found = scripts_in(text)
    return max(found, key=lambda script: (found[script], script)) if found else None
