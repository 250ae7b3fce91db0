"""Write knowledge.json from CLDR's names and the lists beside it: python -m services.enricher.knowledge.build."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from babel import Locale

from services.contracts.folding import TURNED_COMMA
from services.enricher.knowledge.base import KNOWLEDGE_FILE, LANGUAGES

HERE = Path(__file__).parent
REGIONS = ("002", "142", "143", "145", "150")
"""UN M49: Africa, Asia, Central Asia, Western Asia, Europe. The Americas share their name with a country."""
NO_PLACES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
UNINHABITED = frozenset({"AC", "BV", "CP", "CQ", "DG", "EA", "HM", "IC", "TA", "UM"})
DESCRIBED = frozenset({"HK", "MO"})
"""CLDR writes what these are into their names; the variants name them."""
_HAMZA_ABOVE = "\u0654"


def build() -> list[dict[str, Any]]:
    """The knowledge base, the curated bodies first: they win a shared name."""
    bodies = tomllib.loads((HERE / "lists" / "bodies.toml").read_text(encoding="utf-8"))
    variants = tomllib.loads((HERE / "country_variants.toml").read_text(encoding="utf-8"))
    never = variants.pop("never")
    places = _territories()
    for id_, by_language in variants.items():
        for language, names in by_language.items():
            places.setdefault(id_, {}).setdefault(language, []).extend(names)
    return [
        *(_entry(f"xabar:{key}", "ORG", names, {}) for key, names in bodies.items()),
        *(_entry(id_, "LOC", names, never) for id_, names in sorted(places.items())),
    ]


def _territories() -> dict[str, dict[str, list[str]]]:
    """Id → language → CLDR's name."""
    found: dict[str, dict[str, list[str]]] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language.removesuffix("-Latn"), sep="-").territories.items():
            if code in REGIONS:
                found.setdefault(f"m49:{code}", {})[language] = [name]
            elif re.fullmatch("[A-Z]{2}", code) and code not in NO_PLACES | UNINHABITED | DESCRIBED:
                found.setdefault(f"iso3166:{code}", {})[language] = [re.sub(r"\s*\(.*\)", "", name)]
    return found


def _entry(id_: str, type_: str, names: dict[str, list[str]], never: dict[str, list[str]]) -> dict[str, Any]:
    unknown = set(names) - set(LANGUAGES)
    if unknown:
        raise ValueError(f"{id_} has names in {sorted(unknown)}; known are {', '.join(LANGUAGES)}")
    written = {language: [_tidy(n, language) for n in names[language]] for language in sorted(names)}
    aliases = {
        language: list(dict.fromkeys(a for n in own if n not in never.get(language, ()) for a in _spellings(n)))
        for language, own in written.items()
    }
    return {
        "id": id_,
        "type": type_,
        "names": {language: own[0] for language, own in written.items()},
        "aliases": {language: found for language, found in aliases.items() if found},
    }


def _tidy(name: str, language: str) -> str:
    """One form of each letter; in Uzbek Latin the turned comma that the alphabet asks for."""
    name = unicodedata.normalize("NFC", name)
    return re.sub("(?<=[oOgG])[‘’']", TURNED_COMMA, name) if language == "uz-Latn" else name


def _spellings(name: str) -> list[str]:
    """The name, and how it is written in haste: without the Persian hamza, & for and."""
    plain = name.replace(_HAMZA_ABOVE, "")
    return [name, *([plain] if plain != name else []), *([name.replace(" & ", " and ")] if " & " in name else [])]


if __name__ == "__main__":
    KNOWLEDGE_FILE.write_text(
        "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in build()) + "\n]\n", encoding="utf-8"
    )
