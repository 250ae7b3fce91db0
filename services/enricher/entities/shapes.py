"""Places and bodies that no list has, told by the words beside them, in languages that say last what a thing is."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from services.contracts.articles import EntityType
from services.enricher.entities import suffixes
from services.enricher.entities.found import Found
from services.enricher.entities.persons import lexicon, persian
from services.enricher.entities.text import Text, lower, same_length

MAX_FOUND = 1_000
"""Of one text; what comes later is not read."""
MAX_WORDS = 9
"""Of the name of a body, its last word among them."""
MIN_OPENING_WORDS = 2
"""Of the name of a body before its last word, where it opens a sentence: `Shahar hokimligi` there is any town hall."""
MAX_PLACE_WORDS = 3
MAX_QUOTED_CHARS = 60
MAX_OPENED_CHARS = 160
"""Of the name of a body behind its first word."""
_AND_ANOTHER = re.compile(
    r" (?P<and>[^\W\d_A-ZА-ЯЁ]{1,5}) (?P<name>[^\W\d_a-zа-яёәғқңөұүһіўҳ][\w'-]{3,30}+)(?= [^\W_A-ZА-ЯЁ]|[.,;:!?)]|\s*$)"
)
NEAR = 24
"""Characters around a quotation in which a word may say what it names."""
MIN_REPEATED = 4
"""Characters of a name that is looked for again; a shorter one is too often something else."""
_TO_THE_NAME = re.compile("ба номи |номи ")
_BODY, _PLACE, _BESIDE, _QUOTED, _AGAIN, _THERE = 0.75, 0.75, 0.9, 0.7, 0.7, 0.6
_SECOND_VENUE = frozenset({"» и «", "” ва “", "” va “", "» ва «", "» va «", "» және «", "» жана «", "» we «"})
_SURNAME = re.compile("(?:[oe][vw]a?|[ое]ва?|zoda|зода|ұлы|қызы|уулу|кызы|ович|овна)$")
_WORD = re.compile(r"[^\W\d_](?:[\w'-]{0,60}\w)?|\d++")
_AND = r"(?:va|ва|және|жана|we|ve)\b"
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…\n]) {0,2}$")
_SENTENCE_ENDS = re.compile(r"[.!?…] |\n")
_STOP = re.compile(rf"[.!?;:\n\"“”«»„()]|,(?! (?:{_AND}|[\w'-]{{1,30}} {_AND}))")
_QUOTATION = re.compile(rf"[«“„\"]([^«»“”„\"\n]{{2,{MAX_QUOTED_CHARS}}}+)[»”“\"]")
MAX_SMALL_WORDS = 3
"""Between a country and the word for the body, where all are in small letters: Қазақстан футбол федерациясы."""
_STATE = ("үкімет", "парламент", "өкмөт", "hökümet", "hükümet", "parlament", "сенат", "senat")
"""What every country has: there the country is named and no body."""
_WITH_COUNTRY = frozenset({"kk", "ky", "tk", "tr"})
_KINDS_AFTER = frozenset({"district", "region", "water", "mountain", "desert", "area"})
"""Listed by their bare name, and named in texts with the word for what they are."""
_NAMED_AFTER = frozenset({"атындағы", "атындагы", "adyndaky"})
_PATRON = re.compile(r"(?:[^\W\d_a-zа-яәғқңөұүһіё]\. ?){0,2}+(?:(?!\d)[^\W_a-zа-яәғқңөұүһіё][\w'-]{1,30}+ ){1,3}+$")
"""Whom a body is named after, before that word."""
_ENDING = r"[\w']{0,10}+"
_ENDINGS = {"kk": r"(?:н\w{0,9}+)?", "ky": r"(?:н\w{0,9}+)?", "tk": r"(?:n\w{0,9}+)?", "tr": r"(?:[n'y]\w{0,9}+)?"}
"""What follows a possessive, by language: көлі, көлінде, but not көлік; in others anything short."""


@dataclass(frozen=True)
class _Words:
    """What one language says."""

    bodies: re.Pattern[str]
    places: re.Pattern[str]
    events: re.Pattern[str]
    papers: re.Pattern[str]
    located: re.Pattern[str]
    opened: re.Pattern[str]
    entered: re.Pattern[str]
    owned: tuple[str, ...]
    barriers: tuple[str, ...]
    cases: tuple[str, ...]
    openers: frozenset[str]
    no_bodies: frozenset[str]
    beside: frozenset[str]
    quoted: re.Pattern[str]
    venue_before: re.Pattern[str]
    venue_behind: re.Pattern[str]
    titled_before: re.Pattern[str]
    titled_behind: re.Pattern[str]


def find(text: Text, listed: Sequence[Found]) -> list[Found]:
    """Bodies and places that the words beside them tell; nothing across a listed person, body or document."""
    words = _tables().get(text.primary)
    if words is None:
        return []
    closed = _Listed(f for f in listed if f.type in {"PER", "ORG", "EVENT", "DOC", "DATE"})
    places = _Listed(f for f in listed if f.type == "LOC")
    outside = {f.end: _bare_country(f, text) for f in listed if f.kind == "country" or (f.stem_end or f.end) < f.end}
    found: list[Found] = []
    ends: tuple[tuple[re.Pattern[str], EntityType], ...] = (
        (words.bodies, "ORG"),
        (words.events, "EVENT"),
        (words.papers, "DOC"),
    )
    named = (one for heads, type_ in ends for one in _named(text, words, heads, type_, outside))
    places_named = (*_places(text, words, outside), *_located(text, words), *_entered(text, words))
    for one in (*named, *_opened(text, words), *places_named, *_quotations(text, words), *_coordinated(text, listed)):
        if len(found) >= MAX_FOUND:
            break
        over = closed.over(one)
        if over and all(_is_its_end(f, one, text) for f in over):
            one = replace(one, id=over[-1].id if over[-1].type == "ORG" else None)
            over = []
        if one.type == "LOC":
            same = next((f for f in places.over(one) if _is_its_beginning(f, one)), None)
            one = replace(one, id=same.id, kind=same.kind) if same else one
        if all(_is_brand(f, one) for f in over) and not (one.type == "LOC" and _opens_with_more(text, one, places)):
            found.append(one)
    return found


class _Listed:
    """Mentions that do not overlap, to be asked by place."""

    def __init__(self, found: Iterable[Found]) -> None:
        self._found = sorted(found, key=lambda f: f.start)
        self._starts = [f.start for f in self._found]

    def over(self, one: Found) -> list[Found]:
        """Those that overlap a candidate, in order."""
        first = max(bisect_right(self._starts, one.start) - 1, 0)
        return [f for f in self._found[first : bisect_left(self._starts, one.end)] if one.start < f.end]


def _is_its_beginning(listed: Found, one: Found) -> bool:
    """Whether a listed place stands in the text with the word for what it is: Сайрам ауданы."""
    return listed.start == one.start and listed.end < one.end and listed.kind in _KINDS_AFTER


def _bare_country(one: Found, text: Text) -> int | None:
    """Where a country without an ending begins, or its adjective (Türkmen), where the name of a body may begin so."""
    bare = one.kind == "country" and (one.stem_end or one.end) == one.end and one.role != "inhabitant"
    return one.start if bare and text.primary in _WITH_COUNTRY else None


def _is_its_end(listed: Found, one: Found, text: Text) -> bool:
    """Whether a listed body is the last part of one that is named after somebody, or that person."""
    if listed.type == "PER":
        return text.low[listed.end : listed.end + NEAR].strip().startswith(tuple(_NAMED_AFTER))
    ends = one.type == listed.type == "ORG" and one.start < listed.start and listed.end == one.end
    return ends and any(word in text.low[one.start : listed.start] for word in _NAMED_AFTER)


def _is_brand(listed: Found, one: Found) -> bool:
    """Whether a name in quotation marks begins with a listed body and goes on: «Hyundai Engineering»."""
    longer = listed.type == "ORG" and one.start == listed.start and listed.end < one.end
    return longer and one.confidence == _QUOTED and not any(map(str.isdigit, one.name or ""))


def _opens_with_more(text: Text, one: Found, places: _Listed) -> bool:
    """Whether a listed place stands further in: what is before that, at a sentence's start or a region, is no name."""
    if any(f.kind == "region" and one.start < f.start and f.end == one.end for f in places.over(one)):
        return True  # all regions are listed: Tim Yang Andijon viloyatiga
    if not _begins_sentence(text, one.start):
        return False
    return any(one.start < f.start and f.end <= one.end for f in places.over(one))


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
    text: Text, words: _Words, heads: re.Pattern[str], type_: EntityType, outside: Mapping[int, int | None]
) -> Iterator[Found]:
    """Names that end with what they are."""
    for head in heads.finditer(text.low):
        if text.primary == "en" and text.cased[head.start()].islower():
            continue  # an English title has its capitals
        start = _start(text, words, head.start(), outside)
        if start is None or head[0] in words.no_bodies:
            continue
        end, stem_end = head.end(), head.end("head")
        if head["head"] in words.beside and _is_brand_alone(text.cased[start : head.start()]):
            end = stem_end = head.start() - 1
        yield Found(start, end, type_, "shape", _BODY, stem_end=stem_end, name=text.original[start:stem_end])


