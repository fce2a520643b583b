"""A large JSON document on its way to the parser, bounded: what one text, one entry and one nesting may cost.

The parser reads a text again from its first byte with every piece it comes in, and a path again with every level, so a single
hostile value could keep it busy for hours. Here texts arrive whole, the overlong ones empty, and no entry grows without end.
"""

from __future__ import annotations

import re
from typing import IO

_CLOSING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
#: Backwards: the quote before any other, with an even number of backslashes in front of it.
_LAST_QUOTE = re.compile(rb'"(?:\\\\)*+(?!\\)')

_PIECE = 64 << 10
#: An entry with no more brackets than this is not looked into: it can be neither deep nor large.
_HARMLESS = 2500
_MAX_ENTRY, _MAX_LEVELS, _MAX_VALUES = 64 << 20, 1000, 1_000_000


class JsonStream:
    """Hands a document on in pieces that never cut a text; a text of more than ``limit`` bytes is handed on empty."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._held = b""  # a backslash at the end of what was read: the next byte belongs to it
        self._open: list[bytes] = []  # of a text that has not ended, from its quote on; empty between texts
        self._length = 0
        self._size = self._brackets = self._commas = self._levels = self._values = 0  # since the last entry

    def begin_entry(self) -> None:
        """Says that an entry is complete: the next one begins to count."""
        self._size = self._brackets = self._commas = self._levels = self._values = 0

    def read(self, size: int = _PIECE) -> bytes:
        """The next piece; empty only at the end.

        Raises:
            ValueError: an entry is larger or nested deeper than any recorder writes.
        """
        if size == 0:
            return b""  # the parser asks whether bytes come out of here
        while chunk := self._read(size):
            if piece := self._pass_on(chunk):
                return piece
        rest, self._open = b"".join(self._open), []
        return rest

    def _read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        if not chunk:
            chunk, self._held = self._held, b""
            return chunk
        chunk = self._held + chunk
        backslashes = len(chunk) - len(chunk.rstrip(b"\\"))
        self._held = b"\\" if backslashes % 2 else b""
        return (chunk[:-1] if self._held else chunk) or self._read(size)

    def _pass_on(self, chunk: bytes) -> bytes:
        start = 0
        passed: list[bytes] = []
        if self._open:
            found = _CLOSING.match(chunk)
            start = found.end() if found else len(chunk)
            self._length += start
            if self._length > self._limit:
                self._open = [b'"', b'"'] if found else [b'"']
            else:
                self._open.append(chunk[:start])
            if not found:
                return b""
            passed, self._open = self._open, []
        # Between two texts at ``start``, and after any line end: no text holds one as it is.
        outside = chunk.rfind(b"\n", start) + 1 or start
        end = len(chunk)
        if _ends_in_text(chunk[outside:]):
            end -= 1 + _last_quote(chunk)
            self._open, self._length = [chunk[end:]], len(chunk) - end
        passed.append(chunk[start:end])
        piece = b"".join(passed)
        self._count(len(piece), passed[-1])
        return piece

    def _count(self, size: int, part: bytes) -> None:
        """Counts what stands outside the texts of one piece; ``part`` holds whole texts and what is between them."""
        self._size += size
        self._brackets += part.count(b"{") + part.count(b"[")
        self._commas += part.count(b",")
        if self._brackets > _HARMLESS or self._commas > _MAX_VALUES:
            bare = _TEXT.sub(b"", part)
            self._values += bare.count(b",")
            self._levels += bare.count(b"{") + bare.count(b"[") - bare.count(b"}") - bare.count(b"]")
        if self._size > _MAX_ENTRY or self._values > _MAX_VALUES:
            raise ValueError("one entry is larger than any recorder writes")
        if self._levels > _MAX_LEVELS:
            raise ValueError("nested deeper than any recorder writes")


def _ends_in_text(part: bytes) -> bool:
    if b"\\" in part:
        part = part.replace(b"\\\\", b"")
        return (part.count(b'"') - part.count(b'\\"')) % 2 == 1
    return part.count(b'"') % 2 == 1


def _last_quote(chunk: bytes) -> int:
    """How far from the end the last quote stands that is no part of a text."""
    found = _LAST_QUOTE.search(chunk[::-1])
    assert found is not None
    return found.start()
