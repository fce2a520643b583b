"""The Japanese shop's slips with steps, ids and senders."""

from __future__ import annotations

from typing import Any

from tests.faults.decoded_shop import META, SHOPPERS
from tests.faults.launch import Launch, Send, shift
from tests.faults.slips import Case, Change, Slip, both, each, lose, lost, order, plan, put


def second(sender: str, seconds: float, new_id: str, *where: Any) -> Slip:
    """Another sender fires the same events again under ids of its own."""

    def slip(launch: Launch) -> None:
        for send in launch.some(*where):
            twin = launch.again(send, seconds)
            twin.row["sender"] = sender
            twin.event["event_id"] = f"{new_id}{twin.event['event_id']}"

    return slip


def register(sender: str, platform: str, channel: str, owner: str = "data") -> Slip:
    """The plan declares one sender more."""

    def slip(launch: Launch) -> None:
        launch.plan["senders"].append(
            {
                "name": sender, "platform": platform, "channel": channel, "events": ["Purchase"], "owner": owner,
                "match": {"sender": sender},
            }
        )  # fmt: skip

    return slip


def event_id(made: Any) -> Change:
    return put("event", "event_id", made)


def _unknown_order(launch: Launch) -> None:
    for send in launch.some("meta", step="Purchase", shopper=2):
        twin = launch.again(send, 900)
        twin.event["event_id"] = "Purchase.NT10877"
        url = "page_url" if send.channel == "browser" else "event_source_url"
        twin.event[url] = "https://nagisa.example.com/thanks/NT10877"


def _staging_order(launch: Launch, host: str = "staging.nagisa.example.com") -> None:
    """Somebody tries a purchase on the staging site, which has the live pixel and a shop of its own."""
    for send in launch.some("meta", step="Purchase", shopper=2):
        twin = launch.again(send, 900)
        twin.event["event_id"] = "Purchase.NT77"
        url = "page_url" if send.channel == "browser" else "event_source_url"
        twin.event[url] = f"https://{host}/thanks/NT77"
        twin.row.pop("session", None)


def _stale_parameter(launch: Launch) -> None:
    """Every sale's order parameter still holds the number of the sale before it."""
    before = {1: "NT10421", 2: "NT10421", 3: "NT10422"}
    for send in launch.some(step="Purchase"):
        if send.platform != "snackvideo" or send.channel == "browser":
            send.money["order_id"] = before[send.shopper]


def _plan_of_another_launch(launch: Launch) -> None:
    """The plan was copied from another shop: its pixels, domain, senders, store and test orders."""
    launch.plan["launch"]["test_orders"] = ["HB1", "HB2"]
    for name, dataset in (("meta", "9920918830174499"), ("tiktok", "CZQ7Q2RC77U4N0K9M3TG"), ("snackvideo", "904417829935599")):
        launch.plan["platforms"][name].update(datasets=[dataset], allowed_domains=["hibari.example.org"])
    launch.plan["platforms"]["snackvideo"]["relay_store"] = "store_Zw90TtYb4RmC"
    for sender in launch.plan["senders"]:
        sender["match"] = {"sender": f"hibari-{sender['match']['sender']}"}


def _other_dataset(send: Send) -> None:
    send.row["url"] = "https://graph.facebook.com/v23.0/7719002415553380/events"


def _second_pixel(launch: Launch) -> None:
    for send in launch.some("meta", "browser"):
        launch.again(send, 0).row["pixel_id"] = "7719002415553380"


def _extra_cart_pixel(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "AddToCart"):
        launch.again(send, 0).row["pixel_id"] = "7719002415553380"


def _pixel_that_nobody_starts(launch: Launch) -> None:
    launch.plan["platforms"]["meta"]["datasets"].append("7719002415553380")


def _reload(launch: Launch) -> None:
    for send in launch.some("meta", step="Purchase", shopper=1):
        launch.again(send, 7200).event["event_id"] = "Purchase.NT10421.reload"


