"""Any table of orders: what its columns may be called, how its times and amounts are read, and what is never guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from audit.loaders import claimant
from audit.loaders._source import read_source
from audit.scripts import run_script

from .reading import Reading, database, money, read, source_of

CSV = """\
order_id,created_at,currency,total,status,payment_status,is_spam,is_test,source,subtotal,discount,shipping,tax,fees,refunded,\
gross_revenue,net_revenue,items,email,phone
000001,2026-11-20T14:05:00+07:00,idr,168724,pending,paid,no,,web,149724,0,19000,0,0,0,168724,149724,BSH-M x 2; CAP × 1,\
sari@example.com,+62 812 0000 0011
000002,2026-11-20T14:06:00+07:00,IDR,5.10,cancelled,unpaid,yes,1,pos,,,,,,,,,"[{""id"":7,""quantity"":2,""price"":""2.55""}]",,
,2026-11-20T14:06:00+07:00,IDR,5.10,,,,,,,,,,,,,,,,
,,,,,,,,,,,,,,,,,,,
000003,2026-11-20T14:06:00+07:00,IDR,5.10,,,,,,,,,,,,,,,,,one cell too many
"""


def times(tmp_path: Path, *written: str, zone: str | None = None) -> dict[str, str]:
    """What each way of writing a time is read as."""
    lines = [f"{number},{text},IDR,1" for number, text in enumerate(written)]
    reading = read(tmp_path, "orders.csv", "\n".join(["order_id,created_at,currency,total", *lines]), zone=zone)
    found = dict(reading.rows("select order_id, cast(created_at as varchar) from orders"))
    return {text: found[str(number)] for number, text in enumerate(written)}


def test_every_column_of_the_contract_is_read(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", CSV)
    assert reading.loader == "table"
    names = ("total", "gross_revenue", "net_revenue", "subtotal", "discount", "shipping", "tax", "fees", "refunded")
    amounts = ", ".join(money(name) for name in names)
    assert reading.texts(f"select order_id, currency, {amounts} from orders order by order_id") == [
        "000001 | IDR | 168724 | 168724 | 149724 | 149724 | 0 | 19000 | 0 | 0 | 0",
        "000002 | IDR | 5.1 | - | - | - | - | - | - | - | -",
    ]
    facts = "order_id, status, is_paid, is_spam, is_test, is_cancelled, order_source, created_at"
    assert reading.texts(f"select {facts} from orders order by order_id") == [
        "000001 | pending | True | False | False | False | web | 2026-11-20 07:05:00",
        "000002 | cancelled | False | True | True | True | pos | 2026-11-20 07:06:00",
    ]
    assert reading.rows("select count(email_digest), count(phone_digest) from orders") == [(1, 1)]


def test_items_are_a_json_list_or_written_out(tmp_path: Path) -> None:
    query = f"select order_id, item_id, cast(quantity as int), {money('price')} from order_items order by order_id, position"
    assert read(tmp_path, "orders.csv", CSV).texts(query) == [
        "000001 | BSH-M | 2 | -",
        "000001 | CAP | 1 | -",
        "000002 | 7 | 2 | 2.55",
    ]


@pytest.mark.parametrize(
    ("header", "row", "order", "keys"),
    [
        ("order_id,order_number,created_at,total", "54763,R-2026-4410,2026-11-20T10:00:00Z,5", "54763", ["R-2026-4410 | number"]),
        ("id,number,date_created,total,transaction_id", "54763,4410,2026-11-20T10:00:00Z,5,8AB54763", "4410",
         ["54763 | id", "8AB54763 | number"]),
        ("order_id,invoice_no,created_at,total", "54763,7,2026-11-20T10:00:00Z,5", "54763", []),
        ("transaction_id,created_at,total", "T-1001,2026-11-20T10:00:00Z,5", "T-1001", []),
    ],
)  # fmt: skip
def test_an_order_goes_by_each_of_its_numbers(header: str, row: str, order: str, keys: list[str], tmp_path: Path) -> None:
    """A payment's number stands beside the order's in many exports; it is the order's own only where there is no other."""
    reading = read(tmp_path, "orders.csv", f"{header}\n{row}\n")
    assert reading.texts("select order_id from orders") == [order]
    assert reading.texts("select key, kind from order_keys order by key") == keys


def items_of(reading: Reading) -> list[str]:
    return reading.texts("select id_space, item_id, cast(quantity as int) from order_items order by position, id_space")


def orders_with(tmp_path: Path, *lists: object) -> Reading:
    rows = [
        {"order_id": f"A{number}", "created_at": "2026-11-20T07:05:00Z", "currency": "IDR", "total": 5, "items": items}
        for number, items in enumerate(lists)
    ]
    return read(tmp_path, "orders.json", json.dumps(rows))


@pytest.mark.parametrize(
    ("key", "space"),
    [("id", "item"), ("item_id", "item"), ("sku", "sku"), ("variant_id", "variant"), ("variation_id", "variant"),
     ("product_id", "product")],
)  # fmt: skip
def test_an_item_is_known_by_any_usual_key(tmp_path: Path, key: str, space: str) -> None:
    reading = orders_with(tmp_path, [{key: "X1", "qty": 2}])
    assert items_of(reading) == [f"{space} | X1 | 2"]
    assert reading.tally.gaps == ()


