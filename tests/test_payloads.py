"""Server requests against the rules of their receivers, from real bodies in a request log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit import engine, payloads
from audit.engine import InputFile
from audit.plan import Plan

STORE = "/v3/stores/store_xxx/public/analytics"
RELAY_META = f"{STORE}/meta/events"
RELAY_TIKTOK = f"{STORE}/tiktok/events"
RELAY_SNACKVIDEO = f"{STORE}/snackvideo/events"
CAPI = "https://graph.facebook.com/v23.0/4907283615028341/events"
EVENTS_API = "https://business-api.tiktok.com/open_api/v1.3/event/track/"
PIXEL_TRACK = "https://business-api.tiktok.com/open_api/v1.3/pixel/track/"
PIXEL_BATCH = "https://business-api.tiktok.com/open_api/v1.3/pixel/batch/"
MAIL_HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"

# The storefront guide's own request bodies.
META: dict[str, Any] = json.loads("""{
  "event_source_url": "https://shop.example.com/products/black-shirt", "referrer_url": "https://facebook.com/",
  "user_data": {"country": "id", "em": "buyer@example.com", "ph": "628123456789", "fbc": "fb.1.1710000000000.fbclid",
    "fbp": "fb.1.1710000000000.1234567890", "external_id": "customer_123"},
  "events": [{"event_id": "add_to_cart_123", "event_name": "AddToCart", "parameters": {"content_ids": ["variant_xxx"],
    "content_type": "product", "value": 150000, "currency": "IDR"}}],
  "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}]}""")
TIKTOK: dict[str, Any] = json.loads("""{
  "event_source_url": "https://shop.example.com/products/black-shirt", "referrer_url": "https://tiktok.com/",
  "user": {"email": "buyer@example.com", "phone": "628123456789", "ttclid": "ttclid_value", "ttp": "ttp_cookie_value",
    "external_id": "customer_123"},
  "events": [{"event_id": "add_to_cart_123", "event": "AddToCart", "parameters": {"content_id": "variant_xxx",
    "content_type": "product", "value": 150000, "currency": "IDR"}}],
  "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}]}""")
SNACKVIDEO: dict[str, Any] = json.loads("""{
  "click_id": "snackvideo_click_id", "event_source_url": "https://shop.example.com/products/black-shirt",
  "referrer_url": "https://snackvideo.com/",
  "events": [{"event_name": "addToCart", "properties": {"content_type": "product", "content_name": "Black T-Shirt",
    "value": 150000, "currency": "IDR", "quantity": 1}}],
  "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}]}""")
DIRECT_META: dict[str, Any] = {
    "data": [
        {
            "event_name": "Purchase", "event_time": 1795168800, "event_id": "1001-Purchase-WEB", "action_source": "website",
            "event_source_url": "https://shop.example.com/thank-you",
            "user_data": {"em": [MAIL_HASH], "client_user_agent": "Mozilla/5.0", "fbp": "fb.1.1710000000000.1234567890"},
            "custom_data": {"value": 59.54, "currency": "usd", "num_items": 1, "order_id": "1001",
                "contents": [{"id": "SKU-1", "quantity": 1, "item_price": 59.54}]},
        }
    ]
}  # fmt: skip
DIRECT_TIKTOK: dict[str, Any] = {
    "event_source": "web", "event_source_id": "CT7K2M3C77U9QF4RBEV0",
    "data": [
        {
            "event": "CompletePayment", "event_time": 1795168800, "event_id": "1001-CompletePayment-WEB",
            "user": {"email": MAIL_HASH, "phone": None, "ip": "203.0.113.24"}, "page": {"url": "https://shop.example.com/"},
            "properties": {"value": "59.54", "currency": "USD",
                "contents": [{"content_id": "SKU-1", "quantity": 1, "price": 59.54}]},
        }
    ],
}  # fmt: skip
MISSING = object()


