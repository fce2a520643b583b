"""Hostile values where any evidence holds a value: whatever kind of file carries them, they stay text, and so do plan values."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from audit import engine
from audit.cli import FORMATS, main
from audit.errors import InputError
from audit.inputs import find_inputs
from audit.plan import Plan
from audit.plan_file import read_plan
from audit.terminal import printed, tell
from audit.verdict import judge
from reports.packet import build
from tests.fuzz.decoders import STORIES
from tests.sharing import words
from tests.test_har import _entry, _har
from tests.test_logs import CALL, REQUEST
from tests.wire.decoding import events

EVIL = "=cmd|' /C calc'!A0\"><script>window.hacked=1</script><img src=x onerror=x()>'); drop table events; --{{7*7}}${7*7}"
META = "https://graph.facebook.com/v23.0/1234567890123456/events"
DEEP = {"lists": "[" * 10_000 + "]" * 10_000, "objects": '{"a":' * 10_000 + "1" + "}" * 10_000}


def _run(path: Path, content: str | bytes) -> engine.Audit:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return engine.run([engine.InputFile(path, path.name, named=True)], Plan())


def _poisoned(value: Any, depth: int = 0) -> Any:
    """Every text with the evil one behind or before it; addresses and times stay ones, or nothing would be read."""
    if isinstance(value, dict):
        return {key: _poisoned(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_poisoned(inner, depth + 1) for inner in value]
    if not isinstance(value, str) or value[:2] == "20" or value.isdigit():
        return value
    if value.startswith("http"):
        return f"{value}{'&' if '?' in value else '?'}x={EVIL}"
    if value[:1] in ("{", "["):
        return json.dumps(_poisoned(json.loads(value), depth + 1))
    return f"{EVIL}{value}" if depth > 1 else value


class _Page(HTMLParser):
    """The scripts of a page, and whatever would run beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.running: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.running += [f"{tag} {name}" for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]


def _page(packet: Path) -> _Page:
    page = _Page()
    page.feed((packet / "packet.html").read_text(encoding="utf-8"))
    return page


