"""The event-chain acceptance table, and what each platform will count."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from audit.engine import Audit
from audit.plan import STEPS
from audit.verdict import Answer, Verdict
from audit.verdict import Gate as JudgedGate
from audit.verdict import Row as JudgedRow
from audit.wording import counted
from reports.parts import Amounts, Cell, Finding, Gate, Predicted, Problem, Row
from reports.words import ACTIONS, PAID_ACTION, owner_of

_Key = tuple[str, str]
_Anchors = dict[tuple[str, str | None, str | None], str]


def gates(verdict: Verdict, problems: tuple[Problem, ...]) -> tuple[Gate, ...]:
    """Every gate, with the place where its answer is explained."""
    return tuple(
        Gate(gate.id, gate.title, gate.answer, gate.blocking, gate.warnings, gate.waived, *_places(gate, problems))
        for gate in verdict.gates
    )


def _places(gate: JudgedGate, problems: tuple[Problem, ...]) -> tuple[str, str | None]:
    """Where a gate's answer is explained, and the root it merely follows from."""
    root = _root(gate, problems)
    own = [p.anchor for p in problems if p.facet == gate.id]
    folded = [p.anchor for p in problems if any(row.facet == gate.id for f in p.follows for row in f.rows)]
    return root or next(iter((*own, *folded)), f"facet-{gate.id}"), root


def _root(gate: JudgedGate, problems: tuple[Problem, ...]) -> str | None:
    """The problem of another facet that a gate's answer merely follows from, where none of its own gives that answer."""
    if gate.answer not in (Answer.FAIL, Answer.UNCLEAR):
        return None

    def gives_it(row: Finding) -> bool:
        failed = row.ok is False and row.severity == "blocker"
        return row.facet == gate.id and not row.waiver and (failed if gate.answer is Answer.FAIL else row.ok is None)

    if any(gives_it(row) for problem in problems for row in problem.rows):
        return None
    return next((p.anchor for p in problems if any(gives_it(row) for f in p.follows for row in f.rows)), None)


def rows(audit: Audit, verdict: Verdict, findings: tuple[Finding, ...], problems: tuple[Problem, ...]) -> tuple[Row, ...]:
    """The acceptance table: what was seen, what proves it, what each facet says, who answers for it."""
    counts = _counts(audit)
    names = _texts(audit, "select platform, step, null, event_name from sent_events group by all order by all")
    senders = _texts(audit, "select platform, step, channel, sender from sent_events group by all order by all")
    examined = _examined(audit, verdict)
    anchors = _anchors(problems)
    owners = _owners(audit)
    waived = Counter((f.facet, f.platform, f.step) for f in findings if f.waiver)
    made = []
    for row in verdict.table:
        key = (row.platform, row.step)
        browser, server, paired, orders, browser_ref, server_ref = counts.get(key, (0, 0, 0, 0, None, None))
        made.append(
            Row(
                platform=row.platform,
                step=row.step,
                names=names.get((*key, None), ()),
                action=PAID_ACTION if _is_paid_purchase(audit, row) else ACTIONS[row.step],
                browser=browser,
                server=server,
                paired=paired,
                orders=orders,
                browser_senders=senders.get((*key, "browser"), ()),
                server_senders=senders.get((*key, "server"), ()),
                proof=_proof(row, browser, server, paired, orders),
                refs=tuple(ref for ref in (browser_ref, server_ref) if ref),
                cells=tuple(
                    Cell(
                        facet=cell.facet,
                        answer=cell.answer,
                        examined=examined.get((cell.facet, *key), 0),
                        failed=cell.failed,
                        unclear=cell.unclear,
                        warnings=cell.warnings,
                        waived=waived[cell.facet, row.platform, row.step],
                        anchor=_cell_anchor(anchors, cell.facet, row),
                    )
                    for cell in row.cells
                ),
                answer=row.answer,
                owner=_row_owner(audit, row, owners, findings),
            )
        )  # fmt: skip
    return tuple(made)


def _cell_anchor(anchors: _Anchors, facet: str, row: JudgedRow) -> str:
    near = anchors.get((facet, row.platform, row.step)) or anchors.get((facet, row.platform, None))
    return near or f"facet-{facet}"


