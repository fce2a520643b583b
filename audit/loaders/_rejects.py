"""Rows Python could not identify, on their way into ``rejects``: many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from audit.loaders._source import Source


def insert_rejects(con: duckdb.DuckDBPyConnection, source: Source, rejects: Sequence[tuple[int, str]], mark: str = ":") -> None:
    """Stores places and reasons; ``mark`` stands between a file's name and a place."""
    if rejects:
        places, reasons = zip(*rejects, strict=True)
        con.execute(
            "insert into rejects select ? || ? || unnest(?::bigint[]), ?, unnest(?::varchar[])",
            [source.name, mark, list(places), source.name, list(reasons)],
        )
