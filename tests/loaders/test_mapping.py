"""``[[mapping]]``: files no loader would know, read by the names the plan gives their fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.plan import FieldMapping, Plan
from tests.wire.decoding import events
from tests.wire.test_servers import META_RELAY, RELAY


def _audit(folder: Path, kind: str, fields: Mapping[str, str], content: str, name: str = "logs/odd.log") -> engine.Read:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    plan = Plan(mappings=(FieldMapping("logs/*", kind, fields),))
    return engine.read([engine.InputFile(path, name, named=True)], plan)


def _lines(*rows: Mapping[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


REQUEST = {"w": "2026-11-20T10:00:00Z", "rq": {"to": f"{RELAY}meta/events", "sent": META_RELAY, "how": "POST"}, "rs": {"code": 204}}
REQUEST_FIELDS = {"ts": "w", "url": "rq.to", "body": "rq.sent", "method": "rq.how", "status": "rs.code"}


@pytest.mark.parametrize(
    "content",
    [_lines(REQUEST), json.dumps([REQUEST]), json.dumps({"about": "x", "entries_of_today": [REQUEST]}, indent=1)],
    ids=["lines", "a list", "a list in an object"],
)
def test_a_request_log_in_foreign_words(content: str, tmp_path: Path) -> None:
    audit = _audit(tmp_path, "request_log", REQUEST_FIELDS, content)
    (event,) = events(audit)
    assert (event["event_id"], event["accepted"], event["relay_store"]) == ("add_to_cart_123", True, "store_xxx")


def test_a_name_may_itself_hold_dots(tmp_path: Path) -> None:
    flat = {"w": REQUEST["w"], "rq.to": f"{RELAY}meta/events", "rq.sent": json.dumps(META_RELAY), "rq.how": "POST", "rs.code": 204}
    (event,) = events(_audit(tmp_path, "request_log", REQUEST_FIELDS, _lines(flat)))
    assert (event["event_id"], event["accepted"]) == ("add_to_cart_123", True)


def test_raw_pixel_calls_in_foreign_words(tmp_path: Path) -> None:
    hit = "https://www.facebook.com/tr/?id=1234567890123456&ev=ViewContent&ts=1763632800123&eid=A-1"
    fields = {"ts": "when", "url": "call.address"}
    (event,) = events(_audit(tmp_path, "pixel_log", fields, _lines({"when": 1795168800, "call": {"address": hit}})))
    assert (event["event_id"], event["channel"]) == ("A-1", "browser")


DECODED_FIELDS = {
    "ts": "t", "platform": "px.network", "pixel_id": "px.id", "event": "px.name", "event_id": "px.key", "params": "px.data",
    "page_url": "page.href", "cookies._fbp": "jar.fbp", "cookies._fbc": "jar.fbc", "session": "visit",
}  # fmt: skip
DECODED = {
    "t": "2026-11-20T10:00:00Z", "visit": "s1", "page": {"href": "https://shop.example.com/thank-you?fbclid=IwAR0abcdef"},
    "px": {"network": "Meta", "id": "1234567890123456", "name": "Purchase", "key": "A-1", "data": {"value": 10, "currency": "USD"}},
    "jar": {"fbp": "fb.1.1763632700000.123456789", "fbc": "fb.1.1763632700000.IwAR0abcdef"},
}  # fmt: skip


def test_decoded_pixel_calls_in_foreign_words(tmp_path: Path) -> None:
    audit = _audit(tmp_path, "pixel_log", DECODED_FIELDS, _lines(DECODED, DECODED | {"t": "20/11/2026"}))
    (event,) = events(audit)
    assert (event["step"], event["dataset"], event["event_id"], str(event["value"]), event["currency"]) == (
        "Purchase", "1234567890123456", "A-1", "10.000000", "USD",
    )  # fmt: skip
    assert (event["browser_id"], event["click_id"]) == (DECODED["jar"]["fbp"], DECODED["jar"]["fbc"])  # type: ignore[index]
    assert event["landing_click"] == "IwAR0abcdef"
    assert audit.con.execute("select * from rejects").fetchall() == [
        ("logs/odd.log:2", "logs/odd.log", "the time 20/11/2026 cannot be read")
    ]


def test_orders_in_foreign_words(tmp_path: Path) -> None:
    fields = {"order_id": "bestellung", "created_at": "am", "total": "summe.brutto", "currency": "summe.waehrung"}
    row = {"bestellung": "A-1", "am": "2026-11-20T10:00:00Z", "summe": {"brutto": "9.50", "waehrung": "EUR"}}
    audit = _audit(tmp_path, "orders", fields, _lines(row))
    assert audit.con.execute("select order_id, currency, total::varchar from orders").fetchall() == [("A-1", "EUR", "9.500000")]


def test_a_table_of_orders_may_hold_json_in_a_cell(tmp_path: Path) -> None:
    fields = {"order_id": "nr", "created_at": "am", "total": "summe.brutto", "currency": "cur"}
    text = 'nr;am;summe;cur\nA-1;2026-11-20T10:00:00Z;"{""brutto"": ""9.50""}";EUR\n'
    audit = _audit(tmp_path, "orders", fields, text)
    assert audit.con.execute("select order_id, currency, total::varchar from orders").fetchall() == [("A-1", "EUR", "9.500000")]


def test_totals_in_foreign_words(tmp_path: Path) -> None:
    fields = {"date": "tag", "source": "wer", "event": "was", "count": "n.zahl", "value": "n.wert", "currency": "n.in"}
    row = {"tag": "2026-11-20", "wer": "meta", "was": "Purchase", "n": {"zahl": 3, "wert": "30.5", "in": "EUR"}}
    audit = _audit(tmp_path, "totals", fields, _lines(row))
    found = audit.con.execute("select origin, step, count::int, value::varchar, currency from totals").fetchall()
    assert found == [("meta", "Purchase", 3, "30.500000", "EUR")]
