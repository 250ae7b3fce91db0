"""The parser's settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.parser.limits import Limits
from services.runtime.settings import RuntimeSettings


class ParserSettings(RuntimeSettings):
    """What the parser takes from its environment."""

    parser_workers: int = Field(2, ge=1, description="processes that parse")
    parser_timeout_seconds: float = Field(20.0, gt=0, description="for one page; then its process is killed")
    parser_worker_memory_bytes: int = Field(
        1024 * 1024 * 1024, ge=256 * 1024 * 1024, description="of data that each process may hold, on Linux"
    )
    parser_min_text_chars: int = Field(Limits.min_text_chars, ge=1, description="a shorter text is no article")
    parser_max_text_chars: int = Field(
        Limits.max_text_chars, ge=1, le=700_000, description="a longer text is rejected as too-large"
    )
    parser_max_page_bytes: int = Field(Limits.max_page_bytes, ge=1, description="a larger page is rejected unread")

    parser_recipes: Path | None = Field(
        None, description="a folder of site recipes of your own, which win over those that ship"
    )

    @property
    def limits(self) -> Limits:
        """The bounds of one parse."""
        return Limits(
            min_text_chars=self.parser_min_text_chars,
            max_text_chars=self.parser_max_text_chars,
            max_page_bytes=self.parser_max_page_bytes,
        )
