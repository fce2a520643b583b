"""Payload schemas: what a server request holds against the rules of the endpoint it was sent to.

Requests are reduced to their shape (field names and types, and the few facts of value a rule asks for); one request a shape is
validated, and what is wrong with it is wrong with every event of that shape. Only paths, causes and words of the schema come
out of here, never a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jsonschema_rs

from audit.filling import fill
from audit.scripts import run_script

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
#: What stands where a log blotted out a person's data, wherever a request holds them; as ``plain_text`` in model/macros/people.sql.
_BLOTTED_OUT = re.compile(
    r"[*]{2}|^\s*(x{4,}|[\[<{(].*[\]>})]|redacted|removed|masked|filtered|scrubbed|hidden|hashed|anonymi[sz]ed|pii)\s*$",
    re.IGNORECASE,
)
_USER_DATA = frozenset({"user_data", "user"})
#: Stands for the event's place in its request; the event is alone when its shape is validated.
_PLACE = "{place}"

Violation = tuple[bool, str, str, str]  # of the event itself, path, cause, detail


def note_shapes(con: duckdb.DuckDBPyConnection) -> None:
    """Tells the shapes of the batch at hand and validates those not met before."""
    run_script(con, "payload_shapes")
    first = con.execute(
        """
        with alone as (
            select shape, payload as endpoint, rowid as place, ref, 1 as nth
            from decoded
            where batch = getvariable('batch')
              and payload is not null
              and coalesce(events_sent, 1) <= 1
        ),
        numbered as (
            select *, rowid as place, row_number() over (partition by ref order by rowid) as nth
            from decoded
            where batch = getvariable('batch')
              and payload is not null
              and events_sent > 1
        ),
        shapes as (
            select shape, endpoint, place, ref, nth from alone
            union all
            select shape_of_several(n.shape, s.shape, n.events_sent), n.payload, n.place, n.ref, n.nth
            from numbered n
            left join several_shapes s on s.ref = n.ref and s.nth = n.nth
            union all
            select u.shape, u.endpoint, 0, u.ref, null
            from unread_payloads u
            join requests r on r.ref = u.ref
        ),
        firsts as (
            select shape, min(endpoint) as endpoint, arg_min(ref, place) as ref, arg_min_null(nth, place) as nth
            from shapes
            where shape not in (select shape from shapes_met)
            group by shape
        )
        select f.shape, f.endpoint, f.nth, r.body
        from firsts f
        join requests r on r.ref = f.ref
        order by f.ref, f.nth
        """
    )
    met = first.fetchall()
    found: list[list[object]] = []
    for shape, endpoint, nth, body in met:
        found += ([shape, *violation] for violation in sorted(set(violations(endpoint, body, nth))))
    fill(con, "shape_violations", found)
    con.execute("insert into shapes_met select unnest(?::ubigint[])", [[shape for shape, *_ in met]])


def tell_violations(con: duckdb.DuckDBPyConnection) -> None:
    """Fills ``violations``: what is wrong with a shape is wrong with every event and request of it."""
    run_script(con, "payload_violations")


def violations(endpoint: str, body: str, nth: int | None) -> Iterator[Violation]:
    """What breaks the rules in a request: of the request itself and of its ``nth`` event, counted from 1."""
    try:
        request = _request(body)
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


def _request(body: str) -> Any:
    """The body as the decoders read it: of two equal keys the first counts."""
    return json.loads(body, object_pairs_hook=lambda pairs: dict(pairs) | dict(reversed(pairs)))


def _too_large(endpoint: str, name: str, body: str) -> list[jsonschema_rs.ValidationError]:
    """The list's length is judged whole: its entries stand aside for nothing."""
    whole = {name: [None] * len(_request(body).get(name) or ())}
    return [e for e in _validator(endpoint).iter_errors(whole) if e.kind.name == "maxItems" and e.instance_path == [name]]


@cache
def _schema(endpoint: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{endpoint}.json").read_text(encoding="utf-8"))
    return schema


@cache
def _validator(endpoint: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema(endpoint))


def _told(endpoint: str, name: str | None, error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    kind: Any = error.kind  # what it holds beside its name depends on the keyword
    keyword = error.kind.name
    if keyword == "not" and error.instance is None:  # sent as nothing is not sent
        return
    if _USER_DATA.intersection(error.instance_path) and isinstance(error.instance, str) and _BLOTTED_OUT.search(error.instance):
        return  # nobody can tell what was sent
    rule = _rule(endpoint, error.schema_path[:-1])
    path, of_event = _path(name, error.instance_path)
    if keyword == "required":
        yield of_event, f"{path}.{kind.property}", "missing_field", "is missing"
    elif keyword == "additionalProperties":
        for field in kind.unexpected:
            yield of_event, f"{path}.{_field(field)}", "unknown_field", "is not known here"
    elif keyword == "type":
        types = kind.types
        wanted = " or ".join(_WORDS[t] for t in sorted(types, key=list(_WORDS).index) if t != "null" or len(types) == 1)
        yield of_event, path, "wrong_type", f"must be {rule.get('description', wanted)}, is {_kind_of(error.instance)}"
    elif keyword == "minItems":
        yield of_event, path, "empty_list", "is an empty list"
    elif keyword == "maxItems":
        yield of_event, path, "batch_too_large", f"may hold {kind.limit} events, holds more"
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
        if isinstance(node, dict):
            node = node if key == "$ref" else node.get(key, {})
        elif isinstance(node, list) and isinstance(key, int):
            node = node[key]
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
