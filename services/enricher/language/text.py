"""The language of one piece of text: CLD2's where letters and function words agree, else py3langid is asked too."""

from __future__ import annotations

from collections.abc import Callable

from services.enricher.language.clues import weigh
from services.enricher.language.engines import UNKNOWN, Guess, cld2, ranked, readable
from services.enricher.script import main_script

OVERCLAIMED, CREDIBLE = "en", 0.02
"""CLD2 is at times sure of English where py3langid gives it no chance: names and short words of Portuguese or Uzbek."""
SHORT_CHARS, SURE = 120, 0.9
EXAMINED_CHARS = 4_000
"""Of one paragraph: more tells nothing new, and texts of a megabyte in one line exist."""
CLUED_CHARS = 600
"""The start of a text that is searched for clues: they are for short ones."""
RANKED_CHARS = 1_000
"""The start of a text that py3langid ranks languages for: it is the slow one."""
CONFIRMED, DECISIVE = 1.5, 2.0
"""By how many points (a function word that one language only has is two) clues must lead: to confirm an engine that
says the same; to outweigh engines that say another language."""
LESS_KNOWN = frozenset({"uz", "kk", "ky", "tg", "tk", "tt", "az"})
"""Languages for which clues may outweigh the engines, which have seen little of them; never of English or Russian."""
UNCONFIRMED = 2.0
"""The lead that a language needs which no engine knows."""

_USUAL_SCRIPT = {"kk": "Cyrl", "ky": "Cyrl", "tg": "Cyrl", "tk": "Latn", "az": "Latn", "tt": "Cyrl", "kaa": "Cyrl"}
"""Languages of several scripts that are tagged with one only where it is not the usual one; Uzbek always is."""
_WRITTEN_IN = {
    "Cyrl": frozenset(
        {"ru", "uk", "be", "bg", "mk", "sr", "mn", "kk", "ky", "tg", "uz", "tt", "ba", "kaa", "os", "ce", "cv"}
    ),
    "Arab": frozenset({"fa", "ar", "ps", "ur", "ug", "ku", "ckb", "sd", "az", "uz", "arz", "ary", "sdh"}),
}
"""What a text in these scripts can be in; the engines now and then name a language that is never written so."""
_OWN_LETTERS = {"uz": frozenset("ۉې"), "ps": frozenset("ټډړږښځڅېۍڼګ"), "ur": frozenset("ٹڈڑںےہھ")}
"""Letters without which no text in these languages goes on for long; the engines take short Persian for them."""
_UNKNOWN_TO_ENGINES = {"Cyrl": "kaa", "Latn": "kaa", "Arab": "uz"}
"""A language by script that no engine tells."""

FirstOpinion = Callable[[str], Guess | None]


def identify_text(text: str, plausible: frozenset[str] = frozenset(), first_opinion: FirstOpinion = cld2) -> Guess:
    """The language of one paragraph: CLD2's where the clues agree, or where it is sure of a text that is not short.

    Else py3langid is asked. Where `plausible` names languages, an answer outside of them stands only if both engines
    agree on a text that is not short; otherwise py3langid decides among them.
    """
    text = readable(text[:EXAMINED_CHARS])
    if not any(c.isalpha() for c in text):
        return Guess(UNKNOWN, 0.0)
    script = main_script(text) or ""
    first = first_opinion(text)
    possible = _possible(text, script)
    if first and possible and first.language not in possible:
        first = None
    rare = _UNKNOWN_TO_ENGINES.get(script) if _may_be_unknown(text, script) else None
    trusted = first is not None and first.reliable and first.language != OVERCLAIMED and len(text) >= SHORT_CHARS
    if first and trusted and not rare and (not plausible or first.language in plausible):
        return first
    clue, lead = _clue(text, script, plausible)
    if rare and clue == rare and lead >= UNCONFIRMED:
        return Guess(rare, SURE, first.language if first and first.language != rare else None)
    if clue == _UNKNOWN_TO_ENGINES.get(script):
        clue = None
    if first and trusted and (not plausible or first.language in plausible):
        return first
    if first and clue == first.language and lead >= CONFIRMED:
        return Guess(clue, max(SURE, first.confidence), first.runner_up)
    ranking = ranked(text[:RANKED_CHARS])
    if possible:
        ranking = [pair for pair in ranking if pair[0] in possible]
    if first and first.language == OVERCLAIMED and dict(ranking).get(OVERCLAIMED, 0.0) < CREDIBLE:
        first = None
    (best, share), second = ranking[0], ranking[1][0]
    if clue and ((lead >= DECISIVE and clue in LESS_KNOWN) or (clue == best and lead >= CONFIRMED)):
        return Guess(clue, share if clue == best else SURE, second if clue == best else best)
    guess = first if first and share <= SURE else Guess(best, share, second)
    agreed = first is not None and first.language == best and len(text) >= SHORT_CHARS
    if plausible and guess.language not in plausible and not agreed:
        among = [(language, p) for language, p in ranking if language in plausible]
        if among:
            whole = sum(p for _, p in among) or 1.0
            guess = Guess(among[0][0], among[0][1] / whole, among[1][0] if len(among) > 1 else None)
    return guess


def tag_of(language: str, text: str) -> str:
    """BCP 47, with the script where it is needed to know how the text is written."""
    if language == "uz":
        return f"uz-{main_script(text[:EXAMINED_CHARS]) or 'Latn'}"
    usual, actual = _USUAL_SCRIPT.get(language), main_script(text[:EXAMINED_CHARS])
    return f"{language}-{actual}" if usual and actual and actual != usual else language


def _possible(text: str, script: str) -> frozenset[str] | None:
    """What a text in its script can be in; None for any."""
    possible = _WRITTEN_IN.get(script)
    if possible is None or script != "Arab":
        return possible
    present = frozenset(text)
    return possible - {language for language, letters in _OWN_LETTERS.items() if not present & letters}


def _may_be_unknown(text: str, script: str) -> bool:
    """Whether its letters allow a language that the engines don't know, and together hardly another."""
    present = frozenset(text.lower())
    if script == "Cyrl":
        return bool(present & frozenset("қғўҳ") and present & frozenset("әөүңы") and not present & frozenset("іұһӯӣҷҗ"))
    if script == "Latn":
        return "ǵ" in present or ("ı" in present and bool(present & frozenset("áńóú")))
    return script == "Arab" and "ۉ" in present and not present & frozenset("ەۆۇ")


def _clue(text: str, script: str, plausible: frozenset[str]) -> tuple[str | None, float]:
    """The language that letters and function words speak for, and by how many points it leads."""
    points = weigh(text[:CLUED_CHARS], script)
    if plausible:
        points = {language: n for language, n in points.items() if language in plausible}
    if not points:
        return None, 0.0
    ordered = sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))
    best, most = ordered[0]
    if most <= 0:
        return None, 0.0
    second = ordered[1][1] if len(ordered) > 1 else 0.0
    return best, most - (second if script == "Cyrl" else max(0.0, second))  # every language of Cyrillic is weighed
