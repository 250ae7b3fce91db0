"""An operator's own list beside the built-in knowledge: read from TOML or CSV, checked, joined."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from services.contracts.folding import fold
from services.enricher.knowledge.base import Known, is_acronym, load
from services.enricher.knowledge.entries import Entry, Problem, entry_of, known, read
from services.enricher.knowledge.spelling import Names, in_both_scripts

MAX_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_PROBLEMS = 50
"""That are told at once."""
PREFIX = "own:"
COLUMNS = ("id", "kind", "language", "name")
_FACTS = ("kind", "country", "part_of", "wikidata")


@dataclass(frozen=True, slots=True)
class Clash:
    """A name of an own entry that something else bears in the same language."""

    where: str
    id: str
    language: str
    name: str
    other: str

    def __str__(self) -> str:
        return f"{self.where}: {self.name} ({self.language}) of {self.id} is a name of {self.other} too"


class BadList(ValueError):
    """An own list that cannot be used; its text names each thing that is wrong, with its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - MAX_PROBLEMS
        super().__init__("\n".join([*problems[:MAX_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]))
        self.problems = tuple(problems)


def read_list(file: Path) -> list[Entry]:
    """The entries of an own list. Raises OSError when it can't be read, BadList when something is wrong in it."""
    if file.suffix.lower() not in (".toml", ".csv"):
        raise BadList([f"{file.name}: a list ends in .toml or .csv"])
    with file.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadList([f"{file.name}: a list has at most {MAX_BYTES} bytes"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadList([f"{file.name}:{line}: the text is not UTF-8"]) from None
    try:
        entries, problems = (
            _from_csv(text, file.name) if file.suffix.lower() == ".csv" else read(text, file.name, PREFIX)
        )
    except ValueError as error:
        raise BadList([f"{file.name}: {error}"]) from None
    if len(entries) > MAX_ENTRIES:
        raise BadList([f"{file.name}: a list has at most {MAX_ENTRIES} entries, this has {len(entries)}"])
    if problems:
        raise BadList([str(problem) for problem in problems])
    return entries


def checked(file: Path) -> list[Clash]:
    """The clashes of a list that can be used. Raises ValueError when it can't."""
    try:
        entries = read_list(file)
    except OSError as error:
        raise BadList([f"{file}: {error.strerror}"]) from None
    built_in = load()
    if problems := unfit(built_in, entries):
        raise BadList([str(problem) for problem in problems])
    return clashes(built_in, entries)


def unfit(built_in: Sequence[Known], entries: Iterable[Entry]) -> list[Problem]:
    """What is wrong with own entries beside the built-in ones: a new one without kind or name, `never` of nothing."""
    ids = {one.id: one for one in built_in}
    found = []
    for entry in entries:
        there = ids.get(entry.id)
        if there is None:
            if entry.off or entry.never:
                found.append(Problem(entry.where, f"{entry.id}: there is no such id to take names from"))
            elif entry.kind is None:
                found.append(Problem(entry.where, f"{entry.id} is new: it needs a kind"))
            elif not (entry.names or entry.quoted):
                found.append(Problem(entry.where, f"{entry.id} is new: it needs a name"))
        elif entry.kind not in (None, there.kind):
            found.append(Problem(entry.where, f"{entry.id} is a {there.kind}, not a {entry.kind}"))
        else:
            for language, names in in_both_scripts(entry.never).items():
                missing = [name for name in names if name not in there.aliases.get(language, ())]
                if missing and language in entry.never:
                    found.append(Problem(entry.where, f"{entry.id} has no name {missing[0]} in {language}"))
    return found


def clashes(built_in: Iterable[Known], entries: Sequence[Entry]) -> list[Clash]:
    """Names that the own list shares with something else, built in or its own."""
    own: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        for language, names in in_both_scripts(entry.names).items():
            for key in dict.fromkeys(_key(name) for name in names):
                own.setdefault((language, key), []).append(entry)
    languages = {language for language, _ in own}
    among_own = [
        Clash(second.where, second.id, language, key, bearers[0].id)
        for (language, key), bearers in own.items()
        for second in bearers[1:]
    ]
    with_built_in = [
        Clash(entry.where, entry.id, language, alias, one.id)
        for one in built_in
        for language, aliases in one.aliases.items()
        if language in languages
        for alias in aliases
        for entry in own.get((language, _key(alias)), ())
        if entry.id != one.id
    ]
    return among_own + with_built_in


def joined(built_in: Sequence[Known], entries: Sequence[Entry]) -> tuple[Known, ...]:
    """Own entries first, then the built-in ones, without the names that an own entry bears in the same language.

    An entry of a built-in id adds to it, `never` takes from it. Raises BadList for what `unfit` finds.
    """
    if problems := unfit(built_in, entries):
        raise BadList([str(problem) for problem in problems])
    there = {one.id for one in built_in}
    adding = {entry.id: entry for entry in entries if entry.id in there}
    taken: dict[str, set[tuple[str, str]]] = {}
    for clash in clashes(built_in, entries):
        taken.setdefault(clash.other, set()).add((clash.language, clash.name))
    new = [known(entry) for entry in entries if entry.id not in there]
    borne = {(lang, _key(n)) for entry in entries for lang, names in entry.names.items() for n in names}
    kept = []
    for one in built_in:
        own = adding.get(one.id)
        if own is not None and own.off:
            continue
        if own is not None or one.id in taken:
            one = _changed(one, own or Entry(one.id), taken.get(one.id, set()))
        if one.local:
            never = own.never if own is not None else {}
            one = replace(one, local=_local(one.local, borne, never))
        if one.aliases or one.quoted:
            kept.append(one)
    return (*new, *kept)


def _local(names: Mapping[str, Sequence[str]], borne: set[tuple[str, str]], never: Names) -> dict[str, tuple[str, ...]]:
    """An office's names without its country's, but for those that an own entry bears or forbids."""
    return {
        language: tuple(n for n in own if (language, _key(n)) not in borne and n not in never.get(language, ()))
        for language, own in names.items()
    }


def _changed(one: Known, own: Entry, taken: set[tuple[str, str]]) -> Known:
    never = in_both_scripts(own.never)
    added = {language: tuple(names) for language, names in in_both_scripts(own.names).items()}
    aliases = {
        language: tuple(name for name in names if name not in never.get(language, ()) and (language, name) not in taken)
        for language, names in one.aliases.items()
    }
    return replace(
        one,
        names={language: names[0] for language, names in added.items()} | one.names,
        aliases={language: names for language, names in _both(aliases, added).items() if names},
        adjectives=_both(one.adjectives, in_both_scripts(own.adjectives)),
        inhabitants=_both(one.inhabitants, in_both_scripts(own.inhabitants)),
        quoted=_both(one.quoted, in_both_scripts(own.quoted)),
        local=_both(one.local, in_both_scripts(own.local)),
        common=one.common or own.common,
    )


def _both(first: Mapping[str, Sequence[str]], second: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {
        language: tuple(dict.fromkeys((*first.get(language, ()), *second.get(language, ()))))
        for language in dict.fromkeys((*first, *second))
    }


def _key(name: str) -> str:
    return name if is_acronym(name) else fold(name)


def _from_csv(text: str, file: str) -> tuple[list[Entry], list[Problem]]:
    """Rows of a table with a header; rows of one id are joined."""
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",")
    header = [cell.strip().lower() for cell in next(rows, [])]
    if missing := [column for column in COLUMNS if column not in header]:
        return [], [Problem(f"{file}:1", f"the header lacks {', '.join(missing)}")]
    if unknown := [cell for cell in header if cell and cell not in (*COLUMNS, *_FACTS, "alias")]:
        return [], [Problem(f"{file}:1", f"there is no column {unknown[0]}")]
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                problems += _take(entries, header, row, f"{file}:{rows.line_num}")
    except csv.Error as error:
        problems.append(Problem(f"{file}:{rows.line_num}", str(error)))
    return list(entries.values()), problems


def _take(entries: dict[str, Entry], header: list[str], row: list[str], where: str) -> Iterator[Problem]:
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=False) if name != "alias"}
    aliases = [cell.strip() for i, cell in enumerate(row) if (header[i] if i < len(header) else "alias") == "alias"]
    names = [cells.get("name", ""), *(alias for alias in aliases if alias)]
    table: dict[str, object] = {name: cells[name] for name in _FACTS if cells.get(name)}
    entry, wrong = entry_of(cells.get("id", ""), {**table, cells.get("language", ""): names}, where, PREFIX)
    if wrong:
        yield from wrong
        return
    there = entries.setdefault(entry.id, entry)
    if there is entry:
        return
    for language, own in entry.names.items():
        for name in own:
            if name in there.names.get(language, ()):
                yield Problem(where, f"{cells['id']}: {language} has {name!r} twice")
                return
    there.join(entry)
