"""All listed names of one script, as an automaton over folded text: what is written so, and in which languages."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache

import ahocorasick_rs

from services.enricher.entities import suffixes
from services.enricher.entities.alphabets import LETTERS, Script, is_listed, script_of
from services.enricher.entities.homonyms import (
    FOREIGN,
    FOREIGN_PLACE,
    NEAR,
    NEAR_PLACE,
    OTHER_SCRIPT_PLACE,
    OWN,
    UNTOLD,
)
from services.enricher.entities.text import WORD, folded, lower, plain, same_length
from services.enricher.knowledge.base import LANGUAGES, Known, is_acronym
from services.enricher.knowledge.base import UNTOLD as UNTOLD_TAGS

TAGS = (*LANGUAGES, *UNTOLD_TAGS)
FOREIGN_NAME_CHARS = 10
"""From here on, names of several words are recognised in texts of any other language too."""
FOREIGN_WORD_CHARS, FOREIGN_ACRONYM_CHARS = 5, 3
MANY_FORMS = 3
"""From here on, the forms that begin alike are told apart by their second word."""
_SECOND_WORD = 3
MAX_CACHED = 8_192
_NEIGHBOURS = {
    "uz": {"ru", "en"}, "kk": {"ru"}, "ky": {"ru", "kk"}, "tg": {"ru", "fa"}, "tk": {"ru", "en"}, "fa": set(),
    "ru": set(), "en": set(), "tr": {"en"}, "pt": set(),
}  # fmt: skip
"""Whose names of one word stand in a language's news as they are."""

ARTICLE = re.compile("(?:al|el|as|ash|ar|аль|ал|эль|әл|аш|ас|ар)-")


class Trait:
    """What is told of a form, in bits."""

    ACRONYM = 1
    LOWER = 2
    """Begins with a small letter."""
    ADJECTIVE = 4
    INHABITANT = 8
    QUOTED = 16
    """Counts in quotation marks only."""
    BARE = 32
    """Without the apostrophes of the name."""
    SEVERAL = 64
    """Of several words."""
    LONG = 128
    """Enough characters to be recognised in texts of other languages."""
    PLACE = 256
    LOCAL = 512
    """Without its country's name."""


_WEIGHED = Trait.ACRONYM | Trait.SEVERAL | Trait.LONG | Trait.PLACE
"""What a form's standing hangs on."""


