"""Why the decision is what it is, and what was not tested."""

from __future__ import annotations

from audit.check import NEEDS, catalogue
from audit.engine import Audit
from audit.plan import Plan
from audit.verdict import BLOCKING, GATE_TITLES, Answer, CheckResult, Verdict
from audit.wording import counted
from reports.parts import Problem, Reason, Untested, Waiver
from reports.words import OF_RELAYS, PLATFORMS, SUPPLIERS, UNDECIDABLE, listed, lowered, owner_of


def reasons(audit: Audit, verdict: Verdict, problems: tuple[Problem, ...], waivers: tuple[Waiver, ...]) -> tuple[Reason, ...]:
    """One sentence each, roots only: what stops, was not tested, cannot be told; a conditional Go names its conditions."""
    tracking = owner_of(audit.plan.owners, "tracking")
    stops = [_problem_reason(p, "stop") for p in problems if p.status == "failed" and _stops(p)]
    broken = [
        Reason(
            f"The check “{c.outcome.check.title}” could not be completed: {c.outcome.note}.",
            tracking,
            "Report this together with the evidence; until then nothing is known about it.",
            f"check-{c.id}",
            "stop",
        )
        for c in verdict.checks
        if c.answer is Answer.ERROR
    ]
    open_ones = [p for p in problems if p.status == "cannot tell" and p.deciding and p.facet in BLOCKING]
    if verdict.decision == "NOT_PROVEN":
        open_ones += [p for p in problems if p not in open_ones and _leaves_open(p)]
    unclear = [_problem_reason(p, "open") for p in open_ones]
    warned = [_problem_reason(p, "warn") for p in problems if (p.status, p.severity) == ("failed", "warning") and not _stops(p)]
    accepted = [
        Reason(
            f"{catalogue()[w.check].failure}, accepted until {w.expires} by {w.owner}: {w.reason.rstrip('.')}.",
            w.owner, "Review it before that day; the finding stays in this packet.",
            "waivers", "warn",
        )
        for w in waivers
        if w.covers
    ]  # fmt: skip
    conditions = warned + accepted if verdict.decision == "GO_WITH_CONDITIONS" else []
    # What a file lacks, or nobody handed in, is why the others cannot be told. Who handed in the wrong half of a file, or the wrong
    # one, would read "supply the log" as a slip of the audit.
    lacking = [_problem_reason(p, "open") for p in problems if (p.check, p.status) == ("incomplete_capture", "failed")]
    wanting = _missing(audit, verdict) + (lacking if verdict.decision == "NOT_PROVEN" else [])
    return tuple(stops + broken + wanting + unclear + conditions)


def _stops(problem: Problem) -> bool:
    """A blocker, or a lighter fault that a blocker follows from: the root is named, the weight is the heaviest."""
    rows = (*problem.rows, *(row for followed in problem.follows for row in followed.rows))
    return (
        any(row.severity == "blocker" and row.ok is False and row.waiver is None for row in rows) or problem.severity == "blocker"
    )


def _leaves_open(problem: Problem) -> bool:
    """A lighter finding for which something that decides cannot be told."""
    checks = catalogue()
    return any(
        row.ok is None and row.waiver is None and checks[followed.check].deciding and checks[followed.check].facet in BLOCKING
        for followed in problem.follows
        for row in followed.rows
    )


def _problem_reason(problem: Problem, tone: str) -> Reason:
    sentence = f"{problem.headline}: {problem.who}."
    first = problem.texts.first_check if problem.texts else "Open the rows of the finding and compare them with the source files."
    return Reason(sentence, problem.owner, first, problem.anchor, tone, next(iter(problem.rows), None), problem.total)


