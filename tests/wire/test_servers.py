"""Server endpoints on the wire: the storefront's relay, Meta Conversions API, TikTok Events API, Kwai Event API."""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.wire.decoding import decode

RELAY = "https://api.scalev.com/v3/stores/store_xxx/public/analytics/"
GRAPH = "https://graph.facebook.com/v23.0/1234567890123456/events?access_token=EAAtoken"
TIKTOK = "https://business-api.tiktok.com/open_api/v1.3/event/track/"

META_RELAY: dict[str, Any] = {
    "event_source_url": "https://shop.example.com/products/black-shirt",
    "referrer_url": "https://facebook.com/",
    "user_data": {
        "country": "id", "em": "buyer@example.com", "ph": "628123456789", "fbc": "fb.1.1710000000000.fbclid",
        "fbp": "fb.1.1710000000000.1234567890", "external_id": "customer_123",
    },
    "events": [
        {
            "event_id": "add_to_cart_123",
            "event_name": "AddToCart",
            "parameters": {"content_ids": ["variant_xxx"], "content_type": "product", "value": 150000, "currency": "IDR"},
        }
    ],
    "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}],
}  # fmt: skip
TIKTOK_RELAY: dict[str, Any] = {
    "event_source_url": "https://shop.example.com/products/black-shirt",
    "referrer_url": "https://tiktok.com/",
    "user": {"email": "buyer@example.com", "phone": "628123456789", "ttclid": "ttclid_value", "ttp": "ttp_cookie_value"},
    "events": [
        {
            "event_id": "add_to_cart_123",
            "event": "AddToCart",
            "parameters": {"content_id": "variant_xxx", "content_type": "product", "value": 150000, "currency": "IDR"},
        }
    ],
    "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}],
}
SNACKVIDEO_RELAY: dict[str, Any] = {
    "click_id": "snackvideo_click_id",
    "event_source_url": "https://shop.example.com/products/black-shirt",
    "referrer_url": "https://snackvideo.com/",
    "events": [
        {
            "event_name": "addToCart",
            "properties": {"content_type": "product", "content_name": "Black T-Shirt", "value": 150000, "currency": "IDR"},
        }
    ],
    "variants": [{"variant_unique_id": "variant_xxx", "quantity": 1}],
}


@pytest.mark.parametrize(
    ("platform", "body", "event_id", "click_id", "browser_id"),
    [
        ("meta", META_RELAY, "add_to_cart_123", "fb.1.1710000000000.fbclid", "fb.1.1710000000000.1234567890"),
        ("tiktok", TIKTOK_RELAY, "add_to_cart_123", "ttclid_value", "ttp_cookie_value"),
        ("snackvideo", SNACKVIDEO_RELAY, None, "snackvideo_click_id", None),
    ],
)
def test_a_relay_request_is_a_server_event(
    platform: str, body: dict[str, Any], event_id: str | None, click_id: str, browser_id: str | None, tmp_path: Path
) -> None:
    (event,) = decode(tmp_path, {"url": f"{RELAY}{platform}/events", "body": body, "status": 204})
    assert (event["platform"], event["channel"], event["step"]) == (platform, "server", "AddToCart")
    assert (event["event_id"], event["click_id"], event["browser_id"]) == (event_id, click_id, browser_id)
    assert (event["value"], event["currency"], event["items"] or "variant_xxx") == (Decimal(150000), "IDR", "variant_xxx")
    assert (event["relay_store"], event["relay_item_ids"], event["accepted"]) == ("store_xxx", "variant_xxx", True)
    assert event["dataset"] is None
    assert event["referrer_host"] == f"{'facebook' if platform == 'meta' else platform}.com"
    assert event["plain_keys"] is None, "the relay takes plain text by design"


def test_the_body_of_a_relay_request_may_be_a_text(tmp_path: Path) -> None:
    import json

    (event,) = decode(tmp_path, {"url": f"{RELAY}meta/events", "body": json.dumps(META_RELAY), "status": 204})
    assert event["event_id"] == "add_to_cart_123"


def test_a_log_may_name_the_path_only(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"path": "/v3/stores/store_xxx/public/analytics/meta/events", "body": META_RELAY})
    assert (event["relay_store"], event["accepted"]) == ("store_xxx", None)


def test_a_refused_relay_request_is_not_accepted(tmp_path: Path) -> None:
    answer = {"error_code": "invalid_request", "message": "events is required"}
    (event,) = decode(tmp_path, {"url": f"{RELAY}meta/events", "body": META_RELAY, "status": 400, "response": answer})
    assert (event["accepted"], event["answer_code"], event["answer_text"]) == (False, "invalid_request", "events is required")


