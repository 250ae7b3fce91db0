"""A text of several languages says where each begins, also inside of a paragraph."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.articles import Entity, Language, Translation
from services.enricher.batch import Text, enrich_text
from services.enricher.language import identify
from services.enricher.settings import PLAUSIBLE

NEWS = frozenset(PLAUSIBLE.split())
RUSSIAN = "Министр сообщил, что новая больница откроется в столице уже этой осенью. Её строили три года."
UZBEK = "Vazir yangi kasalxona poytaxtda shu kuzda ochilishini aytdi. Uni uch yil davomida qurishdi."
ENGLISH = "The minister said that the new hospital will open in the capital this autumn."
KAZAKH = "Министр жаңа аурухана елордада осы күзде ашылатынын айтты. Оны үш жыл бойы салған."
KYRGYZ = "Министр жаңы оорукана борбордо ушул күздө ачыларын айтты. Аны үч жыл бою курушкан."

_SENTENCES = st.sampled_from([RUSSIAN, UZBEK, ENGLISH, KAZAKH, KYRGYZ, "Foto: Reuters", "12.05", " ", "\u2028", ""])
_PARAGRAPHS = st.one_of(st.lists(_SENTENCES, max_size=4).map(" ".join), st.text(max_size=120))


def whole(title: str, paragraphs: list[str]) -> str:
    return "\n\n".join([title, *paragraphs])


def read(said: Language, text: str) -> list[tuple[str, str]]:
    return [(span.tag, text[span.start : span.end]) for span in said.spans]


def test_a_text_in_one_language_has_no_spans() -> None:
    for text in (RUSSIAN, UZBEK, ENGLISH, KAZAKH, KYRGYZ):
        assert identify("", [text, text], NEWS).spans == ()


def test_neighbouring_paragraphs_of_one_language_are_one_span() -> None:
    said = identify("Yangi kasalxona ochiladi", [UZBEK, UZBEK, RUSSIAN, "Foto: Reuters", RUSSIAN], NEWS)
    assert said.tag == "uz-Latn"
    assert [span.tag for span in said.spans] == ["uz-Latn", "ru", "uz-Latn", "ru"]
    assert [p.tag for p in said.paragraphs] == ["uz-Latn", "uz-Latn", "ru", "uz-Latn", "ru"]


def test_a_sentence_in_another_language_inside_of_a_paragraph_is_a_span() -> None:
    paragraph = f"{RUSSIAN} {ENGLISH} {RUSSIAN}"
    said = identify("Новая больница", [paragraph], NEWS)
    assert read(said, whole("Новая больница", [paragraph])) == [
        ("ru", f"Новая больница\n\n{RUSSIAN}"),
        ("en", ENGLISH),
        ("ru", RUSSIAN),
    ]
    assert said.paragraphs == ()


def test_languages_of_one_script_are_divided_too() -> None:
    paragraph = f"{KAZAKH} {KYRGYZ}"
    assert read(identify("", [paragraph], NEWS), whole("", [paragraph])) == [("kk", KAZAKH), ("ky", KYRGYZ)]


def test_a_short_piece_goes_with_what_stands_before_it() -> None:
    paragraph = f"{RUSSIAN} {ENGLISH} Yes! {RUSSIAN}"
    assert (read(identify("", [paragraph], NEWS), whole("", [paragraph]))[1]) == ("en", f"{ENGLISH} Yes!")


def test_what_lies_beyond_the_bounds_is_covered_as_well() -> None:
    paragraphs = [RUSSIAN, ENGLISH, *["Сегодня"] * 3_000]
    said = identify("", paragraphs, NEWS)
    assert said.spans[-1].end == len(whole("", paragraphs))


@pytest.mark.parametrize("title", [None, "", "Yangi kasalxona ochiladi"])
async def test_in_batch_mode_spans_point_into_the_text_as_it_was_given(title: str | None) -> None:
    async def asked(title: str, paragraphs: tuple[str, ...]) -> Language:
        return identify(title, paragraphs, NEWS)

    async def no_entities(_: str, __: str) -> tuple[Entity, ...]:
        return ()

    async def no_translation(*_: object) -> tuple[Translation, ...]:
        return ()

    text = Text(title=title, text=f"\n\n\n{UZBEK}\n\n\n\n\n{RUSSIAN}\n\n{UZBEK}\n\n\n")
    said = (await enrich_text(text, ["language"], asked, no_entities, no_translation)).language
    assert said
    first = f"{title}\n\n\n\n\n{UZBEK}" if title else UZBEK
    assert read(said, text.whole) == [("uz-Latn", first), ("ru", RUSSIAN), ("uz-Latn", UZBEK)]


@given(_PARAGRAPHS, st.lists(_PARAGRAPHS, max_size=4))
@settings(max_examples=120, deadline=None)
def test_spans_cover_all_but_space_in_order_and_name_different_languages(title: str, paragraphs: list[str]) -> None:
    text = whole(title, paragraphs)
    said = identify(title, paragraphs, NEWS)
    assert said == identify(title, paragraphs, NEWS)
    if not said.spans:
        assert said.paragraphs == ()
        return
    at = 0
    for span in said.spans:
        assert at <= span.start < span.end <= len(text)
        assert not text[at : span.start].strip()
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        at = span.end
    assert not text[at:].strip()
    assert all(one.tag != other.tag for one, other in zip(said.spans, said.spans[1:], strict=False))
