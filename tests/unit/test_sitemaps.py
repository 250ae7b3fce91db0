"""Sitemaps as sites write them, broken and hostile ones among them."""

import gzip
import time
from datetime import UTC, datetime, timedelta

import pytest

from services.fetcher.lists.listing import Child, Entry, NotAListing
from services.fetcher.lists.sitemaps import (
    MAX_ROBOTS_SITEMAPS,
    MAX_URLS,
    fresh,
    read_sitemap,
    sitemaps_of_robots,
    worth_reading,
)

URL = "https://site.example/sitemap.xml"
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def urlset(*urls: str, space: str = SPACE) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {space}>{"".join(urls)}</urlset>'.encode()


def of(body: bytes) -> tuple[Entry, ...]:
    return read_sitemap(body, URL, NOW).entries


def urls_of(body: bytes) -> list[str]:
    return [entry.url.removeprefix("https://site.example") for entry in of(body)]


A = "<url><loc>https://site.example/a</loc></url>"
B = "<url><loc>https://site.example/b</loc></url>"


def test_a_news_sitemap_gives_title_and_both_dates_and_no_picture_for_a_page() -> None:
    body = urlset(
        "<url><loc>https://site.example/a</loc><lastmod>2026-01-02T11:00:00+05:00</lastmod>"
        "<image:image><image:loc>https://site.example/p.jpg</image:loc><image:title>P</image:title></image:image>"
        "<news:news><news:publication><news:name>N</news:name></news:publication>"
        "<news:publication_date>2026-01-02T05:30:00.1234567Z</news:publication_date>"
        "<news:title> Tom &amp;\n Jerry </news:title></news:news></url>",
        space=f'{SPACE} {NEWS} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"',
    )
    assert of(body) == (
        Entry(
            "https://site.example/a",
            "Tom & Jerry",
            "2026-01-02T05:30:00.1234567Z",
            "2026-01-02T11:00:00+05:00",
            datetime(2026, 1, 2, 5, 30, 0, 123456, tzinfo=UTC),
            datetime(2026, 1, 2, 6, tzinfo=UTC),
        ),
    )


def test_an_index_gives_its_sitemaps_with_their_dates() -> None:
    body = b"""<sitemapindex><sitemap><loc>/1.xml</loc><lastmod>2026-01-01</lastmod></sitemap>
    <sitemap><loc>https://site.example/2.xml.gz</loc></sitemap></sitemapindex>"""
    listing = read_sitemap(body, URL, NOW)
    assert listing.entries == ()
    assert listing.children == (
        Child("https://site.example/1.xml", "2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        Child("https://site.example/2.xml.gz"),
    )


@pytest.mark.parametrize(
    "body",
    [
        urlset(A, B),
        urlset(A, B, A, space=""),
        urlset(A, B, space='xmlns="https://www.sitemaps.org/schemas/sitemap/0.9"'),
        urlset(A, B).replace(b"<", b"<sm:").replace(b"<sm:/", b"</sm:").replace(b"<sm:?", b"<?"),
        b"\xef\xbb\xbf\n " + urlset(A, B),
        urlset(A, B).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        urlset(A, B).decode().replace("UTF-8", "windows-1251").encode("cp1251"),
        urlset("<url><loc>\n /a\n</loc></url>", "<url><loc><![CDATA[../b]]></loc></url>"),
        urlset(A, "<url><loc>mailto:x@y.example</loc></url><url/><url><loc/></url>", B),
        gzip.compress(urlset(A, B), mtime=0),
        gzip.compress(urlset(A, B)[:70], mtime=0) + gzip.compress(urlset(A, B)[70:], mtime=0),
        b"https://site.example/a\r\n\r\nhttps://site.example/b\r\nnonsense\r\n",
        b"\xef\xbb\xbfhttps://site.example/a\nhttps://site.example/b",
        "https://site.example/a\nhttps://site.example/b".encode("utf-16"),
        b"<rss><channel><item><link>/a</link></item><item><link>/b</link></item></channel></rss>",
    ],
)
def test_every_form_is_read(body: bytes) -> None:
    assert urls_of(body) == ["/a", "/b"]


@pytest.mark.parametrize(
    "body",
    [
        urlset(A, B, "<url><loc>https://site.example/c")[:-20],
        gzip.compress(urlset(A, B, *(f"<url><loc>/{n * 7919}</loc></url>" for n in range(3000))), mtime=0)[:-2000],
        urlset(A, B, "<url><loc>/c&nbsp;d</url>"),
    ],
)
def test_what_stands_before_a_cut_or_a_fault_counts(body: bytes) -> None:
    assert urls_of(body)[:2] == ["/a", "/b"]


def test_bare_ampersands_in_addresses_are_understood() -> None:
    assert urls_of(urlset("<url><loc>/x?a=1&b=2&amp;c=3</loc></url>", A)) == ["/x?a=1&b=2&c=3", "/a"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b" \n\x00", "empty"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML page"),
        (b"\n<HTML lang='uz'><head>", "HTML page"),
        ("<html><body>".encode("utf-16"), "HTML page"),
        (b"<?xml version='1.0'?><catalog/>", "<catalog>"),
        (b"Page not found", "neither XML nor a list"),
        (b"/relative/only\n/two", "neither XML nor a list"),
        (b"<<<", "no XML"),
        (b"\x1f\x8bnot gzip at all", "no gzip"),
        (b"<?xml version='1.0' encoding='punycode'?><urlset/>", "encoding can't be read"),
    ],
)
def test_what_is_no_sitemap_is_said_to_be_none(body: bytes, why: str) -> None:
    with pytest.raises(NotAListing, match=why):
        read_sitemap(body, URL, NOW)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_any_entity(encoding: str) -> None:
    lol = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE u [<!ENTITY l0 "lol">{lol}]><urlset><url><loc>&l9;</loc></url></urlset>'
    outside = '<!DOCTYPE u SYSTEM "file:///etc/passwd"><urlset/>'
    for body in (bomb, outside):
        with pytest.raises(NotAListing, match="document type"):
            read_sitemap(body.encode(encoding), URL, NOW)


