"""Logs of pixel calls: raw (the request as it left) or decoded (platform, event, parameters, as a helper extension writes)."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb

from audit.loaders._mapped import list_key, name_fields
from audit.loaders._paths import plain_path
from audit.loaders._records import NO_OBJECT, damage_told, quoted, read_records, rows_of
from audit.loaders._request_fields import has_browser_urls, is_raw, names_of
from audit.loaders._requests import insert_requests, insert_straight, reject_problems, took_every_line
from audit.loaders._source import Source, Tally

#: Rows are understood one by one.
IN_SLICES = True
KIND = "browser"
FORMATS = (
    "pixel log, raw (NDJSON, JSON array, CSV, Parquet): ts, method, url, body",
    "pixel log, decoded (the same containers): ts, platform, pixel_id, event, event_id, params, page_url, cookies, …",
)

_EVENT_KEYS = frozenset({"event", "event_name"})
_PARAMS = ("params", "parameters", "properties", "custom_data")
#: Parameters that a table, or a flattened log, has as columns of their own.
_OWN_COLUMNS = ("value", "currency", "contents", "content_ids", "content_id", "content_type", "order_id", "transaction_id")
_COOKIES = ("_fbc", "_fbp", "_ttclid", "_ttp", "_kwai_click_id")


def claims(source: Source) -> bool:
    """Decoded: platform and event beside a time. Raw: requests whose first URLs are a browser pixel's."""
    if source.mapped_kind is not None:
        return source.mapped_kind == "pixel_log"
    if source.shape not in ("ndjson", "json_array", "csv", "parquet"):
        return False
    keys = source.record_keys
    if "platform" in keys and keys & _EVENT_KEYS and not {"count", "value", "date"} <= keys:
        return True
    return is_raw(source) and has_browser_urls(source)


def _is_decoded(source: Source) -> bool:
    """Whether the rows are calls in words of their own; rows with a mapped address and no mapped event are requests."""
    if source.fields:
        return bool(source.fields.keys() & (_EVENT_KEYS | {"platform"})) or "url" not in source.fields
    keys = source.record_keys
    return "platform" in keys and bool(keys & _EVENT_KEYS)


def _flattened(source: Source) -> dict[str, str]:
    """Columns that are parameters or cookies: ``value`` beside no ``params``, ``params.value``, ``cookies._fbp``, ``_fbp``."""
    names = [*source.keys, *(key for record in source.records for key in record)]
    whole = {name.lower() for name in names}
    own = _OWN_COLUMNS if whole.isdisjoint(_PARAMS) else ()
    found: dict[str, str] = {}
    for name in names:
        outer, _, inner = name.partition(".")
        if inner and outer.lower() in _PARAMS and whole.isdisjoint(_PARAMS):
            found.setdefault(f"params.{inner}", name)
        elif name.lower() in own:
            found.setdefault(f"params.{name.lower()}", name)
        elif name.removeprefix("cookies.") in _COOKIES and "cookies" not in whole:
            found.setdefault(f"cookies.{name.removeprefix('cookies.')}", name)
    return found


def _has_cookie_texts(source: Source) -> bool:
    return any(isinstance(record.get("cookies"), str) for record in source.records)


def _open_texts(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Parameters and cookies that stand in a cell as JSON, and cookies as their header has them, become the objects they are."""
    header = ", ".join(f"'{name}', nullif(regexp_extract(text, '(?:^|; *){name}=([^;]*)', 1), '')" for name in _COOKIES)
    named = source.record_keys | source.fields.keys()
    for name in (*_PARAMS, "cookies"):
        if name not in named:
            continue
        plain = f"json_object({header})" if name == "cookies" else "null"
        con.execute(
            f"""
            update records
            set record = json_merge_patch(record, json_object('{name}', t.opened))
            from (
                select place, coalesce(case when text like '{{%' then try_cast(text as json) end, {plain}) as opened
                from (select place, json_extract_string(record, '/{name}') as text, record from records) c
                where json_type(record, '/{name}') = 'VARCHAR'
            ) t
            where t.place = records.place
              and t.opened is not null
            """
        )


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Rows become requests; a decoded call keeps its own words and is read by ``wire/decoded_log.sql``."""
    straight = _load_straight(con, source)
    if straight is not None:
        return straight
    read, bad = read_records(con, source, under=list_key(source))
    if not _is_decoded(source):
        rejected, statuses = insert_requests(con, source, evidence="browser")
        return Tally(read=read, rejected=bad + rejected, has_statuses=statuses)
    name_fields(con, source if source.fields else replace(source, fields=_flattened(source)))
    _open_texts(con, source)
    con.execute(_insert_calls(replace(source, fields={}), "select place, record from records"))
    con.execute("drop table records")
    return Tally(read=read, rejected=bad + reject_problems(con, source)[0])


def _load_straight(con: duckdb.DuckDBPyConnection, source: Source) -> Tally | None:
    """A log of one object a line, read without a copy of its rows in between; None where it has to be read with care."""
    if not _is_decoded(source):
        straight = insert_straight(con, source, evidence="browser")
        return Tally(straight[0], straight[1], has_statuses=straight[2]) if straight else None
    if source.shape != "ndjson" or source.fields or _flattened(source) or _has_cookie_texts(source):
        return None
    with plain_path(source) as path, damage_told(source):
        con.execute(_insert_calls(source, rows_of(source, path)))
    read = took_every_line(con, source, f"problem is not null and {NO_OBJECT.replace('record', 'decoded')}")
    return None if read is None else Tally(read, reject_problems(con, source)[0])


def _insert_calls(source: Source, rows: str) -> str:
    """SQL that adds decoded calls to ``requests``."""
    # One pass over the row for every name a field may go by.
    names = (names_of(source, "ts"), names_of(source, "platform"), (*names_of(source, "event"), "event_name"))
    known = json.dumps({key: "VARCHAR" for keys in names for key in keys})
    time, platform, event = (f"coalesce({', '.join(f'o.{chr(34)}{key}{chr(34)}' for key in keys)}, null)" for keys in names)
    return f"""
        insert into requests by name
        with objects as (
            select place, record, from_json(record, {quoted(known)}) as o from ({rows})
        ),
        calls as (
            select
                place,
                record,
                {time} as ts,
                {platform} as platform,
                {event} as event
            from objects
        )
        select
            {quoted(source.name)} as source,
            place,
            {quoted(source.name + ":")} || place as ref,
            'browser' as evidence,
            utc(ts) as seen_at,
            false as is_document,
            false as has_secret,
            record as decoded,
            case
                when utc(ts) is not null and platform is not null and event is not null then null
                when platform is null then 'no platform in this row'
                when event is null then 'no event name in this row'
                when ts is null then 'no time in this row'
                else 'the time ' || time_shown(ts) || ' cannot be read'
            end as problem
        from calls
        """
