"""What a hostile web does to the fetcher: every case of docs/security.md, over real connections."""

import asyncio
import gzip
import logging
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import brotli
import h2.connection
import pytest
import trustme
from backports import zstd
from wires import (
    PUBLIC,
    SITE,
    Heard,
    Internet,
    Talk,
    Talk2,
    drips,
    floods,
    http2_server,
    resolver,
    says,
    sends,
    server,
    serving,
    web,
)

from services.contracts.identity import canonical_url, host_of
from services.fetcher.hosts import Hosts
from services.fetcher.interpret import Denied, Meaning, Usable, meaning
from services.fetcher.lists.feeds import read_feed
from services.fetcher.lists.listing import NotAListing
from services.fetcher.lists.sitemaps import read_sitemap
from services.fetcher.visits import Visits
from services.fetcher.web.addresses import Pin
from services.fetcher.web.answers import MAX_BODY_BYTES, Answer, Fault, Outcome, Refusal
from services.fetcher.web.http import MISSING_PAGE_BYTES, HttpxWeb

pytestmark = pytest.mark.timeout(60)
NOW = datetime(2025, 3, 4, 5, 6, tzinfo=UTC)
INSIDE = (
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "::1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:a00:1::",
)


async def ask(talk: Talk, url: str = f"http://{SITE}/", seconds: float = 5) -> Outcome:
    async with server(talk) as port, web(port, seconds) as client:
        return await client.get(url)


# --- where a name leads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", INSIDE)
async def test_a_name_whose_second_answer_is_private_is_refused_the_second_time(inside: str) -> None:
    async with server(says(b"hello", "Connection: close")) as port:
        internet = Internet({PUBLIC: port, inside: port})
        rebinding = resolver({"rebind.example": [[PUBLIC], [inside]]})
        async with HttpxWeb("xabar/1", {}, resolve=rebinding, network=internet) as client:
            first, second = [await client.get("http://rebind.example/") for _ in range(2)]
    assert isinstance(first, Answer)
    assert isinstance(second, Refusal)
    assert second.reason == "address-refused"
    # The first connection went to the address that was checked, without a second question to DNS.
    assert internet.dialled == [(PUBLIC, 80)]


async def test_a_public_address_beside_a_private_one_does_not_help_a_name() -> None:
    internet = Internet({})
    async with HttpxWeb(
        "xabar/1", {}, resolve=resolver({"two.example": [[PUBLIC, "10.0.0.1"]]}), network=internet
    ) as it:
        refused = await it.get("http://two.example/")
    assert isinstance(refused, Refusal)
    assert internet.dialled == []


async def test_a_kept_connection_serves_one_name_only_even_at_one_address() -> None:
    heard = Heard()
    async with server(says(b"hello"), heard=heard) as port:
        names = resolver({"one.example": [[PUBLIC]], "two.example": [[PUBLIC]]})
        async with HttpxWeb("xabar/1", {}, resolve=names, network=Internet({PUBLIC: port})) as client:
            for name in ("one.example", "one.example", "two.example", "one.example"):
                assert isinstance(await client.get(f"http://{name}/"), Answer)
    assert heard.connections == 2
    assert [b"Host: two.example" in request for request in heard.requests] == [False, False, True, False]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0", "0x7f.1",
        "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fe80::1]", "[fd00:ec2::254]",
        "169.254.169.254", "2852039166", "0xa9fea9fe", "１２７.０.０.１", "⑫7.0.0.1", "127。0。0。1",
        "good.example@169.254.169.254", "good.example:80@127.0.0.1", "good.example%2f@127.0.0.1",
        "127.0.0.1#@good.example", "127.0.0.1?@good.example", "127.0.0.1\\@good.example", "127.0.0.1%00.good.example",
    ],
)  # fmt: skip
async def test_this_machine_and_its_network_are_refused_in_every_spelling(host: str) -> None:
    async with server(says(b"secret")) as port:
        internet = Internet(dict.fromkeys(["127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254"], port))
        async with HttpxWeb("xabar/1", {}, network=internet) as client:
            refused = await client.get(f"http://{host}/latest/meta-data/")
    assert isinstance(refused, Refusal), refused
    assert refused.reason in ("address-refused", "bad-url")
    assert internet.dialled == []


