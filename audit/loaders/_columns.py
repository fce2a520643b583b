"""Columns by name, whatever their case, spaces and position: exports add, drop and reorder them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def plain(header: str) -> str:
    """``Lineitem quantity`` and ``lineitem_quantity`` are one name."""
    return re.sub(r"\W+|_+", "_", header.strip().lower()).strip("_")


class Columns:
    """What a file calls its fields, and the SQL that reads one from ``record``."""

    def __init__(self, names: Iterable[str], mapped: Mapping[str, str] | None = None) -> None:
        """``names`` are the file's own; ``mapped`` is the plan's word for what some of them mean."""
        self._mapped = mapped or {}
        self._keys: dict[str, str] = {}
        for name in names:
            self._keys.setdefault(plain(name), name)
        self._exact = frozenset(self._keys.values())

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def has(self, *names: str) -> bool:
        """Whether the file has any of these fields."""
        return any(name in self._keys or name in self._mapped for name in names)

    def text(self, *names: str) -> str:
        """SQL for the text of the first of these fields that holds a value; the plan's mapping of the first name rules."""
        if names[0] in self._mapped:
            return _read(self._place(self._mapped[names[0]]))
        found = [_read("/" + _escaped(self._keys[name])) for name in names if name in self._keys]
        if not found:
            return "cast(null as varchar)"
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def _place(self, dotted: str) -> str:
        if dotted in self._exact:
            return "/" + _escaped(dotted)
        return "".join("/" + _escaped(part) for part in dotted.split("."))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1").replace("'", "''")


def _read(pointer: str) -> str:
    return f"nullif(trim(json_extract_string(record, '{pointer}')), '')"


def flag(text: str) -> str:
    """SQL for a yes or no written as a text; NULL when it is neither."""
    word = f"lower(trim({text}))"
    return (
        f"case when {word} in ('true', 'yes', 'y', 't', '1', 'ya') then true"
        f" when {word} in ('false', 'no', 'n', 'f', '0', 'tidak') then false end"
    )
