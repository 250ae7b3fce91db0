"""Every translation engine keeps to one protocol: explicit statuses, aligned paragraphs, no exception."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.contracts.articles import Translation
from services.enricher.translate.cache import UnitCache
from services.enricher.translate.firefox import FirefoxTranslator, find_models, open_models
from services.enricher.translate.none import NoTranslator
from services.enricher.translate.protocol import Translator
from services.runtime.pool import Poisoned

TITLE = "A ponte abriu"
PARAGRAPHS = ("A ponte nova abriu hoje.", "Custou 12 milhões de euros.", "***", "Primeira linha.\nSegunda linha.")


class FakePool:
    """Answers as the engine's process would, by a function of one unit, and says that it took a second."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer = answer
        self.units: list[str] = []

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        self.units.extend(args[1])
        return [self.answer(unit) for unit in args[1]], 1.0


def mirrored(unit: str) -> str:
    """An invented tongue that keeps lengths and numbers."""
    return " ".join(word if word[0].isdigit() else word[::-1] for word in unit.split())


def engine(folder: Path, pool: FakePool, max_chars: int = 10_000, max_seconds: float = 60.0) -> FirefoxTranslator:
    model = folder / "pten-1"
    model.mkdir(parents=True, exist_ok=True)
    for name in ("model.pten.bin", "vocab.pten.spm", "lex.pten.bin"):
        (model / name).write_bytes(b"")
    return FirefoxTranslator(find_models(folder), pool, max_chars, max_seconds)


def translate(translator: Translator, source: str = "pt", title: str = TITLE) -> Translation:
    return asyncio.run(translator.translate(title, PARAGRAPHS, source, "en"))


@pytest.fixture(params=["none", "firefox"])
def translator(request: pytest.FixtureRequest, tmp_path: Path) -> Translator:
    return NoTranslator("none is configured") if request.param == "none" else engine(tmp_path, FakePool(mirrored))


def test_what_is_supported_has_a_model_and_an_answer(translator: Translator) -> None:
    for source in ("pt", "pt-BR", "uz-Latn", "und"):
        answer = translate(translator, source)
        assert translator.supports(source, "en") == (translator.model(source, "en") is not None)
        assert translator.supports(source, "en") == (answer.status == "ok")
        assert answer.engine == translator.name
        assert answer.target == "en"
        assert len(answer.paragraphs) in (0, len(PARAGRAPHS))
        assert answer.status == "ok" or answer.detail


def test_no_engine_and_no_such_pair_are_told_apart(tmp_path: Path) -> None:
    assert translate(NoTranslator("why")).status == "unavailable"
    assert translate(engine(tmp_path, FakePool(mirrored)), "kk").status == "unsupported"


def test_a_folder_without_models_or_none_at_all_is_unavailable_with_its_reason(tmp_path: Path) -> None:
    for folder in (None, tmp_path, tmp_path / "missing"):
        answer = translate(open_models(folder, FakePool(mirrored), 1000, 60))
        assert answer.status == "unavailable"
        assert answer.detail


def test_paragraphs_stay_aligned_and_lines_stay_lines(tmp_path: Path) -> None:
    answer = translate(engine(tmp_path, FakePool(mirrored)))
    assert answer.title == "A etnop uirba"
    assert answer.paragraphs[2:] == ("***", "ariemirP .ahnil\nadnugeS .ahnil")
    assert (answer.status, answer.model, answer.detail) == ("ok", "pten-1", None)


def test_a_sentence_that_fails_a_guard_empties_its_paragraph_only(tmp_path: Path) -> None:
    pool = FakePool(lambda unit: mirrored(unit).replace("12", "13"))
    answer = translate(engine(tmp_path, pool))
    assert answer.status == "partial"
    assert [text is None for text in answer.paragraphs] == [False, True, False, False]
    assert answer.detail == "1 of 5 texts failed a guard: numbers"


def test_where_everything_fails_the_translation_failed(tmp_path: Path) -> None:
    answer = asyncio.run(engine(tmp_path, FakePool(lambda _: "")).translate("Um", ("Dois",), "pt", "en"))
    assert (answer.status, answer.title, answer.paragraphs) == ("failed", None, (None,))


@pytest.mark.parametrize("trouble", [Poisoned("no answer"), MemoryError(), ValueError("malformed model")])
def test_a_crash_or_a_hang_only_fails_the_translation(tmp_path: Path, trouble: Exception) -> None:
    def breaks(_: str) -> str:
        raise trouble

    answer = translate(engine(tmp_path, FakePool(breaks)))
    assert (answer.status, answer.title, answer.paragraphs) == ("failed", None, ())
    assert type(trouble).__name__ in (answer.detail or "")


def test_the_limit_of_characters_cuts_after_the_headline(tmp_path: Path) -> None:
    answer = translate(engine(tmp_path, FakePool(mirrored), max_chars=len(TITLE) + len(PARAGRAPHS[0])))
    assert (answer.status, answer.detail) == ("truncated", "cut after 2 of 5 texts")
    assert answer.title
    assert [text is None for text in answer.paragraphs] == [False, True, True, True]


def test_the_limit_of_time_cuts_too(tmp_path: Path) -> None:
    long = ("Uma frase. " * 180).strip()
    slow = engine(tmp_path, FakePool(mirrored), max_seconds=0.5)
    answer = asyncio.run(slow.translate("Um título", (long, long), "pt", "en"))
    assert answer.status == "truncated"
    assert answer.title


def test_what_was_translated_before_is_not_asked_again(tmp_path: Path) -> None:
    pool = FakePool(mirrored)
    translator = engine(tmp_path, pool)
    first, asked = translate(translator), len(pool.units)
    second = translate(translator)
    assert (second.title, second.paragraphs) == (first.title, first.paragraphs)
    assert len(pool.units) == asked
    assert "***" not in pool.units


def test_the_cache_lets_the_oldest_go() -> None:
    cache = UnitCache(max_chars=30)
    for source in ("aaaaa", "bbbbb", "ccccc"):
        cache.put(("firefox", "m", source), source.upper())
        cache.get(("firefox", "m", "aaaaa"))
    cache.put(("firefox", "m", "ddddd"), "DDDDD")
    assert cache.get(("firefox", "m", "aaaaa")) == "AAAAA"
    assert cache.get(("firefox", "m", "bbbbb")) is None


def test_a_pair_is_read_from_the_files_name_or_the_folders(tmp_path: Path) -> None:
    for folder, files in {
        "ruen.1": ("model.ruen.intgemm.alphas.bin", "vocab.ruen.spm"),
        "uz-en": ("model.bin", "srcvocab.spm", "trgvocab.spm"),
        "no-vocabulary": ("model.kken.bin",),
    }.items():
        (tmp_path / folder).mkdir()
        for file in files:
            (tmp_path / folder / file).write_bytes(b"")
    assert set(find_models(tmp_path)) == {("ru", "en"), ("uz", "en")}
    assert set(find_models(tmp_path / "ruen.1")) == {("ru", "en")}
