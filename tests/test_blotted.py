"""Logs with personal data blotted out, or bodies left out: what cannot be seen is never called wrong, nor right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from audit import engine, payloads
from audit.inputs import find_inputs
from audit.plan import Plan
from audit.plan_file import read_plan
from audit.verdict import judge
from tests.bench.traffic import make
from tests.sharing import words
from tests.test_payloads import DIRECT_TIKTOK, EVENTS_API, META, RELAY_META, RELAY_TIKTOK, TIKTOK

Row = dict[str, Any]
#: Checks that have nothing to do with it: the launch has no evidence cards and no totals.
BESIDE = frozenset({"missing_evidence_card", "daily_gap"})


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean day of twenty orders: pixel log, Conversions API log, orders, plan."""
    folder = tmp_path_factory.mktemp("launch")
    make(folder, 20, {})
    return folder


def _audited(folder: Path) -> tuple[str, set[tuple[str, bool | None]]]:
    """The answer, and what did not pass: check, and whether it failed or could not be told."""
    plan = read_plan(folder / "audit.toml")
    audit = engine.run(find_inputs((folder,), plan), plan)
    rows = audit.con.execute("select distinct check_id, ok from findings where because_of is null").fetchall()
    decision = judge(audit).decision
    audit.con.close()
    return decision, {(check, ok) for check, ok in rows if check not in BESIDE}


def _changed(launch: Path, tmp_path: Path, name: str, *changes: Callable[[Row], object]) -> Path:
    """The launch with the rows of one file changed, by one change after the other."""
    folder = tmp_path / "launch"
    shutil.copytree(launch, folder)
    rows = [json.loads(line) for line in (launch / name).read_text(encoding="utf-8").splitlines()]
    for row, change in zip(rows, cycle(changes), strict=False):
        change(row)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def _user_data(row: Row) -> Row:
    data: Row = row["body"]["data"][0]["user_data"]
    return data


MATCHED: set[tuple[str, bool | None]] = {("missing_fbc", None), ("missing_fbp", None)}
BODILESS: set[tuple[str, bool | None]] = {("incomplete_capture", False), ("silent_sender", None)}
BLOTTED: dict[str, tuple[tuple[Callable[[Row], object], ...], str, set[tuple[str, bool | None]]]] = {
    "nothing, an e-mail, or an e-mail in its list": (
        (
            lambda row: row,
            lambda row: _user_data(row).update(em="***", ph="xxxxxxxx"),
            lambda row: _user_data(row).update(em=["[redacted]"]),
        ),
        "GO",
        set(),
    ),
    "click and browser id, or every value of a person": (
        (
            lambda row: _user_data(row).update(fbc="[redacted]", fbp="fb.1.**********"),
            lambda row: _user_data(row).update(dict.fromkeys(_user_data(row), "***")),
        ),
        "GO",
        MATCHED,
    ),
    "the person whole": (
        (lambda row: row["body"]["data"][0].update(user_data="[REDACTED]"),),
        "GO",
        MATCHED | {("missing_match_keys", None)},
    ),
    "the body": ((lambda row: row.update(body="[REDACTED]"),), "NOT_PROVEN", BODILESS),
    "the body, left out": ((lambda row: row.pop("body"),), "NOT_PROVEN", BODILESS),
}


@pytest.mark.parametrize(("changes", "decision", "open_"), BLOTTED.values(), ids=BLOTTED)
def test_what_a_server_log_blots_out_is_neither_wrong_nor_proven(
    changes: tuple[Callable[[Row], object], ...], decision: str, open_: set[tuple[str, bool | None]], launch: Path, tmp_path: Path
) -> None:
    assert _audited(_changed(launch, tmp_path, "server.ndjson", *changes)) == (decision, open_)


def test_what_was_cut_off_a_server_log_proves_nothing_missing(launch: Path, tmp_path: Path) -> None:
    folder = _changed(launch, tmp_path, "server.ndjson", lambda row: row)
    content = (folder / "server.ndjson").read_bytes()
    (folder / "server.ndjson").write_bytes(content[:-400])
    assert _audited(folder) == ("NOT_PROVEN", {("incomplete_capture", False), ("missing_server_event", None)})


