"""Training pages as the models see them: numbers of blocks, labels and folds."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from services.contracts.pages import Rights
from services.parser.body.features import features_of
from services.parser.metadata.metadata import metadata_of
from services.parser.page.blocks import layout_of
from services.parser.page.decode import decode
from services.parser.training.labels import Labels, fold_of, labels_of


class Example(NamedTuple):
    """A page of the training set."""

    name: str
    fold: int
    texts: list[str]
    rows: NDArray[np.float32]
    """Shape (blocks, columns)."""
    labels: Labels | None
    gold: str | None
    """The full text, where there is one."""


def examples_of(gold: Path, pages: Path, votes: Path) -> Iterator[Example]:
    """The pages that gold.jsonl.xz names, from the folder of unpacked pages; votes are what answers.py wrote.

    Raises OSError, ValueError or KeyError where the files are not what they should be.
    """
    answers = {line["id"]: line for line in _lines(votes)}
    for page in _lines(gold):
        decoded = decode((pages / page["set"] / page["file"]).read_bytes())
        if decoded is None:
            continue
        url = page.get("url") or "http://example.com/"
        tree = LexborHTMLParser(decoded.text)
        blocks = layout_of(tree).blocks
        metadata = metadata_of(tree, url if url.startswith("http") else f"http://{url}", blocks, Rights())
        shown = [block for block in blocks if block.text]
        if not shown:
            continue
        texts = [block.text for block in shown]
        columns = features_of(shown, metadata.title or "", metadata.description, metadata.article_body).columns
        yield Example(
            page["id"],
            fold_of(page.get("url") or "", page["id"]),
            texts,
            np.ascontiguousarray(columns.T),
            labels_of(texts, page, answers[page["id"]]),
            page.get("text") or None,
        )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
