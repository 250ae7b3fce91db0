"""Bytes become text whatever a page and its server say of their encoding."""

from __future__ import annotations

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.pages import pack
from services.parser.page.decode import TooLarge, clean, decode, unpack

RUSSIAN = "<html><body><p>Погода в долине: снег идёт третий день, дороги закрыты.</p></body></html>"
UZBEK = "<html><body><p>Водийда об-ҳаво: қор учинчи кун ёғмоқда, йўллар ёпиқ.</p></body></html>"
LATIN = "<html><body><p>São Paulo recebe o encontro em junho; o café é por conta da organização.</p></body></html>"


@pytest.mark.parametrize(
    ("content", "charset", "text", "encoding"),
    [
        (RUSSIAN.encode("cp1251"), None, RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "utf-8", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", RUSSIAN, "cp1251"),
        (RUSSIAN.encode("koi8-r"), None, RUSSIAN, "koi8-r"),
        (RUSSIAN.encode("cp1251"), "windows-1251", RUSSIAN, "cp1251"),
        (RUSSIAN.encode(), "windows-1251", RUSSIAN, "utf-8"),
        (UZBEK.encode(), None, UZBEK, "utf-8"),
        (UZBEK.encode(), "no-such-charset", UZBEK, "utf-8"),
        (UZBEK.encode(), "base64", UZBEK, "utf-8"),
        (b"\xef\xbb\xbf" + UZBEK.encode(), None, UZBEK, "utf-8"),
        (UZBEK.encode("utf-16"), None, UZBEK, "utf-16-le"),
        (UZBEK.encode("utf-16-be"), None, UZBEK, "utf-16-be"),
        (LATIN.encode("cp1252"), None, LATIN, "cp1252"),
        (LATIN.encode("cp1252"), "iso-8859-1", LATIN, "cp1252"),
        (b'<meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), None, None, "cp1251"),
        (b'<meta charset="utf-8">' + RUSSIAN.encode("cp1251"), None, None, "cp1251"),
    ],
)
def test_the_encoding_is_found(content: bytes, charset: str | None, text: str | None, encoding: str) -> None:
    decoded = decode(content, charset)
    assert decoded is not None
    assert decoded.encoding == encoding
    assert decoded.text == text or (text is None and RUSSIAN in decoded.text)


def test_one_broken_byte_does_not_make_utf8_another_encoding() -> None:
    decoded = decode((UZBEK * 20).encode() + b"\xd2 end")
    assert decoded is not None
    assert decoded.encoding == "utf-8"
    assert decoded.text.startswith(UZBEK)


def test_bytes_that_are_no_text_are_refused() -> None:
    assert decode(bytes(range(256)) * 40) is None


def test_what_no_database_stores_is_taken_out() -> None:
    assert clean("a\x00b\ud800c\ufffed\te\n") == "ab\ufffdcd\te\n"


def test_a_letter_keeps_no_more_marks_than_writing_has() -> None:
    assert clean("a" + "\u0301" * 40_000 + " й") == "a" + "\u0301" * 30 + " й"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = pack(b"\x00" * 50_000_000)
    with pytest.raises(TooLarge):
        unpack(bomb, 1_000_000)


def test_a_body_that_was_cut_off_is_bad_data() -> None:
    packed = gzip.compress(b"words " * 1000)[:-12]
    with pytest.raises(ValueError, match="end in the middle"):
        unpack(base64.b64encode(packed).decode(), 1_000_000)


@given(st.binary(max_size=400), st.none() | st.text(max_size=12))
def test_any_bytes_are_text_or_refused(content: bytes, charset: str | None) -> None:
    decoded = decode(content, charset)
    assert decoded is None or isinstance(decoded.text.encode(), bytes)
