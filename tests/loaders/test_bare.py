"""Logs of who sends by a platform's own client: the events, and no address but in an error."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan
from tests.loaders.test_answers import REFUSED, TAKEN, URL, body
from tests.loaders.test_turns import CALL, OK, row, time
from tests.wire.decoding import events

TEXTS = {"data": [json.dumps(body(1)["data"][0])]}
EVENT = body(1)["data"][0]
#: What TikTok's client sends to the older interface.
TRACKED = {
    "pixel_code": "C", "event": "CompletePayment", "event_id": "P-1", "timestamp": "2026-11-20T10:00:01.000Z", "properties": {},
    "context": {"user": {}},
}  # fmt: skip
#: What Meta's client for Node keeps of a refusal: the request, and what stood under ``error``.
ERROR = {"name": "FacebookRequestError", "status": 400, "response": REFUSED["error"], "method": "POST", "url": URL, "data": body(2)}


def audited(folder: Path, text: str) -> engine.Read:
    (folder / "app.log").write_text(text, encoding="utf-8")
    return engine.read([engine.InputFile(folder / "app.log", "app.log", named=True)], Plan())


@pytest.mark.parametrize(
    ("text", "dataset", "status"),
    [
        (f"2026-11-20 10:00:01,000 INFO capi: {TEXTS}\n2026-11-20 10:00:01,000 INFO capi: {TAKEN}\n", None, None),
        (f"{time(1)} sending {json.dumps(body(1))} -> 200 {json.dumps(TAKEN)}\n", None, None),
        (row(1, pixel_id="1234567890", params=TEXTS, response=TAKEN), "1234567890", None),
        (row(1, pixelId=1234567890, event=EVENT, response=TAKEN, statusCode=200), "1234567890", 200),
        (row(1, data=body(1), response=TAKEN), None, None),
        (row(1, msg="sent", events=[EVENT], result=TAKEN), None, None),
        (row(1, msg=f"sent {json.dumps(body(1))}") + row(1, msg=f"answered 200 {json.dumps(TAKEN)}"), None, 200),
        (row(1, request=CALL, response=OK), "C", None),
        (row(1, sent=TRACKED, response=OK), "C", None),
        (row(1, sent={"pixel_code": "C", "batch": [{"type": "track"} | TRACKED]}, response=OK), "C", None),
    ],
)
def test_events_without_an_address_are_what_was_sent(text: str, dataset: str | None, status: int | None, tmp_path: Path) -> None:
    audit = audited(tmp_path, "started\n" * (not text.startswith("{")) + text)
    found = [(e["event_id"], e["dataset"], e["status"], e["accepted"], str(e["seen_at"])[:19]) for e in events(audit)]
    assert found == [("P-1", dataset, status, True, "2026-11-20 10:00:01")]
    ((loader, gaps),) = audit.con.execute("select loader, gaps from sources").fetchall()
    assert (loader, "without the address" in gaps) == ("wrapped_log", True)


def test_an_error_names_the_address_of_its_own_request_alone(tmp_path: Path) -> None:
    """By the address of its errors such a log held nothing but what was refused."""
    text = row(1, event=EVENT, response=TAKEN) + row(2, err=ERROR, msg="failed") + row(3, event=body(3)["data"][0], response=TAKEN)
    found = [(e["event_id"], e["status"], e["accepted"], e["answer_code"]) for e in events(audited(tmp_path, text))]
    assert found == [("P-1", None, True, None), ("P-2", 400, False, "100"), ("P-3", None, True, None)]


def test_an_event_told_before_it_is_refused_is_one_request(tmp_path: Path) -> None:
    text = row(1, event=body(2)["data"][0], msg="sending") + row(2, err=ERROR)
    assert [(e["event_id"], e["accepted"]) for e in events(audited(tmp_path, text))] == [("P-2", False)]


@pytest.mark.parametrize("end", ["", "2026-11-20 10:00:03,000 INFO capi: next\n"])
@pytest.mark.parametrize("is_told_before", [True, False])
def test_an_error_of_the_client_for_python_is_told_over_several_lines(end: str, is_told_before: bool, tmp_path: Path) -> None:
    """Its refusal was lost: the request before it had no answer, and where none was logged nothing was sent."""
    sent = {"data": [json.dumps(body(2)["data"][0])]}
    before = f"2026-11-20 10:00:02,000 INFO capi: {sent}\n" if is_told_before else ""
    error = (
        "2026-11-20 10:00:02,500 ERROR capi: failed\nTraceback (most recent call last):\n  File \"api.py\", line 336, in call\n"
        "    raise fb_response.error()\nfacebook_business.exceptions.FacebookRequestError: \n\n  Message: Call was not successful\n"
        f"  Method:  POST\n  Path:    {URL}\n  Params:  { {'data': json.dumps(sent['data'])} }\n\n  Status:  400\n"
        f"  Response:\n{textwrap.indent(json.dumps(REFUSED, indent=2), '    ')}\n\n"
    )
    first = f"2026-11-20 10:00:01,000 INFO capi: {TEXTS}\n2026-11-20 10:00:01,000 INFO capi: {TAKEN}\n"
    audit = audited(tmp_path, first + before + error + end)
    found = [(e["event_id"], e["status"], e["answer_code"], str(e["seen_at"])) for e in events(audit)]
    assert found[0][0] == "P-1"
    assert found[1:] == [("P-2", 400, "100", "2026-11-20 10:00:02.500000")]


def test_events_beside_requests_that_name_their_address_are_not_sent_twice(tmp_path: Path) -> None:
    queued = row(1, event=EVENT, msg="queued") + row(2, event=body(2)["data"][0], msg="queued")
    text = queued + row(3, req={"url": URL, "body": body(1)}, res={"statusCode": 200, "body": TAKEN})
    assert [(e["event_id"], e["status"]) for e in events(audited(tmp_path, text))] == [("P-1", 200)]


@pytest.mark.parametrize(
    "parts", [{"event_name": "Purchase", "event_time": 1795168800}, {"data": [{"event": "Purchase"}]}, {"data": ["{", "a"]}]
)
def test_what_is_no_event_of_a_platform_is_none(parts: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no known format"):
        audited(tmp_path, row(1, note="event_name", held=parts))


@pytest.mark.parametrize(
    "parts",
    [
        {"msg": "collect", "req": {"method": "POST", "url": "/collect", "body": EVENT}, "res": {"statusCode": 204}},
        {"http": {"method": "POST", "path": "/api/collect", "body": {"events": [EVENT]}}, "statusCode": 200},
        {"msg": "forward", "config": {"url": "https://relay.example.com/in", "data": json.dumps(body(1))}},
        {"msg": "skipped, no consent", "event": EVENT},
        {"msg": f"dry run: {json.dumps(body(1))}"},
    ],
)
def test_what_went_elsewhere_or_nowhere_was_not_sent(parts: dict[str, Any], tmp_path: Path) -> None:
    """A browser's request to the shop's own server, say, holds the same event; so does what a program says that it keeps back."""
    text = row(1, event=body(2)["data"][0], response=TAKEN) + row(3, **parts)
    assert [(e["event_id"], e["accepted"]) for e in events(audited(tmp_path, text))] == [("P-2", True)]


def test_words_within_an_event_say_nothing_of_its_sending(tmp_path: Path) -> None:
    event = EVENT | {"custom_data": {"content_name": "Dropped shoulder tee, no send back"}}
    text = row(1, msg=f"sent {json.dumps({'data': [event]})}", response=TAKEN, file={"path": "/srv/app/capi.py"})
    assert [e["event_id"] for e in events(audited(tmp_path, text))] == ["P-1"]


def test_a_request_in_words_to_the_shops_own_server_was_not_sent_to_a_platform(tmp_path: Path) -> None:
    text = f"{time(1)} sent {json.dumps(body(2))} -> {json.dumps(TAKEN)}\n{time(3)} POST /collect {json.dumps(EVENT)} 204\n"
    assert [e["event_id"] for e in events(audited(tmp_path, "started\n" + text))] == ["P-2"]
