"""The frozen parts of a packet: plain values only, no connection, nothing left to compute but how to print them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from audit.verdict import Answer
from reports.text import Moment


@dataclass(frozen=True)
class Launch:
    """What was judged, and by which plan."""

    name: str
    timezone: str
    window: tuple[Moment, Moment] | None
    test_orders: tuple[str, ...]
    orders_named: bool  # the plan lists them; otherwise they are all orders of a small export
    judged: Moment
    next_review: str | None
    has_plan: bool
    plan_sha256: str | None
    inputs_sha256: str  # one hash over the hashes of all files read


@dataclass(frozen=True)
class Texts:
    """The four texts of a cause."""

    supposed: bool  # what it would mean if it were so: the finding cannot tell
    means: str
    first_check: str
    not_yet: str
    remedy: str


@dataclass(frozen=True)
class Waiver:
    """An accepted gap."""

    check: str
    subject: str
    reason: str
    role: str  # as the plan writes it
    expires: str
    expired: bool
    covers: int
    owner: str


@dataclass(frozen=True)
class Finding:
    """One subject that failed or could not be told."""

    number: int
    anchor: str
    check: str
    title: str
    facet: str
    severity: str
    platform: str | None
    step: str | None
    subject: str
    order_id: str | None
    session: str | None
    ok: bool | None
    expected: str
    actual: str
    cause: str | None
    role: str
    owner: str
    waiver: Waiver | None
    because_of: str | None
    refs: tuple[str, ...]

    @property
    def status(self) -> str:
        """One word a filter can use."""
        if self.waiver:
            return "waived"
        return "cannot tell" if self.ok is None else "failed"


@dataclass(frozen=True)
class Followed:
    """Findings of one check that merely follow from a problem."""

    check: str
    title: str
    total: int
    rows: tuple[Finding, ...]


@dataclass(frozen=True)
class Problem:
    """One root: the findings of one check that share cause, weight and standing."""

    anchor: str
    check: str
    headline: str
    why: str
    facet: str
    severity: str
    status: str
    deciding: bool
    cause: str | None
    texts: Texts | None
    owner: str
    who: str
    total: int
    rows: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]  # that cover its findings
    follows: tuple[Followed, ...]


@dataclass(frozen=True)
class Reason:
    """Why the decision is what it is: one sentence, who acts, where to look first, and the row that proves it."""

    sentence: str
    owner: str
    first_check: str
    anchor: str
    tone: str
    row: Finding | None = None  # the first of them
    rows: int = 0


@dataclass(frozen=True)
class Gate:
    """One gate of the decision."""

    id: str
    title: str
    answer: Answer
    blocking: bool
    warnings: int
    waived: int
    anchor: str
    root: str | None = None  # the problem its answer merely follows from, by its anchor


@dataclass(frozen=True)
class Cell:
    """One facet of one platform's event."""

    facet: str
    answer: Answer
    examined: int
    failed: int
    unclear: int
    warnings: int
    waived: int  # accepted gaps: shown beside the answer, never counted as a pass
    anchor: str

    @property
    def number(self) -> int:
        """What the answer speaks of: cases judged, cases at fault, cases left open."""
        return {Answer.PASS: self.examined, Answer.FAIL: self.failed, Answer.UNCLEAR: self.unclear}.get(self.answer, 0)


@dataclass(frozen=True)
class Row:
    """One platform's event in the acceptance table."""

    platform: str
    step: str
    names: tuple[str, ...]  # as sent
    action: str
    browser: int
    server: int
    paired: int
    orders: int
    browser_senders: tuple[str, ...]
    server_senders: tuple[str, ...]
    proof: str
    refs: tuple[str, ...]
    cells: tuple[Cell, ...]
    answer: Answer
    owner: str | None


@dataclass(frozen=True)
class Amounts:
    """Money by currency: the least and the most."""

    currency: str
    low: Decimal
    high: Decimal
    digits: int  # minor units it is written with


@dataclass(frozen=True)
class Predicted:
    """What one dataset of a platform will count as purchases."""

    platform: str
    dataset: str | None
    step: str
    orders: int
    low: int
    high: int
    order_value: tuple[Amounts, ...]
    counted_value: tuple[Amounts, ...]
    keyless: int  # Purchases that name no order at all: counted by the platform, tied to nothing here


@dataclass(frozen=True)
class CheckLine:
    """One check, whether it ran, and what it said."""

    id: str
    title: str
    facet: str
    severity: str
    deciding: bool
    answer: Answer
    state: str
    note: str
    examined: int
    failed: int
    unclear: int
    waived: int
    worst: str | None  # the gravest of its failed rows that no waiver covers
    sql: str | None  # where it found something


@dataclass(frozen=True)
class Untested:
    """Something the packet does not vouch for."""

    what: str
    supply: str
    owner: str | None
    decides: bool
    checks: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One fault of an earlier or of this packet: what one check says of one platform's event."""

    check: str
    title: str
    severity: str
    platform: str | None
    step: str | None
    subjects: tuple[str, ...]
    before: int  # rows at fault then
    after: int  # rows at fault now
    waived: bool  # all of what stands now is accepted
    because_of: str | None
    turns: tuple[str, ...] = ()  # what else is not as it was, in words


@dataclass(frozen=True)
class Changes:
    """What became of the faults of an earlier packet."""

    name: str  # the earlier launch
    name_now: str
    until: Moment | None  # the last moment of its evidence
    before: str  # decision
    after: str
    gates: tuple[tuple[str, Answer, Answer], ...]  # those that answer otherwise now
    fixed: tuple[Change, ...]
    new: tuple[Change, ...]
    still_open: tuple[Change, ...]
    not_judged: tuple[Change, ...]  # gone, but nothing looked there again


@dataclass(frozen=True)
class Signature:
    """Somebody's answer to an earlier packet."""

    role: str
    name: str
    answer: str  # accepted | refused
    decision: str  # what that packet said
    reason: str | None
    at: Moment

    @property
    def against(self) -> bool:
        """Accepted although the packet did not say Go."""
        return self.answer == "accepted" and self.decision in ("STOP", "NOT_PROVEN")