def changed(body: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    """A copy of a body with one value changed, added or (``MISSING``) taken out."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    node: Any = copy
    for key in path[:-1]:
        node = node[key]
    if to is MISSING:
        del node[path[-1]]
    else:
        node[path[-1]] = to
    return copy


def line(url: str, body: object, **more: object) -> dict[str, Any]:
    return {"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": url, "body": body, "status": 204, **more}


def audited(folder: Path, *lines: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(event key, ref, path, cause, detail) of what a request log's lines break."""
    log = folder / "relay.ndjson"
    rows = [{**row, "ts": f"2026-11-20T10:{n // 60:02}:{n % 60:02}Z"} for n, row in enumerate(lines)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    con = engine.read([InputFile(log, "relay.ndjson", named=True)], Plan()).con
    return con.execute("select event_key, ref, path, cause, detail from violations order by ref, path, cause").fetchall()


WITHIN: list[tuple[str, dict[str, Any]]] = [
    (RELAY_META, META),
    (RELAY_TIKTOK, TIKTOK),
    (RELAY_SNACKVIDEO, SNACKVIDEO),
    (CAPI, DIRECT_META),
    (EVENTS_API, DIRECT_TIKTOK),
    (PIXEL_TRACK, {"pixel_code": "CT7K", "event": "CompletePayment", "timestamp": "2026-11-20T10:00:00Z", "context": {}}),
    (PIXEL_BATCH, {"pixel_code": "CT7K", "batch": [{"type": "track", "event": "AddToCart"}]}),
    # Requests, parameters and user data may hold more; what may be nothing may be null.
    (RELAY_META, changed(META, "test_event_code", to="TEST1")),
    (RELAY_META, changed(META, "user_data", "zp", to="10110")),
    (RELAY_META, changed(META, "events", 0, "parameters", "num_items", to=1)),
    (RELAY_META, changed(META, "referrer_url", to=None)),
    (RELAY_META, changed(META, "user_data", "em", to=None)),
    (RELAY_META, changed(META, "user_data", "client_ip_address", to=None)),
    (RELAY_META, changed(META, "variants", to=MISSING)),
    (RELAY_TIKTOK, changed(TIKTOK, "user", "user_agent", to="Mozilla/5.0")),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "events", 0, "properties", "content_ids", to=["variant_xxx"])),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "events", 0, "properties", "value", to=150000.0)),
    (CAPI, changed(DIRECT_META, "data", 0, "custom_data", "content_ids", to='["SKU-1"]')),
    (CAPI, changed(DIRECT_META, "data", 0, "user_data", "em", to=f"{MAIL_HASH}.AQYCAQMA")),
    (CAPI, changed(DIRECT_META, "data", 0, "action_source", to=MISSING)),
]  # fmt: skip
#: url, body, and the path, cause and detail of the rule it breaks.
BROKEN: list[tuple[str, dict[str, Any], str, str, str]] = [
    (RELAY_META, changed(META, "user_data", to=MISSING), "$.user_data", "missing_field", "is missing"),
    (RELAY_META, changed(META, "events", 0, "event_id", to=MISSING), "$.events[0].event_id", "missing_field", "is missing"),
    (RELAY_META, changed(META, "events", 0, "event_id", to=7), "$.events[0].event_id", "wrong_type",
        "must be text, is a whole number"),
    (RELAY_META, changed(META, "events", 0, "value", to=1), "$.events[0].value", "unknown_field", "is not known here"),
    (RELAY_META, changed(META, "events", 0, "parameters", to=None), "$.events[0].parameters", "wrong_type",
        "must be an object, is nothing"),
    (RELAY_META, changed(META, "user_data", "client_user_agent", to="Mozilla/5.0"), "$.user_data.client_user_agent",
        "read_only_field", "must be absent: the relay fills it from the request"),
    (RELAY_META, changed(META, "user_data", "location_id", to="12"), "$.user_data.location_id", "wrong_type",
        "must be a whole number, is text"),
    (RELAY_META, changed(META, "custom_domain", to="shop.example.com"), "$.custom_domain", "store_named_in_body",
        "must be absent: the path names the store"),
    (RELAY_META, changed(META, "variants", 0, "quantity", to=0), "$.variants[*].quantity", "wrong_type",
        "must be a whole number from 1"),
    (RELAY_META, changed(META, "variants", 0, "quantity", to="1"), "$.variants[*].quantity", "wrong_type",
        "must be a whole number from 1, is text"),
    (RELAY_META, changed(META, "variants", 0, "price", to=1), "$.variants[*].price", "unknown_field", "is not known here"),
    (RELAY_TIKTOK, changed(TIKTOK, "events", 0, "event", to=MISSING), "$.events[0].event", "missing_field", "is missing"),
    (RELAY_TIKTOK, changed(TIKTOK, "bundle_price_options", to=[{"quantity": 1}]),
        "$.bundle_price_options[*].bundle_price_option_unique_id", "missing_field", "is missing"),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "click_id", to=MISSING), "$.click_id", "missing_field", "is missing"),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "events", 0, "event_id", to="x"), "$.events[0].event_id", "unknown_field",
        "is not known here"),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "events", 0, "properties", "value", to="150000"),
        "$.events[0].properties.value", "wrong_type", "must be a whole number, is text"),
    (RELAY_SNACKVIDEO, changed(SNACKVIDEO, "events", 0, "properties", "value", to=1500.5),
        "$.events[0].properties.value", "wrong_type", "must be a whole number, is a number with a fraction"),
    (CAPI, changed(DIRECT_META, "data", 0, "event_time", to=1795168800000), "$.data[0].event_time", "wrong_type",
        "must be a time in whole seconds since 1970"),
    (CAPI, changed(DIRECT_META, "data", 0, "user_data", "em", to=["buyer@example.com"]), "$.data[0].user_data.em[*]", "wrong_type",
        "must be a SHA-256 hash"),
    (CAPI, changed(DIRECT_META, "data", 0, "custom_data", "value", to=MISSING), "$.data[0].custom_data.value", "missing_field",
        "is missing"),
    (CAPI, changed(DIRECT_META, "data", 0, "custom_data", "value", to="$59"), "$.data[0].custom_data.value", "wrong_type",
        "must be a plain number from 0"),
    (CAPI, changed(DIRECT_META, "data", 0, "action_source", to="web"), "$.data[0].action_source", "wrong_type",
        "must be one of website, email, app, phone_call, chat, physical_store, system_generated, business_messaging, other"),
    (CAPI, changed(DIRECT_META, "data", 0, "event_source_url", to=MISSING), "$.data[0].event_source_url", "missing_field",
        "is missing"),
    (CAPI, changed(DIRECT_META, "data", 0, "user_data", to={}), "$.data[0].user_data", "missing_field",
        "must be an object with at least one key"),
    (EVENTS_API, changed(DIRECT_TIKTOK, "data", 0, "properties", "contents", 0, "content_id", to=7),
        "$.data[0].properties.contents[*].content_id", "wrong_type", "must be text, is a whole number"),
    (EVENTS_API, changed(DIRECT_TIKTOK, "event_source", to="website"), "$.event_source", "wrong_type",
        "must be one of web, app, offline, crm"),
    (PIXEL_TRACK, {"event": "AddToCart"}, "$.pixel_code", "missing_field", "is missing"),
]  # fmt: skip


