"""A translated sentence is refused for a reason, and only for one; names that it lost are noted."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enricher.translate.guards import flaw, missing_names

LONG = "Yangi koʻprik kecha ertalab shahar markazida ochildi va unga mehmonlar keldi."


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("O comboio partiu às 10.30 horas.", "The train left at 10.30.", None),
        ("Custou 1.465,50 euros a 12 000 pessoas.", "It cost 12,000 people 1,465.50 euros.", None),
        ("O jogo começa às 19h30 no estádio.", "The game starts at 7:30 p.m. in the stadium.", None),
        ("Ficaram 2 feridos no 1.º andar.", "Two were hurt on the first floor.", None),
        ("Lisboa", "Lisbon", None),
        ("Banco Central Europeu", "Banco Central Europeu", None),
        ("Fonte: https://exemplo.pt/nova-ponte e @ponte", "Fonte: https://exemplo.pt/nova-ponte e @ponte", None),
        ("Não, não, não, não!", "No, no, no, no, no!", None),
        ("A ponte abriu ontem de manhã.", "", "empty"),
        ("A ponte nova abriu ontem de manhã.", "A ponte nova abriu ontem de manhã.", "copy"),
        ("A ponte nova abriu ontem de manhã.", "A ponte nova abriu ontem de manhã, they say.", "copy"),
        ("A ponte abriu ontem.", "The bridge the bridge the bridge the bridge the bridge opened.", "repeats"),
        ("A ponte abriu ontem.", "The bridge opened, opened, opened, opened, opened.", "repeats"),
        ("A ponte abriu ontem.", "The bridge opehahahahahahahahahahahahahaha", "repeats"),
        ("A ponte nova sobre o rio abriu ontem de manhã.", "Bridge.", "length"),
        ("A ponte nova abriu ontem.", "The bridge opened " + "with much joy, bands and many people " * 2, "length"),
        ("A ponte nova abriu ontem de manhã.", "Новый мост открылся вчера", "script"),
        ("A ponte nova abriu ontem de manhã.", "The ⁇ ⁇ opened yesterday.", "unknown"),
        ("A ponte nova abriu ontem de manhã.", "The new bridge <unk> yesterday.", "unknown"),
        ("A ponte nova abriu ontem de manhã.", "eng_Latn The new bridge opened yesterday.", "unknown"),
        ("A ponte nova abriu ontem de manhã.", "The new bridge opened yesterday.</s>", "unknown"),
        ("Foram 200 pessoas à festa.", "Two people went to the party.", "numbers"),
        ("De 15 a 15 de maio de 2024.", "From 15 to May 2024.", "numbers"),
    ],
)
def test_each_flaw_has_its_name(source: str, translation: str, expected: str | None) -> None:
    assert flaw(source, translation, "pt", "en") == expected


KEPT = """
uz | en | Majlis 15.05.2024 kuni boʻldi. | The meeting was on 15 May 2024.
uz | en | Majlis 15.05.2024 kuni boʻldi. | The meeting was on May 15, 2024.
pt | en | A reunião foi em 15.05.2024. | The meeting was on 15.05,2024.
ru | en | Встреча прошла 15.05.2024. | The meeting was on 15/05/2024.
ru | en | Встреча прошла 05.05.2024. | The meeting was on 2024-05-05.
en | uz | It was on 15 May 2024. | Bu 15.05.2024 da boʻldi.
uz | en | Tanlov 5-mayda boʻladi. | The contest will be on May 5.
uz-Cyrl | en | Мажлис 2024 йил 5 майда бўлди. | The meeting was on 5 May 2024.
ru | en | Длина 1 465 км. | It is 1,465 km long.
pt | en | São 1.465 metros. | It is 1465 metres.
en | ru | It is 1,465.5 km long. | Длина 1465,5 км.
ru | en | Потратили 3 млн рублей. | They spent 3 million roubles.
ru | en | Потратили 3 млн рублей. | They spent 3,000,000 roubles.
ru | en | Потратили 2,5 млрд рублей. | They spent 2.5bn roubles.
ru | en | Потратили 2 млрд 354 млн рублей. | They spent 2.354 billion roubles.
ru | en | От 5 до 7 млн рублей. | From 5 million to 7 million roubles.
uz | en | Unda 12 ming kishi bor. | It has 12,000 people.
kk | en | Онда 12 мың адам бар. | It has 12 thousand people.
pt | en | Custou mil milhões e 12 mil pessoas viram. | It cost a billion and 12,000 people saw it.
fa | en | ۱۲ هزار نفر آمدند. | 12,000 people came.
fa | en | قیمت ۲/۵ میلیون است. | The price is 2.5 million.
fa | en | در سال ۱۴۰۲ رخ داد. | It happened in 1402.
fa | en | در ۵ خرداد ۱۴۰۲ رخ داد. | It happened on 5 Khordad 1402.
pt | en | Começa às 22h30. | It begins at 22:30.
pt | en | Começa às 22h30. | It begins at 10:30 p.m.
pt | en | Começa às 22h00. | It begins at 10 p.m.
ru | en | Начало в 00:30. | It begins at 12:30 a.m.
uz | en | XX asrda shahar kichik edi. | In the 20th century the city was small.
ru | en | В ХХI веке город вырос. | In the twenty-first century the city grew.
en | ru | In the 19th century it was small. | В XIX веке он был мал.
ru | en | Екатерина II правила долго. | Catherine the Second ruled long.
ru | en | Людовик XIV правил долго. | Louis XIV ruled long.
uz | en | Yigirma besh kishi keldi. | 25 people came.
uz | en | Uch yuz ellik kishi keldi. | 350 people came.
uz-Cyrl | en | Ўн икки киши келди. | 12 people came.
ru | en | Двести сорок пять человек. | 245 people.
ru | en | Полтора миллиона рублей. | 1.5 million roubles.
tr | en | Yüz elli bin kişi geldi. | 150,000 people came.
pt | en | Vinte e cinco pessoas. | 25 people.
kk | en | Отыз бес адам келді. | 35 people came.
ky | en | Кырк беш киши келди. | 45 people came.
tg | en | Бист нафар омаданд. | 20 people came.
tk | en | Otuz adam geldi. | 30 people came.
fa | en | سی و پنج نفر آمدند. | 35 people came.
en | tr | 25 people came. | Yirmi beş kişi geldi.
en | pt | 25 people came on 3 May. | Vinte e cinco pessoas vieram em 3 de maio.
ru | en | В 1980-х гг. | In the 1980s.
ru | en | В 80-х годах было 3 моста. | In the 1980s there were three bridges.
kk | en | 1950-53 жж. соғыс болды. | There was a war in 1950-1953.
en | fa | War of 1950-53. | جنگ ۱۹۵۰-۱۹۵۳.
tr | en | Yüzde 13 arttı. | It rose 13 per cent.
tr | en | %13 arttı. | It rose 13%.
en | ru | A 34-year-old man scored 2-1. | 34-летний мужчина забил, 2:1.
ug | en | 2018-يىلى 10-ئاينىڭ 4-كۈنى. | On 4 October 2018.
uz | en | U 12-marta keldi. | She came for the 12th time.
en | uz | Article 5 may change. | 5-modda oʻzgarishi mumkin.
ru | en | Рейс HY-601 задержан на 2,5 часа. | Flight HY 601 is two and a half hours late.
ru | en | Пришли 50% жителей. | Half of the people came.
pt | en | Venceu por 14½ a 13½. | They won 14.5 to 13.5.
uz | en | 33,34 va 39 yoshli. | Aged 33, 34 and 39.
en | xx | 3 bridges, 1,200 people. | 3 most, 1.200 xalk.
ru | en | Штраф составит от 5 до 10 тысяч рублей. | The fine will be from 5,000 to 10,000 roubles.
ru | en | Пришли 20–30 тыс. человек. | Between 20,000 and 30,000 people came.
ru | en | Пришли от двух до трех тысяч человек. | 2,000 to 3,000 people came.
ru | en | Дали 5, 7 и 10 тысяч рублей. | They gave 5,000, 7,000 and 10,000 roubles.
uz | en | Jarima 5-10 ming soʻm. | The fine is 5,000 to 10,000 soums.
uz | en | Narxi 5 mingdan 10 minggacha. | It costs 5,000 to 10,000.
kk | en | Бағасы 5-тен 10 мыңға дейін. | It costs from 5,000 to 10,000.
tr | en | Ceza 5 ila 10 bin lira. | The fine is 5,000 to 10,000 lira.
en | ru | From 5,000 to 10,000 people. | От 5 до 10 тысяч человек.
fa | en | ۱ میلیون و ۲۰۰ هزار نفر آمدند. | 1.2 million people came.
fa | en | یک میلیون و ۲۰۰ هزار نفر آمدند. | 1.2 million people came.
fa | en | دو هزار و ۵۰۰ نفر آمدند. | 2,500 people came.
uz | en | Bir million 200 ming kishi keldi. | 1.2 million people came.
kk | en | Бір миллион 200 мың адам келді. | 1.2 million people came.
uz | en | XX asrning 90-yillarida qurildi. | It was built in the 1990s.
ru | en | Построили в семидесятых годах. | They built it in the 1970s.
uz | en | Soat 14 da boshlandi. | It began at 2 p.m.
uz | en | Soat 22:30 da boshlandi. | It began at half past ten.
tr | en | Yüzde 25'i kadın. | A quarter of them are women.
fa | en | در سال ۱۴۰۲ رخ داد. | It happened in 2023.
fa | en | در سال ۱۴۰۲ رخ داد. | It happened in 1402 (2023).
fa | en | در ۱۵ خرداد ۱۴۰۳ رخ داد. | It happened on 4 June 2024.
"""

LOST = """
uz | en | Majlis 15.05.2024 kuni boʻldi. | The meeting was on 16 May 2024.
uz | en | Majlis 15.05.2024 kuni boʻldi. | The meeting was on 15 June 2024.
uz | en | Majlis 15.05.2024 kuni boʻldi. | The meeting was in May 2024.
uz | en | Tanlov 5-mayda boʻladi. | The contest will be on May 6.
ru | en | Это было 15 мая 2024 года. | It was on 15 June 2024.
pt | en | Foi em 15 de maio. | It was on March 15.
tk | en | 27-nji sentýabrda boldy. | It was on October 27.
ru | en | Длина 1 465 км. | It is 1,456 km long.
ru | en | Потратили 3 млн рублей. | They spent 3 billion roubles.
ru | en | Потратили 3 млн рублей. | They spent 3 roubles.
ru | en | Потратили 1,5 млн рублей. | They spent 15 million roubles.
ru | en | Потратили 2,5 рубля. | They spent 2.6 roubles.
uz | en | Unda 12 ming kishi bor. | It has 12 million people.
pt | en | São 2.000 soldados. | There are two soldiers.
pt | en | Começa às 22h30. | It begins at 9:30 p.m.
pt | en | Começa às 22h30. | It begins at 10:45 p.m.
ru | en | В XIX веке город рос. | In the 20th century the city grew.
uz | en | Yigirma besh kishi keldi. | 26 people came.
uz | en | Bir necha kishi keldi. | 40 people came.
fa | en | در سال ۱۴۰۲ رخ داد. | It happened in 2021.
fa | en | در ۱۵ خرداد ۱۴۰۳ رخ داد. | It happened on 15 June 2024.
ru | en | Погибли 3 человека, ущерб составил 5 млн рублей. | 3 million people died, the damage was 5 million roubles.
uz | en | 7 kishi ketdi, 20 ming kishi qoldi. | 7 thousand people left, 20 thousand stayed.
uz | en | Bosh vazir 8 nafar elchini qabul qildi. | The PM received 20 ambassadors.
ru | en | Штраф от 5 до 10 тысяч рублей. | The fine is from 5 to 10,000,000 roubles.
uz | en | Bir million 5000000 kishi. | 6,000,000 people.
ru | en | Рост на 13 процентов. | Growth of 30 percent.
ru | en | Пришли 2010 человек. | 10 people came.
ru | en | Мост открыли. | The bridge was opened in 2024.
"""


def lines(table: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split("|")) for line in table.strip().split("\n")]


@pytest.mark.parametrize(("source_tag", "target_tag", "source", "translation"), lines(KEPT))
def test_a_number_may_be_written_in_another_way(
    source_tag: str, target_tag: str, source: str, translation: str
) -> None:
    assert flaw(source, translation, source_tag, target_tag) is None


@pytest.mark.parametrize(("source_tag", "target_tag", "source", "translation"), lines(LOST))
def test_a_number_may_not_be_lost_changed_or_invented(
    source_tag: str, target_tag: str, source: str, translation: str
) -> None:
    assert flaw(source, translation, source_tag, target_tag) == "numbers"


@pytest.mark.parametrize(
    ("target_tag", "translation", "expected"),
    [
        ("ru", "Новый мост открыли вчера утром в центре города, и пришли гости.", None),
        ("ru", "The new bridge opened yesterday morning in the city centre with guests.", "script"),
        ("uz-Cyrl", "Янги кўприк кеча эрталаб шаҳар марказида очилди ва меҳмонлар келди.", None),
        ("kk", "پل نو دیروز صبح در مرکز شهر گشوده شد و مهمانان آمدند و شاد بودند.", "script"),
        ("fa", "پل نو دیروز صبح در مرکز شهر گشوده شد و مهمانان آمدند و شاد بودند.", None),
        ("fa", "Новый мост открыли вчера утром в центре города, и пришли гости.", "script"),
        ("en", "پل نو دیروز صبح در مرکز شهر گشوده شد و مهمانان آمدند و شاد بودند.", "script"),
        ("xx", "Новый мост открыли вчера утром в центре города, и пришли гости.", None),
    ],
)
def test_a_translation_is_in_the_script_of_its_language(
    target_tag: str, translation: str, expected: str | None
) -> None:
    assert flaw(LONG, translation, "uz", target_tag) == expected


def test_names_may_keep_their_script() -> None:
    assert flaw("Samsung, Apple, LG va Sony keldi", "Пришли Samsung, Apple, LG и Sony", "uz", "ru") is None


def test_the_language_of_a_translation_counts_where_it_is_long_and_sure() -> None:
    turkish = "Yeni köprü dün sabah şehir merkezinde açıldı ve törene pek çok konuk geldi."
    assert flaw(LONG, turkish, "uz", "en") is None
    assert flaw(LONG, turkish, "uz", "en", lambda _: "tr") == "language"
    assert flaw(LONG, turkish, "uz", "en", lambda _: None) is None
    assert flaw(LONG, turkish, "uz", "tr-TR", lambda _: "tr") is None
    assert flaw(LONG, turkish, "uz", "tr", lambda _: "az") is None, "too near to tell apart"
    assert flaw("Koʻprik ochildi.", "Köprü açıldı.", "uz", "en", lambda _: "tr") is None, "too short"


def test_a_sentence_that_is_in_the_target_language_already_is_no_copy() -> None:
    quote = "The new bridge was opened yesterday morning and many guests came to see it."
    assert flaw(quote, quote, "pt", "en") == "copy"
    assert flaw(quote, quote, "pt", "en", lambda _: "en") is None


@pytest.mark.parametrize(
    ("names", "translated", "missing"),
    [
        (("Uzbekistan",), "The capital of Uzbekistan's north", False),
        (("Uzbekistan",), "The Uzbek capital", True),
        (("United Nations", "UN"), "The UN met.", False),
        (("United Nations",), "The U.N. met.", False),
        (("European Bank for Reconstruction and Development",), "The EBRD lent.", False),
        (("Ali Navoi", "Alisher Navoiy"), "a poem by ALISHER NAVOIY", False),
        (("Gʻafur Gʻulom",), "Gafur Gulom street", False),
        (("São Paulo",), "in Sao Paulo", False),
        (("The Hague",), "a court in Hague", False),
        (("Iran",), "The Iranian side", True),
        (("Turkic States",), "the Turkic States' summit", False),
        ((), "anything", False),
    ],
)
def test_a_name_is_there_in_any_of_its_spellings(names: tuple[str, ...], translated: str, missing: bool) -> None:
    assert missing_names([("id", names)], translated) == (("id",) if missing else ())


def test_missing_names_come_in_order() -> None:
    wanted = [("iso3166:UZ", ("Uzbekistan",)), ("org:un", ("United Nations", "UN")), ("iso3166:KZ", ("Kazakhstan",))]
    assert missing_names(wanted, "UN envoy visits") == ("iso3166:UZ", "iso3166:KZ")


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["en", "ru", "fa", "uz-Cyrl", "xx"]))
def test_no_text_breaks_a_guard(source: str, translation: str, target: str) -> None:
    flaw(source, translation, "uz", target)
    missing_names([("id", (source,))], translation)
    if translation.strip():
        assert flaw(translation, translation, "uz", "uz") in {None, "copy"}, "it has all that it has"


@pytest.mark.parametrize(
    "text",
    [
        "9" * 40_000 + " million",
        "111 " * 10_000 + "1111",
        "1." * 20_000,
        "1 mln 1 ming " * 20_000,
        "iki yuz " * 6_000,
        "ab" * 20_000,
        "ab " * 15_000,
        "XIV " * 10_000,
        "." * 6_000,
        "a@" * 20_000,
        "'" * 6_000,
        "a'" * 20_000,
        "⁇" * 6_000,
        "<2a" * 15_000,
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    started = time.perf_counter()
    flaw(text, text[1:], "uz", "en")
    flaw("a", text, "uz", "en")
    missing_names([("id", ("United Nations",))], text)
    assert time.perf_counter() - started < 30, "about a second on a slow core"
