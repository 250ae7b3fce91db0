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

_FORMED = re.compile(r"(\w{3,}(?:бек|бай|жан|хан|кул|мурат|мат|дин))(?:а|у|ом|е)")
"""A man's name of Central Asia by its form, in another case than the nominative: Кылычбека."""

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
    fathers = {at: read for at, word in enumerate(words) if at and (read := _father(word)) is not None}
    his = any(read.lower().endswith("ч") for read in fathers.values()) if fathers else None
    given = {
        at: reading for at, word in enumerate(words) if at not in fathers and (reading := _given(word, his)) is not None
    }
    man = his if his is not None else next((is_his for _, is_his in given.values()), None)
    oblique = any(read.lower() != words[at].lower() for at, (read, _) in given.items()) or any(
        read.lower() != words[at].lower() for at, read in fathers.items()
    )
    return " ".join(
        given[at][0] if at in given else fathers.get(at) or _surname(word, man, oblique)
        for at, word in enumerate(words)
    )


def _given(word: str, man: bool | None = None) -> tuple[str, bool] | None:
    """The given name, and whether it is a man's; of two readings the one that the father's name calls for."""
    readings = [(_cased(read, word), _is_a_mans(read)) for read in _given_readings(word.lower())]
    return next(
        (reading for reading in readings if man is None or reading[1] == man), readings[0] if readings else None
    )


def _given_readings(low: str) -> list[str]:
    """As it stands or without an ending; names as Russian spells them before those of other languages."""
    stems = [low[: -len(cut)] for cut in _CUT if low.endswith(cut) and len(low) - len(cut) >= 2]
    read = [low, *(_FLEETING.get(stem, stem) + ending for stem in stems for ending in _PUT)]
    listed = [one for one in read if lexicon.is_russian_given(one)] or [one for one in read if lexicon.is_given(one)]
    formed = _FORMED.fullmatch(low)
    return listed or ([formed[1]] if formed else [])


def _is_a_mans(given: str) -> bool:
    """Whether a given name is a man's; one that no list has is read only by its form, which is that of men's."""
    return lexicon.is_masculine(given) or not lexicon.is_given(given)


def _father(word: str) -> str | None:
    low = word.lower()
    for pattern, ending in ((_FATHER, ""), (_FATHER_OF_HER, "а")):
        if match := pattern.match(low):
            return _cased(match[1] + ending, word)
    return word if low.endswith(("вич", "вна", "ична")) else None


def _surname(word: str, man: bool | None, oblique: bool) -> str:
    low = word.lower()
    if man is False:
        for pattern, ending in ((_FEMININE_ADJECTIVE, "ая"), (_FEMININE_SURNAME, "а")):
            if (match := pattern.match(low)) and (ending == "а" or match[1].endswith(("ск", "цк"))):
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
