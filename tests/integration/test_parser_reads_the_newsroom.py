"""The parser reads every page of the newsroom as its gold record says, and takes no list for an article."""

from __future__ import annotations

from datetime import UTC
from typing import get_args

import pytest

from services.console.newsroom import pages
from services.console.newsroom.content import Article, Form, Site, labels, load
from services.contracts.articles import Image, ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts, pack
from services.parser.limits import Limits
from services.parser.parse import parse

STOCK, LABELS = load(), labels()
NOW = max(article.modified or article.published for article in STOCK.articles.values()).astimezone(UTC)


def fetched(html: str, url: str, site: Site) -> FetchedPage:
    return FetchedPage(
        request=FetchRequest(url=url, source=site.id, reason="feed", requested_at=NOW),
        facts=SourceFacts(timezone=site.timezone, country=site.country),
        url=url,
        status=200,
        media_type="text/html",
        body=pack(html.encode(site.charset)),
        body_sha256="0" * 64,
        fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0.1),
    )


def read(article: Article, *, amp: bool = False) -> ParsedArticle:
    url = STOCK.url(article) + ("/amp" if amp else "")
    html = pages.article_page(STOCK, article, LABELS, amp=amp)
    result = parse(fetched(html, url, STOCK.site_of(article)), Limits(), NOW)
    assert isinstance(result, ParsedArticle), result
    return result


@pytest.mark.parametrize("slug", sorted(STOCK.articles))
def test_an_article_is_read_as_its_newsroom_filed_it(slug: str) -> None:
    article = STOCK.articles[slug]
    gold, found, site = STOCK.gold(article), read(article), STOCK.site_of(article)
    assert found.title == gold.title
    assert found.canonical_url == gold.canonical_url
    assert found.published is not None
    assert (found.published.moment, found.published.day) == (gold.published, gold.day)
    assert found.paragraphs == gold.paragraphs
    assert set(found.authors) == set(gold.authors)
    # One template may declare Russian for all its editions: the address and the letters know better.
    assert found.language_declared in (article.language, article.language.split("-")[0])
    assert {e.url for e in found.editions} == {STOCK.url(e) for e in STOCK.editions(article) if e is not article}
    assert (found.engagement is not None) is ("views" in site.habits)


def test_pictures_in_the_text_are_data_with_their_captions_and_makers() -> None:
    pictured = [article for article in STOCK.articles.values() if article.pictures]
    for article in pictured:
        site, found = STOCK.site_of(article), read(article)
        for number, picture in enumerate(article.pictures):
            url = site.url(pages.inner_image(article, number))
            assert Image(url=url, caption=picture.caption, credit=picture.credit) in found.images
    assert len(pictured) >= 3


def test_the_newsroom_shows_every_form_of_a_paragraph() -> None:
    assert {form for article in STOCK.articles.values() for form in article.forms.values()} == set(get_args(Form))


def test_no_line_around_an_article_is_in_its_text() -> None:
    for article in STOCK.articles.values():
        words, text = LABELS[article.language], read(article).text
        noise = [f"{words[name]}:" for name in ("views", "share", "photo")] + [words["print"], words["rights"]]
        assert not [line for line in noise if line in text], article.slug


@pytest.mark.parametrize("slug", sorted(s for s, a in STOCK.articles.items() if "amp" in STOCK.site_of(a).habits))
def test_an_amp_copy_is_the_same_article(slug: str) -> None:
    article = STOCK.articles[slug]
    copy, original = read(article, amp=True), read(article)
    assert copy.article_id == original.article_id
    assert copy.content_key == original.content_key


@pytest.mark.parametrize("site", STOCK.sites.values(), ids=lambda site: site.id)
def test_home_and_section_pages_are_no_articles(site: Site) -> None:
    html = pages.listing_page(STOCK, site, STOCK.of_site(site), LABELS, site.section_name)
    for path in ("/", site.section_path):
        result = parse(fetched(html, site.url(path), site), Limits(), NOW)
        assert isinstance(result, Rejection), result
        assert result.reason == "not-an-article"
