"""Entries of the knowledge base as people write them: one TOML table per thing, checked, joined, made ready to use."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.enricher.knowledge.base import KINDS, LANGUAGES, UNTOLD, Known
from services.enricher.knowledge.spelling import distinct, in_both_scripts, spellings, tidy

PREFIX = "xabar:"
MAX_NAME_CHARS = 200
MAX_NAMES = 60
"""Of one entry in one language."""
MAX_KEY_CHARS = 100
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*+")
_ID = re.compile(r"(?:xabar:[a-z0-9-]+|own:[a-z0-9-]+|geonames:[0-9]+|iso3166:[A-Z]{2}|m49:[0-9]{3}|wd:Q[0-9]+)")
_HEADER = re.compile(r"^[ \t]*\[[ \t]*\"?([^\"\]\n]{1,200}?)\"?[ \t]*\]", re.MULTILINE)
_COUNTRY = re.compile("[A-Z]{2}")
_WIKIDATA = re.compile("Q[1-9][0-9]*")
_FORMS = ("adjectives", "inhabitants", "quoted", "never", "local")
_DATES = ("from", "to")
_TEXTS = ("kind", "country", "part_of", "wikidata")

Names = dict[str, list[str]]


@dataclass(slots=True)
class Entry:
    """A thing as one source tells it; several of one id are joined."""

    id: str
    where: str = ""
    """File and line, to name in what is said about it."""
    kind: str | None = None
    country: str | None = None
    part_of: str | None = None
    wikidata: str | None = None
    geonames: int | None = None
    population: int = 0
    valid_from: date | None = None
    valid_to: date | None = None
    roles: list[str] = field(default_factory=list)
    common: bool = False
    off: bool = False
    """An operator wants to hear no more of it."""
    shown: str | None = None
    """In English, where no source has a name that is English for certain."""
    names: Names = field(default_factory=dict)
    adjectives: Names = field(default_factory=dict)
    inhabitants: Names = field(default_factory=dict)
    quoted: Names = field(default_factory=dict)
    never: Names = field(default_factory=dict)
    local: Names = field(default_factory=dict)
    """Its names without its country's or its body's; the build makes those of offices."""
    same_as: list[str] = field(default_factory=list)

    def join(self, other: Entry) -> None:
        """Take in what another source tells of the same thing; what is here already leads."""
        for name in ("kind", "country", "part_of", "wikidata", "geonames", "valid_from", "valid_to", "shown"):
            if getattr(self, name) is None:
                setattr(self, name, getattr(other, name))
        self.population = self.population or other.population
        self.common |= other.common
        self.roles += (role for role in other.roles if role not in self.roles)
        self.same_as += (id_ for id_ in other.same_as if id_ not in self.same_as)
        for mine, theirs in (
            (self.names, other.names),
            (self.adjectives, other.adjectives),
            (self.inhabitants, other.inhabitants),
            (self.quoted, other.quoted),
            (self.never, other.never),
            (self.local, other.local),
        ):
            for language, names in theirs.items():
                mine.setdefault(language, []).extend(names)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry, and where."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def read(text: str, file: str, prefix: str = PREFIX) -> tuple[list[Entry], list[Problem]]:
    """The entries of a list and what is wrong with it; an entry with something wrong is left out.

    A key without a prefix gets the one that is given: `un` becomes `xabar:un`.
    Raises ValueError (tomllib.TOMLDecodeError) when the text is no TOML; that names the line.
    """
    lines = {found[1]: text.count("\n", 0, found.start()) + 1 for found in _HEADER.finditer(text)}
    entries, problems = [], []
    for key, table in tomllib.loads(text).items():
        where = f"{file}:{lines.get(key, 1)}"
        if not isinstance(table, dict):
            problems.append(Problem(where, f"{key} stands outside of any [table]"))
            continue
        entry, wrong = entry_of(key, table, where, prefix)
        problems += wrong
        if not wrong:
            entries.append(entry)
    return entries, problems


def known(entry: Entry) -> Known:
    """The entry ready to be matched. Raises ValueError when it has no kind or no name."""
    if entry.kind is None:
        raise ValueError(f"{entry.where}: {entry.id} has no kind, here or in another list")
    if not (entry.names or entry.quoted):
        raise ValueError(f"{entry.where}: {entry.id} has no names, here or in another list")
    names = in_both_scripts(entry.names)
    never = in_both_scripts(entry.never)
    aliases = {language: _recognised(names[language], language, never) for language in sorted(names)}
    called = names or in_both_scripts(entry.quoted)
    shown = {language: called[language][0] for language in sorted(called) if language not in UNTOLD}
    if entry.shown is not None:
        shown.setdefault("en", entry.shown)
    return Known(
        id=entry.id,
        type=KINDS[entry.kind],
        names=shown or {language: own[0] for language, own in sorted(called.items())},
        aliases={language: own for language, own in aliases.items() if own},
        kind=entry.kind,
        country=entry.country,
        part_of=entry.part_of,
        population=entry.population,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        same_as=tuple(entry.same_as),
        adjectives=_forms(entry.adjectives),
        inhabitants=_forms(entry.inhabitants),
        quoted=_forms(entry.quoted),
        local=_forms(entry.local),
        roles=tuple(entry.roles),
        common=entry.common,
    )


def _recognised(names: list[str], language: str, never: Names) -> tuple[str, ...]:
    """What a thing is recognised by in a language."""
    kept = [name for name in names if name not in never.get(language, ())]
    if language in UNTOLD:
        return tuple(dict.fromkeys(kept))
    return tuple(distinct([spelling for name in kept for spelling in spellings(name)]))


def _forms(names: Names) -> dict[str, tuple[str, ...]]:
    return {language: tuple(dict.fromkeys(own)) for language, own in sorted(in_both_scripts(names).items())}


def entry_of(key: str, table: Mapping[str, Any], where: str, prefix: str) -> tuple[Entry, list[Problem]]:
    """One entry as its table has it, and what is wrong with it."""
    wrong = [Problem(where, f"{key}: {what}") for what in (*_wrong_key(key), *_wrong_facts(table))]
    entry = Entry(_identified(key, prefix), where)
    for name in _TEXTS:
        setattr(entry, name, table.get(name))
    entry.geonames = table.get("geonames")
    entry.valid_from, entry.valid_to = table.get("from"), table.get("to")
    entry.common, entry.roles = table.get("common") is True, _list(table.get("roles", []))
    entry.off = table.get("never") is True
    if entry.part_of is not None:
        entry.part_of = _identified(str(entry.part_of), prefix)
    known = {*_FORMS, *_DATES, *_TEXTS, "geonames", "common", "roles"}
    named = {name: value for name, value in table.items() if name not in known}
    forms: list[tuple[str, Names, Any]] = [("", entry.names, named)]
    forms += [(form, getattr(entry, form), table[form]) for form in _FORMS if form in table]
    for form, target, given in forms:
        if form == "never" and given is True:
            continue
        if not isinstance(given, dict):
            wrong.append(Problem(where, f"{key}: {form} takes a table of languages"))
            continue
        for language, names in given.items():
            flaw = _wrong_names(language, names)
            if flaw:
                wrong.append(Problem(where, f"{key}: {f'{form}.' if form else ''}{language} {flaw}"))
            else:
                target[language] = [tidy(name, language) for name in names]
    return entry, wrong


def _identified(key: str, prefix: str) -> str:
    return key if ":" in key else prefix + key


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _wrong_key(key: str) -> Iterator[str]:
    if len(key) > MAX_KEY_CHARS or not (_KEY.fullmatch(key) or _ID.fullmatch(key)):
        yield "a key is lower-case words with hyphens, or an id like iso3166:UZ"


def _wrong_facts(table: Mapping[str, Any]) -> Iterator[str]:
    for name in _TEXTS:
        if name in table and not isinstance(table[name], str):
            yield f"{name} takes a string"
            return
    if "kind" in table and table["kind"] not in KINDS:
        yield f"there is no kind {table['kind']!r}; there are {', '.join(KINDS)}"
    if "country" in table and not _COUNTRY.fullmatch(table["country"]):
        yield f"country takes two capitals like UZ, not {table['country']!r}"
    if "wikidata" in table and not _WIKIDATA.fullmatch(table["wikidata"]):
        yield f"wikidata takes an id like Q265, not {table['wikidata']!r}"
    for name in _DATES:
        if name in table and type(table[name]) is not date:
            yield f"{name} takes a day like 2016-12-14"
    if "geonames" in table and type(table["geonames"]) is not int:
        yield "geonames takes a number"


def _wrong_names(language: str, names: object) -> str | None:
    if language not in (*LANGUAGES, *UNTOLD):
        return f"is no language; there are {', '.join(LANGUAGES)}"
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return "takes a list of names"
    if not names or not all(any(c.isalnum() for c in name) for name in names):
        return "holds an empty name"
    if len(names) > MAX_NAMES or any(len(name) > MAX_NAME_CHARS for name in names):
        return f"takes at most {MAX_NAMES} names of {MAX_NAME_CHARS} characters"
    if any("\n" in name for name in names):
        return "holds a name of two lines"
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    return f"has {twice!r} twice" if twice else None
