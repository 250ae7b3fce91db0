"""An article as the parser reads it and as the enricher completes it: the product."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from pydantic import Field, field_validator

from services.contracts.message import Count, Message, Moment, Share, Stamp, Value
from services.contracts.pages import Rights
from services.contracts.sources import Lane

EARLIEST_YEAR = 1995

DateSource = Literal["recipe", "json-ld", "meta", "time-element", "text-near-headline", "url", "feed"]


class Instant(Value):
    """A date or a time that a page states, with what is known about how sure it is."""

    value: str = Field(description="ISO 8601: a day, or a time with offset where a zone is known")
    precision: Literal["day", "minute", "second"]
    zone_source: Literal["page", "host", "none"] = "none"
    source: DateSource
    raw: str = Field(description="as written on the page")
    confidence: Share = 1.0

    @field_validator("value")
    @classmethod
    def _is_a_plausible_date(cls, value: str) -> str:
        if datetime.fromisoformat(value).year < EARLIEST_YEAR:
            raise ValueError(f"{value!r} is before {EARLIEST_YEAR}: no news page was published then")
        return value

    @property
    def day(self) -> date:
        """The local day that the page states."""
        return datetime.fromisoformat(self.value).date()

    @property
    def moment(self) -> datetime:
        """The point in time; UTC is assumed where the page and its host leave the zone open."""
        moment = datetime.fromisoformat(self.value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Engagement(Value):
    """Counters that the page shows."""

    views: Count | None = None
    observed_at: Moment


class Edition(Value):
    """The same story on the same site in another language."""

    language: str
    url: str


class Image(Value):
    """A picture of the article, with what the page says below it."""

    url: str
    caption: str | None = None
    credit: str | None = None


class Extraction(Value):
    """How the text was won from the page."""

    method: str = Field(description="extractor and version")
    recipe: str | None = Field(default=None, description="the site recipe that was used, host@version")
    missed: tuple[str, ...] = Field(default=(), description="fields of the recipe that found nothing on this page")
    confidence: Share


class ParsedArticle(Message):
    """One article of one page, before anything is added to it."""

    article_id: str
    content_key: str
    url: str = Field(description="as requested")
    canonical_url: str
    source: str | None = Field(default=None, description="source id")
    lane: Lane = Field(default="live", description="of the request: live, or backfill of old pages")
    host: str
    title: str
    text: str = Field(description="paragraphs, a blank line between two")
    lead: str | None = None
    authors: tuple[str, ...] = Field(default=(), description="persons")
    organizations: tuple[str, ...] = Field(default=(), description="agencies and desks named as authors")
    published: Instant | None = None
    modified: Instant | None = None
    language_declared: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    image: str | None = Field(default=None, description="the lead image's URL")
    images: tuple[Image, ...] = Field(default=(), description="the article's pictures that have a caption, in order")
    next_page: str | None = Field(default=None, description="URL of the article's next page, which is not followed")
    body_sha256: str = Field(description="of the page's bytes")
    engagement: Engagement | None = None
    editions: tuple[Edition, ...] = ()
    rights: Rights = Rights()
    provenance: dict[str, str] = Field(default_factory=dict, description="field → where its value came from")
    extraction: Extraction
    fetched_at: Moment
    stamps: tuple[Stamp, ...] = ()

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text's paragraphs, in order."""
        return tuple(p for p in self.text.split("\n\n") if p)


class ParagraphLanguage(Value):
    """The language of one paragraph where a text is mixed."""

    paragraph: Count
    tag: str


class LanguageSpan(Value):
    """A run of text in one language where a text is mixed: code points in title + blank line + text, end exclusive."""

    start: Count
    end: Count
    tag: str
    confidence: Share


class Language(Value):
    """What language and script the text is in, by the text itself."""

    tag: str = Field(description="BCP 47, with a script where the language has two: uz-Latn, uz-Cyrl; und if unknown")
    script: str | None = Field(default=None, description="ISO 15924 of most letters")
    confidence: Share
    runner_up: str | None = None
    paragraphs: tuple[ParagraphLanguage, ...] = Field(default=(), description="only where the text is mixed")
    spans: tuple[LanguageSpan, ...] = Field(
        default=(), description="only where the text is mixed: runs of one language, in order, without gaps but space"
    )


