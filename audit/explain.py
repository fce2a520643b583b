"""The catalogue as text for a terminal: every check in a line, one check whole."""

from __future__ import annotations

import textwrap

from audit.check import Cause, Check, catalogue


def listing() -> str:
    """Every check by gate: id, severity, whether it decides, and what is true when it passes."""
    lines: list[str] = []
    facet = ""
    for check in catalogue().values():
        if check.facet != facet:
            facet = check.facet
            lines += ([""] if lines else []) + [facet]
        mark = "decides" if check.deciding else ""
        lines.append(f"  {check.id:<30} {_severity(check):<16} {mark:<8} {check.title}")
    return "\n".join(lines) + "\n"


def _severity(check: Check) -> str:
    if check.severity == check.severity_other_steps:
        return check.severity
    return f"{check.severity}/{check.severity_other_steps}"


def explained(check: Check) -> str:
    """One check whole: what it asks, why, each cause with its cure, and the SQL."""
    lines = [
        check.id,
        "=" * len(check.id),
        f"Passes when: {check.title}.",
        f"Fails when:  {check.failure}.",
        f"Gate: {check.facet}. Severity: {_severity(check)}{' (Purchase/other steps)' if '/' in _severity(check) else ''}."
        f"{' Decides its gate.' if check.deciding else ''}",
        f"Needs: {', '.join(check.needs) or 'nothing'}.",
        *([f"May merely follow from: {', '.join(check.follows)}."] if check.follows else []),
        "",
        "Why it matters",
        textwrap.fill(check.why, 96, initial_indent="  ", subsequent_indent="  "),
    ]
    for cause in filter(None, (*check.causes.values(), check.own)):
        lines += [
            "",
            _heading(check, cause),
            _wrapped(f"Means: {cause.means}"),
            _wrapped(f"First check: {cause.first_check}"),
            _wrapped(f"Do not do yet: {cause.not_yet}"),
            _wrapped(f"Remedy ({cause.owner}): {cause.remedy}"),
            *([_wrapped(f"Merely follows from, in the same row: {', '.join(cause.follows)}.")] if cause.follows else []),
            *([_wrapped(f"Explains: {', '.join(cause.explains)}.")] if cause.explains else []),
        ]
    return "\n".join([*lines, "", "SQL", check.sql])


def _heading(check: Check, cause: Cause) -> str:
    if cause is not check.own:
        return f"Cause: {cause.id}"
    if check.own_is_open:
        return "Where it cannot tell"
    return "Where it names no cause" if check.causes else "What to do"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 96, initial_indent="  ", subsequent_indent="    ")