def _capi(**event: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "event_name": "Purchase", "event_time": 1763632800, "event_id": "1001", "action_source": "website",
        "event_source_url": "https://shop.example.com/thank-you",
        "user_data": {"em": ["62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"], "fbp": "fb.1.1.2"},
        "custom_data": {"value": 123.45, "currency": "usd", "contents": [{"id": "A", "quantity": 2, "item_price": 61.725}]},
    }  # fmt: skip
    return base | event


def test_a_conversions_api_batch_is_one_event_each(tmp_path: Path) -> None:
    first, second = decode(
        tmp_path,
        {
            "url": GRAPH,
            "body": {"data": [_capi(), _capi(event_id="1002")], "partner_agent": "stape-gtmss-2.1.3"},
            "status": 200,
            "response": {"events_received": 2, "messages": [], "fbtrace_id": "Abc"},
        },
    )
    assert (first["event_id"], second["event_id"], first["dataset"]) == ("1001", "1002", "1234567890123456")
    assert (first["accepted"], first["events_sent"], first["events_received"]) == (True, 2, 2)
    assert (first["value"], first["currency"], first["currency_sent"]) == (Decimal("123.45"), "USD", "usd")
    assert (first["sender"], first["has_email"], first["plain_keys"], first["has_secret"]) == (
        "partner stape-gtmss-2.1.3", True, None, True,
    )  # fmt: skip
    assert "EAAtoken" not in str(first)


def test_a_conversions_api_request_may_be_a_form(tmp_path: Path) -> None:
    form = {"access_token": "EAAtoken", "data": json.dumps([_capi(), _capi(event_id="1+2&3")]), "test_event_code": "TEST1"}
    first, second = decode(
        tmp_path,
        {"url": GRAPH.partition("?")[0], "body": urlencode(form), "status": 200, "response": {"events_received": 2}},
    )
    assert (first["event_id"], second["event_id"], first["value"]) == ("1001", "1+2&3", Decimal("123.45"))
    assert (first["accepted"], first["has_test_code"], first["has_secret"], first["plain_keys"]) == (True, True, True, None)


@pytest.mark.parametrize(
    "written",
    [
        lambda texts: urlencode({"data": json.dumps(texts), "test_event_code": "TEST1"}),
        lambda texts: {"data": texts, "test_event_code": "TEST1"},
        lambda texts: {"test_event_code": "TEST1", "data": json.dumps(texts)},
        lambda texts: json.dumps({"data": texts, "test_event_code": "TEST1"}),
        lambda texts: {"test_event_code": "TEST1", "data": [texts[0], json.loads(texts[1])]},
    ],
    ids=["the form it posts", "what was handed to it", "a list as a text", "a body as a text", "of both kinds"],
)
def test_each_event_may_be_a_text_as_metas_client_for_python_posts_it(written: Any, tmp_path: Path) -> None:
    """Each such shop used to be told that its server sent nothing, against the rules of the interface."""
    texts = [json.dumps(_capi(event_id=name)) for name in ("A", "1+2&3")]
    request = {"url": GRAPH, "body": written(texts), "status": 200, "response": {"events_received": 2}}
    events = decode(tmp_path, request)
    assert [(e["event_id"], e["value"], e["accepted"], e["has_test_code"]) for e in events] == [
        ("A", Decimal("123.45"), True, True), ("1+2&3", Decimal("123.45"), True, True),
    ]  # fmt: skip


def test_a_form_that_breaks_off_holds_no_event(tmp_path: Path) -> None:
    cut_off = urlencode({"data": json.dumps([_capi()])})[:300]
    assert decode(tmp_path, {"url": GRAPH, "body": cut_off}) == []


@pytest.mark.parametrize(
    ("url", "body", "has_test_code"),
    [
        (GRAPH, {"test_event_code": "TEST1"}, True),
        (f"{GRAPH}&test_event_code=TEST1", {}, True),
        (f"{GRAPH}&test_event_code=", {"test_event_code": ""}, False),
    ],
    ids=["in the body", "in the address", "empty"],
)
def test_a_test_event_code_counts_wherever_graph_takes_it(
    url: str, body: dict[str, Any], has_test_code: bool, tmp_path: Path
) -> None:
    (event,) = decode(tmp_path, {"url": url, "body": {"data": [_capi()]} | body})
    assert event["has_test_code"] is has_test_code