# --- redirects, through robots.txt and all ------------------------------------------------------------------------


class OpenHosts:
    """All hosts are ours and nobody waits; the requests are real."""

    def __init__(self, client: HttpxWeb) -> None:
        self._client = client
        self.rules = self
        self.crawl_delays: dict[str, float] = {}
        self.asked: list[str] = []

    def ours(self, host: str) -> bool:
        return True

    def strikes(self, host: str) -> int:
        return 0

    def known_robots(self, place: str) -> None:
        return None

    async def keep_robots(self, place: str, text: str) -> None:
        pass

    async def close(self, host: str, strikes: int) -> datetime:
        return NOW

    async def request(
        self, host: str, url: str, source: str | None, headers: Mapping[str, str], **_: object
    ) -> Outcome:
        self.asked.append(url)
        return await self._client.get(url, headers)


async def visit(location: str, status: str = "302 Found", robots: str | None = None) -> tuple[Meaning, list[str]]:
    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"GET /robots.txt"):
            answer = says(status="404 Not Found") if robots is None else says(b"", f"Location: {robots}", status=status)
        else:
            answer = says(b"", f"Location: {location}", status=status)
        await answer(request, writer)

    async with server(talk) as port:
        client = web(port, resolve=resolver({"inside.example": [["10.0.0.1"]]}), network=Internet({"127.0.0.1": port}))
        async with client:
            hosts = OpenHosts(client)
            visits = Visits(cast(Hosts, hosts), "xabar", timedelta(hours=1), lambda: NOW)
            found = await visits.obtain(f"http://{SITE}/article", None, {}, across=True)
    return found, hosts.asked


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/", "//169.254.169.254/latest", "http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://127.1/",
        f"http://{SITE}@127.0.0.1/", "http://inside.example/",
    ],
)  # fmt: skip
async def test_a_redirect_inside_is_refused(location: str, status: str) -> None:
    found, _ = await visit(location, status)
    assert isinstance(found, Denied)
    assert found.reason == "address-refused"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd", "ftp://site.example/x", "gopher://127.0.0.1:25/_HELO", "data:text/html,x", "javascript:1",
        "unix:/var/run/docker.sock", "jar:http://x!/", "http+unix://%2Fvar/", "http://a b/",
        f"http://{SITE}\\@127.0.0.1/", "http://site.example:99999/",
    ],
)  # fmt: skip
async def test_a_redirect_to_what_is_no_web_address_is_refused(location: str) -> None:
    found, asked = await visit(location)
    assert isinstance(found, Denied)
    assert found.reason == "bad-url"
    assert all(url.startswith(f"http://{SITE}/") for url in asked)


async def test_a_redirect_of_robots_txt_inside_closes_nothing_and_reads_nothing() -> None:
    found, asked = await visit("/article", robots="http://169.254.169.254/robots.txt")
    assert not isinstance(found, Usable)
    assert asked[:2] == [f"http://{SITE}/robots.txt", "http://169.254.169.254/robots.txt"]


async def test_two_places_at_once_are_none() -> None:
    found, asked = await visit("http://127.0.0.1/\r\nLocation: http://site.example/")
    assert isinstance(found, Denied)
    assert all(url.startswith(f"http://{SITE}/") for url in asked)


# --- answers without end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "talk",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        drips(b"", b"H"),
        drips(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        sends(b"", ends=False),
    ],
    ids=["body", "chunks", "headers", "status line", "interim answers", "silence"],
)
async def test_an_answer_that_drips_ends_with_the_total_time(talk: Talk) -> None:
    started = time.monotonic()
    fault = await ask(talk, seconds=0.5)
    assert isinstance(fault, Fault)
    assert fault.kind == "timeout" or "HTTPH" in fault.detail or "illegal" in fault.detail
    assert time.monotonic() - started < 2


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "talk",
    [
        floods(OK + b"X: ", b"y" * 4096),
        floods(OK, b"X-Many: y\r\n" * 100),
        floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        floods(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100),
        floods(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        floods(CHUNKED, b"1\r\nx\r\n" * 1000),
        floods(CHUNKED, b"1;" + b"e" * 4000 + b"\r\nx\r\n"),
        floods(CHUNKED + b"0\r\n", b"X-Trailer: y\r\n" * 100),
        floods(OK + b"\r\n", b"x" * 65536),
        floods(OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"", mtime=0)),
    ],
    ids=[
        "one header", "many headers", "100 Continue", "103 Early Hints", "chunks", "tiny chunks", "chunk extensions",
        "trailers", "no length", "empty gzip members",
    ],
)  # fmt: skip
async def test_an_answer_without_end_is_cut_long_before_the_time_is_up(talk: Talk) -> None:
    async with server(talk) as port, web(port, 30) as client:
        started = time.monotonic()
        cut = await client.get(f"http://{SITE}/")
        assert time.monotonic() - started < 5
    assert isinstance(cut, Refusal | Fault)
    assert isinstance(cut, Fault) or cut.reason == "too-large"
    assert not (isinstance(cut, Fault) and cut.kind == "timeout")


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1),
    "deflate": lambda data: zlib.compress(data, 1),
    "br": lambda data: brotli.compress(data, quality=3),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("encoding", PACKERS)