def _is_brand_alone(before: str) -> bool:
    """Whether the word for what a body is stands beside its name and not in it: Goldwind | kompaniyasi."""
    return before.endswith(" ") and all(word[0][0].isupper() for word in _WORD.finditer(before))


def _start(text: Text, words: _Words, head: int, outside: Mapping[int, int | None]) -> int | None:
    """Where the name begins whose last word stands at head; None where it is no name.

    A country, and a word with a case ending, stand before the name and not in it: `outside` has where such end.
    """
    clause = max((m.end() for m in _STOP.finditer(text.cased, max(0, head - 160), head)), default=max(0, head - 160))
    before = list(_WORD.finditer(text.cased, clause, head))[-(MAX_WORDS - 1) :]
    start = head if text.cased[head].isupper() else None
    low_head = text.low[head : head + NEAR]
    for word in reversed(before):
        low = lower(word[0])
        capital = word[0][0].isupper()
        if low in _NAMED_AFTER:
            patron = _patron(text, word.start())
            start = start if patron is None else patron
            break
        if start is not None and not capital:
            break
        if capital:
            if low in words.openers or low.endswith(words.owned):
                break
            if word.end() in outside and low_head.startswith(_STATE):
                break
            if word.end() in outside:
                near = sum(w.start() > word.start() and not w[0][0].isupper() for w in before) <= MAX_SMALL_WORDS
                country = outside[word.end()]
                start = start if country is None or not near else country
                break
            if start is not None and low.endswith(words.cases) and _begins_sentence(text, word.start()):
                break  # Кездесуге Премьер-Министр Кеңсесі
            start = word.start()
        elif low.endswith(words.barriers):
            break
    if start is None or start == head:
        return None
    if text.primary == "tr" and text.cased[head].isupper():
        return start  # Turkish writes the names of bodies, and no others, with capitals throughout
    short = sum(word.start() >= start for word in before) < MIN_OPENING_WORDS
    return None if short and _begins_sentence(text, start) else start