def _missing(audit: Audit, verdict: Verdict) -> list[Reason]:
    """Gates that decide and could not be judged, by what would make them judgeable."""
    tracking = owner_of(audit.plan.owners, "tracking")
    made = [
        Reason(f"Not tested: {lowered(u.what)}.", u.owner or tracking, u.supply, "not-tested", "open")
        for u in not_run(audit, verdict)
        if u.decides
    ]
    for gate in verdict.gates:
        own = [c for c in verdict.checks if c.outcome.check.facet == gate.id]
        ran = [c for c in own if c.outcome.check.deciding and c.outcome.state == "ran"]
        starved = not any(c.examined for c in ran) and not any(_is_decisive_gap(c, verdict) for c in own)
        if gate.blocking and gate.answer is Answer.NOT_RUN and starved:
            supply = "Supply evidence that shows a test order from the product page to the order itself."
            made.append(
                Reason(
                    f"Nothing could be judged: the evidence holds no subject for “{lowered(gate.title)}”.",
                    tracking,
                    supply,
                    f"gate-{gate.id}",
                    "open",
                )
            )
    return made


def _is_decisive_gap(result: CheckResult, verdict: Verdict) -> bool:
    """Whether a gate that stops the launch waits for this check."""
    check = result.outcome.check
    blocking = {gate.id for gate in verdict.gates if gate.blocking}
    return check.deciding and check.facet in blocking and result.outcome.state in ("not_run", "ignored")


def not_run(audit: Audit, verdict: Verdict) -> tuple[Untested, ...]:
    """Checks that did not run, grouped by what to supply; those a gate waits for first."""
    waiting = {
        result.id: tuple(need for need in result.outcome.check.needs if NEEDS[need][1] in result.outcome.note)
        for result in verdict.checks
        if result.outcome.state in ("not_run", "ignored") and set(result.outcome.check.needs) != {"waivers"}
    }
    alone = {needs[0] for needs in waiting.values() if len(needs) == 1}
    groups: dict[tuple[str, ...], list[CheckResult]] = {}
    for result in verdict.checks:
        if result.id in waiting:
            needs = waiting[result.id]
            # A check that waits for two things, each of them asked for anyway, need not be told apart.
            groups.setdefault(needs[:1] if set(needs) <= alone else needs, []).append(result)
    made = []
    for needs, results in groups.items():
        decisive = [r for r in results if _is_decisive_gap(r, verdict)]
        named = decisive or results
        if len(named) == 1:
            what = f"Whether {lowered(named[0].outcome.check.title)}"
        else:
            facets = dict.fromkeys(r.outcome.check.facet for r in named)
            what = f"Whether {listed([lowered(GATE_TITLES[facet]) for facet in facets], 4)}"
        supply = f"Supply {'; '.join(NEEDS[need][1] for need in needs)}." if needs else "Left out by --select or --ignore."
        role = SUPPLIERS.get(needs[0], "tracking") if needs else "tracking"
        made.append(Untested(what, supply, owner_of(audit.plan.owners, role), bool(decisive), tuple(r.id for r in results)))
    return tuple(sorted(made, key=lambda u: (not u.decides, u.supply)))


def unplanned(audit: Audit) -> tuple[Untested, ...]:
    """Platforms that get events of this shop while the plan names others only: nobody asks what is missing there."""
    seen = audit.con.execute(
        """
        select distinct platform
        from events
        where step is not null
          and platform not in (select platform from plan_platforms)
        order by platform
        """
    ).fetchall()
    names = [row[0] for row in seen]
    if not names:
        return ()
    shown, tables = listed([PLATFORMS.get(name, name) for name in names]), listed([f"[platforms.{name}]" for name in names])
    what = f"Whether anything is missing on {shown}, which got events and which the plan does not name"
    supply = f"If ads run there, write {tables} into audit.toml."
    return (Untested(what, supply, owner_of(audit.plan.owners, "media"), decides=False, checks=()),)


def undecidable(audit: Audit) -> tuple[Untested, ...]:
    """What no file can show; of a relay only where one was seen or is named in the plan."""
    (seen,) = audit.con.execute("select exists (select 1 from events where relay_store is not null)").fetchone() or (False,)
    has_relay = seen or any(platform.relay_store for platform in audit.plan.platforms.values())
    found = (*OF_RELAYS, *UNDECIDABLE) if has_relay else UNDECIDABLE
    return tuple(Untested(what, supply, None, decides=False, checks=()) for what, supply in found)


