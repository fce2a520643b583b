"""A large log is read in slices by two hands; what it says, and what is said of it, is what it says in one piece."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from audit import engine, loading, reading, tables
from audit.errors import InputError
from audit.inputs import find_inputs
from audit.loaders import Source, Tally, request_log
from audit.loaders._slices import slices
from audit.loaders._source import read_source
from audit.plan import Plan
from audit.plan_file import read_plan
from audit.spill import PREFIX
from tests.bench.traffic import make
from tests.loaders.test_answers import REFUSED, TAKEN, answered, asked, body

TABLES = ("sources", "rejects", "events", "event_items", "landings", "violations", "orders", "findings", "tallies", "pairs")
Tables = dict[str, list[str]]


def _tables(folder: Path) -> Tables:
    plan = read_plan(folder / "audit.toml")
    audit = engine.run(find_inputs((folder,), plan), plan)
    try:
        return {table: sorted(map(str, audit.con.execute(f"from {table}").fetchall())) for table in TABLES}
    finally:
        audit.con.close()


@pytest.fixture(autouse=True)
def _one_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of two runs can be compared."""
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 2 * size)


@pytest.fixture(autouse=True)
def _own_temp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temp")))


@pytest.fixture
def in_small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "SLICE_BYTES", 30_000)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A day of 120 orders with faults, blank lines, rows that are none and one that breaks off at the end."""
    make(tmp_path, 120, {"regenerated": 7, "no_server": 5, "value": 11})
    for name in ("pixel.ndjson", "server.ndjson"):
        path = tmp_path / name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[3:3] = ["\n", "no JSON\n", "[1, 2]\n"]
        lines[200:200] = ["\n", "  \n", '{"platform": "meta", "event": "Purchase"}\n']
        path.write_text("".join(lines) + lines[0][:50], encoding="utf-8")
    return tmp_path


def test_slices_say_what_the_whole_says(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _tables(day)
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "SLICE_BYTES", 30_000)
    assert _tables(day) == whole
    assert len(whole["rejects"]) == 8
    assert len(whole["findings"]) > 20


_EVENTS_IN_SLICES = """
import sys
from pathlib import Path
from audit import engine, reading, tables
from audit.inputs import find_inputs
from audit.plan import Plan
reading.LARGE_BYTES, reading.SLICE_BYTES = 0, 200
audit = engine.read(find_inputs((Path(sys.argv[1]),), Plan()), Plan())
print(*audit.con.execute("select count(*), min(seen_at), max(seen_at) from events").fetchone())
"""


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "America/Los_Angeles"])
def test_slices_mean_the_same_time_on_a_machine_of_any_zone(tmp_path: Path, zone: str) -> None:
    url = "https://graph.facebook.com/v20.0/123456789/events"
    with (tmp_path / "server.ndjson").open("w", encoding="utf-8") as log:
        for event_id, told in enumerate(("2026-11-20T10:00:00Z", "2026-11-20T17:00:00+07:00", "20/Nov/2026:17:00:00 +0700")):
            body = {"data": [{"event_name": "Purchase", "event_time": 1795168800, "event_id": f"p-{event_id}"}]}
            log.write(json.dumps({"ts": told, "method": "POST", "url": url, "body": body}) + "\n")
    asked = [sys.executable, "-c", _EVENTS_IN_SLICES, str(tmp_path)]
    done = subprocess.run(asked, env=os.environ | {"TZ": zone}, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("3 2026-11-20 10:00:00 2026-11-20 10:00:00", "")


def test_a_small_file_before_a_large_one_stays_before_it(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (day / "server.ndjson").read_bytes().splitlines(keepends=True)
    (day / "before.ndjson").write_bytes(b"".join(lines[:60]))
    whole = _tables(day)
    monkeypatch.setattr(reading, "LARGE_BYTES", (day / "before.ndjson").stat().st_size + 1)
    monkeypatch.setattr(reading, "SLICE_BYTES", 30_000)
    assert _tables(day) == whole


def test_a_log_of_several_destinations_says_the_same_in_slices(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for number, line in enumerate((day / "server.ndjson").read_text(encoding="utf-8").splitlines()[210:]):
        calls = [{"event": "ViewContent", "event_id": f"t-{number}-{nth}", "user": {"ttp": f"p{number}"}} for nth in range(3)]
        url = "https://business-api.tiktok.com/open_api/v1.3/event/track/"
        row = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": url, "body": {"event_source_id": "C1", "data": calls}}
        told += [line, json.dumps(row)]
    (day / "server.ndjson").write_text("\n".join(told), encoding="utf-8")
    whole = _tables(day)
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "SLICE_BYTES", 30_000)
    assert len(whole["events"]) > 1300
    keyed = {int(event.split(", ")[0].strip("(")): event for event in whole["events"]}
    assert [nth for key in sorted(keyed) for nth in "012" if f"'t-7-{nth}'" in keyed[key]] == ["0", "1", "2"]
    assert _tables(day) == whole


@pytest.mark.parametrize(("memory", "room"), [("1600MB", 100e6), ("400MB", 25e6), ("80MB", 5e6), ("2000TB", 125e12)])
def test_what_is_decoded_at_once_is_a_sixteenth_of_the_memory_bound(memory: str, room: float) -> None:
    con = tables.connect(memory)
    assert reading.room_for(con) == pytest.approx(room, rel=0.1)
    con.close()


@pytest.mark.parametrize("memory", ["-1", "none"])
def test_without_a_bound_there_is_room_for_everything(memory: str) -> None:
    con = tables.connect(memory)
    assert reading.room_for(con) > 1 << 40
    con.close()


def test_a_log_larger_than_the_room_is_read_in_slices_of_that_size(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def noted(source: Source, folder: Path, size: int) -> Iterator[Source]:
        sizes.append(size)
        return slices(source, folder, size)

    monkeypatch.setattr(reading, "slices", noted)
    con = tables.connect("400MB")
    monkeypatch.setattr(loading, "room_for", lambda _: 20_000)
    plan = read_plan(day / "audit.toml")
    loading.load(con, find_inputs((day,), plan), plan, lambda _: None)
    con.close()
    assert sizes == [20_000, 20_000]


def test_a_packed_log_is_sliced_as_it_is_unpacked(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pixel.ndjson", "server.ndjson"):
        path = day / name
        path.with_suffix(".ndjson.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    whole = _tables(day)
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "SLICE_BYTES", 30_000)
    assert _tables(day) == whole


def test_a_request_finds_its_answer_in_the_next_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that writes both in lines of their own: some stand on two sides of a cut."""
    rows = []
    for number in range(60):
        rows.append(asked(1) | {"request_id": f"r-{number}", "body": body(number)})
        if number >= 3:
            rows.append(answered(1, told=TAKEN if number % 5 else REFUSED) | {"request_id": f"r-{number - 3}"})
    lines = [json.dumps(row) for row in rows]
    lines[40:40] = ["", "no JSON"]
    (tmp_path / "log.ndjson").write_text("\n".join(lines), encoding="utf-8")

    def read() -> list[tuple[object, ...]]:
        con = engine.read([engine.InputFile(tmp_path / "log.ndjson", "log.ndjson", named=True)], Plan()).con
        counts = con.execute("select read_rows, kept, ignored, rejected, gaps from sources").fetchall()
        refused = con.execute("select ref, reason from rejects order by 1").fetchall()
        return [*counts, *refused, *con.execute("select ref, event_id, status, accepted from events order by event_key").fetchall()]

    whole = read()
    assert len(whole) > 60
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "SLICE_BYTES", 6_000)
    monkeypatch.setattr(reading, "EDGE_BYTES", 4_000)
    assert read() == whole


