"""From requests to events: every wire file reads the requests it knows, then all of them are joined into one table of events."""

from __future__ import annotations

from pathlib import Path

import duckdb

from audit.payloads import note_shapes, tell_violations
from audit.sessions import build_sessions, place_beside

_MODEL = Path(__file__).parent / "model"
_WIRE = Path(__file__).parent / "wire"


def decode_requests(con: duckdb.DuckDBPyConnection) -> None:
    """requests -> decoded, loads, landings, actions, counters, and the shapes of payloads. The requests are gone afterwards."""
    con.execute("set variable decoded_before = (select count(*) from decoded)")
    for path in sorted(_WIRE.glob("*.sql")):
        con.execute(f"insert into decoded by name {path.read_text(encoding='utf-8')}")
    _run(con, "evidence")
    note_shapes(con)
    con.execute(
        """
        update sources
        set first_at = w.first_at, last_at = w.last_at
        from (select source, min(seen_at) as first_at, max(seen_at) as last_at from requests group by source) w
        where w.source = sources.source;
        create or replace temp table requests as from requests limit 0;
        """
    )


def join_events(con: duckdb.DuckDBPyConnection) -> None:
    """decoded -> events with their visits, event_items, order_candidates, violations; what became of each file's rows."""
    for script in ("orders", "sends", "visited"):
        _run(con, script)
    build_sessions(con)
    _run(con, "events")
    place_beside(con)
    (phones,) = con.execute("select count(phone_text_digest) from orders").fetchone() or (0,)
    if phones:
        _run(con, "told_phones")
    _run(con, "candidates")
    tell_violations(con)
    _run(con, "consent")
    con.execute(
        """
        with beside as (
            select source, ref from actions
            union
            select source, ref from loads
        ),
        used as (
            select source, count(distinct place) as rows from decoded group by source
            union all
            select b.source, count(*) from beside b
            where not exists (select 1 from decoded d where d.ref = b.ref)
            group by b.source
        ),
        counts as (
            select source, sum(rows) as kept from used group by source
        )
        update sources
        set kept = coalesce((select kept from counts c where c.source = sources.source), 0)
        where kept is null;
        update sources set ignored = read_rows - kept - rejected where ignored is null;
        update sources
        set first_at = w.first_at, last_at = w.last_at
        from (select source, min(created_at) as first_at, max(created_at) as last_at from orders group by source) w
        where w.source = sources.source;
        """
    )


def _run(con: duckdb.DuckDBPyConnection, script: str) -> None:
    con.execute((_MODEL / f"{script}.sql").read_text(encoding="utf-8"))
