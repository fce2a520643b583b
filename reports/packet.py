"""One frozen packet from a judged audit: every fact any format prints, as plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from audit.engine import Audit
from audit.verdict import CheckResult, Verdict
from reports import acceptance, evidence
from reports.evidence import Card, DayCount, Source
from reports.findings import problems, read_findings, read_waivers
from reports.inventory import Inventory, inventory
from reports.orders import OrderCard, order_cards
from reports.parts import (
    Changes,
    CheckLine,
    Finding,
    Gate,
    Launch,
    Predicted,
    Problem,
    Reason,
    Row,
    Signature,
    Untested,
    Waiver,
)  # fmt: skip
from reports.reasons import assumptions, not_run, reasons, undecidable, unplanned
from reports.text import day, moment


@dataclass(frozen=True)
class Packet:
    """Everything a decision rests on."""

    decision: str
    reasons: tuple[Reason, ...]
    launch: Launch
    gates: tuple[Gate, ...]
    rows: tuple[Row, ...]
    predicted: tuple[Predicted, ...]
    checks: tuple[CheckLine, ...]
    judged: tuple[tuple[str | None, str | None, str], ...]  # platform, step, check: what was judged where
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    orders: tuple[OrderCard, ...]
    order_count: int  # cards are capped, orders are not
    inventory: Inventory
    cards: tuple[Card, ...]
    days: tuple[DayCount, ...]
    sources: tuple[Source, ...]
    rejects: tuple[tuple[str, str], ...]
    unrecognised: tuple[str, ...]
    untested: tuple[Untested, ...]
    undecidable: tuple[Untested, ...]
    assumptions: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    signers: tuple[str | None, str | None]  # whom the plan names for media and tracking
    changes: Changes | None = None  # since the packet given as baseline
    signatures: tuple[Signature, ...] = ()  # of earlier packets


def build(audit: Audit, verdict: Verdict) -> Packet:
    """The packet of an audit; afterwards the audit's connection may be closed."""
    zone = ZoneInfo(audit.plan.timezone or "UTC")
    waivers = read_waivers(audit)
    findings = read_findings(audit, waivers)
    roots = problems(audit, findings)
    return Packet(
        decision=verdict.decision,
        reasons=reasons(audit, verdict, roots, waivers),
        launch=_launch(audit, zone),
        gates=acceptance.gates(verdict, roots),
        rows=acceptance.rows(audit, verdict, findings, roots),
        predicted=acceptance.predicted(audit),
        checks=_checks(verdict),
        judged=_judged(audit, verdict),
        findings=findings,
        problems=roots,
        orders=order_cards(audit, zone, findings, roots),
        order_count=(audit.con.execute("select count(*) from orders").fetchone() or (0,))[0],
        inventory=inventory(audit),
        cards=evidence.cards(audit),
        days=evidence.days(audit),
        sources=evidence.sources(audit, zone),
        rejects=evidence.rejects(audit),
        unrecognised=audit.unrecognised,
        untested=(*unplanned(audit), *not_run(audit, verdict)),
        undecidable=undecidable(audit),
        assumptions=assumptions(audit),
        waivers=waivers,
        signers=(audit.plan.owners.get("media"), audit.plan.owners.get("tracking")),
    )


def _launch(audit: Audit, zone: ZoneInfo) -> Launch:
    plan, con = audit.plan, audit.con
    first, last = con.execute(
        "select min(coalesce(seen_at, event_at)), max(coalesce(seen_at, event_at)) from events"
    ).fetchone() or (None, None)
    if first is None:
        first, last = con.execute("select min(first_at), max(last_at) from sources").fetchone() or (None, None)
    begin, end = moment(first, zone), moment(last, zone)
    named = tuple(row[0] for row in con.execute("select order_id from orders where is_named order by order_id").fetchall())
    listed = tuple(row[0] for row in con.execute("select order_key from plan_test_orders order by rowid").fetchall())
    hashes = [row[0] for row in con.execute("select sha256 from sources order by sha256").fetchall()]
    judged = moment(audit.now, zone)
    assert judged is not None
    return Launch(
        name=plan.name,
        timezone=plan.timezone or "UTC",
        window=(begin, end) if begin and end else None,
        test_orders=listed or named,
        orders_named=bool(plan.test_orders),
        judged=judged,
        next_review=day(plan.next_review) if plan.next_review else None,
        has_plan=plan.path is not None,
        plan_sha256=_sha256(plan.written) if plan.written else None,
        inputs_sha256=_sha256("\n".join(hashes).encode()),
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _judged(audit: Audit, verdict: Verdict) -> tuple[tuple[str | None, str | None, str], ...]:
    """Where each check found a subject: by platform and step, in the order of the acceptance table and the checks."""
    rows = [(row.platform, row.step) for row in verdict.table]
    places = {place: number for number, place in enumerate(rows)}
    order = {result.id: number for number, result in enumerate(verdict.checks)}
    found = audit.con.execute("select platform, step, check_id from tallies where examined > 0").fetchall()
    return tuple(sorted(found, key=lambda t: (places.get((t[0], t[1]), len(rows)), t[0] or "", t[1] or "", order.get(t[2], 0))))


def _worst(result: CheckResult) -> str | None:
    if result.failed <= result.waived:
        return None
    return "blocker" if result.blockers else "warning" if result.warnings else "note"


def _checks(verdict: Verdict) -> tuple[CheckLine, ...]:
    return tuple(
        CheckLine(
            id=result.id,
            title=result.outcome.check.title,
            facet=result.outcome.check.facet,
            severity=result.outcome.check.severity,
            deciding=result.outcome.check.deciding,
            answer=result.answer,
            state=result.outcome.state,
            note=result.outcome.note,
            examined=result.examined,
            failed=result.failed,
            unclear=result.unclear,
            waived=result.waived,
            worst=_worst(result),
            sql=result.outcome.check.sql if result.failed or result.unclear else None,
        )
        for result in verdict.checks
    )
