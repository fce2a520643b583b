"""Asks the checks: every answer into ``findings`` and ``tallies``, then consequences traced to their roots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from audit.check import NEEDS, Check, catalogue
from audit.shortage import is_shortage

_CONSEQUENCES = Path(__file__).parent / "model" / "consequences.sql"


@dataclass(frozen=True)
class Outcome:
    """How one check ran."""

    check: Check
    state: str  # ran | not_run | ignored | broke
    note: str = ""  # what to supply, or what broke


def ask(
    con: duckdb.DuckDBPyConnection,
    select: frozenset[str] | None = None,
    ignore: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Outcome, ...]:
    """Every check's answer into ``findings`` and ``tallies``; then consequences are traced to their roots.

    Checks that judge the findings themselves are asked last, when every finding is there and traced.
    """
    checks = catalogue()
    met = _met(con)
    _store_follows(con)
    outcomes: dict[str, Outcome] = {}
    for asks_findings in (False, True):
        for check in checks.values():
            if check.asks_findings is not asks_findings:
                continue
            missing = [need for need in check.needs if not met[need]]
            if (select is not None and check.id not in select) or check.id in ignore:
                outcomes[check.id] = Outcome(check, "ignored", "left out by --select or --ignore")
            elif missing:
                outcomes[check.id] = Outcome(check, "not_run", "; ".join(NEEDS[need][1] for need in missing))
            else:
                progress(f"checking {check.id}")
                outcomes[check.id] = ask_one(con, check)
        if not asks_findings:
            con.execute(_CONSEQUENCES.read_text(encoding="utf-8"))
    return tuple(outcomes[check] for check in checks)


def _met(con: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Which needs the evidence meets, in one query."""
    row = con.execute(f"select {', '.join(f'({sql})' for sql, _ in NEEDS.values())}").fetchone() or ()
    return dict(zip(NEEDS, map(bool, row), strict=True))


def _store_follows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace temp table check_follows (check_id varchar, follows varchar, rank bigint)")
    rows = [(check.id, root, rank) for check in catalogue().values() for rank, root in enumerate(check.follows)]
    if rows:
        marks = ", ".join(["(?, ?, ?)"] * len(rows))
        con.execute(f"insert into check_follows values {marks}", [value for row in rows for value in row])


def ask_one(con: duckdb.DuckDBPyConnection, check: Check) -> Outcome:
    """One check's rows; a check that breaks says so and hides no other.

    Counting the rows computes no text: texts are written for the rows that failed only.
    """
    try:
        tallies = con.execute(
            f"""
            insert into tallies
            select
                $id, platform, step, count(*),
                count(*) filter (where ok), count(*) filter (where not ok), count(*) filter (where ok is null)
            from (
            {check.sql}
            )
            group by platform, step
            returning failed + unclear
            """,
            {"id": check.id},
        ).fetchall()
        if any(open_rows for (open_rows,) in tallies):
            _store_findings(con, check)
    except duckdb.Error as error:
        if is_shortage(error):
            raise
        return Outcome(check, "broke", str(error).strip().splitlines()[0])
    return Outcome(check, "ran")


def columns(con: duckdb.DuckDBPyConnection, check: Check) -> set[str]:
    """The columns a check's query gives; :data:`audit.check.ROW` and some of :data:`audit.check.OPTIONAL`."""
    return {column[0] for column in con.execute(f"select * from (\n{check.sql}\n) limit 0").description or ()}


def _store_findings(con: duckdb.DuckDBPyConnection, check: Check) -> None:
    """What failed or could not be told, numbered in an order of its own."""
    names = columns(con, check)
    con.execute(
        f"""
        insert into findings by name
        with failing as (
            select * from (
            {check.sql}
            )
            where ok is not true
        )
        select
            (select coalesce(max(finding), 0) from findings)
                + row_number() over (
                    order by a.platform, a.step, a.subject, a.ref, a.cause, a.other_ref, a.actual
                ) as finding,
            $id as check_id,
            $facet as facet,
            coalesce({"a.severity" if "severity" in names else "null"},
                case when coalesce(a.step, 'Purchase') = 'Purchase' then $severity else $other end) as severity,
            a.platform,
            a.step,
            a.subject,
            a.order_id,
            {"a.session" if "session" in names else "cast(null as varchar)"} as session,
            a.ok,
            a.expected,
            a.actual,
            a.cause,
            a.ref,
            a.other_ref,
            (
                select min(w.waiver)
                from plan_waivers w
                cross join launch l
                where w.check_id = $id
                  and not a.ok  -- what failed can be accepted; what nobody saw can not
                  and (w.subject = '*' or w.subject = a.subject or w.subject = a.order_id)
                  and w.expires >= cast(l.judged_at as date)
            ) as waived
        from failing a
        """,
        {"id": check.id, "facet": check.facet, "severity": check.severity, "other": check.severity_other_steps},
    )
