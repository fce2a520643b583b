"""Attachments of the plan, and the one check that judges what the others found."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from audit import engine
from audit.check import catalogue
from audit.errors import PlanError
from audit.plan_file import read_plan

LOG = """{"ts": "2026-11-20T10:00:00Z", "method": "POST", "url": "https://api.scalev.com/v3/stores/store_b/public/analytics/meta/events", "status": 204, "body": {"event_source_url": "https://shop.example.com/", "user_data": {"country": "id"}, "events": [{"event_id": "1001-Purchase-FORM", "event_name": "Purchase", "parameters": {"value": 150000, "currency": "IDR"}}]}}
"""  # noqa: E501


def _audit(folder: Path, plan: str) -> engine.Audit:
    (folder / "audit.toml").write_text(plan, encoding="utf-8")
    (folder / "relay.ndjson").write_text(LOG, encoding="utf-8")
    return engine.run([engine.InputFile(folder / "relay.ndjson", "relay.ndjson")], read_plan(folder / "audit.toml"))


def test_an_attachment_is_kept_with_its_digest(tmp_path: Path) -> None:
    (tmp_path / "proof").mkdir()
    (tmp_path / "proof" / "test-events.png").write_bytes(b"a picture")
    audit = _audit(tmp_path, '[[evidence]]\ncard = "test_events"\nfile = "proof/test-events.png"\nnote = "order 1001"\n')
    assert audit.con.execute("select * from plan_evidence").fetchall() == [
        ("test_events", "proof/test-events.png", hashlib.sha256(b"a picture").hexdigest(), "order 1001")
    ]
    open_cards = "select subject from findings where check_id = 'missing_evidence_card' order by subject"
    assert audit.con.execute(open_cards).fetchall() == [("order_admin",), ("reconciliation",), ("trigger_sources",)]


def test_a_missing_attachment_is_a_mistake_in_the_plan(tmp_path: Path) -> None:
    plan = '[[evidence]]\ncard = "order_admin"\nfile = "order.png"\n'
    with pytest.raises(PlanError, match=r"evidence\[1\]\.file: .*order\.png cannot be read"):
        _audit(tmp_path, plan)


def test_an_expired_waiver_is_judged_when_every_finding_is_there(tmp_path: Path) -> None:
    plan = """
[platforms.meta]
relay_store = "store_a"

[[waivers]]
check = "wrong_store"
reason = "the move to the new store"
owner = "tracking"
expires = 2026-01-31
"""
    audit = _audit(tmp_path, plan)
    found = audit.con.execute("select subject, severity, ok from findings where check_id = 'expired_waiver'").fetchall()
    assert found == [("waiver of wrong store", "blocker", False)]
    assert [outcome.check.id for outcome in audit.outcomes] == list(catalogue())
