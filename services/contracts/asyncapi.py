"""Describes the topics as an AsyncAPI 3 document, for other people's tools."""

from __future__ import annotations

from typing import Any

from services.contracts.topics import STAGE_INPUTS, TOPICS, RawTopic, Topic

VERSION = "1.0.0"
"""Of the contracts as a whole: the middle number counts additions. What would raise the first one is a new topic."""

_BINDING = "0.5.0"
_PARTIES = ("console", "fetcher", "parser", "enricher", "store", "downstream")


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


EVENT_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": _text("CloudEvents, binary mode", const="1.0"),
        "ce_id": _text("deterministic: a record that is made again has the same id"),
        "ce_source": _text("which service made it", examples=["xabar/parser"]),
        "ce_type": _text("xabar. and the topic", examples=["xabar.parsed-articles"]),
        "ce_time": _text("when it was made", format="date-time"),
        "content-type": _text("of the value", const="application/json; charset=utf-8"),
        "traceparent": _text("W3C trace context", pattern="^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"),
    },
}
DEAD_LETTER_FACTS: dict[str, str] = {
    "stage": "which stage could not process the record",
    "error-type": "the kind of the error",
    "error": "what went wrong",
    "topic": "where the record stood",
    "partition": "where the record stood",
    "offset": "where the record stood",
    "timestamp": "of the record, in milliseconds",
    "attempts": "how often it was tried",
    "version": "of the stage",
}
"""What the `dlq-*` headers say; 8 KiB together at most."""
DEAD_LETTER_HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "the record's own headers, and why it died",
    "required": ["dlq-stage", "dlq-error-type", "dlq-topic", "dlq-partition", "dlq-offset"],
    "properties": {f"dlq-{name}": _text(what) for name, what in DEAD_LETTER_FACTS.items()},
}


def document() -> dict[str, Any]:
    """The whole AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Xabar",
            "version": VERSION,
            "description": "The web's news as a Kafka stream. Contracts grow: readers ignore what they do not know, "
            "a field is never removed, renamed or narrowed. Delivery is at least once.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {topic.name: _message(topic) for topic in TOPICS},
            "messageTraits": {
                "event": {"headers": EVENT_HEADERS},
                "dead-letter": {"headers": DEAD_LETTER_HEADERS},
            },
        },
    }


def _channel(topic: Topic[Any] | RawTopic) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "cleanup.policy": ["compact" if topic.compacted else "delete"],
        "max.message.bytes": topic.max_message_bytes,
    }
    if topic.retention is not None:
        configuration["retention.ms"] = int(topic.retention.total_seconds() * 1000)
    # Without a number the deployment decides, once and alike for all such topics.
    partitions = {} if topic.partitions is None else {"partitions": topic.partitions}
    return {
        "address": topic.name,
        "description": topic.what,
        "messages": {topic.name: {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                **partitions,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _message(topic: Topic[Any] | RawTopic) -> dict[str, Any]:
    if isinstance(topic, RawTopic):
        dead = topic.name.endswith("-dlq")
        return {
            "name": topic.name,
            "summary": topic.what,
            "contentType": "application/octet-stream",
            "traits": [{"$ref": f"#/components/messageTraits/{'dead-letter' if dead else 'event'}"}],
            "payload": {"description": "the record's bytes as they came, even where they are no message"},
            "bindings": {"kafka": {"key": _text("the record's own key"), "bindingVersion": _BINDING}},
        }
    return {
        "name": topic.model.__name__,
        "summary": topic.what,
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/event"}],
        # No schemaFormat: tools know no draft 2020-12 there, and draft 07 reads these schemas no other way.
        "payload": {"$ref": f"./schemas/{topic.name}.json"},
        "bindings": {"kafka": {"key": _text(topic.key_is), "bindingVersion": _BINDING}},
    }


def _operations() -> dict[str, Any]:
    sends = [(service, topic.name) for topic in TOPICS for service in writers(topic)]
    receives = [(service, topic.name) for topic in TOPICS for service in readers(topic)]
    return {
        f"{service}-{verb}-{name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
            "tags": [{"name": service}],
        }
        for verb, action, pairs in (("sends", "send", sends), ("receives", "receive", receives))
        for service, name in sorted(pairs, key=lambda pair: _PARTIES.index(pair[0]))
    }


def writers(topic: Topic[Any] | RawTopic) -> tuple[str, ...]:
    """The services that write to a topic."""
    if isinstance(topic, Topic):
        return topic.producers
    stage, kind = topic.name.rsplit("-", 1)
    assert stage in STAGE_INPUTS, f"{topic.name} belongs to no stage"
    return (stage,) if kind == "dlq" else ("console",)


def readers(topic: Topic[Any] | RawTopic) -> tuple[str, ...]:
    """The services that read a topic."""
    if isinstance(topic, Topic):
        return topic.consumers
    stage, kind = topic.name.rsplit("-", 1)
    assert stage in STAGE_INPUTS, f"{topic.name} belongs to no stage"
    return ("console",) if kind == "dlq" else (stage,)
