"""Load, decode, check: from files to findings. Every step is a table that can be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import duckdb

from audit.asking import Outcome, ask, counting
from audit.check import catalogue
from audit.decoding import STAGING, join_events
from audit.loading import InputFile, Progress, load, told
from audit.plan import Plan
from audit.plan_tables import store_plan, store_platforms
from audit.tables import connect, lock
from audit.views import build_views, prepare_views

__all__ = ["Audit", "InputFile", "Read", "decode", "read", "run"]


@dataclass(frozen=True)
class Read:
    """Everything that was read, in its tables, before anything is asked of it."""

    con: duckdb.DuckDBPyConnection
    unrecognised: tuple[str, ...]  # names of files that nobody claims


@dataclass(frozen=True)
class Audit:
    """Everything judged, still in its tables. ``con`` holds them as ``audit/model/schema.sql`` describes."""

    con: duckdb.DuckDBPyConnection
    plan: Plan
    now: datetime
    outcomes: tuple[Outcome, ...]
    unrecognised: tuple[str, ...] = ()


def run(
    files: Iterable[InputFile],
    plan: Plan,
    *,
    now: datetime | None = None,
    select: frozenset[str] | None = None,
    ignore: frozenset[str] = frozenset(),
    memory: str | None = None,
    spill: Path | None = None,
    out: Path | None = None,
    progress: Progress = lambda _: None,
) -> Audit:
    """Reads the files, decodes and joins them, and asks every check.

    ``now`` is UTC without a zone. ``select`` and ``ignore`` name checks. ``memory`` bounds what the tables hold in memory; what
    exceeds it goes to ``spill``, a private folder that must live as long as the audit. Once everything is read the database can
    reach no file and no network any more, but for ``out``, the folder the packet is written beside.

    Raises:
        InputError: a file cannot be read, or nothing was recognised.
    """
    now = now or _this_second()
    found = read(files, plan, now=now, memory=memory, spill=spill, out=out, progress=progress, beside=_parse_beside)
    build_views(found.con)
    return Audit(found.con, plan, now, ask(found.con, select, ignore, progress), found.unrecognised)


def read(
    files: Iterable[InputFile],
    plan: Plan,
    *,
    now: datetime | None = None,
    memory: str | None = None,
    spill: Path | None = None,
    out: Path | None = None,
    progress: Progress = lambda _: None,
    beside: Callable[[], None] = lambda: None,
) -> Read:
    """Reads the files and decodes them: events, orders and whatever else they hold.

    The arguments, and what is raised, are those of :func:`run`; ``beside`` is that of :func:`audit.loading.load`.
    """
    con = connect(memory, spill)
    store_plan(con, plan, now or _this_second())
    unrecognised = load(con, files, plan, progress, beside)
    lock(con, out)
    decode(con, plan)
    return Read(con, tuple(map(told, unrecognised)))


def _parse_beside() -> None:
    """Parses what is run later in a thread of its own.

    To parse holds Python's lock, to plan does not: beside one long plan this takes no time.
    """
    Thread(target=_parse, name="parsing").start()


def _parse() -> None:
    with suppress(duckdb.Error):  # what cannot be parsed is told in its own turn
        prepare_views()
        for check in catalogue().values():
            counting(check)


def _this_second() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def decode(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """All that was decoded becomes events."""
    join_events(con)
    forget(con)
    store_platforms(con, plan)


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drops what was only a step on the way: raw requests, and what was decoded of them, are gone from here on."""
    for table in STAGING:
        con.execute(f"drop table {table}")
    for kind in ("view", "table"):
        names = con.execute(f"select {kind}_name from duckdb_{kind}s() where temporary and not internal").fetchall()
        for (name,) in names:
            con.execute(f"drop {kind} {name}")
