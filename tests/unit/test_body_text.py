"""The blocks of an article become the text that a reader saw: paragraphs, lists, tables, quotes, no lines around it."""

from __future__ import annotations

from collections.abc import Container, Sequence

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.parser.body.next_page import next_page_of
from services.parser.body.pictures import credit_apart
from services.parser.body.selection import Selection
from services.parser.body.text import Body, text_of
from services.parser.page.blocks import layout_of

URL = "https://dolina.example/news/snow-closes-the-pass-771"
TITLE = "Snow closes the pass"
ONE = "The ferry across the lake runs every hour again after the ice broke up during the night."
TWO = "The mayor thanked the crews, who had worked on the quay for nine days and nights without a break."
THREE = "Tickets cost as much as last year, and pupils of the valley school travel free of charge until June."


def body(html: str, *, unchosen: Container[str] = (), doubted: Container[str] = (), names: Sequence[str] = ()) -> Body:
    """The text where every block but `unchosen` was chosen, those in `doubted` without certainty."""
    layout = layout_of(LexborHTMLParser(f"<body>{html}"))
    likely = [0.1 if b.text in unchosen else 0.6 if b.text in doubted else 0.97 for b in layout.blocks]
    kept = tuple(i for i, p in enumerate(likely) if p > 0.5)
    return text_of(layout, Selection(kept, likely, 0.9, "test 1"), TITLE, URL, names)


def paragraphs(html: str, **choice: Container[str]) -> list[str]:
    return list(body(html, **choice).paragraphs)


def between(html: str) -> list[str]:
    """What stands in the middle of an article becomes."""
    around = f"<p>{ONE}</p><p>{TWO}</p><p>{THREE}</p>"
    after = around.replace("The ", "A ").replace("Tickets", "Cards")
    return paragraphs(f"{around}{html}{after}")[3:-3]


def test_two_line_breaks_part_paragraphs_and_one_parts_them_where_each_line_is_one() -> None:
    assert paragraphs(f"<div>{ONE}<br><br>{TWO}</div>") == [ONE, TWO]
    assert paragraphs(f"<div>{ONE}<br>{TWO}<br>{THREE}</div>") == [ONE, TWO, THREE]


def test_a_line_break_within_a_sentence_joins() -> None:
    begun, on, ended = TWO.partition(" on the quay ")
    assert paragraphs(f"<p>{ONE}</p><p>{begun}{on}<br>{ended}</p>") == [ONE, TWO]
    assert paragraphs(f"<div>{ONE}<br><br>{begun}{on}<br><br>{ended}</div>") == [ONE, TWO]
    assert paragraphs(f"<p>{ONE}</p><p>{begun}{on}</p><p>{ended}</p>") == [ONE, TWO]


def test_lines_of_a_verse_stay_lines_of_one_paragraph() -> None:
    assert between("<p>Over the pass<br>Snow is falling<br>And the bus waits</p>") == [
        "Over the pass\nSnow is falling\nAnd the bus waits"
    ]


def test_a_bold_line_above_text_is_a_subheading_of_its_own() -> None:
    assert between(f"<p><b>What the mayor says</b><br>{TWO[:-1]} at all.</p>") == [
        "What the mayor says",
        f"{TWO[:-1]} at all.",
    ]
    assert between("<h2>Prices</h2>") == ["Prices"]


def test_a_list_is_one_paragraph_with_a_line_for_each_item() -> None:
    assert between("<ul><li>Share prices</li><li><b>Milk</b> and bread</li></ul>") == [
        "- Share prices\n- Milk and bread"
    ]
    assert between("<ol><li>Wash</li><li>Dry</li></ol>") == ["1. Wash\n2. Dry"]
    assert between("<ul><li>Fruit<ul><li>Apples</li></ul></li><li>• Nuts</li></ul>") == ["- Fruit\n- Apples\n• Nuts"]


def test_a_list_whose_items_are_texts_is_read_as_paragraphs() -> None:
    items = f"<ul><li><h3>Ferry</h3><p>It runs until {ONE}</p></li><li><h3>Bus</h3><p>It waits for {TWO}</p></li></ul>"
    assert between(items) == ["Ferry", f"It runs until {ONE}", "Bus", f"It waits for {TWO}"]


