"""Scalev orders: API answers and webhook bodies (domain 7.4)."""

from __future__ import annotations

import duckdb

from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._records import read_records
from audit.loaders._source import Source, Tally

KIND = "orders"
FORMATS = ("Scalev orders: API answers and webhook bodies, JSON",)

_MARKS = {"gross_revenue", "order_id"}
_FIELDS = """{"id":"VARCHAR","order_id":"VARCHAR","secret_slug":"VARCHAR","status":"VARCHAR","payment_status":"VARCHAR",
"payment_method":"VARCHAR","is_probably_spam":"BOOLEAN","mark_as_spam_by":"VARCHAR","created_at":"VARCHAR",
"inserted_at":"VARCHAR","draft_time":"VARCHAR","pending_time":"VARCHAR","paid_time":"VARCHAR","canceled_time":"VARCHAR",
"last_updated_at":"VARCHAR","currency":"VARCHAR","gross_revenue":"VARCHAR","net_revenue":"VARCHAR","total_price":"VARCHAR",
"product_price":"VARCHAR","product_discount":"VARCHAR","discount_code_discount":"VARCHAR","unique_code_discount":"VARCHAR",
"shipping_cost":"VARCHAR","shipping_discount":"VARCHAR","payment_fee":"VARCHAR","tax":"VARCHAR",
"destination_address":{"email":"VARCHAR","phone":"VARCHAR"},"customer":{"email":"VARCHAR","phone":"VARCHAR"},
"orderlines":[{"variant_unique_id":"VARCHAR","variant_sku":"VARCHAR","product_unique_id":"VARCHAR","quantity":"VARCHAR",
"variant_price":"VARCHAR","product_price":"VARCHAR"}]}"""


def claims(source: Source) -> bool:
    """Orders with Scalev's own money fields: alone, in a list, under ``data`` or ``orders``, or in a webhook body."""
    if source.shape == "json_object":
        return any(_is_order(members) for members in (source.keys, *source.members.values()))
    if source.shape not in ("ndjson", "json_array") or not source.records:
        return False
    return any(
        _is_order(record) or any(isinstance(inner, dict) and _is_order(inner) for inner in record.values())
        for record in source.records
    )


def _is_order(keys: object) -> bool:
    names = set(keys) if isinstance(keys, dict | tuple | list) else set()
    return names >= _MARKS or {"order_id", "secret_slug"} <= names


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order; amounts stay the decimal texts they are. Scalev sells in rupiah unless the order says otherwise."""
    under = next((key for key in ("orders", "results", "data") if _is_order(source.members.get(key, ()))), None)
    read, bad = read_records(con, source, under if source.shape == "json_object" else None)
    open_orders(con)
    con.execute(
        """
        insert into order_rows by name
        with unwrapped as (
            select
                place,
                case
                    when json_exists(record, '$.data.order_id') then json_extract(record, '$.data')
                    when json_exists(record, '$.order.order_id') then json_extract(record, '$.order')
                    else record
                end as record
            from records
        ),
        orders_read as (
            select place, from_json(record, ?) as o from unwrapped
        )
        select
            place,
            o.order_id as order_id,
            coalesce(o.created_at, o.inserted_at, o.draft_time, o.pending_time) as created,
            o.paid_time as paid,
            o.canceled_time as cancelled,
            o.last_updated_at as changed,
            o.status as status,
            o.payment_status as payment_status,
            o.payment_method as payment_method,
            o.paid_time is not null or o.payment_status in ('paid', 'settled') as is_paid,
            coalesce(o.is_probably_spam, false) or o.mark_as_spam_by is not null as is_spam,
            o.status = 'canceled' as is_cancelled,
            coalesce(o.currency, 'IDR') as currency,
            coalesce(o.gross_revenue, o.total_price) as total,
            o.gross_revenue as gross_revenue,
            o.net_revenue as net_revenue,
            cast(plain_number(o.product_price) - coalesce(plain_number(o.product_discount), 0)
                - coalesce(plain_number(o.discount_code_discount), 0) as varchar) as subtotal,
            cast(coalesce(plain_number(o.product_discount), 0) + coalesce(plain_number(o.discount_code_discount), 0) as varchar)
                as discount,
            cast(plain_number(o.shipping_cost) - coalesce(plain_number(o.shipping_discount), 0) as varchar) as shipping,
            o.tax as tax,
            o.payment_fee as fees,
            o.unique_code_discount as unique_code,
            coalesce(o.destination_address.email, o.customer.email) as email,
            coalesce(o.destination_address.phone, o.customer.phone) as phone,
            [{'key': o.id, 'kind': 'id'}, {'key': o.secret_slug, 'kind': 'token'}] as other_keys,
            list_transform(o.orderlines, lambda x: {
                'item_ids': [
                    {'id': x.variant_unique_id, 'space': 'unique'},
                    {'id': x.variant_sku, 'space': 'sku'},
                    {'id': x.product_unique_id, 'space': 'product'}],
                'quantity': x.quantity,
                'price': coalesce(x.variant_price, x.product_price),
                'counts': true}) as lines
        from orders_read
        """,
        [_FIELDS],
    )
    kept, rejected, gaps = insert_orders(con, source)
    return Tally(read=read, kept=kept, ignored=0, rejected=bad + rejected, gaps=gaps)
