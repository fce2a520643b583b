"""A long test session as a browser saves it: one HAR of a chosen size, written piece by piece, and its orders.

Each visit walks four pages with a fresh shopper. A page loads its document, scripts with their whole text, pictures, and sends
Meta's pixel, TikTok's pixel and the storefront's relay. The bytes are mostly response bodies, as in a real capture.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

SHOP = "https://shop.example.com"
STORE = "store_BBz4K1"
META, TIKTOK = "1234567890123456", "CT7K2M3C77U9QF4RBEV0"
_BEGAN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_STEPS = (
    ("/products/kopi-gayo", "ViewContent", "ViewContent"),
    ("/cart", "AddToCart", "AddToCart"),
    ("/checkout", "InitiateCheckout", "InitiateCheckout"),
    ("/thank-you", "Purchase", "CompletePayment"),
)
PLAN = f"""
[launch]
name = "Bench HAR"
timezone = "Asia/Jakarta"

[platforms.meta]
datasets = ["{META}"]

[platforms.tiktok]
datasets = ["{TIKTOK}"]
"""
_AGENT = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
#: Where a body's text goes; the texts are written once and repeated, so that making the file costs no more than copying it.
_TEXT = '"@@text@@"'


@dataclass(frozen=True)
class Capture:
    """What was made."""

    folder: Path
    bytes: int
    entries: int
    visits: int


def make(folder: Path, megabytes: int) -> Capture:
    """Writes ``capture.har`` of that many megabytes, the orders of its visits and a plan."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = _texts()
    entries = visits = 0
    with (folder / "capture.har").open("wb") as har, (folder / "orders.csv").open("w", encoding="utf-8") as orders:
        har.write(b'{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[\n')
        orders.write("order_id,created_at,currency,total,subtotal,shipping,discount,tax,status,source\n")
        while har.tell() < megabytes * 1_000_000:
            for text, entry in _visit(visits):
                head, _, tail = json.dumps(entry, separators=(",", ":")).partition(_TEXT)
                parts = (head.encode(), texts[text], tail.encode()) if tail else (head.encode(),)
                har.write(b"".join(parts) if not entries else b",\n" + b"".join(parts))
                entries += 1
            time = _BEGAN + timedelta(seconds=visits * 100 + 81)
            orders.write(f"{_order(visits)},{time.isoformat()},IDR,{_total(visits)},{_total(visits)},0,0,0,processing,web\n")
            visits += 1
        har.write(b"\n]}}\n")
        size = har.tell()
    (folder / "audit.toml").write_text(PLAN, encoding="utf-8")
    return Capture(folder, size, entries, visits)


def _texts() -> dict[str, bytes]:
    """Response bodies as JSON strings: scripts and pages full of quotes and line ends, a picture in base64."""
    letters = random.Random(7)
    words = ["function", "return", "window", '"use strict"', "fbq('track')", "=>{\n  ", "\\u003c", "/* é */", "e.target", "\t"]

    def code(length: int) -> bytes:
        text = ""
        while len(text) < length:
            text += "".join(f"{letters.choice(words)}{letters.randrange(1 << 30):x};" for _ in range(200))
        return json.dumps(text[:length]).encode()

    page = json.dumps("<!doctype html>\n" + '<div class="card" data-id="1">\n\t<a href="/products/kopi">Kopi</a>\n</div>\n' * 800)
    photo = json.dumps("iVBORw0KGgo" + "".join(letters.choices("ABCDEFGHabcdefgh0123456789+/", k=60_000)))
    return {"page": page.encode(), "library": code(90_000), "app": code(160_000), "style": code(40_000), "photo": photo.encode()}


def _order(visit: int) -> str:
    return f"1{visit:08d}"


def _total(visit: int) -> int:
    return 100_000 + visit * 7919 % 900_000


