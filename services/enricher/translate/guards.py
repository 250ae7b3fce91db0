"""What a translated sentence must not be, judged from the two texts alone."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence

from services.contracts.articles import SentenceFlaw
from services.enricher.entities import dates
from services.enricher.entities.text import Text
from services.enricher.script import script_of, scripts_in, usual_script
from services.enricher.translate import numbers
from services.enricher.translate.engine import primary
from services.enricher.translate.lost_numbers import lacks, missing

LanguageOf = Callable[[str], str | None]
"""The BCP 47 tag of a text, or None where it is not sure."""
Judge = Callable[[Sequence[tuple[str, str]], str, str], Awaitable[Sequence[SentenceFlaw | None]]]
"""Sentences and their translations, with the tags of both, to what is wrong with each."""

LONG_ENOUGH_CHARS = 20
"""Shorter texts may have any length in translation: one word may take five."""
MOST_TIMES_SOURCE = 50
LEAST_RATIO, MOST_RATIO = 0.55, 1.9
LESS_CHARS, MORE_CHARS = 10, 20
"""Of the length that is usual for the pair, and so many characters less or more: of a short text a word is much.
Human translations of news stay within 0.6 and 1.6 in 99 of 100 sentences."""
CHARS = {
    "az": 1.08, "en": 1.0, "fa": 0.98, "kk": 1.05, "ky": 1.02, "pt": 1.08, "ru": 1.1, "tg": 1.12, "tk": 1.15,
    "tr": 1.07, "tt": 1.0, "ug": 1.2, "uz": 1.17,
}  # fmt: skip
"""Characters for one in English."""
COPIED_WORDS = 3
"""Names, figures and addresses stay as they are; so many words in lower case, and nearly all of them there, are no
translation. One less, where everything is as it was."""
COPIED_SHARE = 0.8
COPIED_WORD_LETTERS = 3
"""Shorter ones are the same in many languages: de, a, la."""
REPEATS = {1: 5, 2: 4, 3: 4}
MOST_TIMES = 3
"""Words in the repeated run → times in a row that no writer means; longer runs: three times."""
MORE_THAN_SOURCE = 1.5
"""Who says "no" four times may say it five times in another language."""
LONGEST_RUN_WORDS = 12
"""Models that loop do it over a few words."""
MOST_IN_LATIN, MOST_IN_OTHER_SCRIPTS = 0.2, 0.4
"""Of letters in a script that is not the target's: texts in Latin have few, in the others names of firms stay."""
LANGUAGE_LETTERS = 60
"""From here identification is right in more than 99 of 100 sentences."""
MOST_UNKNOWN = 0.04
"""Unknown signs to a word: one in a sentence of 25 may be an odd letter, more are lost words."""

_UNKNOWN = re.compile("\u2047|\ufffd|<unk>", re.IGNORECASE)
_CONTROL = re.compile(
    r"</?s>|<pad>|<mask>|<eos>|<bos>|<2[a-z]{2,3}>|>>[a-z_]{2,8}<<|<\|[a-z_]{1,20}\|>|\[/?INST\]|\u2581"
    r"|(?<![a-z])__[a-z]{2,3}(?:_[A-Za-z]{4})?__|(?<![a-z])[a-z]{3}_(?:Latn|Cyrl|Arab)(?![a-z])"
)
_ADDRESS = re.compile(r"(?<!\S)\S{0,200}(?:://|@|\w\.\w)\S*+")
_SAME_SIGNS = re.compile(r"([^\W\d_]{1,4}?)\1{11,}")
_ALIKE = tuple(map(frozenset, (("az", "tr"), ("kk", "kaa", "ky"), ("tt", "ba"), ("fa", "prs"), ("pt", "gl", "es"))))
"""Languages that identification takes for each other in a sentence."""
_POSSESSIVE = re.compile(r"['’]s\b|['’](?=\W|$)")
_NOT_IN_ACRONYMS = frozenset(["of", "the", "and", "for", "in", "on", "to"])


async def judged_here(pairs: Sequence[tuple[str, str]], source: str, target: str) -> Sequence[SentenceFlaw | None]:
    """What is wrong with each translation, on the spot; nobody is asked for its language."""
    return [flaw(text, answer, source, target) for text, answer in pairs]


def flaw(
    source: str, translation: str, source_tag: str, target_tag: str, language_of: LanguageOf | None = None
) -> SentenceFlaw | None:
    """The first thing that is wrong with a translated sentence, or None. Tags are BCP 47."""
    if not translation.strip():
        return "empty" if source.strip() else None
    if len(translation) > MOST_TIMES_SOURCE * len(source) + LONG_ENOUGH_CHARS:  # before anything looks at all of it
        return "length"
    if _is_unknown(source, translation):
        return "unknown"
    known = _language(translation, language_of)
    if known != primary(target_tag) and _is_copy(source, translation):
        return "copy"
    if _repeats(source, translation):
        return "repeats"
    if not _has_length(source, translation, source_tag, target_tag):
        return "length"
    if _is_in_other_script(source, translation, target_tag):
        return "script"
    if known and not _alike(known, primary(target_tag)):
        return "language"
    return None if numbers_survive(source, translation, source_tag, target_tag) else "numbers"


