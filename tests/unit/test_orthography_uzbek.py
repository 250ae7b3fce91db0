"""Uzbek words and texts come out right in each of the three orthographies, and the rest of a text stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.folding import APOSTROPHES, fold
from services.enricher.orthography import uzbek
from services.enricher.orthography.uzbek import to_cyrillic, to_latin, to_new_latin

fast = settings(max_examples=150, deadline=None, derandomize=True, database=None)

WORDS = """
Ўзбекистон Oʻzbekiston Özbekiston | Тошкент Toshkent Toşkent | Самарқанд Samarqand Samarqand
Бухоро Buxoro Buxoro | Хоразм Xorazm Xorazm | Фарғона Fargʻona Farğona | Андижон Andijon Andijon
Наманган Namangan Namangan | Қарши Qarshi Qarşi | Термиз Termiz Termiz | Нукус Nukus Nukus
Жиззах Jizzax Jizzax | Гулистон Guliston Guliston | Навоий Navoiy Navoiy | Урганч Urganch Urganç
Қўқон Qoʻqon Qöqon | Марғилон Margʻilon Marğilon | Чирчиқ Chirchiq Çirçiq | Хива Xiva Xiva
Шаҳрисабз Shahrisabz Şahrisabz
Сурхондарё Surxondaryo Surxondaryo | Қашқадарё Qashqadaryo Qaşqadaryo | Сирдарё Sirdaryo Sirdaryo
Қорақалпоғистон Qoraqalpogʻiston Qoraqalpoğiston | Россия Rossiya Rossiya | Қозоғистон Qozogʻiston Qozoğiston
Қирғизистон Qirgʻiziston Qirğiziston | Тожикистон Tojikiston Tojikiston | Туркманистон Turkmaniston Turkmaniston
Афғонистон Afgʻoniston Afğoniston | Хитой Xitoy Xitoy | Япония Yaponiya Yaponiya | Европа Yevropa Yevropa
Эрон Eron Eron | Ироқ Iroq Iroq | Франция Fransiya Fransiya | Греция Gretsiya Gretsiya | Бельгия Belgiya Belgiya
йил yil yil | йўл yoʻl yöl | йўқ yoʻq yöq | йигит yigit yigit | ёз yoz yoz | ёш yosh yoş | ёғоч yogʻoch yoğoç
юз yuz yuz | юрт yurt yurt | юлдуз yulduz yulduz | яхши yaxshi yaxşi | янги yangi yangi | яшил yashil yaşil
ер yer yer | етти yetti yetti | елка yelka yelka | енгил yengil yengil | эшик eshik eşik | эл el el | элчи elchi elçi
эртага ertaga ertaga | қаер qayer qayer | баён bayon bayon | дунё dunyo dunyo | дарё daryo daryo | аёл ayol ayol
оёқ oyoq oyoq | қуёш quyosh quyoş | сиёсат siyosat siyosat | тайёр tayyor tayyor | буюк buyuk buyuk
маъно maʼno maʼno | санъат sanʼat sanʼat | таълим taʼlim taʼlim | эълон eʼlon eʼlon | маъмур maʼmur maʼmur
қатъий qatʼiy qatʼiy | маъюс maʼyus maʼyus | шеър sheʼr şeʼr | аъло aʼlo aʼlo | мажбур majbur majbur
сунъий sunʼiy sunʼiy | жамият jamiyat jamiyat | инъом inʼom inʼom | даъво daʼvo daʼvo | эътибор eʼtibor eʼtibor
Исҳоқ Isʼhoq Isʼhoq | асҳоб asʼhob asʼhob | мусҳаф musʼhaf musʼhaf | Ислом Islom Islom
шаҳар shahar şahar | шошилинч shoshilinch şoşilinç | чегара chegara çegara | чўл choʻl çöl | ғишт gʻisht ğişt
бош bosh boş | иш ish iş | ўқувчи oʻquvchi öquvçi | ўқитувчи oʻqituvchi öqituvçi | ўғил oʻgʻil öğil | ўт oʻt öt
тоғ togʻ toğ | боғ bogʻ boğ | соғлиқ sogʻliq soğliq | туғилган tugʻilgan tuğilgan | ғалаба gʻalaba ğalaba
ғоя gʻoya ğoya | қишлоқ qishloq qişloq | қонун qonun qonun | ҳуқуқ huquq huquq | ҳоким hokim hokim | ҳаво havo havo
ҳафта hafta hafta | хабар xabar xabar | халқ xalq xalq | хона xona xona | давлат davlat davlat | вазир vazir vazir
президент prezident prezident | республика respublika respublika | министр ministr ministr
парламент parlament parlament
январь yanvar yanvar | февраль fevral fevral | март mart mart | апрель aprel aprel | май may may | июнь iyun iyun
июль iyul iyul | август avgust avgust | сентябрь sentabr sentabr | октябрь oktabr oktabr | ноябрь noyabr noyabr
декабрь dekabr dekabr | сентябрда sentabrda sentabrda | октябрдан oktabrdan oktabrdan | январгача yanvargacha yanvargaça
душанба dushanba duşanba | сешанба seshanba seşanba | чоршанба chorshanba çorşanba | пайшанба payshanba payşanba
жума juma juma | шанба shanba şanba | якшанба yakshanba yakşanba
фильм film film | альбом albom albom | роль rol rol | модель model model | автомобиль avtomobil avtomobil
фестиваль festival festival | нефть neft neft | медаль medal medal | компьютер kompyuter kompyuter
цирк sirk sirk | цех sex sex | цемент sement sement | концерт konsert konsert | принцип prinsip prinsip
процесс protsess protsess | офицер ofitser ofitser | лицей litsey litsey | вакцина vaksina vaksina
полиция politsiya politsiya | милиция militsiya militsiya | конституция konstitutsiya konstitutsiya
акция aksiya aksiya | редакция redaksiya redaksiya | функция funksiya funksiya | конференция konferensiya konferensiya
пенсия pensiya pensiya | версия versiya versiya | станция stansiya stansiya | социал sotsial sotsial
съезд syezd syezd | объект obyekt obyekt | субъект subyekt subyekt | премьера premyera premyera
район rayon rayon | майор mayor mayor | поэзия poeziya poeziya | поезд poyezd poyezd | аэропорт aeroport aeroport
мэр mer mer | актёр aktyor aktyor | режиссёр rejissyor rejissyor | бюджет byudjet byudjet | журнал jurnal jurnal
айтса aytsa aytsa | кетса ketsa ketsa | сирка sirka sirka | техника texnika texnika | мактаб maktab maktab
китоб kitob kitob | сув suv suv | нон non non | уй uy uy | тил til til | кўз koʻz köz | сўз soʻz söz | кўча koʻcha köça
кўнгил koʻngil köngil | денгиз dengiz dengiz | синглим singlim singlim | келинг keling keling
АҚШ AQSH AQŞ | ШҲТ SHHT ŞHT | БМТ BMT BMT | МДҲ MDH MDH | ЮНЕСКО YUNESKO YUNESKO | ТОШКЕНТ TOSHKENT TOŞKENT
"""
TABLE = [tuple(entry.split()) for line in WORDS.strip().splitlines() for entry in line.split("|")]


def test_the_table_is_long_enough_and_has_three_spellings() -> None:
    assert len(TABLE) >= 150
    assert all(len(entry) == 3 for entry in TABLE)


@pytest.mark.parametrize("place", range(3), ids=["from Cyrillic", "from Latin", "from new Latin"])
def test_every_spelling_of_a_word_gives_the_other_two(place: int) -> None:
    wrong = [
        (entry[place], got, expected)
        for entry in TABLE
        for spell, expected in zip((to_cyrillic, to_latin, to_new_latin), entry, strict=True)
        if (got := spell(entry[place])) != expected
        and not (place == 0 and spell is to_cyrillic)  # what is Cyrillic already stays
    ]
    assert wrong == []
    assert all(to_cyrillic(cyrillic) == cyrillic for cyrillic, _, _ in TABLE)


def test_the_three_spellings_have_one_key() -> None:
    assert [entry for entry in TABLE if len({fold(word) for word in entry}) > 1] == []


@pytest.mark.parametrize("mark", APOSTROPHES)
def test_every_apostrophe_takes_its_normal_form(mark: str) -> None:
    assert (
        to_latin(f"o{mark}g{mark}il ma{mark}no G{mark}O{mark}YA bog{mark} {mark}") == f"oʻgʻil maʼno GʻOʻYA bogʻ {mark}"
    )


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("‘blog’ va 'so'z'", "‘blog’ va 'soʻz'"),
        ("АҚШда, ТошДТУ, Ш. Рашидов, Я. Алимов", "AQSHda, ToshDTU, Sh. Rashidov, Ya. Alimov"),
        ("AQŞda Ş. Şahar ÇÖL", "AQSHda Sh. Shahar CHOʻL"),
        ("Türkçe, Beşiktaş, Đoković", "Türkçe, Beshiktash, Đoković"),
        ("Covidга Facebook’да IT-парк", "Covidга Facebookʼda IT-park"),
        ("Қазақстан әлемі", "Qazaqstan әлемі"),
        ("o\u0308g\u0306il и\u0306ўл", "oʻgʻil yoʻl"),
        ("мўъжиза, moʻʼjiza", "moʻjiza, moʻjiza"),
        ("12:30 да 1 465,5 сўм, 15.05.2024", "12:30 da 1 465,5 soʻm, 15.05.2024"),
        ("Олма.Нок", "Olma.Nok"),
    ],
)
def test_a_text_comes_out_in_the_latin_of_1995(text: str, latin: str) -> None:
    assert to_latin(text) == latin
    assert to_latin(latin) == latin


@pytest.mark.parametrize(
    ("text", "cyrillic"),
    [
        ("XXI asr, V. Aliyev, IV bob", "XXI аср, В. Алиев, IV боб"),
        ("Microsoft va YouTube kanali", "Microsoft ва YouTube канали"),
        ("AQSh va AQSHda", "АҚШ ва АҚШда"),
        ("Ishoq oktyabr oyida", "Исҳоқ октябрь ойида"),
        ("FILM, Filmlar, film", "ФИЛЬМ, Фильмлар, фильм"),
        ("Nyu-York", "Нью-Йорк"),
    ],
)
def test_a_text_comes_out_in_cyrillic(text: str, cyrillic: str) -> None:
    assert to_cyrillic(text) == cyrillic


ADDRESSES = [
    "https://kun.uz/янгилик?so'z=шаҳар",
    "www.шаҳар.uz/o'zbek",
    "muharrir@kun.uz",
    "@xabar_shahar",
    "#Ўзбекистон",
    "#O'zbekiston",
    "gazeta.uz/oz/2026/",
    "Kun.uz",
]


@pytest.mark.parametrize("spell", [to_latin, to_cyrillic, to_new_latin])
@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_and_hashtags_stay(address: str, spell) -> None:  # type: ignore[no-untyped-def]
    before, after = spell("шаҳар ("), spell(") shahar 15, 3.5%")
    assert spell(f"шаҳар ({address}) shahar 15, 3.5%") == before + address + after


_LATIN = st.lists(
    st.sampled_from([*"abdefgijklmnopqrtuvxz", "oʻ", "gʻ", "sh", "ch", "yo", "yu", "ya", "y"]), min_size=1, max_size=9
)
_NATIVE = st.text("абвгдёжзиклмнопрстуфхчшюяўқғҳ", min_size=1, max_size=12)


@fast
@given(_LATIN.map("".join).filter(lambda word: "tsi" not in word))
def test_latin_words_survive_cyrillic_and_the_new_latin(word: str) -> None:
    assert to_latin(to_cyrillic(word)) == word
    assert to_latin(to_new_latin(word)) == word
    assert to_latin(to_cyrillic(word.title() if word.isascii() else word.capitalize())) == word.capitalize()


@fast
@given(_NATIVE.filter(lambda word: not any(pair in word for pair in ("тси", "кси", "пси", "нси"))))
def test_cyrillic_words_of_native_letters_survive_both_latins(word: str) -> None:
    assert to_cyrillic(to_latin(word)) == word
    assert to_cyrillic(to_new_latin(word)) == word


@fast
@given(st.text(max_size=60))
def test_no_text_is_refused_and_what_is_latin_stays_latin(text: str) -> None:
    once = to_latin(text)
    assert to_latin(once) == once
    to_cyrillic(text)
    to_new_latin(text)


@pytest.mark.parametrize(
    "text",
    [
        "шаҳар" * 50_000,
        "o'" * 100_000,
        "a.uz" * 50_000,
        "." * 200_000,
        "@#" * 200_000,
        "o\u0308" * 100_000,
        "www." * 100_000,
    ],
)
def test_a_long_line_is_no_trouble(text: str) -> None:
    for spell in (to_latin, to_cyrillic, to_new_latin):
        assert spell(text)


LOANS = tomllib.loads((Path(uzbek.__file__).parent / "loanwords.toml").read_text("utf-8"))


def test_every_loan_word_goes_both_ways_and_has_one_key() -> None:
    rows = {**LOANS["words"], **LOANS["stems"]}
    assert [latin for latin, cyrillic in rows.items() if to_cyrillic(latin) != cyrillic] == []
    assert [latin for latin, cyrillic in rows.items() if to_latin(cyrillic) != latin] == []
    assert [latin for latin, cyrillic in rows.items() if fold(latin) != fold(cyrillic)] == []
    assert [typed for typed, cyrillic in LOANS["read"].items() if to_cyrillic(typed) != cyrillic] == []
    assert [typed for typed, cyrillic in LOANS["read"].items() if fold(typed) != fold(cyrillic)] == []


def test_a_loan_word_is_known_by_whole_endings_only() -> None:
    assert (
        to_cyrillic("merlar merosi, rolda, rolikda, volti, filmografiya")
        == "мэрлар мероси, ролда, роликда, вольти, филмография"
    )
