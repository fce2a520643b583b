"""The terminal summary: decision, reasons, gates, acceptance table, what was not tested."""

from __future__ import annotations

import textwrap

from audit.verdict import CELLS, Answer
from audit.visible import visible
from audit.wording import counted
from reports.comparison import in_short
from reports.packet import Packet
from reports.parts import Cell, Reason
from reports.words import (
    ANSWER_TONES,
    ANSWERS,
    DECISIONS,
    FACETS,
    MEANINGS,
    PLATFORMS,
    REASONS,
    TONES,
    accepted_against,
    also,
    aside,
    follows,
    listed,
    unread,
)  # fmt: skip

_COLOURS = {"pass": "32", "warn": "33", "stop": "31", "open": "36", "none": "2"}
_SHORT = {Answer.NOT_APPLICABLE: "–", Answer.PASS: "pass", Answer.UNCLEAR: "unclear", Answer.NOT_RUN: "untested",
          Answer.FAIL: "STOP", Answer.ERROR: "broke"}  # fmt: skip
_HEADS = {"chain": "chain", "dedup": "dedup", "money": "money", "senders": "senders", "attribution": "clicks",
          "delivery": "delivery"}  # fmt: skip
#: Characters of a value that a terminal shows whole.
_LONGEST = 300
_UNTESTED = 6


def render(packet: Packet, *, colour: bool = False, width: int = 100) -> str:
    """The summary as plain text; with ``colour``, the same text with ANSI colours."""
    return _Page(packet, colour=colour, width=max(width, 40)).text()


