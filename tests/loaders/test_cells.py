"""Rows of a table: whoever splits them, DuckDB or Python, the cells are the same and every row stands on its own line."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.loaders import _cells

from .reading import database, read, source_of

HEADER = "order_id,created_at,currency,total\n"
ROW = "{},2026-11-20T10:00:00Z,EUR,1\n"


def rows(folder: Path, content: str | bytes) -> list[tuple[object, ...]]:
    con = database()
    _cells.read_cells(con, source_of(folder, "orders.csv", content))
    return con.execute("select * from cells order by place").fetchall()


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (ROW.format("A") + ROW.format("B"), [2, 3]),
        (ROW.format('"A\nA"') + ROW.format("B"), [2, 4]),
        ("\n" + ROW.format("A") + "\n\n" + ROW.format('"B ""x"", y"') + "\n", [3, 6]),
        ((ROW.format("A") + ROW.format("B")).replace("\n", "\r\n"), [2, 3]),
        (ROW.format('"A\r\nA"') + ROW.format("B"), [2, 4]),
        (ROW.format('5" screen') + ROW.format("B"), [2, 3]),
        ("A,2026-11-20T10:00:00Z\n" + ROW.format("B"), [2, 3]),
        (",,,\n" + ROW.format("A"), [3]),
    ],
    ids=["plain", "line break in quotes", "blank lines", "CRLF", "CRLF in quotes", "a stray quote", "a cut row", "an empty row"],
)
def test_a_row_stands_on_the_line_it_begins_on(written: str, lines: list[int], tmp_path: Path) -> None:
    assert [row[0] for row in rows(tmp_path, HEADER + written)] == lines


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_costs_no_row(encoding: str, tmp_path: Path) -> None:
    found = rows(tmp_path, (HEADER + ROW.format("Größe")).encode(encoding))
    assert [(row[0], row[3]) for row in found] == [(2, "EUR")]


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\n'])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_first_line_that_names_the_separator_is_no_header(encoding: str, first: str, tmp_path: Path) -> None:
    table = (HEADER + ROW.format('"A, B"')).replace(",", ";").replace("A; B", "A, B")
    found = rows(tmp_path, (first + table).encode(encoding))
    assert [(row[0], row[1], row[3]) for row in found] == [(3, "A, B", "EUR")]


@pytest.mark.parametrize(
    "titles",
    ["Laporan Penjualan\n\n", "\n\nLaporan Penjualan\n", "Laporan Penjualan;;;\nPeriode 1 - 30 November 2026;;;\n"],
)
def test_a_reports_title_above_the_header_is_no_row(titles: str, tmp_path: Path) -> None:
    table = titles + (HEADER + ROW.format("A") + ROW.format("B")).replace(",", ";")
    found = rows(tmp_path, table)
    first = titles.count("\n") + 2
    assert [(row[0], row[1], row[3]) for row in found] == [(first, "A", "EUR"), (first + 1, "B", "EUR")]


ONE_COLUMN = (
    '"order_id,""created_at"",currency,""total"",note"',
    "1001,2026-11-20T10:00:00Z,EUR,59.90,",
    '"1002,2026-11-20T10:00:00Z,EUR,5.90,""the first,"',
    '"and """"the last"""" line"""',
    "1003,2026-11-20T10:00:00Z,EUR,7.90,plain\n",
)


def test_a_table_that_a_spreadsheet_took_for_one_column_is_read(tmp_path: Path) -> None:
    """Where a semicolon separates, a table of commas is opened as one column, and only lines with quotes are saved in quotes."""
    found = rows(tmp_path, "\r\n".join(ONE_COLUMN))
    assert [(row[0], row[1], row[4], row[5]) for row in found] == [
        (2, "1001", "59.90", None), (3, "1002", "5.90", 'the first,\nand "the last" line'), (5, "1003", "7.90", "plain"),
    ]  # fmt: skip


def test_a_note_that_ends_in_a_line_break_makes_no_such_table(tmp_path: Path) -> None:
    found = rows(tmp_path, 'order_id,note,b,c\n1,"thanks\n",,"He said ""x"""\n2,"a, b, c",,\n')
    assert [(row[0], row[1], row[2]) for row in found] == [(2, "1", "thanks\n"), (4, "2", "a, b, c")]


CELL = st.text(alphabet=st.sampled_from("ab0,;\"'\n\r\t é\x00"), max_size=6)


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return database()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=6), ends=st.sampled_from(["\n", "\r\n"]))
def test_both_readers_agree_on_whatever_a_program_wrote(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, written: list[list[str]], ends: str
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=ends).writerows([["a", "b", "c", "d"], *written])
    source = source_of(tmp_path, "orders.csv", text.getvalue())
    con.execute("create or replace temp table cells (place bigint, c0 varchar, c1 varchar, c2 varchar, c3 varchar)")
    _cells._read_any(con, source)
    expected = con.execute("select * from cells where trim(concat(c0, c1, c2, c3)) <> '' order by place").fetchall()
    _cells.read_cells(con, source)
    texts = [tuple(cell or None for cell in row) for row in con.execute("select * from cells order by place").fetchall()]
    assert texts == expected


def test_nothing_is_written_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", lambda *a, **k: pytest.fail("a temporary folder"))
    text = HEADER + 'A,2026-11-20T10:00:00Z,EUR,1,one too many\n"B ""\n",2026-11-20T10:00:00Z,EUR,1\n'
    assert read(tmp_path, "orders.csv", text).counts == (2, 1, 0, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]