async def test_a_bomb_is_refused(encoding: str) -> None:
    refused = await ask(says(PACKERS[encoding](bytes(8 * MAX_BODY_BYTES)), f"Content-Encoding: {encoding}"))
    assert isinstance(refused, Refusal)
    assert refused.reason == "too-large"


@pytest.mark.parametrize("encoding", PACKERS)
async def test_a_bomb_within_a_bomb_is_refused(encoding: str) -> None:
    bomb = gzip.compress(PACKERS[encoding](bytes(8 * MAX_BODY_BYTES)))
    refused = await ask(says(bomb, f"Content-Encoding: {encoding}, gzip"))
    assert isinstance(refused, Refusal)
    assert refused.reason == "too-large"


async def test_encodings_in_a_long_chain_are_not_undone() -> None:
    fault = await ask(says(b"x", "Content-Encoding: " + ", ".join(["gzip"] * 50)))
    assert isinstance(fault, Fault)
    assert fault.kind == "encoding"


@pytest.mark.parametrize("encoding", PACKERS)
async def test_what_we_ask_for_we_can_unpack(encoding: str) -> None:
    heard = Heard()
    async with (
        server(says(PACKERS[encoding](b"salom" * 99), f"Content-Encoding: {encoding}"), heard=heard) as port,
        web(port) as client,
    ):
        answer = await client.get(f"http://{SITE}/")
    assert isinstance(answer, Answer)
    assert answer.body == b"salom" * 99
    assert f" {encoding}".encode() in heard.requests[0].split(b"Accept-Encoding:")[1].split(b"\r\n")[0]


# --- answers that are not what they say -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Content-Length: 1000\r\n\r\nshort",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        OK + b"Content-Length: -5\r\n\r\nhello",
        OK + b"Content-Length: 5e3\r\n\r\nhello",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\nhello",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"zz\r\nhello\r\n",
        CHUNKED + b"ffffffffffffffffffffff\r\nhello",
        OK + b"Transfer-Encoding: gzip\r\n\r\nhello",
        b"HTTP/0.9 what\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nhello",
        b"<html>no HTTP at all</html>",
        b"\x00" * 1000,
        b"\r\n" * 1000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
    ],
)
async def test_a_broken_answer_is_a_fault_of_the_server(raw: bytes) -> None:
    outcome = await ask(sends(raw), seconds=2)
    if b" 101 " in raw:
        assert isinstance(outcome, Fault | Answer)
        return
    assert isinstance(outcome, Fault), outcome
    assert outcome.kind == "protocol"


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    ids=["length", "chunked"],
)
@pytest.mark.parametrize(
    "behind",
    [OK + b"Content-Length: 4\r\n\r\nEVIL", b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nX: ", b"\n"],
)
async def test_what_stands_behind_an_answer_never_answers_the_next_request(framing: bytes, behind: bytes) -> None:
    heard = Heard()

    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + framing + (behind if b"/first" in request else b""))

    async with server(talk, heard=heard) as port, web(port) as client:
        first = await client.get(f"http://{SITE}/first")
        second = await client.get(f"http://{SITE}/second")
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.body, second.status, second.body) == (b"hello", 200, b"hello")
    assert heard.connections == 2


