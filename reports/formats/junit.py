"""JUnit XML: a suite per platform and event, a case per check, so that a build server shows the audit beside the tests."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from reports.packet import Packet
from reports.parts import Finding
from reports.words import step_of

#: Characters XML 1.0 cannot hold at all.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Findings told in full in one case, and characters of one of them.
_ROWS = 20
_LONGEST = 1500


def render(packet: Packet) -> str:
    """Blockers that failed are failures, what did not run or cannot be told is skipped, broken checks are errors."""
    lines = {line.id: line for line in packet.checks}
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in packet.findings:
        found.setdefault((_suite(finding.platform, finding.step), finding.check), []).append(finding)
    suites: dict[str, list[tuple[str, str]]] = {_suite(row.platform, row.step): [] for row in packet.rows}
    for platform, step, check in packet.judged:
        suites.setdefault(_suite(platform, step), []).append((check, _outcome(found.get((_suite(platform, step), check), []))))
    for line in packet.checks:
        if line.state != "ran":
            why = line.note if line.state == "ignored" else f"supply {line.note}"
            outcome = f"<error message={_attribute(line.note)}/>" if line.state == "broke" else _skipped(why)
            suites.setdefault("everything", []).append((line.id, outcome))
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(packet.launch.name)}>"]
    for suite, cases in suites.items():
        if not cases:
            continue
        counts = {kind: sum(outcome.startswith(f"<{kind}") for _, outcome in cases) for kind in ("failure", "error", "skipped")}
        parts.append(
            f'  <testsuite name={_attribute(suite)} tests="{len(cases)}" failures="{counts["failure"]}"'
            f' errors="{counts["error"]}" skipped="{counts["skipped"]}">'
        )
        for check, outcome in cases:
            # GitLab keeps one of several cases that agree in class and name, whatever suites they stand in.
            head = f"    <testcase classname={_attribute(f'{suite}.{lines[check].facet}')} name={_attribute(lines[check].title)}"
            parts.append(f"{head}>{outcome}</testcase>" if outcome else f"{head}/>")
        parts.append("  </testsuite>")
    return "\n".join([*parts, "</testsuites>"]) + "\n"


def _suite(platform: str | None, step: str | None) -> str:
    return step_of(platform, step) or "everything"


def _outcome(rows: list[Finding]) -> str:
    """What a case says: its blockers as a failure, else what is open as skipped, else its warnings as output."""
    counted = [row for row in rows if not row.waiver]
    blockers = [row for row in counted if row.ok is False and row.severity == "blocker"]
    if blockers:
        message = f"{blockers[0].title} ({len(blockers)})"
        return f"<failure message={_attribute(message)}>{_text(blockers)}</failure>"
    if any(row.ok is None for row in counted):
        return _skipped("cannot be told from the evidence")
    return f"<system-out>{_text(rows)}</system-out>" if rows else ""


def _text(rows: list[Finding]) -> str:
    told = [
        f"{row.severity}: {row.subject}: expected {row.expected}; actual {row.actual}"
        f"{f' (waived: {row.waiver.reason})' if row.waiver else ''} [{' '.join(row.refs)}]"
        for row in rows[:_ROWS]
    ]
    told = [line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line)} characters)" for line in told]
    if len(rows) > _ROWS:
        told.append(f"{_ROWS} of {len(rows)}, all in findings.csv")
    return escape(_FORBIDDEN.sub("?", "\n".join(told)))


def _skipped(why: str) -> str:
    return f"<skipped message={_attribute(why)}/>"


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("?", " ".join(text.split())))
