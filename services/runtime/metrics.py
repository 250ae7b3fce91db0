"""Every metric of every service, declared once; labels are bounded and never hold a URL, nor a host but of a recipe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_FRESHNESS = (1, 5, 15, 60, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600)


def _counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(f"xabar_{name}", what, labels, registry=REGISTRY)


def _gauge(name: str, what: str, *labels: str) -> Gauge:
    return Gauge(f"xabar_{name}", what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
    return Histogram(f"xabar_{name}", what, labels, registry=REGISTRY, buckets=buckets)


RECORDS = _counter("records", "Records by how they ended in a stage.", "stage", "outcome", "reason")
PROCESSING_SECONDS = _histogram("processing_seconds", "From taking a record up to its acknowledgement.", "stage")
IN_FLIGHT = _gauge("in_flight_records", "Records taken up and not yet acknowledged.", "stage")
RETRIES = _counter("retries", "Attempts that met a transient fault.", "stage")
HELD = _gauge("held_records", "Records held uncommitted until an outage ends.", "stage")
DEAD_LETTERS = _counter("dead_letters", "Records written to the stage's dead-letter topic.", "stage", "error")
PAUSED = _gauge("stage_paused", "1 while the dead-letter budget has paused the stage.", "stage")
CONSUMER_LAG = _gauge("consumer_lag_records", "End offset less committed offset.", "stage", "topic", "partition")
SINCE_PROGRESS_SECONDS = _gauge("since_progress_seconds", "Since a record was last finished or tried again.", "stage")
OFFSETS_OUT_OF_RANGE = _counter("offsets_out_of_range", "Times retention overtook this stage.", "stage")
FRESHNESS_SECONDS = _histogram(
    "freshness_seconds", "From publication to the store.", "source", buckets=tuple(map(float, _FRESHNESS))
)
SOURCE_ARTICLES = _counter(
    "source_articles", "What became of a source's articles, by event (discovered to stored, or rejected).",
    "source", "event",
)  # fmt: skip
FETCHES = _counter("fetches", "Requests by status class, or the fault that ended them.", "source", "status_class")
FETCH_REJECTIONS = _counter("fetch_rejections", "Pages that the fetcher refused, by reason.", "reason")
FETCH_FAULTS = _counter("fetch_faults", "What went wrong with requests, by its row of docs/fetch-errors.md.", "fault")
FETCH_SECONDS = _histogram("fetch_seconds", "A request, from connecting to the last byte.", "source")
FRONTIER_ENTRIES = _gauge("frontier_entries", "What the frontier knows, by state.", "state")
SOURCE_HEALTH = _gauge(
    "source_health", "1 for the state that a source is in: healthy, failing, silent, blocked, moved, new.",
    "source", "state",
)  # fmt: skip
SOURCE_EXPECTED_PER_DAY = _gauge("source_expected_per_day", "New articles in a usual day of the source.", "source")
SOURCE_SILENT_SECONDS = _gauge("source_silent_seconds", "Since the source last announced something new.", "source")
POLLS = _counter("polls", "Polls of feeds, sitemaps and index pages, by what they brought.", "source", "result")
HOST_QUEUE_AGE_SECONDS = _gauge("host_queue_age_seconds", "How long the oldest due request has waited.")
RECIPE_USES = _counter("parser_recipe_uses", "Articles read by a site recipe.", "host", "version")
RECIPE_MISSES = _counter(
    "parser_recipe_misses", "Fields of a site recipe that found nothing on an article: has the site changed?",
    "host", "version", "field",
)  # fmt: skip
ENTITIES = _counter("entities", "Entities of articles, each once per article.", "type", "found_by", "linked")
TRANSLATIONS = _counter("translations", "Translations by engine, pair and status.", "engine", "pair", "status")
TRANSLATION_FLAWS = _counter("translation_flaws", "Sentences whose translation was not taken.", "engine", "flaw")
TRANSLATION_SECONDS = _histogram("translation_seconds", "One article's translation.", "engine")
TRANSLATION_CHARACTERS = _counter("translation_characters", "Characters given to an engine.", "engine")
TRANSLATION_CALLS = _counter(
    "translation_calls",
    "Calls of an engine: ok, broken, busy, spent, denied, bad-answer, or timeout where the article's time was over.",
    "engine", "outcome",
)  # fmt: skip
TRANSLATION_CALL_SECONDS = _histogram("translation_call_seconds", "One call of an engine, answered or not.", "engine")
TRANSLATION_BREAKER = _gauge(
    "translation_breaker", "1 for the state of an engine's circuit breaker: closed, half-open, open.", "engine", "state"
)
TRANSLATION_BUDGET_LEFT = _gauge(
    "translation_budget_left_characters", "What the day's budget of an engine still holds, headlines included.",
    "engine",
)  # fmt: skip
TRANSLATION_CACHE_LOOKUPS = _counter("translation_cache_lookups", "Sentences looked up: hit or miss.", "result")
TRANSLATION_CACHE_EVICTIONS = _counter("translation_cache_evictions", "Sentences that made room for others.")
TRANSLATION_CACHE_BYTES = _gauge("translation_cache_bytes", "What the cache holds, in pages of its file.")
DATABASE_SECONDS = _histogram("database_seconds", "One database transaction, by operation.", "operation")
OUTBOX_RECORDS = _gauge("outbox_records", "Receipts that wait for the broker.")


def forget_source(source: str, states: Iterable[str]) -> None:
    """Stop telling of a source that is no longer watched, or is another replica's."""
    series = [(SOURCE_HEALTH, (source, state)) for state in states]
    for gauge, labels in [*series, (SOURCE_EXPECTED_PER_DAY, (source,)), (SOURCE_SILENT_SECONDS, (source,))]:
        with contextlib.suppress(KeyError):
            gauge.remove(*labels)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
