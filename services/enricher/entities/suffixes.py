"""What may follow a name inside its word, by language: case and plural endings as expressions on folded text.

Adjectives and inhabitants (oʻzbekistonlik, российский) are left out: they are not the country.
"""

from __future__ import annotations

import re

_CYRILLIC = re.compile("[а-яёўқғҳәөүұңһіҷӣӯ]")

NONE = ""
WORD_ENDS = r"(?!\w|'(?!s\b)\w)"
"""No letter, and no apostrophe within the word; an English 's is outside of the name."""
_UZ_LATN = (
    "(?:lar)?(?:imiz|ingiz|im|ing|si|i)?"
    "(?:ning|dagi|niki|gacha|dan|day|dek|ni|ga|ka|qa|da|na|ya|cha)?(?:gi|mi|ku|dir|ham)?"
)
_UZ_CYRL = "(?:лар)?(?:имиз|ингиз|си|и)?(?:нинг|даги|ники|гача|дан|дай|дек|ни|га|ка|қа|да|ча)?(?:ми|дир)?"
_KK = (
    "(?:[лдт][ае]р)?(?:ымыз|іміз|сы|сі|ы|і)?"
    "(?:[дтн][ыі]ң|[дтн][ыі]|[ғқ]а|[гк]е|н[ае]|нд[ае]|[дт][ае]|[дтн][ае]н|[мбп]ен|н?[дт][ае][ғг][ыі])?"
)
_KY = (
    "(?:[лдт][аеоө]р)?(?:с?[ыиуү])?"
    "(?:[нтд][ыиуү]н|[нтд][ыиуү]|[гк][аеоө]|н[аеоө]|н?[дт][аеоө]н?|н[аеоө]н|н?[дт][аеоө]г[ыиуү]|ч[аеоө])?"
)
_TK = "(?:l[ae]r)?(?:ymyz|imiz|s[yi]|[yi])?(?:[yi]ň|n[yi]ň|n?[yi]|n?[ae]|n?d[ae]|n?d[ae]n|n?d[aä]k[yi]|ň|[yi]ňk[yi])?"
_TG = "(?:ҳо)?(?:и|ро|ву|у|ю|ям)?"
_TR = "(?:'[a-zçğöşü]{1,9})?"
"""Turkish sets an apostrophe between a name and its endings: Mali'ye is a place, Maliye a ministry."""
_BY_LANGUAGE = {"uz": _UZ_LATN, "kk": _KK, "ky": _KY, "tk": _TK, "tg": _TG, "tr": _TR}
_HYPHENED = frozenset({"uz", "kk", "ky", "tk", "tg"})

_RUSSIAN = (  # how a word ends → how it may end; the first that fits
    ("ая", "ая|ой|ую|ою"),
    ("яя", "яя|ей|юю"),
    ("ия", "ия|ии|ию|ией"),
    ("ый", "ый|ого|ому|ым|ом"),
    ("ий", "ий|его|ого|ему|ому|им|ем|ом|ия|ию|ии"),
    ("ое", "ое|ого|ому|ым|им|ом"),
    ("ые", "ые|ых|ым|ыми"),
    ("ие", "ие|их|им|ими|ия|ию|ием|ии"),
    ("ство", "ство|ства|ству|ством|стве"),
    ("ы", "ы|ов|ам|ами|ах|ых|ым|ыми|"),
    ("а", "а|ы|и|е|у|ой|ою"),
    ("я", "я|и|е|ю|ей|ею|ёй"),
    ("ь", "ь|я|ю|ем|е|и|ью"),
    ("й", "й|я|ю|ем|е"),
)
_RUSSIAN_CONSONANT = "|а|у|ом|ем|е|ы|и|ов|ам|ами|ах"
_MIN_STEM = 3


def split(language: str, name: str, acronym: bool) -> tuple[str, str]:
    """A folded name in a text of that language: the letters that it always begins with, an expression for the rest."""
    if language == "ru" and not acronym:
        return _russian(name)
    if language == "tg" and name.endswith("ӣ"):  # before an ending the long vowel is written short
        return name[:-1], f"[ӣи]{_TG}"
    return name, _endings(language, name, acronym)


def _endings(language: str, name: str, acronym: bool) -> str:
    primary = language.split("-", 1)[0]
    endings = _BY_LANGUAGE.get(primary, NONE)
    if primary == "uz" and _CYRILLIC.search(name):
        endings = _UZ_CYRL
    if acronym and primary in _HYPHENED:
        return f"(?:[-']?{endings})?"
    return endings


def _russian(name: str) -> tuple[str, str]:
    """A name in all cases, each word of it declined."""
    words = [_russian_word(word) for word in name.split(" ")]
    (first, endings), others = words[0], words[1:]
    return first, endings + "".join(f" {re.escape(stem)}{more}" for stem, more in others)


def _russian_word(word: str) -> tuple[str, str]:
    for ending, endings in _RUSSIAN:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _MIN_STEM:
            return (stem + "ств", _group(endings.replace("ств", ""))) if ending == "ство" else (stem, _group(endings))
    if len(word) >= _MIN_STEM and word[-1] in "бвгджзклмнпрстфхцчшщ":
        return word, _group(_RUSSIAN_CONSONANT)
    return word, NONE


def _group(endings: str) -> str:
    return f"(?:{endings})"
