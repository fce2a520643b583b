"""The Shopify-like shop: pages, cart, checkout and orders; its backend hears of each new order."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .answers import Answer, Request, json_answer, page, script
from .goods import ITEM, ITEMS, SHOP_HOST, Item
from .shopify_pages import page_of_path, render
from .web_files import WebFiles

CENT = Decimal("0.01")
SHIPPING = Decimal("5.00")
TAX_RATE = Decimal("0.08")
BUNDLE_DISCOUNT = Decimal("0.10")


@dataclass
class Cart:
    """One shopper's cart."""

    token: str
    lines: list[dict[str, Any]] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    order: dict[str, Any] | None = None


@dataclass
class ShopifyShop:
    """One running shop. `heard` is called with each order when it is created, as a webhook would be."""

    files: WebFiles
    rng: random.Random
    heard: Callable[[dict[str, Any]], None]
    cart: Cart = field(default_factory=lambda: Cart(""))
    orders: list[dict[str, Any]] = field(default_factory=list)

    def new_shopper(self) -> None:
        """Starts a fresh cart: shoppers come one after another."""
        self.cart = Cart(f"hWN{self.rng.getrandbits(120):030x}")

    def answer(self, request: Request) -> Answer | None:
        """Answers the shop's host; None for anybody else's."""
        if request.host != SHOP_HOST:
            return None
        if request.path == "/cdn/shop_pixel.js":
            return script(self.files["shop_pixel.js"])
        if request.path.endswith((".js", "/complete")):
            return self._ajax(request)
        name = page_of_path(request.path)
        order = self.cart.order if name == "thank-you" else None
        return page(render(name, request.path, self.cart.token, order)) if name else Answer(404)

    def _ajax(self, request: Request) -> Answer:
        if request.path == "/cart/add.js":
            added = [_cart_line(_by_variant(wanted["id"]), wanted["quantity"]) for wanted in request.json()["items"]]
            self.cart.lines += added
            return json_answer({"items": added})
        if request.path == "/cart/update.js":
            self.cart.attributes = request.json()["attributes"]
            return json_answer({"items": self.cart.lines})
        if request.path == "/cart.js":
            return json_answer({"token": self.cart.token, "items": self.cart.lines})
        if request.path.endswith("/complete"):
            return self._complete(request)
        item = ITEM[request.path.rsplit("/", 1)[-1].removesuffix(".js")]
        variant = {"id": item.shopify_variant, "price": item.cents, "sku": item.sku}
        return json_answer({"title": item.name, "variants": [variant]})

    def _complete(self, request: Request) -> Answer:
        next_page = f"/checkouts/cn/{self.cart.token}/thank-you"
        order = _order(self.cart, request.json(), 1001 + len(self.orders))
        order["thank_you_url"] = f"https://{SHOP_HOST}{next_page}"
        order["user_agent"] = request.headers.get("user-agent", "")
        self.cart.order = {key: order[key] for key in ("id", "name", "total_price", "currency", "line_items")}
        self.orders.append(order)
        self.heard(order)
        return json_answer({"next": next_page})


def _by_variant(number: int) -> Item:
    return next(item for item in ITEMS if item.shopify_variant == number)


def _cart_line(item: Item, quantity: int) -> dict[str, Any]:
    return {"id": item.shopify_variant, "sku": item.sku, "title": item.name, "price": item.cents, "quantity": quantity}


def _order(cart: Cart, form: dict[str, str], number: int) -> dict[str, Any]:
    """Totals as the shop's admin shows them: total = subtotal after discount + shipping + taxes."""
    full = sum((Decimal(line["price"]) / 100 * line["quantity"] for line in cart.lines), Decimal(0))
    bundled = any(line["sku"].startswith("WKB") for line in cart.lines)
    discount = _cents(full * BUNDLE_DISCOUNT) if bundled else Decimal("0.00")
    subtotal = _cents(full - discount)
    tax = _cents(subtotal * TAX_RATE)
    return {
        "id": 5_820_114_302_193 + number * 32_768,
        "name": f"#{number}",
        "number": number,
        "created_at": datetime.now(UTC).replace(microsecond=0),
        "currency": "USD",
        "subtotal_price": f"{subtotal}",
        "total_shipping": f"{SHIPPING}",
        "total_tax": f"{tax}",
        "total_price": f"{subtotal + SHIPPING + tax}",
        "total_discounts": f"{discount}",
        "discount_code": "NOV10" if bundled else "",
        "line_items": [dict(line) for line in cart.lines],
        "buyer": dict(form),
        "attributes": {key: value for key, value in cart.attributes.items() if value},
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
