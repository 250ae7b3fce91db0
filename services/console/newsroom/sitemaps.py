"""The newsroom's sitemaps: an index, a packed news sitemap of the newest articles, a plain one of all before."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from services.console.newsroom.content import Article, Site, Stock

INDEX = "/sitemap.xml"
NEWS = "/sitemap-news.xml.gz"
ARCHIVE = "/sitemap-archive.xml"
PATHS = (INDEX, NEWS, ARCHIVE)

_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NEWS_SPACE = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def sitemap(stock: Stock, site: Site, path: str) -> tuple[bytes, str, datetime]:
    """The sitemap at one of PATHS: its bytes, its media type, when it changed."""
    articles = stock.of_site(site)
    newest, older = _halves(articles)
    match path:
        case "/sitemap.xml":
            return _index(site, newest, older).encode(), "application/xml", _changed(articles)
        case "/sitemap-news.xml.gz":
            return gzip.compress(_news(stock, site, newest).encode(), mtime=0), "application/gzip", _changed(newest)
    return _archive(stock, site, older).encode(), "application/xml", _changed(older)


def _halves(articles: Sequence[Article]) -> tuple[Sequence[Article], Sequence[Article]]:
    """The newest, and all before; the archive ends where the news sitemap begins."""
    middle = (len(articles) + 1) // 2
    return articles[:middle], articles[middle:]


def _changed(articles: Iterable[Article]) -> datetime:
    return max(article.modified or article.published for article in articles)


def _index(site: Site, newest: Sequence[Article], older: Sequence[Article]) -> str:
    children = "\n".join(
        f"<sitemap><loc>{site.url(path)}</loc><lastmod>{_changed(articles).isoformat()}</lastmod></sitemap>"
        for path, articles in ((NEWS, newest), (ARCHIVE, older))
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_SPACE}>\n{children}\n</sitemapindex>\n'


def _news(stock: Stock, site: Site, articles: Sequence[Article]) -> str:
    entries = "\n".join(
        f"<url><loc>{escape(stock.url(article))}</loc><news:news><news:publication><news:name>{escape(site.name)}"
        f"</news:name><news:language>{article.language.partition('-')[0]}</news:language></news:publication>"
        f"<news:publication_date>{article.published.isoformat()}</news:publication_date>"
        f"<news:title>{escape(article.title)}</news:title></news:news></url>"
        for article in articles
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_SPACE} {_NEWS_SPACE}>\n{entries}\n</urlset>\n'


def _archive(stock: Stock, site: Site, articles: Sequence[Article]) -> str:
    entries = "\n".join(
        f"<url><loc>{escape(stock.url(article))}</loc><lastmod>{_changed([article]).isoformat()}</lastmod></url>"
        for article in articles
    )
    section = f"<url><loc>{site.url(site.section_path)}</loc><changefreq>daily</changefreq></url>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_SPACE}>\n{section}\n{entries}\n</urlset>\n'
