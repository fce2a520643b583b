"""Hostile and broken input: nothing hangs, nothing executes, nothing outside the given paths is read; a clear word or a reject."""

from __future__ import annotations

import gzip
import json
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import engine
from audit.cli import main
from audit.errors import AuditError, InputError
from audit.loaders._source import read_source
from audit.plan import Plan
from audit.plan_file import read_plan
from tests.test_har import _entry, _har
from tests.test_logs import CALL, REQUEST
from tests.wire.decoding import events

GOOD = json.dumps(REQUEST)


def _run(folder: Path, content: bytes, name: str = "input") -> engine.Audit:
    path = folder / name
    path.write_bytes(content)
    return engine.run([engine.InputFile(path, name, named=True)], Plan())


def _read(folder: Path, content: bytes, name: str = "input") -> engine.Read:
    path = folder / name
    path.write_bytes(content)
    return engine.read([engine.InputFile(path, name, named=True)], Plan())


def _cli(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


BAD_LINES: dict[str, bytes] = {
    "invalid UTF-8": b'{"ts": "2026-11-20T10:00:01Z", "url": "https://x/\xff\xfe"}',
    "a NUL byte": b'{"ts": "2026-11-20T10:00:01Z", "url": "https://x/\x00"}',
    "cut in the middle": b'{"ts": "2026-11-20T10:00:01Z", "url": ',
    "no object": b'["ts", "url"]',
    "ten thousand levels": b'{"ts":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
    "a megabyte of letters": b"x" * 1_000_000,
    "duplicate keys": b'{"ts": "2026-11-20T10:00:01Z", "ts": "x", "url": "https://x/"}',
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_hurts_no_other(line: str, tmp_path: Path) -> None:
    audit = _read(tmp_path, b"\n".join([GOOD.encode(), BAD_LINES[line], GOOD.replace("10:00:00", "10:00:09").encode()]))
    assert [event["ref"] for event in events(audit)] == ["input:1", "input:3"]
    read, kept, ignored, rejected = audit.con.execute("select read_rows, kept, ignored, rejected from sources").fetchall()[0]
    assert (read, kept, ignored + rejected) == (3, 2, 1)


@pytest.mark.parametrize("cut", [1, 30])
def test_a_log_that_begins_in_the_middle_of_a_line_is_read_from_the_next(cut: int, tmp_path: Path) -> None:
    audit = _read(tmp_path, b"\n".join([GOOD.encode()[cut:], GOOD.encode(), GOOD.replace("10:00:00", "10:00:09").encode()]))
    assert [event["ref"] for event in events(audit)] == ["input:2", "input:3"]
    assert audit.con.execute("select ref, reason from rejects").fetchall() == [("input:1", "not a JSON object")]


def test_ten_thousand_levels_in_a_body_are_no_event_and_no_crash(tmp_path: Path) -> None:
    deep = "[" * 10_000 + "]" * 10_000
    audit = _run(tmp_path, json.dumps(REQUEST | {"body": deep}).encode() + b"\n" + GOOD.encode())
    assert len(events(audit)) == 1


@pytest.mark.parametrize(
    "content",
    [gzip.compress(GOOD.encode())[:40], b"\x1f\x8b\x08" + b"\0" * 60, b"\x28\xb5\x2f\xfd" + b"\1" * 40],
    ids=["cut", "gzip in name", "zstd in name"],
)
def test_a_lying_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="damaged or half-written"):
        _run(tmp_path, content)


NAMES = [
    "quote'd.ndjson",
    'double"d.ndjson',
    "new\nline.ndjson",
    "--out.ndjson",
    "star*[x]?.ndjson",
    "'; drop table events; --.ndjson",
    "<b>.ndjson",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    assert [event["ref"] for event in events(_read(tmp_path, GOOD.encode(), name))] == [f"{name}:1"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.ndjson"
    outside.write_text(GOOD)
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "own.ndjson").write_text(GOOD)
    (folder / "link.ndjson").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    result = _cli("run", folder, "--out", tmp_path / "p", "--format", "json")
    assert [source["path"] for source in json.loads(result.stdout)["sources"]] == ["own.ndjson"]


SCRIPTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; drop table events; --",
    "=cmd|' /C calc'!A0",
    "{{7*7}}",
    "</script>",
]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packet of a log in which every script stands in every field."""
    folder = tmp_path_factory.mktemp("scripted")
    rows = []
    for number, text in enumerate(SCRIPTS):
        row = CALL | {"event_id": text, "pixel_id": text, "sender": text, "session": text, "platform": "meta", "event": "Purchase"}
        row["params"] = {"value": text, "currency": text, "order_id": text, "content_ids": [text]}
        rows += [row | {"ts": f"2026-11-20T10:{number:02d}:{second:02d}Z"} for second in (0, 5)]
    (folder / "log.ndjson").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = _cli("run", folder / "log.ndjson", "--out", folder / "p")
    assert result.exit_code in (1, 3)
    return folder / "p"


@pytest.mark.parametrize("text", SCRIPTS)
def test_text_from_a_log_stays_text(text: str, scripted: Path) -> None:
    page = (scripted / "packet.html").read_text(encoding="utf-8")
    if "<" in text and text != "</script>":
        assert text not in page
    assert page.count("<script") == page.count("</script>")
    assert not [line for line in (scripted / "findings.csv").read_text().splitlines() if line.startswith(("=", "+", "@"))]


def test_sql_in_a_plan_is_only_text(tmp_path: Path) -> None:
    evil = "x'; drop table events; --"
    plan = Plan(name=evil, test_orders=(evil,), event_id=f"{{order_id}}{evil}")
    path = tmp_path / "log.ndjson"
    path.write_text(GOOD)
    assert len(events(engine.run([engine.InputFile(path, "log.ndjson")], plan))) == 1


def test_the_database_reaches_no_file_once_loaded(tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    audit = _read(tmp_path, GOOD.encode())
    with pytest.raises(duckdb.Error):
        audit.con.execute(f"select * from read_csv('{secret}')")


_KEYS = st.sampled_from(["a", "events", "data", "value", "contents", "user_data"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_FIELDS = dict.fromkeys(("body", "status", "response", "headers", "method", "sender", "session", "cookies"), _ANY)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({}, optional=_FIELDS), min_size=1, max_size=30))
def test_no_row_whatever_its_fields_breaks_the_audit(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    urls = [
        REQUEST["url"],
        "https://graph.facebook.com/v23.0/1/events",
        "https://analytics.tiktok.com/api/v2/pixel",
        "https://www.facebook.com/tr/?id=1&ev=Purchase",
    ]
    lines = [json.dumps({"ts": "2026-11-20T10:00:00Z", "url": urls[n % 4], "method": "POST"} | row) for n, row in enumerate(rows)]
    audit = _run(tmp_path, ("\n".join([GOOD, *lines])).encode())
    assert not [outcome for outcome in audit.outcomes if outcome.state == "broke"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_of_thousands_of_columns_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    names = ["order_id", "created_at", "currency", "total", *(f"c{number}" for number in range(4000))]
    if suffix == "csv":
        (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n", encoding="utf-8")
    else:
        columns = ", ".join(f"'1' as {name}" for name in names)
        duckdb.connect().execute(f"copy (select {columns}) to '{tmp_path / 'wide.parquet'}'")
    with pytest.raises(InputError) as told:
        read_source(tmp_path / f"wide.{suffix}", f"wide.{suffix}")
    assert str(told.value) == (
        f"wide.{suffix}: 4,004 columns, which is no log and no export. Export those that are needed, at most 900."
    )


def test_columns_of_nothing_but_nulls_break_no_check(tmp_path: Path) -> None:
    audit = _run(tmp_path, _har(_entry()))
    assert [outcome.note for outcome in audit.outcomes if outcome.state == "broke"] == []


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(_ANY | st.just(_entry()), max_size=20))
def test_no_har_whatever_its_entries_breaks_the_audit(entries: list[Any], tmp_path: Path) -> None:
    try:
        audit = _run(tmp_path, _har(_entry(), *entries))
    except AuditError:
        return
    assert not [outcome for outcome in audit.outcomes if outcome.state == "broke"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.dictionaries(
        st.sampled_from(["launch", "purchase", "platforms", "senders", "limits", "gates", "waivers", "x"]), _ANY, max_size=4
    )
)
def test_no_plan_whatever_its_values_does_more_than_complain(table: dict[str, Any], tmp_path: Path) -> None:
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None)
    try:
        tomllib.loads(text)
    except ValueError:
        return
    path = tmp_path / "audit.toml"
    path.write_text(text, encoding="utf-8")
    with suppress(AuditError):
        read_plan(path)


def test_of_a_file_of_no_known_format_only_the_ends_are_read(tmp_path: Path) -> None:
    """A recording of the screen beside the evidence, or the image of a disk."""
    (tmp_path / "log.ndjson").write_text(f"{GOOD}\n")
    for name in ("disk.img", "copy.img"):
        with (tmp_path / name).open("wb") as image:
            image.truncate(1 << 40)  # all of it would take hours
    audit = engine.run([engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())], Plan())
    assert audit.unrecognised == ("copy.img", "disk.img")
