"""Read dates as news pages write them: ISO first, then day first, in numbers or with month names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple

from services.contracts.articles import EARLIEST_YEAR, DateSource, Instant
from services.contracts.calendars import SOLAR_YEARS, from_solar_hijri
from services.parser.dates import words
from services.parser.dates.months import month
from services.parser.dates.zones import beside, offset

Precision = Literal["day", "minute", "second"]

MAX_DATE_CHARS = 200
_LATEST = timedelta(days=1)
_CLOSE = 30
"""Characters between a date and its time, at most."""
_MOST_BETWEEN = 4
"""Words between the parts of a date."""
_MOST_GAP = 6
"""Spaces and marks between two words of a date."""
_WITHOUT_A_YEAR = timedelta(days=334)
"""How far back a day without a year can lie: eleven months."""
_MOST_RELATIVE_CHARS = 80
_MOST_AGO = timedelta(days=62)

ASCII_DIGITS = {ord(d): str(n) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for n, d in enumerate(digits)}
"""Persian and Arabic digits."""
_PLAIN = ASCII_DIGITS | {
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " "),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069"), " "),
    ord("‑"): "-", ord("−"): "-", ord("："): ":",
}  # fmt: skip
"""One character for one: invisible ones are spaces."""

_NUMERIC = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<by>[-/.])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})(?!\d)"
    r"|(?<![\d.,])(?P<first>\d{1,2})\s?(?P<sep>[./-])\s?(?P<second>\d{1,2})\s?(?P=sep)\s?"
    r"(?:(?P<full>\d{4})(?!:)(?!\d(?!\d?:\d))|(?P<short>\d{2})(?![\d:]))(?![./]\d)(?!-\d(?!\d?[:.]\d))"
    r"|(?<!\d)(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]"
)
_NO_DATE_BEFORE = re.compile(r"(?:\b(?:v|ver|version|версия|build|ios|№|ip)|[#№$€£])\.?:?\s?$", re.IGNORECASE)
_PHONE_BEFORE = re.compile(r"[\d+()]")
_TIME = re.compile(
    r"(?<![\d.:/])(?:"
    r"(?P<hour>[01]?\d|2[0-3])(?:\s?:\s?|h|H)(?P<minute>[0-5]\d)(?:\s?:\s?(?P<second>[0-5]\d)(?:[.,]\d{1,9}|:\d{3}(?!\d))?)?(?!\d|:\d)"
    r"(?:\s{0,2}(?P<half>[ap]\.?\s?m\b\.?|[بق]\.\s?ظ))?"
    r"|(?P<dotted>[01]?\d|2[0-3])[.:](?P<minutes>[0-5]\d)(?=\s?Uhr\b)"
    r"|(?P<round>1[0-2]|0?[1-9])\s?(?P<noon>[ap]\.?\s?m\b\.?)"
    r"|(?P<whole>[01]?\d|2[0-3])(?=\s?Uhr\b)"
    r")",
    re.IGNORECASE,
)
_AFTER_A_CLOCK_WORD = re.compile(
    r"(?<!\w)(?:kl|klo|kello|soat|saat|sagat|соат|сағат|саат|в|at|alle|ore|a las|às|ساعت)\.?\s"
    r"(?P<dotted>[01]?\d|2[0-3])\.(?P<minutes>[0-5]\d)(?![\d.]\d?)",
    re.IGNORECASE,
)
_MASK = "\0"
_AFTER_A_YEAR = re.compile(
    rf"(?:(?<=(?:19|20)\d\d)|(?<={_MASK * 4}))(?:\s?(?:г|й|ж|y)\b\.?)?,?\s{{1,2}}"
    r"(?P<dotted>[01]\d|2[0-3]|\d(?=\s?ч))(?:\.|\s?ч\.?\s?)(?P<minutes>[0-5]\d)(?![\d.]\d?)"
)
_UHR = re.compile(r"\s?Uhr\b", re.IGNORECASE)
_SHORT_DAY = re.compile(r"(?<![\d.:/,-])(0?[1-9]|[12]\d|3[01])([./])(0[1-9]|1[0-2])(?![\d:/-])(?!\.\d)")
_TOKEN = re.compile(r"\d+|[^\W\d_]+(?:['’ʻʼ‘`][^\W\d_]+)?")
_GAP = re.compile(r"[\s.,،\-–—/|()'’‘`:;·•\u200c\u064b-\u0652]*")
_COMPACT = re.compile(
    r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2}):?(\d{2}):?(\d{2})?(?:\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?"
)
_EPOCH = re.compile(r"(1\d{9}|[89]\d{8})(?:\d{3}|\.\d{1,9})?")


@dataclass(frozen=True)
class Reading:
    """A date as it was read: `when` is naive where no zone was written."""

    when: datetime
    precision: Precision
    raw: str
    start: int
    end: int
    year_written: bool = True


@dataclass(frozen=True)
class Habits:
    """What a page's place and language say of its way to write dates."""

    month_first: bool = False
    """Whether 04/07/2024 is the 7th of April: where a page says that its English is American."""
    country: str | None = None
    """Two-letter code, for abbreviations of zones that mean several."""
    order: Literal["day-first", "month-first", "year-first"] | None = None
    """Of dates in numbers, whatever stands between them, where the site is known; wins over `month_first`."""

    def month_leads(self, separator: str) -> bool:
        """Whether a date in numbers begins with its month, where both could be one."""
        return self.order == "month-first" if self.order else self.month_first and separator == "/"