def _begins_sentence(text: Text, at: int) -> bool:
    return _SENTENCE_BEGINS.search(text.cased, max(0, at - 3), at) is not None


def _patron(text: Text, before: int) -> int | None:
    """Where the name begins of somebody after whom a body is named; a surname before it is another person's."""
    found = _PATRON.search(text.cased, max(0, before - MAX_QUOTED_CHARS), before)
    if found is None:
        return None
    words = [word for word in _WORD.finditer(text.cased, found.start(), before) if len(word[0]) > 1]
    return next((word.end() + 1 for word in reversed(words[:-1]) if _SURNAME.search(word[0])), found.start())


def _places(text: Text, words: _Words, outside: Mapping[int, int | None]) -> Iterator[Found]:
    for kind in words.places.finditer(text.low):
        name = _capitals(text, words, kind.start(), outside)
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
        if there["name"].startswith(_STATE) or lexicon.seen(text.primary, name).cls == "X":
            continue
        if name[0].isupper() and not name.isupper() and not _SURNAME.search(there["name"]):
            yield Found(
                start, there.end(), "LOC", "shape", _THERE, stem_end=stem_end, name=text.original[start:stem_end]
            )


def _coordinated(text: Text, listed: Sequence[Found]) -> Iterator[Found]:
    """The unknown one of two, where an `and` joins it to a place or a person of the list: Palu va Donggala."""
    if not lexicon.has_words(text.primary):
        return
    for one in listed:
        alike = one.type == "LOC" or (one.type == "PER" and " " not in text.cased[one.start : one.end])
        if not alike or one.role != "name" or (one.stem_end or one.end) != one.end:
            continue
        other = _AND_ANOTHER.match(text.cased, one.end)
        if other is None or not lexicon.joins(text.primary, other["and"]):
            continue
        seen = lexicon.seen(text.primary, other["name"])
        if seen.cls == "O" and not other["name"].isupper():
            stem_end = other.start("name") + seen.stem
            name = text.original[other.start("name") : stem_end]
            yield Found(*other.span("name"), one.type, "shape", _THERE, stem_end=stem_end, name=name)


