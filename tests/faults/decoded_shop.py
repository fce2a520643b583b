"""A Japanese shop with three platforms: decoded pixel calls, a request log, orders in a table. Yen have no minor unit.

Meta and TikTok get their server events straight at their own APIs, SnackVideo through the storefront relay.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.launch import Launch, Row, Send, iso, millis

META = "5520918830174462"
TIKTOK = "D1B7Q2RC77U4N0K9M3TG"
SNACKVIDEO = "604417829935512"
STORE = "store_Kn82LmQx0PzA"
SITE = "https://nagisa.example.com"
STEPS = ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
SNACK = {"ViewContent": "contentView", "AddToCart": "addToCart", "InitiateCheckout": "initiatedCheckout", "Purchase": "purchase"}
PAGES = {
    "ViewContent": "/goods/{slug}",
    "AddToCart": "/goods/{slug}",
    "InitiateCheckout": "/checkout",
    "Purchase": "/thanks/{order}",
}


@dataclass(frozen=True)
class Shopper:
    """Who bought what, through which ad."""

    number: int
    order: str
    source: str
    item: str
    slug: str
    price: int
    quantity: int
    discount: int
    shipping: int
    fee: int
    start: datetime

    @property
    def goods(self) -> int:
        """The cart, before anything else."""
        return self.price * self.quantity

    @property
    def total(self) -> int:
        """What the buyer is asked for."""
        return self.goods - self.discount + self.shipping + self.fee

    @property
    def fbp(self) -> str:
        return f"fb.1.{millis(self.start)}.31782904556{self.number}7"

    @property
    def ttp(self) -> str:
        return f"01KA4Q7XZ3M{self.number}8V6T2JYQ5W0RNC_.tt.1"

    def click(self, platform: str) -> str | None:
        """The ad's click id on the landing page, if this platform's ad brought them."""
        made = {
            "meta": "IwZXh0bgNhZW0CMTEAAR1k_Qv-7Lr2Txc8WbJq0ZyHdUo3MGf5NsKe9PiA",
            "tiktok": "E.C.P.CsQBwK3pVn7_TzqL0dHf2RkYb9xMsJ4uGvW6aEoCi1NtP5yXj8Qr",
            "snackvideo": "CJx4qT9_vbW2mKe0LzRdH7sYcPnU1fGoA3iBtXk5MwEh",
        }
        return f"{made[platform]}{self.number}" if self.source == platform else None

    @property
    def fbc(self) -> str | None:
        click = self.click("meta")
        return f"fb.1.{millis(self.start)}.{click}" if click else None


DAY = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
SHOPPERS = (
    Shopper(1, "NT10421", "meta", "YUKATA-NV-M", "yukata", 12800, 1, 1280, 880, 330, DAY),
    Shopper(2, "NT10422", "tiktok", "TENUGUI-04", "tenugui", 1650, 3, 165, 550, 120, DAY + timedelta(hours=1)),
    Shopper(3, "NT10423", "snackvideo", "GETA-24", "geta", 6400, 2, 900, 990, 330, DAY + timedelta(hours=2)),
)


def decoded_launch() -> Launch:
    """The clean launch."""
    sends = [send for shopper in SHOPPERS for step in STEPS for send in _step(shopper, step)]
    return Launch(sends, [_order(shopper) for shopper in SHOPPERS], _plan(), write_table)


def hashed(text: str) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def email(number: int) -> str:
    """The buyer's address."""
    return f"buyer{number}@example.com"


# ---------------------------------------------------------------------- events


def _step(shopper: Shopper, step: str) -> list[Send]:
    at = shopper.start + timedelta(seconds=40 * STEPS.index(step) + 5)
    sends = [_call(shopper, step, at, platform) for platform in ("meta", "tiktok", "snackvideo")]
    sends.append(_meta(shopper, step, at))
    if step == "Purchase":
        sends.append(_tiktok(shopper, step, at))
    if shopper.source == "snackvideo":
        sends.append(_relay(shopper, step, at))
    return sends


