"""Fold a text for matching and keep, for every character of the key, where in the original it came from."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.contracts.folding import (
    ANY_CYRILLIC,
    APOSTROPHES,
    CYRILLIC_BY_PLACE,
    LATIN_BY_PLACE,
    MONTHS,
    TO_LATIN,
    TURNED_COMMA,
    caseless,
    with_one_apostrophe,
)
from services.enricher.orthography.kazakh import TO_KEY

LONGEST_CACHED = 40
"""Characters of a word that is worth remembering."""
_CACHED_WORDS = 1 << 14
_CACHED_PIECE = 4
_WORD = re.compile(r"\S++")
_PLAIN_ASCII = re.compile(r"[^'`\x80-\U0010ffff]*+")
_PLAIN = f"[A-Za-zА-яЁёЎўҚқҒғҲҳ0-9{APOSTROPHES.replace('＇', '').replace('´', '')}.,:;!?()«»“”–—-]"
"""Characters that nothing but their case changes, unless a mark follows."""
_PLAIN_WORD = re.compile(f"{_PLAIN}*+")


def _that_join() -> str:
    """Characters that may join the one before them in a normal form, as the inside of a class of an expression."""
    joining = set(map(chr, range(0x1160, 0x1200)))  # vowels and finals of Hangul
    decomposed = {}
    for letter in map(chr, range(0x300, 0x1F000)):
        if unicodedata.combining(letter):
            joining.add(letter)
        elif parts := unicodedata.decomposition(letter):
            decomposed[letter] = parts
            if not parts.startswith("<") and " " in parts:
                joining.add(chr(int(parts.split()[1], 16)))
    joining |= {letter for letter in decomposed if unicodedata.normalize("NFKD", letter)[0] in joining}
    return "".join(map(re.escape, sorted(joining)))


_JOINING = _that_join()
_PIECE = re.compile(
    f"(?P<plain>(?:{_PLAIN}(?![{_JOINING}]))++)|[^{_JOINING}][{_JOINING}]*+|[{_JOINING}]++",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A key for matching and the way back: character i of `text` was folded from what begins at `starts[i]`.

    `starts` has one more entry than `text` has characters: where the original of the last one ends. It never falls.
    """

    text: str
    starts: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that text[start:end] was folded from.

        A letter folded to two (ш → sh) is taken whole. Signs folded to nothing (ь) go with the letter before them.
        Raises ValueError unless 0 <= start <= end <= len(text).
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"no span of {len(self.text)} characters: {start} to {end}")
        first = self.starts[start]
        if start == end:
            return first, first
        last = self.starts[end - 1]
        while end < len(self.text) and self.starts[end] == last:
            end += 1
        return first, self.starts[end]

    def position(self, original: int) -> int:
        """Where in `text` the character at that place of the original, or the nearest before it, was folded to."""
        at = bisect_right(self.starts, original) - 1
        while at > 0 and self.starts[at - 1] == self.starts[at]:
            at -= 1
        return max(at, 0)


def folded(text: str, language: str) -> Folded:
    """The key of a text in that language (a BCP 47 tag) with the way back.

    For Kazakh one key of Cyrillic and Latin by the alphabet of 2021; for Uzbek and every other language exactly
    `services.contracts.folding.fold(text)`.
    """
    kazakh = language.partition("-")[0].lower() == "kk"
    words: list[str] = []
    starts = array("I")
    end = 0
    for found in _WORD.finditer(text):
        at = found.start()
        word, places = _of_word(found[0], kazakh)
        if not word:
            continue
        if words:
            starts.append(end)
        words.append(word)
        starts.extend([at + place for place in places] if at else places)
        end = found.end()
    starts.append(end)
    return Folded(" ".join(words), starts)


def _of_word(word: str, kazakh: bool) -> tuple[str, Sequence[int]]:
    return _remembered(word, kazakh) if len(word) <= LONGEST_CACHED else _fold_word(word, kazakh)


