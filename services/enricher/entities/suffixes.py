"""What may follow a name inside its word, by language: plural, possessive and case endings on folded text.

The grammars are written from the languages' paradigms: Turkic chains (plural, possessive, case, -dagi, plural again),
Tajik izofat and -ro, Persian plural and indefinite endings, Russian declension of each word of a name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from services.enricher.entities.found import Role

WORD_ENDS = r"(?!\w|'(?!s\b)\w)"
"""No letter, and no apostrophe within the word; an English 's is outside of the name."""
MIN_STEM = 2
MAX_CACHED = 16_384
"""Names whose declension is kept at hand."""
_PLURAL_STEMS = {"ы": 5, "ки": 3}


class Ending(NamedTuple):
    """How a name ends where it stands in a text."""

    end: int
    stem_end: int | None
    """Where the name itself ends; None where the ending has changed it."""
    role: Role
    where: bool
    """The ending says that something is, comes from or goes through there."""


def _chain(plural: str, possessive: str, case: str, particle: str, place: str, derived: str) -> str:
    """A Turkic word: the name with endings, or (group d) who lives there or comes from there, with endings."""
    inner = f"(?:{plural})?(?:{possessive})?(?:(?P<w>{place})(?:{plural})?)?(?:{case})?(?:{particle})?"
    return f"(?:[-']?{inner}|(?P<d>{derived})(?:{plural})?(?:{possessive})?(?:{case})?(?:{particle})?)"


_UZ_LATN = _chain(
    "lar", "imiz|ingiz|im|ing|si|i", "ning|niki|gacha|dan|day|dek|ni|ga|(?<=[kg])ka|(?<=q)qa|cha",
    "gi|mi|ku|dir|ham|chi", "dagi|da|dan", "lik(?:lar)?|lig",
)  # fmt: skip
_UZ_CYRL = _chain(
    "лар", "имиз|ингиз|им|инг|си|и", "нинг|ники|гача|дан|дай|дек|ни|га|(?<=[кг])ка|(?<=қ)қа|ча", "ми|ку|дир|ҳам|чи",
    "даги|да|дан", "лик(?:лар)?|лиг",
)  # fmt: skip


def _kazakh(a: str, y: str) -> str:
    return _chain(
        f"[лдт]{a}р", f"{y}мыз|{y}міз|с{y}|{y}м|{y}",
        f"[дтн]{y}ң|[дтн]{y}кі|[дтн]ікі|[дтн]{y}|[ғқгк]{a}|н{a}|н?[дт]{a}н|н{a}н|[мбп]ен|н|ш{a}", "м[ае]|б[ае]|п[ае]",
        f"н?[дт]{a}[ғг]{y}|н?[дт]{a}|н?[дт]{a}н", f"[лдт]{y}[қкғг]",
    )  # fmt: skip


def _kyrgyz(a: str, y: str) -> str:
    return _chain(
        f"[лдт]{a}р", f"{y}б{y}з|с?{y}|{y}м",
        f"[нтд]{y}н|[нтд]{y}к{y}|[нтд]{y}|[гк]{a}|н{a}|н?[дт]{a}н|н{a}н|н|ч{a}|{a}", "б[ыиуү]|п[ыиуү]",
        f"н?[дт]{a}г{y}|н?[дт]{a}|н?[дт]{a}н", f"[лдт]{y}[кг]",
    )  # fmt: skip


def _turkmen(a: str, y: str) -> str:
    return _chain(
        f"l{a}r", f"{y}m{y}z|s{y}|{y}", f"n?{y}ň(?:k{y})?|n?{y}|n?{a}|n?d{a}n|n|ç{a}", "m[yi]|d[yi]r",
        f"n?d{a}k{y}|n?d{a}|n?d{a}n", f"l{y}",
    )  # fmt: skip


_TR_CASES = "n?[ıiuü]n|[yn]?[aeıiuü]|n?[dt][ae](?:ki)?(?:l[ae]r)?n?|[yn]?l[ae]|c[ae]"
_TR_APOSTROPHE = "(?:'(?P<w>n?[dt][ae](?:n|ki)?)?[a-zçğöşü]{0,9}|(?P<d>l[iuü])(?:l[ae]r)?(?:n?[iuü]n|[yn]?[aeiuü])?)?"
"""Turkish sets an apostrophe between a name and its endings: Mali'ye is a place, Maliye a ministry."""
_TR_BODY = f"(?:'[a-zçğöşü]{{0,9}}|(?P<w>n?[dt][ae](?:n|ki)?)|{_TR_CASES.replace('ı', 'i')})?"
"""Names of bodies that end in a possessive take their endings without it: Bakanlığının."""
_TG = "(?:(?P<d>иен|ӣ(?:ҳо|ен)?)?(?:ҳо)?(?:и|ро|ву|у|ю|ям|аш)?)"
_FA = "(?:(?P<d>ی|ي)|(?:ها|های|هایی))?"
_FA_AFTER_VOWEL = "(?:(?P<d>یی|ئی)|ی)?"
_ACRONYM_RU = "(?:а|у|ом|е|ы)?"
_BACK, _FRONT, _ANY = "[аоұыуяюё]", "[әөүіеэь]", "[ие]"


