"""Batch mode gives the stage's layers for any text, and says what was wrong with a line."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.contracts.articles import Extraction, Language, Mention, ParsedArticle, SentencePair, Translation
from services.contracts.identity import article_id, content_key
from services.contracts.sources import Lane
from services.enricher.batch import LAYERS, MAX_LINE_BYTES, Layer, Text, Told, enrich_text, read_text
from services.enricher.entities.found import Tagged
from services.enricher.work import identify_article, tag_text

URL = "https://yangilik.example/ochilish"


async def identify(title: str, paragraphs: tuple[str, ...]) -> Language:
    return identify_article(title, paragraphs, frozenset())


async def tag(text: str, language: Language, title_end: int, published: date | None) -> Tagged:
    return tag_text(text, language, title_end, published)


async def translate(title: str, paragraphs: Sequence[str], source: str, lane: Lane) -> tuple[Translation, ...]:
    """Says where it came from, and loses every name."""
    pairs = (SentencePair(paragraph=0, start=0, end=len(paragraphs[0]), target_start=0, target_end=8),)
    text = (f"{source} {lane}",)
    return (Translation(target="en", status="ok", engine="fixed", model="m", paragraphs=text, sentences=pairs),)


async def answered(line: Any, wanted: Sequence[Layer] = LAYERS) -> dict[str, Any]:
    identity, text = read_text(line if isinstance(line, bytes) else json.dumps(line).encode())
    told = await enrich_text(text, wanted, identify, tag, translate) if isinstance(text, Text) else Told(error=text)
    read: dict[str, Any] = json.loads(told.line(identity))
    return read


async def test_a_text_has_all_three_layers_and_its_id() -> None:
    told = await answered({"id": 7, "text": "Oʻzbekiston va BMT kelishdi.", "more": "ignored"})
    assert told["id"] == 7
    assert told["language"]["tag"] == "uz-Latn"
    assert [entity["id"] for entity in told["entities"]] == ["iso3166:UZ", "xabar:un"]
    assert told["translations"][0]["paragraphs"] == ["uz-Latn live"]
    assert told["translations"][0]["names_missing"] == ["iso3166:UZ", "xabar:un"]
    assert "error" not in told


@pytest.mark.parametrize(
    ("only", "field"), [("language", "language"), ("translation", "translations"), ("entities", "entities")]
)
async def test_only_what_was_asked_for_is_given(only: Layer, field: str) -> None:
    told = await answered({"id": "a", "text": "BMT vakili keldi."}, [only])
    assert [name for name in ("language", "translations", "entities") if told[name] is not None] == [field]


@pytest.mark.parametrize("title", [None, "", "Sarlavha"])
async def test_mentions_point_into_the_text_as_it_was_given(title: str | None) -> None:
    line = {"text": "Bugun 😀 BMT vakili Oʻzbekistonga keldi.", **({} if title is None else {"title": title})}
    whole = line["text"] if title is None else f"{title}\n\n{line['text']}"
    mentions = [Mention(**m) for entity in (await answered(line))["entities"] for m in entity["mentions"]]
    assert mentions
    assert all(whole[m.start : m.end] == m.surface for m in mentions)


@pytest.mark.parametrize(("given", "tag"), [("uz-cyrl", "uz-Cyrl"), ("UZ-Cyrl-UZ", "uz-Cyrl"), ("en-GB", "en")])
async def test_a_language_may_be_given_in_any_of_its_spellings(given: str, tag: str) -> None:
    assert (await answered({"text": "Matn", "language": given}))["language"]["tag"] == tag


async def test_a_language_that_is_given_is_not_looked_for() -> None:
    told = await answered({"text": "Oʻzbekiston va BMT kelishdi.", "language": "kk"})
    assert (told["language"]["tag"], told["language"]["script"], told["language"]["confidence"]) == ("kk", "Latn", 1.0)


async def test_an_article_as_the_parser_writes_it_is_read_with_its_lane() -> None:
    article = ParsedArticle(
        article_id=article_id(URL), content_key=content_key("BMT", "Bugun BMT vakili keldi."), url=URL,
        canonical_url=URL, source="yangilik", lane="backfill", host="yangilik.example", title="BMT",
        text="Bugun BMT vakili keldi.",
        body_sha256="0" * 64, extraction=Extraction(method="test", confidence=1.0), fetched_at=datetime.now(UTC),
    )  # fmt: skip
    told = await answered(article.model_dump_json().encode())
    assert told["id"] == article.article_id
    assert told["translations"][0]["paragraphs"] == ["uz-Latn backfill"]
    assert [m["start"] for m in told["entities"][0]["mentions"]] == [0, 11]


@pytest.mark.parametrize(
    ("line", "identity", "why"),
    [
        (b"nothing\n", None, "the line is no JSON"),
        (b'{"id": NaN, "text": "x"}', None, "NaN is no number"),
        (b"[1]", None, "no JSON object"),
        (b'{"id": 1}', 1, "text: Field required"),
        (b'{"id": 1, "text": 5}', 1, "text: "),
        (b'{"id": 1, "text": "x", "language": "Uzbek language"}', 1, "language: should be a language tag"),
        (b'{"article_id": "a", "text": "x"}', "a", "title: Field required"),
        (b"x" * (MAX_LINE_BYTES + 1), None, "more than"),
        (b"[" * 100_000, None, "the line is no JSON"),
    ],
)
async def test_a_line_that_can_not_be_read_is_answered_with_the_reason(line: bytes, identity: Any, why: str) -> None:
    told = await answered(line)
    assert told["id"] == identity
    assert why in told["error"]
    assert (told["language"], told["translations"], told["entities"]) == (None, None, None)


async def test_half_characters_are_answered_in_utf_8() -> None:
    assert (await answered(b'{"id": "\\ud83d", "text": "Oddiy \\ud83d matn"}'))["language"]
