"""One place in a text where something may be named, as one finder saw it, and what comes of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.contracts.articles import Acronym, Entity, EntityType, FoundBy, Granularity

Role = Literal["name", "adjective", "inhabitant"]


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate: the merging decides whether it stays. Offsets are code points of the original, end exclusive."""

    start: int
    end: int
    """With the case ending where that belongs to the word; an English 's is outside."""
    type: EntityType
    by: FoundBy
    confidence: float
    """From 0 to 1."""
    id: str | None = None
    """None: something that no list has; persons.surnames gives it a name."""
    role: Role = "name"
    stem_end: int | None = None
    """Where the name ends without its case ending, where that is known."""
    name: str | None = None
    """What to show, in the text's language; None: what the knowledge base says for the id, or the text as it stands."""
    kind: str | None = None
    value: str | None = None
    granularity: Granularity | None = None
    place: str | None = None


@dataclass(frozen=True)
class Tagged:
    """What is named in a text, in the order of the first mention, and the acronyms that it explains."""

    entities: tuple[Entity, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
