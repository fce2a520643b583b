"""GA4 reports as CSV: comment lines with the period, then one table or several, each with a header of its own."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from audit.loaders._columns import plain
from audit.loaders._glance import text_of
from audit.loaders._paths import MAX_RECORD_BYTES, whole
from audit.loaders._rejects import insert_rejects
from audit.loaders._source import Source, Tally
from audit.loaders._totals import insert_totals, open_totals

KIND = "totals"
FORMATS = ("GA4 report, CSV as downloaded (comment lines, one table or several), English headers",)

_PERIOD = re.compile(r"^#\s*(Start|End) date:\s*(\d{8})\s*$", re.IGNORECASE)
_COUNTS = ("event_count", "ecommerce_purchases", "transactions", "purchases")
_VALUES = ("total_revenue", "purchase_revenue", "event_value")
_SEVERAL = "covers several days: add the dimension Date to the report"


@dataclass(frozen=True)
class _Row:
    line: int
    table: int
    cells: dict[str, str]
    starts: date | None
    ends: date | None


def claims(source: Source) -> bool:
    """Comment lines first, among them the period GA4 writes there."""
    if source.mapped_kind is not None or source.shape not in ("other", "csv"):
        return False
    if not any(key.startswith("#") for key in source.keys[:1]):
        return False
    with source.open() as stream:
        head = text_of(stream.read(4096))
    return any(_PERIOD.match(line) for line in head.splitlines())


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Rows that name a core event, or that count purchases, by day; a step counted by an earlier table is not counted again."""
    open_totals(con)
    read = 0
    bad: list[tuple[int, str]] = []
    counted: dict[tuple[str, str], int] = {}
    totals: list[list[object]] = []
    for row in _rows(source):
        read += 1
        event = row.cells.get("event_name") or ("purchase" if "ecommerce_purchases" in row.cells else None)
        if event is None or "item_name" in row.cells or not any(row.cells.values()):
            continue
        day = _day(row)
        if day is None:
            bad.append((row.line, _SEVERAL))
            continue
        if counted.setdefault((day, event.lower()), row.table) != row.table:
            continue
        count = next((row.cells[name] for name in _COUNTS if row.cells.get(name)), None)
        value = next((row.cells[name] for name in _VALUES if row.cells.get(name)), None)
        totals.append([row.line, day, event, count, value, row.cells.get("currency")])
    insert_rejects(con, source, bad)
    if totals:
        con.executemany("insert into total_rows values (?, ?, 'ga4', ?, ?, ?, ?)", totals)
    return insert_totals(con, source, read=read, bad=len(bad))


def _day(row: _Row) -> str | None:
    """The row's own day, else the report's when it covers only one."""
    if own := row.cells.get("date") or row.cells.get("day"):
        return own
    nth = row.cells.get("nth_day", "")
    if nth.isdecimal() and len(nth) <= 4 and row.starts:
        return str(row.starts + timedelta(days=int(nth)))
    return str(row.starts) if row.starts and row.starts == row.ends else None


def _rows(source: Source) -> Iterator[_Row]:
    """Every row of every table; a table begins after a comment or a blank line."""
    lines = text_of(whole(source)).splitlines()
    csv.field_size_limit(MAX_RECORD_BYTES)
    header: list[str] | None = None
    period: dict[str, date] = {}
    table = 0
    for number, line in enumerate(lines, start=1):
        if found := _PERIOD.match(line):
            with suppress(ValueError):  # no such day
                period[found.group(1).lower()] = datetime.strptime(found.group(2), "%Y%m%d").date()
        if line.startswith("#") or not line.strip():
            header = None
            continue
        cells = next(csv.reader(io.StringIO(line)))
        if header is None:
            header, table = [plain(cell) for cell in cells], table + 1
            continue
        named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        yield _Row(number, table, named, period.get("start"), period.get("end"))
