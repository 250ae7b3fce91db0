"""Spellings and scripts of one text fold into one key."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.contracts.folding import APOSTROPHES, MOST_MARKS, fold

fast = settings(max_examples=300, deadline=None, derandomize=True, database=None)


@fast
@given(st.one_of(st.text(max_size=60), st.text("еёцъьюяқўғҳЁЕЦи\u0301\u0306'‘´＇ʻ İıßΣς\u0345tyabrьо", max_size=30)))
@example("тъ́е")
@example("и\u0301")
@example("＇")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ўзбекистон", "O‘ZBEKISTON"),
        ("Мирзо Улуғбек", "mirzo ulug'bek"),
        ("Ер ва сув, поезд", "Yer va suv, poyezd"),
        ("съезд ва объект", "syezd va obyekt"),
        ("цирк, акция, конституция", "sirk, aksiya, konstitutsiya"),
        ("батальон, июль, компьютер", "batalyon, iyul, kompyuter"),
        ("5 октябрь", "5 oktabr"),
        ("oktyabr", "oktabr"),
        ("маънавият", "ma’naviyat"),
        ("Ｔｏｓｈｋｅｎｔ", "Toshkent"),
        ("  Ҳаво\u00a0\n илиқ ", "havo iliq"),
        ("й", "и\u0306"),
    ],
)
def test_both_scripts_of_a_word_are_one(written: str, meant: str) -> None:
    assert fold(written) == fold(meant)


def test_piles_of_marks_are_folded_in_no_time_and_letters_keep_theirs() -> None:
    started = time.perf_counter()
    folded = fold("a" + "\u0327\u0301\u0323" * 40_000 + "ь" + "\u0323\u0301" * 40_000)
    assert time.perf_counter() - started < 1
    assert len(folded) <= 1 + MOST_MARKS
    assert fold("Ệ́") == fold("e\u0302\u0323\u0301")


def test_every_apostrophe_is_the_same_letter() -> None:
    assert len({fold(f"o{mark}zbek") for mark in APOSTROPHES}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("o‘t", "ot"), ("tog‘", "tog"), ("шер", "сер"), ("қор", "кор"), ("ҳол", "фол")]
)
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["Қазақстан әлемі", "شهر نو", "Yeni şehir açıldı", "ÿaňy şäher"])
def test_what_is_not_uzbek_keeps_its_words(text: str) -> None:
    assert len(fold(text).split()) == len(text.split())
    assert fold(text)
