"""What a text's letters and function words say about its language, among the languages of one script."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from services.enricher.orthography.uzbek import to_cyrillic, to_new_latin

LETTER_TIMES, WORD_TIMES = 3, 2
"""A letter or word counts so often at most: one name or title that is repeated is no language."""
LACKING = 0.3
"""What a letter counts against a language that has it in foreign words only."""
WORD = 2.0
"""What a function word of one language only counts; one of several languages is shared among them."""
NEED, NEEDED_LETTERS = 1.5, 60
"""What counts against a language whose own letters are all missing in a text of so many letters;
less in shorter ones."""
COMMON = {
    "Latn": frozenset("abcdefghijklmnopqrstuvwxyz"),
    "Cyrl": frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюя"),
    "Arab": frozenset("ابتثجحخدذرزسشصضطظعغفقلمنهو"),
}
_APOSTROPHES = str.maketrans("", "", "'ʻʼ‘’`´ʹ′")
_WORDS = re.compile(r"[^\W\d_]++(?:\u200c[^\W\d_]++)*+")


@dataclass(frozen=True)
class Clues:
    """One script's evidence: languages, and what each letter and word adds to each of them."""

    languages: tuple[str, ...]
    letters: dict[str, tuple[tuple[str, float], ...]]
    words: dict[str, tuple[tuple[str, float], ...]]
    needs: tuple[tuple[str, frozenset[str]], ...]


def weigh(text: str, script: str) -> dict[str, float]:
    """Points by language: above 0 speaks for it, below against it. Empty for a script without clues."""
    clues = _clues().get(script)
    if clues is None:
        return {}
    low = text.replace("İ", "i").lower().translate(_APOSTROPHES)
    points = dict.fromkeys(clues.languages, 0.0)
    present = frozenset(low)
    need = NEED * min(1.0, sum(map(str.isalpha, low[: 2 * NEEDED_LETTERS])) / NEEDED_LETTERS)
    for language, needed in clues.needs:
        if not needed & present:
            points[language] -= need
    for letter in clues.letters.keys() & present:
        times = min(LETTER_TIMES, low.count(letter))
        for language, each in clues.letters[letter]:
            points[language] += each * times
    words = Counter(_WORDS.findall(low))
    for word in clues.words.keys() & words.keys():
        times = min(WORD_TIMES, words[word])
        for language, each in clues.words[word]:
            points[language] += each * times
    return points


@lru_cache(maxsize=1)
def _clues() -> dict[str, Clues]:
    data = tomllib.loads(files(__package__).joinpath("clues.toml").read_text("utf-8"))
    data["Cyrl"]["uz"]["words"] = to_cyrillic(data["Latn"]["uz"]["words"])
    data["Latn"]["uz"]["words"] += " " + to_new_latin(data["Latn"]["uz"]["words"])
    return {script: _of_script(languages, COMMON[script]) for script, languages in data.items()}


def _of_script(languages: dict[str, dict[str, str]], common: frozenset[str]) -> Clues:
    own = {language: frozenset(table["letters"]) for language, table in languages.items()}
    letters: dict[str, tuple[tuple[str, float], ...]] = {}
    for letter in sorted(frozenset().union(*own.values()) - common):
        having = sum(letter in alphabet for alphabet in own.values())
        letters[letter] = tuple(
            (language, 1 / having if letter in alphabet else -1.0) for language, alphabet in own.items()
        )
    for letter in sorted(common):
        lacking = tuple((name, -LACKING) for name, table in languages.items() if letter in table.get("lacks", ""))
        if lacking:
            letters[letter] = lacking
    users: dict[str, list[str]] = {}
    for language, table in languages.items():
        for word in sorted({word.lower().translate(_APOSTROPHES) for word in table.get("words", "").split()}):
            users.setdefault(word, []).append(language)
    words = {word: tuple((one, WORD / len(speakers) ** 1.5) for one in speakers) for word, speakers in users.items()}
    needs = tuple((name, frozenset(table["needs"])) for name, table in languages.items() if "needs" in table)
    return Clues(tuple(languages), letters, words, needs)
