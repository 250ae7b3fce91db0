"""Known faults of the Russian model, put right by rule."""

import pytest

pytest.importorskip("slovnet")

from services.console.newsroom import content
from services.enricher.entities.models import slovnet
from services.enricher.entities.text import Text


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
