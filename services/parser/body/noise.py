"""What a line beside an article is: a counter, print, share, a date, a credit, a related list; the words are data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from ahocorasick_rs import AhoCorasick

from services.contracts.folding import TURNED_COMMA, fold
from services.parser.dates import reading as dates
from services.parser.dates import words as date_words
from services.parser.dates.months import month
from services.parser.limits import MAX_LINE_CHARS
from services.parser.metadata.persons import SURE_NOUNS

Kind = Literal[
    "views", "print", "share", "date", "photo", "related", "also", "bare", "plea", "advertising", "label", "trail",
    "composed", "credit", "call",
]  # fmt: skip
"""`related` heads a list of other articles, `also` names one itself, `trail` leads from the home page to this one,
`composed` is of words that headings of lists and buttons have, `credit` may be a photo's, `call` asks to follow."""

MAX_PLEA_CHARS = 320
_MAX_PLEA_WORDS = 45
_MAX_LABELLED_CHARS = 160
_MAX_CREDIT_CHARS = 120
_MAX_ALSO_CHARS = 240
_MAX_WORDS = 6
"""Of a line that names a maker or leads to the page."""
MOST_VIEWS = 10**12
_MAX_WORDS_BESIDE_A_DATE = 12
_MAX_LABEL_WORDS = 3
_MAX_LABEL_CHARS = 24
_LEAST_FULL_DATE = 12
"""Characters of a date with its year and a time."""
_MAX_CREDIT_WORDS = 3
_MAX_WORDS_OF_A_CALL = 16
_LONG_NAME = 5
"""Letters of a network's name that can be told within other words."""
_MAX_PIECES = 30
_PROSE_CHARS = 60
"""A line of so many that ends as sentences do is no label, date or button."""
_ANY_MOMENT = datetime(2024, 7, 1, 12, tzinfo=UTC)
"""Relative dates are only told from other lines here, so any will do."""

_ONE_SPELLING = str.maketrans({TURNED_COMMA: "", "\u0307": "", "ı": "i", "ي": "ی", "ك": "ک"})
"""Turkish capitals lose their dots one way or the other; Persian is typed with Arabic letters, too."""
_WITHOUT_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_APOSTROPHE = re.compile(r"['`]")
_DIGIT = re.compile(r"\d")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_NUMBER = re.compile(
    r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f,.\u066c]\d{3})+(?!\d)"
    r"|\d+(?:[.,]\d+)?\s?(?:[kKкК]|тыс|ming|минг|мың|миң|bin|mln|млн|mn)\b|\d+"
)
_SCALES = {"k": 10**3, "к": 10**3, "тыс": 10**3, "ming": 10**3, "минг": 10**3, "мың": 10**3, "миң": 10**3, "bin": 10**3}
_SCALES |= {"mln": 10**6, "млн": 10**6, "mn": 10**6}
_ASIDE = re.compile(r"\([^()]{0,40}\)")
_EYE = "👁"
_LABEL = re.compile(r"([^:：]{1,48})[:：]\s?")
_CREDITED = re.compile(r"\W{0,3}([^\W\d_][^:：©/(|]{0,40}?)\s{0,2}[:：©/(|]")
_OPENS_A_TRAIL = re.compile(r"([^/›»>|→•·\\]{1,40}?)\s{0,3}[/›»>|→•·\\]")
_RIGHTS = re.compile(r"\W{0,3}(?:©|\([cCсС]\)|copyright\b.{0,3}(?:©|\([cC]\)|\d{4}))", re.IGNORECASE)
_COLONS = (":", "：")
_QUOTES = "\"'“”„«‘‹–—-"
_NAMED = re.compile(r"[\"“”„«][^\"“”„«»]{1,40}[\"”“»]([^\W\d_].{0,200})")
_SENTENCE_ENDS = (".", "!", "…", "؟", "۔", ".”", '."', ".»")
_SHORT_FOR_YEAR = (" г.", " ж.", " й.", "-yil.", " y.")
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_WORDS_OF_A_SENTENCE = 3
_TALLY = re.compile(r"[^\W\d_]{2,40} \d{1,3}(?![\d:])(?!\.\d)")
"""`River 30, Lake 28`: two of them are told like a sentence."""
_TAGS_ONLY = re.compile(r"#\w{2,40}(?:[\s,;|]{1,4}#\w{2,40}){0,30}[\s,;|.]{0,3}")
_KEYS = re.compile(r"ctrl|enter\b|⌘", re.IGNORECASE)


