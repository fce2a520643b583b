"""Several checks are counted at once; the answer is what one after the other gives, and what goes wrong in one stays there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from audit import asking, engine, loading, views
from audit.check import catalogue
from audit.plan_file import read_plan
from tests.packets import NOW, STORIES, evidence_of

SOME = frozenset({"value_mismatch", "missing_value", "duplicate_purchase", "expired_waiver"})


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A launch with a fault, read and joined, and no check asked yet."""
    plan = read_plan(STORIES / "wrong_value" / "audit.toml")
    audit = engine.run(evidence_of("wrong_value"), plan, now=NOW, select=frozenset())
    yield audit.con
    audit.con.close()


def _asked(con: duckdb.DuckDBPyConnection, select: frozenset[str] | None = None) -> dict[str, list[tuple[Any, ...]]]:
    """What is told, in the order it is stored in."""
    con.execute("delete from findings; delete from tallies")
    outcomes = asking.ask(con, select)
    told: dict[str, list[tuple[Any, ...]]] = {"outcomes": [(outcome.check.id, outcome.state, outcome.note) for outcome in outcomes]}
    return told | {table: con.execute(f"from {table}").fetchall() for table in ("findings", "tallies")}


def test_many_hands_say_what_one_says(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    told = []
    for hands in (1, 4):
        monkeypatch.setattr(asking, "HANDS", hands)
        told.append(_asked(con))
    assert told[0] == told[1]
    assert len(told[0]["findings"]) > 3
    assert len(told[0]["tallies"]) > 100


def test_rows_that_are_kept_of_a_view_are_the_views_own_to_the_end(con: duckdb.DuckDBPyConnection) -> None:
    _asked(con)
    tables = {name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    kept = sorted(tables & views.READ_BY_MANY)
    assert "event_pairs" in kept
    for name in kept:
        con.execute(views.view(name).query.replace(f"create view {name}", "create or replace temp view again"))
        assert con.execute(f"from {name} except all from again").fetchall() == [], name
        assert con.execute(f"from again except all from {name}").fetchall() == [], name


def test_notions_made_at_once_are_those_made_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "a salt")
    plan = read_plan(STORIES / "wrong_value" / "audit.toml")
    told = []
    for is_small in (False, True):
        found = engine.read(evidence_of("wrong_value"), plan, now=NOW).con
        found.execute("set variable is_small = ?", [is_small])
        views.build_views(found)
        names = [name for (name,) in found.execute("select table_name from duckdb_tables() where not temporary").fetchall()]
        told.append({name: sorted(map(repr, found.execute(f"from {name}").fetchall())) for name in names})
        found.close()
    after, at_once = told
    assert at_once.keys() - after.keys() == views.READ_BY_MANY
    assert {name: at_once[name] for name in after} == after


def test_a_large_audit_keeps_no_view_however_few_cores_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "SMALL_BYTES", 0)
    found = engine.read(evidence_of("wrong_value"), read_plan(STORIES / "wrong_value" / "audit.toml"), now=NOW)
    found.con.execute("set threads = 1")
    views.build_views(found.con)
    kept = {name for (name,) in found.con.execute("select table_name from duckdb_tables()").fetchall()}
    assert not kept & views.READ_BY_MANY


def test_a_check_that_breaks_on_a_value_does_not_show_it(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = catalogue()
    sql = "select 'meta' as platform, 'a' as step, cast('dewi''s' || event_name || '@mail.com' as date) is null as ok from events"
    broken = replace(checks["missing_value"], sql=sql)
    monkeypatch.setattr(asking, "catalogue", lambda: {**checks, "missing_value": broken})
    told = [note for check, state, note in _asked(con, SOME)["outcomes"] if check == "missing_value" and state == "broke"]
    assert len(told) == 1
    assert "Conversion Error" in told[0]
    assert "mail.com" not in told[0]


@pytest.mark.parametrize("hands", [1, 4])
def test_a_check_that_breaks_says_so_and_hides_no_other(
    hands: int, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _asked(con, SOME)
    checks = catalogue()
    broken = replace(checks["missing_value"], sql="select nobody from events")
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(asking, "HANDS", hands)
    monkeypatch.setattr(asking, "catalogue", lambda: {**checks, "missing_value": broken})
    told = _asked(con, SOME)
    states = {check: (state, note) for check, state, note in told["outcomes"] if check in SOME}
    assert states["missing_value"][0] == "broke"
    assert 'column "nobody" not found' in states["missing_value"][1]
    assert {state for check, (state, _) in states.items() if check not in {"missing_value", "expired_waiver"}} == {"ran"}
    assert told["findings"] == whole["findings"]
    assert told["tallies"] == [row for row in whole["tallies"] if row[0] != "missing_value"]


@pytest.mark.parametrize("hands", [1, 4])
def test_whoever_stops_the_run_between_two_checks_stops_all_hands(
    hands: int, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(asking, "HANDS", hands)
    heard: list[str] = []

    def stop(told: str) -> None:
        heard.append(told)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asking.ask(con, progress=stop)
    assert len(heard) == 3
    assert con.execute("select count(*) > 0 from events").fetchone() == (True,)


@pytest.mark.parametrize("hands", [1, 4])
def test_a_lack_of_memory_is_no_fault_of_a_check(
    hands: int, con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = catalogue()
    sql = "select list(a.event_key) as x from events a cross join range(100000000) r group by r.range"
    hungry = replace(checks["missing_value"], sql=f"select null as platform, null as step, null as ok from ({sql})")
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(asking, "HANDS", hands)
    monkeypatch.setattr(asking, "catalogue", lambda: {**checks, "missing_value": hungry})
    (before,) = con.execute("select current_setting('memory_limit')").fetchone() or ("",)
    con.execute("set memory_limit = '40MB'")
    try:
        with pytest.raises(duckdb.OutOfMemoryException):
            asking.ask(con, SOME)
    finally:
        con.execute("set memory_limit = ?", [before])


def test_what_cannot_be_parsed_beforehand_is_told_in_its_own_turn(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = catalogue()
    broken = {**checks, "missing_value": replace(checks["missing_value"], sql="selec nothing")}
    monkeypatch.setattr(engine, "catalogue", lambda: broken)
    monkeypatch.setattr(asking, "catalogue", lambda: broken)
    engine._parse()
    states = {check: state for check, state, _ in _asked(con, SOME)["outcomes"] if check in SOME}
    assert {check for check, state in states.items() if state == "broke"} == {"missing_value"}
    assert states["value_mismatch"] == "ran"
