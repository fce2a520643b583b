"""What the first bytes of a file hold: which shape it has, its keys or columns, and its first rows."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ijson

from audit.errors import InputError, told_without_values
from audit.loaders._json_stream import JsonStream
from audit.loaders._unpacking import check_parquet_size

HEAD_BYTES = 262_144
_HAR = re.compile(rb'\s*\{\s*"log"')
_RECORDS_PEEKED = 20
#: A table with more columns is neither a log nor an export, and takes the time of one many times its size.
_MAX_COLUMNS = 900
_HEADING = re.compile(r"[^\W\d][^{}=<>:\"]*")
#: Whose loader reads the lines above its table itself.
_OWN_TITLE = re.compile("Omnibug v")
#: A list begins with a row, a text or its end; what else stands behind a bracket is a line of a log: its time, its level.
_LIST = re.compile(r"\[\s*[\[{\"\]]")
_TIMED_LINE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)? ?(?:Z|[+-]\d{2}:?\d{2})?[ |]")
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?')


def holds_no_row(head: bytes) -> bool:
    """Whether the first row of a log or a list of rows goes beyond the first bytes."""
    start = text_of(head[:100]).lstrip()[:1]
    if start == "{":
        return b"\n" not in head and not _HAR.match(head)
    text = text_of(head).lstrip()
    return bool(_LIST.match(text)) and not _first_items(text, "item")


def check_width(name: str, columns: int) -> None:
    if columns > _MAX_COLUMNS:
        raise InputError(
            f"{name}: {columns:,} columns, which is no log and no export. Export those that are needed, at most {_MAX_COLUMNS}."
        )


def text_of(head: bytes) -> str:
    """The first bytes as text: BOM removed, a character cut at the end dropped, bad bytes replaced."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return head.decode(encoding, errors="replace").lstrip("\ufeff")
    return head.decode("utf-8", errors="replace")


def look_parquet(path: Path, name: str) -> dict[str, Any]:
    import duckdb  # only here: a look at any other file needs no database

    literal = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
    try:
        with duckdb.connect() as con:
            con.execute("set threads = 1")
            check_width(name, len(con.execute("select * from read_parquet(?) limit 0", [literal]).description or ()))
            check_parquet_size(con, path, literal, name)
            found = con.execute(f"select columns(*)::varchar from read_parquet(?) limit {_RECORDS_PEEKED}", [literal])
            keys = tuple(column[0] for column in found.description or ())
            records = tuple(dict(zip(keys, row, strict=True)) for row in found.fetchall())
    except duckdb.Error as error:
        first = told_without_values(error).rstrip(".")
        raise InputError(f"{name}: breaks off or is damaged: {first}. Export it again.") from error
    return {"shape": "parquet", "keys": keys, "records": records}


def look(head: bytes, whole: bool) -> dict[str, Any]:
    text = text_of(head).lstrip()
    if text.startswith("{"):
        return _look_object(text, whole)
    if _LIST.match(text) and not _is_prefixed(text):
        records = tuple(_first_items(text, "item"))
        return {"shape": "json_array", "records": records, "keys": tuple(records[0]) if records else ()}
    rows = _rows(text, whole)
    if rows:
        return {"shape": "ndjson", "records": rows, "keys": tuple(rows[0])}
    return {"shape": "text"} if _is_prefixed(text) else _look_table(text)


def _is_prefixed(text: str) -> bool:
    """Whether the first line begins with its time, or JSON stands behind a host, a level in it: a table's names its columns."""
    if (text.startswith("[") and not _LIST.match(text)) or _TIMED_LINE.match(text):
        return True
    lead, mark, _ = text.partition("\n")[0].partition('{"')
    return mark != "" and lead.strip("[ \t\r") != "" and not lead.rstrip().endswith((",", ":{", "["))


def _look_object(text: str, whole: bool) -> dict[str, Any]:
    complete = _complete_lines(text, whole)
    records = _rows(text, whole)
    if not records and complete and complete[0].rstrip().endswith("}"):
        records = tuple(record for line in complete[:_RECORDS_PEEKED] if isinstance(record := _json(line), dict))
    if records and (len(complete) > 1 or "log" not in records[0]):
        shape = "ndjson"
    else:
        shape, records = "json_object", ()
    keys, members = _peek_object(text)
    return {"shape": shape, "records": records, "keys": keys, "members": members}


def _complete_lines(text: str, whole: bool) -> list[str]:
    lines = [line for line in text.split("\n") if line.strip()]
    return lines if whole else lines[:-1]


