"""Under load: the big run's answer is the sum of its parts, and every fault put in is counted (``make soak`` for more)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from audit import engine
from audit.inputs import find_inputs
from audit.plan_file import read_plan
from tests.bench.__main__ import FLOOR, measure
from tests.bench.soak import compare
from tests.bench.traffic import make


def test_one_run_says_what_its_parts_say_and_what_was_put_in() -> None:
    whole, parts, known = compare(orders=1_200, parts=4)
    assert whole == known
    assert parts == known


def test_one_browser_id_sent_for_everybody_multiplies_nothing(tmp_path: Path) -> None:
    """A day's shoppers in one visit: no table may hold a row for every two of them."""
    make(tmp_path, 600)
    for name in ("pixel.ndjson", "server.ndjson"):
        file = tmp_path / name
        told = re.sub(r'("_?fbp":")fb[.]1[.][0-9.]+', r"\1fb.1.1795100000000.123456789", file.read_text(encoding="utf-8"))
        file.write_text(told, encoding="utf-8")
    plan = read_plan(tmp_path / "audit.toml")
    audit = engine.run(find_inputs((tmp_path,), plan), plan)
    events, sessions, examined = audit.con.execute(
        "select (select count(*) from events), (select count(distinct session) from events), (select sum(examined) from tallies)"
    ).fetchone() or (0, 0, 0)
    tables = audit.con.execute("select table_name, estimated_size from duckdb_tables()").fetchall()
    audit.con.close()
    assert (events, sessions) == (4_800, 600)
    assert {name: rows for name, rows in tables if rows > 4 * events} == {}
    assert examined < 40 * events


def test_the_floor_of_the_bench_joins_what_the_audit_pairs(tmp_path: Path) -> None:
    make(tmp_path, 40)
    plan = read_plan(tmp_path / "audit.toml")
    audit = engine.run(find_inputs((tmp_path,), plan), plan)
    paired = audit.con.execute("select count(*) from pairs where kind = 'exact'").fetchone()
    audit.con.close()
    floor = measure([sys.executable, "-c", FLOOR, str(tmp_path)]).output
    assert paired == (160,)
    assert floor.startswith("[(160, ")
