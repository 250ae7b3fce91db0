"""Every topic of the pipeline as a typed value: its message, its key, its policy, who writes and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from services.contracts.articles import EnrichedArticle, ParsedArticle
from services.contracts.identity import BadUrl, host_of
from services.contracts.message import Message
from services.contracts.outcomes import Receipt, Rejection, StageControl
from services.contracts.pages import FetchedPage, FetchRequest, FrontierEntry
from services.contracts.sources import Source

MiB = 1024 * 1024
DEAD_LETTER_ROOM = 64 * 1024
"""What a dead letter may be larger than the record that died: its headers, with room to spare."""

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Topic(Generic[M]):
    """A topic: `key` derives a record's key, `partitions` is None where the deployment decides."""

    name: str
    model: type[M]
    key: Callable[[M], str]
    key_is: str
    what: str
    retention: timedelta | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    max_message_bytes: int = 1 * MiB
    partitions: int | None = None

    @property
    def compacted(self) -> bool:
        """Whether the newest record of each key is kept for ever, instead of all records for a time."""
        return self.retention is None


@dataclass(frozen=True)
class RawTopic:
    """A topic that carries another topic's records as they are: dead letters and replays."""

    name: str
    what: str
    retention: timedelta
    max_message_bytes: int
    partitions: int | None = None
    compacted: bool = False


def _host(url: str) -> str:
    try:
        return host_of(url)
    except BadUrl:
        return ""


SOURCES = Topic(
    "sources", Source, lambda s: s.id, "source id", "the news sites that are watched",
    retention=None, producers=("console",), consumers=("fetcher",), partitions=1,
)  # fmt: skip
FETCH_REQUESTS = Topic(
    "fetch-requests", FetchRequest, lambda r: _host(r.url), "host", "URLs that should be fetched",
    retention=timedelta(days=7), producers=("console", "fetcher"), consumers=("fetcher",),
)  # fmt: skip
URL_FRONTIER = Topic(
    "url-frontier", FrontierEntry, lambda e: e.key, "kind and URL, partitioned by host",
    "what the fetcher knows of each URL, polled list and host",
    retention=None, producers=("fetcher",), consumers=("fetcher",),
)  # fmt: skip
FETCHED_PAGES = Topic(
    "fetched-pages", FetchedPage, lambda p: _host(p.request.url), "host", "pages as they came over the wire",
    retention=timedelta(days=7), producers=("fetcher",), consumers=("parser",), max_message_bytes=8 * MiB,
)  # fmt: skip
PARSED_ARTICLES = Topic(
    "parsed-articles", ParsedArticle, lambda a: a.article_id, "article_id", "articles as read from their pages",
    retention=timedelta(days=14), producers=("parser",), consumers=("enricher",), max_message_bytes=4 * MiB,
)  # fmt: skip
ENRICHED_ARTICLES = Topic(
    "enriched-articles", EnrichedArticle, lambda e: e.article.article_id, "article_id",
    "the product: articles with language, translations and entities",
    retention=timedelta(days=90), producers=("enricher",), consumers=("store", "downstream"), max_message_bytes=8 * MiB,
)  # fmt: skip
STORED_ARTICLES = Topic(
    "stored-articles", Receipt, lambda r: r.article_id, "article_id", "a receipt for every change in the store",
    retention=timedelta(days=30), producers=("store",), consumers=("fetcher", "downstream"),
)  # fmt: skip
REJECTIONS = Topic(
    "rejections", Rejection, lambda r: _host(r.url), "host", "pages that were understood and are not wanted",
    retention=timedelta(days=30), producers=("fetcher", "parser", "enricher"), consumers=("fetcher", "store"),
)  # fmt: skip
STAGE_CONTROLS = Topic(
    "stage-controls", StageControl, lambda c: c.stage, "stage", "whether a stage may run, and its dead-letter budget",
    retention=None, producers=("fetcher", "parser", "enricher", "store", "console"),
    consumers=("fetcher", "parser", "enricher", "store"), partitions=1,
)  # fmt: skip

STAGE_INPUTS: dict[str, Topic[Any]] = {
    "fetcher": FETCH_REQUESTS,
    "parser": FETCHED_PAGES,
    "enricher": PARSED_ARTICLES,
    "store": ENRICHED_ARTICLES,
}
"""What each stage reads: the pipeline's topology."""


def dead_letters(stage: str, source: Topic[M]) -> RawTopic:
    """Where a stage's dead letters go; larger than its input, so that the largest record still fits."""
    return RawTopic(
        f"{stage}-dlq", f"records that the {stage} could not process, with their reason",
        timedelta(days=14), source.max_message_bytes + DEAD_LETTER_ROOM,
    )  # fmt: skip


def replays(stage: str, source: Topic[M]) -> RawTopic:
    """Where a stage's records come from once more, beside its source; only that stage reads it."""
    given = "by `xabar translate redo`" if stage == "enricher" else "nothing is given back yet"
    return RawTopic(
        f"{stage}-replays", f"records of {source.name} given to the {stage} once more; {given}",
        timedelta(days=7), source.max_message_bytes + DEAD_LETTER_ROOM,
    )  # fmt: skip


MESSAGE_TOPICS: tuple[Topic[Any], ...] = (
    SOURCES, FETCH_REQUESTS, URL_FRONTIER, FETCHED_PAGES, PARSED_ARTICLES, ENRICHED_ARTICLES, STORED_ARTICLES,
    REJECTIONS, STAGE_CONTROLS,
)  # fmt: skip
RAW_TOPICS = tuple(make(stage, source) for stage, source in STAGE_INPUTS.items() for make in (dead_letters, replays))
TOPICS: tuple[Topic[Any] | RawTopic, ...] = (*MESSAGE_TOPICS, *RAW_TOPICS)
"""Every topic that a deployment needs."""
