"""How a name is spelled: one form of each letter, Uzbek in both of its scripts, what is written in haste."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from services.contracts.folding import APOSTROPHES
from services.enricher.knowledge.base import is_acronym
from services.enricher.orthography.uzbek import GLOTTAL_STOP, TURNED_COMMA, to_cyrillic, to_latin

LATIN, CYRILLIC = "uz-Latn", "uz-Cyrl"
_SIGNS = re.compile(f"(?<=[oOgG])[{APOSTROPHES}]")
_STOPS = re.compile(f"(?<![oOgG])[{APOSTROPHES}]")
_HAMZA_ABOVE = "\u0654"
_LATIN_LETTER, _CYRILLIC_LETTER = re.compile("[A-Za-z]"), re.compile("[\u0400-\u052f]")

Names = dict[str, list[str]]


def tidy(name: str, language: str) -> str:
    """One form of each letter, single spaces; in Uzbek Latin the two signs that the alphabet asks for."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return _STOPS.sub(GLOTTAL_STOP, _SIGNS.sub(TURNED_COMMA, name)) if language == LATIN else name


def in_both_scripts(names: Names) -> Names:
    """The names with Uzbek in Latin and in Cyrillic: a script that is missing by spelling the other anew.

    Where both are there, all but acronyms are spelled anew too, since a list gives in Cyrillic only what differs.
    """
    done = {language: list(own) for language, own in names.items()}
    for given, wanted in ((LATIN, CYRILLIC), (CYRILLIC, LATIN)):
        for name in names.get(given, ()):
            if wanted in names and is_acronym(name):
                continue
            if (spelled := _spelled(name, wanted)) and spelled not in done.get(wanted, ()):
                done.setdefault(wanted, []).append(spelled)
    return done


def spellings(name: str) -> list[str]:
    """The name, and how it is written in haste: without the Persian hamza, & for and."""
    plain = name.replace(_HAMZA_ABOVE, "")
    return [name, *([plain] if plain != name else []), *([name.replace(" & ", " and ")] if " & " in name else [])]


def distinct(names: Sequence[str]) -> list[str]:
    """The names without those that differ from an earlier one in inner capitals alone; acronyms count as written."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name if is_acronym(name) else name[0] + name[1:].lower(), name)
    return list(kept.values())


def _spelled(name: str, script: str) -> str | None:
    """The name in the other script; None where letters are left that are not of it."""
    if script == LATIN:
        spelled = to_latin(name)
        return None if _CYRILLIC_LETTER.search(spelled) else spelled
    spelled = to_cyrillic(name)
    if _LATIN_LETTER.search(spelled) and is_acronym(name):  # ShHT looks like CamelCase
        spelled = to_cyrillic(name.upper())
    return None if _LATIN_LETTER.search(spelled) else spelled
