"""What folders of models say of themselves, and how sentences are put into batches for one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enricher.translate.engine import Denied
from services.enricher.translate.engines.ctranslate import BATCH_TOKENS, MOST_SOURCE_TOKENS, batched, nllb_codes
from services.enricher.translate.engines.folders import Card, model_folders, pair_in_name, read_card, versioned


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("pt-en", ("pt", "en")),
        ("opus-mt-ru-en", ("ru", "en")),
        ("opus-mt-tc-big-en-tr-int8", ("en", "tr")),
        ("kaa-uz", ("kaa", "uz")),
        ("opus-mt", None),
        ("nllb-200-distilled-600M", None),
        ("pten", None),
        ("", None),
        ("-" * 10_000, None),
    ],
)
def test_a_folders_name_can_say_a_pair(name: str, pair: tuple[str, str] | None) -> None:
    assert pair_in_name(name) == pair


FULL = """
name = "opus-mt-ru-en"
kind = "opus"
pairs = ["ru:en", "uz-Cyrl:en"]
repository = "somebody/opus-mt-ru-en-ctranslate2"
revision = "0123456789abcdef"
licence = "CC-BY-4.0"

[files."model.bin"]
sha256 = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
bytes = 3
"""


def test_a_card_says_what_the_folder_holds_and_may_be_left_out(tmp_path: Path) -> None:
    assert read_card(tmp_path) == Card()
    (tmp_path / "xabar-model.toml").write_text(FULL, encoding="utf-8")
    card = read_card(tmp_path)
    assert (card.name, card.kind, card.licence) == ("opus-mt-ru-en", "opus", "CC-BY-4.0")
    assert card.both == (("ru", "en"), ("uz-Cyrl", "en"))
    assert card.files["model.bin"].bytes == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('pairs = ["russian"]', "'russian' is no pair"),
        ('kind = "pivot"', "kind: Input should be"),
        ('name = "../x"', "name: String should match"),
        ("pairs =", "Invalid value"),
        ('[files."model.bin"]\nsha256 = "short"', "sha256"),
        ("#" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_a_card_that_cannot_be_read_is_denied_with_the_reason(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "xabar-model.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Denied, match=why):
        read_card(tmp_path)


def test_a_models_version_is_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "ru-en"
    folder.mkdir()
    weights = folder / "model.bin"
    weights.write_bytes(b"one")
    first = versioned(Card(), weights)
    assert first.startswith("ru-en-")
    weights.write_bytes(b"two")
    assert versioned(Card(), weights) not in (first, versioned(Card(name="mine"), weights))
    with pytest.raises(Denied, match=r"gone\.bin: No such file"):
        versioned(Card(), folder / "gone.bin")


def test_a_folder_is_a_models_or_one_of_models(tmp_path: Path) -> None:
    with pytest.raises(Denied, match="neither it nor a folder in it holds model"):
        model_folders(tmp_path, "model.bin")
    for name in ("b", "a", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "model.bin").touch()
    (tmp_path / "b" / "model.bin").touch()
    assert model_folders(tmp_path, "model.bin") == [tmp_path / "a", tmp_path / "b"]
    assert model_folders(tmp_path / "a", "model.bin") == [tmp_path / "a"]


@given(st.lists(st.integers(1, MOST_SOURCE_TOKENS + 2), max_size=64))
def test_batches_hold_each_sentence_once_and_are_never_too_large(lengths: list[int]) -> None:
    batches = batched(dict(enumerate(lengths)))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert lengths[batch[0]] == max(lengths[place] for place in batch)
        assert len(batch) * lengths[batch[0]] <= BATCH_TOKENS


def test_nllb_has_a_code_for_each_script_and_the_usual_one_for_a_bare_language() -> None:
    codes = nllb_codes()
    assert codes["uz"] == codes["uz-Latn"] == "uzn_Latn"
    assert codes["zh-Hant"] == "zho_Hant"
    assert "uz-Cyrl" not in codes
    assert "kk-Latn" not in codes
    assert "kaa" not in codes