def test_a_launch_with_evil_in_every_field_of_every_file_and_of_its_plan_is_only_text(tmp_path: Path) -> None:
    story = STORIES / "double_sender"
    folder = tmp_path / "evidence"
    folder.mkdir()
    for path in sorted(story.rglob("*")):
        name = f"{len(list(folder.iterdir()))}<img src=x onerror=x>'; --.{path.suffix}"
        if path.suffix in (".har", ".json"):
            (folder / name).write_text(json.dumps(_poisoned(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
        elif path.suffix == ".ndjson":
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            (folder / name).write_text("".join(json.dumps(_poisoned(row)) + "\n" for row in rows), encoding="utf-8")
    evil_id = json.dumps(re.sub(r"[\s,;/:]", "", EVIL))
    evil, template = json.dumps(EVIL), json.dumps("{order_id}" + EVIL.replace("{", "").replace("}", ""))
    (folder / "audit.toml").write_text(
        f'[launch]\nname = {evil}\ntest_orders = ["1001", {evil}]\n[purchase]\nevent_id = {template}\n'
        f"[platforms.meta]\ndatasets = [{evil_id}]\n"
        f'[[senders]]\nname = {evil}\nplatform = "meta"\nchannel = "browser"\nowner = "data"\n',
        encoding="utf-8",
    )
    runner = CliRunner()
    (tmp_path / "refused.toml").write_text(f"[platforms.meta]\ndatasets = [{evil}]\n", encoding="utf-8")
    refused = runner.invoke(main, ["run", str(folder), "--plan", str(tmp_path / "refused.toml")], catch_exceptions=False)
    assert refused.exit_code == 2
    assert "is no pixel id" in refused.output
    result = runner.invoke(main, ["run", str(folder), "--out", str(tmp_path / "p"), "--exit-zero"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    runner.invoke(main, ["run", str(story), "--out", str(tmp_path / "clean"), "--exit-zero"], catch_exceptions=False)
    found, clean = _page(tmp_path / "p"), _page(tmp_path / "clean")
    assert (found.scripts, found.running) == (clean.scripts, clean.running)
    run = json.loads((tmp_path / "p" / "run.json").read_text(encoding="utf-8"))
    assert sum(source["kept"] for source in run["sources"]) > 50
    with (tmp_path / "p" / "findings.csv").open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert len(cells) > 10
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_sql_in_every_value_of_a_plan_is_only_text(tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text(json.dumps(REQUEST | {"Evil": "x"}), encoding="utf-8")
    evil = json.dumps("x'); drop table events; --\"")
    (tmp_path / "audit.toml").write_text(
        f'[launch]\nname = {evil}\n[[mapping]]\nfiles = "*.ndjson"\nkind = "request_log"\n'
        f'fields = {{ ts = "ts", url = "url", body = "body", method = {evil}, sender = {evil} }}\n'
        f"[[senders]]\nname = {evil}\nplatform = 'meta'\nchannel = 'server'\nowner = 'data'\n",
        encoding="utf-8",
    )
    plan = read_plan(tmp_path / "audit.toml")
    assert len(events(engine.run(find_inputs((tmp_path,), plan), plan))) == 1


def _capi(custom: str) -> str:
    event = '"event_name":"Purchase","event_time":1795168800,"event_id":"first","event_id":"second"'
    return f'{{"data":[{{{event},"custom_data":{custom}}}]}}'


@pytest.mark.parametrize("name", ["log.ndjson", "log.json", "capture.har"])
def test_of_two_equal_keys_of_a_body_the_first_counts_in_every_kind_of_file(name: str, tmp_path: Path) -> None:
    body = _capi('{"value":10,"value":20,"currency":"USD","currency":5}')
    row = json.dumps({"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": META, "status": 200, "body": body})
    har = _har(_entry(request={"method": "POST", "url": META, "headers": [], "postData": {"text": body}}))
    contents: dict[str, str | bytes] = {"log.ndjson": row + "\n", "log.json": f"[{row}]", "capture.har": har}
    audit = _run(tmp_path / name, contents[name])
    (event,) = events(audit)
    assert (event["event_id"], str(event["value"]), event["currency"]) == ("first", "10.000000", "USD")
    # The schema is asked about the same value: the second currency would be no text.
    wrong = audit.con.execute("select path from violations where cause = 'wrong_type'").fetchall()
    assert not [path for (path,) in wrong if "currency" in path]


def test_of_two_equal_keys_of_a_row_the_first_counts(tmp_path: Path) -> None:
    first = json.dumps(CALL | {"platform": "meta", "event": "Purchase", "event_id": "first"})
    row = first[:-1] + ', "event_id": "second", "ts": "no time"}'
    assert [event["event_id"] for event in events(_run(tmp_path / "log.ndjson", row + "\n"))] == ["first"]


@pytest.mark.parametrize("deep", DEEP)
def test_ten_thousand_levels_anywhere_are_data_or_a_reject(deep: str, tmp_path: Path) -> None:
    value = DEEP[deep]
    row = json.dumps({"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": META, "status": 200, "body": "@", "headers": "@"})
    call = json.dumps(CALL | {"params": "@", "cookies": "@"})
    entry = json.dumps(_entry()).replace('"headers": []', f'"headers": {value}').encode()
    order = json.dumps({"id": 1, "number": "1", "status": "completed", "total": "10", "date_created_gmt": "2026-11-20T10:00:00"})
    cells = "order_id,created_at,total,currency,note\n1001,2026-11-20T10:00:00Z,10,USD,"
    files: dict[str, str | bytes] = {
        "requests.ndjson": f"{json.dumps(REQUEST)}\n" + row.replace('"@"', value) + "\n",
        "requests.json": "[" + json.dumps(REQUEST) + "," + row.replace('"@"', value) + "]",
        "calls.ndjson": f"{json.dumps(CALL)}\n" + call.replace('"@"', value) + "\n",
        "capture.har": _har(_entry())[:-3] + b"," + entry + b"]}}",
        "orders.csv": f'{cells}\n1002,2026-11-20T10:00:00Z,10,USD,"{value.replace(chr(34), chr(34) * 2)}"\n',
        "orders.json": f'[{order[:-1]}, "currency": "USD", "line_items": []}}, {order[:-1]}, "meta_data": {value}}}]',
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    audit = engine.run([engine.InputFile(tmp_path / name, name, named=True) for name in files], Plan())
    assert not [outcome.note for outcome in audit.outcomes if outcome.state == "broke"]
    counts = audit.con.execute("select source, read_rows, kept + ignored + rejected from sources").fetchall()
    assert sorted(counts) == sorted((name, 2, 2) for name in files)


def test_names_of_columns_are_only_names(tmp_path: Path) -> None:
    evil = "x\"'); drop table orders; --\0$1?{}"
    cell = '"' + evil.replace('"', '""') + '"'
    table = f"order_id,created_at,total,currency,{cell},{cell}\n1001,2026-11-20T10:00:00Z,10,USD,1,2\n"
    audit = _run(tmp_path / "orders.csv", table)
    assert audit.con.execute("select order_id from orders").fetchall() == [("1001",)]
    column = '"' + evil.replace('"', '""').replace("\0", "") + '"'
    duckdb.execute(
        f"copy (select '1001' as order_id, '2026-11-20T10:00:00Z' as created_at, '10' as total, 'USD' as currency, 1 as {column})"
        f" to '{tmp_path / 'orders.parquet'}' (format parquet)"
    )
    path = tmp_path / "orders.parquet"
    audit = engine.run([engine.InputFile(path, path.name, named=True)], Plan())
    assert audit.con.execute("select order_id from orders").fetchall() == [("1001",)]


def test_links_out_of_the_folder_are_read_only_where_they_are_named(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ndjson").write_text(json.dumps(REQUEST))
    folder = tmp_path / "evidence"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "own.ndjson").write_text(json.dumps(REQUEST))
    (folder / "file.ndjson").symlink_to(outside / "secret.ndjson")
    (folder / "folder").symlink_to(outside)
    (folder / "deeper" / "up").symlink_to(folder)
    (folder / "deeper" / "round").symlink_to(folder / "deeper" / "round")
    (folder / "deeper" / "relative").symlink_to("../../outside/secret.ndjson")
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    assert [file.name for file in find_inputs((folder,), Plan())] == ["deeper/own.ndjson"]
    assert [file.name for file in find_inputs((folder / "file.ndjson",), Plan())] == ["file.ndjson"]


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('{file}')",
        "select * from read_text('{file}')",
        "copy (select 1) to '{file}.copy'",
        "attach '{file}.db' as other",
        "select * from read_json('https://example.com/x.json')",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
    ],
)
def test_the_database_reaches_neither_files_nor_the_network_once_loaded(query: str, tmp_path: Path, once: engine.Audit) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(duckdb.Error):
        once.con.execute(query.format(file=tmp_path / "secret.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.csv"]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> engine.Audit:
    return _run(tmp_path_factory.mktemp("loaded") / "log.ndjson", json.dumps(REQUEST))


#: What a terminal would do: wipe the screen, set its title, colour, hide; go back to the line's start; read the other way round.
OBEYED = "\x1b[2J\x1b]0;owned\x07\x9b8m\u202e\x7f\r"


@pytest.fixture(scope="module")
def obeyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A launch whose every value would be obeyed by a terminal."""
    folder = tmp_path_factory.mktemp("obeyed") / "evidence"
    folder.mkdir()
    call = CALL | {"platform": "meta", "event": f"Purch{OBEYED}ase", "event_id": f"e{OBEYED}1", "sender": f"app{OBEYED}"}
    sale = call | {"event": "Purchase", "params": {"order_id": f"A{OBEYED}1", "value": 5, "currency": f"ID{OBEYED}R"}}
    (folder / f"log{OBEYED}.ndjson").write_text(f"{json.dumps(call)}\n{json.dumps(sale)}\n{{{OBEYED}\n")
    (folder / "orders.csv").write_text(f'order_id,created_at,currency,total\n"B{OBEYED}2",2026-11-20T10:00:00Z,IDR,10\n')
    (folder / "audit.toml").write_text(f"[launch]\nname = {json.dumps(OBEYED)}\n[owners]\ntracking = {json.dumps(OBEYED)}\n")
    return folder


def _commands(told: str) -> list[str]:
    return [sign for sign in OBEYED if sign in told and not sign.isalnum() and sign not in "[];"]


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_nothing_of_a_log_reaches_the_terminal_as_a_command_to_it(command: str, obeyed: Path, tmp_path: Path) -> None:
    words = [command, str(obeyed), *(["--out", str(tmp_path / "p")] if command == "run" else [])]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert len(result.output + result.stderr) > 500
    assert _commands(result.output + result.stderr) == []


def test_nothing_of_a_log_is_a_command_in_any_format(obeyed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = read_plan(obeyed / "audit.toml")
    audit = engine.run(find_inputs((obeyed,), plan), plan)
    packet = build(audit, judge(audit))
    for name in FORMATS:
        tell(printed(name, packet), painted=name == "table")
        told = capsys.readouterr().out
        assert (len(told) > 500, _commands(told)) == (True, []), name


def test_what_a_terminal_would_obey_is_shown_as_what_it_is(obeyed: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["run", str(obeyed), "--out", str(tmp_path / "p")], catch_exceptions=False).output
    assert r"A\u001b[2J\u001b]0;owned\u0007\u009b8m\u202e\u007f" in " ".join(told.split())
    for name in ("packet.html", "findings.csv"):
        written = (tmp_path / "p" / name).read_text(encoding="utf-8")
        assert r"A\u001b[2J" in written
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\x7f"} & set(written)


def test_no_text_of_a_packet_makes_a_line_of_its_own(obeyed: Path, tmp_path: Path) -> None:
    forged = "x\npacket, run and signatures agree\n::error::x"
    rows = f'order_id,created_at,currency,total\n"{forged}",2026-11-20T10:00:00Z,IDR,10\n'
    for name, text in (("old", rows), ("new", rows.replace("x", "y"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "orders.csv").write_text(text)
        (tmp_path / name / f"a{forged}.csv".replace("/", "")).write_text("no,table\n")
        CliRunner().invoke(main, ["run", str(tmp_path / name), "--out", str(tmp_path / f"p-{name}")], catch_exceptions=False)
    for command in (
        ["diff", str(tmp_path / "p-old"), str(tmp_path / "p-new")],
        ["verify", str(tmp_path / "p-old"), "--inputs", str(obeyed)],
        ["run", str(tmp_path / "new"), "--out", str(tmp_path / "p-new")],
        ["run", str(tmp_path / "new" / f"a{forged}.csv"), "--out", str(tmp_path / "p-new")],
        ["doctor", str(tmp_path / "new")],
    ):
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        told = (result.output + result.stderr).splitlines()
        assert told
        assert not [line for line in told if line.startswith(("packet, run and signatures agree", "::error"))], command[0]


def test_a_name_that_is_no_text_is_told_as_that(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / os.fsdecode(b"log\xff.ndjson")).write_text(f"{json.dumps(REQUEST)}\n")
    result = CliRunner().invoke(main, ["run", str(folder), "--out", str(tmp_path / "p")], catch_exceptions=False)
    said = "log\\udcff.ndjson: the name of this file, or of a folder it lies in, is no UTF-8 text. Rename it."
    assert (result.exit_code, result.stderr) == (2, f"pixel-audit: {folder}/{said}\n")


def test_a_folder_for_the_packet_whose_name_is_no_text_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text(f"{json.dumps(REQUEST)}\n")
    out = os.fsdecode(os.fsencode(tmp_path) + b"/out\xff")
    result = CliRunner().invoke(main, ["run", str(tmp_path / "log.ndjson"), "--out", out], catch_exceptions=False)
    said = "out\\udcff: the name of this folder, or of one it lies in, is no UTF-8 text. Name another folder with --out."
    assert (result.exit_code, result.stderr) == (2, f"pixel-audit: {tmp_path}/{said}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["log.ndjson"]


def test_folders_without_end_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "audit.toml").write_text('[inputs]\npaths = ["evidence/**/*.ndjson"]\n')
    held = os.open(tmp_path / "evidence", os.O_RDONLY)
    for _ in range(1100):  # longer than any path may be: only step by step
        os.mkdir("d", dir_fd=held)
        deeper = os.open("d", os.O_RDONLY, dir_fd=held)
        os.close(held)
        held = deeper
    os.close(held)
    try:
        with pytest.raises(InputError, match="evidence: folders lie more than 50 deep in it"):
            find_inputs((tmp_path / "evidence",), Plan())
        with pytest.raises(InputError, match="folders that are nested without end"):
            find_inputs((), read_plan(tmp_path / "audit.toml"))
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "evidence"], check=True)


@pytest.mark.parametrize(
    "never",
    ["0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01 00:00:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"],
)
def test_a_program_s_word_for_never_is_no_time(never: str) -> None:
    """Such a time is in no calendar of Python's, or leaves it in the next zone: the run ended in a traceback."""
    assert words().execute("select utc(?), utc('1001-01-01T00:00:00Z') is null", [never]).fetchone() == (None, False)
