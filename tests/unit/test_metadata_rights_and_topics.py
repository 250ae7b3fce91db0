"""Paywalls, robots, sections, tags, images and bodies are read from what a page states, each with its origin."""

from __future__ import annotations

import json

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.page.blocks import layout_of

URL = "https://dolina.example/news/snow-closes-the-pass-771"


def read(head: str = "", *, ld: object = None, body: str = "", known: Rights | None = None) -> Metadata:
    if ld:
        head += f'<script type="application/ld+json">{json.dumps(ld)}</script>'
    tree = LexborHTMLParser(f"<html><head>{head}</head><body><h1>Snow closes the pass</h1>{body}</body></html>")
    return metadata_of(tree, URL, layout_of(tree).blocks, known or Rights())


def article(**fields: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "headline": "Snow closes the pass", **fields}


@pytest.mark.parametrize(
    ("head", "ld", "paywalled"),
    [
        ("", article(isAccessibleForFree=False), True),
        ("", article(isAccessibleForFree="http://schema.org/False"), True),
        ("", article(isAccessibleForFree="True"), False),
        ("", article(hasPart={"isAccessibleForFree": "False", "cssSelector": ".paid"}), True),
        ("", article(isAccessibleForFree=True, hasPart=[{"isAccessibleForFree": False, "cssSelector": ".paid"}]), True),
        ('<meta property="article:content_tier" content="locked">', None, True),
        ('<meta property="article:content_tier" content="metered">', None, True),
        ('<meta property="article:content_tier" content="free">', None, False),
        ("", article(), None),
    ],
)
def test_a_paywall_is_what_the_page_declares(head: str, ld: object, paywalled: bool | None) -> None:
    assert read(head, ld=ld).rights.paywalled is paywalled


@pytest.mark.parametrize(
    ("head", "opted_out"),
    [
        ('<meta name="robots" content="index, NoAI">', True),
        ('<meta name="robots" content="noimageai">', True),
        ('<meta name="tdm-reservation" content="1">', True),
        ('<meta name="tdm-reservation" content="0">', None),
        ('<meta name="robots" content="noindex">', None),
    ],
)
def test_training_is_opted_out_of_by_robots_or_a_reservation(head: str, opted_out: bool | None) -> None:
    assert read(head).rights.training_opt_out is opted_out


def test_headers_and_meta_tags_are_added_up() -> None:
    found = read('<meta name="robots" content="nofollow, noindex">', known=Rights(robots=("noindex",), paywalled=True))
    assert (found.rights.robots, found.rights.paywalled) == (("noindex", "nofollow"), True)
    assert found.origins["rights.robots"] == "meta"


def test_tags_are_bounded_and_none_is_there_twice() -> None:
    found = read(
        '<meta property="article:tag" content="Snow, snow; #Road"><meta property="article:tag" content="Pass">'
    )
    assert (found.tags, found.origins["tags"]) == (("Snow", "Road", "Pass"), "opengraph")
    assert len(read(ld=article(keywords=",".join(map(str, range(100, 9_999))))).tags) <= 32


def test_the_section_is_the_last_breadcrumb_where_nothing_else_names_it() -> None:
    crumbs = [{"name": "Home"}, {"item": {"name": "Society"}}, {"name": "Snow closes the pass"}]
    found = read(ld={"@type": "BreadcrumbList", "itemListElement": crumbs})
    assert (found.section, found.origins["section"]) == ("Society", "breadcrumbs")
    found = read(
        '<meta property="article:section" content="Roads">', ld={"@type": "BreadcrumbList", "itemListElement": crumbs}
    )
    assert (found.section, found.origins["section"]) == ("Roads", "opengraph")


def test_images_are_absolute_and_lead_images_come_first() -> None:
    assert read('<meta property="og:image" content="/a.jpg">').image == "https://dolina.example/a.jpg"
    found = read(ld=article(image=[{"@type": "ImageObject", "url": "//img.dolina.example/b.jpg"}]))
    assert (found.image, found.origins["image"]) == ("https://img.dolina.example/b.jpg", "json-ld")
    assert read('<meta property="og:image" content="javascript:x">').image is None


def test_the_longest_stated_body_is_given_as_text() -> None:
    long = "The pass &amp;amp; the road were closed. " * 8
    found = read(ld=[article(articleBody="short"), article(articleBody=f"<p>{long}</p>")])
    assert found.article_body is not None
    assert found.article_body.split()[:5] == ["The", "pass", "&", "the", "road"]
    assert read(ld=article(articleBody="short")).article_body is None


def test_descriptions_are_given_once_with_their_origin_and_once_as_the_head_says_them() -> None:
    found = read('<meta name="description" content="Drivers wait.">', ld=article(description="A long wait."))
    assert (found.lead, found.origins["lead"], found.description) == ("A long wait.", "json-ld", "Drivers wait.")


@pytest.mark.parametrize(
    "ld",
    [
        article(author=[[["Ann"]]], keywords={"a": 1}, image=7, articleSection=[{}], hasPart=[None, 3], publisher=[[]]),
        {
            "@graph": [
                {"@type": ["NewsArticle", None, {}], "author": {"@id": "#a"}},
                {"@id": "#a", "@type": 3, "name": ["x"]},
            ]
        },
        {"@type": "BreadcrumbList", "itemListElement": [None, 1, {"name": 3}, {"item": []}]},
        article(author={"name": {"name": {}}}, articleBody=["x"], isAccessibleForFree=[], headline={"a": []}),
        article(author=["Ann Lee"] * 100_000, headline="x" * 100_000),
    ],
)
def test_structured_data_of_any_shape_breaks_nothing(ld: object) -> None:
    assert read(ld=ld).title
