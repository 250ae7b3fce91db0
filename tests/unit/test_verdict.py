"""What is no article is told from what is one, in every language of the region, by measured precision and recall."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.console.newsroom import pages
from services.console.newsroom.content import labels, load
from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, SourceFacts
from services.parser.limits import Limits
from services.parser.parse import parse

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LEAST_RECALL = 0.97
LANGUAGES = tomllib.loads((Path(__file__).parent / "verdict_pages.toml").read_text("utf-8"))
STOCK, LABELS = load(), labels()
NEWS = [a for a in STOCK.articles.values() if not a.private]


def judged(html: str, url: str, *, zone: str | None = None) -> ParsedArticle | Rejection:
    page = FetchedPage(
        request=FetchRequest(url=url, reason="feed", requested_at=NOW), facts=SourceFacts(timezone=zone), url=url,
        status=200, media_type="text/html", charset="utf-8", body="", body_sha256="0" * 64, fetched_at=NOW,
        stamp=Stamp(stage="fetcher", version="1", started=NOW, took=0),
    )  # fmt: skip
    return parse(page, Limits(), NOW, content=html.encode())


def document(head: str, main: str) -> str:
    return (
        f"<!DOCTYPE html><html><head>{head}</head><body><header><a href='/'>Dolina</a><nav><a href='/a'>A</a> "
        f"<a href='/b'>B</a></nav></header><main>{main}</main><footer>© 2026 Dolina</footer></body></html>"
    )


def own_pages() -> Iterator[tuple[str, str, str]]:
    """Name, URL and HTML of pages that are none: seven kinds in each language."""
    for language, words in LANGUAGES.items():
        host = "https://dolina.example"
        say, site = words["sentence"], "Dolina.example"
        lines = f"<p>{say} {say}</p>"
        yield (
            f"{language}-404",
            f"{host}/news/old-report-of-may-771",
            document(f"<title>{words['missing']} | {site}</title>", f"<h1>{words['missing']}</h1>{lines}"),
        )
        yield (
            f"{language}-404-number",
            f"{host}/2024/05/old-report-771",
            document(
                f"<title>{site}</title>",
                f"<h1>404</h1><h2>{words['missing']}</h2><h1>404 — {words['missing']}</h1>{lines}",
            ),
        )
        yield (
            f"{language}-login",
            f"{host}/user/access-form-77",
            document(
                f"<title>{words['login']} — {site}</title>",
                f"<h1>{words['login']}</h1>{lines}<form><input name=u><input type=password></form>",
            ),
        )
        yield (
            f"{language}-consent",
            f"{host}/news/report-of-may-772",
            document(
                f"<title>{words['consent']}</title>", f"<h1>{words['consent']}</h1>{lines}{lines}<button>OK</button>"
            ),
        )
        hits = "".join(f'<li><a href="/news/{n}-report">{t}</a></li>' for n, t in enumerate(words["titles"], 100))
        yield (
            f"{language}-search",
            f"{host}/find?q=amu",
            document(
                f"<title>{words['search']}: Amu — {site}</title>", f"<h1>{words['search']}: Amu</h1><ul>{hits}</ul>"
            ),
        )
        cards = "".join(
            f'<div class="card"><h3><a href="/news/{n}-report">{title}</a></h3><p>{say[:90]}…</p></div>'
            for n, title in enumerate(words["titles"], 100)
        )
        yield f"{language}-tag", f"{host}/tag/amu", document(f"<title>Amu — {site}</title>", f"<h1>Amu</h1>{cards}")
        yield f"{language}-home", f"{host}/", document(f"<title>{site}</title>", cards)
        shots = "".join(f'<figure><img src="/i/{n}.jpg"><figcaption>{n}</figcaption></figure>' for n in range(9))
        yield (
            f"{language}-gallery",
            f"{host}/photo/spring-in-the-valley-88",
            document(f"<title>{words['titles'][0]}</title>", f"<h1>{words['titles'][0]}</h1><p>{say}</p>{shots}"),
        )
        yield (
            f"{language}-video",
            f"{host}/video/spring-in-the-valley-89",
            document(
                f'<title>{words["titles"][0]}</title><meta property="og:type" content="video.other">',
                f"<h1>{words['titles'][0]}</h1><video src='/v.mp4'></video><p>{say} {say[:60]}</p>",
            ),
        )
        yield f"{language}-one-teaser", f"{host}/bolum", document(
            f"<title>{site}</title>", f'<h1>Amu</h1><h2><a href="/news/1-r">{words["titles"][0]}</a></h2>'
            f"<p>{(say * 3)[:170]}…</p>",
        )  # fmt: skip
        yield (
            f"{language}-paywall",
            f"{host}/news/report-of-may-773",
            document(
                f"<title>{words['titles'][0]}</title>",
                f"<h1>{words['titles'][0]}</h1><p>{(say * 3)[:150]}…</p><div>{words['paywall']}</div>",
            ),
        )


def newsroom_pages() -> Iterator[tuple[str, str, str]]:
    for site in STOCK.sites.values():
        listed = STOCK.of_site(site)
        html = pages.listing_page(STOCK, site, listed, LABELS, site.section_name)
        for path in ("/", site.section_path, "/all-the-news-of-2024"):
            yield f"{site.id}-list", site.url(path), html
        for few in (1, 2):
            yield (
                f"{site.id}-{few}",
                site.url(site.section_path),
                pages.listing_page(STOCK, site, listed[:few], LABELS, site.section_name),
            )
        for path, (name, own) in pages.archives(STOCK, site).items():
            yield f"{site.id}{path}", site.url(path), pages.listing_page(STOCK, site, own, LABELS, name)
        yield f"{site.id}-missing", site.url("/news/gone-771"), pages.missing_page(STOCK, site, "/gone", LABELS)
        yield f"{site.id}-error", site.url("/news/gone-772"), pages.error_page(site, 404, LABELS)


def test_nearly_every_page_that_is_no_article_is_refused_and_no_article_is() -> None:
    nothing = [*own_pages(), *newsroom_pages()]
    assert len(nothing) >= 150
    taken = [name for name, url, html in nothing if isinstance(judged(html, url), ParsedArticle)]
    assert 1 - len(taken) / len(nothing) >= LEAST_RECALL, taken
    for article in NEWS:
        site = STOCK.site_of(article)
        html = pages.article_page(STOCK, article, LABELS)
        assert isinstance(judged(html, STOCK.url(article), zone=site.timezone), ParsedArticle), article.slug


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_shows_what_it_saw(language: str) -> None:
    told = {name.removeprefix(f"{language}-"): judged(html, url) for name, url, html in own_pages()
            if name.rsplit("-", 1)[0].removesuffix("-404") == language}  # fmt: skip
    for kind, words in (("404", "an error"), ("login", "a login"), ("consent", "consent"), ("search", "search")):
        found = told[kind]
        assert isinstance(found, Rejection)
        assert found.reason == "not-an-article"
        assert words in found.detail


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["missing", "login", "consent", "search", "paywall"])
def test_a_report_of_some_length_may_be_called_what_it_likes(language: str, kind: str) -> None:
    words = LANGUAGES[language]
    text = "".join(f"<p>{words['sentence']} {words['sentence']} {n}</p>" for n in range(9))
    html = document(f"<title>{words[kind]}</title>", f"<h1>{words[kind]}</h1>{text}<p>{words['paywall']}</p>")
    assert isinstance(judged(html, "https://dolina.example/news/report-of-may-774"), ParsedArticle)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_brief_report_below_a_link_and_a_film_is_an_article(language: str) -> None:
    words = LANGUAGES[language]
    html = document(
        f'<title>{words["titles"][0]}</title><meta property="og:type" content="article">',
        f'<a href="/news/9-report">{words["titles"][1]}</a><h1>{words["titles"][0]}</h1><time datetime="2026-11-19">'
        f"</time><video src=v></video><p>{words['sentence']} {words['sentence']}</p><p>{words['sentence']}</p>",
    )
    assert isinstance(judged(html, "https://dolina.example/news/report-of-may-775"), ParsedArticle)


@pytest.mark.parametrize(
    "title",
    ["Search for the missing hikers goes on", "Поиск рыбаков продолжается", "Ferry runs again | All news | Dolina",
     "Паром снова ходит — Все новости", "Qidiruv ishlari davom etmoqda", "Arama çalışmaları sürüyor"],
)  # fmt: skip
def test_a_short_report_whose_heading_begins_or_ends_like_a_lists_is_an_article(title: str) -> None:
    other = f"<ul><li><a href='/news/9-r'>{LANGUAGES['en']['titles'][1]}</a></li></ul>"
    html = document(
        f"<title>{title}</title>",
        f"<h1>{title}</h1><time datetime='2026-11-19'></time><p>{LANGUAGES['en']['sentence']}</p>"
        f"<p>{LANGUAGES['en']['sentence']} It was said in the morning.</p>{other}",
    )
    assert isinstance(judged(html, "https://dolina.example/news/report-of-may-776"), ParsedArticle)


def test_a_site_of_one_page_is_read_where_it_is_a_text_of_length() -> None:
    text = "".join(f"<p>{LANGUAGES['en']['sentence']} Line {n} of the story goes on.</p>" for n in range(30))
    html = document("<title>How we mended the mill</title>", f"<h1>How we mended the mill</h1>{text}")
    assert isinstance(judged(html, "https://mill.example/"), ParsedArticle)
    cards = "".join(f'<h3><a href="/n/{n}">{t}</a></h3>' for n, t in enumerate(LANGUAGES["en"]["titles"] * 6))
    found = judged(html.replace("</main>", f"{cards}</main>"), "https://mill.example/")
    assert isinstance(found, Rejection)
    assert found.detail.startswith("a home page")
