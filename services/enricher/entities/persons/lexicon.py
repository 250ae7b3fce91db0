"""What one word says about a person's name: given name, surname, patronymic, title, or never part of one."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from services.enricher.entities.persons.keys import latin, romanised
from services.enricher.entities.text import lower, same_length

MAX_WORD_CHARS = 40
"""A longer word is no name, and is not asked about."""
MIN_STEM = 3
_MIN_PREFIX, _MIN_WORD, _MIN_ALONE = 4, 2, 4
_MIN_PATRONYMIC, _MIN_SURNAME, _MIN_FORMED = 6, 5, 6

Class = Literal["G", "B", "K", "S", "W", "F", "P", "L", "T", "X", "H", "O"]
"""Given name, family name that stands first, word built like a name, surname by ending, by a weaker ending, known
to the world, patronymic, article with a capital letter, title,
no part of a name, the same that is also a given name, any other word."""

_CYRILLIC_ONLY = frozenset({"kk", "ky", "tg", "ru"})
"""There a word in Latin letters is a brand."""
_ARTICLES = frozenset({"al", "el", "бин", "bin", "ibn", "бен", "әл", "аль", "эль", "ал", "де", "ван", "von", "фон"})

_STRONG = (
    r"[^\W\d_]{2,}?(?:[oe]v|[oe]w|ёв)(?:a|а)?",
    r"[^\W\d_]{2,}?(?:ов|ев|ёв)а?",
    r"[^\W\d_]{3,}(?:zoda|zade|zadeh|зода|заде|зада|shvili|швили|o'g'li|oglu|oğlu|ogly|enko|енко|чук)",
)
_WEAK = (
    r"[^\W\d_]{3,}(?:in|ina|skiy|skaya|sky|skii|ckiy|iy|yan|ian|ich|man|berg|son|dze|uk|ko|shteyn|stein|pur|ez|es)",
    r"[^\W\d_]{3,}(?:ин|ина|ын|ына|ский|ская|цкий|цкая|ий|ян|ич|ман|берг|сон|дзе|ук|ко|штейн|пур|иён|ӣ|ой|ых)",
)
_FORMED = re.compile(
    r"[^\W\d_]{3,}?(?:bek|boy|jon|xon|berdi|murod|qul|mirza|xo'ja|gul|niso|oy|ddin|ulla|ullo|illo|mamat|yor|dod|"
    r"бек|бай|жан|хан|берген|берді|мырза|ғали|қали|мұрат|сұлтан|гүл|нұр|әлі|болат|құл|кул|мурат|келди|келді|берди|"
    r"боы|бой|жон|хон|мурод|қул|гул|нисо|иддин|уддин|улло|улла|ҷон|шоҳ|алӣ|ёр|"
    r"geldi|myrat|guly|jan|baý|gül|jemal|muhammet|han)"
)  # fmt: skip
_PATRONYMIC = re.compile(
    r"[^\W\d_]{2,}(?:ovich|evich|yevich|ovna|evna|yevna|ович|евич|ёвич|овна|евна|ұлы|қызы|улы|кызы|uly|qyzy|gyzy)"
)


_CHILD_ENDING = re.compile("(?:[oe]vich|yevich|[oe]vna|yevna|[оеё]вич|[оеё]вна|ұлы|қызы|улы|кызы|uly|qyzy|gyzy)$")


_CHILD_AFTER = re.compile(r" ([^\W\d_A-ZА-ЯЁ][\w']{2,6})(?![\w'-])")
_OCCUPATION = re.compile(
    r"\w{3,20}(?:(?<!n)chi|(?<!n)çi|(?<!n)çy|(?<!n)[cç][iı]|shunos|furush|log|navis|(?<!н)чи|(?<!н)чы|шунос|шинос|фуруш|"
    r"(?<!н)шы|(?<!н)ші|лог|навис|гер|ист|граф)(?:si|сі|сы|imiz|іміз|ымыз)?"
)
_NO_THING = re.compile("тт[ыиуүі][нң]?$|^markaziy|^марказий")
_SLAVIC = re.compile("(?:ich|vna|ич|вна)$")
_POSSESSED = re.compile(r"(?<!oğlu)(?<!oglu)(?<=[iuü])'n(?:[iuü]$|[dace])")
"""Turkish: the storm of something (Kasırgası'ndan), not somebody (Ali'den)."""


_COMMON_ENDINGS = frozenset({"tk", "tr"})
"""There names are built of -jan and -han, and so are other words."""


class Seen(NamedTuple):
    """What a word is as part of a name in a text of one language."""

    cls: Class
    stem: int
    """Characters without the case ending; as long as the word where it has none or where it is not known."""
    closing: bool
    """It carries an ending that the last word of a name alone may carry."""
    alone: bool
    """By itself, with a capital letter, it is a person more often than anything else."""


@dataclass(frozen=True)
class _Words:
    titles: frozenset[str]
    says: frozenset[str]
    not_names: frozenset[str]
    respect: frozenset[str]
    joins: frozenset[str]
    named_after: frozenset[str]
    things: frozenset[str]
    long_things: tuple[str, ...]
    things_before: frozenset[str]
    given: frozenset[str]
    """Given names that are usual where the language is spoken."""
    endings: re.Pattern[str]
    closing: re.Pattern[str]
    plain: re.Pattern[str]
    """How other words than names end."""


@dataclass(frozen=True)
class _Shared:
    given: frozenset[str]
    masculine: frozenset[str]
    first: frozenset[str]
    surnames: frozenset[str]
    not_alone: frozenset[str]
    particles: frozenset[str]
    child: frozenset[str]


@lru_cache(maxsize=1 << 16)
def seen(language: str, word: str) -> Seen:
    """A capitalised word of a text in that primary language, in one spelling of apostrophes (text.cased)."""
    low = lower(word)
    words, shared = _words(language), _shared()
    if romanised(low) in shared.first and romanised(low) not in shared.given:
        return Seen("B", len(word), False, False)
    if (
        latin(low) in words.not_names
        or is_thing(language, low)
        or is_thing_before(language, low)
        or _POSSESSED.search(low)
    ):
        return Seen("H" if romanised(low) in shared.given else "X", len(word), False, False)
    if language in _CYRILLIC_ONLY and low[0] < "\u0400":
        return Seen("X", len(word), False, False)
    if low in _ARTICLES:
        return Seen("L", len(word), False, False)
    stems = tuple(_stems(words.endings, low))
    closing = any(words.closing.fullmatch(low, stem) for stem in stems)
    for stem in stems:
        cut = stem < len(low)
        if cut and latin(low[:stem]) in words.not_names:
            return Seen("X", len(word), closing, False)
        if romanised(low[:stem]) in shared.given:
            return Seen("G", stem, closing and cut, _is_usual(low[:stem], words, shared))
        if not cut and is_title(language, low) and not _by_form(low):
            return Seen("T", len(word), False, False)
        if romanised(low[:stem]) in shared.surnames:
            return Seen("F", stem, closing and cut, romanised(low[:stem]) not in shared.not_alone)
        if form := _by_form(low[:stem]):
            return Seen(form, stem, closing and cut, _is_alone(form, low[:stem], shared))
    for stem in stems:
        if stem >= _MIN_FORMED and _FORMED.fullmatch(low[:stem]):
            return Seen("K", stem, closing and stem < len(low), language not in _COMMON_ENDINGS)
    for stem in stems:
        if stem >= _MIN_SURNAME and any(pattern.fullmatch(low[:stem]) for pattern in _COMPILED_WEAK):
            return Seen("W", stem, closing and stem < len(low), False)
    return Seen("O", stems[-1] if closing else len(word), closing, False)


def _is_alone(form: Literal["P", "S"], stem: str, shared: _Shared) -> bool:
    if form == "P":
        return not _SLAVIC.search(stem) and romanised(_CHILD_ENDING.sub("", stem)) in shared.given
    return romanised(stem) not in shared.not_alone


def _is_usual(stem: str, words: _Words, shared: _Shared) -> bool:
    name = romanised(stem)
    return len(name) >= _MIN_ALONE and latin(stem) in words.given and name not in shared.not_alone


def _by_form(stem: str) -> Literal["P", "S"] | None:
    if len(stem) >= _MIN_PATRONYMIC and _PATRONYMIC.fullmatch(stem):
        return "P"
    if len(stem) >= _MIN_SURNAME and any(pattern.fullmatch(stem) for pattern in _COMPILED_STRONG):
        return "S"
    return None


def _stems(endings: re.Pattern[str], low: str) -> list[int]:
    """Where the word may end without its case ending: the whole of it first, then the longest stems."""
    shortest = max(MIN_STEM, len(low) - 12)
    return [len(low), *(k for k in range(len(low) - 1, shortest - 1, -1) if endings.fullmatch(low, k))]


@lru_cache(maxsize=1 << 14)
def is_title(language: str, low: str) -> bool:
    """Whether a word says who the one named after it is, with an ending or without: prezident, vitse-prezidenti."""
    return _begins_with_one(low.rpartition("-")[2], _words(language).titles) or is_occupation(low)


def is_occupation(low: str) -> bool:
    """Whether a word ends like what somebody does: kutubxonachi, балықшы, гляциолог, tarixshunos; ordinals do not."""
    return _OCCUPATION.fullmatch(low) is not None


@lru_cache(maxsize=1 << 14)
def says(language: str, low: str) -> bool:
    """Whether it is a verb of speaking that its speaker follows."""
    return latin(low) in _words(language).says


@lru_cache(maxsize=1 << 14)
def is_respectful(language: str, low: str) -> bool:
    """Whether it is a word of respect that follows a name."""
    return _begins_with_one(low, _words(language).respect)


@lru_cache(maxsize=1 << 14)
def is_thing(language: str, low: str) -> bool:
    """Whether it makes the name before it one of a street, a body, a prize."""
    words, said = _words(language), latin(low)
    if _NO_THING.search(low):
        return False  # сотту: the court, but nobody's; markaziy: central
    if said in words.named_after or (said in words.things and said.endswith("si")):
        return True
    possessed = _POSSESSIVE.fullmatch(said)
    if language == "en":
        return said in words.things
    return possessed is not None and (
        possessed[1].startswith(words.long_things)
        or any(possessed[1] + end in words.things for end in ("", "i", "s"))  # кеңес ends with the s of a possessive
    )


def is_thing_before(language: str, low: str) -> bool:
    """Whether it makes the name after it one of a street, a body, a prize: in Tajik, whose order is the other one."""
    return latin(low) in _words(language).things_before


def has_words(language: str) -> bool:
    """Whether the language has lists of its own; in others only well-known shapes are names."""
    return language in _tables()["origins"]


def joins(language: str, low: str) -> bool:
    """Whether it is an `and`."""
    return latin(low) in _words(language).joins


def is_child(low: str) -> bool:
    """Whether it is the `son of` that makes a patronymic of the word before."""
    return latin(low) in _shared().child


def child_after(cased: str, end: int) -> int | None:
    """Where the word ends that makes a father's name of what ends there: Tajibek | kyzy; None without one."""
    child = _CHILD_AFTER.match(cased, end)
    return child.end() if child is not None and is_child(child[1].lower()) else None


