"""Paths as DuckDB takes them, lines as Python takes them, and how long one record may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit.errors import InputError
from audit.loaders._source import Source
from audit.spill import private_folder

#: One JSON value or row may be this long; a longer line is no log line.
MAX_RECORD_BYTES = 64 << 20


@contextmanager
def plain_path(source: Source) -> Iterator[str]:
    """A path DuckDB takes literally: names with wildcard characters are reached through a link."""
    if not set(str(source.path)) & set("*?[]{}"):
        yield str(source.path)
        return
    with private_folder() as folder:
        link = folder / "input"
        link.symlink_to(source.path.resolve())
        yield str(link)


def lines(source: Source) -> Iterator[bytes]:
    """The unpacked lines, each with its end.

    Raises:
        InputError: one is longer than any record.
    """
    with source.open() as stream:
        while line := stream.readline(MAX_RECORD_BYTES + 1):
            if len(line) > MAX_RECORD_BYTES:
                raise InputError(f"{source.name}: a line of more than {MAX_RECORD_BYTES >> 20} MiB is no record. Export it again.")
            yield line


def line_count(source: Source) -> int:
    """How many lines a log holds, blank ones too; a last one may have no end."""
    if source.lines is not None:
        return source.lines
    ends, last = 0, b"\n"
    with source.open() as stream:
        while chunk := stream.read(1 << 20):
            ends += chunk.count(b"\n")
            last = chunk[-1:]
    return ends + (last != b"\n")


def whole(source: Source) -> bytes:
    """The unpacked bytes of a file that is small by nature.

    Raises:
        InputError: it is not.
    """
    with source.open() as stream:
        content = stream.read(MAX_RECORD_BYTES + 1)
    if len(content) > MAX_RECORD_BYTES:
        raise InputError(f"{source.name}: more than {MAX_RECORD_BYTES >> 20} MiB. Export it in parts.")
    return content
