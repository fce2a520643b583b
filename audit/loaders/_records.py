"""A log of one object a line, or a table, as rows of JSON in a temporary table ``records(place, record)``.

DuckDB reads the file itself; Python only settles what it is. A row that is no JSON object becomes a reject with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audit.errors import InputError
from audit.loaders._source import Source

#: One JSON value may be this long; a longer line is no log line.
MAX_RECORD_BYTES = 64 << 20

#: Why a row of a file is none.
NO_ROW = {"json": "not a JSON object", "csv": "more cells than the header has columns"}


@contextmanager
def plain_path(source: Source) -> Iterator[str]:
    """A path DuckDB takes literally: names with wildcard characters are reached through a link."""
    if not set(str(source.path)) & set("*?[]{}"):
        yield str(source.path)
        return
    with TemporaryDirectory(prefix="pixel-audit-") as folder:
        link = Path(folder) / "input"
        link.symlink_to(source.path.resolve())
        yield str(link)


def read_records(con: duckdb.DuckDBPyConnection, source: Source, under: str | None = None) -> tuple[int, int]:
    """Fills ``records(place, record)`` with the file's rows and ``rejects`` with what is none; (read, rejected).

    ``under`` names the key whose list holds the rows, for a JSON object that wraps them.

    Raises:
        InputError: the file breaks off, or is not what its first bytes promise.
    """
    con.execute("create or replace temp table records (place bigint, record json)")
    with plain_path(source) as path:
        try:
            if source.shape == "csv":
                _read_csv(con, source)
            elif source.shape == "parquet":
                _read_parquet(con, path)
            elif source.shape == "ndjson":
                _read_lines(con, source, path)
            else:
                _read_document(con, source, path, under)
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0]
            raise InputError(f"{source.name}: breaks off or is damaged: {first}. Export it again.") from error
    con.execute(
        "insert into rejects select ? || ':' || place, ?, ? from records where record is null or json_type(record) <> 'OBJECT'",
        [source.name, source.name, NO_ROW["csv" if source.shape == "csv" else "json"]],
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


def _read_csv(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Cells under their trimmed headers, empty ones left out; a row's place is the line it begins on.

    Python splits the rows: exports quote line breaks, cut trailing cells and change their encoding, and a reference must
    still name the right line. A row with more cells than the header is no row of this table.
    """
    with TemporaryDirectory(prefix="pixel-audit-") as folder:
        rows = Path(folder) / "rows.ndjson"
        with rows.open("w", encoding="utf-8") as out:
            try:
                for line, record in csv_rows(source):
                    out.write(json.dumps({"place": line, "record": record}) + "\n")
            except csv.Error as error:
                raise InputError(f"{source.name}: breaks off or is damaged: {error}. Export it again.") from error
        con.execute(
            "insert into records select place, record from read_json(?, format = 'newline_delimited',"
            f" columns = {{'place': 'bigint', 'record': 'json'}}, maximum_object_size = {MAX_RECORD_BYTES})",
            [str(rows)],
        )


def csv_rows(source: Source) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The line a row begins on and its cells by header; ``None`` for a row that does not fit the header."""
    csv.field_size_limit(MAX_RECORD_BYTES)
    with source.open() as raw:
        encoding = "utf-16" if raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    with source.open() as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=source.delimiter)
        header: list[str] | None = None
        line = 1
        for row in reader:
            begins, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in row):
                if header is not None and len(row) > 1:
                    yield begins, {}
                continue
            if header is None:
                header = [cell.strip() for cell in row]
                continue
            if any(cell.strip() for cell in row[len(header) :]):
                yield begins, None
                continue
            yield begins, {name: cell for name, cell in zip(header, row, strict=False) if name and cell != ""}


def _read_parquet(con: duckdb.DuckDBPyConnection, path: str) -> None:
    """Plain columns as text (a double would cost digits), times with their offset, nested ones as JSON."""
    columns = con.execute("select column_name, column_type from (describe select * from read_parquet(?))", [path])
    parts = []
    for name, kind in columns.fetchall():
        key, quoted = name.replace("'", "''"), '"' + name.replace('"', '""') + '"'
        if kind == "TIMESTAMP WITH TIME ZONE":
            quoted = f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        elif not kind.endswith("]") and not kind.startswith(("STRUCT", "MAP", "BOOLEAN", "JSON")):
            quoted = f"cast({quoted} as varchar)"
        parts.append(f"'{key}', {quoted}")
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
