"""A large log cut into slices at the ends of its lines, so that it is never held whole and several are read at once.

A slice is a file of its own in a private folder; it stands for its source in every way but one: its first line is not line 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from audit.errors import InputError
from audit.loaders._paths import MAX_RECORD_BYTES
from audit.loaders._source import Source

#: Bytes of a slice: large enough that planning its statements does not count, small enough that two fit a bound of 400 MB.
SLICE_BYTES = 48 << 20


def slices(source: Source, folder: Path, size: int) -> Iterator[Source]:
    """The source in slices of about ``size`` bytes, in order. Whoever takes one removes its file.

    Raises:
        InputError: a line is longer than any record.
    """
    lines_before, rest = 0, b""
    with source.open() as stream:
        for number, chunk in enumerate(iter(lambda: stream.read(size), b"")):
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest += chunk
                if len(rest) > MAX_RECORD_BYTES:
                    raise InputError(
                        f"{source.name}: a line of more than {MAX_RECORD_BYTES >> 20} MiB is no record. Export it again."
                    )
                continue
            path = folder / f"{number}.ndjson"
            with path.open("wb") as slice_:
                slice_.write(rest)
                slice_.write(memoryview(chunk)[:end])
            yield replace(source, path=path, packing="none", lines_before=lines_before)
            lines_before += rest.count(b"\n") + chunk.count(b"\n")
            rest = chunk[end:]
    if rest:
        path = folder / "last.ndjson"
        path.write_bytes(rest)
        yield replace(source, path=path, packing="none", lines_before=lines_before)
