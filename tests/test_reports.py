"""The machine formats and the terminal summary: names that stay, cells that are safe, lines that fit."""

from __future__ import annotations

import csv as csv_reader
import io
import json as json_reader
import re
from dataclasses import replace

import pytest

from reports.formats import csv, json, markdown, table
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


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_findings_csv_is_a_formula(start: str) -> None:
    packet = packet_of("double_sender")
    attack = f'{start}HYPERLINK("http://example.com";"x")'
    findings = tuple(replace(f, subject=attack, actual=attack, order_id=attack) for f in packet.findings)
    rows = list(csv_reader.reader(io.StringIO(csv.render(replace(packet, findings=findings)), newline="")))
    assert len(rows) == len(findings) + 1
    for row in rows[1:]:
        assert row[csv.COLUMNS.index("actual")] == f"'{attack}"
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_the_summary_begins_with_the_decision_and_keeps_its_width() -> None:
    for width in (60, 80, 100):
        text = table.render(packet_of("double_sender"), width=width)
        assert text.startswith("STOP  ")
        assert "\x1b" not in text
        assert not [line for line in text.splitlines() if len(line) > width]
        assert "Not tested" in text
    assert "\x1b[1;31mSTOP\x1b[0m" in table.render(packet_of("double_sender"), colour=True)


def test_hostile_text_cannot_break_a_markdown_table_or_the_json() -> None:
    packet = hostile(packet_of("double_sender"))
    for text in (markdown.render(packet), markdown.problem(packet.problems[0])):
        assert "<script>" not in re.sub(r"`[^`]*`", "", text)
    assert json_reader.loads(json.render(packet))["launch"]["name"] == HOSTILE
