"""Values as text: money, times, ids. The same value is written the same way everywhere in the packet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

_MARK = re.compile(r"(\[(?:email|phone|card|ip|cookie|secret)\].*?) [0-9a-f]{6}(?![0-9A-Za-z])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Moment:
    """One instant: for machines, in the launch's zone, and in UTC."""

    iso: str
    day: str
    clock: str
    utc: str

    @property
    def local(self) -> str:
        """Day and clock time in the launch's zone."""
        return f"{self.day}, {self.clock}"


def iso(time: datetime) -> str:
    """A UTC time of the model as ISO 8601 with Z; parts of a second only where there are any."""
    return time.isoformat(timespec="milliseconds" if time.microsecond else "seconds") + "Z"


def day(on: date) -> str:
    """“20 Nov 2026”."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def moment(time: datetime | None, zone: ZoneInfo) -> Moment | None:
    """A UTC time of the model, ready to be shown."""
    if time is None:
        return None
    local = time.replace(tzinfo=UTC).astimezone(zone)
    return Moment(
        iso=iso(time),
        day=day(local),
        clock=f"{local:%H:%M:%S}",
        utc=f"{time:%Y-%m-%d %H:%M:%S} UTC",
    )


def amount(value: Decimal | None) -> str | None:
    """A number as the order prints it: no trailing zeros, no exponent."""
    if value is None:
        return None
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def money(value: Decimal | None, currency: str | None, digits: int = 0) -> str:
    """An amount with its currency; all minor units where the currency is written with them, else only those there are."""
    text = amount(value)
    if text is None:
        return "no amount"
    whole, _, minor = text.partition(".")
    text = f"{whole}.{minor.ljust(digits, '0')}" if minor or digits else whole
    return f"{currency} {text}" if currency else text


def steady(masked: str) -> str:
    """An id as every run shows it: behind a mask stands a mark that tells two ids of one run apart, and each run has its own."""
    return _MARK.sub(r"\1", masked)


def slug(*parts: str | None) -> str:
    """A stable anchor made of letters, digits and hyphens."""
    joined = "-".join(part for part in parts if part)
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in joined)
