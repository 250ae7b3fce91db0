"""Read dates as news pages write them: ISO first, then day first, in numbers or with month names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from services.contracts.articles import EARLIEST_YEAR, DateSource, Instant
from services.parser.dates.months import TODAY, YESTERDAY, month, says

Precision = Literal["day", "minute", "second"]

MAX_DATE_CHARS = 200
_LATEST = timedelta(days=1)
_CLOSE = 30
"""Characters between a date and its time, at most."""

ASCII_DIGITS = {ord(d): str(n) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for n, d in enumerate(digits)}
"""Persian and Arabic digits."""
_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)"
    r"(?:(?:T|\s{1,3})(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
    r"\s?(Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}(?!\d)|[+-]\d{2}(?!\d))?)?"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<![\d.])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d:])")
_TIME = re.compile(
    r"(?<![\d.:/])([01]?\d|2[0-3])(?:\s?:\s?|h)([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?(?!\d)(?:\s?(a\.?m\b|p\.?m\b))?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s{0,2}\.?\s?,?\(?\s?(?:(?:GMT|UTC)\s?([+-]\d{1,2}(?::?\d{2})?)(?!\d)|([+-]\d{2}:?\d{2})(?!\d)"
    r"|([+-]\d{1,2})\s?(?:GMT|UTC)\b|(Z|GMT|UTC|MSK|МСК)\b)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z)?)?")
_EPOCH = re.compile(r"(1\d{9}|[89]\d{8})(?:\d{3})?")
_NOWRUZ = date(2024, 3, 20).toordinal()
"""1 Farvardin 1403."""


@dataclass(frozen=True)
class Reading:
    """A date as it was read: `when` is naive where no zone was written."""

    when: datetime
    precision: Precision
    raw: str
    start: int
    end: int
    year_written: bool = True


def read(text: str) -> Reading | None:
    """The first date in a short text."""
    return next(iter(read_all(text)), None)


def read_all(text: str) -> tuple[Reading, ...]:
    """Every date in a short text, in order, each with the time that stands next to it."""
    plain = text.translate(ASCII_DIGITS)
    if len(plain) > MAX_DATE_CHARS or not any(c.isdigit() for c in plain):
        return ()
    found: list[Reading] = []
    for reading in _days(plain):
        if all(reading.end <= other.start or reading.start >= other.end for other in found):
            found.append(reading)
    times = [t for t in _TIME.finditer(plain) if all(t.end() <= r.start or t.start() >= r.end for r in found)]
    readings = tuple(_with_time(r, times, found, plain) for r in sorted(found, key=lambda r: r.start))
    return tuple(replace(r, raw=text[r.start : r.end].strip()) for r in readings)


def read_stamp(text: str) -> Reading | None:
    """A date in a field that machines read: also epochs and dates without separators."""
    text = text.strip()[:MAX_DATE_CHARS]
    if match := _EPOCH.fullmatch(text):
        return Reading(datetime.fromtimestamp(int(match[1]), UTC), "second", text, 0, len(text))
    if match := _COMPACT.fullmatch(text):
        made = _made(match[1], match[2], match[3], match[4], match[5], match[6])
        if made:
            when = made[0].replace(tzinfo=UTC) if match[7] else made[0]
            return Reading(when, made[1], text, 0, len(text))
    reading = read(text)
    if reading and reading.precision != "day" and reading.when.timetz().replace(tzinfo=None) == datetime.min.time():
        # Publishing systems write midnight where they know only the day.
        return replace(reading, when=reading.when.replace(tzinfo=None), precision="day")
    return reading


def read_relative(text: str, now: datetime) -> Reading | None:
    """`Today, 19:34` and `yesterday, 19:34`, seen from `now` in the page's zone."""
    plain = text.translate(ASCII_DIGITS).strip()
    if len(plain) > 40 or not (time := _TIME.search(plain)):
        return None
    words = _TOKEN.findall(plain)
    back = 0 if says(words, TODAY) else 1 if says(words, YESTERDAY) else None
    made = _made(*(now - timedelta(days=back)).timetuple()[:3], time[1], time[2], time[3]) if back is not None else None
    return Reading(made[0], made[1], plain, 0, len(plain), year_written=False) if made else None


