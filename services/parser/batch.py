"""Pages on disk become articles: one JSON line in, one JSON line out, by the stage's own code and without a broker."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticSerializationError

from services.contracts.articles import ParsedArticle
from services.contracts.message import Stamp
from services.contracts.outcomes import Rejection
from services.contracts.pages import FetchedPage, FetchRequest, Rights, SourceFacts
from services.runtime.pool import Poisoned

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Of one line of the input: a page of 8 MiB in base64 takes 11."""
MAX_FAULTS = 5
"""That are named of one line."""

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


@dataclass(frozen=True)
class Heard:
    """What a page's HTTP headers say of it; an empty media type where they don't name one."""

    media_type: str
    charset: str | None
    rights: Rights


Hear = Callable[[Mapping[str, str]], Heard]


class SavedSource(BaseModel):
    """What is known of the site that a page was saved from."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | None = None
    time_zone: str | None = Field(None, validation_alias=AliasChoices("time_zone", "timezone"))
    language: str | None = None
    country: str | None = None

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA name like Asia/Tashkent") from None
        return value


class SavedPage(BaseModel):
    """One line of the input. What it does not know is ignored, so that other tools' lines can be given as they are."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: JsonValue = None
    url: str | None = None
    html_path: str | None = None
    html_base64: str | None = None
    headers: dict[str, JsonValue] = Field(default_factory=dict)
    source: SavedSource | None = None
    fetched_at: AwareDatetime | None = None

    @field_validator("headers", "source", mode="before")
    @classmethod
    def _may_be_null(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _has_one_body(self) -> SavedPage:
        if self.html_path is None and self.html_base64 is None:
            raise ValueError("html_path or html_base64 is missing")
        if self.html_path is not None and self.html_base64 is not None:
            raise ValueError("give html_path or html_base64, and not both")
        return self

    def content(self, most: int) -> bytes:
        """The page's bytes, one more than `most` at the most. Raises OSError, ValueError."""
        if self.html_path is not None:
            if "\0" in self.html_path:
                raise ValueError("html_path: a path holds no NUL")
            with Path(self.html_path).open("rb") as file:
                return file.read(most + 1)
        try:
            return base64.b64decode("".join((self.html_base64 or "").split()), validate=True)
        except binascii.Error as error:
            raise ValueError(f"html_base64: {error}") from None

    def page(self, content: bytes, hear: Hear, now: datetime) -> FetchedPage:
        """The page with what its line says of it."""
        headers, source = self.lower_headers(), self.source or SavedSource()
        facts = SourceFacts(timezone=source.time_zone, language=source.language, country=source.country)
        return page_of(
            (self.url or "").strip(), content, hear(headers), source.id, facts, self.fetched_at or now, headers
        )

    def lower_headers(self) -> dict[str, str]:
        """The headers with names in lower case; a header that came more than once in one line, as HTTP allows."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.strip().lower()
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str | int | float):
                    found[key] = f"{found[key]}, {one}" if key in found else str(one)
        return found


Work = Callable[[FetchedPage, bytes], Awaitable[ParsedArticle | Rejection]]
Told = ParsedArticle | Rejection | str
"""What became of a line; a text says what was wrong with it."""


def page_of(
    url: str | None,
    content: bytes,
    heard: Heard,
    source: str | None,
    facts: SourceFacts,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> FetchedPage:
    """A saved page as the fetcher would hand it over, but for its body, which stays beside it.

    A page without a URL gets one that no host answers to, another for other bytes, and shaped like an article's:
    its site, zone and path are then unknown, and nothing follows from them.
    """
    digest = hashlib.sha256(content).hexdigest()
    place = url or f"https://unknown.invalid/a-page-without-url-{digest[:20].translate(_LETTERS)}"
    return FetchedPage(
        request=FetchRequest(url=place, source=source, reason="submitted", requested_at=now),
        facts=facts,
        url=place,
        status=200,
        headers=dict(headers or {}),
        media_type=heard.media_type or "text/html",
        charset=heard.charset,
        body="",
        body_sha256=digest,
        fetched_at=now,
        rights=heard.rights,
        stamp=Stamp(stage="batch", version="", started=now, took=0),
    )


@dataclass(frozen=True)
class Opened:
    """A line that was understood: its id, and the page with its bytes, or what was wrong with it."""

    id: JsonValue
    page: FetchedPage | None = None
    content: bytes = b""
    error: str | None = None


def opened(line: bytes, hear: Hear, most: int, now: datetime) -> Opened:
    """One line of the input read, its page's bytes too. Never raises."""
    if len(line) > MAX_LINE_BYTES:
        return Opened(None, error=f"the line has more than {MAX_LINE_BYTES} bytes")
    try:
        fields = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return Opened(None, error=f"the line is no JSON: {error}")
    if not isinstance(fields, dict):
        return Opened(None, error="the line is no JSON object")
    identity = fields.get("id")
    try:
        saved = SavedPage.model_validate(fields)
        content = saved.content(most)
        return Opened(identity, saved.page(content, hear, now), content)
    except ValidationError as error:
        return Opened(identity, error="; ".join(map(_sentence, error.errors()[:MAX_FAULTS])))
    except OSError as error:
        return Opened(identity, error=f"html_path: {fields.get('html_path')}: {error.strerror or error}")
    except ValueError as error:
        return Opened(identity, error=str(error))


def told(identity: JsonValue, result: Told) -> bytes:
    """One line of the output, its end included. Every field of the contract is there, null where nothing is known."""
    article = rejection = b"null"
    error = result if isinstance(result, str) else None
    try:
        if isinstance(result, ParsedArticle):
            article = result.model_dump_json().encode()
        elif isinstance(result, Rejection):
            rejection = result.model_dump_json().encode()
    except PydanticSerializationError as fault:
        error = f"the result can't be written: {fault}"
    name = json.dumps(identity).encode()
    more = b"" if error is None else b',"error":' + json.dumps(error).encode()
    return b'{"id":' + name + b',"article":' + article + b',"rejection":' + rejection + more + b"}\n"


async def answer(found: Opened, work: Work) -> bytes:
    """The line that answers a page. Never raises for what a page holds."""
    if found.page is None:
        return told(found.id, found.error or "there is no page")
    try:
        return told(found.id, await work(found.page, found.content))
    except Poisoned as error:
        return told(found.id, f"the page was given up: {error}")
    except Exception as error:
        return told(found.id, f"the parser failed: {type(error).__name__}: {error}")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _sentence(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    said = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else str(said)
