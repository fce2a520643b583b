"""``audit.duckdb``: the canonical tables for whoever wants to ask further, without personal data."""

from __future__ import annotations

from pathlib import Path

import duckdb

from audit.engine import Audit
from audit.public import TABLES, public_query
from audit.views import view

#: What is a view here is one there, on this table: written out it would hold every event a second time.
_VIEWS = {"pairs": "event_pairs"}


def export(audit: Audit, path: Path) -> None:
    """Writes the tables of an audit into a new database file."""
    con = audit.con
    con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as packet_db")
    try:
        for table in (_VIEWS.get(name, name) for name in TABLES):
            con.execute(f"create table packet_db.{table} as {public_query(con, table)}")
        _copy_views(con)
    finally:
        con.execute("detach packet_db")


def _copy_views(con: duckdb.DuckDBPyConnection) -> None:
    """A cursor of its own: a view is made where its tables are looked for."""
    with con.cursor() as there:
        there.execute("use packet_db")
        for name in _VIEWS:
            there.execute(view(name))
