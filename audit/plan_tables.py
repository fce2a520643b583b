"""The plan as tables: what it says, with every default filled in, in the ``plan_…`` tables and ``launch``."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import iso4217

from audit.errors import PlanError
from audit.filling import fill
from audit.plan import DEFAULT_EVENTS, KIN_EVENTS, MATCH_KEYS, PLATFORMS, STEPS, Plan


def _like(pattern: str) -> str:
    """A glob as a LIKE pattern with '!' as its escape."""
    escaped = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return escaped.replace("*", "%").replace("?", "_")


def _masked(con: duckdb.DuckDBPyConnection, texts: list[str]) -> dict[str, str]:
    """Texts and patterns as what they are to match is kept: a sender that goes by an address (relay@shop.example) is known by its
    mask, and so is an order whose number looks like a telephone's.
    """
    if not texts:
        return {}
    return dict(con.execute("select t, masked_id(t) from (select distinct unnest(?::varchar[]) as t)", [texts]).fetchall())


def store_plan(con: duckdb.DuckDBPyConnection, plan: Plan, now: datetime) -> None:
    """Writes the plan, defaults filled in, into the ``plan_…`` tables and ``launch``.

    Raises:
        PlanError: an attachment the plan names cannot be read.
    """
    prefix, _, suffix = (plan.event_id or "").partition("{order_id}")
    con.execute(
        "insert into launch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            plan.name, plan.timezone or "UTC", plan.conversion_point, plan.event_id,
            prefix if plan.event_id else None, suffix if plan.event_id else None, plan.value, plan.path is not None,
            bool(plan.senders), plan.reconciliation == "required", plan.timezone is not None, now,
            now.replace(tzinfo=UTC).astimezone(ZoneInfo(plan.timezone or "UTC")).date(),
        ],
    )  # fmt: skip
    con.execute("set variable zone = ?", [plan.timezone or "UTC"])
    con.execute("set variable plan_zone = ?", [plan.timezone])
    own_domains = {domain for platform in plan.platforms.values() for domain in platform.allowed_domains}
    con.execute("set variable own_domains = ?", ["|".join(sorted(own_domains))])
    fill(con, "currencies", [_currency(currency, plan) for currency in iso4217.Currency])
    limits = {
        "late_after_s": plan.late_after_s,
        "dedup_window_s": plan.dedup_window_s,
        "totals_tolerance": plan.totals_tolerance,
        "missing_share": plan.missing_share,
    } | {f"click_id_days_{name}": days for name, days in plan.click_id_days.items()}
    fill(con, "plan_limits", [[name, amount] for name, amount in limits.items()])
    orders = [order.strip().lstrip("#") for order in plan.test_orders]
    patterns = [pattern for sender in plan.senders for pattern in sender.match.values()]
    masked = _masked(con, [*orders, *patterns, *(waiver.subject for waiver in plan.waivers)])
    fill(con, "plan_test_orders", [[masked[order]] for order in orders])
    steps = {(p, name): step for p in PLATFORMS for step, names in DEFAULT_EVENTS[p].items() for name in names}
    steps |= {(p, name): step for p in PLATFORMS for name, step in KIN_EVENTS[p].items()}
    steps |= {(p, n): step for p, platform in plan.platforms.items() for step, names in platform.events.items() for n in names}
    fill(con, "plan_steps", [[p, name, step] for (p, name), step in steps.items()])
    for name, platform in plan.platforms.items():
        fill(con, "plan_datasets", [[name, dataset] for dataset in platform.datasets])
        fill(con, "plan_domains", [[name, domain] for domain in platform.allowed_domains])
    for entry, sender in enumerate(plan.senders):
        match = [_like(masked[sender.match[key]]) if key in sender.match else None for key in MATCH_KEYS]
        fill(
            con, "plan_senders",
            [[entry, sender.name, sender.platform, sender.channel, sender.owner, sender.primary, bool(sender.match), *match]],
        )  # fmt: skip
        fill(con, "plan_sender_steps", [[entry, step] for step in sender.events])
    fill(
        con, "plan_waivers",
        [[number, w.check, masked[w.subject], w.reason, w.owner, w.expires] for number, w in enumerate(plan.waivers)],
    )  # fmt: skip
    fill(
        con, "plan_evidence",
        [[e.card, _attachment_name(plan, e.file), _attachment_digest(plan, number, e.file), e.note]
         for number, e in enumerate(plan.evidence, start=1)],
    )  # fmt: skip


def _attachment_name(plan: Plan, file: Path) -> str:
    """An attachment as the plan wrote it: relative to the plan where it lies below or beside it."""
    folder = plan.path.parent if plan.path else Path()
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def _attachment_digest(plan: Plan, number: int, file: Path) -> str:
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for
            raise PlanError(f"{plan.path}: evidence[{number}].file: {file} is no file. Correct the path.")
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise PlanError(
            f"{plan.path}: evidence[{number}].file: {file} cannot be read ({error.strerror})."
            " Put the attachment there, or correct the path."
        ) from error


def store_platforms(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """The platforms in use and the channels each step needs: the plan's, else those the evidence shows."""
    seen = [row[0] for row in con.execute("select distinct platform from events").fetchall()]
    names = list(plan.platforms) or [name for name in PLATFORMS if name in seen]
    for name in names:
        platform = plan.platforms.get(name)
        fill(con, "plan_platforms", [[name, platform is not None, platform.relay_store if platform else None]])
        for step in STEPS:
            stated = platform.require.get(step) if platform else None
            channels = (("browser", "server") if step == "Purchase" else ("browser",)) if stated is None else stated
            only_with_click = name == "snackvideo"
            fill(
                con, "plan_requirements",
                [[name, step, channel, only_with_click and channel == "server"] for channel in channels],
            )  # fmt: skip


#: Have cents by ISO 4217, but nobody pays them, and Meta's own list of currencies counts them in whole units.
_WHOLE = frozenset({"COP", "CRC", "HUF", "IDR", "TWD"})


def _currency(currency: iso4217.Currency, plan: Plan) -> list[object]:
    """Code, minor-unit digits and tolerance: the plan's, else one minor unit, 1 for currencies that are told in whole units."""
    digits = currency.exponent or 0
    default = Decimal(1) if currency.code in _WHOLE or digits == 0 else Decimal(1).scaleb(-digits)
    return [currency.code, digits, plan.tolerance.get(currency.code, default)]
