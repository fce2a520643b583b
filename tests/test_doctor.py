"""What a user sees who has a gap in the evidence: the doctor says what to do, the packet what could not be judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from audit import engine
from audit.check import catalogue
from audit.cli import main
from audit.doctor import FileReport, examine
from audit.plan import Plan
from audit.remedies import REMEDIES, remedy

#: An export of 34 columns, as an older shop or an app hands it out: no Subtotal, Taxes and Total.
COLUMNS_34 = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Shipping,Discount Code,\
Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,\
Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing City,Billing Zip,\
Billing Country,Billing Phone,Notes,Cancelled at,Payment Method,Vendor,Id,Tags,Source
#1001,a@example.com,paid,2026-11-20 10:00:05 -0500,,,no,USD,0.00,,,,2026-11-20 10:00:00 -0500,1,Shirt,10.00,,SKU1,true,true,\
pending,A,B,C,1,US,,,,card,V,5000000001,,web
"""
POS_ONLY = """\
order_id,created_at,currency,total,source
P-1,2026-11-20T10:00:00Z,USD,5,pos
P-2,2026-11-20T10:01:00Z,USD,5,pos
,2026-11-20T10:02:00Z,USD,5,pos
"""


def _entry(url: str, method: str = "POST", mime: str = "text/plain") -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-20T15:00:00.000Z",
        "time": 20,
        "pageref": "p1",
        "request": {"method": method, "url": url, "headers": []},
        "response": {"status": 200, "content": {"mimeType": mime}},
    }


