"""Bytes as they come over the wire → the body, within a bound: a bomb is refused before it bursts."""

from __future__ import annotations

import zlib
from typing import Final

_MAX_MEMBERS = 64
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15


class TooLarge(ValueError):
    """More bytes than are allowed."""


class Unreadable(ValueError):
    """The bytes are not in the encoding that the header names."""


class Unpacker:
    """Undoes one Content-Encoding as the bytes arrive: none, gzip or deflate."""

    def __init__(self, encoding: str, max_wire: int, max_body: int) -> None:
        names = [n for n in (e.strip().lower() for e in encoding.split(",")) if n not in ("", "identity", "none")]
        if len(names) > 1 or not set(names) <= {"gzip", "x-gzip", "deflate"}:
            raise Unreadable(f"content-encoding {encoding[:100]!r} was not asked for")
        self._packed = bool(names)
        self._wbits = _ZLIB if names == ["deflate"] else _GZIP
        # An unpacked body is measured by the limit for bodies.
        self._max_wire = max_wire if self._packed else max_body
        self._max_body = max_body
        self._wire = 0
        self._members = 0
        self._body = bytearray()
        self._inflater = zlib.decompressobj(self._wbits) if self._packed else None

    def feed(self, chunk: bytes) -> None:
        """Take some bytes. Raises TooLarge or Unreadable."""
        self._wire += len(chunk)
        if self._wire > self._max_wire:
            raise TooLarge(f"more than {self._max_wire} bytes were sent")
        if self._inflater is None:
            self._body += chunk
            return
        while chunk:
            chunk = self._inflate(chunk)

    def _inflate(self, chunk: bytes) -> bytes:
        """Take in a chunk; what is left of it belongs to another member."""
        assert self._inflater is not None
        if self._inflater.eof:
            if self._wbits != _GZIP or not chunk.startswith(b"\x1f\x8b") or self._members >= _MAX_MEMBERS:
                return b""  # padding after the end, as browsers ignore it
            self._members += 1
            self._inflater = zlib.decompressobj(self._wbits)
        try:
            self._body += self._inflater.decompress(chunk, self._max_body + 1 - len(self._body))
        except zlib.error as error:
            if self._wbits == _ZLIB and not self._body:
                # Many servers mean raw deflate.
                self._wbits = _RAW
                self._inflater = zlib.decompressobj(_RAW)
                return chunk
            raise Unreadable(f"the body is not what its content-encoding says: {error}") from error
        if len(self._body) > self._max_body:
            raise TooLarge(f"more than {self._max_body} bytes unpacked")
        return self._inflater.unused_data

    def body(self) -> bytes:
        """All of it. Raises Unreadable where the packed bytes end too soon: half an article is no article."""
        if self._inflater is not None and self._wire and not self._inflater.eof:
            raise Unreadable("the packed body ends before its end")
        return bytes(self._body)
