"""Asks the checks: every answer into ``findings`` and ``tallies``, then consequences traced to their roots."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb

from audit.check import NEEDS, Check, catalogue
from audit.errors import told_without_values
from audit.filling import fill
from audit.hands import hands
from audit.scripts import parsed, run_script
from audit.shortage import is_shortage

#: Checks counted at once; more hands share too few checks.
HANDS = 4
#: Platform, step, and how many rows there were, passed, failed, could not be told; or how the check broke.
Answer = list[tuple[Any, ...]] | duckdb.Error


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
    for check in checks.values():
        missing = [need for need in check.needs if not met[need]]
        if (select is not None and check.id not in select) or check.id in ignore:
            outcomes[check.id] = Outcome(check, "ignored", "left out by --select or --ignore")
        elif missing:
            outcomes[check.id] = Outcome(check, "not_run", "; ".join(NEEDS[need][1] for need in missing))
    asked = [check for check in checks.values() if check.id not in outcomes]
    answers = []
    with _several_at_once(con) as begin:
        begun = [(check, begin(check)) for check in asked if not check.asks_findings]
        for check, answer_of in begun:
            progress(f"checking {check.id}")
            answer = answer_of()
            outcomes[check.id] = _judged(con, check, answer)
            answers.append((check, answer))
    _store_tallies(con, answers)
    _store_waivers(con)
    run_script(con, "consequences")
    for check in asked:
        if check.asks_findings:
            progress(f"checking {check.id}")
            outcomes[check.id] = ask_one(con, check)
    _store_waivers(con)
    return tuple(outcomes[check] for check in checks)


def _met(con: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Which needs the evidence meets, in one query."""
    row = con.execute(f"select {', '.join(f'({sql})' for sql, _ in NEEDS.values())}").fetchone() or ()
    return dict(zip(NEEDS, map(bool, row), strict=True))


def _store_follows(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create or replace temp table check_follows (check_id varchar, follows varchar, rank bigint)")
    rows = [(check.id, root, rank) for check in catalogue().values() for rank, root in enumerate(check.follows)]
    fill(con, "check_follows", rows)
    con.execute("create or replace temp table cause_follows (check_id varchar, cause varchar, follows varchar, rank bigint)")
    causes = [(check.id, cause) for check in catalogue().values() for cause in check.causes.values()]
    fill(
        con, "cause_follows",
        [(check, cause.id, root, rank) for check, cause in causes for rank, root in enumerate(cause.follows)],
    )  # fmt: skip
    con.execute("create or replace temp table cause_explains (check_id varchar, cause varchar, explains varchar)")
    fill(con, "cause_explains", [(check, cause.id, followed) for check, cause in causes for followed in cause.explains])


def ask_one(con: duckdb.DuckDBPyConnection, check: Check) -> Outcome:
    """One check's rows; a check that breaks says so and hides no other."""
    answer = _counted(con, check)
    _store_tallies(con, [(check, answer)])
    return _judged(con, check, answer)


def _counted(con: duckdb.DuckDBPyConnection, check: Check) -> Answer:
    """How a check's rows fell, by platform and step; or how it broke.

    Counting the rows computes no text: texts are written for the rows that failed only.
    """
    try:
        return con.execute(counting(check)).fetchall()
    except duckdb.Error as error:
        if is_shortage(error):
            raise
        return error


def counting(check: Check) -> duckdb.Statement:
    """What counts the rows of a check."""
    (statement,) = parsed(
        f"""
        select
            platform, step, count(*),
            count(*) filter (where ok), count(*) filter (where not ok), count(*) filter (where ok is null)
        from (
        {check.sql}
        )
        group by platform, step
        order by platform, step
        """
    )
    return statement


def _judged(con: duckdb.DuckDBPyConnection, check: Check, answer: Answer) -> Outcome:
    """How the check ran; its findings are stored where there are any."""
    if isinstance(answer, duckdb.Error):
        return _broke(check, answer)
    try:
        if any(failed or unclear for *_, failed, unclear in answer):
            _store_findings(con, check)
    except duckdb.Error as error:
        if is_shortage(error):
            raise
        return _broke(check, error)
    return Outcome(check, "ran")


def _broke(check: Check, error: duckdb.Error) -> Outcome:
    # What cannot be bound quotes the check's own names.
    is_own = isinstance(error, duckdb.BinderException)
    return Outcome(check, "broke", str(error).strip().splitlines()[0] if is_own else told_without_values(error))


def _store_tallies(con: duckdb.DuckDBPyConnection, answers: list[tuple[Check, Answer]]) -> None:
    fill(con, "tallies", [(check.id, *row) for check, answer in answers if isinstance(answer, list) for row in answer])


@contextmanager
def _several_at_once(con: duckdb.DuckDBPyConnection) -> Iterator[Callable[[Check], Callable[[], Answer]]]:
    """What takes a check on and gives what waits for its answer.

    Several are counted at a time where the database itself uses one thread: most of a small audit is planning, and a plan is made
    by one.
    """
    (threads,) = con.execute("select current_setting('threads')").fetchone() or (1,)
    count = min(HANDS, os.cpu_count() or 1) if threads == 1 else 1
    if count == 1:
        yield lambda check: partial(_counted, con, check)
        return
    with hands(con, count) as several:
        yield lambda check: several.take(lambda hand: _counted(hand, check)).result


def _store_findings(con: duckdb.DuckDBPyConnection, check: Check) -> None:
    """What failed or could not be told, numbered in an order of its own."""
    con.execute(
        f"""
        insert into findings by name
        with failing as (
            select * from (
            {check.sql}
            )
            where ok is not true
            union all by name
            -- A check need not tell these.
            select cast(null as varchar) as severity, cast(null as varchar) as session where false
        )
        select
            (select coalesce(max(finding), 0) from findings)
                + row_number() over (
                    order by platform, step, subject, ref, cause, other_ref, actual
                ) as finding,
            $id as check_id,
            $facet as facet,
            coalesce(severity, case when coalesce(step, 'Purchase') = 'Purchase' then $severity else $other end) as severity,
            platform,
            step,
            subject,
            order_id,
            session,
            ok,
            expected,
            actual,
            cause,
            coalesce(($owners::varchar[])[list_position($causes::varchar[], cause)], $owner) as owner,
            ref,
            other_ref
        from failing
        """,
        {
            "id": check.id, "facet": check.facet, "severity": check.severity, "other": check.severity_other_steps,
            "owner": check.owner, "causes": list(check.causes), "owners": [cause.owner for cause in check.causes.values()],
        },
    )


def _store_waivers(con: duckdb.DuckDBPyConnection) -> None:
    """What failed can be accepted; what nobody saw can not. What a root's waiver covers already stays covered."""
    con.execute(
        """
        update findings
        set waived = (
            select min(w.waiver)
            from plan_waivers w
            cross join launch l
            where w.check_id = findings.check_id
              and (w.subject = '*' or w.subject = findings.subject or w.subject = findings.order_id)
              and w.expires >= l.judged_on
        )
        where not ok
          and waived is null
          and check_id in (select check_id from plan_waivers)
        """
    )
