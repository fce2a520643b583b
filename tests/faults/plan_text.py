"""A plan held as a dictionary, written as TOML."""

from __future__ import annotations

import json
from typing import Any


def plan_text(plan: dict[str, Any]) -> str:
    """The text of ``audit.toml``."""
    return "".join(_table(name, value) for name, value in plan.items())


def _table(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"[[{name}]]\n{_pairs(entry)}\n" for entry in value)
    if value and all(isinstance(entry, dict) for entry in value.values()) and name == "platforms":
        return "".join(_table(f"{name}.{key}", entry) for key, entry in value.items())
    return f"[{name}]\n{_pairs(value)}\n"


def _pairs(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)  # a date
