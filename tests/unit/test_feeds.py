"""Feeds as they are found in the wild, broken and hostile ones among them."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.fetcher.lists.feeds import MAX_ENTRIES, read_feed
from services.fetcher.lists.listing import Entry, NotAListing

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
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
    assert feed.entries == (
        Entry(
            "https://site.example/a",
            "O‘zbekiston & dunyo",
            "Fri, 02 Jan 2026 10:00:00 +0500",
            published_at=datetime(2026, 1, 2, 5, tzinfo=UTC),
        ),
    )
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
    (entry,) = read_feed(body, URL).entries
    assert entry == Entry(
        "https://site.example/x",
        "X & Y",
        "2026-01-02T10:00:00Z",
        published_at=datetime(2026, 1, 2, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("body", [b"{", b'{"items": []}', b'{"a":' * 100_000, b'{"version": "https://jsonfeed.org/"}'])
def test_json_that_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAListing):
        read_feed(body, URL)


def test_a_line_break_inside_of_a_json_title_silences_no_feed() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [{"url": "/x", "title": "a\nb"}]}'
    assert [e.title for e in read_feed(body, URL).entries] == ["a b"]


def test_a_document_type_that_declares_nothing_is_passed_over() -> None:
    outside = b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss-0.91.dtd">'
    assert len(read_feed(rss(item("/a")).replace(b"<rss", outside + b"<rss"), URL).entries) == 1


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


def of(body: bytes | str, **headers: str) -> tuple[Entry, ...]:
    return read_feed(body if isinstance(body, bytes) else body.encode(), URL, headers, NOW).entries


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        (rss(item("/a", "Tom & Jerry")), "Tom & Jerry"),
        (rss(item("/a", "bir&nbsp;ikki &laquo;uch&raquo; &unknown;")), "bir ikki «uch» &unknown;"),
        (rss(item("/a", "bell\x07 and\x00 null")), "bell and null"),
        (rss(item("/a", "5 < 6")), "5 < 6"),
        (rss(item("/a", "<b>Bold</b> &lt;i&gt;news&lt;/i&gt;")), "Bold news"),
        (rss(item("/a", "<![CDATA[<b>Qalin</b> &#8217; xabar]]>")), "Qalin ’ xabar"),
        (rss(item("/a", "T", "<description><p>x<br><title>no</title><link>/no</link></description>")), "T"),
        (b"\n\n  " + rss(item("/a", "T")), "T"),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + rss(item("/a", "T")), "T"),
        (
            b"<br />\n<b>Warning</b>: include(x.php) in <b>/srv/a.php</b> on line <b>3</b><br />"
            + rss(item("/a", "T")),
            "T",
        ),
        (rss(item("/a", "T", "<undeclared:tag>x</undeclared:tag>")), "T"),
        (rss(item("/a", "T", "<media:group><media:title>Photo</media:title></media:group>")), "T"),
        (rss(item("/a", "")), None),
    ],
)
def test_broken_markup_costs_no_entry(broken: bytes, title: str | None) -> None:
    assert [(e.url, e.title) for e in of(broken)] == [("https://site.example/a", title)]


def test_every_entry_before_a_cut_counts_and_those_around_a_wrong_tag_too() -> None:
    whole = rss(*(item(f"/{n}", extra="<description>&lt;p&gt;long&lt;/p&gt;</description>") for n in range(20)))
    cut = whole[: whole.index(b"<link>/15</link>")]
    assert len(of(cut)) == 15
    wrong = rss(item("/a"), "<item><link>/b</link><title>no end</item>", item("/c"))
    assert [e.url[-2:] for e in of(wrong)] == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("encoded", "declared", "header"),
    [
        ("utf-8", "windows-1251", "text/xml; charset=iso-8859-1"),
        ("cp1251", "utf-8", "application/rss+xml; charset=utf-8"),
        ("cp1251", "windows-1251", "text/xml; charset=utf-8"),
        ("cp1251", "utf-8", "text/xml; charset=windows-1251"),
        ("cp1251", "iso-8859-1", "text/html"),
        ("koi8-r", "KOI8-R", "text/xml"),
        ("utf-16", "utf-16", "text/xml"),
        ("utf-16-le", "utf-8", "text/xml"),
        ("utf-8-sig", "punycode", "text/xml; charset=idna"),
        ("cp1251", "unicode_escape", "text/xml; charset=nonsense"),
    ],
)
def test_text_is_read_whatever_the_headers_claim(encoded: str, declared: str, header: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?><rss><channel>{item("/a", "Новости Душанбе")}</channel></rss>'
    assert [e.title for e in of(body.encode(encoded), **{"content-type": header})] == ["Новости Душанбе"]


def test_a_broken_character_does_not_turn_a_feed_into_another_encoding() -> None:
    body = rss(item("/a", "Тошкентдаги янгиликлар ва хабарлар")).replace("Т".encode(), b"\xd0", 1)
    assert [e.title for e in of(body)] == ["\ufffdошкентдаги янгиликлар ва хабарлар"]


def test_turkish_in_its_old_encoding_is_read_without_any_claim() -> None:
    assert [e.title for e in of(rss(item("/a", "Şubat ayı")).decode().encode("cp1254"))] == ["Şubat ayı"]


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("<guid>https://site.example/g</guid>", "https://site.example/g"),
        ('<guid isPermaLink="false">https://site.example/g</guid>', "https://site.example/g"),
        ('<link/><a:link xmlns:a="http://www.w3.org/2005/Atom" href="/alt"/>', "https://site.example/alt"),
        ('<link></link><atom:link rel="alternate" href="/alt"/>', "https://site.example/alt"),
        ("<link>\n  https://site.example/\n  a b \n</link>", "https://site.example/a%20b"),
        ("<link><![CDATA[ /c?x=1&copy=2 ]]></link>", "https://site.example/c?x=1&copy=2"),
        ("<link>/c?x=1&reg=2</link>", "https://site.example/c?x=1&reg=2"),
        ('<link href="/e" rel="enclosure"/><link>/a</link>', "https://site.example/a"),
        ("<source><link>/other</link></source><link>/a</link>", "https://site.example/a"),
        ('<enclosure url="/x.mp3"><link>/a</link>', "https://site.example/a"),
        ("<guid>12345</guid>", None),
        ("<title>no link</title>", None),
    ],
)
def test_the_link_is_found_where_it_stands(inside: str, url: str | None) -> None:
    assert [e.url for e in of(rss(f"<item>{inside}</item>"))] == ([url] if url else [])


def test_xml_base_moves_links() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/x/"><entry xml:base="y/">
    <link href="1"/></entry><entry><link href="2"/></entry></feed>"""
    assert [e.url for e in of(atom)] == ["https://a.example/x/y/1", "https://a.example/x/2"]