async def test_a_connection_whose_answer_was_clean_is_used_again() -> None:
    heard = Heard()
    async with server(says(b"hello"), heard=heard) as port, web(port) as client:
        for _ in range(3):
            assert isinstance(await client.get(f"http://{SITE}/"), Answer)
    assert (heard.connections, len(heard.requests)) == (1, 3)


async def test_a_length_that_is_too_short_cuts_the_body_there() -> None:
    answer = await ask(sends(OK + b"Content-Length: 5\r\n\r\nhello and more"))
    assert isinstance(answer, Answer)
    assert answer.body == b"hello"


@pytest.mark.parametrize(
    ("status", "kept"),
    [("404 Not Found", 20), ("410 Gone", 20), ("403 Forbidden", 20), ("503 Busy", 20), ("302 Found", 0)],
)
async def test_the_body_of_an_error_page_is_kept(status: str, kept: int) -> None:
    answer = await ask(says(brotli.compress(b"x" * 20), "Content-Encoding: br", "Location: /", status=status))
    assert isinstance(answer, Answer)
    assert answer.body == b"x" * kept


@pytest.mark.parametrize(
    ("talk", "kept"),
    [
        (floods(b"HTTP/1.1 404 Not Found\r\n\r\n", b"x" * 65536), b"x" * MISSING_PAGE_BYTES),
        (sends(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nhalf a page"), b"half a page"),
        (says(b"no gzip", "Content-Encoding: gzip", status="404 Not Found"), b""),
        (says(b"odd", "Content-Encoding: exi", status="404 Not Found"), b""),
        (
            says(gzip.compress(bytes(1 << 24), mtime=0), "Content-Encoding: gzip", status="410 Gone"),
            bytes(MISSING_PAGE_BYTES),
        ),
        (sends(b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\nslow", ends=False), b"slow"),
    ],
    ids=["endless", "broken off", "no gzip", "unknown encoding", "bomb", "slow"],
)
async def test_whatever_is_wrong_with_the_body_of_an_error_page_its_status_stands(talk: Talk, kept: bytes) -> None:
    answer = await ask(talk, seconds=1)
    assert isinstance(answer, Answer)
    assert answer.status in (404, 410)
    assert answer.body == kept


# --- what is told to whom -------------------------------------------------------------------------------------------


async def test_cookies_are_sent_back_to_nobody() -> None:
    heard = Heard()
    setting = says(b"", "Set-Cookie: id=1; Path=/", "Set-Cookie: all=2; Domain=.example; Path=/", "Connection: close")
    async with server(setting, heard=heard) as port:
        pins = {name: Pin("127.0.0.1", port) for name in ("a.example", "b.a.example", "b.example")}
        async with HttpxWeb("xabar/1", pins) as client:
            for name in [*pins, *pins]:
                await client.get(f"http://{name}/")
    assert len(heard.requests) == 6
    assert not any(b"cookie" in request.lower() for request in heard.requests)


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found", "500 Oops"])
async def test_a_name_and_password_in_a_url_are_neither_sent_nor_told(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    caplog.set_level(logging.INFO)
    async with (
        server(says(b"", "Location: http://u5er:pa55@site.example/x", status=status), heard=heard) as port,
        web(port) as client,
    ):
        outcome = await client.get(f"http://u5er:pa55@{SITE}/path")
    assert outcome.url == f"http://{SITE}/path"
    assert b"Host: site.example\r\n" in heard.requests[0]
    assert b"authorization" not in heard.requests[0].lower()
    assert b"u5er" not in heard.requests[0]
    assert "pa55" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://u5er:pa55@[::1/", "http://u5er:pa55@nowhere.example/", "http://u5er:pa55@127.0.0.1/",
        "http://u5er:pa55@/", "http:\\\\u5er:pa55@site.example/", "http://u5er:pa/55pa55@site.example/",
        "http://u5er:pa 55pa55@site.example/",
        "ftp://u5er:pa55@site.example/", "http://u5er:pa55@site.example:99999/",
        "u5er:pa55@site.example/feed", "http://u5er:a@b@pa55'@\"pa55@site.example:x/",
    ],
)  # fmt: skip
async def test_a_password_stays_untold_where_the_request_fails(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with web(1, resolve=resolver({"nowhere.example": [[]]})) as client:
        outcome = await client.get(url)
    assert not isinstance(outcome, Answer)
    moved = repr(meaning(Answer(f"http://{SITE}/", 302, {"location": url})))
    assert "pa55" not in repr(outcome) + moved + caplog.text
    assert "u5er" not in repr(outcome) + moved


async def test_a_redirect_with_a_password_is_followed_without_it() -> None:
    found, asked = await visit(f"http://u5er:pa55@{SITE}/elsewhere")
    assert "pa55" not in repr(found) + repr(asked)
    assert f"http://{SITE}/elsewhere" in asked


@pytest.mark.parametrize(
    ("host", "ascii_host"),
    [
        ("аpple.example", "xn--pple-43d.example"),
        ("ЎЗБЕКИСТОН.example", "xn--80acgarf7axa8a.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("site。example", "site.example"),
    ],
)
async def test_a_host_in_another_script_is_asked_for_under_its_own_name_and_not_its_lookalikes(
    host: str, ascii_host: str
) -> None:
    ascii_host = host_of(f"http://{host}/")
    heard = Heard()
    async with (
        server(says(b"hello"), heard=heard) as port,
        HttpxWeb("xabar/1", {ascii_host: Pin("127.0.0.1", port)}) as client,
    ):
        answer = await client.get(f"http://{host}/")
    assert isinstance(answer, Answer)
    assert f"Host: {ascii_host}\r\n".encode() in heard.requests[0]
    assert answer.url == f"http://{host}/"
    assert canonical_url(answer.url) == f"http://{ascii_host}/"


def test_a_lookalike_has_an_identity_of_its_own() -> None:
    assert canonical_url("http://аpple.example/") != canonical_url("http://apple.example/")


# --- HTTP/2, which is offered over TLS only ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "authorities.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def ask_http2(talk: Talk2, authority: trustme.CA, bundle: Path, times: int = 1) -> Sequence[Outcome]:
    tls = serving(authority, SITE, protocols=["h2"])
    async with http2_server(talk, tls) as port, web(port, ca_bundle=bundle) as client:
        return [await client.get(f"https://{SITE}/") for _ in range(times)]


def frames(body: bytes, *headers: tuple[str, str]) -> Talk2:
    async def talk(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        state.send_headers(stream, [(":status", "200"), *headers])
        state.send_data(stream, body, end_stream=True)

    return talk


async def test_a_site_that_speaks_http_2_is_answered_in_it_on_one_connection(
    authority: trustme.CA, bundle: Path
) -> None:
    for answer in await ask_http2(frames(b"salom", ("etag", "x")), authority, bundle, 3):
        assert isinstance(answer, Answer)
        assert (answer.status, answer.header("etag"), answer.body) == (200, "x", b"salom")


async def test_line_ends_in_a_header_of_http_2_reach_nobody(authority: trustme.CA, bundle: Path) -> None:
    [answer] = await ask_http2(frames(b"", ("x-odd", "a\r\nLocation: http://evil.example/")), authority, bundle)
    assert isinstance(answer, Fault) or (isinstance(answer, Answer) and "\n" not in answer.header("x-odd"))


def headers_only(*headers: tuple[str, str]) -> Talk2:
    async def talk(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        state.send_headers(stream, list(headers), end_stream=True)

    return talk


async def _header_bomb(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
    # One long field, written once and named by its number a thousand times: 4 KB on the wire, 4 MB of headers.
    block = state.encoder.encode([(":status", "200"), ("x", "y" * 3900)]) + b"\xbe" * 1000
    length = len(block)
    writer.write(length.to_bytes(3, "big") + b"\x01\x05" + stream.to_bytes(4, "big") + block)


def raw_flood(frame: bytes, then: Callable[[int], bytes] = lambda _: b"") -> Talk2:
    async def talk(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
        writer.write(then(stream))
        named = frame.replace(b"STRM", stream.to_bytes(4, "big"))
        for _ in range(4000):
            writer.write(named * 1000)
            await writer.drain()

    return talk


async def _reset(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
    state.reset_stream(stream)


async def _go_away(state: h2.connection.H2Connection, stream: int, writer: asyncio.StreamWriter) -> None:
    state.close_connection(1)


PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"x" * 8
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
EMPTY_DATA = b"\x00\x00\x00\x00\x00STRM"
CONTINUATION = b"\x00\x00\x00\x09\x00STRM"
OPEN_HEADERS = b"\x00\x00\x01\x01\x00"
WHOLE_HEADERS = b"\x00\x00\x01\x01\x04"
STATUS_200 = b"\x88"


@pytest.mark.parametrize(
    "talk",
    [
        _header_bomb,
        raw_flood(PING),
        raw_flood(SETTINGS),
        raw_flood(EMPTY_DATA, lambda stream: WHOLE_HEADERS + stream.to_bytes(4, "big") + STATUS_200),
        raw_flood(CONTINUATION, lambda stream: OPEN_HEADERS + stream.to_bytes(4, "big") + STATUS_200),
        headers_only((":status", "two hundred")),
        headers_only((":status", "")),
        _reset,
        _go_away,
        raw_flood(b"\xff" * 16),
    ],
    ids=[
        "header bomb", "pings", "settings", "empty data", "continuations", "status of words", "empty status", "reset",
        "go away", "no frames",
    ],
)  # fmt: skip
async def test_broken_and_endless_http_2_is_a_fault_of_the_server(
    talk: Talk2, authority: trustme.CA, bundle: Path, request: pytest.FixtureRequest
) -> None:
    started = time.monotonic()
    [outcome] = await ask_http2(talk, authority, bundle)
    assert time.monotonic() - started < 5
    assert isinstance(outcome, Fault), outcome
    assert outcome.kind == "protocol"
    assert "empty data" not in request.node.name or "pieces" in outcome.detail


@pytest.mark.parametrize("headers", [[("x", "no status")], [(":status", "200"), ("content-length", "5")]])
async def test_an_answer_of_http_2_that_holds_nothing_brings_nothing(
    headers: list[tuple[str, str]], authority: trustme.CA, bundle: Path
) -> None:
    [outcome] = await ask_http2(headers_only(*headers), authority, bundle)
    assert isinstance(outcome, Fault) or (isinstance(outcome, Answer) and outcome.body == b"")


async def test_after_every_insult_the_next_site_is_asked_as_ever(authority: trustme.CA, bundle: Path) -> None:
    good = says(b"hello")
    insults: list[Callable[[], Any]] = [
        lambda: server(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
        lambda: server(sends(b"\x00" * 1000)),
        lambda: http2_server(_header_bomb, serving(authority, "bad.example", protocols=["h2"])),
        lambda: http2_server(raw_flood(PING), serving(authority, "bad.example", protocols=["h2"])),
    ]
    async with server(good) as port:
        for insult in insults:
            async with insult() as bad_port:
                pins = {SITE: Pin("127.0.0.1", port), "bad.example": Pin("127.0.0.1", bad_port)}
                async with HttpxWeb("xabar/1", pins, connections=1, ca_bundle=bundle, total_seconds=1) as client:
                    for scheme in ("http", "https"):
                        assert not isinstance(await client.get(f"{scheme}://bad.example/"), Answer)
                    assert isinstance(await client.get(f"http://{SITE}/"), Answer)


# --- what feeds and sitemaps hold -----------------------------------------------------------------------------------


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DECLARED = f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}<!ENTITY f SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("entity", ["&l9;", "&f;"], ids=["a billion laughs", "a file of this machine"])
@pytest.mark.parametrize(
    ("read", "document"),
    [
        (read_feed, "<rss version='2.0'><channel><title>{}</title></channel></rss>"),
        (read_feed, "<feed xmlns='http://www.w3.org/2005/Atom'><title>{}</title></feed>"),
        (
            lambda body, url: read_sitemap(body, url, NOW),
            "<urlset><url><loc>http://site.example/{}</loc></url></urlset>",
        ),
    ],
    ids=["rss", "atom", "sitemap"],
)
async def test_entities_in_a_feed_or_sitemap_are_refused_at_once(
    read: Callable[..., object], document: str, entity: str
) -> None:
    body = f"<?xml version='1.0'?>{DECLARED}{document.format(entity)}".encode()
    answer = await ask(says(body, "Content-Type: application/xml"))
    assert isinstance(answer, Answer)
    started = time.monotonic()
    with pytest.raises(NotAListing):
        read(answer.body, answer.url)
    assert time.monotonic() - started < 1
