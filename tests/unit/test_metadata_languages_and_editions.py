"""A page's declared language, corrected by its address and its letters, and its editions in other languages."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.metadata.languages import tag_of
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.page.blocks import layout_of

TEXTS = {
    "en": "The pass stayed closed on Monday because of the heavy snow, and drivers waited in the valley below it. ",
    "ru": "Перевал в понедельник остался закрытым из-за сильного снегопада, водители ждали внизу в долине. ",
    "uz-Latn": "Kuchli qor yog‘ishi sababli dovon dushanba kuni yopiq qoldi, haydovchilar vodiyda kutdi, yo‘l bo‘sh. ",
    "uz-Cyrl": "Кучли қор ёғиши сабабли довон душанба куни ёпиқ қолди, ҳайдовчилар водийда кутиб турди, йўл бўш. ",
    "kk": "Қатты қар жауғандықтан асу дүйсенбі күні жабық қалды, жүргізушілер төмендегі аңғарда күтіп тұрды. ",
    "ky": "Катуу кар жааганда ашуу дүйшөмбү күнү жабык калды, айдоочулар төмөндөгү өрөөндө күтүп турушту. ",
    "tg": "Бинобар барфи сахт ағба рӯзи душанбе баста монд, ронандагон дар водӣ мунтазир шуданд, роҳ холӣ буд. ",
    "fa": "گردنه روز دوشنبه به دلیل برف سنگین بسته ماند و رانندگان در دره پایین آن منتظر ماندند. ",
}
PATH = "https://dolina.example/news/2024/snow-771"


def read(
    text: str = "ru",
    declared: str | None = None,
    url: str = PATH,
    *,
    body: str = "",
    head: str = "",
    known: str | None = None,
) -> Metadata:
    lang = f' lang="{declared}"' if declared else ""
    tree = LexborHTMLParser(f"<html{lang}><head>{head}</head><body>{body}<p>{TEXTS[text] * 5}</p></body></html>")
    return metadata_of(tree, url, layout_of(tree).blocks, Rights(), known)


@pytest.mark.parametrize(
    ("text", "declared", "url", "language"),
    [
        ("ru", "ru_RU", PATH, "ru-RU"),
        ("uz-Latn", "uz-latn", "https://dolina.example/uz/news/771", "uz-Latn"),
        ("uz-Cyrl", "uz", "https://dolina.example/uz/news/771", "uz"),
        ("uz-Cyrl", "ru", "https://dolina.example/oz/news/771", "uz"),
        ("uz-Cyrl", None, "https://dolina.example/uz-cyrl/news/771", "uz-Cyrl"),
        ("uz-Cyrl", None, "https://dolina.uz/kr/news/771", "uz-Cyrl"),
        ("uz-Latn", "ru", "https://uz.dolina.example/news/771", "uz"),
        ("uz-Latn", "en", PATH, None),
        ("uz-Latn", "ru", PATH, None),
        ("uz-Cyrl", "ru", PATH, None),
        ("uz-Cyrl", "uz-Latn", PATH, None),
        ("kk", "ru", PATH, None),
        ("kk", "ru", "https://dolina.example/kz/news/771", "kk"),
        ("ru", "ru", "https://dolina.example/kz/news/771", "ru"),
        ("ru", "kk", PATH, None),
        ("ky", "ky", PATH, "ky"),
        ("tg", "ru", "https://dolina.example/tj/news/771", "tg"),
        ("ru", "en", PATH, None),
        ("en", "ru", PATH, None),
        ("en", "uz", "https://dolina.example/en/news/771", "en"),
        ("fa", "en", "https://dolina.example/news/771?lang=fa", "fa"),
        ("en", "xx-invalid-tag-that-is-too-long", PATH, None),
    ],
)
def test_the_declared_language_is_one_that_address_and_letters_allow(
    text: str, declared: str | None, url: str, language: str | None
) -> None:
    assert read(text, declared, url).language == language


def test_where_the_language_comes_from_is_told() -> None:
    assert read("ru", "ru").origins["language_declared"] == "html"
    assert read("uz-Latn", "ru", "https://dolina.example/uz/771").origins["language_declared"] == "url"
    assert read("ru", head='<meta http-equiv="content-language" content="ru">').origins["language_declared"] == "meta"
    assert read("ru", head='<meta property="og:locale" content="ru_RU">').origins["language_declared"] == "opengraph"


def test_what_the_source_says_counts_where_the_page_is_silent_and_its_letters_agree() -> None:
    found = read("kk", known="kk")
    assert (found.language, found.origins["language_declared"]) == ("kk", "source")
    assert read("ru", known="uz-Latn").language is None
    assert read("ru", "ru", known="kk").language == "ru"


@pytest.mark.parametrize(
    ("url", "links", "editions"),
    [
        (
            "https://dolina.example/uz/news/771",
            '<a href="/ru/news/771">Русский</a><a href="/en/news/771">En</a><a href="/uz/news/771">O‘zbekcha</a>',
            {"ru": "https://dolina.example/ru/news/771", "en": "https://dolina.example/en/news/771"},
        ),
        (
            "https://dolina.example/ru/news/snow-on-the-pass",
            '<a href="/uz/news/dovonda-qor-yogdi">O\'zbekcha</a><a href="/uz/news/other-story">Boshqa xabar</a>',
            {"uz": "https://dolina.example/uz/news/dovonda-qor-yogdi"},
        ),
        (
            "https://dolina.example/news/771?lang=ru",
            '<a href="?lang=uz">Ўзбекча</a>',
            {"uz-Cyrl": "https://dolina.example/news/771?lang=uz"},
        ),
        (
            "https://ru.dolina.example/news/771",
            '<a href="https://kk.dolina.example/news/771">Қазақша</a>',
            {"kk": "https://kk.dolina.example/news/771"},
        ),
        (
            "https://dolina.example/news/771",
            '<a hreflang="tg" href="/tg/news/900">Тоҷикӣ</a><a href="/kk/news/771" lang="kk">Қаз</a>',
            {"tg": "https://dolina.example/tg/news/900", "kk": "https://dolina.example/kk/news/771"},
        ),
        (
            "https://dolina.example/ru/news/771",
            '<a hreflang="oz" href="/oz/news/771">Ўзб</a><a hreflang="kk" href="/kk/news/771">Қаз</a>',
            {"uz-Cyrl": "https://dolina.example/oz/news/771", "kk": "https://dolina.example/kk/news/771"},
        ),
        (
            "https://dolina.example/ru/news/snow-771",
            '<a href="/news/snow-771">O‘zbekcha</a><a href="/news/snow-771#comments">3</a>',
            {"uz": "https://dolina.example/news/snow-771"},
        ),
        ("https://dolina.example/ru/news/771", '<a href="/uz/">O‘zbekcha</a><a href="/en">English</a>', {}),
        ("https://dolina.example/ru/news/771", '<a href="/ru/news/772">Рус</a><a href="/uz/news/900">Xabar</a>', {}),
        ("https://dolina.example/ru/news/771", '<a href="https://other.example/uz/news/771">O‘zbekcha</a>', {}),
        ("https://dolina.example/ru/news/771", '<a href="http://[/uz/news/771">O‘zbekcha</a><a href="">En</a>', {}),
    ],
)
def test_editions_are_this_article_in_other_languages(url: str, links: str, editions: dict[str, str]) -> None:
    found = read(url=url, body=f"<h1>Snow</h1>{links}")
    assert {e.language: e.url for e in found.editions} == editions


def test_declared_editions_are_not_told_again_by_the_switcher() -> None:
    head = (
        '<link rel="alternate" hreflang="uz" href="/uz/news/771"><link rel="alternate" hreflang="x-default" href="/">'
    )
    found = read(url="https://dolina.example/ru/news/771", head=head, body='<a href="/uz/news/771?from=menu">O‘zb</a>')
    assert [(e.language, e.url) for e in found.editions] == [("uz", "https://dolina.example/uz/news/771")]


def test_thousands_of_links_are_bounded() -> None:
    links = "".join(f'<a href="/l{n}/uz/news/771" hreflang="x{n % 10}y">{n}</a>' for n in range(20_000))
    assert len(read(url="https://dolina.example/ru/news/771", body=links).editions) <= 24


@pytest.mark.parametrize(("code", "tag"), [("oz", "uz"), ("OZ", "uz"), ("uz-oz", "uz-OZ"), ("kaz", "kk"), ("tg", "tg")])
def test_a_code_that_is_none_names_the_language_that_is_meant(code: str, tag: str) -> None:
    assert tag_of(code) == tag
