"""Logs that write a request in one line and its answer in another: both carry the id that the logger gave the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from audit.loaders._nested import REQUEST_IDS
from audit.loaders._records import quoted
from audit.loaders._request_fields import bare, field_sql, names_of
from audit.loaders._source import Source

#: In a log of requests alone a plain id is one too.
_IDS = (*REQUEST_IDS, "callid", "id")
#: What a platform's or a relay's events are told in, and none of their answers.
_HOLDS_EVENTS = r'"(data|events|batch)"\s*:\s*\[|"(event_name|event_source|event_source_id|event|pixelId)"\s*:'


def id_of_halves(source: Source) -> str | None:
    """The field by which a request's line and its answer's belong together, where the first rows are such halves."""
    for key in dict.fromkeys(key for record in source.records for key in record):
        if bare(key) in _IDS and _has_halves(source, key):
            return key
    return None


def _has_halves(source: Source, key: str) -> bool:
    named = (record for record in source.records if record.get(key))
    rows = [(str(record[key]), _told(source, record, "status"), _told(source, record, "url")) for record in named]
    asked = {name for name, status, url in rows if status is None and url is not None}
    return any(name in asked for name, status, _ in rows if status is not None)


def _told(source: Source, record: Mapping[str, Any], field: str) -> Any:
    return next((record[name] for name in names_of(source, field) if record.get(name) not in (None, "")), None)


def join_answers(con: duckdb.DuckDBPyConnection, source: Source, key: str) -> None:
    """Gives each request in ``records`` that was written without its answer the one of the same id, and takes the answer's row out.

    An id may name several requests: the nth answer is the nth request's.
    """
    con.execute(
        f"""
        create or replace temp table answers as
        with named as (
            select
                rowid as own_row,
                place,
                json_extract_string(record, '$.{_path(key)}') as id,
                try_cast({field_sql(source, "status")} as integer) as status,
                {field_sql(source, "url")} as url,
                {field_sql(source, "body")} as body,
                {field_sql(source, "response")} as response
            from records
        ),
        asked as (
            select
                own_row,
                place,
                id,
                row_number() over (partition by id order by place, own_row) as nth
            from named
            where status is null
              and response is null
              and url is not null
              and body is not null
        ),
        answered as (
            select
                own_row,
                place,
                id,
                status,
                coalesce(response, body) as told,
                row_number() over (partition by id order by place, own_row) as nth
            from named
            where status is not null
              and not coalesce(regexp_matches(body, {quoted(_HOLDS_EVENTS)}), false)
        )
        select
            q.own_row as asked_row,
            a.own_row as answer_row,
            a.status,
            a.told
        from asked q
        join answered a on a.id = q.id and a.nth = q.nth
        where a.place >= q.place
        """
    )
    status, response = (quoted(names_of(source, field)[0]) for field in ("status", "response"))
    con.execute(
        f"""
        update records
        set record = json_merge_patch(record, json_object({status}, a.status, {response}, a.told))
        from answers a
        where a.asked_row = records.rowid
        """
    )
    con.execute("delete from records where rowid in (select answer_row from answers); drop table answers")


def drop_neighbours(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Takes the rows out again that are another slice's own."""
    if source.own_lines:
        con.execute("delete from records where place not between ? and ?", list(source.own_lines))


def _path(key: str) -> str:
    return '"' + key.replace('"', "").replace("'", "''") + '"'
