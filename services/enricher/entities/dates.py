"""Dates in a text, normalised to ISO 8601 against the article's own day."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.contracts.articles import Granularity
from services.contracts.calendars import SOLAR_YEARS, from_solar_hijri
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, lower, same_length

MAX_DATES = 2_000
"""Of one text; what comes later is not read. News has a few dozen."""
YEARS = range(1000, 2200)
_SURE, _INFERRED, _SAID = 0.95, 0.85, 0.8
"""Confidence of a date that is written whole, of one whose year follows from the article's day, of `yesterday`."""
_UNKNOWN_LANGUAGE = "en"
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_SP = r"[ ]{1,2}"
_PLURAL = "[lлдт][aeае][rр]"
"""Coming years are no year."""
_DAY = r"(?<![\d.,/:'-])(?:(?P<d0>0?[1-9]|[12]\d|3[01])[ ]?-[ ]?)?(?P<d>0?[1-9]|[12]\d|3[01])(?!\d)"
_TILL = r"(?:[ ]?-[ ]?(?P<d1>0?[1-9]|[12]\d|3[01])(?![\d:]))?"
_YEAR = r"(?P<y>[12]\d{3})(?!\d)"
_NUMERIC = (
    (
        r"(?<![\d-])(?P<y>[12]\d{3})-(?P<mn>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])"
        r"(?:[t ](?P<time>[0-2]\d:[0-5]\d)(?!\d))?(?![\d-])"
    ),
    r"(?<![\d./-])(?P<d>0?[1-9]|[12]\d|3[01])(?P<mark>[./-])(?P<mn>0?[1-9]|1[0-2])(?P=mark)(?P<y>[12]\d{3})(?![\d/-]\d|\d)",
)


_FROM_NOW = {"sd": "days", "sw": "weeks_from_now", "sm": "months_from_now", "sy": "years"}
_Value = tuple[str, Granularity, float]
"""ISO 8601, how exact it is, how sure."""


@dataclass(frozen=True)
class _Grammar:
    """The expressions of one language, the most telling first, and what their words mean."""

    patterns: tuple[re.Pattern[str], ...]
    months: Mapping[str, int]
    solar: Mapping[str, int]
    weekdays: Mapping[str, int]
    from_now: Mapping[str, Mapping[str, int]]
    """By sd, sw, sm, sy: words for days, weeks, months, years that are counted from the article's own."""


def find(text: Text) -> list[Found]:
    """Every date that can be given a value, in order; none overlaps another.

    A day without a year takes the year that brings it nearest to the article's day; without an article's day its value
    is `--05-26`, and `yesterday` is no date. Values are days, months, years, or intervals with a slash.
    """
    grammar = _grammars().get(text.primary) or _grammars()[_UNKNOWN_LANGUAGE]
    low = text.low.translate(_DIGITS)
    taken = bytearray(len(low))
    found: list[Found] = []
    for pattern in grammar.patterns:
        for match in pattern.finditer(low):
            start, end = match.span()
            if len(found) < MAX_DATES and not any(taken[start:end]):
                dated = _dated(match, grammar, text)
                if dated is not None:
                    taken[start:end] = b"\1" * (end - start)
                    found.append(dated)
    return sorted(found, key=lambda f: f.start)


def _dated(match: re.Match[str], grammar: _Grammar, text: Text) -> Found | None:
    parts = match.groupdict()
    name = parts.get("m")
    if name and text.primary == "en" and not text.cased[match.start("m")].isupper():
        return None
    today = text.published
    read = _said(parts, grammar, today) if _is_said(parts) else _written(parts, grammar, today)
    if read is None:
        return None
    value, granularity, confidence = read
    start = match.end("before") if parts.get("before") else match.start()
    return Found(start, match.end(), "DATE", "rule", confidence, f"date:{value}",
                 value=value, granularity=granularity)  # fmt: skip


def _is_said(parts: Mapping[str, str | None]) -> bool:
    return any(parts.get(name) for name in ("sd", "sw", "sm", "weekday")) or bool(
        parts.get("sy") and not parts.get("m")
    )


def _said(parts: Mapping[str, str | None], grammar: _Grammar, today: date | None) -> _Value | None:
    """`Yesterday`, `on Friday`, `last week`, `last year`: nothing without a day to count from.

    A week is an interval of days, Monday to Sunday.
    """
    if today is None:
        return None
    if year := parts.get("sy"):
        return f"{today.year + grammar.from_now['sy'][_spaced(year)]}", "year", _SAID
    if month := parts.get("sm"):
        years, month_index = divmod(today.month - 1 + grammar.from_now["sm"][_spaced(month)], 12)
        return f"{today.year + years}-{month_index + 1:02d}", "month", _SAID
    if week := parts.get("sw"):
        monday = today + timedelta(days=7 * grammar.from_now["sw"][_spaced(week)] - today.weekday())
        return f"{monday}/{monday + timedelta(days=6)}", "day", _SAID
    if day := parts.get("sd"):
        return (today + timedelta(days=grammar.from_now["sd"][_spaced(day)])).isoformat(), "day", _SAID
    back = (today.weekday() - grammar.weekdays[_spaced(parts["weekday"] or "")]) % 7
    return (today - timedelta(days=back)).isoformat(), "day", _SAID


