"""One card per test order: what happened when, what the order is worth and what was reported, the payloads side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from audit.engine import Audit
from reports.bridge import Bridge, read_bridges
from reports.findings import kind_of
from reports.parts import Finding, Problem
from reports.payloads import Comparison, read_comparisons
from reports.text import Moment, moment, money, slug
from reports.words import step_of

#: Cards shown; a launch has a few test orders, a day's traffic has not.
CARDS = 20
#: Events on one card.
EVENTS = 80
_ACTIONS = {"add_to_cart": "Added to cart", "cart_change": "Cart changed", "checkout": "Checkout sent"}


@dataclass(frozen=True)
class Point:
    """One thing that happened, on its lane."""

    key: int  # event_key; 0 for what is no event
    at: Moment
    time: float
    lane: str  # shop | order | a platform
    channel: str | None
    label: str
    event_id: str | None
    value: str
    ref: str
    note: str
    tone: str  # of the gravest finding on this row


@dataclass(frozen=True)
class Link:
    """Two copies of one event: joined by one id, or only thought to belong together."""

    browser: int
    server: int
    kind: str  # shared | broken | unruled: the platform has no id that could join them


@dataclass(frozen=True)
class Gap:
    """A copy that had to be there and was not seen."""

    platform: str
    channel: str
    step: str


@dataclass(frozen=True)
class OrderCard:
    """One test order."""

    order_id: str
    anchor: str
    facts: tuple[tuple[str, str], ...]
    placed: Moment | None
    paid: Moment | None
    ref: str
    points: tuple[Point, ...]
    hidden: int
    links: tuple[Link, ...]
    gaps: tuple[Gap, ...]
    bridge: Bridge | None
    comparisons: tuple[Comparison, ...]
    problems: tuple[tuple[str, str], ...]  # anchor, headline


def order_cards(
    audit: Audit, zone: ZoneInfo, findings: tuple[Finding, ...], problems: tuple[Problem, ...]
) -> tuple[OrderCard, ...]:
    """The cards of the named orders; of a day's traffic only orders with a finding get one."""
    con = audit.con
    touched = sorted({f.order_id for f in findings if f.order_id})
    con.execute("create or replace temp table card_orders (order_id varchar)")
    chosen = con.execute(
        """
        with ranked as (
            select o.order_id, o.is_named, list_contains($touched, o.order_id) as is_touched
            from orders o
        )
        select order_id
        from ranked
        where is_named or (is_touched and not exists (select 1 from orders where is_named))
        order by not is_touched, order_id
        limit $limit
        """,
        {"touched": touched, "limit": CARDS},
    ).fetchall()
    if not chosen:
        return ()
    con.executemany("insert into card_orders values (?)", chosen)
    points = _points(audit, zone, findings)
    links = _links(audit)
    bridges = read_bridges(audit)
    comparisons = read_comparisons(audit, zone)
    anchors = {(p.check, p.status, p.severity, p.cause or ""): p.anchor for p in problems}
    made = []
    for row in con.execute(
        """
        select o.order_id, o.created_at, o.paid_at, o.status, o.payment_status, o.payment_method, o.order_source, o.currency,
            o.total, o.ref, o.duty_reason,
            case when c.tolerance < 1 then c.digits else 0 end as digits
        from orders o
        join card_orders k on k.order_id = o.order_id
        left join currencies c on c.currency = o.currency
        order by o.created_at nulls last, o.order_id
        """
    ).fetchall():
        order_id, created, paid, status, payment, method, source, currency, total, ref, reason, digits = row
        own = points.get(order_id, [])
        keys = {p.key for p in own[:EVENTS]}
        facts = (
            ("Total", money(total, currency, digits or 0)), ("Status", status), ("Payment", payment), ("Payment method", method),
            ("Came from", source), ("Not expected to be reported", reason),
        )  # fmt: skip
        mine = [f for f in findings if f.order_id == order_id and not f.because_of]
        made.append(
            OrderCard(
                order_id=order_id,
                anchor=slug("order", order_id),
                facts=tuple((label, str(value)) for label, value in facts if value not in (None, "", "no amount")),
                placed=moment(created, zone),
                paid=moment(paid, zone),
                ref=ref or "",
                points=tuple(own[:EVENTS]),
                hidden=max(0, len(own) - EVENTS),
                links=tuple(link for link in links if link.browser in keys and link.server in keys),
                gaps=_gaps(findings, order_id),
                bridge=bridges.get(order_id),
                comparisons=tuple(comparisons.get(order_id, ())),
                problems=tuple(dict.fromkeys((anchors[kind], f.title) for f in mine if (kind := kind_of(f)) in anchors)),
            )
        )
    return tuple(made)


