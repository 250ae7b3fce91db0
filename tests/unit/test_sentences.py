"""Sentences end where readers of ten languages would end them, and units are cut so that nothing is lost."""

import itertools
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.enricher.translate.sentences import LIMIT, sentences, spans

# Between two bars is one sentence.
TABLE = {
    "uz-Latn": """
Majlis 15.05.2024 kuni boʻldi. | Unda 12 vazir qatnashdi.
Farmon 15. 05. 2024 da imzolandi. | U kuchga kirdi.
Tanlov 5-may. 2025 yilga koʻchirildi.
Zavod 2024-y. aprelda ochilgan. | Unda 300 kishi ishlaydi.
A. Navoiy Hirotda tugʻilgan. | U koʻp yozgan.
Sh. Mirziyoyev Samarqandga keldi. | Uni hokim kutib oldi.
Prof. Oʻ. Hoshimov va dots. Ch. Aliyev maʼruza oʻqidi. | Talabalar tingladi.
Narxi 2,5 mln. soʻm. | Yetkazish bepul.
Dorixona Toshkent sh. Yunusobod tumanida ochildi. | U kechasi ham ishlaydi.
Yoʻlga 3 mlrd. 200 mln. soʻm ketdi. | Ish tugadi.
Bozorda olma, uzum va h.k. bor edi. | Xaridor koʻp.
Mehmonlar Samarqand, Buxoro va b. shaharlarga bordi. | Ular mamnun.
XX asr. boshida shahar kichik edi. | Endi u katta.
«Suv keldi!» — dedi Karim aka. | Hamma quvondi.
«Ertaga kelamiz», — dedi u. | Keyin ketdi.
— Keldingizmi? | — Ha, keldim.
U “Kitob yaxshi.” dedi va jim boʻldi. | Hech kim kulmadi.
Batafsil kun.uz saytida. | Rasmlar ham bor.
Manzil: https://example.uz/a.b?c=1. | Savollar info@example.uz ga.
Dasturning 3.11.2 versiyasi chiqdi. | Uni yuklab oling.
Uzunligi 1.465 km. | Eni 12,5 m.
1. Umumiy qoidalar
1.2. Atamalar va taʼriflar
Nega bunday boʻldi?! | Javob yoʻq.
U oʻyladi... | Keyin ketdi.
U oʻyladi... va ketdi.
Ob-havo ertaga (tunda 5 daraja. Kunduzi 12 daraja) yaxshi. | Yomgʻir yogʻmaydi.
@xabar sahifasida yozildi. | #toshkent tegi ommalashdi.
Doʻkon Navoiy koʻch. 15-uyda. | Eshik ochiq.
iPhone narxi tushdi. | iPhone endi arzon.
Toshkentda yangi metro bekati ochildi
""",
    "uz-Cyrl": """
Мажлис 15.05.2024 куни бўлди. | Унда 12 вазир қатнашди.
Завод 2024 й. очилган. | Унда 300 киши ишлайди.
А. Навоий Ҳиротда туғилган. | У кўп ёзган.
Ш. Рашидов ва Ғ. Ғулом кўчалари таъмирланди. | Йўл очиқ.
Проф. Ў. Ҳошимов маъруза ўқиди. | Талабалар тинглади.
Меҳмонлар Самарқанд, Бухоро ва б. шаҳарларга борди. | Улар мамнун.
Бозорда олма, узум ва ҳ.к. бор. | Харидор кўп.
Нархи 2,5 млн. сўм. | Етказиш бепул.
«Сув келди!» — деди Карим ака. | Ҳамма қувонди.
«Эртага келамиз», — деди у. | Кейин кетди.
Т. Малик, Ё. Парфи ва Ю. Раҳмат келди. | Кеча бошланди.
Тадбир 5-май. 2025 йилга кўчирилди.
Манзил: Навоий кўч. 15-уй. | Эшик очиқ.
— Келдингизми? | — Ҳа, келдим.
""",
    "ru": """
Совещание прошло 15.05.2024. | В нём участвовали министры.
Завод открыли в 2024 г. | На нём работают 300 человек.
В 2024 г. Самарканд принял гостей. | Их было много.
По итогам 2023 г. Казахстан собрал хлопок. | Его продали.
В XIX в. Ташкент вырос. | Вокруг были сады.
В 1941–1945 гг. заводы приехали в Ташкент. | Город вырос.
Он родился в г. Самарканде. | Там он и живёт.
А.С. Пушкин родился в Москве. | Он писал стихи.
А. С. Пушкин родился в Москве. | Он писал стихи.
Выступили проф. И. Иванов и акад. П. Сидоров. | Зал был полон.
Купили яблоки, груши и т.д. | Потом ушли.
Купили яблоки, груши и т. д. | Потом ушли.
Это, т.е. цена, не изменилось. | Спрос вырос.
Проект стоит 2,5 млн. долларов. | Деньги нашли.
Доход составил 3 млрд. 200 млн. рублей. | Это рекорд.
Живёт на ул. Навои, д. 15. | Дом новый.
«Вода пришла!» — сказал Карим. | Все обрадовались.
«Вода пришла!» — Карим был рад. | Все обрадовались.
«Мы придём завтра», — сказал он. | Потом ушёл.
— Вы пришли? | — Да, пришёл.
Он думал… | Потом ушёл.
Он думал… и ушёл.
Пётр I. Великий царь
Он ответил: «Нет.» | Все молчали.
Согласно ст. 15 и п. 3 закона, налог снижен. | Это хорошо.
Подробности на сайте gazeta.uz. | Там есть фото.
Пишите на info@example.ru. | Ответим сразу.
Курс (на 12.05. Данные ЦБ) вырос. | Доллар дорожает.
Почему так?! | Никто не знает.
Температура −2,5 градуса. | Ветер 3 м/с.
В XIX в. город был мал. | Теперь он велик.
Мост им. Ленина закрыт. | Ремонт до мая.
1. Общие положения
Версия 2.0.1 вышла в мае. | Её уже скачали.
Выпало 10 см. | Дождь идёт.
Подробнее см. Приложение. | Там всё есть.
«Почему? » | Другой молчал.
Хор. | Танцы. | Фейерверк.
""",
    "en": """
The deal was signed on 15.05.2024. | Twelve ministers came.
Mr. Smith met Dr. A. Jones. | They talked.
Prices rose by 2.5 percent. | Wages did not.
He lives at 5 St. James St. near the park. | It is quiet.
See Fig. 3 and No. 5 for details. | The rest is clear.
It opens at 10 a.m. | Entry is free.
By 10 a.m. Tashkent was awake. | Shops opened.
It opens at 10 a.m. on Monday. | Entry is free.
Fruit, e.g. apples, i.e. the cheap ones, sold out. | Nothing was left.
J. K. Rowling wrote it. | Children read it.
"Stop!" he said. | Nobody stopped.
"We will stop," he said. | Nobody did.
"Stop." | Nobody stopped.
Did he (really?) go? | Yes.
He left ... and came back. | She stayed.
The U.S. Senate voted. | It was close.
Visit www.example.com. | It is new.
Ask @example or info@example.com. | They answer.
Version 3.11.2 is out. | Get it now.
I said no. | Then I left.
Sales grew.[1] | Costs fell.[2]
He paid $1.5 million. | She paid less.
Wait! | What?! | Why…?
The talks (they began in May. Nobody noticed.) failed. | Trade fell.
The plant opened in Sept. 2024. | It makes cars.
1.2. Scope of these rules
""",
    "kk": """
Жиналыс 15.05.2024 күні өтті. | Оған он министр келді.
А. Құнанбайұлы Шыңғыстауда туған. | Ол ақын.
Зауыт 2024 ж. ашылды. | Онда 300 адам істейді.
1941–1945 жж. соғыс болды. | Ел қиналды.
Базарда алма, жүзім т.б. бар. | Адам көп.
Бағасы 2,5 млн. теңге. | Жеткізу тегін.
«Су келді!» — деді Кәрім. | Бәрі қуанды.
Проф. Ә. Марғұлан сөйледі. | Зал толы болды.
Қ.Ж. Тоқаев сөз сөйледі. | Оны бәрі тыңдады.
Толығырақ egemen.kz сайтында. | Суреттер бар.
Неге? | Жауап жоқ.
Үйі Абай көш. 15. | Есігі ашық.
XX ғ. басында қала шағын еді. | Қазір ол үлкен.
""",
    "ky": """
Жыйын 15.05.2024 күнү өттү. | Ага он министр келди.
Ч. Айтматов Шекерде туулган. | Ал жазуучу.
Завод 2024-ж. ачылды. | Анда 300 киши иштейт.
Базарда алма, жүзүм ж.б. бар. | Эл көп.
Баасы 2,5 млн. сом. | Жеткирүү акысыз.
«Суу келди!» — деди Карим. | Баары кубанды.
Проф. Ө. Асанов сүйлөдү. | Зал толду.
— Келдиңби? | — Ооба, келдим.
Кененирээк kaktus.media сайтында. | Сүрөттөр бар.
Эмне үчүн? | Жооп жок.
""",
    "tg": """
Маҷлис 15.05.2024 баргузор шуд. | Дар он даҳ вазир буд.
Э. Раҳмон ба Хуҷанд омад. | Ӯро пешвоз гирифтанд.
С. Айнӣ дар Бухоро таваллуд шудааст. | Ӯ нависанда буд.
Корхона с. 2024 кушода шуд. | Дар он 300 нафар кор мекунанд.
Нархаш 2,5 млн. сомонӣ. | Расондан ройгон.
«Об омад!» — гуфт Карим. | Ҳама шод шуданд.
Дар бозор себ, ангур ва ғ. ҳаст. | Мардум зиёданд.
Чаро? | Ҷавоб нест.
Проф. Ҷ. Азизов сухан гуфт. | Толор пур буд.
Маълумот дар asiaplus.tj. | Суратҳо ҳам ҳастанд.
""",
    "tk": """
Ýygnak 15.05.2024 güni geçdi. | Oňa on ministr geldi.
B. Kerbabaýew Tejende doguldy. | Ol ýazyjy.
Bahasy 2,5 mln. manat. | Eltip bermek mugt.
Bazarda alma, üzüm we ş.m. bar. | Adam köp.
«Suw geldi!» — diýdi Kerim. | Hemmeler begendi.
Prof. Ö. Annaýew çykyş etdi. | Zal doldy.
Näme üçin? | Jogap ýok.
Zawod 2024-nji ý. açyldy. | Onda 300 adam işleýär.
Giňişleýin turkmenportal.com saýtynda. | Suratlar bar.
Ol oýlandy... | Soň gitdi.
""",
    "tr": """
Toplantı 15.05.2024 tarihinde yapıldı. | On bakan katıldı.
Karar 15. 05. 2024 günü alındı. | Yürürlüğe girdi.
M. Kemal Atatürk 1881'de doğdu. | Selanik'te yaşadı.
Prof. Dr. A. Yılmaz konuştu. | Salon doluydu.
II. Abdülhamid tahttan indirildi. | Yıl 1909'du.
Bu onun 15. Kupa maçı. | Takım hazır.
Fabrika 2024'te açıldı. | Orada 300 kişi çalışıyor.
Elma, üzüm vb. satılıyor. | Müşteri çok.
Fiyatı 2,5 milyon TL. | Kargo ücretsiz.
"Su geldi!" dedi Kerim. | Herkes sevindi.
"Yarın geliriz." dedi Ali. | Sonra gitti.
Atatürk Cad. No. 15 adresinde. | Kapı açık.
Bkz. Tablo 3. sayfa sonu. | Orada yazıyor.
Neden? | Cevap yok.
Ayrıntılar haber.com.tr sitesinde. | Fotoğraflar da var.
5. sınıf öğrencileri geldi. | Onlar mutlu.
XX. yüzyılda şehir küçüktü. | Şimdi büyük.
Düşündü... | Sonra gitti.
İstanbul'da kar var. | İzmir'de yok.
""",
    "fa": """
نشست در ۱۵.۰۵.۲۰۲۴ برگزار شد. | ده وزیر آمدند.
چرا چنین شد؟ | کسی نمی‌داند.
آیا او آمد؟ | بله آمد. | او رفت.
قیمت ۲.۵ میلیون تومان است. | ارسال رایگان است.
م. ح. شهریار در تبریز زاده شد. | او شاعر بود.
او گفت: «آب آمد!» | همه شاد شدند.
کتاب در سال ۱۴۰۲ ه.ش. چاپ شد. | خواننده بسیار دارد.
او ایستاد؛ سپس رفت. | شب شد.
چه خبر! | هیچ.
جورج دبلیو. بوش آمد. | او رفت.
جزئیات در irna.ir آمده است. | عکس هم هست.
1. مقررات کلی
یہ خبر ہے۔ | وہ خبر نہیں۔
""",
    "az": """
İclas 15.05.2024 tarixində keçirildi. | On nazir gəldi.
Ü. Hacıbəyov Şuşada doğulub. | O, bəstəkardır.
Qiyməti 2,5 mln. manatdır. | Çatdırılma pulsuzdur.
Prof. Ə. Məmmədov danışdı. | Zal dolu idi.
Niyə? | Cavab yoxdur.
""",
    "tt": """
Җыелыш 15.05.2024 көнне узды. | Анда министрлар булды.
Г. Тукай Кушлавычта туган. | Ул шагыйрь.
Базарда алма, йөзем һ.б. бар. | Халык күп.
Бәясе 2,5 млн. сум. | Китерү бушлай.
Нигә? | Җавап юк.
«Без киләбез», - диде ул. | Аннары китте.
""",
    "pt": """
O Sr. Silva chegou às 10.30 de 15.05.2024. | A Dra. J. Costa ficou.
A lei fala disso no art. 5. | Ninguém leu.
Custou 1.465,50 euros. | Foi caro.
«Já?» | Sim.
«Já vou», disse ele. | Depois saiu.
O prof. Alves e a eng.ª Lima vieram. | A sala encheu.
Fica na av. Almirante Reis, n.º 15. | A porta abre cedo.
No séc. XX a cidade era pequena. | Hoje é grande.
Maçãs, uvas, etc. | Tudo se vendeu.
""",
    "und": """
Dr. Smith came. | He left.
Проф. Иванов пришёл. | Он ушёл.
""",
}


