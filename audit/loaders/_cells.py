"""A table's rows as columns of text: ``cells(place, c0, c1, …)``, one column a column of the file, in its order.

DuckDB splits the rows where it reads the file as Python's ``csv`` would; where it does not (cut rows, stray quotes, another
encoding), Python splits them itself. Either way a row's place is the line it begins on, line breaks within quotes counted.
Nothing of a file is written anywhere else on the way.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, TypeVar

import duckdb

from audit.errors import InputError, told_without_values
from audit.loaders._ending import CUT_OFF, OPEN_QUOTE
from audit.loaders._glance import rows_out_of_one_column, separator_of
from audit.loaders._paths import MAX_RECORD_BYTES, lines, plain_path
from audit.loaders._source import Source

T = TypeVar("T")

_BATCH = 5000
_TOO_MANY = "more cells than the header has columns"


def read_cells(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, int]:
    """Fills ``cells`` and, for rows that do not fit the header, ``rejects``; (read, rejected). Empty rows are left out.

    Raises:
        InputError: the file breaks off, or is not what its first bytes promise.
    """
    names = ", ".join(f"c{number} varchar" for number in range(len(source.keys)))
    con.execute(f"create or replace temp table cells (place bigint, {names})")
    try:
        if source.shape == "parquet":
            _read_parquet(con, source)
            return _number(con, "select count(*) from cells"), 0
        bad = 0 if _read_clean(con, source) else _read_any(con, source)
    except (duckdb.Error, csv.Error) as error:
        first = told_without_values(error).rstrip(".")
        raise InputError(f"{source.name}: breaks off or is damaged: {first}. Export it again.") from error
    if source.is_torn:
        bad += _refuse_last(con, source)
    read = _number(con, "select count(*) from cells") + bad
    # The first cells decide for almost every row.
    empty = " and ".join(f"coalesce(trim(c{number}), '') = ''" for number in range(len(source.keys)))
    con.execute(f"delete from cells where {empty}")
    return read, bad


def _refuse_last(con: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Half a row holds half the facts, and its last one may be half a number; how many were refused."""
    last = "(select max(place) from cells)"
    con.execute(
        f"insert into rejects select ? || ':' || place, ?, ? from cells where place = {last}", [source.name, source.name, CUT_OFF]
    )
    refused = _number(con, f"select count(*) from cells where place = {last}")
    con.execute(f"delete from cells where place = {last}")
    return refused


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int((con.execute(query).fetchone() or (0,))[0])


# ---------------------------------------------------------------------- DuckDB splits


def _read_clean(con: duckdb.DuckDBPyConnection, source: Source) -> bool:
    """Whether the file could be read as it stands, every row on the line it begins on."""
    begins = _beginnings(source)
    if begins is None:
        return False
    rows, jumps = begins
    columns = ", ".join(f"'c{number}': 'varchar'" for number in range(len(source.keys)))
    con.execute("create or replace temp table jumps (row bigint, line bigint)")
    for batch in _batches(iter(jumps)):
        con.execute(
            "insert into jumps select unnest(?::bigint[]), unnest(?::bigint[])", [list(part) for part in zip(*batch, strict=True)]
        )
    is_simple = len(jumps) <= 1  # every row stands on the line after the one before it
    split = (
        f"read_csv(?, auto_detect = false, header = true, columns = {{{columns}}}, delim = ?, quote = '\"', escape = '\"',"
        f" strict_mode = true, null_padding = false, nullstr = '', maximum_line_size = {MAX_RECORD_BYTES}, compression = ?)"
    )
    try:
        with plain_path(source) as path:
            given = [path, source.delimiter, source.packing]
            if is_simple:
                first = jumps[0][1] - 1 if jumps else 0
                con.execute(f"insert into cells select {first} + row_number() over (), * from {split}", given)
            else:
                con.execute(f"create or replace temp table split as select * from {split}", given)
    except duckdb.Error:
        con.execute("drop table jumps")
        return False
    if _number(con, f"select count(*) from {'cells' if is_simple else 'split'}") != rows:
        con.execute("drop table if exists split; drop table jumps")
        return False
    if not is_simple:
        con.execute(
            """
            insert into cells
            select j.line + s.rowid - j.row, s.*
            from split s
            asof join jumps j on s.rowid >= j.row
            order by s.rowid
            """
        )
    con.execute("drop table if exists split; drop table jumps")
    return True


