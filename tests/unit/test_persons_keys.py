"""A person's name has one key in all scripts and spellings; like names of others stay apart."""

from itertools import combinations

import pytest

from services.enricher.entities.persons.keys import MAX_NAME_CHARS, jaro_winkler, key, romanised, same_person

SPELLINGS = [
    ("Shavkat Mirziyoyev", "Шавкат Мирзиёев", "Shavkat Mirziyoev", "Şavkat Mırzıyoyev", "Мирзиёев Шавкат Миромонович"),
    ("Sadyr Japarov", "Садыр Жапаров", "Садир Жапаров", "Sadır Caparov", "Sadir Japarov"),
    ("Emomali Rahmon", "Эмомалӣ Раҳмон", "Эмомали Рахмон", "Emomali Rahman"),
    ("Kassym-Jomart Tokayev", "Қасым-Жомарт Тоқаев", "Касым-Жомарт Токаев", "Qosim-Jomart To‘qayev"),
    ("Serdar Berdimuhamedow", "Сердар Бердымухамедов", "Serdar Berdimuhamedov", "Сердар Бердімұхамедов"),
    ("Bakir Yusupov", "Бакир Юсупов", "Bakir Yusupow"),
    ("Olim Hamidov", "Олим Ҳамидов", "Olim Xamidov", "Алим Хамидов", "Hamidov Olim Rustamovich"),
    ("Ilham Aliyev", "Илҳом Алиев", "Ilhom Aliyev", "İlham Əliyev", "Ильхам Алиев"),
    ("Volodimir Zelenskiy", "Володимир Зеленський", "Volodimir Zelenskyy", "Володимир Зеленский"),
    ("Farrux Yo'ldoshev", "Фаррух Йўлдошев", "Farrukh Yoʻldoshev"),
]
ONE_PERSON = [
    ("Islom Karimov", "Islam Karimov"),
    ("Islom Karimov", "Karimov Islom"),
    ("Sh. Mirziyoyev", "Шавкат Мирзиёев"),
    ("Ш.М. Мирзиёев", "Shavkat Mirziyoyev"),
    ("Mirziyoyev Sh.", "Shavkat Mirziyoyev"),
    ("Emomali Rahmon", "Имомали Рахмон"),
    ("Kassym-Jomart Tokayev", "Kasım Cömert Tokayev"),
    ("Recep Tayyip Erdoğan", "Recep Erdoğan"),
    ("Anvar Rustam o‘g‘li Karimov", "Anvar Karimov"),
    ("Rahimov", "Рахимов"),
    ("Bashar al-Asad", "Башар Асад"),
]
TWO_PERSONS = [
    ("Ilham Aliyev", "Ilham Aliyeva"),
    ("Anvar Rahmonov", "Anvar Rahimov"),
    ("Anvar Karimov", "Anvar Kerimov"),
    ("Anvar Karimov", "Rustam Karimov"),
    ("Sardor Rahimov", "Sarvar Rahimov"),
    ("Botir Karimov", "Bobir Karimov"),
    ("A. Karimov", "B. Karimov"),
    ("S. Mirziyoyev", "Shavkat Mirziyoyev"),
    ("A.B. Karimov", "A.V. Karimov"),
    ("Serdar Berdimuhamedow", "Gurbanguly Berdimuhamedow"),
    ("Anvar Karimov", "Karimov"),
    ("Jahongir Aliyev", "Jahon Aliyev"),
    ("Akmal Saidov", "Akram Saidov"),
    ("Akmal Saidov", "Akmal Sattorov"),
    ("Anvar Olimovich Karimov", "Anvar Rustamovich Karimov"),
    ("Vladimir Putin", "Vladimir Pushkin"),
    ("Nodira Salimova", "Nodir Salimov"),
    ("Sadyr Japarov", "Akylbek Japarov"),
    ("Karl III", "Karl II"),
]


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda s: s[0])
def test_scripts_and_regular_spellings_have_one_key(spellings: tuple[str, ...]) -> None:
    assert {key(name) for name in spellings} == {key(spellings[0])}
    assert all(same_person(a, b) for a, b in combinations(spellings, 2))


def test_no_two_persons_of_the_list_are_one() -> None:
    for one, other in combinations(SPELLINGS, 2):
        assert not any(same_person(a, b) for a in one for b in other)


@pytest.mark.parametrize(("a", "b"), ONE_PERSON)
def test_initials_patronymics_and_order_do_not_part_a_person(a: str, b: str) -> None:
    assert same_person(a, b)
    assert same_person(b, a)


@pytest.mark.parametrize(("a", "b"), TWO_PERSONS)
def test_near_misses_stay_apart(a: str, b: str) -> None:
    assert not same_person(a, b)
    assert not same_person(b, a)


def test_a_key_is_readable_and_in_order_of_the_alphabet() -> None:
    assert key("Шавкат Мирзиёев") == "mirziaev-shavkat"
    assert key("Sh.M. Mirziyoyev") == "mirziaev-sh"
    assert key("van der Bellen Alexander") == "aleksander-belen"
    assert key("Karl III") == "iii-karl"
    assert key("Nurmuhammad Olim o‘g‘li Aliyev") == key("Нурмуҳаммад Алиев")
    assert key("Ne'mat Abdullayev o'g'li") == key("Неъмат Абдуллаев")
    assert key("…") == ""


def test_a_name_without_letters_is_nobodys() -> None:
    assert not same_person("", "")
    assert not same_person("...", "...")


def test_a_name_without_end_is_cut() -> None:
    assert len(key("Karimov " * 100_000)) <= MAX_NAME_CHARS


@pytest.mark.parametrize(
    ("a", "b", "similarity"), [("martha", "marhta", 0.961), ("dixon", "dicksonx", 0.813), ("dwayne", "duane", 0.840)]
)
def test_similarity_is_that_of_jaro_and_winkler(a: str, b: str, similarity: float) -> None:
    assert jaro_winkler(a, b) == pytest.approx(similarity, abs=0.001)
    assert jaro_winkler(a, "zzzz") == 0.0


def test_a_romanised_word_has_only_small_letters() -> None:
    assert romanised("Қасым-Жомарт") == "kasim-jamart"
    assert romanised("Đỗ’s") == "das"
