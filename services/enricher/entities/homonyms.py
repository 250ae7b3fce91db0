"""Which of several things of one name is meant, and whether any is: weighed from what stands around the name."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from services.enricher.knowledge.base import Known

HOMES = {"uz": "UZ", "kk": "KZ", "ky": "KG", "tg": "TJ", "tk": "TM", "tr": "TR", "fa": "IR"}
"""The country that an article in the language speaks of where it names none."""
_REGION = frozenset(HOMES.values())
ENOUGH = 1.0
"""From this weight on, a name is taken for the thing."""
SURE = 2.5
"""From here on, it tells which countries the text is about."""
OWN, NEAR, FOREIGN, OTHER_SCRIPT_PLACE, NEAR_PLACE, FOREIGN_PLACE, UNTOLD = 3.0, 1.8, 1.5, 1.0, 1.2, 0.2, 0.0
"""How much the language of an alias says: the text's own, a neighbour's, any other, one that no source tells.

Places are written as the language writes them, companies and bodies as they call themselves.
"""
COMMON, COMMON_BUT_WHERE, COMMON_AT_START, COUNTRY_AT_START = -3.4, 1.4, -2.8, -2.0
SHORT, VERY_SHORT, GIVEN = -0.5, -1.5, -1.5
APOSTROPHE_FREE, APOSTROPHE_FREE_COMMON = -0.5, -2.5
TYPE_BESIDE, OTHER_TYPE_BESIDE = 3.0, -8.0
COUNTRY_BESIDE, OTHER_COUNTRY_BESIDE = 5.0, -6.0
PERSON_LIKE, CAPITAL_BESIDE, PART_OF_A_NAME = -4.0, -2.6, -8.0
CAPITAL_BESIDE_COMMON = -3.4
WHERE, CAPITAL_WITHIN, SENTENCE_START, QUOTED = 1.7, 0.8, -0.6, 2.0
AT_HOME, COUNTRY_NAMED, PLACES_NAMED, ELSEWHERE = 1.0, 1.3, 2.0, -0.4
WITHOUT_CAPITALS, WHERE_WITHOUT_CAPITALS, OUT_OF_TIME = -1.0, 0.6, -0.8
ABROAD, MENTIONS_ABROAD = -3.5, 3
"""A state body of the home country in a text that names another country so often, and the home country never.
One word is a body's own name (TİKA), and that of an office in any country (the acronym of its Foreign Ministry)."""
AMONG_COUNTRIES, SURE_ELSEWHERE = 0.7, 1.5
_PLACES = frozenset({"region", "district", "city", "village", "water", "mountain", "desert"})
_WORLD_CITY = 1_000_000
_NOTED, _SIZE, _SIZE_OF_UNTOLD = 5.0, 0.2, 1.2
_SMALL_AT_HOME = -0.3
"""A town of 10^5 people is as probable as not; ten times as many weigh so much more.

At home the news speaks of small towns too.
"""
_KIND = {"country": 3.2, "region": 0.6, "city": 0.8, "district": 0.0, "village": -0.5, "water": 0.4}
_STATE = frozenset({"office", "body", "forces"})
_SETTLED = frozenset({"city", "village", "area"})
_STREETS = frozenset({"street"})
_NAMED_AFTER = frozenset({"street", "airport", "building", "epic", "media", "club", "company", "party"})
"""Things that bear the name of a place or a person without being one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that the words may name."""

    known: Known
    standing: float
    """OWN, NEAR, FOREIGN or UNTOLD."""
    common: bool = False
    """The words are, in the text's language, mostly something else."""
    untold: bool = False
    """No source tells that the text's language writes it so."""
    given: bool = False
    """The words are a given name as well."""
    quoted: bool = False
    """The name counts in quotation marks or beside a word for what it is."""
    local: bool = False
    """The name leaves out whose it is: the Foreign Ministry."""
    bare: bool = False
    """Written without the apostrophes of the name."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the text shows where the name stands."""

    chars: int
    words: int
    capital: bool | None = None
    """A capital letter within a sentence; False at its start and in capitals; None where the script has none."""
    where: bool = False
    """A locative ending, or a preposition of place before it."""
    person: bool = False
    """A given name or an initial stands before it."""
    person_after: bool = False
    """A surname follows it."""
    in_quotes: bool = False
    in_title: bool = False
    """In quotation marks with a few other words: part of what something is called."""
    part: bool = False
    """Part of a longer name: joined by a hyphen, after a word of direction, in words of another script."""
    capitals: bool = False
    """A word with a capital letter that names nothing known stands right beside it."""
    sorts: frozenset[str] = frozenset()
    """What the type words beside it say; empty where there are none."""
    apposed: bool = False
    """The type word and the name are one name (Navoiy koʻchasi), not a thing and its place (улицы Ташкента)."""
    country_beside: str | None = None
    """ISO 3166 code of the country that stands right beside it."""
    of_another: bool = False
    """What follows says whose it is: the General Assembly of shareholders."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the text is about, as far as its sure names tell."""

    language: str
    countries: Counter[str] = field(default_factory=Counter)
    """ISO 3166 codes of the countries that are named and of those whose places are."""
    places: frozenset[str] = frozenset()
    """Codes of the countries whose places are named."""
    sure: frozenset[str] = frozenset()
    """Ids of what the text surely names somewhere."""

    day: date | None = None
    """When the text was published."""

    @property
    def home(self) -> str | None:
        return HOMES.get(self.language)

    @property
    def subject(self) -> str | None:
        """The country that the text names more often than any other, with its places."""
        (country, most), (_, next_most) = [*self.countries.most_common(2), ("", 0), ("", 0)][:2]
        return country if most > next_most else None


