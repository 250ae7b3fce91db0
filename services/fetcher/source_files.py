"""Sources in files: the region pack, and what an operator writes or exports, as TOML or JSON."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.contracts.identity import BadUrl, canonical_url
from services.contracts.sources import Politeness, Source

MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_PROBLEMS_TOLD = 20
_ADDRESSES = ("feeds", "sitemaps", "index_pages")
_PARTS = frozenset({"defaults", "sources"})
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_COUNTRY = re.compile(r"[A-Z]{2}")


class SourceFileError(ValueError):
    """Files that can't be used as they are; one line for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - MAX_PROBLEMS_TOLD
        told = [*problems[:MAX_PROBLEMS_TOLD], *([f"and {more} more"] if more > 0 else [])]
        super().__init__("\n".join(told))


def countries() -> tuple[str, ...]:
    """The countries of the region pack, as two small letters each."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in _pack()))


def of_countries(wanted: Iterable[str]) -> list[Source]:
    """The region pack's sources of some countries. Raises SourceFileError for one that it does not hold."""
    names = dict.fromkeys(country.lower() for country in wanted)
    held = {file.name.removesuffix(".toml"): file for file in _pack()}
    if unknown := [name for name in names if name not in held]:
        raise SourceFileError([f"the region pack has no {name!r}; it has {', '.join(held)}" for name in unknown])
    return _together((held[name].name, held[name].read_bytes()) for name in names)


def read(*paths: Path) -> list[Source]:
    """The sources of TOML or JSON files, their ids unique over all of them. Raises SourceFileError.

    A file is a list called `sources`, or in JSON the list alone; `defaults` beside it counts for every source.
    """
    contents = []
    for path in paths:
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise SourceFileError([f"{path}: larger than {MAX_FILE_BYTES} bytes"])
            contents.append((str(path), path.read_bytes()))
        except OSError as error:
            raise SourceFileError([f"{path}: {error.strerror or error}"]) from None
    return _together(contents)


def as_toml(sources: Iterable[Source]) -> str:
    """The sources as a file that `read` takes."""
    return "\n".join(_entry_lines(source) for source in sources)


def as_json(sources: Iterable[Source]) -> str:
    """The sources as a JSON file that `read` takes."""
    return json.dumps([facts(source) for source in sources], ensure_ascii=False, indent=2)


def facts(source: Source) -> dict[str, Any]:
    """What a file says of a source: nothing that is as it would be anyway."""
    told: dict[str, Any] = source.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return told


def _pack() -> list[Traversable]:
    folder = files("services.fetcher").joinpath("sources")
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda file: file.name)


def _together(contents: Iterable[tuple[str, bytes]]) -> list[Source]:
    problems: list[str] = []
    found: dict[str, tuple[Source, str]] = {}
    for name, content in contents:
        try:
            entries = _entries(name, content)
        except SourceFileError as error:
            problems.append(str(error))
            continue
        for place, entry in entries:
            source, wrong = _source(entry)
            problems += [f"{place}: {problem}" for problem in wrong]
            if source is None:
                continue
            if source.id in found:
                problems.append(f"{place}: id: {source.id!r} stands in {found[source.id][1]} already")
            found[source.id] = source, place.partition(":")[0]
    if problems:
        raise SourceFileError(problems)
    return [source for source, _ in found.values()]


def _entries(name: str, content: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Each entry with its defaults, and where it stands. Raises SourceFileError for what is no such file."""
    try:
        text = content.decode("utf-8-sig")
        told: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceFileError([f"{name}: {error}"]) from None
    if isinstance(told, list):
        told = {"sources": told}
    if not isinstance(told, dict) or not isinstance(told.get("sources"), list):
        raise SourceFileError([f"{name}: it holds no list called sources"])
    if unknown := sorted(set(told) - _PARTS):
        raise SourceFileError([f"{name}: unknown: {', '.join(unknown)}"])
    defaults = told.get("defaults", {})
    entries = told["sources"]
    if not isinstance(defaults, dict) or not all(isinstance(entry, dict) for entry in entries):
        raise SourceFileError([f"{name}: defaults and each of sources must be tables"])
    return [
        (f"{name}: source {number} ({entry.get('id', 'without id')})", {**defaults, **entry})
        for number, entry in enumerate(entries, start=1)
    ]


def _source(entry: Mapping[str, Any]) -> tuple[Source | None, list[str]]:
    """The source that an entry describes, and what is wrong with it, each beginning with the field's name."""
    wrong = [f"{field}: there is no such field" for field in entry if field not in Source.model_fields]
    manners = entry.get("politeness")
    if isinstance(manners, dict):
        unknown = [field for field in manners if field not in Politeness.model_fields]
        wrong += [f"politeness.{field}: there is no such field" for field in unknown]
    try:
        source = Source.model_validate(entry)
    except ValidationError as error:
        return None, wrong + [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return source, wrong + list(doubts(source))


def doubts(source: Source) -> Iterable[str]:
    """What is wrong with a source that the contract lets pass: addresses, language, country, zone."""
    for field, urls in {"homepage": (source.homepage,), **{f: getattr(source, f) for f in _ADDRESSES}}.items():
        for url in urls:
            try:
                canonical_url(url)
            except BadUrl as error:
                yield f"{field}: {error}"
    if not any(getattr(source, field) for field in _ADDRESSES):
        yield f"feeds: nothing is watched without one of {', '.join(_ADDRESSES)}"
    if source.language is not None and not _LANGUAGE.fullmatch(source.language):
        yield f"language: {source.language!r} is not like uz, uz-Latn or pt-BR"
    if source.country is not None and not _COUNTRY.fullmatch(source.country):
        yield f"country: {source.country!r} is not two capital letters"
    if source.timezone is not None and not _is_zone(source.timezone):
        yield f"timezone: {source.timezone!r} is no IANA zone like Asia/Tashkent"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, no such file name, a folder of zones
        return False
    return True


def _entry_lines(source: Source) -> str:
    told = facts(source)
    tables = {name: value for name, value in told.items() if isinstance(value, dict)}
    lines = ["[[sources]]", *(f"{name} = {_value(value)}" for name, value in told.items() if name not in tables)]
    for name, table in tables.items():
        inner = ", ".join(f"{field} = {_value(value)}" for field, value in table.items())
        lines.append(f"{name} = {{ {inner} }}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # A JSON text, number or boolean is one of TOML too, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
