"""Logs of requests and of pixel calls: containers, synonyms, places of bad lines, times."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from audit import engine
from audit.errors import InputError
from audit.plan import Plan
from audit.views import build_views
from tests.wire.decoding import events
from tests.wire.test_servers import META_RELAY, RELAY

REQUEST = {
    "ts": "2026-11-20T10:00:00Z",
    "method": "POST",
    "url": f"{RELAY}meta/events",
    "body": json.dumps(META_RELAY),
    "status": 204,
}
CALL = {
    "ts": "2026-11-20T10:00:00Z", "platform": "snackvideo", "pixel_id": "587210394412663027", "event": "purchase",
    "params": {"value": 150000, "currency": "IDR", "order_id": "1001"}, "page_url": "https://shop.example.com/thank-you?click_id=CLICKID1",
    "cookies": {"_kwai_click_id": "CLICKID1", "_fbp": "fb.1.1763632700000.123456789"}, "sender": "storefront.js", "session": "s1",
}  # fmt: skip


def _run(folder: Path, content: bytes, name: str = "log", zone: str | None = None) -> engine.Read:
    path = folder / name
    path.write_bytes(content)
    return engine.read([engine.InputFile(path, name, named=True)], Plan(timezone=zone))


def _ndjson(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _csv(folder: Path, rows: list[dict[str, Any]]) -> bytes:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path.read_bytes()


def _parquet(folder: Path, rows: list[dict[str, Any]]) -> bytes:
    source, target = folder / "rows.json", folder / "rows.parquet"
    source.write_text(json.dumps(rows), encoding="utf-8")
    duckdb.execute(f"copy (select * from read_json('{source}')) to '{target}'")
    return target.read_bytes()


def _accounts(audit: engine.Read) -> tuple[Any, ...]:
    row = audit.con.execute("select loader, read_rows, kept, ignored, rejected from sources").fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("container", ["ndjson", "array", "csv", "parquet", "gzip", "zstd"])
def test_a_request_log_is_read_from_any_container(container: str, tmp_path: Path) -> None:
    content = {
        "ndjson": lambda: _ndjson(REQUEST),
        "array": lambda: json.dumps([REQUEST]).encode(),
        "csv": lambda: _csv(tmp_path, [REQUEST]),
        "parquet": lambda: _parquet(tmp_path, [REQUEST]),
        "gzip": lambda: gzip.compress(_ndjson(REQUEST)),
        "zstd": lambda: zstandard.compress(_ndjson(REQUEST)),
    }[container]()
    audit = _run(tmp_path, content)
    assert [e["event_id"] for e in events(audit)] == ["add_to_cart_123"]
    assert _accounts(audit) == ("request_log", 1, 1, 0, 0)


@pytest.mark.parametrize("container", ["ndjson", "array", "csv", "parquet"])
def test_decoded_calls_are_read_from_any_container(container: str, tmp_path: Path) -> None:
    flat = CALL | {"params": json.dumps(CALL["params"]), "cookies": json.dumps(CALL["cookies"])}
    content = {
        "ndjson": lambda: _ndjson(CALL),
        "array": lambda: json.dumps([CALL]).encode(),
        "csv": lambda: _csv(tmp_path, [flat]),
        "parquet": lambda: _parquet(tmp_path, [CALL]),
    }[container]()
    audit = _run(tmp_path, content)
    build_views(audit.con)  # there an event gets the order it names
    (event,) = events(audit)
    assert (event["platform"], event["step"], event["order_key"], str(event["value"])) == (
        "snackvideo",
        "Purchase",
        "1001",
        "150000.000000",
    )
    assert (event["sender"], event["dataset"], event["landing_click"]) == ("storefront.js", "587210394412663027", "CLICKID1")
    assert _accounts(audit) == ("pixel_log", 1, 1, 0, 0)


_TOLD = {
    "ts": "2026-11-20T10:00:00Z", "platform": "meta", "pixel_id": "1234567890123456", "event": "Purchase", "event_id": "A-1",
    "page_url": "https://shop.example.com/thank-you", "session": "s1",
}  # fmt: skip
_GOODS = {"value": "150000", "currency": "IDR", "contents": '[{"id": "SKU-1", "quantity": 2}]', "order_id": "1001"}
_JAR = {"_fbp": "fb.1.1763632700000.123456789", "_fbc": "fb.1.1763632700000.IwAR0abcdef"}


@pytest.mark.parametrize(
    "cells",
    [
        {"params": json.dumps(_GOODS), "cookies": json.dumps(_JAR)},
        {"properties": json.dumps(_GOODS), "cookies": "; ".join(f"{name}={value}" for name, value in _JAR.items())},
        _GOODS | {"fbp": _JAR["_fbp"], "fbc": _JAR["_fbc"]},
        _GOODS | _JAR,
        {f"params.{name}": cell for name, cell in _GOODS.items()} | {f"cookies.{name}": cell for name, cell in _JAR.items()},
    ],
    ids=["JSON in cells", "a cookie header", "columns of their own", "columns as the cookies are called", "columns with dots"],
)
@pytest.mark.parametrize("container", ["csv", "ndjson"])
def test_what_a_call_said_is_read_from_cells_and_columns(container: str, cells: dict[str, str], tmp_path: Path) -> None:
    """A table without a column of parameters gave Purchases without a value: a Stop; cookies in a cell were not seen."""
    row = _TOLD | cells
    audit = _run(tmp_path, _csv(tmp_path, [row]) if container == "csv" else _ndjson(row))
    build_views(audit.con)
    (event,) = events(audit)
    assert (event["order_key"], str(event["value"]), event["currency"]) == ("1001", "150000.000000", "IDR")
    assert (event["browser_id"], event["click_id"]) == (_JAR["_fbp"], _JAR["_fbc"])
    items = audit.con.execute("select item_id, cast(quantity as varchar) from event_items").fetchall()
    assert items == [("SKU-1", "2.000")]


def test_a_raw_log_of_pixel_calls_is_browser_evidence(tmp_path: Path) -> None:
    hit = "https://www.facebook.com/tr/?id=1234567890123456&ev=ViewContent&ts=1763632800123&eid=A-1"
    audit = _run(tmp_path, _ndjson({"ts": "2026-11-20T10:00:00Z", "method": "GET", "url": hit}))
    assert _accounts(audit)[0] == "pixel_log"
    assert [e["event_id"] for e in events(audit)] == ["A-1"]


@pytest.mark.parametrize(
    "names",
    [
        {"ts": "timestamp", "body": "payload", "status": "status_code"},
        {"ts": "time", "body": "request_body", "status": "response_status"},
        {"url": "requestUrl", "body": "requestBody", "method": "httpMethod", "status": "statusCode"},
        {"ts": "Time", "url": "Request URL", "body": "Request Body", "method": "Request Method", "status": "Status Code"},
        {"url": "request-url", "body": "request-body"},
    ],
)
def test_common_synonyms_need_no_mapping(names: dict[str, str], tmp_path: Path) -> None:
    row = {names.get(key, key): value for key, value in REQUEST.items()}
    (event,) = events(_run(tmp_path, _ndjson(row)))
    assert (event["event_id"], event["accepted"]) == ("add_to_cart_123", True)


def test_columns_of_a_table_may_have_blanks_in_their_names(tmp_path: Path) -> None:
    row = REQUEST | {"status": "200 OK"}
    names = {"ts": "Time", "url": "Request URL", "body": "Request Body", "method": "Request Method", "status": "Status Code"}
    content = _csv(tmp_path, [{names.get(key, key): value for key, value in row.items()}])
    (event,) = events(_run(tmp_path, content))
    assert (event["event_id"], event["status"], event["accepted"]) == ("add_to_cart_123", 200, True)


CAPI = {
    "ts": "2026-11-20T10:00:00Z", "method": "POST", "url": "https://graph.facebook.com/v23.0/1234567890/events", "status": 200,
    "response": {"events_received": 1},
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "has_bodies"),
    [
        (CAPI | {"body": "eyJkYXRhIjpbXX0="}, False),
        (CAPI | {"body": {"payload": {"list": [{"event_name": "Purchase"}]}}}, False),
        (CAPI | {"body": {"event": "Purchase"}, "status": 400, "response": {"error": {"code": 100}}}, True),
        (CAPI | {"body": {"data": [{"event_name": "Purchase", "event_time": 1795168800}]}}, True),
    ],
    ids=["encoded", "in a form of the log's own", "refused", "as it was sent"],
)
def test_a_body_without_events_that_was_accepted_is_one_the_log_has_rewritten(
    row: dict[str, Any], has_bodies: bool, tmp_path: Path
) -> None:
    """Meta refuses a request without events: one that was accepted had them, and their absence from the log proves nothing."""
    audit = _run(tmp_path, _ndjson(row))
    assert audit.con.execute("select has_bodies from sources").fetchall() == [(has_bodies,)]
    told = audit.con.execute("select path from violations where path = '$.data'").fetchall()
    assert len(told) == (1 if row["status"] == 400 else 0)


def test_every_row_is_kept_ignored_or_rejected_with_its_place(tmp_path: Path) -> None:
    lines = [
        json.dumps(REQUEST),
        "",
        '{"ts": "2026-11-20T10:00:01Z", "url": ',
        json.dumps(REQUEST | {"ts": "someday"}),
        json.dumps({"ts": "2026-11-20T10:00:02Z", "status": 200, "method": "GET"}),
        json.dumps(REQUEST | {"url": "https://api.example.com/health"}),
    ]
    audit = _run(tmp_path, "\n".join(lines).encode())
    assert _accounts(audit) == ("request_log", 5, 1, 1, 3)
    assert audit.con.execute("select ref, reason from rejects order by ref").fetchall() == [
        ("log:3", "not a JSON object"),
        ("log:4", "the time someday cannot be read"),
        ("log:5", "no url or path in this row"),
    ]


TIMES = {
    "2026-11-20T10:00:00Z": "2026-11-20 10:00:00",
    "2026-11-20T17:00:00+07:00": "2026-11-20 10:00:00",
    "2026-11-20 05:00:00 -0500": "2026-11-20 10:00:00",
    "2026-11-20 10:00:00 UTC": "2026-11-20 10:00:00",
    "20/Nov/2026:17:00:00 +0700": "2026-11-20 10:00:00",
    1795168800: "2026-11-20 10:00:00",
    1795168800123: "2026-11-20 10:00:00.123000",
    1795168800123456: "2026-11-20 10:00:00.123456",
    "2026-11-20T17:00:00": "2026-11-20 10:00:00",  # no zone: the plan's, Asia/Jakarta
    "2026-11-20 17:00:00,123": "2026-11-20 10:00:00.123000",
    "2026-11-20T10:00:00,123Z": "2026-11-20 10:00:00.123000",
    "2026/11/20 17:00:00": "2026-11-20 10:00:00",
    "2026-11-20 10:00:00.123+00": "2026-11-20 10:00:00.123000",
    "2026-11-20 05:00:00-05": "2026-11-20 10:00:00",
    "2026-11-20 18:00 WITA": "2026-11-20 10:00:00",
    "Fri, 20 Nov 2026 10:00:00 GMT": "2026-11-20 10:00:00",
    "Fri, 20 Nov 2026 17:00:00 +0700": "2026-11-20 10:00:00",
    "Fri Nov 20 2026 17:00:00 GMT+0700 (Western Indonesia Time)": "2026-11-20 10:00:00",
    "Fri Nov 20 2026 05:00:00 GMT-0500 (EST)": "2026-11-20 10:00:00",
}


@pytest.mark.parametrize("written", TIMES)
def test_times_are_read_right(written: object, tmp_path: Path) -> None:
    (event,) = events(_run(tmp_path, _ndjson(REQUEST | {"ts": written}), zone="Asia/Jakarta"))
    assert event["seen_at"] == datetime.fromisoformat(TIMES[written])


@pytest.mark.parametrize("written", ["05/06/2026 10:00", "11/10/2026", "10:00", "", "-1"])
def test_a_time_that_could_mean_two_things_is_rejected(written: str, tmp_path: Path) -> None:
    audit = _run(tmp_path, _ndjson(REQUEST, REQUEST | {"ts": written}))
    assert _accounts(audit)[4] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "log: the file is empty. Export it again, or leave it out."),
        (b"\x1f\x8b\x08\x00broken", "log: packed, but damaged or half-written"),
        (b"hello", "log: of no known format."),
    ],
)
def test_a_file_that_cannot_be_evidence_says_so(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        _run(tmp_path, content)
    assert message in str(caught.value)


def test_the_page_and_the_relay_saw_the_same_request(tmp_path: Path) -> None:
    from tests.test_har import _entry, _har

    body = json.dumps(META_RELAY)
    entry = _entry(request={"method": "POST", "url": f"{RELAY}meta/events", "headers": [], "postData": {"text": body}})
    (tmp_path / "a.har").write_bytes(_har(entry))
    (tmp_path / "relay.ndjson").write_bytes(_ndjson(REQUEST | {"ts": "2026-11-20T10:00:03Z"}))
    audit = engine.read([engine.InputFile(tmp_path / n, n) for n in ("a.har", "relay.ndjson")], Plan())
    assert [e["ref"] for e in events(audit)] == ["a.har#0"]


def test_the_same_bytes_are_read_once(tmp_path: Path) -> None:
    for name in ("a.ndjson", "b.ndjson"):
        (tmp_path / name).write_bytes(_ndjson(REQUEST))
    audit = engine.read([engine.InputFile(tmp_path / n, n) for n in ("a.ndjson", "b.ndjson")], Plan())
    assert len(events(audit)) == 1


@pytest.mark.parametrize(
    ("changes", "sends"),
    [
        ([{}, {}], 1),
        ([{"sender": "plugin"}, {"sender": "backend"}], 2),
        ([{"status": 400}, {"status": 204}], 2),
        ([{"body": {"user_data": {"fbp": "fb.1.1795168800000.1"}}}, {"body": {"user_data": {"fbp": "fb.1.1795168800000.2"}}}], 2),
    ],
    ids=["the same line", "two senders", "refused, then taken", "two persons"],
)
def test_lines_of_one_second_are_one_send_only_where_all_is_the_same(
    changes: list[dict[str, Any]], sends: int, tmp_path: Path
) -> None:
    rows = [
        REQUEST | change | {"body": json.dumps(META_RELAY | change.get("body", {})), "ts": "2026-11-20T10:00:00Z"}
        for change in changes
    ]
    log = tmp_path / "relay.ndjson"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    con = engine.read([engine.InputFile(log, log.name)], Plan()).con
    assert con.execute("select count(distinct ref) from events").fetchone() == (sends,)


@pytest.mark.parametrize("name", ["relay.ndjson", "capture.har"])
def test_half_a_character_in_a_text_loses_no_event(name: str, tmp_path: Path) -> None:
    """A script that cuts a product's name in the middle of an emoji sends one half of it."""
    body = json.dumps(META_RELAY).replace('"content_type": "product"', '"content_type": "product", "content_name": "Shirt \\ud83d"')
    assert "\\ud83d" in body
    row = REQUEST | {"body": body}
    request = {
        "method": "POST", "url": f"https://api.scalev.id{RELAY}meta/events" if RELAY.startswith("/") else row["url"], "headers": [],
        "postData": {"mimeType": "application/json", "text": body},
    }  # fmt: skip
    entry = {"startedDateTime": row["ts"], "time": 1, "request": request, "response": {"status": 204, "headers": [], "content": {}}}
    har = {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [entry]}}
    (tmp_path / name).write_text(json.dumps(row if name.endswith("ndjson") else har), encoding="utf-8")
    con = engine.read([engine.InputFile(tmp_path / name, name)], Plan()).con
    assert con.execute("select count(*) from events").fetchone() == (len(META_RELAY["events"]),)


