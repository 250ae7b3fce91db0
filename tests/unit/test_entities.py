"""Countries and bodies are found in the original text, with one id in every language."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.articles import Entity, Language
from services.enricher.entities.tagger import MAX_MENTIONS, Tagger
from services.enricher.entities.text import same_length
from services.enricher.knowledge import base as knowledge

KNOWN = knowledge.load()
TAGGER = Tagger(KNOWN)


def tag(language: str, text: str) -> tuple[Entity, ...]:
    return TAGGER.tag(text, Language(tag=language, confidence=1)).entities


def found(language: str, text: str) -> dict[str, list[str]]:
    """What the knowledge base names, by id."""
    return {e.id: [m.surface for m in e.mentions] for e in tag(language, text) if e.found_by == "list" and e.mentions}


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


def test_an_entity_is_called_by_its_name_in_the_articles_language_and_in_english() -> None:
    (entity,) = tag("uz-Cyrl", "БМТ баёнот берди.")
    assert (entity.type, entity.name, entity.name_en) == ("ORG", "Бирлашган Миллатлар Ташкилоти", "United Nations")


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


def test_mentions_are_capped() -> None:
    (entity,) = tag("ru", "Россия, " * 3 * MAX_MENTIONS)
    assert len(entity.mentions) == MAX_MENTIONS


def test_a_megabyte_is_tagged() -> None:
    assert tag("en", "x" * 1_000_000 + " Uzbekistan")[0].mentions[0].start == 1_000_001


ALIASES = [alias for known in KNOWN for aliases in known.aliases.values() for alias in aliases]


@given(
    st.lists(st.one_of(st.text(max_size=12), st.sampled_from(ALIASES), st.characters()), max_size=12).map(" ".join),
    st.sampled_from(sorted({*knowledge.LANGUAGES, "und"})),
)
@settings(max_examples=200, deadline=None)
def test_offsets_are_true_in_the_original_text(text: str, language: str) -> None:
    entities = tag(language, text)
    mentions = [mention for entity in entities for mention in (*entity.mentions, *entity.derived)]
    assert all(text[m.start : m.end] == m.surface and m.surface for m in mentions)
    beside_events = [e for e in entities if e.type != "EVENT"]  # an event may be named after a body
    spans = sorted((m.start, m.end) for e in beside_events for m in (*e.mentions, *e.derived))
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.text())
def test_folding_for_matching_keeps_every_offset(text: str) -> None:
    assert len(same_length(text).lower()) == len(text)


def test_the_knowledge_is_sound() -> None:
    ids = [known.id for known in KNOWN]
    assert len(ids) == len(set(ids))
    assert sum(known.type == "ORG" for known in KNOWN) >= 40
    assert all("en" in known.names for known in KNOWN)
