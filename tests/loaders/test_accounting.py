"""Whatever stands in a file: its rows are kept, ignored or rejected, none twice and none lost, and each reject has its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import engine
from audit.plan import Plan

from . import test_access_logs, test_har_dialects, test_omnibug, test_server_containers, test_test_events, test_totals
from .test_folder_of_everything import CALL, REQUEST_WITH_BODY

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**18), 10**18), st.text(max_size=8))
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3))
)


def _bent(row: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The row with one of its fields replaced by anything, or gone."""
    return st.one_of(
        st.just(row),
        st.builds(lambda key, value: row | {key: value}, st.sampled_from(sorted(row)), ANYTHING),
        st.builds(lambda key: {name: value for name, value in row.items() if name != key}, st.sampled_from(sorted(row))),
    )


def _lines(first: dict[str, Any], rows: list[Any]) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in [first, first, *rows])


def _har(first: dict[str, Any], rows: list[Any]) -> str:
    entries = [row for row in rows if not isinstance(row, str)]
    return json.dumps({"log": {"version": "1.2", "entries": [first, *entries]}})


NDJSON: dict[str, dict[str, Any]] = {
    "pixel_log": CALL,
    "request_log": REQUEST_WITH_BODY,
    "nginx": test_access_logs.LINES["nginx"],
    "sgtm": test_server_containers.request(),
    "cloud_logging": test_server_containers.entry(1, jsonPayload=REQUEST_WITH_BODY),
    "har": test_har_dialects._get(),
}
BROKEN = st.sampled_from(["{half", "[]", "5", "null", '"text"', "{}", "", "   "])


def _accounts(folder: Path, name: str, content: str) -> tuple[int, int]:
    (folder / name).write_text(content, encoding="utf-8")
    audit = engine.read([engine.InputFile(folder / name, name, named=True)], Plan())
    ((read, kept, ignored, rejected),) = audit.con.execute("select read_rows, kept, ignored, rejected from sources").fetchall()
    assert read == kept + ignored + rejected
    assert min(kept, ignored, rejected) >= 0
    places = audit.con.execute("select ref from rejects").fetchall()
    assert len(places) == len(set(places)) == rejected
    return read, rejected


@pytest.mark.parametrize("kind", NDJSON)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_of_logs_and_captures(kind: str, tmp_path: Path, data: st.DataObject) -> None:
    row = NDJSON[kind]
    rows = data.draw(st.lists(st.one_of(_bent(row), BROKEN), max_size=8))
    write: Callable[[dict[str, Any], list[Any]], str] = _har if kind == "har" else _lines
    read, _ = _accounts(tmp_path, "rows", write(row, rows))
    written = [line for line in rows if not isinstance(line, str) or (kind != "har" and line.strip())]
    assert read == len(written) + (1 if kind == "har" else 2)


TABLES = {
    "omnibug": test_omnibug.export(),
    "test_events": test_test_events.TEST_EVENTS,
    "totals": test_totals.DAILY,
    "ga4": test_totals.GA4,
    "meta_ads": test_totals.ADS,
}


@cache
def _rows_before(kind: str) -> int:
    with TemporaryDirectory() as folder:
        return _accounts(Path(folder), "before.csv", TABLES[kind])[0]


@pytest.mark.parametrize("kind", TABLES)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(st.text(alphabet="ab0,;\"'\n é2026-1", max_size=6), min_size=1, max_size=8), max_size=6))
def test_rows_of_tables(kind: str, tmp_path: Path, cells: list[list[str]]) -> None:
    extra = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells)
    before = _rows_before(kind)
    after, _ = _accounts(tmp_path, "after.csv", TABLES[kind].rstrip("\n") + "\n" + extra)
    assert after >= before