TranslationStatus = Literal["ok", "partial", "unsupported", "unavailable", "truncated", "failed"]


SentenceFlaw = Literal[
    "empty", "copy", "repeats", "length", "script", "language", "numbers", "unknown", "unfinished", "refused"
]
"""What is wrong with a sentence's translation, so that it was not taken."""
UNTRANSLATED = "[…]"
"""What stands in a translated paragraph in the place of a sentence whose translation was not taken."""


class SentencePair(Value):
    """A sentence of the article and where its translation stands: code points, end exclusive."""

    paragraph: Count | None = Field(default=None, description="which paragraph, from 0; null: the title")
    start: Count = Field(description="in the article's paragraph")
    end: Count
    target_start: Count | None = Field(default=None, description="in the translated paragraph; null where that is null")
    target_end: Count | None = None
    flaw: SentenceFlaw | None = Field(
        default=None, description=f"why its translation was not taken; {UNTRANSLATED} stands there"
    )


class Translation(Value):
    """The article in another language, or why there is none; never invented."""

    target: str
    status: TranslationStatus
    engine: str
    model: str | None = Field(default=None, description="name and version")
    title: str | None = None
    paragraphs: tuple[str | None, ...] = Field(
        default=(), description="aligned with the source's; null where it failed"
    )
    sentences: tuple[SentencePair, ...] = Field(default=(), description="alignment, in the article's order")
    names_missing: tuple[str, ...] = Field(
        default=(), description="ids of entities in translated sentences whose name in the target language is not there"
    )
    seconds: float = Field(default=0.0, ge=0, description="spent asking the engine, retries among it")
    detail: str | None = None


EntityType = Literal["PER", "ORG", "LOC", "EVENT", "DOC", "DATE"]


class Mention(Value):
    """Where an entity stands: code points in title + blank line + text, end exclusive."""

    start: Count
    end: Count
    surface: str


FoundBy = Literal["list", "model", "shape", "rule", "article"]
"""How an entity was found: in the knowledge base, by a statistical model, by the shape of a name, by a written rule
(documents, events, dates), or through what the same article says elsewhere (an acronym that it explains)."""
Granularity = Literal["year", "month", "day", "time"]


class Entity(Value):
    """A person, body, place, event, document or date, one id in every language."""

    id: str = Field(description="iso3166:UZ, m49:143, geonames:1512569, xabar:un; name:… for what no list has; date:…")
    type: EntityType
    kind: str | None = Field(default=None, description="what sort of it: country, city, ministry …; as the list says")
    name: str = Field(description="in the article's language")
    name_en: str | None = None
    same_as: tuple[str, ...] = Field(default=(), description="ids of others for the same: wd:Q1065")
    mentions: tuple[Mention, ...] = Field(description="its names; none where only an adjective of it stands there")
    derived: tuple[Mention, ...] = Field(
        default=(), description="adjectives and inhabitants of a place: oʻzbekistonlik, российский"
    )
    confidence: Share
    salience: Share = Field(
        default=0.0, description="how much the article is about it: headline, place in the text, mentions"
    )
    found_by: FoundBy = "list"
    value: str | None = Field(
        default=None, description="dates, and when an event is: ISO 8601, an interval with a slash"
    )
    granularity: Granularity | None = Field(default=None, description="how exact the value is")
    place: str | None = Field(default=None, description="id of the place where an event is")


class Acronym(Value):
    """A short form and the long form that the article itself gives for it."""

    acronym: str
    long_form: str
    entity: str | None = Field(default=None, description="id of what they name")


class EnrichedArticle(Message):
    """The product: the parsed article whole, with its language, translations and entities beside it."""

    article: ParsedArticle
    language: Language
    translations: tuple[Translation, ...] = ()
    entities: tuple[Entity, ...] = ()
    acronyms: tuple[Acronym, ...] = ()
    search_key: str | None = Field(default=None, description="title folded over spellings and scripts")
    enriched_at: Moment
    stamp: Stamp


def entity_text(article: ParsedArticle) -> str:
    """The text that mentions' offsets point into."""
    return f"{article.title}\n\n{article.text}"
