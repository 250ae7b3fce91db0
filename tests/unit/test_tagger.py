"""All finders together: from a text to its entities, with offsets that are true whatever stands in the text."""

from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.articles import Entity, Language, LanguageSpan
from services.enricher.entities.found import Found
from services.enricher.entities.merging import apart, merged
from services.enricher.entities.models.chunks import MAX_CHARS, MAX_READ, chunks
from services.enricher.entities.tagger import MAX_MENTIONS
from services.enricher.entities.text import Text
from services.enricher.work import tag_text

PIECES = (
    "Oʻzbekiston", "O'zbekistonda", "Ўзбекистоннинг", "BMTning", "ООН", "БҰҰ-ның", "Shavkat Mirziyoyev", "Мирзиёевнинг",
    "ازبکستان", "سازمان ملل", "Ankara'da", "15-may kuni", "PQ-60-son", "A/RES/72/165", "«Artel»", "“UzAuto Motors”",
    "Тошкент", "Tashkent", "(DKA)", "sammiti", "vazirligi", "region", "🇺🇿", "e\u0301", "\u200f", "İstanbul", "ǅ", "ﬁ",
)  # fmt: skip


def tag(text: str, language: str, title_end: int = 0) -> dict[str, Entity]:
    found = tag_text(text, Language(tag=language, confidence=1.0), title_end, date(2026, 5, 20))
    return {entity.id: entity for entity in found.entities}


def surfaces(entity: Entity) -> list[str]:
    return [mention.surface for mention in entity.mentions]


@cache
def pieces() -> st.SearchStrategy[str]:
    """Names of many scripts among anything at all: emoji, combining marks, right to left, halves of surrogates."""
    anything = st.one_of(
        st.sampled_from(PIECES), st.text(max_size=8), st.characters(categories=("Cs", "Mn", "So", "Lo"))
    )
    return st.lists(anything, max_size=14).map(" ".join) | st.lists(anything, max_size=8).map("".join)


@given(st.data(), st.sampled_from(["uz-Latn", "uz-Cyrl", "ru", "en", "kk", "ky", "tg", "tk", "tr", "fa", "und"]))
@settings(max_examples=60, deadline=None)
def test_every_mention_is_what_stands_there(data: st.DataObject, language: str) -> None:
    text = data.draw(pieces())
    for entity in tag(text, language).values():
        for mention in (*entity.mentions, *entity.derived):
            assert text[mention.start : mention.end] == mention.surface
            assert mention.surface.strip()
        assert 0 <= entity.salience <= 1
        assert entity.mentions or entity.derived


def test_a_body_that_an_event_is_named_after_is_a_mention_of_its_own() -> None:
    found = tag("Bugun ShHT sammiti boshlandi.", "uz-Latn")
    assert surfaces(found["xabar:sco-summit"]) == ["ShHT sammiti"]
    assert surfaces(found["xabar:sco"]) == ["ShHT"]


def test_a_surname_after_the_full_name_is_the_person_whatever_the_model_says() -> None:
    text = "Bakhtiyor Saidov met colleagues in Astana on Tuesday. Saidov also held talks with executives of Air Astana."
    persons = [surfaces(entity) for entity in tag(text, "en").values() if entity.type == "PER"]
    assert persons == [["Bakhtiyor Saidov", "Saidov"]]


def test_what_comes_from_a_country_is_linked_but_is_no_mention_of_it() -> None:
    russia = tag("Российские и казахстанские инженеры приехали в Ташкент.", "ru")["iso3166:RU"]
    assert (surfaces(russia), [m.surface for m in russia.derived]) == ([], ["Российские"])


def test_the_headline_and_the_number_of_mentions_say_what_an_article_is_about() -> None:
    title = "Oʻzbekiston suv sarfini qisqartiradi"
    text = f"{title}\n\nOʻzbekistonda yangi qoida. {'Gap koʻp edi. ' * 40}Tojikiston ham qoʻshiladi."
    found = tag(text, "uz-Latn", len(title))
    assert found["iso3166:UZ"].salience > 0.6 > 0.2 > found["iso3166:TJ"].salience


def test_a_mixed_text_is_read_in_each_of_its_languages() -> None:
    uzbek, russian = "Toshkentda yigʻin boʻldi.", "Встреча прошла в Самарканде."
    text = f"{uzbek}\n\n{russian}"
    spans = (
        LanguageSpan(start=0, end=len(uzbek), tag="uz-Latn", confidence=1),
        LanguageSpan(start=len(uzbek) + 2, end=len(text), tag="ru", confidence=1),
    )
    found = tag_text(text, Language(tag="uz-Latn", confidence=1, spans=spans))
    mentions = {m.surface: (m.start, e.id) for e in found.entities for m in e.mentions}
    assert mentions["Toshkentda"] == (0, "geonames:1512569")
    assert mentions["Самарканде"] == (text.index("Самарканде"), "geonames:1216265")