def cases() -> list[tuple[str, tuple[str, ...]]]:
    return [
        (language, tuple(part.strip() for part in line.split("|")))
        for language, lines in TABLE.items()
        for line in lines.strip().split("\n")
    ]


@pytest.mark.parametrize(("language", "parts"), cases())
def test_sentences_end_where_a_reader_ends_them(language: str, parts: tuple[str, ...]) -> None:
    assert sentences(" ".join(parts), language) == parts


def test_the_table_has_enough_texts() -> None:
    assert len(cases()) >= 150


def test_nothing_goes_over_a_line_break() -> None:
    text = "Sarlavha\nBirinchi\r\nikkinchi\u2028uchinchi"
    assert sentences(text, "uz") == ("Sarlavha", "Birinchi", "ikkinchi", "uchinchi")


def test_the_marks_of_persian_and_urdu_end_a_sentence_without_a_space() -> None:
    assert sentences("او آمد؟بله آمد. ختم۔نیا", "fa") == ("او آمد؟", "بله آمد.", "ختم۔", "نیا")


def test_marks_and_pictures_alone_are_no_sentence() -> None:
    assert sentences("Keldi. ” 🎉", "uz") == ("Keldi. ” 🎉",)
    assert sentences("... Keyin ketdi. Qaytdi.", "uz") == ("... Keyin ketdi.", "Qaytdi.")