@pytest.mark.parametrize("text", ["", "0", "undefined", "null"])
def test_the_hash_of_an_empty_field_names_nobody(text: str, tmp_path: Path) -> None:
    void = hashlib.sha256(text.encode()).hexdigest()
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(user_data={"em": [void], "ph": void.upper()})]}})
    assert (event["has_email"], event["has_phone"], event["void_keys"]) == (False, False, "e-mail, phone")


@pytest.mark.parametrize(
    ("told", "has_customer"),
    [("0", False), (hashlib.sha256(b"0").hexdigest(), False), ("10", True), (hashlib.sha256(b"10").hexdigest(), True)],
    ids=["0", "hash of 0", "10", "hash of 10"],
)
def test_the_customer_number_of_every_guest_names_nobody(told: str, has_customer: bool, tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(user_data={"external_id": told})]}})
    assert (event["has_external_id"], event["void_keys"]) == (has_customer, None if has_customer else "external id")


_SHA256 = hashlib.sha256(b"dewi@example.com").digest()
#: As long as a SHA-256, and an address all the same.
_ENCODED = base64.b64encode(b"dewi.lestari.of.depok@example.id").decode()


@pytest.mark.parametrize(
    ("emails", "phone", "keys"),
    [
        (["a" * 32], "B" * 40, "e-mail, phone"),
        ("a" * 64, None, None),
        (["a" * 32, "b" * 64], None, None),
        (f"{'a' * 64}.AQYAAQMA", "62812345678901234567890123456789", "phone"),
        (f"{'x' * 20}@example.com", None, None),
        (base64.b64encode(_SHA256).decode(), base64.urlsafe_b64encode(_SHA256).decode().rstrip("="), "e-mail, phone"),
        (_ENCODED, None, None),
    ],
    ids=[
        "MD5 and SHA-1", "SHA-256", "MD5 beside SHA-256", "SHA-256 with an appendix", "an address of 32 characters",
        "SHA-256 in base64", "an address in base64",
    ],
)  # fmt: skip
def test_a_hash_of_another_kind_is_told_by_its_form(emails: Any, phone: Any, keys: str | None, tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(user_data={"em": emails, "ph": phone})]}})
    assert event["other_hash_keys"] == keys


@pytest.mark.parametrize(
    ("told", "plain"),
    [(base64.b64encode(_SHA256).decode(), None), ([base64.urlsafe_b64encode(_SHA256).decode()], None), (_ENCODED, "em")],
    ids=["SHA-256", "SHA-256 in a list", "an address"],
)
def test_base64_hides_no_address(told: Any, plain: str | None, tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(user_data={"em": told})]}})
    assert event["plain_keys"] == plain


@pytest.mark.parametrize(
    ("address", "agent", "keys"),
    [
        ("203.0.113.7", "Mozilla/5.0 (Linux; Android 15)", None),
        ("10.0.3.4", "node-fetch/1.0", "IP address, user agent"),
        ("172.20.0.5", "Mozilla/5.0", "IP address"),
        ("172.40.0.5", "Dalvik/2.1.0 (Linux; U; Android 15)", None),
        ("2001:db8::7.BAAAAQMA", "GuzzleHttp/7", "user agent"),
        ("***", "[redacted]", None),
    ],
)
def test_the_servers_own_device_is_no_buyers(address: str, agent: str, keys: str | None, tmp_path: Path) -> None:
    user = {"client_ip_address": address, "client_user_agent": agent}
    sale = _capi(user_data=user) | {"event_name": "Purchase"}
    call = {"event": "CompletePayment", "user": {"ip": address, "user_agent": agent}}
    sales = decode(
        tmp_path,
        {"url": GRAPH, "body": {"data": [sale, _capi(user_data=user) | {"event_name": "AddToCart"}]}},
        {"url": TIKTOK, "body": {"event_source": "web", "event_source_id": "C1", "data": [call]}},
    )
    assert [event["machine_keys"] for event in sales] == [keys, None, keys]


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
            " Mobile/15E148 Safari/604.1",
            "iPhone, Safari",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22F76"
            " Instagram 385.0.0.25.67 (iPhone15,4; iOS 18_5; id_ID; id; scale=3.00; 1179x2556)",
            "iPhone, Instagram",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; SM-A556E; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/137.0.0.0"
            " Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/517.0.0.38.109;]",
            "Android phone, Facebook",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; CPH2591; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0"
            " Mobile Safari/537.36 musical_ly_2023805030 JsSdk/1.0 BytedanceWebview/d8a21c6",
            "Android phone, TikTok",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Mobile Safari/537.36",
         "Android phone, Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36 Edg/137.0",
         "computer, Edge"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "computer, Firefox"),
        ("Mozilla/5.0 (Linux; Android 15)", "Android phone"),
        ("node-fetch/1.0", None),
        ("***", None),
    ],
)  # fmt: skip
def test_a_user_agent_tells_the_buyers_device(agent: str, device: str | None, tmp_path: Path) -> None:
    sale = _capi(user_data={"client_user_agent": agent})
    hit = "https://www.facebook.com/tr/?id=1234567890123456&ev=Purchase&eid=1001"
    events = decode(
        tmp_path,
        {"url": GRAPH, "body": {"data": [sale, sale | {"event_name": "AddToCart"}]}},
        {"method": "GET", "url": hit, "headers": {"user-agent": agent}},
    )
    assert [event["device"] for event in events] == [device, None, device]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"opt_out": True}, "opt_out"),
        ({"opt_out": False}, None),
        ({"opt_out": "true", "data_processing_options": ["LDU"]}, "LDU, opt_out"),
        ({"data_processing_options": []}, None),
    ],
)
def test_flags_of_limited_use_are_kept(flags: dict[str, Any], told: str | None, tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(**flags)]}})
    assert event["limited_use"] == told


