"""Times as loggers tell them: in the words of a line, in a column that names its zone, in nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?"
    r"|\d{2}/[A-Z][a-z]{2}/\d{4}:[\d:]{8} [+-]\d{4}"
    r"|\d{1,2}[/.-]\d{1,2}[/.-]\d{4},? \d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: [AaPp][Mm])?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?"
)
#: PHP's own log, in the zone of its settings.
_PHP_TIME = re.compile(r"\[(\d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}:\d{2}) (UTC|[A-Z][A-Za-z_]+(?:/[A-Za-z_]+){1,2})\]")
#: A system log's, behind its priority.
_SYSTEM_TIME = re.compile(r"\s*(?:<\d+>)?([A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:[.,]\d+)?) ")


def time_in(lead: str) -> str | None:
    """The time told in words; one that names its year, where there are two."""
    if told := _TIME.search(lead):
        return told[0]
    if told := _PHP_TIME.search(lead):
        return _php_time(told[1], told[2])
    told = _SYSTEM_TIME.match(lead)
    return told[1] if told else None


def _php_time(clock: str, zone: str) -> str | None:
    try:
        return datetime.strptime(clock, "%d-%b-%Y %H:%M:%S").replace(tzinfo=ZoneInfo(zone)).isoformat()
    except (ValueError, OSError):
        return None


def utc_of_column(column: str, time: Any) -> Any:
    """A time whose column says that it is UTC, in the American order, as Azure exports one."""
    if not column.endswith("[utc]"):
        return time
    try:
        return datetime.strptime(str(time), "%m/%d/%Y, %I:%M:%S.%f %p").replace(tzinfo=UTC).isoformat()
    except ValueError:
        return time


def microseconds(time: Any) -> Any:
    """A time in nanoseconds since 1970 with its last digits cut; any other as it is."""
    return str(time)[:16] if re.fullmatch(r"\d{19}", str(time)) else time
