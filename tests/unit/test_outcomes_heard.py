"""What the store and the parser say of pages comes back to the fetcher."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.contracts.outcomes import Receipt, Rejection
from services.fetcher.lists import outcomes as module
from services.fetcher.lists.outcomes import Outcomes

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
URL = "https://www.a.uz/news/123?utm_source=x"


def receipt(url: str = URL, kind: Any = "new") -> Receipt:
    return Receipt(
        article_id="0" * 32, kind=kind, revision=1, url=url, canonical_url=url, host="a.uz", stored_at=NOW
    )  # fmt: skip


def rejection(url: str = URL, reason: Any = "not-an-article", stage: str = "parser") -> Rejection:
    return Rejection(stage=stage, reason=reason, url=url, rejected_at=NOW)


def test_what_was_stored_and_what_was_refused_is_counted_by_shape_with_and_without_www() -> None:
    heard = Outcomes(lambda host: host == "a.uz")
    unknown = heard.shapes(URL).share("/news/<n>")
    heard.stored(receipt())
    assert heard.shapes("https://a.uz/").share("/news/<n>") > unknown
    heard.rejected(rejection("https://a.uz/tag/x"))
    assert heard.shapes(URL).share("/tag/<word>") < unknown


@pytest.mark.parametrize("reason", ["undecodable-text", "budget"])
def test_refusals_that_say_nothing_of_the_content_do_not_count(reason: str) -> None:
    heard = Outcomes(lambda host: True)
    heard.rejected(rejection(reason=reason))
    heard.rejected(rejection(stage="enricher"))
    heard.stored(receipt(kind="gone"))
    assert not heard.no_article(URL)
    assert len(heard.shapes(URL)) == 0


def test_a_page_that_is_no_article_is_known_by_its_canonical_url_until_it_becomes_one() -> None:
    heard = Outcomes(lambda host: False)
    heard.rejected(rejection())
    assert heard.no_article("https://www.a.uz/news/123")
    assert not heard.no_article("https://www.a.uz/news/124")
    heard.stored(receipt())
    assert not heard.no_article(URL)


def test_the_oldest_are_forgotten_beyond_the_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NO_ARTICLES", 2)
    monkeypatch.setattr(module, "MAX_HOSTS", 2)
    heard = Outcomes(lambda host: True)
    for host in "abac":
        heard.rejected(rejection(f"https://{host}.uz/1"))
    assert [heard.no_article(f"https://{host}.uz/1") for host in "abc"] == [True, False, True]
    assert [len(heard.shapes(f"https://{host}.uz/1")) for host in "abc"] == [1, 0, 1]


def test_a_host_that_is_watched_no_more_is_forgotten() -> None:
    watched = {"a.uz", "b.uz"}
    heard = Outcomes(watched.__contains__)
    for host in ("a.uz", "b.uz", "c.uz"):
        heard.stored(receipt(f"https://{host}/1"))
    watched.remove("b.uz")
    heard.sources_changed()
    assert [len(heard.shapes(f"https://{host}.uz/1")) for host in "abc"] == [1, 0, 0]


def test_a_url_that_is_none_does_no_harm() -> None:
    heard = Outcomes(lambda host: True)
    heard.stored(receipt("nonsense"))
    heard.rejected(rejection("nonsense"))
    assert heard.no_article("nonsense")
