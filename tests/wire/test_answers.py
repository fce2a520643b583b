"""What a receiver answered, as logs keep it: whole, cut off, wrapped, or something else in its place.

A table holds answers by how the log kept them, and what is told of each; all of a table stand in one log.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.wire.decoding import decode
from tests.wire.test_servers import GRAPH, META_RELAY, RELAY, TIKTOK, _capi

CALL = {"event": "CompletePayment", "event_time": 1763632800, "event_id": "1001", "properties": {"currency": "IDR", "value": "1"}}
TIKTOK_BODY = {"event_source": "web", "event_source_id": "CT7K2M3C77U9QF4RBEV0", "data": [CALL]}
KWAI = "https://www.adsnebula.com/log/common/api"
KWAI_BODY = {"clickid": "CLICK", "event_name": "EVENT_PURCHASE", "pixelId": "5872103", "properties": '{"value":1}'}

Told = tuple[bool | None, str | None, str | None]


def _told(folder: Path, url: str, body: dict[str, Any], answers: dict[str, Any], status: int = 200) -> dict[str, Told]:
    requests = [{"url": url, "body": body, "status": status, "response": answer} for answer in answers.values()]
    found = decode(folder, *requests)
    return {
        name: (event["accepted"], event["answer_code"], event["answer_text"]) for name, event in zip(answers, found, strict=True)
    }


def _answers(table: dict[str, tuple[Any, Told]]) -> tuple[dict[str, Any], dict[str, Told]]:
    """What was logged, and what is told of it."""
    return {name: answer for name, (answer, _) in table.items()}, {name: told for name, (_, told) in table.items()}


def test_meta_took_what_it_says_it_received(tmp_path: Path) -> None:
    answers = {
        "whole": {"events_received": 1, "messages": [], "fbtrace_id": "A"},
        "cut off": '{"events_received":1,"messages":[],"fbtr',
        "wrapped": {"status": 200, "data": {"events_received": 1}},
        "wrapped as text": {"body": '{"events_received":1,"messages":[]}'},
        "as Python writes it": "{'events_received': 1, 'messages': []}",
    }
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answers) == dict.fromkeys(answers, (True, "200", None))


def test_where_no_answer_of_meta_was_kept_its_status_stands_for_it(tmp_path: Path) -> None:
    answers = {"not logged": None, "empty": "", "blotted out": "[redacted]"}
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answers) == dict.fromkeys(answers, (True, "200", None))


def test_an_error_of_meta_is_a_refusal_wherever_it_stands(tmp_path: Path) -> None:
    answers, told = _answers({
        "whole": ({"error": {"message": "Invalid parameter", "code": 100}}, (False, "100", "Invalid parameter")),
        "wrapped": ({"success": False, "result": {"error": {"message": "Invalid OAuth", "code": 190}}},
                    (False, "190", "Invalid OAuth")),
        "wrapped as text": ({"body": '{"error":{"message":"Invalid OAuth","code":190}}'}, (False, "190", "Invalid OAuth")),
        "cut off": ('{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subc',
                    (False, "100", "Invalid parameter")),
        "cut off after its subcode": ('{"error":{"message":"Too old","code":100,"error_subcode":2804003,"is_tr',
                                      (False, "100/2804003", "Too old")),
        "cut off before its code": ('{"error":{"message":"Invalid par', (False, "200", "Invalid par")),
    })  # fmt: skip
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answers) == told


def test_what_is_no_answer_of_meta_tells_nothing(tmp_path: Path) -> None:
    answers, told = _answers({
        "a web page": ("<html><body>Access denied</body></html>",
                       (None, "200", "what was recorded is a web page and no answer of Meta")),
        "nothing in it": ({}, (None, "200", "what was recorded names no events_received")),
        "another tool's": ({"success": True}, (None, "200", "what was recorded names no events_received")),
        "cut off": ('{"fbtrace_id":"A', (None, "200", "what was recorded breaks off before its events_received")),
        "a word": ("OK", (None, "200", "what was recorded is no answer of Meta")),
    })  # fmt: skip
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, answers) == told


def test_another_status_than_200_is_no_yes_of_meta(tmp_path: Path) -> None:
    assert _told(tmp_path, GRAPH, {"data": [_capi()]}, {"not logged": None}, status=202) == {"not logged": (None, "202", None)}


def test_tiktoks_code_decides_wherever_it_stands(tmp_path: Path) -> None:
    answers, told = _answers({
        "cut off": ('{"code":0,"message":"OK","requ', (True, "0", "OK")),
        "wrapped": ({"code": 200, "body": {"code": 0, "message": "OK"}}, (True, "0", "OK")),
        "a refusal cut off": ('{"code":40105,"message":"Access token is incorrect or has been rev',
                              (False, "40105", "Access token is incorrect or has been rev")),
        "a refusal wrapped": ({"ok": True, "data": {"code": 40105, "message": "Access token"}}, (False, "40105", "Access token")),
        "a web page": ("<html></html>", (None, "200", "what was recorded is a web page and no answer of TikTok")),
        "nothing in it": ({}, (None, "200", "what was recorded names no code")),
        "cut off in its code": ('{"code":401', (None, "200", "what was recorded breaks off before its code")),
    })  # fmt: skip
    assert _told(tmp_path, TIKTOK, TIKTOK_BODY, answers) == told


def test_a_relay_that_tells_an_error_refused_whatever_the_status(tmp_path: Path) -> None:
    answers, told = _answers({
        "an error": ({"error": "Not found", "error_code": "store_not_found", "message": "Store not found"},
                     (False, "store_not_found", "Store not found")),
        "an error cut off": ('{"error":"Not found","error_code":"store_not_found","mess', (False, "store_not_found", None)),
        "a web page": ("<html></html>", (None, "200", "what was recorded is a web page and no answer of the relay")),
        "no error": ({"error_code": None}, (True, "200", None)),
        "no success": ({"success": False, "error": "not_configured", "message": "Tracking is off"},
                       (False, "200", "Tracking is off")),
        "not ok, cut off": ('{"ok": false, "mess', (False, "200", None)),
        "an error by its status": ({"status": "error"}, (False, "200", None)),
        "a list of errors": ({"errors": ["store unknown"]}, (False, "200", None)),
        "no error in any way": ({"success": True, "error": None, "errors": [], "warning": ""}, (True, "200", None)),
        "an empty error": ({"success": True, "error": "", "status": "ok"}, (True, "200", None)),
        "nothing logged": (None, (True, "200", None)),
    })  # fmt: skip
    assert _told(tmp_path, f"{RELAY}meta/events", META_RELAY, answers) == told


def test_kwais_result_decides_wherever_it_stands(tmp_path: Path) -> None:
    answers, told = _answers({
        "cut off": ('{"result":1,"err', (True, "1", None)),
        "a refusal wrapped": ({"data": {"result": 5, "error_msg": "bad click"}}, (False, "5", "bad click")),
        "a web page": ("<html></html>", (None, "200", "what was recorded is a web page and no answer of SnackVideo")),
    })  # fmt: skip
    assert _told(tmp_path, KWAI, KWAI_BODY, answers) == told
