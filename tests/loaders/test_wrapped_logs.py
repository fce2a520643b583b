"""Application logs: the request to the platform stands somewhere within a row, as each logger puts it."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.loaders._nested import requests_in
from audit.plan import Plan
from tests.wire.decoding import events

URL = "https://graph.facebook.com/v23.0/1234567890/events"
TIME = "2026-11-20T10:00:00.000Z"
MILLIS = 1795168800000
BODY = {
    "data": [
        {
            "event_name": "Purchase",
            "event_time": 1795168800,
            "event_id": "P-1",
            "action_source": "website",
            "user_data": {"fbp": "fb.1.1795168000000.1"},
            "custom_data": {"value": 35.2, "currency": "EUR", "order_id": "W-1042"},
        }
    ]
}
ANSWER = {"events_received": 1, "messages": [], "fbtrace_id": "A"}
TEXT = json.dumps(BODY)
ROW: dict[str, Any] = {"ts": TIME, "method": "POST", "url": URL, "body": BODY, "status": 200, "response": ANSWER}
INNER = json.dumps(ROW)
UNTIMED = json.dumps({name: part for name, part in ROW.items() if name != "ts"})


def table(row: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([row.keys(), row.values()])
    return out.getvalue()


def rows(*listed: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in listed)

#: What Python prints of a body: nothing, yes and no, amounts and texts in its own words.
PRINTED = str(BODY | {"partner_agent": None, "debug": True, "shop": "it's", "sizes": (35, "M"), "sent": (1,)}).replace(
    "35.2", "Decimal('35.2')"
)
HEARTBEAT = f"{TIME[:19]}+00:00 INFO Catalog sync, batch 1, started"
HEADERS = "headers: Array\n(\n    [Authorization] => ********\n    [Content-Type] => application/json\n)\n\n"


FILES = {
    "pino-http": rows(
        {"level": 30, "time": MILLIS, "hostname": "web-1", "msg": "started"},
        {
            "level": 30, "time": MILLIS, "hostname": "web-1", "req": {"method": "POST", "url": URL, "body": BODY},
            "res": {"statusCode": 200, "body": ANSWER}, "responseTime": 80,
        },
    ),
    "bunyan": rows(
        {"name": "a", "req": {"method": "POST", "url": URL, "body": TEXT}, "res": {"statusCode": 200, "body": ANSWER}, "time": TIME}
    ),
    "winston": rows(
        {
            "level": "info", "timestamp": TIME,
            "meta": {"request": {"method": "POST", "url": URL, "data": BODY}, "response": {"status": 200, "data": ANSWER}},
        }
    ),
    "RudderStack, its events as texts of a form": rows(
        {
            "ts": TIME, "version": "1", "type": "REST", "method": "POST", "endpoint": f"{URL}?access_token=hidden", "headers": {},
            "params": {}, "files": {}, "body": {
                "JSON": {}, "XML": {}, "JSON_ARRAY": {}, "FORM": {"data": [json.dumps(event) for event in BODY["data"]]},
            },
            "response": {"status": 200, "body": ANSWER},
        }
    ),
    "Vercel, whose rows are about the function called": json.dumps(
        [
            {
                "message": f"sent {json.dumps({'url': URL, 'body': BODY, 'status': 200, 'response': ANSWER})}",
                "timestamp": MILLIS, "type": "stdout", "source": "lambda", "host": "shop.example.com", "path": "/api/capi",
                "statusCode": 200, "proxy": {"method": "POST", "path": "/api/capi", "host": "shop.example.com", "statusCode": 200},
            },
            {
                "message": "done", "timestamp": MILLIS, "type": "stdout", "source": "lambda",
                "host": "shop.example.com", "path": "/api/capi", "statusCode": 200,
            },
        ]
    ),
    "axios": rows(
        {"timestamp": TIME, "config": {"method": "post", "url": URL, "data": TEXT}, "response": {"status": 200, "data": ANSWER}}
    ),
    "Guzzle in a Monolog handler": rows(
        {
            "datetime": TIME,
            "context": {
                "request": {"method": "POST", "uri": URL, "headers": {"User-Agent": ["GuzzleHttp/7"]}, "body": TEXT},
                "response": {"status_code": 200, "body": json.dumps(ANSWER)},
            },
        }
    ),
    "ECS": rows(
        {
            "@timestamp": TIME, "url.full": URL, "http.request.method": "POST", "http.request.body.content": TEXT,
            "http.response.status_code": 200, "http.response.body.content": json.dumps(ANSWER),
        }
    ),
    "Caddy": rows(
        {
            "ts": MILLIS / 1000, "status": 200, "response": ANSWER,
            "request": {"method": "POST", "host": "graph.facebook.com", "uri": URL[26:], "body": TEXT},
        }
    ),
    "Vercel drain": rows({"message": INNER, "timestamp": MILLIS, "host": "shop.vercel.app", "path": "/api/capi"}),
    "Workers tail": rows(
        {
            "outcome": "ok", "eventTimestamp": MILLIS, "logs": [{"message": [INNER], "level": "log", "timestamp": MILLIS}],
            "event": {"request": {"url": "https://capi.example.com/collect", "method": "POST"}, "response": {"status": 204}},
        }
    ),
    "CloudWatch, JSON": json.dumps({"events": [{"timestamp": MILLIS, "message": INNER, "eventId": "1"}]}),
    "CloudWatch Insights, CSV": table({"@timestamp": "2026-11-20 10:00:00.000", "@message": INNER}),
    "CloudWatch Insights, answer": json.dumps(
        {"results": [[{"field": "@timestamp", "value": "2026-11-20 10:00:00.000"}, {"field": "@message", "value": UNTIMED},
                      {"field": "@ptr", "value": "CnAK"}]], "status": "Complete"}
    ),
    "Loki, a line without a time of its own": json.dumps(
        {"data": {"result": [{"stream": {}, "values": [[f"{MILLIS}000000", UNTIMED], [f"{MILLIS}000001", "up"]]}]}}
    ),
    "Loki, a line in words": json.dumps(
        {"data": {"result": [{"stream": {}, "values": [[f"{MILLIS}000000", f"POST {URL} {TEXT} 200 {json.dumps(ANSWER)}"]]}]}}
    ),
    "Loki": json.dumps({"status": "success", "data": {"result": [{"stream": {}, "values": [[f"{MILLIS}000000", INNER]]}]}}),
    "Elasticsearch": json.dumps({"took": 3, "hits": {"hits": [{"_id": "1", "_source": ROW | {"@timestamp": TIME}}]}}),
    "objects one after another": json.dumps(ROW, indent=2) + "\n",
    "syslog": f"Nov 20 10:00:00 web-1 capi[812]: {INNER}\n",
    "container": f"2026-11-20T10:00:00.000000000Z stdout F {INNER}\n",
    "Lambda": f"{TIME}\tb1e2\tINFO\t{json.dumps({name: part for name, part in ROW.items() if name != 'ts'})}\n",
    "told in words": f"{TIME} INFO POST {URL} {TEXT} -> 200 {json.dumps(ANSWER)}\n",
    "WooCommerce": f"{HEARTBEAT}\n{TIME[:19]}+00:00 DEBUG Request\nmethod: POST\nuri: {URL}\n{HEADERS}body: {TEXT}\n"
    f"duration: 0.31s\n\n2026-11-20T10:00:01+00:00 DEBUG Response\ncode: 200\nmessage: OK\n{HEADERS}body: {json.dumps(ANSWER)}\n",
    "journal": rows({"MESSAGE": UNTIMED, "__REALTIME_TIMESTAMP": f"{MILLIS}000", "PRIORITY": "6"}),
    "Azure's CSV": table({"TimeGenerated [UTC]": "11/20/2026, 10:00:00.000 AM", "Message": UNTIMED}),
    "Better Stack": rows({"dt": TIME, "message": UNTIMED, "level": "info"}),
    "a database's table as CSV": table(
        {"id": "1", "endpoint": URL, "request": TEXT, "response": json.dumps(ANSWER), "http_code": "200", "sent_at": TIME}
    ),
    "PHP": f"[20-Nov-2026 17:00:00 Asia/Jakarta] CAPI {URL}: {TEXT} 200 {json.dumps(ANSWER)}\n",
    "Python, as python-json-logger names the time": rows(
        {
            "asctime": "2026-11-20 10:00:00,000", "levelname": "INFO", "message": "sent",
            "request": {"url": URL, "body": BODY}, "response": {"status_code": 200, "text": json.dumps(ANSWER)},
        }
    ),
    "structlog's console, the address behind the body":
    f"2026-11-20T10:00:00.000000Z [info     ] sent        [capi] body={PRINTED} response={ANSWER} status=200 url={URL}\n",
    "OpenTelemetry, a span": rows(
        {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}, "scopeSpans": [
            {"spans": [{"startTimeUnixNano": f"{MILLIS}000000", "endTimeUnixNano": f"{MILLIS}900000", "attributes": [
                {"key": "url.full", "value": {"stringValue": URL}}, {"key": "http.request.body", "value": {"stringValue": TEXT}},
                {"key": "http.response.status_code", "value": {"intValue": "200"}},
                {"key": "http.response.body", "value": {"stringValue": json.dumps(ANSWER)}},
            ]}]}
        ]}]}
    ),
    "OpenTelemetry, a log record": rows(
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"timeUnixNano": f"{MILLIS}000000", "body": {"stringValue": f"POST {URL} {TEXT} -> 200 {json.dumps(ANSWER)}"}},
        ]}]}]}
    ),
    "Docker, a line in words": rows(
        {"log": "started\n", "stream": "stdout", "time": TIME},
        {"log": f"2026-11-20 17:00:00,000 POST {URL} {TEXT} -> 200 {json.dumps(ANSWER)}\n", "stream": "stdout", "time": TIME},
    ),
    "pino, a message in words": rows({"level": 30, "time": MILLIS, "msg": f"POST {URL} {TEXT} 200 {json.dumps(ANSWER)}"}),
    "loguru, serialized": rows(
        {
            "text": f"2026-11-20 17:00:00.000 | INFO | POST {URL} {PRINTED} 200 {ANSWER}\n",
            "record": {
                "level": {"name": "INFO"}, "message": f"POST {URL} {PRINTED} 200 {ANSWER}",
                "time": {"repr": "2026-11-20 17:00:00.000000+07:00", "timestamp": MILLIS / 1000},
            },
        }
    ),
    "Python, a dict as it prints one": f"2026-11-20 10:00:00,000 INFO capi: POST {URL} {PRINTED} -> 200 {ANSWER}\n",
    "Python, the body as bytes": f"2026-11-20 10:00:00,000 INFO capi: POST {URL} {TEXT.encode()!r} -> 200 {ANSWER}\n",
    "a script that calls the answer resp": rows({"time": TIME, "req": {"url": URL, "body": BODY}, "resp": ANSWER, "code": 200}),
    "Workers Logpush": rows(
        {
            "EventTimestampMs": MILLIS, "Event": {"Request": {"URL": "https://capi.example.com/collect", "Method": "POST"}},
            "Logs": [{"Level": "log", "Message": [UNTIMED], "TimestampMs": MILLIS}],
        }
    ),
    "what axios gives back, whole": rows(
        {"timestamp": TIME, "response": {"status": 200, "config": {"method": "post", "url": URL, "data": TEXT}, "data": ANSWER}}
    ),
    "Monolog": f"[2026-11-20T10:00:00.000000+00:00] production.INFO: sent {INNER.replace('/', chr(92) + '/')} []\n",
}  # fmt: skip


def audited(tmp_path: Path, text: str) -> engine.Read:
    (tmp_path / "app.log").write_text(text, encoding="utf-8")
    return engine.read([engine.InputFile(tmp_path / "app.log", "app.log", named=True)], Plan())


@pytest.mark.parametrize("writer", FILES)
def test_the_request_within_a_row_is_read(writer: str, tmp_path: Path) -> None:
    audit = audited(tmp_path, FILES[writer])
    (event,) = events(audit)
    assert (event["event_id"], event["dataset"], event["value_sent"], event["accepted"]) == ("P-1", "1234567890", "35.2", True)
    assert str(event["seen_at"]) == "2026-11-20 10:00:00"
    assert event["status"] == 200
    assert audit.con.execute("select kind, loader, kept, rejected from sources").fetchall() == [("server", "wrapped_log", 1, 0)]


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1", "created_at": TIME, "url": URL, "payload": TEXT, "status_code": "200", "response": json.dumps(ANSWER)},
        {"@t": TIME, "Url": URL, "Body": TEXT, "HttpCode": "200", "Response": json.dumps(ANSWER)},
        {"asctime": "2026-11-20 10:00:00,000", "url": URL, "payload": TEXT, "status_code": "200", "response": json.dumps(ANSWER)},
    ],
)
def test_a_table_of_requests_may_say_when_in_other_words(row: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "capi.csv").write_text(table(row), encoding="utf-8")
    con = engine.read([engine.InputFile(tmp_path / "capi.csv", "capi.csv", named=True)], Plan()).con
    found = con.execute("select loader, cast(e.seen_at as varchar), e.status, e.accepted from sources cross join events e")
    assert found.fetchall() == [("request_log", "2026-11-20 10:00:00", 200, True)]


@pytest.mark.parametrize(
    "first",
    [
        "2026-11-20 09:59:00,001 INFO app: started, listening on port 8000",
        "Nov 20 09:59:00 web-1 app[7]: started, listening",
        "[2026-11-20T09:59:00.001] [INFO] app - started",
        "[20-Nov-2026 09:59:00 UTC] PHP Notice: started",
        "[app] started, listening",
        "started",
    ],
)
def test_the_first_line_of_a_log_may_be_about_something_else(first: str, tmp_path: Path) -> None:
    """A comma in it made the log a table and each line a row of too many cells; a bracket, a list that breaks off."""
    audit = audited(tmp_path, f"{first}\n{FILES['told in words']}")
    (event,) = events(audit)
    assert (event["event_id"], event["accepted"], str(event["seen_at"])) == ("P-1", True, "2026-11-20 10:00:00")
    assert audit.con.execute("select kept, ignored, rejected from sources").fetchall() == [(1, 1, 0)]


@pytest.mark.parametrize("printed", [PRINTED[:-40], PRINTED.replace("None", "<Agent.NONE>")])
def test_a_dict_that_holds_more_than_plain_values_is_refused(printed: str, tmp_path: Path) -> None:
    audit = audited(tmp_path, f"{FILES['told in words']}2026-11-20 10:00:05,000 POST {URL} {printed}\n")
    assert [event["event_id"] for event in events(audit)] == ["P-1"]
    assert audit.con.execute("select rejected from sources").fetchall() == [(1,)]


def told(body: str, code: int = 200, answer: str = json.dumps(ANSWER), url: str = URL) -> str:
    request = f"11-20-2026 @ 10:00:00 - Request\nRequest\nmethod: POST\nuri: {url}\n{HEADERS}body: {body}\n\n"
    return request + f"11-20-2026 @ 10:00:01 - Response\nResponse\ncode: {code}\n{HEADERS}body: {answer}\n\n"


def test_requests_told_over_several_lines_keep_their_own_bodies_and_answers(tmp_path: Path) -> None:
    refusal = json.dumps({"error": {"message": "Invalid parameter", "code": 100}})
    other = told('{"requests": []}', url="https://graph.facebook.com/v23.0/99/items_batch")
    audit = audited(tmp_path, told(TEXT) + other + told(TEXT.replace("P-1", "P-2"), 400, refusal) + told(TEXT[:-30]))
    found = [(event["event_id"], event["status"], event["accepted"]) for event in events(audit)]
    assert found == [("P-1", 200, True), ("P-2", 400, False)]
    (source,) = audit.con.execute("select kept, rejected, gaps, ref from sources, (select min(ref) as ref from rejects)").fetchall()
    assert (source[0], source[1], source[3]) == (2, 1, f"app.log:{(told(TEXT) * 3).count(chr(10)) + 11}")
    assert "name no zone" in source[2]


def test_a_refusal_is_read_as_one(tmp_path: Path) -> None:
    answer = {"error": {"message": "Invalid parameter", "type": "OAuthException", "code": 100, "fbtrace_id": "A"}}
    audit = audited(tmp_path, rows({"time": MILLIS, "req": {"url": URL, "body": BODY}, "res": {"statusCode": 400, "body": answer}}))
    (event,) = events(audit)
    assert (event["accepted"], event["status"], event["answer_code"]) == (False, 400, "100")


TIKTOK_URL = "https://business-api.tiktok.com/open_api/v1.3/event/track/"
TIKTOK_EVENT = {"event": "CompletePayment", "event_id": "P-1", "event_time": 1795168800}
TIKTOK_BODY = {"event_source": "web", "event_source_id": "C1", "data": [TIKTOK_EVENT]}
TIKTOK_NO = {"code": 40001, "message": "No permission to operate pixel code", "request_id": "20261120", "data": {}}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "response": TIKTOK_NO},
        {"res": {"statusCode": 200, "body": TIKTOK_NO}},
        {"response": {"code": 200, "message": "OK", "data": TIKTOK_NO}},
    ],
)
def test_tiktoks_own_answer_has_a_part_called_data(answer: dict[str, Any], tmp_path: Path) -> None:
    row = {"url": TIKTOK_URL, "payload": TIKTOK_BODY} | answer
    (event,) = events(audited(tmp_path, f"[{TIME}] production.INFO: sent {json.dumps(row)} []\n"))
    assert (event["accepted"], event["status"], event["answer_code"]) == (False, 200, "40001")


def test_a_code_of_an_error_is_no_status(tmp_path: Path) -> None:
    row = {"time": TIME, "req": {"url": URL, "body": BODY}, "error": {"message": "Permissions error", "code": 200}}
    (event,) = events(audited(tmp_path, rows(row)))
    assert (event["accepted"], event["status"]) == (None, None)


@pytest.mark.parametrize(
    "failure",
    [
        {"err": {"type": "AxiosError", "message": "connect ECONNREFUSED 157.240.1.35:443", "code": "ECONNREFUSED"}},
        {"exception": f"cURL error 6: Could not resolve host for {URL}?access_token=EAAGm0PX4ZCps"},
    ],
)
def test_of_a_request_that_never_left_the_words_that_say_so_are_kept(failure: dict[str, Any], tmp_path: Path) -> None:
    row = {"url": URL, "payload": BODY} | failure
    (event,) = events(audited(tmp_path, f"[{TIME}] production.ERROR: failed {json.dumps(row)} []\n"))
    assert event["net_error"] in ("econnrefused", "could not resolve")


def test_an_earlier_failure_is_not_this_requests(tmp_path: Path) -> None:
    row = {"url": URL, "payload": BODY, "previous": {"err": {"message": "connect ECONNREFUSED 157.240.1.35:443"}}}
    (event,) = events(audited(tmp_path, f"[{TIME}] production.INFO: sent {json.dumps(row)} []\n"))
    assert (event["net_error"], event["accepted"]) == (None, None)


def test_lines_of_text_without_a_request_are_ignored_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    first = FILES["container"] + 'urllib3 "POST /v23.0/1234567890/events HTTP/1.1" 200\nat next tick\n'
    audit = audited(tmp_path, first + FILES["container"][:-60])
    assert len(events(audit)) == 1
    assert audit.con.execute("select read_rows, kept, ignored, rejected from sources").fetchall() == [(4, 1, 2, 1)]
    assert audit.con.execute("select reason from rejects").fetchall() == [("cut off: the file ends in the middle of this row",)]


def test_times_before_the_json_that_name_no_zone_are_told_as_such(tmp_path: Path) -> None:
    text = json.dumps({name: part for name, part in ROW.items() if name != "ts"})
    audit = audited(tmp_path, f"[2026-11-20 10:00:00] local.INFO: sent {text}\n")
    assert "name no zone" in audit.con.execute("select gaps from sources").fetchall()[0][0]


@pytest.mark.parametrize(
    "row",
    [
        {"@timestamp": "2026-11-20 10:00:00.000", "@message": UNTIMED},
        {"@timestamp": "2026-11-20 10:00:00.000", "url": URL, "body": TEXT, "status": "200", "response": json.dumps(ANSWER)},
    ],
)
def test_the_times_of_a_table_of_cloudwatch_insights_are_utc(row: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(table(row), encoding="utf-8")
    con = engine.read([engine.InputFile(tmp_path / "rows.csv", "rows.csv", named=True)], Plan(timezone="Asia/Jakarta")).con
    assert con.execute("select cast(seen_at as varchar), status, accepted from events").fetchall() == [
        ("2026-11-20 10:00:00", 200, True)
    ]
    assert con.execute("select gaps, has_zone from sources").fetchall() == [(None, True)]


def test_each_request_of_a_document_has_a_place_of_its_own(tmp_path: Path) -> None:
    entries = [{"timestamp": MILLIS + n * 1000, "message": INNER.replace("P-1", f"P-{n}")} for n in range(3)]
    listed = [entries[0], {"message": "started"}, *entries[1:]]
    for name, document in {"export.json": {"events": entries}, "rows.json": listed}.items():
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
        con = engine.read([engine.InputFile(tmp_path / name, name)], Plan()).con
        refs = [row[0].partition(":")[2].rstrip("!") for row in con.execute("select ref from events order by event_key").fetchall()]
        read, kept = con.execute("select read_rows, kept from sources").fetchone() or (0, 0)
        con.close()
        assert (refs, read, kept) == ((["1", "2", "3"], 3, 3) if name == "export.json" else (["1", "3", "4"], 4, 3))


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ((MILLIS, MILLIS + 1, MILLIS + 2), (3, 2, 1, 0)),
        ((MILLIS, "soon", "later"), (4, 2, 1, 1)),
        (("soon", "later", "never"), (3, 1, 1, 1)),
    ],
)
def test_a_line_of_several_requests_is_one_row(times: tuple[Any, ...], counts: tuple[int, ...], tmp_path: Path) -> None:
    """Three sends in one line were one row kept and two ignored; a line that gave both good and bad ones counts once as each."""
    untimed = json.dumps({name: part for name, part in ROW.items() if name != "ts"})
    sends = [{"timestamp": at, "message": untimed.replace("P-1", f"P-{n}")} for n, at in enumerate(times)]
    started = {"timestamp": MILLIS, "message": "started"}
    own = {"timestamp": MILLIS, "message": INNER.replace("P-1", "P-9")}
    audit = audited(tmp_path, rows({"events": sends}, started, own))
    assert audit.con.execute("select read_rows, kept, ignored, rejected from sources").fetchall() == [counts]


def test_a_document_of_thousands_of_rows_takes_no_time_for_each_pair_of_them() -> None:
    """A service's export is one object around its list: each entry used to be compared with every other."""
    document = {"events": [{"timestamp": MILLIS + n, "message": INNER.replace("P-1", f"P-{n}")} for n in range(3000)]}
    began = time.process_time()
    found = requests_in(document)
    assert time.process_time() - began < 5
    assert [request["body"]["data"][0]["event_id"] for request in found] == [f"P-{n}" for n in range(3000)]


