"""What of the tables may leave the run: no digests of people, click and browser ids shortened."""

from __future__ import annotations

import duckdb

#: The tables that are written out and handed to notebooks.
TABLES = (
    "sources", "rejects", "events", "event_items", "landings", "actions", "loads", "orders", "order_keys", "order_items", "totals",
    "diagnostics", "test_events", "violations", "launch", "findings", "tallies", "pairs", "order_amounts", "predicted_orders",
    "observed_senders", "plan_waivers",
)  # fmt: skip
#: Columns that follow a click or a browser; whole, they are cookie values.
_SHORTENED = frozenset({"click_id", "browser_id", "landing_click", "cookie_click", "cookie_browser"})
#: ``pairs`` has the two event ids under these names, which are no browser ids.
_EVENT_IDS = frozenset({("pairs", "browser_id"), ("pairs", "server_id")})


def public_query(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """A query that gives a table without personal data."""
    columns = [row[0] for row in con.execute(f"select column_name from (describe {table})").fetchall()]
    picked = [
        f"shown_id({name}) as {name}" if name in _SHORTENED and (table, name) not in _EVENT_IDS else name
        for name in columns
        if not name.endswith("_digest")
    ]
    return f"select {', '.join(picked)} from {table}"
