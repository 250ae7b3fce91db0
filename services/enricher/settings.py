"""What the enricher can be told by the environment."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from services.runtime.settings import RuntimeSettings

PLAUSIBLE = (
    "uz ru en kk ky tg tk tr fa pt kaa tt az ug ps uk be bg sr mk mn ka hy ar ur he hi bn el de fr es it nl pl ro cs hu"
    " sv fi da no lt lv et sq zh ja ko vi th id ms"
)
"""What news is written in, here and in the world; it keeps short texts from being taken for Swati or Haitian."""
_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")


class EnricherSettings(RuntimeSettings):
    """The enricher's knobs."""

    enricher_languages: str = Field(
        PLAUSIBLE, description="languages that break doubt, separated by spaces or commas; empty: any language"
    )
    enricher_workers: int = Field(2, ge=1, le=64, description="processes for language and entities")
    enricher_timeout_seconds: float = Field(
        20.0, gt=0, description="of one article in such a process, then it is killed"
    )
    enricher_firefox_models: Path | None = Field(
        None, description="folder of a Firefox translation model, or of several; without it nothing is translated"
    )
    enricher_translate_to: str = Field("en", description="BCP 47 tag of the language to translate into")
    enricher_translate_workers: int = Field(1, ge=1, le=64, description="processes for translation")
    enricher_translate_timeout_seconds: float = Field(20.0, gt=0, description="of 2,000 characters, then it is killed")
    enricher_translate_max_chars: int = Field(20_000, ge=0, description="of one article; the headline comes first")
    enricher_translate_max_seconds: float = Field(60.0, gt=0, description="of one article; then it is cut")

    @field_validator("enricher_languages")
    @classmethod
    def _are_languages(cls, value: str) -> str:
        wrong = [code for code in re.split(r"[\s,]+", value.strip()) if code and not re.fullmatch("[a-z]{2,3}", code)]
        if wrong:
            raise ValueError(f"language codes of two or three letters, not {', '.join(wrong)}")
        return value

    @field_validator("enricher_firefox_models", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("enricher_translate_to")
    @classmethod
    def _is_a_tag(cls, value: str) -> str:
        if not _TAG.fullmatch(value):
            raise ValueError("a BCP 47 tag like en or uz-Latn")
        return value

    @property
    def languages(self) -> frozenset[str]:
        """The languages that break doubt."""
        return frozenset(code for code in re.split(r"[\s,]+", self.enricher_languages) if code)
