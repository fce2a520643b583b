"""The audit as a Python function, for notebooks: ``audit.run(...)`` gives pandas frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from audit import engine, tables
from audit.arguments import checks_named, time_named
from audit.inputs import find_inputs, find_plan
from audit.plan import Plan
from audit.plan_file import read_plan
from audit.public import TABLES, public_query
from audit.shortage import shortage_told
from audit.spill import spill_folder
from audit.verdict import Gate, judge

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Result:
    """What an audit found.

    ``findings``: one row a failed or undecided subject (``ok`` false or missing), with its cause and the rows that prove it.
    ``events``: one row an event as one sender put it on the wire. ``tallies``: per check, platform and step how many subjects
    were examined, passed, failed, undecided. Columns are explained in ``audit/model/schema.sql``; money is ``Decimal``, times
    are UTC.
    """

    decision: str  # GO | GO_WITH_CONDITIONS | STOP | NOT_PROVEN
    gates: tuple[Gate, ...]
    findings: pd.DataFrame
    events: pd.DataFrame
    tallies: pd.DataFrame
    tables: dict[str, pd.DataFrame]  # every other table that may be shown, by name


def run(
    *paths: str | Path,
    plan: str | Path | Plan | None = None,
    now: str | datetime | None = None,
    select: str | Iterable[str] | None = None,
    ignore: str | Iterable[str] = (),
    memory: str | None = None,
) -> Result:
    """Audits files or folders; without any, the plan's inputs.

    ``plan`` is a path or a plan; default: ``audit.toml`` in the first folder given. ``now`` with a zone is turned into UTC,
    without one it is UTC. ``select`` and ``ignore`` name checks.

    Raises:
        audit.errors.AuditError: a file or the plan cannot be read, or there is no such check; the message says what to do.
    """
    named = tuple(Path(path) for path in paths)
    if not isinstance(plan, Plan):
        found = find_plan(named, Path(plan) if plan is not None else None)
        plan = read_plan(found) if found else Plan()
    moment = time_named(now, "now")
    only = None if select is None else checks_named(select)
    without = checks_named(ignore)
    with spill_folder() as spill, shortage_told(spill, memory or tables.DEFAULT_MEMORY):
        audit = engine.run(
            find_inputs(named, plan),
            plan,
            now=moment,
            select=only,
            ignore=without,
            memory=memory,
            spill=spill,
        )
        verdict = judge(audit)
        frames = {table: _frame(audit.con, public_query(audit.con, table)) for table in TABLES}
        audit.con.close()
    return Result(verdict.decision, verdict.gates, frames.pop("findings"), frames.pop("events"), frames.pop("tallies"), frames)


def _frame(con: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    """A query as a frame; DuckDB would make money binary floats, so decimal columns are fetched as what they are."""
    frame: pd.DataFrame = con.execute(query).df()
    described = con.execute(f"describe {query}").fetchall()
    for name in (row[0] for row in described if str(row[1]).startswith("DECIMAL")):
        frame[name] = [row[0] for row in con.execute(f"select {name} from ({query})").fetchall()]
    return frame
