"""The machine formats and the terminal summary: names that stay, cells that are safe, lines that fit."""

from __future__ import annotations

import csv as csv_reader
import io
import json as json_reader
import re
from dataclasses import replace
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Standard

from audit.verdict import Answer
from reports.findings import idle_waivers
from reports.formats import csv, github, html, json, junit, markdown, sarif, table
from reports.packet import Packet
from reports.parts import Reason, Waiver
from reports.words import step_of, unread
from tests import sarif as sarif_standard
from tests.packets import HOSTILE, hostile, packet_of

KEYS = {
    "": {"schema", "decision", "reasons", "launch", "gates", "table", "predicted", "checks", "findings", "senders", "sources",
         "rejects"},
    "launch": {"name", "timezone", "window", "test_orders"},
    "gates": {"id", "title", "verdict", "blocking", "warnings"},
    "table": {"platform", "event", "browser", "server", "paired", "orders", "browser_senders", "server_senders", "cells",
              "verdict", "owner"},
    "predicted": {"platform", "dataset", "event", "orders", "counted", "order_value", "counted_value"},
    "checks": {"id", "title", "facet", "severity", "verdict", "examined", "failed", "unclear", "waived"},
    "findings": {"check", "severity", "platform", "event", "subject", "order_id", "expected", "actual", "cause", "ok", "owner",
                 "waived", "because_of", "refs"},
    "senders": {"platform", "channel", "sender", "event", "events", "declared", "owner"},
    "sources": {"path", "kind", "loader", "sha256", "read", "kept", "rejected", "ignored"},
}  # fmt: skip
VERDICTS = {"PASS", "FAIL", "UNCLEAR", "NOT_RUN", "NOT_APPLICABLE", "ERROR"}


def test_run_json_has_exactly_the_promised_names() -> None:
    run = json_reader.loads(json.render(packet_of("double_sender")))
    assert set(run) == KEYS[""]
    for name, keys in KEYS.items():
        if name:
            rows = run[name] if isinstance(run[name], list) else [run[name]]
            assert rows
            assert {frozenset(row) for row in rows} == {frozenset(keys)}
    assert {gate["verdict"] for gate in run["gates"]} | {check["verdict"] for check in run["checks"]} <= VERDICTS
    assert [gate["id"] for gate in run["gates"]] == [
        "chain", "dedup", "money", "senders", "reconciliation", "attribution", "delivery", "payload", "privacy", "evidence",
    ]  # fmt: skip
    assert all(set(row["cells"]) == {"chain", "dedup", "money", "senders", "attribution", "delivery"} for row in run["table"])


def test_run_json_writes_money_and_times_as_text() -> None:
    run = json_reader.loads(json.render(packet_of("double_sender")))
    meta = next(row for row in run["predicted"] if row["platform"] == "meta")
    order = int(meta["order_value"]["IDR"])
    assert meta["counted"] == [2, 2]
    assert meta["counted_value"] == {"IDR": [str(2 * order)] * 2}
    assert all(time.endswith("Z") for time in run["launch"]["window"])
    assert json.render(packet_of("shopify_launch")).endswith("}\n")


def test_a_consequence_names_its_root() -> None:
    run = json_reader.loads(json.render(packet_of("double_sender")))
    follows = {f["check"]: f["because_of"] for f in run["findings"] if f["check"] in ("duplicate_sender", "duplicate_purchase")}
    assert follows == {"duplicate_sender": None, "duplicate_purchase": "duplicate_sender"}


