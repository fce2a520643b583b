"""What every order loader shares: rows that name an order are kept, others are rejects; e-mails and phones become digests.

A loader fills the temporary table ``order_rows``, one row an order, and calls :func:`insert_orders`. Its columns are those
of ``orders``, some as text, and beside them ``email``, ``phone``, ``other_keys``, ``lines``, and ``rows``: how many rows of
the file the order took.
"""

from __future__ import annotations

import duckdb

from audit.loaders._dates import AMBIGUOUS, year_first
from audit.loaders._source import Source, Tally
from audit.wording import counted

_MONEY = {
    "total": "order total",
    "gross_revenue": "gross revenue",
    "net_revenue": "net revenue",
    "subtotal": "subtotal",
    "discount": "discount",
    "shipping": "shipping amount",
    "tax": "tax",
    "fees": "fee",
    "refunded": "refund",
    "presentment_total": "presentment total",
    "current_total": "current total",
}
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

_ZONELESS = (
    "(getvariable('plan_zone') is null and names_no_zone(created)"
    " and try_cast(replace(created, ',', '.') as timestamp) is not null)"
)
#: What a row says at all: told texts that are no time or amount could not be read.
_TOLD = {
    "has_time": "created is not null",
    "has_no_zone": _ZONELESS,
    **{f"told_{column}": f"trim({column}) <> ''" for column in ("created", "currency", *_MONEY)},
}
_COUNTED = {
    "has_time": "has_time",
    "has_no_zone": "has_no_zone",
    "told_currency": "told_currency",
    "told_total": "told_total",
    "unread_currency": "told_currency and currency is null",
    "unread_created": "told_created and created_at is null and not has_no_zone",
    **{f"unread_{column}": f"told_{column} and {column} is null" for column in _MONEY},
}
#: Amounts in the order's own currency, and the times of an order: each read by one place of the statement, since a pattern is
#: prepared anew in every place it stands in.
_AMOUNTS = (
    "total", "gross_revenue", "net_revenue", "subtotal", "discount", "shipping", "shipping_tax", "tax", "fees", "unique_code",
    "refunded", "current_total",
)  # fmt: skip
_TIMES = ("created", "paid", "cancelled", "changed")
#: Each text of ``order_rows`` is read once.
_READ = f"""
create or replace temp table read_orders as
select
    place,
    order_id,
    $source as source,
    $source || ':' || place as ref,
    {", ".join(f"times[{place}] as {name}_at" for place, name in enumerate(_TIMES, 1))},
    masked_by(masks, status) as status,
    masked_by(masks, payment_status) as payment_status,
    masked_by(masks, payment_method) as payment_method,
    is_paid,
    coalesce(is_spam, false) as is_spam,
    coalesce(is_test, false) as is_test,
    coalesce(is_cancelled, false) as is_cancelled,
    masked_by(masks, order_source) as order_source,
    event_duty,
    duty_reason,
    masked_by(masks, currency_told) as currency,
    masked_by(masks, presentment_told) as presentment_currency,
    {", ".join(f"amounts[{place}] as {name}" for place, name in enumerate(_AMOUNTS, 1))},
    plain_number(presentment_total) as presentment_total,
    tax_included,
    salted(email_sha(email)) as email_digest,
    salted(sha256(email_sha(email))) as email_double_digest,
    salted(sha256(email_typed(email))) as email_typed_digest,
    salted(sha256(case when contains(email, '@') then lower(trim(email)) || ' ' end)) as email_blank_digest,
    salted(sha256(email_capital(email))) as email_capital_digest,
    salted(phone_sha(phone)) as phone_digest,
    salted(sha256(phone_sha(phone))) as phone_double_digest,
    salted(phone_digits(phone)) as phone_text_digest,
    salted(sha256('0' || national_phone(phone))) as phone_home_digest,
    salted(sha256(national_phone(phone))) as phone_bare_digest,
    device_of(user_agent) as device,
    {", ".join(f"{test} as {name}" for name, test in _TOLD.items())}
from (
    select
        *,
        masks_of([status, payment_status, payment_method, order_source, currency_told, presentment_told]) as masks,
        list_transform(
            list_transform([{", ".join(_TIMES)}], lambda t: coalesce(serial_time(t), t)), lambda t: utc_in_zone(t)) as times,
        list_transform(bare_amounts, lambda t: export_number(t, is_whole)) as amounts
    from (
        select
            r.*,
            c.digits = 0 or c.currency = 'IDR' as is_whole,
            list_transform([{", ".join(_AMOUNTS)}], lambda t: bare_amount(
                case when $writes_commas then replace(t, '.', '') else t end, c.currency)) as bare_amounts,
            currency_code(r.currency) as currency_told,
            currency_code(r.presentment_currency) as presentment_told
        from order_rows r
        left join currencies c on c.currency = currency_code(r.currency)
    ) rows_joined
) rows_read
"""


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
    unsettled = year_first(con, "order_rows", _TIMES)
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
    con.execute(_READ, {"source": name, "writes_commas": _writes_commas(con)})
    gaps = _unread(con, source) + gaps
    if unsettled:
        gaps += (f"an order time such as {unsettled[0]} {AMBIGUOUS}",)
    if rounded:
        gaps += (f"{counted(rounded, 'order id')} rounded by a spreadsheet: export them again and do not open the file",)
    con.execute(
        f"""
        insert into orders by name
        select
            * exclude (place, {", ".join(_TOLD)})
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
        where trim(k.key) <> '' and trim(k.key) <> order_id and length(k.key) <= $longest
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


def _writes_commas(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file writes its fractions behind a comma and none behind a point: 1.500 is a thousand and a half there."""
    amounts = f"(select unnest([{', '.join(_AMOUNTS)}]) as t from order_rows)"
    if not con.execute(f"select 1 from {amounts} where t like '%,__' or t like '%,_' limit 1").fetchone():
        return False
    is_fraction = "contains(t, '.') and regexp_matches(t, '[.]([0-9]{1,2}|[0-9]{4,})([^0-9]|$)')"
    return not con.execute(f"select 1 from {amounts} where {is_fraction} limit 1").fetchone()


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


def _unread(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """What these orders do not say, or say in a way that could only be guessed at."""
    counts = ", ".join(f"count(*) filter ({test}), min(place) filter ({test})" for test in _COUNTED.values())
    orders, *found = con.execute(f"select count(*), {counts} from read_orders").fetchone() or (0,)
    if not orders:
        return ()
    rows = dict(zip(_COUNTED, zip(found[::2], found[1::2], strict=True), strict=True))

    def unreadable(column: str, noun: str) -> list[str]:
        count, first = rows[f"unread_{column}"]
        return [f"{counted(count, noun)} that cannot be read, first at {source.name}:{first}"] if count else []

    gaps: list[str] = []
    without_zone = rows["has_no_zone"][0]
    if not rows["has_time"][0]:
        gaps.append("no order times")
    if without_zone == orders:
        gaps.append("order times without a time zone, and none in the plan")
    elif without_zone:
        gaps.append(f"{counted(without_zone, 'order time')} without a time zone, and none in the plan")
    gaps += unreadable("created", "order time")
    gaps += unreadable("currency", "currency")
    for column, none in (("currency", "no currency"), ("total", "no order total")):
        told = rows[f"told_{column}"][0]
        if not told:
            gaps.append(none)
        elif told < orders:
            gaps.append(f"{counted(orders - told, 'order')} without a {column}")
    for column, noun in _MONEY.items():
        gaps += unreadable(column, noun)
    return tuple(gaps)
