"""Findings and what they amount to: roots first, each with what merely follows from it."""

from __future__ import annotations

from collections.abc import Iterable

from audit.check import FACETS, SEVERITIES, Cause, Check, catalogue
from audit.engine import Audit
from audit.errors import CheckFileError
from audit.plan import PLATFORMS, STEPS
from audit.verdict import BLOCKING
from audit.wording import counted
from reports.parts import Finding, Followed, Problem, Texts, Waiver
from reports.text import slug
from reports.words import listed, lowered, owner_of, step_of

#: Rows of one check that a packet shows; all of them stand in findings.csv.
ROWS = 50
#: Rows of a consequence shown under its root.
FOLDED_ROWS = 10
#: Subjects named where a waiver covers none of them.
_SUBJECTS = 5
_STATUSES = ("failed", "cannot tell", "waived")


def read_waivers(audit: Audit) -> tuple[Waiver, ...]:
    """The plan's waivers with what each covers."""
    return tuple(
        Waiver(
            check=check,
            subject=subject,
            reason=reason,
            role=role,
            expires=f"{expires:%Y-%m-%d}",
            expired=is_expired,
            covers=covers,
            owner=owner_of(audit.plan.owners, role),
        )
        for check, subject, reason, role, expires, is_expired, covers in audit.con.execute(
            """
            select w.check_id, w.subject, w.reason, w.owner, w.expires, w.expires < l.judged_on, count(f.finding)
            from plan_waivers w
            cross join launch l
            left join findings f on f.waived = w.waiver
            group by w.waiver, w.check_id, w.subject, w.reason, w.owner, w.expires, l.judged_on
            order by w.waiver
            """
        ).fetchall()
    )