@pytest.mark.parametrize(("start", "written"), [*((sign, f"'{sign}") for sign in "=+-@\t"), ("\r", "\\u000d")])
def test_no_cell_of_findings_csv_is_a_formula(start: str, written: str) -> None:
    packet = packet_of("double_sender")
    attack = f'{start}HYPERLINK("http://example.com";"x")'
    findings = tuple(replace(f, subject=attack, actual=attack, order_id=attack) for f in packet.findings)
    rows = list(csv_reader.reader(io.StringIO(csv.render(replace(packet, findings=findings)), newline="")))
    assert len(rows) == len(findings) + 1
    for row in rows[1:]:
        assert row[csv.COLUMNS.index("actual")] == written + attack[1:]
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("separator", [";", "\t", "\n"])
def test_no_cell_is_a_formula_to_a_spreadsheet_that_separates_otherwise(separator: str) -> None:
    packet = packet_of("double_sender")
    attack = f'x{separator}=HYPERLINK("http://example.com")'
    findings = tuple(replace(f, actual=attack, subject=attack) for f in packet.findings)
    text = csv.render(replace(packet, findings=findings))
    cells = [cell.strip(' "') for line in text.splitlines() for cell in re.split("[;\t]", line)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "x" in csv_reader.DictReader(io.StringIO(text, newline="")).__next__()["actual"]


def test_the_summary_begins_with_the_decision_and_keeps_its_width() -> None:
    for width in (60, 80, 100):
        text = table.render(packet_of("double_sender"), width=width)
        assert text.startswith("STOP  ")
        assert "\x1b" not in text
        assert not [line for line in text.splitlines() if len(line) > width]
        assert "Not tested" in text
    assert "\x1b[1;31mSTOP\x1b[0m" in table.render(packet_of("double_sender"), colour=True)


def test_a_reason_is_followed_by_the_row_that_proves_it() -> None:
    told = table.render(packet_of("regenerated_ids")).splitlines()
    first = next(number for number, line in enumerate(told) if line.startswith("1. "))
    assert told[first : first + 4] == [
        "1. The two copies of an event carry different event_ids: Meta Purchase, order 261120DCVLWN.",
        "   Expected  one event_id on both sides",
        "   Actual    browser 261120DCVLWN-Purchase-FORM, server srv_45458b89-2841-4aed-88a2-18087b9b4097",
        "   Rows      browser/order-1-all.har#81, browser/order-1-all.har#84",
    ]
    assert "82, orders/orders.json:1; 5 more in the packet" in table.render(packet_of("wrong_value"))
    packet = packet_of("wrong_value")
    (reason, *_) = packet.reasons
    assert reason.row
    bare = replace(packet, reasons=(replace(reason, row=replace(reason.row, refs=())),))
    assert "more in the packet" not in table.render(bare)


def test_a_gate_that_merely_follows_names_the_reason_it_follows_from() -> None:
    packet = packet_of("regenerated_ids")
    roots = {gate.id: gate.root for gate in packet.gates if gate.blocking}
    reason = packet.reasons[0].anchor
    assert roots == {"chain": reason, "dedup": None, "money": reason, "senders": reason}
    title = "Each core event comes once, from a sender the register names"
    assert f"Stop         {title} (follows from 1)" in table.render(packet).splitlines()
    assert f"| {title} | Stop; follows from 1 |  |" in markdown.render(packet).splitlines()
    assert not [gate for gate in packet_of("wrong_value").gates if gate.root]


def test_a_gate_that_need_not_be_judged_says_so_beside_a_go() -> None:
    packet = packet_of("shopify_launch")
    assert packet.decision == "GO"
    for text in (table.render(packet, width=140), markdown.render(packet), html.render(packet)):
        assert "does not decide without daily totals" in text.lower()
    required = replace(packet, gates=tuple(replace(gate, blocking=True) for gate in packet.gates))
    assert "does not decide" not in table.render(required)


def test_a_narrow_table_tells_every_warning_and_what_its_signs_mean() -> None:
    packet = packet_of("clean_launch")
    wide, narrow = table.render(packet, width=140), table.render(packet, width=60)
    assert "– +1" in wide
    assert "deduplication – +1" in " ".join(narrow.split())
    assert "–: nothing to judge   +1: one warning beside the answer" in wide
    assert "  +1: one warning beside the answer" in narrow.splitlines()


def test_an_act_of_the_shopper_is_told_in_words() -> None:
    told = {point.label for card in packet_of("shopify_launch").orders for point in card.points if point.lane == "shop"}
    assert told == {"Ad click", "Added to cart", "Cart changed", "Checkout sent"}


def test_a_file_nobody_could_read_is_named_wherever_the_answer_is() -> None:
    packet = replace(packet_of("clean_launch"), unrecognised=("orders/orders.xlsx",))
    said = "Files of no known format were not read: orders/orders.xlsx. What is evidence among them, export as CSV or JSON;"
    for text in (table.render(packet), markdown.render(packet), html.render(packet)):
        assert said in " ".join(text.split())


def test_where_each_unread_file_has_its_own_way_out_no_other_is_named() -> None:
    told = ("orders/orders.xlsx (an Excel workbook: save it as CSV)",)
    said = "Files of no known format were not read: orders/orders.xlsx (an Excel workbook: save it as CSV)."
    assert unread(told) == said
    assert unread((*told, "notes.txt")).endswith(
        "What is evidence among them, export as CSV or JSON; 'pixel-audit doctor' lists the formats."
    )


def test_hostile_text_cannot_break_a_markdown_table_or_the_json() -> None:
    packet = hostile(packet_of("double_sender"))
    for text in (markdown.render(packet), markdown.problem(packet.problems[0])):
        assert "<script>" not in re.sub(r"`[^`]*`", "", text)
    assert json_reader.loads(json.render(packet))["launch"]["name"] == HOSTILE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a_b_c", "a_b_c"),
        ("_1001_ and __x__", r"\_1001\_ and \_\_x\_\_"),
        ("~~gone~~", r"\~\~gone\~\~"),
        ("a&lt;b&#64;c&d", r"a\&lt;b\&#64;c&d"),
        ("x|y", r"x\|y"),
    ],
)
def test_what_looks_like_markup_stays_text_in_markdown(text: str, told: str) -> None:
    packet = packet_of("double_sender")
    named = replace(packet, launch=replace(packet.launch, name=text))
    assert markdown.render(named).splitlines()[0] == f"# Stop: {told}"


