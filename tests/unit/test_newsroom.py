"""The newsroom serves what its gold says, answers as the web does, and fails on demand."""

from __future__ import annotations

import gzip
import http.client
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from services.console.newsroom import faults
from services.console.newsroom.server import Newsroom

NEWS_SITEMAP = "http://dala.example/sitemap-news.xml.gz"
LANGUAGES = {"uz-Latn", "uz-Cyrl", "ru", "en", "kk", "ky", "tg", "tk", "tr", "fa", "pt"}


class Reader:
    """A bare HTTP client that looks every host up in one newsroom."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=10)

    def get(self, url: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path or "/", headers={"Host": parts.netloc, **named})
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as running:
        yield running


@pytest.fixture
def reader(newsroom: Newsroom) -> Iterator[Reader]:
    client = Reader(newsroom)
    yield client
    client.close()


@pytest.fixture
def changing() -> Iterator[tuple[Newsroom, Reader]]:
    with Newsroom(trickle_seconds=0.01) as running:
        client = Reader(running)
        yield running, client
        client.close()


@pytest.fixture
def unfed() -> Iterator[tuple[Newsroom, Reader]]:
    """One site that is announced by its pages alone, one by sitemaps alone."""
    with Newsroom(announced_by={"vodiy": "index", "dala": "sitemap"}) as running:
        client = Reader(running)
        yield running, client
        client.close()


def _links(feed: bytes) -> list[str]:
    root = ET.fromstring(feed)
    atom = "{http://www.w3.org/2005/Atom}"
    return [item.findtext("link") or "" for item in root.iter("item")] + [
        link.get("href", "") for entry in root.iter(f"{atom}entry") for link in entry.findall(f"{atom}link")
    ]


def _decode(site: str, body: bytes) -> str:
    return unescape(body.decode("cp1251" if site == "vestnik" else "utf-8"))


def test_there_are_enough_sites_articles_and_languages(newsroom: Newsroom) -> None:
    gold = newsroom.gold()
    languages = Counter(article.language for article in gold)
    assert len(newsroom.sources()) >= 7
    assert len(gold) >= 50
    assert set(languages) == LANGUAGES
    assert min(languages.values()) >= 3
    assert languages["pt"] >= 4


def test_every_article_is_long_enough_dated_in_bounds_and_names_what_its_gold_says(newsroom: Newsroom) -> None:
    for article in newsroom.gold():
        assert len(article.text) >= 700, article.slug
        assert 4 <= len(article.paragraphs) <= 9, article.slug
        assert date(2026, 10, 1) <= article.day <= date(2026, 11, 20), article.slug
        assert any(entity.id.startswith("iso3166:") for entity in article.entities), article.slug
        for entity in article.entities:
            assert entity.surface in f"{article.title}\n\n{article.text}", (article.slug, entity)


def test_stories_are_told_in_many_languages_with_editions_and_one_reprint(newsroom: Newsroom) -> None:
    gold = {article.url: article for article in newsroom.gold()}
    water = [article for article in gold.values() if article.story == "amu-darya-water"]
    assert len({article.language for article in water}) >= 8
    assert len({article.site for article in water}) >= 6
    reprints = [article for article in gold.values() if article.duplicate_of]
    assert len(reprints) == 1
    original = gold[reprints[0].duplicate_of or ""]
    assert (original.title, original.paragraphs) == (reprints[0].title, reprints[0].paragraphs)
    assert original.host != reprints[0].host
    editions = [article for article in gold.values() if article.edition_of]
    assert len(editions) >= 6
    assert all(gold[article.edition_of or ""].site == article.site for article in editions)


def test_every_page_carries_its_article_and_points_to_its_editions(newsroom: Newsroom, reader: Reader) -> None:
    for article in newsroom.gold():
        status, _, body = reader.get(article.url)
        page = _decode(article.site, body)
        assert status == 200
        assert f'rel="canonical" href="{article.canonical_url}"' in page
        # What parts a list's items and a table's cells in the gold is markup on the page.
        shown = [part for line in article.text.splitlines() if line for part in line.removeprefix("- ").split(" | ")]
        assert all(part in page for part in (article.title, *shown)), article.slug
        if article.edition_of:
            assert f'href="{article.edition_of}"' in page, article.slug


def test_every_article_is_listed_and_whatever_else_a_feed_lists_is_accounted_for() -> None:
    with Newsroom(announced_by=dict.fromkeys(("vodiy", "dala"), "feed")) as newsroom:
        client = Reader(newsroom)
        listed: list[str] = []
        for source in newsroom.sources():
            for feed in source["feeds"]:
                status, _, body = client.get(feed)
                assert status == 200
                listed += _links(body)
        client.close()
    bare = Counter(url.partition("?")[0] for url in listed)
    urls = {article.url for article in newsroom.gold()}
    assert urls <= set(bare)
    assert set(bare) - urls - set(newsroom.strays()) == {"http://alatoo.example/story/batken-jer-titiroo/amp"}
    twice = [url for url, times in bare.items() if times > 1]
    assert len(twice) == 1
    assert sorted("utm_source" in url for url in listed if url.startswith(twice[0])) == [False, True]


def _hrefs(html: str) -> set[str]:
    return set(re.findall(r'<a [^>]*?href="([^"]+)"', html))


def test_a_site_without_feeds_lists_its_articles_among_other_links(unfed: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = unfed
    source = next(s for s in newsroom.sources() if s["id"] == "vodiy")
    assert (source["feeds"], source["sitemaps"]) == ([], [])
    assert reader.get("http://vodiy.example/rss.xml")[0] == 404
    paths = {urlsplit(a.url).path for a in newsroom.gold() if a.site == "vodiy"}
    for page in source["index_pages"]:
        html = reader.get(page)[2].decode()
        others = _hrefs(html) - paths
        assert paths <= _hrefs(html)
        assert {path.split("/")[1] for path in others} == {"", "bolim", "about", "topic", "author"}
        assert 'rel="alternate"' not in html
    archives = [path for path in others if path.startswith(("/topic/", "/author/"))]
    assert len(archives) >= 4
    assert {reader.get(f"http://vodiy.example{path}")[0] for path in archives} == {200}


def test_a_site_with_sitemaps_alone_splits_its_articles_over_an_index(unfed: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = unfed
    source = next(s for s in newsroom.sources() if s["id"] == "dala")
    assert (source["feeds"], source["index_pages"]) == ([], [])
    assert f"Sitemap: {source['sitemaps'][0]}" in reader.get("http://dala.example/robots.txt")[2].decode()
    assert reader.get("http://dala.example/atom.xml")[0] == 404
    children = _locations(reader.get(source["sitemaps"][0])[2])
    news, archive = (reader.get(url) for url in children)
    packed = reader.get(children[0], Accept_Encoding="gzip")
    assert packed[2] == news[2]
    assert packed[1]["Content-Encoding"] is None
    newest, older = _locations(gzip.decompress(news[2])), _locations(archive[2])
    urls = {a.url: a.published for a in newsroom.gold() if a.site == "dala"}
    assert set(newest) | set(older) == {*urls, "http://dala.example/aidar/qogam"}
    assert min(urls[url] for url in newest) > max(urls[url] for url in older if url in urls)


def test_sitemaps_date_pages_with_their_change_or_with_the_export_of_the_site() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    with Newsroom(clock=lambda: start) as newsroom:
        for host, exported in (("tong.example", False), ("dala.example", True)):
            told = newsroom.answer(host, "/sitemap-archive.xml").body.decode()
            dates = {datetime.fromisoformat(date) for date in re.findall(r"<lastmod>([^<]+)", told)}
            assert (dates == {start}) is exported


def _locations(sitemap: bytes) -> list[str]:
    return [loc.text or "" for loc in ET.fromstring(sitemap).iter() if loc.tag.endswith("}loc")]


def test_a_home_page_names_the_feeds_of_its_site(newsroom: Newsroom, reader: Reader) -> None:
    home = reader.get("http://tong.example/")[2].decode()
    feeds = next(s["feeds"] for s in newsroom.sources() if s["id"] == "tong")
    assert re.findall(r'<link rel="alternate" type="application/rss\+xml"[^>]* href="([^"]+)"', home) == feeds


def test_a_new_article_appears_on_every_list_of_its_site(unfed: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = unfed
    before = {url: reader.get(url)[1]["ETag"] for url in ("http://tong.example/rss", NEWS_SITEMAP)}
    for like, slug, lists in (
        ("aeroport-qishki-jadval", "yangi-xabar", ["http://tong.example/rss", "http://tong.example/"]),
        (next(a.slug for a in newsroom.gold() if a.site == "vodiy"), "yangi", ["http://vodiy.example/"]),
        (
            next(a.slug for a in newsroom.gold() if a.site == "dala"),
            "zhana",
            [NEWS_SITEMAP],
        ),
    ):
        gold = newsroom.publish(like, slug)
        assert gold in newsroom.gold()
        status, _, page = reader.get(gold.url)
        assert status == 200
        assert gold.paragraphs[0] in unescape(page.decode())
        for url in lists:
            body = reader.get(url)[2]
            text = (gzip.decompress(body) if url.endswith(".gz") else body).decode()
            assert urlsplit(gold.url).path in text, url
    assert all(reader.get(url, If_None_Match=etag)[0] == 200 for url, etag in before.items())
    with pytest.raises(ValueError, match="already"):
        newsroom.publish("aeroport-qishki-jadval", "yangi-xabar")
    with pytest.raises(KeyError):
        newsroom.publish("never-written", "new")


@pytest.mark.parametrize("month", range(1, 13))
def test_an_article_may_be_published_in_any_month(month: int) -> None:
    newsroom = Newsroom(clock=lambda: datetime(2027, month, 3, 12, tzinfo=UTC))
    with newsroom:
        for article in {a.language: a for a in newsroom.gold()}.values():
            gold = newsroom.publish(article.slug, f"{article.slug}-{month}")
            answer = newsroom.answer(gold.host, urlsplit(gold.url).path)
            assert (answer.status, gold.published.month) == (200, month)


def test_a_feed_that_lies_says_304_though_it_changed(changing: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = changing
    feed = "http://tong.example/rss"
    etag = reader.get(feed)[1]["ETag"]
    newsroom.lie_about_304("tong.example")
    gold = newsroom.publish("aeroport-qishki-jadval", "yangi-xabar")
    assert reader.get(feed, If_None_Match=etag)[0] == 304
    assert reader.get(feed, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT")[0] == 304
    assert gold.url in reader.get(feed)[2].decode()
    assert reader.get(gold.url, If_None_Match=etag)[0] == 200
    newsroom.lie_about_304("tong.example", lying=False)
    assert reader.get(feed, If_None_Match=etag)[0] == 200


def test_a_soft_404_answers_200_alike_for_what_never_was_and_for_what_is_deleted(
    changing: tuple[Newsroom, Reader],
) -> None:
    newsroom, reader = changing
    article = min((a for a in newsroom.gold() if a.site == "tong"), key=lambda a: a.published)
    newsroom.soft_404("tong.example")
    newsroom.delete(article.slug)
    deleted, never = reader.get(article.url), reader.get("http://tong.example/news/never-was")
    assert (deleted[0], never[0]) == (200, 200)
    pages = [page[2].decode().replace(path, "") for page, path in (
        (deleted, urlsplit(article.url).path), (never, "/news/never-was"),
    )]  # fmt: skip
    assert pages[0] == pages[1]
    assert article.paragraphs[0] not in unescape(pages[0])
    assert reader.get("http://dala.example/never-was")[0] == 404


@pytest.mark.parametrize("target", [None, "http://dala.example/tong.xml"])
def test_a_feed_moves_for_good_and_is_found_at_its_new_address(
    changing: tuple[Newsroom, Reader], target: str | None
) -> None:
    newsroom, reader = changing
    before = reader.get("http://tong.example/rss")[2]
    address = newsroom.move_feed("tong.example", target)
    status, headers, _ = reader.get("http://tong.example/rss")
    assert (status, headers["Location"]) == (301, address)
    assert reader.get(address)[2] == before


def test_a_shield_stands_before_everything_but_robots_until_it_is_taken_away(
    changing: tuple[Newsroom, Reader],
) -> None:
    newsroom, reader = changing
    newsroom.challenge("tong.example", status=503)
    status, headers, body = reader.get("http://tong.example/rss")
    assert (status, headers["cf-mitigated"]) == (503, "challenge")
    assert b"Enable JavaScript" in body
    assert reader.get("http://tong.example/robots.txt")[0] == 200
    newsroom.challenge("tong.example", status=0)
    assert reader.get("http://tong.example/rss")[0] == 200


def test_links_that_lead_to_no_article_do_so(newsroom: Newsroom, reader: Reader) -> None:
    found = {why: reader.get(url)[0] for url, why in newsroom.strays().items()}
    assert found == {"gone": 404, "section": 200}


def test_a_light_copy_is_canonical_to_its_article(newsroom: Newsroom, reader: Reader) -> None:
    article = next(a for a in newsroom.gold() if a.slug == "batken-jer-titiroo")
    status, _, body = reader.get(f"{article.url}/amp")
    assert status == 200
    assert f'rel="canonical" href="{article.url}"'.encode() in body


def test_robots_close_exactly_what_the_gold_calls_closed(newsroom: Newsroom, reader: Reader) -> None:
    closed = [article for article in newsroom.gold() if not article.fetchable]
    assert [urlsplit(article.url).path.split("/")[1] for article in closed] == ["private"]
    robots = reader.get(f"http://{closed[0].host}/robots.txt")[2].decode()
    assert "Disallow: /private/" in robots
    assert "Crawl-delay: 1" in robots


def test_the_windows_1251_site_declares_no_charset_anywhere(newsroom: Newsroom, reader: Reader) -> None:
    article = next(a for a in newsroom.gold() if a.site == "vestnik")
    _, headers, body = reader.get(article.url)
    assert headers["Content-Type"] == "text/html"
    assert b"charset" not in body
    assert article.paragraphs[0] in unescape(body.decode("cp1251"))
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_feeds_and_articles_answer_304_to_those_who_know_them(newsroom: Newsroom, reader: Reader) -> None:
    for url in (newsroom.gold()[0].url, newsroom.sources()[0]["feeds"][0]):
        _, headers, _ = reader.get(url)
        status, _, body = reader.get(url, If_None_Match=headers["ETag"])
        assert (status, body) == (304, b"")
        assert reader.get(url, If_Modified_Since=headers["Last-Modified"])[0] == 304
        assert reader.get(url, If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])[0] == 200
        assert reader.get(url, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT")[0] == 200


def test_one_site_compresses_for_those_who_ask(newsroom: Newsroom, reader: Reader) -> None:
    url = next(a.url for a in newsroom.gold() if a.site == "dala")
    _, plain_headers, plain = reader.get(url)
    _, headers, packed = reader.get(url, Accept_Encoding="gzip, br")
    assert plain_headers["Content-Encoding"] is None
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain


def test_requests_are_noted_with_host_path_and_status(changing: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = changing
    reader.get("http://tong.example/nothing-here?x=1")
    assert [(r.host, r.path, r.status) for r in newsroom.requests] == [("tong.example", "/nothing-here?x=1", 404)]


def test_an_edit_changes_page_feed_validators_and_gold(changing: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = changing
    article = next(a for a in newsroom.gold() if a.slug == "vinha-sem-agua")
    etag = reader.get(article.url)[1]["ETag"]
    edited = newsroom.edit(article.slug, paragraphs=(*article.paragraphs[:-1], "Uma frase nova."), title="Outro título")
    status, headers, body = reader.get(article.url, If_None_Match=etag)
    assert status == 200
    assert headers["ETag"] != etag
    assert "Uma frase nova." in body.decode()
    assert edited in newsroom.gold()
    assert edited.title in reader.get("http://atlantico.example/atom.xml")[2].decode()


def test_a_deleted_article_is_gone_from_the_site_and_from_the_gold(changing: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = changing
    article = newsroom.gold()[0]
    newsroom.delete(article.slug)
    assert reader.get(article.url)[0] == 410
    assert article.slug not in {a.slug for a in newsroom.gold()}
    with pytest.raises(KeyError):
        newsroom.delete("never-written")


def test_a_host_fails_as_often_as_it_is_told(changing: tuple[Newsroom, Reader]) -> None:
    newsroom, reader = changing
    newsroom.fail("dala.example", status=429, times=2, retry_after=7)
    first = reader.get("http://dala.example/")
    assert (first[0], first[1]["Retry-After"]) == (429, "7")
    assert [reader.get("http://dala.example/")[0] for _ in range(2)] == [429, 200]
    assert reader.get("http://tong.example/")[0] == 200


def test_copies_are_articles_of_their_own() -> None:
    with Newsroom(copies=3) as newsroom:
        gold = newsroom.gold()
        assert len({article.url for article in gold}) == len(gold)
        assert len(gold) % 3 == 0
        copy = next(a for a in gold if a.slug == "vinha-sem-agua-3")
        client = Reader(newsroom)
        page = client.get(copy.url)[2].decode()
        client.close()
        assert unescape(page).count(copy.title) >= 1
        assert copy.paragraphs[0] in unescape(page)
        assert copy.paragraphs[0].startswith("№ 3. ")


def test_resolve_and_sources_tell_a_fetcher_all_it_needs(newsroom: Newsroom) -> None:
    pairs = dict(pair.split("=") for pair in newsroom.resolve("10.0.0.7").split(","))
    assert set(pairs) == set(newsroom.hosts)
    assert set(pairs.values()) == {f"10.0.0.7:{newsroom.port}"}
    for source in newsroom.sources():
        lists = [*source["feeds"], *source["sitemaps"], *source["index_pages"]]
        assert lists
        assert all(urlsplit(url).netloc in pairs for url in lists)


def test_published_times_carry_the_offset_of_the_site(newsroom: Newsroom) -> None:
    zones = {source["id"]: ZoneInfo(source["timezone"]) for source in newsroom.sources()}
    for article in newsroom.gold():
        assert article.published.astimezone(zones[article.site]).utcoffset() == article.published.utcoffset()


@pytest.mark.parametrize("path", [path for path, fault in faults.faults().items() if fault.manner == "whole"])
def test_a_fault_answers_as_it_says(newsroom: Newsroom, reader: Reader, path: str) -> None:
    fault = faults.faults()[path]
    status, headers, body = reader.get(f"http://{faults.HOST}{path}")
    assert status == fault.status
    assert all(headers[name] == value for name, value in fault.headers.items())
    match path:
        case "/bomb":
            assert len(body) < 1_000_000
            assert len(gzip.decompress(body)) > 64 * 1024 * 1024
        case "/huge":
            assert len(body) >= 20 * 1024 * 1024
        case "/one-line":
            assert len(body) >= 3_000_000
            assert b"\n" not in body
        case "/nul":
            assert b"\0" in body
            assert b"&#0;" in body
        case "/surrogates":
            assert b"&#xD800;" in body
        case "/wrong-charset":
            with pytest.raises(UnicodeDecodeError):
                body.decode()


def test_a_cut_connection_ends_before_the_promised_length(newsroom: Newsroom) -> None:
    client = Reader(newsroom)
    with pytest.raises(http.client.IncompleteRead):
        client.get(f"http://{faults.HOST}/cut")
    client.close()


def test_headers_without_an_end_and_slow_bodies_do_not_outlive_the_newsroom() -> None:
    with Newsroom(trickle_seconds=0.01) as newsroom:
        endless, slow = Reader(newsroom), Reader(newsroom)
        with pytest.raises(http.client.HTTPException):
            endless.get(f"http://{faults.HOST}/endless-headers")
        slow._connection.request("GET", "/slow", headers={"Host": faults.HOST})
        response = slow._connection.getresponse()
        assert response.read(3) == b"<!D"
    with pytest.raises((http.client.IncompleteRead, OSError)):
        response.read()
    endless.close()
    slow.close()
