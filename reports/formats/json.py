"""``run.json``: the packet's facts under names that stay."""

from __future__ import annotations

import json
from typing import Any

from reports.packet import Packet
from reports.parts import Amounts, Finding
from reports.text import amount

SCHEMA = "pixel-audit/run/1"


def render(packet: Packet) -> str:
    """The whole run, indented, its keys in the order people read them."""
    return json.dumps(document(packet), ensure_ascii=False, indent=2) + "\n"


def document(packet: Packet) -> dict[str, Any]:
    """The run as plain values."""
    launch = packet.launch
    return {
        "schema": SCHEMA,
        "decision": packet.decision,
        "reasons": [reason.sentence for reason in packet.reasons],
        "launch": {
            "name": launch.name,
            "timezone": launch.timezone,
            "window": [moment.iso for moment in launch.window] if launch.window else [None, None],
            "test_orders": list(launch.test_orders),
        },
        "gates": [
            {"id": g.id, "title": g.title, "verdict": g.answer.name, "blocking": g.blocking, "warnings": g.warnings}
            for g in packet.gates
        ],
        "table": [
            {
                "platform": row.platform,
                "event": row.step,
                "browser": row.browser,
                "server": row.server,
                "paired": row.paired,
                "orders": row.orders,
                "browser_senders": list(row.browser_senders),
                "server_senders": list(row.server_senders),
                "cells": {cell.facet: cell.answer.name for cell in row.cells},
                "verdict": row.answer.name,
                "owner": row.owner,
            }
            for row in packet.rows
        ],
        "predicted": [
            {
                "platform": p.platform,
                "dataset": p.dataset,
                "event": p.step,
                "orders": p.orders,
                "counted": [p.low, p.high],
                "order_value": {a.currency: amount(a.low) for a in p.order_value},
                "counted_value": {a.currency: _range(a) for a in p.counted_value},
            }
            for p in packet.predicted
        ],
        "checks": [
            {
                "id": c.id,
                "title": c.title,
                "facet": c.facet,
                "severity": c.severity,
                "verdict": c.answer.name,
                "examined": c.examined,
                "failed": c.failed,
                "unclear": c.unclear,
                "waived": c.waived,
            }
            for c in packet.checks
        ],
        "findings": [_finding(f) for f in packet.findings],
        "senders": [
            {
                "platform": s.platform,
                "channel": s.channel,
                "sender": s.sender,
                "event": s.step,
                "events": s.events,
                "declared": s.declared,
                "owner": s.owner,
            }
            for s in packet.inventory.senders
        ],
        "sources": [
            {
                "path": s.path,
                "kind": s.kind,
                "loader": s.loader,
                "sha256": s.sha256,
                "read": s.read,
                "kept": s.kept,
                "rejected": s.rejected,
                "ignored": s.ignored,
            }
            for s in packet.sources
        ],
        "rejects": [{"ref": ref, "reason": reason} for ref, reason in packet.rejects],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    waiver = finding.waiver
    return {
        "check": finding.check,
        "severity": finding.severity,
        "platform": finding.platform,
        "event": finding.step,
        "subject": finding.subject,
        "order_id": finding.order_id,
        "expected": finding.expected,
        "actual": finding.actual,
        "cause": finding.cause,
        "ok": finding.ok,
        "owner": finding.role,
        "waived": {"reason": waiver.reason, "owner": waiver.role, "expires": waiver.expires} if waiver else None,
        "because_of": finding.because_of,
        "refs": list(finding.refs),
    }


def _range(amounts: Amounts) -> list[str | None]:
    return [amount(amounts.low), amount(amounts.high)]