def test_a_file_s_name_breaks_no_table_in_markdown() -> None:
    (problem, *_) = packet_of("double_sender").problems
    row = replace(problem.rows[0], refs=("relay|`log`.ndjson:4",))
    lines = [line for line in markdown.problem(replace(problem, rows=(row,))).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}
    assert r"`relay\|log.ndjson:4`" in lines[-1]


def test_sarif_has_a_result_a_finding_with_a_fingerprint_that_stays() -> None:
    packet = packet_of("double_sender")
    run = json_reader.loads(sarif.render(packet))["runs"][0]
    assert len(run["results"]) == len(packet.findings)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    prints = [result["partialFingerprints"]["pixelAudit/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note", "none"}
        assert (result["kind"] == "open") == (result["level"] == "none")
        assert all(place["physicalLocation"]["artifactLocation"]["uri"] for place in result["locations"])


def test_sarif_carries_a_waiver_as_a_suppression() -> None:
    packet = packet_of("double_sender")
    waiver = Waiver("duplicate_sender", "*", "agreed", "media", "2026-12-01", expired=False, covers=1, owner="Media team")
    findings = tuple(replace(f, waiver=waiver) for f in packet.findings)
    results = json_reader.loads(sarif.render(replace(packet, findings=findings)))["runs"][0]["results"]
    assert {r["suppressions"][0]["justification"] for r in results} == {"agreed (media, until 2026-12-01)"}


def test_junit_is_a_suite_an_event_and_fails_where_a_blocker_failed() -> None:
    root = ElementTree.fromstring(junit.render(packet_of("double_sender")))
    suites = {suite.get("name"): suite for suite in root}
    assert suites["Meta Purchase"].get("failures") != "0"
    assert suites["TikTok Purchase"].get("failures") == "0"
    for suite in root:
        assert int(suite.get("tests", "0")) == len(suite.findall("testcase"))
    titles = {case.get("name") for case in suites["everything"] if case.find("skipped") is not None}
    assert "Shop, GA4, server and platforms agree day by day" in titles


def test_hostile_text_stays_text_in_junit_and_github() -> None:
    packet = hostile(packet_of("double_sender"))
    odd = replace(packet, launch=replace(packet.launch, name="a\x00b\x1b"))
    assert ElementTree.fromstring(junit.render(odd)).get("name") == "a?b?"
    lines = github.render(packet).splitlines()
    assert all(line.startswith("::") for line in lines)
    problem = packet.problems[0]
    forged = replace(packet, problems=(replace(problem, who="x\n::error::forged"),))
    assert not [line for line in github.render(forged).splitlines() if line.startswith("::error::forged")]


@pytest.mark.parametrize("which", ["a stop", "cannot tell", "waived", "hostile"])
def test_sarif_keeps_to_the_standard(which: str) -> None:
    packet = packet_of("regenerated_ids" if which == "cannot tell" else "double_sender")
    if which == "waived":
        waiver = Waiver("duplicate_sender", "*", "agreed", "media", "2026-12-01", expired=False, covers=1, owner="Media team")
        packet = replace(packet, findings=tuple(replace(f, waiver=waiver) for f in packet.findings))
    log = json_reader.loads(sarif.render(hostile(packet) if which == "hostile" else packet))
    validator = jsonschema_rs.Draft202012Validator(sarif_standard.SCHEMA, validate_formats=True)
    assert [error.message for error in validator.iter_errors(log)] == []
    Standard.model_validate(log)
    if which == "cannot tell":
        assert {result["kind"] for result in log["runs"][0]["results"]} == {"fail", "open"}


def test_sarif_keeps_a_fingerprint_from_run_to_run() -> None:
    def prints(packet: Packet) -> set[str]:
        results = json_reader.loads(sarif.render(packet))["runs"][0]["results"]
        return {result["partialFingerprints"]["pixelAudit/v1"] for result in results}

    packet = packet_of("double_sender")
    moved = tuple(replace(f, number=f.number + 7, actual=f"{f.actual} now", refs=("other.har#1",)) for f in packet.findings)
    assert prints(replace(packet, findings=moved)) == prints(packet)
    assert not prints(replace(packet, findings=moved[:3])) - prints(packet)


def test_sarif_keeps_the_fingerprint_of_what_is_masked() -> None:
    packet = packet_of("double_sender")
    results = [
        json_reader.loads(sarif.render(replace(packet, findings=(replace(packet.findings[0], subject=f"PO [phone] {mark}"),))))
        for mark in ("3cb849", "d4561a")
    ]
    first, second = (run["runs"][0]["results"][0]["partialFingerprints"] for run in results)
    assert first == second


def test_junit_has_a_suite_for_each_platform_s_event_and_a_case_for_each_check() -> None:
    packet = packet_of("double_sender")
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(junit.render(packet))}
    assert set(suites) - {"everything"} <= {step_of(platform, step) for platform, step, _ in packet.judged}
    assert {step_of(row.platform, row.step) for row in packet.rows} <= set(suites)
    for name, suite in suites.items():
        cases = [(case.get("classname"), case.get("name")) for case in suite.findall("testcase")]
        assert len(cases) == len(set(cases)), name
        for kind, counter in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert suite.get(counter) == str(len(suite.findall(f"testcase/{kind}")))
    everywhere = [(case.get("classname"), case.get("name")) for suite in suites.values() for case in suite.findall("testcase")]
    assert len(everywhere) == len(set(everywhere))
    titles = {line.title for line in packet.checks if line.examined or line.state != "ran"}
    assert {case.get("name") for suite in suites.values() for case in suite.findall("testcase")} == titles