@pytest.mark.parametrize("size", [1, 10, 100, 1_000, 100_000])
def test_a_slice_ends_where_a_line_ends_and_knows_its_lines_and_those_before(tmp_path: Path, size: int) -> None:
    path = tmp_path / "log.ndjson"
    lines = [b'{"n": %d, "text": "%s"}\n' % (n, b"x" * (n * 7 % 90)) for n in range(50)]
    path.write_bytes(b"".join(lines).rstrip(b"\n"))
    folder = tmp_path / "slices"
    folder.mkdir()
    parts = list(slices(read_source(path, path.name), folder, size))
    contents = [part.path.read_bytes() for part in parts]
    assert b"".join(contents) == path.read_bytes()
    assert all(content.endswith(b"\n") for content in contents[:-1])
    assert all((part.longest_line or 0) > max(map(len, lines)) for part in parts)
    assert [part.lines for part in parts] == [len(content.splitlines()) for content in contents]
    assert [part.lines_before for part in parts] == [len(b"".join(contents[:n]).splitlines()) for n in range(len(parts))]


@pytest.mark.usefixtures("in_small_slices")
def test_what_goes_wrong_in_a_slice_ends_the_reading_and_leaves_nothing(
    day: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = request_log.load

    def breaks(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
        if source.lines_before > 100:
            raise InputError(f"{source.name}: breaks off")
        return load(con, source)

    monkeypatch.setattr(request_log, "load", breaks)
    with pytest.raises(InputError, match=r"^server.ndjson: breaks off$"):
        _tables(day)
    assert [path for folder in tmp_path_factory.getbasetemp().glob("temp*") for path in folder.glob(f"{PREFIX}*")] == []


@pytest.mark.usefixtures("in_small_slices")
def test_a_request_to_end_ends_the_hands_too(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked_to_end(source: Source, folder: Path, size: int) -> Iterator[Source]:
        for number, part in enumerate(slices(source, folder, size)):
            if number == 3:
                raise KeyboardInterrupt
            yield part

    monkeypatch.setattr(reading, "slices", asked_to_end)
    with pytest.raises(KeyboardInterrupt):
        _tables(day)