def _payment_page(launch: Launch) -> None:
    for send in launch.some("meta", step="Purchase"):
        twin = launch.again(send, 400)
        twin.event["event_id"] += "-PAID"
        twin.event["page_url" if send.channel == "browser" else "event_source_url"] = (
            f"https://nagisa.example.com/payment/{SHOPPERS[send.shopper - 1].order}"
        )


def _swap_cart_and_checkout(launch: Launch) -> None:
    for send in launch.some("meta", step="AddToCart", shopper=1):
        shift(send, 60)


def _steps_of_thanks(launch: Launch) -> None:
    """The tag of cart and checkout waits for the thank-you page."""
    for number, step in enumerate(("InitiateCheckout", "AddToCart"), start=1):
        for send in launch.some("meta", step=step):
            shift(send, 40 * number - number)
            page = "page_url" if send.channel == "browser" else "event_source_url"
            send.event[page] = f"https://nagisa.example.com/thanks/{SHOPPERS[send.shopper - 1].order}"


def _double_call(launch: Launch) -> None:
    for send in launch.some("meta", "browser", "AddToCart", 1):
        launch.again(send, 0.004)


def _a_sale_behind(launch: Launch) -> None:
    """The server's code still holds the id of the sale before."""
    sales = launch.some("meta", "server", "Purchase")
    for send, before in zip(sales[:0:-1], sales[-2::-1], strict=True):
        send.event["event_id"] = before.event["event_id"]


def _placed_later(launch: Launch) -> None:
    for number, shopper in enumerate(SHOPPERS):
        launch.orders[number]["created_at"] = f"2026-11-18T0{1 + number}:12:40Z"
        launch.orders[number]["paid_at"] = f"2026-11-18T0{1 + number}:12:42Z"
        assert shopper.start.hour == 1 + number


def _paid_later(launch: Launch) -> None:
    launch.plan["purchase"]["conversion_point"] = "payment_confirmed"
    for row in launch.orders:
        row["paid_at"] = row["created_at"].replace(":02:00", ":47:00")


def _sent_when_paid(launch: Launch) -> None:
    """A transfer arrives three days later; only then does the server send its copy, under the same id."""
    launch.orders[0]["paid_at"] = "2026-11-21T01:02:00Z"
    for send in launch.some("meta", "server", "Purchase", 1):
        shift(send, 3 * 86400)


def _sent_again(launch: Launch) -> None:
    for send in launch.some("meta", "server", "Purchase", 1):
        launch.again(send, 3 * 86400)


