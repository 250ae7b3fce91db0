"""What a translation engine is to the enricher: a title and paragraphs in, a Translation with its status out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.contracts.articles import Translation


class Translator(Protocol):
    """An engine. It never falls back on another one silently and never raises: what went wrong is its status.

    ok: whole. partial: some paragraphs failed and are null. truncated: cut at the limit, null from there on.
    unsupported: not this pair. unavailable: no engine is there. failed: the engine broke, nothing is given.
    """

    name: str

    def model(self, source: str, target: str) -> str | None:
        """What model would be used; None where the pair is not supported."""
        ...

    def supports(self, source: str, target: str) -> bool:
        """Whether the engine translates this pair of BCP 47 tags."""
        ...

    async def translate(self, title: str, paragraphs: Sequence[str], source: str, target: str) -> Translation:
        """The translation, its paragraphs aligned with the given ones."""
        ...


def primary(tag: str) -> str:
    """The language of a BCP 47 tag, without script and region."""
    return tag.split("-", 1)[0].lower()
