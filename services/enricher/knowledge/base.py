"""The knowledge base: things with one id in all languages, what each is called, and how it is read from its file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import cast

from services.contracts.articles import EntityType

KINDS: dict[str, EntityType] = {
    **dict.fromkeys(("body", "office", "party", "company", "media", "school", "club", "forces"), "ORG"),
    "person": "PER",
    **dict.fromkeys(("treaty", "law", "programme"), "DOC"),
    "event": "EVENT",
    **dict.fromkeys(
        ("country", "region", "district", "city", "village", "water", "mountain", "desert", "landmark", "area"), "LOC"
    ),
}
"""What sorts of things there are, and the type that each has in the contract."""
KNOWLEDGE_FILE = Path(__file__).with_name("knowledge.json")
LANGUAGES = ("uz-Latn", "uz-Cyrl", "ru", "en", "kk", "ky", "tg", "tk", "tr", "fa", "pt")
MIN_ACRONYM_CAPITALS, MAX_ACRONYM_CHARS = 2, 7


@dataclass(frozen=True)
class Known:
    """A thing that the product knows by name."""

    id: str
    type: EntityType
    names: dict[str, str]
    """Language → the name that is shown."""
    aliases: dict[str, tuple[str, ...]]
    """Language → what it is recognised by; und-Latn, und-Cyrl, und-Arab for names whose language no source tells."""
    kind: str | None = None
    """country, city, district, water, body, office, company, person, treaty …; KINDS says which type each has."""
    country: str | None = None
    """ISO 3166 alpha-2, where it belongs to one."""
    part_of: str | None = None
    """Id of what it belongs to: a district's region, a fund's body."""
    population: int = 0
    """Of a place; among places of one name the bigger is the more probable."""
    valid_from: date | None = None
    valid_to: date | None = None
    same_as: tuple[str, ...] = ()
    adjectives: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inhabitants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    quoted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names that are everyday words: they count in quotation marks or beside a word for what it is."""
    common: bool = False
    """Its bare name is an everyday word or a given name as well."""

    def name_in(self, language: str) -> str:
        """The name in that language; in another script of it or in English where there is none."""
        primary = language.split("-", 1)[0]
        others = sorted(tag for tag in self.names if tag.split("-", 1)[0] == primary)
        for tag in (language, primary, *others, "en"):
            if tag in self.names:
                return self.names[tag]
        return next(iter(self.names.values()))


def load(file: Path = KNOWLEDGE_FILE) -> tuple[Known, ...]:
    """Everything in the knowledge file; what is listed first wins a shared name."""
    return tuple(
        Known(
            id=entry["id"],
            type=cast(EntityType, entry["type"]),
            names=entry["names"],
            aliases={language: tuple(names) for language, names in entry["aliases"].items()},
        )
        for entry in json.loads(file.read_text(encoding="utf-8"))
    )


def is_acronym(name: str) -> bool:
    """Whether a name counts only as written: BMT, ShHT, U.N., but not Interpol."""
    letters = [c for c in name if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    return (
        " " not in name
        and len(name) <= MAX_ACRONYM_CHARS
        and capitals >= MIN_ACRONYM_CAPITALS
        and capitals * 2 > len(letters)
    )
