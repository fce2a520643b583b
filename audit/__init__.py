"""Joins browser pixels, server events and shop orders, and answers Stop or Go with the rows that prove it.

``audit.run(...)`` is the whole audit as a function, for notebooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.api import Result as Result
    from audit.api import run as run

__all__ = ["Result", "run"]


def __getattr__(name: str) -> Any:
    # Loaded on first use: the command line imports this package too and must stay instant.
    if name in __all__:
        from audit import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
