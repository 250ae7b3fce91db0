"""The parser reads every page of the newsroom as its gold record says, and takes no list for an article."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC

import pytest

from services.console.newsroom import pages
from services.console.newsroom.content import Article, Site, labels, load
from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts, pack
from services.parser.limits import Limits
from services.parser.parse import parse

STOCK, LABELS = load(), labels()
NOW = max(article.modified or article.published for article in STOCK.articles.values()).astimezone(UTC)
LEAST_LIKENESS = 0.95


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


def likeness(one: str, other: str) -> float:
    """F1 over the words of two texts."""
    counts = [Counter(re.findall(r"\w+", text)) for text in (one, other)]
    return 2 * sum((counts[0] & counts[1]).values()) / sum(map(sum, (c.values() for c in counts)))


@pytest.mark.parametrize("slug", sorted(STOCK.articles))
def test_an_article_is_read_as_its_newsroom_filed_it(slug: str) -> None:
    article = STOCK.articles[slug]
    gold, found, site = STOCK.gold(article), read(article), STOCK.site_of(article)
    assert found.title == gold.title
    assert found.canonical_url == gold.canonical_url
    assert found.published is not None
    assert (found.published.moment, found.published.day) == (gold.published, gold.day)
    assert likeness(found.text, gold.text) >= LEAST_LIKENESS
    assert set(found.authors) == set(gold.authors)
    # One template may declare Russian for all its editions: the address and the letters know better.
    assert found.language_declared in (article.language, article.language.split("-")[0])
    assert {e.url for e in found.editions} == {STOCK.url(e) for e in STOCK.editions(article) if e is not article}
    assert (found.engagement is not None) is ("views" in site.habits)


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
