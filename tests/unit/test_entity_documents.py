"""Numbered documents have one id in every spelling, and what only looks like one has none."""

import pytest

from services.enricher.entities import documents
from services.enricher.entities.text import Text


def read(text: str, language: str = "uz-Latn") -> list[tuple[str, str | None]]:
    return [(text[f.start : f.end], f.id) for f in documents.find(Text(text, language))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PQ-60-son qaror", [("PQ-60-son", "uz:PQ-60")]),
        ("ПҚ–60-сонли қарор", [("ПҚ–60-сонли", "uz:PQ-60")]),
        ("постановление ПП-60", [("ПП-60", "uz:PQ-60")]),
        ("Президентнинг ПФ-60-сон Фармони", [("ПФ-60-сон", "uz:PF-60")]),
        ("Указ УП-60 и ПКМ № 12", [("УП-60", "uz:PF-60"), ("ПКМ № 12", "uz:VMQ-12")]),
        ("O‘RQ-707-son Qonun, OʻRQ-707", [("O‘RQ-707-son", "uz:ORQ-707"), ("OʻRQ-707", "uz:ORQ-707")]),
        ("ЗРУ-707", [("ЗРУ-707", "uz:ORQ-707")]),
        ("№ 123-ФЗ и 44-ФЗ", [("№ 123-ФЗ", "ru:123-FZ"), ("44-ФЗ", "ru:44-FZ")]),
        ("№ 155-VII ҚРЗ, 155-VII-ЗРК", [("№ 155-VII ҚРЗ", "kz:155-VII-ZRK"), ("155-VII-ЗРК", "kz:155-VII-ZRK")]),
        (
            "A/RES/72/165, S/RES/2396 (2017)",
            [("A/RES/72/165", "un:A/RES/72/165"), ("S/RES/2396 (2017)", "un:S/RES/2396")],
        ),
        ("see A/HRC/53/L.4/Rev.1.", [("A/HRC/53/L.4/Rev.1", "un:A/HRC/53/L.4/Rev.1")]),
        ("A/64/L.69-sonli rezolyutsiya", [("A/64/L.69", "un:A/64/L.69")]),
        ("the A/C unit, N/A, E/1, CD/DVD, A/B test, S/2", []),
        ("pq-60, ppm-20, УПА-12, http://x.example/A/RES/72", []),
        ("UP-60 poyezdi", []),
    ],
)
def test_documents_have_one_id(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UN Security Council Resolution 2593 (2021)", [("UN Security Council Resolution 2593 (2021)", "2593")]),
        ("the Security Council met; resolution 1373 and resolutions 12", [("resolution 1373", "1373")]),
        ("Security Council. General Assembly resolution 2758", []),
        ("the board passed resolution 1373", []),
        ("по резолюции СБ ООН № 1373", [("резолюции СБ ООН № 1373", "1373")]),
        ("резолюция 2593 Совета Безопасности", [("резолюция 2593", "2593")]),
        ("Xavfsizlik kengashining 2735-sonli rezolyutsiyasi", [("2735-sonli rezolyutsiyasi", "2735")]),
        ("Хавфсизлик кенгаши 2735-резолюцияга кўра", [("2735-резолюцияга", "2735")]),
        ("Қауіпсіздік Кеңесінің 1373 қарары", [("1373 қарары", "1373")]),
        ("Güvenlik Konseyi'nin 2231 sayılı kararı", [("2231 sayılı kararı", "2231")]),
        ("قطعنامه ۲۲۳۱ شورای امنیت", [("قطعنامه ۲۲۳۱", "2231")]),
    ],
)
def test_a_resolution_of_the_security_council_has_the_id_of_its_symbol(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert read(text) == [(said, f"un:S/RES/{number}") for said, number in expected]


def test_hostile_text_is_read_in_one_pass() -> None:
    for text in (
        "A/" * 40_000,
        "PQ-" * 110_000,
        "1-" * 40_000,
        "A/1/2 " * 10_000,
        "security council resolution " * 9_000,
        "security council 1373 " * 9_000,
    ):
        assert len(read(text)) <= documents.MAX_DOCUMENTS


def test_a_declaration_that_is_called_by_a_place_is_a_document_in_russian() -> None:
    text = (
        "Стороны подписали Нурабадскую декларацию, потом Сайрамское соглашение 1994 года. Итоговая декларация готова."
    )
    assert read(text, "ru") == [("Нурабадскую декларацию", None), ("Сайрамское соглашение 1994 года", None)]
