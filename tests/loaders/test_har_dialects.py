"""One capture in every recorder's dialect: the same hit, the same event; and what a recorder shows that is none."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audit import engine
from audit.inputs import find_inputs
from audit.plan import Plan
from tests.wire.decoding import events
from tests.wire.test_servers import META_RELAY, RELAY

PIXEL = "1234567890123456"
QUERY = f"id={PIXEL}&ev=Purchase&ts=1763632800123&eid=A-1&cd%5Bvalue%5D=10&cd%5Bcurrency%5D=USD"
HIT = f"https://www.facebook.com/tr/?{QUERY}"
SHOP = "https://shop.example.com/thank-you"


def _audit(folder: Path, captures: dict[str, bytes | str]) -> engine.Read:
    files = []
    for name, content in captures.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        files.append(engine.InputFile(folder / name, name, named=True))
    return engine.read(files, Plan())


def _log(entries: list[dict[str, Any]], **around: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries} | around})


def _get(url: str = HIT, at: str = "2026-11-20T10:00:00.100Z", **more: Any) -> dict[str, Any]:
    response = {"status": 200, "statusText": "", "headers": [], "content": {"size": 0, "mimeType": "text/plain"}}
    return {
        "startedDateTime": at,
        "time": 20.5,
        "request": {"method": "GET", "url": url, "headers": []},
        "response": response,
    } | more


def _post(
    body: dict[str, Any], at: str = "2026-11-20T10:00:00.100Z", url: str = f"{RELAY}meta/events", **more: Any
) -> dict[str, Any]:
    data = {"mimeType": "application/json", "text": json.dumps(body)}
    request = {"method": "POST", "url": url, "headers": [], "postData": data}
    return _get(url, at) | {"request": request, "response": {"status": 204, "content": {}}} | more


DIALECTS: dict[str, str | bytes] = {
    "Chrome": _log(
        [_get(pageref="page_1", _resourceType="image", _priority="Low", _initiator={"type": "script"}, cache={})],
        creator={"name": "WebInspector", "version": "537.36"},
        pages=[{"startedDateTime": "2026-11-20T10:00:00.000Z", "id": "page_1", "title": SHOP, "pageTimings": {}}],
    ),
    "Edge": b"\xef\xbb\xbf"
    + _log([_get(pageref="page_1", connection="443")], creator={"name": "WebInspector", "version": "537.36"}).encode(),
    "Firefox": _log(
        [_get(at="2026-11-20T17:00:00.100+07:00", pageref="page_1", serverIPAddress="192.0.2.1", _securityState="secure")],
        creator={"name": "Firefox", "version": "142.0"}, browser={"name": "Firefox", "version": "142.0"}, pages=[],
    ),
    "Safari": _log(
        [_get(pageref="page_0", _fetchType="Network Load", _priority="low")],
        creator={"name": "WebKit Web Inspector", "version": "1.0"},
    ),
    "Charles": _log(
        [_get(at="2026-11-20T17:00:00.100+07:00")], creator={"name": "Charles Proxy", "version": "4.6.6"}, pages=[], comment="",
    ),
    "Proxyman": _log(
        [_get(comment="", timings={"send": 0, "wait": 20, "receive": 0})], creator={"name": "Proxyman", "version": "5.0"},
    ),
    "Fiddler": _log(
        [_get(at="2026-11-20T17:00:00.1000000+07:00", connection="ClientPort:51101;EgressPort:51102")],
        creator={"name": "Fiddler", "version": "5.0.2"}, pages=[],
    ),
    "Playwright": _log(
        [_get(pageref="page@5c1", _frameref="frame@7", _monotonicTime=1.5, _serverPort=443)],
        creator={"name": "Playwright", "version": "1.49.0"}, browser={"name": "chromium", "version": "130"},
    ),
    "Puppeteer (chrome-har)": _log(
        [_get(pageref="page_1", _requestId="12.3", _initialPriority="Low", _initiator_type="script", _initiator=f"{SHOP}/app.js")],
        creator={"name": "chrome-har", "version": "0.11.12"},
    ),
    "WebPageTest": _log(
        [_get(at="2026-11-20T10:00:00.100+00:00", pageref="page_1_0_1", _run=1, _cached=0)],
        creator={"name": "WebPageTest", "version": "21.07"},
    ),
    "no creator, no pages": json.dumps({"log": {"entries": [_get()]}}),
    "entries without their log": json.dumps({"entries": [_get()]}, indent=1),
    "a bare list of entries": json.dumps([_get()]),
    "a bare list, indented": json.dumps([_get()], indent=2),
    "pages before entries": _log([_get()], pages=[{"id": "p", "title": "x" * 300_000}], creator={"name": "c", "version": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("recorder", DIALECTS)
def test_every_recorder_shows_the_same_event(recorder: str, tmp_path: Path) -> None:
    (event,) = events(_audit(tmp_path, {"capture": DIALECTS[recorder]}))
    assert (event["event_id"], event["dataset"], event["status"]) == ("A-1", PIXEL, 200)
    assert event["seen_at"] == datetime(2026, 11, 20, 10, 0, 0, 100_000)
    assert event["ref"] == "capture#0"


@pytest.mark.parametrize("kind", ["text", "params"])
def test_a_beacon_is_read_from_its_text_or_its_parts(kind: str, tmp_path: Path) -> None:
    pairs = [("id", PIXEL), ("ev", "Purchase"), ("ts", "1763632800123"), ("cd[value]", "10"), ("eid", "A-1")]
    text = "".join(f'------x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in pairs) + "------x--\r\n"
    data: dict[str, Any] = {"mimeType": "multipart/form-data; boundary=----x"}
    data |= {"text": text, "params": []} if kind == "text" else {"params": [{"name": n, "value": v} for n, v in pairs]}
    request = {"method": "POST", "url": "https://www.facebook.com/tr/", "headers": [], "postData": data}
    (event,) = events(_audit(tmp_path, {"capture": _log([_get(request=request, _resourceType="ping")])}))
    assert (event["event_id"], str(event["value"])) == ("A-1", "10.000000")


def test_a_sanitized_capture_keeps_the_ids_the_hit_itself_carries(tmp_path: Path) -> None:
    hit = HIT + "&fbp=fb.1.1763632700000.123456789&fbc=fb.1.1763632700000.IwAR0aB"
    (event,) = events(_audit(tmp_path, {"capture": _log([_get(hit)])}))
    assert (event["browser_id"], event["click_id"]) == ("fb.1.1763632700000.123456789", "fb.1.1763632700000.IwAR0aB")
    assert (event["cookie_browser"], event["cookie_click"]) == (None, None)


def _gaps(audit: engine.Read) -> list[str]:
    return str(audit.con.execute("select gaps from sources").fetchone()[0]).split("; ")  # type: ignore[index]


@pytest.mark.parametrize(
    "capture",
    [_log([]), json.dumps({"log": {"version": "1.2", "creator": {"name": "c"}}}), json.dumps({"log": {"entries": []}})],
    ids=["no entries", "no list of entries", "nothing but an empty list"],
)
def test_a_capture_without_entries_says_so(capture: str, tmp_path: Path) -> None:
    audit = _audit(tmp_path, {"capture": capture})
    assert audit.con.execute("select loader, read_rows, kept, ignored, rejected from sources").fetchall() == [("har", 0, 0, 0, 0)]
    assert _gaps(audit) == ["no entries: nothing was recorded, or the recording was cleared"]


def test_a_capture_without_bodies_says_so(tmp_path: Path) -> None:
    request = {"method": "POST", "url": f"{RELAY}meta/events", "headers": []}
    assert "no request bodies" in _gaps(_audit(tmp_path, {"capture": _log([_get(), _get(request=request)])}))


def test_runs_of_one_page_are_visits_of_their_own(tmp_path: Path) -> None:
    def run(number: int) -> dict[str, Any]:
        hit = HIT.replace("ts=1763632800123", f"ts=176363280012{number}").replace("eid=A-1", f"eid=A-{number}")
        return _get(hit, f"2026-11-20T10:0{number}:00.000+00:00", pageref=f"page_{number}_0_1")

    audit = _audit(tmp_path, {"capture": _log([run(1), run(2), run(3)], creator={"name": "WebPageTest", "version": "1"})})
    assert [(e["event_id"], e["session"]) for e in events(audit)] == [("A-1", "visit 1"), ("A-2", "visit 2"), ("A-3", "visit 3")]


def test_captures_of_one_launch_are_shoppers_of_their_own(tmp_path: Path) -> None:
    other = HIT.replace("ts=1763632800123", "ts=1763632800999").replace("eid=A-1", "eid=B-1")
    found = events(_audit(tmp_path, {"a.har": _log([_get()]), "b.har": _log([_get(other, "2026-11-20T10:05:00Z")])}))
    assert [(e["ref"], e["session"]) for e in found] == [("a.har#0", "visit 1"), ("b.har#0", "visit 2")]


def _relayed(audit: engine.Read) -> list[str]:
    return [str(event["ref"]) for event in events(audit)]


@pytest.mark.parametrize(
    "mark",
    [
        {"_fetchedViaServiceWorker": True},
        {"_fetchType": "Service Worker"},
        {"response": {"status": 204, "content": {}, "_fetchedViaServiceWorker": True}},
    ],
)
def test_a_request_a_service_worker_sends_on_counts_once(mark: dict[str, Any], tmp_path: Path) -> None:
    page = _post(META_RELAY, pageref="page_1", _resourceType="fetch", **mark)
    worker = _post(META_RELAY, at="2026-11-20T10:00:00.115Z", _resourceType="fetch")
    audit = _audit(tmp_path, {"capture": _log([page, worker])})
    assert _relayed(audit) == ["capture#0"]
    assert audit.con.execute("select read_rows, kept, ignored from sources").fetchall() == [(2, 1, 1)]


def test_a_second_request_of_the_page_is_a_second_request(tmp_path: Path) -> None:
    page = _post(META_RELAY, pageref="page_1", _fetchedViaServiceWorker=True)
    again = _post(META_RELAY, at="2026-11-20T10:00:09Z", pageref="page_1", _fetchedViaServiceWorker=True)
    sent_on = (_post(META_RELAY, at="2026-11-20T10:00:00.110Z"), _post(META_RELAY, at="2026-11-20T10:00:09.010Z"))
    assert _relayed(_audit(tmp_path, {"capture": _log([page, sent_on[0], again, sent_on[1]])})) == ["capture#0", "capture#2"]
    without_worker = [_post(META_RELAY), _post(META_RELAY, at="2026-11-20T10:00:00.500Z")]
    assert len(_relayed(_audit(tmp_path, {"plain": _log(without_worker)}))) == 2


@pytest.mark.parametrize(
    ("cached", "brought"),
    [
        ({"_fromCache": "memory"}, True),
        ({"_fromCache": "disk", "response": {"status": 0, "content": {}}}, True),
        ({"_fetchType": "Disk Cache", "response": {"status": 0, "content": {}}}, True),
        ({"response": {"status": 304, "content": {}}}, True),
        ({"response": {"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT", "content": {}}}, False),
    ],
)
def test_a_library_out_of_the_cache_was_loaded(cached: dict[str, Any], brought: bool, tmp_path: Path) -> None:
    library = _get("https://connect.facebook.net/en_US/fbevents.js", _resourceType="script", **cached)
    audit = _audit(tmp_path, {"capture": _log([library])})
    column = audit.con.execute("select * from loads limit 0").description[-1][0]
    assert audit.con.execute(f"select {column} from loads").fetchall() == [(brought,)]


def test_bodies_that_playwright_keeps_in_files_are_read_with_their_capture(tmp_path: Path) -> None:
    """Recorded with content attached, a capture held no body: what the page had posted was unknown. A relay's body in a file of its
    own was even taken for what the server had sent."""
    body = json.dumps(META_RELAY).encode()
    name = f"{hashlib.sha1(body).hexdigest()}.json"
    capture = _log(
        [
            _get(url, request={"method": "POST", "url": url, "headers": [], "postData": {"text": "", "params": [], "_file": file}})
            for url, file in ((f"{RELAY}meta/events", name), (HIT, "../orders.csv"), (HIT, name.replace("json", "txt")), (HIT, 7))
        ],
        creator={"name": "Playwright", "version": "1.56"},
    )
    (tmp_path / "har.har").write_text(capture, encoding="utf-8")
    (tmp_path / name).write_bytes(body)
    (tmp_path / name.replace("json", "txt")).write_bytes(b"id=1&ev=Purchase")
    assert [file.name for file in find_inputs((tmp_path,), Plan())] == ["har.har"]
    audit = engine.read(find_inputs((tmp_path,), Plan()), Plan())
    found = [(event["endpoint"], event["event_id"]) for event in events(audit)]
    assert found == [("meta_relay", META_RELAY["events"][0]["event_id"]), ("meta_pixel", "A-1")]


def test_a_link_or_a_pipe_beside_a_capture_is_no_body_of_it(tmp_path: Path) -> None:
    body = json.dumps(META_RELAY).encode()
    linked, piped = f"{hashlib.sha1(body).hexdigest()}.json", f"{'0' * 40}.json"
    capture = _log(
        [
            _get(url, request={"method": "POST", "url": url, "headers": [], "postData": {"text": "", "params": [], "_file": file}})
            for url, file in ((f"{RELAY}meta/events", linked), (f"{RELAY}meta/events", piped))
        ]
    )
    folder = tmp_path / "launch"
    folder.mkdir()
    (folder / "har.har").write_text(capture, encoding="utf-8")
    (tmp_path / "elsewhere.json").write_bytes(body)
    (folder / linked).symlink_to(tmp_path / "elsewhere.json")
    os.mkfifo(folder / piped)
    assert events(engine.read(find_inputs((folder,), Plan()), Plan())) == []
