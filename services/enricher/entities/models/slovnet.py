"""Names in Russian by slovnet's model for news, which natasha ships; its known faults are put right by rule.

The model: Kukushkin, Natasha project, slovnet_ner_news_v1 with navec vectors (MIT licence).
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.contracts.articles import EntityType
from services.enricher.entities.found import Found
from services.enricher.entities.models.chunks import chunks
from services.enricher.entities.models.persons import after_its_trade, begins_sentence, put_right
from services.enricher.entities.persons import lexicon
from services.enricher.entities.text import Text

_VECTORS, _MODEL = "emb/navec_news_v1_1B_250K_300d_100q.tar", "model/slovnet_ner_news_v1.tar"
_TYPES: dict[str, EntityType] = {"PER": "PER", "LOC": "LOC", "ORG": "ORG"}
_CONFIDENCE = 0.85
_EDGE = " \n\t.,;:!?-–—()[]\"'“”„•*"
_NO_BRACKET = re.compile(r"[^()\[\]\n]+")
_LEGAL_FORM = re.compile(
    r"(?:ОАО|ЗАО|ООО|ПАО|АО|АКБ|ГУП|МУП|ФГУП|НПО|НПП|ТОО|ЧП|ИП|ИА|СП|ГК|УК|ТРК|ТК|НКО|ОсОО|АООТ)"
    r"[ ](?=[«\"“„A-ZА-ЯЁ])"
)
"""What a company is by law, or that it is an agency; the name stands behind it."""
_PLACE_BEFORE = re.compile(
    r"(?:[Оо]стров|[Оо]зер|[Рр]ек|[Гг]ород|[Гг]ор(?!н)|[Мм]ыс|[Пп]оселк|[Пп]оселок|[Сс]ел|[Дд]еревн|[Сс]танци|[Уу]лиц|[Пп]лощад"
    r"|[Кк]анал|[Кк]ишлак|[Аа]ул|г\.)[а-я]{0,3}[ ](?=[А-ЯЁ])"
)
_VILLAGE_BEFORE = re.compile(r"(?<!\w)(?:кишлак|сел|аул|поселк|деревн|махалл|джамоат)[а-я]{0,2} $")
"""Before a village whose inhabitant is named next: кишлака | Навобод | Зебо Шарипова."""
_VILLAGE_CHARS = 12
_PLACE_BEHIND = re.compile(r"[ ](?:площад|бульвар|улиц|проспект|шоссе|набережн|переул)[а-я]{0,4}$")
"""What a place is, outside of its name."""
_NEXT_WORD = re.compile(
    r"(?<=[а-яё])(?<!ая)(?<!яя)(?<![оеыи]е)(?<![ыио]й)(?<!ей)(?<!го)(?<!му)(?<![ыиое]м)(?<!ую)(?<!юю)(?<![ыи]х)(?<!ми)"
    r" [а-яё]+$"
)
"""A small word that the model has taken in behind a place; behind an adjective it may belong to it: Белом доме."""
_ADJECTIVE = re.compile(r"(?:ая|яя|ое|ее|ые|ие|ый|ий)$")
_OFFICERS = re.compile(
    r"(?:[Мм]инистр|[Гг]лав|[Пп]осл|[Дд]епутат|[Пп]ремьер|[Аа]ким|[Хх]оким)(?:ы|а|ами?|ов|ам|ах|ом|е|у)?(?= )"
)
"""Who leads a body is none."""
_TRADE = re.compile(r"[А-ЯЁ][а-яё]+(?:иха|ница|щик|щица|тель|тельница|ист|истка|лог|вед|граф|чик|чица)")
_NO_NAMES = frozenset({
    "СМИ", "ДТП", "ВВП", "НДС", "ЖКХ", "ТВ", "ПК", "ИТ", "ВИЧ", "СПИД", "ДНК", "ЧС", "ЧП", "НДФЛ", "АЭС", "ТЭЦ", "ГЭС",
    "ВУЗ", "ЕГЭ", "GPS", "PR", "IT", "SMS", "DVD", "USB", "СП", "Замглавы", "ГУ", "ПО", "ТС", "ИП",
})  # fmt: skip
"""Acronyms of things that are neither bodies nor places."""


class MissingModelError(RuntimeError):
    """A model's package is not installed."""


