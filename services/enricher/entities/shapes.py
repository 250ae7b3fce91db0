"""Places and bodies that no list has, told by the words beside them, in languages that say last what a thing is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from services.contracts.articles import EntityType
from services.enricher.entities import suffixes
from services.enricher.entities.found import Found
from services.enricher.entities.text import Text, lower, same_length

MAX_FOUND = 1_000
"""Of one text; what comes later is not read."""
MAX_WORDS = 9
"""Of the name of a body, its last word among them."""
MIN_OPENING_WORDS = 2
"""Of the name of a body before its last word, where it opens a sentence: `Shahar hokimligi` there is any town hall."""
MAX_PLACE_WORDS = 3
MAX_QUOTED_CHARS = 60
NEAR = 24
"""Characters around a quotation in which a word may say what it names."""
MIN_REPEATED = 4
"""Characters of a name that is looked for again; a shorter one is too often something else."""
_BODY, _PLACE, _QUOTED, _AGAIN, _THERE = 0.75, 0.75, 0.7, 0.7, 0.6
_SURNAME = re.compile("(?:[oe]va?|[ое]ва?|zoda|зода)$")
_WORD = re.compile(r"[^\W\d_](?:[\w'-]{0,60}\w)?|\d++")
_AND = r"(?:va|ва|және|жана|we|ve)\b"
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…\n]) {0,2}$")
_STOP = re.compile(rf"[.!?;:\n\"“”«»„()]|,(?! (?:{_AND}|[\w'-]{{1,30}} {_AND}))")
_QUOTATION = re.compile(rf"[«“„\"]([^«»“”„\"\n]{{2,{MAX_QUOTED_CHARS}}}+)[»”“\"]")
_ENDING = r"[\w']{0,10}+"


@dataclass(frozen=True)
class _Words:
    """What one language says."""

    bodies: re.Pattern[str]
    places: re.Pattern[str]
    events: re.Pattern[str]
    located: re.Pattern[str]
    owned: tuple[str, ...]
    barriers: tuple[str, ...]
    openers: frozenset[str]
    quoted: re.Pattern[str]


def find(text: Text, listed: Sequence[Found]) -> list[Found]:
    """Bodies and places that the words beside them tell; nothing across a listed person, body or document."""
    words = _tables().get(text.primary)
    if words is None:
        return []
    closed = [f for f in listed if f.type in {"PER", "ORG", "EVENT", "DOC", "DATE"}]
    places = [f for f in listed if f.type == "LOC"]
    outside = frozenset(f.end for f in listed if f.kind == "country" or (f.stem_end or f.end) < f.end)
    found: list[Found] = []
    ends: tuple[tuple[re.Pattern[str], EntityType], ...] = ((words.bodies, "ORG"), (words.events, "EVENT"))
    named = (one for heads, type_ in ends for one in _named(text, words, heads, type_, outside))
    for one in (*named, *_places(text, words), *_located(text, words), *_quotations(text, words)):
        if len(found) >= MAX_FOUND:
            break
        if not any(one.start < f.end and f.start < one.end and f.by != "shape" for f in closed) and not (
            one.type == "LOC" and _opens_with_more(text, one, places)
        ):
            found.append(one)
    return found


def _opens_with_more(text: Text, one: Found, places: Sequence[Found]) -> bool:
    """Whether a place opens its sentence and a listed one stands further in: what is before that is no name."""
    if not _SENTENCE_BEGINS.search(text.cased, max(0, one.start - 3), one.start):
        return False
    return any(one.start < f.start and f.end <= one.end for f in places)


def later_mentions(text: Text, kept: Sequence[Found]) -> list[Found]:
    """The same names elsewhere in the text, without the word that told what they are."""
    names: dict[str, EntityType] = {}
    for one in kept:
        if one.by in {"shape", "model"} and one.id is None and one.type in {"LOC", "ORG"}:
            name = text.low[one.start : one.stem_end or one.end]
            if len(name) >= MIN_REPEATED:
                names.setdefault(name, one.type)
    if not names:
        return []
    taken = bytearray(len(text.low))
    for one in kept:
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
    begins = re.compile(r"(?<![\w'-])(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + ")")
    found = []
    for match in begins.finditer(text.low):
        start, name = match.start(), match[0]
        ends = suffixes.ending(text.primary, name, text.low, text.low, start)
        if ends and ends.role == "name" and text.cased[start].isupper() and not any(taken[start : ends.end]):
            found.append(
                Found(start, ends.end, names[name], "article", _AGAIN, stem_end=ends.stem_end, name=text.original[
                    start : start + len(name)
                ])
            )  # fmt: skip
    return found[:MAX_FOUND]


def _named(
    text: Text, words: _Words, heads: re.Pattern[str], type_: EntityType, outside: frozenset[int]
) -> Iterator[Found]:
    """Names that end with what they are."""
    for head in heads.finditer(text.low):
        if text.primary == "en" and text.cased[head.start()].islower():
            continue  # an English title has its capitals
        start = _start(text, words, head.start(), outside)
        if start is not None:
            stem_end = head.end("head")
            yield Found(start, head.end(), type_, "shape", _BODY, stem_end=stem_end, name=text.original[start:stem_end])


def _start(text: Text, words: _Words, head: int, outside: frozenset[int]) -> int | None:
    """Where the name begins whose last word stands at head; None where it is no name.

    A country, and a word with a case ending, stand before the name and not in it: `outside` has where such end.
    """
    clause = max((m.end() for m in _STOP.finditer(text.cased, max(0, head - 160), head)), default=max(0, head - 160))
    before = list(_WORD.finditer(text.cased, clause, head))[-(MAX_WORDS - 1) :]
    start = head if text.cased[head].isupper() else None
    for word in reversed(before):
        low = lower(word[0])
        capital = word[0][0].isupper()
        if start is not None and not capital:
            break
        if capital:
            if low in words.openers or low.endswith(words.owned) or word.end() in outside:
                break
            start = word.start()
        elif low.endswith(words.barriers):
            break
    if start is None or start == head:
        return None
    short = sum(word.start() >= start for word in before) < MIN_OPENING_WORDS
    return None if short and _SENTENCE_BEGINS.search(text.cased, max(0, start - 3), start) else start


def _places(text: Text, words: _Words) -> Iterator[Found]:
    for kind in words.places.finditer(text.low):
        name = _capitals(text, words, kind.start())
        if name is None:
            continue
        start, end = name
        if kind["placed"]:
            end, stem_end = kind.end(), kind.end("placed")
        else:
            stem_end = end
        yield Found(start, end, "LOC", "shape", _PLACE, stem_end=stem_end, name=text.original[start:stem_end])


def _located(text: Text, words: _Words) -> Iterator[Found]:
    """Names in mid-sentence whose ending says that something is there."""
    for there in words.located.finditer(text.low):
        start, stem_end = there.span("name")
        name = text.cased[start:stem_end]
        if name[0].isupper() and not name.isupper() and not _SURNAME.search(there["name"]):
            yield Found(
                start, there.end(), "LOC", "shape", _THERE, stem_end=stem_end, name=text.original[start:stem_end]
            )


def _capitals(text: Text, words: _Words, before: int) -> tuple[int, int] | None:
    """The capitalised words that stand directly before a place in the text."""
    line = max(before - 80, text.cased.rfind("\n", 0, before) + 1, 0)
    taken: list[re.Match[str]] = []
    edge = before
    for word in reversed(list(_WORD.finditer(text.cased, line, before))):
        between = text.cased[word.end() : edge]
        low = lower(word[0])
        if between.strip() or not word[0][0].isupper() or low in words.openers or low.endswith(words.owned):
            break
        taken.append(word)
        edge = word.start()
        if len(taken) == MAX_PLACE_WORDS:
            break
    return (taken[-1].start(), taken[0].end()) if taken else None


def _quotations(text: Text, words: _Words) -> Iterator[Found]:
    """Names in quotation marks beside a word for what they are."""
    for quotation in _QUOTATION.finditer(text.cased):
        start, end = quotation.span(1)
        name = text.cased[start:end]
        if not name[0].isupper() or name[-1] in ".!?…," or name.count(" ") > MAX_WORDS - 1:
            continue
        after = text.low[quotation.end() : quotation.end() + NEAR].split("\n")[0]
        before = text.low[max(0, quotation.start() - NEAR) : quotation.start()].split("\n")[-1]
        if words.quoted.search(before) or words.quoted.match(after.lstrip(" -")):
            yield Found(start, end, "ORG", "shape", _QUOTED, stem_end=end, name=text.original[start:end])


@lru_cache(maxsize=1)
def _tables() -> dict[str, _Words]:
    tables = tomllib.loads(Path(__file__).with_name("shapes.toml").read_text(encoding="utf-8"))
    return {language: _words(table) for language, table in tables.items()}


def _words(table: Mapping[str, Sequence[str]]) -> _Words:
    within = f"(?P<placed>{_any(table.get('placed', ()))})|(?:{_any(table.get('places', ()))})"
    return _Words(
        bodies=_heads(table.get("bodies", ())),
        places=re.compile(rf"(?<=\s)(?:{within}){_ENDING}(?![\w'])"),
        events=_heads(table.get("events", ())),
        located=re.compile(
            rf"(?<=[^\W\d_][ ])(?P<name>[^\W\d_][\w-]{{{MIN_REPEATED - 1},30}}?)"
            rf"(?:{_any(table.get('located', ()))})(?![\w'-])"
        ),
        owned=tuple(map(_folded, table.get("owned", ()))),
        barriers=tuple(map(_folded, table["barriers"])),
        openers=frozenset(map(_folded, table["openers"])),
        quoted=re.compile(rf"(?<!\w)(?:{_any(table.get('quoted', ()))})[\w']{{0,8}}+(?:\s|$|[.,;)])"),
    )


def _heads(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?P<head>{_any(words)}){_ENDING}(?![\w'])")


def _folded(word: str) -> str:
    return lower(same_length(word))


def _any(words: Sequence[str]) -> str:
    if not words:
        return r"(?!)"
    return "|".join(re.escape(word) for word in sorted({_folded(w) for w in words}, key=len, reverse=True))
