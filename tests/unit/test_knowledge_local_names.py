"""Offices are known by their names without the country's, where the text is about the country."""

import pytest

from services.contracts.articles import Language
from services.enricher.knowledge.local_names import country, is_portfolio, local_names, whole_names
from services.enricher.work import tag_text

UZBEKISTAN = country("UZ", {"en": ["Uzbekistan"], "ru": ["Узбекистан"]}, {"en": ["Uzbek"]})


def test_the_country_is_cut_off_on_either_side() -> None:
    names = {
        "en": ["Ministry of Finance of Uzbekistan", "Uzbek Supreme Court", "Bank of Uzbekistan", "Uzatom"],
        "ru": ["Минфин Узбекистана", "Верховный суд РУз", "правительство Узбекистана", "Банк Узбекистана"],
    }
    assert local_names(names, UZBEKISTAN) == {
        "en": ["Ministry of Finance", "Supreme Court", "Finance Ministry"],
        "ru": ["Минфин", "Верховный суд"],
    }


def test_a_genitive_is_made_where_none_is_given() -> None:
    assert country("FR", {"ru": ["Франция"]}, {}).genitives == ("Франции",)
    assert country("JP", {"ru": ["Япония"]}, {}).genitives == ("Японии",)
    assert country("HU", {"ru": ["Венгрия"]}, {}).genitives == ("Венгрии",)


def test_the_council_that_is_no_countrys_is_left_out() -> None:
    names = {
        "en": ["Uzbek Security Council Office", "Security Council of Uzbekistan"],
        "ru": ["Совет безопасности РУз"],
    }
    assert local_names(names, UZBEKISTAN) == {"en": ["Security Council Office"]}


def test_names_with_the_country_come_in_every_usual_form() -> None:
    assert whole_names("en", ["Foreign Ministry"], UZBEKISTAN) == [
        "Uzbek Foreign Ministry",
        "Foreign Ministry of Uzbekistan",
    ]
    assert "МИД РУз" in whole_names("ru", ["МИД"], UZBEKISTAN)


def test_a_portfolio_is_one_of_any_country() -> None:
    assert all(map(is_portfolio, ["Ministry of Water", "Water Ministry", "Минводхоз"]))
    assert not is_portfolio("ФСБ")


@pytest.mark.parametrize(
    ("language", "text", "body"),
    [
        ("en", "Talks were held in Astana and Almaty. The Foreign Ministry said no more.", "xabar:kz-foreign-ministry"),
        ("en", "Talks were held in Termez. The Foreign Ministry said no more.", "xabar:uz-foreign-ministry"),
        ("en", "Kyrgyzstan's Foreign Ministry wrote to Uzbekistan and to Tashkent.", "xabar:kg-foreign-ministry"),
        ("en", "The Tajik Foreign Ministry wrote to Uzbekistan.", "xabar:tj-foreign-ministry"),
        ("ru", "Переговоры прошли в Бишкеке. В МИД сообщили о визите.", "xabar:kg-foreign-ministry"),
        ("ru", "В Самарканде открыли мост. МВД напомнило о правилах.", "xabar:uz-interior-ministry"),
    ],
)
def test_the_office_is_that_of_the_country_that_the_text_is_about(language: str, text: str, body: str) -> None:
    found = tag_text(text, Language(tag=language, confidence=1.0))
    assert [one.id for one in found.entities if one.type == "ORG"] == [body]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The Foreign Ministry said no more."),
        ("en", "Uzbekistan and Kazakhstan agreed. The Foreign Ministry said no more."),
        ("en", "Talks were held in Nairobi. The Foreign Ministry said no more."),
        ("ru", "В МИД сообщили о визите."),
    ],
)
def test_no_office_is_guessed(language: str, text: str) -> None:
    found = tag_text(text, Language(tag=language, confidence=1.0))
    assert not [one.id for one in found.entities if one.id.startswith("xabar:")]
