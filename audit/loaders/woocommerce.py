"""WooCommerce orders: REST v3 JSON, the Analytics CSV of the core, and the CSV of two export plugins."""

from __future__ import annotations

import re

import duckdb

from audit.loaders._cells import read_cells
from audit.loaders._columns import Columns, plain
from audit.loaders._documents import holds, read_documents
from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._source import Source, Tally

KIND = "orders"
FORMATS = (
    "WooCommerce orders, JSON: REST v3 answers and webhook bodies",
    "WooCommerce Analytics › Orders, CSV (net revenue only)",
    "WooCommerce orders, CSV of the plugins Order/Customer CSV Export and Order Export & Order Import (WebToffee)",
)

_MARKS = frozenset({"order_key", "created_via", "date_created_gmt", "prices_include_tax", "cart_tax"})
_FIELDS = """{"id":"VARCHAR","number":"VARCHAR","order_key":"VARCHAR","created_via":"VARCHAR","status":"VARCHAR",
"type":"VARCHAR","currency":"VARCHAR","date_created":"VARCHAR","date_created_gmt":"VARCHAR","date_paid":"VARCHAR","date_paid_gmt":"VARCHAR",
"date_modified":"VARCHAR","date_modified_gmt":"VARCHAR","payment_method":"VARCHAR","total":"VARCHAR","total_tax":"VARCHAR",
"discount_total":"VARCHAR","discount_tax":"VARCHAR","shipping_total":"VARCHAR","shipping_tax":"VARCHAR",
"prices_include_tax":"VARCHAR","customer_user_agent":"VARCHAR","billing":{"email":"VARCHAR","phone":"VARCHAR"},
"fee_lines":[{"total":"VARCHAR","total_tax":"VARCHAR"}],"refunds":[{"total":"VARCHAR"}],
"line_items":[{"product_id":"VARCHAR","variation_id":"VARCHAR","sku":"VARCHAR","quantity":"VARCHAR","total":"VARCHAR",
"total_tax":"VARCHAR","price":"VARCHAR"}]}"""
_NET = "N. Revenue is net of tax, shipping and refunds: order totals are not in this export"
_INCLUDED = "coalesce(o.prices_include_tax = 'true', false)"
_UNPAID = "it waits for its payment, and whether the shopper came back from paying is not known"
_GIVEN_UP = "it was cancelled without having been paid, and whether the shopper came back from paying is not known"
_OWN = "its status is one of the shop''s own, it was not paid, and whether it stands for a sale is not known"
_CANCELLED = "it was cancelled, and the export does not say whether it had been paid"
_ORIGIN = "meta__wc_order_attribution_source_type"
#: The id that the shop system's own Meta plugin gives a product in the catalogue and in its events.
_CATALOGUE_ID = (
    "case when x.sku <> '' then x.sku || '_' else 'wc_post_id_' end"
    " || coalesce(nullif(x.variation_id, '0'), nullif(x.product_id, '0'))"
)
#: Statuses of the shop system that say by themselves what became of the order; plugins add others.
_STANDING = "('processing', 'on-hold', 'completed', 'refunded', 'failed', 'trash')"
_NOT_PLACED = "('checkout-draft', 'auto-draft')"


def _shown(net: str, tax: str) -> str:
    """SQL for an amount as buyers see it: WooCommerce keeps amounts without tax, also where its prices include it."""
    return f"plain_number({net}) + case when {_INCLUDED} then coalesce(plain_number({tax}), 0) else 0 end"


def claims(source: Source) -> bool:
    """REST: a number and a total beside fields only WooCommerce has. CSV: the two exports' own headers."""
    if source.mapped_kind is None and source.shape == "csv":
        names = {plain(key) for key in source.keys}
        return _is_analytics(names) or _is_plugin(names)
    return holds(source, lambda names: {"number", "total"} <= names and bool(names & _MARKS))


def _is_analytics(names: set[str]) -> bool:
    return "order" in names and bool(names & {"n_revenue", "net_sales"}) and bool(names & {"product_s", "items_sold"})


