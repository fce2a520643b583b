"""Requests that lie one in a file each are read together, and become what they are when each is read alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit import engine
from audit.loaders import Source, Tally, request_log
from audit.plan import Plan

from .test_answers import URL, body

ROW = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": URL, "status": 200, "response": {"events_received": 1}}
FILES: dict[str, Any] = {
    "a": ROW | {"body": body(1)},
    "b": ROW | {"body": body(2), "ts": "2026-11-20T10:00:01.250Z"},
    "c without a time": {name: part for name, part in ROW.items() if name != "ts"} | {"body": body(3)},
    "d without an answer": {name: part for name, part in ROW.items() if name not in ("status", "response")} | {"body": body(4)},
    "e in other words": {"time": "2026-11-20T10:00:02Z", "request_url": URL, "Status": 200, "payload": json.dumps(body(5))},
    "f an unreadable time": ROW | {"body": body(6), "ts": "soon"},
    "g\u00e9 [1]": ROW | {"body": body(7), "headers": {"cookie": "_fbp=fb.1.1763632700000.123456789"}},
}
SAID = """
    select event_id, seen_at, status, accepted, ref, event_key, cookie_browser, value_sent from events order by event_key;
    select source, read_rows, kept, ignored, rejected, has_statuses, has_zone, gaps, sha256 from sources order by source;
    select ref, source, reason from rejects order by ref
"""


def said(folder: Path) -> list[Any]:
    files = [engine.InputFile(path, path.name) for path in sorted(folder.glob("*.json"))]
    con = engine.read(files, Plan()).con
    answer = [con.execute(query).fetchall() for query in SAID.split(";")]
    con.close()
    return answer


def written(folder: Path, more: dict[str, str]) -> None:
    for name, row in FILES.items():
        (folder / f"{name}.json").write_text(json.dumps(row) + "\n", encoding="utf-8")
    for name, text in more.items():
        (folder / name).write_text(text, encoding="utf-8")


MORE: dict[str, dict[str, str]] = {
    "nothing else": {},
    "half a character": {"b2.json": json.dumps(FILES["a"]).replace("website", "web\\ud83d") + "\n"},
    "no number": {"b2.json": json.dumps(FILES["a"]).replace("35.2", "NaN") + "\n"},
    "two rows": {"b2.json": "\n".join(json.dumps(ROW | {"body": body(n)}) for n in (8, 9))},
}


@pytest.mark.parametrize("more", MORE)
def test_files_of_one_row_are_read_together_as_each_alone(more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, MORE[more])
    together = said(tmp_path)
    monkeypatch.setattr(request_log, "together", lambda _: None)
    assert together == said(tmp_path)
    assert len(together[0]) >= 5


def test_several_files_are_one_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    whole = request_log.load_together

    def counted(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> list[Tally]:
        runs.append(len(sources))
        return whole(con, sources)

    monkeypatch.setattr(request_log, "load_together", counted)
    for number in range(5):
        (tmp_path / f"{number}.json").write_text(json.dumps(ROW | {"body": body(number)}), encoding="utf-8")
    assert len(said(tmp_path)[0]) == 5
    assert runs == [5]