@lru_cache(maxsize=64)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression + WORD_ENDS)


_LAST_VOWEL = re.compile(r"[аоұыуяюёәөүіеэиaouyäeiöü](?=[^аоұыуяюёәөүіеэиaouyäeiöü]*$)")


def _harmony(name: str, back: str, front: str) -> str:
    """back, front or any, by the last vowel of the last word; i and u of loan words go with both."""
    found = _LAST_VOWEL.search(name[-12:])
    if found is None or name[-1] in "ьъ":
        return "any"
    return "back" if found[0] in back else "front" if found[0] in front else "any"


_HARMONIES = {
    "kk": ("аоұыяё", "әөүіеэ", {"back": _kazakh("а", "ы"), "front": _kazakh("е", "і"), "any": _kazakh("[ае]", "[ыі]")}),
    "ky": (
        "аоыуяюё", "еэөүи",
        {"back": _kyrgyz("[ао]", "[ыу]"), "front": _kyrgyz("[еө]", "[иү]"), "any": _kyrgyz("[аеоө]", "[ыиуү]")},
    ),
    "tk": (
        "aouy", "äeiöü",
        {"back": _turkmen("a", "[yu]"), "front": _turkmen("[eä]", "[iü]"), "any": _turkmen("[aeä]", "[yiuü]")},
    ),
}  # fmt: skip


@lru_cache(maxsize=MAX_CACHED)
def _endings(language: str, name: str, acronym: bool) -> re.Pattern[str]:
    """What may follow the folded name in a text of that language."""
    if language == "uz":
        return _compiled(_UZ_CYRL if "а" <= name[0] <= "ӿ" else _UZ_LATN)
    if language in _HARMONIES:
        back, front, grammars = _HARMONIES[language]
        return _compiled(grammars["any" if acronym or " " in name else _harmony(name, back, front)])
    if language == "tr":
        return _compiled(_TR_BODY if " " in name and name[-1] in "iuü" else _TR_APOSTROPHE)
    if language == "tg":
        return _compiled(_TG)
    if language == "fa":
        return _compiled(_FA_AFTER_VOWEL if name[-1] in "اوه" else _FA)
    return _compiled(_ACRONYM_RU if language == "ru" and acronym and name[-1] in CONSONANTS else "")


CONSONANTS = "бвгджзклмнпрстфхцчшщ"
_RUSSIAN = (  # how a word ends → how it may end; the first that fits
    ("ая", "ая|ой|ую|ою"),
    ("яя", "яя|ей|юю"),
    ("ия", "ия|ии|ию|ией"),
    ("ый", "ый|ого|ому|ым|ом"),
    ("ой", "ой|ого|ому|ым|ом|оя|ою|оем|ое"),
    ("ий", "ий|его|ого|ему|ому|им|ем|ом|ия|ию|ии|ием"),
    ("ое", "ое|ого|ому|ым|им|ом"),
    ("ые", "ые|ых|ым|ыми"),
    ("ие", "ие|их|им|ими|ия|ию|ием|ии"),
    ("ство", "ство|ства|ству|ством|стве"),
    ("ье", "ье|ья|ью|ьем"),
    ("ово", "ово|ова|ову|овом|ове"),
    ("ево", "ево|ева|еву|евом|еве"),
    ("ино", "ино|ина|ину|ином|ине"),
    ("ел", "ел|ла|лу|лом|ле|ела|елу|елом|еле"),
    ("ец", "ец|ца|цу|цем|цом|це"),
    ("ки", "ки|ок|кам|ками|ках"),
    ("ова", "ова|овой|ову|овою|овы|ове"),
    ("ева", "ева|евой|еву|евою|евы|еве"),
    ("ы", "ы|ов|ам|ами|ах|"),
    ("оа", "оа"),
    ("уа", "уа"),
    ("а", "а|ы|и|е|у|ой|ою|ей"),
    ("я", "я|и|е|ю|ей|ею|ёй"),
    ("ь", "ь|я|ю|ем|е|и|ью"),
    ("й", "й|я|ю|ем|е"),
)
_AFTER_CONSONANT = "|а|у|ом|ем|е|ым"
_RUSSIAN_PEOPLE = r"(?P<d>ск(?:ий|ая|ое|ие|ого|ому|ой|ую|им|ими|их|ом)|ц(?:ы|ев|ам|ами|ах))"


