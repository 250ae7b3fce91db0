"""The main job: every article of the newsroom arrives once and right, whatever else is thrown at the pipeline."""

from __future__ import annotations

import asyncio
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.console.broker import connected
from services.console.commands import app
from services.console.local.run import portuguese_model
from services.console.newsroom import faults
from services.console.settings import settings_for
from services.contracts import headers
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchRequest
from services.contracts.sources import Source
from services.contracts.topics import FETCH_REQUESTS, MESSAGE_TOPICS, REJECTIONS, STAGE_INPUTS, dead_letters
from tests.e2e.pipeline import Pipeline, assert_each_change_was_told_once, records, wait_for
from tests.tiny_translation_models import nllb

TINY = "tiny-nllb"
MISSED_ENTITIES = 0.03
"""The share of the gold records' countries and bodies that the first list may miss."""
FAULTS = f"http://{faults.HOST}"
BAD_URLS = {
    f"{FAULTS}/loop": "too-many-redirects",
    f"{FAULTS}/bomb": "too-large",
    f"{FAULTS}/huge": "too-large",
    f"{FAULTS}/one-line": "too-large",
    f"{FAULTS}/garbage": "undecodable-text",
    f"{FAULTS}/bad-gzip": "unreachable",
    f"{FAULTS}/cut": "unreachable",
    "http://169.254.169.254/latest/": "address-refused",
    "http://localhost/": "address-refused",
    "ftp://files.example/a": "bad-url",
}
"""What is refused, and why; a redirect leads to the third last."""
ODD_PAGES = {
    f"{FAULTS}/wrong-charset": "Портовое управление",
    f"{FAULTS}/nul": "Here",
    f"{FAULTS}/surrogates": "Here",
}
"""What is read all the same, and what its text holds."""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    models = tmp_path_factory.mktemp("models")
    nllb(models / TINY)
    for shipped in Path(portuguese_model({})["TRANSLATE_MODELS"]).iterdir():
        (models / shipped.name).symlink_to(shipped)
    settings = {
        "FETCHER_ATTEMPTS": "2",
        "FETCHER_TIMEOUT_SECONDS": "10",
        "TRANSLATE_MODELS": str(models),
        "TRANSLATE_ROUTES": "pt:en=firefox,tg:en=nllb,*:en=none",
    }
    with Pipeline(tmp_path_factory.mktemp("flow") / "up", **settings) as pipeline:
        pipeline.send_raw([(name, GARBAGE) for name in (*(topic.name for topic in MESSAGE_TOPICS), ENRICHER_REPLAYS)])
        feeds = (f"{FAULTS}/empty-feed", f"{FAULTS}/html-feed")
        pipeline.watch_sources(Source(id="faults", name="Faults", homepage=FAULTS, feeds=feeds))
        submit(pipeline, [*BAD_URLS, *ODD_PAGES, f"{FAULTS}/metadata"])
        for url in ODD_PAGES:
            wait_for(lambda: bool(text_of(pipeline, url)), 120, lambda: f"{url} is not stored")  # noqa: B023
        pipeline.wait_until_complete(120)
        yield pipeline


ENRICHER_REPLAYS = "enricher-replays"
GARBAGE = b"\x00\xffgarbage"


def text_of(pipeline: Pipeline, url: str) -> str:
    return "".join(text for (text,) in pipeline.query(f"SELECT text FROM articles WHERE url = '{url}'"))


def submit(pipeline: Pipeline, urls: list[str]) -> None:
    async def send() -> None:
        async with connected(settings_for(pipeline.run.state.parent, {}), [FETCH_REQUESTS]) as link:
            for url in urls:
                request = FetchRequest(url=url, reason="submitted", requested_at=datetime.now(UTC))
                await link.send(FETCH_REQUESTS, request)

    asyncio.run(send())


def rejections(pipeline: Pipeline) -> list[Rejection]:
    found = asyncio.run(records(pipeline.run.bootstrap, REJECTIONS.name))
    return [Rejection.decode(record.value) for record in found if record.value != GARBAGE]


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
    assert {status for language, status in statuses if language not in ("pt", "tg")} <= {"unsupported", "unavailable"}


def test_tajik_goes_through_a_ctranslate2_model_whose_noise_is_marked(pipeline: Pipeline) -> None:
    layers = pipeline.query(
        "SELECT t.engine, t.model, t.status FROM translations t JOIN articles a USING (article_id)"
        " WHERE a.language = 'tg'"
    )
    assert layers
    assert {engine for engine, _, _ in layers} == {"nllb"}
    assert all(model.startswith(TINY) for _, model, _ in layers)
    assert {status for _, _, status in layers} <= {"failed", "partial"}


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


def test_garbage_on_a_topic_becomes_a_dead_letter_of_whoever_reads_it(pipeline: Pipeline) -> None:
    read = {stage: {source.name} for stage, source in STAGE_INPUTS.items()}
    read["store"].add(REJECTIONS.name)
    read["enricher"].add(ENRICHER_REPLAYS)

    def buried(stage: str) -> list[tuple[str | None, bytes]]:
        letters = asyncio.run(records(pipeline.run.bootstrap, dead_letters(stage, STAGE_INPUTS[stage]).name))
        assert all(headers.value_of(letter.headers, "dlq-error-type") == "undecodable" for letter in letters)
        return [(headers.value_of(letter.headers, "dlq-topic"), letter.value) for letter in letters]

    for stage, topics in read.items():
        wanted = {(topic, GARBAGE) for topic in topics}
        wait_for(lambda: len(buried(stage)) >= len(wanted), 20, lambda: f"{stage}: {buried(stage)}")  # noqa: B023
        assert sorted(buried(stage)) == sorted(wanted)
    for service in pipeline.services.values():
        service.require_running()


def test_bad_urls_are_rejected_each_with_its_reason(pipeline: Pipeline) -> None:
    def reasons() -> dict[str, str]:
        return {rejection.url: rejection.reason for rejection in rejections(pipeline)}

    wait_for(lambda: reasons().keys() >= BAD_URLS.keys(), 60, lambda: f"not rejected: {BAD_URLS.keys() - reasons()}")
    assert {url: reasons()[url] for url in BAD_URLS} == BAD_URLS


def test_odd_pages_are_read_all_the_same(pipeline: Pipeline) -> None:
    for url, words in ODD_PAGES.items():
        text = text_of(pipeline, url)
        assert words in text
        assert not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)


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


def test_the_command_line_shows_what_is_there(pipeline: Pipeline) -> None:
    article = next(gold for gold in pipeline.gold if gold.language == "pt")
    for words, shown in {
        "status": "enricher",
        "sources list": "Tong",
        "sources status": "healthy",
        "sources export": 'id = "tong"',
        "sources import kz --dry-run": "22 added, 0 changed, 0 unchanged",
        "sources test http://tong.example/rss": "would be stored",
        f"article {article.url}": article.paragraphs[1][:40],
        "topics describe enriched-articles": "EnrichedArticle",
        "topics tail stored-articles -n 1": '"ce_type": "xabar.stored-articles"',
        "topics apply": "0 changes",
        f"submit {article.url}": "submitted",
        "doctor": "hashes as locked",
    }.items():
        state = ["--state", str(pipeline.run.state.parent)]
        result = CliRunner().invoke(app, [*words.split(), *state], env={"KAFKA_BOOTSTRAP_SERVERS": None})
        assert result.exit_code == 0, f"xabar {words}: {result.exception or result.output}"
        assert shown in result.output, f"xabar {words}: {result.output}"