def test_requests_within_the_rules_break_none(tmp_path: Path) -> None:
    assert audited(tmp_path, *(line(url, body) for url, body in WITHIN)) == []


def test_a_broken_rule_is_told_with_its_path(tmp_path: Path) -> None:
    found = audited(tmp_path, *(line(url, body) for url, body, *_ in BROKEN))
    wanted = [(f"relay.ndjson:{n}", *told) for n, (_, _, *told) in enumerate(BROKEN, start=1)]
    assert sorted(row[1:] for row in found) == sorted(wanted)
    assert None not in {row[0] for row in found}


def test_a_request_without_a_readable_event_is_told_too(tmp_path: Path) -> None:
    unread: list[tuple[object, str, str]] = [
        ({"user": {}, "events": []}, "$.events", "empty_list"),
        ({"user": {}}, "$.events", "missing_field"),
        ({"user": {}, "events": {"event": "AddToCart"}}, "$.events", "wrong_type"),
        ("not json", "$", "wrong_type"),
        ("[1]", "$", "wrong_type"),
    ]
    bodies = [META, *(body for body, _, _ in unread)]
    found = audited(tmp_path, *(line(f"{STORE}/{'tiktok' if n else 'meta'}/events", body) for n, body in enumerate(bodies)))
    assert [row[:4] for row in found] == [
        (None, f"relay.ndjson:{n}", path, cause) for n, (_, path, cause) in enumerate(unread, start=2)
    ]