_USUAL = Habits()


class _Day(NamedTuple):
    year: int | None
    month: int
    day: int
    start: int
    end: int


class _Time(NamedTuple):
    hour: int
    minute: int
    second: int | None
    zone: tzinfo | None
    start: int
    end: int


class _Found(NamedTuple):
    readings: tuple[Reading, ...]
    yearless: tuple[_Day, ...]
    times: tuple[_Time, ...]


_NOTHING = _Found((), (), ())


def read(text: str, habits: Habits = _USUAL) -> Reading | None:
    """The first date in a short text."""
    return next(iter(read_all(text, habits)), None)


def read_all(text: str, habits: Habits = _USUAL) -> tuple[Reading, ...]:
    """Every date in a short text, in order, each with the time that stands next to it."""
    if len(text) > MAX_DATE_CHARS:
        return ()
    return _found(text, habits).readings


def read_stamp(text: str, habits: Habits = _USUAL) -> Reading | None:
    """A date in a field that machines read: also epochs and dates without separators."""
    text = text.strip()[:MAX_DATE_CHARS]
    try:
        when = datetime.fromisoformat(text) if len(text) >= 16 and text[4:5] == "-" else None
    except ValueError:
        when = None
    reading: Reading | None
    if when is not None and EARLIEST_YEAR <= when.year < 2100:
        precision: Precision = "minute" if when.second == 0 and text.count(":", 0, 19) < 2 else "second"
        reading = Reading(when.replace(microsecond=0), precision, text, 0, len(text))
    elif match := _EPOCH.fullmatch(text):
        return Reading(datetime.fromtimestamp(int(match[1]), UTC), "second", text, 0, len(text))
    elif (match := _COMPACT.fullmatch(text)) and (
        made := _made(match[1], match[2], match[3], match[4], match[5], match[6])
    ):
        zone = offset(match[7]) if match[7] else None
        reading = Reading(made[0].replace(tzinfo=zone), made[1], text, 0, len(text))
    else:
        reading = read(text, habits)
    if reading and reading.precision != "day" and reading.when.timetz().replace(tzinfo=None) == datetime.min.time():
        # Publishing systems write midnight where they know only the day.
        return replace(reading, when=reading.when.replace(tzinfo=None), precision="day")
    return reading


def read_relative(text: str, now: datetime, habits: Habits = _USUAL) -> Reading | None:
    """A date that only the reader's clock makes whole: `read_ago`, or else `read_latest`."""
    return read_latest(text, now, habits) or read_ago(text, now, habits)


def read_ago(text: str, now: datetime, habits: Habits = _USUAL) -> Reading | None:
    """`Today, 19:34`, `вчера`, `2 soat oldin`, seen from `now` in the page's zone.

    Times of day are naive; minutes and hours ago are a moment of `now`'s zone.
    """
    if len(text) > _MOST_RELATIVE_CHARS or (found := _found(text, habits)).readings:
        return None
    plain = _as_plain(text)
    tokens = list(_TOKEN.finditer(plain))
    reading = _near_day(found, plain, tokens, now) or _ago(plain, tokens, now)
    return replace(reading, raw=_composed(text).strip()) if reading else None