def _rows(text: str, whole: bool) -> tuple[dict[str, Any], ...]:
    """The first rows, where most of them are JSON objects: a log may begin in the middle of a line."""
    peeked = _complete_lines(text, whole)[:_RECORDS_PEEKED]
    rows = tuple(record for line in peeked if isinstance(record := _json(line), dict))
    return rows if 2 * len(rows) > len(peeked) else ()


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _peek_object(text: str) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Top-level keys, and by path the keys one and two levels below (of the rows, where a list stands there)."""
    keys: list[str] = []
    members: dict[str, list[str]] = {}
    try:
        for prefix, event, value in ijson.parse(_bounded(text), use_float=True):
            if event != "map_key":
                continue
            if prefix == "":
                keys.append(value)
                members.setdefault(value, [])
            else:
                place = prefix.removesuffix(".item")
                if place.count(".") < 2 and ".item" not in place:
                    inner = members.setdefault(place, [])
                    if value not in inner:
                        inner.append(value)
    except (ijson.JSONError, ValueError, RecursionError):
        pass  # the head ends in the middle of the document; what was seen before is enough
    return tuple(keys), {key: tuple(inner) for key, inner in members.items()}


def _bounded(text: str) -> JsonStream:
    return JsonStream(io.BytesIO(text.encode("utf-8")), limit=HEAD_BYTES)


def _first_items(text: str, prefix: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    try:
        for item in ijson.items(_bounded(text), prefix, use_float=True):
            if isinstance(item, dict):
                items.append(item)
            if len(items) == _RECORDS_PEEKED:
                break
    except (ijson.JSONError, ValueError, RecursionError):
        pass
    return items


def separator_of(line: str) -> str | None:
    """What separates the cells, where a table's first line says only that (``sep=;``, for spreadsheets)."""
    found = _SEPARATOR.fullmatch(line.strip(" \r\n\ufeff"))
    return found[1] if found else None


def _look_table(text: str) -> dict[str, Any]:
    lines = text.splitlines()
    told = separator_of(lines[0]) if lines else None
    lines = lines[1:] if told else lines
    titles = 0 if told else _titles(lines)
    lines = lines[titles:]
    if not lines:
        return {"shape": "other"}
    best = told or max(",;\t|", key=lines[0].count)
    if lines[0].count(best) == 0:
        return {"shape": "other", "keys": (lines[0].strip(),)}
    csv.field_size_limit(HEAD_BYTES)
    try:
        rows = _cells(lines[: _RECORDS_PEEKED * 4], best)
        is_one_column = _is_one_column(lines[:-1] or lines, best)
        if is_one_column:
            rows = _cells(list(rows_out_of_one_column(lines[: _RECORDS_PEEKED * 4])), best)
    except csv.Error:
        return {"shape": "other"}
    header = tuple(cell.strip() for cell in rows[0])
    records = tuple(dict(zip(header, row, strict=False)) for row in rows[1 : _RECORDS_PEEKED + 1])
    return {
        "shape": "csv", "keys": header, "records": records, "delimiter": best, "titles": titles, "is_one_column": is_one_column,
    }  # fmt: skip


def _titles(lines: list[str]) -> int:
    """How many lines of words stand above the header, as a report saved from a workbook has them; a log's first lines are none."""
    for number, line in enumerate(lines[:10]):
        best = max(",;\t|", key=line.count)
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=best), [])]
        filled = [cell for cell in cells if cell]
        if len(filled) >= 3:
            is_header = all(len(cell) <= 40 and _HEADING.fullmatch(cell) for cell in filled) and len(set(filled)) == len(filled)
            below = next((after for after in lines[number + 1 :] if after.strip()), "")
            return number if number and is_header and below.count(best) == line.count(best) else 0
        if len(filled) == 2 or line.startswith(("#", '"#')) or (filled and _OWN_TITLE.match(filled[0])):
            return 0
    return 0


def _cells(lines: list[str], delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO("\n".join(line.rstrip("\r\n") for line in lines)), delimiter=delimiter))


def _is_one_column(lines: list[str], delimiter: str) -> bool:
    """Whether the lines that hold quotes at all stand in quotes as a whole, and the only cell of one holds several."""
    quoted = [line for line in lines if '"' in line]
    if not all(line.startswith('"') and line.endswith('"') for line in quoted):
        return False
    alone = (row[0] for row in _cells(quoted, delimiter) if len(row) == 1)
    return any(len(next(csv.reader([cell], delimiter=delimiter), [])) >= 3 for cell in alone)


def rows_out_of_one_column(lines: Iterable[str]) -> Iterator[str]:
    """The lines as they were before a spreadsheet that expects another separator put each into one cell, and saved that."""
    for cells in csv.reader(lines, delimiter="\x01"):
        yield f"{cells[0] if cells else ''}\n"
