"""Waivers: an accepted gap stays visible with its reason, owner and expiry, is counted apart, and blocks once it has expired."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from audit.cli import main

STORIES = Path(__file__).parent.parent / "sample_data"


def _waived(folder: Path, story: str, beside: str = "", now: str = "2026-11-20T12:00:00Z", **waiver: str) -> dict[str, Any]:
    """A story run with one waiver, and with what stands ``beside`` it in the plan."""
    keys = {"reason": '"agreed with finance"', "owner": '"media"', "expires": "2026-12-31"} | {
        key: value if key == "expires" else json.dumps(value) for key, value in waiver.items()
    }
    plan = folder / "audit.toml"
    plan.write_text(
        (STORIES / story / "audit.toml").read_text(encoding="utf-8")
        + "\n[[waivers]]\n"
        + "".join(f"{key} = {value}\n" for key, value in keys.items())
        + beside,
        encoding="utf-8",
    )
    command = ["run", str(STORIES / story), "--plan", str(plan), "--out", str(folder / "p"), "--now", now]
    result = CliRunner().invoke(main, [*command, "--format", "json"], catch_exceptions=False)
    run: dict[str, Any] = json.loads(result.stdout)
    return run


def _check(run: dict[str, Any], name: str) -> dict[str, Any]:
    return next(check for check in run["checks"] if check["id"] == name)


def test_an_accepted_gap_is_a_condition_and_stays_visible(tmp_path: Path) -> None:
    run = _waived(tmp_path, "wrong_value", check="value_mismatch")
    assert run["decision"] == "GO_WITH_CONDITIONS"
    rows = [row for row in run["findings"] if row["check"] == "value_mismatch"]
    assert {row["ok"] for row in rows} == {False}
    assert rows[0]["waived"] == {"reason": "agreed with finance", "owner": "media", "expires": "2026-12-31"}
    assert _check(run, "value_mismatch")["waived"] == len(rows)
    assert "agreed with finance" in (tmp_path / "p" / "packet.html").read_text(encoding="utf-8")


def test_a_waiver_covers_its_subject_only(tmp_path: Path) -> None:
    run = _waived(tmp_path, "wrong_value", check="value_mismatch", subject="another-order")
    assert run["decision"] == "STOP"


def test_an_expired_waiver_covers_nothing_and_blocks(tmp_path: Path) -> None:
    run = _waived(tmp_path, "wrong_value", check="value_mismatch", expires="2026-11-01")
    assert run["decision"] == "STOP"
    assert _check(run, "expired_waiver")["verdict"] == "FAIL"
    assert all(row["waived"] is None for row in run["findings"] if row["check"] == "value_mismatch")


def test_a_waiver_s_last_day_is_a_day_of_the_launch_s_zone(tmp_path: Path) -> None:
    """22:00 in Jakarta on the 20th, and half past midnight on the 21st there: still the 20th in UTC."""
    last_day = _waived(tmp_path, "wrong_value", now="2026-11-20T15:00:00Z", check="value_mismatch", expires="2026-11-20")
    assert last_day["decision"] == "GO_WITH_CONDITIONS"
    over = _waived(tmp_path, "wrong_value", now="2026-11-20T17:30:00Z", check="value_mismatch", expires="2026-11-20")
    assert over["decision"] == "STOP"
    page = (tmp_path / "p" / "packet.html").read_text(encoding="utf-8")
    assert "2026-11-20 (expired)" in page


def test_a_root_takes_its_consequences_along(tmp_path: Path) -> None:
    run = _waived(tmp_path, "double_sender", check="duplicate_sender")
    assert run["decision"] == "GO_WITH_CONDITIONS"
    assert {row["check"] for row in run["findings"] if row["waived"]} >= {"duplicate_sender", "duplicate_purchase"}


def test_a_waived_consequence_leaves_its_root_open(tmp_path: Path) -> None:
    assert _waived(tmp_path, "double_sender", check="duplicate_purchase")["decision"] == "STOP"


def test_a_waiver_of_another_subject_takes_nothing_from_what_a_root_takes_along(tmp_path: Path) -> None:
    other = """
[[waivers]]
check = "duplicate_purchase"
subject = "another-order"
reason = "known"
owner = "media"
expires = 2026-12-31
"""
    run = _waived(tmp_path, "double_sender", other, check="duplicate_sender")
    assert run["decision"] == "GO_WITH_CONDITIONS"
    assert all(row["waived"] for row in run["findings"] if row["check"] == "duplicate_purchase" and row["ok"] is False)


def test_what_cannot_be_told_because_of_an_accepted_fault_is_told_as_open(tmp_path: Path) -> None:
    run = _waived(tmp_path, "regenerated_ids", check="event_id_mismatch")
    assert run["decision"] == "NOT_PROVEN"
    assert [row["check"] for row in run["findings"] if row["ok"] is None and row["waived"]] == []
    assert any("Cannot tell whether every Purchase reports the order amount" in reason for reason in run["reasons"])
    (purchase,) = [row for row in run["table"] if (row["platform"], row["event"]) == ("meta", "Purchase")]
    assert purchase["cells"]["money"] == "UNCLEAR"
