"""The language and script of a text are told by the text itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.enricher.language import Guess, article, identify, identify_text
from services.enricher.language import text as of_text
from services.enricher.script import main_script
from services.enricher.settings import PLAUSIBLE

NEWS = frozenset(PLAUSIBLE.split())
TEXTS = {
    "uz-Latn": "Toshkentda bugun yangi kutubxona ochildi. Bino uch qavatli boʻlib, unda ellik ming kitob bor.",
    "uz-Cyrl": "Тошкентда бугун янги кутубхона очилди. Бино уч қаватли бўлиб, унда эллик минг китоб бор.",
    "ru": "Сегодня в городе открылась новая библиотека. В трёхэтажном здании хранится пятьдесят тысяч книг.",
    "en": "A new library opened in the city today. The building has three floors and holds fifty thousand books.",
    "kk": "Бүгін қалада жаңа кітапхана ашылды. Үш қабатты ғимаратта елу мың кітап сақталады.",
    "ky": "Бүгүн шаарда жаңы китепкана ачылды. Үч кабаттуу имаратта элүү миң китеп сакталат.",
    "tg": "Имрӯз дар шаҳр китобхонаи нав кушода шуд. Дар бинои сеошёна панҷоҳ ҳазор китоб нигоҳ дошта мешавад.",
    "tk": "Şu gün şäherde täze kitaphana açyldy. Üç gatly binada elli müň kitap saklanýar.",
    "tr": "Bugün şehirde yeni bir kütüphane açıldı. Üç katlı binada elli bin kitap bulunuyor.",
    "fa": "امروز کتابخانه جدیدی در شهر افتتاح شد. در این ساختمان سه طبقه پنجاه هزار کتاب نگهداری می‌شود.",
    "pt": "Uma nova biblioteca abriu hoje na cidade. O edifício tem três andares e guarda cinquenta mil livros.",
}
SCRIPTS = {"uz-Latn": "Latn", "en": "Latn", "tk": "Latn", "tr": "Latn", "pt": "Latn", "fa": "Arab"}


@pytest.mark.parametrize("tag", TEXTS)
def test_each_language_of_the_product_is_told_with_its_script(tag: str) -> None:
    said = identify("", [TEXTS[tag]], NEWS)
    assert (said.tag, said.script) == (tag, SCRIPTS.get(tag, "Cyrl"))
    assert said.confidence > 0.8
    assert said.paragraphs == ()


@pytest.mark.parametrize("tag", TEXTS)
def test_without_cld2_the_other_engine_tells_them_too(tag: str) -> None:
    assert identify("", [TEXTS[tag]], NEWS, first_opinion=lambda _: None).tag == tag


def test_paragraphs_vote_with_their_letters() -> None:
    said = identify("BREAKING NEWS", [TEXTS["ru"], TEXTS["ru"], TEXTS["uz-Cyrl"]])
    assert said.tag == "ru"
    assert said.runner_up == "uz-Cyrl"
    assert [(p.paragraph, p.tag) for p in said.paragraphs] == [(0, "ru"), (1, "ru"), (2, "uz-Cyrl")]


def test_a_short_credit_line_does_not_make_a_text_mixed() -> None:
    assert identify("", [TEXTS["pt"], "Photo: Reuters"]).paragraphs == ()


@pytest.mark.parametrize("text", ["", " \n", "12 345 — 15.05.2024!", "\x00\x07", "\ud800\udfff", "🙂🙂"])
def test_a_text_without_letters_is_of_no_known_language(text: str) -> None:
    said = identify(text, [text])
    assert (said.tag, said.script, said.confidence) == ("und", None, 0.0)


def test_control_characters_and_lone_surrogates_do_no_harm() -> None:
    assert identify("", [TEXTS["en"].replace(" ", "\x01 ", 2) + "\ud83d \ufdd0"]).tag == "en"


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("kaa", "Бүгин қалада жаңа китапхана ашылды ҳәм оған көп адамлар келди, ўақыя әҳмийетли."),
        ("kaa", "Бүгин Нөкис қаласында жаңа китапхана ашылды."),
        ("kaa-Latn", "Búgin qalada jańa kitapxana ashıldı hám oǵan kóp adamlar keldi."),
        ("kaa-Latn", "Jas ilimpazlar ushın jańa imkaniyatlar jaratıldı"),
    ],
)
def test_karakalpak_is_told_by_its_letters_and_words(tag: str, text: str) -> None:
    assert identify("", [text], NEWS).tag == tag
    assert identify("", [text]).tag == tag


@pytest.mark.parametrize(
    "text",
    [
        "Ўзбекистонда янги мактаб очилди. Бүгүн Бишкекте жаңы мектеп ачылды, көп адам келди.",
        "Нұр-Сұлтан, Алматы және Шымкент қалаларында жаңа мектептер ашылды.",
        "W Gdańsku otwarto nową bibliotekę, do której przyszło wielu mieszkańców.",
        "Başkan, Malatya'da açılan kütüphanenin önemini anlattı.",
    ],
)
def test_its_neighbours_are_not_taken_for_karakalpak(text: str) -> None:
    assert not identify("", [text], NEWS).tag.startswith("kaa")


@pytest.mark.parametrize(
    "text",
    [
        "Yangi kutubxona haqida öylar: bu bilan şahar keçmadi",
        "Ular ham yangi qonun uçun ovoz berdi",
        "Oʻzbekiston prezidenti boʻlgan joy",
        "O'zbekiston prezidenti bo'lgan joy",
        "Ozbekiston prezidenti bolgan joy",
    ],
)
def test_uzbek_is_told_in_each_of_its_spellings(text: str) -> None:
    assert identify(text, [], NEWS).tag == "uz-Latn"


def test_uzbek_in_arabic_letters_is_told_where_it_has_letters_of_its_own() -> None:
    assert identify("", ["بو کتاب اۉزبېک تیلیده یازیلگن، اوقیش اوچون قیین اېمس."], NEWS).tag == "uz-Arab"
    assert identify("", [TEXTS["fa"]], NEWS).tag == "fa"


def test_clues_that_agree_with_the_first_engine_spare_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(of_text, "ranked", lambda said: asked.append(said) or [("ru", 0.5), ("uk", 0.4)])
    assert identify_text(TEXTS["kk"][:60], NEWS, first_opinion=lambda _: Guess("kk", 0.95)).language == "kk"
    assert asked == []
    identify_text("Ташкент", NEWS, first_opinion=lambda _: Guess("tg", 0.5, reliable=False))
    assert asked == ["Ташкент"]


def test_kazakh_in_latin_letters_says_so() -> None:
    assert of_text.tag_of("kk", "Qazaqstan Respublikasy") == "kk-Latn"
    assert of_text.tag_of("kk", "Қазақстан") == "kk"


def test_a_short_text_is_not_taken_for_a_language_outside_of_the_list() -> None:
    assert identify("Yangi kutubxona", [], NEWS).tag.split("-")[0] in NEWS


def test_a_megabyte_in_one_line_is_told_quickly() -> None:
    assert identify("", [TEXTS["ru"] * 11_000]).tag == "ru"


def test_a_megabyte_of_short_paragraphs_is_told_quickly() -> None:
    said = identify("", [TEXTS["tr"], TEXTS["ru"]] + ["Сегодня"] * 150_000)
    assert said.tag == "ru"
    assert len(said.paragraphs) == article.EXAMINED_PARAGRAPHS - 1


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_text_has_a_language(title: str, paragraphs: list[str]) -> None:
    said = identify(title, paragraphs, NEWS)
    assert said.tag
    assert 0 <= said.confidence <= 1
    assert len(said.paragraphs) in (0, len(paragraphs))


def test_the_script_of_most_letters_counts() -> None:
    assert main_script("ООН (UN)") == "Cyrl"
    assert main_script("123") is None


def test_english_is_not_believed_where_the_other_engine_gives_it_no_chance() -> None:
    english = Guess("en", 0.99)
    assert identify_text(TEXTS["pt"], NEWS, first_opinion=lambda _: english).language == "pt"
    assert identify_text(TEXTS["en"], NEWS, first_opinion=lambda _: english).language == "en"


def test_no_language_is_believed_in_a_script_that_it_is_not_written_in() -> None:
    romanian = Guess("ro", 0.99)
    assert identify_text(TEXTS["ky"], first_opinion=lambda _: romanian).language == "ky"
    assert identify_text(TEXTS["fa"], first_opinion=lambda _: romanian).language == "fa"


@pytest.mark.parametrize("text", ["کابل و تهران", "ایران و افغانستان", "کابل"])
def test_short_persian_is_not_taken_for_languages_whose_letters_it_lacks(text: str) -> None:
    assert identify_text(text, NEWS).language == "fa"


def test_pashto_is_told_by_its_letters() -> None:
    assert identify_text("د افغانستان حکومت په کابل کې وویل", NEWS).language == "ps"