def _page(shopper: Shopper, step: str) -> str:
    page = SITE + PAGES[step].format(slug=shopper.slug, order=shopper.order)
    names = {"meta": "fbclid", "tiktok": "ttclid", "snackvideo": "click_id"}
    return f"{page}?{names[shopper.source]}={shopper.click(shopper.source)}" if step == "ViewContent" else page


def _name(platform: str, step: str) -> str:
    if platform == "snackvideo":
        return SNACK[step]
    return "CompletePayment" if platform == "tiktok" and step == "Purchase" else step


def _id(shopper: Shopper, platform: str, step: str) -> str:
    name = _name(platform, step)
    if step == "Purchase":
        return f"{name}.{shopper.order}"
    return f"{name}.{hashed(f'{shopper.order} {step} {platform}')[:20]}"


def _params(shopper: Shopper, platform: str, step: str) -> Row:
    quantity = 1 if step == "ViewContent" else shopper.quantity
    value = shopper.total if step == "Purchase" else shopper.price * quantity
    id_key, price_key = ("id", "item_price") if platform == "meta" else ("content_id", "price")
    params: Row = {"value": value, "currency": "JPY", "content_type": "product"}
    params["contents"] = [{id_key: shopper.item, "quantity": quantity, price_key: shopper.price}]
    if platform == "meta":
        params["content_ids"] = [shopper.item]
    return params


def _call(shopper: Shopper, step: str, at: datetime, platform: str) -> Send:
    cookies: dict[str, str | None] = {
        "_fbp": shopper.fbp, "_ttp": shopper.ttp, "_fbc": shopper.fbc, "_ttclid": shopper.click("tiktok"),
        "_kwai_click_id": shopper.click("snackvideo"),
    }  # fmt: skip
    row: Row = {
        "ts": iso(at), "platform": platform,
        "pixel_id": {"meta": META, "tiktok": TIKTOK, "snackvideo": SNACKVIDEO}[platform],
        "event": _name(platform, step), "params": _params(shopper, platform, step), "page_url": _page(shopper, step),
        "referrer": f"{SITE}/", "cookies": {name: value for name, value in cookies.items() if value},
        "sender": "storefront.js", "session": f"visit-{shopper.number}",
    }  # fmt: skip
    if platform != "snackvideo":
        row["event_id"] = _id(shopper, platform, step)
    return Send(platform, "browser", step, shopper.number, row, row, row["params"], row["cookies"])


def _meta(shopper: Shopper, step: str, at: datetime) -> Send:
    person: Row = {
        "em": [hashed(email(shopper.number))], "external_id": [hashed(f"customer {shopper.number}")], "fbp": shopper.fbp,
        "client_ip_address": f"192.0.2.{shopper.number}", "client_user_agent": "Mozilla/5.0 (Linux; Android 15)",
    }  # fmt: skip
    if shopper.fbc:
        person["fbc"] = shopper.fbc
    event: Row = {
        "event_name": step, "event_time": int(at.timestamp()), "event_id": _id(shopper, "meta", step),
        "action_source": "website", "event_source_url": _page(shopper, step), "user_data": person,
        "custom_data": _params(shopper, "meta", step),
    }  # fmt: skip
    row = _request(
        at, f"https://graph.facebook.com/v23.0/{META}/events", {"data": [event]}, 200,
        {"events_received": 1, "messages": [], "fbtrace_id": "AbC3dE5fG7h"},
    )  # fmt: skip
    return Send("meta", "server", step, shopper.number, row, event, event["custom_data"], person)


def _tiktok(shopper: Shopper, step: str, at: datetime) -> Send:
    person: Row = {
        "email": hashed(email(shopper.number)), "external_id": hashed(f"customer {shopper.number}"), "ttp": shopper.ttp,
        "ip": f"192.0.2.{shopper.number}", "user_agent": "Mozilla/5.0 (Linux; Android 15)",
    }  # fmt: skip
    if click := shopper.click("tiktok"):
        person["ttclid"] = click
    event: Row = {
        "event": "CompletePayment", "event_time": int(at.timestamp()), "event_id": _id(shopper, "tiktok", step),
        "user": person, "page": {"url": _page(shopper, step), "referrer": f"{SITE}/"},
        "properties": _params(shopper, "tiktok", step),
    }  # fmt: skip
    body = {"event_source": "web", "event_source_id": TIKTOK, "data": [event]}
    row = _request(
        at, "https://business-api.tiktok.com/open_api/v1.3/event/track/", body, 200,
        {"code": 0, "message": "OK", "request_id": f"2026111801000{shopper.number}", "data": {}},
    )  # fmt: skip
    return Send("tiktok", "server", step, shopper.number, row, event, event["properties"], person)