class _Page:
    def __init__(self, packet: Packet, *, colour: bool, width: int) -> None:
        self.packet, self.colour, self.width = packet, colour, width
        self.lines: list[str] = []

    def text(self) -> str:
        packet = self.packet
        decision = self.paint(DECISIONS[packet.decision].upper(), TONES[packet.decision], bold=True)
        self.line(f"{decision}  {visible(packet.launch.name)}")
        self.wrap(MEANINGS[packet.decision])
        self.reasons()
        self.since()
        self.gates()
        self.table()
        self.not_tested()
        return "\n".join(self.lines).rstrip() + "\n"

    def reasons(self) -> None:
        for number, reason in enumerate(self.packet.reasons[:REASONS], start=1):
            self.line()
            self.wrap(reason.sentence, f"{number}. ", "   ")
            self.proof(reason)
            self.wrap(f"{reason.owner}: {reason.first_check}", "   ", "   ")
        more = len(self.packet.reasons) - REASONS
        if more > 0:
            self.line()
            self.line(f"   and {counted(more, 'more reason')} in the packet")

    def proof(self, reason: Reason) -> None:
        row = reason.row
        if row is None:
            return
        others = f"{reason.rows - 1} more in the packet" if reason.rows > 1 and row.refs else ""
        rows = "; ".join(filter(None, (", ".join(row.refs), others)))
        for label, text in (("Expected", row.expected), ("Actual", row.actual), ("Rows", rows)):
            if text:
                self.wrap(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…", f"   {label:<9} ", " " * 13)

    def since(self) -> None:
        changes = self.packet.changes
        if changes:
            self.line()
            self.wrap(f"Since the last packet ({DECISIONS[changes.before]}): {in_short(changes)}.", "", "  ")
        signers = dict.fromkeys(f"{signature.name} ({signature.role})" for signature in self.packet.signatures)
        if signers:
            self.line()
            self.wrap(f"Signed before by {listed(list(signers))}: this is a new packet, which has to be signed anew.", "", "  ")
        for signature in self.packet.signatures:
            if signature.against:
                self.line()
                self.wrap(f"{accepted_against(signature)}.", "", "  ")

    def gates(self) -> None:
        self.line()
        for gate in self.packet.gates:
            if not gate.blocking and gate.answer in (Answer.PASS, Answer.NOT_APPLICABLE) and not also(gate):
                continue
            word = ANSWERS[gate.answer].ljust(11)
            notes = [follows(gate, self.packet.reasons), aside(gate), *also(gate)]
            extra = f" ({', '.join(filter(None, notes))})" if any(notes) else ""
            first, *rest = textwrap.wrap(f"{gate.title}{extra}", self.width - len(word) - 2)
            self.line(f"{self.paint(word, ANSWER_TONES[gate.answer])}  {first}")
            self.lines += [f"{' ' * len(word)}  {more}" for more in rest]

    def table(self) -> None:
        if not self.packet.rows:
            return
        head = ["", "browser", "server", "one id", *(_HEADS[facet] for facet in CELLS)]
        body = {
            row: [f" {row.step}", str(row.browser), str(row.server), str(row.paired), *map(_cell, row.cells)]
            for row in self.packet.rows
        }
        widths = [max(len(line[i]) for line in (head, *body.values())) for i in range(len(head))]
        self.line()
        if sum(widths) + 2 * len(widths) - 2 > self.width:
            self.narrow_table()
            return
        platform = ""
        for row, line in body.items():
            if row.platform != platform:
                platform = row.platform
                self.line(_joined([PLATFORMS[platform], *(head[1:] if row is self.packet.rows[0] else [])], widths))
            tones = ["", "", "", "", *(ANSWER_TONES[cell.answer] for cell in row.cells)]
            padded = [_padded(text, width, i) for i, (text, width) in enumerate(zip(line, widths, strict=True))]
            self.line("  ".join(self.paint(text, tone) for text, tone in zip(padded, tones, strict=True)).rstrip())
        has_dash = any(cell.answer is Answer.NOT_APPLICABLE for row in self.packet.rows for cell in row.cells)
        self.legend("  –: nothing to judge   " if has_dash else "  ")

    def narrow_table(self) -> None:
        for row in self.packet.rows:
            counts = f"{row.browser} browser, {row.server} server, {row.paired} with one id"
            self.wrap(f"{PLATFORMS[row.platform]} {row.step}: {counts}", "", "   ")
            told = [cell for cell in row.cells if cell.answer or cell.warnings or cell.waived]
            cells = ", ".join(f"{FACETS[cell.facet].lower()} {_cell(cell)}" for cell in told)
            self.wrap(cells or "nothing to judge", "   ", "   ")
        self.legend("  ")

    def legend(self, signs: str) -> None:
        warned = any(cell.warnings for row in self.packet.rows for cell in row.cells)
        signs += "+1: one warning beside the answer" if warned else ""
        if signs.strip():
            self.line(signs.rstrip())

    def not_tested(self) -> None:
        self.line()
        self.line("Not tested")
        if self.packet.unrecognised:
            self.wrap(unread(self.packet.unrecognised), "  - ", "    ")
        for item in self.packet.untested[:_UNTESTED]:
            self.wrap(f"{item.what}. {item.supply}", "  - ", "    ")
        if len(self.packet.untested) > _UNTESTED:
            self.line(f"  - {len(self.packet.untested) - _UNTESTED} more for want of evidence, all in the packet")
        self.wrap(
            f"No file can show: {'; '.join(u.what[:1].lower() + u.what[1:] for u in self.packet.undecidable)}.", "  - ", "    "
        )

    # ------------------------------------------------------------------ lines

    def line(self, text: str = "") -> None:
        self.lines.append(text)

    def wrap(self, text: str, first: str = "", rest: str = "") -> None:
        self.lines += textwrap.wrap(
            visible(text), self.width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )

    def paint(self, text: str, tone: str, *, bold: bool = False) -> str:
        if not self.colour or not tone:
            return text
        return f"\x1b[{'1;' if bold else ''}{_COLOURS[tone]}m{text}\x1b[0m"


def _cell(cell: Cell) -> str:
    number = {Answer.FAIL: cell.failed, Answer.UNCLEAR: cell.unclear}.get(cell.answer, 0)
    word = f"{_SHORT[cell.answer]} {number}" if number else _SHORT[cell.answer]
    # An accepted gap is no pass.
    word = f"waived {cell.waived}" if cell.waived and cell.answer is Answer.PASS else word
    return f"{word} +{cell.warnings}" if cell.warnings else word


def _padded(text: str, width: int, column: int) -> str:
    return text.rjust(width) if 1 <= column <= 3 else text.ljust(width)


def _joined(row: list[str], widths: list[int]) -> str:
    return "  ".join(_padded(text, width, i) for i, (text, width) in enumerate(zip(row, widths, strict=False))).rstrip()
