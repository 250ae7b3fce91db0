"""What offices and parties of a country are called in its own news, without its name: the Foreign Ministry, МИД."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.enricher.knowledge.spelling import Names

KINDS = frozenset({"office", "party"})
_RUSSIAN = {
    "AE": ("ОАЭ",),
    "BY": ("Беларуси", "Белоруссии", "РБ"),
    "CN": ("Китая", "КНР"),
    "DE": ("Германии", "ФРГ"),
    "GB": ("Великобритании", "Британии"),
    "KG": ("Кыргызстана", "Киргизии", "Кыргызской Республики", "КР"),
    "KR": ("Южной Кореи", "Республики Корея"),
    "KZ": ("Казахстана", "Республики Казахстан", "РК"),
    "RU": ("России", "Российской Федерации", "РФ"),
    "TJ": ("Таджикистана", "Республики Таджикистан", "РТ"),
    "TM": ("Туркменистана", "Туркмении"),
    "US": ("США",),
    "UZ": ("Узбекистана", "Республики Узбекистан", "РУз", "РУ"),
}
"""Genitives that no rule makes of a country's name."""
_ENDINGS = (("ия", "ии"), ("ея", "еи"), ("ь", "и"), ("й", "я"), ("а", "ы"))
_ENGLISH_HEAD = re.compile(
    r"\b(?:Ministry|Court|Bank|Office|Service|Committee|Agency|Commission|Cabinet|Administration|Party)\b"
)
_RUSSIAN_ALONE = re.compile(r"[А-ЯЁ]{3,}|(?:Мин|Ген|Нац|Центро|Гос|Погран|Мажилис)\w{2,}")
_ELSEWHERE = frozenset({"Security Council", "Совет безопасности", "Совет Безопасности"})
"""There is one that is no country's, and news of a country speaks of it."""
_TURNED = {
    "Foreign Affairs": ("Foreign",),
    "Internal Affairs": ("Interior", "Internal Affairs"),
    "Emergency Situations": ("Emergencies", "Emergency Situations"),
}
"""What stands before Ministry instead, where that is not the same word."""
_MINISTRY = re.compile(r"Ministry of (\w+(?: \w+){0,4})")


@dataclass(frozen=True)
class Country:
    """What a country is called where an office bears its name."""

    english: Sequence[str]
    adjectives: Sequence[str]
    """In English: Uzbek."""
    genitives: Sequence[str]
    """In Russian: Узбекистана, РУз."""


def country(code: str, names: Mapping[str, Sequence[str]], adjectives: Mapping[str, Sequence[str]]) -> Country:
    """Of the ISO 3166 code, by its names and adjectives by language."""
    ruled = tuple(_genitive(name) for name in names.get("ru", ())[:1] if " " not in name)
    return Country(tuple(names.get("en", ())), tuple(adjectives.get("en", ())), _RUSSIAN.get(code, ruled))


def local_names(names: Mapping[str, Sequence[str]], of: Country) -> Names:
    """Language to the names of an office without its country's, in English and Russian, which all countries share."""
    english = [*_english(names.get("en", ()), of)]
    english += [turned for name in tuple(english) for turned in _turned(name)]
    found = {"en": english, "ru": [*_russian(names.get("ru", ()), of)]}
    kept = {language: [n for n in dict.fromkeys(own) if n not in _ELSEWHERE] for language, own in found.items()}
    return {language: own for language, own in kept.items() if own}


def whole_names(language: str, local: Sequence[str], of: Country) -> list[str]:
    """The same with the country's name, in every way that it stands there: Uzbek Foreign Ministry, МИД РУз."""
    if language == "ru":
        return [f"{name} {genitive}" for name in local for genitive in of.genitives]
    return [f"{adjective} {name}" for name in local for adjective in of.adjectives] + [
        f"{name} of {country}" for name in local for country in of.english[:1]
    ]


def is_portfolio(name: str) -> bool:
    """Whether a name says what an office does, as that of any country may."""
    return name.startswith(("Ministry of", "Министерство", "Мин")) or name.endswith(" Ministry")


def _turned(name: str) -> Iterator[str]:
    """Finance Ministry for the Ministry of Finance."""
    ministry = _MINISTRY.fullmatch(name)
    if ministry is not None:
        for portfolio in _TURNED.get(ministry[1], (ministry[1],)):
            yield f"{portfolio} Ministry"


def _english(names: Sequence[str], of: Country) -> Iterator[str]:
    ends = tuple(f" of {article}{country}" for country in of.english for article in ("", "the "))
    starts = tuple(f"{adjective} " for adjective in (*of.adjectives, *of.english))
    for name in names:
        bare = _without(name, starts, ends)
        if bare is not None and " " in bare and _ENGLISH_HEAD.search(bare):
            yield bare


def _russian(names: Sequence[str], of: Country) -> Iterator[str]:
    ends = tuple(f" {genitive}" for genitive in of.genitives)
    for name in names:
        bare = _without(name, (), ends)
        if bare is None or not bare[0].isupper() or bare.endswith(" для"):
            continue
        if " " in bare or _RUSSIAN_ALONE.fullmatch(bare):
            yield bare


def _without(name: str, starts: Sequence[str], ends: Sequence[str]) -> str | None:
    """The name without the longest of these, None where none is there."""
    for end in sorted(ends, key=len, reverse=True):
        if name.endswith(end):
            return name.removesuffix(end)
    for start in sorted(starts, key=len, reverse=True):
        if name.startswith(start):
            return name.removeprefix(start)
    return None


def _genitive(country: str) -> str:
    return next((country.removesuffix(end) + put for end, put in _ENDINGS if country.endswith(end)), country + "а")
