"""Two runs compared: what was fixed, what is new, what is still open, and what became of the decision."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.errors import InputError

SCHEMA = "pixel-audit/run/1"


@dataclass(frozen=True)
class Change:
    """One finding of the older or the newer run."""

    check: str
    severity: str
    platform: str | None
    event: str | None
    subject: str
    actual: str | None
    because_of: str | None
    count: int  # rows that share this identity


@dataclass(frozen=True)
class Comparison:
    """What changed between two runs. Identity of a finding: check, platform, event and subject."""

    before: str  # decision
    after: str
    fixed: tuple[Change, ...]
    new: tuple[Change, ...]
    still_open: tuple[Change, ...]


def read_run(path: Path) -> dict[str, Any]:
    """A ``run.json``, or the one in a packet's folder.

    Raises:
        InputError: it is missing, or no run of this program.
    """
    file = path / "run.json" if path.is_dir() else path
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}). Name a packet folder or its run.json.") from error
    except ValueError as error:
        raise InputError(f"{file}: not valid JSON ({error}). Name a run.json that pixel-audit wrote.") from error
    if not isinstance(run, dict) or run.get("schema") != SCHEMA:
        raise InputError(f"{file}: not a run of pixel-audit (no schema {SCHEMA!r}). Name a run.json that pixel-audit wrote.")
    return run


def compare(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """The change from one run to the next; waived findings are open, notes count like the rest."""
    before, after = _failed(old), _failed(new)
    return Comparison(
        old["decision"],
        new["decision"],
        fixed=_changes(before, before.keys() - after.keys()),
        new=_changes(after, after.keys() - before.keys()),
        still_open=_changes(after, after.keys() & before.keys()),
    )


_Identity = tuple[str, str | None, str | None, str]


def _failed(run: dict[str, Any]) -> dict[_Identity, Change]:
    rows = [row for row in run["findings"] if row["ok"] is False]
    counts = Counter(_identity(row) for row in rows)
    found: dict[_Identity, Change] = {}
    for row in rows:
        key = _identity(row)
        found.setdefault(
            key,
            Change(
                row["check"], row["severity"], row["platform"], row["event"], row["subject"], row["actual"], row["because_of"],
                counts[key],
            ),
        )  # fmt: skip
    return found


def _identity(row: dict[str, Any]) -> _Identity:
    return row["check"], row["platform"], row["event"], row["subject"]


def _changes(rows: dict[_Identity, Change], keys: set[_Identity]) -> tuple[Change, ...]:
    order = {"blocker": 0, "warning": 1, "note": 2}
    return tuple(
        sorted(
            (rows[key] for key in keys),
            key=lambda c: (order[c.severity], c.because_of is not None, c.check, c.platform or "", c.event or "", c.subject),
        )
    )


def as_text(comparison: Comparison) -> str:
    """The comparison for a terminal."""
    lines = [f"decision: {comparison.before} -> {comparison.after}"]
    for title, changes in (("fixed", comparison.fixed), ("new", comparison.new), ("still open", comparison.still_open)):
        lines += ["", f"{title}: {len(changes)}"]
        for change in changes:
            where = " ".join(part for part in (change.platform, change.event) if part)
            times = f" ({change.count} rows)" if change.count > 1 else ""
            follows = f", follows from {change.because_of}" if change.because_of else ""
            lines.append(f"  {change.severity:<8} {change.check}: {where} {change.subject}{times}{follows}")
    return "\n".join(lines) + "\n"
