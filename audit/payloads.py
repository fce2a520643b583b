"""Payload schemas: what a server request holds against the rules of the endpoint it was sent to.

Requests are reduced to their shape (field names and types, and the few facts of value a rule asks for); one request a shape is
validated, and what is wrong with it is wrong with every event of that shape. Only paths, causes and words of the schema come
out of here, never a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jsonschema_rs

_SCHEMAS = Path(__file__).parent / "schemas" / "payloads"

#: The list of events in a request of each schema; None: the request is the event.
LISTS: dict[str, str | None] = {
    "meta_relay": "events",
    "tiktok_relay": "events",
    "snackvideo_relay": "events",
    "meta_capi": "data",
    "tiktok_events_api": "data",
    "tiktok_pixel_batch": "batch",
    "tiktok_pixel_track": None,
}
_CAUSES = {
    "required": "missing_field", "minProperties": "missing_field", "minLength": "missing_field",
    "additionalProperties": "unknown_field", "minItems": "empty_list", "maxItems": "batch_too_large",
}  # fmt: skip
_WORDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "array": "a list", "object": "an object",
    "boolean": "true or false", "null": "nothing",
}  # fmt: skip
#: Stands for the event's place in its request; the event is alone when its shape is validated.
_PLACE = "{place}"

Violation = tuple[bool, str, str, str]  # of the event itself, path, cause, detail

_SHAPES = """
create or replace temp macro quantity_class(id, quantity) as
    case when id is null then 'no id' else 'id' end
        || case when quantity is null then ', none' when try_cast(quantity as double) < 1 then ', under one' else '' end;

create or replace temp table payload_endpoints as
select
    ref,
    case
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/meta/events/?') then 'meta_relay'
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/tiktok/events/?') then 'tiktok_relay'
        when regexp_full_match(path, '.*/v3/stores/[^/]+/public/analytics/snackvideo/events/?') then 'snackvideo_relay'
        when regexp_full_match(path, '/(v[0-9.]+/)?[0-9]+/events/?') and coalesce(host, 'graph.facebook.com') = 'graph.facebook.com'
            then 'meta_capi'
        when coalesce(host, 'business-api.tiktok.com') <> 'business-api.tiktok.com' then null
        when regexp_full_match(path, '/open_api/v[0-9.]+/event/track/?') then 'tiktok_events_api'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/track/?') then 'tiktok_pixel_track'
        when regexp_full_match(path, '/open_api/v[0-9.]+/pixel/batch/?') then 'tiktok_pixel_batch'
    end as endpoint
from requests
where method = 'POST'
  and (contains(path, '/analytics/') or contains(path, '/open_api/') or contains(path, '/events'))
  and body is not null;
delete from payload_endpoints where endpoint is null;

-- Events of requests that hold several: each has its own shape. A list may also mix types; then the request is its own shape.
create or replace temp table payload_events as
with lists as (
    select
        p.ref,
        try(cast(json_extract(r.body, case p.endpoint when 'meta_capi' then '$.data' when 'tiktok_events_api' then '$.data'
            when 'tiktok_pixel_batch' then '$.batch' else '$.events' end) as json[])) as calls
    from payload_endpoints p
    join requests r on r.ref = p.ref
    where r.ref in (select ref from decoded where events_sent > 1)
),
listed as (
    select ref, generate_subscripts(calls, 1) as nth, unnest(calls) as call from lists
)
select ref, nth, json_structure(call) as shape from listed;

