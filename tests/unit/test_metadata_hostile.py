"""Metadata takes little time and little room, whatever a page holds in its attributes and headings."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.page.blocks import layout_of

URL = "https://dolina.example/ru/news/771?" + "x=1&" * 400
PIECES = (
    "<h1>", "</h1>", "<h2 class=headline>", "<span class=kicker>", "</span>", "<title>", "</title>", "</script>",
    "<a rel=author href=/uz/news/771>", "</a>", "<div class='author byline'>", "<meta name=author content='By ", "'>",
    "<meta property=og:title content='", '<script type="application/ld+json">', "<html lang='", "//[", "?lang=uz",
    '{"@type":"NewsArticle","author":{"@id":"#a"},"headline":"', '"}', "<link rel=alternate hreflang='uz' href='",
    "By ", "Муаллиф: ", "Ann Lee", " and ", "&amp;#", "9" * 30, "|", " - ", "«", "»", "\u00ad", "\u202e", "\x00",
    "نویسنده: ", "12.05.2024",
)  # fmt: skip
_MOST_SECONDS = 6.0
"""Many times what any of these takes."""


def read(html: str) -> Metadata:
    tree = LexborHTMLParser(html)
    return metadata_of(tree, URL, layout_of(tree).blocks, Rights())


@pytest.mark.parametrize(
    "html",
    [
        f'<div class="{"author-" * 100_000}">x</div>' * 3,
        f'<div class="{" author bio" * 100_000}">By Ann Lee</div>' * 3,
        '<span class="author">By A B</span>' * 100_000,
        '<a hreflang="uz" href="/uz/news/771">uz</a>' * 100_000,
        '<meta name="author" content="By Ann Lee and ">' * 100_000,
        f'<meta name="author" content="{"By " * 500_000}">',
        f"<title>{'» « ' * 500_000}</title>",
        f'<script type="application/ld+json">{{"@type":"NewsArticle","articleBody":"{"&#" * 400_000}"}}</script>',
        f'<a href="{"/uz" * 500_000}">x</a><a href="/uz/n?{"a=b&" * 200_000}">x</a>',
        "<p>By </p>" * 100_000,
    ],
    ids=lambda html: html[:24],
)
def test_a_page_made_to_be_slow_is_read_in_time(html: str) -> None:
    began = time.process_time()
    found = read(html)
    assert time.process_time() - began < _MOST_SECONDS
    assert len(found.authors) <= 16
    assert len(found.editions) <= 24


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_mixture_of_marks_is_read(html: str) -> None:
    found = read(html)
    assert found.title is None or 0 < len(found.title) <= 500
    assert all(name == name.strip() and len(name) <= 120 for name in (*found.authors, *found.organizations))
