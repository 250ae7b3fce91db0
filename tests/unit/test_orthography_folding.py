"""A folded text knows where each of its characters came from, and is the key that everything else is found by."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.contracts.folding import fold
from services.enricher.orthography.folding import Folded, folded
from services.enricher.orthography.uzbek import to_cyrillic, to_latin, to_new_latin

fast = settings(max_examples=200, deadline=None, derandomize=True, database=None)
hostile = st.one_of(
    st.text(max_size=40),
    st.text("еёцъьюяўшҳЕЦШи\u0301\u0306'‘´ʻ İıßſ\u0345tyabro öşçğ\u0327\u0308\u200d😀👩🏽ﷺ¨½ﬃ한\u1161", max_size=30),
)


@fast
@given(hostile)
@example("\u1100\u1161\u11a8 ç\u0301 ş\u0323")
@example("a ¨ ﷺ b")
@example("тъ́е сентябрь tyabr")
def test_the_key_is_that_of_the_contract_and_every_offset_is_true(text: str) -> None:
    key = folded(text, "uz-Cyrl")
    assert key.text == fold(text)
    starts = list(key.starts)
    assert len(starts) == len(key.text) + 1
    assert starts == sorted(starts)
    assert all(0 <= start <= len(text) for start in starts)
    for word in re.finditer(r"\S+", key.text):
        start, end = key.original(*word.span())
        assert start < end
        assert word[0] in fold(text[start:end]).split() or word[0] in fold(text[start:end])
    if key.text:
        assert fold(text[slice(*key.original(0, len(key.text)))]) == key.text


@fast
@given(hostile)
def test_a_kazakh_key_has_true_offsets_too(text: str) -> None:
    key = folded(text, "kk")
    starts = list(key.starts)
    assert len(starts) == len(key.text) + 1
    assert starts == sorted(starts)
    assert folded(key.text, "kk").text == key.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ўзбекистон  июль шаҳри", ["Ўзбекистон", "июль", "шаҳри"]),
        ("  O‘zbekiston\u00a0Özbekiston\n", ["O‘zbekiston", "Özbekiston"]),
        ("😀Шўро😀 👩🏽‍🚀 чой", ["😀Шўро😀", "👩🏽‍🚀", "чой"]),
        ("и\u0306ўл о\u0301й o\u0308t", ["и\u0306ўл", "о\u0301й", "o\u0308t"]),
        ("съезд Исҳоқ мўъжиза", ["съезд", "Исҳоқ", "мўъжиза"]),
        ("1\u00bd ﬁnal", ["1\u00bd", "ﬁnal"]),
    ],
)
def test_the_way_back_gives_the_words_as_they_were_written(text: str, words: list[str]) -> None:
    key = folded(text, "uz")
    assert [text[slice(*key.original(*word.span()))] for word in re.finditer(r"\S+", key.text)] == words


def test_a_part_of_a_word_is_found_and_a_letter_of_two_is_taken_whole() -> None:
    text = "— Тошкентда, Шўрчида"
    key = folded(text, "uz")
    at = key.text.index("toshkent")
    assert text[slice(*key.original(at, at + len("toshkent")))] == "Тошкент"
    at = key.text.index("shoʻr")
    assert text[slice(*key.original(at, at + 1))] == "Ш"
    assert text[slice(*key.original(at + 1, at + 3))] == "Шў"
    assert key.original(at, at) == (text.index("Ш"), text.index("Ш"))
    assert key.position(text.index("Ш")) == at
    assert key.position(len(text)) == len(key.text)


@pytest.mark.parametrize("span", [(-1, 2), (2, 1), (0, 99)])
def test_a_span_outside_of_the_key_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no span"):
        folded("шаҳар", "uz").original(*span)


TEXT = (
    "Ўзбекистон Республикаси ҳукумати 1 сентябрдан бошлаб Чирчиқ дарёсидаги ғаройиб кўприкни таъмирлайди. "
    "Исҳоқ Юсупов съездда «бу мўъжиза эмас», деди; цирк, лицей ва акция ҳақида гапирмади."
)


def test_one_text_in_three_orthographies_has_one_key() -> None:
    latin = to_latin(TEXT)
    typed = latin.replace("ʻ", "'").replace("ʼ", "’").upper()
    spellings = [TEXT, latin, to_new_latin(TEXT), typed, to_cyrillic(latin), to_new_latin(TEXT).upper()]
    assert len({fold(text) for text in spellings}) == 1
    assert {folded(text, "uz").text for text in spellings} == {fold(TEXT)}


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Қазақстан Республикасының Үкіметі", "Qazaqstan Respublikasynyñ Ükımetı"),
        ("Шымкент пен Өскемен қалалары", "ŞYMKENT PEN ÖSKEMEN QALALARY"),
        ("ұлттық университет, әлем, жаңалық", "ūlttyq universitet, älem, jañalyq"),
        ("ғылым", "ǵylym"),
        ("Ыстықкөл", "Ystyqköl"),
    ],
)
def test_kazakh_in_both_scripts_has_one_key(cyrillic: str, latin: str) -> None:
    assert folded(cyrillic, "kk").text == folded(latin, "kk-Latn").text


@pytest.mark.parametrize(("one", "other"), [("ұн", "ун"), ("қол", "көл"), ("сан", "саң"), ("ән", "ан")])
def test_other_kazakh_words_keep_other_keys(one: str, other: str) -> None:
    assert folded(one, "kk").text != folded(other, "kk").text


@pytest.mark.parametrize("text", ["", "   ", "ь", "\u0301"])
def test_a_text_of_nothing_much_has_a_key(text: str) -> None:
    assert isinstance(folded(text, "uz"), Folded)
    assert folded(text, "uz").text == fold(text)


@pytest.mark.parametrize("text", ["шўъ’" * 50_000, "e\u0301" * 50_000, "a" + "\u0301" * 200_000, ". " * 100_000])
def test_a_long_line_is_folded_too(text: str) -> None:
    assert folded(text, "uz").text == fold(text)
