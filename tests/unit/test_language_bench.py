"""The bench of languages: what counts as right, and what becomes of a system that is not there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.language.__main__ import accepted, accuracies, class_of, folded, main

ROWS = [
    {"text": "a", "language": "uz", "script": "Latn", "variant": "no-apos", "kind": "sentence"},
    {"text": "b", "language": "kk", "kind": "sentence"},
    {"text": "c", "language": "kk", "kind": "sentence"},
    {"text": "d", "language": "de", "kind": "sentence", "distractor": True},
]


def test_accuracy_is_by_class_and_leaves_distractors_out() -> None:
    assert accuracies(ROWS, ["uz", "kk", "ky", "de"]) == {"sentence": {"uz-Latn/no-apos": 1.0, "kk": 0.5}}
    assert accepted(ROWS, ["uz", "kk", "ky", "kk"]) == 1.0
    assert accepted(ROWS, ["uz", "kk", "ky", "fr"]) == 0.0


def test_codes_of_the_same_language_are_one() -> None:
    assert [folded(code) for code in ("zh-Hant", "pes", "UZN", "kk")] == ["zh", "fa", "uz", "kk"]
    assert class_of({"language": "fa", "script": "Arab", "variant": "dari"}) == "fa/dari"


def test_a_peer_that_is_not_installed_ends_the_run_with_a_reason(tmp_path: Path) -> None:
    data = tmp_path / "texts.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in ROWS))
    absent = tmp_path / "python"
    absent.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    absent.chmod(0o755)
    with pytest.raises(EOFError, match="installed"):
        main(["--data", str(data), "--peers-python", str(absent)])
