"""What Unicode's CLDR calls countries and regions, in every language of the knowledge base; needs babel."""

from __future__ import annotations

import re

from babel import Locale
from babel.core import get_cldr_version

from services.enricher.knowledge.base import LANGUAGES
from services.enricher.knowledge.entries import Entry
from services.enricher.knowledge.spelling import tidy

REGIONS = ("002", "142", "143", "145", "150")
"""UN M49: Africa, Asia, Central Asia, Western Asia, Europe. The Americas share their name with a country."""
NO_PLACES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
UNINHABITED = frozenset({"AC", "AQ", "BV", "CP", "CQ", "DG", "EA", "HM", "IC", "TA", "UM"})
DESCRIBED = frozenset({"HK", "MO"})
"""CLDR writes what these are into their names; the variants name them."""
_SHORTENED = {
    "ru": (
        (re.compile(r"\bо-ва\b"), "острова"),
        (re.compile(r"\bо-в\b"), "остров"),
        (re.compile(r"\bСв\. "), "Святой "),
    ),
    "en": ((re.compile(r"\bSt\. "), "Saint "),),
}
"""What CLDR shortens and news does not."""
_NOTE = re.compile(r"\s{0,4}\([^)]{0,100}\)")


def version() -> str:
    """Of CLDR, as 47."""
    return get_cldr_version()


def territories() -> dict[str, Entry]:
    """Countries and regions by id, with a name a language, and its short form where CLDR shortens it."""
    found: dict[str, Entry] = {}
    for language in LANGUAGES:
        for code, name in Locale.parse(language.removesuffix("-Latn"), sep="-").territories.items():
            if code in REGIONS:
                entry = found.setdefault(f"m49:{code}", Entry(f"m49:{code}", "CLDR", kind="area"))
            elif re.fullmatch("[A-Z]{2}", code) and code not in NO_PLACES | UNINHABITED | DESCRIBED:
                entry = found.setdefault(f"iso3166:{code}", Entry(f"iso3166:{code}", "CLDR", kind="country"))
            else:
                continue
            name = tidy(_NOTE.sub("", name), language)
            full = name
            for short, long in _SHORTENED.get(language, ()):
                full = short.sub(long, full)
            entry.names[language] = list(dict.fromkeys((full, name)))
    return found
