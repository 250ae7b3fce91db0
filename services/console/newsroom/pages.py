"""The newsroom's HTML: article, home and section pages with the habits of the region's sites."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote
from zlib import crc32

from services.console.newsroom.content import Article, Picture, Site, Stock

Labels = Mapping[str, Mapping[str, str]]

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_RELATED = 4
_LISTED = 60


def article_page(stock: Stock, article: Article, labels: Labels, *, amp: bool = False) -> str:
    """One article as its site shows it, or its AMP version."""
    site, words = stock.site_of(article), labels[article.language]
    title = f"{article.title} | {site.name}" if "title-suffix" in site.habits else article.title
    head = [f"<title>{escape(title)}</title>", f'<link rel="canonical" href="{stock.url(article)}">']
    head += [
        f'<link rel="alternate" hreflang="{edition.language}" href="{stock.url(edition)}">'
        for edition in stock.editions(article)
    ]
    if "amp" in site.habits and not amp:
        head.append(f'<link rel="amphtml" href="{stock.url(article)}/amp">')
    head += _metadata(stock, article)
    related = _related(stock, article, words)
    body = _body(site, article, words)
    if "related-inside" in site.habits:
        body = body.removesuffix("</div>") + related + "</div>"
        related = ""
    parts = [
        "" if amp else _breadcrumbs(site, article, words),
        f"<h1>{escape(article.title)}</h1>",
        _info_line(site, article, words),
        "" if amp else _switcher(stock, article, labels),
        "" if amp else _photo(site, article, words),
        body,
        _after(site, article, words),
        _excerpts(stock, article),
    ]
    scope = ' itemscope itemtype="https://schema.org/NewsArticle"' if "microdata" in site.habits else ""
    main = f"<article{scope}>\n" + "\n".join(part for part in parts if part) + f"\n</article>\n{'' if amp else related}"
    return _document(site, article.language, head, main, words)


def listing_page(stock: Stock, site: Site, articles: Sequence[Article], labels: Labels, heading: str) -> str:
    """A home or section page: the newest headlines, no article."""
    teasers = "\n".join(
        f'<li><a href="{stock.path(a)}">{escape(a.title)}</a> <span>{_clock_date(a)}</span>'
        f"<p>{escape(a.paragraphs[0][:90])}…</p></li>"
        for a in articles[:_LISTED]
        if not a.private
    )
    head = [f"<title>{escape(heading)}</title>", '<meta property="og:type" content="website">']
    if site.announced_by == "feed":
        head += [
            f'<link rel="alternate" type="application/{feed.kind}+xml" title="{escape(site.name)}" '
            f'href="{site.url(feed.path)}">'
            for feed in site.feeds
        ]
    main = f"<h1>{escape(heading)}</h1>\n<ul>\n{teasers}\n</ul>{_archive_links(stock, site)}"
    return _document(site, site.language, head, main, labels[site.language])


def archives(stock: Stock, site: Site) -> dict[str, tuple[str, list[Article]]]:
    """Path → heading and articles of each page of a section or an author: their own first, then the other news."""
    found: dict[str, tuple[str, list[Article]]] = {}
    if "archives" in site.habits:
        for article in stock.of_site(site):
            names = [(_topic_path(article.section), article.section)] if article.section else []
            names += [(_author_path(author), author) for author in article.authors]
            for path, name in names:
                found.setdefault(path, (name, []))[1].append(article)
    for _, own in found.values():
        own += [article for article in stock.of_site(site) if article not in own]
    return found


def _archive_links(stock: Stock, site: Site) -> str:
    links = "\n".join(
        f'<li><a href="{path}">{escape(name)}</a></li>' for path, (name, _) in archives(stock, site).items()
    )
    return f'\n<aside class="archives"><ul>\n{links}\n</ul></aside>' if links else ""


def _topic_path(section: str) -> str:
    return f"/topic/{quote(section)}"


def _author_path(author: str) -> str:
    return f"/author/{quote(author)}"


def error_page(site: Site, status: int, labels: Labels) -> str:
    """What a site says where there is nothing."""
    return _document(site, site.language, [f"<title>{status}</title>"], f"<h1>{status}</h1>", labels[site.language])


def missing_page(stock: Stock, site: Site, path: str, labels: Labels) -> str:
    """What a site that answers 200 to everything shows for what it does not have: words, a search box, its news."""
    words = labels[site.language]
    news = "\n".join(
        f'<li><a href="{stock.path(a)}">{escape(a.title)}</a></li>'
        for a in [a for a in stock.of_site(site) if not a.private][:_RELATED]
    )
    main = (
        f'<h1>{escape(words["missing"])}</h1>\n<form action="/search"><input name="q" value="{escape(path)}"></form>'
        f"\n<ul>\n{news}\n</ul>"
    )
    return _document(site, site.language, [f"<title>{escape(site.name)}</title>"], main, words)


def challenge_page() -> str:
    """What a shield before a site shows to whoever it takes for a robot."""
    return (
        '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta name="robots" '
        'content="noindex,nofollow"><meta http-equiv="refresh" content="360"></head><body><noscript>Enable JavaScript '
        'and cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1">'
        "</script></body></html>\n"
    )


def _document(site: Site, language: str, head: Sequence[str], main: str, words: Mapping[str, str]) -> str:
    declared = site.html_lang.get(language, language)
    direction = ' dir="rtl"' if language == "fa" else ""
    charset = f'<meta charset="{site.charset}">\n' if site.declares_charset else ""
    links = "".join(
        f'<li><a href="{path}">{escape(text)}</a></li>'
        for path, text in (("/", words["home"]), (site.section_path, site.section_name), ("/about", words["about"]))
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{declared}"{direction}>\n<head>\n{charset}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        + "\n".join(head)
        + f'\n</head>\n<body>\n<header><a class="logo" href="/">{escape(site.name)}</a><nav><ul>{links}</ul></nav>'
        f'</header>\n<main>\n{main}\n</main>\n<footer class="footer"><p>© 2019–2026 {escape(site.name)}. '
        f"{escape(words['rights'])}</p></footer>\n</body>\n</html>\n"
    )


def _metadata(stock: Stock, article: Article) -> list[str]:
    site, url = stock.site_of(article), stock.url(article)
    published = article.published.isoformat()
    modified = (article.modified or article.published).isoformat()
    found: list[str] = []
    if "opengraph" in site.habits:
        pairs = [
            ("og:type", "article"),
            ("og:title", article.title),
            ("og:url", url),
            ("og:site_name", site.name),
            ("og:description", article.paragraphs[0]),
            ("og:image", site.url(_image(article))),
            ("article:published_time", published),
            ("article:modified_time", modified),
            ("article:section", article.section),
            *(("article:tag", tag) for tag in article.tags),
        ]
        found += [f'<meta property="{name}" content="{escape(value)}">' for name, value in pairs]
        found += [f'<meta name="author" content="{escape(author)}">' for author in article.authors]
    news: dict[str, object] = {
        "@type": "NewsArticle",
        "headline": article.title,
        "description": article.paragraphs[0],
        "datePublished": published,
        "dateModified": modified,
        "inLanguage": article.language,
        "articleSection": article.section,
        "keywords": list(article.tags),
        "mainEntityOfPage": url,
    }
    people = [{"@type": "Person", "name": author} for author in article.authors]
    if "json-ld-graph" in site.habits:
        publisher = site.url("/#organization")
        named = [{**person, "@id": site.url(f"/#person-{i}")} for i, person in enumerate(people)]
        graph = [
            {"@type": "NewsMediaOrganization", "@id": publisher, "name": site.name, "url": site.url("/")},
            {"@type": "WebSite", "@id": site.url("/#website"), "name": site.name, "publisher": {"@id": publisher}},
            {"@type": "WebPage", "@id": url, "url": url, "name": f"{article.title} | {site.name}"},
            {
                **news,
                "@id": f"{url}#article",
                "mainEntityOfPage": {"@id": url},
                "author": [{"@id": person["@id"]} for person in named],
                "publisher": {"@id": publisher},
                "image": [site.url(_image(article))],
            },
            *named,
        ]
        found.append(_json_ld({"@context": "https://schema.org", "@graph": graph}))
    if "json-ld" in site.habits:
        found.append(_json_ld({"@context": "https://schema.org", **news, "author": people}))
    if "json-ld-epoch" in site.habits:
        zero = "1970-01-01T00:00:00+00:00"
        zeros = {"datePublished": zero, "dateModified": zero}
        found.append(_json_ld({"@context": "http://schema.org", **news, **zeros, "author": people}))
    return found


def _json_ld(data: Mapping[str, object]) -> str:
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{text}</script>'


def _info_line(site: Site, article: Article, words: Mapping[str, str]) -> str:
    parts = []
    date = _long_date(article, words) if "long-date" in site.habits else _clock_date(article)
    if "time-element" in site.habits:
        parts.append(f'<time datetime="{article.published.isoformat()}">{date}</time>')
    elif "microdata" in site.habits:
        parts.append(f'<span itemprop="datePublished" content="{article.published.isoformat()}">{date}</span>')
    else:
        parts.append(f'<span class="date">{date}</span>')
    parts += [f'<a class="author" rel="author" href="/about">{escape(author)}</a>' for author in article.authors]
    if "views" in site.habits:
        parts.append(f'<span class="views">{words["views"]}: {100 + crc32(article.slug.encode()) % 9000}</span>')
    if "print" in site.habits:
        parts.append(f'<a class="print" href="javascript:print()">{words["print"]}</a>')
    return f'<div class="info">{" ".join(parts)}</div>'


def _body(site: Site, article: Article, words: Mapping[str, str]) -> str:
    prop = ' itemprop="articleBody"' if "microdata" in site.habits else ""
    passages = [_passage(article, paragraph) for paragraph in article.paragraphs]
    if "br-paragraphs" in site.habits:
        text = "<br><br>\n".join(escape(p, quote=False) for p in article.paragraphs)
    elif "cards" in site.habits:
        boxes = (f"<div>{escape(p, quote=False)}</div>" for p in article.paragraphs)
        text = "\n".join(f'<div class="promo teaser">{box}</div>' for box in boxes)
    else:
        for number, picture in reversed(list(enumerate(article.pictures))):
            passages.insert(picture.behind, _inner_picture(article, number, picture, words))
        text = "\n".join(passages)
    return f'<div class="{site.body_class}"{prop}>\n{text}\n</div>'


def _passage(article: Article, paragraph: str) -> str:
    """One paragraph as HTML, in the form that it has."""
    form, lines = article.forms.get(paragraph), [escape(line, quote=False) for line in paragraph.splitlines()]
    if form == "heading":
        return f"<h2>{lines[0]}</h2>"
    if form == "quote":
        return f"<blockquote><p>{lines[0]}</p></blockquote>"
    if form == "post":
        return (
            f'<blockquote class="twitter-tweet" data-dnt="true"><p>{lines[0]}</p></blockquote>\n'
            '<script async src="https://platform.example/widgets.js" charset="utf-8"></script>'
        )
    if form == "list":
        return "<ul>\n" + "\n".join(f"<li>{line.removeprefix('- ')}</li>" for line in lines) + "\n</ul>"
    if form == "table":
        first, *rest = [line.split(" | ") for line in lines]
        rows = ["".join(f"<th>{cell}</th>" for cell in first)]
        rows += ["".join(f"<td>{cell}</td>" for cell in row) for row in rest]
        return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>"
    return f"<p>{lines[0]}</p>"


def inner_image(article: Article, number: int) -> str:
    """The path of a picture in the text, by its place among them."""
    return f"/images/{crc32(f'{article.slug}-{number}'.encode()):08x}.gif"


def _inner_picture(article: Article, number: int, picture: Picture, words: Mapping[str, str]) -> str:
    return (
        f'<figure class="inner"><img src="{inner_image(article, number)}" alt="{escape(picture.caption)}">'
        f"<figcaption>{escape(picture.caption, quote=False)} {words['photo']}: {escape(picture.credit)}</figcaption>"
        "</figure>"
    )


def _after(site: Site, article: Article, words: Mapping[str, str]) -> str:
    lines = []
    if "share" in site.habits:
        lines.append(
            f'<div class="share">{words["share"]}: <a href="#">Telegram</a> <a href="#">Facebook</a> '
            '<a href="#">X</a></div>'
        )
    if "tags" in site.habits and article.tags:
        tags = " ".join(f'<a rel="tag" href="{site.section_path}">#{escape(tag)}</a>' for tag in article.tags)
        lines.append(f'<div class="tags">{tags}</div>')
    return "\n".join(lines)


def _excerpts(stock: Stock, article: Article) -> str:
    if "cards" not in stock.site_of(article).habits:
        return ""
    others = "\n".join(f"<p>{escape(a.title)}. {escape(a.paragraphs[0])}</p>" for a in stock.related(article, _RELATED))
    return f'<div class="text">\n{others}\n</div>'


def _photo(site: Site, article: Article, words: Mapping[str, str]) -> str:
    if "photo" not in site.habits:
        return ""
    return (
        f'<figure><img src="{_image(article)}" alt=""><figcaption>{words["photo"]}: {escape(site.name)}'
        "</figcaption></figure>"
    )


def _breadcrumbs(site: Site, article: Article, words: Mapping[str, str]) -> str:
    if "breadcrumbs" not in site.habits:
        return ""
    return (
        f'<div class="breadcrumbs"><a href="/">{words["home"]}</a> / '
        f'<a href="{site.section_path}">{escape(article.section)}</a></div>'
    )


def _switcher(stock: Stock, article: Article, labels: Labels) -> str:
    others = [edition for edition in stock.editions(article) if edition is not article]
    links = " ".join(f'<a href="{stock.url(o)}">{labels[o.language]["language"]}</a>' for o in others)
    return f'<div class="languages">{links}</div>' if others else ""


def _related(stock: Stock, article: Article, words: Mapping[str, str]) -> str:
    site = stock.site_of(article)
    if not {"related", "related-inside"} & site.habits:
        return ""
    items = "\n".join(
        f'<li><a href="{stock.path(a)}">{escape(a.title)}</a> <span class="date">{_clock_date(a)}</span></li>'
        for a in stock.related(article, _RELATED)
    )
    return f'<aside class="related"><h3>{words["related"]}</h3><ul>\n{items}\n</ul></aside>' if items else ""


def _image(article: Article) -> str:
    return f"/images/{crc32(article.slug.encode()):08x}.gif"


def _clock_date(article: Article) -> str:
    return f"{article.published:%H:%M / %d.%m.%Y}"


def _long_date(article: Article, words: Mapping[str, str]) -> str:
    moment = article.published
    text = words["long_date"].format(
        day=moment.day, month=words["months"].split()[moment.month - 1], year=moment.year, clock=f"{moment:%H:%M}"
    )
    return text.translate(_PERSIAN_DIGITS) if article.language == "fa" else text
