"""What a translation engine is: sentences in, translations out, and the faults that it may meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from services.contracts.articles import SentenceFlaw

DataPolicy = Literal["local", "leaves"]
"""Whether the text stays on the operator's machines, or leaves the house."""


@dataclass(frozen=True)
class Bounds:
    """What an engine takes in one call; who calls it keeps to them."""

    unit_chars: int
    """Of one sentence, or piece of one."""
    batch_units: int
    batch_chars: int


@dataclass(frozen=True)
class Refused:
    """In the place of a translation: why this sentence has none."""

    flaw: SentenceFlaw


class EngineFault(Exception):
    """An engine gave no answer. `retry_after`: seconds until it makes sense to ask again, where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Broken(EngineFault):
    """It is down, cut the line, crashed or took too long: ask again, and not too often."""


class Busy(EngineFault):
    """It is there and wants fewer calls (429 and the like)."""


class Spent(EngineFault):
    """What may be asked of it in this month or day is used up (456 and the like)."""


class Denied(EngineFault):
    """It will not serve us as we are: a wrong key, an unknown model, a plan without this feature."""


class BadAnswer(EngineFault):
    """It answered, and not as it promises to: another number of texts, no JSON, against the schema."""


class TooMuch(BadAnswer):
    """It has no answer to so many sentences at once, and may have one to fewer: a limit, or a filter that one set off.

    `done`: its answers to the first of them.
    """

    def __init__(self, message: str, done: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.done = tuple(done)


class Engine(Protocol):
    """An engine, without patience: it asks once, in time, and raises an EngineFault where it has no answer."""

    name: str
    """As routes call it."""
    policy: DataPolicy
    bounds: Bounds

    async def open(self) -> None:
        """Find out what it can do; called before the first sentence, and again later where it raised EngineFault."""
        ...

    def model(self, source: str, target: str) -> str | None:
        """Who would translate this pair of BCP 47 tags: name and version, so that a new version has a new name.

        None where the pair is not supported. The name is part of a cache's key and of each Translation.
        """
        ...

    async def translate(self, units: Sequence[str], source: str, target: str) -> list[str | Refused]:
        """A translation for each unit, in order, within `bounds`; only for pairs that have a model.

        Raises EngineFault.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...


def primary(tag: str) -> str:
    """The language of a BCP 47 tag, without script and region."""
    return tag.split("-", 1)[0].lower()