def _is_paid_purchase(audit: Audit, row: JudgedRow) -> bool:
    return row.step == "Purchase" and audit.plan.conversion_point == "payment_confirmed"


def _counts(audit: Audit) -> dict[_Key, tuple[int, int, int, int, str | None, str | None]]:
    found = audit.con.execute(
        """
        with sent as (
            select
                platform,
                step,
                count(*) filter (where channel = 'browser') as browser,
                count(*) filter (where channel = 'server') as server,
                max(event_key) filter (where channel = 'browser') as browser_key,
                max(event_key) filter (where channel = 'server') as server_key
            from sent_events
            group by platform, step
        ),
        paired as (
            select b.platform, b.step, count(*) as paired
            from (select distinct browser_key from event_pairs where kind = 'exact') p
            join events b on b.event_key = p.browser_key
            where b.step is not null
            group by b.platform, b.step
        ),
        -- An event that names no order is one of its visit's; visits first: one may hold any number of events and of orders.
        visits as (
            select distinct platform, step, session
            from sent_events
            where step <> 'Purchase'
              and order_id is null
              and session is not null
        ),
        told as (
            select platform, step, order_id
            from sent_events
            where order_id is not null
            union
            select v.platform, v.step, s.order_id
            from visits v
            join order_sessions s on s.session = v.session
        ),
        sold as (
            select platform, step, count(*) as orders
            from told
            group by platform, step
        )
        select s.platform, s.step, s.browser, s.server, coalesce(p.paired, 0), coalesce(o.orders, 0), b.ref, v.ref
        from sent s
        left join sold o on o.platform = s.platform and o.step = s.step
        left join paired p on p.platform = s.platform and p.step = s.step
        left join events b on b.event_key = s.browser_key
        left join events v on v.event_key = s.server_key
        """
    ).fetchall()
    return {(r[0], r[1]): (int(r[2]), int(r[3]), int(r[4]), int(r[5]), r[6], r[7]) for r in found}


def _texts(audit: Audit, sql: str) -> dict[tuple[str, str, str | None], tuple[str, ...]]:
    found: dict[tuple[str, str, str | None], tuple[str, ...]] = {}
    for platform, step, channel, text in audit.con.execute(sql).fetchall():
        found[platform, step, channel] = (*found.get((platform, step, channel), ()), text or "not named")
    return found


def _examined(audit: Audit, verdict: Verdict) -> dict[tuple[str, str | None, str | None], int]:
    facets = {c.id: c.outcome.check.facet for c in verdict.checks}
    totals: dict[tuple[str, str | None, str | None], int] = {}
    for check, platform, step, number in audit.con.execute(
        "select check_id, platform, step, examined from tallies order by all"
    ).fetchall():
        key = (facets[check], platform, step)
        totals[key] = totals.get(key, 0) + int(number)
    return totals


def _anchors(problems: tuple[Problem, ...]) -> _Anchors:
    """Where a cell leads: the gravest problem of that facet on that platform and step."""
    found: _Anchors = {}
    for problem in problems:
        for finding in (*problem.rows, *(r for f in problem.follows for r in f.rows)):
            found.setdefault((finding.facet, finding.platform, finding.step), problem.anchor)
            found.setdefault((finding.facet, finding.platform, None), problem.anchor)
    return found


def _owners(audit: Audit) -> dict[_Key, list[str]]:
    found: dict[_Key, list[str]] = {}
    for sender in sorted(audit.plan.senders, key=lambda s: not s.primary):
        for step in sender.events:
            if sender.owner:
                found.setdefault((sender.platform, step), []).append(sender.owner)
    return found


def _row_owner(audit: Audit, row: JudgedRow, owners: dict[_Key, list[str]], findings: tuple[Finding, ...]) -> str | None:
    """Who answers for the row: whom the register names; else whom its gravest finding calls for."""
    registered = owners.get((row.platform, row.step))
    if registered:
        return " and ".join(dict.fromkeys(owner_of(audit.plan.owners, owner) for owner in registered[:2]))
    own = [f for f in findings if (f.platform, f.step) == (row.platform, row.step)]
    return next((f.owner for f in own if not f.because_of and not f.waiver), None)


