"""Site recipes: what they find, which version is used, what is refused when they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from selectolax.lexbor import LexborHTMLParser

from services.console.newsroom import pages
from services.console.newsroom.content import Article, labels, load
from services.contracts.articles import Extraction, ParsedArticle
from services.contracts.identity import host_of
from services.contracts.pages import Rights, SourceFacts
from services.parser.batch import Heard, page_of
from services.parser.body.selection import Selection
from services.parser.limits import Limits
from services.parser.metadata.metadata import Metadata, metadata_of
from services.parser.overriding import chosen_by, with_recipe, without_dropped
from services.parser.page.blocks import Block, layout_of
from services.parser.parse import parse
from services.parser.recipe import (
    BODY,
    DROP,
    MAX_MATCHES,
    Applied,
    RecipeBook,
    RecipeError,
    book_of,
    read_folder,
    read_recipe,
)
from services.parser.stage import count_recipe
from services.runtime.metrics import REGISTRY

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOST = "hill.example"
URL = f"https://{HOST}/n/771"
PAGE = """<html><head><meta name="story:section" content="Hills"></head><body>
<h1 class="t">Oʻ<b>tov</b><br>again</h1>
<div class="when"><span>15.05.2024</span><span>19:34</span></div><time class="upd"
 datetime="2024-05-16T08:00">later</time>
<a class="by" title="Ann Hill">A. H.</a><a class="by" title="Ben Dale">B. D.</a><i class="seen">Seen: 12 345 times</i>
<div class="story"><p>One <span class="ad">Buy <em class="ad">now</em></span>two.</p><div class="promo">Read more.</div>
<p>Three.</p></div></body></html>"""
RECIPE = """
[[version]]
since = 2026-01-01
body = "div.story"
drop = [".promo", ".ad"]
title = ["h1.none", "h1.t"]
date = ".when"
modified = "time.upd"
author = "a.by@title"
section = 'meta[name="story:section"]'
views = ".seen"
time_zone = "Asia/Bishkek"
date_order = "month-first"
not_articles = ["/photo/*"]
"""


def book(text: str = RECIPE, host: str = HOST) -> RecipeBook:
    return RecipeBook([read_recipe(text.encode(), f"kg/{host}.toml")])


def applied(text: str = RECIPE, page: str = PAGE, *, url: str = URL, at: datetime = NOW) -> Applied:
    found = book(text).choose(url, at, LexborHTMLParser(page))
    assert found is not None
    return found


def version(**fields: str) -> str:
    return "\n".join(["[[version]]", *(f"{name} = {value}" for name, value in fields.items())]) + "\n"


# --- what is found -----------------------------------------------------------------------------------------------


def test_each_field_is_read_as_its_selector_says() -> None:
    found = applied()
    assert found.name == "hill.example@2026-01-01"
    assert found.title == "Oʻtov again"
    assert found.published_text == "15.05.2024 19:34"
    assert found.modified_text == "2024-05-16T08:00"
    assert found.authors == ("Ann Hill", "Ben Dale")
    assert (found.section, found.views, found.lead) == ("Hills", 12_345, None)
    assert (found.zone, found.date_order) == ("Asia/Bishkek", "month-first")
    assert (found.missed, found.not_article) == ((), None)


def test_the_body_is_what_stands_in_it_and_is_not_dropped() -> None:
    tree = LexborHTMLParser(PAGE)
    found = book().choose(URL, NOW, tree)
    assert found is not None
    assert found.has_body
    blocks = layout_of(tree, found.marks).blocks
    assert [b.text for b in blocks if b.marks & BODY and not b.marks & DROP] == ["One two.", "Three."]
    assert "Read more." in [b.text for b in blocks if b.marks & DROP]


def test_what_finds_nothing_is_missed_unless_it_is_optional() -> None:
    bare = "<h1>A title of another class</h1><div class='story'> <p> </p></div><time class='upd'></time>"
    found = applied(RECIPE + 'optional = ["author", "views"]\n', bare)
    assert found.missed == ("body", "title", "date", "modified", "section")
    assert not found.has_body
    assert (found.title, found.authors, found.views) == (None, (), None)


def test_a_counter_without_a_number_is_missed() -> None:
    assert applied(page=PAGE.replace("12 345", "many")).missed == ("views",)


@pytest.mark.parametrize(
    ("text", "views"),
    [("1465", 1465), ("1 465 views", 1465), ("1,234,567", 1_234_567), ("\u00a012\u00a0345", 12_345)],
)
def test_counters_are_read_with_thousands_parted_or_not(text: str, views: int) -> None:
    assert applied(version(since="2026-01-01", views='"b"'), f"<b>{text}</b>").views == views


def test_paths_that_are_no_articles_are_told() -> None:
    assert applied(url=f"https://{HOST}/photo/day").not_article == "/photo/*"
    assert applied(url=f"https://{HOST}/news/photo/day").not_article is None


# --- in the place of the general way -----------------------------------------------------------------------------


def read_by(recipe: str, page: str = PAGE) -> tuple[Metadata, Metadata, Sequence[Block], Applied]:
    """What is found without and with a recipe, the page's blocks, and what the recipe found."""
    tree = LexborHTMLParser(page)
    found = book(recipe).choose(URL, NOW, tree)
    assert found is not None
    blocks = layout_of(tree, found.marks).blocks
    plain = metadata_of(tree, URL, blocks, Rights())
    return plain, with_recipe(plain, found, blocks), blocks, found


