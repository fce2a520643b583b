"""The Japanese shop's slips with money and goods."""

from __future__ import annotations

from typing import Any

from tests.faults.decoded_shop import SHOPPERS
from tests.faults.launch import Launch
from tests.faults.slips import Case, Slip, each, lose, put

BASES = {
    "total_less_shipping": lambda s: s.total - s.shipping,
    "subtotal": lambda s: s.goods - s.discount,
    "before_discount": lambda s: s.goods,
    "total_less_fees": lambda s: s.total - s.fee,
    "total_less_tax": lambda s: s.total - round(s.total / 11),
    "times_100": lambda s: s.total * 100,
    "divided_by_100": lambda s: s.total / 100,
    "thousands_separator": lambda s: s.total / 1000,
    "unexplained": lambda s: s.total + 777,
    "pieces_left_out": lambda s: s.price,
}


def value(basis: str, *where: Any) -> Slip:
    """Purchase values are something else than the total."""
    return each(lambda send: send.money.update(value=BASES[basis](SHOPPERS[send.shopper - 1])), *_purchase(where))


def _purchase(where: tuple[Any, ...]) -> tuple[Any, ...]:
    platform, channel = (*where, None, None)[:2]
    return (platform, channel, "Purchase")


def _whole_cart(launch: Launch) -> None:
    """A second thing is put into the cart; its event names that thing and the worth of both."""
    for send in launch.some("meta", step="AddToCart", shopper=1):
        twin = launch.again(send, 9)
        twin.event["event_id"] += "b"
        twin.money.update(value=12800 + 1650, content_ids=["TENUGUI-04"])
        twin.money["contents"] = [{"id": "TENUGUI-04", "quantity": 1, "item_price": 1650}]


def _one_id(launch: Launch) -> None:
    """A default where the goods' own ids belong."""
    for send in launch.some(step="Purchase"):
        for line in send.money.get("contents", []):
            line["id" if send.platform == "meta" else "content_id"] = "SKU123"
        for name, value in (("content_ids", ["SKU123"]), ("content_id", "SKU123")):
            if name in send.money:
                send.money[name] = value


def _refunded(launch: Launch, channel: str | None = "server") -> None:
    """A day later the sale is taken back as a Purchase below zero, under an id of its own."""
    for send in launch.some("meta", channel, "Purchase", 1):
        twin = launch.again(send, 86400)
        twin.money["value"] = -twin.money["value"]
        twin.event["event_id"] += "-refund"
    launch.orders[0].update(refunded=launch.orders[0]["total"])


CASES = (
    *(
        Case(f"value is {basis}", value(basis), (f"value_mismatch:{basis}",))
        for basis in (
            "total_less_shipping",
            "subtotal",
            "before_discount",
            "times_100",
            "thousands_separator",
            "unexplained",
            "pieces_left_out",
        )
    ),
    Case(
        "wp-calypso#45415 zero-decimal currency divided by a hundred",
        value("divided_by_100"),
        ("value_mismatch:divided_by_100",),
    ),
    Case("fee left out in the browser", value("total_less_fees", "meta", "browser"), ("value_mismatch:total_less_fees@meta",)),
    Case("tax left out on the server", value("total_less_tax", "meta", "server"), ("value_mismatch:total_less_tax@meta",)),
    Case("value missing", each(lose("money", "value"), "meta", "server", "Purchase"), ("missing_value:absent@meta",)),
    Case("value empty", each(put("money", "value", ""), "meta", "browser", "Purchase"), ("missing_value:empty@meta",)),
    Case(
        "facebook-for-woocommerce#294 value 0.00 of a paid order",
        each(put("money", "value", "0.00"), "meta", None, "Purchase"),
        ("missing_value:zero_for_paid_order@meta",),
    ),
    Case(
        "value with its sign", each(put("money", "value", "¥{}".format), "meta", "browser"), ("invalid_value:currency_sign@meta",)
    ),
    Case(
        "value with commas",
        each(put("money", "value", "{:,}".format), "tiktok", "browser", "Purchase", 1),
        ("invalid_value:thousands_separator@tiktok",),
    ),
    Case("negative value", each(put("money", "value", lambda v: -v), "tiktok", "server"), ("invalid_value:negative@tiktok",)),
    Case("a refund told as a negative sale by the same sender", _refunded, ("invalid_value:negative@meta",)),
    Case(
        "a refund told as a negative sale on both sides", lambda launch: _refunded(launch, None), ("invalid_value:negative@meta",)
    ),
    Case("value is a word", each(put("money", "value", "free"), "meta", "server", "Purchase"), ("invalid_value:text@meta",)),
    Case("currency missing", each(lose("money", "currency"), "meta", "browser"), ("missing_currency@meta",)),
    Case("currency is no code", each(put("money", "currency", "YEN"), "tiktok"), ("invalid_currency@tiktok",)),
    Case(
        "currency falls back to dollars",
        each(put("money", "currency", "USD"), "meta", None, "Purchase"),
        ("currency_mismatch:default_usd@meta",),
    ),
    Case(
        "server falls back to dollars on the product's page",
        each(put("money", "currency", "USD"), "meta", "server", "ViewContent"),
        ("channel_value_mismatch:currency@meta",),
    ),
    Case(
        "amounts converted into dollars",
        each(lambda s: s.money.update(value=round(s.money["value"] / 151.2, 2), currency="USD"), "meta", None, "Purchase"),
        ("currency_mismatch:converted@meta",),
    ),
    Case(
        "currency of another shop",
        each(put("money", "currency", "KRW"), "tiktok", "server"),
        ("currency_mismatch:other@tiktok",),
    ),
    Case(
        "cart value differs between the sides",
        each(put("money", "value", lambda v: v + 500), "meta", "server", "AddToCart"),
        ("channel_value_mismatch:unexplained@meta",),
    ),
    Case(
        "facebook-for-woocommerce#1847 cart value is the whole cart",
        _whole_cart,
        ("contents_total_mismatch:cumulative_cart@meta",),
    ),
    Case(
        "server names the parent product",
        each(
            lambda s: s.money.update(content_ids=["P-100"], contents=[{"id": "P-100", "quantity": 1}]), "meta", "server", "Purchase"
        ),
        ("item_mismatch:variant_or_parent@meta",),
    ),
    Case(
        "facebook-for-woocommerce#2018 checkouts name the parent on both sides",
        each(
            lambda s: s.money.update(content_ids=["P-100"], contents=[{"id": "P-100", "quantity": 1}]),
            "meta",
            None,
            "InitiateCheckout",
        ),
        ("item_mismatch:variant_or_parent@meta",),
    ),
    Case(
        "quantity is always one",
        each(lambda s: s.money["contents"][0].update(quantity=1), "meta", "server", "Purchase", 2),
        ("item_mismatch:quantity@meta",),
    ),
    Case(
        "one default id in every purchase",
        _one_id,
        tuple(f"item_mismatch:one_id_for_all@{platform}" for platform in ("meta", "tiktok", "snackvideo")),
    ),
    Case(
        "the id list names the parent, contents the variant",
        each(put("money", "content_ids", lambda ids: [ids[0].split("-")[0]]), "meta"),
        ("item_mismatch:two_lists@meta",),
    ),
)