#: The body's event says 10:00:00 of UTC.
STAMPED = {"data": [{"event_name": "Purchase", "event_time": 1795168800, "event_id": "A-1", "action_source": "website"}]}


@pytest.mark.parametrize(
    ("written", "zone", "body", "known"),
    [
        ("2026-11-20T17:00:00+07:00", None, META_RELAY, True),
        ("2026-11-20T17:00:00", "Asia/Jakarta", META_RELAY, True),
        ("2026-11-20 17:00:00", None, META_RELAY, False),
        ("2026/11/20 17:00:00", None, META_RELAY, False),
        ("2026-11-20 17:00:00+07", None, META_RELAY, True),
        ("2026-11-20 17:00:00", None, STAMPED, False),
        ("2026-11-20 10:00:01", None, STAMPED, True),
        ("2026-11-20 17:00:01", "Asia/Jakarta", STAMPED, True),
        ("2026-11-20 12:00:01", "Asia/Jakarta", STAMPED, False),
        ("2026-11-20 17:42:00", "Asia/Jakarta", STAMPED, True),
    ],
    ids=[
        "named",
        "the plan's",
        "unknown",
        "unknown, with slashes",
        "named by its hours",
        "seven hours from its events",
        "that of its events",
        "the plan's, and its events agree",
        "not the plan's",
        "the plan's, sent later",
    ],
)
def test_a_clock_without_a_zone_is_known_where_something_tells_it(
    written: str, zone: str | None, body: object, known: bool, tmp_path: Path
) -> None:
    address = "https://graph.facebook.com/v21.0/1234567890123456/events" if body is STAMPED else REQUEST["url"]
    audit = _run(tmp_path, _ndjson(REQUEST | {"ts": written, "url": address, "body": json.dumps(body)}), zone=zone)
    assert audit.con.execute("select has_zone from sources").fetchall() == [(known,)]