def _opened(text: Text, words: _Words) -> Iterator[Found]:
    """Bodies in Tajik, which says first what a body is: as far as each word is tied to the next (Кумитаи рушди ...)."""
    for head in words.opened.finditer(text.low):
        if not text.cased[head.start()].isupper():
            continue
        tied, end, count = True, head.end(), 1
        for word in _WORD.finditer(text.cased, head.end(), head.end() + MAX_OPENED_CHARS):
            gap = text.low[end : word.start()]
            joined = tied and gap == " "
            named_after = gap == " " and _TO_THE_NAME.match(text.low, word.start())
            together = gap == " " and lower(word[0]) == "ва" and _ties(text, word.end())
            if not (joined or together or named_after) or count == MAX_WORDS:
                break
            end, count = word.end(), count + 1
            tied = bool(named_after) or together or _is_tied(lower(word[0]))
        if count > 1 and not tied:
            yield Found(head.start(), end, "ORG", "shape", _BODY, name=text.original[head.start() : end])


def _is_tied(low: str) -> bool:
    return len(low) > MIN_REPEATED and low.endswith("и")


def _ties(text: Text, end: int) -> bool:
    """Whether the word after an `and` is a part of the same name: a common noun that is tied to another, no office."""
    after = _WORD.match(text.cased, end + 1)
    if after is None or not after[0][0].islower() or not _is_tied(lower(after[0])):
        return False
    return not lexicon.is_title(text.primary, lower(after[0]))


def _entered(text: Text, words: _Words) -> Iterator[Found]:
    """Places in Tajik and Persian, by the word before them."""
    for kind in words.entered.finditer(text.low):
        word = _WORD.match(text.cased, kind.end() + 1)
        if word is None or not (word[0][0].isupper() or persian.may_be_place(word[0])):
            continue
        start = word.start() if kind["kind"] else kind.start()
        bare = word.end() - _is_tied(lower(word[0])) * (text.low[word.end() : word.end() + 1] == " ")
        yield Found(start, word.end(), "LOC", "shape", _PLACE, stem_end=bare, name=text.original[start:bare])


def _capitals(text: Text, words: _Words, before: int, outside: Mapping[int, int | None]) -> tuple[int, int] | None:
    """The capitalised words that stand directly before a place in the text; a surname before them is another's."""
    line = max(before - 80, text.cased.rfind("\n", 0, before) + 1, 0)
    taken: list[re.Match[str]] = []
    edge = before
    for word in reversed(list(_WORD.finditer(text.cased, line, before))):
        between = text.cased[word.end() : edge]
        low = lower(word[0])
        if between.strip() or not word[0][0].isupper() or low in words.openers or low.endswith(words.owned):
            break
        if word.end() in outside or (taken and _SURNAME.search(low)):
            break
        if taken and low.endswith(words.cases) and _begins_sentence(text, word.start()):
            break  # Qutqaruvchilar Farhod koʻchasida
        taken.append(word)
        edge = word.start()
        if len(taken) == MAX_PLACE_WORDS:
            break
    return (taken[-1].start(), taken[0].end()) if taken else None


