"""Known faults of the Russian model, put right by rule."""

import pytest

pytest.importorskip("slovnet")

from services.console.newsroom import content
from services.contracts.articles import Language
from services.enricher.entities.models import slovnet
from services.enricher.entities.text import Text
from services.enricher.work import tag_text


def found(text: str) -> dict[str, str]:
    return {text[one.start : one.end]: one.type for one in slovnet.find(Text(text, "ru"))}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ткачиха Мехринисо Шарипова продала два ковра.", "Мехринисо Шарипова"),
        ("Глава района Улан Токтосунов осмотрел дома.", "Улан Токтосунов"),
    ],
)
def test_a_person_is_the_given_name_and_the_surname(text: str, name: str) -> None:
    assert found(text) == {name: "PER"}


def article(start: str) -> str:
    """A whole one of the newsroom's: the model errs only in some company."""
    articles = content.load().articles.values()
    return next("\n\n".join((a.title, *a.paragraphs)) for a in articles if a.title.startswith(start))


def test_who_leads_a_body_is_none() -> None:
    assert found(article("Министры транспорта ШОС")).keys().isdisjoint({"Министры транспорта"})


def test_an_adjective_that_begins_a_sentence_is_no_place() -> None:
    assert found(article("В Ташкенте завершилась встреча")).keys().isdisjoint({"Трёхдневная"})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Адвокаты Назгуль Асан кызы подали жалобу. Асан кызы ждёт.", {"Назгуль Асан кызы": "PER", "Асан кызы": "PER"}),
        ("Брат погибшей Ербол Сапаргали пришёл в суд.", {"Ербол Сапаргали": "PER"}),
        ("«Воды нет», — сказала жительница кишлака Дилафрузобод Мунира Каримова.", {
            "Дилафрузобод": "LOC", "Мунира Каримова": "PER",
        }),
        ("Посёлок ждёт воды. Рядом с посёлком вырыли колодец.", {}),
    ],
)  # fmt: skip
def test_names_of_the_region_are_read_whole(text: str, names: dict[str, str]) -> None:
    assert found(text) == names


def test_a_mans_name_that_no_list_has_is_read_by_its_form() -> None:
    text = "В Оше осудили Шумкарбека Сарыбаева. Сарыбаев молчал."
    tagged = tag_text(text, Language(tag="ru", script="Cyrl", confidence=1))
    (person,) = (entity for entity in tagged.entities if entity.type == "PER")
    assert (person.name, len(person.mentions)) == ("Шумкарбек Сарыбаев", 2)


def test_what_a_listed_place_is_stands_outside_of_its_name() -> None:
    text = "Река Урал вышла из берегов, а в Горном Бадахшане сухо."
    tagged = tag_text(text, Language(tag="ru", script="Cyrl", confidence=1))
    surfaces = {mention.surface for entity in tagged.entities for mention in entity.mentions}
    assert surfaces == {"Урал", "Горном Бадахшане"}
