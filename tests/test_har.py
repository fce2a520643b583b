"""The HAR loader: dialects, encodings, what is kept, what is ignored, and what a damaged file says."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from audit import engine
from audit.errors import InputError
from audit.loaders._initiators import initiator
from audit.plan import Plan
from tests.wire.decoding import Event, events

HIT = "https://www.facebook.com/tr/?id=1234567890123456&ev=Purchase&ts=1763632800123&eid=A-1&cd[value]=10&cd[currency]=USD"


def _entry(url: str = HIT, **changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "startedDateTime": "2026-11-20T10:00:00.100Z",
        "time": 20,
        "pageref": "page_1",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 200, "content": {"mimeType": "text/plain", "size": 0}},
    }
    return entry | changes


def _har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "test"}, "entries": list(entries)}}).encode()


def _audit(folder: Path, content: bytes, name: str = "capture.har") -> engine.Read:
    path = folder / name
    path.write_bytes(content)
    return engine.read([engine.InputFile(path, name, named=True)], Plan())


def _source(audit: engine.Read) -> Event:
    cursor = audit.con.execute("select * from sources")
    return dict(zip([c[0] for c in cursor.description or ()], cursor.fetchall()[0], strict=True))


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        zstandard.compress,
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: json.dumps(json.loads(b), indent=2).encode(),
    ],
    ids=["plain", "gzip", "zstd", "with a BOM", "indented"],
)
def test_a_capture_is_recognised_by_its_content(pack: Any, tmp_path: Path) -> None:
    audit = _audit(tmp_path, pack(_har(_entry())), "no-extension")
    assert [e["event_id"] for e in events(audit)] == ["A-1"]
    assert _source(audit)["loader"] == "har"


def test_rows_read_are_kept_ignored_or_rejected(tmp_path: Path) -> None:
    audit = _audit(
        tmp_path,
        _har(
            _entry(),
            _entry("https://shop.example.com/logo.png"),
            {"startedDateTime": "2026-11-20T10:00:00Z"},
            _entry(startedDateTime="yesterday"),
        ),
    )
    source = _source(audit)
    assert (source["read_rows"], source["kept"], source["ignored"], source["rejected"]) == (4, 1, 1, 2)
    assert audit.con.execute("select ref, reason from rejects order by ref").fetchall() == [
        ("capture.har#2", "no request in this entry"),
        ("capture.har#3", "startedDateTime is missing or no time"),
    ]


@pytest.mark.parametrize(
    "params",
    [
        [{"name": "cd[value]", "value": "10"}, {"name": "dl", "value": "https://shop.example.com/a b"}],
        [{"name": "cd%5Bvalue%5D", "value": "10"}, {"name": "dl", "value": "https%3A%2F%2Fshop.example.com%2Fa%20b"}],
    ],
    ids=["decoded as chrome-har writes it", "encoded as DevTools writes it"],
)
def test_body_parameters_are_read_in_either_dialect(params: list[dict[str, str]], tmp_path: Path) -> None:
    fixed = [
        {"name": "id", "value": "1234567890123456"},
        {"name": "ev", "value": "Purchase"},
        {"name": "ts", "value": "1763632800123"},
    ]
    request = {"method": "POST", "url": "https://www.facebook.com/tr/", "postData": {"params": fixed + params}}
    (event,) = events(_audit(tmp_path, _har(_entry(request=request))))
    assert (str(event["value"]), event["page_host"]) == ("10.000000", "shop.example.com")


def test_a_blocked_hit_is_attempted_not_delivered(tmp_path: Path) -> None:
    blocked = {"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT", "content": {}}
    (event,) = events(_audit(tmp_path, _har(_entry(response=blocked))))
    assert (event["status"], event["net_error"]) == (0, "net::ERR_BLOCKED_BY_CLIENT")


def test_a_hit_answered_with_an_error_is_attempted_not_delivered(tmp_path: Path) -> None:
    (event,) = events(_audit(tmp_path, _har(_entry(response={"status": 503, "content": {}}))))
    assert (event["status"], event["net_error"]) == (503, "answered HTTP 503")


def test_navigations_open_page_loads(tmp_path: Path) -> None:
    page = {"status": 200, "content": {"mimeType": "text/html"}}
    found = events(
        _audit(
            tmp_path,
            _har(
                _entry("https://shop.example.com/a", response=page),
                _entry(),
                _entry("https://shop.example.com/b", response=page),
                _entry(HIT.replace("ts=1763632800123", "ts=1763632900123")),
            ),
        )
    )
    assert len({event["page_load"] for event in found}) == 2
    assert len({event["session"] for event in found}) == 1


def test_the_sender_is_the_script_below_the_pixel_library() -> None:
    stack = {
        "callFrames": [
            {"url": "https://connect.facebook.net/en_US/fbevents.js"},
            {"url": "https://shop.example.com/assets/app.js?v=2"},
        ],
    }
    assert initiator({"_initiator": {"type": "script", "stack": stack}}) == "https://shop.example.com/assets/app.js"


def test_a_frame_may_stand_in_a_parent_stack() -> None:
    stack = {
        "callFrames": [{"url": "https://connect.facebook.net/en_US/fbevents.js"}],
        "parent": {"callFrames": [{"url": "https://shop.example.com/gtm.js"}]},
    }
    assert initiator({"_initiator": {"type": "script", "stack": stack}}) == "https://shop.example.com/gtm.js"


def test_a_half_written_capture_is_refused_with_the_way_out(tmp_path: Path) -> None:
    words = r"^capture\.har: the HAR breaks off or is damaged after entry 0 \(.*\)\. Save it again from the browser\.$"
    with pytest.raises(InputError, match=words):
        _audit(tmp_path, _har(_entry(), _entry())[:-60])


@pytest.mark.parametrize("rest", [b',, "to": "dewi@mail.com \x95"}', b'fb.1 "dewi@mail.com \xa9"', b',, "to": "dewi@mail.com"}'])
def test_what_stands_where_a_capture_is_damaged_is_not_told(rest: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the HAR breaks off or is damaged") as told:
        _audit(tmp_path, b'{"log": {"entries": [{"startedDateTime": "x"' + rest + b"]}}")
    assert "dewi" not in str(told.value)
    assert "b'" not in str(told.value)


def test_cookies_other_than_click_and_browser_ids_never_enter(tmp_path: Path) -> None:
    headers = [
        {"name": "Cookie", "value": "session=SECRETSESSION; _fbc=fb.1.1763632700000.IwAR0aB"},
        {"name": "Authorization", "value": "Bearer T"},
    ]
    audit = _audit(tmp_path, _har(_entry(request={"method": "GET", "url": HIT, "headers": headers})))
    tables = [name for (name,) in audit.con.execute("select table_name from duckdb_tables()").fetchall()]
    rows = "".join(str(audit.con.execute(f"select * from {table}").fetchall()) for table in tables)
    assert "requests" not in tables, "raw requests are gone once they are decoded"
    assert "SECRETSESSION" not in rows
    assert "Bearer" not in rows


def test_posts_to_a_platform_without_their_content_are_counted(tmp_path: Path) -> None:
    def post(url: str, **told: Any) -> dict[str, Any]:
        return _entry(url, request={"method": "POST", "url": url, "headers": [], **told})

    pixel = "https://analytics.tiktok.com/api/v2/pixel"
    content = _har(
        post(pixel),
        post(pixel, postData={"mimeType": "application/json", "text": '{"event": "Purchase"}'}),
        post("https://analytics.tiktok.com/api/v2/performance"),
        post("https://www.facebook.com/tr/"),
        post(HIT),
        post("https://shop.example/cart/add.js"),
    )
    audit = _audit(tmp_path, content)
    assert audit.con.execute("select * from unread_hits order by platform").fetchall() == [
        ("capture.har", "meta", 1),
        ("capture.har", "tiktok", 1),
    ]


def test_posts_in_a_form_that_nobody_can_read_are_counted_like_those_without_content(tmp_path: Path) -> None:
    """A recorder that writes bodies in base64 and does not say so: the launch got a Stop, as if nothing had been sent."""

    def post(url: str, text: str) -> dict[str, Any]:
        data = {"mimeType": "text/plain", "text": text}
        return _entry(url, request={"method": "POST", "url": url, "headers": [], "postData": data})

    pixel, meta = "https://analytics.tiktok.com/api/v2/pixel", "https://www.facebook.com/tr/"
    content = _har(
        post(pixel, base64.b64encode(b'{"event": "Purchase"}').decode()),
        post(pixel, ' {"event": "Purchase"}'),
        post(meta, base64.b64encode(b"id=1&ev=Purchase").decode()),
        post(meta, "id=1&ev=Purchase"),
        post(meta, '--x\r\nContent-Disposition: form-data; name="ev"\r\n\r\nPurchase\r\n--x--\r\n'),
        post(meta, "batch=1&events%5B0%5D=id%3D1%26ev%3DPurchase"),
    )
    audit = _audit(tmp_path, content)
    assert audit.con.execute("select * from unread_hits order by platform").fetchall() == [
        ("capture.har", "meta", 1),
        ("capture.har", "tiktok", 1),
    ]


@pytest.mark.parametrize(("size", "lost"), [(0, False), (120, True), (-1, True)])
def test_a_beacon_that_has_no_body_loses_none(size: int, lost: bool, tmp_path: Path) -> None:
    """Google's beacons tell all in their address: a capture whose only posts they were was called incomplete."""
    beacon = "https://www.google-analytics.com/g/collect?v=2&en=page_view"
    request = {"method": "POST", "url": beacon, "headers": [], "bodySize": size}
    audit = _audit(tmp_path, _har(_entry(beacon, request=request)))
    ((gaps,),) = audit.con.execute("select coalesce(gaps, '') from sources").fetchall()
    assert ("no request bodies" in gaps) == lost