def is_plain(language: str, low: str) -> bool:
    """Whether a word ends like one that is no name: `bugungi`, `oʻtgan`, `уақытында`."""
    return bool(_words(language).plain.fullmatch(low))


def first_names() -> frozenset[str]:
    """Family names that stand before the given name."""
    return _shared().first


def particles() -> frozenset[str]:
    """Small words within a name, in small letters."""
    return _shared().particles


def is_given(word: str) -> bool:
    """Whether some people of the region or the world give the name."""
    return romanised(word) in _shared().given


def is_russian_given(low: str) -> bool:
    """Whether it is, letter by letter, a given name as Russian spells it."""
    return low in _russian()


@lru_cache(maxsize=1)
def _russian() -> dict[str, bool]:
    """Given names as Russian spells them, and whether they are men's."""
    names = _names()["russian"]
    return {lower(name): gender == "masculine" for gender in sorted(names) for name in _spellings(names[gender])}


def is_masculine(word: str) -> bool:
    """Whether it is a given name of men; False where it is not known."""
    return _russian().get(lower(word), romanised(word) in _shared().masculine)


def stems(language: str, low: str) -> list[int]:
    """Where a word may end without its case ending: the whole of it first."""
    return _stems(_words(language).endings, low)


def _begins_with_one(low: str, words: frozenset[str]) -> bool:
    return latin(low) in words or any(latin(low[:k]) in words for k in _title_stems(low))


