"""The nominative of a person's name that stands in another Russian case, where the ending tells it."""

from __future__ import annotations

import re

from services.enricher.entities.persons import lexicon

_CUT = ("ией", "ом", "ем", "ём", "ой", "ей", "ою", "ею", "ии", "ию", "ия", "а", "я", "у", "ю", "е", "ы", "и")
_PUT = ("", "й", "ь", "ий", "а", "я", "ия")
_FLEETING = {"павл": "павел", "льв": "лев"}
_MASCULINE_SURNAME = re.compile(r"(\w{2,}(?:[оеё]в|[иы]н))(а|у|ым|е)$")
_FEMININE_SURNAME = re.compile(r"(\w{2,}(?:[оеё]в|[иы]н))(ой|ою|у)$")
_ADJECTIVE = re.compile(r"(\w{2,}(?:ск|цк|н))(ого|ому|им|ым|ом)$")
_FEMININE_ADJECTIVE = re.compile(r"(\w{2,}(?:ск|цк|н))(ой|ую|ою)$")
_FATHER = re.compile(r"(\w{2,}[иы]ч)(а|у|ем|е)$")
_FATHER_OF_HER = re.compile(r"(\w{2,}(?:[оеё]вн|ичн))(ы|е|у|ой|ою)$")
_OTHER = re.compile(r"(\w{2,}[бвгджзклмнпрстфхцчшщ])(а|у|ом|ем|е)$")

_ENDINGS = (
    (_MASCULINE_SURNAME, ""),
    (_FEMININE_SURNAME, "а"),
    (_ADJECTIVE, "ий"),
    (_FEMININE_ADJECTIVE, "ая"),
    (_OTHER, ""),
)


def nominative(name: str) -> str:
    """Each word in the nominative: `Владимира Путина` is `Владимир Путин`; what no ending tells stays as it is.

    The given name says whose it is; where it may be a man's or a woman's (Александра Петрова) it is a woman's.
    """
    words = name.split(" ")
    if len(words) == 1:
        return _alone(words[0])
    case, given = None, {}
    for at, word in enumerate(words):
        if (reading := _given(word)) is not None:
            given[at] = reading[0]
            case = case or reading
    fathers = {at: read for at, word in enumerate(words) if at and (read := _father(word)) is not None}
    woman = any(read.endswith("на") for read in fathers.values()) if fathers else case is not None and not case[1]
    man = any(read.endswith("ч") for read in fathers.values()) if fathers else case is not None and case[1]
    oblique = any(given[at].lower() != words[at].lower() for at in given) or any(
        read.lower() != words[at].lower() for at, read in fathers.items()
    )
    return " ".join(
        given.get(at) or fathers.get(at) or _surname(word, man, woman, oblique) for at, word in enumerate(words)
    )


def _given(word: str) -> tuple[str, bool] | None:
    """The given name, and whether it is a man's."""
    if lexicon.is_given(word):
        return word, lexicon.is_masculine(word)
    low = word.lower()
    for cut in _CUT:
        if low.endswith(cut) and len(low) - len(cut) >= 2:
            stem = low[: -len(cut)]
            for ending in _PUT:
                read = _FLEETING.get(stem, stem) + ending
                if lexicon.is_given(read) and read != low:
                    return _cased(read, word), lexicon.is_masculine(read)
    return None


def _father(word: str) -> str | None:
    low = word.lower()
    for pattern, ending in ((_FATHER, ""), (_FATHER_OF_HER, "а")):
        if match := pattern.match(low):
            return _cased(match[1] + ending, word)
    return word if low.endswith(("вич", "вна", "ична")) else None


def _surname(word: str, man: bool, woman: bool, oblique: bool) -> str:
    low = word.lower()
    if woman:
        for pattern, ending in ((_FEMININE_ADJECTIVE, "ая"), (_FEMININE_SURNAME, "а")):
            if (match := pattern.match(low)) and (ending != "ая" or match[1].endswith(("ск", "цк"))):
                return _cased(match[1] + ending, word)
        return word
    if match := _ADJECTIVE.match(low):
        if match[1].endswith(("ск", "цк")):
            return _cased(match[1] + "ий", word)
        if match[2] in ("ого", "ому"):
            return _cased(match[1] + "ый", word)
    if (match := _MASCULINE_SURNAME.match(low)) and (oblique or match[2] == "ым" or (man and match[2] != "а")):
        return _cased(match[1], word)
    if man and oblique and (match := _OTHER.match(low)):
        return _cased(match[1], word)
    return word


def _alone(word: str) -> str:
    """A surname or a given name alone: only what cannot be anything else."""
    low = word.lower()
    if (reading := _given(word)) is not None:
        return reading[0]
    if (match := _MASCULINE_SURNAME.match(low)) and match[2] == "ым":
        return _cased(match[1], word)
    if (match := _ADJECTIVE.match(low)) and match[1].endswith(("ск", "цк")) and match[2] in ("ого", "ому"):
        return _cased(match[1] + "ий", word)
    return word


def readings(word: str) -> frozenset[str]:
    """What a word may be in the nominative, in small letters: `Петрова` is he or she."""
    low = word.lower()
    found = {low}
    for pattern, ending in _ENDINGS:
        if match := pattern.match(low):
            found.add(match[1] + ending)
    if (reading := _given(word)) is not None:
        found.add(reading[0].lower())
    return frozenset(found)


def _cased(read: str, word: str) -> str:
    return read.upper() if word.isupper() and len(word) > 1 else read[:1].upper() + read[1:]
