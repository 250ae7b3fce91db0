"""Says what a changed schema does to those who read its topic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_FORMS = ("pattern", "format")


@dataclass(frozen=True)
class Difference:
    """One change of one field; a breaking one needs a new topic."""

    topic: str
    field: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        verdict = "breaks readers" if self.breaking else "is fine"
        return f"{self.topic}: field `{self.field}` {self.what}; that {verdict}."


def differences(topic: str, before: Schema, after: Schema) -> tuple[Difference, ...]:
    """All changes between two schemas of a topic. Old records must still read, and old readers must read new ones."""
    return tuple(
        Difference(topic, field or "(the whole record)", what, breaking)
        for field, what, breaking in _compare("", before, after, before, after, frozenset())
    )


_Finding = tuple[str, str, bool]


def _compare(
    field: str, before: Schema, after: Schema, old_root: Schema, new_root: Schema, seen: frozenset[tuple[str, str]]
) -> Iterator[_Finding]:
    step = (str(before.get("$ref")), str(after.get("$ref")))
    if "$ref" in before and step in seen:
        return
    seen |= {step}
    old, new = _alternatives(before, old_root), _alternatives(after, new_root)
    # Null says no more than a missing field, and writers leave both out.
    lost, gained = old.keys() - new.keys() - {"null"}, new.keys() - old.keys() - {"null"}
    if lost:
        yield field, f"no longer takes {_listed(lost)}, so old records no longer read", True
    if gained:
        yield field, f"may now be {_listed(gained)}, which old readers refuse", True
    if "null" in old and "null" not in new:
        yield field, "no longer takes null, so old records no longer read", True
    for kind in sorted(old.keys() & new.keys()):
        yield from _values(field, old[kind], new[kind])
        yield from _limits(field, old[kind], new[kind])
        yield from _properties(field, old[kind], new[kind], old_root, new_root, seen)
        for part, name in (("items", f"{field}[]"), ("additionalProperties", f"{field}.*")):
            inner, outer = old[kind].get(part), new[kind].get(part)
            if isinstance(inner, Mapping) and isinstance(outer, Mapping):
                yield from _compare(name, inner, outer, old_root, new_root, seen)


def _alternatives(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The schema's variants by JSON type; a schema without a type takes anything."""
    if "$ref" in schema:
        return _alternatives(_resolved(schema["$ref"], root), root)
    if "anyOf" in schema:
        return {kind: s for variant in schema["anyOf"] for kind, s in _alternatives(variant, root).items()}
    kinds = schema.get("type", "anything")
    return dict.fromkeys([kinds] if isinstance(kinds, str) else kinds, schema)


def _resolved(ref: str, root: Schema) -> Schema:
    found: Any = root
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, Mapping)
    return found


def _values(field: str, old: Schema, new: Schema) -> Iterator[_Finding]:
    before, after = _allowed(old), _allowed(new)
    if after is None:
        if before is not None:
            yield field, "now takes any value, where readers know a fixed set", True
    elif before is None:
        yield field, f"now takes {_listed(after)} only, so old records no longer read", True
    else:
        if before - after:
            yield field, f"lost {_listed(before - after)}, so old records no longer read", True
        if after - before:
            yield field, f"gained {_listed(after - before)}: update readers before writers", False


def _allowed(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _limits(field: str, old: Schema, new: Schema) -> Iterator[_Finding]:
    for name in (*_LOWER_BOUNDS, *_UPPER_BOUNDS, *_FORMS):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        loosened = now is None or (
            was is not None and name not in _FORMS and (now < was if name in _LOWER_BOUNDS else now > was)
        )
        who = "old readers refuse new records" if loosened else "old records no longer read"
        yield field, f"has another {name} ({was} → {now}), so {who}", True


def _properties(
    field: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema, seen: frozenset[tuple[str, str]]
) -> Iterator[_Finding]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    prefix = f"{field}." if field else ""
    for name in sorted(before.keys() - after.keys()):
        yield f"{prefix}{name}", "was removed or renamed", True
    for name in sorted(after.keys() - before.keys()):
        if name in needed_after:
            yield f"{prefix}{name}", "is new and required, so old records no longer read", True
        else:
            yield f"{prefix}{name}", "is new and optional", False
    for name in sorted(before.keys() & after.keys()):
        if name in needed_after - needed_before:
            yield f"{prefix}{name}", "became required, so old records no longer read", True
        if name in needed_before - needed_after:
            yield f"{prefix}{name}", "was required and may now be missing, which old readers refuse", True
        yield from _compare(f"{prefix}{name}", before[name], after[name], old_root, new_root, seen)


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
