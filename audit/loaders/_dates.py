"""Days as people write them: 20/11/2026, 11/20/2026 2:03 PM, 11/20/26 14:03, 20 November 2026, 20 Mei 2026, and a system
log's, without a year.

Each becomes one with its year first, in the column it stood in; what zone it is in stays as open as it was. Which of two numbers is
the month all rows of a file tell together: where none of them does, it is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import duckdb

_MONTHS = (
    "jan january januari", "feb february februari pebruari", "mar march maret", "apr april", "may mei", "jun june juni",
    "jul july juli", "aug august agustus agu agt ags", "sep sept september", "oct october oktober okt",
    "nov november nop nopember", "dec december desember des",
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_CLOCK = r"(?:,?(?: +(?:pukul|jam|at|@))?[ T]+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}(?:[.,]\d+)?))?)?"
_REST = r" *(?P<half>[AaPp]\.?[Mm]\b\.?)? *(?P<zone>.*)"
_WRITTEN = [
    re.compile(pattern + _CLOCK + _REST)
    for pattern in (
        r"(?P<first>\d{1,2})(?P<mark>[/.-])(?P<other>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})",
        r"(?:[A-Za-z]+, *)?(?P<day>\d{1,2})[ -](?P<name>[A-Za-z]{3,9})\.?,?[ -](?P<year>\d{4})",
        r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
    )
]
_YEARLESS = re.compile(
    r"(?P<name>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2}(?:[.,]\d+)?)"
)
_ZONE = re.compile(r"|\(?(?:Z|UTC|GMT|WIB|WITA|WIT|JST)\)?|(?:UTC|GMT)?[+-]\d{2}:?\d{2}")
#: The same as the database looks for them among all rows.
_LOOKED_FOR = (
    r"^([0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}|([A-Za-z]+, *)?[0-9]{1,2}[ -][A-Za-z]{3,9}|[A-Za-z]{3,9}[.]? +[0-9]{1,2}[, ])"
)

AMBIGUOUS = (
    "may put the day or the month first, and no row of this file tells which: write it with the year first, as 2026-11-20 14:03"
)
YEARLESS = "its times name no year: each is taken for the latest that has come"


def is_written(text: str) -> bool:
    """Whether a text is a time of these."""
    return _parts(text) is not None


def names_no_zone(text: str) -> bool:
    """Whether it is one, and says nothing of its zone."""
    parts = _parts(text)
    return parts is not None and not parts.get("zone")


def names_no_year(text: str) -> bool:
    """Whether it is a system log's."""
    return _YEARLESS.fullmatch(text) is not None


def _parts(text: str) -> dict[str, str] | None:
    found = next((match for pattern in (*_WRITTEN, _YEARLESS) if (match := pattern.fullmatch(text.strip()))), None)
    parts = {name: part for name, part in found.groupdict().items() if part} if found else {}
    if not parts or not _ZONE.fullmatch(parts.get("zone", "")) or ("name" in parts and parts["name"].lower() not in _MONTH_OF):
        return None
    return None if "hour" not in parts and ("half" in parts or "zone" in parts) else parts


def year_first(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> list[str]:
    """Rewrites such times in these columns of a table; those that stay as they are because no row tells what comes first."""
    listed = con.execute(
        f"select distinct trim(t) from (select unnest([{', '.join(columns)}]) as t from {table})"
        " where regexp_matches(trim(t), ?) order by 1",
        [_LOOKED_FOR],
    ).fetchall()
    written = {text: parts for (text,) in listed if (parts := _parts(text))}
    if not written:
        return []
    (judged_at,) = con.execute("select judged_at from launch").fetchone() or (datetime.max,)
    if _may_begin_with_the_year(written.values(), judged_at):
        written = {text: parts for text, parts in written.items() if not _is_short(parts) or parts["mark"] == "."}
    is_day_first = _is_day_first(written.values())
    told = {text: _told(parts, is_day_first, judged_at) for text, parts in written.items()}
    known = [(text, time) for text, time in told.items() if time]
    con.execute(
        "create or replace temp table dates as select unnest(?::varchar[]) as text, unnest(?::varchar[]) as time",
        [[text for text, _ in known], [time for _, time in known]],
    )
    for column in columns:
        con.execute(f"update {table} set {column} = d.time from dates d where d.text = trim({table}.{column})")
    con.execute("drop table dates")
    return [text for text, parts in written.items() if told[text] is None and is_day_first is None and _may_be_either(parts)]


def _is_day_first(written: Iterable[dict[str, str]]) -> bool | None:
    """Whether the day comes before the month, where the rows agree on it. Between points it always does."""
    pairs = {(int(parts["first"]), int(parts["other"])) for parts in written if parts.get("mark") in ("/", "-")}
    days = any(first > 12 >= other for first, other in pairs)
    months = any(other > 12 >= first for first, other in pairs)
    return days if days != months else None


def _is_short(parts: dict[str, str]) -> bool:
    return "first" in parts and len(parts["year"]) == 2


def _may_begin_with_the_year(written: Iterable[dict[str, str]], judged_at: datetime) -> bool:
    """Whether all days of three short numbers could be told year first: 20/11/26, but not 31/10/26 before 2031, nor 11/20/26.

    Between points none is.
    """
    short = [parts for parts in written if _is_short(parts) and parts["mark"] != "."]
    try:
        days = [date(2000 + int(parts["first"]), int(parts["other"]), int(parts["year"])) for parts in short]
    except ValueError:
        return False
    return bool(days) and max(days) <= (judged_at + timedelta(days=1)).date()


def _may_be_either(parts: dict[str, str]) -> bool:
    """Whether neither number rules itself out as the month, or the rows contradict each other."""
    return "first" in parts and min(int(parts["first"]), int(parts["other"])) <= 12


def _told(parts: dict[str, str], is_day_first: bool | None, judged_at: datetime) -> str | None:
    if "first" in parts:
        first, other = int(parts["first"]), int(parts["other"])
        day_first = True if parts["mark"] == "." or first == other else is_day_first
        if day_first is None:
            return None
        day, month = (first, other) if day_first else (other, first)
    else:
        day, month = int(parts["day"]), _MONTH_OF[parts["name"].lower()]
    hour = int(parts.get("hour", 0))
    if "half" in parts:
        hour = hour % 12 + (12 if parts["half"][0] in "Pp" else 0)
    try:
        year = int(parts["year"]) if "year" in parts else _latest_year(month, day, judged_at)
        year += 2000 if _is_short(parts) else 0
        when = date(year, month, day).isoformat()
    except ValueError:
        return None
    if "hour" not in parts:
        return when
    zone = re.sub(r"[()]|(?:UTC|GMT)(?=[+-])", "", parts.get("zone", ""))
    seconds = ":" + parts["second"].replace(",", ".") if "second" in parts else ""
    return f"{when} {hour:02d}:{parts['minute']}{seconds}{' ' + zone if zone else ''}"


def _latest_year(month: int, day: int, judged_at: datetime) -> int:
    """The last year in which this day had come; a zone may be a day ahead."""
    year = judged_at.year
    return year if date(year, month, day) <= (judged_at + timedelta(days=1)).date() else year - 1