def test_an_item_may_have_several_kinds_of_id_and_a_nought_is_none(tmp_path: Path) -> None:
    reading = orders_with(tmp_path, [{"product_id": 11, "variation_id": 0, "sku": "S", "quantity": 1}])
    assert items_of(reading) == ["product | 11 | 1", "sku | S | 1"]


def test_items_without_a_readable_id_are_a_gap(tmp_path: Path) -> None:
    reading = orders_with(tmp_path, [{"sku": "S"}], [{"title": "Shirt", "quantity": 1}], ["S"], [])
    assert items_of(reading) == ["sku | S | -"]
    assert reading.tally.gaps == (
        "2 orders whose items hold no id that can be read, first at orders.json:2: items cannot be compared",
    )


def test_rows_are_accounted_for(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", CSV)
    assert reading.counts == (5, 2, 1, 2)
    assert reading.rejects == {
        "orders.csv:4": "no order id in this row",
        "orders.csv:6": "more cells than the header has columns",
    }


def test_times_with_an_offset_and_epochs_are_read(tmp_path: Path) -> None:
    assert times(
        tmp_path,
        "2026-11-20T14:05:00+07:00",
        "2026-11-20 02:05:00 -0500",
        "2026-11-20T07:05:00Z",
        "1795158300",
        "1795158300000",
        "1795158300000000",
        "2026-11-20 14:05:00.5+07",
        "2026-11-20 14:05 WIB",
        "2026-11-20 16:05:00 WIT",
    ) == {
        "2026-11-20T14:05:00+07:00": "2026-11-20 07:05:00",
        "2026-11-20 02:05:00 -0500": "2026-11-20 07:05:00",
        "2026-11-20T07:05:00Z": "2026-11-20 07:05:00",
        "1795158300": "2026-11-20 07:05:00",
        "1795158300000": "2026-11-20 07:05:00",
        "1795158300000000": "2026-11-20 07:05:00",
        "2026-11-20 14:05:00.5+07": "2026-11-20 07:05:00.5",
        "2026-11-20 14:05 WIB": "2026-11-20 07:05:00",
        "2026-11-20 16:05:00 WIT": "2026-11-20 07:05:00",
    }


def test_of_the_hour_that_autumn_repeats_the_first_counts(tmp_path: Path) -> None:
    written = ("2026-10-25 01:30:00", "2026-10-25 02:30:00", "2026-10-25 03:30:00", "2026-10-25 02:30:00+01:00")
    assert list(times(tmp_path, *written, zone="Europe/Berlin").values()) == [
        "2026-10-24 23:30:00",
        "2026-10-25 00:30:00",
        "2026-10-25 02:30:00",
        "2026-10-25 01:30:00",
    ]


def test_a_time_without_a_zone_is_read_in_the_plans_and_never_without_one(tmp_path: Path) -> None:
    written = ("2026-11-20 14:05:00", "2026-11-20", "2026/11/20 14:05", "2026/1/5 9:05")
    assert set(times(tmp_path, *written).values()) == {None}
    assert times(tmp_path, *written, zone="Asia/Jakarta") == {
        "2026-11-20 14:05:00": "2026-11-20 07:05:00",
        "2026-11-20": "2026-11-19 17:00:00",
        "2026/11/20 14:05": "2026-11-20 07:05:00",
        "2026/1/5 9:05": "2026-01-05 02:05:00",
    }


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (["11/20/26 14:05", "11/2/26 9:05"], ["2026-11-20 07:05:00", "2026-11-02 02:05:00"]),
        (["31/10/26 14:05", "1/11/26 9:05"], ["2026-10-31 07:05:00", "2026-11-01 02:05:00"]),
        (["20.11.26 14:05"], ["2026-11-20 07:05:00"]),
        (["20/11/26 14:05", "1/11/26 9:05"], [None, None]),
        (["11/2/26 14:05", "1/11/26 9:05"], [None, None]),
    ],
)
def test_a_year_of_two_digits_is_read_where_it_can_stand_nowhere_else(
    written: list[str], found: list[str | None], tmp_path: Path
) -> None:
    """As a spreadsheet on a Mac shows the time of an order, and saves it."""
    assert list(times(tmp_path, *written, zone="Asia/Jakarta").values()) == found


