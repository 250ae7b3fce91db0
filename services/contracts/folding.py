"""Fold text over spellings and scripts into one key, for matching and search only; the text itself is never changed."""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "'ʻʼʹʽ‘’‛`´′＇"
"""What Uzbek Latin is typed with: U+0027 02BB 02BC 02B9 02BD 2018 2019 201B 0060 00B4 2032 FF07."""

TURNED_COMMA = "ʻ"  # a letter to Postgres and to \w, so words stay whole

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": TURNED_COMMA, "ы": "i", "ь": "", "э": "e", "ю": "yu",
    "я": "ya",
    "ў": f"o{TURNED_COMMA}", "қ": "q", "ғ": f"g{TURNED_COMMA}", "ҳ": "h",
}  # fmt: skip
TO_LATIN = str.maketrans(_CYRILLIC)
ANY_CYRILLIC = re.compile(f"[{''.join(_CYRILLIC)}]")
_OTHER_APOSTROPHES = APOSTROPHES.replace(TURNED_COMMA, "")
CYRILLIC_BY_PLACE = (
    (re.compile(r"(?<![аеёиоуэюяўы])ъ(?=[ёюя])"), ""),
    (re.compile(r"(?<![аеёиоуэюяўы])ъе"), "ye"),
    (re.compile(r"(?:(?<![^\W\d_])|(?<=[аеёиоуэюяўъь]))е"), "ye"),
    (re.compile(r"(?<=[аеёиоуэюяў])цц?"), "ts"),
    (re.compile(r"ьо"), "yo"),
)
"""Letters whose Latin depends on their neighbours: съезд syezd, поезд poyezd, акция aksiya, батальон batalyon.

After a vowel the hard sign is heard: маъюс maʼyus.
"""
LATIN_BY_PLACE = (
    (re.compile("[öõŏ]"), f"o{TURNED_COMMA}"),
    (re.compile("ğ"), f"g{TURNED_COMMA}"),
    (re.compile("[şș]"), "sh"),
    (re.compile("ç"), "ch"),
    (re.compile(f"(?<=o{TURNED_COMMA}){TURNED_COMMA}++"), ""),
    (re.compile(f"(?<=s){TURNED_COMMA}(?=h)"), ""),
)
"""The letters of the new Latin (and of its drafts) as the Latin of 1995; мўъжиза is moʻjiza, Isʼhoq typed Ishoq too."""
MONTHS = (re.compile(r"tyabr"), "tabr")  # сентябрь and октябрь are sentabr and oktabr, but often typed as they are said

MOST_MARKS = 30
"""Combining marks on one letter: more is no writing, as Unicode's stream-safe text has it."""
_MARKS = frozenset(
    c
    for c in map(chr, range(0x300, 0x1F000))
    if unicodedata.combining(c)
    or (unicodedata.decomposition(c) and all(map(unicodedata.combining, unicodedata.normalize("NFKD", c))))
)
_RUN_OF_MARKS = re.compile(f"[{''.join(sorted(_MARKS))}]{{{MOST_MARKS + 1},}}")
_MAY_BE_A_RUN = re.compile(
    f"[{''.join(sorted(c for c in _MARKS if ord(c) < 0x10000))}\U00010000-\U0010ffff]{{{MOST_MARKS + 1},}}"
)
"""The same or more: a class of few characters beyond U+FFFF is read many times as fast."""
_IN_WORDS = bytes(min(byte, 0x80) for byte in range(256))
_LONG_WORD = b"\x80" * (2 * MOST_MARKS + 2)


def stream_safe(text: str) -> str:
    """The text without the marks that pile up beyond MOST_MARKS: normal forms sort them in time by the square."""
    if len(text) <= MOST_MARKS or text.isascii() or not may_pile_up(text.encode("utf-8", "surrogatepass")):
        return text
    return _MAY_BE_A_RUN.sub(lambda found: _RUN_OF_MARKS.sub(lambda run: run[0][:MOST_MARKS], found[0]), text)


def may_pile_up(utf8: bytes) -> bool:
    """Whether the text has a word as long as too many marks: each takes two bytes or more, none of them ASCII."""
    return _LONG_WORD in utf8.translate(_IN_WORDS)


def fold(text: str) -> str:
    """Lower case, one apostrophe, Latin letters, single spaces: Ўзбекистон, O'zbekiston, Özbekiston are one."""
    # Apostrophes first: NFKC would turn the acute accent into a space with a combining mark.
    text = with_one_apostrophe(caseless(with_one_apostrophe(text)))
    if ANY_CYRILLIC.search(text):
        for place, latin in CYRILLIC_BY_PLACE:
            text = place.sub(latin, text)
        text = text.translate(TO_LATIN)
    # Once more: an accent can stand on a letter that is Latin only now.
    text = caseless(text)
    if not text.isascii():
        for place, latin in LATIN_BY_PLACE:
            text = place.sub(latin, text)
        text = caseless(text)
    month, latin = MONTHS
    return " ".join(month.sub(latin, text).split())


def with_one_apostrophe(text: str) -> str:
    """The text with every apostrophe as ʻ, place for place."""
    for apostrophe in _OTHER_APOSTROPHES:
        text = text.replace(apostrophe, TURNED_COMMA)
    return text


def caseless(text: str) -> str:
    """The text folded over case and compatibility forms, as Unicode defines a caseless match."""
    if text.isascii():
        return text.lower()
    text = stream_safe(text)
    # Twice, as Unicode defines it: folding the case can undo a normal form and the other way round.
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return stream_safe(unicodedata.normalize("NFKC", text))
