"""Days of an odd shape, where everything is alike in one thing: the model grows with the events, not with their square."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from audit.check import catalogue
from audit.plan import Plan
from audit.plan_tables import store_plan
from audit.tables import connect, expect_little
from audit.views import build_views

MANY = 5000
EVENTS = f"""
insert into events by name
select
    n as event_key,
    'log:' || n as ref,
    'log' as source,
    n as place,
    case when n % 2 = 0 then 'browser' else 'server' end as channel,
    'meta' as platform,
    'Purchase' as event_name,
    true as in_plan,
    'Purchase' as step,
    timestamp '2026-11-20 10:00:00' as event_at,
    timestamp '2026-11-20 10:00:00' as seen_at,
    {{session}} as session,
    {{order_id}} as order_id,
    {{order_id}} as order_key,
    10 as value,
    'IDR' as currency,
    'fb.1.1795168800000.click' || n // 2 as click_id,
    'shop.example.com' as page_host
from range({2 * MANY}) t(n)
"""
ORDERS = f"""
insert into orders by name
select 'o' || n as order_id, timestamp '2026-11-20 10:00:00' as created_at, 'IDR' as currency, 10 as total, 'yes' as event_duty,
    true as is_named
from range({MANY}) t(n)
"""


@pytest.mark.parametrize(
    ("session", "order_id"),
    [("'v'", "'o' || n // 2"), ("'v' || n // 2", "'o0'"), ("'v' || n // 2", "null")],
    ids=["one visit", "one order", "one price in one second"],
)
def test_a_day_of_an_odd_shape_takes_moments(session: str, order_id: str) -> None:
    con = connect()
    store_plan(con, Plan(), datetime(2026, 11, 21))
    expect_little(con)
    con.execute(EVENTS.format(session=session, order_id=order_id))
    con.execute(ORDERS)
    began = time.process_time()
    build_views(con)
    con.execute(f"select count(*) filter (where ok) from ({catalogue()['click_id_mismatch'].sql})")
    assert time.process_time() - began < 4