@pytest.mark.parametrize(
    "written",
    ["2026-11-20 02:05 PM", "20261120", "2026-13-01", "31/02/2026", "20/13/2026", "20 Foo 2026", "20/11/26", "20/11/2026 soon"],
)
def test_any_other_time_is_named_and_not_guessed(tmp_path: Path, written: str) -> None:
    text = f"order_id,created_at,currency,total\n1,{written},IDR,1\n2,2026-11-20T07:05:00Z,IDR,1\n"
    reading = read(tmp_path, "orders.csv", text, zone="Asia/Jakarta")
    assert reading.texts("select order_id, created_at from orders order by order_id") == ["1 | -", "2 | 2026-11-20 07:05:00"]
    assert reading.tally.gaps == ("1 order time that cannot be read, first at orders.csv:2",)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("20/11/2026 14:05", "2026-11-20 07:05:00"),
        ("20-11-2026 14.05.30", "2026-11-20 07:05:30"),
        ("20/11/2026", "2026-11-19 17:00:00"),
        ("11/20/2026 2:05 PM", "2026-11-20 07:05:00"),
        ("11/20/2026, 12:05 a.m.", "2026-11-19 17:05:00"),
        ("05.06.2026 14:05", "2026-06-05 07:05:00"),
        ("06/06/2026 14:05", "2026-06-06 07:05:00"),
        ("20 November 2026 14:05", "2026-11-20 07:05:00"),
        ("Jumat, 20 Nov 2026 pukul 14.05", "2026-11-20 07:05:00"),
        ("20 Nov 2026", "2026-11-19 17:00:00"),
        ("20-Nov-2026 14:05", "2026-11-20 07:05:00"),
        ("November 20, 2026 2:05 pm", "2026-11-20 07:05:00"),
        ("Nov 20, 2026 @ 14:05:30.000", "2026-11-20 07:05:30"),
        ("20 Mei 2026 14:05", "2026-05-20 07:05:00"),
        ("17 Agustus 2026 14:05", "2026-08-17 07:05:00"),
        ("9 Okt 2026 14:05", "2026-10-09 07:05:00"),
        ("31 Desember 2026 14:05 WIB", "2026-12-31 07:05:00"),
        ("20/11/2026 14:05 +0900", "2026-11-20 05:05:00"),
    ],
)
def test_a_day_as_people_write_it_is_read_where_it_can_mean_one_thing(written: str, told: str, tmp_path: Path) -> None:
    text = f"order_id;created_at;currency;total\n1;{written};IDR;1\n2;2026-11-20T07:05:00Z;IDR;1\n"
    reading = read(tmp_path, "orders.csv", text, zone="Asia/Jakarta")
    assert reading.texts("select created_at from orders where order_id = '1'") == [told]
    assert reading.tally.gaps == ()


def test_which_number_is_the_month_all_rows_tell_together(tmp_path: Path) -> None:
    assert times(tmp_path, "05/06/2026 14:05", "13/06/2026 14:05", zone="Asia/Jakarta")["05/06/2026 14:05"] == "2026-06-05 07:05:00"
    assert times(tmp_path, "05/06/2026 14:05", "06/13/2026 14:05", zone="Asia/Jakarta")["05/06/2026 14:05"] == "2026-05-06 07:05:00"
    paid = "order_id,created_at,paid_at,currency,total\n1,05/06/2026 14:05,13/06/2026 14:05,IDR,1\n"
    assert read(tmp_path, "orders.csv", paid, zone="Asia/Jakarta").texts("select created_at from orders") == ["2026-06-05 07:05:00"]


@pytest.mark.parametrize("rows", [("05/06/2026 14:05", "07/06/2026 14:05"), ("05/06/2026 14:05", "13/06/2026", "06/13/2026")])
def test_where_no_row_tells_the_month_it_is_not_guessed(rows: tuple[str, ...], tmp_path: Path) -> None:
    lines = [f"{number},{text},IDR,1" for number, text in enumerate(rows)]
    reading = read(tmp_path, "orders.csv", "\n".join(["order_id,created_at,currency,total", *lines]), zone="Asia/Jakarta")
    assert reading.rows("select count(created_at) from orders") == [(0,)]
    assert reading.tally.gaps == (
        f"{len(rows)} order times that cannot be read, first at orders.csv:2",
        "an order time such as 05/06/2026 14:05 may put the day or the month first, and no row of this file tells which:"
        " write it with the year first, as 2026-11-20 14:03",
    )


INDONESIAN = """\
No. Pesanan,Tanggal,Status,Subtotal,Diskon,Ongkir,Total,Mata Uang,Nama Produk,Jumlah,Email,No. HP
INV-1,20/11/2026 14:05,Selesai,Rp150.000,Rp10.000,Rp19.000,Rp159.000,IDR,Gamis,2,sari@example.com,0812 0000 0011
INV-2,20/11/2026 14:06,Menunggu Pembayaran,150000,0,19000,169000,IDR,Gamis,1,,
INV-3,20/11/2026 14:07,Dibatalkan,150000,0,19000,169000,IDR,Gamis,1,,
INV-4,20/11/2026 14:08,Dikirim,150000,0,19000,169000,IDR,Gamis,1,,
INV-5,20/11/2026 14:09,Lunas,150000,0,19000,169000,IDR,Gamis,1,,
INV-6,20/11/2026 14:09,Dibayar,150000,0,19000,169000,IDR,Gamis,1,,
"""


def test_the_columns_and_words_of_an_indonesian_export_are_read(tmp_path: Path) -> None:
    reading = read(tmp_path, "pesanan.csv", INDONESIAN, zone="Asia/Jakarta")
    assert (reading.loader, reading.tally.gaps) == ("table", ())
    amounts = ", ".join(money(name) for name in ("total", "subtotal", "discount", "shipping"))
    assert reading.texts(f"select order_id, created_at, currency, {amounts} from orders where order_id = 'INV-1'") == [
        "INV-1 | 2026-11-20 07:05:00 | IDR | 159000 | 150000 | 10000 | 19000"
    ]
    assert reading.texts("select status, is_paid, is_cancelled from orders order by order_id") == [
        "Selesai | True | False",
        "Menunggu Pembayaran | False | False",
        "Dibatalkan | - | True",
        "Dikirim | - | False",
        "Lunas | True | False",
        "Dibayar | True | False",
    ]
    assert reading.rows("select count(email_digest), count(phone_digest) from orders") == [(1, 1)]


