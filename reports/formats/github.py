"""GitHub workflow commands: each root as an annotation at the row that proves it."""

from __future__ import annotations

import re

from reports.packet import Packet
from reports.parts import Problem, Reason
from reports.words import DECISIONS, MEANINGS

_LEVELS = {"blocker": "error", "warning": "warning", "note": "notice"}
_TONES = {"stop": "error", "open": "warning", "warn": "notice"}
_PLACE = re.compile(r"^(?P<file>.+?)(?::(?P<line>\d+)|#\d+)$")
#: GitHub shows ten annotations of a kind in one step, and the decision is one of them; the packet has the rest.
_ANNOTATIONS = 9


def render(packet: Packet) -> str:
    """One annotation for what was not tested and for each root, how many more there are, then the decision."""
    told = [_missing(reason) for reason in packet.reasons if reason.row is None]
    told += [_annotation(problem) for problem in packet.problems if problem.status != "waived"]
    notice = "error" if packet.decision == "STOP" else "notice" if packet.decision.startswith("GO") else "warning"
    last = f"::{notice} title={_property(DECISIONS[packet.decision])}::{_data(MEANINGS[packet.decision])}"
    more = len(told) - _ANNOTATIONS
    rest = [f"::notice title={more} more in the packet::packet.html and findings.csv tell them all."] if more > 0 else []
    return "\n".join([*told[:_ANNOTATIONS], *rest, last]) + "\n"


def _missing(reason: Reason) -> str:
    """What decides and no row shows: a file that was not handed in, a check that broke, a gap that was accepted."""
    return f"::{_TONES[reason.tone]} title={_property(reason.sentence)}::{_data(f'{reason.first_check} Owner: {reason.owner}.')}"


def _annotation(problem: Problem) -> str:
    level = _LEVELS[problem.severity] if problem.status == "failed" else "notice"
    title = problem.headline
    place = _PLACE.match(problem.rows[0].refs[0]) if problem.rows and problem.rows[0].refs else None
    properties = [f"title={_property(title)}"]
    if place:
        properties.insert(0, f"file={_property(place['file'])}")
        if place["line"]:
            properties.insert(1, f"line={place['line']}")
    row = problem.rows[0] if problem.rows else None
    proof = f" Expected: {row.expected}. Actual: {row.actual}." if row else ""
    first = f" First check: {problem.texts.first_check}" if problem.texts else ""
    return f"::{level} {','.join(properties)}::{_data(f'{problem.who}.{proof}{first} Owner: {problem.owner}.')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