def test_a_table_is_read_row_by_row() -> None:
    table = "<table><tr><th>Town</th><th>Snow</th></tr><tr><td><p>Ak-Tash</p></td><td>40 cm</td></tr></table>"
    assert between(table) == ["Town | Snow\nAk-Tash | 40 cm"]


def test_a_table_that_lays_out_a_text_is_no_table() -> None:
    page = f"<table><tr><td>Menu</td><td><p>{ONE}</p><p>{TWO}</p><p>{THREE * 3}</p></td></tr></table>"
    assert paragraphs(page, unchosen=("Menu",)) == [ONE, TWO, THREE * 3]


def test_terms_stand_before_what_they_mean_and_preformatted_lines_stay() -> None:
    assert between("<dl><dt>Ferry</dt><dd>A boat</dd><dt>Quay:</dt><dd>Its stop</dd></dl>") == [
        "Ferry: A boat\nQuay: Its stop"
    ]
    assert between("<pre>a  b\n\n  c</pre>") == ["a  b\n  c"]


def test_a_quote_is_a_paragraph_and_what_stands_below_it_in_a_figure_stays() -> None:
    quote = "<figure><blockquote><p>“We waited nine days.”</p></blockquote><figcaption>The mayor</figcaption></figure>"
    assert between(quote) == ["“We waited nine days.”", "The mayor"]


def test_an_embedded_post_is_a_quote_with_its_author_and_without_its_date() -> None:
    post = (
        '<blockquote class="twitter-tweet"><p>The pass is open. <a href="#">pic.twitter.com/aBc</a></p>'
        '&mdash; Valley roads (@valley_roads) <a href="#">May 15, 2024</a></blockquote>'
    )
    assert between(post) == ["The pass is open.\n— Valley roads (@valley_roads)"]


def test_a_live_report_keeps_the_time_of_each_entry() -> None:
    entries = "".join(
        f'<div><span class="t">{time}</span><p>{text}</p></div>'
        for time, text in (("14:05", ONE), ("13:40", TWO), ("12:55 MSK", THREE))
    )
    told = [f"14:05\n{ONE}", f"13:40\n{TWO}", f"12:55 MSK\n{THREE}"]
    assert paragraphs(entries) == told
    assert paragraphs(entries, unchosen=("14:05", "13:40", "12:55 MSK")) == told


def test_the_title_and_a_text_that_stands_there_twice_go_once() -> None:
    assert paragraphs(f"<p>Valley News</p><h1>{TITLE}</h1><p>{ONE}</p><p>{TWO}</p><p>{ONE}</p>") == [ONE, TWO]
    label = "Toxic to cats and to dogs:"
    assert paragraphs(f"<p>{ONE}</p><h3>{label}</h3><p>{TWO}</p><h3>{label}</h3><p>{THREE}</p>").count(label) == 2
    assert between("<p>A lake at dusk</p><p>A lake at dusk</p>") == ["A lake at dusk"]


@pytest.mark.parametrize(
    "line", ["Photo: valley council", "Read also: Bridge is closed", "Subscribe to our Telegram channel", "1 465 views"]
)
def test_what_can_be_no_text_goes_wherever_it_stands(line: str) -> None:
    assert between(f"<p>{line}</p>") == []


@pytest.mark.parametrize("line", ["Comments", "12:26", "15.05.2024", "Author: A. Reader", "Print", "17"])
def test_what_may_be_text_goes_at_the_edges_and_where_the_model_doubts_it(line: str) -> None:
    text = f"<p>{ONE}</p><p>{TWO}</p>"
    assert paragraphs(f"<p>{line}</p>{text}<p>{line}</p>") == [ONE, TWO]
    assert between(f"<p>{line}</p>") == [line]
    if any(c.isalpha() for c in line):
        more = text.replace("The ", "A ")
        assert line not in paragraphs(f"{text}<p>{THREE}</p><p>{line}</p><p>So it is.</p>{more}", doubted=(line,))