def country_of(known: Known) -> str | None:
    """ISO 3166 code of the country that it is or belongs to."""
    return known.id.removeprefix("iso3166:") if known.id.startswith("iso3166:") else known.country


def weight(candidate: Candidate, around: Surroundings, context: Context) -> float:
    """How probable the thing is here; from ENOUGH on it is taken."""
    known = candidate.known
    common = (candidate.common or known.common) and not candidate.quoted and not _fits(known, around.sorts)
    total = candidate.standing
    if candidate.bare:
        total += APOSTROPHE_FREE_COMMON if common else APOSTROPHE_FREE
    if candidate.quoted and not (_fits(known, around.sorts) or (around.in_quotes and not around.sorts)):
        return -math.inf
    if candidate.local and not _is_spoken_of(known, around, context):
        return -math.inf
    place = known.type == "LOC"
    if place:
        total += _place(known, candidate, around, context)
    if common:
        total += COMMON + (COMMON_BUT_WHERE if around.where and around.capital is not None else 0.0)
        if around.in_quotes and not place:
            total += QUOTED
    doubtful = common or candidate.standing < OWN
    if doubtful and known.id in context.sure:
        total += SURE_ELSEWHERE
    if candidate.untold and around.capital is None:
        total += WITHOUT_CAPITALS
    elif around.capital is not None and doubtful:
        total += CAPITAL_WITHIN if around.capital else _at_start(known, common, around)
    if candidate.given and not common:
        total += GIVEN
    alone = around.words == 1 and not around.where and known.type != "PER" and (doubtful or place)
    if alone and (around.person or (around.person_after and doubtful)):
        total += PERSON_LIKE
    if alone and around.capitals and doubtful:
        total += CAPITAL_BESIDE_COMMON if common else CAPITAL_BESIDE
    called = around.in_quotes and known.kind != "landmark"  # a ship, a hotel; halls and stadiums stand so
    if place and (around.part or around.in_title or (called and not _fits(known, around.sorts))):
        total += PART_OF_A_NAME
    if around.sorts:
        total += _beside(known, common, around)
    if context.day and not (known.valid_from or context.day) <= context.day <= (known.valid_to or context.day):
        total += OUT_OF_TIME
    return total + _country(known, around, context)


def _is_spoken_of(known: Known, around: Surroundings, context: Context) -> bool:
    """Whether a name that leaves out whose it is means this: its whole name or its owner is in the text.

    The organ of a body (the Security Council) must not be one that the region's country in question has too.
    """
    if known.country is not None:
        return known.country == (around.country_beside or context.subject)
    if around.country_beside is not None or around.of_another:
        return False
    has_its_own = {context.home, context.subject} & context.countries.keys() & _REGION
    return known.id in context.sure or (known.part_of in context.sure and not has_its_own)


