"""Consequences of a fault that every order has: tracing them costs what the findings cost, not their square."""

from __future__ import annotations

import time

from audit import tables

_CONSEQUENCES = tables.MODEL / "consequences.sql"


def test_a_fault_in_every_order_is_traced_in_moments() -> None:
    con = tables.connect()
    con.execute("create or replace temp table check_follows as select 'after' as check_id, 'fault' as follows, 0 as rank")
    con.execute(
        """
        insert into findings by name
        select row_number() over () as finding, c.check_id, false as ok, 'meta' as platform, 'Purchase' as step,
            'blocker' as severity, 'o' || n as order_id, 'v' || n as session, 'log:' || n as ref
        from range(20000) o(n)
        cross join (select unnest(['fault', 'after']) as check_id) c
        """
    )
    began = time.process_time()
    con.execute(_CONSEQUENCES.read_text(encoding="utf-8"))
    assert time.process_time() - began < 3
    traced = con.execute("select check_id, because_of, count(*) from findings group by all order by all").fetchall()
    assert traced == [("after", "fault", 20000), ("fault", None, 20000)]