def _quotations(text: Text, words: _Words) -> Iterator[Found]:
    """Bodies in quotation marks near a word for what they are; places and papers beside one: стадион «Казанат»."""
    end_of_first = -1
    for quotation in _QUOTATION.finditer(text.cased):
        start, end = quotation.span(1)
        name = text.cased[start:end]
        if (
            not (name[0].isupper() or persian.may_be_place(name.split(" ")[0]))
            or name[-1] in ".!?…,"
            or name.count(" ") > MAX_WORDS - 1
        ):
            continue
        after = _SENTENCE_ENDS.split(text.low[quotation.end() : quotation.end() + NEAR])[0]
        before = _SENTENCE_ENDS.split(text.low[max(0, quotation.start() - NEAR) : quotation.start()])[-1]
        if text.primary == "fa":  # no capitals: only the word right before tells
            before, after = before.strip().rpartition(" ")[2] + " ", ""
        by_place = words.venue_before.search(before) or words.venue_behind.match(after)
        if by_place or (end_of_first == start - len("» и «") and text.low[end_of_first:start] in _SECOND_VENUE):
            yield Found(start, end, "LOC", "shape", _BESIDE, stem_end=end, name=text.original[start:end])
            end_of_first = end
        elif words.titled_before.search(before) or words.titled_behind.match(after):
            yield Found(start, end, "DOC", "shape", _BESIDE, stem_end=end, name=text.original[start:end])
        elif words.quoted.search(before) or words.quoted.match(after.lstrip(" -")):
            yield Found(start, end, "ORG", "shape", _QUOTED, stem_end=end, name=text.original[start:end])


@lru_cache(maxsize=1)
def _tables() -> dict[str, _Words]:
    tables = tomllib.loads(Path(__file__).with_name("shapes.toml").read_text(encoding="utf-8"))
    return {language: _words(table, _ENDINGS.get(language, _ENDING)) for language, table in tables.items()}


def _words(table: Mapping[str, Sequence[str]], ending: str) -> _Words:
    within = f"(?P<placed>{_any(table.get('placed', ()))})|(?:{_any(table.get('places', ()))})"
    return _Words(
        bodies=_heads(table.get("bodies", ()), ending),
        places=re.compile(rf"(?<=\s)(?:{within}){ending}(?![\w'])"),
        events=_heads(table.get("events", ()), ending),
        papers=_heads(table.get("papers", ()), ending),
        opened=re.compile(rf"(?<![\w'-])(?:{_any(table.get('opened', ()))})(?= )"),
        entered=re.compile(
            rf"(?<![\w'-])(?:(?P<kind>{_any(table.get('entered', ()))})|{_any(table.get('entered_whole', ()))})(?= )"
        ),
        located=re.compile(
            rf"(?<=[^\W\d_][ ])(?P<name>[^\W\d_][\w-]{{{MIN_REPEATED - 1},30}}?)"
            rf"(?:{_any(table.get('located', ()))})(?![\w'-])"
        ),
        owned=tuple(map(_folded, table.get("owned", ()))),
        barriers=tuple(map(_folded, table["barriers"])),
        cases=tuple(map(_folded, table.get("cases", ()))),
        openers=frozenset(map(_folded, table["openers"])),
        no_bodies=frozenset(map(_folded, table.get("no_bodies", ()))),
        beside=frozenset(map(_folded, table.get("beside", ()))),
        quoted=re.compile(rf"(?<!\w)(?:{_any(table.get('quoted', ()))})[\w']{{0,8}}+(?:\s|$|[.,;)])"),
        venue_before=re.compile(rf"(?<!\w)(?:{_any(table.get('venues', ()))})[\w']{{0,4}}+ $"),
        venue_behind=re.compile(rf" (?:{_any(table.get('venues', ()))})[\w']{{0,10}}+(?!\w)"),
        titled_before=re.compile(rf"(?<!\w)(?:{_any(table.get('titled', ()))})[\w']{{0,4}}+ $"),
        titled_behind=re.compile(rf"(?:gi|ги)? (?:{_any(table.get('titled', ()))})[\w']{{0,10}}+(?!\w)"),
    )


def _heads(words: Sequence[str], ending: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?P<head>{_any(words)}){ending}(?![\w'])")


def _folded(word: str) -> str:
    return lower(same_length(word))


def _any(words: Sequence[str]) -> str:
    if not words:
        return r"(?!)"
    return "|".join(re.escape(word) for word in sorted({_folded(w) for w in words}, key=len, reverse=True))
