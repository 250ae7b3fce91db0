"""Writes the page that explains the topics to their subscribers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from services.contracts.asyncapi import DEAD_LETTER_FACTS, EVENT_HEADERS, readers, writers
from services.contracts.topics import MESSAGE_TOPICS, RAW_TOPICS, RawTopic, Topic

_INTRODUCTION = """\
# Topics

Written by `python -m services.contracts.publish` from `services/contracts/`; don't edit it by hand.

Every value is UTF-8 JSON, one message per record. What a subscriber can build on:

- **Contracts grow.** New fields are optional. A field is never removed, renamed or narrowed: that would be a new \
topic. Ignore what you do not know; a field that is missing has its default.
- **At least once.** A record can come twice; `ce_id` is then the same. Fold articles by `fetched_at`, then \
`enriched_at`, never by arrival.
- **Machine-readable:** one [JSON Schema](../services/contracts/schemas) per topic (draft 2020-12), \
[examples](../services/contracts/examples) in several languages, and an \
[AsyncAPI 3 document](../services/contracts/asyncapi.json).
- **Compacted topics** keep the newest record of each key; a record without a value means that its key is gone.
- Where a topic's partitions are "as deployed", all such topics have the same number, so records with the same key \
stand in partitions of the same number.

"""


def page(schemas: Mapping[str, Mapping[str, Any]], example_of: Callable[[str], str]) -> str:
    """The whole page in Markdown; `example_of` gives a topic's smallest example."""
    sections = [_section(topic, schemas[topic.name], example_of(topic.name)) for topic in MESSAGE_TOPICS]
    return _INTRODUCTION + _headers() + "\n" + "\n".join(sections) + "\n" + "\n".join(map(_raw_section, RAW_TOPICS))


def _headers() -> str:
    rows = [f"| `{name}` | {field['description']} |" for name, field in EVENT_HEADERS["properties"].items()]
    return "\n".join(["## Headers of every record", "", "| header | what |", "|---|---|", *rows, ""])


def _section(topic: Topic[Any], schema: Mapping[str, Any], example: str) -> str:
    folder = f"../services/contracts/examples/{topic.name}"
    schema_file = f"../services/contracts/schemas/{topic.name}.json"
    return "\n".join(
        [
            f"## {topic.name}",
            "",
            f"{_sentence(topic.what)} The value is a [`{topic.model.__name__}`]({schema_file}).",
            "",
            *_facts(topic, topic.key_is),
            "",
            *_table(schema),
            *(line for name, part in schema.get("$defs", {}).items() for line in _part(name, part)),
            f"The smallest record ([a realistic one]({folder}/realistic.json)):",
            "",
            "```json",
            example.rstrip("\n"),
            "```",
            "",
        ]
    )


def _part(name: str, schema: Mapping[str, Any]) -> list[str]:
    topic = next((topic for topic in MESSAGE_TOPICS if topic.model.__name__ == name), None)
    if topic is not None:
        return [f"`{name}` is the value of [{topic.name}](#{topic.name}).", ""]
    return [f"`{name}`: {' '.join(schema.get('description', '').split())}", "", *_table(schema)]


def _table(schema: Mapping[str, Any]) -> list[str]:
    rows = [f"| {name} | {kind} | {what} |" for name, kind, what in _fields(schema)]
    return ["| field | type | |", "|---|---|---|", *rows, ""]


def _raw_section(topic: RawTopic) -> str:
    lines = [f"## {topic.name}", "", _sentence(topic.what), "", *_facts(topic, "the record's own"), ""]
    if topic.name.endswith("-dlq"):
        facts = [f"- `dlq-{name}`: {what}" for name, what in DEAD_LETTER_FACTS.items()]
        example = "../services/contracts/examples/dead-letter/realistic.json"
        lines += [f"The record's own bytes and headers ([an example]({example})), and beside them:", "", *facts, ""]
    return "\n".join(lines)


def _facts(topic: Topic[Any] | RawTopic, key: str) -> list[str]:
    partitions = "as deployed" if topic.partitions is None else str(topic.partitions)
    size = f"{topic.max_message_bytes // 1024:,} KiB"
    services = f"{', '.join(writers(topic))} | {', '.join(readers(topic))}"
    return [
        "| key | kept | largest record | partitions | written by | read by |",
        "|---|---|---|---|---|---|",
        f"| {key} | {_kept(topic.retention)} | {size} | {partitions} | {services} |",
    ]


def _kept(retention: timedelta | None) -> str:
    return "compacted" if retention is None else f"{retention.days} days"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, field in schema["properties"].items():
        needed = "required" if name in schema.get("required", ()) else ""
        described = field.get("description", "")
        yield f"`{name}`", _type(field), "; ".join(filter(None, (needed, described)))


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return f"`{field['$ref'].rsplit('/', 1)[1]}`"
    if "anyOf" in field:
        return ", ".join(_type(variant) for variant in field["anyOf"] if variant.get("type") != "null")
    if "enum" in field:
        return " · ".join(f"`{value}`" for value in field["enum"])
    if "items" in field:
        return f"list of {_type(field['items'])}"
    if isinstance(field.get("additionalProperties"), Mapping):
        return f"map to {_type(field['additionalProperties'])}"
    return str(field.get("format", field.get("type", "anything")))