def test_what_a_recipe_finds_wins_and_provenance_says_so() -> None:
    page = PAGE.replace("Oʻ<b>tov</b><br>again", "A yurt stands again in the hills")
    _, metadata, blocks, _ = read_by(RECIPE, page)
    assert (metadata.title, metadata.authors, metadata.section) == (
        "A yurt stands again in the hills",
        ("Ann Hill", "Ben Dale"),
        "Hills",
    )
    assert {name for name, origin in metadata.origins.items() if origin == "recipe"} == {"title", "authors", "section"}
    assert metadata.headline is not None
    assert blocks[metadata.headline].tag == "h1"


def test_bylines_of_a_recipe_are_read_as_names() -> None:
    page = "<p class='by'>By Ann Hill and Ben Dale</p><p class='by'>News desk</p>"
    _, metadata, _, _ = read_by(version(since="2026-01-01", author='".by"'), page)
    assert (metadata.authors, metadata.organizations) == (("Ann Hill", "Ben Dale"), ("News desk",))


def test_what_a_recipe_misses_stays_as_it_was() -> None:
    plain, metadata, _, found = read_by(version(since="2026-01-01", title='"h6"', author='"h6"'))
    assert found.missed == ("title", "author")
    assert metadata == plain
    assert with_recipe(plain, None, ()) is plain


def test_a_recipes_body_is_chosen_whole_and_surely() -> None:
    _, _, blocks, found = read_by(RECIPE)
    chosen = chosen_by(found, blocks)
    assert chosen is not None
    assert [blocks[i].text for i in chosen.kept] == ["One two.", "Three."]
    assert (chosen.confidence, chosen.method, sum(chosen.probabilities)) == (1.0, "recipe", 2.0)


def test_without_a_body_the_model_chooses_and_drops_count_all_the_same() -> None:
    _, _, blocks, found = read_by(version(since="2026-01-01", drop='[".promo", ".seen"]'))
    assert chosen_by(found, blocks) is None
    assert chosen_by(None, blocks) is None
    everything = Selection(tuple(range(len(blocks))), [0.9] * len(blocks), 0.9, "model")
    kept = [blocks[i].text for i in without_dropped(everything, blocks).kept]
    assert "Three." in kept
    assert not {text for text in kept if "Read more" in text or "Seen" in text}


# --- versions and hosts ------------------------------------------------------------------------------------------

TWO = version(since="2025-03-01", body='"div.old"') + version(since="2026-06-01", body='"div.new"')
OLD, NEW = "<div class='old'>Old.</div>", "<div class='new'>New.</div>"


@pytest.mark.parametrize(
    ("at", "page", "used", "missed"),
    [
        ("2026-11-20", NEW, "2026-06-01", ()),
        ("2026-06-01", NEW, "2026-06-01", ()),
        ("2026-05-31", OLD, "2025-03-01", ()),
        ("2026-11-20", OLD, "2025-03-01", ()),  # served from a cache
        ("2026-05-31", NEW, "2025-03-01", ("body",)),
        ("2026-11-20", "<p>Neither.</p>", "2026-06-01", ("body",)),
        ("2019-01-01", OLD, "2025-03-01", ()),  # before the first that is known
    ],
)
def test_a_page_is_read_by_the_version_of_its_day_or_an_older_one_that_fits(
    at: str, page: str, used: str, missed: tuple[str, ...]
) -> None:
    found = applied(TWO, page, at=datetime.fromisoformat(f"{at}T12:00:00+00:00"))
    assert (found.name, found.missed) == (f"{HOST}@{used}", missed)


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("hill.example", "hill.example"),
        ("www.hill.example", "hill.example"),
        ("m.hill.example:8080", "hill.example"),
        ("ru.hill.example", "hill.example"),
        ("amp.news.hill.example", "news.hill.example"),
        ("anthill.example", None),
        ("example", None),
    ],
)
def test_a_recipe_is_of_its_host_and_of_hosts_below(host: str, wanted: str | None) -> None:
    both = RecipeBook([read_recipe(RECIPE.encode(), f"{name}.toml") for name in ("hill.example", "news.hill.example")])
    found = both.of(host)
    assert (found and found.host) == wanted