def _written(parts: Mapping[str, str | None], grammar: _Grammar, today: date | None) -> _Value | None:
    name = _spaced(parts.get("m") or "")
    solar = name in grammar.solar
    number = parts.get("mn")
    month = int(number) if number else grammar.solar.get(name) or grammar.months.get(name)
    first, last = parts.get("d0") or parts.get("d"), parts.get("d1") or parts.get("d")
    year = int(parts["y"] or 0) if parts.get("y") else None
    if parts.get("sy"):
        if today is None:
            return None
        year = today.year + grammar.from_now["sy"][_spaced(parts["sy"] or "")]
    try:
        if year is not None and year in SOLAR_YEARS and (solar or not name):
            return _solar(year, month, first)
        if solar or (year is not None and year not in YEARS):
            return None
        return _gregorian(year, month, first, last, parts, today)
    except ValueError:  # 31 June
        return None


def _gregorian(
    year: int | None, month: int | None, first: str | None, last: str | None,
    parts: Mapping[str, str | None], today: date | None,
) -> _Value | None:  # fmt: skip
    if month is None:
        if until := parts.get("y2"):
            return (f"{year}/{until}", "year", _SURE) if year and year < int(until) else None
        return f"{year}", "year", _SURE
    confidence = _SURE
    day = int(first) if first else None
    if year is None and today is not None:
        year, confidence = _nearest(month, day or 15, today), _INFERRED
    if day is None:
        return (f"{year}-{month:02d}" if year else f"--{month:02d}"), "month", confidence
    date(year or 2024, month, day)  # raises where there is no such day; 2024 has a 29 February
    begins = f"{year}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"
    if time := parts.get("time"):
        return f"{begins}T{time}", "time", confidence
    if last and last != first:
        date(year or 2024, month, int(last))
        if int(last) < day:
            return None
        return f"{begins}/{begins[:-2]}{int(last):02d}", "day", confidence
    return begins, "day", confidence


def _solar(year: int, month: int | None, day: str | None) -> _Value:
    """A year or a month of the solar Hijri calendar is an interval of days of ours."""
    if month and day:
        return from_solar_hijri(year, month, int(day)).isoformat(), "day", _SURE
    begins = from_solar_hijri(year, month or 1, 1)
    after = from_solar_hijri(*(year, month + 1, 1) if month and month < 12 else (year + 1, 1, 1))
    return f"{begins}/{after - timedelta(days=1)}", "month" if month else "year", _SURE


def _nearest(month: int, day: int, today: date) -> int:
    """The year in which the day is nearest to today; the past one of two that are as near."""

    def away(year: int) -> int:
        try:
            return abs((date(year, month, day) - today).days)
        except ValueError:  # 29 February
            return abs((date(year, month, 28) - today).days)

    return min((today.year, today.year - 1, today.year + 1), key=away)


@lru_cache(maxsize=1)
def _grammars() -> dict[str, _Grammar]:
    tables = tomllib.loads(Path(__file__).with_name("dates.toml").read_text(encoding="utf-8"))
    return {language: _grammar(table) for language, table in tables.items()}


def _grammar(table: Mapping[str, Any]) -> _Grammar:
    months, solar = _numbered(table["months"], 1), _numbered(table.get("solar", ()), 1)
    weekdays = _numbered(table["weekdays"], 0)
    from_now = {group: _folded(table.get(name, {})) for group, name in _FROM_NOW.items()}
    return _Grammar(
        tuple(re.compile(p) for p in (*_NUMERIC, *_patterns(table, [*months, *solar], weekdays, from_now))),
        months,
        solar,
        weekdays,
        from_now,
    )