def find(text: Text) -> list[Found]:
    """Persons, places and bodies, in order. Raises MissingModelError."""
    tag = tagger()
    found = []
    for at, piece in chunks(text.original):
        for start, end, said in tag(piece):
            type_ = _TYPES[said]
            for part_start, part_end, part_type in _parts(text.cased, at + start, at + end, type_):
                named = _named(text.cased, part_start, part_end, part_type)
                if named:
                    found.append(Found(*named, part_type, "model", _CONFIDENCE))
    return put_right(found, text)


def name_of_place(cased: str, start: int, end: int) -> int:
    """Where the name begins of a place that is said with what it is: река | Урал."""
    kind = _PLACE_BEFORE.match(cased, start, end)
    return start if kind is None else kind.end()


def _parts(cased: str, start: int, end: int, type_: EntityType) -> Iterator[tuple[int, int, EntityType]]:
    """A name and its other form in brackets are two mentions; so are a village and who lives in it."""
    if type_ == "PER" and _VILLAGE_BEFORE.search(cased, max(0, start - _VILLAGE_CHARS), start):
        village = cased.find(" ", start, end)
        if " " in cased[village + 1 : end] and not lexicon.is_given(cased[start:village]):
            yield start, village, "LOC"
            start = village + 1
    for part in _NO_BRACKET.finditer(cased, start, end):
        yield *part.span(), type_


def _named(cased: str, start: int, end: int, type_: EntityType) -> tuple[int, int] | None:
    """The name without marks at its edges and without the words that say what it is; None where none is left."""
    start, end = _tidied(cased, start, end)
    if type_ == "ORG" and (form := _LEGAL_FORM.match(cased, start, end)) is not None:
        start, end = _tidied(cased, form.end(), end)
    if type_ == "LOC":
        start = name_of_place(cased, start, end)
        for outside in (_PLACE_BEHIND, _NEXT_WORD):
            if (behind := outside.search(cased, start, end)) is not None:
                end = behind.start()
    begins = begins_sentence(cased, start)
    if type_ == "PER" and begins:
        start += _what_one_does(cased[start:end])
    name = cased[start:end]
    if (
        begins
        and name.istitle()
        and name.isalpha()
        and (type_ == "ORG" or (type_ == "LOC" and _ADJECTIVE.search(name)))
    ):
        return None  # a word that is capital for its place only
    if type_ != "PER" and _OFFICERS.match(name):
        return None
    if name in _NO_NAMES or not any(c.isupper() for c in name):
        return None
    return start, end


def _what_one_does(person: str) -> int:
    """The length of a word before the name at the beginning of a sentence: Weaver Sharipova."""
    first, _, rest = person.partition(" ")
    if not rest or lexicon.is_given(first) or lexicon.is_russian_given(first.lower()):
        return 0
    return len(first) + 1 if _TRADE.fullmatch(first) else after_its_trade(person)


def _tidied(cased: str, start: int, end: int) -> tuple[int, int]:
    """Without marks at its edges; quotation marks stay only where they are a part of a longer name."""
    while start < end and cased[start] in _EDGE:
        start += 1
    while start < end and cased[end - 1] in _EDGE:
        end -= 1
    inner = cased[start:end]
    if inner.startswith("«") and inner.find("»") in {-1, len(inner) - 1}:
        return start + 1, end - inner.endswith("»")
    if inner.endswith("»") and "«" not in inner:
        return start, end - 1
    if "«" in inner and "»" not in inner and cased[end : end + 1] == "»":
        return start, end + 1
    return start, end


@lru_cache(maxsize=1)
def tagger() -> Callable[[str], Iterator[tuple[int, int, str]]]:
    """Loads the model: 0.7 s, about 120 MB."""
    try:
        from navec import Navec
        from slovnet import NER
    except ImportError as error:
        raise MissingModelError(f"{error.name} is not installed: pip install 'xabar[enricher]'") from error
    package = importlib.util.find_spec("natasha")
    if package is None or package.origin is None:
        raise MissingModelError(
            "natasha, which holds the Russian model, is not installed: pip install 'xabar[enricher]'"
        )
    data = Path(package.origin).parent / "data"
    model: Any = NER.load(str(data / _MODEL))
    model.navec(Navec.load(str(data / _VECTORS)))

    def tag(piece: str) -> Iterator[tuple[int, int, str]]:
        for span in model(piece).spans:
            yield span.start, span.stop, span.type

    return tag
