"""Shopify: one row a line item in the CSV, one object an order in the JSON; either way one order, named as the merchant sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from audit import engine
from audit.plan import Plan
from audit.views import build_views

from .reading import Reading, money, read

CSV = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,\
Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,\
Billing Phone,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,\
Tags,Risk Level,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone
#1002,ana@example.com,paid,2025-10-02 17:09:34 -0300,unfulfilled,,no,CLP,163056,1,30981,194038,OTOÑO,5000,Standard,\
2025-10-02 17:09:33 -0300,1,Abrigo,100000,,AB-1,true,true,pending,Ana Muestra,,'+56 2 2555 0100,,"_fbp: fb.1.2.3
gift: no",,webpay,r1,0.00,Sample,820982911946154508,,Low,web,0,IVA,30981,
#1002,ana@example.com,,,,,,,,,,,,,,2025-10-02 17:09:33 -0300,2,Gorro,34028,,GO-2,true,true,pending,,,,,,,,,,Sample,,,,,5000,,,
#1002,ana@example.com,,,,,,,,,,,,,,2025-10-02 17:09:33 -0300,1,Bolsa,0,,BO-3,true,true,pending,,,,,,,,,,Sample,,,,,0,,,
,ana@example.com,paid,,,,no,CLP,1,1,1,3,,,,2025-10-02 17:09:33 -0300,1,Gorro,1,,GO-2,true,true,pending,,,,,,,,,,,,,,,,,,
,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,
1001,,pending,,,,no,CLP,100,10,17,110,,0,,2025-10-01 09:00:00 -0300,1,Tip,100,,TIP,true,true,pending,,,,,,\
2025-10-01 10:00:00 -0300,,,,,820982911946154507,,Low,pos,0,,,
"""

ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "name": "#9999",
    "order_number": 9999,
    "number": 8999,
    "token": "123456abcd",
    "checkout_token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
    "cart_token": "c1-8d8ac0f3d9f0e2b1",
    "created_at": "2026-11-20T10:00:00-05:00",
    "updated_at": "2026-11-20T10:05:00-05:00",
    "cancelled_at": None,
    "financial_status": "partially_refunded",
    "test": True,
    "source_name": "web",
    "currency": "USD",
    "presentment_currency": "CAD",
    "taxes_included": False,
    "total_price": "110.00",
    "subtotal_price": "95.00",
    "total_discounts": "5.00",
    "total_tax": "5.00",
    "total_tip_received": "0.0",
    "current_total_price": "60.00",
    "total_price_set": {
        "shop_money": {"amount": "110.00", "currency_code": "USD"},
        "presentment_money": {"amount": "154.50", "currency_code": "CAD"},
    },
    "shipping_lines": [{"price": "12.00", "discounted_price": "10.00"}],
    "refunds": [
        {
            "transactions": [
                {"kind": "refund", "status": "success", "amount": "50.00"},
                {"kind": "refund", "status": "failure", "amount": "50.00"},
            ]
        }
    ],
    "contact_email": "jon@example.com",
    "customer": {"email": "jon@example.com", "phone": "+15550100"},
    "line_items": [
        {"product_id": 632910392, "variant_id": 39072856, "sku": "IPOD", "title": "Shirt", "quantity": 2, "price": "50.00"},
        {"product_id": None, "variant_id": None, "sku": "FEE", "title": "Handling fee", "quantity": 1, "price": "3.00"},
        {
            "product_id": 1,
            "variant_id": 2,
            "sku": "GIFT",
            "title": "Tote",
            "quantity": 1,
            "price": "9.00",
            "total_discount": "9.00",
        },
    ],
}


def export(tmp_path: Path) -> Reading:
    return read(tmp_path, "orders_export.csv", CSV)


def test_csv_rows_of_one_order_are_one_order(tmp_path: Path) -> None:
    reading = export(tmp_path)
    assert reading.loader == "shopify"
    assert reading.texts("select order_id, ref, order_source, is_paid, is_cancelled from orders order by order_id") == [
        "1001 | orders_export.csv:8 | pos | False | True",
        "1002 | orders_export.csv:2 | web | True | False",
    ]


def test_csv_totals_stand_on_the_first_row_and_are_never_added_up(tmp_path: Path) -> None:
    amounts = ", ".join(money(name) for name in ("subtotal", "discount", "shipping", "tax", "total"))
    assert export(tmp_path).texts(f"select {amounts}, currency from orders where order_id = '1002'") == [
        "163056 | 5000 | 1 | 30981 | 194038 | CLP"
    ]


def test_csv_tells_whether_taxes_are_in_the_prices(tmp_path: Path) -> None:
    assert export(tmp_path).texts("select order_id, tax_included from orders order by order_id") == [
        "1001 | True",
        "1002 | False",
    ]


def test_csv_times_carry_the_shops_own_offset(tmp_path: Path) -> None:
    assert export(tmp_path).texts("select created_at, paid_at from orders where order_id = '1002'") == [
        "2025-10-02 20:09:33 | 2025-10-02 20:09:34"
    ]


