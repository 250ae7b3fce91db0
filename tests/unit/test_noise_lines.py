"""Lines around an article are known in ten languages, and prose that looks like them stays."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from services.parser.body.noise import is_next_page, is_plain, kind_of, views

NOISE = [
    # English
    ("Views: 1 465", "views"),
    ("1.2K views", "views"),
    ("Viewed 212 times", "views"),
    ("Print version", "print"),
    ("Added: 04.07.2024", "date"),
    ("Published on Monday, 15 May 2023, 10:30", "date"),
    ("19:34 / 15.05.2024", "date"),
    ("12:26", "bare"),
    ("1817", "bare"),
    ("* * *", "bare"),
    ("Share on Facebook", "share"),
    ("Facebook Twitter Telegram WhatsApp", "share"),
    ("Back to top", "share"),
    ("Comments (0)", "share"),
    ("Photo: Ministry of Water", "photo"),
    ("(Photo: valley council)", "photo"),
    ("Image credit: A. Reader", "photo"),
    ("Related news", "related"),
    ("You may also like:", "related"),
    ("Read also: Bridge over the river is closed until autumn", "also"),
    ("Click the button to listen to the text", "plea"),
    ("Powered by VoiceBox", "plea"),
    ("Found an error? Select it and press Ctrl+Enter", "plea"),
    ("Subscribe to our Telegram channel and be the first to read the news", "plea"),
    ("© 2024 Valley News. All rights reserved", "plea"),
    ("When using materials of the site, a link to the source is required.", "plea"),
    ("Advertisement", "advertising"),
    ("Tags: river, bridge, council", "label"),
    ("#river #bridge", "label"),
    ("Home » News » Society", "trail"),
    ("5 min read", "label"),
    ("Posted on November 21, 2023 By A. Reader", "date"),
    ("2 hours ago", "date"),
    ("Other news of the section", "composed"),
    ("Photo Valley News", "credit"),
    ("Valley news on Instagram: follow!", "call"),
    ("Prepared by Aziza Karimova", "label"),
    # Russian
    ("Просмотров: 2 310", "views"),
    ("Просмотрено 45 раз", "views"),
    ("Версия для печати", "print"),
    ("Опубликовано: 15.05.2024, 19:34", "date"),
    ("Поделиться в социальных сетях", "share"),
    ("Фото: пресс-служба района", "photo"),
    ("10:17, 18 апреля 2025, Бишкек — Агентство, А. Читатель", "date"),
    ("Сегодня, 19:34", "date"),
    ("Читайте также:", "related"),
    ("Нашли опечатку? Выделите её и нажмите Ctrl + Enter", "plea"),
    ("Подписывайтесь на наш Telegram-канал!", "plea"),
    ("При перепечатке ссылка на сайт обязательна", "plea"),
    ("На правах рекламы", "advertising"),
    ("Теги: мост, река", "label"),
    ("Автор: Редакция портала", "label"),
    ("Главная / Новости / Общество", "trail"),
    # Uzbek, both scripts and every apostrophe
    ("Ko‘rildi: 3 400 marta", "views"),
    ("Ko'rishlar soni: 77", "views"),
    ("Chop etish", "print"),
    ("Qo‘shilgan: 04.07.2024", "date"),
    ("Do`stlaringizga ulashing", "share"),
    ("Surat: tuman hokimligi", "photo"),
    ("Mavzuga oid yangiliklar", "related"),
    ("Xato topdingizmi? Uni belgilab, Ctrl+Enter ni bosing", "plea"),
    ("Telegram kanalimizga obuna bo‘ling", "plea"),
    ("Кўрилди: 412", "views"),
    ("Чоп этиш учун", "print"),
    ("Дўстларингизга улашинг", "share"),
    ("Сурат: туман ҳокимлиги", "photo"),
    ("Мавзуга оид", "related"),
    ("Тинглаш учун қуйидаги тугмани босинг", "plea"),
    ("Барча ҳуқуқлар ҳимояланган", "plea"),
    ("Теглар: кўприк, йўл", "label"),
    # Kazakh
    ("Қаралым: 95", "views"),
    ("208 рет қаралды", "views"),
    ("Басып шығару", "print"),
    ("Достарыңызбен бөлісіңіз", "share"),
    ("Фото: аудан әкімдігі", "photo"),
    ("Оқи отырыңыз:", "related"),
    ("Telegram каналымызға жазылыңыз", "plea"),
    ("Жарнама", "advertising"),
    # Kyrgyz
    ("Көрүүлөр: 61", "views"),
    ("Басып чыгаруу", "print"),
    ("Бөлүшүү", "share"),
    ("Сүрөт: айыл өкмөтү", "photo"),
    ("Окшош жаңылыктар", "related"),
    ("Тексттен ката тапсаңыз, белгилеп Ctrl+Enter басыңыз", "plea"),
    # Tajik
    ("Тамошо: 340", "views"),
    ("Чоп кардан", "print"),
    ("Ба дӯстон фирист", "share"),
    ("Акс: ҳукумати ноҳия", "photo"),
    ("Инчунин хонед", "related"),
    ("Ба канали мо обуна шавед", "plea"),
    # Turkmen
    ("Görülen: 18", "views"),
    ("Çap etmek", "print"),
    ("Dostlaryňyz bilen paýlaşyň", "share"),
    ("Beýleki habarlar", "related"),
    ("Kanalymyza agza boluň", "plea"),
    # Turkish
    ("Görüntülenme: 940", "views"),
    ("Yazdır", "print"),
    ("Haberi paylaş", "share"),
    ("Fotoğraf: belediye", "photo"),
    ("İlginizi çekebilir", "related"),
    ("Bizi takip edin", "plea"),
    # Persian
    ("بازدید: ۱۲۳", "views"),
    ("نسخه چاپی", "print"),
    ("به اشتراک بگذارید", "share"),
    ("عکس: شهرداری", "photo"),
    ("اخبار مرتبط", "related"),
    ("کلیه حقوق محفوظ است", "plea"),
]

PROSE = [
    "TASHKENT, July 4. /Agency/. Delegates of nine countries met on the river on Thursday.",
    "Dushanbe, 21 October 2022 (AG): The minister opened the new road.",
    "Share prices",
    "Share prices fell for the third day.",
    "Users of Telegram can follow the trial from home.",
    "Two hours ago the river was still calm.",
    "10:17, 18 April 2025: that is when the bridge fell.",
    "Prepared by the council, the plan will be shown in May.",
    "Photo exhibition opens in the old caravanserai",
    "Photo and film archives were saved from the flood.",
    "“We carried the mirror up the stairs ourselves.”",
    "“Subscribe to our channel”, he told the crowd and laughed.",
    "Views on the reform differ.",
    "Views of 12 experts were heard.",
    "Print shops open again on Monday.",
    "Printing presses stood still for 2 days.",
    "On 15 May 2024 the bridge was opened by pupils of the school.",
    "15 May is the day of the valley.",
    "At 19:34 the lights went out.",
    "Auditors found an error in the budget of the region.",
    "Found in 1921, the coins lie in the museum.",
    "The car is powered by hydrogen.",
    "Powered by wind, the ferry crosses the lake in an hour.",
    "Copyright law changes in July.",
    "Related industries will follow.",
    "Popular music of the valley",
    "Home prices rose by 4 percent.",
    "Home / away: how the team plays",
    "Comments by the minister were not available.",
    "Top of the table: the team from the valley.",
    "Top officials resigned.",
    "Listen to what the river says, the poet wrote.",
    "News of the flood reached the capital at night.",
    "Tags on the ears of 300 sheep helped to find them.",
    "He read also the letters of the poet.",
    "Telegram said that the outage was over.",
    "Facebook and Telegram must pay a fine of 9 million.",
    "Advertisement spending fell by a tenth.",
    "The source of the river lies at 4,000 metres.",
    "Author of nine novels, she lives in the mountains.",
    "Editor of the paper since 1998, he knows each village.",
    "Back to school: what pupils need",
    "– OK.",
    "12.3″ x 10.6″ x 6.2″",
    "5% download & 84% download",
    "2. Video, video, video.",
    "Фото с выставки показали в музее.",
    "Фотографии погибших развесили на стене школы.",
    "Новости о паводке пришли ночью.",
    "Учёные нашли ошибку в расчётах моста.",
    "Просмотр фильма начнётся в 19:00.",
    "«Подписывайтесь на канал», — сказал мэр.",
    "Печать сургучом сохранилась.",
    "Реклама подорожала на треть.",
    "Главная улица города закрыта до осени.",
    "Поделиться опытом приехали врачи из девяти районов.",
    "15 мая 2024 года мост открыли школьники.",
    "Ташкент, 4 июля. Агентство. Делегаты девяти стран встретились у реки.",
    "Surat ko‘rgazmasi eski karvonsaroyda ochildi.",
    "Rasm chizish to‘garagi yana ish boshladi.",
    "Chop etish ishlari dushanba kuni boshlandi.",
    "Mavzuga oid savollarga vazir javob berdi.",
    "Yangiliklar haqida u keyin gapirdi.",
    "Ko‘rildi va qabul qilindi.",
    "Кўприк 2024 йил 15 май куни очилди.",
    "Сурат кўргазмаси очилди.",
    "Қаралған мәселелер бойынша шешім қабылданды.",
    "Фото көрмесі ашылды.",
    "Жаңалықтар туралы ол кейін айтты.",
    "Сүрөт көргөзмөсү ачылды.",
    "Башкы көчө күзгө чейин жабылды.",
    "Акс дар девори мактаб овехта шуд.",
    "Хабарҳои нек аз водӣ расиданд.",
    "Surat sergisi köne kerwensaraýda açyldy.",
    "Habarlar gije gelip gowuşdy.",
    "Fotoğraf sergisi kervansarayda açıldı.",
    "Haberler gece başkente ulaştı.",
    "عکس‌های نمایشگاه در موزه نشان داده شد.",
    "اخبار سیل شب به پایتخت رسید.",
]


@pytest.mark.parametrize(("line", "kind"), NOISE)
def test_a_line_around_an_article_is_known(line: str, kind: str) -> None:
    assert kind_of(line) == kind


@pytest.mark.parametrize("line", PROSE)
def test_prose_that_looks_like_a_line_around_an_article_stays(line: str) -> None:
    assert kind_of(line) is None


@pytest.mark.parametrize("line", ["Comments", "Top", "News", "Print", "12:26", "15.05.2024", "Home / News", "Tags: a"])
def test_what_could_be_a_subheading_or_a_label_goes_at_the_edges_only(line: str) -> None:
    assert kind_of(line) is not None
    assert not is_plain(line)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Views: 1 465", 1465),
        ("1.2K просмотров", 1200),
        ("12к просмотров", 12_000),
        ("۱۲۳ بازدید", 123),
        ("Кўришлар сони: 2,310", 2310),
        ("بازدید: ۱٬۲۳۴", 1234),
        ("1,2 тыс. просмотров", 1200),
        ("1,5 mln koʻrildi", 1_500_000),
        ("👁 12 345", 12_345),
        ("Просмотров: 1 234 (сегодня 12)", 1234),
        ("Просмотров сегодня: 5", None),
        ("Views of 12 experts", None),
        ("Views", None),
        ("1465", None),
    ],
)
def test_a_counter_gives_its_number(line: str, number: int | None) -> None:
    assert views(line) == number


@pytest.mark.parametrize(
    "text", ["Next page", "Следующая страница »", "Keyingi sahifa", "Кейинги саҳифа", "صفحه بعد", "»"]
)
def test_a_link_to_the_next_page_is_known_by_its_text(text: str) -> None:
    assert is_next_page(text)
    assert not is_next_page("Next article about the river")


@pytest.mark.parametrize("line", ["Автор статьи: А. Каримова", "Yazan: A. Kaya", "Автордун аты: А. Каримова"])
def test_whatever_announces_an_author_is_a_label(line: str) -> None:
    assert kind_of(line) == "label"


@pytest.mark.parametrize("file", ["body/noise.toml", "metadata/bylines.toml", "dates/words.toml", "verdict.toml"])
def test_no_list_of_words_says_a_word_twice(file: str) -> None:
    def lists(name: str, value: Any) -> Iterator[tuple[str, list[Any]]]:
        for key, inner in value.items() if isinstance(value, dict) else ():
            yield from lists(f"{name}.{key}", inner)
        if isinstance(value, str):
            yield name, [word.strip() for word in value.replace("\n", " ").split(",")]
        if isinstance(value, list):
            yield name, value

    words = tomllib.loads(files("services.parser").joinpath(file).read_text("utf-8"))
    assert [(name, word) for name, value in lists("", words) for word in value if value.count(word) > 1] == []