@pytest.mark.parametrize("name", [[], {}, 7, None])
def test_a_list_of_fields_whose_names_are_no_texts_is_a_list_like_any(name: Any) -> None:
    """Their names used to be looked up whatever they were, and the run ended in a traceback."""
    document = {"fields": [{"field": name, "value": "x"}], "event": {"timestamp": MILLIS, "message": INNER}}
    assert [request["body"]["data"][0]["event_id"] for request in requests_in(document)] == ["P-1"]


@pytest.mark.parametrize(
    "lead", ["Nov 20 10:00:00 web-1 app[311]: sent ", "<134>Nov 20 10:00:00 web-1 app: ", "20/11/2026 10:00:00 INFO "]
)
def test_a_line_of_a_system_log_names_its_time_without_a_year(lead: str, tmp_path: Path) -> None:
    """The year is the latest in which that day has come."""
    text = json.dumps({name: part for name, part in ROW.items() if name != "ts"})
    (tmp_path / "app.log").write_text(f"{lead}{text}\n", encoding="utf-8")
    files = [engine.InputFile(tmp_path / "app.log", "app.log", named=True)]
    con = engine.read(files, Plan(timezone="UTC"), now=datetime(2026, 11, 30)).con
    assert con.execute("select cast(seen_at as varchar) from events").fetchall() == [("2026-11-20 10:00:00",)]
    (gaps,) = con.execute("select gaps from sources").fetchone() or ("",)
    assert ("name no year" in (gaps or "")) == ("Nov" in lead)


