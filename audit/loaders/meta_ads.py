"""Meta Ads Manager reports as CSV: conversions Meta attributes to ads, by day, never the count of received events."""

from __future__ import annotations

import re

import duckdb

from audit.loaders._columns import Columns, plain
from audit.loaders._records import read_records
from audit.loaders._source import Source, Tally
from audit.loaders._totals import insert_totals, open_totals

KIND = "totals"
FORMATS = ("Meta Ads Manager report, CSV with English headers, by day",)

_SPENT = re.compile(r"^.+ \(([A-Z]{3})\)$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
#: Step -> columns that count it, the website's own before the sum over all places.
_COUNTS = {
    "ViewContent": ("website_content_views", "content_views"),
    "AddToCart": ("website_adds_to_cart", "adds_to_cart"),
    "InitiateCheckout": ("website_checkouts_initiated", "checkouts_initiated"),
    "Purchase": ("website_purchases", "purchases"),
}
_VALUES = {
    "ViewContent": ("website_content_views_conversion_value", "content_views_conversion_value"),
    "AddToCart": ("website_adds_to_cart_conversion_value", "adds_to_cart_conversion_value"),
    "InitiateCheckout": ("website_checkouts_initiated_conversion_value", "checkouts_initiated_conversion_value"),
    "Purchase": ("website_purchases_conversion_value", "purchases_conversion_value"),
}
#: What "Results" counts, when a report has no column of its own for the step.
_INDICATORS = {
    "ViewContent": "actions:offsite_conversion.fb_pixel_view_content",
    "AddToCart": "actions:offsite_conversion.fb_pixel_add_to_cart",
    "InitiateCheckout": "actions:offsite_conversion.fb_pixel_initiate_checkout",
    "Purchase": "actions:offsite_conversion.fb_pixel_purchase",
}
_FOREIGN = "Ads Manager report in another language: switch Ads Manager to English and export it again"


def claims(source: Source) -> bool:
    """``Reporting starts`` in English; the same shape in another language is claimed too, to say that it cannot be read."""
    if source.mapped_kind is not None or source.shape != "csv":
        return False
    columns = Columns(source.keys)
    return columns.has("reporting_starts") or _is_foreign(source)


def _is_foreign(source: Source) -> bool:
    """A report's shape under headers we do not know: its first and last day, and a column that ends in a currency."""
    if not any(_SPENT.match(key) for key in source.keys) or not source.records:
        return False
    names = {plain(key) for key in source.keys}
    days = [key for key, cell in source.records[-1].items() if _DAY.match(str(cell).strip())]
    return len(days) >= 2 and len(source.keys) >= 5 and not any("order" in name for name in names)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """One total a step and row; the report's own sums (rows that name no campaign) are ignored."""
    read, bad = read_records(con, source)
    columns = Columns(source.keys)
    open_totals(con)
    if not columns.has("reporting_starts"):
        con.execute("insert into rejects select ? || ':' || place, ?, ? from records", [source.name, source.name, _FOREIGN])
        return insert_totals(con, source, read=read, bad=read, gaps=(_FOREIGN,))
    spent = next((key for key in source.keys if plain(key).startswith("amount_spent")), "")
    found = _SPENT.match(spent)
    currency = f"'{found.group(1)}'" if found else "cast(null as varchar)"
    named = [columns.text(name) for name in ("campaign_name", "ad_set_name", "ad_name") if name in columns]
    sums = f"coalesce({', '.join(named)}) is null" if named else "false"
    con.execute(f"delete from records where record = '{{}}' or {sums}")
    starts, ends, day = columns.text("reporting_starts"), columns.text("reporting_ends"), columns.text("day")
    several = f"{day} is null and {starts} is distinct from {ends}"
    con.execute(
        f"""
        insert into rejects
        select ? || ':' || place, ?, 'covers several days: export the report with the breakdown by day'
        from records
        where {several}
        """,
        [source.name, source.name],
    )
    long = (con.execute(f"select count(*) from records where {several}").fetchone() or (0,))[0]
    con.execute(f"delete from records where {several}")
    for step, names in _COUNTS.items():
        has_own = columns.has(*names)
        indicated = f"{columns.text('result_indicator', 'result_type')} = '{_INDICATORS[step]}'"
        count = columns.text(*names) if has_own else f"case when {indicated} then {columns.text('results')} end"
        con.execute(
            f"""
            insert into total_rows by name
            select
                place,
                coalesce({day}, {starts}) as day,
                'meta' as origin,
                '{step}' as event,
                {count} as count,
                {columns.text(*_VALUES[step])} as value,
                {currency} as currency
            from records
            where coalesce({count}, {columns.text(*_VALUES[step])}) is not null
            """
        )
    return insert_totals(con, source, read=read, bad=bad + long)