def test_a_host_without_recipe_and_what_is_no_url_have_none() -> None:
    for url in ("https://lake.example/n/1", "no url"):
        assert book().choose(url, NOW, LexborHTMLParser(PAGE)) is None


def test_an_operators_recipe_wins_over_the_same_hosts(tmp_path: Path) -> None:
    (tmp_path / "kg").mkdir()
    (tmp_path / "kg" / f"{HOST}.toml").write_text(TWO)
    (tmp_path / "dale.example.toml").write_text(RECIPE)
    (tmp_path / "notes.txt").write_text("not read")
    both = book().with_those_of(RecipeBook(read_folder(tmp_path)))
    assert {host: len(one.versions) for host, one in both.recipes.items()} == {HOST: 2, "dale.example": 1}
    assert set(book_of().recipes) | {HOST, "dale.example"} == set(book_of(tmp_path).recipes)


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "kg/hill.example.toml: it says nothing"),
        ("a = ", "kg/hill.example.toml: this is no TOML"),
        ("version = 1", "kg/hill.example.toml, version: write [[version]]"),
        ("[[version]]\nbody = 'p'", "kg/hill.example.toml, version 1, since: write the day"),
        (version(since="2026-01-01"), "kg/hill.example.toml, version 2026-01-01: it says nothing"),
        (version(since="2026-01-01", bdy="'p'"), "kg/hill.example.toml, version 2026-01-01, bdy: there is no such key"),
        (TWO + version(since="2026-06-01", body="'p'"), "kg/hill.example.toml: two versions are of 2026-06-01"),
        (version(since="2026-01-01", body="7"), "version 2026-01-01, body: write a CSS selector in quotes"),
        (version(since="2026-01-01", body="[]"), "version 2026-01-01, body: write a CSS selector in quotes"),
        (version(since="2026-01-01", title="['h1', 'h1[']"), "title: 'h1[' is no CSS selector; correct it"),
        (version(since="2026-01-01", title="'h1@'"), "title: 'h1@' is no CSS selector"),
        (version(since="2026-01-01", time_zone="'Asia/Nowhere'"), "time_zone: 'Asia/Nowhere' is no IANA name"),
        (version(since="2026-01-01", date_order="'dmy'"), "date_order: Input should be 'day-first', 'month-first'"),
        (version(since="2026-01-01", not_articles="['photo']"), "not_articles: 'photo' matches no path"),
        (version(since="2026-01-01", title="'h1'", optional="['nobody']"), "optional: Input should be 'body', 'title'"),
    ],
)  # fmt: skip
def test_a_faulty_recipe_is_refused_by_file_version_and_field(text: str, said: str) -> None:
    with pytest.raises(RecipeError) as refused:
        read_recipe(text.encode(), f"kg/{HOST}.toml")
    [line] = str(refused.value).splitlines()
    assert said in line


@pytest.mark.parametrize("css", ["h2 ~ p", "h2 + p", "p:nth-child(2)", "a b c", "a:not(b c)", "a:is(:nth-child(2))",
                                 "div:has(p)", "svg|a", "a>b>c>d>e>f>g"])  # fmt: skip
def test_selectors_that_a_hostile_page_makes_slow_are_refused(css: str) -> None:
    with pytest.raises(RecipeError, match=f"^kg/{HOST}.toml, version 2026-01-01, body: "):
        book(version(since="2026-01-01", body=f'"{css}"'))


@pytest.mark.parametrize(
    "css", ["div.a > p, div.b p", "[data-x='a ~ b + c']", 'a[href^="/x?y=("]', ":is(h1,h2):first-child"]
)
def test_usual_selectors_are_taken(css: str) -> None:
    assert book(version(since="2026-01-01", body=f"'''{css}'''")).of(HOST)


@pytest.mark.parametrize("name", ["Hill.example.toml", "hill example.toml", "hill.example.json", "https:.toml"])
def test_a_recipe_is_named_after_its_host(name: str) -> None:
    with pytest.raises(RecipeError, match="name the file after the host"):
        read_recipe(RECIPE.encode(), name)


