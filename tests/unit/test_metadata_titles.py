"""An article's title is the headline that a reader sees, without its site, its section or a kicker."""

from __future__ import annotations

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.page.blocks import layout_of

URL = "https://dolina.example/news/snow-closes-the-pass-771"


def read(html: str, url: str = URL) -> Metadata:
    tree = LexborHTMLParser(html)
    return metadata_of(tree, url, layout_of(tree).blocks, Rights())


def page(title: str = "", h1: str = "", *, og: str = "", site: str = "", ld: object = None) -> str:
    head = f"<title>{title}</title>" if title else ""
    head += f'<meta property="og:title" content="{og}">' if og else ""
    head += f'<meta property="og:site_name" content="{site}">' if site else ""
    head += f'<script type="application/ld+json">{json.dumps(ld)}</script>' if ld else ""
    return f"<html><head>{head}</head><body>{h1}<p>The pass was closed on Monday.</p></body></html>"


@pytest.mark.parametrize(
    "title",
    [
        "Snow closes the high pass - Dolina News",
        "Snow closes the high pass | Society | Dolina News",
        "Dolina News :: Snow closes the high pass",
        "Dolina News » Snow closes the high pass",
        "Snow closes the high pass – dolina.example",
        "Snow closes the high pass &mdash; Society &mdash; Dolina",
    ],
)
def test_the_site_and_the_section_are_cut_off_at_both_ends(title: str) -> None:
    ld = {"@type": "NewsArticle", "articleSection": "Society", "publisher": {"name": "Dolina News"}}
    found = read(page(title, ld=ld))
    assert (found.title, found.origins["title"]) == ("Snow closes the high pass", "title")


@pytest.mark.parametrize(
    ("h1", "claim"),
    [
        (
            '<h1><span class="kicker">Analysis</span>Snow closes the high pass</h1>',
            "Analysis: Snow closes the high pass",
        ),
        ("<h1><span>Society</span> Snow closes the high pass</h1>", "Snow closes the high pass"),
        ('<h1>Snow closes the high pass<span class="subtitle">Drivers wait</span></h1>', "Snow closes the high pass"),
        ("<h1><style>.x{color:red}</style>Snow closes the high pass</h1>", "Snow closes the high pass"),
        ("<h1>Snow closes the high pass</h1>", "Snow closes the high..."),
        ("<h1>SNOW CLOSES THE HIGH PASS</h1>", "Snow closes the high pass"),
        ("<h1>Snow clo\u00adses the high\u200b pass</h1>", "Snow closes the high pass"),
        ("<h1>Dolina</h1><h2>Snow closes the high pass</h2>", "Snow closes the high pass | Dolina"),
        ("<h1>Navigation</h1><h1>Snow closes the high pass</h1><h1>Comments</h1>", "Snow closes the high pass"),
        ('<h1 class="site-title">Snow and more</h1><h1>Snow closes the high pass</h1>', "Snow closes the high pass"),
        ("<h1><b>S</b>now closes the<br>high pass</h1>", "Snow closes the high pass"),
        ("", "Snow closes the high pass"),
    ],
)
def test_the_headline_is_what_its_page_confirms(h1: str, claim: str) -> None:
    assert read(page(h1=h1, og=claim, site="Dolina")).title == "Snow closes the high pass"


def test_a_headline_that_is_alone_on_its_page_wins_over_what_search_engines_are_told() -> None:
    found = read(page("Roads, closures and weather", "<h1>Snow closes the high pass</h1>"))
    assert (found.title, found.origins["title"]) == ("Snow closes the high pass", "headline")


def test_a_claim_that_was_cut_is_completed_by_another() -> None:
    found = read(
        page("Snow closes the high pass for a week - Dolina", og="Snow closes the high pass...", site="Dolina")
    )
    assert found.title == "Snow closes the high pass for a week"


def test_references_that_were_escaped_twice_are_read() -> None:
    assert read(page(og="Snow &amp;amp; ice close &amp;#171;the pass&amp;#187;")).title == "Snow & ice close «the pass»"


@pytest.mark.parametrize("title", ["Live: snow closes the pass", "«Snow» closes the pass", "The pass – closed", "Қор»"])
def test_what_belongs_to_the_headline_stays(title: str) -> None:
    assert read(page(h1=f"<h1>{title}</h1>", og=title, site="Dolina")).title == title


def test_a_headline_may_hold_the_name_of_its_site() -> None:
    assert read(page("Dolina suv ostida", "<h1>Dolina suv ostida</h1>", site="Dolina")).title == "Dolina suv ostida"


def test_a_page_that_only_names_its_site_has_no_title() -> None:
    assert read(page("Dolina", "<h1><a href='/'>Dolina</a></h1>", og="Dolina", site="Dolina")).title is None


def test_a_sites_name_that_is_the_title_again_hides_no_headline() -> None:
    html = page("Snow closes the pass - Dolina", "<h1>Snow closes the pass</h1>").replace(
        "</head>", '<meta name="application-name" content="Snow closes the pass - Dolina"></head>'
    )
    assert read(html).title == "Snow closes the pass"


@pytest.mark.parametrize(
    "html",
    [
        page("| " * 50_000, "<h1>" + "- " * 50_000 + "</h1>"),
        page(h1="<h1>" + "<span>a</span>" * 50_000 + "</h1>", og="a" * 100_000),
        page(h1="<h2>Snow</h2>" * 30_000 + "<h1>Snow</h1>" * 30_000, og="Snow closes"),
        page(og="&amp;#" + "9" * 100_000 + ";"),
    ],
)
def test_titles_without_end_are_bounded(html: str) -> None:
    title = read(html).title
    assert title is None or len(title) <= 500
