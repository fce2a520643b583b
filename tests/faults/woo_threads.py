"""The German shop's slips as public threads report them, each named by its thread."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.faults.decoded_shop import hashed
from tests.faults.launch import Launch, Send
from tests.faults.slips import Case, Slip, answer, both, each, lose, put
from tests.faults.woo_shop import SHOPPERS, SITE, Shopper

TAX = {shopper.number: shopper.total - round(shopper.total / Decimal("1.19"), 2) for shopper in SHOPPERS}


def worth(amount: Callable[[Shopper], Decimal], platform: str | None = None, channel: str | None = None) -> Slip:
    """Purchases report another amount of their order."""

    def change(send: Send) -> None:
        name = "cd[value]" if "cd[value]" in send.money else "value"
        send.money[name] = str(amount(SHOPPERS[send.shopper - 1]))

    return each(change, platform, channel, "Purchase")


def priced_in(currency: str, step: str | None = "Purchase") -> Slip:
    """Purchases on every side name another currency."""

    def change(send: Send) -> None:
        send.money["cd[currency]" if "cd[currency]" in send.money else "currency"] = currency

    return each(change, None, None, step)


def _revisit(launch: Launch) -> None:
    """The buyer opens the thank-you page a day later; browser and server fire again, agreeing on a new id."""
    for send in launch.some("meta", step="Purchase", shopper=1):
        twin = launch.again(send, 26 * 3600)
        twin.event["eid" if send.channel == "browser" else "event_id"] = "0b51c2d8-7f1e-4f0a-9a54-6f1f4d7be210"
        if send.channel == "browser":
            twin.event["it"] += 26 * 3600 * 1000


def _twice_in_one_page(launch: Launch) -> None:
    for step in ("InitiateCheckout", "Purchase"):
        for send in launch.some("meta", "browser", step):
            launch.again(send, 0.007).event["ec"] += 1


def _theme_snippet(launch: Launch) -> None:
    for send in launch.some("meta", "browser"):
        twin = launch.again(send, 0.2)
        for name in ("a", "eid"):
            twin.event.pop(name)


def _subscription(launch: Launch) -> None:
    for send in launch.some("meta", "server", "Purchase", 2):
        twin = launch.again(send, 4)
        twin.event["event_id"] = "5f0d4c7e-2f0b-4b51-8c11-90f5c7b9a3aa"
        twin.event["event_source_url"] = f"{SITE}/kasse/"
        twin.money["order_id"] = "54765"


def _unpaid(launch: Launch) -> None:
    launch.plan["purchase"]["conversion_point"] = "payment_confirmed"
    launch.orders[1].update(status="pending", date_paid=None, date_paid_gmt=None)


def _sent_at_creation(launch: Launch) -> None:
    _unpaid(launch)
    launch.orders[1]["status"] = "failed"
    launch.drop(*launch.some(None, "browser", "Purchase", 2))


def _ajax(launch: Launch) -> None:
    for send in launch.some("meta", "server", "Purchase"):
        send.event["event_source_url"] = f"{SITE}/?wc-ajax=update_order_review"
        send.event["event_id"] = f"e3b98a41-66c2-4d0d-bf10-54cc21d7000{send.shopper}"
        send.money["order_id"] = str(SHOPPERS[send.shopper - 1].order)


def _one_browser_id(launch: Launch) -> None:
    """The browser repeats one cart id; the server has a new one for each send."""
    for number, send in enumerate(launch.some("meta", step="AddToCart", shopper=3)):
        name = "eid" if send.channel == "browser" else "event_id"
        send.event[name] = "efbbfe49-150d-49a9-9e15-f43e3f17457f" if name == "eid" else f"64ecc03a-{number}d1b-4f0e"
        for more in (1, 2):
            twin = launch.again(send, 9.0 * more)
            if name == "event_id":
                twin.event[name] = f"64ecc03a-{number}d1b-4f0e-{more}"
            else:
                twin.event["ec"] += more


def _cached_page(launch: Launch) -> None:
    """Every visitor of one product page sends the id that was in the cache; no server event, the page never ran."""
    first = launch.some("meta", "browser", "ViewContent", 1)[0]
    for shopper in SHOPPERS[1:]:
        twin = launch.again(first, (shopper.start - SHOPPERS[0].start).total_seconds() + 9)
        twin.event["fbp"], twin.event["ud[em]"] = shopper.fbp, hashed(shopper.mail)
        twin.event.pop("fbc")
        twin.event["dl"] = twin.event["dl"].split("?")[0]


def _hidden_by_method(launch: Launch) -> None:
    """Who pays at the wallet's own site does not come back to the thank-you page."""
    launch.orders[0]["payment_method"] = "stripe"
    for number in (2, 3):
        launch.drop(*launch.some(None, None, "Purchase", number))


def _views(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "ViewContent"):
        for seconds, counter in ((-0.7, 0), (-0.512, 1)):
            twin = launch.again(send, seconds)
            twin.step = "PageView"
            for name in [name for name in twin.event if name.startswith("cd[")] + ["eid"]:
                twin.event.pop(name)
            twin.event |= {"ev": "PageView", "ec": counter, "it": send.event["it"]}
        send.event["ec"] = 2


