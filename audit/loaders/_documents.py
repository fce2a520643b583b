"""Orders as a shop's interface or webhook hands them out: alone, in a list, or wrapped, as in ``{"orders": […]}``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb

from audit.loaders._records import read_records
from audit.loaders._source import Source

#: Keys an order or a list of orders may stand under, likeliest first.
WRAPPERS = ("orders", "order", "results", "data")


def holds(source: Source, is_order: Callable[[frozenset[str]], bool], wrappers: tuple[str, ...] = WRAPPERS) -> bool:
    """Whether an object with these keys stands in the file: at the top, in its list, or under a wrapper."""
    if source.mapped_kind is not None:
        return False
    if source.shape == "json_object":
        paths = (*wrappers, *(f"{outer}.{inner}" for outer in wrappers for inner in wrappers))
        inner = (source.members.get(path, ()) for path in paths)
        return any(is_order(frozenset(keys)) for keys in (source.keys, *inner))
    if source.shape not in ("ndjson", "json_array"):
        return False
    return any(is_order(frozenset(keys)) for record in source.records for keys in _objects(record, wrappers))


def _objects(record: object, wrappers: tuple[str, ...], depth: int = 2) -> Iterable[Iterable[str]]:
    if isinstance(record, list):
        for item in record[:5]:
            yield from _objects(item, wrappers, depth)
    elif isinstance(record, dict):
        yield record.keys()
        if depth:
            for key in wrappers:
                yield from _objects(record.get(key), wrappers, depth - 1)


def read_documents(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    own_keys: tuple[str, ...],
    wrappers: tuple[str, ...] = WRAPPERS,
    depth: int = 2,
) -> tuple[int, int]:
    """Fills ``records(place, record)`` with the orders themselves, unwrapped; (read, rejected).

    ``own_keys`` are keys only an order itself has: an object with one of them is not looked into. An order's
    place is its line, or its number in the one list of the file.
    """
    _, bad = read_records(con, source)
    paths = ", ".join(f"json_extract(record, '$.{key}')" for key in wrappers)
    is_order = " or ".join(f"json_exists(record, '$.{key}')" for key in own_keys)
    for _ in range(depth):
        con.execute(
            f"""
            create or replace temp table records as
            with looked_into as (
                select
                    place,
                    record,
                    case when not ({is_order}) then coalesce({paths}) end as held,
                    (select count(*) from records) = 1 as is_only
                from records
            ),
            spread as (
                select
                    place,
                    is_only,
                    unnest(case json_type(held)
                        when 'ARRAY' then cast(held as json[])
                        when 'OBJECT' then [held]
                        else [record] end) as record,
                    generate_subscripts(case json_type(held)
                        when 'ARRAY' then cast(held as json[])
                        else [record] end, 1) as number
                from looked_into
            )
            select
                case when is_only then number else place end as place,
                record
            from spread
            """
        )
    read = bad + int((con.execute("select count(*) from records").fetchone() or (0,))[0])
    con.execute(
        "insert into rejects select ? || ':' || place, ?, 'not a JSON object' from records where json_type(record) <> 'OBJECT'",
        [source.name, source.name],
    )
    con.execute("delete from records where json_type(record) <> 'OBJECT'")
    return read, read - int((con.execute("select count(*) from records").fetchone() or (0,))[0])
