"""What may follow a name inside its word: the endings of each language, and words that only begin alike."""

import pytest

from services.enricher.entities import suffixes
from services.enricher.entities.text import Text, plain

TAKEN = [
    (
        "uz-Latn",
        "Toshkent",
        "Toshkentning Toshkentda Toshkentlar Toshkentlardagi Toshkentdan Toshkentgacha Toshkentimiz",
    ),
    ("uz-Latn", "Toshkent", "Toshkent-da Toshkent'ga Toshkentdagilarning Toshkentdanmi Toshkentdek"),
    ("uz-Latn", "Vazirlar Mahkamasi", "Vazirlar Mahkamasining|Vazirlar Mahkamasiga|Vazirlar Mahkamasidagi"),
    ("uz-Latn", "Tashqi ishlar vazirligi", "Tashqi ishlar vazirligiga|Tashqi ishlar vazirligining"),
    ("uz-Latn", "Markaziy bank", "Markaziy banki|Markaziy bankining|Markaziy bankda"),
    ("uz-Cyrl", "Тошкент", "Тошкентнинг Тошкентда Тошкентлардаги Тошкентдан Тошкентгача"),
    ("kk", "Алматы", "Алматыда Алматының Алматыға Алматыдан Алматыдағы Алматымен Алматыны"),
    ("kk", "Өскемен", "Өскеменде Өскеменнің Өскеменге Өскеменнен Өскемендегі Өскеменмен"),
    ("kk", "Қаржы министрлігі", "Қаржы министрлігінің|Қаржы министрлігіне|Қаржы министрлігінен|Қаржы министрлігін"),
    ("kk", "Парламент", "Парламенті Парламентінде Парламенттің Парламентке"),
    ("ky", "Бишкек", "Бишкекте Бишкектин Бишкекке Бишкектен Бишкектеги"),
    ("ky", "Ош", "Ошто Оштун Ошко Оштон Оштогу"),
    ("ky", "Каржы министрлиги", "Каржы министрлигинин|Каржы министрлигине|Каржы министрлигинде|Каржы министрлигин"),
    ("tk", "Aşgabat", "Aşgabatda Aşgabatdan Aşgabatdaky Aşgabatyň"),
    ("tk", "Türkiýe", "Türkiýe Türkiýäniň Türkiýede Türkiýä"),
    ("tk", "Türkmenistan", "Türkmenistanyň Türkmenistanda Türkmenistana Türkmenistandaky"),
    ("tk", "Daşary işler ministrligi", "Daşary işler ministrliginiň|Daşary işler ministrligine"),
    ("tr", "Ankara", "Ankara'da Ankara'nın Ankara'ya Ankara'dan"),
    ("tr", "Dışişleri Bakanlığı", "Dışişleri Bakanlığının|Dışişleri Bakanlığı'na|Dışişleri Bakanlığında"),
    ("tg", "Душанбе", "Душанберо Душанбеи Душанбею"),
    ("tg", "Бонки ҷаҳонӣ", "Бонки ҷаҳонии|Бонки ҷаҳониро"),
    ("tg", "Вазорат", "Вазорати Вазоратҳо Вазоратҳои Вазоратҳоро"),
    ("fa", "ایران", "ایران"),
    ("fa", "آمریکا", "آمریکای"),
    ("ru", "Москва", "Москвы Москве Москву Москвой"),
    ("ru", "Уфа", "Уфы Уфе Уфу Уфой"),
    ("ru", "Казань", "Казани Казанью"),
    ("ru", "Корея", "Кореи Корее Корею Кореей"),
    ("ru", "Грозный", "Грозного Грозному Грозным Грозном"),
    ("ru", "Череповец", "Череповца Череповце Череповцом"),
    ("ru", "Орёл", "Орла Орле Орлом"),
    ("ru", "Иваново", "Иванова Иванове"),
    ("ru", "Химки", "Химок Химках"),
    ("ru", "Эмираты", "Эмиратов Эмиратах"),
    ("ru", "Министерство иностранных дел", "Министерства иностранных дел|Министерством иностранных дел"),
    ("ru", "Объединённые Арабские Эмираты", "Объединённых Арабских Эмиратов|Объединённым Арабским Эмиратам"),
    ("ru", "Ростов-на-Дону", "Ростова-на-Дону|Ростове-на-Дону"),
    ("ru", "Мирзиёев", "Мирзиёева Мирзиёеву Мирзиёевым Мирзиёеве"),
    ("en", "Tashkent", "Tashkent"),
]
LEFT = [
    ("uz-Latn", "Mali", "Maliya Maliyev malika"),
    ("uz-Latn", "Toshkent", "Toshkentov Toshkentskiy"),
    ("uz-Cyrl", "Чад", "Чадра"),
    ("kk", "Алматы", "Алматылов Алматыде Алматының1"),
    ("kk", "Өскемен", "Өскеменда Өскеменға"),
    ("ky", "Ош", "Ошондой Ошентип"),
    ("tr", "Mali", "Maliye Malinin"),
    ("tg", "Чад", "Чадир Чадрон"),
    ("ru", "Куба", "Кубань Кубок Кубики"),
    ("ru", "Алматы", "Алмат Алматов"),
    ("ru", "Мары", "Мара Марам"),
    ("ru", "Перу", "Перун Перуанец"),
    ("ru", "Самоа", "Самое Самой"),
    ("en", "Oman", "Omani Omanis"),
]


