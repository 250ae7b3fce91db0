"""A person who is named in full is known again by surname, and has one id and one name over a text."""

from datetime import date

import pytest

from services.enricher.entities.found import Found
from services.enricher.entities.persons import shapes, surnames
from services.enricher.entities.text import Text


def named(language: str, text: str, listed: tuple[Found, ...] = ()) -> list[tuple[str, str | None, str | None]]:
    """What stands in the text, the id, what is shown."""
    ready = Text(text, language, 0, date(2026, 11, 23))
    kept = sorted([*listed, *shapes.find(ready, listed)], key=lambda one: one.start)
    kept = sorted([*kept, *surnames.later_mentions(ready, kept)], key=lambda one: one.start)
    return [(text[one.start : one.end], one.id, one.name) for one in surnames.identified(ready, kept)]


def listed(text: str, surface: str, id_: str | None, type_: str = "PER") -> Found:
    start = text.index(surface)
    return Found(start, start + len(surface), type_, "list", 0.95, id_)  # type: ignore[arg-type]


def test_a_surname_later_in_the_text_is_the_person_named_in_full() -> None:
    text = "Murabbiy Srechko Katanets keldi. Katanetsning fikricha, jamoa tayyor. Katanets ketdi."
    assert named("uz-Latn", text) == [
        ("Srechko Katanets", "name:katanes-srechka", "Srechko Katanets"),
        ("Katanetsning", "name:katanes-srechka", "Srechko Katanets"),
        ("Katanets", "name:katanes-srechka", "Srechko Katanets"),
    ]


@pytest.mark.parametrize(
    ("language", "text", "later"),
    [
        ("uz-Latn", "Vazir Klara fon der Lippe keldi. Fon der Lippe Markaziy Osiyoni maqtadi.", "Fon der Lippe"),
        ("ky", "Министр Айнура Бакыт кызы келди. Бакыт кызы сүйлөдү.", "Бакыт кызы"),
    ],
)
def test_what_belongs_to_a_surname_stands_in_its_later_mentions(language: str, text: str, later: str) -> None:
    found = named(language, text)
    assert [surface for surface, _, _ in found][1:] == [later]
    assert len({id_ for _, id_, _ in found}) == 1


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("uz-Cyrl", "Вазир Бахтиёр Саидовнинг сафари. Саидовга савол берилди. Б. Саидов кетди.", "Бахтиёр Саидов"),
        ("kk", "Жазушы Ерлан Сыздықовтың кітабы. Сыздықовқа сұрақ қойылды. Е. Сыздықов келді.", "Ерлан Сыздықов"),
        ("ky", "Министр Бакыт Төрөбаевдин сапары. Төрөбаевге суроо берилди.", "Бакыт Төрөбаев"),
        ("tg", "Нависанда Садриддин Турсунзодаро дидем. Турсунзода рафт.", "Садриддин Турсунзода"),
        ("tk", "Ministr Raşit Meredowyň sapary. Meredow geldi.", "Raşit Meredow"),
        ("tr", "Yazar Orhan Pamuk'un romanı. Pamuk konuştu. Pamuk'a ödül verildi.", "Orhan Pamuk"),
        ("ru", "Встреча Ивана Сергеевича Ломова. Ломову понравилось, с Ломовым согласны.", "Иван Сергеевич Ломов"),
    ],
)
def test_one_person_has_one_id_and_the_fullest_nominative(language: str, text: str, name: str) -> None:
    found = named(language, text)
    assert len(found) >= 2
    assert {shown for _, _, shown in found} == {name}
    assert len({id_ for _, id_, _ in found}) == 1


def test_a_person_of_the_knowledge_base_wins() -> None:
    text = "Prezident Shavkat Mirziyoyev keldi. Sh.M. Mirziyoyev imzoladi. Mirziyoyevga rahmat."
    known = listed(text, "Shavkat Mirziyoyev", "xabar:mirziyoyev")
    assert [id_ for _, id_, _ in named("uz-Latn", text, (known,))] == ["xabar:mirziyoyev"] * 3


def test_an_initial_beside_a_listed_surname_is_that_person() -> None:
    text = "Putin keldi. V. Putin imzoladi."
    assert {id_ for _, id_, _ in named("uz-Latn", text, (listed(text, "Putin", "xabar:putin"),))} == {"xabar:putin"}


