"""``findings.csv``: every finding, one a line, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

from audit.visible import visible
from reports.packet import Packet
from reports.parts import Finding

COLUMNS = (
    "check", "severity", "status", "platform", "event", "subject", "order_id", "title", "expected", "actual", "cause",
    "owner", "because_of", "waived_until", "waiver_reason", "refs",
)  # fmt: skip
#: A cell that begins like this is run as a formula by a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Where a spreadsheet that separates by semicolons or tabs would begin a cell.
_HIDDEN = re.compile(r"""([;\t\r\n][ "']*)(?=[=+\-@])""")


def render(packet: Packet) -> str:
    """All findings with a header line, in the order of the packet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_safe(cell) for cell in _cells(finding)] for finding in packet.findings)
    return text.getvalue()


def _cells(finding: Finding) -> tuple[str, ...]:
    waiver = finding.waiver
    return (
        finding.check, finding.severity, finding.status, finding.platform or "", finding.step or "", finding.subject,
        finding.order_id or "", finding.title, finding.expected, finding.actual, finding.cause or "", finding.owner,
        finding.because_of or "", waiver.expires if waiver else "", waiver.reason if waiver else "", " ".join(finding.refs),
    )  # fmt: skip


def _safe(cell: str) -> str:
    inside = _HIDDEN.sub(r"\1'", visible(cell))
    return f"'{inside}" if inside.startswith(_FORMULA) else inside
