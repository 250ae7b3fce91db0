"""Countries and bodies are found in the original text, with one id in every language."""

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enricher.entities.matcher import MAX_SPANS, Matcher
from services.enricher.entities.text import Text, same_length
from services.enricher.knowledge import base as knowledge

LANGUAGES = (*knowledge.LANGUAGES, "und", "de")


@cache
def known() -> tuple[knowledge.Known, ...]:
    return knowledge.load()


@cache
def matcher() -> Matcher:
    return Matcher(known())


def found(language: str, text: str, role: str = "name") -> dict[str, list[str]]:
    """Id → what names it."""
    surfaces: dict[str, list[str]] = {}
    for one in matcher().find(Text(text, language)):
        if one.role == role:
            surfaces.setdefault(one.id or "", []).append(text[one.start : one.end])
    return surfaces


UN_IN_UZBEKISTAN = {
    "uz-Latn": ("BMTning O'zbekistondagi vakili keldi.", "BMTning", "O'zbekistondagi"),
    "uz-Cyrl": ("БМТнинг Ўзбекистондаги вакили келди.", "БМТнинг", "Ўзбекистондаги"),
    "ru": ("Представитель ООН в Узбекистане приехал.", "ООН", "Узбекистане"),
    "en": ("The UN's envoy to Uzbekistan has arrived.", "UN", "Uzbekistan"),
    "kk": ("БҰҰ-ның Өзбекстандағы өкілі келді.", "БҰҰ-ның", "Өзбекстандағы"),
    "ky": ("БУУнун Өзбекстандагы өкүлү келди.", "БУУнун", "Өзбекстандагы"),
    "tg": ("Намояндаи СММ ба Ӯзбекистони офтобӣ омад.", "СММ", "Ӯзбекистони"),
    "tk": ("BMG-niň Özbegistandaky wekili geldi.", "BMG-niň", "Özbegistandaky"),
    "tr": ("BM'nin Özbekistan'daki temsilcisi geldi.", "BM'nin", "Özbekistan'daki"),
    "fa": ("نماینده سازمان ملل متحد در ازبکستان آمد.", "سازمان ملل متحد", "ازبکستان"),
    "pt": ("O enviado da ONU chegou ao Uzbequistão.", "ONU", "Uzbequistão"),
}


@pytest.mark.parametrize("language", UN_IN_UZBEKISTAN)
def test_one_id_names_a_thing_in_every_language(language: str) -> None:
    text, body, country = UN_IN_UZBEKISTAN[language]
    assert found(language, text) == {"xabar:un": [body], "iso3166:UZ": [country]}


@pytest.mark.parametrize("apostrophe", "'ʻʼ‘’`´")
def test_any_apostrophe_will_do(apostrophe: str) -> None:
    assert found("uz-Latn", f"O{apostrophe}zbekistonda") == {"iso3166:UZ": [f"O{apostrophe}zbekistonda"]}


@pytest.mark.parametrize(
    ("language", "text", "ids"),
    [
        ("ru", "Содружества Независимых Государств", {"xabar:cis"}),
        ("ru", "в Саудовской Аравии и Соединённых Штатах", {"iso3166:SA", "iso3166:US"}),
        ("ru", "Всемирной организации здравоохранения", {"xabar:who"}),
        ("uz-Latn", "Jahon sogʻliqni saqlash tashkilotining", {"xabar:who"}),
        ("kk", "Дүниежүзілік банктің", {"xabar:world-bank"}),
        ("ky", "Дүйнөлүк банктын", {"xabar:world-bank"}),
        ("tg", "Бонки ҷаҳонии", {"xabar:world-bank"}),
        ("tk", "Halkara walýuta gaznasynyň", {"xabar:imf"}),
        ("en", "the UN Security Council met", {"xabar:un-security-council"}),
        ("uz-Latn", "World Health Organization vakili", {"xabar:who"}),
    ],
)
def test_cases_are_followed_and_the_longest_name_wins(language: str, text: str, ids: set[str]) -> None:
    assert set(found(language, text)) == ids


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Who knows us? Turkeys do."),
        ("en", "WHO WON THE GAME"),
        ("ru", "Того требует Армен, а Герман везёт груз."),
        ("ru", "российский посол"),
        ("tr", "Maliye Bakanlığı"),
        ("uz-Latn", "xBMTx va bmt"),
        ("fa", "منابع مالی"),
    ],
)
def test_what_only_looks_like_a_name_is_left_alone(language: str, text: str) -> None:
    assert found(language, text) == {}


