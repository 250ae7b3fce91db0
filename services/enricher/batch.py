"""Texts become layers: one JSON line in, one JSON line out, by the stage's own code and without a broker."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from services.contracts.articles import Entity, Language, ParsedArticle, Translation
from services.contracts.sources import Lane
from services.enricher.enrich import Identify, Tag, Translate
from services.enricher.script import main_script
from services.enricher.translate.names import with_missing_names

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Of one line of the input: four times what an article may take in its topic."""
MAX_FAULTS = 5
"""That are named of one line."""
Layer = Literal["language", "translation", "entities"]
LAYERS: tuple[Layer, ...] = ("language", "translation", "entities")
_TAG = re.compile("(?P<language>[A-Za-z]{2,3})(?:-(?P<script>[A-Za-z]{4}))?(?:-[A-Za-z0-9]{2,8}){0,4}")


class Text(BaseModel):
    """One line of the input. What it does not know is ignored, so that other tools' lines can be given as they are."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: JsonValue = None
    title: str | None = None
    text: str
    language: str | None = Field(None, description="known beforehand, so it is not looked for")
    published: date | None = Field(None, description="the day that dates without a year are read against")
    lane: Lane = "live"

    @field_validator("language", mode="before")
    @classmethod
    def _is_a_tag(cls, value: object) -> object:
        """As the stage tells it: uz-Cyrl for uz-cyrl-UZ."""
        if not isinstance(value, str):
            return value
        if not value:
            return None
        tag = _TAG.fullmatch(value)
        if tag is None:
            raise ValueError("should be a language tag as uz, uz-Cyrl or en")
        return tag["language"].lower() + (f"-{tag['script'].title()}" if tag["script"] else "")

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """As a blank line divides them."""
        return tuple(p for p in self.text.split("\n\n") if p)

    @property
    def whole(self) -> str:
        """What the offsets of entities point into: the text, below the title and a blank line where there is one."""
        return self.text if self.title is None else f"{self.title}\n\n{self.text}"


@dataclass(frozen=True)
class Told:
    """What a line is answered with; None for what was not asked for, or where something was wrong."""

    language: Language | None = None
    translations: tuple[Translation, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    error: str | None = None

    def line(self, identity: JsonValue) -> bytes:
        """As JSON, its end included."""
        fields: dict[str, Any] = {
            "id": identity,
            "language": self.language.model_dump(mode="json") if self.language else None,
            "translations": _dumped(self.translations),
            "entities": _dumped(self.entities),
        }
        if self.error is not None:
            fields["error"] = self.error
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def read_text(line: bytes) -> tuple[JsonValue, Text | str]:
    """A line's id, and the text or what is wrong with it."""
    if len(line) > MAX_LINE_BYTES:
        return None, f"the line has more than {MAX_LINE_BYTES} bytes"
    try:
        fields = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return None, f"the line is no JSON: {error}"
    if not isinstance(fields, dict):
        return None, "the line is no JSON object"
    identity: JsonValue = fields.get("id", fields.get("article_id"))
    try:
        if "article_id" in fields:
            article = ParsedArticle.model_validate(fields)
            published = article.published.day if article.published else None
            return identity, Text(
                id=identity, title=article.title, text=article.text, lane=article.lane, published=published
            )
        return identity, Text.model_validate(fields)
    except ValidationError as error:
        return identity, "; ".join(map(_sentence, error.errors()[:MAX_FAULTS]))


async def enrich_text(text: Text, wanted: Sequence[Layer], identify: Identify, tag: Tag, translate: Translate) -> Told:
    """The wanted layers of a text. Never raises for what it holds."""
    try:
        language = _given(text) if text.language else _placed(await identify(text.title or "", text.paragraphs), text)
        translations = entities = None
        if "entities" in wanted:
            tagged = await tag(text.whole, language, len(text.title or ""), text.published)
            entities = tagged.entities
        if "translation" in wanted:
            made = await translate(text.title or "", text.paragraphs, language.tag, text.lane)
            translations = tuple(with_missing_names(one, text.title, text.text, entities or ()) for one in made)
    except Exception as error:
        return Told(error=f"the enricher failed: {type(error).__name__}: {error}")
    return Told(language if "language" in wanted else None, translations, entities)


def _placed(language: Language, text: Text) -> Language:
    """Its spans where they stand in the text as it was given: perhaps without a title, and with other blank lines."""
    if not language.spans:
        return language
    joined, given = len(text.title or "") + 2, 0 if text.title is None else len(text.title) + 2
    starts, moves = [0], [0]
    for paragraph in text.paragraphs:
        given = text.whole.index(paragraph, given)
        starts.append(joined)
        moves.append(given - joined)
        joined, given = joined + len(paragraph) + 2, given + len(paragraph)
    spans = tuple(
        span.model_copy(
            update={
                "start": span.start + moves[bisect_right(starts, span.start) - 1],
                "end": span.end + moves[bisect_right(starts, span.end - 1) - 1],
            }
        )
        for span in language.spans
    )
    return language.model_copy(update={"spans": spans})


def _given(text: Text) -> Language:
    return Language(tag=text.language or "und", script=main_script(text.whole), confidence=1.0)


def _dumped(values: Sequence[BaseModel] | None) -> list[Any] | None:
    return None if values is None else [value.model_dump(mode="json") for value in values]


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _sentence(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    said = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else str(said)
