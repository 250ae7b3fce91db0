"""What is unpacked from the wire: all of a body, or none."""

import gzip

import pytest

from services.fetcher.unpacking import Unpacker, Unreadable


def unpacked(packed: bytes) -> bytes:
    unpacker = Unpacker("gzip", 1 << 20, 1 << 20)
    unpacker.feed(packed)
    return unpacker.body()


def test_a_packed_body_comes_back_whole() -> None:
    assert unpacked(gzip.compress(b"news " * 100)) == b"news " * 100
    assert unpacked(b"") == b""


def test_half_a_packed_body_is_not_taken_for_a_short_one() -> None:
    with pytest.raises(Unreadable, match="ends before its end"):
        unpacked(gzip.compress(bytes(range(256)) * 20)[:-20])