@pytest.mark.parametrize(
    ("language", "text", "role", "surface"),
    [
        ("kk", "Өзбекстандық спортшы келді.", "inhabitant", "Өзбекстандық"),
        ("uz-Latn", "Oʻzbekistonliklar yutdi.", "inhabitant", "Oʻzbekistonliklar"),
        ("tg", "Варзишгари Ӯзбекистонӣ омад.", "adjective", "Ӯзбекистонӣ"),
        ("tr", "Özbekistanlı sporcu geldi.", "inhabitant", "Özbekistanlı"),
    ],
)
def test_who_comes_from_a_place_is_linked_to_it_but_is_no_name_of_it(
    language: str, text: str, role: str, surface: str
) -> None:
    assert found(language, text, role) == {"iso3166:UZ": [surface]}
    assert found(language, text) == {}


@pytest.mark.parametrize("text", ["Ozbekiston", "Qirgizistonda", "Birlashgan Millatlar Tashkilotiga Ozbekistondan"])
def test_uzbek_written_without_apostrophes_is_less_sure(text: str) -> None:
    sure = matcher().find(Text("Oʻzbekiston", "uz-Latn"))[0].confidence
    places = [one for one in matcher().find(Text(text, "uz-Latn")) if one.type == "LOC"]
    assert places
    assert all(one.confidence < sure for one in places)


@pytest.mark.parametrize("written", ["Özbekistondagi", "Õzbekistondagi", "Ŏzbekistondagi"])
def test_the_new_uzbek_latin_is_read_with_its_own_offsets(written: str) -> None:
    text = f"Toşkentda şu kuni {written} uçraşuv."
    (country,) = (one for one in matcher().find(Text(text, "uz-Latn")) if one.id == "iso3166:UZ")
    assert (text[country.start : country.end], text[country.start : country.stem_end]) == (written, written[:10])


def test_acronyms_keep_their_case_and_take_endings_in_small_letters() -> None:
    assert found("uz-Latn", "BMTga, BMT-ning va BMT’ni") == {"xabar:un": ["BMTga", "BMT-ning", "BMT’ni"]}
    assert found("uz-Latn", "bmtga, BMTGA, Bmtning") == {}


def test_the_stem_ends_before_the_case_ending() -> None:
    (one,) = matcher().find(Text("Oʻzbekistondagi", "uz-Latn"))
    assert (one.end, one.stem_end) == (15, 11)


def test_a_name_may_be_written_with_a_hyphen_or_a_space_but_not_over_a_full_stop() -> None:
    assert found("ru", "Саудовская-Аравия") == {"iso3166:SA": ["Саудовская-Аравия"]}
    assert found("ru", "Саудовская.Аравия") == {}


@pytest.mark.parametrize("noise", ["WHO UN IT ", "Uz ", "Министерство ", "Ўзбекистон-", "'", "«", "BMT’", "Mali' "])
def test_a_megabyte_of_anything_is_searched_to_its_end(noise: str) -> None:
    text = noise * (300_000 // len(noise)) + "\n\nUzbekistan"
    matches = matcher().find(Text(text, "en"))
    assert len(matches) <= MAX_SPANS
    assert all(before.end <= after.start for before, after in pairwise(matches))


def test_what_stands_after_a_megabyte_is_found() -> None:
    assert [m.start for m in matcher().find(Text("x" * 1_000_000 + " Uzbekistan", "en"))] == [1_000_001]


def texts() -> st.SearchStrategy[str]:
    aliases = [alias for thing in known()[:2_000] for names in thing.aliases.values() for alias in names]
    marks = st.sampled_from(("🏔️", "ў́", "́", "'", "-", "«", "»"))
    parts = st.lists(st.one_of(st.text(max_size=12), st.sampled_from(aliases), marks), max_size=12)
    return parts.map(" ".join) | parts.map("".join)


@given(st.deferred(texts), st.sampled_from(LANGUAGES))
@settings(max_examples=200, deadline=None)
def test_matches_are_words_of_the_original_text_and_do_not_overlap(text: str, language: str) -> None:
    matches = matcher().find(Text(text, language))
    assert all(0 <= m.start < m.end <= len(text) and 0 < m.confidence <= 1 for m in matches)
    assert all(m.stem_end is None or m.start < m.stem_end <= m.end for m in matches)
    assert all(before.end <= after.start for before, after in pairwise(matches))


@given(st.text())
def test_folding_for_matching_keeps_every_offset(text: str) -> None:
    assert len(same_length(text).lower()) == len(text)
