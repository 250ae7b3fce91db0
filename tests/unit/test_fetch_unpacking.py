"""What is unpacked from the wire: all of a body, or none, and never more than the bound."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd

from services.fetcher.web.unpacking import MAX_MEMBERS, TooLarge, Unpacker, Unreadable

BOUND = 1 << 20
TEXT = bytes(range(256)) * 2000
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=5),
    "zstd": zstd.compress,
}


def unpacked(packed: bytes, encoding: str = "gzip", step: int = 1000) -> bytes:
    unpacker = Unpacker(encoding, BOUND, BOUND)
    for at in range(0, len(packed), step):
        unpacker.feed(packed[at : at + step])
    return unpacker.body()


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_packed_body_comes_back_whole_in_whatever_pieces_it_arrives(encoding: str, step: int) -> None:
    assert unpacked(PACKERS[encoding](TEXT), encoding, step) == TEXT
    assert unpacked(b"", encoding) == b""


@pytest.mark.parametrize("encoding", PACKERS)
def test_half_a_packed_body_is_not_taken_for_a_short_one(encoding: str) -> None:
    with pytest.raises(Unreadable, match="ends before its end"):
        unpacked(PACKERS[encoding](TEXT)[:-20], encoding)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_that_is_not_in_its_encoding_is_unreadable(encoding: str) -> None:
    with pytest.raises(Unreadable):
        unpacked(b"<html>this is packed in nothing at all", encoding)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_refused_before_it_takes_the_memory(encoding: str) -> None:
    bomb = PACKERS[encoding](bytes(64 * BOUND))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="unpacked"):
            unpacked(bomb, encoding, len(bomb))
        assert tracemalloc.get_traced_memory()[1] < 4 * BOUND
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_in_a_bomb_is_refused_at_its_first_wall(encoding: str) -> None:
    # Packed twice, the outer bytes are few and so are the inner ones; only what they come to is not.
    bomb = gzip.compress(PACKERS[encoding](bytes(64 * BOUND)))
    with pytest.raises(TooLarge, match="unpacked"):
        unpacked(bomb, f"{encoding}, gzip")


def test_encodings_are_undone_last_first() -> None:
    assert unpacked(gzip.compress(brotli.compress(TEXT)), "br, gzip") == TEXT


@pytest.mark.parametrize("encoding", ["gzip, gzip, gzip, gzip", "compress", "gzip, exi", "dcb"])
def test_encodings_that_were_not_asked_for_and_long_chains_are_unreadable(encoding: str) -> None:
    with pytest.raises(Unreadable, match="was not asked for"):
        Unpacker(encoding, BOUND, BOUND)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_in_several_pieces_is_joined_and_in_endless_ones_refused(encoding: str) -> None:
    piece = PACKERS[encoding](b"news ")
    assert unpacked(piece * 3, encoding, 5) == b"news news news "
    with pytest.raises(Unreadable, match=f"more than {MAX_MEMBERS} pieces"):
        unpacked(PACKERS[encoding](b"") * (MAX_MEMBERS + 1), encoding)


def test_many_small_pieces_that_come_to_a_bomb_together_are_refused() -> None:
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(bytes(BOUND // 100)) * 101)


def test_a_window_larger_than_the_web_allows_is_unreadable() -> None:
    wide = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    packer = zstd.ZstdCompressor(options=wide)
    with pytest.raises(Unreadable):
        unpacked(packer.compress(TEXT) + packer.flush(), "zstd")


@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_what_came_before_the_bound_is_kept(encoding: str) -> None:
    unpacker = Unpacker(encoding, 1000, 10)
    with pytest.raises(TooLarge):
        unpacker.feed(PACKERS.get(encoding, bytes)(b"0123456789abc"))
    assert unpacker.so_far() == b"0123456789"
