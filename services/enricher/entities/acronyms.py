"""Acronyms that an article explains itself: `Oʻrmon agentligi (OʻA)`; from there on both forms name one thing.

The pairs are found by their place, before or inside brackets, as in Schwartz and Hearst (A Simple Algorithm for
Identifying Abbreviation Definitions in Biomedical Text, PSB 2003), the letters word by word: an acronym of the news is
made of the beginnings of words, in Uzbek of up to three letters (OʻzLiDeP), and small words between may be left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from services.enricher.entities import suffixes
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, lower
from services.enricher.knowledge.base import is_acronym

MAX_PAIRS = 100
MAX_MENTIONS = 500
"""Of one text, each; what comes later is not read."""
MAX_LONG_FORM = 160
"""Characters of a long form."""
_SMALL_WORD = 3
_CHUNK = 3
"""Letters of one word that an acronym takes, at most."""
_CONFIDENCE = 0.85
_BRACKET = re.compile(r"\(\s?[\"“«]?([^\W\d_][\w'-]{1,9}+)[\"”»]?[ ]?[);,]")
_BEFORE = re.compile(r"(?<![\w'])([^\W\d_][\w'-]{1,9}+)[ ]?\(([^()\n]{6,160}+)\)")
_CLAUSE = re.compile(r"[.!?;:\n\"“”«»„()]")
_WORD = re.compile(r"[^\W\d_][\w']{0,60}")
_SKIPPED = frozenset({"bo'yicha", "uchun", "бўйича", "учун", "туралы", "үшін", "боюнча", "for", "the", "für"})


@dataclass(frozen=True)
class Pair:
    """A short and a long form, with where each stands; offsets are code points, end exclusive."""

    acronym: str
    short_start: int
    short_end: int
    long_start: int
    long_end: int
    entity: Found | None
    """What the knowledge base, a model or a rule has found there."""


def pairs(text: Text, kept: Sequence[Found]) -> list[Pair]:
    """What the text explains, each acronym once, the first explanation counts."""
    found: dict[str, Pair] = {}
    near = _Near(kept)
    for match in _BRACKET.finditer(text.cased):
        _add(found, _short_behind(text, match, near))
    for match in _BEFORE.finditer(text.cased):
        _add(found, _short_first(text, match, near))
    return list(found.values())


def applied(text: Text, explained: Sequence[Pair], kept: Sequence[Found]) -> list[Found]:
    """What was found, with every mention of an explained acronym; what the text says wins over the knowledge base."""
    result = list(kept)
    for pair in explained:
        if pair.entity is None:
            continue
        mentions = _mentions(text, pair, pair.entity)
        taken = bytearray(len(text.cased))
        for one in mentions:
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
        result = [f for f in result if f == pair.entity or not any(taken[f.start : f.end])]
        result += mentions
    return sorted(result, key=lambda f: f.start)


class _Near:
    """What was found, to be asked by place."""

    def __init__(self, kept: Sequence[Found]) -> None:
        self._kept = sorted(kept, key=lambda f: f.start)
        self._starts = [f.start for f in self._kept]

    def over(self, start: int, end: int) -> list[Found]:
        """What begins in a stretch, or so little before it that it may reach into it; in order."""
        return self._kept[bisect_left(self._starts, start - 2 * MAX_LONG_FORM) : bisect_left(self._starts, end)]


def _add(found: dict[str, Pair], pair: Pair | None) -> None:
    if pair is not None and len(found) < MAX_PAIRS:
        found.setdefault(pair.acronym, pair)


def _short_behind(text: Text, match: re.Match[str], kept: _Near) -> Pair | None:
    """`Long form (LF)`."""
    acronym = match[1]
    if not is_acronym(acronym):
        return None
    at = match.start()
    line = max(0, at - MAX_LONG_FORM)
    clause = max((m.end() for m in _CLAUSE.finditer(text.cased, line, at)), default=line)
    words = list(_WORD.finditer(text.low, clause, at))
    before = _ends_at(kept, at)
    first = _spelt(words, lower(acronym))
    if first is not None:
        start, end = words[first].start(), words[-1].end()
    elif before is not None and before.type == "ORG":
        start, end = before.start, before.end
    else:
        return None
    entity = before if before and before.start <= start else _over(kept, start, end)
    return Pair(acronym, match.start(1), match.end(1), start, end, entity or _over(kept, *match.span(1)))


def _short_first(text: Text, match: re.Match[str], kept: _Near) -> Pair | None:
    """`LF (long form)`."""
    acronym = match[1]
    words = list(_WORD.finditer(text.low, match.start(2), match.end(2)))
    if not is_acronym(acronym) or _spelt(words, lower(acronym)) != 0:
        return None
    start, end = words[0].start(), words[-1].end()
    return Pair(acronym, *match.span(1), start, end, _over(kept, start, end) or _over(kept, *match.span(1)))


def _spelt(words: Sequence[re.Match[str]], acronym: str) -> int | None:
    """The word from which on the words spell the acronym to its end; the nearest one that does."""
    letters = acronym.replace("-", "")
    for first in range(len(words) - 2, max(-1, len(words) - 2 * len(letters) - 4), -1):
        if words[first][0][0] == letters[0] and _spells([w[0] for w in words[first:]], letters):
            return first
    return None


def _spells(words: Sequence[str], letters: str) -> bool:
    """Whether each word gives its beginning, small ones perhaps nothing; more than one gives."""
    reached = {(0, 0)}  # letters that are spelt, words that gave some
    for number, word in enumerate(words):
        following = set()
        for spelt, given in reached:
            if number and (len(word) <= _SMALL_WORD or word in _SKIPPED):
                following.add((spelt, given))
            for chunk in range(1, _CHUNK + 1):
                if letters.startswith(word[:chunk], spelt) and len(word) >= chunk:
                    following.add((spelt + chunk, given + 1))
        reached = following
    return any(spelt == len(letters) and given > 1 for spelt, given in reached)


def _mentions(text: Text, pair: Pair, entity: Found) -> list[Found]:
    low = lower(pair.acronym)
    found = []
    for match in re.finditer(rf"(?<![\w'-]){re.escape(pair.acronym)}", text.cased):
        end = suffixes.acronym_end(text.primary, low, text.low, match.end())
        if end is not None and not (match.start() >= entity.start and end <= entity.end):
            found.append(
                Found(match.start(), end, entity.type, "article", _CONFIDENCE, entity.id, stem_end=match.end(),
                      name=entity.name or text.original[entity.start : entity.stem_end or entity.end], kind=entity.kind)
            )  # fmt: skip
        if len(found) >= MAX_MENTIONS:
            break
    return found


def _ends_at(kept: _Near, at: int) -> Found | None:
    """What was found right before a bracket."""
    return next((f for f in kept.over(at - 2, at + 1) if at - 2 <= f.end <= at and f.role == "name"), None)


def _over(kept: _Near, start: int, end: int) -> Found | None:
    """A body or the like that takes up most of a stretch."""
    inside = [f for f in kept.over(start, end) if start < f.end and f.type not in {"LOC", "DATE", "PER"}]
    best = max(inside, key=lambda f: min(f.end, end) - max(f.start, start), default=None)
    return best if best and 2 * (min(best.end, end) - max(best.start, start)) >= end - start else None