def _patterns(
    table: Mapping[str, Any],
    months: Sequence[str],
    weekdays: Mapping[str, int],
    from_now: Mapping[str, Mapping[str, int]],
) -> Iterator[str]:
    tail = rf"(?:{_any(table['endings'])})?(?![\w'])" if table["endings"] else r"(?!\w)"
    ordinal = rf"(?:[-']?(?:{_any(table['ordinal'])}))?" if table["ordinal"] else ""
    name = rf"(?P<m>{_any(months)}){tail}"
    rest = r"[\w']{0,8}+"
    word = rf"[- ]?(?:{_any(table['year'])}){rest}" if table["year"] else ""
    named = rf"(?:{_any(table.get('before_year', ()))}){_SP}" if table.get("before_year") else ""
    said_year = rf"(?<!\w)(?P<sy>{_any(from_now['sy'])})(?!{_PLURAL}){rest}"
    ending = r"(?:'[^\W\d_]{1,4}+)?" if table.get("ending_on_year") else ""
    year = rf"(?:(?:{named})?{_YEAR}{ordinal}(?:{word})?{ending}|{said_year})"
    gap = rf"(?:,?{_SP})" if table.get("month_first") else rf"(?:{_SP}(?:de{_SP})?)"
    month_word = rf"(?:{_SP}(?:{_any(table['month_word'])}){rest})?" if table["month_word"] else ""
    day_end = rf"(?:{_any(table['endings'])}|[iі])?(?!\w)"
    day_word = rf"(?:{_SP}(?:{_any(table['day_word'])}){day_end})?" if table["day_word"] else ""
    of = rf"(?:[- ]|{_SP}(?:of|de|ой|oy){_SP})"
    if word:
        yield rf"(?<![\d-])(?:{_YEAR}{ordinal}{word}|{said_year}){_SP}{_DAY}{ordinal}{of}{name}{day_word}"
    yield rf"{_DAY}{ordinal}{of}{name}{gap}{year}"
    if table.get("month_first"):
        yield rf"(?<!\w){name}\.?{_SP}(?P<d>0?[1-9]|[12]\d|3[01])(?!\d){ordinal}{_TILL},?{_SP}{_YEAR}"
    yield rf"{_DAY}{ordinal}{of}{name}{day_word}"
    if table.get("month_first"):
        yield rf"(?<!\w){name}\.?{_SP}(?P<d>0?[1-9]|[12]\d|3[01])(?![\d:]){ordinal}{_TILL}"
    if word:
        yield rf"(?<![\d-])(?:{_YEAR}{ordinal}{word}|{said_year}){_SP}{name}{month_word}"
    yield rf"(?<!\w){name}{month_word}{gap}{year}"
    yield from _years(table, ordinal, word, named)
    if table["month_word"]:
        yield rf"(?<![\w-]){name}{month_word.removesuffix('?')}"
    if table.get("before_month"):
        yield rf"(?<!\w)(?:{_any(table['before_month'])}){_SP}{name}"
    if table.get("month_after"):
        yield rf"(?<!\w)(?P<before>(?:{_any(table['month_after'])}){_SP}){name}"
    yield said_year
    for group in ("sm", "sw"):
        if from_now[group]:
            yield rf"(?<!\w)(?P<{group}>{_any(from_now[group])}){tail}"
    yield rf"(?<!\w)(?P<sd>{_any(from_now['sd'])})(?!\w)"
    if table.get("weekday_after"):
        yield rf"(?<!\w)(?P<before>(?:{_any(table['weekday_after'])}){_SP})(?P<weekday>{_any(weekdays)})(?!\w)"
    if table["day_word"]:
        yield rf"(?<!\w)(?P<weekday>{_any(weekdays)}){day_word.removesuffix('?')}"


def _years(table: Mapping[str, Any], ordinal: str, word: str, named: str) -> Iterator[str]:
    """A year alone, or from one to another, where a word says that it is one."""
    till = r"(?:[ ]?-[ ]?(?P<y2>[12]\d{3}))"
    if word:
        yield rf"(?<![\d-]){_YEAR}{ordinal}{till}{ordinal}{word}"
        yield rf"(?<![\d-]){_YEAR}{ordinal}{word}"
    if named:
        yield rf"(?<!\w){named}{_YEAR}{till}?"
    if after := table.get("year_after"):
        yield rf"(?<!\w)(?P<before>(?:{_any(after)}){_SP}){_YEAR}{till}?(?![\d-]|[.,]\d)"


def _numbered(names: Sequence[str], first: int) -> dict[str, int]:
    return {
        lower(same_length(name)): number for number, several in enumerate(names, first) for name in several.split("|")
    }


def _folded(meaning: Mapping[str, int]) -> dict[str, int]:
    return {lower(same_length(word)): number for word, number in meaning.items()}


def _any(words: Sequence[str] | Mapping[str, int]) -> str:
    """One of the words, the longest first; a space in one is one or two in a text."""
    folded = {lower(same_length(word)) for word in words}
    return "|".join(re.escape(word).replace(r"\ ", _SP) for word in sorted(folded, key=lambda w: (-len(w), w)))


def _spaced(said: str) -> str:
    return " ".join(said.split())
