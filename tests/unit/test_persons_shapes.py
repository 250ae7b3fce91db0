"""Persons are found by the shape of their names, with their endings, and nothing else is."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enricher.entities.found import Found
from services.enricher.entities.persons import shapes
from services.enricher.entities.text import Text

TABLE = tomllib.loads(Path(__file__).with_name("person_names.toml").read_text(encoding="utf-8"))
SENTENCES = [(language, line) for language, lines in TABLE.items() for line in lines.strip().splitlines()]


def unmarked(line: str) -> tuple[str, list[str], list[Found]]:
    """The sentence, its persons, its listed places."""
    text, listed = "", []
    for piece in re.split(r"([\[\]<>])", line):
        if piece == "<":
            listed.append(len(text))
        elif piece == ">":
            listed[-1] = Found(listed[-1], len(text), "LOC", "list", 1.0)
        elif piece not in "[]":
            text += piece
    return text, re.findall(r"\[(.*?)\]", line), listed


@pytest.mark.parametrize(("language", "line"), SENTENCES)
def test_the_persons_of_a_sentence_are_found_whole(language: str, line: str) -> None:
    text, persons, listed = unmarked(line)
    assert [text[one.start : one.end] for one in shapes.find(Text(text, language), listed)] == persons


def found(language: str, text: str, listed: tuple[Found, ...] = ()) -> list[str]:
    return [text[one.start : one.end] for one in shapes.find(Text(text, language), listed)]


def test_what_a_list_calls_a_place_or_a_body_is_no_person() -> None:
    text = "Karim Olimov Navoiy Kapital jamoasi bilan keldi. Rustam Azizov ketdi."
    body = Found(text.index("Navoiy"), text.index(" jamoasi"), "ORG", "list", 0.9, "xabar:x")
    assert found("uz-Latn", text, (body,)) == ["Karim Olimov", "Rustam Azizov"]
    person = Found(0, len("Karim Olimov"), "LOC", "list", 0.9)
    assert found("uz-Latn", text, (body, person)) == ["Rustam Azizov"]


@pytest.mark.parametrize(("name", "place"), [("Vladimir Putin", "Vladimir"), ("Alisher Navoiy", "Navoiy")])
def test_a_place_that_is_part_of_a_persons_name_is_no_place(name: str, place: str) -> None:
    text = f"Bugun {name} haqida gapirildi."
    start = text.index(place)
    assert found("uz-Latn", text, (Found(start, start + len(place), "LOC", "list", 0.9),)) == [name]


def test_a_longer_name_takes_the_id_of_the_listed_person_within_it() -> None:
    text = "Qarorni Sh.M. Mirziyoyev imzoladi. Igor Putin keldi."
    listed = tuple(
        Found(text.index(name), text.index(name) + len(name), "PER", "list", 0.9, f"xabar:{name.lower()}")
        for name in ("Mirziyoyev", "Putin")
    )
    ids = [one.id for one in shapes.find(Text(text, "uz-Latn"), listed)]
    assert ids == ["xabar:mirziyoyev", None]


def test_the_end_without_the_ending_is_told() -> None:
    text = "Vazir Baxtiyor Saidovning safari."
    (one,) = shapes.find(Text(text, "uz-Latn"), [])
    assert text[one.start : one.stem_end] == "Baxtiyor Saidov"


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("Anvar. Karimov keldi.", ["Anvar", "Karimov"]),
        ("“Anvar Karimov” kemasi suzdi.", []),
        ("Toshkent Shahar Hokimligi Qurilish Bosh Boshqarmasi Yangi Anvar Yig‘ilishi", []),
    ],
)
def test_sentence_ends_quotation_marks_and_title_case_make_no_name(text: str, persons: list[str]) -> None:
    assert found("uz-Latn", text) == persons


def test_a_name_does_not_go_over_the_end_of_a_line() -> None:
    assert found("uz-Latn", "Muallif Anvar Karimov\nRustam Azizov keldi") == ["Anvar Karimov", "Rustam Azizov"]


def test_in_a_language_without_lists_an_unknown_word_is_part_of_no_name() -> None:
    assert found("pt", "O rio Amu Dária e Amélia Fontoura.") == ["Amélia Fontoura"]


def test_a_list_of_names_says_that_unknown_ones_are_names() -> None:
    assert found("kk", "Бүгін Асқар Мамин мен Риат Шони келді.") == ["Асқар Мамин", "Риат Шони"]


def test_a_list_that_begins_with_a_known_person_goes_on_with_persons() -> None:
    text = "Голдарды Килиан Мбаппе мен Эдуарду Камавинга соқты."
    start = text.index("Килиан")
    known = Found(start, start + 13, "PER", "list", 0.9, "xabar:mbappe")
    assert [text[f.start : f.end] for f in shapes.find(Text(text, "kk"), [known])] == ["Эдуарду Камавинга"]


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("رئیس‌جمهور شوکت میرضیایف با مسعود پزشکیان دیدار کرد.", ["شوکت میرضیایف", "مسعود پزشکیان"]),
        ("وزیر خارجه عباس عراقچی گفت که سفر خوب بود.", ["عباس عراقچی"]),
        ("خیابان محمد رضا شجریان بسته شد.", []),
        ("علی به خانه رفت.", []),
        ("خانم شمس‌الدین صادقی و دکتر کولیوند آمدند.", ["شمس‌الدین صادقی", "کولیوند"]),
        ("به گفته مریم سلطانی و پیرحسین کرمان رئیس بنیاد", ["مریم سلطانی", "پیرحسین کرمان"]),
        ("امین مالی گزارش داد و پیمان جهانی امضا شد.", []),
    ],
)
def test_persian_names_begin_with_a_given_name(text: str, persons: list[str]) -> None:
    assert found("fa", text) == persons


@pytest.mark.parametrize(
    "text",
    [
        "Karimov " * 20_000,
        ", ".join(f"Anvar {chr(65 + i % 26)}{chr(97 + i % 19)}mirov" for i in range(5_000)),
        "K" * 200_000,
        "Ka-" * 60_000,
        "A." * 50_000,
        "O'" * 90_000,
        "ё Ё " * 20_000,
        "Ali bin " * 20_000,
        "." * 200_000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_texts_are_read_once(text: str) -> None:
    people = shapes.find(Text(text, "uz-Latn"), [])
    assert len(people) <= shapes.MAX_PERSONS
    assert all(a.end <= b.start for a, b in pairwise(people))


@given(st.text(alphabet="Aa Ққ'ʻ.-‘’«» \n🙂\u0306éSh.KarimovАлиевӣЁё", max_size=60))
@settings(max_examples=150, deadline=None)
def test_offsets_are_those_of_the_original(text: str) -> None:
    for language in ("uz-Latn", "kk", "tg"):
        for one in shapes.find(Text(text, language), []):
            assert 0 <= one.start < (one.stem_end or one.end) <= one.end <= len(text)
            assert text[one.start : one.end].strip() == text[one.start : one.end]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("uz-Latn", "Mintaqaviy ekspertlar Kengashining yigʻilishi boʻldi. Deputat Komitetining raisi keldi."),
        ("uz-Cyrl", "Экспертлар Кенгашининг йиғилиши бўлди."),
        ("kk", "Сарапшылар Кеңесінің отырысы өтті. Депутат Комитетінің төрағасы сөйледі."),
        ("ky", "Эксперттер Кеңешинин жыйыны өттү."),
        ("tk", "Ekspertler Geňeşiniň mejlisi geçirildi. Deputat Komitetiniň başlygy çykyş etdi."),
    ],
)
def test_a_body_behind_a_title_is_no_person(language: str, text: str) -> None:
    assert found(language, text) == []