def test_a_log_in_utc_is_known_as_one_whatever_zone_the_plan_names(tmp_path: Path) -> None:
    """Its events say so themselves. It was a condition, though without a zone in the plan the same log was read as what it is."""
    rows = [
        REQUEST | {
            "ts": f"2026-11-20 10:00:0{second}", "url": "https://graph.facebook.com/v21.0/1234567890123456/events",
            "body": json.dumps({"data": [STAMPED["data"][0] | {"event_id": f"A-{second}"}]}),
        }
        for second in (1, 2)
    ]  # fmt: skip
    audit = _run(tmp_path, _ndjson(*rows), zone="America/New_York")
    assert audit.con.execute("select cast(seen_at as varchar) from events order by place").fetchall() == [
        ("2026-11-20 10:00:01",),
        ("2026-11-20 10:00:02",),
    ]
    facts = "has_zone, gaps, cast(first_at as varchar), cast(last_at as varchar)"
    assert audit.con.execute(f"select {facts} from sources").fetchall() == [
        (True, None, "2026-11-20 10:00:01", "2026-11-20 10:00:02")
    ]


@pytest.mark.parametrize(
    ("written", "zone", "page", "seen", "known"),
    [
        ("2026-11-20 10:00:02", "America/New_York", "2026-11-20T10:00:00Z", "2026-11-20 10:00:02", True),
        ("2026-11-20 10:00:02", "America/New_York", "2026-11-20T15:00:00Z", "2026-11-20 15:00:02", True),
        ("2026-11-20 10:00:02", "Asia/Jakarta", "2026-11-20T03:00:00Z", "2026-11-20 03:00:02", True),
        ("2026-11-20 04:00:02", "America/New_York", "2026-11-20T09:00:00Z", "2026-11-20 09:00:02", True),
        ("2026-11-20 04:00:02", "America/New_York", "2026-11-20T10:00:00Z", "2026-11-20 09:00:02", False),
    ],
    ids=["UTC", "an event of another zone", "the same, in the east", "of a third zone", "a log of another zone"],
)
def test_a_page_tells_whose_time_is_wrong_the_log_s_or_the_event_s(
    written: str, zone: str, page: str, seen: str, known: bool, tmp_path: Path
) -> None:
    """A server that takes the shop's clock for UTC was believed, its log moved after it: a Go for events of another hour."""
    url = "https://graph.facebook.com/v21.0/1234567890123456/events"
    (tmp_path / "server.ndjson").write_bytes(_ndjson(REQUEST | {"ts": written, "url": url, "body": json.dumps(STAMPED)}))
    call = {"ts": page, "platform": "meta", "pixel_id": "1234567890123456", "event": "Purchase", "event_id": "A-1"}
    (tmp_path / "browser.ndjson").write_bytes(_ndjson(call))
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan(timezone=zone)).con
    assert con.execute("select cast(seen_at as varchar) from events where channel = 'server'").fetchall() == [(seen,)]
    assert con.execute("select has_zone from sources where kind = 'server'").fetchall() == [(known,)]


