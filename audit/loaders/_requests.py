"""Rows of a log as requests: what is taken from their fields."""

from __future__ import annotations

import json

import duckdb

from audit.loaders import _dates
from audit.loaders._paths import MAX_RECORD_BYTES, line_count, plain_path
from audit.loaders._records import damage_told, quoted
from audit.loaders._request_fields import (
    INSIGHTS_TIME,
    SYNONYMS,
    field_sql,
    first_of,
    has_own_words,
    is_dated,
    is_insights,
    names_of,
)
from audit.loaders._source import Source


def insert_requests(
    con: duckdb.DuckDBPyConnection, source: Source, evidence: str, *, needs_time: bool = True, times: str = ""
) -> tuple[int, bool]:
    """``records`` into ``requests``; rows without a time or an address become rejects. (rejected, any status seen).

    ``needs_time`` is false for logs whose format has no time: the events' own times stand in. ``times`` is one of the rows' times,
    where the file's first rows do not hold them as they are.
    """
    # One pass over the row for every name it may use; a mapped field is fetched by its own path.
    known = {name: names_of(source, name) for name in SYNONYMS if name not in source.fields}
    names = {key: "VARCHAR" for keys in known.values() for key in keys}
    texts = {name: field_sql(source, name) if name in source.fields else first_of(known[name], "o") for name in SYNONYMS}
    if is_insights(source):
        texts["ts"] = f"regexp_replace({texts['ts']}, '^({INSIGHTS_TIME})$', '\\1Z')"
    columns = ",\n".join(f"{text} as {name}" for name, text in texts.items())
    rows = f"select place, {columns} from (select place, record, from_json(record, {quoted(json.dumps(names))}) as o from records)"
    if _dates.is_written(times) or is_dated(source):
        con.execute(f"create or replace temp table dated as {rows}")
        unsettled = _dates.year_first(con, "dated", ("ts",))
        con.execute(insert_sql(source, "select * from dated", evidence, needs_time=needs_time))
        con.execute("drop table dated")
        if unsettled:
            con.execute(
                "update requests set problem = 'the time ' || ? where source = ? and problem like 'the time % cannot be read'",
                [_dates.AMBIGUOUS, source.name],
            )
    else:
        con.execute(insert_sql(source, rows, evidence, needs_time=needs_time))
    con.execute("drop table records")
    return reject_problems(con, source)


def insert_straight(con: duckdb.DuckDBPyConnection, source: Source, evidence: str) -> tuple[int, int, bool] | None:
    """A log of one object a line into ``requests`` without a copy of its rows in between: (read, rejected, any status seen).

    None, and nothing is inserted, where that cannot be: the log is no such, its fields have other names, a line is blank or holds
    no object. The rows are then to be read with care (:func:`audit.loaders._records.read_records`).
    """
    known = {name: names_of(source, name) for name in SYNONYMS}
    names = {key for keys in known.values() for key in keys}
    if source.shape != "ndjson" or source.fields or len({name.lower() for name in names}) < len(names):
        return None
    if is_dated(source):
        return None
    columns = ",\n".join(f"{first_of(known[name], 'f')} as {name}" for name in SYNONYMS)
    types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in sorted(names))
    with plain_path(source) as path:
        rows = (
            f"select row_number() over () + {source.lines_before} as place, {columns} from read_json({quoted(path)},"
            f" format = 'newline_delimited', columns = {{{types}}}, ignore_errors = true,"
            f" maximum_object_size = {source.longest_line or MAX_RECORD_BYTES}, compression = {quoted(source.packing)}) f"
        )
        with damage_told(source):
            con.execute(insert_sql(source, rows, evidence, needs_time=True))
    read = took_every_line(con, source, "problem = 'no time in this row' and url is null and body is null")
    if read is None:
        return None
    return read, *reject_problems(con, source)


def took_every_line(con: duckdb.DuckDBPyConnection, source: Source, is_doubtful: str) -> int | None:
    """How many rows a log gave, if every line gave one and none is in doubt; else they are taken out of ``requests`` again."""
    read, doubtful = con.execute(
        f"select count(*), count(*) filter (where {is_doubtful}) from requests where source = ?", [source.name]
    ).fetchone() or (0, 0)
    if doubtful or read != line_count(source):
        con.execute("delete from requests where source = ?", [source.name])
        return None
    return int(read)