def test_the_acronyms_that_a_text_explains_are_told() -> None:
    text = "Daryo va koʻllar agentligi (DKA) ochildi. DKAning binosi Nukusda."
    found = tag_text(text, Language(tag="uz-Latn", confidence=1))
    (agency,) = [e for e in found.entities if e.type == "ORG"]
    assert surfaces(agency) == ["Daryo va koʻllar agentligi", "DKA", "DKAning"]
    assert [(a.acronym, a.long_form, a.entity) for a in found.acronyms] == [
        ("DKA", "Daryo va koʻllar agentligi", agency.id)
    ]


def test_mentions_are_capped() -> None:
    found = tag("Uzbekistan. " * (MAX_MENTIONS + 500), "de")
    assert sum(len(entity.mentions) for entity in found.values()) == MAX_MENTIONS


@pytest.mark.parametrize("text", ["a" * 9_000, "Gap. " * 3_000, "\n" * 5_000 + "oxiri", "soʻz " * 2_000 + "oxiri"])
def test_pieces_for_a_model_lose_nothing_and_are_bounded(text: str) -> None:
    cut = list(chunks(text))
    assert all(len(piece) <= MAX_CHARS and text.startswith(piece, start) for start, piece in cut)
    covered = {at for start, piece in cut for at in range(start, start + len(piece))}
    assert all(text[at].isspace() for at in range(len(text)) if at not in covered)


@pytest.mark.parametrize(
    ("language", "sentence", "town", "person"),
    [
        ("en", "Minister Davron Yusupov spoke in Bukhara.", "geonames:1217662", "name:davran-iusupov"),
        ("ru", "Министр Даврон Юсупов выступил в Бухаре.", "geonames:1217662", "name:davran-iusupov"),
    ],
)
def test_what_a_model_does_not_reach_is_read_without_it(language: str, sentence: str, town: str, person: str) -> None:
    assert tag("\n" * MAX_READ + sentence, language).keys() >= {town, person}


def test_the_model_decides_doubtful_towns_and_where_a_body_ends() -> None:
    text = Text("Марку подарили МИД России", "ru")
    person, body, country = (
        Found(0, 5, "PER", "model", 0.8),
        Found(15, 18, "ORG", "model", 0.8),
        Found(19, 25, "LOC", "model", 0.8),
    )
    town = Found(0, 5, "LOC", "list", 0.95, "geonames:1", kind="city")
    ministry = Found(15, 25, "ORG", "list", 0.99, "xabar:ministry", kind="office")
    russia = Found(19, 25, "LOC", "list", 0.99, "iso3166:RU", kind="country")
    kept = merged([person, body, country, town, ministry, russia], text)
    assert [(f.start, f.end, f.type, f.id) for f in kept] == [
        (0, 5, "PER", None),
        (15, 18, "ORG", "xabar:ministry"),
        (19, 25, "LOC", "iso3166:RU"),
    ]


def test_a_big_town_whose_name_nobody_bears_stays_one_whatever_the_model_says() -> None:
    text = Text("Patriot systems for Kyiv", "en")
    town = Found(20, 24, "LOC", "list", 0.95, "geonames:703448", kind="city")
    assert merged([Found(20, 24, "PER", "model", 0.75), town], text) == [town]


@pytest.mark.parametrize("before", ["Tadbirda", "Mavlonov"])
def test_what_begins_a_sentence_before_a_listed_body_is_no_part_of_it(before: str) -> None:
    found = tag(f"{before} Jahon savdo tashkilotiga aʼzolik haqida gapirdi.", "uz-Latn")
    assert surfaces(found["xabar:wto"]) == ["Jahon savdo tashkilotiga"]


def test_a_listed_body_after_a_comma_is_no_part_of_the_one_before() -> None:
    text = Text("Adolat, Central Election Commission", "en")
    both = Found(0, 35, "ORG", "model", 0.75)
    commission = Found(8, 35, "ORG", "list", 0.95, "xabar:commission", kind="office")
    assert merged([*apart([both], [commission], text), commission], text) == [
        Found(0, 6, "ORG", "model", 0.75),
        commission,
    ]


def test_an_explained_acronym_of_the_list_tells_which_body_its_long_form_is() -> None:
    found = tag("The State Committee for National Security (GKNB) detained two men. The GKNB said no more.", "en")
    assert surfaces(found["xabar:kg-gknb"]) == ["State Committee for National Security", "GKNB", "GKNB"]


