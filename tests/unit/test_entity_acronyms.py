"""An acronym that an article explains names what its long form names, in this article."""

import pytest

from services.enricher.entities import acronyms
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text


def explained(text: str, language: str) -> list[tuple[str, str]]:
    return [(p.acronym, text[p.long_start : p.long_end]) for p in acronyms.pairs(Text(text, language), [])]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("uz-Latn", "Suv va oʻrmon agentligi (SOʻA) ochildi", [("SOʻA", "Suv va oʻrmon agentligi")]),
        (
            "uz-Latn",
            "Bugun Shimoliy hamkorlik tashkilotining (ShHT) yigʻini",
            [("ShHT", "Shimoliy hamkorlik tashkilotining")],
        ),
        ("uz-Latn", "OʻQB (Oʻzbekiston qurilish banki) dedi", [("OʻQB", "Oʻzbekiston qurilish banki")]),
        ("ru", "в Управлении по делам лесов (УДЛ)", [("УДЛ", "Управлении по делам лесов")]),
        ("en", "the Lake and River Office (LRO), in Tashkent", [("LRO", "Lake and River Office")]),
        ("kk", "Су қорларын қорғау орталығының (СҚҚО)", [("СҚҚО", "Су қорларын қорғау орталығының")]),
        ("en", "He left. Rain fell (LRO) and the road (old) closed (RC)", []),
    ],
)
def test_a_pair_is_read_from_brackets(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert explained(text, language) == [(a.replace("ʻ", "'"), long) for a, long in expected]


def test_both_forms_name_one_thing_from_there_on() -> None:
    text = Text("Suv va oʻrmon agentligi (SOʻA) ochildi. SOʻAning rahbari keldi.", "uz-Latn")
    office = Found(0, 23, "ORG", "shape", 0.75, name="Suv va oʻrmon agentligi")
    other = Found(40, 48, "ORG", "list", 0.9, "xabar:another")
    kept = acronyms.applied(text, acronyms.pairs(text, [office, other]), [office, other])
    assert [(text.original[f.start : f.end], f.name) for f in kept] == [
        ("Suv va oʻrmon agentligi", "Suv va oʻrmon agentligi"),
        ("SOʻA", "Suv va oʻrmon agentligi"),
        ("SOʻAning", "Suv va oʻrmon agentligi"),
    ]


def test_a_long_form_that_names_nothing_makes_no_entity() -> None:
    text = Text("Yalpi ichki mahsulot (YIM) oʻsdi.", "uz-Latn")
    assert [p.acronym for p in acronyms.pairs(text, [])] == ["YIM"]
    assert acronyms.applied(text, acronyms.pairs(text, []), []) == []


def test_hostile_text_is_read_in_one_pass() -> None:
    for text in ("(AB)" * 10_000, "A " * 20_000 + "(AB)", "AB (" * 10_000, "a b c d (ABCD) " * 4_000):
        assert len(acronyms.pairs(Text(text, "en"), [])) <= acronyms.MAX_PAIRS


def test_a_text_full_of_brackets_and_names_asks_by_place() -> None:
    text = Text("Orol BMT (BMT) " * 10_000, "uz-Latn")
    kept = [Found(at, at + 4, "LOC", "list", 0.9, "xabar:orol") for at in range(0, 150_000, 15)]
    assert acronyms.pairs(text, kept) == []