def test_csv_rows_are_accounted_for_with_follow_up_rows_as_kept(tmp_path: Path) -> None:
    reading = export(tmp_path)
    assert reading.counts == (6, 4, 1, 1)  # the blank row is ignored
    assert reading.rejects == {"orders_export.csv:6": "no order id in this row"}


def test_csv_ids_stay_text_and_become_keys(tmp_path: Path) -> None:
    assert export(tmp_path).texts("select key, kind from order_keys where order_id = '1002' order by key") == [
        "#1002 | name",
        "820982911946154508 | id",
    ]


def test_csv_tips_and_gifts_are_no_merchandise(tmp_path: Path) -> None:
    assert export(tmp_path).texts("select item_id, cast(quantity as int), counts from order_items order by item_id") == [
        "AB-1 | 1 | True",
        "BO-3 | 1 | False",
        "GO-2 | 2 | True",
        "TIP | 1 | False",
    ]


def test_csv_gift_wrapping_need_not_be_named(tmp_path: Path) -> None:
    rows = (
        "1001,Gift Wrapping,1,4.00,WRAP\n1001,Gift wrap - Red,1,4.00,RED\n1001,Wrap dress,1,40.00,DRESS\n"
        "1001,Candle with gift wrap,1,30.00,CANDLE\n1001,Gift Wrap Paper,1,9.00,PAPER\n"
    )
    reading = read(tmp_path, "wrap.csv", f"Name,Lineitem name,Lineitem quantity,Lineitem price,Lineitem sku\n{rows}")
    assert reading.rows("select item_id, counts from order_items order by position") == [
        ("WRAP", False),
        ("RED", False),
        ("DRESS", True),
        ("CANDLE", True),
        ("PAPER", True),
    ]


def test_csv_buyers_are_digests(tmp_path: Path) -> None:
    reading = export(tmp_path)
    assert reading.rows("select count(email_digest), count(phone_digest) from orders") == [(1, 1)]
    assert "example.com" not in str(reading.rows("select * from orders"))


def test_csv_with_few_columns_says_what_cannot_be_told(tmp_path: Path) -> None:
    custom = "Name,Created at,Currency,Lineitem name,Lineitem quantity\n1001,2025-10-02 17:09:34 -0300,CLP,Gorro,1\n"
    reading = read(tmp_path, "custom.csv", custom)
    assert (reading.loader, reading.counts) == ("shopify", (1, 1, 0, 0))
    assert reading.tally.gaps == (
        "no order total",
        "no Total column: order values cannot be compared",
        "no Subtotal column: values without shipping and tax cannot be told",
        "no Shipping column: values without shipping cannot be told",
        "no Taxes column: values without tax cannot be told",
        "no Lineitem sku column: items cannot be compared",
        "no Cancelled at column: cancelled orders cannot be told",
        "no Source column: orders that never touched the web pixel cannot be told apart",
        "no Email or Phone column: match keys cannot be compared",
    )


