"""A news site as an operator describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.contracts.message import Count, Message, Value

Lane = Literal["live", "backfill"]


class Politeness(Value):
    """How gently a source's hosts are treated; what is missing falls back on the fetcher's settings."""

    delay: float | None = Field(default=None, ge=0, description="seconds between two requests to one host")
    pages_per_day: Count | None = Field(default=None, description="requests per host and day at most")


class Source(Message):
    """A news site: where its news is announced, and what it says of itself."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="short and stable; a metric label")
    name: str
    homepage: str
    feeds: tuple[str, ...] = Field(default=(), description="RSS, Atom or JSON Feed URLs")
    sitemaps: tuple[str, ...] = Field(default=(), description="sitemaps or indexes of them, of news above all")
    index_pages: tuple[str, ...] = Field(default=(), description="HTML pages that list news, for sites without feeds")
    language: str | None = Field(default=None, description="BCP 47; a hint, never believed over the text")
    timezone: str | None = Field(default=None, description="IANA name, for dates without a zone")
    country: str | None = Field(default=None, description="ISO 3166-1 alpha-2")
    politeness: Politeness = Politeness()
    lane: Lane = "live"
    rights: str | None = Field(default=None, description="what the operator knows of the licence")
    unverified: str | None = Field(default=None, description="why nobody has seen these addresses answer yet")
