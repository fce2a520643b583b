"""Sessions: which events are one shopper's visit.

Events are tied by browser id, click id, page load or the log's own session; a HAR that shows one browser is one shopper.
Ties are followed until nothing changes, then a shopper's events are split after 30 idle minutes. A server event joins the
visit of its browser copy (same id), else the shopper's visit nearest in time (catalogue, Session).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_MODEL = Path(__file__).parent / "model"


def build_sessions(con: duckdb.DuckDBPyConnection) -> None:
    """``visited`` -> ``event_visits``: the number of every event's visit."""
    _run(con, "traces")
    while True:
        _run(con, "spread")
        moved = con.execute("select count(*) from spread s join labels l on l.trace = s.trace where l.label <> s.label").fetchone()
        con.execute("create or replace temp table labels as select trace, label from spread")
        if moved is None or moved[0] == 0:
            break
    _run(con, "visits")


def place_beside(con: duckdb.DuckDBPyConnection) -> None:
    """Fills ``session`` of loads, landings and actions from the events they stand beside."""
    _run(con, "beside")


def _run(con: duckdb.DuckDBPyConnection, script: str) -> None:
    con.execute((_MODEL / f"{script}.sql").read_text(encoding="utf-8"))
