"""Markdown that pastes well into a ticket or a chat: the whole summary, or one finding."""

from __future__ import annotations

import re

from audit.verdict import CELLS
from audit.visible import visible
from audit.wording import counted
from reports.comparison import in_short, standing
from reports.packet import Packet
from reports.parts import Cell, Change, Problem
from reports.words import (
    ANSWERS,
    DECISIONS,
    FACETS,
    MEANINGS,
    PLATFORMS,
    SEVERITIES,
    accepted_against,
    aside,
    change_words,
    follows,
    step_of,
    unread,
)

#: Rows of a finding that fit a message.
_ROWS = 10
#: Characters of one text that fit a message.
_LONGEST = 600
#: What begins or ends markup: an underscore at the edge of a word only, an ampersand where an entity follows.
_SPECIAL = re.compile(r"([\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;))")


def render(packet: Packet) -> str:
    """Decision, reasons, gates, acceptance table, what was not tested."""
    launch = packet.launch
    lines = [f"# {DECISIONS[packet.decision]}: {_plain(launch.name)}", "", MEANINGS[packet.decision], ""]
    for number, reason in enumerate(packet.reasons, start=1):
        lines.append(f"{number}. {_plain(reason.sentence)}  ")
        if reason.row:
            sides = (("Expected", reason.row.expected), ("Actual", reason.row.actual))
            lines.append("   " + " ".join(f"{label}: {_plain(text)}." for label, text in sides if text) + "  ")
        lines.append(f"   **{_plain(reason.owner)}**, first check: {_plain(reason.first_check)}")
    if packet.changes:
        changes = packet.changes
        lines += ["", f"**Since the last packet** ({DECISIONS[changes.before]}, {_plain(changes.name)}): {in_short(changes)}.", ""]
        lines += [_changed("New", change) for change in changes.new if not change.because_of][:_ROWS]
        lines += [_changed("Open", change) for change in changes.still_open if change.turns and not change.because_of][:_ROWS]
    against = [signature for signature in packet.signatures if signature.against]
    lines += ["", *(f"- {_plain(accepted_against(signature))}" for signature in against)] if against else []
    lines += ["", "| Gate | Answer | Warnings |", "|---|---|---|"]
    for gate in packet.gates:
        waived = f"{gate.waived} waived" if gate.waived else ""
        answer = "; ".join(filter(None, (ANSWERS[gate.answer], waived, follows(gate, packet.reasons), aside(gate))))
        lines.append(f"| {_plain(gate.title)} | {answer} | {gate.warnings or ''} |")
    lines += ["", f"| Event | Browser | Server | One id | {' | '.join(FACETS[c] for c in CELLS)} | Owner |"]
    lines.append(f"|---|--:|--:|--:|{'---|' * len(CELLS)}---|")
    for row in packet.rows:
        cells = " | ".join(cell_words(cell) for cell in row.cells)
        counts = f"{row.browser} | {row.server} | {row.paired}"
        lines.append(f"| {PLATFORMS[row.platform]} {row.step} | {counts} | {cells} | {_plain(row.owner or '')} |")
    lines += ["", "**Not tested**", "", *([f"- {_plain(unread(packet.unrecognised))}"] if packet.unrecognised else [])]
    lines += [f"- {_plain(item.what)}. {_plain(item.supply)}" for item in (*packet.untested, *packet.undecidable)]
    lines += ["", "**Judged on**", ""]
    lines.append(f"- Plan: {f'`{launch.plan_sha256}`' if launch.plan_sha256 else 'none'}")
    lines.append(f"- Evidence: `{launch.inputs_sha256}`")
    return "\n".join(lines) + "\n"


def problem(item: Problem) -> str:
    """One finding with its rows, cause and cure."""
    lines = [f"## {_plain(item.headline)}", "", f"{SEVERITIES[item.severity]}, {item.status}: {_plain(item.who)}", ""]
    lines += ["| Where | Expected | Actual | Proof |", "|---|---|---|---|"]
    for row in item.rows[:_ROWS]:
        where = " ".join(dict.fromkeys(filter(None, (step_of(row.platform, row.step), row.subject))))
        proof = " ".join(f"`{_in_code(ref)}`" for ref in row.refs)
        lines.append(f"| {_plain(where)} | {_plain(row.expected)} | {_plain(row.actual)} | {proof} |")
    if item.total > _ROWS:
        lines.append(f"\n{_ROWS} of {item.total} rows; all are in findings.csv.")
    if item.texts:
        means = "If not" if item.texts.supposed else "What it means"
        lines += ["", f"- {means}: {_plain(item.texts.means)}", f"- First check: {_plain(item.texts.first_check)}"]
        lines += [f"- Do not do yet: {_plain(item.texts.not_yet)}", f"- Remedy: {_plain(item.texts.remedy)}"]
    lines.append(f"- Owner: {_plain(item.owner)}")
    return "\n".join(lines) + "\n"


def _changed(title: str, change: Change) -> str:
    """“- New (not judged before): …”: the title, and what else became of it."""
    aside = f" ({', '.join(standing(change))})" if change.turns else ""
    return f"- {title}{aside}: {_plain(change_words(change))}"


def cell_words(cell: Cell) -> str:
    """“Stop 3”, “Pass, 1 warning”: the answer with what stands behind it."""
    words = f"{ANSWERS[cell.answer]} {cell.number}" if cell.number else ANSWERS[cell.answer]
    words = f"{words}, {cell.waived} waived" if cell.waived else words
    return f"{words}, {counted(cell.warnings, 'warning')}" if cell.warnings else words


def _in_code(ref: str) -> str:
    """A place between the marks of code, in a cell of a table."""
    return visible(ref).replace("`", "").replace("|", r"\|")


def _plain(text: str) -> str:
    """Text of a log as text: no markup of its own, no new line, nothing that is obeyed instead of shown."""
    flat = visible(" ".join(text.split()))
    return _SPECIAL.sub(r"\\\1", flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}…")
