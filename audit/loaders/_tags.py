"""Lines of a server container's tags: what a tag asked and what it was told stand apart and belong together by trace."""

from __future__ import annotations

import duckdb

#: Our word -> how Stape's tags and the GTM standard write it, and how the BigQuery table does.
_FIELDS = {
    "tag": ("Name", "tag_name"),
    "type": ("Type", "type"),
    "trace": ("TraceId", "trace_id"),
    "event": ("EventName", "event_name"),
    "ts": ("timestamp", "Timestamp", "ts", "time"),
    "method": ("RequestMethod", "request_method"),
    "url": ("RequestUrl", "request_url"),
    "body": ("RequestBody", "request_body"),
    "status": ("ResponseStatusCode", "response_status_code"),
    "response": ("ResponseBody", "response_body"),
}


def is_tag_line(record: str) -> str:
    """SQL: whether a JSON object is such a line, of any type."""
    return (
        f"(json_exists({record}, '$.TraceId') and json_exists({record}, '$.Type')"
        f" or json_exists({record}, '$.trace_id') and json_exists({record}, '$.type'))"
    )


def pair_tag_lines(con: duckdb.DuckDBPyConnection) -> None:
    """``tag_lines(place, seen, record)`` into ``records``: a request with the answer of its trace, tag and event.

    ``seen`` is the time a log around the line wrote. Within a trace, or where none is written, the nth answer is the nth
    request's. Messages and answers without a request stay out.
    """
    fields = ",\n".join(
        f"coalesce({', '.join(f'''json_extract_string(record, '$.{name}')''' for name in names)}) as {field}"
        for field, names in _FIELDS.items()
    )
    con.execute(
        f"""
        insert into records
        with named as (
            select
                place,
                seen,
                {fields}
            from tag_lines
        ),
        numbered as (
            select
                *,
                row_number() over (
                    partition by lower(type), coalesce(trace, ''), coalesce(tag, ''), coalesce(event, '') order by place
                ) as nth
            from named
        )
        select
            q.place,
            json_merge_patch('{{}}', json_object(
                'ts', coalesce(q.ts, q.seen),
                'method', q.method,
                'url', q.url,
                'body', q.body,
                'status', a.status,
                'response', a.response,
                'sender', 'server tag ' || q.tag))
        from numbered q
        left join numbered a
            on lower(a.type) = 'response'
           and a.trace is not distinct from q.trace
           and a.tag is not distinct from q.tag
           and a.event is not distinct from q.event
           and a.nth = q.nth
        where lower(q.type) = 'request'
        order by q.place
        """
    )