WITHOUT_BODIES = json.dumps(
    {
        "log": {
            "version": "1.2",
            "entries": [
                _entry("https://shop.example.com/thank-you", "GET", "text/html"),
                _entry("https://analytics.tiktok.com/api/v2/pixel"),
                _entry("https://www.facebook.com/tr/"),
            ],
        }
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"a.har": WITHOUT_BODIES, "pos.csv": POS_ONLY, "shopify.csv": COLUMNS_34, "notes.md": "# notes\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "broken.har").write_text(WITHOUT_BODIES[:-30], encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    return tmp_path


def _pixel_audit(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _reports(folder: Path) -> dict[str, FileReport]:
    files = [engine.InputFile(path, path.name) for path in sorted(folder.iterdir())]
    return {report.name: report for report in examine(files, Plan()).files}


def test_every_file_is_judged_on_its_own_terms(folder: Path) -> None:
    found = _reports(folder)
    assert list(found) == ["a.har", "broken.har", "empty.csv", "notes.md", "pos.csv", "shopify.csv"]
    assert found["broken.har"].problem.startswith("broken.har: the HAR breaks off or is damaged")
    assert found["empty.csv"].problem.startswith("empty.csv: the file is empty")
    assert found["notes.md"].problem == "of no known format"
    assert found["a.har"].missing == ("no request bodies",)
    assert found["pos.csv"].missing == ("no order of the web shop: all 2 were sold elsewhere or need no events (sold through pos)",)
    assert found["pos.csv"].refused == (("no order id in this row", 1, "pos.csv:4"),)
    assert "no Total column: order values cannot be compared" in found["shopify.csv"].missing


def test_the_report_says_what_each_gap_stops_and_what_to_do(folder: Path) -> None:
    text = _pixel_audit("doctor", folder).output
    assert "har: 3 rows read = 0 kept + 3 ignored + 0 rejected" in text
    assert "refused: 1 row, no order id in this row; first at pos.csv:4" in text
    for words in (
        "Save the HAR from the browser's own DevTools ('Export HAR')",
        "Place a test order in the web shop",
        "Export the orders again",
    ):
        assert words in text
    assert "stops: value_mismatch" in text
    assert "not read: of no known format" in text
    assert max(len(line) for line in text.partition("Known formats")[0].splitlines()) <= 100


def test_what_decides_most_comes_first(folder: Path) -> None:
    files = [engine.InputFile(path, path.name) for path in sorted(folder.glob("*.csv")) if path.stat().st_size]
    gaps = examine(files, Plan()).gaps
    assert next(gap.need for gap in gaps if gap.gates) in ("browser events", "server events")
    counts = [(len(gap.gates), len(gap.deciding)) for gap in gaps]
    assert counts == sorted(counts, reverse=True)
    assert [gap.gates for gap in gaps if gap.need == "totals"] == [()], "judged only when totals are there, or asked for"
    asked = examine(files, Plan(reconciliation="required")).gaps
    assert [gap.gates for gap in asked if gap.need == "totals"] == [("reconciliation",)]
    assert {gap.need for gap in gaps if gap.is_plan} >= {"register", "datasets"}
    needs = [gap.need for gap in gaps]
    assert needs.index("totals") < needs.index("diagnostics"), "what would decide once it is there stands before what never does"


@pytest.mark.parametrize(
    ("name", "content", "gate"),
    [("a.har", WITHOUT_BODIES, "dedup"), ("pos.csv", POS_ONLY, "money"), ("shopify.csv", COLUMNS_34, "money")],
)
def test_the_packet_never_passes_what_could_not_be_judged(name: str, content: str, gate: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    result = _pixel_audit("run", tmp_path, "--out", tmp_path / "packet", "--now", "2026-11-20T16:00:00Z")
    run = json.loads((tmp_path / "packet" / "run.json").read_text(encoding="utf-8"))
    assert (result.exit_code, run["decision"]) == (3, "NOT_PROVEN")
    assert {g["id"]: g["verdict"] for g in run["gates"]}[gate] == "NOT_RUN"


def test_every_remedy_names_checks_that_exist() -> None:
    assert {check for known in REMEDIES for check in known.stops} <= set(catalogue())


def test_an_export_of_headings_only_is_told(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,created_at,currency,total\n", encoding="utf-8")
    assert _reports(tmp_path)["orders.csv"].missing == ("there is no row in it",)


def test_a_gap_that_needs_no_advice_has_none() -> None:
    assert remedy("3 of 9 orders need no events (sold through pos)") is None


@pytest.mark.parametrize("shop", ["shopify", "woocommerce", "scalev", "other"])
def test_a_fresh_folder_is_told_what_it_needs(shop: str, tmp_path: Path) -> None:
    assert _pixel_audit("init", tmp_path, "--shop", shop).exit_code == 0
    notes = {path.parent.name for path in tmp_path.rglob("HOW-TO-EXPORT.md")}
    assert notes == {"browser", "server", "orders", "totals", "evidence"}
    result = _pixel_audit("doctor", tmp_path)
    assert result.exit_code == 2
    assert "Put a HAR, a server request log and the shop's order export into the folder" in result.stderr
    (tmp_path / "orders" / "orders.csv").write_text(COLUMNS_34, encoding="utf-8")
    assert "orders/orders.csv\n  shopify: 1 row read" in _pixel_audit("doctor", tmp_path).output


def test_times_are_told_in_the_zone_of_the_plan(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(POS_ONLY, encoding="utf-8")
    assert "  2026-11-20 10:00 to 2026-11-20 10:01 UTC\n" in _pixel_audit("doctor", tmp_path).stdout
    (tmp_path / "audit.toml").write_text('[launch]\ntimezone = "Asia/Karachi"\n', encoding="utf-8")
    assert "  2026-11-20 15:00 to 2026-11-20 15:01 Asia/Karachi\n" in _pixel_audit("doctor", tmp_path).stdout


def test_a_file_handed_in_twice_is_named_with_its_other_name(tmp_path: Path) -> None:
    for name in ("orders (1).csv", "orders.csv"):
        (tmp_path / name).write_text(POS_ONLY, encoding="utf-8")
    told = "orders.csv\n  not read: the same bytes as orders (1).csv, which are read once\n"
    assert told in _pixel_audit("doctor", tmp_path).stdout