def test_where_nobody_writes_capitals_a_full_stop_ends_a_sentence() -> None:
    assert sentences("men keldim. sen ketding. nega?", "uz") == ("men keldim.", "sen ketding.", "nega?")


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (";", "oltmish, " * 4 + "yetmish; " + "sakson, toqson: " * 2),
        (":", "oltmish, " * 4 + "yetmish: " + "sakson, toqson, " * 2),
        (",", "oltmish " * 5 + "yetmish, " + "sakson toqson " * 2),
        ("—", "oltmish " * 5 + "yetmish — " + "sakson toqson " * 2),
    ],
)
def test_a_long_sentence_is_cut_at_the_best_mark(mark: str, text: str) -> None:
    start, end = spans(text, "uz", limit=60)[0]
    assert text[start:end].endswith(f"yetmish {mark}" if mark == "—" else f"yetmish{mark}")


def test_without_a_mark_it_is_cut_at_a_space_and_without_a_space_anywhere() -> None:
    text = "so'z " * 30 + "x" * 100
    pieces = [text[start:end] for start, end in spans(text, "uz", limit=48)]
    assert pieces[0] == ("so'z " * 9).strip()
    assert pieces[-1] == "x" * len(pieces[-1])


@pytest.mark.parametrize("sign", ["e\u0301", "\ud83d\ude00", "👩\u200d🚀", "👍🏽", "ि"])
def test_signs_of_several_characters_are_not_cut(sign: str) -> None:
    text = sign * 100
    for start, end in spans(text, "en", limit=31):
        assert unicodedata.category(text[start]) not in ("Mn", "Mc") or sign == "ि"
        assert text[start] not in "\ude00\u200d🏽"
        assert text[end - 1] != "\u200d"