def instant(
    reading: Reading, *, source: DateSource, zone: ZoneInfo | None, fetched_at: datetime, confidence: float = 1.0
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


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name, or None where there is none of that name."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def _days(plain: str) -> Iterator[Reading]:
    for match in _ISO.finditer(plain):
        made = _made(match[1], match[2], match[3], match[4], match[5], match[6])
        if made:
            zone = _offset(match[7]) if match[7] else None
            yield Reading(made[0].replace(tzinfo=zone), made[1], "", match.start(), match.end())
    for match in _YEAR_FIRST.finditer(plain):
        made = _made(match[1], match[3], match[4])
        if made:
            yield Reading(made[0], "day", "", match.start(), match.end())
    for match in _DAY_FIRST.finditer(plain):
        day, number, year = match[1], match[3], match[4]
        if int(number) > 12 and len(year) == 4:
            day, number = number, day
        made = _made(year if len(year) == 4 else f"20{year}", number, day)
        if made:
            yield Reading(made[0], "day", "", match.start(), match.end())
    yield from _named_days(plain)


def _named_days(plain: str) -> Iterator[Reading]:
    tokens = [t for t in _TOKEN.finditer(plain) if not _of_a_time(t, plain)]
    for index, token in enumerate(tokens):
        if token[0].isdigit():
            continue
        for solar in (False, True):
            number = month(token[0], solar=solar)
            reading = _around(tokens, index, number, solar) if number else None
            if reading:
                yield reading
                break


def _around(tokens: list[re.Match[str]], index: int, number: int, solar: bool) -> Reading | None:
    """The day and the year beside a month's name: day before it, or after it with the year."""
    before, after = tokens[max(0, index - 3) : index][::-1], tokens[index + 1 : index + 5]
    day = year = None
    for token in before:
        if token[0].isdigit():
            day, year = (token, None) if _is_day(token) else (None, token if _is_year(token, solar) else None)
            break
        if len(token[0]) > 6:
            break
    for token in after:
        if token[0].isdigit():
            if day is None and _is_day(token):
                day = token
                continue
            year = token if year is None and _is_year(token, solar) else year
            break
        if len(token[0]) > 6:
            break
    if day is not None and year is None:
        # 2024-yil 15-may; 2024 жылғы 15 мамыр; 2024-nji ýylyň 15-nji maýy
        at = tokens.index(day)
        year = next((t for t in tokens[max(0, at - 3) : at][::-1] if _is_year(t, solar)), None)
    if day is None or year is None:
        return None
    made = _made(year[0], number, day[0])
    used = (day, year, tokens[index])
    return Reading(made[0], "day", "", min(t.start() for t in used), max(t.end() for t in used)) if made else None


def _of_a_time(token: re.Match[str], plain: str) -> bool:
    return token[0].isdigit() and (
        re.match(r"\s?:\s?\d|h\d\d", plain[token.end() : token.end() + 4]) is not None
        or re.search(r"\d\s?:\s?$", plain[max(0, token.start() - 4) : token.start()]) is not None
    )


def _is_day(token: re.Match[str]) -> bool:
    return len(token[0]) <= 2 and 1 <= int(token[0]) <= 31


def _is_year(token: re.Match[str], solar: bool) -> bool:
    if not token[0].isdigit() or len(token[0]) != 4:
        return False
    return 1370 <= int(token[0]) < 1500 if solar else 1900 <= int(token[0]) < 2100


def _with_time(reading: Reading, times: list[re.Match[str]], days: list[Reading], plain: str) -> Reading:
    if reading.precision != "day":
        return reading
    best: tuple[int, re.Match[str]] | None = None
    for time in times:
        gap = time.start() - reading.end if time.start() >= reading.end else reading.start - time.end()
        # A time belongs to the nearest date; after a date rather than before the next one.
        nearest = min(abs(_gap(time, d)) for d in days)
        if gap <= min(_CLOSE, nearest) and (best is None or gap < best[0]):
            best = (gap, time)
    if best is None:
        return reading
    time = best[1]
    hour = int(time[1])
    if time[4]:
        hour = hour % 12 + (12 if time[4][0] in "pP" else 0)
    made = _made(reading.when.year, reading.when.month, reading.when.day, hour, time[2], time[3])
    if made is None:
        return reading
    zone = _ZONE.match(plain, time.end())
    year_after_zone = zone and re.match(r"\d", plain[zone.end() : zone.end() + 1])
    offset = _offset(zone[1] or zone[2] or zone[3] or zone[4]) if zone and not year_after_zone else None
    end = max(reading.end, zone.end() if offset and zone else time.end())
    return Reading(made[0].replace(tzinfo=offset), made[1], "", min(reading.start, time.start()), end)


def _gap(time: re.Match[str], day: Reading) -> int:
    return time.start() - day.end if time.start() >= day.end else day.start - time.end()


def _offset(text: str) -> tzinfo | None:
    text = text.upper()
    if text in ("Z", "GMT", "UTC"):
        return UTC
    if text in ("MSK", "МСК"):
        return timezone(timedelta(hours=3))
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        return None
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _made(
    year: str | int, number: str | int, day: str | int, hour: str | int | None = None,
    minute: str | int | None = None, second: str | int | None = None,
) -> tuple[datetime, Precision] | None:  # fmt: skip
    """The local time, and how much of it was written; years of the solar Hijri calendar are converted."""
    precision: Precision = "day" if hour is None else "minute" if second is None else "second"
    try:
        if 1370 <= int(year) < 1500:
            converted = _gregorian(int(year), int(number), int(day))
            year, number, day = converted.year, converted.month, converted.day
        if not EARLIEST_YEAR <= int(year) < 2100:
            return None
        return datetime(  # noqa: DTZ001 (a local time: the zone is found later)
            int(year), int(number), int(day), int(hour or 0), int(minute or 0), min(59, int(second or 0))
        ), precision
    except ValueError:
        return None


def _gregorian(year: int, number: int, day: int) -> date:
    """A day of the solar Hijri calendar by its 33-year cycle of leap years, which holds from 1370 to 1500."""
    if not (1 <= number <= 12 and 1 <= day <= (31 if number <= 6 else 30)):
        raise ValueError("no such day")
    days = 31 * (number - 1) if number <= 7 else 186 + 30 * (number - 7)
    return date.fromordinal(_NOWRUZ + _new_year(year) - _new_year(1403) + days + day - 1)


def _new_year(year: int) -> int:
    cycle = year + 1595
    return 365 * cycle + cycle // 33 * 8 + (cycle % 33 + 3) // 4
