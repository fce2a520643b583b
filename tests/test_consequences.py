"""Consequences of a fault that every order has, or one order over and over: tracing them costs what the findings cost."""

from __future__ import annotations

import time

import duckdb
import pytest

from audit import tables
from audit.scripts import run_script


def _declared() -> duckdb.DuckDBPyConnection:
    """A database in which no check and no cause declares anything yet."""
    con = tables.connect()
    con.execute("create temp table check_follows (check_id varchar, follows varchar, rank bigint)")
    con.execute("create temp table cause_follows (check_id varchar, cause varchar, follows varchar, rank bigint)")
    con.execute("create temp table cause_explains (check_id varchar, cause varchar, explains varchar)")
    return con


@pytest.mark.parametrize(
    ("order", "visit", "ref", "ok"),
    [
        ("'o' || n", "'v' || n", "'log:' || n", True),
        ("'o'", "'v' || n", "'log:' || n", True),
        ("null", "'v'", "'log:' || n", True),
        ("'o' || n", "'v' || n", "'log:1'", False),
    ],
    ids=["in every order", "in one order", "in one visit", "in one row"],
)
def test_a_fault_met_thousands_of_times_is_traced_in_moments(order: str, visit: str, ref: str, ok: bool) -> None:
    con = _declared()
    con.execute("insert into check_follows values ('after', 'fault', 0)")
    con.execute("insert into cause_follows values ('after', 'of its row', 'fault', 0)")
    con.execute(
        f"""
        insert into findings by name
        select row_number() over () as finding, c.check_id, case when check_id = 'fault' or {ok} then false end as ok,
            'meta' as platform, 'Purchase' as step, 'blocker' as severity, {order} as order_id, {visit} as session, {ref} as ref,
            case when check_id = 'after' then 'of its row' end as cause
        from range(20000) o(n)
        cross join (select unnest(['fault', 'after']) as check_id) c
        """
    )
    began = time.process_time()
    run_script(con, "consequences")
    assert time.process_time() - began < 3
    traced = con.execute("select check_id, because_of, count(*) from findings group by all order by all").fetchall()
    assert traced == [("after", "fault", 20000), ("fault", None, 20000)]


def test_a_request_is_refused_for_the_fault_of_the_event_in_it() -> None:
    """A cause is traced to a fault of its own row, whatever step and order; of another row, or a mere warning, it is none."""
    con = _declared()
    con.execute("insert into cause_follows values ('refused', 'batch', 'fault', 0)")
    con.execute(
        """
        insert into findings by name
        select row_number() over () as finding, check_id, ok, 'meta' as platform, step, severity, cause, ref
        from (values
            ('fault', false, 'Purchase', 'blocker', null, 'log:1'),
            ('fault', false, 'AddToCart', 'warning', null, 'log:2'),
            ('refused', false, 'AddToCart', 'warning', 'batch', 'log:1'),
            ('refused', false, 'AddToCart', 'warning', 'token', 'log:1'),
            ('refused', false, 'AddToCart', 'warning', 'batch', 'log:2'),
            ('refused', false, 'AddToCart', 'warning', 'batch', 'log:3')
        ) v(check_id, ok, step, severity, cause, ref)
        """
    )
    run_script(con, "consequences")
    traced = con.execute("select cause, ref from findings where because_of = 'fault'").fetchall()
    assert traced == [("batch", "log:1")]


@pytest.mark.parametrize(
    ("waived", "told"),
    [(None, [None, "plan", "plan"]), (7, [None, None, None])],
    ids=["a root that takes them along wherever they stand", "once it is accepted it accepts nothing but itself"],
)
def test_a_cause_that_explains_others_is(waived: int | None, told: list[str | None]) -> None:
    con = _declared()
    con.execute("insert into check_follows values ('plan', 'other', 0)")
    con.execute("insert into cause_explains values ('plan', 'wrong', 'other'), ('plan', 'wrong', 'plan')")
    con.execute(
        """
        insert into findings by name
        select row_number() over () as finding, check_id, false as ok, platform, 'blocker' as severity, cause, 'log:1' as ref,
            case when cause = 'wrong' then $waived end as waived
        from (values ('plan', 'wrong', null), ('plan', 'usual', 'meta'), ('other', null, 'tiktok')) v(check_id, cause, platform)
        """,
        {"waived": waived},
    )
    run_script(con, "consequences")
    rows = con.execute("select check_id, cause, because_of, waived from findings order by finding").fetchall()
    assert [because_of for *_, because_of, _ in rows] == told
    assert [accepted for *_, accepted in rows] == [waived, None, None]


#: check, ok, severity, order, waiver; and what each follows from and is covered by.
_ACCEPTED: dict[str, tuple[list[tuple[str, bool | None, str, str | None, int | None]], list[tuple[str | None, int | None]]]] = {
    "what failed because of it, and because of that": (
        [("root", False, "blocker", "1", 7), ("next", False, "blocker", "1", None), ("last", False, "warning", "1", None)],
        [(None, 7), ("root", 7), ("next", 7)],
    ),
    "a warning, and no blocker that follows from it": (
        [("root", False, "warning", "1", 7), ("next", False, "blocker", "1", None), ("last", False, "warning", "1", None)],
        [(None, 7), (None, None), ("next", None)],
    ),
    "what failed, and nothing that cannot be told": (
        [("root", False, "blocker", "1", 7), ("next", None, "blocker", "1", None)],
        [(None, 7), (None, None)],
    ),
    "one of two roots: the other one keeps what follows from both": (
        [("root", False, "warning", "1", 7), ("other", False, "blocker", "1", None), ("next", False, "blocker", "1", None)],
        [(None, 7), (None, None), ("other", None)],
    ),
    "one order of two: what follows from both stays open": (
        [("root", False, "blocker", "1", 7), ("root", False, "blocker", "2", None), ("next", False, "blocker", None, None)],
        [(None, 7), (None, None), ("root", None)],
    ),
    "of a fault without an order, a warning of any order, and no blocker": (
        [("root", False, "blocker", None, 7), ("next", False, "blocker", "2", None), ("next", False, "warning", "3", None)],
        [(None, 7), (None, None), ("root", 7)],
    ),
    "of one order's fault, no blocker that stands in no order and in another row": (
        [("root", False, "blocker", "1", 7), ("next", False, "blocker", None, None), ("next", False, "warning", None, None)],
        [(None, 7), (None, None), ("root", 7)],
    ),
    "a blocker without an order, of a fault without one": (
        [("root", False, "blocker", None, 7), ("next", False, "blocker", None, None)],
        [(None, 7), ("root", 7)],
    ),
}


@pytest.mark.parametrize("accepts", _ACCEPTED)
def test_a_waiver_accepts(accepts: str) -> None:
    given, told = _ACCEPTED[accepts]
    con = _declared()
    con.execute("insert into check_follows values ('next', 'root', 0), ('next', 'other', 1), ('last', 'next', 0)")
    con.executemany(
        "insert into findings by name select ? as finding, ? as check_id, ? as ok, ? as severity, ? as order_id, ? as waived,"
        " 'meta' as platform, 'Purchase' as step, 'log:' || ? as ref",
        [(number, *row, number) for number, row in enumerate(given, start=1)],
    )
    run_script(con, "consequences")
    assert con.execute("select because_of, waived from findings order by finding").fetchall() == told