def test_gaps_say_what_the_table_lacks(tmp_path: Path) -> None:
    zoneless = read(tmp_path, "a.csv", "order_id,created_at,total\n1,2026-11-20 14:05:00,5\n")
    assert zoneless.tally.gaps == ("order times without a time zone, and none in the plan", "no currency")
    timeless = read(tmp_path, "b.csv", 'order_id,currency,total\n1,IDR,5\n2,IDR,"150.000,000"\n')
    assert timeless.tally.gaps == ("no order times", "1 order total that cannot be read, first at b.csv:3")
    totalless = read(tmp_path, "c.csv", "order_id,created_at,currency\n1,2026-11-20T07:05:00Z,IDR\n")
    assert totalless.tally.gaps == ("no order total",)


def test_an_order_id_that_comes_again_is_its_later_version(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", "order_id,currency,total\n7,IDR,5\n7,IDR,6\n")
    assert reading.counts == (2, 1, 1, 0)
    assert reading.texts(f"select {money('total')} from orders") == ["6"]
    assert "1 row repeats an order id: the latest was used" in reading.tally.gaps


def test_a_list_without_times_takes_nothing_from_the_export(tmp_path: Path) -> None:
    con = database()
    export = "order_id,created_at,currency,total,status\n7,2026-11-20T14:05:00+07:00,IDR,6,paid\n"
    read(tmp_path, "export.csv", export, con=con)
    listed = read(tmp_path, "test-orders.csv", "order_id,currency,total\n7,IDR,5\n8,IDR,9\n", con=con)
    assert listed.texts(f"select order_id, {money('total')}, status, created_at from orders order by order_id") == [
        "7 | 6 | paid | 2026-11-20 07:05:00",
        "8 | 9 | - | -",
    ]


def test_rows_of_an_orders_items_need_not_repeat_what_the_order_says(tmp_path: Path) -> None:
    table = (
        "Order ID,Order Date,Currency,Order Total,SKU,Status\n"
        "1001,2026-11-20 05:44,USD,59.54,A,Cancelled\n1001,,,,B,\n"
        "1002,2026-11-20 05:44,USD,39.01,C,paid\n1002,2026-11-20 05:44,USD,,D,paid\n,,,,E,\n"
        "Total,,,98.55,,\n"
    )
    reading = read(tmp_path, "orders.csv", table, zone="UTC")
    assert reading.counts == (6, 2, 4, 0)
    facts = f"order_id, created_at, currency, {money('total')}, is_cancelled, is_paid"
    assert reading.texts(f"select {facts} from orders order by 1") == [
        "1001 | 2026-11-20 05:44:00 | USD | 59.54 | True | -",
        "1002 | 2026-11-20 05:44:00 | USD | 39.01 | False | True",
    ]


def test_headers_may_use_other_words_cases_and_marks(tmp_path: Path) -> None:
    header = "\ufeffOrder Number;Order Date;Order Currency;Order Total;Customer Email\r\n"
    text = header + "#A-1;2026-11-20T07:05:00Z;EUR;9.50;a@example.com\r\n"
    reading = read(tmp_path, "orders.csv", text)
    assert reading.texts(f"select order_id, created_at, currency, {money('total')}, email_digest is not null from orders") == [
        "A-1 | 2026-11-20 07:05:00 | EUR | 9.5 | True"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_an_encoding_costs_no_row(tmp_path: Path, encoding: str) -> None:
    text = "order_id,created_at,currency,total,note\n1,2026-11-20T07:05:00Z,EUR,9.50,Größe\n"
    assert read(tmp_path, "orders.csv", text.encode(encoding)).texts("select order_id, currency from orders") == ["1 | EUR"]


def test_json_keeps_large_ids_and_cents(tmp_path: Path) -> None:
    order = {"order_id": 900719925474099312, "created_at": 1795158300, "currency": "USD", "total": "0.10", "items": [{"id": 5}]}
    for name, text in {
        "list.json": json.dumps([order]),
        "lines.ndjson": json.dumps(order),
        "wrapped.json": json.dumps({"data": {"orders": [order]}, "total": 1}, indent=1),
    }.items():
        reading = read(tmp_path, name, text)
        assert reading.loader == "table"
        assert reading.texts(f"select order_id, {money('total')}, created_at from orders") == [
            "900719925474099312 | 0.1 | 2026-11-20 07:05:00"
        ], name


def test_parquet_keeps_its_digits_and_its_zones(tmp_path: Path) -> None:
    path = tmp_path / "orders[1].parquet"
    duckdb.execute(
        "copy (select 'A1' as order_id, timestamptz '2026-11-20 07:05:00+00' as created_at, 'IDR' as currency,"
        " cast('99999999999999.10' as decimal(18, 2)) as total, [{'id': 'X', 'quantity': 2}] as items)"
        f" to '{path}' (format parquet)"
    )
    source = read_source(path, "orders.parquet")
    found = claimant(source)
    assert found is not None
    assert found[0] == "table"
    con = database()
    assert found[1].load(con, source).kept == 1
    assert con.execute(f"select order_id, cast(created_at as varchar), {money('total')} from orders").fetchall() == [
        ("A1", "2026-11-20 07:05:00", "99999999999999.1")
    ]
    assert con.execute("select item_id from order_items").fetchall() == [("X",)]


def test_the_plan_may_name_foreign_fields(tmp_path: Path) -> None:
    line = {"no": "A1", "when": "2026-11-20T07:05:00Z", "sum": {"grand": "5.00", "unit": "EUR"}}
    source = source_of(tmp_path, "shop.ndjson", json.dumps(line) + "\n")
    assert claimant(source) is None
    fields = {"order_id": "no", "created_at": "when", "total": "sum.grand", "currency": "sum.unit"}
    mapped = replace(source, mapped_kind="orders", fields=fields)
    found = claimant(mapped)
    assert found is not None
    assert found[0] == "table"
    con = database()
    assert found[1].load(con, mapped).kept == 1
    assert con.execute(f"select order_id, currency, {money('total')} from orders").fetchall() == [("A1", "EUR", "5")]


def test_a_key_two_orders_share_names_neither(tmp_path: Path) -> None:
    rows = "order_id,id,currency,total\nA,7,EUR,1\nB,8,EUR,1\nC,8,EUR,1\n9,10,EUR,1\n10,11,EUR,1\n"
    reading = read(tmp_path, "orders.csv", rows)
    assert reading.texts("select order_id, key from order_keys order by order_id") == ["10 | 11", "A | 7"]


def test_gaps_count_the_orders_that_lack_what_others_have(tmp_path: Path) -> None:
    rows = "order_id,created_at,currency,total\nA,2026-11-20T07:05:00Z,EUR,1\nB,2026-11-20T07:05:00Z,,\n"
    assert read(tmp_path, "orders.csv", rows).tally.gaps == ("1 order without a currency", "1 order without a total")


@pytest.mark.parametrize(
    ("written", "currency", "read_as"),
    [
        ("196.000", "IDR", "196000"), ("1.196.000", "IDR", "1196000"), ("196,000", "JPY", "196000"),
        ("196000.000", "IDR", "196000"), ("0.500", "IDR", "0.5"), ("184,14", "EUR", "184.14"), ("1.184,14", "EUR", "1184.14"),
        ("1,184.14", "USD", "1184.14"),
        ("1.184.000", "EUR", "1184000"), ("196.000", "EUR", "196"), ("1,184", "USD", None), ("184,140", "EUR", None),
        ("Rp196.000", "IDR", "196000"), ("Rp 1.196.000,00", "IDR", "1196000"), ("IDR 196000", "IDR", "196000"),
        ("184,14 €", "EUR", "184.14"), ("1 184,14\u00a0€", "EUR", "1184.14"), ("1\u202f184,14", "EUR", "1184.14"),
        ("$1,184.14", "USD", "1184.14"), ("-US$5.00", "USD", "-5"), ("¥196,000", "JPY", "196000"), ("184,14 zł", "PLN", "184.14"),
        ("$184.14", "EUR", None), ("USD 184.14", "EUR", None), ("Rp 196.000", "USD", None), ("184.14 each", "USD", None),
        ("1 2345", "EUR", None),
    ],
)  # fmt: skip
def test_an_amount_as_a_spreadsheet_writes_it_is_read_where_it_can_mean_one_thing(
    written: str, currency: str, read_as: str | None, tmp_path: Path
) -> None:
    reading = read(tmp_path, "orders.csv", f'order_id;created_at;currency;total\n1;2026-11-20T10:00:00Z;{currency};"{written}"\n')
    assert reading.rows("select number_text(total) from orders") == [(read_as,)]


def test_a_text_of_many_words_is_no_order_number(tmp_path: Path) -> None:
    """Half a table in one cell: it took all memory to look for each of its words."""
    order = {"created_at": "2026-11-20T10:00:00Z", "currency": "EUR", "total": 5}
    found = read(tmp_path, "orders.json", json.dumps([order | {"order_id": name} for name in ("1001", "a-1 " * 40_000)]))
    assert found.texts("select order_id from orders") == ["1001"]
    assert found.rejects == {"orders.json:2": "no order id in this row"}
    assert found.counts == (2, 1, 0, 1)


@pytest.mark.parametrize("written", ["'1001", '"=""1001"""', "1001.0", "#1001", "'#1001"])
def test_an_order_number_that_a_spreadsheet_wrote_out_again_is_the_shops(written: str, tmp_path: Path) -> None:
    text = f"order_id,created_at,currency,total\n{written},2026-11-20T10:00:00Z,IDR,5\n"
    assert read(tmp_path, "orders.csv", text).rows("select order_id from orders") == [("1001",)]


def test_an_order_number_that_a_spreadsheet_rounded_is_refused_and_told(tmp_path: Path) -> None:
    text = 'order_id,created_at,currency,total\n"2,5013E+14",2026-11-20T10:00:00Z,IDR,5\nA-1.5,2026-11-20T10:00:00Z,IDR,5\n'
    reading = read(tmp_path, "orders.csv", text)
    assert reading.rows("select order_id from orders") == [("A-1.5",)]
    assert reading.rejects == {"orders.csv:2": "its order id was rounded by a spreadsheet"}
    assert reading.tally.gaps == ("1 order id rounded by a spreadsheet: export them again and do not open the file",)


@pytest.mark.parametrize(
    ("written", "currency"),
    [("Rp", "IDR"), ("Rp.", "IDR"), ("idr ", "IDR"), ("€", "EUR"), ("$", None), ("Rupiah", None), ("XYZ", "XYZ")],
)
def test_a_currency_is_known_by_its_sign_and_otherwise_not_guessed(written: str, currency: str | None, tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", f"order_id,created_at,currency,total\nA,2026-11-20T10:00:00Z,{written},5\n")
    assert reading.rows("select currency from orders") == [(currency,)]
    assert (reading.tally.gaps == ()) == (currency is not None)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("No Pesanan;Tanggal;Jumlah\nA;20/11/2026 14:05;Rp 150.000", "A | IDR | 150000"),
        ("No Pesanan;Tanggal;Mata Uang;Jumlah\nA;20/11/2026 14:05;IDR;150.000", "A | IDR | 150000"),
        ("No Pesanan;Tanggal;Mata Uang;Produk;Jumlah\nA;20/11/2026 14:05;IDR;Kaos;2", "A | IDR | -"),
        ("No Pesanan;Tanggal;Mata Uang;Jumlah;Total\nA;20/11/2026 14:05;IDR;2;150.000", "A | IDR | 150000"),
        ("No Pesanan;Tanggal;Total (IDR)\nA;20/11/2026 14:05;150.000", "A | IDR | 150000"),
        ("Order ID,Order Date,Shipping (EUR),Total (USD)\nA,2026-11-20 14:05,1,15", "A | - | 15"),
        ("Order ID,Order Date,Total\nA,2026-11-20 14:05,15.50 EUR", "A | EUR | 15.5"),
        ("Order ID,Order Date,Total\nA,2026-11-20 14:05,$15.50", "A | - | -"),
        ("Order ID;Order Date;Currency;Shipping;Total\nA;20.11.2026 14:05;EUR;4,90;1.500", "A | EUR | 1500"),
        ("Order ID;Order Date;Currency;Shipping;Total\nA;20.11.2026 14:05;EUR;4.90;1.500", "A | EUR | 1.5"),
    ],
)
def test_an_amount_may_name_its_currency_itself_or_in_its_heading(table: str, found: str, tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", f"{table}\n", zone="Asia/Jakarta")
    assert reading.texts(f"select order_id, currency, {money('total')} from orders") == [found]


def test_words_of_other_languages_say_what_became_of_an_order(tmp_path: Path) -> None:
    words = (
        "In Bearbeitung;Bezahlt", "Storniert;", "Fehlgeschlagen;", "Zahlung ausstehend;", "Pendente;", "Terminée;Payée",
        ";Zahlungseingang",
    )  # fmt: skip
    rows = [f"{number};20.11.2026 14:05;EUR;59,90;{word}" for number, word in enumerate(words)]
    table = "\n".join(["Order ID;Order Date;Currency;Total;Status;Payment Status", *rows])
    reading = read(tmp_path, "orders.csv", table, zone="Europe/Berlin")
    assert reading.texts("select is_paid, is_cancelled from orders order by order_id") == [
        "True | False", "- | True", "- | False", "False | False", "- | False", "True | False", "- | False",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "duty"),
    [
        ("canceled,,stripe,web", "unknown"),
        ("Storniert,open,,web", "unknown"),
        ("pending_payment,pending,stripe,web", "unknown"),
        ("Incomplete,,,", "unknown"),
        ("Payment error,,,web", "no"),
        ("cancelled,paid,stripe,web", "yes"),
        ("cancelled,refunded,,web", "yes"),
        ("cancelled,,Cash on Delivery,web", "yes"),
        ("batal,,Transfer BCA,web", "yes"),
        ("cancelled,,Pay on delivery,web", "yes"),
        ("cancelled,,Cash,web", "yes"),
        ("cancelled,,Paiement à la livraison,web", "yes"),
        ("storniert,,Überweisung,web", "yes"),
        ("cancelled,,QR code,web", "unknown"),
        ("cancelled,,Cash App,web", "unknown"),
        ("cancelled,complete,,web", "yes"),
        ("pending,pending,stripe,web", "yes"),
        ("canceled,,stripe,pos", "no"),
    ],
)
def test_an_order_given_up_on_the_way_to_its_payment_need_not_have_reached_the_thank_you_page(
    cells: str, duty: str, tmp_path: Path
) -> None:
    """Such an order beside the test orders was a Stop, though its shopper never came back."""
    header = "order_id,created_at,currency,total,status,payment_status,payment_method,source"
    reading = read(tmp_path, "orders.csv", f"{header}\n1001,2026-11-20T14:05:00Z,EUR,5,{cells}\n")
    run_script(reading.con, "orders")
    assert reading.rows("select event_duty from orders") == [(duty,)]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pending_payment", "False | False"),
        ("Awaiting bank wire payment", "False | False"),
        ("Payment accepted", "True | False"),
        ("Payment error", "- | False"),
        ("Canceled", "- | True"),
        ("payment_review", "- | False"),
    ],
)
def test_shop_systems_own_words_say_what_became_of_an_order(word: str, found: str, tmp_path: Path) -> None:
    table = f"Order ID,Order Date,Total,Currency,Status\nXKBKNABJK,2026-11-20T14:05:00Z,15.50,EUR,{word}\n"
    reading = read(tmp_path, "orders.csv", table)
    assert reading.texts("select is_paid, is_cancelled from orders") == [found]