def test_a_send_that_waited_hides_no_log_s_zone(tmp_path: Path) -> None:
    """One retry of a quarter of an hour, and the log was read in the plan's zone: every event seemed one of the future."""
    rows = [
        REQUEST | {
            "ts": ts, "url": "https://graph.facebook.com/v21.0/1234567890123456/events",
            "body": json.dumps({"data": [STAMPED["data"][0] | {"event_id": ts}]}),
        }
        for ts in ("2026-11-20 10:00:01", "2026-11-20 10:00:02", "2026-11-20 10:16:40")
    ]  # fmt: skip
    audit = _run(tmp_path, _ndjson(*rows), zone="Asia/Jakarta")
    assert audit.con.execute("select cast(max(seen_at) as varchar) from events").fetchall() == [("2026-11-20 10:16:40",)]


@pytest.mark.parametrize(("second", "sends"), [("2026-11-20T17:00:00+07:00", 1), ("2026-11-20T17:00:09+07:00", 2)])
def test_a_line_that_two_overlapping_exports_of_a_log_hold_is_one_send(second: str, sends: int, tmp_path: Path) -> None:
    address = "https://graph.facebook.com/v21.0/1234567890123456/events"
    row = REQUEST | {"ts": "2026-11-20T17:00:00+07:00", "url": address, "body": json.dumps(STAMPED)}
    (tmp_path / "monday.ndjson").write_bytes(_ndjson(row))
    (tmp_path / "tuesday.ndjson").write_bytes(_ndjson(row | {"ts": second, "note": "of the next file"}))
    files = [engine.InputFile(tmp_path / name, name, named=True) for name in ("monday.ndjson", "tuesday.ndjson")]
    assert engine.read(files, Plan()).con.execute("select count(*) from events").fetchone() == (sends,)


