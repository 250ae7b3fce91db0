"""The two libraries that know many languages: CLD2, quick, and py3langid, which ranks them all."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

try:
    import pycld2
except ImportError:  # no wheel for macOS on Intel: the rule then runs on py3langid alone
    pycld2 = None

UNKNOWN = "und"
DOUBTFUL = frozenset({UNKNOWN, "sr", "sco"})
"""What CLD2 says for short texts in Russian, Uzbek Cyrillic and English."""
_RENAMED = {"un": UNKNOWN, "xxx": UNKNOWN, "zxx": UNKNOWN, "iw": "he", "jw": "jv", "in": "id", "mo": "ro", "uzs": "uz"}


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


def _code(language: str) -> str:
    """CLD2's code as BCP 47 has it; its codes for a script or a joke name no language."""
    if language.startswith(("xx-", "zz")):
        return UNKNOWN
    code = language.split("-")[0]
    return _RENAMED.get(code, code)


def readable(text: str) -> str:
    """CLD2 refuses control characters, lone surrogates and code points that are not assigned."""
    if text.isprintable():
        return text
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") else " " for c in text)
