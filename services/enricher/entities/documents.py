"""Documents in a text: symbols of the United Nations and acts of the region, one id for all spellings; declarations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, lower, same_length

MAX_DOCUMENTS = 500
"""Of one text; what comes later is not read."""
_SURE, _LIKELY = 0.95, 0.75
_OF_A_PLACE = re.compile(
    r"(?<![\w-])[А-ЯЁ][а-яё-]{2,30}ск(?:ая|ое|ий|ой|ую|ого|ому|им|ом|ие|их|ими) "
    r"(?:деклараци|конвенци|соглашени|протокол|хартии|хартия|пакт)[а-я]{0,3}(?: \d{4} года)?(?![\w-])"
)
_TABLES = Path(__file__).with_name("documents.toml")
_OF_THE_COUNCIL = "S/RES/"
_NOT_THE_COUNCIL = "assembly"
_SYMBOL = re.compile(
    # A body, then parts: /RES/72/165, /64/L.69, /2024/12/Add.1; the year of a council's resolution in brackets.
    r"(?<![\w/])(?:A|S|E|ST|TD|CCPR|CAT|CEDAW|CERD|CESCR|CMW|CRC|CRPD|CED|DP|FCCC|HSP|ICCD|ITH|SAICM|UNEP|UNW|WHA)"
    r"(?:/[A-Z0-9][A-Za-z0-9-]{0,15}(?:\.[A-Z0-9][A-Za-z0-9]{0,9})?){1,7}+(?:[ ]?\((?:19|20)\d\d\))?(?![\w/])"
)


@dataclass(frozen=True)
class _Kind:
    """One sort of act: how it is written before or after its number, and what its id begins with."""

    pattern: re.Pattern[str]
    id: str
    capitals: bool


def find(text: Text) -> list[Found]:
    """Every document with a number, in order.

    Ids: `un:A/64/L.69`, `un:S/RES/1373`, `uz:PQ-60`, `kz:155-VII-ZRK`, `ru:123-FZ`. Acts and resolutions of the
    Security Council carry no year, for the text seldom gives one.
    """
    found = sorted(
        (*_symbols(text), *_acts(text), *_resolutions(text), *_of_places(text)), key=lambda f: (f.start, -f.end)
    )
    kept: list[Found] = []
    for one in found:
        if (not kept or one.start >= kept[-1].end) and len(kept) < MAX_DOCUMENTS:
            kept.append(one)
    return kept


def _symbols(text: Text) -> Iterator[Found]:
    for match in _SYMBOL.finditer(text.cased):
        symbol = match[0].replace(" ", "")
        if sum(c.isdigit() for c in symbol) and symbol.count("/") + symbol.count("(") > 1:
            number = symbol.partition("(")[0] if symbol.startswith(_OF_THE_COUNCIL) else symbol
            yield Found(match.start(), match.end(), "DOC", "rule", _SURE, f"un:{number}", name=symbol, kind="document")


def _resolutions(text: Text) -> Iterator[Found]:
    """Resolutions by their number, in a text that names the Security Council; those of other bodies are left out."""
    words = _resolution_words()
    if not words.council.search(text.low):
        return
    for pattern in (words.before, words.behind):
        for match in pattern.finditer(text.low):
            id_ = f"un:{_OF_THE_COUNCIL}{int(match['number'])}"
            name = text.original[match.start() : match.end("name")]
            yield Found(match.start(), match.end(), "DOC", "rule", _SURE, id_, name=name, kind="document")


def _of_places(text: Text) -> Iterator[Found]:
    """Declarations and agreements that Russian calls by the place where they were made: Кувейтская декларация."""
    if text.primary == "ru":
        for match in _OF_A_PLACE.finditer(text.cased):
            yield Found(match.start(), match.end(), "DOC", "shape", _LIKELY, kind="document")


def _acts(text: Text) -> Iterator[Found]:
    for kind in _kinds():
        for match in kind.pattern.finditer(text.low):
            start = match.start()
            if kind.capitals and not text.cased[match.start("mark") : match.end("mark")].isupper():
                continue
            number = match["number"].upper()
            id_ = kind.id.replace("{number}", number)
            name = text.original[start : match.end("name")]
            yield Found(start, match.end(), "DOC", "rule", _SURE, id_, name=name, kind="act")


@dataclass(frozen=True)
class _Resolutions:
    """How resolutions of the Security Council are named, in all languages."""

    council: re.Pattern[str]
    before: re.Pattern[str]
    behind: re.Pattern[str]


@lru_cache(maxsize=1)
def _resolution_words() -> _Resolutions:
    table = tomllib.loads(_TABLES.read_text(encoding="utf-8"))["resolutions"]
    council, words = _any(table["council"]), _any(table["before"])
    year = r"(?:[ ]?\((?:19|20)\d\d\))?"
    number = r"(?P<number>\d{3,4})"
    named = rf"(?:(?:{council})\w{{0,4}}[ ])?(?:{words})\w{{0,3}}[ ](?:{council}[ ])?"
    before = rf"{named}(?:no\.? ?|№ ?)?{number}{year}"
    behind = rf"{number}(?:[- ]?(?:{_any(table['number'])}))?[- ](?:{_any(table['behind'])})"
    return _Resolutions(
        re.compile(rf"(?<!\w)(?:{council})"),
        re.compile(rf"(?<!\w)(?<!{_NOT_THE_COUNCIL} )(?P<name>{before})(?![\w/-])"),
        re.compile(rf"(?<![\w-])(?P<name>{behind})[\w']{{0,6}}"),
    )


@lru_cache(maxsize=1)
def _kinds() -> tuple[_Kind, ...]:
    tables = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    return tuple(kind for table in tables["acts"].values() for kind in _read(table))


def _read(table: Mapping[str, list[Any]]) -> Iterator[_Kind]:
    ends = "|".join(re.escape(lower(same_length(end))) for end in sorted(table.get("after", ()), key=len, reverse=True))
    tail = rf"(?:-?(?:{ends})(?!\w))?" if ends else ""
    for id_, *marks in table.get("before", ()):
        yield _Kind(_compiled(rf"(?P<mark>{_any(marks)})[ ]?(?:-|№|n)?[ ]?(?P<number>\d{{1,5}})", tail), id_, True)
    for id_, *marks in table.get("behind", ()):
        number = r"(?:№[ ]?)?(?P<number>\d{1,4}(?:-[ivx]{1,5})?)"
        yield _Kind(_compiled(rf"{number}[- ]{{1,3}}(?P<mark>{_any(marks)})", tail), id_, True)


def _compiled(core: str, tail: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?P<name>{core}){tail}(?![\w/])")


def _any(marks: list[str]) -> str:
    return "|".join(re.escape(lower(same_length(m))) for m in sorted(marks, key=len, reverse=True))
