"""The commands about sources, against the newsroom: what is found, checked and tried out, without any broker."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from services.console.commands import app
from services.console.local.errors import LocalRunError
from services.console.newsroom.server import Newsroom
from services.console.settings import RunFacts, environment_for
from services.console.site_finding import find, id_of
from services.console.site_probe import Probe
from services.console.source_check import CheckedSource, check_all, confirmed
from services.console.source_trial import NothingThere, NotStored, TriedPage, try_address
from services.contracts.articles import ParsedArticle
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, SourceFacts
from services.contracts.sources import Source
from services.fetcher.__main__ import open_web
from services.fetcher.settings import FetcherSettings
from services.fetcher.source_files import read
from services.parser.limits import Limits
from services.parser.worker import work


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(announced_by={"vodiy": "index", "dala": "sitemap"}) as running:
        yield running


@pytest.fixture
async def probe(newsroom: Newsroom) -> AsyncIterator[Probe]:
    web, _ = open_web(FetcherSettings(fetcher_resolve=newsroom.resolve()))
    async with web:
        yield Probe(web, "xabar", 0.0)


async def parse(page: FetchedPage) -> ParsedArticle | Rejection:
    return await asyncio.to_thread(work, page, Limits(), "test")


def sources_of(newsroom: Newsroom, *ids: str) -> list[Source]:
    known = {source["id"]: Source(**source) for source in newsroom.sources()}
    return [known[id_] for id_ in ids or known]


def verdicts(checked: CheckedSource) -> dict[str, str]:
    return {address.url: address.verdict for address in checked.addresses}


def environment(newsroom: Newsroom) -> dict[str, str | None]:
    return {
        "FETCHER_RESOLVE": newsroom.resolve(), "FETCHER_DELAY_SECONDS": "0", "KAFKA_BOOTSTRAP_SERVERS": None,
        "COLUMNS": "100",
    }  # fmt: skip


# --- check -------------------------------------------------------------------------------------------------------


async def test_sources_in_order_are_good_whatever_announces_their_news(newsroom: Newsroom, probe: Probe) -> None:
    ready: list[str] = []
    sources = sources_of(newsroom)
    found = await check_all(probe, parse, sources, lambda one: ready.append(one.source.id))
    assert {one.source.id: verdicts(one) for one in found if not one.good} == {}
    assert sorted(ready) == sorted(source.id for source in sources)
    for one in found:
        *_, article = one.addresses
        assert article.kind == "article"
        assert article.language
        assert all(address.entries for address in one.addresses if address.kind in ("feed", "sitemap", "index"))
    paths = [(request.host, request.path) for request in newsroom.requests]
    for source in sources:
        host = source.homepage.split("/")[2]
        assert next(path for at, path in paths if at == host) == "/robots.txt"
        assert paths.count((host, "/robots.txt")) == 1


async def test_each_way_of_being_wrong_has_its_verdict(newsroom: Newsroom, probe: Probe) -> None:
    newsroom.challenge("pamir.example")
    newsroom.fail("nasim.example", 500, times=1000)
    new_place = newsroom.move_feed("tong.example")
    wrong = Source(
        id="wrong",
        name="Wrong",
        homepage="http://alatoo.example/",
        feeds=("http://alatoo.example/nothing", "http://alatoo.example/", "http://127.0.0.1/rss"),
        sitemaps=("http://alatoo.example/feed",),
        index_pages=("http://no.such.invalid/",),
    )
    found = await check_all(probe, parse, [wrong, *sources_of(newsroom, "pamir", "nasim", "tong")])
    by_id = {one.source.id: one for one in found}
    assert verdicts(by_id["wrong"]) | {"article": ""} == {
        "http://alatoo.example/": "not that",
        "http://alatoo.example/nothing": "dead",
        "http://127.0.0.1/rss": "dead",
        "http://alatoo.example/feed": "ok",  # the sitemaps' protocol allows a feed
        "http://no.such.invalid/": "dead",
        by_id["wrong"].addresses[-1].url: "ok",
        "article": "",
    }
    assert set(verdicts(by_id["pamir"]).values()) == {"blocked"}
    assert set(verdicts(by_id["nasim"]).values()) == {"unreachable"}
    assert verdicts(by_id["tong"])["http://tong.example/rss"] == "moved"
    assert [one.source.id for one in found if one.good] == ["tong"]
    tong = confirmed(by_id["tong"])
    assert tong.feeds == (new_place, "http://tong.example/ru/rss")


async def test_only_a_source_without_fault_loses_its_mark(newsroom: Newsroom, probe: Probe) -> None:
    [tong] = sources_of(newsroom, "tong")
    marked = tong.model_copy(update={"unverified": "nobody looked"})
    broken = marked.model_copy(update={"id": "broken", "feeds": ("http://tong.example/nothing",)})
    found = await check_all(probe, parse, [marked, broken])
    assert [confirmed(one).unverified for one in found] == [None, "nobody looked"]


async def test_a_host_is_asked_no_more_once_it_says_503(newsroom: Newsroom, probe: Probe) -> None:
    await probe.robots("http://tong.example/")
    newsroom.fail("tong.example", 503, times=1000)
    [found] = await check_all(probe, parse, sources_of(newsroom, "tong"))
    assert set(verdicts(found).values()) == {"unreachable"}
    assert len([request for request in newsroom.requests if request.host == "tong.example"]) == 2


# --- find --------------------------------------------------------------------------------------------------------


async def test_a_site_with_feeds_is_watched_by_them(newsroom: Newsroom, probe: Probe) -> None:
    found = await find(probe, "http://tong.example")
    assert found.id == "tong-example"
    assert found.places == {
        "feeds": ("http://tong.example/rss", "http://tong.example/ru/rss"), "sitemaps": (), "index_pages": ()
    }  # fmt: skip
    assert found.facts == {"name": "Tong", "language": "uz-Latn", "timezone": "Asia/Tashkent"}
    assert ("sitemap", "http://tong.example/sitemap.xml") in {(one.kind, one.url) for one in found.seen}


async def test_a_site_without_feeds_is_watched_by_the_sitemaps_of_its_robots_txt(
    newsroom: Newsroom, probe: Probe
) -> None:
    found = await find(probe, "http://dala.example/")
    assert found.places == {"feeds": (), "sitemaps": ("http://dala.example/sitemap.xml",), "index_pages": ()}


async def test_a_site_with_neither_is_watched_by_its_home_page(newsroom: Newsroom, probe: Probe) -> None:
    found = await find(probe, "http://vodiy.example/")
    assert found.places == {"feeds": (), "sitemaps": (), "index_pages": ("http://vodiy.example/",)}


@pytest.mark.parametrize(
    ("site", "why"),
    [
        ("http://tong.example/rss", "no home page"),
        ("http://tong.example/nothing", "gone: status 404"),
        ("ftp://tong.example/", "http"),
        ("http://localhost/", "leads to"),
    ],
)
async def test_what_is_no_site_is_refused_with_the_reason(site: str, why: str, probe: Probe) -> None:
    with pytest.raises(NothingThere, match=why):
        await find(probe, site)


@pytest.mark.parametrize(
    ("homepage", "id_"),
    [
        ("https://www.gazeta.uz/ru/", "gazeta-uz-ru"),
        ("https://kun.uz/", "kun-uz"),
        ("https://example.com/a-long-section/", "example-com"),
        ("https://xn--80aaxgqbdi.xn--p1ai/", "xn-80aaxgqbdi-xn-p1ai"),
        ("http://news.example:8080/", "news-example"),
    ],
)
def test_an_id_is_made_of_the_host_and_an_editions_language(homepage: str, id_: str) -> None:
    assert id_of(homepage) == id_


# --- test --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("http://tong.example/rss", "feed"),
        ("http://dala.example/sitemap.xml", "sitemap"),
        ("http://dala.example/robots.txt", "sitemap"),
        ("http://vodiy.example/", "index"),
    ],
)
async def test_three_articles_of_any_list_are_tried(url: str, form: str, newsroom: Newsroom, probe: Probe) -> None:
    tried = await try_address(probe, parse, url, SourceFacts(timezone="Asia/Tashkent"))
    gold = {article.url: article for article in newsroom.gold()}
    stored = [page for page in tried.pages if isinstance(page.result, ParsedArticle)]
    assert tried.form == form
    assert len(stored) == 3
    for page in stored:
        assert isinstance(page.result, ParsedArticle)
        assert page.result.title == gold[page.url].title
        assert (page.language or "").split("-")[0] == gold[page.url].language.split("-")[0]


async def test_an_article_is_tried_alone(newsroom: Newsroom, probe: Probe) -> None:
    article = next(a for a in newsroom.gold() if a.site == "tong")
    tried = await try_address(probe, parse, article.url, SourceFacts())
    assert tried.form is None
    [page] = tried.pages
    assert isinstance(page.result, ParsedArticle)
    assert page.result.title == article.title


async def test_what_would_not_be_stored_is_told_with_the_reason(newsroom: Newsroom, probe: Probe) -> None:
    newest = max((a for a in newsroom.gold() if a.site == "tong" and a.language.startswith("uz")),
                 key=lambda a: a.published)  # fmt: skip
    newsroom.delete(newest.slug)
    tried = await try_address(probe, parse, "http://tong.example/rss", SourceFacts())
    assert TriedPage(newest.url, NotStored("gone", "status 410")) in tried.pages


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://tong.example/nothing", "gone: status 404"),
        ("http://127.0.0.1/", "loopback"),
        ("http://tong.example/images/x.gif", "neither a list of pages nor an article"),
    ],
)
async def test_an_address_that_brings_nothing_is_told_with_the_reason(url: str, why: str, probe: Probe) -> None:
    with pytest.raises(NothingThere, match=why):
        await try_address(probe, parse, url, SourceFacts())


# --- the command line --------------------------------------------------------------------------------------------


def test_check_prints_verdicts_writes_what_it_found_and_ends_with_1(newsroom: Newsroom, tmp_path: Path) -> None:
    new_place = newsroom.move_feed("tong.example")
    tong, vodiy = ({**s.model_dump(mode="json", exclude_none=True), "unverified": "nobody looked"}
                   for s in sources_of(newsroom, "tong", "vodiy"))  # fmt: skip
    vodiy["index_pages"] = ["http://vodiy.example/nothing"]
    own, out = tmp_path / "own.json", tmp_path / "out.toml"
    own.write_text(json.dumps([tong, vodiy]))
    env = environment(newsroom)
    result = CliRunner().invoke(app, ["sources", "check", str(own), "--json", "--write", str(out)], env=env)
    assert result.exit_code == 1, result.output
    told = {one["id"]: one for one in json.loads(result.stdout)}
    assert {id_: one["good"] for id_, one in told.items()} == {"tong": True, "vodiy": False}
    assert {a["moved_to"] for a in told["tong"]["addresses"]} == {None, new_place}
    written = {source.id: source for source in read(out)}
    assert written["tong"].feeds[0] == new_place
    assert (written["tong"].unverified, written["vodiy"].unverified) == (None, "nobody looked")
    again = CliRunner().invoke(app, ["sources", "check", str(out)], env=env)
    assert again.exit_code == 1
    assert "dead: nothing is there" in again.output
    assert "2 sources: 1 good, 1 not" in again.output


def test_test_shows_what_would_be_stored_and_needs_no_broker(newsroom: Newsroom) -> None:
    result = CliRunner().invoke(app, ["sources", "test", "http://vodiy.example/"], env=environment(newsroom))
    assert result.exit_code == 0, result.output
    assert "would be stored; nothing was." in result.output
    assert "a page of links" in result.output


def test_add_shows_what_it_found_and_without_a_broker_asks_nothing(newsroom: Newsroom, tmp_path: Path) -> None:
    env = environment(newsroom)
    refused = CliRunner().invoke(app, ["sources", "add", "http://tong.example", "--state", str(tmp_path)], env=env)
    assert isinstance(refused.exception, LocalRunError)
    assert newsroom.requests == ()
    words = ["sources", "add", "http://tong.example", "--id", "daily", "--timezone", "Asia/Samarkand", "--dry-run"]
    shown = CliRunner().invoke(app, words, env=env)
    assert shown.exit_code == 0, shown.output
    for part in ("would watch daily", "http://tong.example/ru/rss", "Asia/Samarkand", "sitemap.xml"):
        assert part in shown.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sources", "--help"], "accept-move"),
        (["sources", "check", "uz"], "pip install 'xabar[console,fetcher,parser]'"),
        (["sources", "add", "http://a.example", "--dry-run"], "pip install 'xabar[console,fetcher,parser]'"),
    ],
)
def test_without_the_fetchers_libraries_a_command_that_needs_them_names_the_extra(words: list[str], told: str) -> None:
    missing = ("httpx", "protego", "feedparser", "selectolax", "numpy", "pebble", "brotli")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r})); sys.argv = {['xabar', *words]!r}; "
        "from services.console.__main__ import main; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert told in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_a_local_run_gave_its_fetcher_counts_until_a_broker_or_a_variable_is_named(tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    overrides = {"FETCHER_RESOLVE": "tong.example=127.0.0.1:1"}
    RunFacts(os.getpid(), psutil.Process().create_time(), "127.0.0.1:1", "postgresql://x", {}, overrides).write(
        tmp_path / "up"
    )
    assert environment_for(tmp_path, {"A": "b"}) == {"A": "b", **overrides}
    assert environment_for(tmp_path, {"FETCHER_RESOLVE": ""}) == {"FETCHER_RESOLVE": ""}
    own = {"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}
    assert environment_for(tmp_path, own) == own
