"""The ordered answers: what each check, each cell of the acceptance table and each gate says, and the decision.

A gate is decided by its deciding checks and by every blocker that failed; warnings are counted beside it and never change
it; there is no score (contract, Decision).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from audit.asking import Outcome
from audit.check import FACETS
from audit.engine import Audit
from audit.plan import STEPS


class Answer(IntEnum):
    """Ordered: the answer of several is the greatest."""

    NOT_APPLICABLE = 0
    PASS = 1
    UNCLEAR = 2
    NOT_RUN = 3
    FAIL = 4
    ERROR = 5


#: Facets of the acceptance table's cells.
CELLS = ("chain", "dedup", "money", "senders", "attribution", "delivery")
#: The acceptance rule's own gates: they stop a launch also when they could not be judged.
#: Ids that are in order on one side merge nothing: without two copies of an event nothing was shown.
_PROOFS = {"dedup": "event_id_mismatch"}
BLOCKING = ("chain", "dedup", "money", "senders", "reconciliation")
GATE_TITLES = {
    "chain": "A test order triggers every step in the expected path",
    "dedup": "Browser and server copies merge through one event_id",
    "money": "Value and currency reconcile to the order",
    "senders": "Each core event comes once, from a sender the register names",
    "reconciliation": "Gaps between platforms, shop, GA4 and server are explained",
    "attribution": "Click ids and browser ids survive from landing to server",
    "delivery": "Requests were accepted, on time, from allowed pages",
    "payload": "Requests follow the published formats",
    "privacy": "No personal data is where it must not be",
    "evidence": "The evidence is complete enough to judge",
}


@dataclass(frozen=True)
class CheckResult:
    """One check over all its subjects."""

    outcome: Outcome
    answer: Answer
    examined: int
    failed: int
    unclear: int
    waived: int
    blockers: int  # failed rows that block, unwaived
    warnings: int  # failed rows that do not block, unwaived

    @property
    def id(self) -> str:
        """The check's id."""
        return self.outcome.check.id


@dataclass(frozen=True)
class Gate:
    """One Stop/Go gate."""

    id: str
    title: str
    answer: Answer
    blocking: bool
    warnings: int
    waived: int


@dataclass(frozen=True)
class Cell:
    """One facet of one platform's event."""

    facet: str
    answer: Answer
    failed: int
    unclear: int
    warnings: int


@dataclass(frozen=True)
class Row:
    """One platform's event in the acceptance table."""

    platform: str
    step: str
    cells: tuple[Cell, ...]
    answer: Answer


@dataclass(frozen=True)
class Verdict:
    """The whole answer."""

    decision: str  # GO | GO_WITH_CONDITIONS | STOP | NOT_PROVEN
    gates: tuple[Gate, ...]
    checks: tuple[CheckResult, ...]
    table: tuple[Row, ...]
    conditions: int  # failed warnings and waived findings


def exit_code(decision: str, *, strict: bool = False) -> int:
    """0 Go, 1 Stop, 3 not proven; with ``strict`` conditions stop too."""
    if decision == "GO_WITH_CONDITIONS" and strict:
        return 1
    return {"GO": 0, "GO_WITH_CONDITIONS": 0, "STOP": 1, "NOT_PROVEN": 3}[decision]


def judge(audit: Audit) -> Verdict:
    """Every answer from the tallies and findings of an audit."""
    checks = _check_results(audit)
    required = bool((audit.con.execute("select totals_required from launch").fetchone() or (False,))[0])
    # A file of totals that could not be read was supplied all the same.
    supplied = (audit.con.execute("select count(*) from sources where kind = 'totals'").fetchone() or (0,))[0] > 0
    gates = tuple(_gate(facet, checks, reconciling=required or supplied) for facet in FACETS)
    conditions = sum(c.warnings + c.waived for c in checks)
    return Verdict(_decision(gates, conditions), gates, checks, _table(audit, checks), conditions)


def _check_results(audit: Audit) -> tuple[CheckResult, ...]:
    examined = {
        check: (int(subjects), int(failed), int(unclear))
        for check, subjects, failed, unclear in audit.con.execute(
            "select check_id, sum(examined), sum(failed), sum(unclear) from tallies group by check_id"
        ).fetchall()
    }
    findings = {
        check: tuple(counts)
        for check, *counts in audit.con.execute(
            """
            select
                check_id,
                count(*) filter (where ok = false and waived is not null),
                count(*) filter (where ok = false and waived is null and severity = 'blocker'),
                count(*) filter (where ok = false and waived is null and severity = 'warning')
            from findings
            group by check_id
            """
        ).fetchall()
    }
    return tuple(
        _check_result(outcome, examined.get(outcome.check.id, (0, 0, 0)), findings.get(outcome.check.id, (0, 0, 0)))
        for outcome in audit.outcomes
    )


def _check_result(outcome: Outcome, tally: tuple[int, ...], rows: tuple[int, ...]) -> CheckResult:
    examined, failed, unclear = tally
    waived, blockers, warnings = rows
    if outcome.state != "ran":
        answer = Answer.ERROR if outcome.state == "broke" else Answer.NOT_RUN
    elif examined == 0:
        answer = Answer.NOT_APPLICABLE
    elif failed > waived:
        answer = Answer.FAIL
    elif unclear:
        answer = Answer.UNCLEAR
    else:
        answer = Answer.PASS
    return CheckResult(outcome, answer, examined, failed, unclear, waived, blockers, warnings)


