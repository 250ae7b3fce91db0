"""Cut a text into the units that an engine takes: sentences, and pieces of those that are too long."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from services.enricher.translate.engine import primary
from services.enricher.translate.number_words import month_of

LIMIT = 400
"""Characters of a unit: what the Firefox models translate whole."""
NEAR_CHARS = 40
"""Of the text on each side of a mark that decide; no abbreviation and no opening of a sentence is longer."""
BRACKET_CHARS = 200
"""A remark in brackets up to this length stays in the sentence that it stands in."""

_LINE = re.compile("[^\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]++")
_END = re.compile(
    r"(?<![.!?…؟۔。！？])[.!?…؟۔。！？]++"  # a run of marks is entered at its start only and never given back
    r"(?:[\"'”“’»›)\]*_]|\[\d{1,3}\])*+"
    r"(?:\s[\"”»](?=\s))?+"
    r"(?:(?=\s)|(?<=[؟۔。！？])(?=\w))"
)
_MARKS = ".!?…؟۔。！？"
_OPENING = re.compile(r"\W*+(\w?)")
_LEVEL = re.compile(r"\s*+[—–-]")
_DATE_GOES_ON = re.compile(r"\s*+(?:\d{1,2}\s?\.|\d{4}(?!\d))")
_NUMBERING = re.compile(r"[(\[]?(?:\d{1,3}(?:\.\d{1,3}){0,4}|[IVXLC]{1,6}|[^\W\d_])")
_ROMAN = re.compile(r"[IVXLCІХ]{1,7}")
_DAY_OR_MONTH = re.compile(r"\d{1,2}")
_ONE_LETTER = re.compile(r"[^\W\d_]\.")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,3}\.){1,4}[^\W\d_]{1,3}")
_NO_SENTENCE_START = re.compile(r"[a-zа-яё]{1,20}(?:[A-ZА-Я]|\.[a-z]{2,6}\b|://)|[@#]")
"""What begins small and may begin a sentence all the same: iPhone, kun.uz, https://, @name."""

_CUT_AFTER = (";؛", ":", ",،", "—–")
"""Where a sentence that is too long is cut, the best mark first; else at a space; else anywhere."""


@dataclass(frozen=True)
class Abbreviations:
    """In small letters, without the last full stop."""

    language: str
    before_name: frozenset[str]
    """They stand before something, so no sentence ends with them: prof., ул."""
    before_number: frozenset[str]
    """They may end a sentence, but not before a number: No., млн."""
    conjunctions: frozenset[str]
    """A small letter with a full stop after them means "and so on"."""
    words: frozenset[str]
    """They look like abbreviations, and a sentence may end with them."""
    prepositions: frozenset[str]
    """A sentence that began with one has yet to say something when it comes to a year or an hour: In 2024 г."""
    initials: frozenset[str]
    """First letters of names that are written with two signs."""
    ordinals: bool
    """Whether a number with a full stop is an ordinal: II. Abdülhamid."""


@lru_cache(maxsize=64)
def abbreviations(language: str) -> Abbreviations:
    """What the language abbreviates, with what it has from its neighbours; of every language where it is not listed."""
    data = tomllib.loads(files(__package__).joinpath("abbreviations.toml").read_text("utf-8"))
    tables: dict[str, dict[str, str]] = data["languages"]
    own = tables.get(language)
    names = tables if own is None else [language, *own.get("with", "").split()]

    def words(key: str) -> frozenset[str]:
        return frozenset(word for name in names for word in tables[name].get(key, "").split())

    return Abbreviations(
        language=language,
        before_name=words("before_name"),
        before_number=words("before_number"),
        conjunctions=words("conjunctions"),
        words=words("words"),
        prepositions=words("prepositions"),
        initials=frozenset(data["initials"].split()),
        ordinals=language in data["ordinals"].split(),
    )


def spans(text: str, language: str, limit: int = LIMIT) -> tuple[tuple[int, int], ...]:
    """(start, end) of each unit in order: code points, end exclusive, without space around, each at most `limit` long.

    Every character but space is in exactly one; none goes over a line break. `language`: a BCP 47 tag.
    """
    return tuple(
        piece for start, end in _sentence_spans(text, language) for piece in _pieces(text, start, end, max(1, limit))
    )


def sentences(text: str, language: str) -> tuple[str, ...]:
    """The sentences in order, however long."""
    return tuple(text[start:end] for start, end in _sentence_spans(text, language))


def _sentence_spans(text: str, language: str) -> Iterator[tuple[int, int]]:
    known = abbreviations(primary(language))
    for line in _LINE.finditer(text):
        start, last = line.span()
        cased = any(map(str.isupper, line[0]))
        for mark in _END.finditer(text, start, last):
            if _ends_here(text, start, mark, last, cased, known):
                yield from _stripped(text, start, mark.end())
                start = mark.end()
        yield from _stripped(text, start, last)


