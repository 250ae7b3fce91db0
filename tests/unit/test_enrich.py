"""The enricher adds a layer to an article and edits nothing of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.contracts.articles import Extraction, Language, Mention, ParsedArticle, Translation, entity_text
from services.contracts.identity import article_id, content_key
from services.contracts.outcomes import Rejection
from services.contracts.sources import Lane
from services.enricher.enrich import enrich
from services.enricher.entities.found import Tagged
from services.enricher.settings import EnricherSettings
from services.enricher.stage import stage
from services.enricher.translate.guards import judged_here
from services.enricher.translate.opening import open_translator
from services.enricher.work import identify_article, tag_text
from services.runtime.settings import read

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
URL = "https://yangilik.example/ochilish"
TITLE = "O‘zbekiston va BMT kelishdi"


def article(title: str = TITLE, text: str = "Toshkentda bugun BMTning vakili keldi.\n\nU Qozogʻistonga ham boradi."):
    return ParsedArticle(
        article_id=article_id(URL), content_key=content_key(title, text), url=URL, canonical_url=URL, source="yangilik",
        host="yangilik.example", title=title, text=text, body_sha256="0" * 64,
        extraction=Extraction(method="test", confidence=1.0), fetched_at=NOW,
    )  # fmt: skip


async def identify(title: str, paragraphs: tuple[str, ...]) -> Language:
    return identify_article(title, paragraphs, frozenset())


async def tag(text: str, language: Language, title_end: int, published: date | None) -> Tagged:
    return tag_text(text, language, title_end, published)


async def agreed(title: str, paragraphs: Sequence[str], source: str, lane: Lane) -> tuple[Translation, ...]:
    """Translates everything to the same words."""
    return (Translation(target="en", status="ok", engine="fixed", model="one", title="Agreed", seconds=1.0),)


async def nothing(title: str, paragraphs: Sequence[str], source: str, lane: Lane) -> tuple[Translation, ...]:
    """No engine is there."""
    return (Translation(target="en", status="unavailable", engine="none", detail="not configured"),)


async def test_the_article_is_kept_whole_and_gets_its_layer() -> None:
    original = article()
    enriched = await enrich(original, identify, tag, agreed, lambda: NOW, "1.2")
    assert enriched.article == original
    assert enriched.language.tag == "uz-Latn"
    assert enriched.search_key == "oʻzbekiston va bmt kelishdi"
    assert [t.title for t in enriched.translations] == ["Agreed"]
    found = [entity.name_en for entity in enriched.entities]
    assert found == ["Uzbekistan", "United Nations", "Tashkent", "Kazakhstan"]
    text = entity_text(original)
    assert all(text[m.start : m.end] == m.surface for entity in enriched.entities for m in entity.mentions)
    assert (enriched.enriched_at, enriched.stamp.stage, enriched.stamp.version) == (NOW, "enricher", "1.2")


async def test_mentions_in_the_title_count_from_its_start() -> None:
    enriched = await enrich(article(), identify, tag, nothing, lambda: NOW)
    assert enriched.entities[0].mentions[0] == Mention(start=0, end=11, surface="O‘zbekiston")


async def test_a_missing_engine_is_said_and_harms_nothing() -> None:
    handled = await stage(identify, tag, nothing, lambda: NOW).handle(article())
    assert handled is not None
    assert not isinstance(handled, Rejection)
    assert [(t.status, t.detail) for t in handled.translations] == [("unavailable", "not configured")]


def test_settings_are_refused_with_a_sentence() -> None:
    for variable, value, wanted in (
        ("TRANSLATE_ROUTES", "uz=English!", "a list of routes, but 'uz=English!' is no route"),
        ("ENRICHER_LANGUAGES", "uz russian", "language codes of two or three letters, not russian"),
    ):
        with pytest.raises(ValueError, match=f"{variable} is '{value}'; it should be {wanted}"):
            read(EnricherSettings, {variable: value})


def test_settings_are_read() -> None:
    given = read(EnricherSettings, {"ENRICHER_LANGUAGES": "uz, ru", "TRANSLATE_MODELS": "models"})
    assert given.languages == {"uz", "ru"}
    assert given.translate_models == Path("models")
    optional = ["TRANSLATE_MODELS", "DEEPL_KEY", "CHAT_URL", "CHAT_MODEL", "ENRICHER_KB_EXTRA", "TRANSLATE_PROXY"]
    assert read(EnricherSettings, dict.fromkeys(optional, "")) == read(EnricherSettings, {})


def test_what_is_wrong_with_an_engine_names_its_variables() -> None:
    told = read(EnricherSettings, {"TRANSLATE_ROUTES": "*:en=deepl", "DEEPL_KEY": "ключ"})
    with pytest.raises(ValueError, match=r"engine deepl .DEEPL_…, .*a key is of printable ASCII"):
        open_translator(told, judged_here)