def read_latest(text: str, now: datetime, habits: Habits = _USUAL) -> Reading | None:
    """A day without its year, `15 May, 19:34`: the latest such day of the last eleven months before `now`."""
    if len(text) > _MOST_RELATIVE_CHARS or (found := _found(text, habits)).readings:
        return None
    plain = _as_plain(text)
    reading = _latest(found, list(_TOKEN.finditer(plain)), now)
    return replace(reading, raw=_composed(text)[reading.start : reading.end].strip()) if reading else None


def read_without_year(text: str, year: int, habits: Habits = _USUAL) -> Reading | None:
    """`15 May, 19:34` in a year that is known from elsewhere; None where the text has no such day or no time."""
    if len(text) > _MOST_RELATIVE_CHARS:
        return None
    found = _found(text, habits)
    for day in found.yearless if not found.readings else ():
        if made := _made(year, day.month, day.day):
            bare = Reading(made[0], "day", "", day.start, day.end, year_written=False)
            timed = _with_time(bare, found.times, (bare,))
            if timed.precision != "day":
                return replace(timed, raw=_composed(text)[timed.start : timed.end])
    return None


def clock_time(text: str) -> tuple[int, int] | None:
    """The hour and the minute where a text is a time of day and nothing else; None otherwise."""
    found = _found(text, _USUAL) if len(text) <= 24 else _NOTHING
    if len(found.times) != 1 or found.readings or found.yearless:
        return None
    time = found.times[0]
    rest = text[: time.start] + text[time.end :]
    return (time.hour, time.minute) if not any(c.isdecimal() for c in rest) and len(rest.strip()) <= 8 else None


def instant(
    reading: Reading, *, source: DateSource, zone: tzinfo | None, fetched_at: datetime, confidence: float = 1.0
) -> Instant | None:
    """The reading as a point in time, or None where a page can't have been published then."""
    when, zone_source = reading.when, "none"
    if reading.precision == "day":
        if not date(EARLIEST_YEAR, 1, 1) <= when.date() <= (fetched_at + _LATEST).date():
            return None
        value = when.date().isoformat()
    else:
        if when.tzinfo is not None:
            zone_source = "page"
            # The local day is what readers saw: 20:00 UTC is tomorrow in Tashkent.
            when = when.astimezone(zone) if zone and when.utcoffset() == timedelta(0) else when
        elif zone is not None:
            when, zone_source = when.replace(tzinfo=zone), "host"
        moment = when if when.tzinfo else when.replace(tzinfo=UTC)
        if when.year < EARLIEST_YEAR or moment > fetched_at + _LATEST:
            return None
        value = when.isoformat(timespec="seconds")
    return Instant.model_validate(
        {
            "value": value,
            "precision": reading.precision,
            "zone_source": zone_source,
            "source": source,
            "raw": reading.raw,
            "confidence": confidence if reading.year_written else min(confidence, 0.6),
        }
    )


def _composed(text: str) -> str:
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _as_plain(text: str) -> str:
    """The composed text with ASCII digits and spaces, character by character."""
    return _composed(text).translate(_PLAIN)


@lru_cache(maxsize=8192)
def _found(text: str, habits: Habits) -> _Found:
    plain = _as_plain(text)
    if not any(c.isdecimal() for c in plain):
        return _NOTHING
    days = _numeric_days(plain, habits)
    rest = _masked(plain, [(d.start, d.end) for d in days])
    times = _times(rest, habits)
    rest = _masked(rest, [(t.start, t.end) for t in times])
    yearless: list[_Day] = []
    tokens = list(_TOKEN.finditer(rest))
    for index, token in enumerate(tokens):
        day = _named_day(tokens, index, rest) if not token[0][0].isdecimal() else None
        if day and all(day.end <= other.start or day.start >= other.end for other in days):
            (days if day.year else yearless).append(day)
    if not days and not yearless and times:
        yearless.extend(_short_days(rest, habits))
    bare = tuple(
        Reading(datetime(d.year, d.month, d.day), "day", "", d.start, d.end)  # noqa: DTZ001 (zones are found later)
        for d in sorted(days, key=lambda d: d.start)
        if d.year
    )
    timed = (_with_time(reading, times, bare) for reading in bare)
    written = _composed(text)
    whole = tuple(replace(r, raw=written[r.start : r.end].strip()) for r in timed)
    return _Found(whole, tuple(yearless), tuple(times))


