"""Shopify orders as the GraphQL Admin API hands them out: an answer with its connections, or the lines of a bulk operation.

An answer holds what its query asked for and no more. In a bulk operation each line item is a line of its own that names its order.
"""

from __future__ import annotations

import re

import duckdb

from audit.loaders._documents import WRAPPERS, read_documents
from audit.loaders._glance import HEAD_BYTES
from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._source import Source, Tally
from audit.loaders.shopify import is_merchandise, is_paid, running_number

KIND = "orders"
FORMATS = ("Shopify orders, JSON: answers of the GraphQL Admin API, with nodes or edges, and lines of its bulk operations",)

#: Names that only this interface gives an order's facts.
_MARKS = ("totalPriceSet", "currentTotalPriceSet", "subtotalPriceSet", "displayFinancialStatus", "displayFulfillmentStatus")
_MARK = re.compile(rb'"(?:' + "|".join(_MARKS).encode() + rb')"\s*:')
_OUTSIDE = frozenset({"data", "orders", "order", "nodes", "edges", *_MARKS})
_CONNECTIONS = ("nodes", "edges", "node")
_MONEY = (
    '{"shopMoney":{"amount":"VARCHAR","currencyCode":"VARCHAR"},"presentmentMoney":{"amount":"VARCHAR","currencyCode":"VARCHAR"}}'
)
_NAMED = '{"id":"VARCHAR","legacyResourceId":"VARCHAR","sku":"VARCHAR"}'
_LINE = (
    '{"id":"VARCHAR","title":"VARCHAR","name":"VARCHAR","sku":"VARCHAR","quantity":"VARCHAR",'
    f'"originalUnitPriceSet":{_MONEY},"totalDiscountSet":{_MONEY},"variant":{_NAMED},"product":{_NAMED}}}'
)
_TEXTS = (
    "id", "legacyResourceId", "name", "number", "email", "phone", "createdAt", "updatedAt", "cancelledAt", "displayFinancialStatus",
    "displayFulfillmentStatus", "test", "sourceName", "currencyCode", "presentmentCurrencyCode", "taxesIncluded",
)  # fmt: skip
_AMOUNTS = {
    "total": "totalPriceSet",
    "subtotal": "subtotalPriceSet",
    "discount": "totalDiscountsSet",
    "shipping": "totalShippingPriceSet",
    "tax": "totalTaxSet",
    "fees": "totalTipReceivedSet",
    "refunded": "totalRefundedSet",
    "current_total": "currentTotalPriceSet",
}
_FIELDS = (
    "{"
    + ",".join(f'"{name}":"VARCHAR"' for name in _TEXTS)
    + "".join(f',"{name}":{_MONEY}' for name in _AMOUNTS.values())
    + ',"paymentGatewayNames":["VARCHAR"],"app":{"name":"VARCHAR"}'
    + ',"customer":{"email":"VARCHAR","phone":"VARCHAR","defaultEmailAddress":{"emailAddress":"VARCHAR"}}'
    + ',"shippingAddress":{"phone":"VARCHAR"},"billingAddress":{"phone":"VARCHAR"}'
    + f',"lineItems":{{"nodes":[{_LINE}],"edges":[{{"node":{_LINE}}}]}}}}'
)
#: What a query may have left out -> what cannot be told then.
_WANTED = {
    "subtotal": "no subtotalPriceSet was asked for: values without shipping and tax cannot be told",
    "shipping": "no totalShippingPriceSet was asked for: values without shipping cannot be told",
    "tax": "no totalTaxSet was asked for: values without tax cannot be told",
    "order_source": "no sourceName was asked for: orders that never touched the web pixel cannot be told apart",
    "lines": "no line items were asked for: items cannot be compared",
}


