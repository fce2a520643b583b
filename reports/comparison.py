"""Two runs compared: what was fixed, what is new, what is still open, and what became of the decision.

A finding is the same one in both runs when check, platform, event and subject agree. A test that is repeated has new orders and
new event ids, though: a fault of the same check on the same platform's event that merely shows on other orders is still open, it
is neither fixed nor new; nor is a fault of a file, of the same cause, in a file that the other run did not read: that was recorded
anew, or moved. What nothing looked at again is not fixed, and what nobody could see before is new, but says so. A finding that is
open in both tells whether it was accepted since, or is no longer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit.check import catalogue
from audit.verdict import Answer
from audit.visible import in_one_line
from audit.wording import counted
from reports.parts import Change, Changes
from reports.text import moment, steady
from reports.words import listed

UTC = ZoneInfo("UTC")
#: What a check of these gates judges has the same name in every run; elsewhere it is an order, a visit or an event.
_LASTING = frozenset({"senders", "evidence"})
_CHANNELS = frozenset({"browser", "server"})
#: What follows a file's name where a row of it is named.
_PLACE = re.compile(r"[#:]\d+$")
_NOT_BEFORE = "not judged before"
_NO_LONGER_WAIVED = "no longer waived"
_WAIVED_NOW = "waived now"
_FOLLOWED = "followed from another before"
_WEIGHTS = {"blocker": 0, "warning": 1, "note": 2}
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
        fixed=_in_order(_changes(fixed, ())),
        new=_in_order([*_changes((), new_rows), *_changes((), unasked, _NOT_BEFORE)]),
        still_open=_in_order(_changes(open_before, open_after)),
        not_judged=_in_order(_changes(gone, ())),
    )


class _Side:
    """The failed rows of one run, and what else it judged."""

    def __init__(self, run: dict[str, Any]) -> None:
        self.rows: list[_Row] = [row for row in run["findings"] if row["ok"] is False]
        self.same = {_identity(row) for row in self.rows}
        self.faults = {_fault(row) for row in self.rows}
        self.causes = {(_fault(row), row["cause"]) for row in self.rows}
        self.files = {source["path"]: source["kind"] for source in run["sources"]}
        self.unclear = {_fault(row) for row in run["findings"] if row["ok"] is None}
        self.orders = frozenset(map(steady, run["launch"]["test_orders"]))
        self.facets = {check["id"]: check["facet"] for check in run["checks"]}
        self.judged = {c["id"] for c in run["checks"] if c["examined"] and c["verdict"] not in ("NOT_RUN", "ERROR")}
        self.seen = [row for row in run["table"] if row["browser"] or row["server"] or row["orders"]]

    def channels(self, row: _Row) -> frozenset[str]:
        """Which sides of its event prove a row of this run; a capture of the page holds what it sent to a relay too."""
        kinds = {self.files.get(ref) or self.files.get(_PLACE.sub("", ref)) for ref in row["refs"]}
        return frozenset(kind for kind in _CHANNELS & kinds if self.saw(row, frozenset({kind})))

    def saw(self, row: _Row, channels: frozenset[str]) -> bool:
        """Whether this run has evidence of that row's event, and of all these sides of it."""
        own = [seen for seen in self.seen if row["platform"] == seen["platform"]]
        wanted = channels - self.logged(own)
        return any(row["event"] in (None, seen["event"]) and all(seen[side] for side in wanted) for seen in own)

    @staticmethod
    def logged(seen: Iterable[_Row]) -> frozenset[str]:
        """A server's log holds all it sends to a platform: what stands no more in it was switched off. A capture may break off."""
        return frozenset({"server"}) if any(row["server"] for row in seen) else frozenset()

    def looked_at(self, row: _Row, channels: frozenset[str]) -> bool:
        """Whether this run could have found what that row of the other one says, and those sides of its event proved."""
        place = row["platform"] is None or self.saw(row, channels)
        return row["check"] in self.judged and place and _fault(row) not in self.unclear

    def continues(self, row: _Row, files: Container[str]) -> bool:
        """Whether the fault of that row stands here too, on something its own run, which read these ``files``, had to itself."""
        if _fault(row) not in self.faults:
            return False
        if row["order_id"]:
            return steady(row["order_id"]) not in self.orders
        if row["subject"] in files:
            return row["subject"] not in self.files and (_fault(row), row["cause"]) in self.causes
        return self.facets.get(row["check"]) not in _LASTING


