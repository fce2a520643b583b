"""A log of one object a line, or a table, as rows of JSON in a temporary table ``records(place, record)``.

DuckDB reads the file itself; Python only settles what it is. A row that is no JSON object becomes a reject with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from audit.errors import InputError, told_without_values
from audit.loaders._cells import parquet_text, read_cells
from audit.loaders._paths import MAX_RECORD_BYTES, line_count, plain_path, whole
from audit.loaders._paths import lines as lines_of
from audit.loaders._source import Source
from audit.spill import private_folder

#: Whole rows are JSON where they are anything; only their first mark is looked at.
NO_OBJECT = (
    "(record is null or (not starts_with(cast(record as varchar), '{')"
    " and not starts_with(ltrim(cast(record as varchar), ' ' || chr(9) || chr(10) || chr(13)), '{')))"
)


def read_records(con: duckdb.DuckDBPyConnection, source: Source, under: str | None = None) -> tuple[int, int]:
    """Fills ``records(place, record)`` with the file's rows and ``rejects`` with what is none; (read, rejected).

    A slice's rows of its neighbours are neither counted nor refused.

    ``under`` names the key whose list holds the rows, for a JSON object that wraps them.

    Raises:
        InputError: the file breaks off, or is not what its first bytes promise.
    """
    con.execute("create or replace temp table records (place bigint, record json)")
    if source.shape == "csv":
        return _read_csv(con, source)
    with plain_path(source) as path, damage_told(source):
        if source.shape == "parquet":
            _read_parquet(con, path)
        elif source.shape == "ndjson":
            _read_lines(con, source, path)
        else:
            _read_whole(con, source, path, under)
    if source.shape == "ndjson":
        _mend_halves(con, source)
    own = f"place between {source.own_lines[0]} and {source.own_lines[1]}" if source.own_lines else "true"
    read, bad, every_bad = con.execute(
        f"select count(*) filter (where {own}), count(*) filter (where {own} and {NO_OBJECT}), count(*) filter (where {NO_OBJECT})"
        " from records"
    ).fetchone() or (0, 0, 0)
    if bad:
        con.execute(
            f"insert into rejects select ? || ':' || place, ?, 'not a JSON object' from records where {own} and {NO_OBJECT}",
            [source.name, source.name],
        )
    if every_bad:
        con.execute(f"delete from records where {NO_OBJECT}")
    return read, bad


@contextmanager
def damage_told(source: Source) -> Iterator[None]:
    """Turns what the database says of a file it cannot read into a sentence.

    Raises:
        InputError: the file breaks off, or is not what its first bytes promise.
    """
    try:
        yield
    except duckdb.Error as error:
        first = told_without_values(error).rstrip(".")
        raise InputError(f"{source.name}: breaks off or is damaged: {first}. Export it again.") from error


def _read_lines(con: duckdb.DuckDBPyConnection, source: Source, path: str) -> None:
    con.execute(f"create or replace temp table records as {rows_of(source, path)}")
    read = (con.execute("select count(*) from records").fetchone() or (0,))[0]
    jumps = _jumps(source, read)
    if jumps:
        rows, lines = zip(*jumps, strict=True)
        con.execute(
            "create or replace temp table jumps as select unnest(?::bigint[]) as row, unnest(?::bigint[]) as line",
            [list(rows), list(lines)],
        )
        con.execute(
            "create or replace temp table records as select coalesce(j.line + r.place - j.row, r.place) as place, r.record"
            " from records r asof left join jumps j on r.place >= j.row order by 1"
        )
        con.execute("drop table jumps")


def rows_of(source: Source, path: str) -> str:
    """SQL for the rows of a log, ``place`` and ``record``: its lines, as long as none is blank."""
    return (
        f"select row_number() over () + {source.lines_before} as place, json as record from read_json_objects({quoted(path)},"
        f" format = 'newline_delimited', ignore_errors = true, maximum_object_size = {source.longest_line or MAX_RECORD_BYTES},"
        f" compression = {quoted(source.packing)})"
    )


def _jumps(source: Source, read: int) -> list[tuple[int, int]]:
    """Where lines that hold nothing put a row further down than its number: (row, line) from there on.

    The lines are looked at one by one only where there are more of them than rows were read.
    """
    if line_count(source) == read:
        return []
    jumps: list[tuple[int, int]] = []
    row = blank = 0
    for number, line in enumerate(lines_of(source), start=1):
        if not line.strip():
            continue
        row += 1
        if number - row != blank:
            blank = number - row
            jumps.append((row + source.lines_before, number + source.lines_before))
    return jumps


def _read_csv(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, int]:
    """Cells under their headers, empty ones left out; a row's place is the line it begins on."""
    read, bad = read_cells(con, source)
    named: dict[str, list[str]] = {}
    for number, name in enumerate(source.keys):
        if name:
            named.setdefault(name, []).append(f"nullif(c{number}, '')")
    pairs = ", ".join(f"{quoted(name)}, coalesce({', '.join(cells)})" for name, cells in named.items())
    con.execute(f"insert into records select place, json_merge_patch('{{}}', json_object({pairs})) from cells")
    con.execute("drop table cells")
    return read, bad