def test_a_graph_error_refuses_the_whole_batch(tmp_path: Path) -> None:
    answer = {"error": {"message": "Invalid parameter", "code": 100, "error_subcode": 2804003, "error_user_title": "Too Old"}}
    refused = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(), _capi()]}, "status": 400, "response": answer})
    assert [(e["accepted"], e["answer_code"]) for e in refused] == [(False, "100/2804003")] * 2


def test_plain_user_data_is_named_by_key(tmp_path: Path) -> None:
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(user_data={"em": "a@example.com", "ct": "jakarta"})]}})
    assert event["plain_keys"] == "em,ct"
    assert "a@example.com" not in str(event)


@pytest.mark.parametrize(("code", "accepted"), [(0, True), (20001, True), (40002, False)])
def test_tiktok_says_yes_or_no_in_its_code_not_in_the_status(code: int, accepted: bool, tmp_path: Path) -> None:
    call = {
        "event": "CompletePayment", "event_time": 1763632800, "event_id": "1001",
        "user": {"email": "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f", "ttclid": "E.C.P.abc", "ttp": "t"},
        "page": {"url": "https://shop.example.com/thank-you"},
        "properties": {"currency": "IDR", "value": "150000", "contents": [{"content_id": "A", "price": 150000, "quantity": 1}]},
    }  # fmt: skip
    body = {"event_source": "web", "event_source_id": "CT7K2M3C77U9QF4RBEV0", "data": [call]}
    (event,) = decode(tmp_path, {"url": TIKTOK, "body": body, "status": 200, "response": {"code": code, "message": "m"}})
    assert (event["accepted"], event["step"], event["dataset"]) == (accepted, "Purchase", "CT7K2M3C77U9QF4RBEV0")
    assert event["action_source"] == "web"
    assert (event["value"], event["items"], event["click_id"]) == (Decimal(150000), "A", "E.C.P.abc")


def test_kwai_writes_its_properties_as_text(tmp_path: Path) -> None:
    body = {
        "access_token": "secret", "clickid": "CLICK", "event_name": "EVENT_PURCHASE", "pixelId": "5872103", "is_attributed": 1,
        "properties": '{"content_type":"product","currency":"IDR","value":150000}', "trackFlag": False,
    }  # fmt: skip
    (event,) = decode(
        tmp_path, {"url": "https://www.adsnebula.com/log/common/api", "body": body, "status": 200, "response": {"result": 1}}
    )
    assert (event["platform"], event["step"], event["dataset"]) == ("snackvideo", "Purchase", "5872103")
    assert (event["value"], event["click_id"], event["accepted"]) == (Decimal(150000), "CLICK", True)