def _proof(row: JudgedRow, browser: int, server: int, paired: int, orders: int) -> str:
    """What the rows show, as one short sentence."""
    if not browser and not server:
        return "Nothing was seen."
    parts = []
    if browser and server and row.platform != "snackvideo":
        parts.append(f"{paired} of {browser} {'has' if paired == 1 else 'have'} a server copy with the same id")
    elif browser and server:
        parts.append("both sides sent it, no id to share")
    else:
        parts.append("seen in the browser only" if browser else "seen on the server only")
    if orders:
        parts.append(counted(orders, "order"))
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts)


# ---------------------------------------------------------------------- what each platform will count


def predicted(audit: Audit) -> tuple[Predicted, ...]:
    """Orders and money against counted Purchases and counted money, per platform and dataset."""
    named = (audit.con.execute("select count(*) filter (where is_named) from orders").fetchone() or (0,))[0]
    audit.con.execute(
        f"""
        create or replace temp view judged_orders as
        select o.order_id, a.amount, a.currency
        from orders o
        left join order_amounts a on a.order_id = o.order_id and a.is_plan_basis
        where coalesce(o.event_duty, 'yes') <> 'no' and {"o.is_named" if named else "true"}
        """
    )
    orders = int((audit.con.execute("select count(distinct order_id) from judged_orders").fetchone() or (0,))[0])
    digits = dict(audit.con.execute("select currency, digits from currencies where tolerance < 1").fetchall())
    worth = tuple(
        Amounts(currency, total, total, digits.get(currency, 0))
        for currency, total in audit.con.execute(
            "select currency, sum(amount) from judged_orders where currency is not null group by currency order by currency"
        ).fetchall()
    )
    datasets = audit.con.execute(
        """
        select platform, dataset from plan_datasets where platform in (select platform from plan_platforms)
        union
        select platform, dataset from predicted_orders
        order by platform, dataset nulls last
        """
    ).fetchall()
    missing = [r[0] for r in audit.con.execute("select platform from plan_platforms").fetchall()]
    datasets += [(name, None) for name in missing if name not in {platform for platform, _ in datasets}]
    order = {name: place for place, name in enumerate(missing)}
    counted_money, keyless = _counted(audit)
    return tuple(
        Predicted(
            platform=platform,
            dataset=dataset,
            step=STEPS[-1],
            orders=orders,
            low=sum(row[1] for row in counted_money.get((platform, dataset), ())),
            high=sum(row[2] for row in counted_money.get((platform, dataset), ())),
            order_value=worth,
            counted_value=tuple(
                Amounts(currency, low or Decimal(0), high or Decimal(0), digits.get(currency, 0))
                for currency, _, _, low, high in counted_money.get((platform, dataset), ())
                if currency
            ),
            keyless=keyless.get((platform, dataset), 0),
        )
        for platform, dataset in sorted(datasets, key=lambda d: (order.get(d[0], 99), d[0], d[1] or "~"))
    )


_Pixel = tuple[str, str | None]
_Money = tuple[str | None, int, int, Decimal | None, Decimal | None]


def _counted(audit: Audit) -> tuple[dict[_Pixel, list[_Money]], dict[_Pixel, int]]:
    """By platform and dataset, asked once for all of them: what is counted in each currency, and the events without a key."""
    money: dict[_Pixel, list[_Money]] = {}
    for platform, dataset, *row in audit.con.execute(
        """
        select p.platform, p.dataset, p.currency, sum(p.low), sum(p.high), sum(p.low_value), sum(p.high_value)
        from predicted_orders p
        left join judged_orders j on j.order_id = p.order_id
        where p.order_id is null or j.order_id is not null
        group by p.platform, p.dataset, p.currency
        order by p.platform, p.dataset, p.currency
        """
    ).fetchall():
        money.setdefault((platform, dataset), []).append((row[0], int(row[1]), int(row[2]), row[3], row[4]))
    keyless = audit.con.execute(
        "select platform, dataset, count(*) from counted_events where unit is null group by platform, dataset"
    ).fetchall()
    return money, {(platform, dataset): count for platform, dataset, count in keyless}
