"""Logs whose requests stand in one row and their answers in another, tied by the id of the request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan
from tests.wire.decoding import events

URL = "https://graph.facebook.com/v23.0/1234567890/events"
TAKEN = {"events_received": 1, "fbtrace_id": "A"}
REFUSED = {"error": {"message": "Invalid parameter", "type": "OAuthException", "code": 100, "fbtrace_id": "A"}}


def body(number: int) -> dict[str, Any]:
    event = {
        "event_name": "Purchase", "event_time": 1795168800, "event_id": f"P-{number}", "action_source": "website",
        "event_source_url": "https://shop.example.com/thanks", "user_data": {"em": ["a" * 64], "client_user_agent": "Mozilla/5.0"},
        "custom_data": {"value": 35.2, "currency": "EUR"},
    }  # fmt: skip
    return {"data": [event]}


def asked(number: int, key: str = "request_id", **more: Any) -> dict[str, Any]:
    return {"ts": f"2026-11-20T10:00:0{number}Z", key: f"r-{number}", "method": "POST", "url": URL, "body": body(number)} | more


def answered(number: int, status: int = 200, told: Any = None, key: str = "request_id", **more: Any) -> dict[str, Any]:
    return {"ts": f"2026-11-20T10:00:0{number}.4Z", key: f"r-{number}", "status": status, "body": told or TAKEN} | more


def audited(folder: Path, *rows: dict[str, Any]) -> tuple[list[tuple[Any, ...]], tuple[Any, ...]]:
    """What became of each event, and of the rows."""
    (folder / "log.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    audit = engine.read([engine.InputFile(folder / "log.ndjson", "log.ndjson", named=True)], Plan())
    found = [(e["event_id"], e["status"], e["accepted"], e["ref"]) for e in events(audit)]
    (counts,) = audit.con.execute("select read_rows, kept, ignored, rejected from sources").fetchall()
    ((violations,),) = audit.con.execute("select count(*) from violations").fetchall()
    assert violations == 0
    return found, counts


@pytest.mark.parametrize("key", ["request_id", "requestId", "correlation-id", "id"])
@pytest.mark.parametrize("with_url", [True, False])
def test_a_request_and_its_answer_in_two_rows_are_one_request(key: str, with_url: bool, tmp_path: Path) -> None:
    more: dict[str, Any] = {"url": URL, "method": "POST"} if with_url else {}
    rows = [asked(1, key), asked(2, key), answered(2, 400, REFUSED, key, **more), answered(1, key=key, **more)]
    found, counts = audited(tmp_path, *rows)
    assert found == [("P-1", 200, True, "log.ndjson:1"), ("P-2", 400, False, "log.ndjson:2")]
    assert counts == (4, 2, 2, 0)


def test_a_request_that_nobody_answered_has_no_answer(tmp_path: Path) -> None:
    found, counts = audited(tmp_path, asked(1), answered(1), asked(2))
    assert found == [("P-1", 200, True, "log.ndjson:1"), ("P-2", None, None, "log.ndjson:3")]
    assert counts == (3, 2, 1, 0)


def test_an_id_that_comes_again_has_an_answer_each_time(tmp_path: Path) -> None:
    first, second = asked(1), asked(1) | {"ts": "2026-11-20T10:00:05Z"}
    found, _ = audited(tmp_path, first, answered(1, 500, {"error": {"code": 2}}), second, answered(1))
    assert [(status, accepted) for _, status, accepted, _ in found] == [(500, False), (200, True)]


def test_rows_that_hold_both_stay_as_they_are(tmp_path: Path) -> None:
    whole = asked(3, status=200, response=TAKEN)
    found, counts = audited(tmp_path, asked(1), answered(1), whole)
    assert [(status, accepted) for _, status, accepted, _ in found] == [(200, True), (200, True)]
    assert counts == (3, 2, 1, 0)


def test_halves_further_in_a_row_that_both_name_the_address(tmp_path: Path) -> None:
    ask = {"time": 1795168800000, "reqId": "r-1", "req": {"method": "POST", "url": URL, "body": body(1)}, "msg": "outgoing"}
    answer = {"time": 1795168800400, "reqId": "r-1", "req": {"url": URL}, "res": {"statusCode": 200, "body": TAKEN}}
    found, counts = audited(tmp_path, ask, answer)
    assert found == [("P-1", 200, True, "log.ndjson:1")]
    assert counts == (2, 1, 1, 0)


@pytest.mark.parametrize(
    "box",
    [
        {"response": {"status": 400, "statusText": "Bad Request", "data": REFUSED}},
        {"response": {"ok": False, "status": 400, "text": json.dumps(REFUSED)}},
        {"res": {"statusCode": 400, "body": REFUSED}},
        {"resp": {"status": 400, "json": REFUSED}},
        {"result": {"code": 400, "body": json.dumps(REFUSED)}},
        {"status": 400, "api_response": REFUSED},
    ],
)
def test_an_answer_may_stand_in_a_box_with_its_status(box: dict[str, Any], tmp_path: Path) -> None:
    row = {name: part for name, part in asked(1).items() if name != "request_id"}
    found, _ = audited(tmp_path, row | box)
    assert found == [("P-1", 400, False, "log.ndjson:1")]


@pytest.mark.parametrize(
    "more",
    [
        {"result": "ok"},
        {"result": True},
        {"result": {"attempts": 1, "queue": "capi"}},
        {"result": {"order_id": "1001", "status": "paid"}},
        {"res": {"statusCode": 200, "headers": {"content-type": "application/json"}}},
        {"res": 78},
        {"resp": {}},
        {"api_response": 200},
    ],
)
def test_a_senders_own_outcome_is_no_answer(more: dict[str, Any], tmp_path: Path) -> None:
    """As where nothing of it is recorded the status stands for it."""
    row = {name: part for name, part in asked(1).items() if name != "request_id"}
    found, _ = audited(tmp_path, row | {"status": 200} | more)
    assert found == [("P-1", 200, True, "log.ndjson:1")]


def test_a_senders_own_outcome_takes_no_answer_from_another_row(tmp_path: Path) -> None:
    found, counts = audited(tmp_path, asked(1, result="queued"), answered(1, 400, REFUSED))
    assert found == [("P-1", 400, False, "log.ndjson:1")]
    assert counts == (2, 1, 1, 0)


@pytest.mark.parametrize("result", [REFUSED, "invalid token", {"success": False}])
def test_an_outcome_that_says_no_is_one(result: Any, tmp_path: Path) -> None:
    row = {name: part for name, part in asked(1).items() if name != "request_id"}
    ((_, status, accepted, _),), _ = audited(tmp_path, row | {"status": 200, "result": result})
    assert status == 200
    assert accepted is not True


@pytest.mark.parametrize(
    "more",
    [
        {"error": "attempt 1: connect ECONNREFUSED 157.240.1.35:443"},
        {"error": "connect ECONNREFUSED 157.240.1.35:443"},
        {"exception": "cURL error 6: Could not resolve host: graph.facebook.com"},
        {"status": 0},
    ],
)
def test_an_answer_outweighs_the_error_of_an_earlier_try(more: dict[str, Any], tmp_path: Path) -> None:
    row = {name: part for name, part in asked(1).items() if name != "request_id"}
    found, _ = audited(tmp_path, row | {"response": TAKEN} | more)
    assert found == [("P-1", None, True, "log.ndjson:1")]


@pytest.mark.parametrize("nothing", ["", "none", "None", "-", False, 0, {}, []])
def test_an_error_that_is_none_is_none(nothing: Any, tmp_path: Path) -> None:
    row = {name: part for name, part in asked(1).items() if name != "request_id"} | {"status": 200, "error": nothing}
    (tmp_path / "log.ndjson").write_text(json.dumps(row) + "\n", encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "log.ndjson", "log.ndjson", named=True)], Plan())
    assert [event["net_error"] for event in events(audit)] == [None]