def ending(language: str, name: str, written: str) -> suffixes.Ending | None:
    text = Text(written, language)
    return suffixes.ending(text.primary, plain(Text(name, language).low), text.low, plain(text.low), 0)


def forms(table: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(lang, name, form) for lang, name, said in table for form in said.split("|" if "|" in said else " ")]


@pytest.mark.parametrize(("language", "name", "written"), forms(TAKEN))
def test_an_ending_of_the_language_belongs_to_the_name(language: str, name: str, written: str) -> None:
    found = ending(language, name, written)
    assert found is not None
    assert (found.end, found.role) == (len(written), "name")


@pytest.mark.parametrize(("language", "name", "written"), forms(LEFT))
def test_another_word_that_begins_alike_is_left_alone(language: str, name: str, written: str) -> None:
    found = ending(language, name, written)
    assert found is None or found.end < len(written)


@pytest.mark.parametrize(
    ("language", "name", "written", "role"),
    [
        ("uz-Latn", "Toshkent", "Toshkentlik", "inhabitant"),
        ("uz-Latn", "Toshkent", "Toshkentliklarning", "inhabitant"),
        ("kk", "Алматы", "Алматылықтар", "inhabitant"),
        ("ky", "Бишкек", "Бишкектик", "inhabitant"),
        ("tk", "Aşgabat", "Aşgabatly", "inhabitant"),
        ("tr", "Ankara", "Ankaralı", "inhabitant"),
        ("tg", "Тоҷикистон", "Тоҷикистонӣ", "adjective"),
        ("tg", "Тоҷикистон", "Тоҷикистониён", "inhabitant"),
        ("fa", "ایران", "ایرانی", "adjective"),
        ("fa", "آمریکا", "آمریکایی", "adjective"),
        ("ru", "Ташкент", "Ташкентские", "adjective"),
        ("ru", "Ташкент", "Ташкентцев", "inhabitant"),
    ],
)
def test_who_is_from_there_is_told_from_the_place(language: str, name: str, written: str, role: str) -> None:
    found = ending(language, name, written)
    assert found is not None
    assert (found.end, found.role) == (len(written), role)


@pytest.mark.parametrize(
    ("language", "name", "written", "where"),
    [
        ("uz-Latn", "Navoiy", "Navoiyda", True),
        ("uz-Latn", "Navoiy", "Navoiyga", False),
        ("kk", "Абай", "Абайда", True),
        ("kk", "Абай", "Абайдың", False),
        ("tr", "Van", "Van'da", True),
        ("tr", "Van", "Van'ın", False),
    ],
)
def test_an_ending_tells_where_something_is(language: str, name: str, written: str, where: bool) -> None:
    found = ending(language, name, written)
    assert found is not None
    assert found.where is where


def test_an_english_possessive_stays_outside() -> None:
    found = ending("en", "Uzbekistan", "Uzbekistan's")
    assert found is not None
    assert found.end == len("Uzbekistan")


def test_russian_acronyms_are_not_declined_but_for_those_that_are_spoken() -> None:
    assert suffixes.acronym_end("ru", "мид", "мидом", 3) == 5
    assert suffixes.acronym_end("ru", "сша", "сшам", 3) is None
