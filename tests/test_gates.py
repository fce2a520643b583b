"""Gates and the decision: what was not shown is no pass, whatever was handed in beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from audit import engine
from audit.cli import main
from audit.inputs import find_inputs
from audit.plan_file import read_plan
from audit.verdict import Answer, judge
from tests.faults import decoded_cases
from tests.faults.decoded_shop import decoded_launch
from tests.faults.judging import NOW
from tests.faults.woo_shop import woo_launch

CLEAN = Path(__file__).parent.parent / "sample_data" / "clean_launch"
TOTALS = "date,source,event,count,value,currency\n"


def _run(folder: Path, *, test_orders: str = "", plan: str = "", **files: str) -> dict[str, Any]:
    """The clean launch, with other test orders, more of a plan, more files."""
    shutil.copytree(CLEAN, folder / "in")
    for name, text in files.items():
        (folder / "in" / name.replace("_", ".")).write_text(text, encoding="utf-8")
    lines = (folder / "in" / "audit.toml").read_text(encoding="utf-8").splitlines()
    lines = [test_orders if test_orders and line.startswith("test_orders") else line for line in lines]
    (folder / "in" / "audit.toml").write_text("\n".join(lines) + plan, encoding="utf-8")
    command = ["run", str(folder / "in"), "--out", str(folder / "out"), "--now", "2026-11-20T12:00:00Z", "--format", "json"]
    run: dict[str, Any] = json.loads(CliRunner().invoke(main, command, catch_exceptions=False).stdout)
    return run


def _gate(run: dict[str, Any], name: str) -> tuple[str, bool]:
    return next((gate["verdict"], gate["blocking"]) for gate in run["gates"] if gate["id"] == name)


def test_without_totals_the_reconciliation_is_not_judged_and_does_not_block(tmp_path: Path) -> None:
    run = _run(tmp_path)
    assert _gate(run, "reconciliation") == ("NOT_RUN", False)
    assert run["decision"] != "NOT_PROVEN"


def test_a_diagnostic_reconciles_nothing(tmp_path: Path) -> None:
    told = {"web": [{"event_name": "Purchase", "event_coverage": {"percentage": 90}, "dedupe_key_feedback": []}]}
    run = _run(tmp_path, diagnostics_json=json.dumps(told))
    assert [source["kind"] for source in run["sources"] if source["path"] == "diagnostics.json"] == ["diagnostics"]
    assert _gate(run, "reconciliation") == ("NOT_RUN", False)


def test_totals_of_which_no_row_can_be_read_were_supplied_and_prove_nothing(tmp_path: Path) -> None:
    run = _run(tmp_path, totals_csv=TOTALS + "someday,shopify,Purchase,many,much,IDR\n")
    assert _gate(run, "reconciliation") == ("NOT_RUN", True)
    assert run["decision"] == "NOT_PROVEN"


def test_totals_of_other_days_prove_nothing(tmp_path: Path) -> None:
    rows = "2026-10-01,shopify,Purchase,100,5000000,IDR\n2026-10-01,ga4,Purchase,100,5000000,IDR\n"
    run = _run(tmp_path, totals_csv=TOTALS + rows)
    assert _gate(run, "reconciliation") == ("UNCLEAR", True)
    assert run["decision"] == "NOT_PROVEN"


def test_a_waiver_accepts_what_failed_and_not_what_nobody_saw(tmp_path: Path) -> None:
    waiver = '\n[[waivers]]\ncheck = "order_without_purchase"\nreason = "agreed"\nowner = "media"\nexpires = 2026-12-31\n'
    run = _run(tmp_path, test_orders='test_orders = ["9999"]', plan=waiver)
    unclear = [row for row in run["findings"] if row["check"] == "order_without_purchase"]
    assert {(row["subject"], row["ok"], row["waived"]) for row in unclear} == {("9999", None, None)}
    assert _gate(run, "chain") == ("UNCLEAR", True)
    assert run["decision"] == "NOT_PROVEN"


def test_what_follows_in_the_same_cell_is_no_second_case(tmp_path: Path) -> None:
    launch = decoded_launch()
    next(case for case in decoded_cases.CASES if case.name == "one order without any meta purchase").slip(launch)
    launch.write(tmp_path)
    plan = read_plan(tmp_path / "audit.toml")
    verdict = judge(engine.run(find_inputs((tmp_path,), plan), plan, now=NOW))
    row = next(row for row in verdict.table if (row.platform, row.step) == ("meta", "Purchase"))
    assert [(cell.answer, cell.failed) for cell in row.cells if cell.facet == "chain"] == [(Answer.FAIL, 1)]


def test_a_pixel_the_plan_does_not_name_passes_no_cell(tmp_path: Path) -> None:
    launch = woo_launch()
    launch.plan["launch"].pop("test_orders")
    for platform in launch.plan["platforms"].values():
        platform |= {"datasets": ["7000000000000001"], "allowed_domains": ["other.example.org"]}
    launch.write(tmp_path)
    plan = read_plan(tmp_path / "audit.toml")
    verdict = judge(engine.run(find_inputs((tmp_path,), plan), plan, now=NOW))
    assert {(gate.id, gate.answer) for gate in verdict.gates} >= {("dedup", Answer.NOT_RUN), ("money", Answer.NOT_RUN)}
    assert not [cell for row in verdict.table for cell in row.cells if cell.answer is Answer.PASS]
