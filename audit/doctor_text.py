"""The doctor's report for a terminal: each file with what it lacks, then what to export, what decides most first."""

from __future__ import annotations

import textwrap
from datetime import UTC
from zoneinfo import ZoneInfo

from audit.doctor import UNKNOWN, Diagnosis, FileReport, Gap
from audit.loaders import loaders
from audit.remedies import remedy
from audit.visible import in_one_line
from audit.wording import counted

_WIDTH = 100
_REASONS = 4


def as_text(diagnosis: Diagnosis) -> str:
    """The whole report."""
    lines: list[str] = []
    for file in diagnosis.files:
        lines += [in_one_line(file.name), *(_unread(file) if file.problem else _read(file, diagnosis.zone))]
    if not diagnosis.files:
        lines.append("No files.")
    if any(file.problem == UNKNOWN for file in diagnosis.files):
        lines += ["", "Known formats", *(f"  {line}" for loader in loaders().values() for line in loader.FORMATS)]
        lines.append("  Any other names of fields: [[mapping]] in audit.toml.")
    files = [gap for gap in diagnosis.gaps if not gap.is_plan]
    plan = [gap for gap in diagnosis.gaps if gap.is_plan]
    if not diagnosis.gaps:
        lines += ["", "Every check can be answered from this evidence."]
    if files:
        lines += ["", "What to export, most decisive first"]
        for number, gap in enumerate(files, start=1):
            lines += _step(number, gap)
    if plan:
        lines += ["", "What to write into audit.toml ('pixel-audit init' writes a commented one)"]
        for number, gap in enumerate(plan, start=1):
            lines += _step(number, gap)
    return "\n".join(lines) + "\n"


def _unread(file: FileReport) -> list[str]:
    return _wrapped("  not read: ", file.problem)


def _read(file: FileReport, zone: str) -> list[str]:
    window = "no times"
    if file.first_at and file.last_at:
        begun, ended = (time.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)) for time in (file.first_at, file.last_at))
        window = f"{begun:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} {zone}"
    lines = [
        f"  {file.loader}: {counted(file.read, 'row')} read = {file.kept} kept + {file.ignored} ignored + {file.rejected} rejected",
        f"  {window}",
    ]
    for reason, rows, first in file.refused[:_REASONS]:
        lines += _wrapped("  refused: ", f"{counted(rows, 'row')}, {reason}; first at {first}")
    if len(file.refused) > _REASONS:
        lines.append(f"  refused: for {counted(len(file.refused) - _REASONS, 'more reason')}, all in the packet")
    told: set[str] = set()
    for missing in file.missing:
        lines += _wrapped("  missing: ", missing)
        known = remedy(missing)
        if known is None:
            continue
        lines += _wrapped("    stops: ", ", ".join(known.stops))
        if known.do not in told:
            lines += _wrapped("    do:    ", known.do)
        told.add(known.do)
    return lines


def _step(number: int, gap: Gap) -> list[str]:
    others = [check for check in gap.checks if check not in gap.deciding]
    lines = _wrapped(f"{number:>2}. supply: ", gap.supply)
    if gap.where:
        lines += _wrapped("    from:   ", gap.where)
    if gap.gates:
        gates = f"{'gate' if len(gap.gates) == 1 else 'gates'} {', '.join(gap.gates)}"
        lines += _wrapped("    why:    ", f"without it the answer stays 'not proven': {gates} ({', '.join(gap.deciding)})")
    if others:
        also = counted(len(others), "more check" if gap.deciding else "check")
        lines += _wrapped("    stops:  ", f"{also}: {', '.join(others)}")
    return lines


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=label, subsequent_indent=" " * len(label), break_on_hyphens=False)