def _whole_checkout_on_thanks_page(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "Purchase"):
        twin = launch.again(send, 0.3)
        twin.step = "InitiateCheckout"
        twin.event |= {"ev": "InitiateCheckout", "ec": 2, "eid": f"c2b4f1c0-11{send.shopper}0-4a3e-9a6a-1f2e3d4c5b60"}


def _checkout_on_thanks_page(launch: Launch) -> None:
    _whole_checkout_on_thanks_page(launch)
    for twin in launch.some("meta", "browser", "InitiateCheckout"):
        if twin.event["eid"].startswith("c2b4f1c0-11"):
            for name in ("cd[value]", "cd[contents]", "cd[content_ids]", "cd[currency]"):
                twin.event.pop(name)


def _empty_custom_data(send: Send) -> None:
    send.event["custom_data"] = {}
    error = {"message": "Invalid parameter", "type": "OAuthException", "code": 100, "error_subcode": 2804010}
    answer(400, {"error": error | {"error_user_title": "Missing Currency for Purchase Event", "fbtrace_id": "A"}})(send)


def _parent(send: Send) -> None:
    number = SHOPPERS[send.shopper - 1].lines[0]
    send.money.update(
        content_ids=[f"{number.sku}_{number.product}"],
        contents=[{"id": f"{number.sku}_{number.product}", "quantity": number.quantity}],
    )


CASES = (
    Case("facebook-for-woocommerce#4047 thank-you page opened again a day later", _revisit, ("duplicate_purchase:reload@meta",)),
    Case(
        "facebook-for-woocommerce#215 checkout and purchase twice by one page",
        _twice_in_one_page,
        ("repeated_step:same_page_double_call@meta",),
    ),
    Case(
        "facebook-for-woocommerce#706 two purchases by one page, without ids",
        both(_twice_in_one_page, each(lose("event", "eid"), "meta", "browser")),
        ("missing_event_id:absent@meta", "repeated_step:same_page_double_call@meta"),
    ),
    Case("facebook-for-woocommerce#983 theme snippet beside the plugin", _theme_snippet, ("duplicate_sender:two_agents@meta",)),
    Case(
        "facebook-for-woocommerce#3971 second purchase for the subscription",
        _subscription,
        ("purchase_without_order:unknown@meta",),
    ),
    Case(
        "facebook-for-woocommerce#4036 server purchase before the payment",
        _sent_at_creation,
        ("excluded_order_purchase:unpaid@meta",),
    ),
    Case("Yireo_GoogleTagManager2#227 purchase although the buyer never paid", _unpaid, ("excluded_order_purchase:unpaid",)),
    Case(
        "facebook-for-woocommerce#2348 checkout again on the thank-you page",
        _checkout_on_thanks_page,
        ("repeated_step:thank_you_page@meta",),
    ),
    Case(
        "checkout with all its data again on the thank-you page",
        _whole_checkout_on_thanks_page,
        ("repeated_step:thank_you_page@meta",),
    ),
    Case("module-facebook-pixel#8 page view twice at once", _views, ("duplicate_pixel_load@meta",)),
    Case(
        "facebook-for-woocommerce#3811 server purchase leaves from the checkout ajax",
        _ajax,
        ("event_id_mismatch:regenerated@meta",),
    ),
    Case("facebook-for-magento2#91 one browser id, a server id a send", _one_browser_id, ("event_id_mismatch:regenerated@meta",)),
    Case("facebook-for-woocommerce#1722 page cache bakes the id in", _cached_page, ("reused_event_id:page_cache@meta",)),
    Case(
        "facebook-nodejs-business-sdk#308 order number without its zeros",
        both(
            each(put("event", "eid", lambda _: "000017"), "meta", "browser", "Purchase", 1),
            each(put("event", "event_id", "17"), "meta", "server", "Purchase", 1),
        ),
        ("event_id_mismatch:number_or_padding@meta",),
    ),
    Case("facebook-for-woocommerce#3659 base currency beside the order's number", priced_in("CHF"), ("currency_mismatch:other",)),
    Case(
        "Facebook-For-OpenCart#323 coupon ignored",
        worth(lambda s: s.goods if s.coupon else s.total),
        ("value_mismatch:before_discount",),
    ),
    Case(
        "woocommerce-google-analytics-integration#642 value without tax",
        worth(lambda s: s.total - TAX[s.number]),
        ("value_mismatch:total_less_tax",),
    ),
    Case(
        "facebook-for-woocommerce#582 empty custom data",
        each(_empty_custom_data, "meta", "server", "Purchase"),
        ("missing_value:absent@meta",),
    ),
    Case(
        "nopCommerce#610 no purchase where one payment method was used",
        _hidden_by_method,
        ("order_without_purchase:payment_method_pattern",),
    ),
    Case(
        "facebook-for-woocommerce#2018 purchase names the parent",
        each(_parent, "meta", "server", "Purchase"),
        ("item_mismatch:variant_or_parent@meta",),
    ),
)
