"""Shopify's GraphQL Admin API: connections with nodes or with edges, one order, and the flat lines of a bulk operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .reading import money, read


def amount(shop: str, presentment: str | None = None) -> dict[str, Any]:
    return {
        "shopMoney": {"amount": shop, "currencyCode": "USD"},
        "presentmentMoney": {"amount": presentment or shop, "currencyCode": "CAD" if presentment else "USD"},
    }


LINES: list[dict[str, Any]] = [
    {
        "id": "gid://shopify/LineItem/466157049", "title": "Black Shirt", "sku": "BSH-M", "quantity": 2,
        "originalUnitPriceSet": amount("19.0"), "totalDiscountSet": amount("0.0"),
        "variant": {"id": "gid://shopify/ProductVariant/39072856"}, "product": {"id": "gid://shopify/Product/632910392"},
    },
    {
        "id": "gid://shopify/LineItem/518995019", "title": "Tip", "sku": None, "quantity": 1,
        "originalUnitPriceSet": amount("2.0"), "totalDiscountSet": amount("0.0"), "variant": None, "product": None,
    },
]  # fmt: skip
ORDER: dict[str, Any] = {
    "id": "gid://shopify/Order/148977776", "name": "#1001", "email": "jordan@example.com", "createdAt": "2026-11-20T10:44:00Z",
    "updatedAt": "2026-11-20T10:45:00Z", "cancelledAt": None, "test": False, "sourceName": "web", "taxesIncluded": False,
    "displayFinancialStatus": "PARTIALLY_REFUNDED", "displayFulfillmentStatus": "UNFULFILLED", "currencyCode": "USD",
    "presentmentCurrencyCode": "CAD", "paymentGatewayNames": ["shopify_payments"], "totalPriceSet": amount("49.04", "68.65"),
    "subtotalPriceSet": amount("38.0"), "totalDiscountsSet": amount("0.0"), "totalShippingPriceSet": amount("5.0"),
    "totalTaxSet": amount("4.04"), "totalTipReceivedSet": amount("2.0"), "totalRefundedSet": amount("9.04"),
    "currentTotalPriceSet": amount("40.0"), "customer": {"phone": "+12125550123"},
}  # fmt: skip
PAGE = {"hasNextPage": False, "endCursor": None}


def nodes(*orders: dict[str, Any]) -> str:
    return json.dumps(
        {
            "data": {"orders": {"nodes": [order | {"lineItems": {"nodes": LINES}} for order in orders], "pageInfo": PAGE}},
            "extensions": {"cost": {"requestedQueryCost": 12}},
        }
    )


def edges(*orders: dict[str, Any]) -> str:
    listed = [order | {"lineItems": {"edges": [{"node": line} for line in LINES]}} for order in orders]
    return json.dumps({"data": {"orders": {"edges": [{"cursor": "x", "node": order} for order in listed], "pageInfo": PAGE}}})


def alone(*orders: dict[str, Any]) -> str:
    return json.dumps({"data": {"order": orders[0] | {"lineItems": {"nodes": LINES}}}}, indent=2)


def bulk(*orders: dict[str, Any]) -> str:
    rows = [row for order in orders for row in (order, *(line | {"__parentId": order["id"]} for line in LINES))]
    return "".join(json.dumps(row) + "\n" for row in rows)


SHAPES = {"nodes": (nodes, 1), "edges": (edges, 1), "one order": (alone, 1), "bulk operation": (bulk, 3)}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_order_is_the_same_in_every_shape(shape: str, tmp_path: Path) -> None:
    write, rows = SHAPES[shape]
    reading = read(tmp_path, "orders.json", write(ORDER))
    assert (reading.loader, reading.counts) == ("shopify_graphql", (rows, rows, 0, 0))
    names = ("total", "subtotal", "discount", "shipping", "tax", "fees", "refunded", "current_total", "presentment_total")
    assert reading.texts(f"select order_id, currency, presentment_currency, {', '.join(map(money, names))} from orders") == [
        "1001 | USD | CAD | 49.04 | 38 | 0 | 5 | 4.04 | 2 | 9.04 | 40 | 68.65"
    ]
    facts = "created_at, changed_at, status, payment_status, is_paid, is_test, is_cancelled, order_source, tax_included"
    assert reading.texts(f"select {facts} from orders") == [
        "2026-11-20 10:44:00 | 2026-11-20 10:45:00 | unfulfilled | partially_refunded | True | False | False | web | False"
    ]
    assert reading.texts("select key, kind from order_keys order by key") == ["#1001 | name", "148977776 | id"]
    items = f"position, item_id, id_space, cast(quantity as int), {money('price')}, counts"
    assert reading.texts(f"select {items} from order_items order by position, item_id") == [
        "1 | 39072856 | variant | 2 | 19 | True",
        "1 | 632910392 | product | 2 | 19 | True",
        "1 | BSH-M | sku | 2 | 19 | True",
    ]
    assert reading.rows("select count(email_digest), count(phone_digest) from orders") == [(1, 1)]
    assert reading.tally.gaps == ()


@pytest.mark.parametrize("write", [nodes, edges, bulk])
def test_each_order_of_an_answer_has_its_own_place(write: Any, tmp_path: Path) -> None:
    second = ORDER | {"id": "gid://shopify/Order/148977777", "name": "#1002", "test": True}
    reading = read(tmp_path, "orders.json", write(ORDER, second))
    places = ["orders.json:1", "orders.json:4"] if write is bulk else ["orders.json:1", "orders.json:2"]
    assert [row[0] for row in reading.rows("select ref from orders order by order_id")] == places
    assert reading.texts("select order_id, is_test from orders order by order_id") == ["1001 | False", "1002 | True"]
    counts = "select order_id, count(*) from order_items group by order_id order by order_id"
    assert reading.texts(counts) == ["1001 | 3", "1002 | 3"]


def test_other_children_of_a_bulk_operation_are_ignored(tmp_path: Path) -> None:
    refund = {"id": "gid://shopify/Refund/5", "__parentId": ORDER["id"]}
    reading = read(tmp_path, "orders.jsonl", bulk(ORDER) + json.dumps(refund) + "\n")
    assert reading.counts == (4, 3, 1, 0)


def test_what_the_query_did_not_ask_for_is_a_gap(tmp_path: Path) -> None:
    asked = {name: ORDER[name] for name in ("id", "name", "createdAt", "totalPriceSet", "displayFinancialStatus")}
    reading = read(tmp_path, "orders.json", json.dumps({"data": {"orders": {"nodes": [asked]}}}))
    assert reading.texts(f"select order_id, currency, {money('total')}, is_paid from orders") == ["1001 | USD | 49.04 | True"]
    assert reading.tally.gaps == (
        "no subtotalPriceSet was asked for: values without shipping and tax cannot be told",
        "no totalShippingPriceSet was asked for: values without shipping cannot be told",
        "no totalTaxSet was asked for: values without tax cannot be told",
        "no sourceName was asked for: orders that never touched the web pixel cannot be told apart",
        "no line items were asked for: items cannot be compared",
    )