def _at_start(known: Known, common: bool, around: Surroundings) -> float:
    """At the start of a sentence every word has a capital: only what else stands there tells the name."""
    if not common or around.where or _fits(known, around.sorts):
        return SENTENCE_START
    return COUNTRY_AT_START if known.id.startswith("iso3166:") else COMMON_AT_START


def _place(known: Known, candidate: Candidate, around: Surroundings, context: Context) -> float:
    country = known.id.startswith("iso3166:")
    total = _KIND.get("country" if country else known.kind or "", 0.0)
    if known.population:
        size = math.log10(known.population) - _NOTED
        if country_of(known) == context.home:
            size = max(size, _SMALL_AT_HOME)
        total += size * (_SIZE_OF_UNTOLD if candidate.untold else _SIZE)
    if around.words == 1 and not (country or around.where) and (candidate.untold or candidate.common):
        total += VERY_SHORT if around.chars <= 3 else SHORT if around.chars == 4 else 0.0
    if around.where:
        total += WHERE if around.capital is not None or not candidate.untold else WHERE_WITHOUT_CAPITALS
    return total


def _fits(known: Known, sorts: frozenset[str]) -> bool:
    return known.kind in sorts or (known.kind in _SETTLED and not sorts.isdisjoint(_SETTLED))


def _beside(known: Known, common: bool, around: Surroundings) -> float:
    if _fits(known, around.sorts):
        return TYPE_BESIDE
    if not (around.apposed or common):
        return 0.0
    others = _PLACES | _NAMED_AFTER if common else _PLACES | _STREETS
    if known.type == "LOC" and not around.sorts.isdisjoint(others):
        return OTHER_TYPE_BESIDE
    return OTHER_TYPE_BESIDE if "person" in around.sorts and known.type != "PER" else 0.0


def _country(known: Known, around: Surroundings, context: Context) -> float:
    country = country_of(known)
    if country is None:
        return 0.0
    total = 0.0
    if known.type != "LOC" and known.type != "PER" and around.country_beside:
        total += COUNTRY_BESIDE if around.country_beside == country else OTHER_COUNTRY_BESIDE
    if country in context.places:
        total += PLACES_NAMED
    if known.id.startswith("iso3166:"):
        return total + (AMONG_COUNTRIES if len(context.countries) > (country in context.countries) else 0.0)
    named = context.countries.get(country, 0)
    if named:
        total += COUNTRY_NAMED * (0.5 + 0.5 * named / max(context.countries.values()))
    elif known.population < _WORLD_CITY and country != context.home:
        total += ELSEWHERE
    if country == context.home:
        of_any_country = known.kind in _STATE and (known.kind != "body" or around.words > 1)
        total += ABROAD if of_any_country and _is_abroad(context) else AT_HOME
    return total


def _is_abroad(context: Context) -> bool:
    return context.home not in context.countries and max(context.countries.values(), default=0) >= MENTIONS_ABROAD


def best(candidates: Sequence[Candidate], around: Surroundings, context: Context) -> tuple[int, float] | None:
    """The number of the most probable of them, and its weight; None where none is probable enough.

    None as well for a name that bodies of several countries bear, where nothing tells which country is meant.
    The first of equals is taken.
    """
    weighed = [(weight(candidate, around, context), -i) for i, candidate in enumerate(candidates)]
    top, index = max(weighed)
    if top < ENOUGH or (len(candidates) > 1 and _is_open(candidates, -index, around, context)):
        return None
    return -index, top


def _is_open(candidates: Sequence[Candidate], chosen: int, around: Surroundings, context: Context) -> bool:
    known = candidates[chosen].known
    if known.type == "LOC" or known.country is None or known.country in {context.home, around.country_beside}:
        return False
    shared = {candidate.known.country for candidate in candidates if candidate.known.type == known.type}
    return len(shared) > 1 and known.country not in context.countries


def confidence(total: float) -> float:
    """A weight as a share: .73 where it is just enough, .98 for a country by its own name."""
    return round(0.99 / (1 + math.exp(-total)), 2)