def idle_waivers(waivers: tuple[Waiver, ...], findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Waivers in force that cover nothing, though their check has findings: of other subjects, or such that cannot be told."""
    told = []
    for waiver in waivers:
        if waiver.covers or waiver.expired:
            continue
        own = [f for f in findings if f.check == waiver.check]
        subjects = {f.order_id or f.subject: None for f in own if f.status == "failed"}
        if subjects:
            some = ", ".join(list(subjects)[:_SUBJECTS]) + (" …" if len(subjects) > _SUBJECTS else "")
            told.append(
                f"the waiver of {waiver.check} for {waiver.subject!r} covers no finding: theirs are {some}."
                " Write one of them, or leave 'subject' out to cover all."
            )
        elif any(f.status == "cannot tell" and waiver.subject in ("*", f.subject, f.order_id) for f in own):
            told.append(
                f"the waiver of {waiver.check} covers no finding: nobody can tell whether anything failed, and only what failed"
                " can be accepted. Supply what the finding asks for."
            )
    return tuple(told)


def read_findings(audit: Audit, waivers: tuple[Waiver, ...]) -> tuple[Finding, ...]:
    """Every row that failed or could not be told, in the order of the checks."""
    checks = {outcome.check.id: outcome.check for outcome in audit.outcomes}
    taken: dict[str, int] = {}
    found = []
    for row in audit.con.execute(
        """
        select finding, check_id, severity, platform, step, subject, order_id, session, ok, expected, actual, cause,
            ref, other_ref, waived, because_of, owner
        from findings
        order by finding
        """
    ).fetchall():
        number, check_id, severity, platform, step, subject, order_id, session, ok, expected, actual, cause = row[:12]
        ref, other_ref, waived, because_of, role = row[12:]
        check = checks.get(check_id) or catalogue()[check_id]
        anchor = slug("f", check_id, platform, step, subject or "all")
        taken[anchor] = taken.get(anchor, 0) + 1
        found.append(
            Finding(
                number=number,
                anchor=anchor if taken[anchor] == 1 else f"{anchor}-{taken[anchor]}",
                check=check_id,
                title=_title(check, cause, ok),
                facet=check.facet,
                severity=severity,
                platform=platform,
                step=step,
                subject=subject or "",
                order_id=order_id,
                session=session,
                ok=ok,
                expected=expected or "",
                actual=actual or "",
                cause=cause,
                role=role,
                owner=owner_of(audit.plan.owners, role),
                waiver=waivers[waived] if waived is not None else None,
                because_of=because_of,
                refs=tuple(dict.fromkeys(r for r in (ref, other_ref) if r)),
            )
        )
    return tuple(found)


def _title(check: Check, cause: str | None, ok: bool | None) -> str:
    """What is wrong; of what cannot be told, only that."""
    if ok is not False:
        return f"Cannot tell whether {lowered(check.title)}"
    texts = cause_of(check, cause)
    return texts.failure if texts else check.failure


def cause_of(check: Check, cause: str | None) -> Cause | None:
    """The texts of a finding, where the check has some for it."""
    try:
        return check.cause(cause)
    except CheckFileError:
        return None


class _Roots:
    """Finds the finding another one follows from: same platform, step and order or visit, as near as can be.

    What nobody accepted follows from nothing that was accepted: told beneath that, it would be told to nobody.
    """

    def __init__(self, findings: Iterable[Finding], checks: dict[str, Check]) -> None:
        self.known: dict[tuple[str | None, ...], Finding] = {}
        self.explaining: dict[tuple[str, str], Finding] = {}  # root's check, follower's check
        for finding in sorted(findings, key=lambda finding: finding.waiver is not None):
            if finding.ok is False:
                texts = cause_of(checks[finding.check], finding.cause)
                for followed in texts.explains if texts else ():
                    self.explaining.setdefault((finding.check, followed), finding)
                for key in self.keys(finding.check, finding):
                    self.known.setdefault(key, finding)

    @staticmethod
    def keys(check: str, finding: Finding) -> list[tuple[str | None, ...]]:
        place = (check, finding.platform, finding.step)
        keys: list[tuple[str | None, ...]] = []
        if finding.order_id:
            keys.append((*place, "order", finding.order_id))
        if finding.session:
            keys.append((*place, "visit", finding.session))
        return [*keys, place, place[:2], place[:1]]

    def of(self, finding: Finding) -> Finding:
        seen = {finding.number}
        while finding.because_of:
            parent = self.explaining.get((finding.because_of, finding.check)) or next(
                (found for key in self.keys(finding.because_of, finding) if (found := self.known.get(key))), None
            )
            if parent is None or parent.number in seen or (parent.waiver and not finding.waiver):
                break
            seen.add(parent.number)
            finding = parent
        return finding


def kind_of(finding: Finding) -> tuple[str, str, str, str]:
    """What findings share that are told as one problem: check, standing, weight, cause."""
    return (finding.check, finding.status, finding.severity, finding.cause or "")


def problems(audit: Audit, findings: tuple[Finding, ...]) -> tuple[Problem, ...]:
    """Roots grouped by check, standing, weight and cause, the gravest first; consequences under the root they follow from."""
    checks = {outcome.check.id: outcome.check for outcome in audit.outcomes}
    roots = _Roots(findings, checks)
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    folded: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        root = roots.of(finding)
        (groups if root is finding else folded).setdefault(kind_of(root), []).append(finding)
    shown: dict[str, int] = {}
    made = []
    for kind, rows in sorted(groups.items(), key=lambda item: _weight(checks, item[0])):
        room = max(0, ROWS - shown.get(kind[0], 0))
        shown[kind[0]] = shown.get(kind[0], 0) + min(room, len(rows))
        made.append(_problem(checks[kind[0]], kind, rows, room, folded.get(kind, [])))
    return tuple(made)


def _weight(checks: dict[str, Check], kind: tuple[str, str, str, str]) -> tuple[int, int, int, str, str]:
    check, status, severity, cause = kind
    decides = checks[check].deciding and checks[check].facet in BLOCKING
    rank = {"failed": {"blocker": 0, "warning": 2, "note": 4}[severity], "cannot tell": 1 if decides else 3, "waived": 5}
    texts = cause_of(checks[check], cause or None)
    if status == "failed" and texts and texts.explains:
        rank["failed"] = -1  # what explains the others is to be read first
    return (rank[status], SEVERITIES.index(severity), FACETS.index(checks[check].facet), check, cause)


def _problem(check: Check, kind: tuple[str, str, str, str], rows: list[Finding], room: int, folded: list[Finding]) -> Problem:
    _, status, severity, cause = kind
    texts = cause_of(check, cause or None)
    return Problem(
        anchor=slug("p", check.id, cause, None if status == "failed" else status, severity),
        check=check.id,
        headline=rows[0].title,
        why=check.why,
        facet=check.facet,
        severity=severity,
        status=status,
        deciding=check.deciding,
        cause=cause or None,
        texts=Texts(not check.tells(cause or None, rows[0].ok), texts.means, texts.first_check, texts.not_yet, texts.remedy)
        if texts
        else None,
        owner=rows[0].owner,
        who=who(rows),
        total=len(rows),
        rows=tuple(rows[:room]),
        waivers=tuple(dict.fromkeys(row.waiver for row in rows if row.waiver)),
        follows=_followed(folded),
    )


def _followed(folded: list[Finding]) -> tuple[Followed, ...]:
    """By check, what failed apart from what cannot be told; failures first, and what nobody accepted, the gravest first."""
    groups: dict[tuple[bool, str], list[Finding]] = {}
    for finding in folded:
        groups.setdefault((finding.ok is None, finding.check), []).append(finding)
    ordered = sorted(groups.items(), key=lambda group: group[0][0])
    for _, rows in ordered:
        rows.sort(key=lambda row: (row.waiver is not None, SEVERITIES.index(row.severity)))
    return tuple(Followed(check, rows[0].title, len(rows), tuple(rows[:FOLDED_ROWS])) for (_, check), rows in ordered)


def who(rows: list[Finding]) -> str:
    """Whom findings concern, in words: “Meta Purchase, order 250130JQHFZG”, “Meta and TikTok Purchase, 3 orders”."""
    told = {r.step for r in rows if r.platform}  # a step of the shop's own that a platform's rows name is not said again
    found = dict.fromkeys((r.platform, r.step) for r in rows if r.platform or (r.step and r.step not in told))
    # Platforms stand as they do in every table, steps in the order of the path; others behind them.
    ordered = sorted(found, key=lambda told: (_place(told[0], PLATFORMS), _place(told[1], STEPS)))
    places = listed([step_of(platform, step) for platform, step in ordered])
    orders = list(dict.fromkeys(r.order_id for r in rows if r.order_id))
    if orders and all(r.order_id for r in rows):
        subjects = f"order {orders[0]}" if len(orders) == 1 else counted(len(orders), "order")
    elif len(rows) == 1:
        # A bare number would read like a count.
        subjects = f"“{rows[0].subject}”" if rows[0].subject.isdecimal() else rows[0].subject
    else:
        subjects = counted(len(rows), "case")
    return ", ".join(filter(None, (places, subjects)))


def _place(name: str | None, names: tuple[str, ...]) -> int:
    return names.index(name) if name in names else len(names)
