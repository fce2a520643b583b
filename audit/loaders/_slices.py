"""A large log cut into slices at the ends of its lines, so that it is never held whole and several are read at once.

A slice is a file of its own in a private folder; it stands for its source in every way but one: its first line is not line 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import IO

from audit.errors import InputError, SpaceError
from audit.loaders._paths import MAX_RECORD_BYTES
from audit.loaders._source import Source

#: Bytes of a slice where memory allows: large enough that planning its statements does not count.
SLICE_BYTES = 48 << 20
#: So many are held at once.
_CHUNK_BYTES = 1 << 20
#: What stands in two lines stands within so many bytes.
EDGE_BYTES = 1 << 20


def slices(source: Source, folder: Path, size: int, edge: int = 0) -> Iterator[Source]:
    """The source in slices of about ``size`` bytes, in order. Whoever takes one removes its file.

    With an ``edge`` each holds up to so many bytes of the lines before and behind its own.

    Raises:
        InputError: a line is longer than any record.
        SpaceError: the disk of the folder is full.
    """
    lines_before = 0
    before = b""
    with source.open() as stream:
        rest = stream.read(min(size, _CHUNK_BYTES))
        for number in count():
            if not rest:
                return
            path = folder / f"{number}.ndjson"
            with path.open("w+b") as slice_:
                _write(slice_, before, source.name)
                lines, longest, rest = _fill(slice_, rest, stream, size + len(before), source.name)
                led = before.count(b"\n")
                before = _last_lines(slice_, edge)
                while len(rest) <= edge and (chunk := stream.read(_CHUNK_BYTES)):
                    rest += chunk
                behind = rest if len(rest) <= edge else rest[: rest[:edge].rfind(b"\n") + 1]
                _write(slice_, behind, source.name)
            part = replace(source, path=path, packing="none", lines_before=lines_before, lines=lines, longest_line=longest)
            if edge:
                part = replace(
                    part,
                    lines_before=lines_before - led,
                    lines=led + lines + behind.count(b"\n") + (behind[-1:] not in (b"", b"\n")),
                    longest_line=max(longest, 2 * edge),
                    own_lines=(lines_before + 1, lines_before + lines),
                )
            yield part
            lines_before += lines


def _last_lines(slice_: IO[bytes], edge: int) -> bytes:
    """The whole lines within the last bytes of what was written."""
    end = slice_.tell()
    slice_.seek(max(0, end - edge))
    last = slice_.read(edge)
    slice_.seek(end)
    return last if len(last) == end else last[last.find(b"\n") + 1 :]


def _fill(slice_: IO[bytes], chunk: bytes, stream: IO[bytes], size: int, name: str) -> tuple[int, int, bytes]:
    """Writes a slice that begins with ``chunk``: its lines, the bytes none of them exceeds, and what was read behind its end."""
    lines = open_bytes = 0  # bytes of a line that has not ended yet
    longest = 2 * _CHUNK_BYTES
    while chunk:
        end = chunk.rfind(b"\n") + 1
        lines += chunk.count(b"\n")
        longest = max(longest, open_bytes + len(chunk) + 1)
        open_bytes = len(chunk) - end + (0 if end else open_bytes)
        if open_bytes > MAX_RECORD_BYTES:
            raise InputError(f"{name}: a line of more than {MAX_RECORD_BYTES >> 20} MiB is no record. Export it again.")
        if end and slice_.tell() + end >= size:
            _write(slice_, memoryview(chunk)[:end], name)
            return lines, longest, chunk[end:] or stream.read(min(size, _CHUNK_BYTES))
        _write(slice_, chunk, name)
        chunk = stream.read(min(size, _CHUNK_BYTES))
    return lines + (open_bytes > 0), longest, b""


def _write(slice_: IO[bytes], part: bytes | memoryview, name: str) -> None:
    try:
        slice_.write(part)
        slice_.flush()
    except OSError as error:
        raise SpaceError(
            f"{Path(slice_.name).parent.parent}: cannot be written to ({error.strerror}). A part of {name} lies there while it is"
            " read. Free space, or set TMPDIR to a folder on a larger disk."
        ) from error
