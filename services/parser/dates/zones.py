"""Which clock a page's times are told by: offsets and abbreviations in text, then the country of its host."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

_DATA = tomllib.loads(files(__package__).joinpath("zones.toml").read_text("utf-8"))
_ABBREVIATIONS: dict[str, str] = _DATA["abbreviations"]
_AMBIGUOUS: dict[str, dict[str, str]] = _DATA["ambiguous"]
_PLACES: dict[str, str] = _DATA["places"]
_TIME_WORDS: tuple[str, ...] = tuple(_DATA["time_words"]["words"])
_LANGUAGES: dict[str, str] = _DATA["languages"]
_DOMAINS: dict[str, str] = _DATA["domains"]
_SOLD = frozenset(_DATA["sold"]["domains"])
_ANY_CASE = frozenset({"GMT", "UTC", "MSK", "МСК", "TSI", "CET", "CEST"})
"""Abbreviations that are no words of a language when written small."""
_FARTHEST_HOURS = 14
_BESIDE_A_TIME = re.compile(
    r"\s{0,2}[.,]?\s?[(\[]?\s?"
    r"(?:(?:GMT|UTC)\s?(?P<after_name>[+-]\s?\d{1,2}(?::?\d{2})?)(?!\d)"
    r"|(?P<bare>[+-]\d{2}:?\d{2})(?!\d)"
    r"|(?P<hours>[+-]\d{2})(?![\d.:/-]|\s?[^\W\d])"
    r"|(?P<before_name>[+-]\d{1,2})\s?(?:GMT|UTC)\b"
    r"|(?P<name>[^\W\d_]{1,5})\b(?!['’ʻ-]))",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"[\s,(]{0,3}(?P<by>(?:по|бо)\s)?(?P<place>[^\W\d_]{3,14})(?:['’]?\s(?P<word>[^\W\d_]{2,9}))?(?:\s(?:билан|bilan)\b)?",
    re.IGNORECASE,
)


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name, or None where there is none of that name."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def country_of(url: str) -> str | None:
    """The two-letter code of the country that the URL's host belongs to by its top-level domain, or None."""
    label = (urlsplit(url).hostname or "").rpartition(".")[2].lower()
    if label in _SOLD:
        return None
    label = _DOMAINS.get(label, label)
    return label if label in _ONE_ZONE or (len(label) == 2 and label in _COUNTRIES) else None


def zone_of_country(country: str | None) -> ZoneInfo | None:
    """The clock of a country with one clock (or one that its news tell), by its two-letter code; None for others."""
    return zone_named(_ONE_ZONE.get((country or "").lower()))


def zone_of_language(tag: str | None) -> ZoneInfo | None:
    """The clock of a language that is spoken by one clock, by its tag (`kk`, `de-AT`); None for others."""
    return zone_named(_LANGUAGES.get((tag or "").lower().replace("_", "-").partition("-")[0]))


def beside(text: str, at: int, country: str | None) -> tuple[tzinfo, int] | None:
    """The zone written right after a time that ends at `at`, and where it ends: `GMT+5`, `+0500`, `(MSK)`, `ET`."""
    match = _BESIDE_A_TIME.match(text, at)
    if match:
        name = match["name"]
        zone = (
            _abbreviated(name, country)
            if name
            else _offset(match["after_name"] or match["bare"] or match["hours"] or match["before_name"])
        )
        # Not `19:34 -0520 24`: an offset ends where its digits end.
        if zone is not None:
            return zone, match.end()
    match = _PLACE.match(text, at)
    if match and (match["by"] or (match["word"] or "").casefold().startswith(_TIME_WORDS)):
        place = match["place"].casefold()
        for start, zone_name in _PLACES.items():
            if place.startswith(start):
                return ZoneInfo(zone_name), match.end()
    return None


def offset(text: str) -> tzinfo | None:
    """`Z`, `UTC`, `+05:00`, `+0500` or `+05` as a fixed offset; None where it is none or no such clock exists."""
    return UTC if text.upper() in ("Z", "UTC", "GMT") else _offset(text)


def _offset(text: str) -> tzinfo | None:
    digits = text[1:].strip().replace(":", "")
    if not digits.isdecimal():
        return None
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > _FARTHEST_HOURS or minutes > 59:
        return None
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)) if hours + minutes else UTC


@lru_cache(maxsize=1024)
def _abbreviated(word: str, country: str | None) -> tzinfo | None:
    word = word.replace("İ", "I")
    if word.upper() in _ANY_CASE:
        word = word.upper()
    if word in _AMBIGUOUS:
        meant = _AMBIGUOUS[word].get(country or "other", _AMBIGUOUS[word]["other"])
    else:
        meant = _ABBREVIATIONS.get(word, "")
    if not meant:
        return None
    return _offset(meant) if meant[0] in "+-" else ZoneInfo(meant)


def _zones_by_country() -> dict[str, list[str]]:
    """Zones of each country from the time zone database's own table."""
    found: dict[str, list[str]] = {}
    for line in files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country.lower(), []).append(zone)
    return found


_COUNTRIES = _zones_by_country()
_ONE_ZONE: dict[str, str] = {c: zones[0] for c, zones in _COUNTRIES.items() if len(zones) == 1} | _DATA["countries"]