def _fold_word(word: str, kazakh: bool) -> tuple[str, Sequence[int]]:
    """The key of a word, and for each of its characters where the original begins in the word."""
    if word.isascii() and _PLAIN_ASCII.fullmatch(word):
        lower, places = word.lower(), list(range(len(word)))
    elif not kazakh and _PLAIN_WORD.fullmatch(word):
        lower, places = _plain(with_one_apostrophe(word.lower()), list(range(len(word))))
    else:
        lower, places = _caseless(with_one_apostrophe(word), list(range(len(word))))
        lower = with_one_apostrophe(lower)
        if kazakh:
            lower, places = _caseless(*_translated(lower, places, TO_KEY))
        else:
            lower, places = _uzbek(lower, places)
    if not kazakh:
        lower, places = _replaced(lower, places, *MONTHS)
    return _single_spaced(lower, places)


_remembered = lru_cache(maxsize=_CACHED_WORDS)(_fold_word)


def _plain(text: str, places: list[int]) -> tuple[str, list[int]]:
    """As `_uzbek`, for words that no normal form changes on the way."""
    text, places = _romanized(text, places)
    if TURNED_COMMA in text:
        for place, latin in LATIN_BY_PLACE:
            text, places = _replaced(text, places, place, latin)
    return text, places


def _uzbek(text: str, places: list[int]) -> tuple[str, list[int]]:
    text, places = _caseless(*_romanized(text, places))
    if not text.isascii():
        for place, latin in LATIN_BY_PLACE:
            text, places = _replaced(text, places, place, latin)
        text, places = _caseless(text, places)
    return text, places


def _romanized(text: str, places: list[int]) -> tuple[str, list[int]]:
    if not ANY_CYRILLIC.search(text):
        return text, places
    for place, latin in CYRILLIC_BY_PLACE:
        text, places = _replaced(text, places, place, latin)
    return _translated(text, places, TO_LATIN)


def _caseless(text: str, places: list[int]) -> tuple[str, list[int]]:
    """`caseless`, piece by piece: a piece is one character and what may join it in a normal form."""
    done: list[str] = []
    kept: list[int] = []
    for found in _PIECE.finditer(text):
        start, end = found.span()
        piece = found[0]
        if found.lastgroup:
            done.append(piece.lower())
            kept += places[start:end]
        else:
            piece = _caseless_piece(piece) if len(piece) <= _CACHED_PIECE else caseless(piece)
            done.append(piece)
            kept += [places[start]] * len(piece)
    return "".join(done), kept


_caseless_piece = lru_cache(maxsize=4096)(caseless)


def _replaced(text: str, places: list[int], pattern: re.Pattern[str], by: str) -> tuple[str, list[int]]:
    done: list[str] = []
    kept: list[int] = []
    at = 0
    for found in pattern.finditer(text):
        start, end = found.span()
        done += (text[at:start], by)
        kept += places[at:start]
        kept += [places[min(start + i, end - 1)] for i in range(len(by))]
        at = end
    if not at:
        return text, places
    done.append(text[at:])
    return "".join(done), kept + places[at:]


def _translated(text: str, places: Iterable[int], table: dict[int, str]) -> tuple[str, list[int]]:
    letters = [table.get(ord(letter), letter) for letter in text]
    return "".join(letters), [place for letter, place in zip(letters, places, strict=True) for _ in letter]


def _single_spaced(text: str, places: list[int]) -> tuple[str, list[int]]:
    """Spaces that come of a compatibility form (of ﷺ, of ¨), as `fold` leaves them."""
    if text.isascii() and " " not in text:
        return text, places
    words = list(_WORD.finditer(text))
    if len(words) == 1 and len(words[0][0]) == len(text):
        return text, places
    kept: list[int] = []
    for found in words:
        if kept:
            kept.append(places[found.start() - 1])
        kept += places[found.start() : found.end()]
    return " ".join(found[0] for found in words), kept
