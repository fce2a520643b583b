"""The HTML of the Shopify-like shop: plain pages that load the shop's pixel script."""

from __future__ import annotations

import json
from typing import Any

from .goods import ITEM, ITEMS

NAV = "".join(f'<a href="/products/{item.slug}">{item.name}</a> ' for item in ITEMS) + '<a href="/cart">Cart</a>'
FIELDS = ("name", "email", "phone", "city", "province")


def page_of_path(path: str) -> str | None:
    """Which page a path shows; None for a path the shop does not have."""
    parts = path.strip("/").split("/")
    if parts[0] == "checkouts":
        return "thank-you" if parts[-1] == "thank-you" else "checkout"
    return {"promo": "landing", "products": "product", "cart": "cart"}.get(parts[0])


def render(name: str, path: str, token: str, order: dict[str, Any] | None) -> str:
    """The page's HTML; the thank-you page carries its order as data."""
    slug = path.rstrip("/").rsplit("/", 1)[-1]
    title = ITEM[slug].name if slug in ITEM else name.replace("-", " ").title()
    data = f'<script type="application/json" id="order">{json.dumps(order)}</script>' if order else ""
    body = BODIES[name].replace("TOKEN", token)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | Sample Goods</title>'
        f'<link rel="icon" href="data:,"></head><body data-page="{name}" data-item="{slug}"><nav>{NAV}</nav>'
        f'<main><h1>{title}</h1>{body}</main>{data}<script src="/cdn/shop_pixel.js"></script></body></html>'
    )


BODIES = {
    "landing": "<p>November offers.</p>",
    "product": '<input id="quantity" type="number" value="1"><button id="add" type="button" class="buy">Add to cart</button>',
    "cart": '<p>Your cart.</p><a id="to-checkout" href="/checkouts/cn/TOKEN">Check out</a>',
    "checkout": '<form id="checkout">'
    + "".join(f'<input name="{name}" aria-label="{name}">' for name in FIELDS)
    + '<button type="submit" class="pay">Pay now</button></form>',
    "thank-you": '<p>Thank you. Paid: <b id="total"></b></p>',
}
