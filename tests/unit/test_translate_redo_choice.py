"""Which stored articles are translated once more, and how a translated one is read on the screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from services.console.local.errors import LocalRunError
from services.console.reading import best_first, lines, side_by_side
from services.console.redo import Wish, due, since_of, standings_of
from services.enricher.translate.routes import read_routes

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ROUTES = read_routes("uz:en=nllb,ru:en=deepl/headline,fa:en=none,*:en=firefox")


def row(language: str = "uz-Latn", *layers: list[str], lane: str = "live") -> dict[str, Any]:
    return {
        "article_id": "a", "language": language, "lane": lane, "chars": 900, "title_chars": 40, "at": NOW,
        "layers": list(layers),
    }  # fmt: skip


def engine_for(article: dict[str, Any], **wish: Any) -> str | None:
    found = due(article, Wish(ROUTES, **wish))
    return found and found.engine


def test_an_article_is_due_until_the_engine_of_its_route_has_translated_it_whole() -> None:
    assert engine_for(row()) == "nllb"
    assert engine_for(row("uz-Latn", ["firefox", "uzen 1", "ok"])) == "nllb"
    assert engine_for(row("uz-Latn", ["nllb", "x", "partial"], ["firefox", "uzen 1", "ok"])) == "nllb"
    assert engine_for(row("uz-Latn", ["nllb", "x", "ok"])) is None


def test_a_wish_for_a_model_takes_no_other_for_done() -> None:
    done = row("pt", ["firefox", "pten 1", "ok"])
    assert engine_for(done) is None
    assert engine_for(done, model="pten 2") == "firefox"
    assert engine_for(done, model="pten 1") is None


def test_what_no_engine_would_translate_is_not_due() -> None:
    assert engine_for(row("fa")) is None
    assert engine_for(row("en")) is None
    assert engine_for(row("und")) is None


def test_a_headline_alone_is_enough_where_the_route_gives_no_more_and_costs_no_more() -> None:
    found = due(row("ru"), Wish(ROUTES))
    assert found is not None
    assert found.chars == 40
    assert engine_for(row("ru", ["deepl", "", "truncated"])) is None
    assert engine_for(row("uz-Latn", ["nllb", "x", "truncated"])) == "nllb"


def test_what_asking_again_can_not_change_is_asked_for_by_its_status_only() -> None:
    unsupported = row("uz-Latn", ["nllb", "", "unsupported"])
    assert engine_for(unsupported) is None
    assert engine_for(unsupported, standings=("unsupported",)) == "nllb"
    long = row("uz-Latn", ["nllb", "x", "truncated"])
    assert engine_for(long, max_chars=long["chars"] - 1) is None
    assert engine_for(long, max_chars=long["chars"]) == "nllb"


def test_language_and_status_narrow_the_choice_and_another_engine_than_the_routes_is_told() -> None:
    assert engine_for(row("uz-Cyrl"), source_language="uz") == "nllb"
    assert engine_for(row("uz-Cyrl"), source_language="uz-Latn") is None
    unavailable = row("uz-Latn", ["firefox", "", "unavailable"])
    assert engine_for(unavailable, standings=("unavailable",)) == "nllb"
    assert engine_for(unavailable, standings=("partial", "none")) is None
    assert engine_for(row(), standings=("none",)) == "nllb"
    other = due(row(), Wish(ROUTES, engine="chat"))
    assert other is not None
    assert (other.engine, other.elsewhere) == ("chat", "nllb")


def test_days_and_statuses_are_read_or_refused_in_a_sentence() -> None:
    assert since_of("7d", NOW) == NOW - timedelta(days=7)
    assert since_of("2026-11-01", NOW) == datetime(2026, 11, 1, tzinfo=UTC)
    assert standings_of("failed, ok") == ("ok", "failed")
    for wrong in ("yesterday", "2026-13-01", "99999d1", "999999d"):
        with pytest.raises(LocalRunError, match="--since"):
            since_of(wrong, NOW)
    with pytest.raises(LocalRunError, match="okay: there are ok, partial"):
        standings_of("okay")


ARTICLE = {"title": "A ponte", "text": "Abriu hoje. Custou 12.\n\nFim."}
LAYER: dict[str, Any] = {
    "target": "en",
    "status": "partial",
    "engine": "firefox",
    "model": "pten 1",
    "detail": "1 of 4 sentences failed a guard: numbers",
    "title": "The bridge",
    "paragraphs": ["It opened today. […]", None],
    "sentences": [
        {"start": 0, "end": 7, "target_start": 0, "target_end": 10},
        {"paragraph": 0, "start": 0, "end": 11, "target_start": 0, "target_end": 16},
        {"paragraph": 0, "start": 12, "end": 22, "target_start": 17, "target_end": 20, "flaw": "numbers"},
    ],
    "names_missing": ["iso3166:PT"],
    "enriched_at": NOW,
}


def test_a_translation_is_read_sentence_by_sentence_with_who_made_it_and_what_was_not_taken() -> None:
    assert [(line.source, line.translation) for line in lines(ARTICLE, LAYER)] == [
        ("A ponte", "The bridge"),
        ("Abriu hoje.", "It opened today."),
        ("Custou 12.", "[…]"),
        ("Fim.", None),
    ]
    screen = Console(width=200)
    with screen.capture() as seen:
        screen.print(side_by_side(ARTICLE, LAYER, "pt"))
    said = seen.get()
    assert "en: partial, by firefox pten 1 (1 of 4 sentences failed a guard: numbers)" in said
    assert "[…] numbers: a number or a date is not the source's" in said
    assert "[not translated]" in said
    assert "iso3166:PT" in said


def test_a_translation_without_alignment_is_read_by_paragraphs() -> None:
    layer = LAYER | {"sentences": [], "paragraphs": ["It opened today."]}
    assert [(line.source, line.translation) for line in lines(ARTICLE, layer)] == [
        ("A ponte", "The bridge"),
        ("Abriu hoje. Custou 12.", "It opened today."),
        ("Fim.", None),
    ]


def test_the_newest_whole_translation_is_shown_first() -> None:
    old = LAYER | {"engine": "a", "status": "ok", "enriched_at": NOW - timedelta(days=2)}
    new = LAYER | {"engine": "b", "status": "ok", "enriched_at": NOW - timedelta(days=1)}
    assert [layer["engine"] for layer in best_first([LAYER, old, new])] == ["b", "a", "firefox"]
