"""The solar Hijri calendar of Iran and Afghanistan in days of ours, for all who read dates."""

from __future__ import annotations

from datetime import date

SOLAR_YEARS = range(1370, 1500)
"""The years of the calendar that are told from ours by their number alone, and for which the rule below holds."""
_NOWRUZ_1403 = date(2024, 3, 20).toordinal()


def from_solar_hijri(year: int, month: int, day: int) -> date:
    """A day of the solar Hijri calendar by its 33-year cycle of leap years. Raises ValueError: no such day."""
    if not (1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30)):
        raise ValueError("no such day")
    days = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    return date.fromordinal(_NOWRUZ_1403 + _new_year(year) - _new_year(1403) + days + day - 1)


def _new_year(year: int) -> int:
    cycle = year + 1595
    return 365 * cycle + cycle // 33 * 8 + (cycle % 33 + 3) // 4