def test_what_an_event_lacks_that_could_not_be_read_is_told_of_its_request(tmp_path: Path) -> None:
    track = {"pixel_code": "CT7K2M3C77U9QF4RBEV0", "properties": {"value": -1}}
    found = audited(tmp_path, line(PIXEL_TRACK, track))
    assert [row[:4] for row in found] == [
        (None, "relay.ndjson:1", "$.event", "missing_field"),
        (None, "relay.ndjson:1", "$.properties.value", "wrong_type"),
    ]


def test_a_batch_over_the_limit_is_told_once_at_its_purchase(tmp_path: Path) -> None:
    cart = {**DIRECT_META["data"][0], "event_name": "AddToCart"}
    events = [{**cart, "event_id": f"a-{n}"} for n in range(1000)]
    body = {"data": [*events, {**DIRECT_META["data"][0], "event_id": "p-1"}]}
    found = audited(tmp_path, line(CAPI, DIRECT_META), line(CAPI, {"data": events}), line(CAPI, body))
    assert found == [(2002, "relay.ndjson:3", "$.data", "batch_too_large", "may hold 1000 events, holds more")]


def test_each_event_of_a_request_is_judged_by_itself(tmp_path: Path) -> None:
    good = META["events"][0]
    events = [good, {**good, "event_id": "b", "sent": 1}, {"event_name": "AddToCart"}]
    found = audited(tmp_path, line(RELAY_META, {**META, "events": events}))
    assert [(row[0], row[2], row[3]) for row in found] == [
        (2, "$.events[1].sent", "unknown_field"),
        (3, "$.events[2].event_id", "missing_field"),
    ]


def test_one_bad_entry_of_a_list_taints_no_other_request_of_like_fields(tmp_path: Path) -> None:
    good = [{"variant_unique_id": "a", "quantity": 1}, {"variant_unique_id": "b", "quantity": 2}]
    bad = [{"variant_unique_id": "a", "quantity": 1}, {"variant_unique_id": "b"}]
    mixed = [{"variant_unique_id": "a", "quantity": 1}, {"variant_unique_id": "b", "quantity": "2"}]
    texts = [{"variant_unique_id": "a", "quantity": "1"}, {"variant_unique_id": "b", "quantity": "2"}]
    found = audited(tmp_path, *(line(RELAY_META, {**META, "variants": items}) for items in (bad, good, mixed, texts)))
    assert [(row[1], row[2], row[3]) for row in found] == [
        ("relay.ndjson:1", "$.variants[*].quantity", "missing_field"),
        ("relay.ndjson:3", "$.variants[*].quantity", "wrong_type"),
        ("relay.ndjson:4", "$.variants[*].quantity", "wrong_type"),
    ]


def test_requests_of_one_shape_are_validated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    judge = payloads.violations

    def counted(endpoint: str, body: str, nth: int | None) -> Iterator[payloads.Violation]:
        asked.append(endpoint)
        return judge(endpoint, body, nth)

    monkeypatch.setattr(payloads, "violations", counted)
    bodies = [changed(META, "events", 0, "event_id", to=f"id-{n}") for n in range(50)]
    for body in bodies[::2]:
        body["events"][0]["parameters"]["value"] = 99
        body["events"][0]["sent"] = "x"
    found = audited(tmp_path, *(line(RELAY_META, body) for body in bodies))
    assert len(asked) == 2
    assert len(found) == 25
    assert {row[3] for row in found} == {"unknown_field"}


def test_nothing_personal_comes_out(tmp_path: Path) -> None:
    body = changed(DIRECT_META, "data", 0, "user_data", "em", to="buyer@example.com")
    relay = changed(META, "events", 0, "buyer@example.com", to="+628123456789")
    found = audited(tmp_path, line(CAPI, body), line(RELAY_META, relay))
    assert [row[2] for row in found] == ["$.data[0].user_data.em", "$.events[0].[a field that is no name]"]
    assert "buyer" not in str(found)
    assert "0812" not in str(found)


