"""Shopify orders: the admin's CSV export in all its generations, and Admin REST and webhook bodies as JSON.

The CSV has one row a line item. Only an order's first row holds its amounts, so rows are grouped by ``Name`` and each fact is
taken from the first row that has it; totals are never added up.
"""

from __future__ import annotations

import duckdb

from audit.loaders._cells import read_cells
from audit.loaders._columns import Columns, plain
from audit.loaders._documents import holds, read_documents
from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._source import Source, Tally

KIND = "orders"
FORMATS = (
    "Shopify orders, CSV export of the admin (any generation, any choice of columns)",
    "Shopify orders, JSON: Admin REST answers and webhook bodies",
)

_CSV_MARKS = frozenset({"financial_status", "lineitem_quantity", "lineitem_name", "lineitem_price", "lineitem_sku"})
_JSON_MARKS = frozenset(
    {"financial_status", "order_number", "total_price_set", "current_total_price", "checkout_token", "admin_graphql_api_id"}
)
#: Column of the export -> what cannot be told without it.
_WANTED = {
    "total": "no Total column: order values cannot be compared",
    "subtotal": "no Subtotal column: values without shipping and tax cannot be told",
    "shipping": "no Shipping column: values without shipping cannot be told",
    "taxes": "no Taxes column: values without tax cannot be told",
    "lineitem_sku": "no Lineitem sku column: items cannot be compared",
    "cancelled_at": "no Cancelled at column: cancelled orders cannot be told",
    "source": "no Source column: orders that never touched the web pixel cannot be told apart",
}
#: Lines that are no merchandise: they are in the total and in no pixel event.
_NO_GOODS = (
    r"'^(tips?|gratuity|donation)$|\b(handling|payment|cod|service|surcharge) ?fees?$"
    r"|\b(shipping|package|route) (protection|insurance)\b|^surcharge\b"
    r"|^(add |premium )?gift[- ]?wrap(ping)?( (service|option|fee|bag|box))?( - .*)?$'"
)
_FIELDS = """{"id":"VARCHAR","name":"VARCHAR","order_number":"VARCHAR","token":"VARCHAR","checkout_token":"VARCHAR",
"cart_token":"VARCHAR","checkout_id":"VARCHAR","created_at":"VARCHAR","updated_at":"VARCHAR","cancelled_at":"VARCHAR",
"financial_status":"VARCHAR","fulfillment_status":"VARCHAR","payment_gateway_names":["VARCHAR"],"test":"VARCHAR",
"source_name":"VARCHAR","currency":"VARCHAR","presentment_currency":"VARCHAR","taxes_included":"VARCHAR",
"total_price":"VARCHAR","subtotal_price":"VARCHAR","total_discounts":"VARCHAR","total_tax":"VARCHAR",
"client_details":{"user_agent":"VARCHAR"},"total_tip_received":"VARCHAR","current_total_price":"VARCHAR","email":"VARCHAR","contact_email":"VARCHAR",
"phone":"VARCHAR","customer":{"email":"VARCHAR","phone":"VARCHAR"},"billing_address":{"phone":"VARCHAR"},
"shipping_address":{"phone":"VARCHAR"},"total_price_set":{"presentment_money":{"amount":"VARCHAR","currency_code":"VARCHAR"}},
"total_shipping_price_set":{"shop_money":{"amount":"VARCHAR"}},
"shipping_lines":[{"price":"VARCHAR","discounted_price":"VARCHAR"}],
"refunds":[{"transactions":[{"amount":"VARCHAR","kind":"VARCHAR","status":"VARCHAR"}]}],
"line_items":[{"product_id":"VARCHAR","variant_id":"VARCHAR","sku":"VARCHAR","title":"VARCHAR","name":"VARCHAR",
"quantity":"VARCHAR","price":"VARCHAR","total_discount":"VARCHAR"}]}"""


def claims(source: Source) -> bool:
    """CSV: ``Name`` beside line-item columns. JSON: a total price beside the names only Shopify gives an order's facts."""
    if source.mapped_kind is None and source.shape == "csv":
        names = {plain(key) for key in source.keys}
        return "name" in names and bool(names & _CSV_MARKS)
    return holds(source, lambda names: "total_price" in names and bool(names & _JSON_MARKS) and "secret_slug" not in names)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order, named as the merchant sees it, without the leading ``#``."""
    return _load_csv(con, source) if source.shape == "csv" else _load_json(con, source)


