"""SARIF 2.1.0: findings as code scanners and their viewers read them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import quote

from audit.check import catalogue
from reports.packet import Packet
from reports.parts import Finding
from reports.text import steady
from reports.words import step_of

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"blocker": "error", "warning": "warning", "note": "note"}
_LINE = re.compile(r"^(?P<file>.+):(?P<line>\d+)$")
_ENTRY = re.compile(r"^(?P<file>.+)#\d+$")
#: Where a finding stands that no row shows: GitHub refuses a whole log for one result without a place.
_PLAN = "audit.toml"


def render(packet: Packet) -> str:
    """One run: a rule a check with findings, a result a finding, waivers as suppressions."""
    named = [line for line in packet.checks if line.failed or line.unclear]
    places = {line.id: place for place, line in enumerate(named)}
    taken: dict[str, int] = {}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "pixel-capi-audit", "rules": [_rule(line.id) for line in named]}},
                "results": [_result(f, places[f.check], taken) for f in packet.findings if f.check in places],
                "columnKind": "utf16CodeUnits",
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(check_id: str) -> dict[str, Any]:
    check = catalogue()[check_id]
    return {
        "id": check.id,
        "shortDescription": {"text": check.failure},
        "fullDescription": {"text": check.why},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {"tags": [check.facet]},
    }


def _result(finding: Finding, rule: int, taken: dict[str, int]) -> dict[str, Any]:
    where = " ".join(filter(None, (step_of(finding.platform, finding.step), finding.subject)))
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "kind": "fail" if finding.ok is False else "open",
        "level": _LEVELS[finding.severity] if finding.ok is False else "none",
        "message": {"text": f"{finding.title}: {where}. Expected: {finding.expected}. Actual: {finding.actual}."},
        "locations": [_location(ref) for ref in finding.refs or (_PLAN,)],
        "partialFingerprints": {"pixelAudit/v1": _fingerprint(finding, taken)},
        "properties": {
            "owner": finding.role,
            "cause": finding.cause,
            "order": finding.order_id,
            "becauseOf": finding.because_of,
        },
    }
    if finding.waiver:
        text = f"{finding.waiver.reason} ({finding.waiver.role}, until {finding.waiver.expires})"
        result["suppressions"] = [{"kind": "external", "justification": text}]
    return result


def _location(ref: str) -> dict[str, Any]:
    line, entry = _LINE.match(ref), _ENTRY.match(ref)
    found = line or entry
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(found["file"] if found else ref)}}
    if line and int(line["line"]) > 0:
        place["region"] = {"startLine": int(line["line"])}
    return {"physicalLocation": place, "message": {"text": ref}}


def _fingerprint(finding: Finding, taken: dict[str, int]) -> str:
    """The same for the same fault in the next run: what was judged, not what was seen or where it stood."""
    parts = (finding.check, finding.platform, finding.step, steady(finding.subject), finding.cause)
    text = "\x1f".join(part or "" for part in parts)
    taken[text] = taken.get(text, 0) + 1
    return hashlib.sha256(f"{text}\x1f{taken[text]}".encode()).hexdigest()
