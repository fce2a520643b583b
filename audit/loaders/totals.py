"""Daily totals for the review: what a platform, the shop, GA4 or the server counted on a day."""

from __future__ import annotations

import duckdb

from audit.loaders._columns import Columns
from audit.loaders._records import read_records
from audit.loaders._source import Source, Tally
from audit.loaders._totals import insert_totals, open_totals

KIND = "totals"
FORMATS = ("daily totals (CSV, JSON, NDJSON, Parquet): date, source, event, count, value, currency",)

#: Our column -> the names a table may use for it.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "date": ("date", "day"),
    "source": ("source", "origin", "platform"),
    "event": ("event", "event_name", "step"),
    "count": ("count", "event_count", "events", "conversions"),
    "value": ("value", "revenue", "total_value"),
    "currency": ("currency", "currency_code"),
}


def claims(source: Source) -> bool:
    """A day, a source and an event beside a count; nothing in it names a single order or a single call."""
    if source.mapped_kind is not None:
        return source.mapped_kind == KIND
    if source.shape not in ("csv", "parquet", "ndjson", "json_array"):
        return False
    columns = Columns(source.record_keys)
    told = all(columns.has(*SYNONYMS[name]) for name in ("date", "source", "event"))
    return told and columns.has(*SYNONYMS["count"]) and not columns.has("order_id", "event_id", "url", "pixel_id")


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row a day, source and event; rows about other events than the core steps are ignored."""
    read, bad = read_records(con, source)
    con.execute("delete from records where record = '{}'")
    columns = Columns((*source.keys, *(key for record in source.records for key in record)), source.fields)
    open_totals(con)
    con.execute(
        f"""
        insert into total_rows by name
        select
            place,
            {columns.text(*SYNONYMS["date"])} as day,
            {columns.text(*SYNONYMS["source"])} as origin,
            {columns.text(*SYNONYMS["event"])} as event,
            {columns.text(*SYNONYMS["count"])} as count,
            {columns.text(*SYNONYMS["value"])} as value,
            {columns.text(*SYNONYMS["currency"])} as currency
        from records
        """
    )
    return insert_totals(con, source, read=read, bad=bad)
