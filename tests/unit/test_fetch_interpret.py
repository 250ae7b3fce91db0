"""What answers mean: a page, a refusal, another address, another time."""

import random as randomness
from datetime import UTC, datetime

import pytest

from services.contracts.pages import FetchRequest, SourceFacts
from services.fetcher.interpret import (
    Denied,
    Later,
    Move,
    Unchanged,
    Usable,
    interpret,
    meaning,
    rejection,
    without_user_info,
)
from services.fetcher.web.answers import Answer, Fault, Refusal

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
URL = "https://site.example/a"
REQUEST = FetchRequest(url=URL, source="site", reason="feed", requested_at=NOW)


def answer(status: int = 200, body: bytes = b"<html>", **headers: str) -> Answer:
    return Answer(URL, status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_not_there_is_gone(status: int) -> None:
    assert meaning(answer(status)) == Denied("gone", f"status {status}", f"http-{status}")


@pytest.mark.parametrize(
    ("status", "fault"),
    [(400, "http-400"), (401, "http-401"), (403, "http-403"), (405, "http-4xx"), (451, "http-451"), (204, "odd-status"),
     (206, "odd-status"), (300, "http-3xx"), (302, "http-3xx"), (501, "http-501")],
)  # fmt: skip
def test_a_status_that_will_not_pass_is_a_refusal(status: int, fault: str) -> None:
    assert meaning(answer(status)) == Denied("http-status", f"status {status}", fault)


@pytest.mark.parametrize(
    ("status", "fault"),
    [(408, "http-408"), (429, "http-429"), (500, "http-500"), (502, "http-502"), (503, "http-503"), (504, "http-504"),
     (522, "http-520")],
)  # fmt: skip
def test_a_status_that_may_pass_is_for_later(status: int, fault: str) -> None:
    assert meaning(answer(status)) == Later("http-status", f"status {status}", fault=fault)


def test_a_challenge_is_for_later_whatever_its_status() -> None:
    found = meaning(answer(403, cf_mitigated="challenge"))
    assert isinstance(found, Later)
    assert (found.reason, found.fault) == ("http-status", "blocked")


def test_a_fault_is_for_later_and_a_refusal_is_for_ever() -> None:
    assert isinstance(meaning(Fault(URL, "dns", "x")), Later)
    assert meaning(Refusal(URL, "address-refused", "x")) == Denied("address-refused", "x", "address-refused")
    assert isinstance(meaning(answer(304)), Unchanged)
    assert isinstance(meaning(answer(200)), Usable)


def test_a_redirect_is_resolved_and_loses_its_password() -> None:
    assert meaning(answer(301, location="/b#top")) == Move("https://site.example/b", permanent=True)
    assert meaning(answer(307, location="//me:pw@other.example/c")) == Move("https://other.example/c")
    assert without_user_info(" http://u:p@x.example:81/a?b#c ") == "http://x.example:81/a?b"
    for place in ("ftp://x.example/", "http://[", "javascript:1", "http://"):
        assert isinstance(meaning(answer(302, location=place)), Denied)


def page(found: Answer) -> object:
    return interpret(REQUEST, SourceFacts(language="uz"), found, NOW, NOW, "1")


def test_a_page_carries_its_bytes_headers_charset_and_rights() -> None:
    made = interpret(
        REQUEST, SourceFacts(language="uz"),
        answer(content_type='Text/HTML; Charset="Windows-1251"', x_robots_tag="noai, otherbot: noindex, NoFollow",
               etag="e", set_cookie="secret"),
        NOW, NOW, "1",
    )  # fmt: skip
    assert not isinstance(made, Denied)
    assert (made.media_type, made.charset, made.content()) == ("text/html", "windows-1251", b"<html>")
    assert made.headers.keys() == {"content-type", "x-robots-tag", "etag"}
    assert made.rights.robots == ("noai", "nofollow")
    assert made.rights.training_opt_out is True
    assert made.facts.language == "uz"


@pytest.mark.parametrize("media_type", ["application/pdf", "image/png", "application/json", "text/plain", "text/xml"])
def test_what_is_no_html_is_refused(media_type: str) -> None:
    assert page(answer(content_type=media_type)) == Denied("not-html", media_type, "not-html")


def test_without_a_media_type_the_bytes_speak() -> None:
    assert isinstance(page(answer(body=b"%PDF-1.7")), Denied)
    assert not isinstance(page(answer(body=b"  <!DOCTYPE html><p>x")), Denied)


def test_a_body_that_does_not_shrink_below_the_limit_is_too_large() -> None:
    made = page(answer(body=randomness.Random(1).randbytes(6 * 1024 * 1024), content_type="text/html"))
    assert isinstance(made, Denied)
    assert made.reason == "too-large"


def test_a_rejection_names_the_url_that_was_first_asked_for() -> None:
    request = REQUEST.model_copy(update={"origin": "https://old.example/a", "hops": 1})
    refused = rejection(request, Denied("gone", "status 404"), NOW, NOW)
    assert (refused.reason, refused.url, refused.source) == ("gone", URL, "site")
    assert "https://old.example/a" in refused.detail
