"""The names in a byline: persons apart from agencies and desks, without labels, jobs, dates and handles."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

from services.parser.limits import MAX_AUTHORS, MAX_LINE_CHARS, MAX_NAME_CHARS
from services.parser.metadata.stated import one_line
from services.parser.metadata.titles import folded

_MOST_WORDS = 6
_LONG_NAME = 4
_MOST_PARTS = 40
_MOST_CREDENTIALS = 4


def _rows(name: str) -> frozenset[str]:
    words = (word.strip().casefold() for word in _DATA[name].replace("\n", " ").split(","))
    return frozenset(word for word in words if word)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted((re.escape(word).replace("\\ ", r"\s") for word in words), key=len, reverse=True))


_DATA: dict[str, str] = tomllib.loads(files(__package__).joinpath("bylines.toml").read_text("utf-8"))
_PREPOSITIONS, _NOUNS, _AFTER = _rows("prepositions"), _rows("nouns"), _rows("after")
_BODIES, _AGENCIES, _ACCOUNTS = _rows("bodies"), _rows("agencies"), _rows("accounts")
_JOBS, _CREDENTIALS, _PARTICLES, _NO_NAMES = (_rows(name) for name in ("jobs", "credentials", "particles", "no_names"))

_LABEL = re.compile(
    rf"^(?:(?:{_any_of(_PREPOSITIONS)})(?:\s{{0,3}}[:：]\s{{0,3}}|\s{{1,3}}(?=\S))|(?:{_any_of(_NOUNS)})\s{{0,3}}[:：/|]\s{{0,3}})",
    re.IGNORECASE,
)
_VAGUE = frozenset({"by", "von", "text", "words", "story"})
SURE_NOUNS = _NOUNS - _VAGUE
"""Folded words that, with a colon after them, announce an author and nothing else."""
_SURE_LABEL = re.compile(
    rf"^(?:(?:{_any_of(p for p in _PREPOSITIONS if ' ' in p)})\s"
    rf"|(?:{_any_of(SURE_NOUNS)})(?:\s{{0,3}}:|\s{{0,3}}$))",
    re.IGNORECASE,
)
_BARE_LABEL = re.compile(rf"^(?:{_any_of(_PREPOSITIONS | _NOUNS)})\s{{0,3}}[:：]?$", re.IGNORECASE)
_NOUN_BEFORE_NAME = re.compile(rf"^(?:{_any_of(_NOUNS)})\s{{1,3}}(?=[^\W\d_a-z])", re.IGNORECASE)
_LABEL_INSIDE = re.compile(
    r"(?:[|•·⋅–—-]|\d|[ap]\.?m\.?|uhr)\s{0,3}(?:[Bb][Yy]|[Vv]on|[Pp]ar|[Оо]т)\s{1,3}(?=[^\W\d_a-zа-я])"
)
_POSTFIX = re.compile(rf"[\s,]{{1,3}}(?:{_any_of(_AFTER)})\s{{0,3}}[.:]?$", re.IGNORECASE)
_BODY = re.compile(rf"(?<![\w'‘’ʻʼ-])(?:{_any_of(_BODIES)})(?![\w'‘’ʻʼ])", re.IGNORECASE)
_JOB = re.compile(rf"(?<![\w-])(?:{_any_of(_JOBS)})(?![\w-])", re.IGNORECASE)
_CONJUNCTIONS = _any_of(_rows("conjunctions"))
_BETWEEN = re.compile(
    rf"\s{{0,3}}(?:[,;،؛]\s{{0,3}}(?:(?:{_CONJUNCTIONS})\s)?|[&+/]|\s(?:{_CONJUNCTIONS})\s|\sс\sучастием\s|\sпри\sучастии\s)\s{{0,3}}",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[^<>]{0,300}>")
_BRACKETS = re.compile(r"\s{0,3}[(\[][^()\[\]]{0,120}[)\]]?")
_HANDLE = re.compile(r"(?:https?:|www\.)\S{0,200}|\S{0,64}@\S{0,100}", re.IGNORECASE)
_REST = re.compile(
    r"\s{0,3}(?:[|│•→]|(?<!\S)»|»(?=\s{0,3}[^\W\d_])|\s[–—·-]\s|[–—·]\s|\s(?:updated|published|posted|last|reviewed|medically|fact|edited|photo|photos|on|am"
    r"|in|for|at|from|is|was|has|für|bei|mit\smaterial|vom|zuletzt|aktualisiert|veröffentlicht|stand:?|under|для|специально|из|uchun|учун)\s).{0,400}$",
    re.IGNORECASE,
)
_FROM_A_DIGIT = re.compile(
    r"[\s,]{0,3}(?:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя"
    r"|дек)\w{0,8}\.?\s{1,3}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s{1,3}){0,2}\d.{0,400}$",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    r"^(?:[\w-]{1,60}\.){1,3}(?:com|org|net|info|news|media|press|online|tv|me|io|co|ai|us|eu|asia|su|рф|uz|ru|kz|kg|tj|tm|af|ir"
    r"|tr|az|ge|am|de|at|ch|uk|fr|it|es|pl|ua|by|in|cn|jp|kr)$",
    re.IGNORECASE,
)
_NO_NAME_CHARS = re.compile(r"[#:/\\|<>=!?;+*{}…]")
_IN_QUOTES = re.compile(r"[«„]")
"""Newspapers and agencies are named in quotation marks, persons are not."""
_GLUED_INITIAL = re.compile(r"\b([^\W\d_])\.(?=[^\W\d_])")
"""Ш.Каримов"""
_LETTER = re.compile(r"[^\W\d_]")


class Names(NamedTuple):
    """Who is named, in order, no one twice."""

    persons: tuple[str, ...]
    bodies: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    """User names and single words: a person's where nothing better is known."""