def test_the_relay_key_is_read_from_the_headers(tmp_path: Path) -> None:
    url = f"https://api.scalev.com{STORE}/meta/events"

    def entry(second: int, status: int, *headers: str) -> dict[str, Any]:
        body = changed(META, "events", 0, "event_id", to=f"e-{second}")
        return {
            "startedDateTime": f"2026-11-20T10:00:{second:02}.000Z", "time": 5,
            "request": {"method": "POST", "url": url, "headers": [{"name": name, "value": "sfpk_x"} for name in headers],
                "postData": {"mimeType": "application/json", "text": json.dumps(body)}},
            "response": {"status": status, "content": {"size": 0, "mimeType": ""}},
        }  # fmt: skip

    har = {"log": {"version": "1.2", "entries": [
        entry(0, 204, "accept", "x-scalev-storefront-api-key"),
        entry(1, 401, "accept"),
        entry(2, 401, "accept", "X-Scalev-Page-Api-Key"),
        entry(3, 204, "accept"),  # accepted: the recorder left the key out
        entry(4, 401),  # no headers recorded at all
    ]}}  # fmt: skip
    path = tmp_path / "page.har"
    path.write_text(json.dumps(har), encoding="utf-8")
    con = engine.read([InputFile(path, "page.har", named=True)], Plan()).con
    assert con.execute("select ref, path, cause from violations order by ref").fetchall() == [
        ("page.har#1", "header", "missing_api_key"),
        ("page.har#2", "header", "page_key"),
    ]


def test_a_log_that_keeps_few_headers_accuses_no_accepted_request(tmp_path: Path) -> None:
    kept = {"user-agent": "nagisa-orders/3.2"}
    lines = (
        line(RELAY_META, META, headers=kept),
        line(RELAY_META, META, headers=kept, status=401),
        line(RELAY_META, META, status=401),
    )
    assert [(row[1], row[3]) for row in audited(tmp_path, *lines)] == [("relay.ndjson:2", "missing_api_key")]


@pytest.mark.parametrize("endpoint", payloads.LISTS)
def test_every_endpoint_has_a_schema(endpoint: str) -> None:
    assert list(payloads.violations(endpoint, "{}", None))


JUDGED = ("batch_too_large", "wrong_type")


def _batch(size: int) -> dict[str, Any]:
    return {"batch": [{"pixel_code": "C1", "event": "ViewContent", "event_id": f"v-{n}-{size}"} for n in range(size)]}


def _of_value(value: float) -> dict[str, Any]:
    event = SNACKVIDEO["events"][0]
    return SNACKVIDEO | {"events": [event | {"properties": event["properties"] | {"value": value}}]}


def _of_contents(contents: list[Any], **more: Any) -> dict[str, Any]:
    event = DIRECT_META["data"][0]
    event_id = "".join(filter(str.isalnum, json.dumps(contents)))
    return {"data": [event | more | {"custom_data": event["custom_data"] | {"contents": contents}, "event_id": event_id}]}


@pytest.mark.parametrize(
    ("url", "bodies"),
    [
        (PIXEL_BATCH, [_batch(51), _batch(50), _batch(2)]),
        (RELAY_SNACKVIDEO, [_of_value(150000.5), _of_value(150001.0)]),
        (CAPI, [_of_contents([None]), _of_contents([])]),
        (CAPI, [
            _of_contents([{"id": "a", "quantity": [1]}, {"id": "b", "quantity": "1"}], app={}),
            _of_contents([{"id": "a", "quantity": 1}, {"id": "b", "quantity": "1"}], app={}),
        ]),
    ],
    ids=["sizes of a batch", "whole or not", "nothing in a list or no entry", "mixed types beside an empty object"],
)  # fmt: skip
@pytest.mark.parametrize("turn", [1, -1])
def test_each_request_is_judged_by_itself_whichever_came_first(
    url: str, bodies: list[dict[str, Any]], turn: int, tmp_path: Path
) -> None:
    bodies = bodies[::turn]
    rows = [
        {"ts": f"2026-11-20T10:00:{nth:02}Z", "method": "POST", "url": url, "body": json.dumps(body), "status": 200}
        for nth, body in enumerate(bodies)
    ]
    log = tmp_path / "server.ndjson"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    con = engine.read([InputFile(log, log.name)], Plan()).con
    told = {ref for ref, cause in con.execute("select ref, cause from violations").fetchall() if cause in JUDGED}
    endpoint = {PIXEL_BATCH: "tiktok_pixel_batch", RELAY_SNACKVIDEO: "snackvideo_relay", CAPI: "meta_capi"}[url]
    wrong = {
        f"server.ndjson:{nth}"
        for nth, body in enumerate(bodies, start=1)
        if any(cause in JUDGED for _, _, cause, _ in payloads.violations(endpoint, json.dumps(body), 1))
    }
    assert told == wrong
    assert 0 < len(wrong) < len(bodies)
