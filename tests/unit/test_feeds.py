"""Feeds as they are found in the wild, broken and hostile ones among them."""

import time
from datetime import timedelta

import pytest

from services.fetcher.feeds import MAX_ENTRIES, read_feed
from services.fetcher.listing import Entry, NotAListing

URL = "https://site.example/rss/all.xml"


def rss(*items: str, channel: str = "") -> bytes:
    inside = channel + "".join(items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()


def item(link: str, title: str = "Сарлавҳа", extra: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{extra}</item>"


def test_rss_gives_urls_titles_and_dates() -> None:
    date = "<pubDate>Fri, 02 Jan 2026 10:00:00 +0500</pubDate>"
    entry = item("https://site.example/a", "O‘zbekiston &amp;amp; dunyo", date)
    feed = read_feed(rss(entry, channel="<ttl>15</ttl>"), URL)
    assert feed.entries == (Entry("https://site.example/a", "O‘zbekiston & dunyo", "Fri, 02 Jan 2026 10:00:00 +0500"),)
    assert feed.floor == timedelta(minutes=15)


def test_atom_takes_the_alternate_link_and_resolves_it() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title>A</title>
    <link rel="edit" href="/edit/1"/><link rel="alternate" href="../news/1"/><updated>2026-01-02T10:00:00Z</updated>
    </entry></feed>"""
    assert [e.url for e in read_feed(body, URL).entries] == ["https://site.example/news/1"]


def test_rdf_is_read_too() -> None:
    body = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
    <item rdf:about="https://site.example/x"><title>X</title><link>https://site.example/x</link></item></rdf:RDF>"""
    assert [e.url for e in read_feed(body, URL).entries] == ["https://site.example/x"]


def test_json_feed_is_read_too() -> None:
    body = b"""\xef\xbb\xbf{"version": "https://jsonfeed.org/version/1.1", "items": [7, {"id": "1", "url": "/x",
    "title": "X &amp; Y", "date_published": "2026-01-02T10:00:00Z"}, {"id": "no link"}]}"""
    assert read_feed(body, URL).entries == (Entry("https://site.example/x", "X & Y", "2026-01-02T10:00:00Z"),)


@pytest.mark.parametrize("body", [b"{", b'{"items": []}', b'{"a":' * 100_000, b'{"version": "https://jsonfeed.org/"}'])
def test_json_that_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_feed(body, URL)


def test_an_entry_listed_under_two_addresses_of_one_page_counts_once() -> None:
    feed = read_feed(rss(item("/a?utm_source=rss"), item("https://SITE.example/a#top"), item("/b")), URL)
    assert [e.url for e in feed.entries] == ["https://site.example/a?utm_source=rss", "https://site.example/b"]


def test_links_that_are_no_web_pages_are_left_out() -> None:
    links = ["javascript:alert(1)", "ftp://x.example/", "mailto:a@b.example", "http://[", "  /good\n"]
    assert [e.url for e in read_feed(rss(*map(item, links)), URL).entries] == ["https://site.example/good"]


def test_a_feed_in_windows_1251_is_read_by_its_declaration() -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel>'
    body += item("/a", "Новости Душанбе") + "</channel></rss>"
    assert read_feed(body.encode("cp1251"), URL).entries[0].title == "Новости Душанбе"


def test_a_feed_that_breaks_off_gives_what_came_before() -> None:
    assert len(read_feed(rss(item("/a"), item("/b"))[:-40], URL).entries) >= 1


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read_feed(rss(), URL).entries == ()


@pytest.mark.parametrize(
    "body",
    [b"", b" \n", b"nothing", b"{}", b"<!DOCTYPE html><html><body>4</body></html>", b"<html>x</html>", b"\xff\x00"],
)
def test_what_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_feed(body, URL)


def test_a_feed_that_declares_entities_is_refused_in_any_encoding() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel>&b;</channel></rss>'
    outside = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>'
    for body in (bomb.encode(), outside.encode(), bomb.encode("utf-16"), outside.encode("utf-16-be")):
        with pytest.raises(NotAListing, match="entities"):
            read_feed(body, URL)


def test_the_number_of_entries_is_bounded() -> None:
    assert len(read_feed(rss(*(item(f"/{i}") for i in range(MAX_ENTRIES + 50))), URL).entries) == MAX_ENTRIES


def test_white_space_without_end_before_the_root_is_refused_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(NotAListing):
        read_feed(b"<?xml version='1.0'?>" + b"\n" * 1_000_000 + rss(item("/a")), URL)
    assert time.monotonic() - started < 1


def test_a_feed_of_many_megabytes_is_refused() -> None:
    with pytest.raises(NotAListing, match="bytes"):
        read_feed(b"<rss>" + b"x" * 5_000_000, URL)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&#55357;&#56832;", "\N{GRINNING FACE}"),
        ("&#xD83D;&#xDE00;&#1202;", "\N{GRINNING FACE}\N{CYRILLIC CAPITAL LETTER HA WITH DESCENDER}"),
        ("&#xD800;", "\N{REPLACEMENT CHARACTER}"),
        ("&#x110000;", "\N{REPLACEMENT CHARACTER}"),
        ("&#" + "9" * 9000 + ";", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_reference_to_half_a_character_or_none_silences_no_feed(written: str, read: str) -> None:
    assert [entry.title for entry in read_feed(rss(item("/a", f"x{written}y")), URL).entries] == [f"x{read}y"]