@pytest.mark.parametrize(
    ("call", "change", "sends"),
    [
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {}, 1),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"params": dict(reversed(_GOODS.items()))}, 1),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"params": _GOODS | {"value": "150001"}}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"sender": "gtm.js"}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"ts": "2026-11-20T10:00:01Z"}, 2),
        (CALL, {}, 1),
        (CALL, {"session": "s2", "cookies": {}}, 2),
        (CALL | {"session": None, "cookies": {}}, {}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"params": _GOODS | {"email": "dewi@example.org"}}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR, "consent": "granted"}, {"consent": "denied"}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"event_id": None, "params": _GOODS | {"eventID": "A-1"}}, 2),
        (_TOLD | {"params": _GOODS, "cookies": _JAR}, {"status": 0, "error": "net::ERR_BLOCKED_BY_CLIENT"}, 2),
    ],
    ids=[
        "a line", "in another order", "another value", "another sender", "later", "no id", "another visit", "nobody's",
        "somebody's address", "another consent", "an id elsewhere", "stopped",
    ],
)
def test_a_call_that_two_overlapping_pixel_logs_hold_is_one_send(
    call: dict[str, Any], change: dict[str, Any], sends: int, tmp_path: Path
) -> None:
    """Rotated logs that share some lines made each a call repeated at once, and a SnackVideo Purchase one of two."""
    (tmp_path / "monday.ndjson").write_bytes(_ndjson(call))
    (tmp_path / "tuesday.ndjson").write_bytes(_ndjson(call | change | {"note": "of the next file"}))
    files = [engine.InputFile(tmp_path / name, name, named=True) for name in ("monday.ndjson", "tuesday.ndjson")]
    assert engine.read(files, Plan()).con.execute("select count(*) from events").fetchone() == (sends,)