def _points(audit: Audit, zone: ZoneInfo, findings: tuple[Finding, ...]) -> dict[str, list[Point]]:
    """What happened in the visits of each card's order, up to its purchase, and on the order itself."""
    tones: dict[str, str] = {}
    for finding in findings:
        tone = {"blocker": "stop", "warning": "warn"}.get(finding.severity) if finding.ok is False else None
        for ref in finding.refs if tone and not finding.waiver else ():
            tones[ref] = "stop" if "stop" in (tone, tones.get(ref)) else "warn"
    points: dict[str, list[Point]] = {}
    for order_id, key, at, platform, channel, step, event_id, value, currency, digits, ref, accepted, probable in audit.con.execute(
        """
        with visits as (
            select s.order_id, s.session, max(s.first_at) over (partition by s.order_id) as bought_at,
                lag(s.first_at) over (partition by s.session order by s.first_at, s.order_id) as previous_at
            from order_sessions s
        ),
        own as (
            select k.order_id, e.event_key, false as probable
            from events e
            join card_orders k on k.order_id = e.order_id
            union
            select k.order_id, e.event_key, false
            from events e
            join visits v on v.session = e.session
            join card_orders k on k.order_id = v.order_id
            where e.order_id is null
              and e.step is not null
              and coalesce(e.event_at, e.seen_at) <= v.bought_at + interval 30 minutes
              and (v.previous_at is null or coalesce(e.event_at, e.seen_at) > v.previous_at)
            union
            select k.order_id, p.event_key, true
            from probable_orders p
            join card_orders k on k.order_id = p.order_id
        )
        select o.order_id, e.event_key, coalesce(e.event_at, e.seen_at), e.platform, e.channel, coalesce(e.step, e.event_name),
            e.event_id, e.value, e.currency, case when c.tolerance < 1 then c.digits else 0 end as digits,
            e.ref, e.accepted, bool_or(o.probable)
        from own o
        join events e on e.event_key = o.event_key
        left join currencies c on c.currency = e.currency
        where coalesce(e.event_at, e.seen_at) is not null
        group by all
        order by all
        """
    ).fetchall():
        note = "refused" if accepted is False else "most likely this order" if probable else ""
        text = money(value, currency, digits or 0) if value is not None else ""
        points.setdefault(order_id, []).append(
            _point(key, at, zone, platform, channel, step, event_id, text, ref, note, tones.get(ref, ""))
        )
    for order_id, at, kind, ok, ref in audit.con.execute(
        """
        select k.order_id, coalesce(a.finished_at, a.started_at), a.kind, a.ok, a.ref
        from actions a
        join order_sessions s on s.session = a.session
        join card_orders k on k.order_id = s.order_id
        where coalesce(a.finished_at, a.started_at) is not null
          and coalesce(a.started_at, a.finished_at) <= s.first_at + interval 1 minute
        group by all
        order by all
        """
    ).fetchall():
        note = "failed" if ok is False else ""
        points.setdefault(order_id, []).append(_point(0, at, zone, "shop", None, _ACTIONS.get(kind, kind), None, "", ref, note, ""))
    for order_id, at, platform, ref in audit.con.execute(
        """
        select k.order_id, min(l.landed_at), l.platform, min(l.ref)
        from landings l
        join order_sessions s on s.session = l.session
        join card_orders k on k.order_id = s.order_id
        where l.click_id is not null
          and l.landed_at is not null
          and l.landed_at <= s.first_at
        group by k.order_id, l.platform
        order by all
        """
    ).fetchall():
        note = f"from {step_of(platform, None)}"
        points.setdefault(order_id, []).append(_point(0, at, zone, "shop", None, "Ad click", None, "", ref, note, ""))
    for order_id, placed, paid, cancelled, ref in audit.con.execute(
        """
        select o.order_id, o.created_at, o.paid_at, o.cancelled_at, o.ref
        from orders o
        join card_orders k on k.order_id = o.order_id
        """
    ).fetchall():
        for at, label in ((placed, "Order placed"), (paid, "Paid"), (cancelled, "Cancelled")):
            if at is not None:
                points.setdefault(order_id, []).append(_point(0, at, zone, "order", None, label, None, "", ref or "", "", ""))
    return {order: sorted(own, key=lambda p: (p.time, p.lane, p.channel or "", p.key, p.label)) for order, own in points.items()}


def _point(
    key: int, at: datetime, zone: ZoneInfo, lane: str, channel: str | None, label: str, event_id: str | None, value: str,
    ref: str, note: str, tone: str,
) -> Point:  # fmt: skip
    shown = moment(at, zone)
    assert shown is not None
    return Point(key, shown, (at - datetime(1970, 1, 1)).total_seconds(), lane, channel, label, event_id, value, ref, note, tone)


def _links(audit: Audit) -> list[Link]:
    found = audit.con.execute(
        """
        select distinct p.browser_key, p.server_key,
            case when p.kind = 'exact' then 'shared' when p.platform = 'snackvideo' then 'unruled' else 'broken' end
        from pairs p
        where p.session in (select session from order_sessions s join card_orders k on k.order_id = s.order_id)
           or p.order_id in (select order_id from card_orders)
        order by all
        """
    ).fetchall()
    return [Link(browser, server, kind) for browser, server, kind in found]


def _gaps(findings: tuple[Finding, ...], order_id: str) -> tuple[Gap, ...]:
    channels = {"missing_browser_event": "browser", "missing_server_event": "server"}
    sessions = {f.session for f in findings if f.order_id == order_id and f.session}
    return tuple(
        dict.fromkeys(
            Gap(f.platform, channels[f.check], f.step)
            for f in findings
            if f.check in channels and f.ok is False and f.platform and f.step
            and (f.order_id == order_id or (f.order_id is None and f.session in sessions))
        )
    )  # fmt: skip
