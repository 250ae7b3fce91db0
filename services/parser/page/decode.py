"""Bytes to text: which encoding a page is in, and characters that no consumer can store taken out."""

from __future__ import annotations

import base64
import codecs
import re
import zlib
from dataclasses import dataclass

from services.contracts.folding import may_pile_up, stream_safe
from services.parser.page.guessing import detected, fit, high_words, is_cyrillic, repaired

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(
    rb"<meta\b[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE
)
_XML_CHARSET = re.compile(
    rb"^\s{0,99}<\?xml\b[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE
)
_DECLARATION_BYTES = 4096
_HTML_NAMES = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "iso-8859-9": "cp1254", "x-sjis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "win-1251": "cp1251",
    "windows1251": "cp1251", "cp-1251": "cp1251", "x-mac-cyrillic": "mac-cyrillic", "x-cp1251": "cp1251",
    "koi8": "koi8-r", "windows-31j": "cp932", "unicode-1-1-utf-8": "utf-8", "x-cp1252": "cp1252", "latin5": "cp1254",
}  # fmt: skip
"""Labels as browsers read them: Latin-1 is Windows-1252 on the web."""

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_CONTROLS = bytes(byte for byte in (*range(0x20), 0x7F) if byte not in b"\t\n\r")
_WIDE_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_NONCHARACTER = re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])")
"""What _NOT_TEXT finds, in UTF-8: bytes are looked through many times as fast."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_REFERENCE_TO_NO_TEXT = re.compile(
    r"&#(?:(?:0++|0*+(?:[1-8]|1[124-9]|2\d|3[01]|127|129|141|143|144|157|6553[45]))(?!\d)"
    r"|[xX](?:0++|0*+(?:[1-8bBcCeEfF]|1[0-9a-fA-F]|7[fF]|8[1dDfF]|9[0dD]|[fF]{3}[eEfF]|[fF][dD][dDeE][0-9a-fA-F]))"
    r"(?![0-9a-fA-F]));?"
)
"""Character references that a tree would turn into what was taken out before."""
_MOST_DAMAGED = 0.03
_REFUTED = 0.7
_CONFIRMED = 0.9
"""Shares of the words that a declared encoding of Cyrillic makes, and another one."""


class TooLarge(ValueError):
    """The page unpacks to more bytes than are read."""


@dataclass(frozen=True)
class Decoded:
    """A page's text, and the encoding that it was read with."""

    text: str
    encoding: str
    origin: str


def unpack(body: str, most: int) -> bytes:
    """The bytes of FetchedPage.body, never more than `most` in memory. Raises TooLarge, ValueError, zlib.error."""
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    content = stream.decompress(base64.b64decode(body), most + 1)
    if len(content) > most:
        raise TooLarge(f"more than {most} bytes")
    if not stream.eof:
        raise ValueError("the page's bytes end in the middle")
    return content


def decode(content: bytes, http_charset: str | None = None) -> Decoded | None:
    """The page's text, or None where the bytes are no text."""
    found = _decode(content, http_charset)
    if found is None:
        return None
    text = clean(found.text)
    damaged = found.text.count("\ufffd") + (0 if text is found.text else len(_NOT_TEXT.findall(found.text)))
    if damaged > 20 and damaged > _MOST_DAMAGED * len(found.text):
        return None
    if "&#" in text:
        text = _REFERENCE_TO_NO_TEXT.sub("", text)
    return Decoded(text, found.encoding, found.origin)


def clean(text: str) -> str:
    """The text without NUL, control characters, noncharacters and piles of marks; lone surrogates become U+FFFD."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return stream_safe(_SURROGATES.sub("\ufffd", _NOT_TEXT.sub("", text)))
    if len(raw.translate(None, _CONTROLS)) < len(raw) or _WIDE_CONTROL.search(raw) or _NONCHARACTER.search(raw):
        return stream_safe(_NOT_TEXT.sub("", text))
    return stream_safe(text) if may_pile_up(raw) else text


def _decode(content: bytes, http_charset: str | None) -> Decoded | None:
    for mark, marked in _BOMS:
        if content.startswith(mark):
            return Decoded(content[len(mark) :].decode(marked, "replace"), marked, "bom")
    wide = _utf16(content)
    if wide:
        return Decoded(content.decode(wide, "replace"), wide, "detected")
    declared = [(_codec(http_charset), "http"), (_declared(content), "meta")]
    for encoding, origin in declared:
        if encoding and _is_multibyte(encoding):
            text = _strictly(content, encoding)
            if text is not None:
                return Decoded(text, encoding, origin)
    # Text of a single-byte encoding is as good as never valid UTF-8, so validity beats what a header says.
    text = _strictly(content, "utf-8")
    if text is not None:
        again = None if text.isascii() else repaired(text, content)
        if again:
            return Decoded(again[0], "utf-8", f"repaired from {again[1]}")
        said = next((origin for encoding, origin in declared if encoding == "utf-8"), "valid-utf-8")
        return Decoded(text, "utf-8", said)
    guess = detected(content)
    words = high_words(content)
    for encoding, origin in declared:
        # UTF-8 was just refuted; Latin-1 is what servers say of everything.
        if encoding and encoding != "utf-8" and not (encoding == "cp1252" and guess != "cp1252"):
            if is_cyrillic(encoding) and fit(words, encoding) < _REFUTED and fit(words, guess) >= _CONFIRMED:
                continue
            return Decoded(content.decode(encoding, "replace"), encoding, origin)
    return Decoded(content.decode(guess, "replace"), guess, "detected")


def _declared(content: bytes) -> str | None:
    head = content[:_DECLARATION_BYTES]
    match = _META_CHARSET.search(head) or _XML_CHARSET.search(head)
    name = _codec(match[1].decode("ascii")) if match else None
    # A declaration that could be read as ASCII is not UTF-16.
    return "utf-8" if name and name.startswith(("utf-16", "utf-32")) else name


def _codec(label: str | None) -> str | None:
    name = (label or "").strip().strip("\"'").lower()
    try:
        found = codecs.lookup(_HTML_NAMES.get(name, name)) if name.isascii() and name else None
    except (LookupError, ValueError):
        return None
    # base64, rot13 and their kind are no encodings of text.
    if found is None or not getattr(found, "_is_text_encoding", True):
        return None
    if found.name in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7", "mbcs", "oem"):
        return None
    return _HTML_NAMES.get(found.name, found.name)


def _is_multibyte(encoding: str) -> bool:
    return encoding.startswith(("gb", "big5", "shift", "cp932", "cp949", "cp950", "euc", "iso2022", "hz", "johab"))


def _strictly(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeError, ValueError):
        return None


def _utf16(content: bytes) -> str | None:
    sample = content[:2000]
    if len(sample) < 8:
        return None
    # Markup is ASCII: in UTF-16 every other byte of it is zero.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if even + odd < 0.1 * len(sample) or min(even, odd) > 0.05 * (even + odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
