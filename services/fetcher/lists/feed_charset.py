"""A feed's bytes → its text, by what the bytes are before what the headers and the XML declaration claim."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_SINGLE_BYTE = frozenset(
    [
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1254",
        "cp1256",
        "cp866",
        "iso8859-1",
        "iso8859-5",
        "iso8859-6",
        "iso8859-9",
        "iso8859-15",
        "koi8-r",
        "koi8-u",
        "kz1048",
        "mac-cyrillic",
    ]
)
"""Encodings that a claim may choose: Python knows others that are none or that take quadratic time."""
_WESTERN = frozenset({"cp1250", "cp1252", "cp1254", "iso8859-1", "iso8859-9", "iso8859-15"})
"""What software claims when nobody chose; every byte is a letter there."""
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_RUN = re.compile(rb"[\x80-\xff]{3,}")
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_SAMPLE_BYTES = 256 * 1024
_PROLOGUE_BYTES = 16 * 1024
_MAX_BROKEN = 0.1


def feed_text(body: bytes, content_type: str) -> str:
    """The text of `body`: after a byte order mark, as UTF-8 where it is that, or else as the first claim that can be.

    UTF-8 with a few broken characters, as by cut summaries, stays UTF-8. A claim of a western encoding is not
    believed where the bytes above ASCII stand in long runs: those are Cyrillic words.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body.decode(codec, "replace").removeprefix("\ufeff")
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= _MAX_BROKEN * (len(text) - len(text.encode("ascii", "ignore"))):
        return text
    sample = body[:_SAMPLE_BYTES]
    in_runs = sum(map(len, _RUN.findall(sample)))
    cyrillic = in_runs * 2 > sum(map(len, _NOT_ASCII.findall(sample)))
    for codec in _claims(body, content_type):
        if cyrillic and codec in _WESTERN:
            continue
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    return body.decode("cp1251" if cyrillic else "cp1254", "replace")


def _claims(body: bytes, content_type: str) -> list[str]:
    """The declaration's encoding, then the header's: the one who wrote the feed knows better than the server."""
    declared = _DECLARED.search(body[:_PROLOGUE_BYTES])
    header = _CHARSET.search(content_type)
    names = [declared[1].decode("ascii", "replace") if declared else "", header[1] if header else ""]
    codecs_named = []
    for name in filter(None, names):
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        if codec in _SINGLE_BYTE:
            codecs_named.append(codec)
    return codecs_named
