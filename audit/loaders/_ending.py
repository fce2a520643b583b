"""Whether a file ends where it should, or in the middle of a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

#: Why a row that breaks off is refused.
CUT_OFF = "cut off: the file ends in the middle of this row"


def is_torn(tail: bytes, shape: str, columns: int, delimiter: str) -> bool:
    """Whether the last row breaks off: it was copied while it was being written, or the copy did not come to its end.

    A row without the line break that ends it may be whole: many a program leaves out the last one.
    """
    if shape not in _TORN or b"\0" in tail or tail.endswith((b"\n", b"\r")) or not tail.strip():
        return False
    before, _, last = tail.rpartition(b"\n")
    return _TORN[shape](before, last, columns, delimiter)


def _torn_line(before: bytes, last: bytes, _: int, __: str) -> bool:
    if not before:  # a row longer than what is looked at
        return not last.rstrip().endswith(b"}")
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return True
    return False


def _torn_row(before: bytes, last: bytes, columns: int, delimiter: str) -> bool:
    """A row shorter than the header is torn only where the row above it is not; a table may leave empty cells out."""
    above = before.rpartition(b"\n")[2]
    return _cells(last, delimiter) < columns == _cells(above, delimiter) and before.count(b"\n") > 0


def _cells(line: bytes, delimiter: str) -> int:
    try:
        return len(next(csv.reader(io.StringIO(line.decode("utf-8", errors="replace").strip("\r")), delimiter=delimiter), []))
    except csv.Error:
        return 0


_TORN: dict[str, Callable[[bytes, bytes, int, str], bool]] = {"ndjson": _torn_line, "csv": _torn_row}
