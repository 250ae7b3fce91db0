"""Authors are persons as a byline shows them; agencies, desks and the site itself are organizations."""

from __future__ import annotations

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.metadata.persons import names_in
from services.parser.page.blocks import layout_of

URL = "https://dolina.example/news/snow-closes-the-pass-771"
TEXT = "<p>The pass was closed on Monday, the road service said, and it will stay so for a week or longer.</p>"


def read(body: str = "", head: str = "", *, ld: object = None) -> Metadata:
    if ld:
        head += f'<script type="application/ld+json">{json.dumps(ld)}</script>'
    head += '<meta property="og:site_name" content="Dolina">'
    tree = LexborHTMLParser(
        f"<html><head>{head}</head><body><h1>Snow closes the pass</h1>{body}{TEXT * 3}</body></html>"
    )
    return metadata_of(tree, URL, layout_of(tree).blocks, Rights())


@pytest.mark.parametrize(
    ("line", "persons"),
    [
        ("By Ann Lee", ("Ann Lee",)),
        ("By Ann Lee, Omar Saidov, and Mia van der Berg", ("Ann Lee", "Omar Saidov", "Mia van der Berg")),
        ("By Ann Lee, Staff Writer | 12 May 2024", ("Ann Lee",)),
        ("By Ann Lee Updated May 12, 2024", ("Ann Lee",)),
        ("Written by J. R. R. Holm and Ann Lee", ("J. R. R. Holm", "Ann Lee")),
        ("Ann Lee, MD, PhD", ("Ann Lee, MD, PhD",)),
        ("Ann Lee @annlee ann@dolina.example", ("Ann Lee",)),
        ("By Ann Lee, Digital Security Expert", ("Ann Lee",)),
        ("Editor Ann Lee", ("Ann Lee",)),
        ("Ann Lee / Omar Saidov", ("Ann Lee", "Omar Saidov")),
        ("Von Jörg Maier und Ute Groß", ("Jörg Maier", "Ute Groß")),
        ("Par Élise Durand", ("Élise Durand",)),
        ("Автор: Анна Смит-Петрова, специальный корреспондент", ("Анна Смит-Петрова",)),
        ("Материал подготовила Ольга Петрова", ("Ольга Петрова",)),
        ("Анна Смирнова с участием Бориса Иванова", ("Анна Смирнова", "Бориса Иванова")),
        ("Muallif: Dilnoza Yo‘ldosheva", ("Dilnoza Yo‘ldosheva",)),
        ("Муаллиф: Азиз Ғозиев", ("Азиз Ғозиев",)),
        ("Матн: Азиз Ғозиев ва Малика Ўринова", ("Азиз Ғозиев", "Малика Ўринова")),
        ("Ш.Каримов, Ғ. Ҳасанов", ("Ш.Каримов", "Ғ. Ҳасанов")),
        ("Дилноза Каримова тайёрлади", ("Дилноза Каримова",)),
        ("Gulchehra MATYOQUBOVA, viloyat muxbiri", ("Gulchehra MATYOQUBOVA",)),
        ("Авторлар: Қуандық Әбдіқадыров және Айгүл Нұрлан", ("Қуандық Әбдіқадыров", "Айгүл Нұрлан")),
        ("Даярдаган: Чолпон Өмүрова", ("Чолпон Өмүрова",)),
        ("Муаллиф: Ҷамшед Қодирӣ", ("Ҷамшед Қодирӣ",)),
        ("Awtor: Jeren Ýazmyradowa", ("Jeren Ýazmyradowa",)),
        ("Yazan: Mehmet Öz ve Işıl Çınar", ("Mehmet Öz", "Işıl Çınar")),
        ("نویسنده: علی رضایی و زهرا احمدی", ("علی رضایی", "زهرا احمدی")),
        ("Müəllif: Leyla Əliyeva", ("Leyla Əliyeva",)),
    ],
)
def test_persons_are_read_from_bylines_of_the_region(line: str, persons: tuple[str, ...]) -> None:
    assert names_in([line]).persons == persons


@pytest.mark.parametrize(
    "line",
    ["Reuters", "Редакция", "Matbuot xizmati", "Матбуот хизмати", "ТАСС", "Dolina", "BBC News", "News Desk",
     "dolina.uz", "Анадолу агентство", "ИА «Фергана»", "O‘zA", "Presse Augsburg", "BBC Uzbek",
     "Ozodlik radiosi", "Haber Merkezi", "خبرگزاری فارس"],
)  # fmt: skip
def test_agencies_desks_and_the_site_are_no_persons(line: str) -> None:
    names = names_in([line], frozenset({"dolina"}))
    assert (names.persons, names.accounts, len(names.bodies)) == ((), (), 1)


