"""What a shopper does in the shop, click by click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

from .goods import SHOP_HOST, Buyer
from .landings import Landing
from .traffic import Traffic

READING_MS = 650


@dataclass(frozen=True)
class Visit:
    """One shopper: where from, what they buy, who they are and what they do after buying."""

    landing: Landing
    basket: Sequence[tuple[str, int]]
    buyer: Buyer
    after: Sequence[str] = ()


@dataclass(frozen=True)
class Reader:
    """Somebody at a page: waits for what happened there, reads for a moment, and leaves nothing unanswered behind."""

    page: Page
    traffic: Traffic
    pace_ms: int = READING_MS

    def read(self) -> None:
        """Stays until everything the page asked for is answered, reads for a moment, and is ready to leave."""
        self.traffic.settle(self.page)
        self.page.wait_for_timeout(self.pace_ms)
        self.traffic.settle(self.page, leaving=True)

    def sent(self, step: str) -> None:
        """Waits until the shop has sent a step's events, then reads."""
        self.page.wait_for_function("step => (document.body?.dataset.sent ?? '').split(' ').includes(step)", arg=step)
        self.read()

    def follow(self, link: str) -> None:
        """Clicks a link and is on its page."""
        with self.page.expect_navigation():
            self.page.click(link)


def scalev_visit(reader: Reader, visit: Visit) -> None:
    """Landing, product pages, cart, checkout, thank-you page on the Scalev shop."""
    _arrive_and_fill_cart(reader, visit)
    reader.read()
    _check_out(reader, visit)


def shopify_visit(reader: Reader, visit: Visit) -> None:
    """The same walk through the Shopify-like shop, whose cart page keeps the visitor's ids with the cart."""
    _arrive_and_fill_cart(reader, visit)
    reader.sent("attributes")
    _check_out(reader, visit)


def _arrive_and_fill_cart(reader: Reader, visit: Visit) -> None:
    reader.page.goto(visit.landing.url(SHOP_HOST), referer=visit.landing.referrer or None)
    reader.read()
    for slug, quantity in visit.basket:
        reader.follow(f'a[href="/products/{slug}"]')
        reader.sent("view")
        reader.page.fill("#quantity", str(quantity))
        reader.page.click("#add")
        reader.sent("cart")
    reader.follow('a[href="/cart"]')


def _check_out(reader: Reader, visit: Visit) -> None:
    page = reader.page
    reader.follow("#to-checkout")
    reader.sent("checkout")
    for name in ("name", "email", "phone", "city", "province"):
        page.fill(f"[name={name}]", getattr(visit.buyer, name))
    page.click("#checkout button")
    page.wait_for_url(lambda url: "/thank-you" in url)
    reader.read()
    for step in visit.after:
        if step == "reload":
            page.reload()
        else:
            reader.follow("#to-payment")
        reader.read()
