"""Places and bodies that no list has are told by the words beside them, and found again later in the text."""

import pytest

from services.enricher.entities import shapes
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text


def read(text: str, language: str) -> list[tuple[str, str]]:
    return [(text[f.start : f.end], f.type) for f in shapes.find(Text(text, language), [])]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("uz-Latn", "Kecha Daryo va koʻllar agentligi xabar berdi.", [("Daryo va koʻllar agentligi", "ORG")]),
        ("uz-Latn", "Malayziyaning Oʻrmonlarni asrash boshqarmasiga", [("Oʻrmonlarni asrash boshqarmasiga", "ORG")]),
        ("uz-Latn", "Qurilish, yoʻl va koʻpriklar vazirligida", [("Qurilish, yoʻl va koʻpriklar vazirligida", "ORG")]),
        ("uz-Latn", "“Yulduzcha” kompaniyasi Zarbuloq qishlogʻida", [("Zarbuloq", "LOC"), ("Yulduzcha", "ORG")]),
        ("uz-Latn", "Yaponiyaning Zilolcha kompaniyasidan", [("Zilolcha", "ORG")]),
        ("uz-Latn", "Oʻyin “Zilola” stadionida, “Nur” va “Bahor” mahallalarida", [("Zilola", "LOC"), ("Bahor", "LOC")]),
        (
            "uz-Latn",
            "Jamoa kutdi. “Biz tayyormiz”, — dedi u. “Bizga Qashqar universitetidan keldi”",
            [("Qashqar universitetidan", "ORG")],
        ),
        ("uz-Latn", "Prezidentlar Nurafshon deklaratsiyasini imzoladi.", [("Nurafshon deklaratsiyasini", "DOC")]),
        (
            "uz-Latn",
            "“Suv – 2040” strategiyasi va “Daryolar toʻgʻrisida”gi qonun",
            [
                ("Suv – 2040", "DOC"),
                ("Daryolar toʻgʻrisida", "DOC"),
            ],
        ),
        ("uz-Latn", "Haydovchilar Nurafshon koʻchasida turibdi.", [("Nurafshon koʻchasida", "LOC")]),
        ("uz-Latn", "Kecha Nurtepa yodgorligi koʻrsatildi.", [("Nurtepa", "LOC")]),
        ("uz-Cyrl", "Янги «Нурқурилиш» трести", [("Нурқурилиш", "ORG")]),
        ("uz-Latn", "Lyayen Markaziy Osiyoga keldi.", []),
        (
            "ru",
            "на стадионе «Тулпар Арена», открыты пункты пропуска «Кок-Суу» и «Ак-Тор»",
            [
                ("Тулпар Арена", "LOC"),
                ("Кок-Суу", "LOC"),
                ("Ак-Тор", "LOC"),
            ],
        ),
        ("uz-Latn", "Bugun vazirlik xodimlari universitetida, ushbu markazi", []),
        ("uz-Latn", "“Keling” dedi u. “Hammasi yaxshi boʻladi”, dedi kompaniya", []),
        ("uz-Cyrl", "Фарғона давлат театр институти", [("Фарғона давлат театр институти", "ORG")]),
        (
            "kk",
            "Қазақ теміржол академиясында, Сарыкөл ауылында",
            [("Қазақ теміржол академиясында", "ORG"), ("Сарыкөл", "LOC")],
        ),
        ("ky", "Кыргыз Республикасынын Токой министрлиги", [("Токой министрлиги", "ORG")]),
        ("tk", "Türkmenistanyň Suw hojalyk ministrligi", [("Suw hojalyk ministrligi", "ORG")]),
        ("tr", "Türkiye'nin Orman Bakanlığı'ndan", [("Orman Bakanlığı'ndan", "ORG")]),
        ("ru", "Министерство лесного хозяйства", []),
        (
            "tg",
            "Кумитаи рушди деҳот ва Вазорати алоқа ва захираҳои хок гуфтанд.",
            [("Кумитаи рушди деҳот", "ORG"), ("Вазорати алоқа ва захираҳои хок", "ORG")],
        ),
        ("tg", "Театри давлатии ба номи Садои Кӯҳ", [("Театри давлатии ба номи Садои Кӯҳ", "ORG")]),
        ("tg", "дар деҳаи Сангобаи ноҳия", [("Сангобаи", "LOC")]),
        ("fa", "روستای کلپور و شرکت «راهبان» و روستای ما", [("کلپور", "LOC"), ("راهبان", "ORG")]),
        ("kk", "Біз көлік жасадық. Бұл қорытынды.", []),
        ("kk", "Жиында Орман қорғау кеңесінің", [("Орман қорғау кеңесінің", "ORG")]),
        (
            "kk",
            "Бүгін Б.Т. Сатаев атындағы ұлттық университетінде",
            [("Б.Т. Сатаев атындағы ұлттық университетінде", "ORG")],
        ),
        (
            "tk",
            "Sona Rejepowa Azady adyndaky Türkmen döwlet uniwersitetiniň",
            [("Azady adyndaky Türkmen döwlet uniwersitetiniň", "ORG")],
        ),
        ("tr", "Olay Haziran'da ve Senato'da oldu.", []),
        ("fa", "شرکت ما گفت «متناسب» است", []),
        ("tr", "Selçuk Üniversitesi açıkladı.", [("Selçuk Üniversitesi", "ORG")]),
        ("kk", "Белсенді Бауыржан Асқарұлы Жылыой ауданының", [("Жылыой ауданының", "LOC")]),
        ("tk", "Sapardow Akdepe etrabynda boldy.", [("Akdepe etrabynda", "LOC")]),
    ],
)
def test_the_words_beside_a_name_tell_what_it_is(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text, language) == expected


