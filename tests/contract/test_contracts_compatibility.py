"""A change that breaks readers is told by topic, field and what broke; an addition is fine."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from services.contracts.compatibility import differences

BEFORE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "lane"],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]+$"},
        "lane": {"enum": ["live", "backfill"], "type": "string"},
        "hops": {"type": "integer", "minimum": 0, "default": 0},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "tags": {"type": "array", "items": {"type": "string"}},
        "seen": {"type": "object", "additionalProperties": {"type": "string"}},
        "part": {"$ref": "#/$defs/Part"},
    },
    "$defs": {
        "Part": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            },
        }
    },
}

Edit = Callable[[dict[str, Any]], object]


def rename(schema: dict[str, Any]) -> None:
    schema["properties"]["jumps"] = schema["properties"].pop("hops")


def rename_a_definition(schema: dict[str, Any]) -> None:
    schema["$defs"]["Piece"] = schema["$defs"].pop("Part")
    schema["$defs"]["Piece"]["properties"]["parts"]["items"]["$ref"] = "#/$defs/Piece"
    schema["properties"]["part"]["$ref"] = "#/$defs/Piece"


BREAKING: dict[str, tuple[str, Edit]] = {
    "removed": ("note", lambda s: s["properties"].pop("note")),
    "renamed": ("hops", rename),
    "removed inside": ("part.name", lambda s: s["$defs"]["Part"]["properties"].pop("name")),
    "new and required": (
        "size",
        lambda s: (s["required"].append("size"), s["properties"].update(size={"type": "integer"})),
    ),
    "made required": ("hops", lambda s: s["required"].append("hops")),
    "no longer required": ("lane", lambda s: s["required"].remove("lane")),
    "another type": ("hops", lambda s: s["properties"]["hops"].update(type="string")),
    "wider type": ("id", lambda s: s["properties"].update(id={"anyOf": [{"type": "string"}, {"type": "integer"}]})),
    "no longer null": ("note", lambda s: s["properties"].update(note={"type": "string"})),
    "a value removed": ("lane", lambda s: s["properties"]["lane"].update(enum=["live"])),
    "values fixed": ("part.name", lambda s: s["$defs"]["Part"]["properties"]["name"].update(enum=["a"])),
    "values opened": ("lane", lambda s: s["properties"]["lane"].pop("enum")),
    "a tighter bound": ("hops", lambda s: s["properties"]["hops"].update(minimum=1)),
    "a new bound": ("hops", lambda s: s["properties"]["hops"].update(maximum=9)),
    "another pattern": ("id", lambda s: s["properties"]["id"].update(pattern="^[a-z]{3}$")),
    "other items": ("tags[]", lambda s: s["properties"]["tags"].update(items={"type": "integer"})),
    "other values of a map": (
        "seen.*",
        lambda s: s["properties"]["seen"].update(additionalProperties={"type": "null"}),
    ),
}
FINE: dict[str, Edit] = {
    "nothing": lambda s: None,
    "a new optional field": lambda s: s["properties"].update(extra={"type": "string"}),
    "a new optional field inside": lambda s: s["$defs"]["Part"]["properties"].update(extra={"type": "string"}),
    "a value added": lambda s: s["properties"]["lane"]["enum"].append("slow"),
    "another description": lambda s: s["properties"]["id"].update(description="what it is", title="Id"),
    "another order": lambda s: s.update(properties=dict(reversed(s["properties"].items())), required=["lane", "id"]),
    "a definition renamed": rename_a_definition,
    "null beside a missing field": lambda s: s["properties"].update(
        hops={"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}
    ),
}


def edited(edit: Edit) -> dict[str, Any]:
    after = copy.deepcopy(BEFORE)
    edit(after)
    return after


@pytest.mark.parametrize("name", BREAKING)
def test_a_change_that_breaks_readers_is_named_in_a_sentence(name: str) -> None:
    field, edit = BREAKING[name]
    broken = [d for d in differences("fetched-pages", BEFORE, edited(edit)) if d.breaking]
    assert [d.field for d in broken][:1] == [field]
    sentence = str(broken[0])
    assert sentence.startswith(f"fetched-pages: field `{field}` ")
    assert sentence.endswith("; that breaks readers.")


@pytest.mark.parametrize("name", FINE)
def test_an_addition_is_fine(name: str) -> None:
    found = differences("fetched-pages", BEFORE, edited(FINE[name]))
    assert [str(d) for d in found if d.breaking] == []
    if name.startswith(("a new", "a value")):
        assert next(str(d) for d in found).endswith("; that is fine.")


def test_taking_an_addition_back_breaks_readers() -> None:
    after = edited(FINE["a new optional field"])
    [difference] = differences("fetched-pages", after, BEFORE)
    assert str(difference) == "fetched-pages: field `extra` was removed or renamed; that breaks readers."