@pytest.mark.parametrize(
    "line",
    [
        "Note: the old quay is not open to anybody before May.",
        "Izoh: koʻprik bahorgacha ochilmaydi.",
        "Изоҳ: кўприк баҳоргача очилмайди.",
        "Источник: по данным порта, ущерба нет.",
        "Yorum: Liman bahara kadar açılmayacak.",
        "Матч состоится 12 декабря в 18:00.",
        "Bayram 1-yanvar kuni boshlanadi.",
        "Фото: на снимке видно, что причал разрушен.",
        "Вчера в 10:00.",
        "Puan: Göl 30, Nehir 28.",
    ],
)
def test_a_sentence_between_sentences_stays_though_it_begins_like_a_label(line: str) -> None:
    assert between(f"<p>{line}</p>") == [line]


@pytest.mark.parametrize("line", ["Источник: ТАСС", "Фото: Азиз Каримов.", "Muharrir: Aziz Karimov", "12.11.2026 г."])
def test_a_label_with_a_name_or_a_day_goes_between_sentences(line: str) -> None:
    assert paragraphs(f"<p>{ONE}</p><p>{line}</p><p>{TWO}</p>") == [ONE, TWO]


@pytest.mark.parametrize("label", ["Batafsil:", "<b>Подробнее:</b>", "Толығырақ: "])
def test_a_button_before_a_link_and_nothing_else_leads_to_another_article(label: str) -> None:
    link = '<a href="/n/5">The harbour gets a new crane</a>'
    assert between(f"<p>{label} {link}</p>") == []
    assert between(f"<p>{label} {link} as the port said in May.</p>") != []


def test_a_subheading_of_one_word_stays_where_text_follows() -> None:
    assert paragraphs(f"<h2>Comments</h2><p>{ONE}</p><p>{TWO}</p><h2>Comments</h2>") == ["Comments", ONE, TWO]


def test_the_text_ends_where_a_list_of_other_articles_begins() -> None:
    others = "<p>12:26</p><p>Bridge is closed</p><p>19:09 / 16.12.2024</p><p>Library lends flutes</p><p>16.12.2024</p>"
    assert paragraphs(f"<p>{ONE}</p><h3>Related News</h3>{others}") == [ONE]
    assert paragraphs(f"<p>{ONE}</p><div>{others}</div>") == [ONE]


def test_a_box_of_other_articles_within_the_text_goes_and_the_text_goes_on() -> None:
    box = "<div><b>Читайте также:</b><p><a href='/1'>Школьники посадили сад</a></p><p>16.05.2024</p></div>"
    assert paragraphs(f"<p>{ONE}</p><p>{TWO}</p>{box}<p>{THREE}</p>") == [ONE, TWO, THREE]


def test_a_table_and_a_list_of_which_a_part_was_chosen_are_read_whole() -> None:
    table = "<table><tr><td>Quay</td><td>96</td></tr><tr><td>Park</td><td>until 15.04.2024</td></tr></table>"
    items = "<ul><li>Bread</li><li>Milk</li><li>Tea</li></ul>"
    assert paragraphs(f"<p>{ONE}</p>{items}{table}", unchosen=("96", "Park", "Milk")) == [
        ONE,
        "- Bread\n- Milk\n- Tea",
        "Quay | 96\nPark | until 15.04.2024",
    ]
    menu = "<ul><li><a href='/1'>Home</a></li><li>Bread</li></ul>"
    assert paragraphs(f"<p>{ONE}</p>{menu}", unchosen=("Home",)) == [ONE, "- Bread"]


def test_a_byline_goes_from_the_edges() -> None:
    names = ("Aziza Karimova", "Society")
    page = f"<p>Society</p><p>{ONE}</p><p>Aziza Karimova praised the crews.</p><p>Aziza Karimova, correspondent</p>"
    assert list(body(page, names=names).paragraphs) == [ONE, "Aziza Karimova praised the crews."]


def test_lines_that_run_into_each_other_are_judged_by_their_parts() -> None:
    glued = "<div><b>Read also</b><a href='/1'>Bridge is closed</a><a href='/2'>Library lends flutes</a></div>"
    assert between(glued) == []
    assert between("<div><span>Share</span><a href='/t'>Telegram</a></div>") == ["ShareTelegram"]
    assert paragraphs(f"<p>{ONE}</p><div><span>Share</span><a href='/t'>Telegram</a></div>") == [ONE]