def key(line: str) -> str:
    """The line's words in one spelling: without digits, marks and apostrophes, Uzbek Cyrillic as Latin."""
    return " ".join(filter(None, map(_key_of_word, line.split())))


@lru_cache(maxsize=65_536)
def _key_of_word(word: str) -> str:
    if word.isascii() and "tyabr" not in (lower := word.lower()):
        return lower if lower.isalpha() else _NOT_LETTERS.sub(" ", _APOSTROPHE.sub("", lower)).strip()
    return _NOT_LETTERS.sub(" ", fold(word).translate(_ONE_SPELLING)).strip()


def _keys(kind: str) -> frozenset[str]:
    return frozenset(key(phrase) for phrase in _PHRASES[kind])


_PHRASES: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("noise.toml").read_text("utf-8"))
_VIEWS, _PRINT, _SHARE, _NETWORKS = _keys("views"), _keys("print"), _keys("share"), _keys("networks")
_PHOTO, _RELATED, _ADVERTISING = _keys("photo"), _keys("related"), _keys("advertising")
_RELATED_WORDS = frozenset(word for phrase in _RELATED for word in phrase.split())
_SHARE_WORDS = frozenset(word for phrase in _SHARE | _PRINT for word in phrase.split())
_LABELLED = _keys("labels") | frozenset(map(key, SURE_NOUNS))
_READING, _HOMES, _MAKERS = _keys("reading"), _keys("homes"), _keys("makers")
_TIMES = _keys("times")
_JOINING = _keys("joining")
_TODAY = _keys("today")
_SCALE_WORDS = frozenset(map(key, _SCALES))
_NEXT_PAGE = _keys("next_page")
_ARROWS = frozenset({"»", "›", "→", ">", ">>"})


_PLEAS = AhoCorasick([f" {phrase}" for phrase in sorted(_keys("pleas"))])
_ERRORS = tuple(sorted(_keys("errors")))
_CREDITS = tuple(f"{phrase} " for phrase in sorted(_PHOTO) if " " in phrase)
_SIGNS = tuple(sorted(_keys("signatures")))
_CALLS = AhoCorasick([f" {phrase}" for phrase in sorted(_keys("calls"))])
_LONG_NETWORKS = AhoCorasick([f" {name}" for name in sorted(_NETWORKS) if len(name) >= _LONG_NAME])
_MAKES = tuple(f"{phrase} " for phrase in sorted(_MAKERS))


@lru_cache(maxsize=8192)
def kind_of(line: str) -> Kind | None:
    """What a line beside an article is, or None where it may be the article's own."""
    if len(line) > MAX_PLEA_CHARS:
        return None
    words = key(line)
    if not words:
        if not _DIGIT.search(line):
            return "bare"
        return "date" if dates.read(line) else "bare"
    is_prose = len(line) >= _PROSE_CHARS and line.endswith(_SENTENCE_ENDS)
    if not is_prose and len(line) <= MAX_LINE_CHARS and (kind := _whole(line, words)):
        return kind
    if line[0] in _QUOTES:
        # A name in quotation marks is no speech: `«River» Telegram channel`.
        named = _NAMED.match(line)
        return _beginning(named[1], key(named[1])) if named else None
    return _beginning(line, words)


def kind_of_pieces(pieces: Sequence[str]) -> Kind | None:
    """What a line of several runs of text is, which are read without spaces between them: `ShareFacebook`."""
    first = kind_of(pieces[0]) if len(pieces) > 1 else None
    if first is None:
        return None
    if first == "related" and is_plain(pieces[0]):
        return "also"
    return first if all(kind_of(piece) for piece in pieces[1:_MAX_PIECES]) else None


def names_a_link(label: str) -> bool:
    """Whether what stands before a link says that it leads to another article: `Batafsil:`, `Подробнее:`."""
    return label.rstrip().endswith(_COLONS) and kind_of(label) in ("share", "related")


