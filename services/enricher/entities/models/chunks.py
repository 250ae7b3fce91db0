"""Cut a long text where a model can be asked piece by piece, from its beginning to a bound."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_CHARS = 2_000
"""Of one piece: models take memory by the square or by the piece, and news has shorter paragraphs."""
MAX_READ = 50_000
"""Characters that a model is given of one text, 8,000 words: it takes seconds, even where the text is made to be slow.
Lists, rules and the shapes of names read the rest."""
_SENTENCE_END = re.compile(r"[.!?…][\"»”')\]]{0,2}\s")


def chunks(text: str, most: int = MAX_CHARS) -> Iterator[tuple[int, str]]:
    """Pieces of at most `most` characters with where each begins; cut after a line, else a sentence, else a word."""
    start = 0
    while start < min(len(text), MAX_READ):
        end = _cut(text, start, most)
        if text[start:end].strip():
            yield start, text[start:end]
        start = end


def _cut(text: str, start: int, most: int) -> int:
    if len(text) - start <= most:
        return len(text)
    line = text.rfind("\n", start, start + most)
    if line > start:
        return line + 1
    ends = [match.end() for match in _SENTENCE_END.finditer(text, start + most // 2, start + most)]
    if ends:
        return ends[-1]
    space = text.rfind(" ", start + 1, start + most)
    return space + 1 if space > 0 else start + most