def test_all_faults_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    for country in ("kg", "kz"):
        (tmp_path / country).mkdir()
        (tmp_path / country / f"{HOST}.toml").write_text(RECIPE)
    (tmp_path / "kz" / "dale.example.toml").write_bytes(b"\xff")
    with pytest.raises(RecipeError) as refused:
        read_folder(tmp_path)
    first, *others = str(refused.value).splitlines()
    assert first.startswith("kz/dale.example.toml: this is no TOML in UTF-8: ")
    assert others == [
        f"kz/{HOST}.toml: kg/{HOST}.toml is of the same host; put both into one file",
    ]


# --- hostile pages and metrics -----------------------------------------------------------------------------------


def hostile() -> Iterator[str]:
    yield "<div class=story>" + "<span class=ad>" * 500 + "x" + "</span>" * 500 + "</div>"
    yield "<div class=story>" + "<span class=ad>x</span>" * (MAX_MATCHES + 500) + "</div>"
    yield "<div class=story>" * 400 + "<div class=promo>" * 400 + "x"
    yield "<h1 class=t>" + "<b>" * 400 + "x" * 100_000
    yield "<i class=seen>" + "9" * 100_000
    yield "<a class=by title='" + "x" * 100_000 + "'>"


@pytest.mark.parametrize("page", list(hostile()), ids=lambda page: page[:20])
def test_a_hostile_page_is_bounded_and_its_tree_stays_whole(page: str) -> None:
    tree = LexborHTMLParser(page)
    found = book().choose(URL, NOW, tree)
    assert found is not None
    assert len(found.marks) <= 3 * MAX_MATCHES
    assert all(len(text or "") <= 500 for text in (found.title, *found.authors))
    layout_of(tree, found.marks)
    assert tree.html


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"xabar_parser_recipe_{name}_total", labels) or 0.0


def test_uses_and_misses_are_counted_by_host_and_version() -> None:
    whose = {"host": HOST, "version": "2026-01-01"}
    before = counted("uses", **whose), counted("misses", **whose, field="title")
    count_recipe(Extraction(method="x", confidence=1, recipe=f"{HOST}@2026-01-01", missed=("title",)))
    count_recipe(Extraction(method="x", confidence=1))
    assert (counted("uses", **whose), counted("misses", **whose, field="title")) == (before[0] + 1, before[1] + 1)


# --- the recipes that ship ---------------------------------------------------------------------------------------

STOCK, LABELS = load(), labels()
SHIPPED = book_of().recipes
FILED = sorted((Path(__file__).parent / "recipe_pages").glob("*/*.toml"))


class Golden(NamedTuple):
    """A page as its site serves it, and what is to be read of it."""

    url: str
    page: bytes
    fetched_at: datetime
    title: str
    text: str
    authors: tuple[str, ...]
    published: datetime


def of_newsroom(article: Article) -> Golden:
    page = pages.article_page(STOCK, article, LABELS).encode(STOCK.site_of(article).charset)
    text = "\n\n".join(article.paragraphs)
    return Golden(STOCK.url(article), page, NOW, article.title, text, article.authors, article.published)


def of_file(file: Path) -> Golden:
    said = tomllib.loads(file.read_text())
    said |= {"text": said["text"].strip(), "authors": tuple(said["authors"])}
    return Golden(page=file.with_suffix(".html").read_bytes(), **said)


GOLDEN = {
    **{slug: of_newsroom(a) for slug, a in STOCK.articles.items() if STOCK.site_of(a).host in SHIPPED},
    **{f"{file.parent.name}/{file.stem}": of_file(file) for file in FILED},
}


def test_every_recipe_that_ships_has_golden_pages() -> None:
    assert {host_of(golden.url) for golden in GOLDEN.values()} == set(SHIPPED)


@pytest.mark.parametrize("golden", GOLDEN.values(), ids=GOLDEN)
def test_a_recipe_that_ships_reads_its_golden_pages(golden: Golden) -> None:
    heard = Heard("text/html", None, Rights())
    page = page_of(golden.url, golden.page, heard, None, SourceFacts(), golden.fetched_at)
    result = parse(page, Limits(), golden.fetched_at, content=golden.page)
    assert isinstance(result, ParsedArticle), result
    assert result.extraction.recipe is not None
    assert result.extraction.recipe.startswith(f"{result.host}@")
    assert result.extraction.missed == ()
    assert (result.title, result.text, result.authors) == (golden.title, golden.text, golden.authors)
    assert result.published is not None
    assert result.published.moment == golden.published
