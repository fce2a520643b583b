"""Server logs as tag servers and clouds wrap them: the request inside is the same request."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan

TOKEN = "EAAB" + "x" * 40
URL = f"https://graph.facebook.com/v21.0/1234567890/events?access_token={TOKEN}"
BODY = {
    "data": [
        {
            "event_name": "Purchase",
            "event_time": 1795158300,
            "event_id": "W-1042-Purchase",
            "action_source": "website",
            "user_data": {"fbp": "fb.1.1795158000000.1"},
            "custom_data": {"value": 35.2, "currency": "EUR", "order_id": "W-1042"},
        }
    ],
    "partner_agent": "stape-gtmss-2.1.3",
}
ANSWER = '{"events_received":1,"fbtrace_id":"A"}'


def request(trace: str | None = "t1", tag: str = "Facebook", **changes: Any) -> dict[str, Any]:
    line = {"Name": tag, "Type": "Request", "TraceId": trace, "EventName": "Purchase", "RequestMethod": "POST"}
    return line | {"RequestUrl": URL, "RequestBody": BODY} | changes


def answer(trace: str | None = "t1", tag: str = "Facebook", status: int = 200, body: str = ANSWER) -> dict[str, Any]:
    line = {"Name": tag, "Type": "Response", "TraceId": trace, "EventName": "Purchase"}
    return line | {"ResponseStatusCode": status, "ResponseHeaders": {}, "ResponseBody": body}


def message() -> dict[str, Any]:
    return {"Name": "Facebook", "Type": "Message", "TraceId": "t1", "EventName": "page_view", "Message": "not sent"}


def entry(number: int, **payload: Any) -> dict[str, Any]:
    return {
        "insertId": f"i{number}",
        "timestamp": f"2026-11-20T07:05:0{number}.123456789Z",
        "severity": "INFO",
        "logName": "projects/sample/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "sgtm"}},
    } | payload


def lines(*rows: Any) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def table(*rows: dict[str, Any]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Audited:
    """A file as the engine reads it on its own."""

    def __init__(self, folder: Path, name: str, text: str) -> None:
        path = folder / name
        path.write_text(text, encoding="utf-8")
        self.con = engine.run([engine.InputFile(path, name, named=True)], Plan(), select=frozenset()).con

    @property
    def source(self) -> tuple[Any, ...]:
        """Loader, and rows read, kept, ignored, rejected."""
        query = "select loader, read_rows, kept, ignored, rejected from sources"
        return self.con.execute(query).fetchall()[0]

    def events(self) -> list[tuple[Any, ...]]:
        return self.con.execute(
            "select ref, platform, dataset, event_name, event_id, order_key, status, accepted, sender"
            " from events order by event_key"
        ).fetchall()

    def times(self) -> list[tuple[str | None, str | None]]:
        query = "select cast(seen_at as varchar), cast(event_at as varchar) from events order by event_key"
        return self.con.execute(query).fetchall()

    def rejects(self) -> dict[str, str]:
        return dict(self.con.execute("select ref, reason from rejects").fetchall())

    def gaps(self) -> str | None:
        return str(self.con.execute("select gaps from sources").fetchall()[0][0])


def purchase(ref: str, status: int | None = 200, sender: str = "server tag Facebook") -> tuple[Any, ...]:
    accepted = None if status is None else status < 400
    return (ref, "meta", "1234567890", "Purchase", "W-1042-Purchase", "W-1042", status, accepted, sender)


def test_tag_lines_are_paired_by_trace(tmp_path: Path) -> None:
    refused = answer("t2", status=400, body='{"error":{"code":100,"error_subcode":2804010,"message":"Missing Currency"}}')
    log = Audited(tmp_path, "sgtm.ndjson", lines(request("t1"), request("t2"), message(), refused, answer("t1"), "{half", {"a": 1}))
    assert log.source == ("sgtm", 7, 2, 3, 2)
    assert log.rejects() == {"sgtm.ndjson:6": "not a JSON object", "sgtm.ndjson:7": "no Type and TraceId in this row"}
    assert [row[6:8] for row in log.events()] == [(200, True), (400, False)]


def test_a_tag_log_has_no_times_and_says_so(tmp_path: Path) -> None:
    log = Audited(tmp_path, "sgtm.ndjson", lines(request(), answer()))
    assert log.events() == [purchase("sgtm.ndjson:1")]
    assert log.times() == [(None, "2026-11-20 07:05:00")]
    assert log.gaps() == "no times of sending: the events' own times stand in"


def test_without_a_trace_answers_follow_in_order(tmp_path: Path) -> None:
    log = Audited(tmp_path, "sgtm.ndjson", lines(request(None), answer(None), request(None), answer(None, status=500, body="")))
    assert log.source[:2] == ("sgtm", 4)
    statuses = log.con.execute("select status from events order by place").fetchall()
    assert statuses == [(200,), (500,)]


def test_a_body_may_be_text(tmp_path: Path) -> None:
    log = Audited(tmp_path, "sgtm.ndjson", lines(request(RequestBody=json.dumps(BODY)), answer()))
    assert log.events() == [purchase("sgtm.ndjson:1")]


def test_rows_of_the_bigquery_table(tmp_path: Path) -> None:
    asked = {
        "tag_name": "Facebook", "type": "Request", "trace_id": "t1", "event_name": "Purchase", "request_method": "POST",
        "request_url": URL, "request_body": json.dumps(BODY), "timestamp": "1795158301000",
    }  # fmt: skip
    told = {
        "tag_name": "Facebook", "type": "Response", "trace_id": "t1", "event_name": "Purchase",
        "response_status_code": 200, "response_body": ANSWER, "timestamp": "1795158302000",
    }  # fmt: skip
    for name, text, ref in (("rows.csv", table(asked, told), 2), ("rows.ndjson", lines(asked, told), 1)):
        log = Audited(tmp_path, name, text)
        assert log.source == ("sgtm", 2, 1, 1, 0)
        assert log.events() == [purchase(f"{name}:{ref}")]
        assert log.times() == [("2026-11-20 07:05:01", "2026-11-20 07:05:00")]


def test_no_token_leaves_the_loader(tmp_path: Path) -> None:
    log = Audited(tmp_path, "sgtm.ndjson", lines(request(), answer()))
    assert log.con.execute("select bool_and(has_secret) from events").fetchall() == [(True,)]
    assert TOKEN not in str(log.con.execute("from events").fetchall())


def test_cloud_entries_around_tag_lines(tmp_path: Path) -> None:
    entries = [
        entry(1, textPayload=json.dumps(request())),
        entry(2, jsonPayload=answer()),
        entry(3, textPayload="Listening on port 8080"),
        entry(4, httpRequest={"requestMethod": "GET", "requestUrl": "https://sgtm.example.com/g/collect?v=2", "status": 200}),
        {key: value for key, value in entry(5, textPayload="x").items() if key != "timestamp"},
    ]
    flat = [
        {"insertId": row["insertId"], "timestamp": row.get("timestamp", ""), "textPayload": row.get("textPayload", "")}
        | {"jsonPayload": json.dumps(row["jsonPayload"]) if "jsonPayload" in row else ""}
        for row in entries
    ]
    for name, text, first in (
        ("logs.json", json.dumps(entries, indent=1), 1),
        ("logs.ndjson", lines(*entries), 1),
        ("logs.csv", table(*flat), 2),
    ):
        log = Audited(tmp_path, name, text)
        assert log.source == ("cloud_logging", 5, 1, 3, 1), name
        assert log.events() == [purchase(f"{name}:{first}")]
        assert log.times() == [("2026-11-20 07:05:01.123456", "2026-11-20 07:05:00")]
        assert log.rejects() == {f"{name}:{first + 4}": "no timestamp in this entry"}


def test_cloud_entries_around_a_request_log(tmp_path: Path) -> None:
    row = {"method": "POST", "url": URL, "body": BODY, "status": 200, "response": ANSWER, "sender": "orders service"}
    log = Audited(tmp_path, "logs.json", json.dumps([entry(1, jsonPayload=row)]))
    assert log.events() == [purchase("logs.json:1", sender="orders service")]
    cells = {f"jsonPayload.{name}": json.dumps(cell) if isinstance(cell, dict) else cell for name, cell in row.items()}
    flat = {"insertId": "i1", "timestamp": "2026-11-20T07:05:01Z"} | cells
    log = Audited(tmp_path, "logs.csv", table(flat))
    assert log.source[0] == "cloud_logging"
    assert log.events() == [purchase("logs.csv:2", sender="orders service")]


def test_bare_payloads_are_the_requests_they_were_made_for(tmp_path: Path) -> None:
    for name, text in {
        "payload.json": json.dumps(BODY, indent=1),
        "payloads.ndjson": lines(BODY),
        "events.json": json.dumps(BODY["data"]),
    }.items():
        log = Audited(tmp_path, name, text)
        assert log.source == ("capi_payload", 1, 1, 0, 0), name
        sender = "backend" if name == "events.json" else "partner stape-gtmss-2.1.3"
        expected = (f"{name}:1", "meta", None, "Purchase", "W-1042-Purchase", "W-1042", None, None, sender)
        assert log.events() == [expected]
        assert log.times() == [(None, "2026-11-20 07:05:00")]


def test_a_bare_tiktok_payload_names_its_pixel(tmp_path: Path) -> None:
    payload = {
        "event_source": "web",
        "event_source_id": "C4ABCDEFGH",
        "data": [{"event": "CompletePayment", "event_time": 1795158300, "event_id": "A-1", "user": {}, "properties": {"value": 1}}],
    }
    log = Audited(tmp_path, "payload.json", json.dumps(payload))
    assert log.source[0] == "capi_payload"
    assert [row[1:5] for row in log.events()] == [("tiktok", "C4ABCDEFGH", "CompletePayment", "A-1")]


def test_a_payload_of_no_event_is_a_reject(tmp_path: Path) -> None:
    log = Audited(tmp_path, "payloads.ndjson", lines(BODY, {"data": "none"}, {"data": []}))
    assert log.source == ("capi_payload", 3, 1, 1, 1)
    assert log.rejects() == {"payloads.ndjson:2": "neither an event nor a list of events under data"}


@pytest.mark.parametrize("missing", ["RequestUrl"])
def test_a_request_line_without_an_address_is_a_reject(tmp_path: Path, missing: str) -> None:
    bare = {key: value for key, value in request("t2").items() if key != missing}
    log = Audited(tmp_path, "sgtm.ndjson", lines(request("t1"), bare))
    assert log.rejects() == {"sgtm.ndjson:2": "no url or path in this row"}