def test_a_dateline_is_text() -> None:
    text = f"TASHKENT, July 4. /Agency/. {ONE}"
    assert paragraphs(f"<p>{text}</p><p>{TWO}</p>") == [text, TWO]


def test_captions_leave_the_text_and_stand_with_their_pictures() -> None:
    found = body(
        f'<p>{ONE}</p><figure><img src="/a.jpg" alt="x"><figcaption>The quay at dusk. Photo: A. Reader</figcaption>'
        f'</figure><p>{TWO}</p><div class="photo"><img data-src="https://cdn.example/b.jpg"><div class="img-caption">'
        f'A bus</div></div><p>{THREE}</p><img src="c.png"><p>Фото: Долина.Инфо</p><img src="/d.png" alt="A lake">'
    )
    assert list(found.paragraphs) == [ONE, TWO, THREE]
    assert [(i.url, i.caption, i.credit) for i in found.images] == [
        ("https://dolina.example/a.jpg", "The quay at dusk.", "A. Reader"),
        ("https://cdn.example/b.jpg", "A bus", None),
        ("https://dolina.example/news/c.png", None, "Долина.Инфо"),
    ]


@pytest.mark.parametrize(
    ("caption", "said", "credit"),
    [
        ("The bridge. Photo: A. Karimov", "The bridge.", "A. Karimov"),
        ("The bridge (Photo by A. Karimov)", "The bridge", "A. Karimov"),
        ("Ko‘prik. Surat: hokimlik", "Ko‘prik.", "hokimlik"),
        ("Мост / Фото: Долина", "Мост", "Долина"),
        ("The bridge © Valley News", "The bridge", "Valley News"),
        ("Photo: Valley News", None, "Valley News"),
        ("The bridge in 2024: a view", "The bridge in 2024: a view", None),
    ],
)
def test_a_credit_is_told_from_its_caption(caption: str, said: str | None, credit: str | None) -> None:
    assert credit_apart(caption) == (said, credit)


def test_counters_become_views() -> None:
    assert body(f"<p>{ONE}</p><div>Views: 1 465</div>").views == 1465
    assert body(f'<p>{ONE}</p><span class="post-views">77</span>').views == 77
    assert body(f"<p>12.05.2024 19:34 | Views: 1,465</p><p>{ONE}</p>").views == 1465
    assert body(f"<p>{ONE}</p><footer>Views: 12</footer>").views is None


def test_a_page_without_chosen_blocks_has_no_text() -> None:
    assert paragraphs("") == []
    assert paragraphs("<p>Print</p><p>Share</p>") == []


@pytest.mark.parametrize(
    ("url", "link", "found"),
    [
        ("/n/snow-on-pass.html", '<a href="?page=2">2</a>', "/n/snow-on-pass.html?page=2"),
        ("/n/snow-on-pass", '<a href="/n/snow-on-pass/2/">Следующая страница</a>', "/n/snow-on-pass/2/"),
        ("/n/snow-on-pass/2/", '<a href="/n/snow-on-pass/3/">Keyingi sahifa</a>', "/n/snow-on-pass/3/"),
        ("/n/snow-on-pass.html", '<a href="snow-on-pass-2.html">»</a>', "/n/snow-on-pass-2.html"),
        ("/n/?id=771", '<link rel="next" href="/n/?id=771&page=2">', "/n/?id=771&page=2"),
        ("/n/771", '<a href="/n/772" rel="next">Next</a>', None),
        ("/n/2", '<a href="/n/3" rel="next">Next</a>', None),
        ("/n/snow-on-pass", '<a href="/n/page/2/">2</a>', None),
        ("/n/snow-on-pass", '<a href="/n/snow-on-pass?page=2#comments">2</a>', None),
        ("/n/snow-on-pass", '<a href="https://b.example/n/snow-on-pass/2">2</a>', None),
        ("/n/snow-on-pass", '<a href="/n/snow-on-pass/2">Photo number two of the pass</a>', None),
    ],
)
def test_the_next_page_is_the_same_article_s(url: str, link: str, found: str | None) -> None:
    tree = LexborHTMLParser(f"<body><p>{ONE}</p>{link}")
    assert next_page_of(tree, f"https://a.example{url}") == (found and f"https://a.example{found}")
