"""Rows copied by hand from a platform's Test Events page, which has no export: what the platform itself said it received."""

from __future__ import annotations

import duckdb

from audit.loaders._cells import read_cells
from audit.loaders._columns import Columns
from audit.loaders._source import Source, Tally

KIND = "diagnostics"
FORMATS = ("Test Events rows copied by hand (CSV): event, source (Browser or Server), event_id, status, and platform if not Meta",)

_EVENT = ("event", "event_name")
_SOURCE = ("source", "received_from")
#: Columns that make a file something else: daily totals, a log of calls or of requests, orders.
_NOT_TEST_EVENTS = ("count", "event_count", "value", "date", "day", "url", "body", "params", "pixel_id", "order_id", "total")


def claims(source: Source) -> bool:
    """An event, who sent it, its id and what the page says became of it, and nothing of any other kind of file."""
    if source.mapped_kind is not None or source.shape != "csv":
        return False
    columns = Columns(source.keys)
    told = all(columns.has(*names) for names in (_EVENT, _SOURCE, ("event_id",), ("status",)))
    return told and not columns.has(*_NOT_TEST_EVENTS)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an event as the page lists it; a row that does not name its event and its channel is a reject."""
    read, bad = read_cells(con, source)
    columns = Columns(source.keys, cells=True)
    con.execute(
        f"""
        create or replace temp table listed as
        select
            place,
            {columns.text(*_EVENT)} as event_name,
            case lower({columns.text(*_SOURCE)})
                when 'browser' then 'browser' when 'pixel' then 'browser' when 'server' then 'server' end as channel,
            {columns.text("event_id")} as event_id,
            lower(word_shown({columns.text("status")})) as status,
            coalesce(lower({columns.text("platform")}), 'meta') as platform
        from cells
        """
    )
    unusable = "event_name is null or channel is null"
    con.execute(
        f"""
        insert into rejects
        select
            ? || ':' || place,
            ?,
            case when event_name is null then 'no event name in this row' else 'the source is neither Browser nor Server' end
        from listed
        where {unusable}
        """,
        [source.name, source.name],
    )
    con.execute(
        f"""
        insert into test_events by name
        select
            ? || ':' || place as ref,
            ? as source,
            masked(platform) as platform,
            name_shown(masked(event_name)) as event_name,
            channel,
            masked_id(event_id) as event_id,
            status
        from listed
        where not ({unusable})
        order by place
        """,
        [source.name, source.name],
    )
    kept, rejected = con.execute(
        f"select count(*) filter (where not ({unusable})), count(*) filter (where {unusable}) from listed"
    ).fetchone() or (0, 0)
    con.execute("drop table listed; drop table cells")
    gaps = ("copied by hand: what it says is a person's word, and no check but the evidence card rests on it",)
    return Tally(read=read, kept=kept, ignored=read - kept - rejected - bad, rejected=rejected + bad, gaps=gaps)
