"""Batch mode answers every line in order, whatever stands in it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.console.page_opening import hear
from services.contracts.articles import ParsedArticle
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, pack
from services.parser import batch
from services.parser.batch import Opened, answer, opened
from services.parser.limits import Limits
from services.parser.parse import parse
from services.parser.worker import work
from services.runtime.lines import answer_lines
from services.runtime.pool import Poisoned

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PROSE = (
    "<p>The ferry over the lake runs again since the ice broke up during the night, slowly and without a sound.</p>"
    "<p>Forty people waited at the pier in the morning, some of them with sheep, one of them with a piano.</p>"
    "<p>The captain said that the crossing takes an hour, as it did in the years before the war on prices began.</p>"
)
PAGE = f"<html><head><title>The ferry runs</title></head><body><article><h1>The ferry runs</h1>{PROSE}</article></body>"


def line(**fields: Any) -> bytes:
    return json.dumps({"id": 1, "url": "https://lake.example/n/ferry-runs-again-771", **fields}).encode() + b"\n"


def encoded(html: str = PAGE) -> str:
    return base64.b64encode(html.encode()).decode()


def open_line(text: bytes) -> Opened:
    return opened(text, hear, Limits().max_page_bytes, NOW)


def answers(*lines: bytes, work: batch.Work | None = None, at_once: int = 1) -> list[dict[str, Any]]:
    target = io.BytesIO()

    async def answered(text: bytes) -> bytes:
        return await answer(open_line(text), work or parsed)

    asyncio.run(answer_lines(io.BytesIO(b"".join(lines)), target, answered, at_once, batch.MAX_LINE_BYTES))
    return [json.loads(one) for one in target.getvalue().splitlines()]


async def parsed(page: FetchedPage, content: bytes) -> ParsedArticle | Rejection:
    return work(page, Limits(), "test", content)


def test_a_page_is_read_exactly_as_the_stage_reads_it() -> None:
    facts = {"time_zone": "Asia/Tashkent", "language": "en", "country": "UZ", "id": "lake"}
    [answer] = answers(line(html_base64=encoded(), source=facts))
    page = open_line(line(html_base64=encoded(), source=facts)).page
    assert page is not None
    assert page.facts.model_dump() == {"timezone": "Asia/Tashkent", "language": "en", "country": "UZ"}
    by_stage = parse(page.model_copy(update={"body": pack(PAGE.encode())}), Limits(), NOW, "test")
    assert isinstance(by_stage, ParsedArticle)
    assert ParsedArticle(**answer["article"] | {"stamps": by_stage.stamps}) == by_stage
    assert (answer["id"], answer["rejection"], by_stage.source) == (1, None, "lake")
    assert answer.keys() == {"id", "article", "rejection"}
    assert answer["article"].keys() == ParsedArticle.model_fields.keys()


def test_a_page_that_is_no_article_is_a_rejection() -> None:
    [answer] = answers(line(html_base64=encoded("<h1>Short</h1>")))
    assert (answer["article"], answer["rejection"]["reason"]) == (None, "too-short")


def test_lines_are_answered_in_order_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    found = answers(
        line(id="first", html_path=str(file)),
        b"no json\n",
        b"\n",
        b"[1]\n",
        line(id="none"),
        line(id="two", html_path=str(file), html_base64=encoded()),
        line(id="gone", html_path=str(tmp_path / "gone.html")),
        line(id="folder", html_path=str(tmp_path)),
        line(id="broken", html_base64="abc"),
        line(id="zone", html_path=str(file), source={"time_zone": "Asia/Nowhere"}),
        line(id="last", html_path=str(file), url=None, source=None, headers=None),
    )
    words = {answer["id"]: answer.get("error") for answer in found if answer["id"]}
    assert [answer["id"] for answer in found] == [
        "first", None, None, "none", "two", "gone", "folder", "broken", "zone", "last"
    ]  # fmt: skip
    assert words["first"] is words["last"] is None
    assert "no JSON" in found[1]["error"]
    assert "no JSON object" in found[2]["error"]
    assert words["gone"] == f"html_path: {tmp_path / 'gone.html'}: No such file or directory"
    assert words["folder"].endswith("Is a directory")
    assert words["broken"].startswith("html_base64: ")
    assert words["zone"] == "source.time_zone: 'Asia/Nowhere' is no IANA name like Asia/Tashkent"


def test_a_line_without_end_is_answered_once_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_LINE_BYTES", 10_000)
    found = answers(b"x" * 35_000 + b"\n", line(html_base64=encoded()))
    assert [answer.get("error") for answer in found] == ["the line has more than 10000 bytes", None]


def test_pages_without_a_url_are_articles_of_no_site_and_differ() -> None:
    one, other = answers(
        line(url="", html_base64=encoded()), line(url=" ", html_base64=encoded(PAGE.replace("ferry", "boat")))
    )
    assert one["article"]["host"] == "unknown.invalid"
    assert one["article"]["article_id"] != other["article"]["article_id"]
    assert one["article"]["published"] is None


def test_what_is_no_url_is_a_rejection_as_in_the_stage() -> None:
    [answer] = answers(line(url="lake.example/n/1", html_base64=encoded()))
    assert answer["rejection"]["reason"] == "bad-url"
    assert "begins with neither http:// nor https://" in answer["rejection"]["detail"]


@pytest.mark.parametrize("url", ["https://[::1/z", "https://a.example:99999/z"])
def test_a_url_that_breaks_its_own_grammar_is_a_rejection_too(url: str) -> None:
    [found] = answers(line(url=url, html_base64=encoded()))
    assert found["rejection"]["reason"] == "bad-url"


def test_headers_count_whatever_their_case() -> None:
    cyrillic = PAGE.replace("The ferry over the lake", "Паром через озеро").encode("koi8-r")
    headers = {"Content-Type": "Text/HTML; Charset=KOI8-R", "x-Robots-TAG": ["noarchive", "noai"], "Age": 7}
    [answer] = answers(line(html_base64=base64.b64encode(cyrillic).decode(), headers=headers))
    assert answer["article"]["text"].startswith("Паром через озеро")
    assert answer["article"]["rights"]["robots"] == ["noarchive", "noai"]
    assert answer["article"]["rights"]["training_opt_out"] is True
    [refused] = answers(line(html_base64=encoded(), headers={"CONTENT-TYPE": "application/pdf"}))
    assert refused["rejection"]["reason"] == "not-html"


def test_the_time_of_fetching_may_be_given() -> None:
    given = answers(line(html_base64=encoded(), fetched_at="2024-05-15T19:34:00+05:00"), line(html_base64=encoded()))
    assert [answer["article"]["fetched_at"] for answer in given] == [
        "2024-05-15T19:34:00+05:00",
        "2026-11-20T09:00:00Z",
    ]


def test_a_larger_page_than_is_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "large.html"
    file.write_bytes(b"<p>" + b" " * Limits().max_page_bytes)
    [answer] = answers(line(html_path=str(file)))
    assert answer["rejection"]["reason"] == "too-large"


def test_a_fault_of_the_parser_costs_one_page() -> None:
    async def clumsy(page: FetchedPage, content: bytes) -> ParsedArticle | Rejection:
        if content == b"poison":
            raise RuntimeError("tripped")
        return await parsed(page, content)

    found = answers(line(html_base64=encoded("poison")), line(html_base64=encoded()), work=clumsy)
    assert found[0]["error"] == "the parser failed: RuntimeError: tripped"
    assert found[1]["article"]["title"] == "The ferry runs"


def test_pages_parsed_elsewhere_are_written_in_order_and_a_hanging_one_is_told() -> None:
    others_are_done, finished = asyncio.Event(), list[str]()

    async def slow_first(page: FetchedPage, content: bytes) -> ParsedArticle | Rejection:
        if content == b"hangs":
            raise Poisoned("no answer within 5 s, twice")
        if page.url.endswith("/1"):
            await others_are_done.wait()
        finished.append(page.url)
        if len(finished) == 2:
            others_are_done.set()
        return await parsed(page, content)

    lines = [line(id=n, url=f"https://lake.example/n/{n}", html_base64=encoded()) for n in (1, 2, 3)]
    lines.insert(2, line(id="hangs", html_base64=encoded("hangs")))
    found = answers(*lines, work=slow_first, at_once=2)
    assert [answer["id"] for answer in found] == [1, 2, "hangs", 3]
    assert finished[-1].endswith("/1")
    assert found[2]["error"] == "the page was given up: no answer within 5 s, twice"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b'{"id": NaN, "html_path": "a.html"}\n', "the line is no JSON: NaN is no number in JSON"),
        (b'{"id": 1}\n', "html_path or html_base64 is missing"),
        (b'{"id": 1, "html_path": "a", "html_base64": ""}\n', "give html_path or html_base64, and not both"),
        (b'{"id": 1, "html_path": "a\\u0000b"}\n', "html_path: a path holds no NUL"),
        (b'{"id": 1, "html_base64": "@@@@"}\n', "html_base64: Only base64 data is allowed"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(given: bytes, why: str) -> None:
    assert [answer["error"] for answer in answers(given)] == [why]


def test_base64_may_be_in_lines() -> None:
    [found] = answers(line(html_base64=base64.encodebytes(PAGE.encode()).decode()))
    assert found["article"]["title"] == "The ferry runs"
