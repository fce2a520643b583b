"""WooCommerce: the REST order, the Analytics report that knows only net revenue, and the export plugin's one-cell line items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.scripts import run_script

from .reading import money, read

ORDER: dict[str, Any] = {
    "id": 727,
    "parent_id": 0,
    "number": "W-1042",
    "order_key": "wc_order_58d2d042d1d",
    "created_via": "checkout",
    "version": "9.4.0",
    "status": "processing",
    "currency": "EUR",
    "date_created": "2026-11-20T15:28:02",
    "date_created_gmt": "2026-11-20T14:28:02",
    "date_modified": "2026-11-20T15:30:00",
    "date_modified_gmt": "2026-11-20T14:30:00",
    "discount_total": "2.00",
    "shipping_total": "10.00",
    "total": "35.20",
    "total_tax": "3.20",
    "prices_include_tax": False,
    "billing": {"first_name": "Ana", "email": "ana@example.com", "phone": "(555) 555-0100"},
    "payment_method": "bacs",
    "date_paid": "2026-11-20T15:28:08",
    "date_paid_gmt": "2026-11-20T14:28:08",
    "meta_data": [{"id": 1, "key": "_wc_order_attribution_utm_source", "value": "facebook"}],
    "line_items": [
        {"id": 1, "product_id": 93, "variation_id": 95, "quantity": 2, "total": "20.00", "sku": "BSH-M", "price": 10},
        {"id": 2, "product_id": 22, "variation_id": 0, "quantity": 1, "total": "0.00", "sku": "", "price": 0},
    ],
    "fee_lines": [{"id": 3, "name": "Gift wrap", "total": "2.00"}],
    "refunds": [{"id": 730, "reason": "", "total": "-5.00"}],
}

ANALYTICS = """\
Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,Attribution
2026-11-20 15:28:02,1042,"€20,00",processing,Ana Muestra,new,2× Black shirt,2,,20,Source: Facebook
2026-11-20 15:30:02,,"€20,00",processing,Ana Muestra,new,2× Black shirt,2,,20,Direct
,,,,,,,,,,
"""

PLUGIN = """\
status,order_number_formatted,order_number,order_id,order_date,shipping_total,tax_total,fee_total,discount_total,order_total,\
refunded_total,order_currency,payment_method,billing_email,billing_phone,line_items
completed,W-1042,1042,727,2026-11-20 15:28:02,10.00,3.20,2.00,2.00,35.20,0.00,EUR,bacs,ana@example.com,,\
"id:368|name:Black shirt|product_id:93|sku:BSH-M|quantity:2|subtotal:22.00|total:20.00|refunded:0.00;\
id:369|name:Sticker|product_id:22|sku:|quantity:1|subtotal:0.00|total:0.00|refunded:0.00"
checkout-draft,W-1043,1043,728,2026-11-20 15:28:02,0,0,0,0,0,0,EUR,,,,
completed,,,,2026-11-20 15:28:02,0,0,0,0,0,0,EUR,,,,
"""

WEBTOFFEE = """\
order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,cart_discount,\
order_discount,discount_total,order_total,order_subtotal,order_key,order_currency,payment_method,payment_method_title,transaction_id,\
customer_email,billing_email,billing_phone,wt_import_key,shipping_items,fee_items,tax_items,coupon_items,refund_items,order_notes,\
download_permissions,meta:_wc_order_attribution_source_type,line_item_1,line_item_2,Product Item 1 Name,Product Item 1 id
727,W-1042,2026-11-20 15:28:02,2026-11-20 15:28:08,processing,10.00,0.00,2.00,0.00,3.20,2.00,2.00,2.00,35.20,22.00,\
wc_order_58d2d042d1d,EUR,stripe,Card,pi_3Qx,ana@example.com,ana@example.com,,W-1042,\
"items:Black shirt &times; 2|method_id:flat_rate",name:Gift|total:2.00,\
rate_id:1|total:3.20,code:HELLO|amount:2,,content:Paid|date:2026-11-20 15:28:08,1,organic,\
name:Black shirt | M|product_id:93|sku:BSH-M|quantity:2|total:20.00|sub_total:22.00|_variation_id:95,\
name:Sticker|product_id:22|sku:|quantity:1|total:0.00|sub_total:0.00,Black shirt,93
728,W-1043,2026-11-20 15:29:02,,processing,0,0,0,0,0,0,0,0,5.00,5.00,wc_order_68d2d042d1d,\
EUR,cod,Cash,,bo@example.com,,,W-1043,,,,,,,1,\
admin,name:Sticker|product_id:22|sku:|quantity:1|total:5.00|sub_total:5.00,,Sticker,22
"""


def test_rest_orders_go_by_their_number_and_keep_id_and_key(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.json", json.dumps([ORDER]))
    assert reading.loader == "woocommerce"
    assert reading.texts("select order_id, order_source, status, is_paid, currency from orders") == [
        "W-1042 | checkout | processing | True | EUR"
    ]
    assert reading.texts("select key, kind from order_keys order by key") == ["727 | id", "wc_order_58d2d042d1d | token"]


def test_rest_times_come_from_their_utc_twins(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.json", json.dumps([ORDER]), zone="Asia/Jakarta")
    assert reading.texts("select created_at, paid_at, changed_at from orders") == [
        "2026-11-20 14:28:02 | 2026-11-20 14:28:08 | 2026-11-20 14:30:00"
    ]


def test_rest_amounts(tmp_path: Path) -> None:
    names = ("total", "subtotal", "discount", "shipping", "tax", "fees", "refunded", "current_total")
    reading = read(tmp_path, "orders.json", json.dumps([ORDER]))
    assert reading.texts(f"select {', '.join(money(name) for name in names)} from orders") == [
        "35.2 | 20 | 2 | 10 | 3.2 | 2 | 5 | 30.2"
    ]
    assert reading.texts("select item_id, id_space, cast(quantity as int), counts from order_items order by 1") == [
        "22 | product | 1 | False",
        "93 | product | 2 | True",
        "95 | variant | 2 | True",
        "BSH-M | sku | 2 | True",
        "BSH-M_95 | catalogue | 2 | True",
        "wc_post_id_22 | catalogue | 1 | False",
    ]


def test_the_buyers_device_is_told_and_the_rest_of_the_user_agent_dropped(tmp_path: Path) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    reading = read(tmp_path, "orders.json", json.dumps([ORDER | {"customer_user_agent": agent}]))
    assert reading.rows("select device from orders") == [("computer, Firefox",)]
    named = PLUGIN.replace("billing_phone,", "billing_phone,customer_user_agent,")
    named = named.replace("ana@example.com,,", f"ana@example.com,,{agent},")
    reading = read(tmp_path, "export.csv", named)
    assert reading.texts("select order_id, device from orders") == ["W-1042 | computer, Firefox"]


def test_rest_is_read_wrapped_and_single(tmp_path: Path) -> None:
    for name, value in {"one.json": ORDER, "many.json": {"orders": [ORDER]}, "wrapped.json": {"order": ORDER}}.items():
        for indent in (None, 1):
            reading = read(tmp_path, name, json.dumps(value, indent=indent))
            assert (reading.loader, reading.counts) == ("woocommerce", (1, 1, 0, 0)), name


def test_rest_carts_never_placed_are_ignored_and_nameless_orders_rejected(tmp_path: Path) -> None:
    draft = ORDER | {"id": 728, "number": "W-1043", "status": "checkout-draft"}
    nameless = ORDER | {"id": None, "number": None}
    reading = read(tmp_path, "orders.json", json.dumps([ORDER, draft, nameless]))
    assert reading.counts == (3, 1, 1, 1)
    assert reading.rejects == {"orders.json:3": "no order id in this row"}


def test_cash_on_delivery_is_not_paid_while_it_is_processed(tmp_path: Path) -> None:
    unpaid = ORDER | {"payment_method": "cod", "date_paid": None, "date_paid_gmt": None}
    assert read(tmp_path, "orders.json", json.dumps([unpaid])).rows("select is_paid from orders") == [(False,)]


def test_an_order_that_costs_nothing_is_paid_in_no_way(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.json", json.dumps([ORDER, ORDER | {"id": 728, "number": "W-1043", "payment_method": ""}]))
    assert reading.rows("select order_id, payment_method from orders order by order_id") == [("W-1042", "bacs"), ("W-1043", None)]


def test_analytics_knows_net_revenue_and_says_so(tmp_path: Path) -> None:
    reading = read(tmp_path, "analytics.csv", ANALYTICS, zone="Europe/Madrid")
    assert (reading.loader, reading.counts) == ("woocommerce", (3, 1, 1, 1))
    assert reading.texts(f"select order_id, created_at, total, {money('net_revenue')} from orders") == [
        "1042 | 2026-11-20 14:28:02 | - | 20"
    ]
    assert reading.rejects == {"analytics.csv:3": "no order id in this row"}
    assert reading.tally.gaps == (
        "no currency",
        "no order total",
        "N. Revenue is net of tax, shipping and refunds: order totals are not in this export",
        "no item ids: items cannot be compared",
    )


def test_plugin_export(tmp_path: Path) -> None:
    reading = read(tmp_path, "export.csv", PLUGIN, zone="Europe/Madrid")
    assert (reading.loader, reading.counts) == ("woocommerce", (3, 1, 1, 1))
    assert reading.rejects == {"export.csv:4": "no order id in this row"}
    assert reading.texts(f"select order_id, created_at, {money('total')}, {money('shipping')}, is_paid from orders") == [
        "W-1042 | 2026-11-20 14:28:02 | 35.2 | 10 | True"
    ]
    assert reading.texts("select key, kind from order_keys order by key") == ["1042 | number", "727 | id"]
    assert reading.texts(f"select item_id, id_space, cast(quantity as int), {money('price')}, counts from order_items") == [
        "93 | product | 2 | 10 | True",
        "BSH-M | sku | 2 | 10 | True",
        "22 | product | 1 | 0 | False",
    ]
    assert reading.tally.gaps == ("no created_via column: orders that never touched the web pixel cannot be told apart",)


def test_an_export_with_a_cell_for_each_line(tmp_path: Path) -> None:
    reading = read(tmp_path, "export.csv", WEBTOFFEE, zone="Europe/Madrid")
    assert (reading.loader, reading.counts) == ("woocommerce", (2, 2, 0, 0))
    amounts = ", ".join(map(money, ("total", "shipping", "tax", "fees", "discount")))
    assert reading.texts(f"select order_id, created_at, is_paid, order_source, {amounts} from orders order by order_id") == [
        "W-1042 | 2026-11-20 14:28:02 | True | - | 35.2 | 10 | 3.2 | 2 | 2",
        "W-1043 | 2026-11-20 14:29:02 | False | admin | 5 | 0 | 0 | 0 | 0",
    ]
    assert reading.texts("select key, kind from order_keys where order_id = 'W-1042' order by key") == [
        "727 | id",
        "wc_order_58d2d042d1d | token",
    ]
    items = f"position, item_id, id_space, cast(quantity as int), {money('price')}, counts"
    assert reading.texts(f"select {items} from order_items where order_id = 'W-1042' order by position, item_id") == [
        "1 | 93 | product | 2 | 10 | True",
        "1 | 95 | variant | 2 | 10 | True",
        "1 | BSH-M | sku | 2 | 10 | True",
        "2 | 22 | product | 1 | 0 | False",
    ]
    assert reading.tally.gaps == ()


@pytest.mark.parametrize(
    ("changes", "duty"),
    [
        ({"status": "failed", "date_paid": None, "date_paid_gmt": None}, ("no", "its payment failed")),
        (
            {"status": "pending", "date_paid": None, "date_paid_gmt": None, "payment_method": "midtrans"},
            ("unknown", "it waits for its payment, and whether the shopper came back from paying is not known"),
        ),
        (
            {"status": "cancelled", "date_paid": None, "date_paid_gmt": None, "payment_method": "midtrans"},
            ("unknown", "it was cancelled without having been paid, and whether the shopper came back from paying is not known"),
        ),
        (
            {"status": "trash", "date_paid": None, "date_paid_gmt": None, "payment_method": "midtrans"},
            ("unknown", "it lies in the shop's trash, and the export does not say since when"),
        ),
        ({"status": "trash"}, ("unknown", "it lies in the shop's trash, and the export does not say since when")),
        ({"status": "trash", "created_via": "admin"}, ("no", "sold through admin")),
        (
            {"status": "quote-sent", "date_paid": None, "date_paid_gmt": None, "payment_method": "midtrans"},
            ("unknown", "its status is one of the shop's own, it was not paid, and whether it stands for a sale is not known"),
        ),
        ({"status": "packed", "payment_method": "midtrans"}, ("yes", None)),
        ({"status": "packed", "date_paid": None, "date_paid_gmt": None, "payment_method": "cod"}, ("yes", None)),
        ({"status": "cancelled", "payment_method": "midtrans"}, ("yes", None)),
        ({"status": "cancelled", "date_paid": None, "date_paid_gmt": None, "payment_method": "bacs"}, ("yes", None)),
        ({"status": "pending", "date_paid": None, "date_paid_gmt": None, "payment_method": "bacs"}, ("yes", None)),
        ({"status": "pending", "date_paid": None, "date_paid_gmt": None, "payment_method": "midtrans", "created_via": "admin"},
         ("no", "sold through admin")),
    ],
)  # fmt: skip
def test_an_order_whose_payment_failed_waits_or_never_came_need_not_have_reached_the_thank_you_page(
    changes: dict[str, Any], duty: tuple[str, str | None], tmp_path: Path
) -> None:
    reading = read(tmp_path, "orders.json", json.dumps([ORDER | changes]))
    run_script(reading.con, "orders")
    assert reading.rows("select event_duty, duty_reason from orders") == [duty]


def test_a_plugin_export_without_the_time_of_payment_tells_of_no_cancelled_order_whether_it_was_paid(tmp_path: Path) -> None:
    given_up = PLUGIN.replace("completed,W-1042", "cancelled,W-1042").replace("bacs", "midtrans")
    reading = read(tmp_path, "export.csv", given_up, zone="Europe/Madrid")
    assert reading.rows("select event_duty, duty_reason from orders") == [
        ("unknown", "it was cancelled, and the export does not say whether it had been paid")
    ]


def test_labels_of_statuses_are_known_in_the_shops_language(tmp_path: Path) -> None:
    words = ("Fertiggestellt", "Storniert", "Zahlung ausstehend", "wc-processing", "Procesando")
    head, row = PLUGIN.splitlines()[:2], ",W-{n},{n},{n},2026-11-20 15:28:02,0,0,0,0,5.00,0.00,EUR,stripe,a@example.com,,"
    rows = [word + row.format(n=number) for number, word in enumerate(words, start=1)]
    reading = read(tmp_path, "orders.csv", "\n".join(["".join(head).replace("\\", ""), *rows]) + "\n")
    assert reading.texts("select is_paid, is_cancelled, event_duty from orders order by order_id") == [
        "True | False | -", "False | True | unknown", "False | False | unknown", "True | False | -", "True | False | -",
    ]  # fmt: skip
