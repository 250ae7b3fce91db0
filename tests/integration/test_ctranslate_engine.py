"""Models of CTranslate2 translate in a process of their own; they are tiny and random, and the way is the real one."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.enricher.translate.engine import Broken, Denied, Refused
from services.enricher.translate.engines.ctranslate import CTranslate, Decoding
from services.enricher.translate.engines.processes import processes
from services.runtime.pool import ProcessPool
from tests.tiny_translation_models import LINES, nllb, opus

RUSSIAN = "Завтра в Душанбе откроют мост через реку."
UZBEK = "Toshkentda yangi kutubxona ochildi."


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    pool = processes(workers=1, timeout_seconds=30)
    yield pool
    pool.close()


async def opened(folder: Path, pool: ProcessPool, decoding: Decoding | None = None) -> CTranslate:
    engine = CTranslate(folder, pool, decoding=decoding)
    await engine.open()
    return engine


async def test_sentences_go_through_nllb_alone_as_in_a_batch_and_in_order(pool: ProcessPool, tmp_path: Path) -> None:
    engine = await opened(nllb(tmp_path / "nllb-tiny"), pool, Decoding(inter_threads=2))
    units = [RUSSIAN, "Дождь", "", *(f"{RUSSIAN[:-1]} и {number} дорог." for number in range(9))]
    answers = await engine.translate(units, "ru-Cyrl", "en")
    assert answers == [(await engine.translate([unit], "ru-Cyrl", "en"))[0] for unit in units]
    assert all(isinstance(answer, str) for answer in answers)
    assert answers[0]
    assert answers[2] == ""


async def test_a_translation_is_put_together_from_its_pieces(pool: ProcessPool, tmp_path: Path) -> None:
    engine = await opened(nllb(tmp_path / "says-the", says="▁the"), pool)
    assert await engine.translate([RUSSIAN], "ru-Cyrl", "en") == ["the the the the the"]


async def test_nllb_knows_the_languages_and_scripts_that_its_vocabulary_has(pool: ProcessPool, tmp_path: Path) -> None:
    engine = await opened(nllb(tmp_path / "nllb-tiny", codes=["eng_Latn", "kaz_Cyrl", "uzn_Latn", "pes_Arab"]), pool)
    name = engine.model("uz-Latn", "en")
    assert name
    assert name.startswith("nllb-tiny-")
    assert len(name) == len("nllb-tiny-") + 8
    for known in ("uz", "uz-Cyrl", "kk", "kk-Cyrl", "fa", "fa-Arab", "en"):
        assert engine.model(known, "uz-Latn" if known == "en" else "en") == name, known
    # Its own Latin letters for Kazakh and Arabic ones for Uzbek NLLB never saw; these Russian and German are not here.
    for unknown in ("kk-Latn", "uz-Arab", "ru-Cyrl", "de", "kaa-Cyrl", "en", "und", "x" * 1_000):
        assert engine.model(unknown, "en") is None, unknown
    assert engine.model("en", "uz-Cyrl") is None
    with pytest.raises(Denied, match="no model from ru-Cyrl to en"):
        await engine.translate([RUSSIAN], "ru-Cyrl", "en")


async def test_uzbek_in_cyrillic_letters_is_translated_as_the_same_in_latin_ones(
    pool: ProcessPool, tmp_path: Path
) -> None:
    engine = await opened(nllb(tmp_path / "nllb-tiny"), pool)
    cyrillic = await engine.translate(["Тошкентда янги кутубхона очилди."], "uz-Cyrl", "en")
    assert cyrillic == await engine.translate([UZBEK], "uz-Latn", "en")


async def test_letters_that_a_vocabulary_has_not_got_are_spelled_with_those_that_it_has(
    pool: ProcessPool, tmp_path: Path
) -> None:
    plain = [line.replace("ʻ", "'").replace("ʼ", "'") for line in LINES]
    engine = await opened(nllb(tmp_path / "nllb-plain", lines=plain), pool)
    spelled = await engine.translate(["Bogʻdagi maʼruza"], "uz-Latn", "en")
    assert spelled == await engine.translate(["Bog'dagi ma'ruza"], "uz-Latn", "en")


async def test_a_sentences_end_is_told_once_whoever_tells_it(pool: ProcessPool, tmp_path: Path) -> None:
    ours = await opened(opus(tmp_path / "ru-en"), pool)
    config = opus(tmp_path / "again" / "ru-en") / "config.json"
    config.write_text(config.read_text().replace('"add_source_eos": false', '"add_source_eos": true'))
    its_own = await opened(config.parent, pool)
    assert await ours.translate([RUSSIAN], "ru", "en") == await its_own.translate([RUSSIAN], "ru", "en")


async def test_a_sentence_that_never_ends_is_refused_and_not_cut(pool: ProcessPool, tmp_path: Path) -> None:
    engine = await opened(nllb(tmp_path / "endless", ends=False), pool)
    assert await engine.translate([RUSSIAN, "Дождь"], "ru", "en") == [Refused("unfinished")] * 2


@pytest.mark.parametrize(
    ("unit", "flaw"),
    [
        pytest.param("ошибка " * 60, "unfinished", id="longer than the bounds"),
        pytest.param("☃" * 300, "unknown", id="signs without a piece"),
        pytest.param("今日は晴れです。", "unknown", id="a script that the vocabulary has not got"),
    ],
)
async def test_a_sentence_that_the_model_cannot_read_whole_is_refused(
    unit: str, flaw: str, pool: ProcessPool, tmp_path: Path
) -> None:
    engine = await opened(nllb(tmp_path / "nllb-tiny"), pool)
    refused, taken = await engine.translate([unit, RUSSIAN], "ru", "en")
    assert isinstance(refused, Refused)
    assert refused.flaw == flaw
    assert isinstance(taken, str)


async def test_a_translation_of_unknown_words_is_refused(pool: ProcessPool, tmp_path: Path) -> None:
    engine = await opened(nllb(tmp_path / "mutters", says="<unk>"), pool)
    assert await engine.translate([RUSSIAN], "ru", "en") == [Refused("unknown")]


async def test_a_model_for_a_pair_goes_before_one_for_all_and_wants_no_code(pool: ProcessPool, tmp_path: Path) -> None:
    nllb(tmp_path / "nllb-tiny")
    opus(tmp_path / "opus-mt-ru-en")
    engine = await opened(tmp_path, pool)
    assert (engine.model("ru-Cyrl", "en") or "").startswith("opus-mt-ru-en-")
    assert (engine.model("uz-Latn", "en") or "").startswith("nllb-tiny-")
    assert (engine.model("ru-Cyrl", "tr") or "").startswith("nllb-tiny-")
    [answer] = await engine.translate([RUSSIAN], "ru-Cyrl", "en")
    assert isinstance(answer, str)
    assert answer


async def test_an_engine_of_one_kind_leaves_the_others_models_alone(pool: ProcessPool, tmp_path: Path) -> None:
    nllb(tmp_path / "nllb-tiny")
    engine = CTranslate(tmp_path, pool, kind="opus")
    with pytest.raises(Denied, match="no model of the kind opus"):
        await engine.open()
    opus(tmp_path / "opus-mt-ru-en")
    await engine.open()
    assert engine.model("ru", "en")
    assert engine.model("uz", "en") is None


CARD = """
name = "turkic"
kind = "opus"
pairs = ["ru:uz-Latn", "ru:kk"]
[target_tokens]
"uz-Latn" = ">>uzb_Latn<<"
kk = ">>kaz_Cyrl<<"
"""


async def test_an_opus_model_of_several_targets_is_asked_for_one_by_the_token_on_its_card(
    pool: ProcessPool, tmp_path: Path
) -> None:
    folder = opus(tmp_path / "ru-trk", extra=[">>uzb_Latn<<", ">>kaz_Cyrl<<"])
    (folder / "xabar-model.toml").write_text(CARD, encoding="utf-8")
    engine = await opened(folder, pool)
    assert (engine.model("ru", "uz") or "").startswith("turkic-")
    assert engine.model("ru-Cyrl", "kk-Cyrl")
    assert engine.model("ru", "en") is None
    assert isinstance((await engine.translate([RUSSIAN], "ru", "uz"))[0], str)


async def test_another_way_of_decoding_is_another_version(pool: ProcessPool, tmp_path: Path) -> None:
    folder = nllb(tmp_path / "nllb-tiny")
    greedy = (await opened(folder, pool)).model("ru", "en")
    beams = await opened(folder, pool, Decoding(beam_size=4))
    assert beams.model("ru", "en") == f"{greedy}-beam4"
    assert isinstance((await beams.translate([RUSSIAN], "ru", "en"))[0], str)


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def spoilt(name: str, text: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(text) and None


def cut(folder: Path) -> None:
    os.truncate(folder / "model.bin", 9_000)


FAULTS = [
    pytest.param(nllb, cut, "model.bin", id="weights that are cut short"),
    pytest.param(nllb, spoilt("model.bin", b"<html>"), "model.bin", id="weights that are none"),
    pytest.param(nllb, without("model.bin"), "model.bin", id="no weights"),
    pytest.param(nllb, without("sentencepiece.bpe.model"), "sentencepiece.bpe.model", id="no tokenizer"),
    pytest.param(nllb, spoilt("sentencepiece.bpe.model", b"x" * 99), "sentencepiece.bpe.model", id="no real tokenizer"),
    pytest.param(nllb, without("shared_vocabulary.json"), "shared_vocabulary.json", id="no vocabulary"),
    pytest.param(nllb, spoilt("shared_vocabulary.json", b"{}"), "shared_vocabulary.json", id="no real vocabulary"),
    pytest.param(nllb, spoilt("config.json", b"{"), "config.json", id="a broken configuration"),
    pytest.param(nllb, spoilt("xabar-model.toml", b"kind = 7"), "xabar-model.toml: kind", id="a broken card"),
    pytest.param(
        nllb,
        spoilt("xabar-model.toml", f'[files."model.bin"]\nsha256 = "{"0" * 64}"'.encode()),
        "not the file that xabar-model.toml names",
        id="weights that the card does not mean",
    ),
    pytest.param(opus, without("target.spm"), "target.spm", id="half of the tokenizers"),
    pytest.param(opus, lambda _: None, "which pair", id="a pair that nobody names"),
    pytest.param(
        opus,
        spoilt("xabar-model.toml", b'pairs = ["en:kk"]\ntarget_tokens = {kk = ">>kaz<<"}'),
        ">>kaz<<",
        id="a token that is not there",
    ),
    pytest.param(nllb, shutil.rmtree, "is no folder", id="no folder"),
]


@pytest.mark.parametrize(("build", "spoil", "sentence"), FAULTS)
async def test_a_folder_that_is_no_model_is_denied_and_the_file_is_named(
    build: Callable[[Path], Path], spoil: Callable[[Path], None], sentence: str, pool: ProcessPool, tmp_path: Path
) -> None:
    folder = build(tmp_path / "model")
    spoil(folder)
    with pytest.raises(Denied, match=sentence):
        await opened(folder, pool)


async def test_a_process_that_dies_is_replaced_and_does_not_take_other_weights_for_its_own(tmp_path: Path) -> None:
    pool = processes(workers=1, timeout_seconds=30)
    folder = nllb(tmp_path / "nllb-tiny")
    engine = await opened(folder, pool)
    answers = await engine.translate([RUSSIAN], "ru", "en")

    async def again() -> list[str | Refused]:
        for _ in range(5):
            try:
                return await engine.translate([RUSSIAN], "ru", "en")
            except Broken:
                continue
        raise AssertionError("it stayed broken")

    try:
        os.kill(await pool.run(os.getpid), signal.SIGKILL)
        assert await again() == answers
        os.utime(folder / "model.bin", ns=(1, 1))
        os.kill(await pool.run(os.getpid), signal.SIGKILL)
        with pytest.raises(Denied, match="has changed since"):
            await again()
        await engine.open()
        assert await again() == answers
    finally:
        await engine.close()
