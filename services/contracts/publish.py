"""Rewrites what is published of the contracts from their code: `python -m services.contracts.publish`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.contracts.asyncapi import document
from services.contracts.compatibility import Difference, differences
from services.contracts.reference import page
from services.contracts.topics import MESSAGE_TOPICS, Topic

COMMAND = "python -m services.contracts.publish"
HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
EXAMPLES = HERE / "examples"
ASYNCAPI = HERE / "asyncapi.json"
REFERENCE = HERE.parents[1] / "docs" / "topics.md"


def schema(topic: Topic[Any]) -> dict[str, Any]:
    """The topic's JSON Schema."""
    # Mode validation: it says what a record must have to be read. Mode serialization calls every field with a default
    # required, but writers leave out what is null, and old records have no fields that are newer than they are.
    generated = topic.model.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": topic.model.__name__,
        **generated,
    }


def published() -> dict[Path, str]:
    """Every published file as it should be."""
    schemas = {topic.name: schema(topic) for topic in MESSAGE_TOPICS}
    return {
        **{SCHEMAS / f"{name}.json": _json(content) for name, content in schemas.items()},
        ASYNCAPI: _json(document()),
        REFERENCE: page(schemas, lambda name: (EXAMPLES / name / "minimal.json").read_text("utf-8")),
    }


def changes() -> tuple[Difference, ...]:
    """What the code's schemas change in those that are published."""
    return tuple(
        difference
        for topic in MESSAGE_TOPICS
        if (path := SCHEMAS / f"{topic.name}.json").exists()
        for difference in differences(topic.name, json.loads(path.read_text("utf-8")), schema(topic))
    )


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write what differs, unless it would break a reader."""
    found = changes()
    for difference in found:
        sys.stdout.write(f"{difference}\n")
    if any(difference.breaking for difference in found):
        sys.exit("Nothing was written. Keep the field as it is and add an optional one, or define a new topic.")
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in published().items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"wrote {path.relative_to(HERE.parents[1])}\n")


if __name__ == "__main__":
    main()