def _ends_here(text: str, start: int, mark: re.Match[str], last: int, cased: bool, known: Abbreviations) -> bool:
    at, end = mark.span()
    after = text[end : min(last, end + NEAR_CHARS)]
    opening = _OPENING.match(after)
    letter = opening[1] if opening else ""
    if not letter and len(after) < NEAR_CHARS:
        return False  # a mark that strayed, or a picture
    if at - start < NEAR_CHARS and not any(map(str.isalnum, text[start:at])):
        return False
    closed = mark[0].lstrip(_MARKS)
    if cased and letter.islower() and not _NO_SENTENCE_START.match(after.lstrip()):
        return False  # 15. dezembro; «Bormayman!» — dedi u
    if closed and _LEVEL.match(after):
        return False  # what is said, then who said it
    if _in_brackets(text, start, at, end, last):
        return False
    marks = mark[0][: len(mark[0]) - len(closed)]
    if marks != ".":
        return True
    before = text[max(start, at - NEAR_CHARS) : at].split()
    if not before:
        return True
    token = before[-1].lstrip("\"'“„‘«‹([—–-")
    previous = before[-2] if len(before) > 1 else ""
    if at - start <= NEAR_CHARS:
        if not previous and _NUMBERING.fullmatch(token):
            return False  # 1.2. General rules; A. Navoiy
        if before[0].lower() in known.prepositions and _counts(previous) and _is_short(token, known):
            return False  # В 2024 г. Самарканд; At 5 p.m. Parliament
    return _full_stop(token, previous, after, letter, known)


def _counts(word: str) -> bool:
    return word[-1:].isdecimal() or bool(_ROMAN.fullmatch(word))


def _is_short(token: str, known: Abbreviations) -> bool:
    return len(token) == 1 or token.lower() in known.before_number


def _full_stop(token: str, previous: str, after: str, letter: str, known: Abbreviations) -> bool:
    """Whether a full stop after this token ends the sentence, when what follows could begin one."""
    number_or_caseless = letter.isdecimal() or (letter.isalpha() and not letter.isupper() and not letter.islower())
    if token.isdecimal():
        if letter.isdecimal():
            return not (len(token) <= 2 and _DATE_GOES_ON.match(after))
        follower = after.split(maxsplit=1)[0].strip(".,;:()").lower() if letter else ""
        return not (_DAY_OR_MONTH.fullmatch(token) and (known.ordinals or month_of(follower, known.language)))
    if known.ordinals and _ROMAN.fullmatch(token):
        return False
    word = re.split(r"[-–(«„“\"/]", token)[-1]
    lower = word.lower()
    measure = previous[-1:].isdecimal() and lower in known.before_number  # 10 см. is no "see"
    if lower in known.before_name - known.words and not measure:
        return False
    if (len(word) == 1 and word.isupper()) or word in known.initials:
        return False
    if lower in known.before_number or month_of(lower, known.language):
        return not number_or_caseless
    if _DOTTED.fullmatch(word):
        return word.islower() and not number_or_caseless
    if len(word) == 1 and word.isalpha() and lower not in known.words:
        listed = _ONE_LETTER.fullmatch(previous) or previous.lower() in known.conjunctions
        return bool(listed or _counts(previous) or token != word) and not number_or_caseless
    return True


def _in_brackets(text: str, start: int, at: int, end: int, last: int) -> bool:
    """Whether a bracket is open that opened in this sentence and soon closes."""
    opened = text.rfind("(", max(start, at - BRACKET_CHARS), at)
    if opened < 0 or text.find(")", opened, end) >= 0:
        return False
    return text.find(")", end, min(last, opened + BRACKET_CHARS)) >= 0


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _pieces(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    while end - start > limit:
        cut = _cut(text, start, start + limit)
        yield from _stripped(text, start, cut)
        start = cut
        while text[start].isspace():
            start += 1
    yield start, end


def _cut(text: str, start: int, most: int) -> int:
    """Where to cut text[start:most]: in its second half, at the best mark that a space follows."""
    least = (start + most) // 2
    for marks in _CUT_AFTER:
        for at in range(most - 1, least, -1):
            if text[at - 1] in marks and text[at].isspace():
                return at
    for at in range(most, least, -1):
        if text[at].isspace():
            return at
    for at in range(most, least, -1):
        if not _joined(text[at - 1], text[at]):
            return at
    return most


def _joined(left: str, right: str) -> bool:
    """Whether two characters are parts of one sign."""
    if "\ud800" <= left <= "\udbff" and "\udc00" <= right <= "\udfff":
        return True
    zero_width_joiner = "\u200d"
    return (
        unicodedata.category(right) in ("Mn", "Me", "Mc")
        or zero_width_joiner in (left, right)
        or ("\U0001f3fb" <= right <= "\U0001f3ff")
    )