def test_a_full_name_beside_a_listed_surname_is_that_person_unless_it_is_a_womans() -> None:
    text = "Benyamin Ladigin keldi. Ladigin gapirdi."
    known = listed(text.replace("Benyamin Ladigin", "B" * 16), "Ladigin", "xabar:ladigin")
    assert {id_ for _, id_, _ in named("uz-Latn", text, (known,))} == {"xabar:ladigin"}
    text = "Melaniya Ladigin keldi. Ladigin gapirdi."
    known = listed(text.replace("Melaniya Ladigin", "B" * 16), "Ladigin", "xabar:ladigin")
    assert [id_ for _, id_, _ in named("uz-Latn", text, (known,))] == ["name:ladigin-melania", "xabar:ladigin"]


def test_brothers_are_two_persons_and_a_surname_is_who_was_named_last() -> None:
    text = "Anvar Karimov keldi. Karimov gapirdi. Rustam Karimov ketdi. Karimovning ukasi qoldi."
    assert [id_ for _, id_, _ in named("uz-Latn", text)] == [
        "name:anvar-karimov", "name:anvar-karimov", "name:karimov-rustam", "name:karimov-rustam",
    ]  # fmt: skip


def test_a_daughter_is_not_her_father() -> None:
    text = "Shavkat Mirziyoyev va Saida Mirziyoyeva keldi. Mirziyoyeva gapirdi. Mirziyoyev tingladi."
    ids = [id_ for _, id_, _ in named("uz-Latn", text)]
    assert ids == ["name:mirziaev-shavkat", "name:mirziaeva-saida", "name:mirziaeva-saida", "name:mirziaev-shavkat"]


def test_a_given_name_with_patronymic_is_the_person_of_that_name() -> None:
    text = "Prezident Shavkat Mirziyoyev keldi. Shavkat Miromonovich gapirdi."
    assert {id_ for _, id_, _ in named("uz-Latn", text)} == {"name:mirziaev-shavkat"}


def test_a_street_of_that_name_is_nobody() -> None:
    text = "Rustam Ladigin keldi. Ladigin ko‘chasida. “Ladigin” kafesi."
    assert [surface for surface, _, _ in named("uz-Latn", text)] == ["Rustam Ladigin"]


def test_a_surname_within_a_place_stays_a_place() -> None:
    text = "Rustam Ladigin keldi. Ladigin tog‘i baland."
    place = listed(text, "Ladigin tog‘i", None, "LOC")
    assert [surface for surface, _, _ in named("uz-Latn", text, (place,))] == ["Rustam Ladigin", "Ladigin tog‘i"]


@pytest.mark.parametrize(
    ("cased", "nominative"),
    [
        ("Владимиром Путиным", "Владимир Путин"),
        ("Шавкату Мирзиёеву", "Шавкат Мирзиёев"),
        ("Марии Захаровой", "Мария Захарова"),
        ("Анну Петрову", "Анна Петрова"),
        ("Александра Сергеевича Пушкина", "Александр Сергеевич Пушкин"),
        ("Дмитрием Песковым", "Дмитрий Песков"),
        ("Владимира Зеленского", "Владимир Зеленский"),
        ("Павла Дурова", "Павел Дуров"),
        ("Ольгой Ивановной Крымской", "Ольга Ивановна Крымская"),
        ("Дональда Трампа", "Дональд Трамп"),
        ("Ангелой Меркель", "Ангела Меркель"),
        ("Игорь Сечин", "Игорь Сечин"),
    ],
)
def test_a_russian_name_is_shown_in_the_nominative(cased: str, nominative: str) -> None:
    text = f"Встреча: {cased} сегодня."
    ready = Text(text, "ru")
    (one,) = surnames.identified(ready, [listed(text, cased, None)])
    assert one.name == nominative


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("Luis Ladigin keldi. Ladiginga so‘z berildi.", False),
        ("Ladiginga bordik. Luis Karimov keldi.", True),
        ("Luis Ladigin keldi. Ladigin shahrida to‘y.", True),
    ],
)
def test_a_town_that_is_called_like_a_person_named_before_is_that_person(text: str, stays: bool) -> None:
    ready = Text(text, "uz-Latn")
    start = text.rindex("Ladigin")
    end = start + len(text[start:].split()[0].rstrip("."))
    town = Found(start, end, "LOC", "list", 0.9, "geonames:1", kind="city")
    kept = [*shapes.find(ready, [town]), town]
    assert (town in surnames.without_namesakes(ready, kept)) is stays