def _masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + _MASK * (end - start) + text[end:]
    return text


def _numeric_days(plain: str, habits: Habits) -> list[_Day]:
    found: list[_Day] = []
    for match in _NUMERIC.finditer(plain):
        start, end = match.span()
        if match["first"]:
            separator, day, number, short = match["sep"], match["first"], match["second"], match["short"]
            before = plain[:start]
            if before.endswith(separator) and before[-2:-1].isdecimal():
                continue
            if short and (
                _NO_DATE_BEFORE.search(before[-12:])
                or (separator == "-" and _PHONE_BEFORE.search(before))
                or before[-1:].isalpha()
            ):
                continue
            if short and habits.order == "year-first":
                day, short = short, day
            if match["full"] and (int(number) > 12 or (habits.month_leads(separator) and int(day) <= 12)):
                day, number = number, day
            year = match["full"] or ("20" if int(short) < 70 else "19") + short
        else:
            year, number, day = match["year"] or match["y"], match["month"] or match["m"], match["day"] or match["d"]
        if (made := _made(year, number, day)) is not None:
            found.append(_Day(made[0].year, made[0].month, made[0].day, start, end))
    return found


def _times(plain: str, habits: Habits) -> list[_Time]:
    found: list[_Time] = []
    at = 0
    matches = [*_TIME.finditer(plain)]
    if "." in plain:
        matches += _AFTER_A_CLOCK_WORD.finditer(plain)
    if "." in plain or "ч" in plain:
        matches += _AFTER_A_YEAR.finditer(plain)
    for match in sorted(matches, key=lambda m: m.start()):
        if match.start() < at:
            continue
        parts = match.groupdict()
        hour = int(parts.get("hour") or parts["dotted"] or parts.get("round") or parts.get("whole") or 0)
        half = parts.get("half") or parts.get("noon")
        if half and hour <= 12:
            hour = hour % 12 + (12 if half[0] in "pPب" else 0)
        end = match.end()
        if word := _UHR.match(plain, end):
            end = word.end()
        zone = beside(plain, end, habits.country)
        second = parts.get("second")
        minute = int(parts.get("minute") or parts["minutes"] or 0)
        start = match.start("dotted") if parts["dotted"] else match.start()
        at = zone[1] if zone else end
        found.append(_Time(hour, minute, int(second) if second else None, zone[0] if zone else None, start, at))
    return found


def _short_days(rest: str, habits: Habits) -> list[_Day]:
    """`15.05` beside a time."""
    found = []
    for match in _SHORT_DAY.finditer(rest):
        day, number = int(match[1]), int(match[3])
        if habits.month_leads(match[2]) and day <= 12:
            day, number = number, day
        found.append(_Day(None, number, day, match.start(), match.end()))
    return found


def _named_day(tokens: Sequence[re.Match[str]], index: int, rest: str) -> _Day | None:
    name = tokens[index][0]
    for solar in (False, True):
        number = month(name, solar=solar)
        day = _around(tokens, index, number, rest, solar=solar) if number else None
        if day:
            return day
    return None


def _around(tokens: Sequence[re.Match[str]], index: int, number: int, rest: str, *, solar: bool) -> _Day | None:
    """The day and the year beside a month's name; without the year where none is written."""
    left, right = _digits(tokens, index, -1, rest), _digits(tokens, index, 1, rest)
    first = _day_before(tokens, index, left, right, rest, solar=solar)
    after = _day_after(tokens, left, right, rest, solar=solar)
    for day, year in sorted((c for c in (first, after) if c), key=lambda c: c[1] is None):
        return _day_of(tokens[index], number, tokens[day], tokens[year] if year is not None else None, solar=solar)
    return None