_TITLE_ENDING = re.compile("(?:l[ae]r)?(?:s?[iıyu]|[лдт][ае]р)?(?:с?[ыіиуү])?(?:ning|dan|нинг)?(?:и|м|м[ыі]з|imiz|si)?")
_POSSESSIVE = re.compile(
    r"(\w{2,30}?)s?[iu](?:n?[dt][aeo]n?(?:g[iu]|k[iu])?|n?[gk]?[aeo]|n?[iu]n?g?|n|[mbp]en|'\w{1,4})?"
)


def _title_stems(low: str) -> list[int]:
    return [k for k in range(len(low) - 1, max(MIN_STEM, len(low) - 7) - 1, -1) if _TITLE_ENDING.fullmatch(low, k)]


@lru_cache(maxsize=32)
def _words(language: str) -> _Words:
    table = _tables()
    own: dict[str, Any] = table.get(language, {})
    shared = table["shared"]
    things = _said(own.get("things", "")) | _said(shared["things"])
    return _Words(
        titles=_said(shared["titles"]) | _said(own.get("titles", "")),
        says=_said(own.get("says", "")),
        not_names=_said(own.get("not_names", "")) | _said(shared["not_names"]) | _said(shared["weekdays_and_months"]),
        respect=_said(own["respect"] if "respect" in own else shared["respect"]),
        joins=_said(own.get("and", "")),
        named_after=_said(shared["named_after"]),
        things=things,
        long_things=tuple(sorted(thing for thing in things if len(thing) >= _MIN_PREFIX)),
        things_before=_said(own.get("things_before", "")),
        given=frozenset().union(*(_given_of(origin) for origin in table["origins"].get(language, ()))),
        endings=re.compile(table["endings"].get(language, "")),
        closing=re.compile(table["closing"].get(language) or "(?!)"),
        plain=re.compile(table["plain"].get(language) or "(?!)"),
    )


