"""Which of several things of one name is meant: by the country, the type word, size, day and the words around."""

from collections import Counter
from dataclasses import replace
from datetime import date

from services.enricher.entities import homonyms
from services.enricher.entities.homonyms import NEAR, OWN, UNTOLD, Candidate, Context, Surroundings
from services.enricher.knowledge.base import KINDS, Known

ENGLISH = Context("en")
AROUND = Surroundings(chars=8, words=1, capital=True)


def thing(id_: str, kind: str, country: str | None = None, **more: object) -> Known:
    return Known(id=id_, type=KINDS[kind], names={"en": id_}, aliases={}, kind=kind, country=country, **more)  # type: ignore[arg-type]


def chosen(candidates: list[Candidate], around: Surroundings = AROUND, context: Context = ENGLISH) -> str | None:
    best = homonyms.best(candidates, around, context)
    return candidates[best[0]].known.id if best else None


CAMBRIDGE = [
    Candidate(thing("gb", "city", "GB", population=145_000), OWN),
    Candidate(thing("us", "city", "US", population=118_000), OWN),
]


def test_the_bigger_town_is_meant_unless_the_text_names_another_country() -> None:
    assert chosen(CAMBRIDGE) == "gb"
    assert chosen(CAMBRIDGE, context=Context("en", Counter(US=2))) == "us"
    assert chosen(CAMBRIDGE, context=Context("en", Counter(US=1, GB=3))) == "gb"


def test_the_articles_language_has_a_home() -> None:
    ministries = [Candidate(thing(f"mfa-{c}", "office", c), OWN) for c in ("RU", "UZ", "KZ")]
    assert chosen(ministries, context=Context("uz")) == "mfa-UZ"
    assert chosen(ministries, context=Context("kk")) == "mfa-KZ"
    assert chosen(ministries, context=Context("ru")) is None
    assert chosen(ministries, context=Context("ru", Counter(KZ=2))) == "mfa-KZ"


def test_a_court_in_a_text_about_another_country_is_not_the_one_at_home() -> None:
    court = [Candidate(thing("court", "office", "UZ"), OWN)]
    assert chosen(court, context=Context("uz", Counter(US=1))) == "court"
    assert chosen(court, context=Context("uz", Counter(US=5, UZ=1))) == "court"
    assert chosen(court, context=Context("uz", Counter(US=5))) is None


def test_the_country_that_stands_beside_a_body_decides_and_rules_out_bodies_of_others() -> None:
    ministries = [Candidate(thing(f"mfa-{c}", "office", c), OWN) for c in ("UZ", "KZ")]
    assert chosen(ministries, replace(AROUND, country_beside="KZ"), Context("uz")) == "mfa-KZ"
    assert chosen(ministries, replace(AROUND, country_beside="DE"), Context("uz")) is None


def test_a_type_word_tells_the_river_from_the_region() -> None:
    both = [Candidate(thing("region", "region", "UZ"), OWN), Candidate(thing("river", "water"), OWN)]
    river = replace(AROUND, sorts=frozenset({"water"}), apposed=True)
    assert chosen(both, river, Context("uz")) == "river"
    assert chosen(both, replace(river, sorts=frozenset({"region"})), Context("uz")) == "region"
    assert chosen(both, replace(river, sorts=frozenset({"street"})), Context("uz")) is None


def test_a_word_that_is_mostly_no_place_needs_evidence() -> None:
    town = [Candidate(thing("town", "city", "UZ", population=90_000, common=True), OWN)]
    start = replace(AROUND, capital=False)
    assert chosen(town, start, Context("uz")) is None
    assert chosen(town, replace(start, sorts=frozenset({"city"})), Context("uz")) == "town"
    assert chosen(town, replace(AROUND, where=True), Context("uz")) == "town"
    assert chosen(town, start, Context("uz", Counter(UZ=1), sure=frozenset({"town"}))) == "town"


def test_a_name_whose_language_is_not_known_needs_a_big_town() -> None:
    small, big = (
        Candidate(thing(f"{n}", "city", "IN", population=n), UNTOLD, untold=True) for n in (120_000, 9_000_000)
    )
    assert chosen([small], replace(AROUND, capital=False)) is None
    assert chosen([big], replace(AROUND, capital=False)) == "9000000"
    assert chosen([small], context=Context("en", Counter(IN=1))) == "120000"


def test_part_of_a_persons_name_is_no_place() -> None:
    london = [Candidate(thing("london", "city", "GB", population=9_000_000), OWN)]
    assert chosen(london) == "london"
    assert chosen(london, replace(AROUND, person=True)) is None
    assert chosen(london, replace(AROUND, person=True, where=True)) == "london"


def test_what_stands_in_quotation_marks_is_no_place_but_may_be_a_newspaper() -> None:
    week = thing("week", "media", "UZ")
    assert chosen([Candidate(week, OWN, quoted=True)]) is None
    assert chosen([Candidate(week, OWN, quoted=True)], replace(AROUND, in_quotes=True)) == "week"
    assert chosen([Candidate(thing("town", "city"), OWN)], replace(AROUND, in_quotes=True)) is None


def test_a_body_that_did_not_exist_yet_gives_way_to_the_one_that_did() -> None:
    old = Candidate(thing("old", "office", "UZ", valid_to=date(2022, 12, 31)), OWN)
    new = Candidate(thing("new", "office", "UZ", valid_from=date(2023, 1, 1)), OWN)
    assert chosen([old, new], context=Context("uz", day=date(2026, 5, 1))) == "new"
    assert chosen([new, old], context=Context("uz", day=date(2020, 5, 1))) == "old"


def test_the_languages_own_name_outweighs_a_neighbours() -> None:
    assert chosen([Candidate(thing("near", "body"), NEAR), Candidate(thing("own", "body"), OWN)]) == "own"


def test_confidence_is_a_share_that_grows_with_the_weight() -> None:
    shares = [homonyms.confidence(weight) for weight in (homonyms.ENOUGH, 2.0, 4.0, 9.0)]
    assert shares == sorted(shares)
    assert 0.7 < shares[0] < shares[-1] <= 0.99


def test_a_body_of_the_home_country_is_meant_abroad_by_its_own_word_but_not_by_a_general_name() -> None:
    abroad = Context("tr", Counter(UZ=4))
    agency = [Candidate(thing("tika", "body", "TR"), OWN)]
    assert chosen(agency, replace(AROUND, chars=4, words=1), abroad) == "tika"
    assert chosen(agency, replace(AROUND, chars=20, words=3), abroad) is None
    assert chosen([Candidate(thing("mfa", "office", "TR"), OWN)], replace(AROUND, chars=3, words=1), abroad) is None