def claims(source: Source) -> bool:
    """JSON whose orders, wherever they stand in the answer, have this interface's names."""
    if source.mapped_kind is not None:
        return False
    if source.shape == "json_object":
        outside = set(source.keys)
    elif source.shape in ("ndjson", "json_array"):
        outside = {key for record in source.records for key in record}
    else:
        return False
    if not outside & _OUTSIDE or "log" in outside:
        return False
    with source.open() as stream:
        return _MARK.search(stream.read(HEAD_BYTES)) is not None


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order, named as the merchant sees it, without the leading ``#``."""
    own_keys = (*_MARKS, "createdAt", "name", "__parentId")
    read, bad = read_documents(con, source, own_keys, wrappers=(*WRAPPERS, *_CONNECTIONS), depth=4)
    open_orders(con)
    price = "x.originalUnitPriceSet.shopMoney.amount"
    con.execute(
        f"""
        insert into order_rows by name
        with held as (
            select
                place,
                record,
                json_extract_string(record, '$.__parentId') as parent
            from records
        ),
        -- a bulk operation's line items
        children as (
            select
                parent,
                count(*) as rows,
                list(from_json(record, $line) order by place) as items
            from held
            where parent is not null
              and contains(json_extract_string(record, '$.id'), '/LineItem/')
            group by parent
        ),
        orders_read as (
            select
                place,
                from_json(record, $fields) as o
            from held
            where parent is null
        ),
        listed as (
            select
                r.place,
                r.o,
                1 + coalesce(c.rows, 0) as rows,
                coalesce(c.items, o.lineItems.nodes, list_transform(o.lineItems.edges, lambda x: x.node)) as items
            from orders_read r
            left join children c on c.parent = r.o.id
        )
        select
            place,
            rows,
            coalesce(ltrim(o.name, '#'), {_numeric("o")}) as order_id,
            o.createdAt as created,
            o.cancelledAt as cancelled,
            o.updatedAt as changed,
            lower(o.displayFulfillmentStatus) as status,
            lower(o.displayFinancialStatus) as payment_status,
            array_to_string(o.paymentGatewayNames, ', ') as payment_method,
            {is_paid("lower(o.displayFinancialStatus)")} as is_paid,
            o.test = 'true' as is_test,
            o.cancelledAt is not null as is_cancelled,
            coalesce(o.sourceName, o.app.name) as order_source,
            coalesce(o.totalPriceSet.shopMoney.currencyCode, o.currencyCode) as currency,
            coalesce(o.presentmentCurrencyCode, o.totalPriceSet.presentmentMoney.currencyCode) as presentment_currency,
            o.totalPriceSet.presentmentMoney.amount as presentment_total,
            {", ".join(f"o.{theirs}.shopMoney.amount as {ours}" for ours, theirs in _AMOUNTS.items())},
            cast(case o.taxesIncluded when 'true' then true when 'false' then false end as boolean) as tax_included,
            coalesce(o.email, o.customer.email, o.customer.defaultEmailAddress.emailAddress) as email,
            coalesce(o.phone, o.customer.phone, o.shippingAddress.phone, o.billingAddress.phone) as phone,
            [
                {{'key': {_numeric("o")}, 'kind': 'id'}},
                {{'key': o.name, 'kind': 'name'}},
                {{'key': coalesce(o.number, {running_number("o.name")}), 'kind': 'number'}}
            ] as other_keys,
            list_transform(items, lambda x: {{
                'item_ids': [
                    {{'id': {_numeric("x.variant")}, 'space': 'variant'}},
                    {{'id': {_numeric("x.product")}, 'space': 'product'}},
                    {{'id': coalesce(x.sku, x.variant.sku), 'space': 'sku'}}],
                'quantity': x.quantity,
                'price': {price},
                'counts': {is_merchandise("coalesce(x.title, x.name)", price, "x.quantity", "x.totalDiscountSet.shopMoney.amount")}
            }}) as lines
        from listed
        """,
        {"line": _LINE, "fields": _FIELDS},
    )
    told = con.execute(f"select {', '.join(f'count({name})' for name in _WANTED)} from order_rows").fetchone() or ()
    gaps = tuple(gap for count, gap in zip(told, _WANTED.values(), strict=True) if not count)
    return insert_orders(con, source, read=read, bad=bad, gaps=gaps)


def _numeric(entity: str) -> str:
    """SQL for the number of an entity, which its global id (``gid://shopify/Order/1``) ends in."""
    return f"coalesce({entity}.legacyResourceId, nullif(regexp_extract({entity}.id, '/([0-9]+)(?:[?].*)?$', 1), ''))"