def test_a_name_is_found_again_without_the_word_that_told_it() -> None:
    text = Text("Zarbuloq qishlogʻida toʻy boʻldi. Mehmonlar Zarbuloqdan ketdi, zarbuloq suvi ichdi.", "uz-Latn")
    again = shapes.later_mentions(text, shapes.find(text, []))
    assert [(text.original[f.start : f.end], f.type, f.name) for f in again] == [("Zarbuloqdan", "LOC", "Zarbuloq")]


def test_what_is_listed_is_left_alone() -> None:
    text = Text("Qurilish vazirligida", "uz-Latn")
    assert shapes.find(text, [Found(0, 20, "ORG", "list", 0.9, "xabar:building")]) == []


def test_the_name_of_a_body_may_begin_with_a_country_but_no_government_does() -> None:
    def bodies(text: str) -> list[str]:
        country = Found(0, 9, "LOC", "list", 0.9, "iso3166:KZ", stem_end=9, kind="country")
        return [text[f.start : f.end] for f in shapes.find(Text(text, "kk"), [country])]

    assert bodies("Қазақстан шахмат федерациясының үйі") == ["Қазақстан шахмат федерациясының"]
    assert bodies("Қазақстан үкіметінің үйі") == []


def test_a_listed_body_in_a_longer_name_keeps_its_id() -> None:
    text = "Сатаев атындағы Ұлттық университеті, «Hyundai Engineering» компаниясы"
    listed = [
        Found(start := text.index(name), start + len(name), "ORG", "list", 0.9, f"xabar:{name}")
        for name in ("Ұлттық университеті", "Hyundai")
    ]
    found = [(text[f.start : f.end], f.id) for f in shapes.find(Text(text, "kk"), listed)]
    assert found == [
        ("Сатаев атындағы Ұлттық университеті", "xabar:Ұлттық университеті"),
        ("Hyundai Engineering", None),
    ]


def test_a_listed_district_with_the_word_for_what_it_is_keeps_its_id() -> None:
    district = Found(0, 6, "LOC", "list", 0.9, "xabar:sayram", stem_end=6, kind="district")
    (found,) = shapes.find(Text("Сайрам ауданында", "kk"), [district])
    assert (found.end, found.id, found.kind) == (16, "xabar:sayram", "district")


def test_many_listed_names_are_asked_by_place() -> None:
    name = "Тоғай министрлігі "
    listed = [Found(at, at + 17, "ORG", "list", 0.9, "xabar:forests") for at in range(0, len(name) * 20_000, len(name))]
    assert shapes.find(Text(name * 20_000, "kk"), listed) == []


def test_hostile_text_is_read_in_one_pass() -> None:
    for text in ("Agentligi " * 10_000, "A " * 40_000 + "agentligi", "“A" * 20_000, "A shahri" * 10_000):
        assert len(shapes.find(Text(text, "uz-Latn"), [])) <= shapes.MAX_FOUND