def test_tiktok_reads_the_buyer_where_its_version_has_them(tmp_path: Path) -> None:
    person = {"email": "a" * 64, "ttp": "t"}
    page = {"url": "https://shop.example.com/thank-you", "referrer": "https://shop.example.com/"}
    beside = {"user": person | {"ttclid": "E.C.P.abc"}, "page": page}
    inside = {"context": {"user": person, "ad": {"callback": "E.C.P.abc"}, "page": page}}
    url = "https://business-api.tiktok.com/open_api/v1.3"
    call = {"event": "CompletePayment", "event_id": "1001"}
    requests = [
        {"url": url + path, "body": body(place)}
        for path, body in (
            ("/event/track/", lambda at: {"event_source": "web", "event_source_id": "C", "data": [call | at]}),
            ("/pixel/track/", lambda at: {"pixel_code": "C", **call, "timestamp": "2026-11-20T10:00:00Z", **at}),
            ("/pixel/batch/", lambda at: {"pixel_code": "C", "batch": [{"type": "track", **call, **at}]}),
        )
        for place in (beside, inside)
    ]
    told = [(e["has_email"], e["click_id"], e["browser_id"], e["has_source_url"]) for e in decode(tmp_path, *requests)]
    read, unread = (True, "E.C.P.abc", "t", True), (False, None, None, None)
    assert told == [read, unread, unread, read, unread, read]


@pytest.mark.parametrize(
    ("address", "path", "query"),
    [
        ("https://shop.example.com/thank-you/1001.AQQCAQMC", "/thank-you/1001", ""),
        ("https://shop.example.com/thank-you?order=1001.AQICAQMC", "/thank-you", "?order=1001"),
        ("https://shop.example.com.AQICAQMC", None, ""),
        ("https://shop.example.com/thank-you/1001.AQ", "/thank-you/1001.AQ", ""),
        ("https://shop.example.com/files/shirt.AQUARIUS", "/files/shirt.AQUARIUS", ""),
    ],
)
def test_what_metas_parameter_builder_writes_behind_an_address_is_no_part_of_it(
    address: str, path: str | None, query: str, tmp_path: Path
) -> None:
    """It, and the clients that hold it, used to give the server another page than the browser."""
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(event_source_url=address, referrer_url=address)]}})
    told = (event["page_host"], event["page_path"], event["referrer_host"])
    assert told == ("shop.example.com", path, "shop.example.com")
    assert event["page_url"] == f"https://shop.example.com{path or ''}{query}"


def test_a_click_id_before_the_parameter_builders_mark_is_whole(tmp_path: Path) -> None:
    page = "https://shop.example.com/thank-you?fbclid=IwY2xjawAbc.AQQCAQMC"
    (event,) = decode(tmp_path, {"url": GRAPH, "body": {"data": [_capi(event_source_url=page)]}})
    assert event["landing_click"] == "IwY2xjawAbc"


def test_plain_text_in_the_wrong_place_is_told_all_the_same(tmp_path: Path) -> None:
    call = {"event": "AddToCart", "event_time": 1763632800, "context": {"user": {"email": "a@example.com"}}}
    (event,) = decode(tmp_path, {"url": TIKTOK, "body": {"event_source": "web", "event_source_id": "C", "data": [call]}})
    assert (event["plain_keys"], event["has_email"]) == ("email", False)


def test_goods_are_read_under_the_receivers_own_names(tmp_path: Path) -> None:
    named = [{"value": 1, "currency": "IDR", "contents": [{name: "A", "quantity": 1}]} for name in ("id", "content_id", "item_id")]
    tiktok = {"event": "AddToCart", "event_time": 1763632800, "event_id": "1"}
    events = decode(
        tmp_path,
        *({"url": GRAPH, "body": {"data": [_capi(custom_data=params)]}} for params in named),
        *({"url": TIKTOK, "body": {"event_source": "web", "event_source_id": "C", "data": [tiktok | {"properties": params}]}}
          for params in named),
    )  # fmt: skip
    assert [event["items"] for event in events] == ["A", None, None, None, "A", None]


@pytest.mark.parametrize("flag", ["trackFlag", "testFlag"])
def test_either_flag_of_kwai_marks_a_test(flag: str, tmp_path: Path) -> None:
    body = {"clickid": "CLICK", "event_name": "EVENT_PURCHASE", "pixelId": "5872103", "trackFlag": False, "testFlag": False}
    url = "https://www.adsnebula.com/log/common/api"
    real, test = decode(tmp_path, {"url": url, "body": body}, {"url": url, "body": body | {flag: True}})
    assert (real["has_test_code"], test["has_test_code"]) == (False, True)


def test_a_retry_keeps_its_row_and_an_identical_line_does_not(tmp_path: Path) -> None:
    request = {"url": f"{RELAY}meta/events", "body": META_RELAY, "status": 204}
    same = {"ts": "2026-11-20T10:00:00Z"}
    assert len(decode(tmp_path, request | same, request | same)) == 1
    assert len(decode(tmp_path, request | same, request | {"ts": "2026-11-20T10:00:09Z"})) == 2
