"""What a plan says: the launch, its platforms, its register of senders, its limits, and the value of each where it is silent.

Without a plan everything that can be inferred is inferred; :attr:`Plan.path` is then ``None`` and the packet says so.
``audit/plan_file.py`` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

PLATFORMS = ("meta", "tiktok", "snackvideo")
CHANNELS = ("browser", "server")
STEPS = ("ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
ROLES = ("media", "tracking", "theme", "data", "store", "operations")
CARDS = ("test_events", "order_admin", "trigger_sources", "reconciliation")
BASES = (
    "total", "gross_revenue", "net_revenue", "subtotal", "total_less_shipping", "total_less_tax",
    "total_less_shipping_and_tax", "before_discount", "total_less_fees", "total_with_unique_code",
    "presentment_total", "current_total",
)  # fmt: skip

#: Step -> the platform's own names for it (contract, Plan).
DEFAULT_EVENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "meta": {step: (step,) for step in STEPS},
    "tiktok": {
        "ViewContent": ("ViewContent",),
        "AddToCart": ("AddToCart",),
        "InitiateCheckout": ("InitiateCheckout",),
        "Purchase": ("CompletePayment",),
    },
    "snackvideo": {
        "ViewContent": ("contentView", "EVENT_CONTENT_VIEW"),
        "AddToCart": ("addToCart", "EVENT_ADD_TO_CART"),
        "InitiateCheckout": ("initiatedCheckout", "EVENT_INITIATED_CHECKOUT"),
        "Purchase": ("purchase", "EVENT_PURCHASE"),
    },
}
#: Names a platform uses for the same act that count as the step even where the plan names another (they do not
#: deduplicate with it): TikTok renames CompletePayment to Purchase (domain, Events API).
KIN_EVENTS: dict[str, dict[str, str]] = {
    "meta": {},
    "tiktok": {"Purchase": "Purchase", "CompletePayment": "Purchase"},
    "snackvideo": {},
}
MATCH_KEYS = ("agent", "partner_agent", "initiator", "dataset", "relay_store", "sender")


#: Days a click id counts after its landing, where the plan is silent (contract, Plan).
CLICK_ID_DAYS = {"meta": 90.0, "tiktok": 7.0, "snackvideo": 7.0}


@dataclass(frozen=True)
class Platform:
    """What the plan says of one platform."""

    datasets: tuple[str, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    relay_store: str | None = None
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    require: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sender:
    """One entry of the trigger-source register."""

    name: str
    platform: str
    channel: str
    events: tuple[str, ...] = STEPS
    owner: str | None = None
    primary: bool = False
    match: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiver:
    """An accepted gap: who accepted what, why, and until when."""

    check: str
    reason: str
    owner: str
    expires: date
    subject: str = "*"


@dataclass(frozen=True)
class Evidence:
    """An attachment behind one of the four evidence cards."""

    card: str
    file: Path
    note: str = ""


@dataclass(frozen=True)
class FieldMapping:
    """Names a log uses for the fields the loaders know."""

    files: str
    kind: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """The whole plan; every field has the value used when the plan is silent."""

    path: Path | None = None
    written: bytes = b""  # the file as it was read: what is said about it later is said of these bytes
    name: str = "Unnamed launch"
    timezone: str | None = None
    test_orders: tuple[str, ...] = ()
    next_review: date | None = None
    owners: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    conversion_point: str = "order_created"
    event_id: str | None = None
    value: str = "total"
    tolerance: Mapping[str, Decimal] = field(default_factory=dict)
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    senders: tuple[Sender, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    late_after_s: float = 3600.0
    dedup_window_s: float = 172800.0
    totals_tolerance: float = 0.05
    missing_share: float = 0.05
    click_id_days: Mapping[str, float] = field(default_factory=lambda: dict(CLICK_ID_DAYS))
    reconciliation: str = "when_supplied"
    mappings: tuple[FieldMapping, ...] = ()