def _beginnings(source: Source) -> tuple[int, list[tuple[int, int]]] | None:
    """How many rows follow the header, and where the line a row begins on is not simply the next: (row, line) from there on.

    ``None`` for a file only Python's reader can be trusted with.
    """
    if source.is_one_column or source.titles:
        return None
    rows, expected, is_open = -1, -1, False
    jumps: list[tuple[int, int]] = []
    for number, line in enumerate(lines(source), start=1):
        if number == 1 and (
            line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or separator_of(line[:20].decode("utf-8", errors="replace"))
        ):
            return None
        if b"\0" in line or b"\r" in line[:-2] or line.endswith(b"\r"):
            return None
        was_open = is_open
        if line.count(b'"') % 2:
            is_open = not is_open
        if was_open:
            continue
        if not line.strip():
            if rows < 0:
                return None
            continue
        if rows == 0 or (rows > 0 and number != expected):
            jumps.append((rows, number))
        expected = number + 1
        rows += 1
    return None if is_open else (rows, jumps)


# ---------------------------------------------------------------------- Python splits


def _read_any(con: duckdb.DuckDBPyConnection, source: Source) -> int:
    """Every row as Python's reader splits it; how many do not fit the header."""
    con.execute("delete from cells")
    bad: list[int] = []
    unclosed: list[int] = []
    width = len(source.keys)
    parts = ", ".join(f"r[{number + 2}]" for number in range(width))
    for batch in _batches(_rows(source)):
        kept = []
        for line, row, is_last_open in batch:
            if is_last_open and not source.is_torn:
                unclosed.append(line)
            elif any(cell.strip() for cell in row[width:]):
                bad.append(line)
            else:
                kept.append([str(line), *(cell or None for cell in row[:width]), *([None] * (width - len(row)))])
        con.execute(
            f"insert into cells select r[1]::bigint, {parts} from (select unnest(from_json(?, '[[\"VARCHAR\"]]')) as r)",
            [json.dumps(kept)],
        )
    for lines_refused, reason in ((bad, _TOO_MANY), (unclosed, OPEN_QUOTE)):
        if lines_refused:
            con.execute(
                "insert into rejects select ? || ':' || unnest(?::bigint[]), ?, ?",
                [source.name, lines_refused, source.name, reason],
            )
    return len(bad) + len(unclosed)


def _batches(items: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(islice(items, _BATCH)):
        yield batch


def _rows(source: Source) -> Iterator[tuple[int, list[str], bool]]:
    """The line a row begins on, its cells, and whether it is the last and a quote in it is never closed."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    with source.open() as raw:
        encoding = "utf-16" if raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    with source.open() as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as text:
        quotes = [0]  # in the lines of the row
        above = _lines_above(text, source.titles)
        plain = rows_out_of_one_column(text) if source.is_one_column else text
        reader = csv.reader(_counting(plain, quotes), delimiter=source.delimiter)
        line, is_headed = 1 + above, False
        row = next(reader, None)
        while row is not None:
            # A row of several lines was held together by a quote.
            read = reader.line_num + above
            is_open = read > line and quotes[0] % 2 == 1
            quotes[0] = 0
            begins, line = line, read + 1
            following = next(reader, None)
            if not is_headed:
                is_headed = any(cell.strip() for cell in row) and not separator_of(source.delimiter.join(row))
            elif len(row) > 1 or any(cell.strip() for cell in row):
                yield begins, row, is_open and following is None
            row = following


def _lines_above(text: IO[str], titles: int) -> int:
    """Reads past the titles of a table; how many lines that were, with the blank ones before the first."""
    lines, has_begun = 0, False
    while titles:
        has_begun = bool(text.readline().strip()) or has_begun
        lines += 1
        titles -= has_begun
    return lines


def _counting(text: Iterable[str], quotes: list[int]) -> Iterator[str]:
    """The lines, their quotes counted on the way."""
    for line in text:
        quotes[0] += line.count('"')
        yield line


def _read_parquet(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Plain columns as text (a double would cost digits), times with their offset, nested ones as JSON."""
    with plain_path(source) as path:
        described = con.execute("select column_name, column_type from (describe select * from read_parquet(?))", [path])
        parts = [parquet_text(name, kind) for name, kind in described.fetchall()]
        con.execute(f"insert into cells select row_number() over (), {', '.join(parts)} from read_parquet(?)", [path])


def parquet_text(name: str, kind: str) -> str:
    """SQL for a column of a Parquet file as text."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"cast(to_json({quoted}) as varchar)"
    return f"cast({quoted} as varchar)"
