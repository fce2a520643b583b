"""The HTML of the Scalev shop: five plain pages that load the storefront script."""

from __future__ import annotations

from .goods import ITEM, ITEMS

NAV = "".join(f'<a href="/products/{item.slug}">{item.name}</a> ' for item in ITEMS) + '<a href="/cart">Cart</a>'


def page_of_path(path: str) -> str | None:
    """Which page a path shows; None for a path the shop does not have."""
    first = path.strip("/").split("/")[0]
    names = {
        "promo": "landing",
        "products": "product",
        "cart": "cart",
        "checkout": "checkout",
        "thank-you": "thank-you",
        "payment": "payment",
    }
    return names.get(first)


def render(name: str, path: str) -> str:
    """The page's HTML."""
    slug = path.rstrip("/").rsplit("/", 1)[-1]
    item = ITEM.get(slug)
    body = BODIES[name].replace("SLUG", slug)
    title = item.name if item else name.replace("-", " ").title()
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | Contoh Store</title>'
        f'<link rel="icon" href="data:,"></head><body data-page="{name}" data-item="{slug}"><nav>{NAV}</nav>'
        f"<main><h1>{title}</h1>{body}</main>"
        '<script src="/assets/storefront.js"></script></body></html>'
    )


BODIES = {
    "landing": "<p>November offers.</p>",
    "product": '<p id="price"></p><input id="quantity" type="number" value="1">'
    '<button id="add" type="button" class="buy">Add to cart</button>',
    "cart": '<p>Your cart.</p><a id="to-checkout" href="/checkout">Check out</a>',
    "checkout": '<form id="checkout">'
    + "".join(f'<input name="{name}" aria-label="{name}">' for name in ("name", "email", "phone", "city", "province"))
    + '<button type="submit" class="pay">Place order</button></form>',
    "thank-you": '<p>Thank you. To pay: <b id="total"></b></p><a id="to-payment" href="/payment/SLUG">Payment</a>',
    "payment": '<p>Payment received: <b id="total"></b></p>',
}