ROUGH = st.lists(
    st.sampled_from([*'aбQ5 .!?…؟»«()"—-;,:\n\t\u2028\u0301', "т.д.", "A. ", "15. ", "Prof. ", "kun.uz", ". Ya"])
    | st.characters(),
    max_size=300,
).map("".join)


@given(ROUGH, st.sampled_from(["uz", "ru", "tr", "fa", "xx"]), st.integers(1, LIMIT))
@example("\u0301" * 50, "uz", 1)
@example("a" * 50 + " .", "uz", 7)
def test_every_character_but_space_is_in_one_unit_and_no_unit_is_too_long(text: str, language: str, limit: int) -> None:
    found = spans(text, language, limit)
    assert [c for start, end in found for c in text[start:end] if not c.isspace()] == [
        c for c in text if not c.isspace()
    ]
    assert all(0 < end - start <= limit for start, end in found)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(found))
    for start, end in found:
        assert text[start:end] == text[start:end].strip()
        assert len(text[start:end].splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "." * 10_000,
        '."' * 500_000,
        "a" * 1_000_000,
        "A. " * 100_000,
        ". " + " " * 1_000_000 + "(",
        "x. " + "(" * 1_000_000 + "!",
        "[1]" * 300_000 + ". ",
        "Gap. " * 50_000,
        "( . A" * 50_000,
        "\u0301" * 1_000_000,
        ".[" * 500_000,
        "1." * 500_000,
    ],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    started = time.perf_counter()
    spans(text, "uz")
    assert time.perf_counter() - started < 30, "about a second on a slow core"
