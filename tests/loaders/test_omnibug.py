"""Omnibug's export as its panel writes it: quotes in a body are not escaped, times are those of the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import engine
from audit.plan import Plan
from tests.wire.decoding import events
from tests.wire.test_tiktok_pixel import _body

AT = "Fri Nov 20 2026 17:00:{:02d} GMT+0700 (Western Indonesia Time)"
HIT = "https://www.facebook.com/tr/?id=1234567890123456&ev=Purchase&ts=1795168801123&eid=A-1&cd[value]=10&cd[currency]=USD"
FORM = {"id": ["1234567890123456"], "ev": ["AddToCart"], "ts": ["1795168800123"], "eid": ["cart-1"], "cd[value]": ["10"]}


def export(delimiter: str = ",", *extra: str) -> str:
    rows = [
        ["Omnibug v1.0.4", f"Exported {AT.format(59)}"],
        ["Event Type", "Provider", "Account", "Request ID", "Request URL", "POST Data", "Timestamp", "Notes"],
        ["Navigation", "", "", "", "https://shop.example.com/?fbclid=IwAR0abcdef", "", AT.format(0), ""],
        [
            "AddToCart",
            "Facebook Pixel",
            "1234567890123456",
            "12.1",
            "https://www.facebook.com/tr/",
            json.dumps(FORM),
            AT.format(1),
            "",
        ],
        ["Purchase", "Facebook Pixel", "1234567890123456", "12.2", HIT, "", AT.format(2), "my note, with a comma"],
        [
            "CompletePayment",
            "TikTok",
            "CT7",
            "12.3",
            "https://analytics.tiktok.com/api/v2/pixel",
            json.dumps(_body()),
            AT.format(3),
        ],
        ["Page View", "Google Analytics 4", "G-1", "12.4", "https://www.google-analytics.com/g/collect?v=2", "", AT.format(4), ""],
    ]
    lines = ['"' + f'"{delimiter}"'.join(row) + '"' for row in rows]
    return "\n".join([*lines, *extra]) + "\n"


def _audit(folder: Path, text: str) -> engine.Read:
    (folder / "export.csv").write_text(text, encoding="utf-8")
    return engine.read([engine.InputFile(folder / "export.csv", "export.csv", named=True)], Plan())


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_requests_become_events_of_one_visit(delimiter: str, tmp_path: Path) -> None:
    audit = _audit(tmp_path, export(delimiter))
    assert [(e["ref"], e["step"], e["event_id"], str(e["seen_at"])) for e in events(audit)] == [
        ("export.csv:4", "AddToCart", "cart-1", "2026-11-20 10:00:01"),
        ("export.csv:5", "Purchase", "A-1", "2026-11-20 10:00:02"),
        ("export.csv:6", "Purchase", "1001-CompletePayment-FORM", "2026-11-20 10:00:03"),
    ]
    assert {e["session"] for e in events(audit)} == {"visit 1"}
    assert audit.con.execute("select ref, platform, click_id from landings where platform = 'meta'").fetchall() == [
        ("export.csv:3", "meta", "IwAR0abcdef")
    ]


def test_rows_are_accounted_for(tmp_path: Path) -> None:
    audit = _audit(tmp_path, export(",", '"Purchase","Facebook Pixel","half a row', "not a row"))
    (loader, read, kept, ignored, rejected), *_ = audit.con.execute(
        "select loader, read_rows, kept, ignored, rejected from sources"
    ).fetchall()
    assert (loader, read, kept + ignored, rejected) == ("omnibug", 6, 5, 1)
    assert audit.con.execute("select * from rejects").fetchall() == [
        ("export.csv:8", "export.csv", "not a row as Omnibug writes it")
    ]
