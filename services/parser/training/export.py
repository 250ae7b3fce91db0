"""Writes a CatBoost model of symmetric trees as the arrays that the product reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def export(model_json: Path, columns: Sequence[str], to: Path) -> None:
    """Turn CatBoost's own JSON into an .npz file. Raises KeyError or ValueError where the model is of another kind."""
    model = json.loads(model_json.read_text("utf-8"))
    trees = model["oblivious_trees"]
    index = [feature["flat_feature_index"] for feature in model["features_info"]["float_features"]]
    levels = max(len(tree["splits"] or ()) for tree in trees)
    column = np.zeros((len(trees), levels), np.int16)
    more_than = np.full((len(trees), levels), np.inf, np.float32)
    leaves = np.zeros((len(trees), 1 << levels), np.float32)
    for number, tree in enumerate(trees):
        for level, split in enumerate(tree["splits"] or ()):
            column[number, level] = index[split["float_feature_index"]]
            more_than[number, level] = split["border"]
        leaves[number, : len(tree["leaf_values"])] = tree["leaf_values"]
    scale, bias = model["scale_and_bias"]
    if scale != 1:
        raise ValueError("the leaves are scaled")
    np.savez_compressed(
        to,
        columns=np.array(columns),
        column=column,
        more_than=more_than,
        leaves=leaves,
        bias=np.float64(bias[0] if isinstance(bias, list) else bias),
    )
