"""Fold text over spellings and scripts into one key, for matching and search only; the text itself is never changed."""

from __future__ import annotations

import re
import unicodedata

APOSTROPHES = "'ʻʼʹ‘’`´′"
"""What Uzbek Latin is typed with: U+0027 02BB 02BC 02B9 2018 2019 0060 00B4 2032."""

TURNED_COMMA = "ʻ"  # a letter to Postgres and to \w, so words stay whole

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "x",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": TURNED_COMMA, "ы": "i", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ў": f"o{TURNED_COMMA}", "қ": "q", "ғ": f"g{TURNED_COMMA}", "ҳ": "h",
}  # fmt: skip
_TO_LATIN = str.maketrans(_CYRILLIC)
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, TURNED_COMMA))
_SOFT_E = re.compile(r"(?:(?<![^\W\d_])|(?<=[аеёиоуэюяўъь]))е")
_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Lower case, one apostrophe, Latin letters, single spaces: Ўзбекистон, O'zbekiston and O‘ZBEKISTON are one."""
    # Apostrophes first: NFKC would turn the acute accent into a space with a combining mark.
    text = unicodedata.normalize("NFKC", text.translate(_ONE_APOSTROPHE)).casefold()
    text = _SOFT_E.sub("ye", text).translate(_TO_LATIN)
    return _SPACES.sub(" ", text).strip()