def _relay(shopper: Shopper, step: str, at: datetime) -> Send:
    params = _params(shopper, "snackvideo", step)
    money: Row = {"content_type": "product", "currency": "JPY", "value": params["value"], "content_id": shopper.item}
    event: Row = {"event_name": SNACK[step], "properties": money}
    body: Row = {
        "click_id": shopper.click("snackvideo"), "event_source_url": _page(shopper, step), "referrer_url": f"{SITE}/",
        "events": [event],
        "variants": [{"variant_unique_id": f"variant_{shopper.item}", "quantity": params["contents"][0]["quantity"]}],
    }  # fmt: skip
    url = f"https://api.scalev.com/v3/stores/{STORE}/public/analytics/snackvideo/events"
    row = _request(at, url, body, 204, None)
    return Send("snackvideo", "server", step, shopper.number, row, event, money, body)


def _request(at: datetime, url: str, body: Row, status: int, response: Row | None) -> Row:
    row: Row = {
        "ts": iso(at + timedelta(milliseconds=700)), "method": "POST", "url": url, "body": body, "status": status,
        "headers": {"content-type": "application/json", "user-agent": "nagisa-orders/3.2"}, "sender": "order-service",
    }  # fmt: skip
    if "scalev" in url:
        row["headers"]["x-scalev-storefront-api-key"] = "sfpk_2f81c0aa"
    return row if response is None else row | {"response": response}


# ---------------------------------------------------------------------- orders and plan


def _order(shopper: Shopper) -> Row:
    placed = shopper.start + timedelta(seconds=120)
    return {
        "order_id": shopper.order, "created_at": iso(placed), "paid_at": iso(placed + timedelta(seconds=2)),
        "status": "open", "payment_status": "paid", "payment_method": "card", "source": "web", "currency": "JPY",
        "subtotal": shopper.goods - shopper.discount, "discount": shopper.discount, "shipping": shopper.shipping,
        "tax": round(shopper.total / 11), "fees": shopper.fee, "total": shopper.total, "is_spam": "false",
        "is_test": "false", "cancelled_at": "", "email": email(shopper.number),
        "items": [{"id": shopper.item, "quantity": shopper.quantity, "price": shopper.price}],
    }  # fmt: skip


def write_table(folder: Path, orders: list[Row]) -> None:
    """The orders as one CSV, items as JSON in a cell."""
    path = folder / "orders" / "orders.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for order in orders for name in order))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(order | {"items": json.dumps(order["items"])} for order in orders)


def _plan() -> Row:
    platforms: dict[str, Any] = {
        "meta": {"datasets": [META], "require": {step: ["browser", "server"] for step in STEPS}},
        "tiktok": {"datasets": [TIKTOK]},
        "snackvideo": {"datasets": [SNACKVIDEO], "relay_store": STORE},
    }
    senders = []
    for platform, entry in platforms.items():
        entry["allowed_domains"] = ["nagisa.example.com"]
        events = ["Purchase"] if platform == "tiktok" else list(STEPS)
        senders += [
            _sender("Storefront script", platform, "browser", "tracking", list(STEPS), {"sender": "storefront.js"}),
            _sender("Order service", platform, "server", "data", events, {"sender": "order-service"}),
        ]
    return {
        "launch": {"name": "Summer festival", "timezone": "Asia/Tokyo", "test_orders": [s.order for s in SHOPPERS]},
        "purchase": {"value": "total", "event_id": "{event_name}.{order_id}", "tolerance": {"JPY": 1}},
        "platforms": platforms,
        "senders": senders,
    }


def _sender(name: str, platform: str, channel: str, owner: str, events: list[str], match: Row) -> Row:
    return {
        "name": name, "platform": platform, "channel": channel, "events": events, "owner": owner, "primary": True, "match": match,
    }  # fmt: skip