CHAIN = (
    Case("browser purchase missing", lost("meta", "browser", "Purchase"), ("missing_browser_event:unknown@meta",)),
    Case("tiktok purchase not sent by the server", lost("tiktok", "server"), ("missing_server_event:no_request_seen@tiktok",)),
    Case(
        "Facebook-Pixel-for-Wordpress#108 purchase reaches only the browser",
        lost("meta", "server", "Purchase"),
        ("missing_server_event:no_request_seen@meta",),
    ),
    Case("one order without any meta purchase", lost("meta", None, "Purchase", 2), ("order_without_purchase:never_fired@meta",)),
    Case("checkout step never fired", lost("tiktok", None, "InitiateCheckout"), ("missing_step:never_fired@tiktok",)),
    Case("cart event after the checkout", _swap_cart_and_checkout, ("step_out_of_order@meta",)),
    Case(
        "sale told as PlaceAnOrder by both sides",
        each(put("event", "event", "PlaceAnOrder"), "tiktok", None, "Purchase"),
        ("order_without_purchase:other_event@tiktok",),
    ),
    Case("cart and checkout leave from the thank-you page only", _steps_of_thanks, ("step_out_of_order:thank_you_page@meta",)),
    Case(
        "order parameter of the sale before, everywhere",
        _stale_parameter,
        tuple(f"purchase_without_order:other_order@{platform}" for platform in ("meta", "tiktok", "snackvideo")),
    ),
    Case("the plan of another launch", _plan_of_another_launch, ("unknown_dataset:other_launch",)),
    Case("a sale of the staging site in the live pixel", _staging_order, ("purchase_without_order:test_site@meta",)),
    Case(
        "a sale of a staging site outside the allowed domains",
        lambda launch: _staging_order(launch, "nagisa-preview.example.net"),
        ("disallowed_domain:staging@meta",),
    ),
    Case("purchase of an order nobody has", _unknown_order, ("purchase_without_order:unknown@meta",)),
    Case("purchase ten minutes before its order", _placed_later, ("early_event:before_order",)),
    Case("paid-only plan, purchase before the payment", _paid_later, ("early_event:before_payment",)),
    Case("cart event called twice in one page", _double_call, ("repeated_step:same_page_double_call@meta",)),
    Case("spam order with purchases", order(2, is_spam="true"), ("excluded_order_purchase:spam",)),
    Case("shop's own test order with purchases", order(3, is_test="true"), ("excluded_order_purchase:test",)),
    Case(
        "cancelled before the purchase left",
        order(1, status="cancelled", cancelled_at="2026-11-18T01:01:00Z"),
        ("excluded_order_purchase:cancelled",),
    ),
    Case("purchase again on the payment page", _payment_page, ("two_conversion_points:payment_page@meta",)),
    Case(
        "backend purchase at payment beside the one at creation",
        both(second("billing", 1800, "paid-", "meta", "server", "Purchase"), register("billing", "meta", "server")),
        ("two_conversion_points:backend_event@meta",),
    ),
)
DEDUP = (
    Case(
        "browser events without ids",
        each(lose("event", "event_id"), "meta", "browser"),
        ("missing_event_id:absent@meta",),
        alone=True,
    ),
    Case(
        "facebook-for-magento2#63 server purchase without id",
        each(lose("event", "event_id"), "meta", "server", "Purchase"),
        ("missing_event_id:absent@meta",),
    ),
    Case(
        "Facebook-For-OpenCart#562 purchase ids sent empty",
        each(event_id(""), "tiktok", "server", "Purchase"),
        ("missing_event_id:empty_string@tiktok",),
    ),
    Case("server ids in capitals", each(event_id(str.upper), "meta", "server"), ("event_id_mismatch:case@meta",), alone=True),
    Case(
        "server ids with a prefix", each(event_id("srv_{}".format), "meta", "server"), ("event_id_mismatch:prefix_or_suffix@meta",)
    ),
    Case(
        "server ids with a blank behind",
        each(event_id("{} ".format), "tiktok", "server"),
        ("event_id_mismatch:whitespace_or_encoding@tiktok",),
    ),
    Case(
        "server ids made anew",
        each(lambda s: s.event.update(event_id=f"c0ffee{s.shopper}{s.step[:3].lower()}b41d77"), "meta", "server"),
        ("event_id_mismatch:regenerated@meta",),
    ),
    Case(
        "ConversionsAPI-Tag-for-GoogleTagManager#12 id read from another field",
        each(event_id("undefined"), "meta", "server", "Purchase", 1),
        ("event_id_mismatch:placeholder@meta",),
    ),
    Case(
        "purchase renamed in the browser only",
        each(put("event", "event", "Purchase"), "tiktok", "browser", "Purchase"),
        ("event_name_mismatch:tiktok_rename@tiktok",),
    ),
    Case(
        "stape-io/tiktok-tag#21 server calls it PlaceAnOrder",
        each(put("event", "event", "PlaceAnOrder"), "tiktok", "server", "Purchase"),
        ("event_name_mismatch:tiktok_rename@tiktok",),
    ),
    Case("server sends to another pixel", each(_other_dataset, "meta", "server"), ("dataset_mismatch@meta",), alone=True),
    Case(
        "server queue held the purchases for two days",
        each(lambda send: send.row.update(ts=send.row["ts"].replace("11-18", "11-20")), "tiktok", "server"),
        ("dedup_window_exceeded:queue_delay@tiktok",),
    ),
    Case("server reports the sale when the transfer arrives", _sent_when_paid, ("dedup_window_exceeded:at_payment@meta",)),
    Case(
        "paid-only plan, browser at the order, server when the transfer arrives",
        both(plan("purchase.conversion_point", "payment_confirmed"), _sent_when_paid),
        ("early_event:before_payment",),
    ),
    Case("server reports the sale again when it is delivered", _sent_again, ("dedup_window_exceeded:sent_again@meta",)),
    Case("server sends the id of the sale before", _a_sale_behind, ("reused_event_id:other_order@meta",)),
    Case(
        "cart ids are a counter",
        each(event_id("1"), "meta", None, "AddToCart"),
        ("reused_event_id:low_entropy@meta",),
    ),
    Case(
        "purchase ids are random on both sides",
        each(lambda s: s.event.update(event_id=f"9f31{s.shopper}d07a{s.shopper}4e55{s.shopper}"), "meta", None, "Purchase"),
        ("nondeterministic_purchase_id@meta",),
    ),
)
SENDERS = (
    Case(
        "container tag fires a purchase of its own",
        second("gtm.js", 0.3, "gtm-", "meta", "browser", "Purchase"),
        ("duplicate_sender:two_scripts@meta",),
    ),
    Case("second pixel beside the plan's", _second_pixel, ("duplicate_purchase:second_dataset@meta",)),
    Case("other pixel gets carts only", _extra_cart_pixel, ("unknown_dataset@meta",)),
    Case("second pixel of the plan is started nowhere", _pixel_that_nobody_starts, ("unknown_dataset:silent_dataset@meta",)),
    Case("thank-you page makes a new id when opened again", _reload, ("duplicate_purchase:reload@meta",)),
    Case(
        "server tries again under a new id",
        second("order-service", 30, "retry-", "tiktok", "server", "Purchase"),
        ("duplicate_purchase:retry_new_id@tiktok",),
    ),
    Case(
        "a sender nobody declared",
        each(put("row", "sender", "funnel-builder.js"), "tiktok", "browser", "ViewContent"),
        ("undeclared_sender@tiktok",),
    ),
    Case("a declared sender is silent", register("server-gtm", "meta", "server"), ("silent_sender@meta",)),
)



