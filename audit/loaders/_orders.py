"""What every order loader shares: rows that name an order are kept, others are rejects; e-mails and phones become digests.

A loader fills the temporary table ``order_rows`` (columns of ``orders``, some as text, and beside them ``email``, ``phone``,
``other_keys`` and ``lines``), one row an order, and calls :func:`insert_orders`.
"""

from __future__ import annotations

import duckdb

from audit.loaders._source import Source

#: Columns a loader may give; the missing ones are NULL. Money and times are text as the export prints them.
_COLUMNS = """
    place bigint, order_id varchar, created varchar, paid varchar, cancelled varchar, changed varchar, status varchar,
    payment_status varchar, payment_method varchar, is_paid boolean, is_spam boolean, is_test boolean, is_cancelled boolean,
    order_source varchar, event_duty varchar, duty_reason varchar, currency varchar, presentment_currency varchar, total varchar, gross_revenue varchar,
    net_revenue varchar, subtotal varchar, discount varchar, shipping varchar, tax varchar, fees varchar, unique_code varchar,
    refunded varchar, presentment_total varchar, current_total varchar, tax_included boolean, email varchar, phone varchar,
    other_keys struct(key varchar, kind varchar)[],
    lines struct(item_ids struct(id varchar, space varchar)[], quantity varchar, price varchar, counts boolean)[]
"""


def open_orders(con: duckdb.DuckDBPyConnection) -> None:
    """An empty ``order_rows``; fill it with ``insert into order_rows by name``."""
    con.execute(f"create or replace temp table order_rows ({_COLUMNS})")


def insert_orders(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, int, tuple[str, ...]]:
    """``order_rows`` into ``orders``, ``order_keys``, ``order_items``; (kept, rejected, what the export lacks)."""
    name = source.name
    unusable = "order_id is null or trim(order_id) = ''"
    con.execute(
        f"insert into rejects select ? || ':' || place, ?, 'no order id in this row' from order_rows where {unusable}",
        [name, name],
    )
    rejected = (con.execute(f"select count(*) from order_rows where {unusable}").fetchone() or (0,))[0]
    con.execute(f"delete from order_rows where {unusable}")
    con.execute(
        """
        insert into orders by name
        select
            masked(trim(order_id)) as order_id,
            ? as source,
            ? || ':' || place as ref,
            utc_in_zone(created) as created_at,
            utc_in_zone(paid) as paid_at,
            utc_in_zone(cancelled) as cancelled_at,
            utc_in_zone(changed) as changed_at,
            masked(status) as status,
            masked(payment_status) as payment_status,
            masked(payment_method) as payment_method,
            is_paid,
            coalesce(is_spam, false) as is_spam,
            coalesce(is_test, false) as is_test,
            coalesce(is_cancelled, false) as is_cancelled,
            masked(order_source) as order_source,
            event_duty,
            duty_reason,
            nullif(upper(trim(currency)), '') as currency,
            nullif(upper(trim(presentment_currency)), '') as presentment_currency,
            plain_number(total) as total,
            plain_number(gross_revenue) as gross_revenue,
            plain_number(net_revenue) as net_revenue,
            plain_number(subtotal) as subtotal,
            plain_number(discount) as discount,
            plain_number(shipping) as shipping,
            plain_number(tax) as tax,
            plain_number(fees) as fees,
            plain_number(unique_code) as unique_code,
            plain_number(refunded) as refunded,
            plain_number(presentment_total) as presentment_total,
            plain_number(current_total) as current_total,
            tax_included,
            salted(email_sha(email)) as email_digest,
            salted(sha256(email_sha(email))) as email_double_digest,
            salted(phone_sha(phone)) as phone_digest,
            salted(sha256(phone_sha(phone))) as phone_double_digest,
            salted(phone_digits(phone)) as phone_text_digest
        from order_rows
        """,
        [name, name],
    )
    con.execute(
        """
        insert into order_keys
        select distinct masked(trim(order_id)), masked(trim(k.key)), k.kind
        from (select order_id, unnest(other_keys) as k from order_rows)
        where trim(k.key) <> ''
        """
    )
    con.execute(
        """
        insert into order_items
        with listed as (
            select order_id, generate_subscripts(lines, 1) as position, unnest(lines) as line from order_rows
        ),
        named as (
            select order_id, position, line, unnest(line.item_ids) as item from listed
        )
        select
            masked(trim(order_id)), position, masked(item.id), item.space,
            try_cast(plain_number(line.quantity) as decimal(18, 3)), plain_number(line.price), coalesce(line.counts, true)
        from named
        where item.id <> ''
        """
    )
    row = con.execute(
        """
        select count(*), count(utc_in_zone(created)), count(created), count(currency), count(plain_number(total))
        from order_rows
        """
    ).fetchone() or (0, 0, 0, 0, 0)
    con.execute("drop table order_rows")
    kept, times, time_texts, currencies, totals = row
    gaps = []
    if kept and not time_texts:
        gaps.append("no order times")
    elif kept and not times:
        gaps.append("order times without a time zone, and none in the plan")
    if kept and not currencies:
        gaps.append("no currency")
    if kept and not totals:
        gaps.append("no order total")
    return kept, rejected, tuple(gaps)