@pytest.mark.parametrize(
    ("views", "sends"),
    [
        ((("a", "10:00:01"), ("b", "10:00:02")), 4),
        ((("a", "10:00:01"), ("b", "10:00:09")), 3),
        ((("a", "10:00:01"), ("a", "10:00:02")), 3),
        ((("a", "10:00:01"), ("a", "10:00:02"), ("b", "10:00:01"), ("b", "10:00:02")), 3),
    ],
    ids=["a moment apart", "later", "in one log", "in both logs"],
)
def test_the_logs_of_two_senders_are_no_overlap(views: tuple[tuple[str, str], ...], sends: int, tmp_path: Path) -> None:
    """In whole seconds two scripts often write one time: SnackVideo counted each of their Purchases, and one was seen."""
    rows = {"a": [CALL], "b": [CALL | {"note": "b"}]}
    for log, time in views:
        rows[log].append(CALL | {"ts": f"2026-11-20T{time}Z", "event": "contentView", "note": log})
    for log, lines in rows.items():
        (tmp_path / f"{log}.ndjson").write_bytes(_ndjson(*lines))
    files = [engine.InputFile(path, path.name, named=True) for path in sorted(tmp_path.iterdir())]
    assert engine.read(files, Plan()).con.execute("select count(*) from events").fetchone() == (sends,)