def _sorted_out(own: _Side, other: _Side) -> tuple[list[_Row], list[_Row], list[_Row]]:
    """The rows of one run: those the other one has not, those it did not look at, those that are open in both."""
    alone, unseen, both = [], [], []
    for row in own.rows:
        if _identity(row) in other.same or other.continues(row, own.files):
            both.append(row)
        elif other.looked_at(row, own.channels(row)):
            alone.append(row)
        else:
            unseen.append(row)
    return alone, unseen, both


def _identity(row: _Row) -> _Identity:
    return row["check"], row["platform"], row["event"], steady(row["subject"])


def _fault(row: _Row) -> _Fault:
    return row["check"], row["platform"], row["event"]


def _changes(before: Iterable[_Row], after: Iterable[_Row], *turns: str) -> list[Change]:
    """One change a fault; it shows what stands now, else what stood then."""
    faults: dict[_Fault, tuple[list[_Row], list[_Row]]] = {}
    for place, rows in enumerate((before, after)):
        for row in rows:
            faults.setdefault(_fault(row), ([], []))[place].append(row)
    made = []
    for (check, platform, event), (then, now) in faults.items():
        shown = now or then
        worst = min(shown, key=lambda row: (_WEIGHTS[row["severity"]], row["because_of"] is not None))
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
                turns=(*turns, *_turns(then, now)),
            )
        )
    return made


def _turns(then: list[_Row], now: list[_Row]) -> Iterator[str]:
    """What became of a fault that stands in both runs."""
    if not then or not now:
        return
    if any(row["waived"] for row in then) and not any(row["waived"] for row in now):
        yield _NO_LONGER_WAIVED
    if all(row["waived"] for row in now) and not all(row["waived"] for row in then):
        yield _WAIVED_NOW
    if all(row["because_of"] for row in then) and not all(row["because_of"] for row in now):
        yield _FOLLOWED


def _in_order(changes: list[Change]) -> tuple[Change, ...]:
    """The gravest first, what merely follows last."""
    return tuple(sorted(changes, key=lambda c: (_WEIGHTS[c.severity], bool(c.because_of), c.check, c.platform or "", c.step or "")))


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
    told = "".join(f", {word}" for word in standing(change))
    return f"  {change.severity:<8} {change.check}: {in_one_line(words)}{count}{follows}{told}"


def standing(change: Change) -> tuple[str, ...]:
    """“waived”, “no longer waived”, “not judged before”: how a change stands beside the list it is in."""
    return change.turns if _WAIVED_NOW in change.turns or not change.waived else ("waived", *change.turns)


def in_short(changes: Changes) -> str:
    """“2 fixed, 1 new, 3 still open (1 no longer waived)”: faults that follow from others are not counted."""
    parts = {"fixed": changes.fixed, "new": changes.new, "still open": changes.still_open, "not judged again": changes.not_judged}
    roots = {word: [change for change in found if not change.because_of] for word, found in parts.items()}
    return ", ".join(f"{len(found)} {word}{_turned(found)}" for word, found in roots.items() if found or word != "not judged again")


def _turned(roots: list[Change]) -> str:
    counts = Counter(turn for change in roots for turn in change.turns)
    told = ", ".join(f"{counts[turn]} {turn}" for turn in (_NO_LONGER_WAIVED, _WAIVED_NOW, _NOT_BEFORE) if counts[turn])
    return f" ({told})" if told else ""