def _day_before(
    tokens: Sequence[re.Match[str]], index: int, left: int | None, right: int | None, rest: str, *, solar: bool
) -> tuple[int, int | None] | None:
    """`15 May 2024`, `2024 йил 15 май`: where the day stands and where the year."""
    if left is None or not _is_day(tokens[left]) or _is_a_range(tokens, left - 1, left, rest):
        return None
    if right is not None and (_is_year(tokens[right], solar) or _is_short_year(tokens, index, left, right, rest)):
        return left, right
    if right is not None and len(tokens[right][0]) == 4:
        return None
    before = _digits(tokens, left, -1, rest)
    return left, before if before is not None and _is_year(tokens[before], solar) else None


def _day_after(
    tokens: Sequence[re.Match[str]], left: int | None, right: int | None, rest: str, *, solar: bool
) -> tuple[int, int | None] | None:
    """`May 15, 2024`, `2024 May 15`."""
    if right is None or not _is_day(tokens[right]) or _is_a_range(tokens, right, right + 1, rest):
        return None
    after = _digits(tokens, right, 1, rest)
    if after is not None and _is_year(tokens[after], solar):
        return right, after
    return right, left if left is not None and _is_year(tokens[left], solar) else None


def _digits(tokens: Sequence[re.Match[str]], index: int, step: int, rest: str) -> int | None:
    """The number next to a word, over words that stand between the parts of a date."""
    for at in range(index + step, index + step * (_MOST_BETWEEN + 2), step):
        if not 0 <= at < len(tokens):
            return None
        first, second = (tokens[at - 1], tokens[at]) if step > 0 else (tokens[at], tokens[at + 1])
        gap = rest[first.end() : second.start()].replace(_MASK, "")
        if len(gap) > _MOST_GAP or not _GAP.fullmatch(gap):
            return None
        if tokens[at][0][0].isdecimal():
            return at
        if not words.is_between(tokens[at][0]):
            return None
    return None


def _day_of(
    name: re.Match[str], number: int, day: re.Match[str], year: re.Match[str] | None, *, solar: bool
) -> _Day | None:
    used = [name, day] + ([year] if year else [])
    start, end = min(t.start() for t in used), max(t.end() for t in used)
    if year is None:
        return _Day(None, number, int(day[0]), start, end) if not solar else None
    written = year[0] if len(year[0]) == 4 else ("20" if int(year[0]) < 70 else "19") + year[0]
    made = _made(written, number, day[0])
    return _Day(made[0].year, made[0].month, made[0].day, start, end) if made else None


def _is_a_range(tokens: Sequence[re.Match[str]], one: int, other: int, rest: str) -> bool:
    """`4-5 September` is when something happens."""
    if one < 0 or other >= len(tokens) or not (_is_day(tokens[one]) and _is_day(tokens[other])):
        return False
    return re.fullmatch(r"\s?[-–—]\s?", rest[tokens[one].end() : tokens[other].start()]) is not None


def _is_day(token: re.Match[str]) -> bool:
    return token[0].isdecimal() and len(token[0]) <= 2 and 1 <= int(token[0]) <= 31


def _is_year(token: re.Match[str], solar: bool) -> bool:
    if not token[0].isdecimal() or len(token[0]) != 4:
        return False
    return int(token[0]) in SOLAR_YEARS if solar else 1900 <= int(token[0]) < 2100


def _is_short_year(tokens: Sequence[re.Match[str]], index: int, day: int, year: int, rest: str) -> bool:
    """`15-May-24`, `15 May '24`, and `15 May 24` at a line's end."""
    if len(tokens[year][0]) != 2:
        return False
    before, after = rest[tokens[day].end() : tokens[index].start()], rest[tokens[index].end() : tokens[year].start()]
    if after[-1:] in ("'", "’") or (before == after and before in ("-", ".", "/")):
        return True
    return year == len(tokens) - 1 and after == " " and not rest[tokens[year].end() :].strip(" .,|·•\0")


def _with_time(reading: Reading, times: Sequence[_Time], days: Sequence[Reading]) -> Reading:
    best: tuple[int, _Time] | None = None
    for time in times:
        gap = _gap(time, reading)
        # A time belongs to the nearest date; after a date rather than before the next one.
        if gap <= min(_CLOSE, *(_gap(time, day) for day in days)) and (best is None or gap < best[0]):
            best = (gap, time)
    if best is None:
        return reading
    time = best[1]
    when = reading.when.replace(hour=time.hour, minute=time.minute, second=min(59, time.second or 0), tzinfo=time.zone)
    precision: Precision = "minute" if time.second is None else "second"
    return replace(
        reading, when=when, precision=precision, start=min(reading.start, time.start), end=max(reading.end, time.end)
    )


