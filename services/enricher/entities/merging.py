"""Decide which of the candidates stay where they overlap; the same rules for lists, models, shapes and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from services.enricher.entities.found import Found
from services.enricher.entities.models import english_kinds, slovnet
from services.enricher.entities.persons import lexicon, russian
from services.enricher.entities.text import Text

SURE = 0.9
"""Confidence from which on a listed town counts in a text whose model has not seen it."""
_WEIGHT = {"rule": 5, "article": 4, "list": 3, "shape": 2, "model": 2}
_LINKS = {("ORG", "LOC"): ("'s ", ", "), ("ORG", "ORG"): ("'s ",), ("PER", "ORG"): (" ",)}
"""What stands between a listed name and the model's own, by the type that the model gave both and the listed one's."""
_AND = frozenset({" and ", " и "})
_TOWNS = frozenset({"city", "village", "district", None})


def merged(candidates: Sequence[Found], text: Text) -> list[Found]:
    """Candidates of which none overlaps another, in order; the longest wins, then what is known, then the surest.

    Where a model has read the text, it says what sort of thing a doubtful name is, and in Russian where a body ends: a
    ministry and its country are two (`МИД | России`), as in the corpora that such models learn from.
    """
    if any(one.by == "model" for one in candidates):
        spans = _Spans(one for one in candidates if one.by == "model")
        candidates = [one for one in candidates if _agrees(one, spans, text)]
        candidates = [_without_kind(one, text) for one in candidates]
        if text.primary == "ru":
            candidates = [part for one in candidates for part in _parts(one, spans, text)]
    taken = bytearray(len(text.original))
    kept: list[Found] = []
    for one in sorted(candidates, key=lambda f: (f.start - f.end, -_WEIGHT[f.by], -f.confidence, f.start)):
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda f: f.start)


class _Spans:
    """What a model has found, by place."""

    def __init__(self, found: Iterable[Found]) -> None:
        self._found = sorted(found, key=lambda f: f.start)
        self._at = {position: one for one in self._found for position in range(one.start, one.end)}

    def over(self, one: Found) -> list[Found]:
        """What overlaps a candidate, in order."""
        return list(dict.fromkeys(self._at[at] for at in range(one.start, one.end) if at in self._at))


def apart(named: Iterable[Found], listed: Sequence[Found], text: Text) -> list[Found]:
    """What a model has found, without the listed places and bodies that it took in beside the name."""
    begins = {one.start: one for one in listed if one.type != "PER"}
    ends = {one.end: one for one in listed if one.type != "PER"}
    cut = (_cut(one, begins.get(one.start), ends.get(one.end), text.cased) for one in named)
    return [one for one in cut if one is not None]


def _cut(one: Found, first: Found | None, last: Found | None, cased: str) -> Found | None:
    """The name without its owner ('s), its body (a person's) or what a comma parts off; None where it is two listed."""
    if first is not None and last is not None and cased[first.end : last.start] in _AND:
        return None
    if first is not None:
        for link in _LINKS.get((one.type, first.type), ()):
            begins = first.end + len(link)
            if begins < one.end and cased.startswith(link, first.end):
                return replace(one, start=begins)
    if last is not None and one.type == last.type == "ORG" and last.start - 2 > one.start:
        return replace(one, end=last.start - 2) if cased.startswith(", ", last.start - 2) else one
    return one


def _agrees(one: Found, model: _Spans, text: Text) -> bool:
    """Whether a candidate is no town of the list that the model takes for a person, or not very surely one."""
    if one.by != "list" or one.type != "LOC" or one.kind not in _TOWNS or one.role != "name":
        return True
    over = model.over(one)
    if any(other.type == "PER" for other in over):
        alone = [(other.start, other.end) for other in over] == [(one.start, one.end)]
        word = text.cased[one.start : one.end]
        is_given = lexicon.is_given(word) or (text.primary == "ru" and lexicon.is_given(russian.nominative(word)))
        return alone and one.confidence >= SURE and not is_given
    return bool(over) or one.confidence >= SURE


def _without_kind(one: Found, text: Text) -> Found:
    """A listed name without the word for what it is, as the models have it: река | Урал, Toktogul | reservoir."""
    if one.by == "list" and one.type == "LOC" and text.primary == "ru":
        return replace(one, start=slovnet.name_of_place(text.cased, one.start, one.end))
    if one.by == "list" and one.type in ("LOC", "ORG") and text.primary == "en":
        return replace(one, end=english_kinds.without_kind(text.cased, one.start, one.end, listed=True))
    return one


def _parts(one: Found, model: _Spans, text: Text) -> Iterator[Found]:
    """A listed body whose name ends with its country, in two where the model says so; not a mission in a country."""
    if one.by == "list" and one.type == "ORG":
        over = model.over(one)
        if len(over) == 2 and [f.type for f in over] == ["ORG", "LOC"] and over[0].start == one.start:
            body = over[0]
            within = text.low[body.end : over[1].start].strip() == "in"
            if over[1].end == one.end and body.end < over[1].start and not within:
                yield replace(one, end=body.end, stem_end=None)
                return
    yield one
