"""A packet stays small whatever was found; what it does not show stands whole in findings.csv."""

from __future__ import annotations

import csv as csv_reader
import io
import json
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import cast

import duckdb
import pytest

from audit import engine, verdict
from audit.plan import Plan
from audit.plan_file import read_plan
from reports.acceptance import predicted
from reports.formats import csv, html, junit, markdown
from reports.packet import Packet, build
from tests.packets import NOW, STORIES, evidence_of, packet_of

MIB = 1024 * 1024
MANY = 100_000
#: Texts as long as a log may hold them.
LONG = 200_000


@pytest.fixture(scope="module")
def large() -> Packet:
    """A launch in which every check that can fail did, a hundred thousand times in all."""
    root = STORIES / "double_sender"
    audit = engine.run(evidence_of("double_sender"), read_plan(root / "audit.toml"), now=NOW)
    con = audit.con
    checks = [(outcome.check.id, next(iter(outcome.check.causes), None)) for outcome in audit.outcomes if outcome.state == "ran"]
    con.execute("create temp table faults (place integer, check_id varchar, cause varchar)")
    con.executemany("insert into faults values (?, ?, ?)", [(place, *check) for place, check in enumerate(checks)])
    con.execute(
        f"""
        insert into findings by name
        select
            1000 + n as finding,
            f.check_id,
            'warning' as severity,
            ['meta', 'tiktok', 'snackvideo'][1 + n % 3] as platform,
            'Purchase' as step,
            'order ' || n as subject,
            'order ' || n as order_id,
            n % 5 > 0 as ok,
            'one copy' as expected,
            case when n < 400 then repeat('x', {LONG}) else 'copy ' || n end as actual,
            f.cause,
            'tracking' as owner,
            'server/day.ndjson:' || n as ref
        from range({MANY}) r(n)
        join faults f on f.place = n % {len(checks)}
        """
    )
    con.execute("update findings set ok = false where ok and finding >= 1000")
    con.execute("update findings set ok = null where finding >= 1000 and finding % 7 = 0")
    packet = build(audit, verdict.judge(audit))
    con.close()
    return packet


def test_thousands_of_pixels_take_no_statement_each() -> None:
    """A log of a whole agency, or one whose pixel id was made up anew with each hit."""
    audit = engine.run(evidence_of("clean_launch"), read_plan(STORIES / "clean_launch" / "audit.toml"), now=NOW)
    asked = _Asked(audit.con)
    before = len(predicted(replace(audit, con=cast(duckdb.DuckDBPyConnection, asked))))
    statements = asked.number
    audit.con.execute(
        "insert into predicted_orders by name"
        " select 'meta' as platform, 'pixel ' || n as dataset, 0 as low, 0 as high from range(3000) r(n)"
    )
    assert len(predicted(replace(audit, con=cast(duckdb.DuckDBPyConnection, asked)))) == before + 3000
    assert asked.number == 2 * statements
    audit.con.close()


class _Asked:
    """A connection that counts what it is asked."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con, self.number = con, 0

    def execute(self, query: str) -> duckdb.DuckDBPyConnection:
        self.number += 1
        return self.con.execute(query)


def test_a_test_order_s_packet_is_under_one_mebibyte() -> None:
    for story in sorted(path.parent.name for path in STORIES.glob("*/audit.toml")):
        assert len(html.render(packet_of(story)).encode()) < MIB, story


def test_thousands_of_purchases_of_one_order_are_not_all_drawn() -> None:
    """A page out of a cache, which names the same order for every buyer."""
    root = STORIES / "double_sender"
    audit = engine.run(evidence_of("double_sender"), read_plan(root / "audit.toml"), now=NOW)
    audit.con.execute(
        """
        insert into events
        select e.* replace (e.event_key + 1000 + n as event_key, e.value + n % 100 as value)
        from (select * from events where step = 'Purchase' and order_id is not null order by event_key limit 1) e
        cross join range(20000) r(n)
        """
    )
    packet = build(audit, verdict.judge(audit))
    audit.con.close()
    bridges = [card.bridge for card in packet.orders if card.bridge and card.bridge.hidden]
    assert [(len(bridge.sent), bridge.hidden > 19_900) for bridge in bridges] == [(40, True)]
    assert len({bar.text for bar in bridges[0].sent}) > 30
    assert "further values not shown." in html.render(packet)


def test_a_sender_and_a_pixel_of_its_own_for_each_event_make_a_small_page(tmp_path: Path) -> None:
    """A log that names its senders by process or connection, or a pixel id made up anew with each hit."""
    call = {"ts": "2026-11-20T10:00:00Z", "platform": "meta", "event": "Purchase"}
    rows = [
        call | {"pixel_id": f"{4907283615000000 + n}", "sender": f"relay {n}", "event_id": f"{n}", "params": {"order_id": f"o{n}"}}
        for n in range(3000)
    ]
    contents = {
        "pixel.ndjson": "".join(json.dumps(row) + "\n" for row in rows),
        "orders.csv": "order_id,created_at,currency,total\n" + "".join(f"o{n},2026-11-20T10:00:00Z,IDR,1\n" for n in range(3000)),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    audit = engine.run([engine.InputFile(tmp_path / name, name, named=True) for name in contents], Plan(), now=NOW)
    packet = build(audit, verdict.judge(audit))
    audit.con.close()
    page = html.render(packet)
    assert len(page.encode()) < MIB
    for words in ("60 of 3000 pixels", "200 of 3000 senders", "and 2980 more", "# 2800 more, all in run.json"):
        assert words in page
    assert len(tomllib.loads(packet.inventory.register)["senders"]) == 200


def test_a_hundred_thousand_findings_make_a_packet_under_five_mebibytes(large: Packet) -> None:
    began = time.monotonic()
    page = html.render(large)
    assert len(large.findings) >= MANY
    assert len(page.encode()) < 5 * MIB
    assert "all in findings.csv" in page
    assert time.monotonic() - began < 15


def test_what_the_packet_does_not_show_is_in_findings_csv(large: Packet) -> None:
    csv_reader.field_size_limit(2 * LONG)
    rows = list(csv_reader.DictReader(io.StringIO(csv.render(large), newline="")))
    assert len(rows) == len(large.findings)
    assert {row["subject"] for row in rows} >= {f"order {n}" for n in range(MANY)}
    assert max(len(row["actual"]) for row in rows) == LONG


def test_a_cut_list_says_how_much_there_is(large: Packet) -> None:
    page = html.render(large)
    for problem in large.problems:
        if problem.total > len(problem.rows):
            assert f"{len(problem.rows)} of {problem.total}, all in findings.csv" in page
    assert f"({LONG} characters)" in page


def test_the_message_and_the_build_report_stay_small_too(large: Packet) -> None:
    assert len(markdown.render(large).encode()) < 200_000
    assert all(len(markdown.problem(problem).encode()) < 30_000 for problem in large.problems)
    assert len(junit.render(large).encode()) < 5 * MIB
