"""Paths as DuckDB takes them, and how long one record may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
