"""Further connections to the tables of a run, for work that goes on at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def hands(con: duckdb.DuckDBPyConnection, count: int) -> Iterator[list[duckdb.DuckDBPyConnection]]:
    """``count`` connections that see what ``con`` has committed, under the same names and with the same variables."""
    (path,) = con.execute("select current_setting('search_path')").fetchone() or ("",)
    names = [name for (name,) in con.execute("select name from duckdb_variables()").fetchall()]
    asked = ", ".join(f"getvariable('{name}')" for name in names)
    values = con.execute(f"select {asked}").fetchone() or ()
    made = [con.cursor() for _ in range(count)]
    try:
        for hand in made:
            hand.execute("set search_path = ?", [path])
            for name, value in zip(names, values, strict=True):
                hand.execute(f"set variable {name} = ?", [value])
        yield made
    finally:
        for hand in made:
            hand.close()