def assumptions(audit: Audit) -> tuple[str, ...]:
    """What was inferred because there is no plan, or because the plan is silent."""
    plan = audit.plan
    made = []
    if plan.path is None:
        made.append("There is no plan: pixels, senders and requirements are read off the evidence itself.")
    if plan.timezone is None:
        made.append("No time zone is named: days and clock times are those of UTC.")
    made += [
        f"The times of {name} name no zone and are taken as {'UTC' if is_utc else 'those of another one'}: in the plan's zone the"
        " sales would be hours from their Purchases."
        for name, is_utc in audit.con.execute("select source, is_utc from foreign_exports order by source").fetchall()
    ]
    made += [
        f"The times of {name} name no zone and are taken as UTC: its events' own times fit them so, and not in the plan's zone."
        for (name,) in audit.con.execute("select source from zoneless_logs where is_utc order by source").fetchall()
    ]
    orders, named = audit.con.execute("select count(*), count(*) filter (where is_named) from orders").fetchone() or (0, 0)
    if plan.test_orders and orders > named:
        made.append(
            f"The plan lists {counted(len(plan.test_orders), 'test order')}: whether anything is missing is judged for"
            f" {'it' if len(plan.test_orders) == 1 else 'them'} alone; {counted(orders - named, 'other order')} of the export"
            f" {'is' if orders - named == 1 else 'are'} not asked for."
        )
    if not plan.test_orders:
        if named:
            made.append("No test orders are listed: every order of the export is taken as one.")
        elif orders:
            made.append("No test orders are listed and the export is large: shares are judged, not single orders.")
    made += _of_platforms(audit)
    if plan.value == "total" and not _states(plan, "value"):
        made.append("A Purchase is expected to report the order total: what the buyer is asked to pay.")
    if plan.conversion_point == "order_created" and not _states(plan, "conversion_point"):
        made.append("A Purchase counts from the moment the order is placed, paid or not.")
    if not plan.owners:
        made.append("No owners are named: each finding shows the role that usually answers for it.")
    return (*made, *_loosened(plan))


def _of_platforms(audit: Audit) -> list[str]:
    """Which platforms are judged, and by what, where the plan leaves it open."""
    made = []
    if not audit.plan.platforms:
        made.append("No platform is named: those that got events are judged, and one that got none is not missed.")
    for name in [row[0] for row in audit.con.execute("select platform from plan_platforms").fetchall()]:
        platform = audit.plan.platforms.get(name)
        if platform is None or not platform.datasets:
            made.append(f"No pixel is listed for {PLATFORMS.get(name, name)}: every pixel seen is taken as the shop's own.")
        if platform is None or not platform.require:
            made.append(
                f"{PLATFORMS.get(name, name)}: the browser must send every step, and the server the Purchase as well"
                f"{', where the shopper came with a click id' if name == 'snackvideo' else ''}."
            )
        left_out = [step for step, channels in platform.require.items() if not channels] if platform else []
        if left_out:
            made.append(
                f"{PLATFORMS.get(name, name)}: the plan asks for no {' and no '.join(left_out)};"
                " a pass does not include what is not asked for."
            )
    return made


def _loosened(plan: Plan) -> list[str]:
    """The limits of the plan that let more pass than the defaults do, in one sentence."""
    usual = Plan()
    told = []
    if plan.late_after_s > usual.late_after_s:
        told.append(f"an event may arrive {plan.late_after_s / 3600:g} hours late (usually 1)")
    if plan.missing_share > usual.missing_share:
        told.append(f"{plan.missing_share:.0%} of a day's orders may lack an event (usually {usual.missing_share:.0%})")
    if plan.totals_tolerance > usual.totals_tolerance:
        told.append(f"daily totals may differ by {plan.totals_tolerance:.0%} (usually {usual.totals_tolerance:.0%})")
    told += [
        f"a value may differ by {amount:f} {currency}, at most by a twentieth of its order"
        for currency, amount in sorted(plan.tolerance.items())
        if amount > 1
    ]
    return [f"The plan sets wider limits than usual, and a pass means no more than they do: {'; '.join(told)}."] if told else []


def _states(plan: Plan, key: str) -> bool:
    """Whether the plan's file gives the key itself, be it with the value that would be assumed anyway."""
    return any(line.split("=")[0].strip() == key for line in plan.written.decode("utf-8").splitlines())
