"""A German shop on WooCommerce, prices with tax included: raw pixel requests, a Conversions API log, REST orders.

The shop system sends every step to Meta from browser and server under one random id; TikTok has its pixel only.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.decoded_shop import hashed
from tests.faults.launch import Launch, Row, Send, iso, millis

META = "3381920475561087"
TIKTOK = "C9F3LSRC77U2H8V5D6E0"
SITE = "https://laden.example.com"
AGENT = "woocommerce-10.3.5-3.7.6"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
STEPS = ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
TR = "https://www.facebook.com/tr/"
TIKTOK_PIXEL = "https://analytics.tiktok.com/api/v2/pixel"


@dataclass(frozen=True)
class Line:
    """One thing in a basket; the price is what the shelf says, tax included."""

    product: int
    variation: int
    sku: str
    price: Decimal
    quantity: int

    @property
    def retailer_id(self) -> str:
        """The id the shop system gives the catalogue."""
        return f"{self.sku}_{self.variation}"


@dataclass(frozen=True)
class Shopper:
    """Who bought what, through which ad."""

    number: int
    order: int
    source: str | None
    slug: str
    lines: tuple[Line, ...]
    coupon: Decimal
    fee: Decimal
    start: datetime

    @property
    def goods(self) -> Decimal:
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the buyer is asked for."""
        return self.goods - self.coupon + SHIPPING + self.fee

    @property
    def fbp(self) -> str:
        return f"fb.1.{millis(self.start)}.78290145566{self.number}32105"

    @property
    def fbc(self) -> str | None:
        return f"fb.1.{millis(self.start)}.{FBCLID}" if self.source == "meta" else None

    @property
    def ttp(self) -> str:
        return f"01KA8D2VQ5N{self.number}4H7J9TWXC0RYEB_.tt.1"

    @property
    def mail(self) -> str:
        return f"kundin{self.number}@example.org"


SHIPPING = Decimal("4.90")
FBCLID = "PAZXh0bgNhZW0CMTEAAafT3q_uYk81RzvKo5nLw0XbMcD7sJHe2GfVi9QpAtZxWy-Bn6EjUrh4lSCgOm"
TTCLID = "E.C.P.Dt0BzL7mWqXn_2KvRfYs9HcJ4uGpTb1EoAi6NdMxZ5yQj8CkVr3Uw"
JACKET = Line(1881, 1953, "JACKE-NAVY-M", Decimal("89.00"), 1)
CAP = Line(1882, 1960, "MUETZE-GRAU", Decimal("24.50"), 2)
BELT = Line(1890, 1991, "GUERTEL-90", Decimal("31.00"), 1)
DAY = datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
SHOPPERS = (
    Shopper(1, 54763, "meta", "jacke-navy", (JACKET,), Decimal(0), Decimal("2.50"), DAY),
    Shopper(2, 54764, "tiktok", "muetze-grau", (CAP,), Decimal("8.00"), Decimal("1.50"), DAY + timedelta(hours=3)),
    Shopper(3, 54766, None, "guertel", (BELT, CAP), Decimal("12.00"), Decimal("2.50"), DAY + timedelta(hours=5)),
)


def woo_launch() -> Launch:
    """The clean launch."""
    sends = [send for shopper in SHOPPERS for step in STEPS for send in _step(shopper, step)]
    return Launch(sends, [_order(shopper) for shopper in SHOPPERS], _plan(), write_rest)


# ---------------------------------------------------------------------- events


def _step(shopper: Shopper, step: str) -> list[Send]:
    at = shopper.start + timedelta(seconds=50 * STEPS.index(step) + 8)
    event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{shopper.order} {step}"))
    return [_hit(shopper, step, at, event_id), _capi(shopper, step, at, event_id), _ttq(shopper, step, at)]


def _page(shopper: Shopper, step: str) -> str:
    if step == "Purchase":
        return f"{SITE}/kasse/order-received/{shopper.order}/?key=wc_order_{hashed(str(shopper.order))[:13]}"
    if step == "InitiateCheckout":
        return f"{SITE}/kasse/"
    click = {"meta": f"?fbclid={FBCLID}", "tiktok": f"?ttclid={TTCLID}"}.get(shopper.source or "", "")
    return f"{SITE}/produkt/{shopper.slug}/{click if step == 'ViewContent' else ''}"


def _lines(shopper: Shopper, step: str) -> list[tuple[Line, int]]:
    if step == "ViewContent":
        return [(shopper.lines[0], 1)]
    return [(line, line.quantity) for line in shopper.lines]


def _value(shopper: Shopper, step: str) -> Decimal:
    if step == "Purchase":
        return shopper.total
    return sum((line.price * quantity for line, quantity in _lines(shopper, step)), Decimal(0))


