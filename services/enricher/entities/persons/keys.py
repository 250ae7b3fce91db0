"""One key for a person's name over scripts and spellings, and whether two names are one person's."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_NAME_CHARS = 120
"""Of a name that is compared; what comes after is left out. No person in news has a longer one."""
SAME_GIVEN, SAME_SURNAME = 0.82, 0.93
"""From this similarity on, two words with the same consonants are one name. Given names vary more than surnames."""
PREFIX, PREFIX_WEIGHT = 4, 0.1
"""Winkler's: letters at the beginning that count more, and how much."""

_CYRILLIC = """
аa бb вv гg дd еe зz иi йy кk лl мm нn оo пp рr сs тt уu фf хh цs чch шsh щsh ъ ыi ь эe юyu яya ёyo жj
ўo қk ғg ҳh іi ңng өo үu ұu һh әa ҷj ӣi ӯu єe їi ґg
"""
_ARABIC = """
اa آa بb پp تt ثs جj چch حh خh دd ذz رr زz ژj سs شsh صs ضz طt ظz ع غg فf قk کk گg لl مm نn وv
هh یi ىi ئ ء ةh أa إa ؤv يi كk
"""
_LATIN = {
    "ö": "o", "ő": "o", "ğ": "g", "ş": "sh", "ș": "sh", "š": "sh", "ç": "ch", "č": "ch", "ü": "u", "ı": "i", "ý": "y",
    "ž": "j", "ň": "ng", "ä": "a", "ə": "a", "ß": "s", "ø": "o", "æ": "e", "å": "o", "ł": "l", "đ": "d", "ñ": "ny",
    "w": "v", "q": "k",
}  # fmt: skip
_LETTERS = str.maketrans({**{pair[0]: pair[1:] for pair in (_CYRILLIC + _ARABIC).split()}, **_LATIN})
_TURKISH_C = re.compile(
    r"c(?!h)(?=\w{0,30}(?:[oe]va?|oglu)$|\w{0,30}[ışğçöüəİ])|(?<=[ışğçöüə])c(?!h)|^c(?=ey|em|ela|ev|eng|um|av|al$|al[ai]|ih)|(?<=e)c(?=ep$)"
)
_WESTERN_X = re.compile(r"(?:(?<=e)|(?<=li)|(?<=ma))x$|x(?=and)|(?<=ma)x(?=im)")
_SPELLINGS = (
    ("kh", "h"), ("x", "h"), ("dzh", "j"), ("zh", "j"), ("dj", "j"), ("tsch", "ch"), ("tch", "ch"), ("sch", "sh"),
    ("ts", "s"), ("tz", "s"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("ce", "se"), ("ci", "si"),
    ("cy", "sy"), ("ngg", "ng"), ("yo", "o"), ("ye", "e"),
)  # fmt: skip
_HARD_C = re.compile("c(?!h)")
_SKI = re.compile("sk(?:iy|yy|ii|y)$")
_DOUBLED = re.compile(r"(\w)\1+")
_ROUND = re.compile(r"o(?!v\b|va\b|vich\b|vna\b|glu\b|gli\b)")
_VOWELS = re.compile("[aeiou]")
_PATRONYMIC = re.compile(r"\w{2,40}(?:vich|vna|ichna|uli|kizi|gizi)$")
_CHILD = frozenset({"ogli", "oglu", "kizi", "gizi", "uli", "ulu"})
_FEMININE = re.compile(r"(?:[oe]va|ina|skaia)$")
_INITIAL = re.compile(r"(?:[cs]h|[a-z][aeou]?)$")
_ORDINAL = re.compile("[IVX]{2,6}")
"""Charles III is not Charles."""
PARTICLES = frozenset(
    {"al", "el", "ash", "bin", "ibn", "ben", "van", "fan", "von", "der", "den", "de", "da", "di", "del", "la", "le"}
)
_OF = frozenset({"van", "fan"})
"""Von and van, romanised: what begins with one is a surname."""
_JOINERS = re.compile(r"[\s\-\u2010-\u2015]+")


@lru_cache(maxsize=1 << 16)
def romanised(word: str) -> str:
    """A word of a name as it is compared: o and a are one letter, save in endings of surnames (Rahmon, Rahman)."""
    said = latin(word)
    return _DOUBLED.sub(r"\1", _ROUND.sub("a", said)) if "o" in said else said


@lru_cache(maxsize=1 << 16)
def latin(word: str) -> str:
    """One word in the letters a to z, one spelling for what scripts and languages spell differently by rule."""
    low = word.lower().replace("i\u0307", "i")
    if "c" in low:
        low = _TURKISH_C.sub("j", low)
    said = low.translate(_LETTERS)
    if not said.isascii():
        said = "".join(c for c in unicodedata.normalize("NFKD", said) if c.isascii())
    if not said.isalpha():
        said = "".join(c for c in said if c.isalpha() or c == "-")
    if "x" in said:
        said = _WESTERN_X.sub("ks", said)
    for written, spelled in _SPELLINGS:
        said = said.replace(written, spelled)
    if "c" in said:
        said = _HARD_C.sub("k", said)
    if said.endswith(("y", "ii")):
        said = _SKI.sub("ski", said)
    return _DOUBLED.sub(r"\1", said.replace("y", "i"))


def key(name: str) -> str:
    """What a person's name has in common in all scripts and spellings: romanised words in order of the alphabet.

    Patronymics, particles and hyphens are left out where at least two words remain: `mirziaev-shavkat`. The order of
    given name and surname does not count. Empty where the name has no letters.
    """
    words = _words(name)
    return "-".join(sorted((*words.names, *words.initials[:1]) or words.all))


def same_person(a: str, b: str) -> bool:
    """Whether two full names may be one person's: the same words in regular spellings, with initials or without.

    A surname alone is the same as itself only. Names that differ in gender, an initial, or in a consonant are two
    persons'. Words are compared by the similarity of Jaro and Winkler (1990).
    """
    x, y = _words(a), _words(b)
    if not x.all or not y.all or not _agree(x.patronymics, y.patronymics):
        return False
    if not x.names or not y.names:
        return x.all == y.all
    if x.names == y.names and x.initials == y.initials:
        return True
    return any(_fits(x, names, y) for names in _orders(x.names)) or any(
        _fits(y, names, x) for names in _orders(y.names)
    )


def parts(name: str) -> tuple[str, ...]:
    """The romanised words of a name in its order, without initials, particles, and patronymics beside two others."""
    words = _words(name)
    return words.names or words.all


def consonants(word: str) -> str:
    """What of a romanised word its spellings have in common."""
    return _VOWELS.sub("", word)


def is_patronymic(word: str) -> bool:
    """Whether a romanised word is a father's name: Miromonovich."""
    return _PATRONYMIC.match(word) is not None


def has_initials(name: str) -> bool:
    """Whether given names are written as initials: Sh. Mirziyoyev."""
    return bool(_words(name).initials)


class _Words:
    """A name's words, romanised, by what they are."""

    __slots__ = ("all", "initials", "names", "patronymics")

    def __init__(
        self, all_: tuple[str, ...], names: tuple[str, ...], initials: tuple[str, ...], children: tuple[str, ...]
    ):
        self.all = all_
        self.names = names
        self.initials = initials
        self.patronymics = children


@lru_cache(maxsize=1 << 14)
def _words(name: str) -> _Words:
    pieces = [
        (piece.lower() if _ORDINAL.fullmatch(piece) else romanised(piece), dotted)
        for chunk in _JOINERS.split(name[:MAX_NAME_CHARS].strip())
        for piece, dotted in _pieces(chunk)
    ]
    pieces = [(word, dotted) for word, dotted in pieces if word]
    named: list[str] = []
    initials: list[str] = []
    children: list[str] = []
    plain_words = sum(not dotted and word not in _CHILD for word, dotted in pieces)
    for word, dotted in pieces:
        if word in _CHILD and named:
            if len(named) >= 2 and plain_words > 2:
                children.append(named.pop() + word)
        elif dotted and _INITIAL.match(word):
            initials.append(word)
        else:
            named.append(word)
    fathers = [word for word in named[1:] if is_patronymic(word)]
    if fathers and len(named) - len(fathers) + len(initials) >= 2:
        named = [word for word in named if word not in fathers]
        children += fathers
    plain = [word for word in named if word not in PARTICLES]
    is_surname = len(named) > 2 and named[0] in _OF and PARTICLES.issuperset(named[:-1])  # von der Leyen, no Fan Bin
    if len(plain) + bool(initials) >= 2 or (plain and is_surname):
        named = plain
    return _Words(tuple(word for word, _ in pieces), tuple(named), tuple(initials), tuple(children))


def _pieces(chunk: str) -> list[tuple[str, bool]]:
    """`Sh.M.Karimov` is two initials and a name."""
    parts = chunk.split(".")
    return [(part, i < len(parts) - 1) for i, part in enumerate(parts) if part]


def _orders(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """As written, and with the surname first."""
    return (names, names[1:] + names[:1]) if len(names) > 1 else (names,)


def _fits(x: _Words, names: tuple[str, ...], y: _Words) -> bool:
    """Whether the names in that order, the surname last, agree with the other's as written."""
    if not _same(names[-1], y.names[-1], SAME_SURNAME):
        return False
    given, other = names[:-1], y.names[:-1]
    if given and other:
        # of several given names some may be left out: Recep Tayyip Erdogan, Recep Erdogan
        return _same(given[0], other[0], SAME_GIVEN) and (
            min(len(given), len(other)) == 1 or (len(given) == len(other) and all(map(_given_alike, given, other)))
        )
    if x.initials and y.initials and not given and not other:
        return all(a == b for a, b in zip(x.initials, y.initials, strict=False))
    initials, whole = (x.initials, other) if x.initials else (y.initials, given)
    return bool(initials and whole) and _begins(whole[0], initials[0])


def _given_alike(a: str, b: str) -> bool:
    return _same(a, b, SAME_GIVEN)


def _begins(given: str, initial: str) -> bool:
    """Sh. is the initial of Shavkat, S. is not."""
    if given[:2] in ("sh", "ch") and initial not in ("sh", "ch"):
        return False
    return given.startswith(initial)


def _agree(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    return not a or not b or _same(a[0], b[0], SAME_GIVEN)


@lru_cache(maxsize=1 << 14)
def _same(a: str, b: str, bound: float) -> bool:
    if a == b:
        return True
    if bool(_FEMININE.search(a)) != bool(_FEMININE.search(b)) or consonants(a) != consonants(b):
        return False
    return jaro_winkler(a, b) >= bound


def jaro_winkler(a: str, b: str) -> float:
    """From 0 to 1 (Winkler, String Comparator Metrics and Enhanced Decision Rules, 1990)."""
    if a == b:
        return 1.0
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    used = bytearray(len(b))
    matched = []
    for i, letter in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if not used[j] and b[j] == letter:
                used[j] = 1
                matched.append(letter)
                break
    if not matched:
        return 0.0
    others = [letter for letter, taken in zip(b, used, strict=True) if taken]
    moved = sum(x != y for x, y in zip(matched, others, strict=True)) / 2
    n = len(matched)
    jaro = (n / len(a) + n / len(b) + (n - moved) / n) / 3
    begin = 0
    for x, y in zip(a[:PREFIX], b[:PREFIX], strict=False):
        if x != y:
            break
        begin += 1
    return jaro + begin * PREFIX_WEIGHT * (1 - jaro)
