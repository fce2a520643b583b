"""Google Cloud Logging exports: entries that wrap a tag's line, a request log's row, or a request Google itself saw."""

from __future__ import annotations

import duckdb

from audit.loaders._records import read_records
from audit.loaders._request_fields import SYNONYMS
from audit.loaders._requests import insert_requests
from audit.loaders._source import Source, Tally
from audit.loaders._tags import is_tag_line, pair_tag_lines

KIND = "server"
FORMATS = (
    "Google Cloud Logging export (JSON array, NDJSON, CSV) around tag logs or request logs: textPayload, jsonPayload, httpRequest",
)

_ENTRY = frozenset({"insertid", "logname", "receivetimestamp"})
_PAYLOADS = ("textPayload", "jsonPayload", "httpRequest")


def claims(source: Source) -> bool:
    """Entries with Google's own envelope around a payload."""
    if source.mapped_kind is not None or source.shape not in ("ndjson", "json_array", "csv", "parquet"):
        return False
    keys = source.record_keys
    holds = {key.partition(".")[0] for key in keys} & {name.lower() for name in _PAYLOADS}
    return bool(keys & _ENTRY) and "timestamp" in keys and bool(holds)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """What is wrapped is read as if it stood alone, at the entry's time; entries about nothing sent are ignored."""
    read, bad = read_records(con, source)
    if source.shape in ("csv", "parquet"):
        _fold_columns(con, source)
    con.execute(
        """
        insert into rejects
        select ? || ':' || place, ?, 'no timestamp in this entry'
        from records
        where json_extract_string(record, '$.timestamp') is null
        """,
        [source.name, source.name],
    )
    con.execute(
        """
        create or replace temp table entries as
        select
            place,
            json_extract_string(record, '$.timestamp') as seen,
            json_extract(record, '$.httpRequest') as http,
            case
                when json_type(json_extract(record, '$.jsonPayload')) = 'OBJECT' then json_extract(record, '$.jsonPayload')
                else try(cast(coalesce(
                    json_extract_string(record, '$.jsonPayload'),
                    json_extract_string(record, '$.textPayload'),
                    json_extract_string(record, '$.jsonPayload.message')) as json))
            end as payload
        from records
        """
    )
    timeless = (con.execute("select count(*) from entries where seen is null").fetchone() or (0,))[0]
    con.execute("delete from entries where seen is null; delete from records")
    con.execute(
        f"""
        create or replace temp table tag_lines as
        select place, seen, payload as record from entries where json_type(payload) = 'OBJECT' and {is_tag_line("payload")}
        """
    )
    pair_tag_lines(con)
    has_url = " or ".join(f"json_exists(payload, '$.{name}')" for name in SYNONYMS["url"])
    con.execute(
        f"""
        insert into records
        with others as (
            select
                place,
                seen,
                http,
                case when json_type(payload) = 'OBJECT' then payload else cast('{{}}' as json) end as payload
            from entries
            where place not in (select place from tag_lines)
        )
        select
            place,
            json_merge_patch(
                json_object('ts', seen),
                json_merge_patch('{{}}', json_object(
                    'method', json_extract_string(http, '$.requestMethod'),
                    'url', json_extract_string(http, '$.requestUrl'),
                    'status', json_extract_string(http, '$.status'),
                    'user_agent', json_extract_string(http, '$.userAgent'),
                    'referrer', json_extract_string(http, '$.referer'))),
                payload)
        from others
        where http is not null
           or {has_url}
        """
    )
    con.execute("drop table entries; drop table tag_lines")
    rejected, statuses = insert_requests(con, source, evidence="server")
    gaps = () if statuses else ("no response status",)
    return Tally(read=read, rejected=bad + timeless + rejected, has_statuses=statuses, gaps=gaps)


def _fold_columns(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """A table's ``jsonPayload.url`` columns as the nested object an entry has."""
    parts = ["'timestamp', json_extract_string(record, '/timestamp')"]
    for payload in _PAYLOADS:
        inner = [key for key in source.keys if key.startswith(f"{payload}.")]
        cells = ", ".join(f"{_text(key.partition('.')[2])}, json_extract_string(record, {_text('/' + key)})" for key in inner)
        whole = f"json_extract_string(record, '/{payload}')"
        folded = f"nullif(json_merge_patch('{{}}', json_object({cells})), cast('{{}}' as json))" if inner else "null"
        as_json = f"coalesce(try(cast({whole} as json)), to_json({whole}))"
        parts.append(f"'{payload}', coalesce({as_json}, {folded})")
    con.execute(f"update records set record = json_merge_patch('{{}}', json_object({', '.join(parts)}))")


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
