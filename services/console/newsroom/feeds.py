"""The newsroom's feeds: RSS 2.0 and Atom as news sites write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from email.utils import format_datetime
from html import escape

from services.console.newsroom.content import Article, Feed, Site, Stock

_TRACKING = ("utm_source=rss&utm_medium=feed&utm_campaign=news", "fbclid=IwAR0newsroom0invented")


def feed_xml(stock: Stock, site: Site, feed: Feed) -> str:
    """A feed of a site with everything it lists, links that lead to no article included."""
    articles = stock.listed(feed, site)
    return _atom(stock, site, feed, articles) if feed.kind == "atom" else _rss(stock, site, feed, articles)


def listed_urls(stock: Stock, feed: Feed, article: Article) -> Iterator[str]:
    """Every address at which a feed lists an article."""
    url = stock.url(article)
    if article.slug in feed.tracked:
        yield from (f"{url}?{query}" for query in _TRACKING)
    else:
        yield url
    if article.slug in feed.also_amp:
        yield f"{url}/amp"


def _rss(stock: Stock, site: Site, feed: Feed, articles: list[Article]) -> str:
    items = [
        f"<item><title>{escape(article.title)}</title><link>{escape(link)}</link>"
        f'<guid isPermaLink="true">{escape(link)}</guid><pubDate>{_pub_date(feed, article)}</pubDate>'
        f"<description><![CDATA[<p>{article.paragraphs[0]}</p>]]></description>"
        f"<category>{escape(article.section)}</category></item>"
        for article in articles
        for link in listed_urls(stock, feed, article)
    ]
    items += [
        f"<item><title>{escape(stray.title)}</title><link>{site.url(stray.path)}</link></item>" for stray in feed.strays
    ]
    return (
        f'<?xml version="1.0" encoding="{site.charset}"?>\n<rss version="2.0"><channel>'
        f"<title>{escape(site.name)}</title><link>{site.url('/')}</link><description>{escape(site.name)}</description>"
        f"<language>{feed.languages[0]}</language>\n" + "\n".join(items) + "\n</channel></rss>\n"
    )


def _atom(stock: Stock, site: Site, feed: Feed, articles: list[Article]) -> str:
    entries = [
        f'<entry><title>{escape(article.title)}</title><link rel="alternate" href="{escape(link)}"/>'
        f"<id>{escape(link)}</id><published>{article.published.isoformat()}</published>"
        f"<updated>{(article.modified or article.published).isoformat()}</updated>"
        f"<summary>{escape(article.paragraphs[0])}</summary></entry>"
        for article in articles
        for link in listed_urls(stock, feed, article)
    ]
    entries += [
        f'<entry><title>{escape(stray.title)}</title><link href="{site.url(stray.path)}"/>'
        f"<id>{site.url(stray.path)}</id></entry>"
        for stray in feed.strays
    ]
    newest = max(article.modified or article.published for article in articles).isoformat()
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f'<title>{escape(site.name)}</title><link href="{site.url("/")}"/><link rel="self" '
        f'href="{site.url(feed.path)}"/><id>{site.url("/")}</id><updated>{newest}</updated>\n'
        + "\n".join(entries)
        + "\n</feed>\n"
    )


def _pub_date(feed: Feed, article: Article) -> str:
    moment = article.published
    match feed.pub_date:
        case "local":
            return format_datetime(moment)
        case "gmt":
            return format_datetime(moment.astimezone(UTC), usegmt=True)
        case "bare":
            return f"{moment:%Y-%m-%d %H:%M:%S}"
