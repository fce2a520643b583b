"""The day and the hour of an order in two columns, as BigCommerce and Wix export them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from audit.loaders._columns import Columns, plain

_CLOCKS = ("order_time", "time", "jam", "waktu", "uhrzeit", "heure", "hora")
_HOUR = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?( ?[AaPp]\.?[Mm]\.?)?( ?[+-][0-9]{2}:?[0-9]{2})?"
#: A day and nothing more: neither a count of days or seconds nor a time with dots.
_DAY = (
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ]([0-9]{2}|[0-9]{4})"
    r"|[^0-9]*[0-9]{1,2}[^0-9]+[0-9]{4}"
)


def with_hour(con: duckdb.DuckDBPyConnection, columns: Columns, names: Sequence[str], days: tuple[str, ...]) -> str:
    """SQL for the time of an order: what the columns ``days`` say, and the hour of another column where they say a day alone.

    ``names`` are the columns of a table, in their order: an hour beside another day, such as that of the delivery, is of that day.
    """
    day = columns.text(*days)
    if not columns.has(*_CLOCKS) or _is_of_another_day(con, columns, [plain(name) for name in names], days):
        return day
    hour = columns.text(*_CLOCKS)
    half = f"regexp_replace(replace({hour}, '.', ''), ' ?([AaPp][Mm])$', ' \\1')"
    whole = f"strftime(coalesce(try_strptime({half}, '%I:%M:%S %p'), try_strptime({half}, '%I:%M %p')), '%H:%M:%S')"
    return (
        f"case when regexp_full_match({day}, '{_DAY}') and regexp_full_match({hour}, '{_HOUR}')"
        f" then {day} || ' ' || coalesce({whole}, {hour}) else {day} end"
    )


def _is_of_another_day(con: duckdb.DuckDBPyConnection, columns: Columns, names: list[str], days: tuple[str, ...]) -> bool:
    place = next((names.index(name) for name in _CLOCKS if name in names), 0)
    if place == 0 or names[place] == "order_time" or names[place - 1] in days:
        return False
    beside = columns.text(names[place - 1])
    found = con.execute(f"select bool_or(regexp_full_match({beside}, '{_DAY}')) from cells").fetchone()
    return bool(found and found[0])
