"""``packet.html``: one file that needs nothing else, not even a network or a script."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from audit.plan import STEPS
from audit.visible import visible
from audit.wording import counted
from reports import drawings, words
from reports.comparison import in_short, standing, title_of
from reports.formats import markdown
from reports.packet import Packet
from reports.parts import Predicted
from reports.text import money

_TEMPLATES = Path(__file__).parent.parent / "templates"
#: Lines of the long lists that the packet shows; the rest stands in the files beside it.
LIMITS = {
    "orders": 12, "senders": 200, "sources": 200, "rejects": 100, "days": 400, "untested": 6, "changes": 100, "signatures": 20,
    "waivers": 200, "names": 20, "pixels": 60,
}  # fmt: skip


def render(packet: Packet) -> str:
    """The whole packet as one HTML document."""
    environment = _environment()
    counted_most = _counted_most(packet)
    style, script = _asset("packet.css"), _asset("packet.js")
    return environment.get_template("packet.html").render(
        packet=packet,
        style=style,
        script=script,
        policy=_policy(style, script),
        texts=_texts(packet),
        cards=[
            (card, drawings.timeline(card), drawings.bridge(card.order_id, card.bridge) if card.bridge else None)
            for card in packet.orders
        ],
        predicted=counted_most,
        predictions=drawings.predictions(counted_most),
        matrix=_matrix(packet),
        choices=_choices(packet),
        tally=_tally(packet),
        limits=LIMITS,
        roots=_roots(packet),
        changes_lead=_changes_lead(packet),
    )


def _counted_most(packet: Packet) -> tuple[Predicted, ...]:
    """What the pixels will count; where each hit named another one, those that count most."""
    most = sorted(packet.predicted, key=lambda item: -max(item.high, item.orders))[: LIMITS["pixels"]]
    shown = {(item.platform, item.dataset) for item in most}
    return tuple(item for item in packet.predicted if (item.platform, item.dataset) in shown)


def _roots(packet: Packet) -> dict[str, str]:
    """Check -> where its findings stand: as a root, else folded under one."""
    folded = {followed.check: problem.anchor for problem in reversed(packet.problems) for followed in problem.follows}
    return folded | {problem.check: problem.anchor for problem in reversed(packet.problems)}


def _changes_lead(packet: Packet) -> str:
    """What the packet is compared with."""
    changes = packet.changes
    if changes is None:
        return ""
    same = changes.name == packet.launch.name
    which = "the same launch" if same else f"“{changes.name}”"
    ends = f", whose evidence ends on {changes.until.local}" if changes.until else ""
    other = "" if same else " Where that is another launch, “fixed” only means that it was not found here."
    return f"Compared with the packet of {which}{ends}: {in_short(changes)}.{other}"


@dataclass(frozen=True)
class _SenderLine:
    """One sender with its events of each step."""

    platform: str
    channel: str
    sender: str
    standing: str
    entry: str | None
    primary: bool
    owner: str | None
    counts: tuple[int | None, ...]


def _matrix(packet: Packet) -> tuple[_SenderLine, ...]:
    """Senders by platform and side, one line each, their steps side by side."""
    lines: dict[tuple[str, str, str, str, str | None, bool, str | None], dict[str, int]] = {}
    for s in packet.inventory.senders:
        lines.setdefault((s.platform, s.channel, s.sender, s.standing, s.entry, s.primary, s.owner), {})[s.step] = s.events
    places = {name: place for place, name in enumerate(words.PLATFORMS)}
    ordered = sorted(lines.items(), key=lambda line: (places[line[0][0]], line[0][1], line[0][3] == "silent", line[0][2]))
    return tuple(_SenderLine(*key, tuple(counts.get(step) for step in STEPS)) for key, counts in ordered)


#: Characters of one text of a log that the page shows.
_LONGEST = 1500


def _shown(value: object) -> object:
    """A text cut to what somebody reads, every sign of it visible; what the program wrote itself comes marked as safe."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return visible(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value)} characters)")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=_compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(
        words=words,
        steps=STEPS,
        cell_words=markdown.cell_words,
        counted=counted,
        step_of=words.step_of,
        money=money,
        in_short=in_short,
        standing=standing,
        title_of=title_of,
    )
    return environment


class _Compiled(FileSystemBytecodeCache):
    """Templates compiled once for all runs, as Python keeps its own modules; where nothing can be written, for this run alone."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled() -> _Compiled | None:
    """Compiling takes a third of a second, which is a tenth of a small audit."""
    folder = _TEMPLATES / "__pycache__"
    if sys.dont_write_bytecode:
        return None
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
    if not folder.is_dir():
        return None
    # What a template is compiled to depends on this file and on the library too.
    maker = hashlib.sha256(Path(__file__).read_bytes() + jinja2.__version__.encode()).hexdigest()[:8]
    return _Compiled(str(folder), f"%s.{maker}.cache")


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may load or run but this file's one style and one script, known by their hashes."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _texts(packet: Packet) -> str:
    """What the copy buttons put on the clipboard, as JSON that cannot end its element."""
    texts = {"summary": markdown.render(packet)} | {p.anchor: markdown.problem(p) for p in packet.problems}
    return visible(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


def _choices(packet: Packet) -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """The filters of the findings: key, label, and the values that occur."""
    rows = [r for p in packet.problems for r in (*p.rows, *(r for f in p.follows for r in f.rows))]
    named = (
        ("platform", "Platform", {r.platform: words.PLATFORMS.get(r.platform, r.platform) for r in rows if r.platform}),
        ("event", "Event", {step: step for step in STEPS if any(r.step == step for r in rows)}),
        ("order", "Order", {r.order_id: r.order_id for r in rows if r.order_id}),
        ("severity", "Severity", {s: label for s, label in words.SEVERITIES.items() if any(r.severity == s for r in rows)}),
        ("owner", "Owner", {r.owner: r.owner for r in rows}),
        ("status", "Status", {r.status: r.status.capitalize() for r in rows}),
    )
    return tuple((key, label, tuple(values.items())) for key, label, values in named if len(values) > 1)


def _tally(packet: Packet) -> str:
    """The findings in one line: what stands open, what merely follows."""
    failed = {
        severity: sum(p.total for p in packet.problems if (p.status, p.severity) == ("failed", severity))
        for severity in words.SEVERITIES
    }
    parts = [counted(number, words.SEVERITIES[severity].lower()) for severity, number in failed.items() if number]
    unclear = sum(p.total for p in packet.problems if p.status == "cannot tell")
    waived = sum(p.total for p in packet.problems if p.status == "waived")
    folded = sum(f.total for p in packet.problems for f in p.follows)
    parts += [f"{unclear} that cannot be told"] if unclear else []
    parts += [f"{waived} waived"] if waived else []
    text = words.listed(parts, 9) or "Nothing"
    follow = "follows and is folded under its" if folded == 1 else "follow and are folded under their"
    tail = f"; {folded} more merely {follow} root" if folded else ""
    return f"Findings: {words.lowered(text)}{tail}."