class _Word(NamedTuple):
    stem: str
    endings: re.Pattern[str]


@lru_cache(maxsize=MAX_CACHED)
def _russian(name: str) -> tuple[_Word, ...]:
    """A name word by word, each in all its cases; the gaps between them as they are in the name."""
    words = re.findall(r"\S+ *", name)
    return tuple(_russian_word(word, i == len(words) - 1, len(words) == 1) for i, word in enumerate(words))


def _russian_word(spaced: str, last: bool, alone: bool) -> _Word:
    word = spaced.rstrip(" ")
    gap = " " * (len(spaced) - len(word))
    stem, endings = _russian_stem(word, alone)
    follows = f"(?:{endings}){gap}" + (WORD_ENDS if last else "")
    return _Word(stem, _compiled_exactly(follows))


@lru_cache(maxsize=256)
def _compiled_exactly(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _russian_stem(word: str, alone: bool) -> tuple[str, str]:
    """What stays of a word, and how it may end; a short place name of one word (Мары) is no plural."""
    if word == "море":
        return "мор", "е|я|ю|ем"
    for ending, endings in _RUSSIAN:
        if word.endswith(ending):
            stem = word[: len(word) - len(ending)]
            if len(stem) < (_PLURAL_STEMS.get(ending, MIN_STEM) if alone else MIN_STEM) or word == "алматы":
                continue
            if ending == "ство":
                return stem + "ств", "о|а|у|ом|е"
            return stem, endings
    if len(word) >= MIN_STEM and word[-1] in CONSONANTS:
        return word, _AFTER_CONSONANT
    return word, ""


def literal(tag: str, name: str, acronym: bool) -> str:
    """What the folded name always begins with in texts that it counts in; tag says whose alias it is."""
    if acronym:
        return name
    if tag in {"ru", "und-Cyrl"}:
        words = name.split(" ")
        begin, endings = _russian_stem(words[0], len(words) == 1)
        for word in words[1:]:
            if endings:
                break
            stem, endings = _russian_stem(word, False)
            begin += " " + stem
        return begin
    if tag == "tk" and len(name) > MIN_STEM:
        return name.removesuffix("e")  # Türkiýe, Türkiýäniň
    return name.removesuffix("ӣ")  # before an ending the long vowel is written short


def acronym_end(language: str, name: str, low: str, after: int) -> int | None:
    """Where an acronym that ends at after has its ending behind it; None where the word goes on."""
    found = _endings(language, name, True).match(low, after)
    return None if found is None or found.groupdict().get("d") else found.end()


def ending(language: str, name: str, low: str, plain: str, start: int) -> Ending | None:
    """How the folded name stands at start of a text of that language, or None if something else stands there.

    low is the folded text, plain the same with a space for all that is no word.
    """
    if language == "ru" and "а" <= name[0] <= "ӿ":
        return _russian_ending(name, low, plain, start)
    written_short = language == "tg" and name.endswith("ӣ") and plain.startswith(name[:-1] + "и", start)
    opened = language == "tk" and name.endswith("e") and plain.startswith(name[:-1] + "ä", start)
    if not (written_short or opened or plain.startswith(name, start)):
        return None
    stem_end = start + len(name)
    found = _endings(language, name, False).match(low, stem_end)
    if found is None:
        return None
    groups = found.groupdict()
    role: Role = "name"
    if groups.get("d"):
        role = "adjective" if language in {"tg", "fa"} and not low.startswith("иен", stem_end) else "inhabitant"
    return Ending(found.end(), stem_end, role, bool(groups.get("w")))


def _russian_ending(name: str, low: str, plain: str, start: int) -> Ending | None:
    at = start
    words = _russian(name)
    for stem, endings in words:
        if not plain.startswith(stem, at):
            return None
        found = endings.match(plain, at + len(stem))
        if found is None:
            return _from_there(name, low, start) if len(words) == 1 else None
        at = found.end()
    exact = at - start == len(name) and plain.startswith(name, start)
    return Ending(at, at if exact else None, "name", False)


def _from_there(name: str, low: str, start: int) -> Ending | None:
    """ташкентский, ташкентцы: only where nothing of the name changes."""
    if name[-1] not in "дтнрвлм" or not low.startswith(name, start):
        return None
    found = _compiled(_RUSSIAN_PEOPLE).match(low, start + len(name))
    if found is None:
        return None
    return Ending(found.end(), start + len(name), "adjective" if found["d"].startswith("ск") else "inhabitant", False)
