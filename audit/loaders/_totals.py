"""What every loader of daily totals shares: a day, a counting party, a step, and how many and how much.

A loader fills the temporary table ``total_rows`` (``place, day, origin, event, count, value, currency``, all text but the
place; several rows of it may come from one row of the file) and calls :func:`insert_totals`.
"""

from __future__ import annotations

import duckdb

from audit.loaders._source import Source, Tally

ORIGINS = ("meta", "tiktok", "snackvideo", "shopify", "woocommerce", "scalev", "ga4", "server")
#: Words for the steps that are no platform's event name, without case and punctuation.
_STEP_WORDS = {
    "viewcontent": "ViewContent", "viewitem": "ViewContent", "contentview": "ViewContent", "contentviews": "ViewContent",
    "addtocart": "AddToCart", "addstocart": "AddToCart",
    "initiatecheckout": "InitiateCheckout", "initiatedcheckout": "InitiateCheckout", "begincheckout": "InitiateCheckout",
    "checkoutsinitiated": "InitiateCheckout",
    "purchase": "Purchase", "purchases": "Purchase", "completepayment": "Purchase", "order": "Purchase",
    "orders": "Purchase", "ecommercepurchases": "Purchase",
}  # fmt: skip


def open_totals(con: duckdb.DuckDBPyConnection) -> None:
    """An empty ``total_rows``; fill it with ``insert into total_rows by name``."""
    con.execute(
        "create or replace temp table total_rows (place bigint, day varchar, origin varchar, event varchar,"
        " count varchar, value varchar, currency varchar)"
    )


def insert_totals(con: duckdb.DuckDBPyConnection, source: Source, *, read: int, bad: int = 0, gaps: tuple[str, ...] = ()) -> Tally:
    """``total_rows`` into ``totals``. Events that are no core step are ignored; an unreadable day or number is a reject."""
    con.execute("create or replace temp table step_words (word varchar, step varchar)")
    con.executemany("insert into step_words values (?, ?)", [list(pair) for pair in _STEP_WORDS.items()])
    con.execute(
        """
        create or replace temp table judged_totals as
        with told as (
            select
                t.*,
                bare_amount(t.value, c.currency) as bare_value,
                c.digits = 0 or c.currency = 'IDR' as is_whole
            from total_rows t
            left join currencies c on c.currency = upper(trim(t.currency))
        ),
        parsed as (
            select
                t.place,
                case when regexp_full_match(trim(t.day), '[0-9]{8}') then try(cast(strptime(trim(t.day), '%Y%m%d') as date))
                     when regexp_full_match(trim(t.day), '[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(trim(t.day) as date)
                end as day,
                time_shown(t.day) as day_text,
                lower(trim(t.origin)) as origin,
                lower(word_shown(trim(t.origin))) as source_text,
                coalesce(p.step, w.step) as step,
                plain_number(t.count) as count,
                t.count as count_text,
                export_number(t.bare_value, t.is_whole) as value,
                t.value as value_text,
                nullif(code_shown(upper(t.currency)), '') as currency
            from told t
            left join plan_steps p
                on p.platform = lower(trim(t.origin))
               and p.event_name = trim(t.event)
            left join step_words w
                on w.word = regexp_replace(lower(t.event), '^event_|[^a-z]', '', 'g')
        )
        select
            *,
            case
                when day is null then coalesce('the day ' || day_text || ' is not written YYYY-MM-DD', 'no day in this row')
                when origin is null then 'no source in this row'
                when not list_contains(?, origin) then 'the source ' || source_text || ' is none of ' || ?
                when step is null then null
                when count_text is not null and count is null then 'the count is no plain number'
                when value_text is not null and value is null then 'the value is no plain number'
                when count is null and value is null then 'neither count nor value in this row'
            end as reason
        from parsed
        """,
        [list(ORIGINS), ", ".join(ORIGINS)],
    )
    con.execute(
        """
        insert into rejects
        select ? || ':' || place, ?, min(reason)
        from judged_totals
        where reason is not null
        group by place
        order by place
        """,
        [source.name, source.name],
    )
    con.execute(
        """
        insert into totals by name
        select
            ? || ':' || place as ref,
            ? as source,
            day,
            origin,
            step,
            count,
            value,
            currency
        from judged_totals
        where step is not null
          and place not in (select place from judged_totals where reason is not null)
        order by place
        """,
        [source.name, source.name],
    )
    row = con.execute(
        """
        with places as (
            select
                place,
                bool_or(reason is not null) as is_rejected,
                bool_or(step is not null) as is_kept,
                bool_or(step is not null and value is not null and currency is null) as lacks_currency
            from judged_totals
            group by place
        )
        select
            count(*) filter (where not is_rejected and is_kept),
            count(*) filter (where is_rejected),
            coalesce(bool_or(lacks_currency and not is_rejected), false)
        from places
        """
    ).fetchone() or (0, 0, False)
    kept, rejected, lacks_currency = row
    con.execute("drop table total_rows; drop table judged_totals; drop table step_words")
    if lacks_currency:
        gaps += ("values without a currency: amounts cannot be compared",)
    rejected += bad
    return Tally(read=read, kept=kept, ignored=read - kept - rejected, rejected=rejected, gaps=gaps)
