"""Scalev: API answers, webhook bodies, public orders and the CSV download with whatever columns were chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .reading import money, read

# The amounts of the public documentation's own example.
ORDER: dict[str, Any] = {
    "id": "019504a5-1a9e-7b0c-8f63-3c1d2e4f5a6b",
    "order_id": "250130JQHFZG",
    "secret_slug": "a1b2c3d4",
    "status": "pending",
    "payment_status": "unpaid",
    "is_probably_spam": False,
    "mark_as_spam_by": None,
    "gross_revenue": "168724.00",
    "net_revenue": "149724.00",
    "product_price": "150000.00",
    "product_discount": "0.00",
    "unique_code_discount": "276.00",
    "shipping_cost": "19000.00",
    "shipping_discount": "0.00",
    "payment_fee": "0.00",
    "payment_method": "bank_transfer",
    "destination_address": {"name": "Sari", "phone": "6281200000011", "email": "sari@example.com"},
    "orderlines": [{"quantity": 1, "variant_unique_id": "variant_Qw7", "variant_sku": "BSH-M", "variant_price": "150000.00"}],
    "created_at": "2025-01-30T03:00:00Z",
    "last_updated_at": "2025-01-30T03:00:00Z",
}


def webhook(event: str, **data: Any) -> str:
    return json.dumps({"event": event, "timestamp": "2025-01-30T03:00:01Z", "data": data})


def test_amounts_and_keys(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.json", json.dumps([ORDER]))
    assert reading.loader == "scalev"
    names = ("total", "gross_revenue", "net_revenue", "subtotal", "shipping", "unique_code", "fees")
    assert reading.texts(f"select order_id, currency, {', '.join(money(name) for name in names)} from orders") == [
        "250130JQHFZG | IDR | 168724 | 168724 | 149724 | 150000 | 19000 | 276 | 0"
    ]
    assert reading.texts("select key, kind from order_keys order by kind") == [
        "019504a5-1a9e-7b0c-8f63-3c1d2e4f5a6b | id",
        "a1b2c3d4 | token",
    ]


def test_answers_come_bare_listed_and_wrapped(tmp_path: Path) -> None:
    for name, value in {
        "one.json": ORDER,
        "data.json": {"code": 200, "data": ORDER},
        "results.json": {"data": {"results": [ORDER], "has_next": False}},
        "orders.json": {"orders": [ORDER]},
    }.items():
        for indent in (None, 1):
            reading = read(tmp_path, name, json.dumps(value, indent=indent))
            assert (reading.loader, reading.counts) == ("scalev", (1, 1, 0, 0)), name


def test_webhooks_tell_an_orders_latest_state(tmp_path: Path) -> None:
    spam = ORDER | {"is_probably_spam": True, "last_updated_at": "2025-01-30T04:00:00Z"}
    lines = [
        webhook("order.created", **ORDER),
        webhook("order.spam_created", **spam),
        webhook("product.updated", id="p1"),
        webhook("order.created", **(ORDER | {"order_id": " "})),
        "[]",
    ]
    reading = read(tmp_path, "webhooks.ndjson", "\n".join(lines) + "\n")
    assert (reading.loader, reading.counts) == ("scalev", (5, 1, 2, 2))
    assert reading.texts("select order_id, is_spam, ref from orders") == ["250130JQHFZG | True | webhooks.ndjson:2"]
    assert reading.rejects == {"webhooks.ndjson:4": "no order id in this row", "webhooks.ndjson:5": "not a JSON object"}


def test_a_body_without_amounts_never_replaces_one_that_has_them(tmp_path: Path) -> None:
    partial = {"order_id": "250130JQHFZG", "secret_slug": "a1b2c3d4", "last_updated_at": "2025-01-31T03:00:00Z"}
    lines = [webhook("order.status_changed", **partial), webhook("order.created", **ORDER)]
    reading = read(tmp_path, "webhooks.ndjson", "\n".join(lines) + "\n")
    assert reading.texts(f"select {money('total')} from orders") == ["168724"]


def test_a_public_order_without_its_number_goes_by_its_id(tmp_path: Path) -> None:
    slim = {"id": "019504a5", "secret_slug": "a1b2", "total_price": "168724.00", "created_at": "2025-01-30T03:00:00Z"}
    reading = read(tmp_path, "order.json", json.dumps(slim))
    assert reading.texts(f"select order_id, {money('total')}, gross_revenue from orders") == ["019504a5 | 168724 | -"]
    assert reading.tally.gaps == ("public orders without order_id: their id stands for it",)


def test_csv_with_any_choice_of_columns(tmp_path: Path) -> None:
    text = """\
Order ID,Status,Payment Status,Is Probably Spam,Gross Revenue,Net Revenue,Unique Code Discount,Created At,Customer Email
250130JQHFZG,pending,paid,true,168724.00,149724.00,276.00,2025-01-30 10:00:00,sari@example.com
,pending,paid,false,1,1,0,2025-01-30 10:00:00,
,,,,,,,,
"""
    reading = read(tmp_path, "orders.csv", text, zone="Asia/Jakarta")
    assert (reading.loader, reading.counts) == ("scalev", (3, 1, 1, 1))
    assert reading.rejects == {"orders.csv:3": "no order id in this row"}
    amounts = f"{money('total')}, {money('net_revenue')}, {money('unique_code')}"
    assert reading.texts(f"select order_id, created_at, is_spam, is_paid, {amounts} from orders") == [
        "250130JQHFZG | 2025-01-30 03:00:00 | True | True | 168724 | 149724 | 276"
    ]
    assert reading.rows("select count(email_digest) from orders") == [(1,)]
    assert reading.tally.gaps == (
        "no item lines: items cannot be compared",
        "no shipping amounts: values without shipping cannot be told",
    )
