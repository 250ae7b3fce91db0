"""What language a text is in, by the text itself: each paragraph is asked, and votes with its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from services.contracts.articles import Language, ParagraphLanguage
from services.enricher.script import main_script, scripts_in

try:
    import pycld2
except ImportError:  # no wheel for macOS on Intel: the rule then runs on py3langid alone
    pycld2 = None

UNKNOWN = "und"
DOUBTFUL = frozenset({UNKNOWN, "sr", "sco"})
"""What CLD2 says for short texts in Russian, Uzbek Cyrillic and English."""
OVERCLAIMED, CREDIBLE = "en", 0.02
"""CLD2 is at times sure of English where py3langid gives it no chance: names and short words of Portuguese or Uzbek."""
SHORT_CHARS, SURE = 120, 0.9
EXAMINED_CHARS = 4_000
"""Of one paragraph: more tells nothing new, and texts of a megabyte in one line exist."""
EXAMINED_PARAGRAPHS = 1_000
"""Of one text, the headline among them: by then its language is known."""
TELLING_LETTERS = 40
"""Shorter paragraphs (a name, a credit line) are taken to be in the language of the rest."""
KARAKALPAK_LETTERS = 3

_RENAMED = {"un": UNKNOWN, "xxx": UNKNOWN, "zxx": UNKNOWN, "iw": "he", "jw": "jv", "in": "id", "mo": "ro", "uzs": "uz"}
_USUAL_SCRIPT = {"kk": "Cyrl", "ky": "Cyrl", "tg": "Cyrl", "tk": "Latn", "az": "Latn", "tt": "Cyrl", "kaa": "Cyrl"}
"""Languages of several scripts that are tagged with one only where it is not the usual one; Uzbek always is."""
_WRITTEN_IN = {
    "Cyrl": frozenset(
        {"ru", "uk", "be", "bg", "mk", "sr", "mn", "kk", "ky", "tg", "uz", "tt", "ba", "kaa", "os", "ce", "cv"}
    ),
    "Arab": frozenset({"fa", "ar", "ps", "ur", "ug", "ku", "ckb", "sd", "az", "uz", "arz", "ary", "sdh"}),
}
"""What a text in these scripts can be in; the engines now and then name a language that is never written so."""


@dataclass(frozen=True)
class Guess:
    """What one text is taken for."""

    language: str
    confidence: float
    runner_up: str | None = None
    reliable: bool = True


@lru_cache(maxsize=1)
def _naive_bayes() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def ranked(text: str) -> list[tuple[str, float]]:
    """py3langid's languages for a text, the likeliest first."""
    merged: dict[str, float] = {}
    for language, share in _naive_bayes().rank(text):
        code = _RENAMED.get(language, language)
        merged[code] = merged.get(code, 0.0) + float(share)
    return sorted(merged.items(), key=lambda pair: -pair[1])


def cld2(text: str) -> Guess | None:
    """CLD2's answer; None where it has none that is ever right, or is not installed."""
    if pycld2 is None:
        return None
    try:
        reliable, _, found = pycld2.detect(text.encode(), bestEffort=True)[:3]
    except pycld2.error:
        return None
    language, second = _code(found[0][1]), _code(found[1][1])
    if language in DOUBTFUL:
        return None
    return Guess(language, min(1.0, found[0][2] / 100), None if second == UNKNOWN else second, reliable)


FirstOpinion = Callable[[str], Guess | None]


def identify_text(text: str, plausible: frozenset[str] = frozenset(), first_opinion: FirstOpinion = cld2) -> Guess:
    """The language of one paragraph: CLD2's, and py3langid's where CLD2 is unsure or the text is short.

    Where `plausible` names languages, an answer outside of them stands only if both agree on a text that is not
    short; otherwise py3langid decides among them.
    """
    text = _readable(text[:EXAMINED_CHARS])
    if not any(c.isalpha() for c in text):
        return Guess(UNKNOWN, 0.0)
    first = first_opinion(text)
    possible = _WRITTEN_IN.get(main_script(text) or "")
    if first and possible and first.language not in possible:
        first = None
    trusted = first is not None and first.reliable and first.language != OVERCLAIMED and len(text) >= SHORT_CHARS
    if first and trusted and (not plausible or first.language in plausible):
        return _karakalpak_or(first, text)
    ranking = ranked(text)
    if possible:
        ranking = [pair for pair in ranking if pair[0] in possible]
    if first and first.language == OVERCLAIMED and dict(ranking).get(OVERCLAIMED, 0.0) < CREDIBLE:
        first = None
    (best, share), second = ranking[0], ranking[1][0]
    guess = first if first and share <= SURE else Guess(best, share, second)
    agreed = first is not None and first.language == best and len(text) >= SHORT_CHARS
    if plausible and guess.language not in plausible and not agreed:
        among = [(language, p) for language, p in ranking if language in plausible]
        if among:
            whole = sum(p for _, p in among) or 1.0
            guess = Guess(among[0][0], among[0][1] / whole, among[1][0] if len(among) > 1 else None)
    return _karakalpak_or(guess, text)