def insert_sql(source: Source, rows: str, evidence: str, *, needs_time: bool, named: str = "") -> str:
    """SQL that adds rows of fields, by our names, to ``requests``; ``named`` is the column that names the file of each, if any."""
    name = named or quoted(source.name)
    is_access_log = any(names_of(source, name) for name in ("request_line", "cookie_text") if name not in source.fields)
    return f"""
        insert into requests by name
        with fields_read as (
            {rows}
        ),
        log_rows as (
            {_ACCESS_LOG_ROWS if is_access_log else "select * from fields_read"}
        ),
        hosts_told as (
            select *, plain_host(url) as told_host from (select * replace (with_scheme(url) as url) from log_rows)
        )
        select
            {name} as source,
            place,
            {name} || ':' || place as ref,
            {quoted(evidence)} as evidence,
            utc(ts) as seen_at,
            upper(coalesce(method, 'POST')) as method,
            url,
            coalesce(case when told_host is not null then lower(told_host) else url_host(url) end, lower(host)) as host,
            coalesce(
                case when told_host is not null and not contains(url, '?') and not contains(url, '#') then plain_path(url)
                     else url_path(url) end,
                nullif(regexp_extract(url, '^(/[^?#]*)', 1), '')) as path,
            url_query(url) as query,
            whole_characters(nullif(body, '-')) as body,
            -- Beside an answer 0 is a sender's own word for success.
            case when status is null or (trim(status) = '0' and starts_with(response, '{{')) then boxed_status(response)
                 else try_cast(split_part(trim(status), ' ', 1) as integer) end as status,
            coalesce(
                error,
                never_left(failure),
                case when coalesce(trim(status), '0') = '0' then never_left(response) end) as net_error,
            {"unboxed_answer(response)" if has_own_words(source) else _RESPONSE} as response,
            coalesce(referrer, header(headers, 'referer', 'Referer')) as referrer,
            session,
            initiator,
            coalesce(user_agent, header(headers, 'user-agent', 'User-Agent')) as user_agent,
            sender,
            lower(consent) as consent,
            cookie(cookies, headers, '_fbc') as cookie_fbc,
            cookie(cookies, headers, '_fbp') as cookie_fbp,
            cookie(cookies, headers, '_ttclid') as cookie_ttclid,
            cookie(cookies, headers, '_ttp') as cookie_ttp,
            cookie(cookies, headers, '_kwai_click_id') as cookie_click,
            false as is_document,
            -- The end of the field's name is looked for: a search is fast where its first letter is rare.
            case when contains(url, 'access_token=') then is_token(regexp_extract(url, '[?&]access_token=([^&#]*)', 1))
                 else false end
                or case when contains(body, 'ken"') then is_token(regexp_extract(body, '"access_token" *: *"([^"]*)"', 1))
                        else false end
                or is_token(header(headers, 'access-token', 'Access-Token'))
                or is_token(header(headers, 'authorization', 'Authorization')) as has_secret,
            -- A log may leave headers out: 'none' is only said of a request that was refused (payload_violations.sql).
            case
                when header(headers, 'x-scalev-storefront-api-key', 'X-Scalev-Storefront-Api-Key') is not null then 'storefront'
                when header(headers, 'x-scalev-page-api-key', 'X-Scalev-Page-Api-Key') is not null then 'page'
                when length(headers) > 2 then 'none'
            end as relay_key,
            case
                when url is not null and (utc(ts) is not null or (ts is null and not {needs_time})) then null
                when ts is null and {needs_time} then 'no time in this row'
                when url is null then 'no url or path in this row'
                else 'the time ' || time_shown(ts) || ' cannot be read'
            end as problem
        from hosts_told
        """


def reject_problems(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, bool]:
    """Takes the rows of this file that cannot be used out of ``requests`` again; (rejected, any status seen)."""
    rejected, statuses = con.execute(
        "select count(problem), count(status) filter (where problem is null) > 0 from requests where source = ?", [source.name]
    ).fetchone() or (0, False)
    if rejected:
        con.execute("insert into rejects select ref, source, problem from requests where problem is not null")
        con.execute("delete from requests where problem is not null")
    return rejected, statuses


#: What was answered: beside a status it is as it was logged, else it may stand in a box with one.
_RESPONSE = "case when status is null then unboxed_answer(response) else response end"
#: Method and address out of ``POST /path HTTP/1.1``; cookies out of the text of their header.
_ACCESS_LOG_ROWS = """
    select
        * replace (
            coalesce(method, nullif(regexp_extract(request_line, '^([A-Z]+) ', 1), '')) as method,
            coalesce(url, nullif(regexp_extract(request_line, '^[A-Z]+ ([^ ]+)', 1), '')) as url,
            coalesce(headers, case when cookie_text <> '-' then cast(json_object('cookie', cookie_text) as varchar) end) as headers
        )
    from fields_read
"""
