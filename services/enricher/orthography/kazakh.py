"""Fold Kazakh in Cyrillic and in the Latin of 2021 to one key, for matching only."""

from __future__ import annotations

_CYRILLIC = {
    "а": "a", "ә": "ä", "б": "b", "в": "v", "г": "g", "ғ": "ğ", "д": "d", "е": "e", "ё": "io", "ж": "j", "з": "z",
    "и": "i", "й": "i", "к": "k", "қ": "q", "л": "l", "м": "m", "н": "n", "ң": "ñ", "о": "o", "ө": "ö", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "ū", "ү": "ü", "ф": "f", "х": "h", "һ": "h", "ц": "ts", "ч": "tş",
    "ш": "ş", "щ": "ştş", "ъ": "", "ы": "y", "і": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip
_ACUTE = {"á": "ä", "ǵ": "ğ", "ń": "ñ", "ó": "ö", "ú": "ü", "ý": "u"}
"""The draft of 2018. Its plain letters stay: u there is ұ and here у, sh may be two letters."""
_ONE_I = {"ı": "i", "\u0307": ""}
"""І and и are ı and i, but a capital I is lower-cased to i everywhere: both are one letter in a key."""
_STRESS = {"\u0301": ""}
"""Over a Cyrillic letter; Latin letters are composed with theirs before."""
TO_KEY = str.maketrans({**_CYRILLIC, **_ACUTE, **_ONE_I, **_STRESS})
"""Lower-case letters of either script → letters of the key."""