def _two_pixels(launch: Launch) -> None:
    """Views and carts go to one pixel of the plan, checkouts and sales to the other."""
    launch.plan["platforms"]["meta"]["datasets"].append("5520918830179999")
    for send in launch.some("meta"):
        if send.step in ("ViewContent", "AddToCart"):
            name = "pixel_id" if send.channel == "browser" else "url"
            send.row[name] = send.row[name].replace(META, "5520918830179999")


def _one_id_for_two_carts(launch: Launch) -> None:
    for send in launch.some("meta", step="AddToCart", shopper=1):
        twin = launch.again(send, 9)
        twin.money.update(value=1650, content_ids=["TENUGUI-04"])
        twin.money["contents"] = [{"id": "TENUGUI-04", "quantity": 1, "item_price": 1650}]


ACTS = (Case("two things put into the cart under one id", _one_id_for_two_carts, ("reused_event_id:kept_id@meta",)),)
PIXELS = (Case("one visit on two pixels of the plan", _two_pixels, ("unknown_dataset:no_purchase@meta",)),)
NAMING = tuple(
    Case(
        f"{platform}'s server names another order in its parameter",
        each(lambda s: s.money.update(order_id=SHOPPERS[s.shopper % 3].order), platform, "server", "Purchase"),
        (f"purchase_without_order:other_order@{platform}",),
    )
    for platform in ("meta", "tiktok", "snackvideo")
)

CASES = CHAIN + DEDUP + SENDERS + ACTS + PIXELS + NAMING
