"""The value bridge: from the order's parts to its total, and on to the number each side reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from audit.engine import Audit
from reports.text import money
from reports.words import BASES, CHANNELS, PLATFORMS, SLIPS, step_of

_CODE = "Unique code"
#: Values of one order that are drawn.
VALUES = 40


@dataclass(frozen=True)
class Part:
    """One amount of the order: it moves the running sum, or it is the sum."""

    label: str
    amount: Decimal
    start: Decimal  # the running sum before it; for a sum, zero
    text: str
    is_sum: bool


@dataclass(frozen=True)
class Sent:
    """One reported value and what explains it."""

    label: str
    amount: Decimal
    text: str
    explained: str
    tone: str  # pass | stop | open
    ref: str


@dataclass(frozen=True)
class Bridge:
    """All of it for one order."""

    expected: str  # the amount a Purchase must report, in words
    expected_amount: Decimal | None
    parts: tuple[Part, ...]
    sent: tuple[Sent, ...]
    hidden: int  # further values


def read_bridges(audit: Audit) -> dict[str, Bridge]:
    """The bridge of every order in ``card_orders``."""
    sent = _sent(audit)
    made = {}
    for row in audit.con.execute(
        """
        select o.order_id, o.currency,
            case when c.tolerance < 1 then c.digits else 0 end as digits,
            o.subtotal, o.discount, o.shipping, o.tax, o.tax_included, o.fees,
            o.unique_code, o.total, l.value_basis, a.amount, a.currency
        from orders o
        join card_orders k on k.order_id = o.order_id
        cross join launch l
        left join order_amounts a on a.order_id = o.order_id and a.is_plan_basis
        left join currencies c on c.currency = o.currency
        order by o.order_id
        """
    ).fetchall():
        order_id, currency, digits, subtotal, discount, shipping, tax, included, fees, code, total, basis, amount, unit = row
        optional = [("Shipping", shipping), ("Fees", fees), (_CODE, code)]
        if not included:
            optional.insert(1, ("Tax", tax))
        parts = _parts(subtotal, discount, [(label, value) for label, value in optional if value], total)
        own = sent.get(order_id, [])
        drawn = _drawn(own)
        expected = BASES.get(basis, basis)
        shown = money(amount, unit, digits or 0) if amount is not None else "which the export does not hold"
        made[order_id] = Bridge(
            expected=f"{expected[:1].upper()}{expected[1:]}, {shown}",
            expected_amount=amount,
            parts=tuple(
                Part(label, value, start, money(value, currency, digits or 0), is_sum) for label, value, start, is_sum in parts
            ),
            sent=drawn,
            hidden=len(own) - len(drawn),
        )
    return made


def _parts(
    subtotal: Decimal | None, discount: Decimal | None, optional: list[tuple[str, Decimal]], total: Decimal | None
) -> list[tuple[str, Decimal, Decimal, bool]]:
    """Label, amount, sum before it, whether it is a sum. Parts that do not belong to the total are left out of the sum."""
    zero = Decimal(0)
    if total is None:
        return []
    if subtotal is None:
        return [("Order total", total, zero, True)]
    chosen = optional
    # Shops add a unique code or take it off; fees and tax may lie outside the total.
    signs = [(1, -1, 0) if label == _CODE else (1, 0) for label, _ in optional]
    for choice in product(*signs):
        picked = [(label, value * sign) for (label, value), sign in zip(optional, choice, strict=True) if sign]
        if subtotal + sum((value for _, value in picked), zero) == total:
            chosen = picked
            break
    steps: list[tuple[str, Decimal]] = (
        [("Goods", subtotal + discount), ("Discount", -discount)] if discount else [("Goods", subtotal)]
    )
    steps += chosen
    rest = total - sum((value for _, value in steps), zero)
    if rest:
        steps.append(("Not itemised in the export", rest))
    made, running = [], zero
    for label, value in steps:
        made.append((label, value, running, False))
        running += value
    return [*made, ("Order total", total, zero, True)]


def _sent(audit: Audit) -> dict[str, list[Sent]]:
    found: dict[str, list[tuple[int, str, Sent]]] = {}
    for order_id, platform, channel, sender, value, text, currency, digits, basis, slip, is_basis, ref in audit.con.execute(
        """
        select e.order_id, e.platform, e.channel, e.sender, e.value, e.value_sent, e.currency,
            case when c.tolerance < 1 then c.digits else 0 end as digits, r.basis, r.slip,
            r.is_plan_basis, e.ref
        from events e
        join card_orders k on k.order_id = e.order_id
        left join value_readings r on r.event_key = e.event_key and r.nth = 1
        left join currencies c on c.currency = e.currency
        where e.step = 'Purchase'
        order by e.order_id, e.platform, e.channel, e.sender, e.event_key
        """
    ).fetchall():
        if value is None:
            explained, tone = ("not a number" if text else "no value was sent"), "stop"
        elif basis is None:
            explained, tone = "matches no amount of the order", "stop"
        elif slip != "none":
            explained, tone = f"{SLIPS.get(slip, slip)} {BASES.get(basis, basis)}", "stop"
        else:
            explained, tone = f"equals {BASES.get(basis, basis)}", "pass" if is_basis else "stop"
        shown = money(value, currency, digits or 0) if value is not None else (text or "nothing")
        label = f"{step_of(platform, None)}, {CHANNELS[channel].lower()}"
        sent = Sent(label, value or Decimal(0), shown, explained, tone, ref)
        found.setdefault(order_id, []).append((list(PLATFORMS).index(platform), sender or "not named", sent))
    return {order: _named(sorted(each, key=lambda s: s[0])) for order, each in found.items()}


def _named(sent: list[tuple[int, str, Sent]]) -> list[Sent]:
    """Where one side of a platform has several values, each says who sent it."""
    labels = Counter(each.label for _, _, each in sent)
    return [replace(each, explained=f"{each.explained} ({sender})") if labels[each.label] > 1 else each for _, sender, each in sent]


def _drawn(sent: list[Sent]) -> tuple[Sent, ...]:
    """All of them, or of thousands the first of each kind."""
    if len(sent) <= VALUES:
        return tuple(sent)
    kinds: dict[tuple[str, str, str], Sent] = {}
    for each in sent:
        kinds.setdefault((each.label, each.text, each.explained), each)
    return tuple(kinds.values())[:VALUES]
