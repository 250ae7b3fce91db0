"""Which encoding bytes without a declaration are in, and text that was encoded twice made whole."""

from __future__ import annotations

import re
from collections.abc import Callable

_SAMPLE_BYTES = 200_000
_SAMPLE_WORDS = 2_000
_WORD_OF_HIGH_BYTES = re.compile(rb"[\x80-\xff]{3,60}")
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "kz1048", "ptcp154")
"""The first of those that fit equally well is taken."""
_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһіўҳӣӯҷҗєїґ"
_CYRILLIC_WORD = re.compile(f"[{_LETTERS}{_LETTERS.upper()}]?[{_LETTERS}]+")
_CYRILLIC_CAPITALS = re.compile(f"[{_LETTERS.upper()}]+")
_ARABIC_WORD = re.compile(
    "[\u0621-\u064a\u067e\u0686\u0688\u0691\u0698\u06a9\u06af\u06ba\u06be\u06c1\u06d2\u200c\u060c]+"
)
_LEAST_FIT = 0.4
_TURKISH = re.compile(rb"<html[^>]{0,300}\slang\s{0,9}=\s{0,9}[\"']?(?:tr|az)\b", re.IGNORECASE)
_TURKISH_WORDS = re.compile(
    rb"(?<![\w\x80-\xff])(?:ve|bir|bu|ile|olan|daha|kadar|olarak|ancaq|edib|edir)(?![\w\x80-\xff])"
)
_TURKISH_BYTES = bytes((0xF0, 0xFD, 0xFE, 0xDD, 0xDE, 0xD0))
_LEAST_TURKISH_WORDS = 3

_LEADS = ((b"\xc3", "cp1252"), (b"\xd0", "cp1251"))
"""What the letters begin with, in UTF-8, that the first bytes of UTF-8 are in an encoding: Ð Ñ Ø Ã, Р С Ш."""
_LEAST_LEADS = 8
_RUN = re.compile(r"[^\x00-\x7f]+")
_CERTAIN = 0.97
_LEAST_REPAIRED = 12
_MOST_RUNS_TRIED = 300
_RUNS_TRIED_FIRST = 20


def detected(content: bytes) -> str:
    """Tell damaged UTF-8, Cyrillic, Arabic and Latin pages apart by what their high bytes look like."""
    sample = content[:_SAMPLE_BYTES]
    high = len(sample) - len(sample.translate(None, bytes(range(0x80, 0x100))))
    bad = sample.decode("utf-8", "replace").count("\ufffd")
    if bad * 20 < high:
        return "utf-8"
    words = _WORD_OF_HIGH_BYTES.findall(sample)
    if sum(map(len, words)) * 3 < high or not words:
        return _latin(sample)
    words = words[:_SAMPLE_WORDS]
    fits = {encoding: fit(words, encoding) for encoding in (*_CYRILLIC, "cp1256")}
    best = max(fits, key=lambda encoding: fits[encoding])
    return best if fits[best] >= _LEAST_FIT else "cp1251"


def high_words(content: bytes) -> list[bytes]:
    """Runs of bytes beyond ASCII, some thousand at most."""
    return _WORD_OF_HIGH_BYTES.findall(content[:_SAMPLE_BYTES])[:_SAMPLE_WORDS]


def fit(words: list[bytes], encoding: str) -> float:
    """The share of the bytes that are words of the encoding's script, as people write them: `Слово`, not `сЛОВО`.

    Capitals count half, since one encoding's small letters are the capitals of another.
    """
    right = _ARABIC_WORD if encoding == "cp1256" else _CYRILLIC_WORD
    size = sum(map(len, words))
    good = 0.0
    for word in words:
        text = word.decode(encoding, "replace")
        good += len(word) * (1.0 if right.fullmatch(text) else 0.5 * (_CYRILLIC_CAPITALS.fullmatch(text) is not None))
    return good / size if size else 0.0


def is_cyrillic(encoding: str) -> bool:
    """Whether it is one of the encodings of Cyrillic that are told apart."""
    return encoding in _CYRILLIC


def _latin(sample: bytes) -> str:
    turkish = sum(sample.count(byte) for byte in _TURKISH_BYTES)
    if not turkish:
        return "cp1252"
    said = _TURKISH.search(sample) or len(_TURKISH_WORDS.findall(sample)) >= _LEAST_TURKISH_WORDS
    return "cp1254" if said else "cp1252"


def repaired(text: str, utf8: bytes) -> tuple[str, str] | None:
    """The text that was taken for a single-byte encoding and encoded again, and that encoding; None where unsure.

    Sure is what reads as UTF-8 nearly everywhere beyond ASCII, and then holds letters.
    """
    for lead, codec in _LEADS:
        if _begins_letters(utf8, lead) and (whole := _read_again(text, _ENCODERS[codec])):
            return whole, codec
    return None


def _begins_letters(utf8: bytes, lead: bytes) -> bool:
    """Whether most of the first few characters that begin with the byte have another beyond ASCII after them."""
    at, followed = -1, 0
    for _ in range(_LEAST_LEADS):
        at = utf8.find(lead, at + 1)
        if at < 0:
            return False
        followed += utf8[at + 2 : at + 3] >= b"\x80"
    return followed * 2 >= _LEAST_LEADS


def _read_again(text: str, encode: Callable[[str], bytes]) -> str | None:
    tried = right = letters = 0
    for count, run in enumerate(_RUN.finditer(text)):
        if count >= _MOST_RUNS_TRIED:
            break
        if count == _RUNS_TRIED_FIRST and right < _CERTAIN * tried:
            return None
        tried += len(run[0])
        once = _once(run[0], encode)
        if once is not None:
            right += len(run[0])
            letters += sum(map(str.isalpha, once))
    if right < _LEAST_REPAIRED or right < _CERTAIN * tried or letters * 4 < right:
        return None
    return _RUN.sub(lambda run: _once(run[0], encode) or run[0], text)


def _once(run: str, encode: Callable[[str], bytes]) -> str | None:
    try:
        return encode(run).decode("utf-8")
    except UnicodeError:
        return None


def _encoder(codec: str) -> Callable[[str], bytes]:
    """Characters to the codec's bytes; what it leaves undefined is the byte of the same number, as browsers have it."""
    table = {}
    for byte in range(0x80, 0x100):
        table[chr(byte)] = byte
    for byte in range(0x80, 0x100):
        character = bytes((byte,)).decode(codec, "ignore")
        if character:
            table[character] = byte

    def encode(run: str) -> bytes:
        try:
            return bytes([table[character] for character in run])
        except KeyError as error:
            raise UnicodeError(str(error)) from None

    return encode


_ENCODERS = {codec: _encoder(codec) for _, codec in _LEADS}
