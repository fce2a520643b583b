"""What the packet rests on: files read, lines refused, the four evidence cards, the daily totals."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from audit.engine import Audit
from audit.plan import CARDS
from reports.text import Moment, amount, moment, money
from reports.words import CARDS as TITLES
from reports.words import counted, listed

#: Pictures above this size stay beside the packet; their hash still binds them to it.
_PICTURE_BYTES = 400_000
_PICTURES_BYTES = 1_600_000
_MAGIC = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}

_STANDARDS = {
    "test_events": "Each test order shows one purchase, in the browser and on the server.",
    "order_admin": "The amounts sent can be explained by the order's own amounts.",
    "trigger_sources": "Every core event has one primary owner.",
    "reconciliation": "Differences of the same day between platforms, shop, GA4 and server have an explanation.",
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
    image: str | None  # data URI of a picture small enough to travel in the packet


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
        "test_events": _files(audit, ("browser", "server")),
        "order_admin": _files(audit, ("orders",)),
        "trigger_sources": _register(audit),
        "reconciliation": _files(audit, ("totals",)),
    }
    room = _PICTURES_BYTES
    attached: dict[str, list[Attachment]] = {card: [] for card in CARDS}
    for item in audit.plan.evidence:
        attachment, used = _attachment(item.file, item.note, room)
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
    return (f"Register of {len(names)}: {listed(names, 6)}",) if names else ()


def _attachment(path: Path, note: str, room: int) -> tuple[Attachment, int]:
    if not path.is_file():
        return Attachment(path.name, f"{note} (the file was not found)".strip(), None, None), 0
    data = path.read_bytes()
    kind = next((mime for magic, mime in _MAGIC.items() if data.startswith(magic)), None)
    fits = kind is not None and len(data) <= min(_PICTURE_BYTES, room)
    image = f"data:{kind};base64,{base64.b64encode(data).decode()}" if fits else None
    return Attachment(path.name, note, hashlib.sha256(data).hexdigest(), image), len(data) if fits else 0
