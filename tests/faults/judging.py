"""Runs the audit on a folder and says which roots it named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audit import engine
from audit.inputs import find_inputs
from audit.plan_file import read_plan
from audit.verdict import judge

NOW = datetime(2026, 11, 20, 12, 0)  # UTC, as the engine's clock


@dataclass(frozen=True)
class Root:
    """A finding that follows from no other: the check, the cause it named and where."""

    check: str
    cause: str | None
    platform: str | None
    severity: str
    because_of: str | None
    text: str

    def fits(self, expected: str) -> bool:
        """Whether this is the root written as ``check``, ``check:cause`` or ``check:cause@platform``."""
        name, _, platform = expected.partition("@")
        check, _, cause = name.partition(":")
        return check == self.check and (cause or None) == self.cause and (platform or self.platform) == self.platform


@dataclass(frozen=True)
class Answer:
    """What an audit said of a folder."""

    decision: str
    findings: tuple[Root, ...]  # that failed, notes included, unwaived
    broken: tuple[str, ...]

    def roots(self) -> tuple[Root, ...]:
        """What a reader acts on: roots that are more than notes."""
        return tuple(f for f in self.findings if f.because_of is None and f.severity != "note")


def audited(folder: Path, now: datetime | None = None) -> Answer:
    """Audits a folder as the command line would."""
    plan = read_plan(folder / "audit.toml")
    audit = engine.run(find_inputs((folder,), plan), plan, now=now)
    rows = audit.con.execute(
        """
        select check_id, cause, platform, severity, because_of,
            concat_ws(' | ', check_id, cause, platform, step, subject, 'expected ' || expected, 'actual ' || actual,
                'because of ' || because_of)
        from findings
        where ok = false and waived is null
        order by finding
        """
    ).fetchall()
    broken = tuple(f"{o.check.id}: {o.note}" for o in audit.outcomes if o.state == "broke")
    answer = Answer(judge(audit).decision, tuple(Root(*row) for row in rows), broken)
    audit.con.close()
    return answer


#: A condition every shop with SnackVideo on both sides lives with: no event id exists to merge by.
KNOWN = ("undedupable_event:no_event_id_on_platform@snackvideo",)


def missed(answer: Answer, expected: Iterable[str]) -> list[str]:
    """Expected roots that were not named. A note is looked for only when it is expected."""
    roots = [f for f in answer.findings if f.because_of is None]
    return [each for each in expected if not any(root.fits(each) for root in roots)]


def strangers(answer: Answer, expected: Iterable[str]) -> list[Root]:
    """Roots nobody expected."""
    known = [*expected, *KNOWN]
    return [root for root in answer.roots() if not any(root.fits(each) for each in known)]