create or replace temp table payloads as
with numbered as (
    select
        row_number() over (order by source, place, rowid) as decoded_row,
        row_number() over (partition by ref order by rowid) as nth,
        ref,
        endpoint,
        params_text,
        concat_ws('|',
            plain_keys,
            case when regexp_full_match(event_time_sent, '[0-9]{1,10}') then 'seconds'
                 when regexp_full_match(event_time_sent, '[0-9]+') then 'long' when event_time_sent is not null then 'text' end,
            case when plain_number(value_sent) < 0 then 'negative' when plain_number(value_sent) is not null then 'number'
                 when value_sent = '' then 'empty' when value_sent is not null then 'text' end,
            case when regexp_full_match(currency_sent, '[A-Za-z]{3}') then 'code' when currency_sent is not null then 'other' end,
            case when event_name in ('', 'Purchase') then 'name ' || event_name end,
            action_source[1:30]) as facts
    from decoded
),
-- What a merged list type hides: an entry that lacks a field, a quantity below one.
listed as (
    select
        p.ref,
        p.endpoint,
        case when not json_valid(r.body) then 'no JSON' else json_structure(r.body) end as shape,
        case when contains(p.endpoint, 'relay') then
            try(from_json(r.body, '{"variants":[{"variant_unique_id":"JSON","quantity":"VARCHAR"}],
                "bundle_price_options":[{"bundle_price_option_unique_id":"JSON","quantity":"VARCHAR"}]}')) end as items,
        case when contains(p.endpoint, 'tiktok_e') then regexp_extract(r.body, '"event_source" *: *"([^"]{0,20})', 1) end as origin,
        r.body
    from payload_endpoints p
    join requests r on r.ref = p.ref
),
requests_shaped as (
    select
        ref,
        endpoint,
        concat_ws('|',
            shape,
            case when contains(shape, '"JSON"') and not regexp_matches(body, '[{][ ]*[}]') then md5(body) end,
            cast(list_sort(list_distinct(list_transform(items.variants, lambda x:
                quantity_class(x.variant_unique_id, x.quantity)))) as varchar),
            cast(list_sort(list_distinct(list_transform(items.bundle_price_options, lambda x:
                quantity_class(x.bundle_price_option_unique_id, x.quantity)))) as varchar),
            origin) as shape
    from listed
),
shaped as (
    select
        n.decoded_row,
        n.ref,
        n.nth,
        s.endpoint,
        concat_ws('|', s.endpoint, s.shape, e.shape, n.facts,
            cast(list_sort(list_distinct(list_transform(
                case when s.endpoint in ('meta_capi', 'tiktok_events_api')
                    then try(from_json(n.params_text, '{"contents":[{"id":"JSON","content_id":"JSON","quantity":"JSON"}]}')).contents end,
                lambda x: concat_ws(' ', x.id is null, x.content_id is null, x.quantity is null)))) as varchar)) as shape
    from numbered n
    join requests_shaped s on s.ref = n.ref
    left join payload_events e on e.ref = n.ref and e.nth = n.nth
),
-- Requests in which no event could be read at all.
unread as (
    select s.ref, s.endpoint, concat_ws('|', s.endpoint, s.shape) as shape
    from requests_shaped s
    left join (select distinct ref from decoded) d on d.ref = s.ref
    where d.ref is null
)
select decoded_row, ref, nth, endpoint, md5(shape) as shape from shaped
union all
select null, ref, null, endpoint, md5(shape) from unread;
"""

_SPREAD = """
create or replace temp table event_rows as
select
    row_number() over (order by source, place, decoded_row) as event_key,
    decoded_row
from sends
where decoded_row not in (select decoded_row from witnesses);

-- A fault of the request is told once, at its Purchase where it holds one.
create or replace temp table request_events as
with ranked as (
    select
        e.ref,
        e.event_key,
        row_number() over (partition by e.ref order by case e.step when 'Purchase' then 1 else 2 end, e.event_key) as nth
    from events e
    where e.channel = 'server'
)
select ref, event_key from ranked where nth = 1;

insert into violations by name
select
    r.event_key,
    p.ref,
    p.endpoint,
    replace(v.path, '{place}', cast(p.nth - 1 as varchar)) as path,
    v.cause,
    v.detail
from payloads p
join shape_violations v on v.shape = p.shape
join event_rows r on r.decoded_row = p.decoded_row
where v.of_event
union all
select distinct
    e.event_key,
    p.ref,
    p.endpoint,
    v.path,
    v.cause,
    v.detail
from payloads p
join shape_violations v on v.shape = p.shape
left join request_events e on e.ref = p.ref
where not v.of_event
  and (e.event_key is not null or p.decoded_row is null)
union all
select
    e.event_key,
    p.ref,
    p.endpoint,
    'header',
    case r.relay_key when 'page' then 'page_key' else 'missing_api_key' end,
    case r.relay_key when 'page' then 'carries a page''s key, not the storefront''s' else 'carries no storefront key' end
from payload_endpoints p
join requests r on r.ref = p.ref
join request_events e on e.ref = p.ref
where contains(p.endpoint, 'relay')
  and (r.relay_key = 'page' or (r.relay_key = 'none' and not coalesce(r.status between 200 and 299, false)));

drop table payload_endpoints;
drop table payload_events;
drop table payloads;
drop table shape_violations;
drop table event_rows;
drop table request_events;
"""


def find_violations(con: duckdb.DuckDBPyConnection) -> None:
    """Fills ``violations`` from the requests behind the events; one validation a shape."""
    con.execute(_SHAPES)
    con.execute(
        "create or replace temp table shape_violations (shape varchar, of_event boolean, path varchar, cause varchar, detail varchar)"
    )
    first = con.execute(
        """
        with firsts as (
            select shape, min(endpoint) as endpoint, arg_min(ref, coalesce(decoded_row, 0)) as ref,
                arg_min(nth, coalesce(decoded_row, 0)) as nth
            from payloads
            group by shape
        )
        select f.shape, f.endpoint, f.nth, r.body
        from firsts f
        join requests r on r.ref = f.ref
        order by f.shape
        """
    )
    found: list[list[object]] = []
    for shape, endpoint, nth, body in first.fetchall():
        found += ([shape, *violation] for violation in sorted(set(violations(endpoint, body, nth))))
    if found:
        con.executemany("insert into shape_violations values (?, ?, ?, ?, ?)", found)
    con.execute(_SPREAD)


def violations(endpoint: str, body: str, nth: int | None) -> Iterator[Violation]:
    """What breaks the rules in a request: of the request itself and of its ``nth`` event, counted from 1."""
    try:
        request = json.loads(body)
        name = LISTS[endpoint]
        if nth is not None and name is not None and isinstance(request.get(name), list):
            request[name] = request[name][nth - 1 : nth]
        errors = list(_validator(endpoint).iter_errors(request))
        if nth is not None and name is not None:
            errors = [e for e in errors if e.kind.name != "maxItems" or e.instance_path != [name]]
            errors += _too_large(endpoint, name, body)
    except (ValueError, AttributeError, RecursionError):
        yield False, "$", "wrong_type", "must be a JSON object that can be read"
        return
    for error in errors:
        yield from _told(endpoint, name, error)


def _too_large(endpoint: str, name: str, body: str) -> list[jsonschema_rs.ValidationError]:
    """The list's length is judged whole: its entries stand aside for nothing."""
    whole = {name: [None] * len(json.loads(body).get(name) or ())}
    return [e for e in _validator(endpoint).iter_errors(whole) if e.kind.name == "maxItems" and e.instance_path == [name]]


@cache
def _schema(endpoint: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{endpoint}.json").read_text(encoding="utf-8"))
    return schema


@cache
def _validator(endpoint: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema(endpoint))


def _told(endpoint: str, name: str | None, error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    keyword = error.kind.name
    if keyword == "not" and error.instance is None:  # sent as nothing is not sent
        return
    rule = _rule(endpoint, error.schema_path[:-1])
    path, of_event = _path(name, error.instance_path)
    if keyword == "required":
        yield of_event, f"{path}.{error.kind.property}", "missing_field", "is missing"
    elif keyword == "additionalProperties":
        for field in error.kind.unexpected:
            yield of_event, f"{path}.{_field(field)}", "unknown_field", "is not known here"
    elif keyword == "type":
        types = error.kind.types
        wanted = " or ".join(_WORDS[t] for t in sorted(types, key=list(_WORDS).index) if t != "null" or len(types) == 1)
        yield of_event, path, "wrong_type", f"must be {rule.get('description', wanted)}, is {_kind_of(error.instance)}"
    elif keyword == "minItems":
        yield of_event, path, "empty_list", "is an empty list"
    elif keyword == "maxItems":
        yield of_event, path, "batch_too_large", f"may hold {error.kind.limit} events, holds more"
    else:
        cause = rule.get("x-cause") or _CAUSES.get(keyword, "wrong_type")
        yield of_event, path, cause, f"must be {rule.get('description', 'as documented')}"


def _rule(endpoint: str, path: list[str | int]) -> dict[str, Any]:
    """The part of the schema an error comes from; references are followed."""
    schema = _schema(endpoint)
    node: Any = schema
    for key in path:
        if key == "$ref" or (isinstance(node, dict) and "$ref" in node and key not in node):
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        if key != "$ref":
            node = node[key] if isinstance(node, list) or key in node else {}
    return node if isinstance(node, dict) else {}


def _path(name: str | None, parts: list[str | int]) -> tuple[str, bool]:
    """A JSON path, and whether it lies within the event. Entries of inner lists are one: ``[*]``."""
    of_event = name is None or (len(parts) > 1 and parts[0] == name)
    path = "$"
    for place, part in enumerate(parts):
        if isinstance(part, int):
            path += f"[{_PLACE}]" if of_event and place == 1 and name is not None else "[*]"
        else:
            path += f".{_field(part)}"
    return path, of_event


def _field(name: str) -> str:
    """A field's name; one that is no name may be anything, a person's address too."""
    plain = name.replace("_", "a").replace("-", "a")
    return name if plain.isascii() and plain.isalnum() and len(name) <= 40 and not plain.isdigit() else "[a field that is no name]"


def _kind_of(value: object) -> str:
    kinds = (
        (bool, "true or false"),
        (str, "text"),
        (int, "a whole number"),
        (float, "a number with a fraction"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), "nothing")