def _gate(facet: str, checks: tuple[CheckResult, ...], *, reconciling: bool) -> Gate:
    own = [c for c in checks if c.outcome.check.facet == facet]
    blocking = facet in BLOCKING and (facet != "reconciliation" or reconciling)
    warnings = sum(c.warnings for c in own)
    waived = sum(c.waived for c in own)
    return Gate(facet, GATE_TITLES[facet], _gate_answer(own), blocking, warnings, waived)


def _gate_answer(own: list[CheckResult]) -> Answer:
    if any(c.answer is Answer.ERROR for c in own):
        return Answer.ERROR
    if any(c.blockers for c in own):
        return Answer.FAIL
    deciding = [c for c in own if c.outcome.check.deciding]
    if not deciding:
        # Nothing decides these gates but a failed blocker; they pass when something was judged at all.
        if any(c.examined for c in own):
            return Answer.PASS
        return Answer.NOT_RUN if own and all(c.answer is Answer.NOT_RUN for c in own) else Answer.NOT_APPLICABLE
    if any(c.answer is Answer.NOT_RUN for c in deciding) or not any(c.examined for c in deciding):
        return Answer.NOT_RUN
    if any(c.unclear for c in deciding):
        return Answer.UNCLEAR
    return Answer.PASS


def _decision(gates: tuple[Gate, ...], conditions: int) -> str:
    if any(gate.answer in (Answer.FAIL, Answer.ERROR) for gate in gates):
        return "STOP"
    if any(gate.blocking and gate.answer in (Answer.NOT_RUN, Answer.UNCLEAR) for gate in gates):
        return "NOT_PROVEN"
    return "GO_WITH_CONDITIONS" if conditions else "GO"


# ---------------------------------------------------------------------- the acceptance table


def _table(audit: Audit, checks: tuple[CheckResult, ...]) -> tuple[Row, ...]:
    platforms = [row[0] for row in audit.con.execute("select platform from plan_platforms").fetchall()]
    tallies: _Counts = {
        (check, platform, step): (examined, unclear)
        for check, platform, step, examined, unclear in audit.con.execute(
            "select check_id, platform, step, examined, unclear from tallies"
        ).fetchall()
    }
    failures: _Counts = {
        (check, platform, step): (blockers, warnings, unclear)
        for check, platform, step, blockers, warnings, unclear in audit.con.execute(
            """
            select f.check_id, f.platform, f.step,
                count(*) filter (where f.ok = false and f.severity = 'blocker'),
                count(*) filter (where f.ok = false and f.severity = 'warning'),
                count(*) filter (where f.ok is null)
            from findings f
            -- One case a root: what follows from another finding of the same cell, as grave, is no second one.
            anti join (select * from findings where ok = false and waived is null) r
                on r.check_id = f.because_of
               and r.facet = f.facet
               and r.platform = f.platform
               and r.step = f.step
               and r.order_id = f.order_id
               and r.severity = f.severity
               and f.ok = false
            where f.waived is null
            group by f.check_id, f.platform, f.step
            """
        ).fetchall()
    }
    # What went to a pixel the plan does not name is examined too, and shows nothing of the plan's.
    heard = set(audit.con.execute("select distinct platform, step from events where in_plan and step is not null").fetchall())
    rows = []
    for platform in platforms:
        for step in STEPS:
            is_heard = (platform, step) in heard
            cells = tuple(_cell(facet, platform, step, checks, tallies, failures, is_heard=is_heard) for facet in CELLS)
            rows.append(Row(platform, step, cells, max(cell.answer for cell in cells)))
    return tuple(rows)


_Counts = dict[tuple[str, str | None, str | None], tuple[int, ...]]


def _cell(
    facet: str,
    platform: str,
    step: str,
    checks: tuple[CheckResult, ...],
    tallies: _Counts,
    failures: _Counts,
    *,
    is_heard: bool,
) -> Cell:
    """A facet with deciding checks passes where one of them judged something; one without, where any check did.

    A facet of :data:`_PROOFS` passes by that check alone, and none where no event of the plan's was heard.
    """
    answer, failed, unclear, warned = Answer.NOT_APPLICABLE, 0, 0, 0
    decided = any(result.outcome.check.facet == facet and result.outcome.check.deciding for result in checks)
    for result in checks:
        check = result.outcome.check
        if check.facet != facet:
            continue
        examined = tallies.get((check.id, platform, step), (0, 0))[0]
        blockers, warnings, open_unclear = failures.get((check.id, platform, step), (0, 0, 0))
        failed, warned = failed + blockers, warned + warnings
        if blockers:
            answer = max(answer, Answer.FAIL)
        if result.answer is Answer.ERROR:
            answer = Answer.ERROR
        if check.deciding:
            unclear += open_unclear
            if result.answer is Answer.NOT_RUN:
                answer = max(answer, Answer.NOT_RUN)
            elif open_unclear:
                answer = max(answer, Answer.UNCLEAR)
        is_proof = check.id == _PROOFS[facet] if facet in _PROOFS else check.deciding or not decided
        if is_heard and is_proof and examined > open_unclear:
            answer = max(answer, Answer.PASS)
    return Cell(facet, answer, failed, unclear, warned)