def test_a_day_that_a_spreadsheet_counts_is_read_in_the_plans_zone(tmp_path: Path) -> None:
    assert times(tmp_path, "46346.586806", zone="Asia/Jakarta") == {"46346.586806": "2026-11-20 07:05:00"}
    assert times(tmp_path, "46346.586806") == {"46346.586806": None}


def test_the_columns_of_a_plugin_for_woocommerce_are_read(tmp_path: Path) -> None:
    names = "Order Number,Order Status,Order Date,Order Total Amount,Order Currency,Order Shipping Amount,Order Total Tax Amount"
    reading = read(tmp_path, "orders.csv", f"{names}\n1001,Processing,2026-11-20 14:05,196000,IDR,16000,0\n", zone="Asia/Jakarta")
    assert reading.rows(f"select order_id, {money('total')}, {money('shipping')} from orders") == [("1001", "196000", "16000")]


def test_what_an_export_blotted_out_of_a_buyer_is_compared_with_nothing(tmp_path: Path) -> None:
    people = (
        "sari@example.com,+62 812 0000 0011",
        "s***@example.com,+62 812 ****0011",
        "sa...@example.com,xxxx",
        "xxxxx@example.com,****",
    )
    lines = [f"{number},2026-11-20T14:05:00+07:00,IDR,1,{person}" for number, person in enumerate(people)]
    reading = read(tmp_path, "orders.csv", "\n".join(["order_id,created_at,currency,total,email,phone", *lines]))
    told = reading.rows("select order_id, email_digest is not null, phone_digest is not null from orders order by order_id")
    assert told == [("0", True, True), ("1", False, False), ("2", False, False), ("3", False, False)]


