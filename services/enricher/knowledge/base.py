"""The knowledge base: things with one id in all languages, what each is called, and how it is read from its file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

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
KNOWLEDGE_FILE = Path(__file__).with_name("knowledge.jsonl")
FORMAT = 1
LANGUAGES = ("uz-Latn", "uz-Cyrl", "ru", "en", "kk", "ky", "tg", "tk", "tr", "fa", "pt")
UNTOLD = ("und-Latn", "und-Cyrl", "und-Arab")
"""Tags of names whose language no source tells."""
_ORDER = {"iso3166": 1, "m49": 2, "geonames": 3}
_NOTHING: dict[str, tuple[str, ...]] = {}
"""Shared by all that have none: most of them."""
MIN_ACRONYM_CAPITALS, MAX_ACRONYM_CHARS = 2, 7


@dataclass(frozen=True, slots=True)
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
    local: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names without its country's or its body's (the Foreign Ministry, the General Assembly): they count where the text
    is about that country, or names the body."""
    roles: tuple[str, ...] = ()
    """Of a person, in English: president."""
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


def load(extra: Path | None = None, file: Path = KNOWLEDGE_FILE) -> tuple[Known, ...]:
    """Everything in the knowledge file, with an operator's own list where there is one.

    What stands first wins a shared name: own entries, curated ones, countries, regions, then places by size.
    Raises OSError when a file is not there, ValueError when it is no such file or the own list has something wrong.
    """
    known = tuple(sorted(_entries(file), key=_rank))
    if extra is None:
        return known
    from services.enricher.knowledge.extra import joined, read_list

    return joined(known, read_list(extra))


def header(file: Path = KNOWLEDGE_FILE) -> dict[str, Any]:
    """What the file says of itself: format, version, sources, counts. Raises ValueError when that is another format."""
    with file.open(encoding="utf-8") as lines:
        return _header(lines.readline())


def _header(line: str) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(line)
    if head.get("format") != FORMAT:
        raise ValueError(f"the knowledge base is of format {head.get('format')}, this program reads {FORMAT}")
    return head


def _entries(file: Path) -> Iterator[Known]:
    with file.open(encoding="utf-8") as lines:
        _header(lines.readline())
        yield from map(_known, map(json.loads, lines))


def _known(row: dict[str, Any]) -> Known:
    kind = sys.intern(row["kind"])
    country = row.get("country")
    aliases = {sys.intern(language): tuple(names) for language, names in row["names"].items()}
    shown = row.get("shown")
    return Known(
        id=row["id"],
        type=KINDS[kind],
        names=_shown(shown) if shown else {language: names[0] for language, names in aliases.items()},
        aliases=aliases,
        kind=kind,
        country=sys.intern(country) if country else None,
        part_of=row.get("part_of"),
        population=row.get("population", 0),
        valid_from=date.fromisoformat(row["from"]) if "from" in row else None,
        valid_to=date.fromisoformat(row["to"]) if "to" in row else None,
        same_as=tuple(row.get("same_as", ())),
        adjectives=_forms(row, "adjectives"),
        inhabitants=_forms(row, "inhabitants"),
        quoted=_forms(row, "quoted"),
        local=_forms(row, "local"),
        roles=tuple(row.get("roles", ())),
        common=row.get("common", False),
    )


def _shown(names: dict[str, str]) -> dict[str, str]:
    return {sys.intern(language): name for language, name in names.items()}


def _forms(row: dict[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    found = row.get(name)
    return {sys.intern(language): tuple(names) for language, names in found.items()} if found else _NOTHING


def _rank(known: Known) -> tuple[int, int, str]:
    source = known.id.partition(":")[0]
    listed = any(id_.startswith("xabar:") for id_ in known.same_as)
    return 0 if listed else _ORDER.get(source, 0), -known.population, known.id


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
