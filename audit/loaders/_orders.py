"""What every order loader shares: rows that name an order are kept, others are rejects; e-mails and phones become digests.

A loader fills the temporary table ``order_rows``, one row an order, and calls :func:`insert_orders`. Its columns are those
of ``orders``, some as text, and beside them ``email``, ``phone``, ``other_keys``, ``lines``, and ``rows``: how many rows of
the file the order took.
"""

from __future__ import annotations

import duckdb

from audit.loaders._dates import AMBIGUOUS, year_first
from audit.loaders._order_texts import TIMES, TOLD, read_orders
from audit.loaders._source import Source, Tally
from audit.wording import counted

#: Columns a loader may give; the missing ones are NULL. Money and times are text as the export prints them.
_COLUMNS = """
    place bigint, rows bigint, order_id varchar, created varchar, paid varchar, cancelled varchar, changed varchar,
    status varchar, payment_status varchar, payment_method varchar, is_paid boolean, is_spam boolean, is_test boolean,
    is_cancelled boolean, order_source varchar, event_duty varchar, duty_reason varchar, currency varchar,
    presentment_currency varchar, total varchar, gross_revenue varchar, net_revenue varchar, subtotal varchar,
    discount varchar, shipping varchar, shipping_tax varchar, tax varchar, fees varchar, unique_code varchar, refunded varchar,
    presentment_total varchar, current_total varchar, tax_included boolean, email varchar, phone varchar, user_agent varchar,
    other_keys struct(key varchar, kind varchar)[],
    lines struct(item_ids struct(id varchar, space varchar)[], quantity varchar, price varchar, counts boolean)[]
"""

#: A text of more characters is no order's number or token, and each of its words would be looked for in every event.
_LONGEST_KEY = 200


def open_orders(con: duckdb.DuckDBPyConnection) -> None:
    """An empty ``order_rows``; fill it with ``insert into order_rows by name``."""
    con.execute(f"create or replace temp table order_rows ({_COLUMNS})")


def insert_orders(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    *,
    read: int,
    bad: int = 0,
    gaps: tuple[str, ...] = (),
) -> Tally:
    """``order_rows`` into ``orders``, ``order_keys``, ``order_items``: one row an order, its latest version.

    ``read`` counts the file's rows, ``bad`` those rejected before. Rows that were left out of ``order_rows``, and older
    versions of an order, are the ignored ones. ``gaps`` are facts the loader itself found missing.
    """
    name = source.name
    con.execute(
        "insert into rejects select ? || ':' || place, ?, 'its order id was rounded by a spreadsheet' from order_rows"
        " where is_rounded_key(order_id)",
        [name, name],
    )
    rounded = _number(con, "select count(*) from order_rows where is_rounded_key(order_id)")
    con.execute("delete from order_rows where is_rounded_key(order_id)")
    con.execute(
        """
        update order_rows
        set order_id = nullif(masked_id(case when length(order_id) <= $longest then export_key(order_id) end), ''),
            rows = coalesce(rows, 1)
        """,
        {"longest": _LONGEST_KEY},
    )
    con.execute(
        "insert into rejects select ? || ':' || place, ?, 'no order id in this row' from order_rows where order_id is null",
        [name, name],
    )
    rejected = bad + rounded + _number(con, "select count(*) from order_rows where order_id is null")
    con.execute("delete from order_rows where order_id is null")
    blurred = _number(con, "select count(*) from order_rows where list_bool_or([is_rounded_key(k.key) for k in other_keys])")
    unsettled = year_first(con, "order_rows", TIMES)
    _keep_latest(con, name)
    con.execute(
        """
        delete from zoneless_orders where order_id in (select order_id from order_rows);
        insert into zoneless_orders
        select order_id
        from order_rows
        where getvariable('plan_zone') is not null
          and names_no_zone(coalesce(serial_time(created), created))
        """
    )
    gaps = read_orders(con, source) + gaps
    if unsettled:
        gaps += (f"an order time such as {unsettled[0]} {AMBIGUOUS}",)
    if rounded:
        gaps += (f"{counted(rounded, 'order id')} rounded by a spreadsheet: export them again and do not open the file",)
    if blurred:
        told = f"the second id of {counted(blurred, 'order')} rounded by a spreadsheet"
        gaps += (f"{told}: export them again and do not open the file",)
    con.execute(
        f"""
        insert into orders by name
        select
            * exclude (place, {", ".join(TOLD)})
                replace (coalesce(
                    tax_included,
                    case when tax = 0 then null
                         when total = subtotal + coalesce(shipping, 0) then true
                         when total = subtotal + coalesce(shipping, 0) + tax then false end
                ) as tax_included)
        from read_orders
        """
    )
    con.execute(
        """
        insert into order_keys
        select distinct order_id, masked_id(trim(k.key)), k.kind
        from (select order_id, unnest(other_keys) as k from order_rows)
        where trim(k.key) <> '' and trim(k.key) <> order_id and length(k.key) <= $longest and not is_rounded_key(k.key)
        """,
        {"longest": _LONGEST_KEY},
    )
    # A key that two orders share names neither; an order's own id outranks the other keys it may equal.
    con.execute(
        """
        delete from order_keys
        where kind <> 'order_id'
          and (
            key in (select key from order_keys group by key having count(distinct order_id) > 1)
            or key in (select order_id from orders)
          )
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
            order_id, position, masked_id(item.id), item.space,
            try_cast(plain_number(line.quantity) as decimal(18, 3)), plain_number(line.price), coalesce(line.counts, true)
        from named
        where item.id <> ''
        """
    )
    kept = _number(con, "select coalesce(sum(rows), 0) from order_rows")
    con.execute("drop table order_rows; drop table read_orders")
    return Tally(read=read, kept=kept, ignored=read - kept - rejected, rejected=rejected, gaps=gaps)


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int((con.execute(query).fetchone() or (0,))[0])


def _keep_latest(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Webhook bodies, overlapping pages and exports repeat an order: its last known change is the one to judge by."""
    con.execute(
        """
        delete from order_rows
        where rowid not in (
            select arg_max(rowid, {'changed': coalesce(utc_in_zone(changed), timestamp '-infinity'), 'row': rowid})
            from order_rows
            group by order_id
        );
        create or replace temp table older as
            select r.order_id, r.rows
            from order_rows r
            join orders o on o.order_id = r.order_id
            where coalesce(o.changed_at, timestamp '-infinity') > coalesce(utc_in_zone(r.changed), timestamp '-infinity')
               or (o.created_at is not null and r.created is null and r.changed is null);  -- a list, not an export
        delete from order_rows where order_id in (select order_id from older);
        create or replace temp table outdated as
            select order_id from orders where order_id in (select order_id from order_rows);
        update order_sources set is_superseded = true where order_id in (select order_id from outdated);
        delete from order_keys where order_id in (select order_id from outdated);
        delete from order_items where order_id in (select order_id from outdated);
        delete from orders where order_id in (select order_id from outdated);
        drop table outdated
        """
    )
    con.execute(
        """
        insert into order_sources
        select order_id, $name, rows, true from older
        union all
        select order_id, $name, rows, false from order_rows
        """,
        {"name": name},
    )
    con.execute("drop table older")