def is_sentence(line: str) -> bool:
    """Whether a line reads like a sentence of the text, though it begins with a label or holds a date.

    `Note: the figure has doubled since last year.`, `Vote on 12 December.`; not `Photo: J. Doe.` or `12.11.2026 г.`
    """
    if not line.endswith(_SENTENCE_ENDS) or line.endswith(_SHORT_FOR_YEAR):
        return False
    words = [word for word in _WORD.findall(line) if len(word) > 1]
    if len(words) < _LEAST_WORDS_OF_A_SENTENCE:
        # `Yesterday at 10:00.`
        return dates.read(line) is None and dates.read_relative(line, _ANY_MOMENT) is not None
    return any(word[0].islower() for word in words[1:]) or len(_TALLY.findall(line)) > 1


def is_plain(line: str) -> bool:
    """Whether what the line is can't be mistaken, wherever it stands: not one word that could be a subheading."""
    kind = kind_of(line)
    if kind == "photo" and is_sentence(line):
        return False
    if kind in (None, "date", "bare", "label", "trail", "composed", "credit", "call"):
        return False
    if kind in ("views", "photo", "plea", "also"):
        return True
    return " " in key(line) or line.rstrip().endswith((":", "…"))


def _whole(line: str, words: str) -> Kind | None:
    """What the line is as a whole."""
    if words in _RELATED:
        return "related"
    if words in _PRINT:
        return "print"
    if words in _ADVERTISING:
        return "advertising"
    parts = words.split()
    if words in _SHARE or _names_networks(line, parts):
        return "share"
    if _DIGIT.search(line):
        if views(line) is not None or _are_views(line.translate(_WITHOUT_DIGITS)):
            return "views"
        if words in _READING or _unlabelled_reading(words):
            return "label"
        if is_date_line(line):
            return "date"
    elif words in _VIEWS and " " in words:
        return "views"
    if "#" in line and _TAGS_ONLY.fullmatch(line):
        return "label"
    # Headings and buttons are put together of few words: `Other news of the section`.
    composed = 1 < len(parts) <= _MAX_WORDS and not line.endswith(_SENTENCE_ENDS) and not _DIGIT.search(line)
    if not composed or line[0] in _QUOTES:
        return None
    return "composed" if _RELATED_WORDS.issuperset(parts) or _SHARE_WORDS.issuperset(parts) else None


def _names_networks(line: str, parts: list[str]) -> bool:
    """Whether a line is names of networks and what joins them, and not an answer (`– OK.`) or a size (`12 x 8`)."""
    if line[0] in _QUOTES or not any(w in _NETWORKS for w in parts) or (len(line) <= 24 and max(map(len, parts)) < 2):
        return False
    return all(w in _NETWORKS or w in _SHARE or w in _JOINING for w in parts)


def _beginning(line: str, words: str) -> Kind | None:
    """What the line is by the words it begins with, or by a plea in it."""
    if len(line) <= _MAX_CREDIT_CHARS and (credit := _CREDITED.match(line)) and key(credit[1]) in _PHOTO:
        return "photo"
    if label := _LABEL.match(line):
        named = key(label[1])
        if named in _RELATED and " " in named and len(line) <= _MAX_ALSO_CHARS:
            return "also"
        if named in _LABELLED and len(line) <= _MAX_LABELLED_CHARS and not line.endswith(_SENTENCE_ENDS[1:]):
            return "label"
    parts = words.split()
    count = len(parts)
    if 1 < count <= _MAX_WORDS and parts[0] in _PHOTO and not line.endswith(_SENTENCE_ENDS):
        if words.startswith(_CREDITS):
            return "photo"
        if count <= _MAX_CREDIT_WORDS:
            return "credit"
    if _RIGHTS.match(line) and count <= _MAX_PLEA_WORDS:
        return "plea"
    if count <= _MAX_WORDS:
        if not line.endswith(_SENTENCE_ENDS) and words.startswith(_MAKES):
            return "plea"
        if not line.endswith(_SENTENCE_ENDS) and words.startswith(_SIGNS):
            return "label"
        if (trail := _OPENS_A_TRAIL.match(line)) and ":" not in line and key(trail[1]) in _HOMES:
            return "trail"
    if count <= _MAX_PLEA_WORDS:
        if _PLEAS.find_matches_as_indexes(f" {words}"):
            return "plea"
        if words.startswith(_ERRORS) and ("?" in line or "؟" in line or _KEYS.search(line)):
            return "plea"
        if count <= _MAX_WORDS_OF_A_CALL and (
            ("ctrl" in words and "enter" in words) or (line[-1] != "." and _asks_to_follow(words))
        ):
            return "call"
    return None