def _hit(shopper: Shopper, step: str, at: datetime, event_id: str) -> Send:
    lines = _lines(shopper, step)
    contents = [{"id": line.retailer_id, "quantity": quantity} for line, quantity in lines]
    query: Row = {
        "id": META, "ev": step, "dl": _page(shopper, step), "rl": f"{SITE}/", "if": "false", "ts": millis(at),
        "cd[content_ids]": json.dumps([line.retailer_id for line, _ in lines]), "cd[contents]": json.dumps(contents),
        "cd[content_type]": "product", "cd[value]": f"{_value(shopper, step)}", "cd[currency]": "EUR", "sw": 1920,
        "sh": 1080, "ud[em]": hashed(shopper.mail), "v": "2.9.324", "r": "stable", "a": AGENT, "ec": 1, "o": 4126,
        "fbp": shopper.fbp, "it": millis(at) - 900, "coo": "false", "eid": event_id, "tm": 1, "rqm": "GET",
    }  # fmt: skip
    if shopper.fbc:
        query["fbc"] = shopper.fbc
    row: Row = {"ts": iso(at + timedelta(milliseconds=200)), "method": "GET", "url": TR, "query": query, "status": 200}
    return Send("meta", "browser", step, shopper.number, row, query, query, query)


def _capi(shopper: Shopper, step: str, at: datetime, event_id: str) -> Send:
    lines = _lines(shopper, step)
    person: Row = {
        "em": hashed(shopper.mail), "country": hashed("de"), "external_id": hashed(f"kundin {shopper.number}"),
        "client_ip_address": f"198.51.100.{shopper.number}", "client_user_agent": BROWSER, "fbp": shopper.fbp,
    }  # fmt: skip
    if shopper.fbc:
        person["fbc"] = shopper.fbc
    money: Row = {
        "content_ids": [line.retailer_id for line, _ in lines], "content_type": "product",
        "contents": [{"id": line.retailer_id, "quantity": quantity} for line, quantity in lines],
        "value": f"{_value(shopper, step)}", "currency": "EUR",
    }  # fmt: skip
    event: Row = {
        "event_name": step, "event_time": int(at.timestamp()), "event_id": event_id, "action_source": "website",
        "event_source_url": _page(shopper, step), "referrer_url": f"{SITE}/", "user_data": person, "custom_data": money,
    }  # fmt: skip
    row: Row = {
        "ts": iso(at + timedelta(milliseconds=1100)), "method": "POST",
        "url": f"https://graph.facebook.com/v22.0/{META}/events", "body": {"data": [event], "partner_agent": AGENT},
        "status": 200, "response": {"events_received": 1, "messages": [], "fbtrace_id": "Ax7Kq2LmN9"},
        "headers": {"user-agent": "WordPress/6.9"},
    }  # fmt: skip
    return Send("meta", "server", step, shopper.number, row, event, money, person)


def _ttq(shopper: Shopper, step: str, at: datetime) -> Send:
    name = "CompletePayment" if step == "Purchase" else step
    click = TTCLID if shopper.source == "tiktok" else None
    person: Row = {"anonymous_id": shopper.ttp, "email": hashed(shopper.mail)}
    money: Row = {
        "currency": "EUR", "value": float(_value(shopper, step)), "content_type": "product",
        "contents": [
            {"content_id": str(line.variation), "quantity": quantity, "price": float(line.price)}
            for line, quantity in _lines(shopper, step)
        ],
    }  # fmt: skip
    stamp = millis(at)
    body: Row = {
        "event": name, "event_id": f"{name}_{stamp}_{shopper.number}7f3", "timestamp": iso(at), "is_onsite": False,
        "message_id": f"messageId-{stamp}-{4821390571100 + shopper.number}-{TIKTOK}", "properties": money,
        "context": {
            "ad": {"sdk_env": "external", "jsb_status": 2} | ({"callback": click} if click else {}),
            "library": {"name": "pixel.js", "version": "2.2.0"}, "page": {"url": _page(shopper, step), "referrer": f"{SITE}/"},
            "pageview_id": f"{hashed(f'{shopper.order} {step}')[:32]}::{TIKTOK}",
            "pixel": {"code": TIKTOK, "runtime": "1"}, "session_id": f"{hashed(shopper.mail)[:32]}::{TIKTOK}",
            "user": person, "userAgent": BROWSER,
        },
    }  # fmt: skip
    row: Row = {"ts": iso(at + timedelta(milliseconds=150)), "method": "POST", "url": TIKTOK_PIXEL, "body": body, "status": 200}
    return Send("tiktok", "browser", step, shopper.number, row, body, money, person)


# ---------------------------------------------------------------------- orders and plan


def _net(gross: Decimal) -> Decimal:
    return (gross / Decimal("1.19")).quantize(Decimal("0.01"))


