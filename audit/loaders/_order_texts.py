"""What the texts of an order's row say: its times, amounts and words; and what they told that could not be read."""

from __future__ import annotations

import duckdb

from audit.loaders._source import Source
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
_ZONELESS = (
    "(getvariable('plan_zone') is null and names_no_zone(created)"
    " and try_cast(replace(created, ',', '.') as timestamp) is not null)"
)
#: What a row says at all: told texts that are no time or amount could not be read.
TOLD = {
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
TIMES = ("created", "paid", "cancelled", "changed")
#: Each text of ``order_rows`` is read once.
_READ = f"""
create or replace temp table read_orders as
select
    place,
    order_id,
    $source as source,
    $source || ':' || place as ref,
    {", ".join(f"times[{place}] as {name}_at" for place, name in enumerate(TIMES, 1))},
    masked_by(masks, status) as status,
    masked_by(masks, payment_status) as payment_status,
    nullif(trim(masked_by(masks, payment_method)), '') as payment_method,
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
    {", ".join(f"{test} as {name}" for name, test in TOLD.items())}
from (
    select
        *,
        masks_of([status, payment_status, payment_method, order_source, currency_told, presentment_told]) as masks,
        list_transform(
            list_transform([{", ".join(TIMES)}], lambda t: coalesce(serial_time(t), t)), lambda t: utc_in_zone(t)) as times,
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


def read_orders(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, ...]:
    """``order_rows`` as ``read_orders``, every text read once; what could not be read, for people."""
    con.execute(_READ, {"source": source.name, "writes_commas": _writes_commas(con)})
    return _unread(con, source)


def _writes_commas(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file writes its fractions behind a comma and none behind a point: 1.500 is a thousand and a half there."""
    amounts = f"(select unnest([{', '.join(_AMOUNTS)}]) as t from order_rows)"
    if not con.execute(f"select 1 from {amounts} where t like '%,__' or t like '%,_' limit 1").fetchone():
        return False
    is_fraction = "contains(t, '.') and regexp_matches(t, '[.]([0-9]{1,2}|[0-9]{4,})([^0-9]|$)')"
    return not con.execute(f"select 1 from {amounts} where {is_fraction} limit 1").fetchone()


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
