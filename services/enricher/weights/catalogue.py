"""The models that can be fetched by a name: where each lies, what it translates, under which licence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LISTED = Path(__file__).with_name("catalogue.toml")


class Known(BaseModel):
    """An entry. A Firefox model has no repository: it is fetched from the mirror that the operator names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["firefox", "nllb", "opus"]
    repository: str | None = None
    revision: str | None = None
    licence: str
    megabytes: int | None = Field(default=None, ge=1)
    pairs: tuple[str, ...] = ()
    covers: str | None = None
    note: str | None = None


@lru_cache(maxsize=1)
def known_models() -> Mapping[str, Known]:
    """Name to entry, in the order of the list."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    return MappingProxyType({name: Known.model_validate(entry) for name, entry in listed.items()})
