"""Known things in a text: one automaton per script over folded text, the grammar of each language for what follows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from services.enricher.entities import homonyms, suffixes
from services.enricher.entities.alphabets import LETTERS, Script
from services.enricher.entities.found import Found, Role
from services.enricher.entities.homonyms import FOREIGN_PLACE, OWN, Candidate, Context, Surroundings
from services.enricher.entities.index import NameIndex, Trait, folded_name
from services.enricher.entities.reading import Hit, Reading
from services.enricher.entities.text import Text, lower, same_length
from services.enricher.knowledge.base import Known

_NEW_LATIN = {
    **dict.fromkeys("öõŏ", "oʻ"), **dict.fromkeys("ÖÕŎ", "Oʻ"), "ğ": "gʻ", "Ğ": "Gʻ",
    **dict.fromkeys("şș", "sh"), **dict.fromkeys("ŞȘ", "Sh"), "ç": "ch", "Ç": "Ch",
}  # fmt: skip
"""Letters of the new Uzbek Latin, and of its drafts, in the Latin of 1995."""
_NEW_LETTER = re.compile("[öõŏğşșç]")
APOSTROPHE_FREE = 0.9
"""How sure an Uzbek name is that is written without its apostrophes."""
MAX_SPANS = 5_000
"""Of one script in one text; a text that names more is a list, not news."""
_PREFIX = 5
"""Characters of what a hyphen joins to a name (Нью-)."""
_OTHER_MARK = re.compile(r"[^\w\s'-]")
_OWNER_AFTER = {
    "ru": ("",), "en": ("of ", "of the ", "in ", ""), "tg": ("",), "fa": ("",), "und": ("",), "pt": ("do ", "da "),
}  # fmt: skip
"""Where the country of a body follows it, and what stands between."""


def _is_new_latin(low: str) -> bool:
    """Whether an Uzbek text is written with ş, ç, ŏ, ğ rather than with sh, ch, oʻ, gʻ."""
    return len(_NEW_LETTER.findall(low)) > low.count("o'") + low.count("g'")


@dataclass(slots=True)
class _Span:
    """All that one stretch of text may name."""

    start: int
    end: int
    hits: tuple[Hit, ...]
    candidates: tuple[Candidate, ...]
    around: Surroundings
    chosen: int = 0
    weight: float = 0.0


class Matcher:
    """The things of a knowledge base, found in texts of any language; the index of a script is built when first met."""

    def __init__(self, knowledge: Sequence[Known]) -> None:
        self._knowledge = tuple(knowledge)
        self._indexes: dict[Script, NameIndex] = {}

    def find(self, text: Text) -> list[Found]:
        """What is named, in order, none overlapping; homonyms are decided by what the text is about."""
        if text.primary == "uz" and _is_new_latin(text.low):
            return self._find_in_new_latin(text)
        return self._find(text)

    def _find_in_new_latin(self, text: Text) -> list[Found]:
        """As _find, over the text in the alphabet that names are listed in; offsets are those of the text itself."""
        letters = [_NEW_LATIN.get(letter, letter) for letter in text.original]
        origin = [at for at, written in enumerate(letters) for _ in written]
        found = self._find(replace(text, original="".join(letters)))
        return [
            replace(
                one,
                start=origin[one.start],
                end=origin[one.end - 1] + 1,
                stem_end=None if one.stem_end is None else origin[one.stem_end - 1] + 1,
            )
            for one in found
        ]

    def _find(self, text: Text) -> list[Found]:
        reading = Reading(text)
        spans = [
            span
            for script, letters in LETTERS.items()
            if letters.search(reading.low)
            for span in self._spans(self._index(script), reading)
        ]
        if not spans:
            return []
        spans.sort(key=lambda span: (span.start - span.end, span.start))
        first = _kept(spans, Context(text.primary), len(reading.low), homonyms.SURE)
        sure = [span for span in first if len(span.candidates) == 1 or _is_country_or_hamlet(span)]
        countries = Counter(c for span in sure if (c := _country(span)))
        places = frozenset(c for span in sure if (c := _country(span)) and _is_within_a_country(_known(span)))
        context = Context(text.primary, countries, places, _ids(sure), text.published)
        beside = _Beside(first, spans, reading)
        for span in spans:
            beside.note(span)
        kept = _kept(spans, context, len(reading.low), homonyms.ENOUGH)
        return [_found(span) for span in sorted(kept, key=lambda span: span.start)]

    def _index(self, script: Script) -> NameIndex:
        if script not in self._indexes:
            self._indexes[script] = NameIndex(self._knowledge, script)
        return self._indexes[script]

    def _spans(self, index: NameIndex, reading: Reading) -> Iterator[_Span]:
        by_place: dict[tuple[int, int], dict[int, Hit]] = {}
        for hit in self._hits(index, reading):
            here = by_place.setdefault((hit.start, hit.end), {})
            owner = index.owners[hit.form]
            if owner not in here or hit.standing > here[owner].standing:
                here[owner] = hit
        for (start, end), by_owner in islice(by_place.items(), MAX_SPANS):
            hits = tuple(by_owner.values())
            candidates = tuple(self._candidate(index, hit, reading) for hit in hits)
            doubtful = any(c.common or c.standing < OWN or c.known.common for c in candidates)
            yield _Span(start, end, hits, candidates, reading.surroundings(hits[0], doubtful))

    def _candidate(self, index: NameIndex, hit: Hit, reading: Reading) -> Candidate:
        name = folded_name(index.names[hit.form])
        if hit.bare:
            name = name.replace("'", "")
        flags, said = index.flags[hit.form], reading.cased[hit.start : hit.end]
        known = self._knowledge[index.owners[hit.form]]
        return Candidate(
            known=known,
            standing=hit.standing,
            common=known.type == "LOC" and not flags & Trait.ACRONYM and reading.is_everyday(name, said, hit.standing),
            untold=hit.standing <= FOREIGN_PLACE,
            given=known.type == "LOC" and reading.is_given(name, said, hit.standing),
            quoted=bool(flags & Trait.QUOTED),
            local=bool(flags & Trait.LOCAL),
            bare=hit.bare,
        )

    def _hits(self, index: NameIndex, reading: Reading) -> Iterator[Hit]:
        cased, flat = reading.cased, reading.plain
        any_case = index.any_case
        for pattern, start, _ in index.automaton.find_matches_as_indexes(" " + flat, overlapping=True):
            if not any_case[pattern] and cased[start].islower():
                continue
            for form in index.candidates(pattern, flat, start):
                if hit := self._hit(index, form, reading, start):
                    yield hit

    def _hit(self, index: NameIndex, form: int, reading: Reading, start: int) -> Hit | None:
        flags = index.flags[form]
        small = reading.cased[start].islower()
        if small and not flags & Trait.LOWER:
            return None
        standing = index.standing(form, reading.language)
        if standing is None:
            return None
        written, bare = index.names[form], bool(flags & Trait.BARE)
        if flags & Trait.ACRONYM:
            return _acronym_hit(reading, form, same_length(written), start, standing)
        name = folded_name(written)
        if bare:
            name = name.replace("'", "")
        found = suffixes.ending(reading.primary, name, reading.low, reading.plain, start)
        if found is None or not _same_marks(written, reading.low, start, found.stem_end or found.end):
            return None
        if reading.is_mixed(start, found.stem_end or found.end, written):
            return None
        if small and flags & Trait.SEVERAL and not flags & Trait.PLACE and reading.has_inner_capital(start, found.end):
            return None  # правительство США in small letters is a word and the name of a country
        role: Role = found.role
        if flags & (Trait.ADJECTIVE | Trait.INHABITANT):
            role = "adjective" if flags & Trait.ADJECTIVE else "inhabitant"
        elif role != "name" and self._knowledge[index.owners[form]].type != "LOC":
            return None
        return Hit(start, found.end, found.stem_end, form, role, found.where, standing, bare)


def _acronym_hit(reading: Reading, form: int, written: str, start: int, standing: float) -> Hit | None:
    """An acronym counts as written, with endings in small letters, and not on a line of capitals."""
    if not reading.cased.startswith(written, start):
        return None
    after = start + len(written)
    name = lower(written)
    end = suffixes.acronym_end(reading.primary, name, reading.low, after)
    if end is None or reading.cased[after:end] != reading.low[after:end] or not reading.in_running_text(start, end):
        return None
    return Hit(start, end, after, form, "name", False, standing, False)


def _same_marks(written: str, low: str, start: int, end: int) -> bool:
    """A space may stand for a hyphen, but no full stop between two names."""
    marks = len(_OTHER_MARK.findall(low, start, end))
    return marks == 0 or marks == len(_OTHER_MARK.findall(same_length(written)))


def _kept(spans: Sequence[_Span], context: Context, length: int, enough: float) -> list[_Span]:
    """The longest first, each with its most probable thing; spans are sorted so."""
    taken = bytearray(length)
    kept = []
    for span in spans:
        if taken[span.start] or taken[span.end - 1] or 1 in taken[span.start : span.end]:
            continue
        best = homonyms.best(span.candidates, span.around, context)
        if best is None or best[1] < enough:
            continue
        span.chosen, span.weight = best
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        kept.append(span)
    return kept


def _known(span: _Span) -> Known:
    return span.candidates[span.chosen].known


def _ids(spans: Sequence[_Span]) -> frozenset[str]:
    """Of all that is named, and of the bodies whose organs are."""
    known = [_known(span) for span in spans]
    return frozenset({one.id for one in known} | {one.part_of for one in known if one.type == "ORG" and one.part_of})


def _is_country_or_hamlet(span: _Span) -> bool:
    """Whether it is taken for a country, and could be a town of that name at most (Kazakhstan, once a state farm)."""
    others = (c.known.kind for number, c in enumerate(span.candidates) if number != span.chosen)
    return _known(span).id.startswith("iso3166:") and all(kind in ("city", "village") for kind in others)


def _is_within_a_country(known: Known) -> bool:
    return known.type == "LOC" and not known.id.startswith("iso3166:")


def _country(span: _Span) -> str | None:
    """Of a place, or of an office whose whole name has it in it (the Foreign Ministry of Uzbekistan)."""
    known = _known(span)
    return homonyms.country_of(known) if known.type == "LOC" or known.local else None


class _Beside:
    """What stands right before and after a name: countries, by the sure names, and what a hyphen joins to it."""

    def __init__(self, sure: Sequence[_Span], spans: Sequence[_Span], reading: Reading) -> None:
        self._reading = reading
        self._all_starts = {span.start for span in spans}
        self._all_ends = {span.end for span in spans}
        self._ends: dict[int, str] = {}
        self._starts: dict[int, str] = {}
        for span in sure:
            known = _known(span)
            if known.id.startswith("iso3166:"):
                code = known.id.removeprefix("iso3166:")
                self._ends[span.end] = code
                if span.hits[span.chosen].role == "name":
                    self._starts[span.start] = code

    def note(self, span: _Span) -> None:
        """Writes down in the span's surroundings the country beside it."""
        low, language = self._reading.low, self._reading.primary
        country = self._ends.get(span.start - 1) if low[span.start - 1 : span.start] == " " else None
        if country is None and low.startswith("'s ", span.start - 3):
            country = self._ends.get(span.start - 3)
        if country is None and language in _OWNER_AFTER and low[span.end : span.end + 1] == " ":
            at = span.end + 1
            for link in _OWNER_AFTER[language]:
                if self._reading.plain.startswith(link, at) and (country := self._starts.get(at + len(link))):
                    break
        joined = self._joined(span)
        if country or joined:
            span.around = replace(span.around, country_beside=country, part=span.around.part or joined)

    def _joined(self, span: _Span) -> bool:
        """By a hyphen to a word that names nothing: Нью-Мехико, Россия-24, but not Toshkent-Samarqand."""
        start, end, original = span.start, span.end, self._reading.original
        sure = any(candidate.standing == OWN and not candidate.common for candidate in span.candidates)
        if original[start - 1 : start] == "-" and start - 1 not in self._all_ends:
            word, gap = self._reading.word_before(start - 1)
            if word and not gap and (not sure or len(word) <= _PREFIX):
                return True
        after = original[end + 1 : end + 2] if original[end : end + 1] == "-" else ""
        return after.isdigit() or (after.isupper() and not sure and end + 1 not in self._all_starts)


def _found(span: _Span) -> Found:
    hit, known = span.hits[span.chosen], _known(span)
    return Found(
        start=span.start,
        end=span.end,
        type=known.type,
        by="list",
        confidence=round(homonyms.confidence(span.weight) * (APOSTROPHE_FREE if hit.bare else 1.0), 2),
        id=known.id,
        role=hit.role,
        stem_end=hit.stem_end,
        kind=known.kind,
    )
