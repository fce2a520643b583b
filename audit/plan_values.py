"""Single values of a plan: each is what it must be, or an error that names its key."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from audit.errors import PlanError
from audit.plan_slips import nearest, unknown_key

T = TypeVar("T")

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)\s*$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Values:
    """Reads values with their place in a plan, so that every error can name it."""

    path: Path

    def fail(self, key: str, message: str) -> PlanError:
        """The error of a key."""
        return PlanError(f"{self.path}: {key}: {message}")

    def keys(self, place: str, table: object, known: tuple[str, ...]) -> dict[str, Any]:
        """A table that holds no other names than these."""
        if not isinstance(table, dict):
            raise self.fail(place, f"must be a table, is {kind_of(table)}")
        for key in table:
            if key not in known:
                where = f"{place}.{key}" if place else key
                raise self.fail(where, unknown_key(key, known))
        return table

    def text(self, key: str, value: object) -> str:
        """A text without the blanks around it."""
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, f"must be a text, is {'empty' if isinstance(value, str) else kind_of(value)}")
        if value.strip() == "…":
            raise self.fail(key, "still holds the '…' of the draft: fill it in, or take the line out")
        return value.strip()

    def texts(self, key: str, value: object) -> tuple[str, ...]:
        """A list of texts; one alone counts as such."""
        if isinstance(value, str):
            return (self.text(key, value),)
        if not isinstance(value, list):
            raise self.fail(key, f"must be a list of texts, is {kind_of(value)}")
        for item in value:
            if not isinstance(item, str) or not item.strip():
                empty = "an empty text: fill it in or take it out"
                told = empty if isinstance(item, str) else f"{kind_of(item)}: write it in quotes"
                raise self.fail(key, f"must be a list of texts, holds {told}")
        return tuple(self.text(key, item) for item in value)

    def day(self, key: str, value: object) -> date:
        """A date."""
        if type(value) is not date:
            raise self.fail(key, f"must be a date such as 2026-12-01 (no quotes), is {kind_of(value)}")
        return value

    def number(self, key: str, value: object, low: float, high: float) -> float:
        """A number between two others."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, f"must be a number, is {kind_of(value)}")
        if not low <= value <= high:
            raise self.fail(key, f"must lie between {low:g} and {high:g}, is {value:g}")
        return float(value)

    def choice(self, key: str, value: object, allowed: tuple[str, ...]) -> str:
        """One of these words."""
        if not isinstance(value, str):
            raise self.fail(key, f"must be one of {', '.join(allowed)}, is {kind_of(value)}")
        if value not in allowed:
            raise self.fail(key, f"{value!r} is not known. Did you mean {nearest(value, allowed)!r}? Known: {', '.join(allowed)}.")
        return value

    def duration(self, key: str, value: object) -> float:
        """Seconds."""
        found = _DURATION.match(value) if isinstance(value, str) else None
        if found is None:
            raise self.fail(key, f'must be a duration such as "48h" or "30m", is {value!r}')
        return float(found[1]) * _SECONDS[found[2]]

    def each(self, place: str, value: object, read: Callable[[str, object], T]) -> tuple[T, ...]:
        """What is written under a heading that may be repeated."""
        if not isinstance(value, list):
            raise self.fail(place, f"must be written as [[{place}]], is {kind_of(value)}")
        return tuple(read(f"{place}[{number}]", item) for number, item in enumerate(value, start=1))


def kind_of(value: object) -> str:
    """What a value is, in words."""
    names = {str: "a text", bool: "true/false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")
