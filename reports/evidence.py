"""What the packet rests on: files read, lines refused, the four evidence cards, the daily totals."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from audit.attachments import Embedded, embed
from audit.engine import Audit
from audit.plan import CARDS
from audit.wording import counted
from reports.text import Moment, amount, moment, money
from reports.words import CARDS as TITLES
from reports.words import listed

#: Attachments above this size in all stay beside the packet; their hash still binds them to it.
_ATTACHED_BYTES = 3_000_000

_STANDARDS = {
    "test_events": "One purchase for each test order, in the browser and on the server.",
    "order_admin": "That the amounts sent can be explained by the order's own amounts.",
    "trigger_sources": "One primary owner for every core event.",
    "reconciliation": "Why platforms, shop, GA4 and server differ on the same day, where they do.",
}
_MISSING = {
    "test_events": "Supply a browser capture and the server's request log.",
    "order_admin": "Supply the shop's order export.",
    "trigger_sources": "Fill in the register printed under “Who sends what”.",
    "reconciliation": "Supply daily totals: date, source, event, count, value, currency.",
}


@dataclass(frozen=True)
class Source:
    """One file read."""

    path: str
    kind: str
    loader: str
    sha256: str
    read: int
    kept: int
    rejected: int
    ignored: int
    first: Moment | None
    last: Moment | None
    gaps: str | None


@dataclass(frozen=True)
class Attachment:
    """A file the plan puts behind an evidence card."""

    file: str
    note: str
    sha256: str | None
    image: str | None  # data URI of a picture
    data: str | None = None  # data URI of any other file


@dataclass(frozen=True)
class Card:
    """One of the four evidence cards."""

    id: str
    title: str
    standard: str
    facts: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    missing: str | None


@dataclass(frozen=True)
class DayCount:
    """One source's count of one day."""

    day: str
    origin: str
    step: str
    count: str
    value: str
    ref: str


def sources(audit: Audit, zone: ZoneInfo) -> tuple[Source, ...]:
    """Every file read, with its hash and what became of its rows."""
    return tuple(
        Source(
            path, kind, loader, sha256, int(read or 0), int(kept or 0), int(rejected or 0), int(ignored or 0),
            moment(first, zone), moment(last, zone), gaps,
        )
        for path, kind, loader, sha256, read, kept, rejected, ignored, first, last, gaps in audit.con.execute(
            """
            select source, kind, loader, sha256, read_rows, kept, rejected, ignored, first_at, last_at, gaps
            from sources
            order by source
            """
        ).fetchall()
    )  # fmt: skip


def rejects(audit: Audit) -> tuple[tuple[str, str], ...]:
    """Rows that could not be identified: where, and why."""
    found = audit.con.execute("select ref, reason from rejects").fetchall()
    return tuple(sorted(((ref, reason) for ref, reason in found), key=lambda r: (_place(r[0]), r[1])))


def _place(ref: str) -> tuple[str, int, str]:
    for mark in ("#", ":"):
        head, _, tail = ref.rpartition(mark)
        if head and tail.isdigit():
            return head, int(tail), ref
    return ref, 0, ref


def days(audit: Audit) -> tuple[DayCount, ...]:
    """The daily totals that were supplied."""
    return tuple(
        DayCount(f"{day:%Y-%m-%d}", origin, step or "", amount(count) or "", money(value, currency) if value else "", ref)
        for day, origin, step, count, value, currency, ref in audit.con.execute(
            "select day, origin, step, count, value, currency, ref from totals where day is not null order by all"
        ).fetchall()
    )


def cards(audit: Audit) -> tuple[Card, ...]:
    """The four cards of the acceptance method, each with what stands behind it."""
    facts = {
        "test_events": (*_files(audit, ("browser", "server")), *_copied(audit)),
        "order_admin": _files(audit, ("orders",)),
        "trigger_sources": _register(audit),
        "reconciliation": _files(audit, ("totals",)),
    }
    room = _ATTACHED_BYTES
    attached: dict[str, list[Attachment]] = {card: [] for card in CARDS}
    for item in audit.plan.evidence:
        attachment, used = _attachment(embed(item), room)
        room -= used
        attached[item.card].append(attachment)
    return tuple(
        Card(
            id=card,
            title=TITLES[card],
            standard=_STANDARDS[card],
            facts=facts[card],
            attachments=tuple(attached[card]),
            missing=None if facts[card] or attached[card] else _MISSING[card],
        )
        for card in CARDS
    )


def _files(audit: Audit, kinds: tuple[str, ...]) -> tuple[str, ...]:
    found = audit.con.execute("select kind, source, kept from sources order by kind, source").fetchall()
    return tuple(f"{source}: {counted(int(kept or 0), 'row')} used" for kind, source, kept in found if kind in kinds)


def _register(audit: Audit) -> tuple[str, ...]:
    names = list(dict.fromkeys(sender.name for sender in audit.plan.senders))
    entries = len(audit.plan.senders)
    return (f"Register of {entries} {'entry' if entries == 1 else 'entries'}: {listed(names, 6)}",) if names else ()


def _copied(audit: Audit) -> tuple[str, ...]:
    found = audit.con.execute("select source, count(*) from test_events group by source order by source").fetchall()
    return tuple(f"{source}: {counted(int(rows), 'row')} copied from Test Events by hand" for source, rows in found)


def _attachment(item: Embedded, room: int) -> tuple[Attachment, int]:
    if item.content is None:
        return Attachment(item.name, item.note, item.sha256, None), 0
    if len(item.content) > room:
        note = f"{item.note} (the attachments before it fill the packet: keep it beside)".strip()
        return Attachment(item.name, note, item.sha256, None), 0
    uri = f"data:{item.media_type};base64,{base64.b64encode(item.content).decode()}"
    image, data = (uri, None) if item.is_picture else (None, uri)
    return Attachment(item.name, item.note, item.sha256, image, data), len(item.content)
