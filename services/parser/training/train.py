"""Cross-validates the model of the body by domain, then trains it on all pages: see README.md for the data.

python -m services.parser.training.train GOLD PAGES VOTES --to FOLDER [--threads 1] [--out-of-fold FILE]
"""

# CatBoost is installed for training only.
# mypy: disable-error-code="import-not-found,import-untyped"
from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier, Pool
from numpy.typing import NDArray

from services.parser.body.features import names
from services.parser.body.selection import taken_of
from services.parser.training.corpus import Example, examples_of
from services.parser.training.export import export
from services.parser.training.labels import FOLDS
from services.parser.training.shingles import f_of, likeness, words_of

PARAMETERS = {
    "iterations": 300,
    "depth": 6,
    "learning_rate": 0.08,
    "l2_leaf_reg": 3,
    "rsm": 0.5,
    "border_count": 32,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.8,
    "random_seed": 1,
    "verbose": 0,
    "allow_writing_files": False,
}
CHECKED_ROWS = 64
"""Stored with the answers of the trainer's own library, for a test of the product's."""


def main() -> None:
    """Train, and print the figures of each threshold as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("gold", type=Path)
    asked.add_argument("pages", type=Path)
    asked.add_argument("votes", type=Path)
    asked.add_argument("--to", type=Path, required=True)
    asked.add_argument("--threads", type=int, default=1)
    asked.add_argument("--out-of-fold", type=Path)
    arguments = asked.parse_args()
    for folder in filter(None, (arguments.to, arguments.out_of_fold and arguments.out_of_fold.parent)):
        folder.mkdir(parents=True, exist_ok=True)
    examples = list(examples_of(arguments.gold, arguments.pages, arguments.votes))
    sys.stdout.write(f"{len(examples)} pages, {sum(e.labels is not None for e in examples)} of them labelled\n")
    model = fitted(examples, arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "model.json"
        model.save_model(str(stored), format="json")
        export(stored, names(), arguments.to / "body.npz")
    rows = np.concatenate([e.rows for e in examples if e.labels])[::1_000][:CHECKED_ROWS]
    np.savez_compressed(arguments.to / "body.check.npz", rows=rows, answers=model.predict_proba(rows)[:, 1])
    if arguments.out_of_fold:
        answers = out_of_fold(examples, arguments.threads)
        np.savez_compressed(arguments.out_of_fold, allow_pickle=False, **answers)
        for threshold in (0.4, 0.45, 0.5, 0.55, 0.6):
            sys.stdout.write(json.dumps({"threshold": threshold, **figures(examples, answers, threshold)}) + "\n")


def fitted(examples: Sequence[Example], threads: int) -> CatBoostClassifier:
    """The model of the pages that have labels; every page of a kind weighs the same."""
    used = [(e.rows, e.labels) for e in examples if e.labels is not None]
    weights = np.concatenate([labels.weights for _, labels in used])
    pool = Pool(
        np.concatenate([rows for rows, _ in used]),
        np.concatenate([labels.body for _, labels in used]).astype(np.int8),
        weight=weights * len(weights) / weights.sum(),
    )
    model = CatBoostClassifier(**PARAMETERS, thread_count=threads)
    model.fit(pool)
    return model


def out_of_fold(examples: Sequence[Example], threads: int) -> dict[str, NDArray[np.float32]]:
    """The probabilities of each page's blocks, by a model that saw no page of its domain."""
    found: dict[str, NDArray[np.float32]] = {}
    for fold in range(FOLDS):
        model = fitted([e for e in examples if e.fold != fold], threads)
        for example in examples:
            if example.fold == fold:
                found[example.name] = model.predict_proba(example.rows)[:, 1].astype(np.float32)
    return found


def figures(examples: Sequence[Example], answers: dict[str, NDArray[np.float32]], threshold: float) -> dict[str, float]:
    """Mean precision and recall of the pages that have a full text, and their harmonic mean."""
    precisions, recalls = [], []
    for example in examples:
        if example.gold:
            taken = taken_of(answers[example.name], np.array([len(text) for text in example.texts]), threshold)
            answer = "\n".join(text for text, own in zip(example.texts, taken, strict=True) if own)
            precision, recall = likeness(words_of(example.gold), words_of(answer))
            recalls.append(recall)
            if precision is not None:
                precisions.append(precision)
    precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
    return {"f": round(f_of(precision, recall), 4), "p": round(precision, 4), "r": round(recall, 4)}


if __name__ == "__main__":
    main()
