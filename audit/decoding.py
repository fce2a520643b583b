"""From requests to events: every wire file reads the requests it knows, then all of them are joined into one table of events.

Requests come in batches: a file, or a part of a large one. A batch is decoded as soon as it is read and its requests are dropped,
so that no file is ever held whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb

from audit.payloads import note_shapes, tell_violations
from audit.scripts import MODEL, parsed, run_script, run_statements, script
from audit.sessions import build_sessions, place_beside

_WIRE = Path(__file__).parent / "wire"
#: The first line of a wire file, and of what makes forms JSON before: without a request of which this is true it reads nothing.
_READS = "-- reads: "
#: Tables of the run that are gone once the events stand.
STAGING = (
    "decoded", "order_sources", "consent_hits", "clicked_pages", "seen_spans", "several_shapes", "shapes_met", "posts_seen",
    "other_hosts", "unread_payloads", "keyless_requests", "shape_violations",
)  # fmt: skip


_NUMBERED = """
select r.*, f.file_order
from (select *, row_number() over () as read_order from wire_rows) r
join (select source, min(rowid) as file_order from requests group by source) f on f.source = r.source
"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """What every connection that decodes needs for itself: a table for its requests."""
    run_script(con, "requests")


def decode_requests(con: duckdb.DuckDBPyConnection, batch: int, beside: Callable[[], None] = lambda: None) -> None:
    """requests -> decoded, loads, actions, counters, and the shapes of payloads. The requests are gone afterwards.

    ``beside`` begins what may go on while the longest statement of a small audit is planned.
    """
    con.execute("set variable batch = ?", [batch])
    forms = _readable(MODEL / "forms.sql")
    conditions = ", ".join(f"bool_or({condition})" for condition, _ in (*_wires(), forms))
    *known, has_forms = con.execute(f"select {conditions} from requests").fetchone() or ()
    if has_forms:
        run_statements(con, forms[1])
    clean = script("clean")
    read = [query for is_known, (_, query) in zip(known, _wires(), strict=True) if is_known]
    if read:
        # One statement for all: what reduces a row is planned once.
        rows = " union all by name ".join(f"select * from ({query})" for query in read)
        rows = f"{rows} union all by name select * from wire_words"
        if len(read) > 1:
            # Events follow each other as in the files, whatever was decoded together.
            rows = _NUMBERED.replace("wire_rows", f"({rows})")
            clean = clean.rstrip().removesuffix(";") + "\norder by file_order, place, read_order"
        (statement,) = parsed(clean.replace("wire_rows", f"({rows})"))
        beside()
        con.execute(statement)
    run_script(con, "evidence")
    note_shapes(con)
    con.execute("create or replace temp table requests as from requests limit 0")


@cache
def _wires() -> tuple[tuple[str, str], ...]:
    """Every wire file: when it has something to read, and its query."""
    return tuple(_readable(path) for path in sorted(_WIRE.glob("*.sql")))


@cache
def _readable(path: Path) -> tuple[str, str]:
    """When a file has something to read, and its text."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(_READS)
    return text.partition("\n")[0].removeprefix(_READS), text


def join_events(con: duckdb.DuckDBPyConnection) -> None:
    """decoded -> events with their visits, event_items, order_candidates, violations; what became of each file's rows."""
    for step in ("orders", "sends", "visited"):
        run_script(con, step)
    build_sessions(con)
    run_script(con, "events")
    run_script(con, "landings")
    place_beside(con)
    run_script(con, "candidates")
    # After what finds an event's order: where a shop numbers its orders by telephone, their numbers lead to them.
    (phones,) = con.execute("select count(phone_text_digest) from orders").fetchone() or (0,)
    if phones:
        run_script(con, "told_phones")
    tell_violations(con)
    run_script(con, "consent")
    if con.execute("select source from sources where not has_zone").fetchone():
        run_script(con, "clocks")
    con.execute(
        """
        with beside as (
            select source, ref from actions
            union
            select source, ref from loads
        ),
        -- The distinct places of a file, as bits of 64 neighbours: a group for each place would be as many as there are events.
        places as (
            select source, place >> 6 as word, bit_or(cast(1 as ubigint) << (place & 63)) as bits
            from decoded
            group by source, word
        ),
        events_beside as (
            select distinct ref from decoded where ref in (select ref from beside)
        ),
        used as (
            select source, sum(bit_count(bits)) as rows from places group by source
            union all
            select b.source, count(*) from beside b
            where not exists (select 1 from events_beside e where e.ref = b.ref)
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
        set kept = o.kept, ignored = read_rows - o.kept - rejected, superseded = o.superseded
        from (
            select
                source,
                sum(case when is_superseded then 0 else rows end) as kept,
                sum(case when is_superseded then rows else 0 end) as superseded
            from order_sources
            group by source
        ) o
        where o.source = sources.source;
        update sources
        set first_at = w.first_at, last_at = w.last_at
        from (
            select source, min(first_at) as first_at, max(last_at) as last_at from seen_spans group by source
            union all
            select source, min(created_at), max(created_at) from orders group by source
        ) w
        where w.source = sources.source;
        """
    )
    con.execute(
        """
        update sources
        set has_bodies = p.has_bodies,
            gaps = nullif(concat_ws('; ', sources.gaps, case when not p.has_bodies then $bodiless end), '')
        from (select source, bool_or(has_body) as has_bodies from posts_seen group by source) p
        where p.source = sources.source and sources.kind = 'server'
        """,
        {
            "bodiless": "its requests to a platform or relay were logged without their bodies, with all of them blotted out,"
            " or in a form of the log's own"
        },
    )
    # What a shop's web server was asked for says nothing of what it sent. A log that names others' hosts is one of what was sent.
    con.execute(
        """
        with own_hosts as (
            select distinct regexp_replace(url_host(page_url), '^www[.]', '') as host from events where page_url is not null
            union
            select domain from plan_domains
        ),
        strangers as (
            select distinct h.source
            from other_hosts h
            where not exists (select 1 from own_hosts o where h.host = o.host or ends_with(h.host, '.' || o.host))
        )
        update sources
        set has_bodies = false, gaps = concat_ws('; ', gaps, $visits)
        where kind = 'server'
          and read_rows > rejected
          and source not in (select source from posts_seen)
          and source not in (select source from strangers)
          and source not in (select source from events)
        """,
        {"visits": "not one of its requests goes to a platform or a relay"},
    )
