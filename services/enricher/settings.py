"""What the enricher can be told by the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.enricher.translate.routes import read_routes
from services.runtime.settings import RuntimeSettings

PLAUSIBLE = (
    "uz ru en kk ky tg tk tr fa pt kaa tt az ug ps uk be bg sr mk mn ka hy ar ur he hi bn el de fr es it nl pl ro cs hu"
    " sv fi da no lt lv et sq zh ja ko vi th id ms"
)
"""What news is written in, here and in the world; it keeps short texts from being taken for Swati or Haitian."""
ROUTES = "*:en=firefox"


class TranslationSettings(RuntimeSettings):
    """Which engines there are, and what they may take."""

    translate_routes: str = Field(ROUTES, description="source:target=engine, ...; empty: nothing is translated")
    translate_models: Path | None = Field(None, description="folder of models for the engines firefox, nllb and opus")
    translate_pivot: bool = Field(False, description="whether firefox may go by way of English")
    translate_workers: int = Field(1, ge=1, le=64, description="processes for each engine that has models here")
    translate_threads: int = Field(1, ge=1, le=256, description="cores for each of nllb's and opus's processes")
    translate_beams: int = Field(1, ge=1, le=16, description="of nllb and opus; more are slower and a little better")
    translate_timeout_seconds: float = Field(20.0, gt=0, description="of one call of an engine, or of 2,000 characters")
    translate_max_chars: int = Field(20_000, ge=0, description="of one article; the headline comes first")
    translate_max_seconds: float = Field(60.0, gt=0, description="of one article from its turn on; then it is cut")
    translate_at_once: int = Field(4, ge=1, le=256, description="calls of one engine over HTTP at once")
    translate_calls_per_second: float = Field(0.0, ge=0, description="of one engine over HTTP; 0: as it comes")
    translate_chars_per_day: int = Field(0, ge=0, description="given to one engine in a day (UTC); 0: no bound")
    translate_backfill_share: float = Field(0.5, ge=0, le=1, description="of the day's characters, for old pages")
    translate_cache: Path | None = Field(None, description="file of the cache; without it, it is in memory only")
    translate_cache_bytes: int = Field(256 * 1024 * 1024, ge=0, description="that the cache may take")

    translate_ca_file: Path | None = Field(
        None, description="PEM, for engines over HTTPS; else the system's authorities"
    )
    translate_proxy: SecretStr | None = Field(None, description="http://user:password@host:port, for engines outside")
    libretranslate_url: str | None = Field(None, description="like http://libretranslate:5000")
    libretranslate_key: SecretStr | None = None
    libretranslate_is_ours: bool = Field(False, description="whether text stays in the house; a private address does")
    deepl_key: SecretStr | None = None
    deepl_url: str | None = Field(None, description="another address than the key's own")
    google_key: SecretStr | None = Field(None, description="of Cloud Translation v2")
    google_project: str | None = Field(None, description="of Cloud Translation v3, with GOOGLE_TOKEN_FILE")
    google_location: str = "global"
    google_token_file: Path | None = Field(None, description="an access token, read before each call")
    google_url: str | None = Field(None, description="another address than Google's")
    chat_url: str | None = Field(None, description="of an API like OpenAI's, up to and with /v1")
    chat_model: str | None = None
    chat_key: SecretStr | None = None
    chat_is_ours: bool = Field(False, description="whether text stays in the house; a private address does")
    chat_limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    chat_temperature: float = Field(0.0, ge=0, le=2, description="other than 0 only where the model takes no 0")
    chat_thinking_tokens: int = Field(0, ge=0, description="room for a model that thinks before it answers")
    chat_languages: str = Field("", description="that the model is trusted with; empty: all that have a name")
    chat_answers: Literal["json_schema", "json_object", "plain"] = Field(
        "json_schema", description="what the server can be held to"
    )

    @field_validator("translate_routes")
    @classmethod
    def _are_routes(cls, value: str) -> str:
        try:
            read_routes(value)
        except ValueError as error:
            raise ValueError(f"a list of routes, but {error}") from None
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_not_set(cls, value: object, info: ValidationInfo) -> object:
        """As a compose file passes on what its environment lacks."""
        optional = info.field_name in cls.model_fields and cls.model_fields[info.field_name].default is None
        return None if value == "" and optional else value


class EnricherSettings(TranslationSettings):
    """The enricher's knobs."""

    enricher_languages: str = Field(
        PLAUSIBLE, description="languages that break doubt, separated by spaces or commas; empty: any language"
    )
    enricher_workers: int = Field(2, ge=1, le=64, description="processes for language and entities")
    enricher_timeout_seconds: float = Field(
        20.0, gt=0, description="of one article in such a process, then it is killed"
    )
    enricher_kb_extra: Path | None = Field(None, description="own names beside the built-in ones, in TOML or CSV")

    @field_validator("enricher_languages")
    @classmethod
    def _are_languages(cls, value: str) -> str:
        wrong = [code for code in re.split(r"[\s,]+", value.strip()) if code and not re.fullmatch("[a-z]{2,3}", code)]
        if wrong:
            raise ValueError(f"language codes of two or three letters, not {', '.join(wrong)}")
        return value

    @property
    def languages(self) -> frozenset[str]:
        """The languages that break doubt."""
        return frozenset(code for code in re.split(r"[\s,]+", self.enricher_languages) if code)
