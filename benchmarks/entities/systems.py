"""One system that tags entities, in a process of its own: texts in, spans and seconds out, a line each."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

Span = tuple[int, int, str]
Tag = Callable[[str, str], list[Span]]
"""Text and language to start, end, type."""


def ours() -> Tag:
    """All of the enricher's finders, as the stage runs them."""
    from services.contracts.articles import Language
    from services.enricher.work import tag_text

    def tag(text: str, language: str) -> list[Span]:
        tagged = tag_text(text, Language(tag=language, confidence=1.0))
        return [(m.start, m.end, entity.type) for entity in tagged.entities for m in entity.mentions]

    return tag


def natasha() -> Tag:
    """Slovnet's model out of natasha, its spans as they are."""
    from services.enricher.entities.models import slovnet

    model = slovnet.tagger()
    return lambda text, _: list(model(text))


def spacy() -> Tag:
    """spaCy's small English model, its spans as they are, its types folded to ours."""
    from services.enricher.entities.models import spacy_english

    model = spacy_english.model()
    types = spacy_english.TYPES
    return lambda text, _: [(e.start_char, e.end_char, types[e.label_]) for e in model(text).ents if e.label_ in types]


SYSTEMS: dict[str, Callable[[], Tag]] = {"ours": ours, "natasha": natasha, "spacy": spacy}


def answer(name: str) -> None:
    """Answer lines of `[[text, language], ...]` with the spans of each, the seconds they took, and memory in MB."""
    tag = SYSTEMS[name]()
    for line in sys.stdin:
        rows: list[tuple[str, str]] = json.loads(line)
        started = time.process_time()
        spans: list[Any] = [tag(text, language) for text, language in rows]
        took = time.process_time() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"spans": spans, "seconds": took, "megabytes": peak}), flush=True)


if __name__ == "__main__":
    answer(sys.argv[1])