def document(**fields: object) -> str:
    return json.dumps(fields)


SHOPS = {
    "Magento, the grid's export": (
        'ID,"Purchase Point","Purchase Date","Grand Total (Base)","Grand Total (Purchased)",Status,"Shipping and Handling"\n'
        '000054763,"Main Website\n  Main Store","Nov 17, 2026 2:02:17 PM",€38.00,€35.90,Processing,€4.90\n'
    ),
    "Magento, an answer of its interface": document(
        items=[{
            "entity_id": 77, "increment_id": "000054763", "created_at": "2026-11-17 14:02:17", "base_currency_code": "USD",
            "order_currency_code": "EUR", "base_grand_total": 38, "grand_total": 35.9, "status": "processing",
            "shipping_amount": 4.9, "items": [{"order_id": 77, "product_id": 1953, "sku": "CAP-1", "qty_ordered": 1, "price": 31}],
        }],
        search_criteria={}, total_count=1,
    ),
    "PrestaShop, the grid's export": (
        "ID;Reference;New client;Delivery;Customer;Total;Payment;Status;Date\n"
        "000054763;XKBKNABJK;1;Germany;A. B;€35.90;PayPal;Payment accepted;2026-11-17 14:02:17\n"
    ),
    "PrestaShop, an answer of its interface": document(
        orders=[{
            "id": "000054763", "reference": "XKBKNABJK", "date_add": "2026-11-17 14:02:17", "total_paid": "35.900000",
            "total_paid_tax_incl": "35.900000", "total_paid_tax_excl": "30.170000", "total_shipping_tax_incl": "4.900000",
            "currency": "EUR", "associations": {"order_rows": [{"id": "1", "product_id": "1953"}]},
        }],
    ),
    "Shopware, its profile's export": (
        "id;orderNumber;orderDateTime;amountTotal;shippingTotal;currency.isoCode\n"
        "018f0a;000054763;2026-11-17T13:02:17.000+00:00;35.90;4.90;EUR\n"
    ),
    "Shopware, an answer of its interface": document(
        total=1,
        data=[{
            "id": "018f0a", "orderNumber": "000054763", "orderDateTime": "2026-11-17T13:02:17.000+00:00", "amountTotal": 35.9,
            "shippingTotal": 4.9, "currency": {"isoCode": "EUR", "symbol": "€"},
        }],
    ),
    "OpenCart, its table": (
        "order_id,invoice_no,total,order_status_id,currency_code,date_added,shipping_cost\n"
        "000054763,0,35.9000,2,EUR,2026-11-17 14:02:17,4.90\n"
    ),
    "BigCommerce, an answer of its interface": json.dumps([{
        "id": "000054763", "date_created": "Tue, 17 Nov 2026 13:02:17 +0000", "total_inc_tax": "35.9000", "total_ex_tax": "30.1700",
        "currency_code": "EUR", "shipping_cost_inc_tax": "4.9000", "products": {"url": "https://shop.example.com/products"},
    }]),
    "BigCommerce, its template's export": (
        "Order ID,Customer ID,Order Date,Order Time,Order Status,Subtotal (inc tax),Tax Total,Shipping Cost (inc tax),"
        "Order Total (inc tax),Order Total (ex tax),Refund Amount,Order Currency Code\n"
        "000054763,7,11/17/2026,14:02:17,Completed,31.00,5.73,4.90,35.90,30.17,0.00,EUR\n"
    ),
    "Wix, its list's export": (
        "Order number,Date created,Time,Contact email,Currency,Item,SKU,Qty,Price,Shipping rate,Total,Payment status\n"
        '000054763,"Nov 17, 2026",2:02:17 PM,a@example.com,EUR,Cap,CAP-1,1,31.00,4.90,35.90,Paid\n'
    ),
    "a script of the shop's own": json.dumps([{
        "id": "clx1", "orderNumber": "000054763", "createdAt": "2026-11-17T13:02:17Z", "totalAmount": "35.90", "currency": "EUR",
        "shippingCost": "4.90", "items": [{"productId": "1953", "quantity": 1, "unitPrice": "31.00"}],
    }]),
}  # fmt: skip