def _is_plugin(names: set[str]) -> bool:
    if "order_number_formatted" in names:
        return True
    return {"order_number", "order_date", "order_total"} <= names and bool(names & {"line_items", "line_item_1", "wt_import_key"})


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order under the number its buyer sees; carts that were never placed and other post types are ignored."""
    if source.shape != "csv":
        return _load_rest(con, source)
    if _is_analytics({plain(key) for key in source.keys}):
        return _load_analytics(con, source)
    return _load_plugin(con, source)


def _load_rest(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    read, bad = read_documents(con, source, own_keys=("number", "order_key"))
    left = _left_to_pay(f"o.status not in {_STANDING}", "o.date_paid", "o.payment_method", "o.created_via")
    open_orders(con)
    con.execute(
        f"""
        insert into order_rows by name
        with orders_read as (
            select
                place,
                from_json(record, ?) as o
            from records
        )
        select
            place,
            coalesce(o.number, o.id) as order_id,
            coalesce(nullif(o.date_created_gmt, '') || 'Z', o.date_created) as created,
            coalesce(nullif(o.date_paid_gmt, '') || 'Z', o.date_paid) as paid,
            coalesce(nullif(o.date_modified_gmt, '') || 'Z', o.date_modified) as changed,
            o.status as status,
            o.payment_method as payment_method,
            {_is_paid("o.status", "o.date_paid", "o.payment_method")} as is_paid,
            o.status in ('cancelled', 'trash') as is_cancelled,
            o.created_via as order_source,
            case when {left} then {_reason("o.status")} end as duty_reason,
            case when {left} then 'unknown' end as event_duty,
            o.currency as currency,
            o.total as total,
            cast(list_sum(list_transform(o.line_items, lambda x: {_shown("x.total", "x.total_tax")})) as varchar) as subtotal,
            cast({_shown("o.discount_total", "o.discount_tax")} as varchar) as discount,
            cast({_shown("o.shipping_total", "o.shipping_tax")} as varchar) as shipping,
            case when {_INCLUDED} then o.shipping_tax end as shipping_tax,
            o.total_tax as tax,
            cast(list_sum(list_transform(o.fee_lines, lambda x: {_shown("x.total", "x.total_tax")})) as varchar) as fees,
            cast(list_sum(list_transform(o.refunds, lambda x: abs(plain_number(x.total)))) as varchar) as refunded,
            cast(plain_number(o.total) - list_sum(list_transform(o.refunds, lambda x: abs(plain_number(x.total))))
                as varchar) as current_total,
            {_INCLUDED} as tax_included,
            o.billing.email as email,
            o.billing.phone as phone,
            o.customer_user_agent as user_agent,
            [{{'key': o.id, 'kind': 'id'}}, {{'key': o.order_key, 'kind': 'token'}}] as other_keys,
            list_transform(o.line_items, lambda x: {{
                'item_ids': [
                    {{'id': nullif(x.variation_id, '0'), 'space': 'variant'}},
                    {{'id': nullif(x.product_id, '0'), 'space': 'product'}},
                    {{'id': x.sku, 'space': 'sku'}},
                    {{'id': {_CATALOGUE_ID}, 'space': 'catalogue'}}],
                'quantity': x.quantity,
                'price': x.price,
                'counts': not coalesce(plain_number(x.total) = 0, false)}}) as lines
        from orders_read
        where coalesce(o.status, '') not in {_NOT_PLACED}
          and coalesce(o.type, 'shop_order') in ('shop_order', 'order')
        """,
        [_FIELDS],
    )
    return insert_orders(con, source, read=read, bad=bad)


def _load_analytics(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """The core's report knows an order's net revenue and no total; its formatted column is text for people."""
    read, bad = read_cells(con, source)
    columns = Columns(source.keys, cells=True)
    open_orders(con)
    con.execute(
        f"""
        insert into order_rows by name
        select
            place,
            ltrim({columns.text("order")}, '#') as order_id,
            {columns.text("date")} as created,
            {columns.text("status")} as status,
            lower({columns.text("status")}) = 'cancelled' as is_cancelled,
            {columns.text("n_revenue", "net_sales")} as net_revenue
        from cells
        """
    )
    return insert_orders(con, source, read=read, bad=bad, gaps=(_NET, "no item ids: items cannot be compared"))


def _load_plugin(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Line items are ``name:value`` pairs between bars: all in one cell between semicolons, or each in a cell of its own."""
    read, bad = read_cells(con, source)
    columns = Columns(source.keys, cells=True)
    names = [plain(key) for key in source.keys]
    own_cells = [columns.text(name) for name in names if re.fullmatch(r"line_item_[0-9]+", name)]
    lines = f"[{', '.join(own_cells)}]" if own_cells else f"string_split({columns.text('line_items')}, ';')"
    open_orders(con)
    status = f"lower({columns.text('status', 'order_status')})"
    left = _left_to_pay("standing in ('pending', 'cancelled')", "paid", "payment_method", "created_via")
    reason = _reason("standing", _GIVEN_UP if columns.has("date_paid", "paid_date") else _CANCELLED)
    con.execute(
        f"""
        insert into order_rows by name
        with fields_read as (
            select
                place,
                {columns.text("order_number_formatted", "order_number", "order_id")} as number,
                {columns.text("order_number")} as bare_number,
                {columns.text("order_id")} as id,
                {columns.text("order_key")} as order_key,
                {columns.text("order_date")} as created,
                {columns.text("date_paid", "paid_date")} as paid,
                {status} as status,
                shop_status({status}) as standing,
                {columns.text("payment_method")} as payment_method,
                coalesce({columns.text("created_via")}, {_made_elsewhere(columns.text(_ORIGIN))}) as created_via,
                {columns.text("order_currency", "currency")} as currency,
                {columns.text("order_total", "total")} as total,
                {columns.text("discount_total", "cart_discount")} as discount,
                {columns.text("shipping_total")} as shipping,
                {columns.text("tax_total")} as tax,
                {columns.text("fee_total")} as fees,
                {columns.text("refunded_total")} as refunded,
                {columns.text("billing_email")} as email,
                {columns.text("billing_phone")} as phone,
                {columns.text("customer_user_agent")} as user_agent,
                list_filter({lines}, lambda x: trim(x) <> '') as written
            from cells
        )
        select
            place,
            ltrim(number, '#') as order_id,
            created,
            paid,
            status,
            payment_method,
            {_is_paid("standing", "paid", "payment_method")} as is_paid,
            standing in ('cancelled', 'trash') as is_cancelled,
            created_via as order_source,
            case when {left} then {reason} end as duty_reason,
            case when {left} then 'unknown' end as event_duty,
            currency,
            total,
            discount,
            shipping,
            tax,
            fees,
            refunded,
            email,
            phone,
            user_agent,
            [
                {{'key': id, 'kind': 'id'}},
                {{'key': bare_number, 'kind': 'number'}},
                {{'key': order_key, 'kind': 'token'}}
            ] as other_keys,
            list_transform(written, lambda x: {{
                'item_ids': [
                    {{'id': nullif({_part("x", "_?variation_id")}, '0'), 'space': 'variant'}},
                    {{'id': {_part("x", "product_id")}, 'space': 'product'}},
                    {{'id': {_part("x", "sku")}, 'space': 'sku'}}],
                'quantity': {_part("x", "quantity")},
                'price': cast(round(plain_number({_part("x", "total")})
                    / nullif(plain_number({_part("x", "quantity")}), 0), 6) as varchar),
                'counts': not coalesce(plain_number({_part("x", "total")}) = 0, false)}}) as lines
        from fields_read
        where coalesce(status, '') not in {_NOT_PLACED}
        """
    )
    gaps = tuple(
        words
        for names, words in (
            (("shipping_total",), "no shipping_total column: values without shipping cannot be told"),
            (("tax_total",), "no tax_total column: values without tax cannot be told"),
            (("line_items", "line_item_1"), "no line_items column: items cannot be compared"),
            (("created_via", _ORIGIN), "no created_via column: orders that never touched the web pixel cannot be told apart"),
        )
        if not columns.has(*names)
    )
    return insert_orders(con, source, read=read, bad=bad, gaps=gaps)


