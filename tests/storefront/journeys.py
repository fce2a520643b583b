"""What a shopper does in the shop, click by click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

from .goods import SHOP_HOST, Buyer
from .landings import Landing

READING_MS = 650


@dataclass(frozen=True)
class Visit:
    """One shopper: where from, what they buy, who they are and what they do after buying."""

    landing: Landing
    basket: Sequence[tuple[str, int]]
    buyer: Buyer
    after: Sequence[str] = ()


def scalev_visit(page: Page, visit: Visit, pace_ms: int = READING_MS) -> None:
    """Landing, product pages, cart, checkout, thank-you page on the Scalev shop."""
    _arrive_and_fill_cart(page, visit, pace_ms)
    page.wait_for_timeout(pace_ms)
    page.click("#to-checkout")
    _check_out(page, visit, pace_ms)


def shopify_visit(page: Page, visit: Visit, pace_ms: int = READING_MS) -> None:
    """The same walk through the Shopify-like shop, whose cart page keeps the visitor's ids with the cart."""
    _arrive_and_fill_cart(page, visit, pace_ms)
    _sent(page, "attributes", pace_ms)
    page.click("#to-checkout")
    _check_out(page, visit, pace_ms)


def _arrive_and_fill_cart(page: Page, visit: Visit, pace_ms: int) -> None:
    page.goto(visit.landing.url(SHOP_HOST), referer=visit.landing.referrer or None)
    page.wait_for_timeout(pace_ms)
    for slug, quantity in visit.basket:
        page.click(f'a[href="/products/{slug}"]')
        _sent(page, "view", pace_ms)
        page.fill("#quantity", str(quantity))
        page.click("#add")
        _sent(page, "cart", pace_ms)
    page.click('a[href="/cart"]')


def _check_out(page: Page, visit: Visit, pace_ms: int) -> None:
    _sent(page, "checkout", pace_ms)
    for name in ("name", "email", "phone", "city", "province"):
        page.fill(f"[name={name}]", getattr(visit.buyer, name))
    page.click("#checkout button")
    page.wait_for_url(lambda url: "/thank-you" in url)
    page.wait_for_timeout(pace_ms)
    for step in visit.after:
        if step == "reload":
            page.reload()
        else:
            page.click("#to-payment")
        page.wait_for_timeout(pace_ms)


def _sent(page: Page, step: str, pace_ms: int) -> None:
    """Waits until the shop has sent a step's events, then reads on for a moment."""
    page.wait_for_function("step => (document.body?.dataset.sent ?? '').split(' ').includes(step)", arg=step)
    page.wait_for_timeout(pace_ms)