def is_next_page(text: str) -> bool:
    """Whether the text of a link leads to the next page."""
    return key(text) in _NEXT_PAGE or text in _ARROWS


def _asks_to_follow(words: str) -> bool:
    line = f" {words}"
    return bool(_LONG_NETWORKS.find_matches_as_indexes(line) and _CALLS.find_matches_as_indexes(line))


def _unlabelled_reading(words: str) -> bool:
    head, _, tail = words.rpartition(" ")
    return bool(head) and head in _LABELLED and tail in ("min", "мин", "m", "daqiqa", "минут", "dk", "dakika")


def views(line: str) -> int | None:
    """The number that a line gives as its views: `Views: 1 465`, `1.2K просмотров`; not those of one day."""
    if len(line) > MAX_LINE_CHARS:
        return None
    line = _ASIDE.sub(" ", line.replace(_EYE, "views ", 1) if line.startswith(_EYE) else line)
    if not _are_views(line.translate(_WITHOUT_DIGITS)) or _TODAY.intersection(key(line).split()):
        return None
    if _counted(_NUMBER.sub(" ", line.translate(dates.ASCII_DIGITS))) not in _VIEWS:
        return None
    numbers = _NUMBER.findall(line.translate(dates.ASCII_DIGITS))
    return _count(numbers[0]) if len(numbers) == 1 else None


@lru_cache(maxsize=16_384)
def _are_views(rest: str) -> bool:
    """Whether a line without its digits can be a counter of views; a letter or a word may be left of `1.2K`."""
    words = _counted(rest)
    if words in _VIEWS:
        return True
    first, _, behind = words.partition(" ")
    before, _, last = words.rpartition(" ")
    return (first in _SCALE_WORDS and behind in _VIEWS) or (last in _SCALE_WORDS and before in _VIEWS)


def _counted(rest: str) -> str:
    """What is counted: `viewed 12 times` counts what was viewed."""
    words = key(rest)
    if words in _VIEWS or " " not in words:
        return words
    return " ".join(word for word in words.split() if word not in _TIMES)


def is_date_line(line: str) -> bool:
    """Whether a line says when, and hardly anything else: `Added: 04.07.2024`, `2 soat oldin`."""
    if len(line.split()) > _MAX_WORDS_BESIDE_A_DATE:
        return False
    found = dates.read_all(line)
    if not found:
        return len(line.split()) <= _MAX_WORDS and dates.read_relative(line, _ANY_MOMENT) is not None
    if _opens_with_a_date(line, found[0]):
        return True
    rest, at = "", 0
    for reading in found:
        rest, at = f"{rest}{line[at : reading.start]} ", reading.end
    rest += line[at:]
    left = [w for w in date_words.words_in(rest) if not date_words.is_between(w) and month(w) is None]
    beside = _unlabelled(left)
    # A label may come with who did it: `Added on 04.07.2024 by admin`.
    return len(beside) <= (1 if len(beside) == len(left) else 2) or key(rest) in _VIEWS


def _opens_with_a_date(line: str, first: dates.Reading) -> bool:
    """Whether a line is of a date and time, a place and who wrote, or begins with `Posted on` and a date."""
    if line.endswith(_SENTENCE_ENDS) or len(line) > _MAX_CREDIT_CHARS:
        return False
    if first.start <= 2:
        return first.precision != "day" and first.end - first.start >= _LEAST_FULL_DATE
    before = date_words.words_in(line[: first.start]) if first.start <= _MAX_LABEL_CHARS else []
    return bool(before) and len(before) - len(_unlabelled(before)) >= max(1, len(before) - 1) and len(before[0]) > 2


def _unlabelled(left: list[str]) -> list[str]:
    """Words beside a date without the label that says what it is the date of."""
    for length in range(min(_MAX_LABEL_WORDS, len(left)), 0, -1):
        for start in range(len(left) - length + 1):
            if " ".join(left[start : start + length]) in date_words.labels():
                return left[:start] + left[start + length :]
    return left


def _count(number: str) -> int:
    scale = next((scale for scale in _SCALES if number.lower().endswith(scale)), None)
    if scale is None:
        return min(int(re.sub(r"\D", "", number)), MOST_VIEWS)
    digits = number[: -len(scale)].strip().replace(",", ".")
    return min(round(float(digits) * _SCALES[scale]), MOST_VIEWS)