def _given_of(origin: str) -> frozenset[str]:
    return frozenset().union(*(_said(several) for several in _names()[origin].values()))


@lru_cache(maxsize=1)
def _shared() -> _Shared:
    table, names = _tables(), dict(_names())
    first = names.pop("before_a_name")
    given: set[str] = set()
    masculine: set[str] = set()
    for origin in names.values():
        for gender, several in origin.items():
            given |= _keys(several)
            if gender == "masculine":
                masculine |= _keys(several)
    return _Shared(
        given=frozenset(name for name in given if len(name) >= MIN_STEM),
        masculine=frozenset(masculine),
        first=_keys(first["masculine"]),
        surnames=_keys(table["world_surnames"]),
        not_alone=_keys(table["shared"]["not_alone"]),
        particles=frozenset(lower(same_length(word)) for word in table["particles"]),
        child=_said(" ".join(table["child"])),
    )


@lru_cache(maxsize=1)
def _names() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("given_names.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def _keys(words: str) -> frozenset[str]:
    return frozenset(romanised(word) for word in _spellings(words))


def _said(words: str) -> frozenset[str]:
    return frozenset(said for word in _spellings(words) if len(said := latin(word)) >= _MIN_WORD)


def _spellings(words: str) -> list[str]:
    """Each word, and with the е that is often written for ё."""
    return [*words.split(), *words.replace("ё", "е").replace("Ё", "Е").split()]


_COMPILED_STRONG = tuple(map(re.compile, _STRONG))
_COMPILED_WEAK = tuple(map(re.compile, _WEAK))
