"""The ways out: a proxy, own authorities, a source address, and a subscription's secrets, over real connections."""

import asyncio
import base64
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from wires import SITE, Forwarder, Heard, Talk, forwarding, http2_server, says, sends, server, serving, web

from services.fetcher.hosts import HostRules, Hosts
from services.fetcher.politeness import Rule
from services.fetcher.pulse import Pulse
from services.fetcher.queue.frontier import Frontier
from services.fetcher.queue.ledger import Ledger
from services.fetcher.source_book import SourceBook
from services.fetcher.web.addresses import Pin
from services.fetcher.web.answers import Answer, Fault, Outcome, Refusal
from services.fetcher.web.credentials import Credentials
from services.fetcher.web.egress import Proxy, check_source_address, read_proxy
from services.fetcher.web.http import HttpxWeb
from services.runtime import logs
from services.runtime.stage import utc_now

pytestmark = pytest.mark.timeout(60)
NEWS = "news.example"
SECRET = "pa55word"
LOGIN = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "authorities.pem"
    authority.cert_pem.write_to_path(path)
    return path


class NoDns:
    """Knows the proxy, and fails the test for any other name: the proxy resolves."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        assert host == "proxy.example"
        return ["127.0.0.1"]


def through(port: int, login: str = "", scheme: str = "http", **ways: Any) -> HttpxWeb:
    proxy = read_proxy(f"{scheme}://{login}proxy.example:{port}")
    return HttpxWeb("xabar/1", ways.pop("pins", {}), proxy=proxy, resolve=NoDns(), total_seconds=3, **ways)


# --- the proxy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["", f"me:{SECRET}@"])
async def test_http_goes_through_the_proxy_which_resolves_the_name(login: str) -> None:
    heard = Heard()
    async with server(says(b"salom"), heard=heard) as site:
        forwarder = Forwarder({NEWS: site}, LOGIN if login else None)
        async with forwarding(forwarder) as port, through(port, login) as client:
            answer = await client.get(f"http://{NEWS}/a?b=c")
    assert isinstance(answer, Answer)
    assert answer.body == b"salom"
    assert forwarder.heads[0].startswith(b"GET http://news.example/a?b=c HTTP/1.1\r\n")
    assert b"Host: news.example\r\n" in forwarder.heads[0]
    assert (f"Proxy-Authorization: {LOGIN}".encode() in forwarder.heads[0]) == bool(login)


@pytest.mark.parametrize("login", ["", f"me:{SECRET}@"])
async def test_https_goes_through_a_tunnel_and_the_proxys_password_ends_there(
    login: str, authority: trustme.CA, bundle: Path
) -> None:
    heard = Heard()
    async with server(says(b"salom"), serving(authority, NEWS), heard) as site:
        forwarder = Forwarder({NEWS: site}, LOGIN if login else None)
        async with forwarding(forwarder) as port, through(port, login, ca_bundle=bundle) as client:
            answers = [await client.get(f"https://{NEWS}/secret-path") for _ in range(2)]
    assert all(isinstance(answer, Answer) and answer.body == b"salom" for answer in answers)
    # One tunnel for both, in which the proxy sees a name and nothing else.
    assert [head.split(b"\r\n")[0] for head in forwarder.heads] == [b"CONNECT news.example:443 HTTP/1.1"]
    assert b"secret-path" not in forwarder.heads[0]
    assert len(heard.requests) == 2
    assert not any(b"proxy" in request.lower() for request in heard.requests)


async def test_http_2_is_spoken_through_a_tunnel(authority: trustme.CA, bundle: Path) -> None:
    async def talk(state: Any, stream: int, writer: asyncio.StreamWriter) -> None:
        state.send_headers(stream, [(":status", "200")])
        state.send_data(stream, b"salom", end_stream=True)

    async with (
        http2_server(talk, serving(authority, NEWS, protocols=["h2"])) as site,
        forwarding(Forwarder({NEWS: site})) as port,
        through(port, ca_bundle=bundle) as client,
    ):
        answer = await client.get(f"https://{NEWS}/")
    assert isinstance(answer, Answer)
    assert answer.body == b"salom"


@pytest.mark.parametrize("url", [f"http://{NEWS}/", f"https://{NEWS}/"])
async def test_a_proxy_may_itself_be_asked_over_tls(url: str, authority: trustme.CA, bundle: Path) -> None:
    tls = serving(authority, NEWS) if url.startswith("https") else None
    async with server(says(b"salom"), tls) as site:
        forwarder = Forwarder({NEWS: site}, LOGIN)
        async with forwarding(forwarder, serving(authority, "proxy.example")) as port:
            async with through(port, f"me:{SECRET}@", "https", ca_bundle=bundle) as client:
                answer = await client.get(url)
            async with through(port, f"me:{SECRET}@", "https") as client:
                untrusting = await client.get(url)
    assert isinstance(answer, Answer)
    assert answer.body == b"salom"
    assert isinstance(untrusting, Fault)
    assert untrusting.kind == "proxy"


@pytest.mark.parametrize("url", [f"http://{NEWS}/", f"https://{NEWS}/"])
async def test_a_proxy_that_is_away_is_a_fault_of_the_proxy(url: str) -> None:
    async with forwarding(Forwarder({})) as port:
        pass
    async with through(port, f"me:{SECRET}@") as client:
        fault = await client.get(url)
    assert isinstance(fault, Fault)
    assert fault.kind == "proxy"
    assert "can't be reached" in fault.detail
    assert SECRET not in repr(fault)


@pytest.mark.parametrize("login", ["", f"me:not-{SECRET}@"])
@pytest.mark.parametrize("url", [f"http://{NEWS}/", f"https://{NEWS}/"])
async def test_a_proxy_that_wants_another_password_says_so_without_one(url: str, login: str) -> None:
    async with forwarding(Forwarder({}, LOGIN)) as port, through(port, login) as client:
        fault = await client.get(url)
    assert isinstance(fault, Fault)
    assert fault.kind == "proxy"
    assert "407" in fault.detail
    assert "FETCHER_PROXY" in fault.detail
    assert SECRET not in repr(fault)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 503 No route\r\nContent-Length: 0\r\n\r\n", "connect"),
        (b"HTTP/1.1 403 Not from here\r\nContent-Length: 0\r\n\r\n", "proxy"),
        (b"", "protocol"),
        (b"HTTP/1.1 200 OK\r\n\r\nno handshake", "tls"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "protocol"),
    ],
    ids=["can't reach it", "refuses", "hangs up", "no TLS", "endless headers"],
)
async def test_a_tunnel_that_does_not_come_about_is_a_fault(answer: bytes, kind: str) -> None:
    async with forwarding(Forwarder({}, answer=answer)) as port, through(port) as client:
        fault = await client.get(f"https://{NEWS}/")
    assert isinstance(fault, Fault)
    assert fault.kind == kind, fault


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:169.254.169.254]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1",
     "localhost", "a.localhost", "printer", "metadata.google.internal", f"{NEWS}@169.254.169.254"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_is_not_asked_for_what_is_inside(scheme: str, host: str) -> None:
    forwarder = Forwarder({})
    async with forwarding(forwarder) as port, through(port) as client:
        refused = await client.get(f"{scheme}://{host}/latest/")
    assert isinstance(refused, Refusal)
    assert refused.reason in ("address-refused", "bad-url")
    assert forwarder.heads == []


async def test_a_pinned_name_goes_past_the_proxy() -> None:
    forwarder = Forwarder({})
    async with (
        server(says(b"salom")) as site,
        forwarding(forwarder) as port,
        through(port, f"me:{SECRET}@", pins={SITE: Pin("127.0.0.1", site)}) as client,
    ):
        answer = await client.get(f"http://{SITE}/")
    assert isinstance(answer, Answer)
    assert forwarder.heads == []


@pytest.mark.parametrize(
    "text",
    ["", "proxy.example:80", "socks5://proxy.example:80", "http://proxy.example", "http://me:pa55word@", "http://[::1",
     "http://me:pa55word@proxy.example:0x50", "http://p.example:80/pa55word", "http://p.example:80?pa55word",
     "http://me:pä55word@p.example:80", "http://me:pa55word%0d%0aX@p.example:80"],
)  # fmt: skip
def test_a_proxy_that_can_not_be_read_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match="http://user:password@host:port") as refused:
        read_proxy(text)
    assert SECRET not in str(refused.value)


def test_a_proxys_password_is_read_unescaped_and_not_shown() -> None:
    proxy = read_proxy("http://me:p%40ss%3aw%2Ford@Proxy.example:3128/")
    assert proxy == Proxy("http", "proxy.example", 3128, ("me", "p@ss:w/ord"))
    assert "ss:w" not in repr(proxy)


# --- own authorities ------------------------------------------------------------------------------------------------


async def over_tls(context: Any, **ways: Any) -> Outcome:
    async with server(says(b"salom"), context) as port, web(port, **ways) as client:
        return await client.get(f"https://{SITE}/")


async def test_a_server_of_the_operators_own_authority_is_trusted(authority: trustme.CA, bundle: Path) -> None:
    answer = await over_tls(serving(authority, SITE), ca_bundle=bundle)
    assert isinstance(answer, Answer)
    assert answer.body == b"salom"


async def test_servers_that_no_authority_vouches_for_are_not_trusted(authority: trustme.CA, bundle: Path) -> None:
    stranger = trustme.CA()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    cases: dict[str, tuple[Any, Any]] = {
        "unable to get local issuer": (serving(authority, SITE), {}),
        "certificate verify failed": (serving(stranger, SITE), {"ca_bundle": bundle}),
        "has expired": (serving(authority, SITE, not_after=yesterday), {"ca_bundle": bundle}),
        "ostname mismatch": (serving(authority, "other.example"), {"ca_bundle": bundle}),
    }
    for word, (context, ways) in cases.items():
        fault = await over_tls(context, **ways)
        assert isinstance(fault, Fault)
        assert fault.kind == "tls"
        assert word in fault.detail


async def test_a_server_that_speaks_no_tls_is_a_fault(bundle: Path) -> None:
    async with server(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port, web(port, 1, ca_bundle=bundle) as client:
        fault = await client.get(f"https://{SITE}/")
    assert isinstance(fault, Fault)
    assert fault.kind in ("tls", "timeout")


def test_a_bundle_that_holds_no_certificates_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ("empty.pem", "missing.pem", "."):
        with pytest.raises(ValueError, match=str(tmp_path)):
            web(1, ca_bundle=tmp_path / name)


# --- the source address ---------------------------------------------------------------------------------------------


def whoever() -> Talk:
    async def talk(request: bytes, writer: asyncio.StreamWriter) -> None:
        await says(str(writer.get_extra_info("peername")[0]).encode())(request, writer)

    return talk


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
async def test_requests_leave_from_the_source_address_with_and_without_a_proxy() -> None:
    async with server(whoever()) as port, web(port, source_address="127.0.0.2") as client:
        direct = await client.get(f"http://{SITE}/")
    async with server(whoever()) as port, through(port, source_address="127.0.0.3") as client:
        proxied = await client.get(f"http://{NEWS}/")
    assert isinstance(direct, Answer)
    assert isinstance(proxied, Answer)
    assert (direct.body, proxied.body) == (b"127.0.0.2", b"127.0.0.3")


async def test_a_site_without_an_address_of_the_sources_family_is_a_fault() -> None:
    async with HttpxWeb("xabar/1", {SITE: Pin("::1", 1)}, source_address="127.0.0.1") as client:
        fault = await client.get(f"http://{SITE}/")
    assert isinstance(fault, Fault)
    assert fault.kind == "connect"
    assert "no address that 127.0.0.1 can reach" in fault.detail


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "eth0", "", "127.0.0.1:80"])
def test_a_source_address_that_is_not_this_machines_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match="source address"):
        check_source_address(address)


# --- a subscription's secrets ---------------------------------------------------------------------------------------


class Silent:
    """A broker that takes everything."""

    async def send(self, *_: Any, **__: Any) -> None:
        pass

    async def bury(self, *_: Any, **__: Any) -> None:
        pass


async def at_once(send: Any) -> None:
    await send()


def asking(client: HttpxWeb, credentials: Credentials) -> Hosts:
    rules = HostRules(Rule(0.0, 1000, 0.01), SourceBook())
    frontier, pulse = Frontier("me", 1, rules), Pulse(100)
    frontier.assign(0, utc_now())
    frontier.restored(0, utc_now())
    insist: Any = at_once
    return Hosts(
        frontier=frontier, ledger=Ledger(frontier, Silent(), pulse), rules=rules, web=client, pulse=pulse,
        insist=insist, clock=utc_now, random=lambda: 0.0, sleep=asyncio.sleep, credentials=credentials,
    )  # fmt: skip


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
async def test_a_subscriptions_secrets_reach_its_hosts_and_nobody_else_and_no_log(
    protocol: str, authority: trustme.CA, bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gazeta.toml").write_text(
        f'hosts = ["{SITE}"]\n[headers]\nAuthorization = "Bearer {SECRET}"\n[cookies]\nsession = "{SECRET}2"\n'
    )
    heard: list[tuple[str, dict[str, str]]] = []

    async def hears(request: bytes, writer: asyncio.StreamWriter) -> None:
        lines = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if line)
        heard.append((lines["Host"], {name.lower(): value for name, value in lines.items()}))
        await says(b"", "Location: https://other.example/", "Set-Cookie: session=x", status="302 Found")(
            request, writer
        )

    async def hears2(state: Any, stream: int, writer: asyncio.StreamWriter) -> None:
        request = dict(heads.pop(0))
        heard.append((request[":authority"], request))
        state.send_headers(stream, [(":status", "302"), ("location", "https://other.example/")], end_stream=True)

    heads: list[Any] = []
    tls = serving(authority, SITE, "other.example", protocols=[protocol])
    made = server(hears, tls) if protocol == "http/1.1" else http2_server(hears2, tls, heads)
    root = logging.getLogger()
    before = (root.handlers, root.level)
    logs.configure("fetcher", "debug")
    try:
        async with made as port:
            pins = {name: Pin("127.0.0.1", port) for name in (SITE, "other.example")}
            async with HttpxWeb("xabar/1", pins, ca_bundle=bundle) as client:
                credentials = Credentials(tmp_path)
                hosts = asking(client, credentials)
                for host, source in ((SITE, "gazeta"), ("other.example", "gazeta"), (SITE, "kun"), (SITE, None)):
                    outcome = await hosts.request(host, f"https://{host}/", source, {}, patient=True)
                    assert isinstance(outcome, Answer)
                    assert SECRET not in repr(outcome)
        logging.getLogger("fetcher").debug("this is logged")
    finally:
        root.handlers, _ = before
        root.setLevel(before[1])
    assert [host for host, _ in heard] == [SITE, "other.example", SITE, SITE]
    assert heard[0][1]["authorization"] == f"Bearer {SECRET}"
    assert heard[0][1]["cookie"] == f"session={SECRET}2"
    assert all("authorization" not in headers and "cookie" not in headers for _, headers in heard[1:])
    said = capfd.readouterr()
    assert "this is logged" in said.err
    assert SECRET not in said.err + said.out + repr(credentials)
    assert f"https://{SITE}/" not in said.err
