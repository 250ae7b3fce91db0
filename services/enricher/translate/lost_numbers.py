"""Which numbers of one text another one lacks, however either writes them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from services.enricher.translate.numbers import CLOCK_HOURS, YEAR_DIGITS, Figure, Numbers, romans, trimmed


def lacks(source: str, there: Numbers, here: Numbers) -> bool:
    """Whether a figure, a Roman numeral or a dated month of a source text has nothing in `here` that could be it."""
    have = _Index.of(here)
    counts = here.romans | here.words | have.centuries
    return (
        _lacks_figures(there, here, have)
        or any(value not in counts and not have.has(value) for value in romans(source, 2))
        or any(month not in here.months and not have.has(str(month)) for month in there.dated)
    )


def missing(there: Numbers, here: Numbers) -> bool:
    """Whether a figure of `there` has nothing in `here` that could be it."""
    return _lacks_figures(there, here, _Index.of(here))


def _lacks_figures(there: Numbers, here: Numbers, have: _Index) -> bool:
    wanted = Counter(figure.values or frozenset(figure.parts) for figure in there.figures)
    return not all(
        _found(figure, wanted[figure.values or frozenset(figure.parts)], there, here, have) for figure in there.figures
    )


@dataclass(frozen=True)
class _Index:
    figures: Counter[str]
    parts: frozenset[str]
    hours: frozenset[str]
    tails: frozenset[str]
    centuries: frozenset[str]
    """Of its years: the 20th for 1990."""

    @classmethod
    def of(cls, numbers: Numbers) -> _Index:
        return cls(
            figures=Counter(value for figure in numbers.figures for value in figure.values | figure.totals),
            parts=frozenset(part for figure in numbers.figures for part in figure.parts),
            hours=frozenset(
                hour for figure in numbers.figures if figure.clock for hour in (figure.parts[:1] or figure.mantissas)
            ),
            tails=frozenset(
                tail
                for figure in numbers.figures
                for tail in (figure.mantissas if figure.joined else figure.parts)
                if len(tail) <= 2
            ),
            centuries=frozenset(
                str(int(value[:2]) + 1) for figure in numbers.figures for value in figure.values if _is_year(value)
            ),
        )

    def has(self, value: str) -> bool:
        return bool(self.figures[value]) or value in self.parts


def _found(figure: Figure, times: int, there: Numbers, here: Numbers, have: _Index) -> bool:
    most = max((have.figures[value] for value in figure.values), default=0)
    if most >= times and figure.values:
        return True
    if any(value in here.words or value in have.parts or value in here.romans for value in figure.values):
        return True
    if figure.total and have.figures[figure.total]:
        return True
    if any(value.isdecimal() and int(value[:3]) in here.months - there.months for value in figure.values):
        return True  # 10-ئاي is October
    if most == 0 and any(_nearly(value, figure, here, have) for value in figure.mantissas):
        return True
    return bool(figure.parts) and all(
        part == "0"
        or have.has(part)
        or part in here.words
        or (part.isdecimal() and int(part[:3]) in here.months)
        or _nearly(part, figure, here, have)
        for part in figure.parts
    )


def _nearly(value: str, figure: Figure, here: Numbers, have: _Index) -> bool:
    """Whether another number means the same: 22:30 and half past ten, 1950-53, the 1970s and the seventies."""
    if not value.isdecimal() or len(value) > YEAR_DIGITS:
        return False
    if len(value) <= 2 and int(value) <= CLOCK_HOURS:
        other = str(int(value) + 12 if int(value) < 12 else int(value) - 12)
        if other in have.hours or (figure.clock and (have.has(other) or other in here.words)):
            return True
    if len(value) <= 2 and (figure.joined or figure.parts):
        value = value.zfill(2)
        return any(have.has(century + value) for century in ("18", "19", "20"))
    if not _is_year(value):
        return False
    tail = trimmed(value[2:])
    return tail in have.tails or (figure.joined and value.endswith("0") and tail in here.words)


def _is_year(value: str) -> bool:
    return value.isdecimal() and len(value) == YEAR_DIGITS and value[:2] in ("18", "19", "20")