def _gap(time: _Time, day: Reading) -> int:
    return time.start - day.end if time.start >= day.end else day.start - time.end


def _latest(found: _Found, tokens: Sequence[re.Match[str]], now: datetime) -> Reading | None:
    """The latest day of this name that has come, where its weekday does not contradict."""
    said = {number for token in tokens if (number := words.weekday(token[0])) is not None}
    for day in found.yearless:
        for year in (now.year, now.year - 1):
            made = _made(year, day.month, day.day)
            if made is None or made[0].date() > now.date():
                continue
            if now.date() - made[0].date() > _WITHOUT_A_YEAR or (len(said) == 1 and made[0].weekday() not in said):
                return None
            bare = Reading(made[0], "day", "", day.start, day.end, year_written=False)
            return _with_time(bare, found.times, (bare,))
    return None


def _near_day(found: _Found, plain: str, tokens: Sequence[re.Match[str]], now: datetime) -> Reading | None:
    """Today or yesterday: with a time, or as nearly all that a line says."""
    said = [words.fold(token[0]) for token in tokens if not token[0][0].isdecimal()]
    back = 0 if words.says(said, words.TODAY) else 1 if words.says(said, words.YESTERDAY) else None
    if back is None or (len(found.times) != 1 and (found.times or len(said) > 2)):
        return None
    day = datetime.combine(now.date() - timedelta(days=back), datetime.min.time())
    reading = Reading(day, "day", "", 0, len(plain), year_written=False)
    return replace(_with_time(reading, found.times, (reading,)), start=0, end=len(plain))


def _ago(plain: str, tokens: Sequence[re.Match[str]], now: datetime) -> Reading | None:
    """`2 hours ago`, `5 дақиқа пеш`, `vor 3 Tagen`, `just now`."""
    said = [words.fold(token[0]) for token in tokens]
    if words.says(said, words.NOW) and len(said) <= 4:
        when = now.replace(second=0, microsecond=0)
        return Reading(when, "minute", "", 0, len(plain), year_written=False)
    total, finest, first = timedelta(), None, len(said)
    for index, word in enumerate(said):
        unit = words.unit(word)
        if unit is None:
            continue
        number = said[index - 1] if index else ""
        if not number.isdecimal() and number not in words.ONE:
            number = "" if said[index + 1 : index + 2] and said[index + 1] in words.AGO else "-"
        if number == "-" or len(number) > 3:
            continue
        amount = int(number) if number.isdecimal() else 1
        before = said[max(0, index - 4) : max(0, index - 1)]
        after = said[index + 1 : index + 4]
        if not (words.says(before[-3:], words.AGO_BEFORE) or any(w in words.AGO for w in after)):
            continue
        total, finest, first = total + amount * unit, min(unit, finest or unit), min(first, index)
    if finest is None or total > _MOST_AGO:
        return None
    if finest >= timedelta(days=1):
        day = datetime.combine((now - total).date(), datetime.min.time())
        return Reading(day, "day", "", 0, len(plain), year_written=False)
    when = (now - total).replace(second=0, microsecond=0)
    return Reading(when, "minute", "", 0, len(plain), year_written=False)


def _made(
    year: str | int, number: str | int, day: str | int, hour: str | int | None = None,
    minute: str | int | None = None, second: str | int | None = None,
) -> tuple[datetime, Precision] | None:  # fmt: skip
    """The local time, and how much of it was written; years of the solar Hijri calendar are converted."""
    precision: Precision = "day" if hour is None else "minute" if second is None else "second"
    try:
        if int(year) in SOLAR_YEARS:
            converted = from_solar_hijri(int(year), int(number), int(day))
            year, number, day = converted.year, converted.month, converted.day
        if not EARLIEST_YEAR <= int(year) < 2100:
            return None
        return datetime(  # noqa: DTZ001 (a local time: the zone is found later)
            int(year), int(number), int(day), int(hour or 0), int(minute or 0), min(59, int(second or 0))
        ), precision
    except ValueError:
        return None