def test_calls_that_fill_or_change_a_cart_are_told_apart(tmp_path: Path) -> None:
    def call(url: str, body: str | None = None, kind: str = "xhr") -> dict[str, Any]:
        request: dict[str, Any] = {"method": "GET" if body is None else "POST", "url": url, "headers": []}
        return _entry(url, request=request | ({} if body is None else {"postData": {"text": body}}), _resourceType=kind)

    graphql = "https://shop.example/api/2025-01/graphql.json"
    content = _har(
        call("https://shop.example/cart/add.js", "{}"),
        call("https://shop.example/cart/change.js", "{}"),
        call("https://shop.example/de/cart/update", "{}"),
        call("https://shop.example/cart/4410001:1,4410002:2", kind="document"),
        call("https://shop.example/cart", kind="document"),
        call(graphql, '{"query": "mutation { cartLinesAdd(cartId: $id) { cart { id } } }"}'),
        call(graphql, '{"query": "mutation { cartCreate { cart { id } } }"}'),
        call(graphql, '{"query": "query { cart(id: $id) { id } }"}'),
    )
    kinds = _audit(tmp_path, content).con.execute("select ref, kind from actions order by ref").fetchall()
    assert kinds == [
        ("capture.har#0", "add_to_cart"),
        ("capture.har#1", "cart_change"),
        ("capture.har#2", "cart_change"),
        ("capture.har#3", "cart_change"),
        ("capture.har#5", "add_to_cart"),
        ("capture.har#6", "cart_change"),
    ]
