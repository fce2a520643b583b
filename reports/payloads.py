"""The browser's and the server's copy of a Purchase, field by field, with personal data masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.engine import Audit
from reports.text import moment
from reports.words import PLATFORMS, step_of

#: Comparisons on one card.
_COMPARISONS = 8
_COLUMNS = (
    "event_name", "event_id", "event_id_state", "dataset", "order_key", "value_sent", "value", "currency_sent", "currency",
    "items", "event_at", "seen_at", "page_host", "page_path", "page_cut", "click_id", "click_id_state", "browser_id", "has_email",
    "has_phone", "has_external_id", "accepted", "status", "sender", "ref",
)  # fmt: skip
#: Compared whole, and never shown so.
_IDS = ("click_id", "browser_id")


@dataclass(frozen=True)
class Field:
    """One field on both sides."""

    name: str
    browser: str
    server: str
    mark: str  # differs | same | "" where a difference means nothing


@dataclass(frozen=True)
class Comparison:
    """Two copies side by side; a side that was never seen is empty."""

    platform: str
    title: str
    shared_id: bool
    browser_ref: str | None
    server_ref: str | None
    fields: tuple[Field, ...]


def read_comparisons(audit: Audit, zone: ZoneInfo) -> dict[str, list[Comparison]]:
    """The Purchases of every order in ``card_orders``: pairs first, then copies without a partner."""
    named = {**{c: "{}." + c for c in _COLUMNS}, **{f"{c}_shown": f"shown_id({{}}.{c})" for c in _IDS}}
    sides = (("b", "browser"), ("s", "server"))
    columns = ", ".join(f"{told.format(side)} as {channel}_{c}" for c, told in named.items() for side, channel in sides)
    cursor = audit.con.execute(
        f"""
        with sides as (
            select coalesce(p.order_id, '') as order_id, p.platform, p.kind, p.browser_key, p.server_key
            from pairs p
            join card_orders k on k.order_id = p.order_id
            where p.step = 'Purchase'
            union all
            select e.order_id, e.platform, 'alone', case when e.channel = 'browser' then e.event_key end,
                case when e.channel = 'server' then e.event_key end
            from events e
            join card_orders k on k.order_id = e.order_id
            left join pairs b on b.browser_key = e.event_key
            left join pairs s on s.server_key = e.event_key
            where e.step = 'Purchase'
              and b.browser_key is null
              and s.server_key is null
        )
        select x.order_id, x.platform, x.kind, {columns}
        from sides x
        left join events b on b.event_key = x.browser_key
        left join events s on s.event_key = x.server_key
        order by x.order_id, x.platform, x.kind = 'alone', x.browser_key, x.server_key
        """
    )
    names = [column[0] for column in cursor.description or ()]
    found: dict[str, list[Comparison]] = {}
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        own = found.setdefault(row["order_id"], [])
        if len(own) < _COMPARISONS:
            own.append(_comparison(row, zone))
    places = list(PLATFORMS)
    return {order: sorted(own, key=lambda c: places.index(c.platform)) for order, own in found.items()}


def _comparison(row: dict[str, Any], zone: ZoneInfo) -> Comparison:
    browser, server = (
        {key.removeprefix(side): value for key, value in row.items() if key.startswith(side)} for side in ("browser_", "server_")
    )
    here, there = browser["ref"] is not None, server["ref"] is not None
    fields = []
    for name, compares in _FIELDS.items():
        left, right = _shown(name, browser, zone) if here else "", _shown(name, server, zone) if there else ""
        if left in ("", "–") and right in ("", "–"):
            continue
        mark = ""
        if compares and here and there and not (name == "Pixel" and server["dataset"] is None):
            mark = "same" if _key(name, browser) == _key(name, server) else "differs"
        fields.append(Field(name, left, right, mark))
    return Comparison(
        row["platform"], step_of(row["platform"], "Purchase"), row["kind"] == "exact", browser["ref"], server["ref"], tuple(fields)
    )


#: Field and whether a difference between the sides means anything.
_FIELDS = {
    "Event name": True, "Event id": True, "Pixel": True, "Order": True, "Value": True, "Currency": True, "Items": True,
    "Page": True, "Click id": True, "Browser id": True, "Personal data": False, "Time": False, "Sent by": False, "Answer": False,
}  # fmt: skip


def _key(name: str, side: dict[str, Any]) -> object:
    """What is compared: the meaning of a field, not its spelling."""
    keys: dict[str, object] = {
        "Event name": side["event_name"],
        "Event id": side["event_id"],
        "Pixel": side["dataset"],
        "Order": side["order_key"],
        "Value": side["value"] if side["value"] is not None else side["value_sent"],
        "Currency": side["currency"],
        "Items": side["items"],
        "Page": None if side["page_cut"] else (side["page_host"], (side["page_path"] or "").rstrip("/")),
        "Click id": ".".join((side["click_id"] or "").split(".")[:4]) if side["event_name"] else None,
        "Browser id": side["browser_id"],
    }
    return keys[name]


def _shown(name: str, side: dict[str, Any], zone: ZoneInfo) -> str:
    empty = "sent empty" if side["event_id_state"] == "empty" else "–"
    time: datetime | None = side["event_at"] or side["seen_at"]
    at = moment(time, zone)
    texts: dict[str, str | None] = {
        "Event name": side["event_name"],
        "Event id": side["event_id"] or empty,
        "Pixel": side["dataset"] or "chosen by the relay",
        "Order": side["order_key"],
        "Value": side["value_sent"],
        "Currency": side["currency_sent"],
        "Items": side["items"],
        "Page": f"{side['page_host'] or ''}{side['page_path'] or ''}{' (shortened by the platform)' if side['page_cut'] else ''}",
        "Click id": side["click_id_shown"] or ("sent empty" if side["click_id_state"] == "empty" else None),
        "Browser id": side["browser_id_shown"],
        "Personal data": _personal(side),
        "Time": at.local if at else None,
        "Sent by": side["sender"],
        "Answer": _answer(side),
    }
    return texts[name] or "–"


def _personal(side: dict[str, Any]) -> str:
    kinds = [
        text for key, text in (("has_email", "e-mail"), ("has_phone", "phone"), ("has_external_id", "customer id")) if side[key]
    ]
    return f"{', '.join(kinds)} (hidden here)" if kinds else "none"


def _answer(side: dict[str, Any]) -> str | None:
    if side["accepted"] is None and side["status"] is None:
        return "not recorded"
    word = {True: "accepted", False: "refused", None: "answered"}[side["accepted"]]
    return f"{word} (status {side['status']})" if side["status"] is not None else word