def quoted(name: str) -> str:
    """A text as SQL writes it."""
    return "'" + name.replace("'", "''") + "'"


def _read_parquet(con: duckdb.DuckDBPyConnection, path: str) -> None:
    """Plain columns as text (a double would cost digits), times with their offset, nested ones as JSON."""
    columns = con.execute("select column_name, column_type from (describe select * from read_parquet(?))", [path])
    parts = []
    for name, kind in columns.fetchall():
        is_json = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "BOOLEAN", "JSON"))
        value = '"' + name.replace('"', '""') + '"' if is_json else parquet_text(name, kind)
        parts.append(f"{quoted(name)}, {value}")
    con.execute(f"insert into records select row_number() over (), json_object({', '.join(parts)}) from read_parquet(?)", [path])


def _mend_halves(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Rows that are none only because of half a character in them become rows."""
    places = {place for (place,) in con.execute(f"select place from records where {NO_OBJECT}").fetchall()}
    if not places:
        return
    lines = ((place, line) for place, line in enumerate(lines_of(source), start=source.lines_before + 1) if place in places)
    mended = [(place, line.decode(errors="replace")) for place, line in lines if rb"\ud" in line.lower()]
    if mended:
        con.execute(
            "update records set record = try_cast(whole_characters(m.record) as json)"
            " from (select unnest(?::bigint[]) as place, unnest(?::varchar[]) as record) m where m.place = records.place",
            [list(column) for column in zip(*mended, strict=True)],
        )


def _read_whole(con: duckdb.DuckDBPyConnection, source: Source, path: str, under: str | None) -> None:
    try:
        _read_document(con, source, path, under)
    except duckdb.Error as error:
        if "surrogate" not in str(error):
            raise
        with private_folder() as folder:
            mended = folder / "mended"
            (text,) = con.execute("select whole_characters(?)", [whole(source).decode(errors="replace")]).fetchone() or ("",)
            mended.write_text(text, encoding="utf-8", newline="")
            _read_document(con, replace(source, packing="none"), str(mended), under)


def _read_document(con: duckdb.DuckDBPyConnection, source: Source, path: str, under: str | None) -> None:
    if source.shape == "json_array":
        con.execute(
            "insert into records select row_number() over (), json from read_json_objects(?, format = 'array',"
            f" maximum_object_size = {MAX_RECORD_BYTES}, compression = ?)",
            [path, source.packing],
        )
    elif under is None:
        con.execute(
            "insert into records select 1, json from read_json_objects(?, format = 'unstructured',"
            f" maximum_object_size = {MAX_RECORD_BYTES}, compression = ?)",
            [path, source.packing],
        )
    else:
        con.execute(
            "insert into records select generate_subscripts(list, 1), unnest(list) from (select json_extract(json,"
            " ?)::json[] as list from read_json_objects(?, format = 'unstructured',"
            f" maximum_object_size = {MAX_RECORD_BYTES}, compression = ?))",
            [f'$."{under}"', path, source.packing],
        )