def test_a_bomb_is_refused_before_it_bursts() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 60_000_000, compresslevel=1)
    with pytest.raises(NotAListing, match="unpacks to more"):
        read_sitemap(bomb, URL, NOW)


def test_no_more_urls_are_taken_than_the_protocol_allows() -> None:
    assert urls_of(urlset(A, "<url/>" * (MAX_URLS - 2), B)) == ["/a", "/b"]
    assert urls_of(urlset(A, "<url/>" * (MAX_URLS - 1), B)) == ["/a"]
    lines = b"https://site.example/a\n" + b"-\n" * (MAX_URLS - 2) + b"https://site.example/b"
    assert urls_of(lines) == ["/a", "/b"]
    assert urls_of(b"https://site.example/a\n" + lines.replace(b"/a", b"/c")) == ["/a", "/c"]


@pytest.mark.parametrize(
    "piece", ["<a>", "<url><loc>/a</loc></url>", "<url>", "&", "<!--", "<a b='", "x", "<a/>", "&#1;"]
)
def test_hostile_markup_takes_no_more_than_linear_time(piece: str) -> None:
    started = time.process_time()
    assert len(of(urlset(A, piece * (1_000_000 // len(piece)))[:-9])) in (1, 2)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T10:00:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("2026-01-01T10:00+05:00", datetime(2026, 1, 1, 5, tzinfo=UTC)),
        ("2026-01-02T12:59:00Z", datetime(2026, 1, 2, 12, 59, tzinfo=UTC)),
        ("2026-01-02T13:01:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("2026", None),
        ("2026-01", None),
        ("yesterday", None),
    ],
)
def test_dates_are_instants_where_they_can_be(written: str, instant: datetime | None) -> None:
    (entry,) = of(urlset(f"<url><loc>/a</loc><lastmod> {written} </lastmod></url>"))
    assert (entry.modified, entry.modified_at) == (written, instant)


def test_fresh_is_what_is_dated_after_and_what_tells_no_date() -> None:
    def entry(name: str, published: str | None = None, modified: str | None = None) -> Entry:
        lastmod = f"<lastmod>{modified}</lastmod>" if modified else ""
        news = f"<n:news><n:publication_date>{published}</n:publication_date></n:news>" if published else ""
        return of(urlset(f"<url><loc>/{name}</loc>{lastmod}{news}</url>"))[0]

    entries = [
        entry("undated"),
        entry("old", "2025-12-30T00:00:00Z", "2025-12-31T10:00:00Z"),
        entry("edited", "2025-01-01T00:00:00Z", "2026-01-01T13:00:00Z"),
        entry("the-same-day", "2026-01-01"),
        entry("the-day-before", "2025-12-31"),
        entry("unreadable", "soon"),
    ]
    kept = [e.url.rpartition("/")[2] for e in fresh(entries, datetime(2026, 1, 1, 12, tzinfo=UTC))]
    assert kept == ["undated", "edited", "the-same-day", "unreadable"]
    assert fresh(entries, None) == tuple(entries)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("modified_at", "since", "last_read_at", "worth"),
    [
        (None, NOW, NOW, True),
        (NOW, None, None, True),
        (NOW, NOW - DAY, None, True),
        (NOW - DAY, NOW, None, False),
        (NOW, None, NOW - DAY, True),
        (NOW - DAY, None, NOW, False),
        (NOW, NOW - DAY, NOW + DAY, False),
    ],
)
def test_a_sitemap_is_read_again_by_the_evidence_of_its_date(
    modified_at: datetime | None, since: datetime | None, last_read_at: datetime | None, worth: bool
) -> None:
    written = modified_at and modified_at.isoformat()
    for url in ("https://site.example/archive-2009.xml", "https://site.example/news.xml"):
        assert worth_reading(Child(url, written, modified_at), since, last_read_at) is worth


def test_a_sitemap_dated_by_a_day_may_have_changed_until_its_end() -> None:
    child = Child("https://site.example/1.xml", "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC))
    assert worth_reading(child, NOW, NOW)
    assert not worth_reading(child, NOW + DAY, None)


def test_robots_names_sitemaps_for_everyone() -> None:
    text = "\ufeffSITEMAP: /a.xml # ours\nUser-agent: *\nDisallow: /\n sitemap :https://cdn.example/b.xml\nSitemap:\n"
    text += "Sitemap: javascript:x\nSitemap: /a.xml\n#Sitemap: /no.xml\nSitemap: " + "x" * 9000 + "\n"
    base = "https://site.example/robots.txt"
    assert sitemaps_of_robots(text, base) == ("https://site.example/a.xml", "https://cdn.example/b.xml")
    many = "".join(f"Sitemap: /{n}.xml\n" for n in range(MAX_ROBOTS_SITEMAPS + 9))
    assert len(sitemaps_of_robots(many, base)) == MAX_ROBOTS_SITEMAPS
