"""Whether a file ends where it should, or in the middle of a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

#: Why a row that breaks off is refused.
CUT_OFF = "cut off: the file ends in the middle of this row"
OPEN_QUOTE = "a quote opens in this row and is never closed: all that stands below it is one cell"


def is_torn(tail: bytes, shape: str, columns: int, delimiter: str) -> bool:
    """Whether the last row breaks off: it was copied while it was being written, or the copy did not come to its end.

    A row without the line break that ends it may be whole: many a program leaves out the last one.
    """
    if shape not in _TORN or b"\0" in tail or not tail.strip():
        return False
    before, _, last = tail.rpartition(b"\n")
    return _TORN[shape](before, last, columns, delimiter)


def _torn_line(before: bytes, last: bytes, _: int, __: str) -> bool:
    if not last or last.endswith(b"\r"):
        return False
    if not before:  # a row longer than what is looked at
        return not last.rstrip().endswith(b"}")
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return True
    return False


def _torn_text(_: bytes, last: bytes, __: int, ___: str) -> bool:
    """JSON behind a prefix that does not come to its end."""
    text = last.decode("utf-8", errors="replace")
    start = text.find('{"')
    if start < 0 or text.endswith("\r"):
        return False
    try:
        json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return True
    return False


def _torn_row(before: bytes, last: bytes, columns: int, delimiter: str) -> bool:
    """A text in quotes that does not end, or a row shorter than the header below one that is not.

    A table may leave empty cells out; and a cell in quotes may hold line breaks, so rows are told from lines.
    """
    text = (before + b"\n" + last).decode("utf-8", errors="replace") if before else last.decode("utf-8", errors="replace")
    for _ in range(_LINES_TRIED):
        rows = _rows(text, delimiter)
        if rows and len(rows[0]) == columns:
            if len(rows) < 2 or len(rows[-1]) >= columns:
                return False
            is_short = not text.endswith(("\n", "\r")) and len(rows) > 2 and len(rows[-2]) == columns
            return is_short or text.count('"') % 2 == 1
        text = text.partition("\n")[2]
    return False


#: Lines at the head of what is looked at that may be the inside of a cell.
_LINES_TRIED = 20


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return []


_TORN: dict[str, Callable[[bytes, bytes, int, str], bool]] = {"ndjson": _torn_line, "csv": _torn_row, "text": _torn_text}
