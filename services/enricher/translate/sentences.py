"""Cut a paragraph into the units that an engine takes: sentences, and pieces of those that are too long."""

from __future__ import annotations

import re

MAX_UNIT_CHARS = 400
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++(?=[\"'“‘«(\[—–-]*+\s*+\w)")
"""A run of marks is entered at its start only and never given back: ten thousand dots are read once."""
_LAST_WORD = re.compile(r"(\w+)\.[\"'”’»)\]]*\s+$")
_NEXT_WORD = re.compile(r"[^\w]*(\w)")
# Portuguese, English, Russian; single letters are always taken for initials.
_ABBREVIATIONS = frozenset(
    {
        "sr",
        "sra",
        "srs",
        "dr",
        "dra",
        "drs",
        "dras",
        "prof",
        "profa",
        "eng",
        "exmo",
        "exma",
        "av",
        "art",
        "arts",
        "etc",
        "núm",
        "num",
        "pág",
        "págs",
        "séc",
        "vol",
        "ed",
        "cf",
        "ex",
        "gen",
        "cap",
        "mr",
        "mrs",
        "ms",
        "st",
        "no",
        "vs",
        "jr",
        "dept",
        "fig",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "fev",
        "abr",
        "mai",
        "ago",
        "set",
        "out",
        "dez",
        "гг",
        "ул",
        "им",
        "тыс",
        "млн",
        "млрд",
        "руб",
        "стр",
        "рис",
        "см",
        "др",
        "проф",
        "акад",
        "обл",
    }
)
_BREAKS = ("; ", ": ", ", ", " ")


def units(paragraph: str, limit: int = MAX_UNIT_CHARS) -> tuple[str, ...]:
    """The paragraph's sentences in order, none longer than `limit`; joined by spaces they are the paragraph again."""
    return tuple(piece for sentence in sentences(paragraph) for piece in _pieces(sentence, limit))


def sentences(paragraph: str) -> tuple[str, ...]:
    """Split after a full stop, unless it belongs to an abbreviation, an initial, a number or a date."""
    found, start = [], 0
    for end in _END.finditer(paragraph):
        if _ends_here(paragraph[max(0, end.start() - 40) : end.end()], paragraph[end.end() : end.end() + 40]):
            found.append(paragraph[start : end.end()].strip())
            start = end.end()
    found.append(paragraph[start:].strip())
    return tuple(sentence for sentence in found if sentence)


def _ends_here(before: str, after: str) -> bool:
    following = _NEXT_WORD.match(after)
    if following and following[1].islower():
        return False  # 15. dezembro, art. 5 e seguintes
    word = _LAST_WORD.search(before)
    if word is None:  # ! ? … or several marks
        return True
    if len(word[1]) == 1 and word[1].isalpha():
        return False
    if word[1].lower() in _ABBREVIATIONS:
        return False
    return not (word[1].isdigit() and following and following[1].isdigit())


def _pieces(sentence: str, limit: int) -> list[str]:
    pieces = []
    while len(sentence) > limit:
        cut = limit
        for mark in _BREAKS:
            at = sentence.rfind(mark, limit // 2, limit)
            if at > 0:
                cut = at + len(mark)
                break
        pieces.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [piece for piece in [*pieces, sentence] if piece]