def identify(
    title: str,
    paragraphs: Sequence[str],
    plausible: frozenset[str] = frozenset(),
    first_opinion: FirstOpinion = cld2,
) -> Language:
    """The language of an article: the vote of headline and paragraphs, each weighing its letters."""
    parts = [title, *paragraphs][:EXAMINED_PARAGRAPHS]
    guesses = [identify_text(part, plausible, first_opinion) for part in parts]
    letters = [sum(map(str.isalpha, part)) for part in parts]
    tags = [_tag(guess.language, part) for guess, part in zip(guesses, parts, strict=True)]
    votes: Counter[str] = Counter()
    for tag, weight in zip(tags, letters, strict=True):
        if tag != UNKNOWN:
            votes[tag] += weight
    scripts: Counter[str] = Counter()
    for part in parts:
        scripts.update(scripts_in(part))
    script = max(scripts, key=lambda name: (scripts[name], name)) if scripts else None
    if not votes:
        return Language(tag=UNKNOWN, script=script, confidence=0.0)
    winner = max(votes, key=lambda tag: (votes[tag], tag))
    sure = sum(g.confidence * n for g, n, tag in zip(guesses, letters, tags, strict=True) if tag == winner)
    others = sorted((tag for tag in votes if tag != winner), key=lambda tag: (-votes[tag], tag))
    longest = max((n, i) for i, (n, tag) in enumerate(zip(letters, tags, strict=True)) if tag == winner)[1]
    return Language(
        tag=winner,
        script=script,
        confidence=round(min(1.0, sure / sum(letters)), 4),
        runner_up=others[0] if others else guesses[longest].runner_up,
        paragraphs=_mixed(winner, guesses[1:], letters[1:], tags[1:]),
    )


def _mixed(main: str, guesses: list[Guess], letters: list[int], tags: list[str]) -> tuple[ParagraphLanguage, ...]:
    """A tag for each paragraph, if any that is long enough is surely in another language."""
    telling = [
        n >= TELLING_LETTERS and g.confidence >= SURE and tag != UNKNOWN
        for g, n, tag in zip(guesses, letters, tags, strict=True)
    ]
    if all(tag == main for tag, tells in zip(tags, telling, strict=True) if tells):
        return ()
    return tuple(
        ParagraphLanguage(paragraph=i, tag=tag if tells else main)
        for i, (tag, tells) in enumerate(zip(tags, telling, strict=True))
    )


def _tag(language: str, text: str) -> str:
    """BCP 47, with the script where it is needed to know how the text is written."""
    if language == "uz":
        return f"uz-{main_script(text) or 'Latn'}"
    usual, actual = _USUAL_SCRIPT.get(language), main_script(text[:EXAMINED_CHARS])
    return f"{language}-{actual}" if usual and actual and actual != usual else language


def _code(language: str) -> str:
    """CLD2's code as BCP 47 has it; its codes for a script or a joke name no language."""
    if language.startswith(("xx-", "zz")):
        return UNKNOWN
    code = language.split("-")[0]
    return _RENAMED.get(code, code)


def _readable(text: str) -> str:
    """CLD2 refuses control characters, lone surrogates and code points that are not assigned."""
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") else " " for c in text)


def _karakalpak_or(guess: Guess, text: str) -> Guess:
    """Neither engine knows Karakalpak; in Cyrillic it alone has both these sets of letters."""
    low = text.lower()
    if any(c in low for c in "ўҳ") and sum(map(low.count, "әөү")) >= KARAKALPAK_LETTERS:
        return Guess("kaa", SURE, guess.language)
    return guess
