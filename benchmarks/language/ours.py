"""Our language identification as such a process: with the stage's own list of languages, or with none."""

from __future__ import annotations

import sys

from benchmarks.language.peers import serve
from services.enricher.language import identify_text
from services.enricher.settings import PLAUSIBLE

if __name__ == "__main__":
    listed = frozenset(PLAUSIBLE.split()) if sys.argv[1] == "listed" else frozenset()
    serve(lambda text: identify_text(text, listed).language)
