"""The Scalev side of the first shop: storefront pages, storefront API, orders and the conversion relay."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from . import relay_rules
from .answers import Answer, Request, json_answer, page, script, utc_text
from .goods import ITEM, ITEMS, OTHER_SCALEV_STORE, SCALEV_STORE, SHOP_HOST, SPAMMER, Item
from .scalev_pages import page_of_path, render
from .web_files import WebFiles

API_HOST = "api.scalev.com"
SHIPPING = 19_000
JAKARTA = timedelta(hours=7)


@dataclass
class ScalevShop:
    """One running shop: its carts, its orders and the log of its relay."""

    files: WebFiles
    rng: random.Random
    carts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reserved: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)
    relay_log: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: Request) -> Answer | None:
        """Answers the shop's own hosts; None for anybody else's."""
        if request.host == SHOP_HOST:
            return self._shop(request)
        if request.host == API_HOST:
            return self._api(request)
        return None

    def _shop(self, request: Request) -> Answer:
        if request.path == "/assets/storefront.js":
            return script(self.files["storefront.js"])
        name = page_of_path(request.path)
        return page(render(name, request.path)) if name else Answer(404)

    def _api(self, request: Request) -> Answer:
        store, _, path = request.path.removeprefix("/v3/stores/").partition("/")
        if store not in {SCALEV_STORE, OTHER_SCALEV_STORE}:
            return relay_rules.refusal(404, "not_found", "No such store.")
        if path.startswith("public/analytics/"):
            return self._relay(request, path.split("/")[2])
        routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "public/cart"): self._cart,
            ("POST", "public/cart/items"): self._add,
            ("POST", "public/checkout"): self._checkout,
        }
        if path.startswith("public/items/"):
            return _data(_line(ITEM[path.rsplit("/", 1)[-1]], 1))
        handler = routes.get((request.method, path))
        return _data(handler(request)) if handler else relay_rules.refusal(404, "not_found", "No such route.")

    def _relay(self, request: Request, platform: str) -> Answer:
        body = request.json()
        answer = relay_rules.judge(platform, body)
        wanted = ("user-agent", "origin", "x-scalev-storefront-api-key", "content-type")
        self.relay_log.append(
            {
                "ts": utc_text(datetime.now(UTC)),
                "method": request.method,
                "url": request.url,
                "body": body,
                "status": answer.status,
                "headers": {name: request.headers.get(name) for name in wanted},
            }
        )
        return answer

    def _lines(self, request: Request) -> list[dict[str, Any]]:
        return self.carts.setdefault(request.headers["x-scalev-guest-token"], [])

    def _cart(self, request: Request) -> dict[str, Any]:
        lines = self._lines(request)
        token = request.headers["x-scalev-guest-token"]
        preview = self.reserved.setdefault(token, self._reserve(lines))
        return {"items": lines, "shipping_cost": f"{SHIPPING}.00", "order_preview": preview}

    def _add(self, request: Request) -> dict[str, Any]:
        wanted = request.json()
        number = wanted.get("variant_id") or wanted.get("bundle_id")
        line = _line(next(item for item in ITEMS if item.number == number), wanted["quantity"])
        self._lines(request).append(line)
        return line

    def _reserve(self, lines: list[dict[str, Any]]) -> dict[str, Any]:
        product_price = sum(line["price"] * line["quantity"] for line in lines)
        unique_code = self.rng.randint(101, 899)
        letters = "".join(self.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(6))
        return {
            "order_id": f"{datetime.now(UTC) + JAKARTA:%y%m%d}{letters}",
            "gross_revenue": _money(product_price - unique_code + SHIPPING),
            "net_revenue": _money(product_price - unique_code),
            "product_price": _money(product_price),
            "unique_code_discount": _money(unique_code),
            "shipping_cost": _money(SHIPPING),
            "customer_id": 28_024 + len(self.orders),
            "is_probably_spam": False,
        }

    def _checkout(self, request: Request) -> dict[str, Any]:
        form = request.json()
        preview = self.reserved[request.headers["x-scalev-guest-token"]]
        order = _order(preview, self._lines(request), form, len(self.orders))
        self.orders.append(order)
        return order


def _data(value: Any) -> Answer:
    return json_answer({"data": value})


def _money(amount: int) -> str:
    return f"{amount}.00"


def _line(item: Item, quantity: int) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "id": item.number,
        "unique_id": item.unique_id,
        "name": item.name,
        "category": item.category,
        "price": item.rupiah,
        "quantity": quantity,
        "sku": item.sku,
        "description": item.description,
    }


def _order(preview: dict[str, Any], lines: list[dict[str, Any]], form: dict[str, str], index: int) -> dict[str, Any]:
    """An order as the shop's API returns and exports it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    spam = form["email"] == SPAMMER.email
    slug = uuid.uuid4().hex
    return {
        "id": _uuid7(),
        **preview,
        "secret_slug": slug,
        "public_order_url": f"https://{SHOP_HOST}/thank-you/{slug}",
        "payment_url": f"https://{SHOP_HOST}/payment/{slug}",
        "status": "pending",
        "payment_status": "unpaid",
        "is_probably_spam": spam,
        "mark_as_spam_by": "ai" if spam else None,
        "draft_time": now,
        "pending_time": now,
        "confirmed_time": None,
        "canceled_time": None,
        "unpaid_time": now,
        "paid_time": None,
        "conflict_time": None,
        "settled_time": None,
        "store": {"name": "Contoh Store", "unique_id": SCALEV_STORE},
        "payment_method": "bank_transfer" if index % 2 == 0 else "cod",
        "product_discount": "0.00",
        "discount_code_discount": "0.00",
        "shipping_discount": "0.00",
        "other_income": "0.00",
        "payment_fee": "0.00",
        "total_quantity": sum(line["quantity"] for line in lines),
        "final_variants": {line["name"]: line["quantity"] for line in lines},
        "destination_address": {key: form[key] for key in ("name", "phone", "email", "city", "province")},
        "orderlines": [_orderline(line) for line in lines],
        "created_at": now,
        "last_updated_at": now,
    }


def _orderline(line: dict[str, Any]) -> dict[str, Any]:
    total = _money(line["price"] * line["quantity"])
    bundle = line["kind"] == "bundle"
    return {
        "quantity": line["quantity"],
        "product_name": line["name"],
        "variant_sku": line["sku"],
        "variant_unique_id": None if bundle else line["unique_id"],
        "bundle_price_option_unique_id": line["unique_id"] if bundle else None,
        "variant_price": _money(line["price"]),
        "product_price": total,
        "discount": "0.00",
    }


def _uuid7() -> str:
    stamp = int(datetime.now(UTC).timestamp() * 1000)
    tail = uuid.uuid4().int & (1 << 62) - 1
    return str(uuid.UUID(int=stamp << 80 | 7 << 76 | uuid.uuid4().int & 0xFFF << 64 | 0b10 << 62 | tail))
