"""Reads one small file the way the engine does, and asks what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audit.loaders import Tally, claimant, loaders
from audit.loaders._source import Source, read_source
from audit.plan import Plan
from audit.plan_tables import store_plan
from audit.tables import connect


@dataclass(frozen=True)
class Reading:
    """A file that was read: which loader took it, what it counted, and the tables it filled."""

    loader: str
    tally: Tally
    con: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def texts(self, query: str) -> list[str]:
        """The rows as texts, cells between bars: a table to be read at a glance."""
        return [" | ".join("-" if cell is None else f"{cell}" for cell in row) for row in self.rows(query)]

    @property
    def rejects(self) -> dict[str, str]:
        return dict(self.rows("select ref, reason from rejects order by ref"))

    @property
    def counts(self) -> tuple[int, int | None, int | None, int]:
        """Rows read, kept, ignored, rejected."""
        return self.tally.read, self.tally.kept, self.tally.ignored, self.tally.rejected


def database(zone: str | None = None) -> duckdb.DuckDBPyConnection:
    con = connect()
    con.execute("set variable salt = 'test'")
    store_plan(con, Plan(timezone=zone), datetime(2026, 11, 21))
    return con


def source_of(folder: Path, name: str, content: str | bytes) -> Source:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_source(path, name)


def read(
    folder: Path,
    name: str,
    content: str | bytes,
    *,
    zone: str | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
    only: str | None = None,
) -> Reading:
    """Reads the file by the one loader that claims it, or by ``only`` where rows of several kinds are mixed on purpose."""
    source = source_of(folder, name, content)
    found = (only, loaders()[only]) if only else claimant(source)
    if found is None:
        pytest.fail(f"no loader claims {name}")
    con = con or database(zone)
    tally = found[1].load(con, source)
    if tally.kept is not None and tally.ignored is not None:
        assert tally.read == tally.kept + tally.ignored + tally.rejected
        assert tally.ignored >= 0
    return Reading(found[0], tally, con)


def money(amount: str) -> str:
    """SQL for an amount without the zeros of its column."""
    return f"rtrim(rtrim(cast({amount} as varchar), '0'), '.')"