def _order(shopper: Shopper) -> Row:
    """As the REST API v3 prints it; amounts of lines, shipping, coupon and fee are net, ``total`` is not."""
    placed = shopper.start + timedelta(seconds=155)
    net_goods, net_coupon = _net(shopper.goods), _net(shopper.coupon)
    share = (shopper.goods - shopper.coupon) / shopper.goods
    total_net = net_goods - net_coupon + _net(SHIPPING) + _net(shopper.fee)
    return {
        "id": shopper.order, "parent_id": 0, "number": str(shopper.order),
        "order_key": f"wc_order_{hashed(str(shopper.order))[:13]}", "created_via": "checkout", "version": "10.3.5",
        "status": "processing", "currency": "EUR", "prices_include_tax": True, "customer_id": shopper.number,
        **_dates("created", placed), **_dates("modified", placed + timedelta(seconds=9)),
        **_dates("paid", placed + timedelta(seconds=1)), "date_completed": None, "date_completed_gmt": None,
        "discount_total": f"{net_coupon}", "discount_tax": f"{shopper.coupon - net_coupon}",
        "shipping_total": f"{_net(SHIPPING)}", "shipping_tax": f"{SHIPPING - _net(SHIPPING)}",
        "cart_tax": f"{shopper.total - SHIPPING - (total_net - _net(SHIPPING))}", "total": f"{shopper.total}",
        "total_tax": f"{shopper.total - total_net}", "customer_note": "",
        "billing": {"first_name": "Test", "last_name": "Kundin", "email": shopper.mail, "phone": ""},
        "payment_method": "ppcp-gateway", "payment_method_title": "PayPal", "transaction_id": f"8AB{shopper.order}",
        "meta_data": [],
        "line_items": [_line_item(number, line, share) for number, line in enumerate(shopper.lines, 1)],
        "shipping_lines": [{"id": 90, "method_id": "flat_rate", "total": f"{_net(SHIPPING)}"}],
        "fee_lines": [{"id": 95, "name": "Geschenkverpackung", "total": f"{_net(shopper.fee)}",
                       "total_tax": f"{shopper.fee - _net(shopper.fee)}"}] if shopper.fee else [],
        "coupon_lines": [{"id": 97, "code": "herbst", "discount": f"{net_coupon}"}] if shopper.coupon else [],
        "refunds": [],
    }  # fmt: skip


def _line_item(number: int, line: Line, share: Decimal) -> Row:
    gross = line.price * line.quantity
    paid = (gross * share).quantize(Decimal("0.01"))
    return {
        "id": 300 + number, "name": line.sku.title(), "product_id": line.product, "variation_id": line.variation,
        "quantity": line.quantity, "subtotal": f"{_net(gross)}", "subtotal_tax": f"{gross - _net(gross)}",
        "total": f"{_net(paid)}", "total_tax": f"{paid - _net(paid)}", "sku": line.sku,
        "price": float(_net(paid) / line.quantity),
    }  # fmt: skip


def _dates(name: str, moment: datetime) -> Row:
    local = moment.astimezone(ZoneInfo("Europe/Berlin"))
    return {f"date_{name}": f"{local:%Y-%m-%dT%H:%M:%S}", f"date_{name}_gmt": f"{moment:%Y-%m-%dT%H:%M:%S}"}


def write_rest(folder: Path, orders: list[Row]) -> None:
    """One page of the REST answer."""
    path = folder / "orders" / "orders.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(orders, indent=1), encoding="utf-8")


def _plan() -> Row:
    platforms: dict[str, Any] = {
        "meta": {"datasets": [META], "require": {step: ["browser", "server"] for step in STEPS}},
        "tiktok": {"datasets": [TIKTOK], "require": {step: ["browser"] for step in STEPS}},
    }
    for entry in platforms.values():
        entry["allowed_domains"] = ["laden.example.com"]
    common: Row = {"events": list(STEPS), "primary": True}
    senders: list[Row] = [
        {"name": "Shop system", "platform": "meta", "channel": "browser", "owner": "media", "match": {"agent": "woocommerce-*"}},
        {"name": "Shop system", "platform": "meta", "channel": "server", "owner": "media",
         "match": {"partner_agent": "woocommerce-*"}},
        {"name": "Theme", "platform": "tiktok", "channel": "browser", "owner": "theme", "match": {"dataset": TIKTOK}},
    ]  # fmt: skip
    return {
        "launch": {
            "name": "Herbst", "timezone": "Europe/Berlin", "test_orders": [str(shopper.order) for shopper in SHOPPERS],
        },
        "purchase": {"value": "total", "tolerance": {"EUR": 0.01}},
        "platforms": platforms,
        "senders": [sender | common for sender in senders],
    }  # fmt: skip
