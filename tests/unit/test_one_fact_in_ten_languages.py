"""One meeting, reported in nine spellings of eight languages: country, body, town and person have one id each."""

import pytest

from services.console.newsroom import content
from services.contracts.articles import Language
from services.enricher.entities.found import Tagged
from services.enricher.work import tag_text

STORY = "amu-darya-water"
COUNTRIES = {"iso3166:UZ", "iso3166:TJ", "iso3166:TM"}
BODIES = {"xabar:un", "xabar:world-bank"}
TOWNS = {"geonames:1512569", "geonames:1221874"}
PERSON = "name:atamuradov-sabir"
REPORTS = {
    article.language: article
    for article in content.load().articles.values()
    if article.story == STORY and "xabar:world-bank" in article.entities
}


def tagged(language: str) -> Tagged:
    article = REPORTS[language]
    text = "\n\n".join((article.title, *article.paragraphs))
    given = Language(tag=language, confidence=1.0)
    found = tag_text(text, given, len(article.title), article.published.date())
    assert all(text[m.start : m.end] == m.surface for e in found.entities for m in (*e.mentions, *e.derived))
    return found


def test_the_newsroom_reports_it_in_many_languages() -> None:
    assert len({language.split("-")[0] for language in REPORTS}) >= 8


@pytest.mark.parametrize("language", sorted(REPORTS))
def test_countries_and_bodies_have_one_id(language: str) -> None:
    ids = {entity.id for entity in tagged(language).entities if entity.mentions}
    assert ids >= COUNTRIES | BODIES
    assert {i for i in ids if i.startswith("iso3166:")} == COUNTRIES


@pytest.mark.parametrize("language", ["en", "fa", "ru", "tg", "tk", "tr", "uz-Cyrl", "uz-Latn"])
def test_towns_have_one_id(language: str) -> None:
    assert {entity.id for entity in tagged(language).entities} >= TOWNS


@pytest.mark.parametrize("language", ["en", "ru", "tg", "tk", "tr", "uz-Cyrl", "uz-Latn"])
def test_a_person_whom_no_list_has_is_one_in_every_script(language: str) -> None:
    persons = [entity for entity in tagged(language).entities if entity.type == "PER"]
    assert [person.id for person in persons] == [PERSON]


def test_a_listed_person_is_met_with_a_case_ending_that_no_list_has() -> None:
    tagged = tag_text("Ол Антониу Гутеррешпен кездесті.", Language(tag="kk", confidence=1))
    assert [entity.id for entity in tagged.entities] == ["xabar:person-antonio-guterres"]
