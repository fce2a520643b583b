"""A log of one object a line, or a table, as rows of JSON in a temporary table ``records(place, record)``.

DuckDB reads the file itself; Python only settles what it is. A row that is no JSON object becomes a reject with its line.
"""

from __future__ import annotations

import duckdb

from audit.errors import InputError
from audit.loaders._cells import parquet_text, read_cells
from audit.loaders._paths import MAX_RECORD_BYTES, plain_path
from audit.loaders._source import Source


def read_records(con: duckdb.DuckDBPyConnection, source: Source, under: str | None = None) -> tuple[int, int]:
    """Fills ``records(place, record)`` with the file's rows and ``rejects`` with what is none; (read, rejected).

    ``under`` names the key whose list holds the rows, for a JSON object that wraps them.

    Raises:
        InputError: the file breaks off, or is not what its first bytes promise.
    """
    con.execute("create or replace temp table records (place bigint, record json)")
    if source.shape == "csv":
        return _read_csv(con, source)
    with plain_path(source) as path:
        try:
            if source.shape == "parquet":
                _read_parquet(con, path)
            elif source.shape == "ndjson":
                _read_lines(con, source, path)
            else:
                _read_document(con, source, path, under)
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(f"{source.name}: breaks off or is damaged: {first}. Export it again.") from error
    con.execute(
        "insert into rejects select ? || ':' || place, ?, 'not a JSON object' from records"
        " where record is null or json_type(record) <> 'OBJECT'",
        [source.name, source.name],
    )
    read, bad = con.execute(
        "select count(*), count(*) filter (where record is null or json_type(record) <> 'OBJECT') from records"
    ).fetchone() or (0, 0)
    con.execute("delete from records where record is null or json_type(record) <> 'OBJECT'")
    return read, bad


def _read_lines(con: duckdb.DuckDBPyConnection, source: Source, path: str) -> None:
    con.execute(
        "create or replace temp table raw_lines as select json as record from read_json_objects(?,"
        f" format = 'newline_delimited', ignore_errors = true, maximum_object_size = {MAX_RECORD_BYTES},"
        " compression = ?)",
        [path, source.packing],
    )
    blank = _blank_lines(source)
    if not blank:
        con.execute("insert into records select rowid + 1, record from raw_lines")
    else:
        con.execute("create or replace temp table blank_lines (line bigint)")
        con.executemany("insert into blank_lines values (?)", [[line] for line in blank])
        # The nth record stands n lines down plus the blank lines above it: blank line b has b - rank(b) records above.
        con.execute(
            "insert into records select r.rowid + 1 + count(b.above), any_value(r.record) from raw_lines r left join"
            " (select line - row_number() over (order by line) as above from blank_lines) b on b.above <= r.rowid"
            " group by r.rowid"
        )
    con.execute("drop table raw_lines")


def _blank_lines(source: Source) -> list[int]:
    blank: list[int] = []
    with source.open() as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                blank.append(number)
    return blank


def _read_csv(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, int]:
    """Cells under their headers, empty ones left out; a row's place is the line it begins on."""
    read, bad = read_cells(con, source)
    named: dict[str, list[str]] = {}
    for number, name in enumerate(source.keys):
        if name:
            named.setdefault(name, []).append(f"nullif(c{number}, '')")
    pairs = ", ".join(f"{_text(name)}, coalesce({', '.join(cells)})" for name, cells in named.items())
    con.execute(f"insert into records select place, json_merge_patch('{{}}', json_object({pairs})) from cells")
    con.execute("drop table cells")
    return read, bad


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _read_parquet(con: duckdb.DuckDBPyConnection, path: str) -> None:
    """Plain columns as text (a double would cost digits), times with their offset, nested ones as JSON."""
    columns = con.execute("select column_name, column_type from (describe select * from read_parquet(?))", [path])
    parts = []
    for name, kind in columns.fetchall():
        is_json = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "BOOLEAN", "JSON"))
        value = '"' + name.replace('"', '""') + '"' if is_json else parquet_text(name, kind)
        parts.append(f"{_text(name)}, {value}")
    con.execute(f"insert into records select row_number() over (), json_object({', '.join(parts)}) from read_parquet(?)", [path])


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
