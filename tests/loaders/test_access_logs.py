"""Access logs with bodies, as nginx, Envoy and API gateways write them: their fields need no mapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import Plan
from tests.wire.decoding import events
from tests.wire.test_servers import META_RELAY

from .reading import read

PATH = "/v3/stores/store_xxx/public/analytics/meta/events"
BODY = json.dumps(META_RELAY)
COOKIES = "a=1; _fbp=fb.1.1763632700000.123456789"
LINES: dict[str, dict[str, Any]] = {
    "nginx": {
        "time_iso8601": "2026-11-20T17:00:00+07:00", "remote_addr": "192.0.2.1", "request_method": "POST", "request_uri": PATH,
        "http_host": "api.scalev.com", "request_body": BODY, "status": "204", "http_user_agent": "node", "http_cookie": COOKIES,
    },
    "nginx, request line": {
        "@timestamp": "2026-11-20T10:00:00Z", "request": f"POST {PATH} HTTP/1.1", "request_body": BODY, "status": 204,
        "http_user_agent": "node", "http_cookie": COOKIES,
    },
    "nginx, msec": {
        "msec": "1795168800.000", "request_method": "POST", "uri": PATH, "request_body": BODY, "status": 204,
        "http_user_agent": "node", "http_cookie": COOKIES,
    },
    "API gateway": {
        "requestTimeEpoch": 1795168800000, "httpMethod": "POST", "path": PATH, "domainName": "api.scalev.com", "body": BODY,
        "status": "204", "userAgent": "node", "headers": {"Cookie": COOKIES},
    },
    "Envoy": {
        "start_time": "2026-11-20T10:00:00.000Z", "method": "POST", "path": PATH, "authority": "api.scalev.com",
        "request_body": BODY, "response_status": 204, "user_agent": "node", "request_headers": {"cookie": COOKIES},
    },
    "a script's own names": {
        "time": "2026-11-20T10:00:00Z", "method": "POST", "url": f"https://api.scalev.com{PATH}", "postData": BODY,
        "responseCode": 204, "userAgent": "node", "headers": {"cookie": COOKIES},
    },
    "a client's own names": {
        "time": "2026-11-20T10:00:00Z", "method": "POST", "url": f"https://api.scalev.com{PATH}", "json": META_RELAY,
        "status_code": 204, "user_agent": "node", "headers": {"cookie": COOKIES},
    },
    "other letters": {"Timestamp": "2026-11-20T10:00:00Z", "Method": "POST", "URL": f"https://api.scalev.com{PATH}", "Body": BODY,
        "Status": 204, "User_Agent": "node", "http_cookie": COOKIES},
}  # fmt: skip


@pytest.mark.parametrize("writer", LINES)
def test_an_access_log_with_bodies_is_a_request_log(writer: str, tmp_path: Path) -> None:
    other = LINES[writer] | {key: "GET /health HTTP/1.1" for key in ("request",) if key in LINES[writer]}
    other |= {key: "/health" for key in ("request_uri", "uri", "path", "URL", "url") if key in other} | {
        key: "-" for key in ("request_body", "body", "Body", "postData", "json") if key in other
    }
    (tmp_path / "access.log").write_text("".join(json.dumps(line) + "\n" for line in (LINES[writer], other)), encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / "access.log", "access.log", named=True)], Plan())
    (event,) = events(audit)
    assert (event["event_id"], event["relay_store"], event["accepted"]) == ("add_to_cart_123", "store_xxx", True)
    assert str(event["seen_at"]) == "2026-11-20 10:00:00"
    assert event["cookie_browser"] == "fb.1.1763632700000.123456789"
    accounts = audit.con.execute("select loader, read_rows, kept, ignored, rejected from sources").fetchall()
    assert accounts == [("request_log", 2, 1, 1, 0)]


def day_first(*times: str) -> str:
    body = {"event_name": "addToCart", "event_id": "a-1", "click_id": "", "events": []}
    url = "https://api.scalev.com/v3/stores/store_xxx/public/analytics/meta/events"
    return "".join(json.dumps({"ts": at, "method": "POST", "url": url, "body": body, "status": 204}) + "\n" for at in times)


@pytest.mark.parametrize(
    ("times", "told", "rejected"),
    [
        (("05/11/2026 17:00:00", "20/11/2026 17:00:00"), ["2026-11-05 10:00:00", "2026-11-20 10:00:00"], 0),
        (("11/05/2026 5:00:00 PM", "11/20/2026 5:00:00 PM"), ["2026-11-05 10:00:00", "2026-11-20 10:00:00"], 0),
        (("05/11/2026 17:00:00", "06/11/2026 17:00:00"), [], 2),
        (("20 Nov 2026 17:00:00", "2026-11-20T10:00:01Z"), ["2026-11-20 10:00:00", "2026-11-20 10:00:01"], 0),
    ],
)
def test_a_log_whose_times_put_the_day_first_is_read_where_its_rows_tell_so(
    times: tuple[str, ...], told: list[str], rejected: int, tmp_path: Path
) -> None:
    reading = read(tmp_path, "requests.ndjson", day_first(*times), zone="Asia/Jakarta")
    assert reading.texts("select seen_at from requests order by seen_at") == told
    assert reading.tally.rejected == rejected
    if rejected:
        assert set(reading.rejects.values()) == {
            "the time may put the day or the month first, and no row of this file tells which: write it with the year first,"
            " as 2026-11-20 14:03"
        }
