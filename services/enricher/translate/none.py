"""The engine that is there when none is configured or none could be loaded: it says so."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.articles import Translation


class NoTranslator:
    """Every translation is unavailable, for the given reason."""

    name = "none"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def model(self, source: str, target: str) -> str | None:
        """None: there is no engine."""
        return None

    def supports(self, source: str, target: str) -> bool:
        """No pair at all."""
        return False

    async def translate(self, title: str, paragraphs: Sequence[str], source: str, target: str) -> Translation:
        """Nothing, and why."""
        return Translation(target=target, status="unavailable", engine=self.name, detail=self.reason)
