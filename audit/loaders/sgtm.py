"""Tag logs of a server container (Stape's tags and the GTM standard), from its console or from BigQuery."""

from __future__ import annotations

import duckdb

from audit.loaders._records import read_records
from audit.loaders._request_fields import is_tag_log
from audit.loaders._requests import insert_requests
from audit.loaders._source import Source, Tally
from audit.loaders._tags import is_tag_line, pair_tag_lines

KIND = "server"
FORMATS = ("server GTM tag log (Stape, GTM standard; NDJSON, JSON array, CSV, Parquet, BigQuery rows): Request and Response lines",)


def claims(source: Source) -> bool:
    """Lines of type Request and Response that share a trace."""
    if source.mapped_kind is not None or source.shape not in ("ndjson", "json_array", "csv", "parquet"):
        return False
    return is_tag_log(source.record_keys)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """A request and its answer become one request; messages are ignored, a line of no type is a reject."""
    read, bad = read_records(con, source)
    con.execute(
        f"""
        create or replace temp table tag_lines as
        select place, cast(null as varchar) as seen, record from records where {is_tag_line("record")}
        """
    )
    con.execute(
        f"""
        insert into rejects
        select ? || ':' || place, ?, 'no Type and TraceId in this row'
        from records
        where not {is_tag_line("record")}
        """,
        [source.name, source.name],
    )
    foreign = (con.execute(f"select count(*) from records where not {is_tag_line('record')}").fetchone() or (0,))[0]
    con.execute("delete from records")
    pair_tag_lines(con)
    con.execute("drop table tag_lines")
    timed = (con.execute("select count(json_extract(record, '$.ts')) from records").fetchone() or (0,))[0]
    rejected, statuses = insert_requests(con, source, evidence="server", needs_time=False)
    gaps = []
    if not timed:
        gaps.append("no times of sending: the events' own times stand in")
    if not statuses:
        gaps.append("no response status")
    return Tally(read=read, rejected=bad + foreign + rejected, has_statuses=statuses, gaps=tuple(gaps))
