"""What the words beside an English name say that it is: a village, a dam, a party; also where the model is silent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from services.contracts.articles import EntityType
from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon

_PLACE_KIND = (
    "district|region|province|oblast|county|village|river|canal|reservoir|valley|gorge|pass|glacier|desert|steppe"
    "|peninsula|airport|mountains?|dam|checkpoints?|hippodrome|stadium|enclave|settlement|camp|prison"
)
_BODY_KIND = "party|holding|movement|newspaper|broadcaster|airline|farm|consortium|retailer|charity"
_KIND_BEHIND, _BODY_BEHIND = re.compile(rf" (?:{_PLACE_KIND})\b"), re.compile(rf" (?:{_BODY_KIND})\b")
_KIND_WITHIN = re.compile(rf" (?:{_PLACE_KIND}|{_BODY_KIND}|group|company|club|programme|project)$")
"""What a thing is, in small letters behind its name."""
_BODY_BEFORE = re.compile(
    rf"\b(?:{_BODY_KIND}|outlets?|website|contractor|ensemble|company|firm|bank|startup|fintech|NGO|nonprofit|group|agency"
    r"|channel|think[ -]tank) $"
)
"""What a body is, in small letters before its name."""
_DIVISION = re.compile("district|region|province|oblast|county")
"""Kinds that belong to a listed name in whatever letters."""
_OF_PLACE = re.compile(r"\b(?:village|town|city|enclave|settlement|suburb|hamlet) of $")
_NEAR = re.compile(r"\b(?:near|outside|north of|south of|east of|west of) $")
_ONE_WORD = re.compile(r"[A-Z][a-z]+(?:-[A-Z]?[a-z]+)*")
_KIND_CHARS = 16
_CAPITALS = r"[A-Z][\w'’-]*[a-z](?:[ -][A-Z][\w'’-]*){0,2}"
_MISSED: tuple[tuple[re.Pattern[str], EntityType], ...] = (
    (re.compile(rf"{_OF_PLACE.pattern[:-1]}(?P<name>{_CAPITALS})"), "LOC"),
    (re.compile(rf"(?<=[a-z,] )(?P<name>{_CAPITALS}) (?:{_PLACE_KIND})\b"), "LOC"),
    (re.compile(rf"\b(?:{_BODY_KIND}|outlets?|contractor|ensemble|lender|startup) (?P<name>{_CAPITALS})"), "ORG"),
    (re.compile(rf"(?<=[a-z,] )(?P<name>{_CAPITALS}) (?:{_BODY_KIND})\b"), "ORG"),
    (
        re.compile(
            r"\b(?:19|20)\d\d (?P<name>[A-Z][\w'’-]+ (?:Declaration|Agreement|Accords?|Treaty|Protocol|Convention))\b"
        ),
        "DOC",
    ),
    (
        re.compile(
            r"(?<=[Tt]he )(?P<name>(?:[A-Z][\w'’-]+ ){1,4}"
            r"(?:University|(?:District|City|Regional|Military|Administrative|Economic) Court))\b"
        ),
        "ORG",
    ),
    (
        re.compile(
            r"(?P<name>(?:[A-Z][\w'’-]+ ){0,2}(?:School|Hospital|Clinic|Kindergarten|Cent(?:re|er)|Polyclinic|Lyceum|"
            r"Gymnasium|Colony|Orphanage) No\. ?\d{1,4})\b"
        ),
        "ORG",
    ),
)
"""Names that the words beside them tell, and that the model may pass over."""
_ADJECTIVE = re.compile(r"(?:ic|an|ish|ese|ern|al|ist|ive)$")
"""No name, as in Islamic charity."""
_SHAPE = 0.7
MAX_MISSED, MAX_WORDS = 200, 5_000
"""Of each sort, in one text; pairs of words with capitals that are looked at."""
_TWO_WORDS = re.compile(r"(?<![\w'’-])(?=((?P<given>[A-Z][a-z'’-]{2,20}) (?P<surname>[A-Z][a-z'’-]{4,20}))(?![\w’-]))")


def without_kind(cased: str, start: int, end: int, *, listed: bool = False) -> int:
    """Where a name ends whose last word says in small letters what it is: Toktogul | reservoir.

    Regions and districts keep theirs where a list has the name so.
    """
    kind = _KIND_WITHIN.search(cased, start, end)
    return end if kind is None or (listed and _DIVISION.search(kind[0])) else kind.start()


def beside(cased: str, start: int, end: int) -> EntityType | None:
    """What the words beside a name say that it is; None where they say nothing."""
    if _KIND_BEHIND.match(cased, end) or _OF_PLACE.search(cased, max(0, start - _KIND_CHARS), start):
        return "LOC"
    if _ONE_WORD.fullmatch(cased, start, end) and _NEAR.search(cased, max(0, start - _KIND_CHARS), start):
        return "LOC"
    first, _, last = cased[start:end].rpartition(" ")
    if lexicon.is_given(first or last) or lexicon.seen("en", last).cls == "S":
        return None  # a company's Karimov is a person
    is_body = _BODY_BEHIND.match(cased, end) or _BODY_BEFORE.search(cased, max(0, start - _KIND_CHARS), start)
    return "ORG" if is_body else None


def missed(cased: str, found: Sequence[Found]) -> Iterator[Found]:
    """What stands beside a word for what it is, where the model has nothing or a part of it; persons by their shape."""
    taken = {at: one for one in found for at in range(one.start, one.end)}
    for pattern, type_ in _MISSED:
        for match in islice(pattern.finditer(cased), MAX_MISSED):
            start, end = match.span("name")
            over = {taken[at] for at in range(start, end) if at in taken}
            parts = all(start <= one.start and one.end <= end and one.end - one.start < end - start for one in over)
            if parts and not _ADJECTIVE.search(cased, start, end):
                yield Found(start, end, type_, "shape", _SHAPE)
    for match in islice(_TWO_WORDS.finditer(cased), MAX_WORDS):
        start, end = match.span(1)
        is_person = lexicon.is_given(match["given"]) and lexicon.seen("en", match["surname"]).cls == "S"
        if is_person and not any(at in taken for at in range(start, end)):
            yield Found(start, end, "PER", "shape", _SHAPE)
