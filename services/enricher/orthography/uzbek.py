"""Spell Uzbek in the Latin alphabet of 1995, in Cyrillic or in the Latin alphabet of 2026, whichever it came in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from services.contracts.folding import APOSTROPHES
from services.enricher.orthography.words import CYRILLIC, LATIN, respelled

TURNED_COMMA = "ʻ"
"""U+02BB: part of the letters oʻ and gʻ."""
GLOTTAL_STOP = "ʼ"
"""U+02BC: the sign called tutuq belgisi, elsewhere."""
LONGEST_CACHED = 40
"""Letters of a word that is worth remembering."""
_CACHED_WORDS = 1 << 15

_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": GLOTTAL_STOP, "ы": "i", "ь": "", "э": "e", "ю": "yu",
    "я": "ya", "ў": f"o{TURNED_COMMA}", "қ": "q", "ғ": f"g{TURNED_COMMA}", "ҳ": "h",
}  # fmt: skip
_TO_LATIN = str.maketrans({**_LETTERS, **dict.fromkeys(APOSTROPHES, GLOTTAL_STOP)})
_VOWELS = "аеёиоуўэюяы"
_TO_LATIN_BY_PLACE = (
    (re.compile(rf"(?<=[^{_VOWELS}])ъ(?=[еёюя])"), "ь"),  # съезд syezd, адъютант adyutant; but маъюс maʼyus
    (re.compile("ўъ"), "ў"),  # мўъжиза moʻjiza
    (re.compile(rf"(?:^|(?<=[{_VOWELS}ъь]))е"), "ye"),
    (re.compile(rf"(?<=[{_VOWELS}])цц?"), "ts"),
    (re.compile("ьо"), "yo"),
    (re.compile("с(?=ҳ)"), f"s{GLOTTAL_STOP}"),
)

_NEW = {"ö": f"o{TURNED_COMMA}", "ğ": f"g{TURNED_COMMA}", "ş": "sh", "ç": "ch"}
_DRAFTS = {"õ": _NEW["ö"], "ŏ": _NEW["ö"], "ș": _NEW["ş"]}
"""Letters of the drafts of 2018 to 2023, and ş with a comma for a cedilla."""
_OLD_LETTERS = str.maketrans({**_NEW, **_DRAFTS})
_NEW_LETTER = re.compile(f"[{''.join({**_NEW, **_DRAFTS})}]", re.IGNORECASE)
_OLD = {old: new for new, old in _NEW.items()}
_DIGRAPH = re.compile("|".join(_OLD), re.IGNORECASE)
_PIECES = {latin: cyrillic for cyrillic, latin in _LETTERS.items() if cyrillic not in "цщыэь"} | {"ye": "е"}
_SINGLE = str.maketrans(
    {
        **{latin: cyrillic for latin, cyrillic in _PIECES.items() if len(latin) == 1},
        **{
            latin.upper(): cyrillic.upper()
            for latin, cyrillic in _PIECES.items()
            if latin.isascii() and len(latin) == 1
        },
    }
)
_PIECE = re.compile(
    rf"(?P<apart>(?<=s){GLOTTAL_STOP}(?=h))"  # Isʼhoq Исҳоқ
    rf"|(?P<yod>y(?=o{TURNED_COMMA})|(?<=[b-df-hj-np-tv-xz]{GLOTTAL_STOP})y(?=[aeou]))"  # yoʻl йўл
    rf"|(?P<soft>(?:(?<=[b-df-hj-np-tv-z])|(?<=g{TURNED_COMMA}))ye)"  # premyera премьера
    rf"|(?P<open>(?:^|(?<=[aeiou{GLOTTAL_STOP}])|(?<=o{TURNED_COMMA}))e)"  # elchi элчи, poema поэма
    r"|(?P<foreign>(?:ts|(?<=[knp])s)(?=i(?:ya|on|al)))"  # militsiya милиция, aksiya акция
    rf"|[sc]h|[og]{TURNED_COMMA}|y[aeou]",
    re.IGNORECASE,
)
_BY_NAME = {"apart": "", "yod": "й", "soft": "ье", "open": "э", "foreign": "ц"}
_SPELLABLE = re.compile(rf"(?:[abd-vxyz{TURNED_COMMA}{GLOTTAL_STOP}]|ch)++", re.IGNORECASE)
_NEW_SPELLABLE = re.compile(
    rf"(?:[abd-vxyz{TURNED_COMMA}{GLOTTAL_STOP}{''.join({**_NEW, **_DRAFTS})}]|ch)++", re.IGNORECASE
)
_CAMEL = re.compile(r"[a-z][A-Z]")
_ROMAN = re.compile(r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})")
_RUNS = re.compile(r"[А-ЯЁЎҚҒҲ]{2,}|[А-ЯЁЎҚҒҲ]?[^А-ЯЁЎҚҒҲ]*")
_CYRILLIC_WORD = re.compile(rf"[а-яёўқғҳ{APOSTROPHES}]++", re.IGNORECASE)
_NORMAL = (
    (re.compile(rf"(?<=[oOgG])[{APOSTROPHES}]{{1,2}}"), TURNED_COMMA),
    (re.compile(rf"(?<![oOgG])[{APOSTROPHES}]{{1,2}}"), GLOTTAL_STOP),
)
_SIDES = re.compile(f"([{APOSTROPHES}]+)")


@dataclass(frozen=True, slots=True)
class _Loans:
    """Words that letters alone do not spell right: stem → the same stem in the other script, both in lower case."""

    stems: dict[str, str]
    open: frozenset[str]
    endings: re.Pattern[str]
    first: frozenset[str]
    longest: int

    def find(self, word: str) -> tuple[str, str] | None:
        """The longest stem that the word begins with, in the other script, and the rest of the word."""
        if word[:3] not in self.first:
            return None
        for length in range(min(len(word), self.longest), 2, -1):
            stem = word[:length]
            other = self.stems.get(stem)
            if other is not None and (stem in self.open or self.endings.fullmatch(word[length:])):
                return other, word[length:]
        return None


def _loans() -> tuple[_Loans, _Loans]:
    data = tomllib.loads((Path(__file__).parent / "loanwords.toml").read_text("utf-8"))
    endings: list[list[str]] = data["endings"]["slots"]
    to_cyrillic = {**data["words"], **data["stems"]}
    latin_slots = [f"(?:{'|'.join(slot)})?" for slot in endings]
    cyrillic_slots = [f"(?:{'|'.join(map(_pieces, slot))})?" for slot in endings]
    to_latin = {cyrillic.removesuffix("ь"): latin for latin, cyrillic in to_cyrillic.items()}
    to_latin |= {cyrillic: latin for latin, cyrillic in to_cyrillic.items()}
    opened = frozenset(data["stems"])
    return (
        _table({**data["read"], **to_cyrillic}, opened, latin_slots),
        _table(to_latin, frozenset(to_cyrillic[stem] for stem in opened), cyrillic_slots),
    )


def _table(stems: dict[str, str], opened: frozenset[str], slots: list[str]) -> _Loans:
    return _Loans(
        stems=stems,
        open=opened,
        endings=re.compile("".join(slots)),
        first=frozenset(stem[:3] for stem in stems),
        longest=max(map(len, stems)),
    )


def to_latin(text: str) -> str:
    """The text in the alphabet of 1995 with ʻ after o and g and ʼ elsewhere.

    Cyrillic words and the letters ö ğ ş ç are respelled, apostrophes within words take their normal form. Words of
    both scripts or with letters that are not Uzbek, addresses, hashtags and user names stay.
    """
    return respelled(text, _spell_latin)


def to_new_latin(text: str) -> str:
    """The text in the alphabet of 2026: ö ğ ş ç for oʻ gʻ sh ch, the sign ʼ and the letters ng as before.

    Read like `to_latin`. Foreign words that Uzbek letters can spell cannot be told from Uzbek ones.
    """
    return respelled(text, _spell_new)


def to_cyrillic(text: str) -> str:
    """The text in Cyrillic, loan words as loanwords.toml has them.

    Roman numbers, words with w, with c outside of ch or with a capital in the middle, addresses, hashtags and user
    names stay.
    """
    return respelled(text, _spell_cyrillic)


def _spell_latin(word: str, after: str) -> str:
    return _latin_word(word) if len(word) <= LONGEST_CACHED else _latin_word.__wrapped__(word)


def _spell_new(word: str, after: str) -> str:
    word = _spell_latin(word, after)
    if not _SPELLABLE.fullmatch(word) or _CAMEL.search(word):
        return word
    return _DIGRAPH.sub(lambda found: _cased(_OLD[found[0].lower()], found[0][0]), word)


def _spell_cyrillic(word: str, after: str) -> str:
    if word.isupper() and _ROMAN.fullmatch(word) and (len(word) > 1 or after != "."):
        return word
    return _cyrillic_word(word) if len(word) <= LONGEST_CACHED else _cyrillic_word.__wrapped__(word)


@lru_cache(maxsize=_CACHED_WORDS)
def _latin_word(word: str) -> str:
    if not CYRILLIC.search(word):
        return _old_letters(_normal_apostrophes(word)) if LATIN.search(word) else word
    if not _CYRILLIC_WORD.fullmatch(word):
        return _each_side(word, _latin_word.__wrapped__)
    lower = word.lower()
    if word == lower:
        return _lower_latin(lower)
    if word[1:] == lower[1:]:
        latin = _lower_latin(lower)
        return latin[:1].upper() + latin[1:]
    if word.isupper():
        return _lower_latin(lower).upper()
    return "".join(_run_latin(run) for run in _RUNS.findall(word))


def _run_latin(run: str) -> str:
    latin = _lower_latin(run.lower())
    if run.isupper() and len(run) > 1:
        return latin.upper()
    return latin[:1].upper() + latin[1:] if run[:1].isupper() else latin


def _lower_latin(word: str) -> str:
    if found := _TO_LATIN_LOANS.find(word):
        return found[0] + _letters_latin(found[1])
    return _letters_latin(word)


def _letters_latin(word: str) -> str:
    for place, latin in _TO_LATIN_BY_PLACE:
        word = place.sub(latin, word)
    return word.translate(_TO_LATIN)


@lru_cache(maxsize=_CACHED_WORDS)
def _cyrillic_word(word: str) -> str:
    if not LATIN.search(word):
        return word
    if CYRILLIC.search(word):
        return _each_side(word, _cyrillic_word.__wrapped__)
    normal = _old_letters(_normal_apostrophes(word))
    if not _SPELLABLE.fullmatch(normal) or _CAMEL.search(normal):
        return word
    lower = normal.lower()
    if (found := _TO_CYRILLIC_LOANS.find(lower)) and (cased := _like(normal, lower)) is not None:
        stem, rest = found
        # The soft sign at the end of a loan word is not written before an ending.
        spelled = stem.removesuffix("ь") + _pieces(rest) if rest else stem
        return spelled.upper() if cased == "upper" else spelled[:1].upper() + spelled[1:] if cased else spelled
    return _pieces(normal)


def _like(word: str, lower: str) -> str | None:
    """How the word is cased: "" all lower, "first", "upper"; None for anything else."""
    if word == lower:
        return ""
    if word[1:] == lower[1:]:
        return "first"
    return "upper" if word.isupper() else None


def _pieces(word: str) -> str:
    return _PIECE.sub(_piece, word).translate(_SINGLE)


def _piece(found: re.Match[str]) -> str:
    latin = found[0]
    lower = latin.lower()
    cyrillic = _BY_NAME[found.lastgroup] if found.lastgroup else _PIECES[lower]
    return cyrillic.upper() if latin[0] != lower[0] else cyrillic


def _normal_apostrophes(word: str) -> str:
    for place, normal in _NORMAL:
        word = place.sub(normal, word)
    return word


def _old_letters(word: str) -> str:
    """Letters of the new Latin as those of 1995, unless the word has other letters that are not Uzbek: Türkçe."""
    if not _NEW_LETTER.search(word) or not _NEW_SPELLABLE.fullmatch(word):
        return word
    if word.islower():
        return word.translate(_OLD_LETTERS)

    def one(found: re.Match[str]) -> str:
        letter, at = found[0], found.start()
        old = letter.lower().translate(_OLD_LETTERS)
        return _cased(old, letter, word[at - 1 : at] if at else "", word[at + 1 : at + 2])

    return _NEW_LETTER.sub(one, word)


def _cased(spelled: str, letter: str, before: str = "", after: str = "") -> str:
    if not letter.isupper():
        return spelled
    return spelled.upper() if before.isupper() or after.isupper() else spelled[0].upper() + spelled[1:]


def _each_side(word: str, spell: Callable[[str], str]) -> str:
    """A word with letters of both scripts: spelled only where an apostrophe parts them, as in Facebook’да."""
    sides = _SIDES.split(word)
    if len(sides) == 1:
        return word
    return "".join(GLOTTAL_STOP if side[:1] in APOSTROPHES else spell(side) for side in sides if side)


_TO_CYRILLIC_LOANS, _TO_LATIN_LOANS = _loans()
