"""What a stage is, and what becomes of one record in it: the policy, without a broker."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import ValidationError

from services.contracts import headers as record_headers
from services.contracts.headers import Headers
from services.contracts.message import Message
from services.contracts.outcomes import Rejection
from services.contracts.topics import REJECTIONS, RawTopic, Topic, dead_letters, replays

VERSION = importlib.metadata.version("xabar")
RECORD_OVERHEAD_BYTES = 256
"""What the broker's format adds to key, value and headers, at the most."""
MAX_ERROR_CHARS = 2000

In = TypeVar("In", bound=Message)
Out = TypeVar("Out", bound=Message)


class Transient(Exception):
    """Our outage or somebody else's: the record is tried again, then held; never an outcome."""


@dataclass(frozen=True)
class Stage(Generic[In, Out]):
    """A function from one topic to another.

    `handle` returns what is expected, raises Transient for an outage; whatever else it raises is a bug or bad data
    and becomes a dead letter. It returns None where there is nothing to send on.
    `lane`: records of one lane run one after another, different lanes at once.
    """

    name: str
    source: Topic[In]
    target: Topic[Out]
    handle: Callable[[In], Awaitable[Out | Rejection | None]]
    lane: Callable[[In], str]
    url_of: Callable[[In], str]
    source_of: Callable[[In], str | None]
    event: str | None = None
    """What `done` is called in the per-source metric: parsed, enriched."""
    keeps_partition: bool = False
    """Whether the output goes to the partition of the same number as the input."""
    takes_replays: bool = False
    """Whether its topic of replays is read too, as the source is: records that are to have their outcome once more."""

    @property
    def sources(self) -> tuple[Topic[Any] | RawTopic, ...]:
        """The topics that are read."""
        return (self.source, replays(self.name, self.source)) if self.takes_replays else (self.source,)


@dataclass(frozen=True)
class BatchStage:
    """A stage that takes many records in one go, in one transaction with the outside world.

    `write` answers per message, in order: None is done, an exception is that record's dead letter.
    It raises Transient when nothing could be done: then the whole batch is tried again.
    """

    name: str
    sources: tuple[Topic[Any], ...]
    write: Callable[[Sequence[Any]], Awaitable[Sequence[Exception | None]]]
    target: Topic[Any] | None = None
    """What its own loops publish to, so that the topic is looked for before the start."""
    source_of: Callable[[Any], str | None] = lambda _: None
    event: str | None = None
    max_records: int = 500
    max_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True)
class Record:
    """A record as it came from a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int
    """Milliseconds since 1970, as the broker has it."""

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")

    @property
    def traceparent(self) -> str | None:
        """The trace that the record belongs to."""
        return record_headers.value_of(self.headers, "traceparent")

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


@dataclass(frozen=True)
class Outgoing:
    """A record on its way to a topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    max_bytes: int
    partition: int | None = None

    @property
    def size(self) -> int:
        """Bytes on the wire, at the most."""
        of_headers = sum(len(k) + len(v) + 8 for k, v in self.headers)
        return len(self.key or b"") + len(self.value or b"") + of_headers + RECORD_OVERHEAD_BYTES


@dataclass(frozen=True)
class Outcome:
    """How a record ended in a stage: exactly one per record."""

    name: Literal["done", "rejected", "dead-lettered"]
    reason: str
    send: Outgoing | None
    source: str | None = None
    detail: str = ""


def decode(topic: Topic[In], record: Record) -> In | ValidationError:
    """The record's message, or why its bytes are none."""
    try:
        return topic.model.decode(record.value or b"")
    except ValidationError as error:
        return error


async def step(stage: Stage[In, Out], record: Record, message: In | Exception, now: datetime) -> Outcome:
    """What becomes of a record. Raises Transient, and nothing else."""
    if isinstance(message, Exception):
        return death(stage.name, stage.source, record, message, "undecodable", attempts=1)
    source: str | None = None
    try:
        source = stage.source_of(message)
        result = await stage.handle(message)
        if result is None:
            return Outcome("done", "", None, source)
        if isinstance(result, Rejection):
            return rejected(stage, record, result)
        send = outgoing(
            stage.target,
            result,
            id_=f"{stage.name}:{record}",
            stage=stage.name,
            now=now,
            traceparent=record.traceparent,
            partition=record.partition if stage.keeps_partition else None,
        )
        if send.size > send.max_bytes:
            detail = f"the output has {send.size} bytes; {stage.target.name} takes {send.max_bytes}"
            return rejected(stage, record, refusal(stage, message, "too-large", detail, now))
    except Transient:
        raise
    except Exception as error:
        return death(stage.name, stage.source, record, error, type(error).__name__, attempts=1, source=source)
    return Outcome("done", "", send, source)


def refusal(stage: Stage[In, Any], message: In, reason: Literal["too-large"], detail: str, now: datetime) -> Rejection:
    """A rejection that the runtime makes on the stage's behalf."""
    return Rejection(
        stage=stage.name,
        reason=reason,
        detail=detail,
        source=stage.source_of(message),
        url=stage.url_of(message),
        rejected_at=now,
    )


def rejected(stage: Stage[In, Out], record: Record, rejection: Rejection) -> Outcome:
    """The outcome of a record whose page is not wanted."""
    send = outgoing(
        REJECTIONS,
        rejection,
        id_=f"{stage.name}:{record}",
        stage=stage.name,
        now=rejection.rejected_at,
        traceparent=record.traceparent,
    )
    return Outcome("rejected", rejection.reason, send, rejection.source, rejection.detail)


def outgoing(
    topic: Topic[Out],
    message: Out,
    *,
    id_: str,
    stage: str,
    now: datetime,
    traceparent: str | None = None,
    partition: int | None = None,
) -> Outgoing:
    """A message as a record of its topic, with its CloudEvents headers and a span of its own."""
    return Outgoing(
        topic=topic.name,
        key=topic.key(message).encode(),
        value=message.encode(),
        headers=record_headers.cloud_event(
            id_=id_,
            source=f"xabar/{stage}",
            type_=f"xabar.{topic.name}",
            time=now,
            traceparent=record_headers.child_of(traceparent),
        ),
        max_bytes=topic.max_message_bytes,
        partition=partition,
    )


def death(
    stage: str,
    topic: Topic[Any],
    record: Record,
    error: Exception,
    kind: str,
    *,
    attempts: int,
    source: str | None = None,
) -> Outcome:
    """The record as it came, on its way to the dead letters, with what killed it."""
    letters = dead_letters(stage, topic)
    detail = _in_words(error)
    facts = {
        "stage": stage,
        "error-type": kind,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
        "attempts": str(attempts),
        "version": VERSION,
        "error": detail,
    }
    headers = record_headers.dead_letter(record.headers, facts)
    send = Outgoing(letters.name, record.key, record.value, headers, letters.max_message_bytes)
    return Outcome("dead-lettered", kind, send, source, detail)


def _in_words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        faults = error.errors(include_input=False, include_url=False, include_context=False)[:3]
        said = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'record'}: {f['msg']}" for f in faults)
        return f"{error.error_count()} faults: {said}"[:MAX_ERROR_CHARS]
    return f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARS]


def utc_now() -> datetime:
    """The wall clock, for the edges that hand it on."""
    return datetime.now(UTC)
