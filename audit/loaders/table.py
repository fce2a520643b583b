"""Any table of orders: CSV, JSON, NDJSON or Parquet with ``order_id, created_at, currency, total`` and what else it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from audit.loaders._cells import read_cells
from audit.loaders._columns import Columns, flag
from audit.loaders._documents import WRAPPERS, holds, read_documents
from audit.loaders._hours import with_hour
from audit.loaders._orders import insert_orders, open_orders
from audit.loaders._source import Source, Tally
from audit.loaders._table_words import (
    AT_ONCE,
    ITEM_IDS,
    OF_GOODS,
    OF_THE_GOODS,
    PAID,
    PRICES,
    QUANTITIES,
    SUMS,
    SYNONYMS,
    UNPAID,
)
from audit.wording import counted

if TYPE_CHECKING:
    from audit.loaders import Loader

KIND = "orders"
FORMATS = (
    "orders table (CSV, JSON, NDJSON, Parquet): order_id, created_at, currency, total, and what it has of paid_at, status,"
    " payment_status, is_spam, is_test, source, subtotal, discount, shipping, tax, fees, refunded, gross_revenue,"
    " net_revenue, items; also as Magento, PrestaShop, Shopware, OpenCart and BigCommerce name them, and in camelCase",
)

#: The buyer left for a payment page, and the page after it may never have come.
_GIVEN_UP = "it was cancelled and nothing says that it was paid: whether the shopper came back from paying is not known"
_NOT_PLACED = "its status says that it may never have been placed"
#: The currency of a column of amounts, as its heading may name it: Total (IDR).
_HEADED = re.compile(r"\s*[(\[]\s*([A-Z]{3}|[Rr]p\.?|€|£|RM)\s*[)\]]\s*$")
#: Columns that make a file something else: a log of events, of requests, daily totals, or what a payment provider paid out.
_NOT_ORDERS = frozenset(
    {
        "event", "event_name", "event_id", "pixel_id", "platform", "url", "body", "request_body", "count", "request_url",
        "payout_id", "payout_status", "payout_date",
    }
)  # fmt: skip
_OWN_KEYS = tuple(name for name in SYNONYMS["order_id"] if name not in ("order", "number"))
#: Columns of shop systems whose orders go by the id of their rows: Magento's grid, PrestaShop's grid and interface, BigCommerce.
_OF_ROWS = ("purchase_point", "new_client", "total_paid_tax_incl", "total_inc_tax")
#: Magento's answers list their orders under a name that within an order is its goods'.
_WRAPPERS = (*WRAPPERS, "items")
_ITEM_KEYS = (*(key for keys in ITEM_IDS.values() for key in keys), *QUANTITIES, *PRICES)
_ITEM = "[{" + ",".join(f'"{key}":"VARCHAR"' for key in _ITEM_KEYS) + "}]"
_WRITTEN_ITEM = r"'^(.+?)(?:\s+[x×]\s*|\s*×\s*)([0-9]+(?:[.][0-9]+)?)(?:\s*@\s*([0-9.]+))?$'"


def claims(source: Source) -> bool:
    """Rows with an order id and a total or a time, which no shop's own loader knows better."""
    if source.mapped_kind is not None:
        return source.mapped_kind == KIND
    is_table = source.shape in ("csv", "parquet")
    names = frozenset(_HEADED.sub("", key) for key in source.keys)
    fits = _is_orders(names) if is_table else holds(source, _is_orders, _WRAPPERS)
    return fits and not any(shop.claims(source) for shop in _shops())


def _is_orders(names: frozenset[str]) -> bool:
    columns = Columns(names)
    if columns.has(*_NOT_ORDERS) or not columns.has(*_OWN_KEYS, "order", *_row_ids(columns)):
        return False
    told = [columns.has(*_total_names(columns)), columns.has(*SYNONYMS["created_at"]), columns.has(*SYNONYMS["currency"])]
    return sum(told) >= 2


def _row_ids(columns: Columns) -> tuple[str, ...]:
    """The id of a row, where it is the order's: in a table of anything else it is a payment's or a cart's."""
    return ("id",) if columns.has(*_OF_ROWS) else ()


