"""``audit.duckdb``: the canonical tables for whoever wants to ask further, without personal data."""

from __future__ import annotations

from pathlib import Path

from audit.engine import Audit
from audit.public import TABLES, public_query


def export(audit: Audit, path: Path) -> None:
    """Writes the tables of an audit into a new database file."""
    con = audit.con
    con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as packet_db")
    try:
        for table in TABLES:
            con.execute(f"create table packet_db.{table} as {public_query(con, table)}")
    finally:
        con.execute("detach packet_db")