def test_a_system_logs_december_read_in_january_is_last_years(tmp_path: Path) -> None:
    text = json.dumps({name: part for name, part in ROW.items() if name != "ts"})
    (tmp_path / "app.log").write_text(f"Dec 31 10:00:00 web-1 app: {text}\n", encoding="utf-8")
    files = [engine.InputFile(tmp_path / "app.log", "app.log", named=True)]
    con = engine.read(files, Plan(timezone="UTC"), now=datetime(2027, 1, 2)).con
    assert con.execute("select cast(seen_at as varchar) from events").fetchall() == [("2026-12-31 10:00:00",)]


REFUSED = {"error": {"message": "Invalid parameter", "code": 100, "fbtrace_id": "A"}}
BACK = json.dumps(REFUSED)


@pytest.mark.parametrize(
    ("line", "status", "accepted"),
    [
        (f"POST {URL} {TEXT} took 231 ms, status 400 {BACK}", 400, False),
        (f"POST {URL} {TEXT} 250 bytes -> 400 {BACK}", 400, False),
        (f"POST {URL} {TEXT} HTTP/1.1 400 Bad Request after 300 ms", 400, False),
        (f'POST {URL} {TEXT} 400 headers={{"content-type": "application/json"}} body={BACK}', 400, False),
        (f'POST {URL} {TEXT} 200 headers={{"content-type": "application/json"}} body={json.dumps(ANSWER)}', 200, True),
        (f"answer={BACK} body={TEXT} status=400 url={URL}", 400, False),
        (f"response={json.dumps(ANSWER)} status=200 json={TEXT} url={URL}", 200, True),
    ],
)
def test_in_words_the_body_is_what_holds_events_and_the_status_counts_nothing(
    line: str, status: int, accepted: bool, tmp_path: Path
) -> None:
    """A time taken was read as the status, the headers as the answer, an answer told first as the body."""
    assert [(e["event_id"], e["status"], e["accepted"]) for e in events(audited(tmp_path, f"{TIME} INFO {line}\n"))] == [
        ("P-1", status, accepted)
    ]


@pytest.mark.parametrize(
    ("beside", "status", "accepted"),
    [
        ({"status": 400, "response": REFUSED}, 400, False),
        ({"res": {"statusCode": 400, "body": REFUSED}}, 400, False),
        ({"statusCode": 200, "path": "/api/capi"}, None, None),
    ],
)
def test_the_answer_to_a_request_told_in_words_may_stand_beside_them(
    beside: dict[str, Any], status: int | None, accepted: bool | None, tmp_path: Path
) -> None:
    """What stands beside it without an answer is about the function that was called."""
    text = rows({"level": 50, "time": MILLIS, "msg": f"POST {URL} {TEXT}", **beside})
    assert [(e["status"], e["accepted"]) for e in events(audited(tmp_path, text))] == [(status, accepted)]