def _total_names(columns: Columns) -> tuple[str, ...]:
    """What the order's amount may be called here: ``Jumlah`` is one where nothing tells it from a number of pieces."""
    is_amount = columns.has("jumlah") and not columns.has(*SYNONYMS["total"], *OF_GOODS)
    return (*SYNONYMS["total"], "jumlah") if is_amount else SYNONYMS["total"]


def _headed_currency(con: duckdb.DuckDBPyConnection, source: Source) -> str:
    """SQL for the one currency that the headings of a table name; NULL where they name none, or several."""
    told = {found[1] for key in source.keys if (found := _HEADED.search(key))}
    known = con.execute(
        "select distinct c.currency from (select unnest(?::varchar[]) as told) t"
        " join currencies c on c.currency = currency_code(t.told)",
        [sorted(told)],
    ).fetchall()
    return f"'{known[0][0]}'" if len(known) == 1 else "cast(null as varchar)"


def _shops() -> list[Loader]:
    """The loaders of one shop system each."""
    from audit.loaders import loaders

    own = __name__.rpartition(".")[2]
    return [loader for name, loader in loaders().items() if loader.KIND == KIND and name != own]


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One row an order. A row that repeats an order id is a later version of it; item rows of one order are not added up."""
    is_table = source.shape in ("csv", "parquet")
    if is_table:
        read, bad = read_cells(con, source)
        names = [_HEADED.sub("", key) for key in source.keys]
    else:
        read, bad = read_documents(con, source, own_keys=(*_OWN_KEYS, *map(_humped, _OWN_KEYS), *_OF_ROWS), wrappers=_WRAPPERS)
        names = [
            row[0] for row in con.execute("select distinct unnest(json_keys(record)) as key from records order by key").fetchall()
        ]
        con.execute("delete from records where record = '{}'")
    columns = Columns(names, source.fields, cells=is_table)
    open_orders(con)
    ids = ", ".join(f"{{'id': nullif({_first(keys)}, '0'), 'space': '{space}'}}" for space, keys in ITEM_IDS.items())
    # An order may go by its id in the events and by its number in the plan. A counter of one or two digits is a word of anything.
    further = ", ".join(
        f"{{'key': case when length(named_{name}) > 2 then ltrim(named_{name}, '#') end, 'kind': 'number'}}"
        for name in SYNONYMS["order_id"]
    )
    named = SYNONYMS | {"order_id": (*SYNONYMS["order_id"], *_row_ids(columns)), "total": _total_names(columns)}
    told = {field: columns.text(*names) for field, names in named.items()}
    if "created_at" not in source.fields:
        told["created_at"] = with_hour(con, columns, names if is_table else [], SYNONYMS["created_at"])
    if is_table and _is_by_item(con, told["order_id"]):
        # What only one of an order's rows says, all of them say.
        own = f"over (partition by {told['order_id']} order by place rows between unbounded preceding and current row)"
        shared = {field: text for field, text in told.items() if field not in ("order_id", "id", "items")}
        told |= {field: f"last_value({text} ignore nulls) {own}" for field, text in shared.items()}
    fields = ",\n".join(f"{text} as {field}" for field, text in told.items())
    headed = _headed_currency(con, source) if is_table else "cast(null as varchar)"
    con.execute(
        f"""
        insert into order_rows by name
        with fields_read as (
            select
                place,
                {", ".join(f"{columns.text(name)} as named_{name}" for name in SYNONYMS["order_id"])},
                {fields}
            from {"cells" if is_table else "records"}
        ),
        standings as (
            select
                *,
                shop_status(status) as standing,
                shop_status(payment_status) as payment_standing
            from fields_read
        )
        select
            place,
            ltrim(order_id, '#') as order_id,
            created_at as created,
            paid_at as paid,
            cancelled_at as cancelled,
            changed_at as changed,
            status,
            payment_status,
            payment_method,
            case
                when paid_at is not null then true
                when payment_standing in {PAID} then true
                when payment_standing in {UNPAID} then false
                when payment_standing is not null then null
                when standing = 'paid' or lower(status) = 'selesai' then true
                when standing = 'unpaid' or (standing = 'pending' and lower(trim(status)) not in {OF_THE_GOODS}) then false
            end as is_paid,
            {flag("is_spam")} as is_spam,
            {flag("is_test")} as is_test,
            cancelled_at is not null or coalesce(standing in ('trash', 'cancelled', 'voided'), false) as is_cancelled,
            case
                when is_paid or coalesce(regexp_matches(strip_accents(lower(payment_method)), '{AT_ONCE}'), false) then null
                when standing = 'cancelled' then '{_GIVEN_UP}'
                when lower(trim(status)) = 'pending_payment' or is_unplaced(status) then '{_NOT_PLACED}'
            end as duty_reason,
            source as order_source,
            coalesce(case when starts_with(currency, '{{') then try(json_extract_string(currency, '$.isoCode')) else currency end,
                {headed}, currency_of(total)) as currency,
            presentment_currency,
            total,
            gross_revenue,
            net_revenue,
            subtotal,
            discount,
            shipping,
            tax,
            fees,
            unique_code,
            refunded,
            presentment_total,
            current_total,
            email,
            phone,
            [{{'key': id, 'kind': 'id'}}, {{'key': order_id, 'kind': 'name'}}, {{'key': reference, 'kind': 'number'}}, {further}]
                as other_keys,
            case
                when starts_with(items, '[') then list_transform(
                    coalesce(try(from_json(items, '{_ITEM}')), [null]),
                    lambda x: {{
                        'item_ids': [{ids}],
                        'quantity': {_first(QUANTITIES)},
                        'price': {_first(PRICES)},
                        'counts': true}})
                else list_transform(
                    list_filter(string_split(items, ';'), lambda x: trim(x) <> ''),
                    lambda x: {{
                        'item_ids': [{{
                            'id': coalesce(nullif(regexp_extract(trim(x), {_WRITTEN_ITEM}, 1), ''), trim(x)),
                            'space': 'item'}}],
                        'quantity': nullif(regexp_extract(trim(x), {_WRITTEN_ITEM}, 2), ''),
                        'price': nullif(regexp_extract(trim(x), {_WRITTEN_ITEM}, 3), ''),
                        'counts': true}})
            end as lines
        from standings
        {"where order_id is not null or created_at is not null or currency is not null" if is_table else ""}
        """
    )
    if is_table:
        con.execute(f"delete from order_rows where lower(order_id) in {SUMS} and created is null")
    repeated = con.execute(
        "select count(*) - count(distinct trim(order_id)) from order_rows where trim(order_id) <> ''"
    ).fetchone() or (0,)
    repeat = "1 row repeats" if repeated[0] == 1 else f"{repeated[0]} rows repeat"
    gaps = (f"{repeat} an order id: the latest was used",) if repeated[0] else ()
    return insert_orders(con, source, read=read, bad=bad, gaps=gaps + _nameless(con, source))


def _is_by_item(con: duckdb.DuckDBPyConnection, order_id: str) -> bool:
    """Whether an order takes several rows of a table."""
    several = f"select 1 from cells where {order_id} is not null group by {order_id} having count(*) > 1 limit 1"
    return con.execute(several).fetchone() is not None


def _humped(name: str) -> str:
    """``order_number`` as a script writes it: ``orderNumber``."""
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def _first(keys: tuple[str, ...]) -> str:
    return f"coalesce({', '.join(f'x.{key}' for key in keys)})"


def _nameless(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """Lines that are told and hold no id that could be read."""
    count, place = con.execute(
        """
        select count(*), min(place)
        from order_rows
        where len(lines) > 0
          and len(list_filter(lines, lambda l: len(list_filter(l.item_ids, lambda i: i.id <> '')) > 0)) = 0
        """
    ).fetchone() or (0, None)
    if not count:
        return ()
    orders = counted(count, "order")
    return (f"{orders} whose items hold no id that can be read, first at {source.name}:{place}: items cannot be compared",)