def _visit(visit: int) -> Iterator[tuple[str, dict[str, Any]]]:
    began = _BEGAN + timedelta(seconds=visit * 100)
    made = int(began.timestamp() * 1000)
    fbp, fbc = f"fb.1.{made}.{100_000_000_000_000_000 + visit}", f"fb.1.{made}.IwY2xjawNq{visit:024d}_aem_{visit:x}"
    ttp, ttclid = f"01JSYFW7C6WZRVGA{visit:010d}_.tt.1", f"E.C.P.{visit:040d}"
    cookie = f"_fbp={fbp}; _fbc={fbc}; _ttp={ttp}; ttclid={ttclid}; session=s{visit}"
    goods = [{"id": f"variant_{visit % 400}", "quantity": 1, "item_price": _total(visit)}]
    for nth, (path, meta, tiktok) in enumerate(_STEPS):
        at = began + timedelta(seconds=nth * 20)
        page = f"{SHOP}{path}?visit={visit}" + (f"&utm_source=meta&fbclid=IwY2xjawNq{visit:024d}_aem_{visit:x}" if nth == 0 else "")
        order = _order(visit)
        event_id = f"{order}-{meta}-FORM" if meta == "Purchase" else f"evt-{visit}-{nth}"
        cast = _Page(f"page_{visit * 4 + nth}", page, cookie)
        yield "page", cast.entry(at, page, "document", "text/html", text=True)
        if nth == 0:
            library = "https://connect.facebook.net/en_US/fbevents.js"
            yield "library", cast.entry(at, library, "script", "text/javascript", text=True)
            yield "app", cast.entry(at, f"{SHOP}/assets/app.{visit}.js", "script", "text/javascript", text=True)
            yield "style", cast.entry(at, f"{SHOP}/assets/site.{visit}.css", "stylesheet", "text/css", text=True)
            yield "photo", cast.entry(at, f"{SHOP}/cdn/kopi.{visit}.png", "image", "image/png", text=True)
        later = at + timedelta(seconds=1)
        query = {
            "id": META, "ev": meta, "dl": page, "rl": "", "if": "false", "ts": str(int(later.timestamp() * 1000)), "sw": "412",
            "sh": "915", "v": "2.9.203", "r": "stable", "ec": str(nth), "o": "4126", "fbp": fbp, "fbc": fbc, "eid": event_id,
            "cd[value]": str(_total(visit)), "cd[currency]": "IDR", "cd[content_type]": "product",
            "cd[contents]": json.dumps(goods), "it": str(made), "coo": "false", "rqm": "GET",
        }  # fmt: skip
        yield "", cast.entry(later, f"https://www.facebook.com/tr/?{urlencode(query, quote_via=quote)}", "image", "text/plain")
        call = {
            "event": tiktok, "event_id": event_id, "message_id": f"messageId-{made}-{nth}-{TIKTOK}", "is_onsite": False,
            "timestamp": later.isoformat(), "context": {
                "ad": {"sdk_env": "external", "callback": ttclid}, "user": {"anonymous_id": ttp},
                "pixel": {"code": TIKTOK, "runtime": "1"}, "page": {"url": page, "referrer": ""},
                "pageview_id": f"pageId-{visit}-{nth}",
            },
            "properties": {"currency": "IDR", "value": str(_total(visit)), "contents": [
                {"content_id": f"variant_{visit % 400}", "quantity": 1, "price": _total(visit)}]},
        }  # fmt: skip
        yield "", cast.entry(later, "https://analytics.tiktok.com/api/v2/pixel", "ping", "application/json", body=call)
        relay = {
            "event_source_url": page, "referrer_url": "", "user_data": {"fbp": fbp, "fbc": fbc},
            "events": [{"event_id": event_id, "event_name": meta, "event_time": int(later.timestamp()),
                        "parameters": {"value": _total(visit), "currency": "IDR", "contents": goods}}],
        }  # fmt: skip
        url = f"https://api.scalev.id/v3/stores/{STORE}/public/analytics/meta/events"
        yield "", cast.entry(later, url, "fetch", "application/json", body=relay, status=204)


@dataclass(frozen=True)
class _Page:
    """What every request of one page has in common."""

    ref: str
    url: str
    cookie: str

    def entry(
        self, at: datetime, url: str, kind: str, mime: str, *, text: bool = False, body: Any = None, status: int = 200
    ) -> dict[str, Any]:
        sent = [
            {"name": name, "value": value}
            for name, value in {
                ":authority": url.split("/")[2], ":method": "GET" if body is None else "POST", ":scheme": "https",
                "accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd", "accept-language": "id-ID,id;q=0.9,en;q=0.8",
                "cookie": self.cookie, "referer": self.url, "sec-ch-ua": '"Chromium";v="131", "Not_A Brand";v="24"',
                "sec-ch-ua-mobile": "?1", "sec-fetch-dest": kind if kind == "document" else "empty", "sec-fetch-mode": "cors",
                "sec-fetch-site": "cross-site", "user-agent": _AGENT,
            }.items()
        ]  # fmt: skip
        answered = [
            {"name": name, "value": value}
            for name, value in {
                "cache-control": "no-cache, no-store, must-revalidate", "content-type": mime, "date": at.isoformat(),
                "server": "proxygen-bolt", "strict-transport-security": "max-age=31536000; includeSubDomains",
                "x-fb-debug": "a" * 88, "alt-svc": 'h3=":443"; ma=86400',
            }.items()
        ]  # fmt: skip
        frames = [
            {"functionName": "n", "scriptId": "20", "url": f"{SHOP}/assets/app.js?v={n}", "lineNumber": 1, "columnNumber": 5000 + n}
            for n in range(12)
        ]
        request: dict[str, Any] = {
            "method": "GET" if body is None else "POST", "url": url, "httpVersion": "http/2.0", "headers": sent, "queryString": [],
            "cookies": [], "headersSize": -1, "bodySize": 0,
        }  # fmt: skip
        if body is not None:
            request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
        content: dict[str, Any] = {"size": 0, "mimeType": mime}
        if text:
            content |= {"text": "@@text@@"} | ({"encoding": "base64"} if kind == "image" else {})
        return {
            "_initiator": {"type": "script", "stack": {"callFrames": frames}} if kind != "document" else {"type": "other"},
            "_priority": "High", "_resourceType": kind, "cache": {}, "connection": "443", "pageref": self.ref, "request": request,
            "response": {
                "status": status, "statusText": "", "httpVersion": "http/2.0", "headers": answered, "cookies": [],
                "content": content, "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 300, "_error": None,
            },
            "serverIPAddress": "157.240.8.35", "startedDateTime": at.isoformat().replace("+00:00", ".000Z"), "time": 41.5,
            "timings": {"blocked": 1.2, "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": 38.0, "receive": 2.2},
        }  # fmt: skip