def test_a_name_in_quotation_marks_keeps_both() -> None:
    assert names_in(["ИА «Фергана»"]).bodies == ("ИА «Фергана»",)
    assert names_in(["Ann Lee » Blog", "Jo Roe»"]).persons == ("Ann Lee", "Jo Roe")


@pytest.mark.parametrize(
    "line",
    ["admin", "12 May 2024", "https://dolina.example/a", "By", "Read more", "Staff", "#pass #snow", "3 min read", ""],
)
def test_what_names_no_one_gives_no_one(line: str) -> None:
    assert names_in([line]) == ((), (), ())


def test_structured_authors_are_resolved_and_parted_by_type() -> None:
    ld = {"@graph": [
        {"@type": "NewsArticle", "author": [{"@id": "#ann"}, {"@type": "Organization", "name": "X and Y"}, "Mia Berg"]},
        {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
    ]}  # fmt: skip
    found = read(ld=ld)
    assert (found.authors, found.organizations) == (("Ann Lee", "Mia Berg"), ("X and Y",))
    assert (found.origins["authors"], found.origins["organizations"]) == ("json-ld", "json-ld")


@pytest.mark.parametrize(
    "body",
    [
        "<p>By Ann Lee</p>",
        "<p>12.05.2024, 14:30 | By <a>Ann Lee</a></p>",
        "<div><span>By</span><span>Ann Lee</span></div>",
        "<div><span>12.11.2026 10:00</span> <span>Муаллиф: Ann Lee</span></div>",
        "<p>12.11.2026 10:00 | Автору: Ann Lee</p>",
        "<p>Written by</p><p>Ann Lee</p>",
        '<div class="byline">By <a href="/a/1">Ann Lee</a>, Editor</div>',
        '<a rel="author" href="/x">Ann Lee</a>',
        '<span itemprop="author"><span itemprop="name">Ann Lee</span></span>',
        '<a href="/authors/ann-lee">Ann Lee</a>',
        "<div>Ann Lee</div><div>12.05.2024, 14:30</div>",
        TEXT * 3 + "<p>Автор: Ann Lee</p>",
        "<p>Medically reviewed by Omar Saidov</p><p>Written by Ann Lee</p>",
    ],
)
def test_a_byline_is_found_where_readers_see_it(body: str) -> None:
    found = read(body)
    assert (found.authors, found.origins["authors"]) == (("Ann Lee",), "byline")


@pytest.mark.parametrize(
    "body",
    [
        '<div class="comments"><span class="author">Ann Lee</span></div>',
        '<aside><a rel="author">Ann Lee</a></aside>',
        '<div class="related"><div class="teaser"><span class="byline">By Ann Lee</span></div></div>',
        '<div class="author-bio">Ann Lee writes on mountains, roads and weather, and lives in the valley.</div>',
        "<p>Foto: Ann Lee</p>",
        "<p>Yazar: Ann Lee, yeni romanını okurlarına tanıttı.</p>",
        "<p>Автор: так называемый «народный контроль» сообщил о яме.</p>",
        "<p>Автор: слово «народный</p>",
        "<blockquote>— Ann Lee (@annlee) June 1, 2024</blockquote>",
        TEXT + '<div class="comments"><p>Автор: Ann Lee</p></div>',
    ],
)
def test_other_peoples_names_are_left_alone(body: str) -> None:
    assert read(body).authors == ()


def test_an_account_is_spelt_out_by_the_byline_or_kept() -> None:
    ld = {"@type": "NewsArticle", "author": {"@type": "Person", "name": "ann.lee"}}
    assert read("<p>By Ann Lee</p>", ld=ld).authors == ("Ann Lee",)
    assert read("<p>By Omar Saidov</p>", ld=ld).authors == ("ann.lee",)


def test_a_first_name_that_only_meta_tags_give_is_better_than_none() -> None:
    found = read(head='<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Dilnoza">')
    assert (found.authors, found.origins["authors"]) == (("Dilnoza",), "meta")


def test_bylines_without_end_are_bounded() -> None:
    found = read('<span class="author">Ann Lee</span>' * 30_000 + "By " * 30_000 + "<p>By Ann Lee and " * 10_000)
    assert len(found.authors) <= 16
    assert len(names_in([", ".join(f"Ann{'x' * n} Lee" for n in range(40))]).persons) <= 16
