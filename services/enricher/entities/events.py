"""When and where the events of a text are, where their own sentence says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.enricher.entities.found import Found
from services.enricher.entities.text import Text

_SENTENCE = re.compile(r"[.!?](?=\s+[^\s\da-zа-яё])|\n")
_YEAR_BEFORE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-–]?[^\W\d_]{0,8}[ ]$")
_YEAR_BEHIND = re.compile(r"[ –-]((?:19|20)\d\d)(?!\d|[./-]\d)")
_YEAR_AROUND = 16
"""Characters before an event where its year may stand: 2026-yilgi."""
MAX_SENTENCE = 600
"""Characters on each side of an event in which its sentence is looked for."""


def placed(text: Text, kept: Sequence[Found]) -> list[Found]:
    """The same, each event with the day and the place that are named nearest to it in its sentence.

    A town comes before a country; a day before a month; what stands inside the event's own name counts first, and a
    year beside it (the 2026 World Cup) before a day of the sentence, which may be another's.
    """
    days = [f for f in kept if f.type == "DATE" and f.value and f.granularity in {"day", "time"}]
    places = [f for f in kept if f.type == "LOC" and f.id and f.role == "name"]
    return [_with(text, one, days, places) if one.type == "EVENT" else one for one in kept]


def _with(text: Text, event: Found, days: Sequence[Found], places: Sequence[Found]) -> Found:
    begins, ends = _sentence(text, event)
    year = _YEAR_BEFORE.search(text.cased, max(0, event.start - _YEAR_AROUND), event.start) or _YEAR_BEHIND.match(
        text.cased, event.end
    )
    if year is not None and event.value is None:
        event = replace(event, value=year[1], granularity="year")
    when = _nearest(event, [f for f in days if begins <= f.start and f.end <= ends])
    here = [f for f in places if begins <= f.start and f.end <= ends]
    where = _nearest(event, [f for f in here if f.kind not in {"country", "area"}]) or _nearest(event, here)
    return replace(
        event,
        value=event.value or (when.value if when else None),
        granularity=event.granularity or (when.granularity if when else None),
        place=event.place or (where.id if where else None),
    )


def _sentence(text: Text, event: Found) -> tuple[int, int]:
    first = max(0, event.start - MAX_SENTENCE)
    begins = max((m.end() for m in _SENTENCE.finditer(text.cased, first, event.start)), default=first)
    after = _SENTENCE.search(text.cased, event.end, event.end + MAX_SENTENCE)
    return begins, after.start() if after else min(len(text.cased), event.end + MAX_SENTENCE)


def _nearest(event: Found, others: Sequence[Found]) -> Found | None:
    return min(others, key=lambda f: max(f.start - event.end, event.start - f.end, 0), default=None)
