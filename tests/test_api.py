"""``audit.run`` for notebooks: frames, with money as decimals and nobody's data."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import audit
from audit.errors import InputError

STORIES = Path(__file__).parent.parent / "sample_data"


@pytest.fixture(scope="module")
def result() -> audit.Result:
    return audit.run(STORIES / "double_sender", now=datetime(2026, 11, 20, 12, tzinfo=UTC))


def test_an_audit_gives_its_decision_and_frames(result: audit.Result) -> None:
    assert result.decision == "STOP"
    roots = result.findings[(result.findings["ok"] == False) & result.findings["because_of"].isna()]  # noqa: E712
    assert "duplicate_sender" in set(roots["check_id"])
    assert set(result.events["platform"]) == {"meta", "tiktok", "snackvideo"}
    assert (result.tallies["examined"] == result.tallies["passed"] + result.tallies["failed"] + result.tallies["unclear"]).all()


def test_a_finding_names_its_owner_and_its_waiver(tmp_path: Path) -> None:
    plan = tmp_path / "audit.toml"
    written = (STORIES / "double_sender" / "audit.toml").read_text(encoding="utf-8")
    waiver = '[[waivers]]\ncheck = "duplicate_sender"\nreason = "agreed"\nowner = "media"\nexpires = 2026-12-31\n'
    plan.write_text(f"{written}\n{waiver}", encoding="utf-8")
    result = audit.run(STORIES / "double_sender", plan=plan, now="2026-11-20T12:00:00Z")
    told = result.findings.merge(result.tables["plan_waivers"], left_on="waived", right_on="waiver", suffixes=("", "_of_waiver"))
    assert set(told["reason"]) == {"agreed"}
    assert "duplicate_sender" in set(told["check_id"])
    owners = dict(zip(result.findings["check_id"], result.findings["owner"], strict=True))
    assert owners["duplicate_sender"] == "tracking"
    assert owners["missing_evidence_card"] == "media"


def test_money_is_decimal(result: audit.Result) -> None:
    values = [value for value in result.events["value"] if value is not None]
    assert values
    assert all(isinstance(value, Decimal) for value in values)


def test_no_frame_holds_a_digest_or_a_whole_click_id(result: audit.Result) -> None:
    frames = {"events": result.events, "findings": result.findings, **result.tables}
    assert not [(name, column) for name, frame in frames.items() for column in frame if str(column).endswith("_digest")]
    assert all("…" in click for click in result.events["click_id"].dropna())


def test_the_readme_s_example_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    text = (STORIES.parent / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    monkeypatch.chdir(STORIES)
    exec(compile(block.replace("my-launch", "double_sender"), "README.md", "exec"), {})
    told = capsys.readouterr().out
    assert told.startswith("STOP\n")
    assert "duplicate_sender" in told
    assert "Purchase" in told


def test_a_mistake_is_an_error_of_the_same_words() -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        audit.run("nowhere.har")
    with pytest.raises(InputError, match="Did you mean 'value_mismatch'"):
        audit.run(STORIES / "double_sender", ignore="value_mismatsch")
    with pytest.raises(InputError, match="now: 'soon' is no time"):
        audit.run(STORIES / "double_sender", now="soon")