def test_what_cannot_be_told_is_never_told_as_a_fault() -> None:
    packet = packet_of("regenerated_ids")
    open_ = [f for f in packet.findings if f.ok is None]
    assert open_
    assert all(f.title.startswith("Cannot tell whether ") for f in open_)
    for followed in (followed for problem in packet.problems for followed in problem.follows):
        assert len({row.ok for row in followed.rows}) == 1
        assert followed.title == followed.rows[0].title


def test_github_names_the_file_and_the_line_and_keeps_to_ten() -> None:
    packet = packet_of("regenerated_ids")
    lines = github.render(packet).splitlines()
    assert lines[0].startswith("::error file=browser/order-1-all.har,title=")
    assert lines[-1].startswith("::error title=Stop::")
    many = replace(packet, problems=packet.problems * 20)
    shown = github.render(many).splitlines()
    assert len(shown) == 11
    assert sum(line.startswith("::error ") for line in shown) <= 10
    told = len([problem for problem in many.problems if problem.status != "waived"])
    assert shown[-2].startswith(f"::notice title={told - 9} more in the packet::")


def test_github_names_what_is_missing_where_nothing_failed() -> None:
    missing = Reason("Not tested: whether each order has its Purchase.", "Store team", "Supply the export.", "not-tested", "open")
    packet = replace(packet_of("shopify_launch"), decision="NOT_PROVEN", reasons=(missing,), problems=())
    assert github.render(packet).splitlines()[0] == (
        "::warning title=Not tested%3A whether each order has its Purchase.::Supply the export. Owner: Store team."
    )


def test_junit_asks_for_nothing_where_a_check_was_left_out() -> None:
    packet = packet_of("shopify_launch")
    left_out = [replace(line, state="ignored", note="left out by --select or --ignore") for line in packet.checks[:1]]
    text = junit.render(replace(packet, checks=(*left_out, *packet.checks[1:])))
    assert '<skipped message="left out by --select or --ignore"/>' in text


def test_a_waiver_of_a_subject_that_no_finding_has_is_told() -> None:
    packet = packet_of("wrong_value")
    waiver = Waiver("value_mismatch", "meta", "agreed", "media", "2026-12-01", expired=False, covers=0, owner="Media team")
    (sentence,) = idle_waivers((waiver,), packet.findings)
    assert sentence.startswith("the waiver of value_mismatch for 'meta' covers no finding: theirs are 261120RNDCDV.")
    for other in (replace(waiver, covers=1), replace(waiver, expired=True), replace(waiver, check="wrong_store")):
        assert idle_waivers((other,), packet.findings) == ()


def test_a_waiver_of_what_cannot_be_told_is_told_to_accept_nothing() -> None:
    packet = packet_of("regenerated_ids")
    waiver = Waiver("value_mismatch", "*", "agreed", "media", "2026-12-01", expired=False, covers=0, owner="Media team")
    (sentence,) = idle_waivers((waiver,), packet.findings)
    assert "nobody can tell whether anything failed" in sentence
    assert idle_waivers((replace(waiver, subject="another-order"),), packet.findings) == ()


def test_a_check_of_which_all_that_failed_is_waived_does_not_read_as_passed() -> None:
    packet = packet_of("wrong_value")
    (line,) = [line for line in packet.checks if line.id == "value_mismatch"]
    lines = [replace(line, answer=Answer.PASS, waived=line.failed, worst=None)]
    row = html.render(replace(packet, checks=tuple(lines))).partition('<tr id="check-value_mismatch">')[2].partition("</tr>")[0]
    assert ">Waived</span>" in row
    assert "Pass" not in re.sub("title|passes", "", row)