def test_a_copy_of_a_call_without_its_buyers_number_hides_no_number(tmp_path: Path) -> None:
    """Which telephone numbers are somebody's is known by the orders alone."""
    order = {"order_id": "1001", "created_at": "2026-11-20T10:00:00Z", "currency": "IDR", "total": "1", "phone": "0812-3456-7890"}
    call = _TOLD | {"cookies": _JAR}
    (tmp_path / "a.ndjson").write_bytes(_ndjson(call | {"params": _GOODS}))
    (tmp_path / "b.ndjson").write_bytes(_ndjson(call | {"params": _GOODS | {"customer": "6281234567890"}}))
    (tmp_path / "orders.ndjson").write_bytes(_ndjson(order))
    files = [engine.InputFile(path, path.name, named=True) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan()).con
    assert con.execute("select personal_in_params from events order by ref").fetchall() == [(None,), ("phone",)]


GRAPH = "graph.facebook.com/v21.0/1234567890123456/events"


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (GRAPH, json.dumps(STAMPED)),
        (f"{GRAPH}?access_token=***", json.dumps(STAMPED)),
        (f"https://{GRAPH}", json.dumps(json.dumps(STAMPED))),
        (f"https://{GRAPH}", json.dumps({"data": json.dumps(STAMPED["data"])})),
        (f"https://{GRAPH}", json.dumps(json.dumps({"data": json.dumps(STAMPED["data"])}))),
    ],
    ids=["no scheme", "no scheme, with a query", "text of a text", "events as a text", "both"],
)
def test_a_request_is_read_however_its_logger_wrote_it(address: str, body: str, tmp_path: Path) -> None:
    audit = _run(tmp_path, _ndjson(REQUEST | {"url": address, "body": body}))
    found = audit.con.execute("select platform, channel, dataset, event_name, event_id from events").fetchall()
    assert found == [("meta", "server", "1234567890123456", "Purchase", "A-1")]
    plain = _run(tmp_path, _ndjson(REQUEST | {"url": f"https://{GRAPH}", "body": json.dumps(STAMPED)}))
    rules = "select path, cause, detail from violations order by all"
    assert audit.con.execute(rules).fetchall() == plain.con.execute(rules).fetchall()


