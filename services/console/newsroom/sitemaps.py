"""The newsroom's sitemaps: an index, a packed news sitemap of the newest articles, a plain one of all before."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from services.console.newsroom.content import Article, Site, Stock

INDEX = "/sitemap.xml"
NEWS = "/sitemap-news.xml.gz"
ARCHIVE = "/sitemap-archive.xml"
PATHS = (INDEX, NEWS, ARCHIVE)

_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NEWS_SPACE = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def sitemap(stock: Stock, site: Site, path: str, exported: datetime) -> tuple[bytes, str, datetime]:
    """The sitemap at one of PATHS: its bytes, its media type, when it changed.

    A site with the habit dates every page with its last export where that is later than the page's last change.
    """
    newest, older = _halves(stock.of_site(site))

    def changed(articles: Sequence[Article]) -> datetime:
        found = max(article.modified or article.published for article in articles)
        return max(found, exported.astimezone(found.tzinfo)) if "lastmod-of-export" in site.habits else found

    match path:
        case "/sitemap.xml":
            index = _index(site, {NEWS: changed(newest), ARCHIVE: changed(older)})
            return index.encode(), "application/xml", changed([*newest, *older])
        case "/sitemap-news.xml.gz":
            news = _urlset([_news(stock, site, article, changed([article])) for article in newest])
            return gzip.compress(news.encode(), mtime=0), "application/gzip", changed(newest)
    section = f"<url><loc>{site.url(site.section_path)}</loc><changefreq>daily</changefreq></url>"
    pages = [_page(stock.url(article), changed([article])) for article in older]
    return _urlset([section, *pages]).encode(), "application/xml", changed(older)


def _halves(articles: Sequence[Article]) -> tuple[Sequence[Article], Sequence[Article]]:
    """The newest, and all before; the archive ends where the news sitemap begins."""
    middle = (len(articles) + 1) // 2
    return articles[:middle], articles[middle:]


def _index(site: Site, children: Mapping[str, datetime]) -> str:
    named = "\n".join(
        f"<sitemap><loc>{site.url(path)}</loc><lastmod>{changed.isoformat()}</lastmod></sitemap>"
        for path, changed in children.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_SPACE}>\n{named}\n</sitemapindex>\n'


def _urlset(entries: Sequence[str]) -> str:
    listed = "\n".join(entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_SPACE} {_NEWS_SPACE}>\n{listed}\n</urlset>\n'


def _page(url: str, changed: datetime, news: str = "") -> str:
    return f"<url><loc>{escape(url)}</loc><lastmod>{changed.isoformat()}</lastmod>{news}</url>"


def _news(stock: Stock, site: Site, article: Article, changed: datetime) -> str:
    news = (
        f"<news:news><news:publication><news:name>{escape(site.name)}</news:name>"
        f"<news:language>{article.language.partition('-')[0]}</news:language></news:publication>"
        f"<news:publication_date>{article.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(article.title)}</news:title></news:news>"
    )
    return _page(stock.url(article), changed, news)