def is_label(text: str) -> bool:
    """Whether a short text only announces a name."""
    return len(text) <= MAX_LINE_CHARS and _BARE_LABEL.match(text.strip()) is not None


def is_sure_label(text: str) -> bool:
    """Whether a text begins with a label that is said of authors only: `Written by`, `Автор:`, not a mere `by`."""
    return _SURE_LABEL.match(text) is not None


def after_label(text: str) -> str | None:
    """What follows the label of a byline at the text's beginning or after a date or a bar, or None without a label."""
    match = _LABEL.match(text) or _NOUN_BEFORE_NAME.match(text) or _LABEL_INSIDE.search(text)
    return text[match.end() :] if match and match.end() < len(text) else None


def names_in(values: Iterable[str], sites: frozenset[str] = frozenset()) -> Names:
    """The names in bylines. `sites` are the folded names of the site: it is a body, whatever it looks like."""
    persons: dict[str, str] = {}
    bodies: dict[str, str] = {}
    accounts: dict[str, str] = {}
    for value in values:
        for part in _parts(value) if value.count("«") <= value.count("»") else ():
            fold = folded(part)
            if not fold:
                continue
            lowered = part.casefold().strip(".")
            if lowered in _ACCOUNTS:
                continue
            if fold in sites or _is_body(part):
                bodies.setdefault(fold, part)
            elif _is_person(part):
                persons.setdefault(fold, part)
            elif _is_account(part):
                accounts.setdefault(fold, part)
    return Names(*(tuple(found.values())[:MAX_AUTHORS] for found in (persons, bodies, accounts)))


def _parts(text: str) -> list[str]:
    """A byline cut into names, each with the credentials that belong to it."""
    if len(text) > 10 * MAX_NAME_CHARS:
        return []
    line = _HANDLE.sub(" ", one_line(_MARKUP.sub(" ", text))).strip(" -–—·•|,:")
    for _ in range(3):
        match = _LABEL.match(line) or _NOUN_BEFORE_NAME.match(line)
        if not match:
            break
        line = line[match.end() :].strip()
    line = _POSTFIX.sub("", _REST.sub("", _BRACKETS.sub(" ", line)).strip())
    found: list[str] = []
    for piece in _BETWEEN.split(line)[:_MOST_PARTS]:
        part = _FROM_A_DIGIT.sub("", piece).strip(" .·-–—:*\"“”'’").strip()
        if "«" not in part:
            part = part.rstrip("»")
        if not part or not _LETTER.search(part):
            continue
        if all(word.casefold().strip(".") in _CREDENTIALS for word in part.split()[:_MOST_CREDENTIALS]):
            if found:
                found[-1] = f"{found[-1]}, {part}"
            continue
        if match := _LABEL.match(part):
            part = part[match.end() :]
        if _JOB.search(part):
            # Jane Doe, Security Expert: what follows a name tells who she is. Editor Jane Doe: the name is in it.
            part = "" if found else _without_jobs(part)
            if not part:
                continue
        found.append(part)
    return found


def _without_jobs(part: str) -> str:
    """A name without the jobs around it; empty where a job stands in the middle: it is no name then."""
    words = part.split()
    while words and words[-1].casefold().strip(".,") in _JOBS:
        words.pop()
    while len(words) > 2 and words[0].casefold().strip(".,") in _JOBS:
        words.pop(0)
    rest = " ".join(words)
    return "" if _JOB.search(rest) or len(words) < 2 else rest


def _is_body(part: str) -> bool:
    """Whether a name is that of an agency, an office or an outlet."""
    if _BODY.search(part) or _IN_QUOTES.search(part) or _DOMAIN.match(part):
        return True
    lowered = part.casefold().strip(".")
    first = lowered.split()[0]
    # BBC Uzbek, Sputnik Tojikiston; but Ani is a name as well as an agency.
    is_edition = first in _AGENCIES and (
        len(first) > _LONG_NAME or (part[: len(first)].isupper() and not part.isupper())
    )
    return lowered in _AGENCIES or is_edition


def _is_person(part: str) -> bool:
    """Whether a text has the shape of a full name: words with capitals, initials, particles."""
    words = _GLUED_INITIAL.sub(r"\1. ", part.split(",")[0]).split()
    if not 2 <= len(words) <= _MOST_WORDS or len(part) > MAX_NAME_CHARS // 2 or any(c.isdigit() for c in part):
        return False
    if _NO_NAME_CHARS.search(part) or not all(_LETTER.search(word) for word in words):
        return False
    if any(word.casefold().strip(".:!?") in _NO_NAMES for word in words):
        return False
    named = [w for w in words if w.casefold() not in _PARTICLES]
    # Scripts without case (Arabic, Georgian, Chinese) have no capitals to ask for.
    return len(named) >= 1 and all(not w[0].islower() or w[:2] in ("d'", "d’", "o'", "al") for w in named)


def _is_account(part: str) -> bool:
    words = part.split()
    if not 2 < len(part) <= MAX_NAME_CHARS // 3 or len(words) > 3 or _NO_NAME_CHARS.search(part):
        return False
    return not any(word.casefold().strip(".:!?") in _NO_NAMES for word in words)