def test_a_court_and_its_country_are_one_name_in_english() -> None:
    found = tag("Yesterday the Supreme Court of Kazakhstan rejected the appeal.", "en")
    assert surfaces(found["xabar:kz-supreme-court"]) == ["Supreme Court of Kazakhstan"]


def test_a_listed_body_is_cut_off_what_it_owns_and_off_its_head() -> None:
    english = tag("The World Bank's Board of Executive Directors approved the loan on Tuesday.", "en")
    assert surfaces(english["xabar:world-bank"]) == ["World Bank"]
    russian = tag("Председатель Халк Маслахаты Гурбангулы Бердымухамедов посетил Аркадаг.", "ru")
    assert surfaces(russian["xabar:tm-halk-maslahaty"]) == ["Халк Маслахаты"]


def test_a_surname_in_the_english_genitive_is_the_person_named_before() -> None:
    found = tag("Malika Yunusova spoke in Osh on Monday. The footage of Yunusova's speech was seen by all.", "en")
    assert surfaces(found["name:iunusova-malika"]) == ["Malika Yunusova", "Yunusova"]


def test_two_listed_names_that_the_model_joins_are_two() -> None:
    found = tag("Amnesty International and Human Rights Watch welcomed the decision.", "en")
    assert surfaces(found["xabar:amnesty-international"]) == ["Amnesty International"]
    assert surfaces(found["xabar:human-rights-watch"]) == ["Human Rights Watch"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Президент принял Одрэ Азуле в Самарканде.", "ru"),
        ("Prezident Odrey Azule bilan uchrashdi, dedi Odre Azule.", "uz-Latn"),
        ("The president received Audrey Azoulay in Samarkand.", "en"),
    ],
)
def test_a_listed_person_is_known_in_spellings_that_no_list_has(text: str, language: str) -> None:
    assert "xabar:person-audrey-azoulay" in tag(text, language)


def test_a_country_that_the_model_cuts_off_a_body_is_linked() -> None:
    found = tag("Переговоры прошли вчера. МИД России подтвердил участие министра во встрече.", "ru")
    assert surfaces(found["xabar:russia-foreign-ministry"]) == ["МИД"]
    assert surfaces(found["iso3166:RU"]) == ["России"]


def test_a_mission_in_a_country_is_one_name() -> None:
    text = Text("UN Assistance Mission in Afghanistan", "en")
    whole = Found(0, 36, "ORG", "list", 0.99, "xabar:unama", kind="body")
    parts = [Found(0, 21, "ORG", "model", 0.8), Found(25, 36, "LOC", "model", 0.8)]
    assert merged([whole, *parts], text) == [whole]


def test_a_place_before_a_comma_is_no_part_of_the_body_after_it() -> None:
    text = Text("unrest in Nukus, Human Rights Watch said", "en")
    town = Found(10, 15, "LOC", "list", 0.95, "geonames:1", kind="city")
    model = Found(10, 35, "ORG", "model", 0.8)
    assert [(f.start, f.end, f.type) for f in merged([town, *apart([model], [town], text)], text)] == [
        (10, 15, "LOC"),
        (17, 35, "ORG"),
    ]


def test_a_country_between_two_names_in_quotation_marks_is_in_neither() -> None:
    found = tag("«Paxtakor» jamoasi Rossiyaning «Zenit» klubi bilan oʻynadi.", "uz-Latn")
    assert surfaces(found["iso3166:RU"]) == ["Rossiyaning"]


def test_a_person_before_a_listed_region_is_no_part_of_it() -> None:
    found = tag("Bank vitse-prezidenti Yinmin Yang Andijon viloyatiga keldi.", "uz-Latn")
    assert "Andijon viloyatiga" in [surface for entity in found.values() for surface in surfaces(entity)]


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("uz-Latn", "Zilzila Samarqand va Donggala aholisini uygʻotdi.", "Donggala"),
        ("kk", "Жер сілкінісі Алматы мен Донггала тұрғындарын оятты.", "Донггала"),
        ("tr", "Deprem Ankara ve Donggala sakinlerini uyandırdı.", "Donggala"),
    ],
)
def test_what_an_and_joins_to_a_listed_place_is_one(language: str, text: str, name: str) -> None:
    assert (name, "LOC") in {(m.surface, e.type) for e in tag(text, language).values() for m in e.mentions}


@pytest.mark.parametrize(
    "text",
    [
        "Toshkent va Prezident haqida gapirildi.",
        "Toshkentda va Donggala haqida.",
        "Toshkent va Xalqaro Hamkorlik markazi.",
    ],
)
def test_not_everything_behind_an_and_is_a_place(text: str) -> None:
    assert [m.surface for e in tag(text, "uz-Latn").values() if e.type == "LOC" for m in e.mentions] == [
        text.split()[0]
    ]
