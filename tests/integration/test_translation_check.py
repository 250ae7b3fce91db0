"""`xabar models list` and `xabar translate check` say what models there are and whether engines translate."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.console.commands import app
from services.contracts.articles import Translation
from services.enricher.settings import TranslationSettings
from services.enricher.translate.checking import Checked, checked, chrf, pages
from services.enricher.translate.engines.folders import CARD, installed
from services.enricher.translate.guards import judged_here
from services.enricher.translate.opening import open_translator
from tests.tiny_translation_models import nllb


def xabar(*command: str, models: Path | None = None, routes: str = "*:en=nllb") -> tuple[int, str]:
    variables = {"TRANSLATE_ROUTES": routes, "COLUMNS": "200", **({"TRANSLATE_MODELS": str(models)} if models else {})}
    result = CliRunner().invoke(app, command, env=variables)
    return result.exit_code, result.output + str(result.exception or "")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    nllb(folder / "tiny-nllb")
    return folder


def test_models_are_listed_with_their_kind_and_pair(models: Path, tmp_path: Path) -> None:
    for folder, files in {
        "pten.1": ("model.pten.bin", "vocab.pten.spm"),
        "opus-mt-ru-en": ("model.bin", "source.spm"),
    }.items():
        (tmp_path / folder).mkdir()
        for file in files:
            (tmp_path / folder / file).write_bytes(b"12345")
    found = {one.folder.name: (one.kind, one.pairs, one.size) for one in installed(tmp_path)}
    assert found == {"pten.1": ("firefox", ("pt:en",), 10), "opus-mt-ru-en": ("opus", ("ru:en",), 10)}
    assert [(one.kind, one.pairs) for one in installed(models)] == [("nllb", ())]


def test_a_file_that_is_not_the_recorded_one_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pten"
    folder.mkdir()
    for file in ("model.pten.bin", "vocab.pten.spm"):
        (folder / file).write_bytes(file.encode())
    digest = hashlib.sha256(b"model.pten.bin").hexdigest()
    card = f'licence = "MPL-2.0"\n[files."model.pten.bin"]\nsha256 = "{digest}"\n'
    (folder / CARD).write_text(card)
    code, told = xabar("models", "list", models=tmp_path)
    assert (code, "as recorded" in told, "MPL-2.0" in told) == (0, True, True)
    (folder / "model.pten.bin").write_bytes(b"another")
    code, told = xabar("models", "list", models=tmp_path)
    assert (code, "changed: model.pten.bin" in told) == (1, True)


def test_a_folder_without_models_is_said_to_be_one(tmp_path: Path) -> None:
    code, told = xabar("models", "list", models=tmp_path)
    assert code == 1
    assert "no model in" in told


@pytest.mark.parametrize("group", ["translate", "models"])
def test_a_model_of_random_weights_runs_and_does_not_pass(models: Path, group: str) -> None:
    code, told = xabar(group, "check", "--languages", "uz-Cyrl", models=models)
    assert code == 1
    assert "tiny-nllb-" in told
    assert "MiB" in told


def test_an_engine_that_is_not_there_fails_the_check_and_a_pair_without_one_does_not() -> None:
    code, told = xabar("translate", "check", "--languages", "ru", routes="*:en=deepl")
    assert code == 1
    assert "DEEPL_KEY is not set" in told
    code, told = xabar("translate", "check", "--languages", "ru", routes="*:en=none")
    assert code == 0
    assert "unavailable" in told
    code, told = xabar("translate", "check", "--languages", "xx")
    assert code == 1
    assert "No page in xx" in told


def test_the_page_is_the_same_report_in_every_language() -> None:
    assert {"uz-Latn", "uz-Cyrl", "ru", "kk", "ky", "tg", "tk", "tr", "fa", "pt"} == set(pages())

    async def run() -> Sequence[Checked]:
        translator = open_translator(TranslationSettings(translate_routes="*:en=none"), judged_here)
        try:
            return [await checked(translator, tag) for tag in pages()]
        finally:
            await translator.close()

    found = asyncio.run(run())
    assert [(one.translation.status, one.chrf, one.is_broken) for one in found] == [("unavailable", None, False)] * 10


def test_an_engine_without_an_answer_is_broken() -> None:
    down = Translation(target="en", status="unavailable", engine="deepl", detail="down")
    assert Checked("ru", down, 1.0, None).is_broken


def test_chrf_is_a_hundred_for_the_same_text_and_falls_with_the_difference() -> None:
    same, near, far = (
        chrf(text, "The bridge opened in May.")
        for text in ("The bridge opened in May.", "The bridge was opened in May.", "Nobody came.")
    )
    assert same == pytest.approx(100)
    assert far < 20 < near < 100
    assert chrf("", "text") == 0.0
