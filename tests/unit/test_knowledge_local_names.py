"""Offices and organs are known by their names without whose they are, where the text says it elsewhere."""

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


def test_a_ministry_is_called_by_its_portfolio_too() -> None:
    names = {"en": ["Ministry of Emergency Situations of Uzbekistan", "Ministry of Water Resources of Uzbekistan"]}
    assert local_names(names, UZBEKISTAN)["en"][2:] == [
        "Emergencies Ministry",
        "Emergency Situations Ministry",
        "Water Resources Ministry",
    ]


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


@pytest.mark.parametrize(
    ("language", "text", "bodies"),
    [
        ("en", "UN chief Antonio Guterres addressed the Security Council.", ["un", "un-security-council"]),
        ("en", "The UN Security Council met. The Security Council voted.", ["un-security-council"] * 2),
        ("ru", "Совет Безопасности ООН собрался. Генассамблея ждет.", ["un-security-council", "un-general-assembly"]),
        ("uz-Latn", "BMT Bosh Assambleyasi ochildi. Bosh Assambleyada nutq soʻzlandi.", ["un-general-assembly"] * 2),
        ("uz-Cyrl", "БМТ бош котиби Хавфсизлик Кенгашида сўзлади.", ["un", "un-security-council"]),
        ("kk", "БҰҰ Бас Ассамблеясы жиналды. Бас Ассамблеяда сөз сөйледі.", ["un-general-assembly"] * 2),
        ("fa", "شورای امنیت سازمان ملل تشکیل شد. شورای امنیت رأی داد.", ["un-security-council"] * 2),
        ("ru", "Совет безопасности Кыргызстана собрался. Совет безопасности решил.", ["kg-security-council"] * 2),
        ("uz-Latn", "Oʻzbekiston Xavfsizlik kengashi kotibi BMT vakilini qabul qildi.", ["uz-security-council", "un"]),
    ],
)
def test_an_organ_is_that_of_the_body_that_the_text_names(language: str, text: str, bodies: list[str]) -> None:
    found = tag_text(text, Language(tag=language, confidence=1.0))
    said = sorted((mention.start, one.id) for one in found.entities if one.type == "ORG" for mention in one.mentions)
    assert [id_ for _, id_ in said] == [f"xabar:{body}" for body in bodies]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The Security Council met on Monday."),
        ("en", "Uzbekistan thanked the UN. The Security Council met in Tashkent."),
        ("uz-Latn", "Bosh Assambleya ochildi."),
        ("en", "The General Assembly of shareholders met. The UN sent a guest."),
        ("ru", "Секретарь Совбеза РФ прибыл. В Совбезе отметили роль ООН."),
        ("ru", "ООН приветствовала это. Совет безопасности Армении собрался."),
    ],
)
def test_no_organ_is_guessed(language: str, text: str) -> None:
    found = tag_text(text, Language(tag=language, confidence=1.0))
    assert not {"xabar:un-security-council", "xabar:un-general-assembly"} & {one.id for one in found.entities}
