"""TikTok's browser pixel on the wire: events, telemetry, copies (documented bodies)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.wire.decoding import decode

URL = "https://analytics.tiktok.com/api/v2/pixel"


def _body(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "event": "CompletePayment",
        "event_id": "1001-CompletePayment-FORM",
        "message_id": "messageId-1763632800123-9571366846062-CT7K2M3C77U9QF4RBEV0",
        "timestamp": "2026-11-20T10:00:00.123Z",
        "is_onsite": False,
        "context": {
            "ad": {"sdk_env": "external", "callback": "E.C.P.abc"},
            "user": {"anonymous_id": "01JSYFW7C6WZRVGAXD5AC7B3J8_.tt.1"},
            "pixel": {"code": "CT7K2M3C77U9QF4RBEV0", "runtime": "1"},
            "page": {"url": "https://shop.example.com/thank-you?ttclid=E.C.P.abc", "referrer": ""},
            "pageview_id": "pageId-1",
        },
        "properties": {"currency": "IDR", "value": "150000", "contents": [{"content_id": "A", "quantity": 1, "price": 150000}]},
    }
    return body | changes


def _call(body: dict[str, Any], url: str = URL) -> dict[str, Any]:
    return {"url": url, "body": json.dumps(body), "status": 200}


def test_a_post_is_one_event(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, _call(_body()))
    assert (event["platform"], event["channel"], event["step"]) == ("tiktok", "browser", "Purchase")
    assert (event["dataset"], event["event_id"]) == ("CT7K2M3C77U9QF4RBEV0", "1001-CompletePayment-FORM")
    assert (event["value"], event["click_id"], event["landing_click"]) == (Decimal(150000), "E.C.P.abc", "E.C.P.abc")
    assert event["browser_id"] == "01JSYFW7C6WZRVGAXD5AC7B3J8_.tt.1"


@pytest.mark.parametrize("path", ["act", "inter", "perf"])
def test_telemetry_posts_are_no_events(path: str, tmp_path: Path) -> None:
    assert decode(tmp_path, _call(_body(), f"{URL}/{path}")) == []


def test_a_body_without_an_event_is_none(tmp_path: Path) -> None:
    assert decode(tmp_path, _call(_body(event=None)), _call(_body(event="EnrichAM"))) == []


def test_the_empty_id_of_a_pageview_is_a_fact_not_an_id(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, _call(_body(event="Pageview", event_id="")))
    assert (event["event_id"], event["event_id_state"], event["step"]) == (None, "empty", None)


def test_one_message_sent_twice_is_one_event(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, _call(_body()), _call(_body()))
    assert event["copies"] == 2
