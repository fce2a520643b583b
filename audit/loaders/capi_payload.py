"""Bare payloads of the Meta Conversions API or the TikTok Events API: what was to be sent, not when, and to what answer."""

from __future__ import annotations

import duckdb

from audit.loaders._bare import META_URL, TIKTOK_URL, is_event, is_payload, keys_of_events
from audit.loaders._records import read_records
from audit.loaders._requests import insert_requests
from audit.loaders._source import Source, Tally

KIND = "server"
FORMATS = ("bare payloads of the Meta Conversions API or the TikTok Events API (JSON, NDJSON)",)


def claims(source: Source) -> bool:
    """An object whose ``data`` lists a platform's server events, or those events themselves."""
    if source.mapped_kind is not None:
        return False
    if source.shape == "json_object":
        return is_payload(frozenset(source.keys), frozenset(source.members.get("data", ()))) or is_event(frozenset(source.keys))
    if source.shape not in ("ndjson", "json_array") or "url" in source.record_keys:
        return False
    return any(is_event(frozenset(record)) or is_payload(frozenset(record), keys_of_events(record)) for record in source.records)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """A payload becomes the request it was made for; its events' own times stand in for the time of sending."""
    read, bad = read_records(con, source)
    is_event = "json_exists(record, '$.event_name')"
    lists_events = "json_type(json_extract(record, '$.data')) = 'ARRAY'"
    con.execute(
        f"""
        insert into rejects
        select ? || ':' || place, ?, 'neither an event nor a list of events under data'
        from records
        where not ({is_event} or {lists_events})
        """,
        [source.name, source.name],
    )
    foreign = (con.execute(f"select count(*) from records where not ({is_event} or {lists_events})").fetchone() or (0,))[0]
    con.execute(
        f"""
        create or replace temp table records as
        select
            place,
            json_object(
                'method', 'POST',
                'url', case when json_exists(record, '$.event_source_id') then '{TIKTOK_URL}' else '{META_URL}' end,
                'body', case when {lists_events} then record else json_object('data', [record]) end) as record
        from records
        where {is_event}
           or {lists_events}
        """
    )
    rejected, _ = insert_requests(con, source, evidence="server", needs_time=False)
    gaps = ("payloads only: no time of sending, no answer, and for Meta no pixel id",)
    return Tally(read=read, rejected=bad + foreign + rejected, has_statuses=False, gaps=gaps)
