"""Order exports whose times name no zone: they are the plan's, unless the Purchases of their orders say that they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import engine
from audit.plan import Plan
from audit.views import build_views

ADDRESS = "https://graph.facebook.com/v21.0/1234567890123456/events"
#: A sale each at 15:00:05 and 17:30:05 of UTC: 10:00:05 and 12:30:05 in New York.
SALES = {"1001": (1795186805, "2026-11-20T15:00:06Z"), "1002": (1795195805, "2026-11-20T17:30:06Z")}


def _log(shift_s: int = 0) -> str:
    rows = []
    for order, (at, ts) in SALES.items():
        event = {
            "event_name": "Purchase", "event_time": at + shift_s, "event_id": f"P-{order}", "action_source": "website",
            "custom_data": {"value": 35.9, "currency": "USD", "order_id": order},
        }  # fmt: skip
        rows.append(json.dumps({"ts": ts, "method": "POST", "url": ADDRESS, "body": {"data": [event]}, "status": 200}))
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("first", "second", "created", "is_utc"),
    [
        ("2026-11-20 10:00:00", "2026-11-20 12:30:00", "2026-11-20 15:00:00", None),
        ("2026-11-20 15:00:00", "2026-11-20 17:30:00", "2026-11-20 15:00:00", True),
        ("2026-11-20 15:00:00", "2026-11-20 12:30:00", "2026-11-20 20:00:00", None),
        ("2026-11-20 14:13:00", "2026-11-20 16:43:00", "2026-11-20 19:13:00", None),
        ("2026-11-20 16:00:00", "2026-11-20 18:30:00", "2026-11-20 15:00:00", False),
        ("2026-11-20 16:00:00", "", "2026-11-20 21:00:00", None),
        ("2026-11-20 08:00:00", "2026-11-20 10:30:00", "2026-11-20 13:00:00", None),
        ("2026-11-20T15:00:00-05:00", "2026-11-20T17:30:00-05:00", "2026-11-20 20:00:00", None),
    ],
    ids=["the plan's", "UTC", "one of each", "a quarter too many", "the shop's", "one order alone", "older", "named, though wrong"],
)
def test_an_export_is_read_in_the_zone_that_its_purchases_show(
    first: str, second: str, created: str, is_utc: bool | None, tmp_path: Path
) -> None:
    """Read in the plan's zone, every Purchase of a shop in America came hours before its order: a Stop for before_order."""
    (tmp_path / "relay.ndjson").write_text(_log(), encoding="utf-8")
    lines = f"order_id,created_at,currency,total\n1001,{first},USD,35.90\n1002,{second},USD,35.90\n"
    (tmp_path / "orders.csv").write_text(lines, encoding="utf-8")
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan(timezone="America/New_York")).con
    build_views(con)
    assert con.execute("select cast(created_at as varchar) from orders where order_id = '1001'").fetchall() == [(created,)]
    assert con.execute("select is_utc from foreign_exports").fetchall() == ([] if is_utc is None else [(is_utc,)])
    first_at = con.execute("select cast(least(first_at, last_at) as varchar) from sources where source = 'orders.csv'").fetchone()
    assert first_at == con.execute("select cast(min(created_at) as varchar) from orders").fetchone()


@pytest.mark.parametrize("hours", [-5, -6])
def test_an_event_of_another_hour_than_its_sending_moves_no_export(hours: int, tmp_path: Path) -> None:
    """A server that takes the shop's clock for UTC: the export was moved after its events, which hid what is wrong with them."""
    (tmp_path / "relay.ndjson").write_text(_log(hours * 3600), encoding="utf-8")
    lines = "order_id,created_at,currency,total\n1001,2026-11-20 10:00:00,USD,35.90\n1002,2026-11-20 12:30:00,USD,35.90\n"
    (tmp_path / "orders.csv").write_text(lines, encoding="utf-8")
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan(timezone="America/New_York")).con
    build_views(con)
    assert con.execute("select source from foreign_exports").fetchall() == []


def test_sales_told_later_hide_no_export_s_zone(tmp_path: Path) -> None:
    """One of three was told after its bank transfer: the other two seemed to be told hours before their orders."""
    (tmp_path / "relay.ndjson").write_text(_log(), encoding="utf-8")
    (tmp_path / "third.ndjson").write_text(_log().splitlines()[0].replace("1001", "1003"), encoding="utf-8")
    times = {"1001": "15:00:00", "1002": "14:10:00", "1003": "15:00:00"}
    rows = [f"{order},2026-11-20 {time},USD,35.90\n" for order, time in times.items()]
    (tmp_path / "orders.csv").write_text("order_id,created_at,currency,total\n" + "".join(rows), encoding="utf-8")
    files = [engine.InputFile(path, path.name) for path in sorted(tmp_path.iterdir())]
    con = engine.read(files, Plan(timezone="America/New_York")).con
    build_views(con)
    assert con.execute("select is_utc from foreign_exports").fetchall() == [(True,)]
