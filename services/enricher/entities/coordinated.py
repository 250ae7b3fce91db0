"""Regions and districts that share one word for what they are: Andijon, Fargʻona va Namangan viloyatlari."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text

MAX_ROWS = 200
"""Of one text; what comes later is not read."""
_KINDS = frozenset({"region", "district"})
_NAME = r"[^\W\d_a-zа-яёәғқңөұүһіўҳӣӯҷäňöşüýžç][\w'’-]{1,30}"
_NAMES = rf"{_NAME}(?: {_NAME})?"
_ADJECTIVE = r"[А-ЯЁ][а-яё]{2,20}(?:-[А-ЯЁ][а-яё]{2,20})?"
_MAX_NAMES = 12


@dataclass(frozen=True)
class _Shared:
    """How a language names several places of one kind: words for `and`, for the kind of many, and one's whole name."""

    ands: str
    kinds: tuple[tuple[str, str], ...]
    """What stands behind the last name (before the first one in Tajik), and how one of them is called, {} its name."""
    name: str = _NAMES
    ending: str = r"[\w']{0,12}"
    first: bool = False
    """The word for the kind comes first."""
    whole: bool = False
    """The word for the kind belongs to the last one's name, as in the corpora that the Russian model learnt from."""


_LANGUAGES = {
    "uz": _Shared(
        "va|hamda|ва|ҳамда",
        (
            ("viloyatlari", "{} viloyati"), ("tumanlari", "{} tumani"),
            ("вилоятлари", "{} вилояти"), ("туманлари", "{} тумани"),
        ),
    ),
    "kk": _Shared("және|мен|бен|пен", (("облыстары", "{} облысы"), ("аудандары", "{} ауданы"))),
    "ky": _Shared("жана|менен", (("облустары", "{} облусу"), ("райондору", "{} району"))),
    "tk": _Shared("we|bilen", (("welaýatlary", "{} welaýaty"), ("etraplary", "{} etraby"))),
    "tg": _Shared("ва", (("вилоятҳои", "вилояти {}"), ("ноҳияҳои", "ноҳияи {}")), first=True),
    "en": _Shared(
        "and|or",
        (
            ("regions", "{} Region"), ("provinces", "{} Province"),
            ("districts", "{} District"), ("oblasts", "{} Region"),
        ),
        ending="",
    ),
    "ru": _Shared(
        "и|или",
        (("област(?:и|ей|ям|ями|ях)", "{}ая область"), ("район(?:ы|ов|ам|ами|ах)", "{}ий район")),
        name=rf"{_ADJECTIVE}(?<=ск)(?:ая|ой|ую|ою|ий|ого|ому|им|ом)",
        ending="",
        whole=True,
    ),
}  # fmt: skip
_RUSSIAN_ENDING = re.compile("(?:ая|ой|ую|ою|ий|ого|ому|им|ом)$")


def find(text: Text, known: Callable[[str], Found | None]) -> Iterator[Found]:
    """The listed ones of each such row, in order; `known` says which place a whole name is."""
    shared = _LANGUAGES.get(text.primary)
    if shared is None:
        return
    for kind, template in shared.kinds:
        for row, _ in zip(_row(shared, kind).finditer(text.cased), range(MAX_ROWS), strict=False):
            names = list(re.finditer(rf"(?!(?:{shared.ands})\b){shared.name}", row["names"]))
            for name in names:
                start, end = row.start("names") + name.start(), row.start("names") + name.end()
                last = name is names[-1]
                for part in _parts(text.cased, start, end):
                    place = known(template.format(_stem(text, text.original[part:end])))
                    if place is not None and place.kind in _KINDS:
                        ends = row.end() if last and shared.whole else end
                        yield replace(place, start=part, end=ends, stem_end=None, confidence=1.0)
                        break


def _row(shared: _Shared, kind: str) -> re.Pattern[str]:
    names = rf"(?P<names>{shared.name}(?:, {shared.name}){{0,{_MAX_NAMES}}},? (?:{shared.ands}) {shared.name})"
    row = rf"{kind} {names}" if shared.first else rf"{names} {kind}{shared.ending}"
    return re.compile(rf"(?<![\w'-]){row}(?![\w'-])")


def _parts(cased: str, start: int, end: int) -> Iterator[int]:
    """Where the name may begin: with its first word or, where that opens the sentence, with the second one."""
    yield start
    second = cased.find(" ", start, end)
    if second >= 0:
        yield second + 1


def _stem(text: Text, name: str) -> str:
    return _RUSSIAN_ENDING.sub("", name) if text.primary == "ru" else name
