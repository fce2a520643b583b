"""Scalev orders: API answers, webhook bodies, slim public orders, and the CSV download with whatever columns were chosen."""

from __future__ import annotations

import duckdb

from audit.loaders._cells import read_cells
from audit.loaders._columns import Columns, flag, plain
from audit.loaders._documents import holds, read_documents
from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._source import Source, Tally

KIND = "orders"
FORMATS = (
    "Scalev orders, JSON: API answers, webhook bodies, public orders",
    "Scalev orders, CSV download with any choice of columns",
)

#: Fields no other shop's orders have.
_MARKS = frozenset(
    {
        "secret_slug", "unique_code_discount", "is_probably_spam", "mark_as_spam_by", "public_order_url",
        "final_variants", "destination_address", "orderlines",
    }
)  # fmt: skip
_FLAT = (
    "id", "order_id", "secret_slug", "status", "payment_status", "payment_method", "is_probably_spam", "mark_as_spam_by",
    "created_at", "inserted_at", "draft_time", "pending_time", "paid_time", "canceled_time", "last_updated_at",
    "currency", "gross_revenue", "net_revenue", "total_price", "product_price", "product_discount",
    "discount_code_discount", "unique_code_discount", "shipping_cost", "shipping_discount", "payment_fee", "tax",
)  # fmt: skip
_BUYER = {
    "email": ("email", "customer_email", "destination_address_email"),
    "phone": ("phone", "customer_phone", "destination_address_phone"),
}
_FIELDS = (
    "{" + "".join(f'"{name}":"VARCHAR",' for name in _FLAT) + '"destination_address":{"email":"VARCHAR",'
    '"phone":"VARCHAR"},"customer":{"email":"VARCHAR","phone":"VARCHAR"},"orderlines":[{"variant_unique_id":"VARCHAR",'
    '"bundle_price_option_unique_id":"VARCHAR","variant_sku":"VARCHAR","product_unique_id":"VARCHAR","quantity":"VARCHAR",'
    '"variant_price":"VARCHAR","product_price":"VARCHAR"}]}'
)
#: A webhook body may be about something else: a product, a customer.
_ABOUT_AN_ORDER = " or ".join(
    f"json_exists(record, '$.{name}')" for name in ("order_id", "secret_slug", "gross_revenue", "payment_status")
)


def claims(source: Source) -> bool:
    """Orders with Scalev's own fields beside their id or their amounts."""
    if source.mapped_kind is None and source.shape == "csv":
        return "order_id" in (names := frozenset(plain(key) for key in source.keys)) and _is_order(names)
    return holds(source, _is_order)


def _is_order(names: frozenset[str]) -> bool:
    if "order_id" in names and "gross_revenue" in names and "total" not in names:
        return True
    return bool(names & _MARKS) and bool(names & {"order_id", "gross_revenue", "total_price", "payment_url"})


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order; amounts stay the decimal texts they are. Scalev sells in rupiah unless the order says otherwise."""
    gaps: tuple[str, ...] = ()
    if source.shape == "csv":
        read, bad = read_cells(con, source)
        gaps = _name_columns(con, source)
    else:
        read, bad = read_documents(con, source, own_keys=("order_id", "secret_slug"))
    open_orders(con)
    con.execute(
        f"""
        insert into order_rows by name
        with orders_read as (
            select
                place,
                from_json(record, ?) as o
            from records
            where {_ABOUT_AN_ORDER}
        )
        select
            place,
            coalesce(o.order_id, case when o.secret_slug is not null then o.id end) as order_id,
            coalesce(o.created_at, o.inserted_at, o.draft_time, o.pending_time) as created,
            o.paid_time as paid,
            o.canceled_time as cancelled,
            case when coalesce(o.gross_revenue, o.total_price) is not null then o.last_updated_at end as changed,
            o.status as status,
            o.payment_status as payment_status,
            o.payment_method as payment_method,
            o.paid_time is not null or o.payment_status in ('paid', 'settled') as is_paid,
            coalesce({flag("o.is_probably_spam")}, false) or o.mark_as_spam_by is not null as is_spam,
            o.status = 'canceled' as is_cancelled,
            coalesce(o.currency, 'IDR') as currency,
            coalesce(o.gross_revenue, o.total_price) as total,
            o.gross_revenue as gross_revenue,
            o.net_revenue as net_revenue,
            cast(plain_number(o.product_price) - coalesce(plain_number(o.product_discount), 0)
                - coalesce(plain_number(o.discount_code_discount), 0) as varchar) as subtotal,
            cast(coalesce(plain_number(o.product_discount), 0)
                + coalesce(plain_number(o.discount_code_discount), 0) as varchar) as discount,
            cast(plain_number(o.shipping_cost) - coalesce(plain_number(o.shipping_discount), 0) as varchar) as shipping,
            o.tax as tax,
            o.payment_fee as fees,
            o.unique_code_discount as unique_code,
            coalesce(o.destination_address.email, o.customer.email) as email,
            coalesce(o.destination_address.phone, o.customer.phone) as phone,
            [{{'key': o.id, 'kind': 'id'}}, {{'key': o.secret_slug, 'kind': 'token'}}] as other_keys,
            list_transform(o.orderlines, lambda x: {{
                'item_ids': [
                    {{'id': coalesce(x.variant_unique_id, x.bundle_price_option_unique_id), 'space': 'unique'}},
                    {{'id': x.variant_sku, 'space': 'sku'}},
                    {{'id': x.product_unique_id, 'space': 'product'}}],
                'quantity': x.quantity,
                'price': coalesce(x.variant_price, x.product_price),
                'counts': true}}) as lines
        from orders_read
        """,
        [_FIELDS],
    )
    return insert_orders(con, source, read=read, bad=bad, gaps=gaps + _slim(con))


def _slim(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    row = con.execute(
        "select count(*) from records where json_exists(record, '$.secret_slug') and not json_exists(record, '$.order_id')"
    ).fetchone()
    return ("public orders without order_id: their id stands for it",) if row and row[0] else ()


def _name_columns(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """The table's rows as the objects the interface would give; and what the chosen columns leave out."""
    columns = Columns(source.keys, cells=True)
    flat = ", ".join(f"'{name}', {columns.text(name)}" for name in _FLAT)
    buyer = ", ".join(f"'{name}', {columns.text(*names)}" for name, names in _BUYER.items())
    order = f"json_object({flat}, 'destination_address', json_object({buyer}))"
    con.execute(f"create or replace temp table records as select place, json_merge_patch('{{}}', {order}) as record from cells")
    gaps = ["no item lines: items cannot be compared"]
    if not columns.has("is_probably_spam", "mark_as_spam_by"):
        gaps.append("no spam column: spam orders cannot be told from real ones")
    if not columns.has("shipping_cost"):
        gaps.append("no shipping amounts: values without shipping cannot be told")
    return tuple(gaps)
