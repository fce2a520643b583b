"""Logs whose requests stand in one row and their answers in the next, with no id in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan
from tests.loaders.test_answers import REFUSED, TAKEN, URL, body
from tests.wire.decoding import events

TIKTOK = "https://business-api.tiktok.com/open_api/v1.3/event/track/"
CALL = {
    "event_source": "web", "event_source_id": "C",
    "data": [{"event": "CompletePayment", "event_time": 1795168800, "event_id": "P-1", "user": {}, "properties": {}}],
}  # fmt: skip
OK = {"code": 0, "message": "OK", "request_id": "2026", "data": {}}


def time(second: int) -> str:
    return f"2026-11-20T10:00:{second:02d}.000Z"


def row(second: int, **more: Any) -> str:
    return json.dumps({"level": 30, "time": time(second), **more}) + "\n"


def audited(folder: Path, text: str) -> list[tuple[Any, ...]]:
    (folder / "app.log").write_text(text, encoding="utf-8")
    audit = engine.read([engine.InputFile(folder / "app.log", "app.log", named=True)], Plan())
    ((violations,),) = audit.con.execute("select count(*) from violations").fetchall()
    ((rejected,),) = audit.con.execute("select count(*) from rejects").fetchall()
    assert (violations, rejected) == (0, 0)
    return [(e["event_id"], e["status"], e["accepted"]) for e in events(audit)]


#: How a logger writes the request at a second, and what was answered to it.
WRITERS: dict[str, tuple[Any, Any]] = {
    "pino, the request flat": (
        lambda s, sent: row(s, url=URL, payload=sent, msg="request"),
        lambda s, status, told: row(s, status=status, response=told, msg="response"),
    ),
    "an interceptor of axios": (
        lambda s, sent: row(s, type="request", method="post", url=URL, data=sent),
        lambda s, status, told: row(s, type="response", url=URL, status=status, data=told),
    ),
    "further in, both with the address": (
        lambda s, sent: row(s, req={"url": URL, "body": sent}),
        lambda s, status, told: row(s, req={"url": URL}, res={"statusCode": status, "body": told}),
    ),
    "console.log": (
        lambda s, sent: f"{time(s)} [CAPI] Request to {URL}: {json.dumps(sent)}\n",
        lambda s, status, told: f"{time(s)} [CAPI] Response {status}: {json.dumps(told)}\n",
    ),
    "axios-logger": (
        lambda s, sent: f"[capi][Request] {time(s)} POST {URL} {json.dumps(sent)}\n",
        lambda s, status, told: f"[capi][Response] {time(s)} POST {URL} {status}:OK {json.dumps(told)}\n",
    ),
    "Lambda": (
        lambda s, sent: f"{time(s)}\tb1\tINFO\tsending {URL} {json.dumps(sent)}\n",
        lambda s, status, told: f"{time(s)}\tb1\tINFO\tanswer {json.dumps({'status': status, 'data': told})}\n",
    ),
    "Python": (
        lambda s, sent: f"2026-11-20 10:00:{s:02d},000 INFO capi: POST {URL} {sent}\n",
        lambda s, status, told: f"2026-11-20 10:00:{s:02d},500 INFO capi: response {status} {told}\n",
    ),
    "Docker around lines": (
        lambda s, sent: row(s, log=f"POST {URL} {json.dumps(sent)}"),
        lambda s, status, told: row(s, log=f"answered {status} {json.dumps(told)}"),
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_next_rows_answer_is_the_requests(writer: str, tmp_path: Path) -> None:
    """Each used to be a request to which no answer is recorded, and a refusal was none."""
    ask, answer = WRITERS[writer]
    text = ask(1, body(1)) + answer(2, 200, TAKEN) + ask(3, body(2)) + answer(4, 400, REFUSED) + ask(5, body(3))
    assert audited(tmp_path, text) == [("P-1", 200, True), ("P-2", 400, False), ("P-3", None, None)]


@pytest.mark.parametrize("writer", WRITERS)
def test_where_two_wait_nobody_knows_whose_the_answer_is(writer: str, tmp_path: Path) -> None:
    ask, answer = WRITERS[writer]
    crowd = ask(1, body(1)) + ask(2, body(2)) + answer(3, 400, REFUSED) + answer(4, 200, TAKEN)
    found = audited(tmp_path, crowd + ask(5, body(3)) + answer(6, 200, TAKEN))
    assert found == [("P-1", None, None), ("P-2", None, None), ("P-3", 200, True)]


def test_two_receivers_have_a_turn_each(tmp_path: Path) -> None:
    ask, answer = WRITERS["console.log"]
    other, told = f"{time(1)} to {TIKTOK} {json.dumps(CALL)}\n", f"{time(3)} 200 {json.dumps(OK)}\n"
    found = audited(tmp_path, ask(1, body(1)) + other + answer(2, 400, REFUSED) + told)
    assert sorted(found) == [("P-1", 200, True), ("P-1", 400, False)]


def test_a_row_that_tells_a_failed_request_once_more_is_that_request(tmp_path: Path) -> None:
    error = {"message": "Request failed with status code 400", "config": {"url": URL, "data": json.dumps(body(1))}}
    text = row(1, url=URL, payload=body(1)) + row(2, err=error | {"response": {"status": 400, "data": REFUSED}})
    assert audited(tmp_path, text + row(3, status=200, response=TAKEN)) == [("P-1", 400, False)]


def test_rows_from_the_latest_to_the_first_are_not_joined(tmp_path: Path) -> None:
    ask, answer = WRITERS["pino, the request flat"]
    text = answer(6, 200, TAKEN) + ask(5, body(2)) + answer(4, 400, REFUSED) + ask(3, body(1))
    assert [told[1:] for told in audited(tmp_path, text)] == [(None, None), (None, None)]


def test_what_stands_beside_a_flat_request_is_kept(tmp_path: Path) -> None:
    text = row(1, url=URL, payload=body(1), sender="shop", session="s-1") + row(2, status=200, response=TAKEN)
    (tmp_path / "app.log").write_text(text, encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "app.log", "app.log", named=True)], Plan())
    assert [(e["sender"], e["accepted"]) for e in events(audit)] == [("shop", True)]


def test_an_answer_that_was_never_logged_is_waited_for_no_longer_than_a_sender_waits(tmp_path: Path) -> None:
    """Whoever lost one answer lost those of the whole day with it, refusals too."""
    day: list[tuple[str, dict[str, Any]]] = [
        (time(1), {"url": URL, "payload": body(1)}),
        ("2026-11-20T10:01:00.000Z", {"url": URL, "payload": body(2)}),
        ("2026-11-20T10:01:01.000Z", {"status": 200, "response": TAKEN}),
        ("2026-11-20T10:05:00.000Z", {"url": URL, "payload": body(3)}),
        ("2026-11-20T10:05:01.000Z", {"status": 400, "response": REFUSED}),
        ("2026-11-20T10:20:00.000Z", {"url": URL, "payload": body(4)}),
        ("2026-11-20T10:50:00.000Z", {"status": 200, "response": TAKEN}),
    ]
    text = "".join(json.dumps({"time": when, **parts}) + "\n" for when, parts in day)
    assert audited(tmp_path, text) == [("P-1", None, None), ("P-2", None, None), ("P-3", 400, False), ("P-4", None, None)]


@pytest.mark.parametrize(
    "other",
    [
        row(2, msg="POST https://graph.facebook.com/v23.0/555/messages failed", error=REFUSED["error"]),
        row(2, url="https://graph.facebook.com/v23.0/me", response=REFUSED),
        f"{time(2)} GET https://graph.facebook.com/debug_token 400 {json.dumps(REFUSED)}\n",
    ],
)
def test_what_graph_answered_elsewhere_is_no_answer_to_events(other: str, tmp_path: Path) -> None:
    ask, answer = WRITERS["pino, the request flat"]
    assert audited(tmp_path, ask(1, body(1)) + other + answer(3, 200, TAKEN)) == [("P-1", 200, True)]


@pytest.mark.parametrize(
    "other",
    [
        row(2, code=200, message="payment captured", request_id="r-1"),
        row(2, url="https://business-api.tiktok.com/open_api/v1.3/pixel/list/", response=OK),
    ],
)
def test_what_another_service_answered_is_no_answer_of_tiktok(other: str, tmp_path: Path) -> None:
    text = row(1, url=TIKTOK, payload=CALL) + other + row(3, status=200, response=OK | {"code": 40001, "message": "no"})
    assert [told[1:] for told in audited(tmp_path, text)] == [(200, False)]


def test_a_request_tried_again_waits_for_one_answer(tmp_path: Path) -> None:
    """Its first try failed in words that nobody reads; the answer that followed was no one's."""
    ask, answer = WRITERS["pino, the request flat"]
    text = ask(1, body(1)) + row(2, msg="Request failed with status code 500") + ask(3, body(1)) + answer(4, 200, TAKEN)
    assert audited(tmp_path, text + ask(5, body(2)) + answer(6, 400, REFUSED)) == [
        ("P-1", None, None), ("P-1", 200, True), ("P-2", 400, False)
    ]  # fmt: skip
