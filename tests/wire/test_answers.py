"""What a receiver answered, as logs keep it: whole, cut off, wrapped, or something else in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wire.decoding import decode
from tests.wire.test_servers import GRAPH, META_RELAY, RELAY, TIKTOK, _capi

CALL = {"event": "CompletePayment", "event_time": 1763632800, "event_id": "1001", "properties": {"currency": "IDR", "value": "1"}}
TIKTOK_BODY = {"event_source": "web", "event_source_id": "CT7K2M3C77U9QF4RBEV0", "data": [CALL]}
KWAI = "https://www.adsnebula.com/log/common/api"
KWAI_BODY = {"clickid": "CLICK", "event_name": "EVENT_PURCHASE", "pixelId": "5872103", "properties": '{"value":1}'}

Told = tuple[bool | None, str | None, str | None]


def _told(folder: Path, url: str, body: dict[str, Any], answer: Any, status: int = 200) -> Told:
    (event,) = decode(folder, {"url": url, "body": body, "status": status, "response": answer})
    return event["accepted"], event["answer_code"], event["answer_text"]


@pytest.mark.parametrize(
    "answer",
    [
        {"events_received": 1, "messages": [], "fbtrace_id": "A"},
        '{"events_received":1,"messages":[],"fbtr',
        {"status": 200, "data": {"events_received": 1}},
        {"body": '{"events_received":1,"messages":[]}'},
        "{'events_received': 1, 'messages': []}",
    ],
    ids=["whole", "cut off", "wrapped", "wrapped as text", "as Python writes it"],
)
def test_meta_took_what_it_says_it_received(answer: Any, tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answer) == (True, "200", None)


@pytest.mark.parametrize("answer", [None, "", "[redacted]"], ids=["not logged", "empty", "blotted out"])
def test_where_no_answer_of_meta_was_kept_its_status_stands_for_it(answer: Any, tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answer) == (True, "200", None)


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        ({"error": {"message": "Invalid parameter", "code": 100}}, "100", "Invalid parameter"),
        ({"success": False, "result": {"error": {"message": "Invalid OAuth", "code": 190}}}, "190", "Invalid OAuth"),
        ({"body": '{"error":{"message":"Invalid OAuth","code":190}}'}, "190", "Invalid OAuth"),
        ('{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subc', "100", "Invalid parameter"),
        ('{"error":{"message":"Too old","code":100,"error_subcode":2804003,"is_tr', "100/2804003", "Too old"),
        ('{"error":{"message":"Invalid par', "200", "Invalid par"),
    ],
    ids=["whole", "wrapped", "wrapped as text", "cut off", "cut off after its subcode", "cut off before its code"],
)
def test_an_error_of_meta_is_a_refusal_wherever_it_stands(answer: Any, code: str, text: str | None, tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answer) == (False, code, text)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("<html><body>Access denied</body></html>", "what was recorded is a web page and no answer of Meta"),
        ({}, "what was recorded names no events_received"),
        ({"success": True}, "what was recorded names no events_received"),
        ('{"fbtrace_id":"A', "what was recorded breaks off before its events_received"),
        ("OK", "what was recorded is no answer of Meta"),
    ],
    ids=["a web page", "nothing in it", "another tool's", "cut off", "a word"],
)
def test_what_is_no_answer_of_meta_tells_nothing(answer: Any, text: str, tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answer) == (None, "200", text)


def test_another_status_than_200_is_no_yes_of_meta(tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, None, status=202) == (None, "202", None)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"code":0,"message":"OK","requ', (True, "0", "OK")),
        ({"code": 200, "body": {"code": 0, "message": "OK"}}, (True, "0", "OK")),
        ('{"code":40105,"message":"Access token is incorrect or has been rev',
         (False, "40105", "Access token is incorrect or has been rev")),
        ({"ok": True, "data": {"code": 40105, "message": "Access token"}}, (False, "40105", "Access token")),
        ("<html></html>", (None, "200", "what was recorded is a web page and no answer of TikTok")),
        ({}, (None, "200", "what was recorded names no code")),
        ('{"code":401', (None, "200", "what was recorded breaks off before its code")),
    ],
    ids=["cut off", "wrapped", "a refusal cut off", "a refusal wrapped", "a web page", "nothing in it", "cut off in its code"],
)  # fmt: skip
def test_tiktoks_code_decides_wherever_it_stands(answer: Any, told: Told, tmp_path: Path) -> None:
    assert _told(tmp_path, TIKTOK, TIKTOK_BODY, answer) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"error": "Not found", "error_code": "store_not_found", "message": "Store not found"},
         (False, "store_not_found", "Store not found")),
        ('{"error":"Not found","error_code":"store_not_found","mess', (False, "store_not_found", None)),
        ("<html></html>", (None, "200", "what was recorded is a web page and no answer of the relay")),
        ({"error_code": None}, (True, "200", None)),
        ({"success": False, "error": "not_configured", "message": "Tracking is off"}, (False, "200", "Tracking is off")),
        ('{"ok": false, "mess', (False, "200", None)),
        ({"status": "error"}, (False, "200", None)),
        ({"errors": ["store unknown"]}, (False, "200", None)),
        ({"success": True, "error": None, "errors": [], "warning": ""}, (True, "200", None)),
        ({"success": True, "error": "", "status": "ok"}, (True, "200", None)),
        (None, (True, "200", None)),
    ],
    ids=["an error", "an error cut off", "a web page", "no error", "no success", "not ok, cut off", "an error by its status",
         "a list of errors", "no error in any way", "an empty error", "nothing logged"],
)  # fmt: skip
def test_a_relay_that_tells_an_error_refused_whatever_the_status(answer: Any, told: Told, tmp_path: Path) -> None:
    assert _told(tmp_path, f"{RELAY}meta/events", META_RELAY, answer) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"result":1,"err', (True, "1", None)),
        ({"data": {"result": 5, "error_msg": "bad click"}}, (False, "5", "bad click")),
        ("<html></html>", (None, "200", "what was recorded is a web page and no answer of SnackVideo")),
    ],
    ids=["cut off", "a refusal wrapped", "a web page"],
)
def test_kwais_result_decides_wherever_it_stands(answer: Any, told: Told, tmp_path: Path) -> None:
    assert _told(tmp_path, KWAI, KWAI_BODY, answer) == told