def numbers_survive(source: str, translation: str, source_tag: str, target_tag: str) -> bool:
    """Whether the two texts have the same numbers and dates, in figures, words, months or Roman numerals.

    A day or a year of the solar Hijri calendar may stand there as it is, as one of ours, or as both.
    """
    language = primary(source_tag)
    here = numbers.read(translation, primary(target_tag))
    there = numbers.read(source, language)
    ours = [*_in_our_calendar(source)] if language == "fa" else []
    told = numbers.read(" ".join([source, *ours]), language) if ours else there
    if missing(here, told):
        return False
    return not lacks(source, there, here) or not all(lacks(text, numbers.read(text, language), here) for text in ours)


def _in_our_calendar(text: str) -> Iterator[str]:
    """A Persian text with 2024-06-04 for the fifteenth of Khordad 1403, and either of its two years for 1403."""
    found = [one for one in dates.find(Text(text, "fa")) if one.value and one.granularity in ("day", "year")]
    for which in (0, -1) if any(one.granularity == "year" and "/" in str(one.value) for one in found) else (0,):
        ours = text
        for one in reversed(found):
            value = str(one.value)
            said = value if one.granularity == "day" else value.split("/")[which][:4]
            ours = f"{ours[: one.start]}{said}{ours[one.end :]}"
        if ours != text:
            yield ours


def missing_names(names: Sequence[tuple[str, tuple[str, ...]]], translated: str) -> tuple[str, ...]:
    """Of (id, English names), the ids none of whose names, nor the acronym of one, is in the translated text."""
    words = f" {_bare(translated)} "
    acronyms = set(re.findall(r"(?<!\w)[A-Z](?:\.?[A-Z]){1,7}(?!\w)", translated))
    acronyms |= {found.replace(".", "") for found in acronyms}

    def is_there(name: str) -> bool:
        bare = _bare(name).removeprefix("the ")
        return not bare or f" {bare} " in words or _acronym(name) in acronyms

    return tuple(entity for entity, spellings in names if spellings and not any(map(is_there, spellings)))


def _acronym(name: str) -> str | None:
    words = [word for word in re.findall(r"\w+", name) if word.lower() not in _NOT_IN_ACRONYMS]
    return "".join(word[0].upper() for word in words) if len(words) > 1 else None


def _bare(text: str) -> str:
    """Words in small letters without accents, possessives and marks, a space between."""
    plain = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text)).casefold()
    letters = "".join(c for c in plain if not unicodedata.combining(c) and c not in "'ʻʼ‘’`´")
    return " ".join(re.findall(r"[^\W_]+", letters))


def _is_unknown(source: str, translation: str) -> bool:
    if any(token not in source for token in _CONTROL.findall(translation)):
        return True
    extra = len(_UNKNOWN.findall(translation)) - len(_UNKNOWN.findall(source))
    return extra > MOST_UNKNOWN * max(1, len(translation.split()))


def _language(text: str, language_of: LanguageOf | None) -> str | None:
    if language_of is None or sum(map(str.isalpha, text)) < LANGUAGE_LETTERS:
        return None
    tag = language_of(text)
    return primary(tag) if tag else None


def _alike(one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in _ALIKE)


def _is_copy(source: str, translation: str) -> bool:
    words = [word for word in _words(_ADDRESS.sub(" ", source)) if _is_no_name(word)]
    if _words(source.casefold()) == _words(translation.casefold()):
        return len(words) >= COPIED_WORDS - 1
    there = set(_words(translation))
    return len(words) >= COPIED_WORDS and sum(word in there for word in words) > COPIED_SHARE * len(words)


def _is_no_name(word: str) -> bool:
    return not word[0].isupper() and len(word) >= COPIED_WORD_LETTERS


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text)


def _repeats(source: str, translation: str) -> bool:
    """Whether words, or signs, come again and again, and not in the source."""
    if _SAME_SIGNS.search(translation.casefold()) and not _SAME_SIGNS.search(source.casefold()):
        return True
    looped = [n for length, n in _times_in_a_row(translation).items() if n >= REPEATS.get(length, MOST_TIMES)]
    return bool(looped) and max(looped) > MORE_THAN_SOURCE * max(_times_in_a_row(source).values(), default=1)


def _times_in_a_row(text: str) -> dict[int, int]:
    """Length of a run of words → how often the same run follows itself at most, where it does."""
    words = re.findall(r"\w+", text.casefold())
    found = {}
    for length in range(1, LONGEST_RUN_WORDS + 1):
        again = most = 0
        for word, before in zip(words[length:], words, strict=False):
            again = again + 1 if word == before else 0
            most = max(most, again)
        if most >= length:
            found[length] = most // length + 1
    return found


def _has_length(source: str, translation: str, source_tag: str, target_tag: str) -> bool:
    if max(len(source), len(translation)) < LONG_ENOUGH_CHARS:
        return True
    usual = len(source) * CHARS.get(primary(target_tag), 1.0) / CHARS.get(primary(source_tag), 1.0)
    return LEAST_RATIO * usual - LESS_CHARS <= len(translation) <= MOST_RATIO * usual + MORE_CHARS


def _is_in_other_script(source: str, translation: str, target_tag: str) -> bool:
    """Whether too many letters are not in the target's script; names that the source has alike do not count."""
    script = usual_script(target_tag)
    found = scripts_in(translation)
    letters = sum(found.values())
    if script is None or not letters or not letters - found[script]:
        return False
    names = Counter(word for word in _words(source) if word[0].isupper())
    kept = names & Counter(_words(translation))
    as_they_are = sum(times * sum(script_of(c) not in (script, None) for c in word) for word, times in kept.items())
    most = MOST_IN_LATIN if script == "Latn" else MOST_IN_OTHER_SCRIPTS
    return letters - found[script] - as_they_are > most * letters
