"""Loaders: one module a kind of file. A module here whose name has no leading underscore is a loader.

A loader has four names:

* ``KIND``: ``browser``, ``server``, ``orders``, ``totals`` or ``diagnostics``, what the file is evidence of;
* ``FORMATS``: one line a format it reads, for the README and for error messages;
* ``claims(source) -> bool``: whether the file's content is of its kind; exactly one loader may claim a file;
* ``load(con, source) -> Tally``: reads it into ``requests``, ``orders`` … and ``rejects``.

It may have ``IN_SLICES`` (a large log is read in parts), ``tells_apart`` (whether what belongs together stands in rows apart), and
``together`` with ``load_together`` (small files, alike, at once).
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

import duckdb

from audit.errors import InputError
from audit.loaders._source import Source, Tally

__all__ = ["Loader", "Source", "Tally", "claimant", "loaders"]


class Loader(Protocol):
    """What a loader module offers."""

    __name__: str
    KIND: str
    FORMATS: tuple[str, ...]

    def claims(self, source: Source) -> bool: ...  # noqa: D102
    def load(self, con: duckdb.DuckDBPyConnection, source: Source) -> Tally: ...  # noqa: D102


@cache
def loaders() -> dict[str, Loader]:
    """Every loader by name: the listing of this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: cast(Loader, importlib.import_module(f"{__name__}.{name}")) for name in names}


def claimant(source: Source) -> tuple[str, Loader] | None:
    """The one loader that claims a file, or ``None`` when none does.

    Raises:
        InputError: several loaders claim it.
    """
    found = [(name, loader) for name, loader in loaders().items() if loader.claims(source)]
    if len(found) > 1:
        names = " and ".join(name for name, _ in found)
        raise InputError(f"{source.name}: {names} both claim this file. Name the kind yourself with [[mapping]] in audit.toml.")
    return found[0] if found else None
