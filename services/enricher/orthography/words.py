"""Which parts of a text are words that may be spelled anew: addresses, hashtags and user names are not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from services.contracts.folding import APOSTROPHES

LETTER = rf"[^\W\d_{APOSTROPHES}]"
"""One letter, as an expression: apostrophes are letters to Unicode here and there, but not in it."""
CYRILLIC = re.compile("[\u0400-\u052f]")
LATIN = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯḀ-ỿ]")

_WORD = re.compile(
    rf"(?:{LETTER}|[\u0300-\u036f])++(?:[{APOSTROPHES}]{{1,2}}+{LETTER}(?:{LETTER}|[\u0300-\u036f])*+)*+"
    rf"(?:(?<=[oOgG])[{APOSTROPHES}])?"
)
_SOUND_MARKS = {
    "и\u0306": "й", "И\u0306": "Й", "у\u0306": "ў", "У\u0306": "Ў", "е\u0308": "ё", "Е\u0308": "Ё",
    "o\u0308": "ö", "O\u0308": "Ö", "o\u0303": "õ", "O\u0303": "Õ", "g\u0306": "ğ", "G\u0306": "Ğ",
    "s\u0327": "ş", "S\u0327": "Ş", "c\u0327": "ç", "C\u0327": "Ç",
}  # fmt: skip
_MARKED = re.compile("[иИуУеЕoOgGsScC][\u0303\u0306\u0308\u0327]")

_CHUNK = re.compile(r"\S++")
_SCHEME = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,10}://|(?<!\w)www\.", re.IGNORECASE)
_HASHTAG = re.compile(rf"#[\w{APOSTROPHES}]++")
_DOMAIN_END = re.compile(
    r"(?<=[A-Za-z0-9])\.(?:uz|com|org|net|info|gov|edu|int|ru|kz|kg|tj|tm|tr|az|eu|uk|io|tv|me)"
    r"(?:dagi|dan|ning|da|ga|ni)?(?![\w-])",
    re.IGNORECASE,
)
_DOMAIN_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."


def respelled(text: str, spell: Callable[[str, str], str]) -> str:
    """The text with each word replaced by spell(word, the character after it); everything else stays."""
    done: list[str] = []
    at = 0
    for start, end in _left_alone(text):
        done += (_words(text[at:start], spell), text[start:end])
        at = end
    done.append(_words(text[at:], spell))
    return "".join(done)


def _words(text: str, spell: Callable[[str, str], str]) -> str:
    if "\u0303" in text or "\u0306" in text or "\u0308" in text or "\u0327" in text:
        text = _MARKED.sub(lambda found: _SOUND_MARKS.get(found[0], found[0]), text)

    def one(found: re.Match[str]) -> str:
        word, start, end = found[0], found.start(), found.end()
        quoted = word[-1] in APOSTROPHES and start and text[start - 1] in APOSTROPHES
        if quoted:  # 'blog': a pair of quotation marks
            return spell(word[:-1], word[-1]) + word[-1]
        return spell(word, text[end : end + 1])

    return _WORD.sub(one, text)


def _left_alone(text: str) -> Iterator[tuple[int, int]]:
    """Addresses of pages and mail, hashtags and user names: (start, end) in order, without overlap."""
    if not ("@" in text or "#" in text or "://" in text or "." in text):
        return
    for found in _CHUNK.finditer(text):
        chunk = found[0]
        if "@" in chunk:
            yield found.span()
        elif scheme := _SCHEME.search(chunk) if "." in chunk or "://" in chunk else None:
            yield found.start() + scheme.start(), found.end()
        elif "#" in chunk:
            for tag in _HASHTAG.finditer(chunk):
                yield found.start() + tag.start(), found.start() + tag.end()
        elif "." in chunk:
            yield from _domains(chunk, found.start())


def _domains(chunk: str, offset: int) -> Iterator[tuple[int, int]]:
    at = 0
    for found in _DOMAIN_END.finditer(chunk):
        if found.start() < at:
            continue
        start = len(chunk[at : found.start()].rstrip(_DOMAIN_LETTERS)) + at
        end = len(chunk) if chunk[found.end() : found.end() + 1] == "/" else found.end()
        yield offset + start, offset + end
        at = end
