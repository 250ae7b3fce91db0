"""The main job: every article of the newsroom arrives once and right, whatever else is thrown at the pipeline."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.console.broker import connected
from services.console.newsroom import faults
from services.console.settings import settings_for
from services.contracts import headers
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchRequest
from services.contracts.topics import FETCH_REQUESTS, REJECTIONS, STAGE_INPUTS, dead_letters
from tests.e2e.pipeline import Pipeline, assert_each_change_was_told_once, records, wait_for

MISSED_ENTITIES = 0.03
"""The share of the gold records' countries and bodies that the first list may miss."""
BAD_URLS = {
    f"http://{faults.HOST}/loop": "too-many-redirects",
    f"http://{faults.HOST}/bomb": "too-large",
    f"http://{faults.HOST}/huge": "too-large",
    "http://169.254.169.254/latest/": "address-refused",
    "http://localhost/": "address-refused",
    "ftp://files.example/a": "bad-url",
}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with Pipeline(tmp_path_factory.mktemp("flow") / "up") as pipeline:
        pipeline.send_raw([(topic.name, b"\x00\xffgarbage") for topic in STAGE_INPUTS.values()])
        pipeline.watch_sources()
        submit(pipeline, list(BAD_URLS))
        pipeline.wait_until_complete(120)
        yield pipeline


def submit(pipeline: Pipeline, urls: list[str]) -> None:
    async def send() -> None:
        async with connected(settings_for(pipeline.run.state.parent, {}), [FETCH_REQUESTS]) as link:
            for url in urls:
                request = FetchRequest(url=url, reason="submitted", requested_at=datetime.now(UTC))
                await link.send(FETCH_REQUESTS, request)

    asyncio.run(send())


def rejections(pipeline: Pipeline) -> list[Rejection]:
    found = asyncio.run(records(pipeline.run.bootstrap, REJECTIONS.name))
    return [Rejection.decode(record.value) for record in found]


def test_every_article_arrives_once_with_its_language_day_and_title(pipeline: Pipeline) -> None:
    assert pipeline.faults() == []


def test_named_countries_and_bodies_have_one_id_in_every_language(pipeline: Pipeline) -> None:
    stored = {article.canonical_url: set(article.entity_ids) for article in pipeline.stored()}
    wanted = [(gold.canonical_url, entity.id) for gold in pipeline.gold for entity in gold.entities]
    missed = [(url, id_) for url, id_ in wanted if id_ not in stored[url]]
    assert len(missed) <= MISSED_ENTITIES * len(wanted), f"{len(missed)} of {len(wanted)} entities missed: {missed}"


def test_portuguese_is_translated_and_other_languages_say_why_not(pipeline: Pipeline) -> None:
    statuses = Counter((a.language, a.translation_status) for a in pipeline.stored() if a.language != "en")
    assert {status for language, status in statuses if language == "pt"} <= {"ok", "partial", "unavailable"}
    assert {status for language, status in statuses if language != "pt"} <= {"unsupported", "unavailable"}


def test_every_change_is_told_once(pipeline: Pipeline) -> None:
    assert_each_change_was_told_once(pipeline)


def test_a_reprint_is_a_duplicate_and_a_closed_page_is_not_fetched(pipeline: Pipeline) -> None:
    ids = {article.canonical_url: article.article_id for article in pipeline.stored()}
    stored = {article.canonical_url: article for article in pipeline.stored()}
    reprints = [gold for gold in pipeline.gold if gold.duplicate_of]
    assert reprints
    for gold in reprints:
        pair = {stored[gold.canonical_url].duplicate_of, stored[gold.duplicate_of or ""].duplicate_of}
        assert pair & {ids[gold.canonical_url], ids[gold.duplicate_of or ""]}, f"{gold.url} is not known as a reprint"
    closed = {article.url for article in pipeline.newsroom.gold() if not article.fetchable}
    asked = {f"http://{request.host}{request.path}" for request in pipeline.newsroom.requests}
    assert not closed & asked


def test_garbage_on_a_topic_becomes_one_dead_letter_with_its_reason(pipeline: Pipeline) -> None:
    for stage, source in STAGE_INPUTS.items():
        topic = dead_letters(stage, source).name
        wait_for(
            lambda topic=topic: len(asyncio.run(records(pipeline.run.bootstrap, topic))) >= 1,
            20,
            lambda topic=topic: f"{topic} is empty",
        )
        [letter] = asyncio.run(records(pipeline.run.bootstrap, topic))
        assert letter.value == b"\x00\xffgarbage"
        assert headers.value_of(letter.headers, "dlq-error-type") == "undecodable"
        assert headers.value_of(letter.headers, "dlq-topic") == source.name


def test_bad_urls_are_rejected_each_with_its_reason(pipeline: Pipeline) -> None:
    def reasons() -> dict[str, str]:
        return {rejection.url: rejection.reason for rejection in rejections(pipeline)}

    wait_for(lambda: reasons().keys() >= BAD_URLS.keys(), 60, lambda: f"not rejected: {BAD_URLS.keys() - reasons()}")
    assert {url: reasons()[url] for url in BAD_URLS} == BAD_URLS


def test_every_service_answers_for_its_health_and_its_metrics(pipeline: Pipeline) -> None:
    for name, url in pipeline.run.health_urls.items():
        for path in ("healthz", "readyz", "metrics"):
            with urllib.request.urlopen(f"{url}/{path}", timeout=5) as answer:
                assert answer.status == 200, f"{name} /{path}"


def test_the_same_pages_again_change_nothing(pipeline: Pipeline) -> None:
    def tables() -> list[tuple[int, ...]]:
        counts = "(SELECT count(*) FROM articles), (SELECT count(*) FROM revisions), (SELECT sum(contents) FROM ledger)"
        return pipeline.query(f"SELECT {counts}")

    before = tables()
    again = [gold.url for gold in pipeline.gold[:5]]
    fetched_before = Counter(f"http://{r.host}{r.path}" for r in pipeline.newsroom.requests)
    observed = pipeline.query("SELECT count(*) FROM observations")[0][0]
    submit(pipeline, again)
    wait_for(
        lambda: pipeline.query("SELECT count(*) FROM observations")[0][0] >= observed + len(again),
        60,
        lambda: "the submitted pages were not stored again",
    )
    fetched = Counter(f"http://{r.host}{r.path}" for r in pipeline.newsroom.requests)
    assert all(fetched[url] > fetched_before[url] for url in again)
    assert tables() == before