def test_where_all_entries_link_to_one_page_their_identities_tell_them_apart() -> None:
    def entry(identity: str) -> str:
        return f'<item><link>https://site.example/</link><guid isPermaLink="false">{identity}</guid></item>'

    assert [e.url for e in of(rss(*(entry(f"https://site.example/{n}") for n in (1, 2))))] == [
        "https://site.example/1",
        "https://site.example/2",
    ]
    assert [e.url for e in of(rss(entry("1"), entry("2")))] == ["https://site.example/"]


@pytest.mark.parametrize(
    ("dates", "published_at", "modified_at"),
    [
        ("<pubDate>Fri, 02 Jan 2026 12:59:00 GMT</pubDate>", datetime(2026, 1, 2, 12, 59, tzinfo=UTC), None),
        ("<pubDate>Fri, 02 Jan 2026 13:01:00 GMT</pubDate>", None, None),
        ("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>", None, None),
        ("<pubDate>Fri, 02 Jan 2026 10:00:00</pubDate>", datetime(2026, 1, 2, 10, tzinfo=UTC), None),
        ("<dc:date>2026-01-02T10:00+05:00</dc:date>", datetime(2026, 1, 2, 5, tzinfo=UTC), None),
        ("<pubDate>2026-01-02 10:00:00</pubDate>", datetime(2026, 1, 2, 10, tzinfo=UTC), None),
        ("<published>2026-01-01</published><updated>2026-01-02</updated>", NEW_YEAR, NEW_YEAR + timedelta(days=1)),
        ("<updated>2026-01-01</updated>", NEW_YEAR, NEW_YEAR),
        ("<pubDate>2026</pubDate>", None, None),
        ("<pubDate>10:30</pubDate>", None, None),
        ("<pubDate>yesterday</pubDate>", None, None),
        ("", None, None),
    ],
)  # fmt: skip
def test_dates_are_instants_where_they_can_be(
    dates: str, published_at: datetime | None, modified_at: datetime | None
) -> None:
    (entry,) = of(rss(item("/a", extra=dates)))
    assert (entry.published_at, entry.modified_at) == (published_at, modified_at)
    assert bool(entry.published) == bool(dates)


@pytest.mark.parametrize(
    ("channel", "floor"),
    [
        ("", None),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>3600000</ttl>", timedelta(days=1)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=1)),
        ("<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", timedelta(hours=6)),
        ("<ttl>120</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", timedelta(hours=2)),
    ],
)
def test_the_floor_is_what_the_feed_asks_for_within_a_bound(channel: str, floor: timedelta | None) -> None:
    assert read_feed(rss(channel=channel), URL, {}, NOW).floor == floor


def test_hubs_are_told_from_markup_json_and_the_header() -> None:
    atom = rss(channel='<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="/rss"/>')
    header = {"link": '<https://hub.example/>; rel="hub", </two>; rel="self hub", <https://site.example/>; rel=self'}
    assert read_feed(atom, URL, header, NOW).hubs == ("https://hub.example/", "https://site.example/two")
    told = b'{"version": "https://jsonfeed.org/version/1.1", "items": [], "hubs": [{"type": "WebSub", "url": "/h"}, 7]}'
    assert read_feed(told, URL).hubs == ("https://site.example/h",)


@pytest.mark.parametrize("version", ["0.90", "0.91", "0.92", "2.0", "9"])
def test_any_version_of_rss_is_read(version: str) -> None:
    assert len(of(f'<rss version="{version}"><channel>{item("/a")}</channel></rss>')) == 1


@pytest.mark.parametrize(
    "piece",
    ["<!--", "<![CDATA[", "<?", "<", "<a ", "<a>", '<a b="', "&", "&#1", "< ", "<a xml:base='x/'>", "<title>", "<item>",
     "<author>a", "<category>1</category>", "<link>/b</link>", "<link href='/x'/>", "</item><item><link>/b</link>"],
)  # fmt: skip
def test_hostile_markup_takes_no_more_than_linear_time(piece: str) -> None:
    body = rss(item("/a"), "<item><link>/b</link>" + piece * (1_000_000 // len(piece)))
    started = time.process_time()
    assert 1 <= len(of(body)) <= MAX_ENTRIES
    assert time.process_time() - started < 10