def test_a_server_log_of_which_no_row_can_be_used_is_no_evidence(launch: Path, tmp_path: Path) -> None:
    folder = _changed(launch, tmp_path, "server.ndjson", lambda row: row.update(when=row.pop("ts")))
    assert _audited(folder) == ("NOT_PROVEN", BODILESS)


def test_an_address_in_plain_text_is_still_told(launch: Path, tmp_path: Path) -> None:
    def plain(row: Row) -> None:
        _user_data(row).update(em=f"{_user_data(row)['fbp']}@example.com")

    folder = _changed(launch, tmp_path, "server.ndjson", plain)
    assert _audited(folder) == ("STOP", {("unhashed_personal_data", False)})


def test_cookies_a_browser_log_blots_out_tie_no_shoppers_together(launch: Path, tmp_path: Path) -> None:
    blotted = {"_fbp": "[redacted]", "_fbc": "[redacted]"}
    folder = _changed(launch, tmp_path, "pixel.ndjson", lambda row: row.update(cookies=blotted))
    plan = read_plan(folder / "audit.toml")
    con = engine.run(find_inputs((folder,), plan), plan).con
    assert con.execute("select count(distinct session) from events").fetchone() == (20,)
    seen = con.execute("select distinct click_id, click_id_state, blotted_keys from events where channel = 'browser'").fetchall()
    assert seen == [(None, "sent", "click id, browser id")]
    assert con.execute("select distinct check_id from findings where check_id like '%fb%' and ok = false").fetchall() == []


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (RELAY_META, META | {"user_data": "[redacted]"}),
        (RELAY_TIKTOK, TIKTOK | {"user": "[redacted]"}),
        (EVENTS_API, DIRECT_TIKTOK | {"data": [event | {"user": "[redacted]"} for event in DIRECT_TIKTOK["data"]]}),
    ],
)
def test_a_person_blotted_out_whole_is_told_of_each_receiver(url: str, body: Row, tmp_path: Path) -> None:
    log = tmp_path / "server.ndjson"
    row = {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": url, "body": body, "status": 200}
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    con = engine.read([engine.InputFile(log, log.name)], Plan()).con
    assert con.execute("select distinct blotted_keys from events").fetchall() == [("click id, browser id, user data",)]
    assert con.execute("select path, detail from violations").fetchall() == []


def test_a_word_where_the_person_should_be_is_no_blot(tmp_path: Path) -> None:
    log = tmp_path / "server.ndjson"
    rows = [
        {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": RELAY_META, "status": 200,
         "body": META | {"user_data": word, "events": [META["events"][0] | {"event_id": word}]}}
        for word in ("[redacted]", "none")
    ]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    con = engine.read([engine.InputFile(log, log.name)], Plan()).con
    assert con.execute("select ref, path, detail from violations").fetchall() == [
        ("server.ndjson:2", "$.user_data", "must be an object, is text")
    ]


@pytest.mark.parametrize(
    ("text", "blotted"),
    [
        ("***", True), ("fb.1.1795100000000.Iw**********", True), ("[redacted]", True), ("<REMOVED>", True), ("xxxxxxxx", True),
        (" [Filtered] ", True), ("anonymised", True), ("", False), ("{{click_id}}", False), ("[object Object]", False),
        ("fb.1.1795100000000.IwAR2hidden", False), ("CNqKabcdefghijklmnopq", False), ("unknown", False),
    ],
)  # fmt: skip
def test_an_id_is_blotted_out_or_a_template_s(text: str, blotted: bool) -> None:
    assert words().execute("select blotted_out(?)", [text]).fetchone() == (blotted,)


@pytest.mark.parametrize(
    "text",
    ["***", "j***@mail.com", "[redacted]", "<email>", "(hidden)", "xxxx", "Masked", "pii", "jo@mail.com", "xx", "none", "62812345"],
)
def test_the_rules_of_a_receiver_and_the_words_of_the_model_blot_alike(text: str) -> None:
    body = json.dumps({"data": [{"event_name": "Lead", "event_time": 1795168800, "user_data": {"em": text}}]})
    is_told = bool(list(payloads.violations("meta_capi", body, 1)))
    assert words().execute("select plain_text(?)", [text]).fetchone() == (is_told,)