@pytest.mark.parametrize("shop", SHOPS)
def test_the_names_of_other_shop_systems_are_known(shop: str, tmp_path: Path) -> None:
    """Such files were of no known format, so a launch whose orders they hold was not proven."""
    reading = read(tmp_path, "orders.txt", SHOPS[shop], zone="Europe/Berlin")
    assert reading.loader == "table"
    facts = f"order_id, cast(created_at as varchar), currency, {money('total')}"
    assert reading.texts(f"select {facts} from orders") == ["000054763 | 2026-11-17 13:02:17 | EUR | 35.9"]
    assert reading.texts(f"select {money('shipping')} from orders") == (["-"] if "New client" in SHOPS[shop] else ["4.9"])


@pytest.mark.parametrize(
    ("table", "created"),
    [
        ("created_at,time\n1001,IDR,5,2026-11-20,14:05", "2026-11-20 14:05:00"),
        ("tanggal,jam\n1001,IDR,5,20 November 2026,14:05", "2026-11-20 14:05:00"),
        ("created_at,time\n1001,IDR,5,46346,18:00", "2026-11-20 00:00:00"),
        ("created_at,time\n1001,IDR,5,46346.586806,18:00", "2026-11-20 14:05:00"),
        ("created_at,time\n1001,IDR,5,1795183500,18:00", "2026-11-20 14:05:00"),
        ("created_at,time\n1001,IDR,5,2026-11-20,2:05 p.m.", "2026-11-20 14:05:00"),
        ("created_at,time\n1001,IDR,5,2026-11-20,12:05:00AM", "2026-11-20 00:05:00"),
        ("tanggal,jam\n1001,IDR,5,20/11/2026 14.05,18:00", "2026-11-20 14:05:00"),
        ("order_date,time\n1001,IDR,5,2026-11-20,25:10", "2026-11-20 00:00:00"),
        ("order_date,delivery_date,time\n1001,IDR,5,2026-11-20,2026-11-22,18:00", "2026-11-20 00:00:00"),
        ("order_date,delivery_time\n1001,IDR,5,2026-11-20,18:00", "2026-11-20 00:00:00"),
    ],
)
def test_an_hour_beside_a_day_is_that_days(table: str, created: str, tmp_path: Path) -> None:
    """Seconds, spreadsheet's days and times with dots became times that nobody could read, and the hour of delivery the order's."""
    reading = read(tmp_path, "orders.csv", f"order_id,currency,total,{table}\n", zone="UTC")
    assert reading.texts("select strftime(created_at + interval 500 milliseconds, '%Y-%m-%d %H:%M:%S') from orders") == [created]