def test_a_token_in_a_body_written_as_a_text_is_seen(tmp_path: Path) -> None:
    body = json.dumps(json.dumps(STAMPED | {"access_token": "EAAGm0PX4ZCpsBAKZCdC"}))
    audit = _run(tmp_path, _ndjson(REQUEST | {"url": f"https://{GRAPH}", "body": body}))
    assert audit.con.execute("select has_secret from events").fetchall() == [(True,)]


@pytest.mark.parametrize("container", ["ndjson", "array", "gzip", "one line"])
def test_a_log_whose_first_request_carries_a_thousand_events_is_a_log(container: str, tmp_path: Path) -> None:
    """Platforms take a thousand at once: the first row alone is longer than what a file is usually known by."""
    event = {
        "event_name": "Purchase",
        "event_time": 1763632800,
        "user_data": {"em": ["0" * 64]},
        "custom_data": {"note": "x" * 500},
    }
    body = json.dumps({"data": [{**event, "event_id": f"e{number}"} for number in range(1000)]})
    first = REQUEST | {"url": "https://graph.facebook.com/v23.0/1234567890123456/events", "body": body}
    content = {
        "ndjson": lambda: _ndjson(first, REQUEST),
        "array": lambda: json.dumps([first, REQUEST], indent=1).encode(),
        "gzip": lambda: gzip.compress(_ndjson(first, REQUEST)),
        "one line": lambda: _ndjson(first).strip(),
    }[container]()
    assert len(body) > 600_000
    audit = _run(tmp_path, content)
    rows = 1 if container == "one line" else 2
    assert (len(events(audit)), _accounts(audit)) == (999 + rows, ("request_log", rows, rows, 0, 0))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("shape", ["lines", "list", "object"])
def test_json_that_powershell_wrote_is_told_as_that(shape: str, encoding: str, tmp_path: Path) -> None:
    text = {
        "lines": _ndjson(REQUEST, REQUEST).decode(),
        "list": json.dumps([REQUEST], indent=2),
        "object": json.dumps({"log": {"version": "1.2", "creator": {}, "entries": []}}),
    }[shape]
    content = ("\ufeff" if encoding.endswith("be") else "") + text
    with pytest.raises(InputError) as told:
        _run(tmp_path, content.encode(encoding))
    assert str(told.value) == "log: JSON as UTF-16 text, as '>' of Windows PowerShell writes it. Save it as UTF-8."


HALF = r"Kaos \ud83d"  # what a program leaves that cuts a name after so many units


@pytest.mark.parametrize("container", ["ndjson", "array", "gzip"])
def test_half_a_character_anywhere_in_a_row_costs_no_row(container: str, tmp_path: Path) -> None:
    body = META_RELAY | {"note": "HALF", "path": "C:\\\\ud83d", "whole": "\U0001f600"}
    rows = [REQUEST | {"body": body}, REQUEST | {"ts": "2026-11-20T10:00:09Z"}]
    text = (json.dumps(rows) if container == "array" else _ndjson(*rows).decode()).replace("HALF", HALF)
    audit = _run(tmp_path, gzip.compress(text.encode()) if container == "gzip" else text.encode())
    assert (len(events(audit)), _accounts(audit)) == (2, ("request_log", 2, 2, 0, 0))


def test_half_a_character_in_an_order_costs_no_order(tmp_path: Path) -> None:
    order = {"created_at": "2026-11-20T10:00:00Z", "currency": "IDR", "total": 1, "items": [{"sku": "A", "name": "HALF"}]}
    for name, wrapped in {"list": None, "object": "orders"}.items():
        orders = [order | {"order_id": "1001"}, order | {"order_id": "1002"}]
        text = json.dumps({wrapped: orders} if wrapped else orders).replace("HALF", HALF)
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
        audit = engine.read([engine.InputFile(tmp_path / f"{name}.json", name, named=True)], Plan())
        assert audit.con.execute("select order_id from orders order by 1").fetchall() == [("1001",), ("1002",)]
