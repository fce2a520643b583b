"""Columns by name, whatever their case, spaces and position: exports add, drop and reorder them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Where a script's name goes on without a blank: createdAt, currency.isoCode.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain(header: str) -> str:
    """``Lineitem quantity`` and ``lineitem_quantity`` are one name."""
    return re.sub(r"\W+|_+", "_", header.strip().lower()).strip("_")


class Columns:
    """What a file calls its fields, and the SQL that reads one: from ``record``, or from the columns of ``cells``."""

    def __init__(self, names: Iterable[str], mapped: Mapping[str, str] | None = None, *, cells: bool = False) -> None:
        """``names`` are the file's own, in order where ``cells`` says that its rows stand in that table; ``mapped`` is the
        plan's word for what some of them mean.
        """
        names = tuple(names)
        self._mapped = mapped or {}
        self._cells: dict[str, int] = {}
        if cells:
            for number, name in enumerate(names):
                self._cells.setdefault(name, number)
        self._keys: dict[str, str] = {}
        for name in names:
            self._keys.setdefault(plain(name), name)
        for name in names:
            self._keys.setdefault(plain(_HUMP.sub("_", name)), name)
        self._exact = frozenset(self._keys.values())

    def __contains__(self, name: str) -> bool:
        return name in self._keys

    def has(self, *names: str) -> bool:
        """Whether the file has any of these fields."""
        return any(name in self._keys or name in self._mapped for name in names)

    def text(self, *names: str) -> str:
        """SQL for the text of the first of these fields that holds a value; the plan's mapping of the first name rules."""
        if names[0] in self._mapped:
            return self._mapped_text(self._mapped[names[0]])
        found = [self._own_text(self._keys[name]) for name in names if name in self._keys]
        if not found:
            return "cast(null as varchar)"
        return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"

    def _own_text(self, key: str) -> str:
        if key in self._cells:
            return f"nullif(trim(c{self._cells[key]}), '')"
        return _read("record", "/" + _escaped(key))

    def _mapped_text(self, dotted: str) -> str:
        """The field of that name, else the way its dots lead: through a record, or through the JSON of a cell."""
        if dotted in self._exact:
            return self._own_text(dotted)
        first, *rest = dotted.split(".")
        if not self._cells:
            return _read("record", "".join("/" + _escaped(part) for part in (first, *rest)))
        if first not in self._cells or not rest:
            return "cast(null as varchar)"
        return _read(f"try(cast(c{self._cells[first]} as json))", "".join("/" + _escaped(part) for part in rest))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1").replace("'", "''")


def _read(document: str, pointer: str) -> str:
    return f"nullif(trim(json_extract_string({document}, '{pointer}')), '')"


def flag(text: str) -> str:
    """SQL for a yes or no written as a text; NULL when it is neither."""
    word = f"lower(trim({text}))"
    return (
        f"case when {word} in ('true', 'yes', 'y', 't', '1', 'ya') then true"
        f" when {word} in ('false', 'no', 'n', 'f', '0', 'tidak') then false end"
    )
