"""Names in Russian by slovnet's model for news, which natasha ships; its known faults are put right by rule.

The model: Kukushkin, Natasha project, slovnet_ner_news_v1 with navec vectors (MIT licence).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.contracts.articles import EntityType
from services.enricher.entities.found import Found
from services.enricher.entities.models.chunks import chunks
from services.enricher.entities.text import Text

_VECTORS, _MODEL = "emb/navec_news_v1_1B_250K_300d_100q.tar", "model/slovnet_ner_news_v1.tar"
_TYPES: dict[str, EntityType] = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}
_CONFIDENCE = 0.85
_EDGE = " \n\t.,;:!?-–—()[]\"'“”„"


class MissingModelError(RuntimeError):
    """A model's package is not installed."""


def find(text: Text) -> list[Found]:
    """Persons, places and bodies, in order. Raises MissingModelError."""
    tag = _tagger()
    found = []
    for at, piece in chunks(text.original):
        for start, end, type_ in tag(piece):
            tidied = _tidied(text.cased, at + start, at + end)
            if tidied and type_ in _TYPES:
                found.append(Found(*tidied, _TYPES[type_], "model", _CONFIDENCE))
    return found


def _tidied(cased: str, start: int, end: int) -> tuple[int, int] | None:
    """Without marks at its edges and without one half of a pair of quotation marks."""
    while start < end and cased[start] in _EDGE:
        start += 1
    while start < end and cased[end - 1] in _EDGE:
        end -= 1
    inner = cased[start:end]
    if inner.startswith("«") and inner.endswith("»") and inner.count("«") == 1:
        start, end = start + 1, end - 1
    elif inner.count("«") > inner.count("»") and cased[end : end + 1] == "»":
        end += 1
    elif inner.endswith("»") and "«" not in inner:
        end -= 1
    return (start, end) if re.search(r"\w", cased[start:end]) else None


@lru_cache(maxsize=1)
def _tagger() -> Callable[[str], Iterator[tuple[int, int, str]]]:
    """Loads the model: 0.7 s, about 120 MB."""
    try:
        from navec import Navec
        from slovnet import NER
    except ImportError as error:
        raise MissingModelError(f"{error.name} is not installed: pip install 'xabar[enricher]'") from error
    package = importlib.util.find_spec("natasha")
    if package is None or package.origin is None:
        raise MissingModelError(
            "natasha, which holds the Russian model, is not installed: pip install 'xabar[enricher]'"
        )
    data = Path(package.origin).parent / "data"
    model: Any = NER.load(str(data / _MODEL))
    model.navec(Navec.load(str(data / _VECTORS)))

    def tag(piece: str) -> Iterator[tuple[int, int, str]]:
        for span in model(piece).spans:
            yield span.start, span.stop, span.type

    return tag
