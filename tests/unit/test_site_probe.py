"""What a command asks of sites: gently, as robots.txt allows, and no more where a host wants to be left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import pairwise

import pytest

from services.console.site_probe import MAX_REQUESTS, MAX_WAIT_SECONDS, Probe
from services.contracts.sources import Politeness
from services.fetcher.interpret import Denied, Later, Usable
from services.fetcher.web.answers import Answer, Fault, Outcome

A = "http://a.example"


class ScriptedWeb:
    """Answers from a table, 404 for all else; every request takes no time and is noted with its time."""

    def __init__(self, answers: Mapping[str, Outcome | tuple[int, str]]) -> None:
        self.answers = answers
        self.now = 1000.0
        self.asked: list[tuple[float, str]] = []
        self.headers: list[Mapping[str, str]] = []

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Outcome:
        await asyncio.sleep(0)
        self.asked.append((self.now, url))
        self.headers.append(headers or {})
        answer = self.answers.get(url, (404, ""))
        if not isinstance(answer, tuple):
            return answer
        status, said = answer
        if 300 <= status < 400:
            return Answer(url, status, {"location": said})
        return Answer(url, status, {"content-type": "text/html"}, said.encode())

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def urls(self) -> list[str]:
        return [url for _, url in self.asked]


def probe_of(web: ScriptedWeb, delay: float = 2.0, wish: Politeness | None = None) -> Probe:
    return Probe(web, "xabar", delay, lambda _: wish, monotonic=lambda: web.now, sleep=web.sleep)


async def test_robots_txt_is_asked_first_and_once_and_what_it_forbids_is_not_asked() -> None:
    web = ScriptedWeb({f"{A}/robots.txt": (200, "User-agent: xabar\nDisallow: /private"), f"{A}/b": (200, "x")})
    probe = probe_of(web)
    forbidden, allowed = await probe.ask(f"{A}/private/a"), await probe.ask(f"{A}/b")
    assert isinstance(forbidden, Denied)
    assert forbidden.reason == "robots"
    assert isinstance(allowed, Usable)
    assert web.urls == [f"{A}/robots.txt", f"{A}/b"]


async def test_requests_to_a_host_keep_its_delay_even_when_many_ask_at_once() -> None:
    web = ScriptedWeb({})
    probe = probe_of(web)
    await asyncio.gather(*(probe.ask(f"{A}/{page}") for page in range(5)))
    times = [at for at, _ in web.asked]
    assert len(times) == 6
    assert all(later - earlier >= 2.0 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("robots", "wish", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 7", None, 7.0),
        ("", Politeness(delay=5), 5.0),
        ("User-agent: *\nCrawl-delay: 1", Politeness(delay=5), 5.0),
    ],
)
async def test_the_longest_delay_of_robots_txt_source_and_settings_counts(
    robots: str, wish: Politeness | None, delay: float
) -> None:
    web = ScriptedWeb({f"{A}/robots.txt": (200, robots)})
    await probe_of(web, wish=wish).ask(f"{A}/a")
    assert web.asked[1][0] - web.asked[0][0] == delay


async def test_a_site_that_wants_a_very_long_delay_is_not_asked_again_by_hand() -> None:
    web = ScriptedWeb({f"{A}/robots.txt": (200, f"User-agent: *\nCrawl-delay: {MAX_WAIT_SECONDS + 1}")})
    found = await probe_of(web).ask(f"{A}/a")
    assert isinstance(found, Later)
    assert found.fault == "budget"
    assert web.urls == [f"{A}/robots.txt"]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_host_that_wants_to_be_left_alone_is_asked_no_more_in_this_run(status: int) -> None:
    web = ScriptedWeb({f"{A}/a": (status, "")})
    probe = probe_of(web)
    found = [await probe.ask(f"{A}/a"), await probe.ask(f"{A}/b")]
    assert [isinstance(one, Later) and one.fault for one in found] == [f"http-{status}"] * 2
    assert web.urls == [f"{A}/robots.txt", f"{A}/a"]


async def test_a_host_without_an_address_is_asked_once() -> None:
    web = ScriptedWeb({f"{A}/robots.txt": Fault(f"{A}/robots.txt", "dns", "no address")})
    probe = probe_of(web)
    found = [await probe.ask(f"{A}/a"), await probe.ask(f"{A}/b")]
    assert [isinstance(one, Later) and one.fault for one in found] == ["dns"] * 2
    assert len(web.asked) == 1


async def test_a_run_asks_a_host_only_so_often() -> None:
    web = ScriptedWeb({})
    probe = probe_of(web, delay=0)
    found = [await probe.ask(f"{A}/{page}") for page in range(MAX_REQUESTS + 1)]
    assert len(web.asked) == MAX_REQUESTS
    assert isinstance(found[-1], Later)


@pytest.mark.parametrize(
    ("first", "second", "moved_to"),
    [(301, 308, f"{A}/c"), (302, 301, None), (301, 302, None), (307, 307, None)],
)
async def test_a_move_is_proposed_where_permanent_redirects_alone_lead_there(
    first: int, second: int, moved_to: str | None
) -> None:
    web = ScriptedWeb({f"{A}/a": (first, "/b"), f"{A}/b": (second, "/c"), f"{A}/c": (200, "x")})
    found = await probe_of(web).ask(f"{A}/a")
    assert isinstance(found, Usable)
    assert (found.answer.url, found.moved_to) == (f"{A}/c", moved_to)


async def test_redirects_go_by_the_robots_txt_of_the_host_that_they_lead_to() -> None:
    web = ScriptedWeb(
        {f"{A}/a": (301, "http://b.example/x"), "http://b.example/robots.txt": (200, "User-agent: *\nDisallow: /")}
    )
    found = await probe_of(web).ask(f"{A}/a")
    assert isinstance(found, Denied)
    assert found.reason == "robots"
    assert "http://b.example/x" not in web.urls


async def test_a_circle_of_redirects_ends() -> None:
    web = ScriptedWeb({f"{A}/a": (301, "/b"), f"{A}/b": (301, "/a")})
    found = await probe_of(web).ask(f"{A}/a")
    assert isinstance(found, Denied)
    assert found.reason == "too-many-redirects"


async def test_a_subscriptions_headers_go_along_for_its_own_source_only() -> None:
    web = ScriptedWeb({})
    probe = Probe(web, "xabar", 0.0, secrets=lambda source, _: {"x-key": "s"} if source == "paid" else {})
    await probe.of("paid").ask(f"{A}/a")
    await probe.ask(f"{A}/b")
    assert web.headers == [{"x-key": "s"}, {"x-key": "s"}, {}]
