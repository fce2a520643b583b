"""Rows of Python into a table."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Adds rows in one statement, a column at a time: with a mark for each value it would take longer to read than to run."""
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        con.execute(f"insert into {table} select {', '.join(['unnest(?)'] * len(columns))}", columns)