def test_json_keeps_every_amount_and_every_key(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.json", json.dumps({"orders": [ORDER]}, indent=1))
    assert reading.loader == "shopify"
    names = ("total", "presentment_total", "current_total", "refunded", "subtotal", "discount", "shipping", "tax")
    assert reading.texts(f"select {', '.join(money(name) for name in names)} from orders") == [
        "110 | 154.5 | 60 | 50 | 95 | 5 | 10 | 5"
    ]
    assert reading.texts(
        "select order_id, created_at, currency, presentment_currency, is_test, is_paid, tax_included from orders"
    ) == ["9999 | 2026-11-20 15:00:00 | USD | CAD | True | True | False"]
    assert reading.texts("select key, kind from order_keys order by key") == [
        "#9999 | name",
        "123456abcd | token",
        "820982911946154508 | id",
        "bd5a8aa1ecd019dd3520ff791ee3a24c | token",
        "c1-8d8ac0f3d9f0e2b1 | token",
    ]
    assert reading.texts("select item_id, id_space, counts from order_items order by position, id_space") == [
        "632910392 | product | True",
        "IPOD | sku | True",
        "39072856 | variant | True",
        "FEE | sku | False",
        "1 | product | False",
        "GIFT | sku | False",
        "2 | variant | False",
    ]


def test_json_tells_the_buyers_device(tmp_path: Path) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"
    order = ORDER | {"client_details": {"user_agent": agent, "browser_ip": "192.0.2.1"}}
    reading = read(tmp_path, "orders.json", json.dumps([order]))
    assert reading.rows("select device from orders") == [("iPhone, Safari",)]


def numbers_of(tmp_path: Path, *names: str) -> list[str]:
    rows = "".join(f"{name},paid,USD,110,2026-11-20 10:00:00 -0500,X\n" for name in names)
    reading = read(tmp_path, "orders.csv", "Name,Financial Status,Currency,Total,Created at,Lineitem sku\n" + rows)
    return reading.texts("select order_id, key from order_keys where kind = 'number' order by key")


def test_an_order_is_known_by_its_running_number_without_what_the_shop_puts_around_it(tmp_path: Path) -> None:
    assert numbers_of(tmp_path, "#SG1001-ID", "#SG1002-ID", "#1003") == ["SG1001-ID | 1001", "SG1002-ID | 1002"]


def test_a_running_number_that_is_not_one_orders_alone_names_none(tmp_path: Path) -> None:
    assert numbers_of(tmp_path, "SG1001", "MY1001", "SG1002", "1002", "2026-1003") == []


def test_json_is_read_bare_wrapped_and_as_webhook_bodies(tmp_path: Path) -> None:
    shapes = {
        "bare.json": json.dumps(ORDER, indent=1),
        "list.json": json.dumps([ORDER]),
        "one.json": json.dumps({"order": ORDER}),
        "many.json": json.dumps({"orders": [ORDER]}),
        "webhooks.ndjson": json.dumps(ORDER) + "\n",
    }
    for name, text in shapes.items():
        reading = read(tmp_path, name, text)
        assert (reading.loader, reading.counts) == ("shopify", (1, 1, 0, 0)), name


def test_json_orders_update_themselves_and_bad_lines_are_rejects(tmp_path: Path) -> None:
    later = ORDER | {"updated_at": "2026-11-21T10:05:00-05:00", "cancelled_at": "2026-11-21T10:05:00-05:00"}
    lines = [json.dumps(later), json.dumps(ORDER), json.dumps(ORDER | {"name": None, "order_number": None}), "{half"]
    reading = read(tmp_path, "webhooks.ndjson", "\n".join(lines) + "\n")
    assert reading.counts == (4, 1, 1, 2)
    assert reading.texts("select order_id, is_cancelled from orders") == ["9999 | True"]
    assert reading.rejects == {
        "webhooks.ndjson:3": "no order id in this row",
        "webhooks.ndjson:4": "not a JSON object",
    }


def test_the_json_of_an_order_replaces_its_csv_row_whichever_comes_first(tmp_path: Path) -> None:
    row = "Name,Financial Status,Currency,Total,Created at,Lineitem sku\n#9999,paid,USD,110,2026-11-20 10:00:00 -0500,X\n"
    first = read(tmp_path, "a.csv", row)
    second = read(tmp_path, "b.json", json.dumps([ORDER]), con=first.con)
    assert second.texts("select source, count(*) from orders group by source") == ["b.json | 1"]
    third = read(tmp_path, "c.csv", row, con=first.con)
    assert third.counts == (1, 0, 1, 0)
    assert third.texts("select source from orders") == ["b.json"]


@pytest.mark.parametrize(("csv", "newer"), [("a.csv", "b.json"), ("b.csv", "a.json")], ids=["read first", "read last"])
def test_rows_of_an_order_that_a_newer_file_holds_are_ignored_ones(csv: str, newer: str, tmp_path: Path) -> None:
    (tmp_path / csv).write_text(CSV, encoding="utf-8")
    (tmp_path / newer).write_text(json.dumps(ORDER | {"name": "#1002"}), encoding="utf-8")
    audit = engine.read([engine.InputFile(tmp_path / name, name) for name in sorted((csv, newer))], Plan())
    counts = audit.con.execute("select source, read_rows, kept, ignored, superseded, rejected from sources order by source")
    assert set(counts.fetchall()) == {(csv, 6, 1, 4, 3, 1), (newer, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("told", ["gid://shopify/OrderIdentity/820982911946154509", "gid://shopify/Order/820982911946154509?x=1"])
def test_a_purchase_may_name_its_order_by_shopifys_global_id(told: str, tmp_path: Path) -> None:
    """What checkout.order.id is in a customer event. The number was the order's, and yet called another way of writing it."""
    order = ORDER | {"id": 820982911946154509}
    (tmp_path / "orders.json").write_text(json.dumps({"orders": [order]}), encoding="utf-8")
    query = f"id=1234567890123456&ev=Purchase&ts=1795168800000&eid=A-1&cd[order_id]={quote(told, safe='')}"
    row = {"ts": "2026-11-20T10:00:00Z", "method": "GET", "url": f"https://www.facebook.com/tr/?{query}", "status": 200}
    (tmp_path / "pixel.ndjson").write_text(json.dumps(row), encoding="utf-8")
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan()).con
    build_views(con)
    found = con.execute("select e.order_key, e.order_id = o.order_id, e.order_how from events e cross join orders o").fetchall()
    assert found == [("820982911946154509", True, "parameter")]


def test_ids_that_a_spreadsheet_rounded_are_no_keys_and_told(tmp_path: Path) -> None:
    text = (
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Id\n"
        "#1001,a@example.com,paid,PKR,4500,250,0,4750,2026-11-28 14:01:28 +0500,6.38E+12\n"
        "#1002,b@example.com,paid,PKR,4500,250,0,4750,2026-11-28 14:09:28 +0500,6381104465902\n"
    )
    reading = read(tmp_path, "orders.csv", text)
    told = "the second id of 1 order rounded by a spreadsheet: export them again and do not open the file"
    assert told in reading.tally.gaps
    assert reading.rows("select order_id, key from order_keys where kind = 'id'") == [("1002", "6381104465902")]
