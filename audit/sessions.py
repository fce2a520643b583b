"""Sessions: which events are one shopper's visit.

Events are tied by browser id, click id, page load or the log's own session; a HAR that shows one browser is one shopper.
Ties are followed until nothing changes, then a shopper's events are split after 30 idle minutes. A server event joins the
visit of its browser copy (same id), else the shopper's visit nearest in time (catalogue, Session).
"""

from __future__ import annotations

import duckdb

from audit.scripts import run_script


def build_sessions(con: duckdb.DuckDBPyConnection) -> None:
    """``visited`` -> ``event_visits``: the number of every event's visit."""
    run_script(con, "traces")
    while True:
        run_script(con, "spread")
        moved = con.execute("select count(*) from spread s join labels l on l.trace = s.trace where l.label <> s.label").fetchone()
        con.execute("create or replace temp table labels as select trace, label from spread")
        if moved is None or moved[0] == 0:
            break
    run_script(con, "visits")


def place_beside(con: duckdb.DuckDBPyConnection) -> None:
    """Fills ``session`` of loads, landings and actions from the events they stand beside."""
    run_script(con, "beside")