def _load_csv(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    read, bad = read_cells(con, source)
    columns = Columns(source.keys, cells=True)
    open_orders(con)
    first = {
        "created": columns.text("created_at"),
        "paid": columns.text("paid_at"),
        "cancelled": columns.text("cancelled_at"),
        "status": columns.text("fulfillment_status"),
        "payment_status": columns.text("financial_status"),
        "payment_method": columns.text("payment_method"),
        "order_source": columns.text("source"),
        "currency": columns.text("currency"),
        "total": columns.text("total"),
        "subtotal": columns.text("subtotal"),
        "discount": columns.text("discount_amount"),
        "shipping": columns.text("shipping"),
        "tax": columns.text("taxes"),
        "refunded": columns.text("refunded_amount"),
        "email": columns.text("email"),
        "phone": columns.text("phone", "shipping_phone", "billing_phone"),
        "id": columns.text("id"),
    }
    selected = ",\n".join(f"arg_min({sql}, place) filter ({sql} is not null) as {name}" for name, sql in first.items())
    con.execute(
        f"""
        insert into order_rows by name
        with lines_read as (
            select
                *,
                {columns.text("name")} as name,
                {columns.text("lineitem_sku")} as sku,
                {columns.text("lineitem_name")} as title,
                {columns.text("lineitem_quantity")} as quantity,
                {columns.text("lineitem_price")} as price,
                {columns.text("lineitem_discount")} as line_discount
            from cells
        ),
        grouped as (
            select
                name,
                min(place) as place,
                count(*) as rows,
                {selected},
                list({{
                    'item_ids': [{{'id': sku, 'space': 'sku'}}],
                    'quantity': quantity,
                    'price': price,
                    'counts': {is_merchandise("title", "price", "quantity", "line_discount")}
                }} order by place) as lines
            from lines_read
            group by name, case when name is null then place end
        )
        select
            place,
            rows,
            ltrim(name, '#') as order_id,
            created,
            paid,
            cancelled,
            status,
            payment_status,
            payment_method,
            case when paid is not null then true else {is_paid("payment_status")} end as is_paid,
            cancelled is not null as is_cancelled,
            order_source,
            currency,
            total,
            subtotal,
            discount,
            shipping,
            tax,
            refunded,
            cast(plain_number(total) - plain_number(refunded) as varchar) as current_total,
            email,
            ltrim(phone, '''') as phone,
            [
                {{'key': id, 'kind': 'id'}},
                {{'key': name, 'kind': 'name'}},
                {{'key': {running_number("name")}, 'kind': 'number'}}
            ] as other_keys,
            lines
        from grouped
        """
    )
    gaps = tuple(gap for name, gap in _WANTED.items() if name not in columns)
    if "email" not in columns and not columns.has("phone", "billing_phone", "shipping_phone"):
        gaps += ("no Email or Phone column: match keys cannot be compared",)
    return insert_orders(con, source, read=read, bad=bad, gaps=gaps)


def _load_json(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    read, bad = read_documents(con, source, own_keys=("total_price",))
    open_orders(con)
    con.execute(
        f"""
        insert into order_rows by name
        with orders_read as (
            select
                place,
                from_json(record, ?) as o
            from records
            where json_exists(record, '$.total_price') or json_exists(record, '$.name')
        )
        select
            place,
            coalesce(ltrim(o.name, '#'), o.order_number) as order_id,
            o.created_at as created,
            o.cancelled_at as cancelled,
            o.updated_at as changed,
            o.fulfillment_status as status,
            o.financial_status as payment_status,
            array_to_string(o.payment_gateway_names, ', ') as payment_method,
            {is_paid("o.financial_status")} as is_paid,
            o.test = 'true' as is_test,
            o.cancelled_at is not null as is_cancelled,
            o.source_name as order_source,
            o.currency as currency,
            coalesce(o.presentment_currency, o.total_price_set.presentment_money.currency_code) as presentment_currency,
            o.total_price as total,
            o.subtotal_price as subtotal,
            o.total_discounts as discount,
            coalesce(
                cast(list_sum(list_transform(
                    o.shipping_lines, lambda x: plain_number(coalesce(x.discounted_price, x.price)))) as varchar),
                o.total_shipping_price_set.shop_money.amount) as shipping,
            o.total_tax as tax,
            o.total_tip_received as fees,
            cast(list_sum(list_transform(
                list_filter(
                    flatten(list_transform(o.refunds, lambda r: coalesce(r.transactions, []))),
                    lambda t: t.kind = 'refund' and coalesce(t.status, 'success') = 'success'),
                lambda t: plain_number(t.amount))) as varchar) as refunded,
            o.total_price_set.presentment_money.amount as presentment_total,
            o.current_total_price as current_total,
            cast(case o.taxes_included when 'true' then true when 'false' then false end as boolean) as tax_included,
            coalesce(o.email, o.contact_email, o.customer.email) as email,
            coalesce(o.phone, o.customer.phone, o.shipping_address.phone, o.billing_address.phone) as phone,
            o.client_details.user_agent as user_agent,
            [
                {{'key': o.id, 'kind': 'id'}},
                {{'key': o.name, 'kind': 'name'}},
                {{'key': coalesce(o.order_number, {running_number("o.name")}), 'kind': 'number'}},
                {{'key': o.token, 'kind': 'token'}},
                {{'key': o.checkout_token, 'kind': 'token'}},
                {{'key': o.cart_token, 'kind': 'token'}},
                {{'key': o.checkout_id, 'kind': 'id'}}
            ] as other_keys,
            list_transform(o.line_items, lambda x: {{
                'item_ids': [
                    {{'id': x.variant_id, 'space': 'variant'}},
                    {{'id': x.product_id, 'space': 'product'}},
                    {{'id': x.sku, 'space': 'sku'}}],
                'quantity': x.quantity,
                'price': x.price,
                'counts': {is_merchandise("coalesce(x.title, x.name)", "x.price", "x.quantity", "x.total_discount")}
            }}) as lines
        from orders_read
        """,
        [_FIELDS],
    )
    return insert_orders(con, source, read=read, bad=bad)


def is_paid(status: str) -> str:
    """Refunded orders were paid; an authorisation is not a payment."""
    return f"case when {status} in ('paid', 'refunded', 'partially_refunded') then true when {status} is not null then false end"


def running_number(name: str) -> str:
    """``SG1001-ID`` is the shop's order 1001: its settings put the rest around the number. A telephone number is longer."""
    return f"nullif(regexp_extract({name}, '^[^0-9]*([0-9]{{3,9}})[^0-9]*$', 1), '')"


def is_merchandise(title: str, price: str, quantity: str, discount: str) -> str:
    """Not a tip, not a fee, not given away: free, or discounted to nothing."""
    return (
        f"not (regexp_matches(lower(coalesce({title}, '')), {_NO_GOODS})"
        f" or coalesce(plain_number({price}) * coalesce(plain_number({quantity}), 1)"
        f" <= coalesce(plain_number({discount}), 0), false))"
    )