def _made_elsewhere(origin: str) -> str:
    """SQL for how an order was made, where WooCommerce's own order attribution says that it was not in the shop."""
    return f"case when lower({origin}) in ('admin', 'mobile_app', 'pos') then lower({origin}) end"


def _part(cell: str, name: str) -> str:
    return f"nullif(regexp_extract({cell}, '(?:^|[|])\\s*{name}:([^|]*)', 1), '')"


def _left_to_pay(waits: str, paid: str, method: str, origin: str) -> str:
    """Whether the shopper left for a payment page and never paid: the page that sends the Purchase may never have come.

    ``waits`` tells the statuses in which such orders are. The shop cancels them by itself, an hour later as a rule. Ways of paying
    without such a page lead to the thank-you page at once.
    """
    return (
        f"{waits} and {paid} is null"
        f" and coalesce({method}, '') not in ('cod', 'bacs', 'cheque')"
        f" and coalesce({origin}, '') in ('', 'checkout', 'store-api')"
    )


def _reason(status: str, given_up: str = _GIVEN_UP) -> str:
    return f"case {status} when 'pending' then '{_UNPAID}' when 'cancelled' then '{given_up}' else '{_OWN}' end"


def _is_paid(status: str, paid: str, method: str) -> str:
    """Cash on delivery is processed before it is paid."""
    return (
        f"case when {paid} is not null or {status} in ('completed', 'refunded') then true"
        f" when {status} = 'processing' then coalesce({method}, '') <> 'cod'"
        f" when {status} is not null then false end"
    )