def test_a_page_goes_by_the_orders_further_names(tmp_path: Path) -> None:
    reading = read(tmp_path, "orders.csv", SHOPS["PrestaShop, the grid's export"], zone="Europe/Berlin")
    assert reading.texts("select key, kind from order_keys") == ["XKBKNABJK | number"]
    items = read(tmp_path, "script.json", SHOPS["a script of the shop's own"])
    assert items.texts(f"select item_id, id_space, {money('price')} from order_items") == ["1953 | product | 31"]


@pytest.mark.parametrize(
    "table",
    [
        "id,amount,currency,created_at,status\npi_3Qx,35.90,EUR,2026-11-17T13:02:17Z,succeeded\n",
        "id,total,currency,created_at,status\n81,35.90,EUR,2026-11-17T13:02:17Z,open\n",
        "reference,date,amount,currency\nA-1,2026-11-17T13:02:17Z,35.90,EUR\n",
        "Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Amount,Fee,Net,Currency\n"
        "2026-11-20 05:44:05 -0500,refund,#1001,visa,online,paid,2026-11-23,8812345,-20.00,0.00,-20.00,USD\n",
    ],
)
def test_payments_carts_and_statements_are_no_orders(table: str, tmp_path: Path) -> None:
    """Their ids are nobody's order; the plan says of a table what it holds."""
    assert claimant(source_of(tmp_path, "rows.csv", table)) is None
