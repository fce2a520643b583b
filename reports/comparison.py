"""Two runs compared: what was fixed, what is new, what is still open, and what became of the decision.

A finding is the same one in both runs when check, platform, event and subject agree. A test that is repeated has new orders and
new event ids, though: a fault of the same check on the same platform's event that merely shows on other orders is still open, it
is neither fixed nor new. And what nothing looked at again is not fixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.check import catalogue
from audit.verdict import Answer
from audit.visible import in_one_line
from audit.wording import counted
from reports.parts import Change, Changes
from reports.text import moment
from reports.words import listed

UTC = ZoneInfo("UTC")
#: What a check of these gates judges has the same name in every run; elsewhere it is an order, a visit or an event.
_LASTING = frozenset({"senders", "evidence"})
#: Subjects named on one line.
_SUBJECTS = 3

_Row = dict[str, Any]
_Fault = tuple[str, str | None, str | None]  # check, platform, event
_Identity = tuple[str, str | None, str | None, str]


def compare(old: dict[str, Any], new: dict[str, Any], zone: ZoneInfo = UTC) -> Changes:
    """The change from one run to the next; waived findings are open, notes count like the rest. Times are shown in ``zone``."""
    before, after = _Side(old), _Side(new)
    fixed, gone, open_before = _sorted_out(before, after)
    new_rows, unasked, open_after = _sorted_out(after, before)
    window = old["launch"]["window"]
    return Changes(
        name=old["launch"]["name"],
        name_now=new["launch"]["name"],
        until=moment(datetime.fromisoformat(window[1]).replace(tzinfo=None), zone) if window[1] else None,
        before=old["decision"],
        after=new["decision"],
        gates=_gates(old, new),
        fixed=_changes(fixed, ()),
        new=_changes((), new_rows + unasked),
        still_open=_changes(open_before, open_after),
        not_judged=_changes(gone, ()),
    )


class _Side:
    """The failed rows of one run, and what else it judged."""

    def __init__(self, run: dict[str, Any]) -> None:
        self.rows: list[_Row] = [row for row in run["findings"] if row["ok"] is False]
        self.same = {_identity(row) for row in self.rows}
        self.faults = {_fault(row) for row in self.rows}
        self.unclear = {_fault(row) for row in run["findings"] if row["ok"] is None}
        self.orders = frozenset(run["launch"]["test_orders"])
        self.facets = {check["id"]: check["facet"] for check in run["checks"]}
        self.judged = {c["id"] for c in run["checks"] if c["examined"] and c["verdict"] not in ("NOT_RUN", "ERROR")}
        self.seen = {(row["platform"], row["event"]) for row in run["table"] if row["browser"] or row["server"] or row["orders"]}

    def looked_at(self, row: _Row) -> bool:
        """Whether this run could have found what that row of the other one says."""
        check, platform, event = _fault(row)
        place = platform is None or any(platform == p and event in (None, e) for p, e in self.seen)
        return check in self.judged and place and _fault(row) not in self.unclear

    def continues(self, row: _Row) -> bool:
        """Whether the fault of that row stands here too, on something the other run did not have."""
        if _fault(row) not in self.faults:
            return False
        if row["order_id"]:
            return row["order_id"] not in self.orders
        return self.facets.get(row["check"]) not in _LASTING


def _sorted_out(own: _Side, other: _Side) -> tuple[list[_Row], list[_Row], list[_Row]]:
    """The rows of one run: those the other one has not, those it did not look at, those that are open in both."""
    alone, unseen, both = [], [], []
    for row in own.rows:
        if _identity(row) in other.same or other.continues(row):
            both.append(row)
        elif other.looked_at(row):
            alone.append(row)
        else:
            unseen.append(row)
    return alone, unseen, both


def _identity(row: _Row) -> _Identity:
    return row["check"], row["platform"], row["event"], row["subject"]


def _fault(row: _Row) -> _Fault:
    return row["check"], row["platform"], row["event"]


def _changes(before: Iterable[_Row], after: Iterable[_Row]) -> tuple[Change, ...]:
    """One change a fault, the gravest first, what merely follows last; it shows what stands now, else what stood then."""
    faults: dict[_Fault, tuple[list[_Row], list[_Row]]] = {}
    for place, rows in enumerate((before, after)):
        for row in rows:
            faults.setdefault(_fault(row), ([], []))[place].append(row)
    order = {"blocker": 0, "warning": 1, "note": 2}
    made = []
    for (check, platform, event), (then, now) in faults.items():
        shown = now or then
        worst = min(shown, key=lambda row: (order[row["severity"]], row["because_of"] is not None))
        made.append(
            Change(
                check=check,
                title=title_of(check),
                severity=worst["severity"],
                platform=platform,
                step=event,
                subjects=tuple(dict.fromkeys(row["subject"] for row in shown if row["subject"])),
                before=len(then),
                after=len(now),
                waived=all(row["waived"] for row in shown),
                because_of=worst["because_of"],
            )
        )
    return tuple(sorted(made, key=lambda c: (order[c.severity], bool(c.because_of), c.check, c.platform or "", c.step or "")))


def _gates(old: dict[str, Any], new: dict[str, Any]) -> tuple[tuple[str, Answer, Answer], ...]:
    then = {gate["id"]: Answer[gate["verdict"]] for gate in old["gates"]}
    now = {gate["id"]: Answer[gate["verdict"]] for gate in new["gates"]}
    return tuple((gate, then[gate], answer) for gate, answer in now.items() if gate in then and then[gate] is not answer)


def title_of(check: str) -> str:
    """What is true when a check fails; one that is no more keeps its id."""
    known = catalogue().get(check)
    return known.failure if known else check


def as_text(changes: Changes) -> str:
    """The comparison for a terminal."""
    lines = [f"decision: {changes.before} -> {changes.after}"]
    if changes.name_now != changes.name:
        names = in_one_line(f"{changes.name} -> {changes.name_now}")
        lines.append(f"launch: {names}. If these are two launches, 'fixed' only means: not found here.")
    lines += [f"gate {gate}: {then.name} -> {now.name}" for gate, then, now in changes.gates]
    parts = [("fixed", changes.fixed), ("new", changes.new), ("still open", changes.still_open)]
    parts += [("not judged again", changes.not_judged)] if changes.not_judged else []
    for title, found in parts:
        merely = sum(bool(change.because_of) for change in found)
        folded = f", and {merely} that merely follow{'s' if merely == 1 else ''}" if merely else ""
        lines += ["", f"{title}: {len(found) - merely}{folded}"]
        lines += [_line(change) for change in found]
    return "\n".join(lines) + "\n"


def _line(change: Change) -> str:
    where = " ".join(part for part in (change.platform, change.step) if part)
    words = " ".join(part for part in (where, listed(list(change.subjects), _SUBJECTS)) if part)
    rows = change.after or change.before
    if change.before and change.after and change.before != change.after:
        count = f" ({change.before} before, {change.after} now)"
    else:
        count = f" ({counted(rows, 'row')})" if rows > 1 else ""
    follows = f", follows from {change.because_of}" if change.because_of else ""
    return f"  {change.severity:<8} {change.check}: {in_one_line(words)}{count}{follows}{', waived' if change.waived else ''}"


def in_short(changes: Changes) -> str:
    """“2 fixed, 1 new, 3 still open”: faults that follow from others are not counted."""
    parts = {"fixed": changes.fixed, "new": changes.new, "still open": changes.still_open, "not judged again": changes.not_judged}
    told = {word: sum(not change.because_of for change in found) for word, found in parts.items()}
    return ", ".join(f"{number} {word}" for word, number in told.items() if number or word != "not judged again")