class NameIndex:
    """All names of one script: where each begins for the automaton, and whose name it is, in arrays."""

    def __init__(self, knowledge: Sequence[Known], script: Script) -> None:
        names: list[str] = []
        owners, tags, flags = array("I"), array("B"), array("H")
        letters = LETTERS[script]
        for number, known in enumerate(knowledge):
            for aliases, flag in (
                (known.aliases, 0),
                (known.adjectives, Trait.ADJECTIVE),
                (known.inhabitants, Trait.INHABITANT),
                (known.quoted, Trait.QUOTED),
                (known.local, Trait.LOCAL),
            ):
                for language, written in aliases.items():
                    tag = TAGS.index(language)
                    for name in written:
                        if letters.search(name) and "\n" not in name:
                            names.append(name)
                            owners.append(number)
                            tags.append(tag)
                            flags.append(flag | (Trait.PLACE if known.type == "LOC" else 0))
        self._build(names, owners, tags, flags)

    def _build(self, names: list[str], owners: array[int], tags: array[int], flags: array[int]) -> None:
        """One form for all languages that write a thing's name alike, sorted by how the forms begin."""
        written = same_length("\n".join(names)).split("\n")
        merged: dict[tuple[str, int, int, str], int] = {}
        for name, said, owner, tag, flag in zip(names, written, owners, tags, flags, strict=True):
            flag |= _flags(said)
            flat = plain(lower(said)).strip(" ")
            if not flat:
                continue
            acronym = bool(flag & Trait.ACRONYM)
            if not acronym and " " in flat:
                flag |= Trait.SEVERAL
            enough = FOREIGN_ACRONYM_CHARS if acronym else FOREIGN_NAME_CHARS if " " in flat else FOREIGN_WORD_CHARS
            if len(flat) >= enough:
                flag |= Trait.LONG
            begin = suffixes.literal(TAGS[tag], flat, acronym)
            key = (begin, owner, flag, name)
            merged[key] = merged.get(key, 0) | 1 << tag
            if TAGS[tag] == "uz-Latn" and "'" in begin and not acronym:
                key = (begin.replace("'", ""), owner, flag | Trait.BARE, name)
                merged[key] = merged.get(key, 0) | 1 << tag
        by_start: dict[str, list[tuple[int, int, str, int]]] = {}
        for (begin, owner, flag, name), mask in merged.items():
            by_start.setdefault(begin, []).append((owner, flag, name, mask))
        self.names: list[str] = []
        self.owners, self.flags, self.masks = array("I"), array("H"), array("H")
        self.first = array("I", [0])
        self.any_case = bytearray()
        for forms in by_start.values():
            for owner, flag, name, mask in forms:
                self.names.append(name)
                self.owners.append(owner)
                self.flags.append(flag)
                self.masks.append(mask)
            self.first.append(len(self.names))
            self.any_case.append(any(form[1] & Trait.LOWER for form in forms))
        self.automaton = ahocorasick_rs.AhoCorasick(
            [" " + begin for begin in by_start],
            matchkind=ahocorasick_rs.MatchKind.Standard,
            store_patterns=False,
        )
        self.by_second = lru_cache(maxsize=512)(self._by_second)

    def _by_second(self, pattern: int) -> dict[str, tuple[int, ...]]:
        """Forms by the beginning of their second word, a short one (МИД РФ) whole; "" holds names of one word."""
        found: dict[str, list[int]] = {}
        for form in range(self.first[pattern], self.first[pattern + 1]):
            name = folded_name(self.names[form])
            second = name.partition(" ")[2].lstrip(" ").partition(" ")[0]
            found.setdefault(second[:_SECOND_WORD], []).append(form)
        return {second: tuple(forms) for second, forms in found.items()}

    def standing(self, form: int, language: str) -> float | None:
        """What a form weighs in a text of the language; None where it does not count."""
        return _standing(language, self.masks[form], self.flags[form] & _WEIGHED)

    def candidates(self, pattern: int, flat: str, start: int) -> Sequence[int]:
        """The forms that may stand at start of a plain text."""
        first, after = self.first[pattern], self.first[pattern + 1]
        if after - first <= MANY_FORMS:
            return range(first, after)
        groups = self.by_second(pattern)
        word = WORD.match(flat, start)
        second = flat[word.end() : word.end() + 8].lstrip(" ")[:_SECOND_WORD] if word else ""
        begins = {second[:length] for length in range(len(second) + 1)}
        return tuple(form for begin in sorted(begins) for form in groups.get(begin, ()))


def _flags(written: str) -> int:
    if is_acronym(written):
        return Trait.ACRONYM
    small = not written[0].isupper() and written[0].lower() != written[0].upper()
    return Trait.LOWER if small or ARTICLE.match(lower(written)) else 0


@lru_cache(maxsize=MAX_CACHED)
def folded_name(name: str) -> str:
    """A name as the plain text has it."""
    return plain(folded(name)).strip(" ")


@lru_cache(maxsize=4_096)
def _standing(language: str, mask: int, flags: int) -> float | None:
    column = 2 if flags & Trait.ACRONYM else 3 if flags & Trait.SEVERAL else 0 if flags & Trait.PLACE else 1
    weights = [row[column] for tag, row in enumerate(_standings(language)) if mask & 1 << tag]
    return max((w for w in weights if w is not None and (flags & Trait.LONG or w in {OWN, UNTOLD})), default=None)


@lru_cache(maxsize=64)
def _standings(language: str) -> tuple[tuple[float | None, ...], ...]:
    """For each of TAGS, what its names weigh in texts of the language: places, other names of one word, acronyms,
    names of several words. None: such names do not count.
    """
    primary = language.split("-", 1)[0]
    told, script = is_listed(primary), script_of(language)
    found: list[tuple[float | None, ...]] = []
    for tag in TAGS:
        other = tag.split("-", 1)[0]
        if other == "und":
            found.append((UNTOLD,) * 4)
        elif other == primary or not told:
            found.append((OWN,) * 4)
        elif script_of(tag) != script:
            found.append((OTHER_SCRIPT_PLACE, NEAR, NEAR, NEAR))
        elif other in _NEIGHBOURS[primary]:
            found.append((FOREIGN_PLACE if other == "en" else NEAR_PLACE, NEAR, NEAR, NEAR))
        else:
            found.append((FOREIGN_PLACE, None, None, FOREIGN))
    return tuple(found)
