"""Bytes as they come over the wire → the body, within a bound: a bomb is refused before it bursts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import brotli
from backports import zstd

MAX_CODINGS = 3
"""Encodings that one body may be wrapped in; servers that pack twice exist."""
MAX_MEMBERS = 1024
"""Gzip members or zstd frames of one body; packers by block make one for each 64 KiB."""
ZSTD_WINDOW_LOG = 23
"""8 MiB, the most that RFC 9659 lets a server ask of us."""
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15


class TooLarge(ValueError):
    """More bytes than are allowed."""


class Unreadable(ValueError):
    """The bytes are not in the encoding that the header names."""


class _Decoder(Protocol):
    """Undoes one encoding as the bytes arrive."""

    def feed(self, chunk: bytes, most: int) -> bytes:
        """What the chunk unpacks to; a little over `most` bytes at the most. Raises Unreadable."""

    def whole(self) -> bool:
        """Whether the packed bytes came to their end."""


class _Inflater:
    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._inflater = zlib.decompressobj(wbits)
        self._members = 1
        self._begun = False

    def feed(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        while chunk and len(out) <= most:
            if self._inflater.eof:
                if self._wbits != _GZIP or not chunk.startswith(b"\x1f\x8b"):
                    break  # padding after the end, as browsers ignore it
                self._members = _one_more(self._members)
                self._inflater = zlib.decompressobj(self._wbits)
            try:
                out += self._inflater.decompress(chunk, most + 1 - len(out))
            except zlib.error as error:
                if self._wbits == _ZLIB and not self._begun:
                    # Many servers mean raw deflate.
                    self._wbits = _RAW
                    self._inflater = zlib.decompressobj(_RAW)
                    continue
                raise _mismatch(error) from error
            self._begun = self._begun or bool(out)
            chunk = self._inflater.unused_data
        return bytes(out)

    def whole(self) -> bool:
        return self._inflater.eof


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def feed(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        try:
            while not self._decompressor.is_finished() and len(out) <= most:
                out += self._decompressor.process(chunk, output_buffer_limit=most + 1 - len(out))
                chunk = b""
                if self._decompressor.can_accept_more_data():
                    break
        except brotli.error as error:
            raise _mismatch(error) from error
        return bytes(out)

    def whole(self) -> bool:
        return bool(self._decompressor.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._members = 1
        self._decompressor = self._next()

    def feed(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        try:
            while chunk and len(out) <= most:
                if self._decompressor.eof:
                    self._members = _one_more(self._members)
                    self._decompressor = self._next()
                out += self._decompressor.decompress(chunk, most + 1 - len(out))
                chunk = self._decompressor.unused_data if self._decompressor.eof else b""
        except zstd.ZstdError as error:
            raise _mismatch(error) from error
        return bytes(out)

    def whole(self) -> bool:
        return self._decompressor.eof

    @staticmethod
    def _next() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG})


def _one_more(members: int) -> int:
    if members >= MAX_MEMBERS:
        raise Unreadable(f"the body is packed in more than {MAX_MEMBERS} pieces")
    return members + 1


def _mismatch(error: Exception) -> Unreadable:
    return Unreadable(f"the body is not what its content-encoding says: {error}")


_DECODERS: Mapping[str, Callable[[], _Decoder]] = MappingProxyType(
    {
        "gzip": lambda: _Inflater(_GZIP),
        "x-gzip": lambda: _Inflater(_GZIP),
        "deflate": lambda: _Inflater(_ZLIB),
        "br": _Brotli,
        "zstd": _Zstd,
    }
)
ACCEPTED = "gzip, deflate, br, zstd"
"""What we ask for; the value of Accept-Encoding."""


class Unpacker:
    """Undoes a Content-Encoding as the bytes arrive: none, or up to three of gzip, deflate, br and zstd.

    Each of them, not only the last, may unpack to `max_body` bytes.
    """

    def __init__(self, encoding: str, max_wire: int, max_body: int) -> None:
        names = [n for n in (e.strip().lower() for e in encoding.split(",")) if n not in ("", "identity", "none")]
        if len(names) > MAX_CODINGS or not set(names) <= _DECODERS.keys():
            raise Unreadable(f"content-encoding {encoding[:100]!r} was not asked for")
        # The header names them in the order they were put on.
        self._decoders = [_DECODERS[name]() for name in reversed(names)]
        self._unpacked = [0] * len(names)
        # An unpacked body is measured by the limit for bodies.
        self._max_wire = max_wire if names else max_body
        self._max_body = max_body
        self._wire = 0
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take some bytes. Raises TooLarge or Unreadable; what was unpacked by then, up to the bound, is kept."""
        self._wire += len(chunk)
        for place, decoder in enumerate(self._decoders):
            chunk = decoder.feed(chunk, self._max_body - self._unpacked[place])
            self._unpacked[place] += len(chunk)
            if self._unpacked[place] > self._max_body:
                if decoder is self._decoders[-1]:
                    self._keep(chunk)
                raise TooLarge(f"more than {self._max_body} bytes unpacked")
        self._keep(chunk)
        if self._wire > self._max_wire:
            raise TooLarge(f"more than {self._max_wire} bytes were sent")

    def _keep(self, chunk: bytes) -> None:
        self._body += chunk[: self._max_body - len(self._body)]

    def body(self) -> bytes:
        """All of it. Raises Unreadable where the packed bytes end too soon: half an article is no article."""
        if self._wire and not all(decoder.whole() for decoder in self._decoders):
            raise Unreadable("the packed body ends before its end")
        return bytes(self._body)

    def so_far(self) -> bytes:
        """What came, whole or not: enough to tell one error page from another."""
        return bytes(self._body)
