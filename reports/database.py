"""``audit.duckdb``: the canonical tables for whoever wants to ask further, without personal data."""

from __future__ import annotations

from pathlib import Path

from audit.engine import Audit

_TABLES = (
    "sources", "rejects", "event_items", "actions", "loads", "orders", "order_keys", "order_items", "totals", "diagnostics",
    "violations", "launch", "findings", "tallies", "pairs", "order_amounts", "predicted_orders", "observed_senders",
)  # fmt: skip
#: Columns that only serve to compare people or to follow a click; whole, they are personal data.
_SHORTENED = ("click_id", "browser_id", "landing_click", "cookie_click", "cookie_browser")
_DROPPED = (
    "email_digest", "phone_digest", "email_double_digest", "phone_double_digest", "phone_text_digest",
)  # fmt: skip


def export(audit: Audit, path: Path) -> None:
    """Writes the tables of an audit into a new database file."""
    con = audit.con
    con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as packet_db")
    try:
        for table in ("events", "landings", *_TABLES):
            columns = [row[0] for row in con.execute(f"select column_name from (describe {table})").fetchall()]
            picked = [
                f"shown_id({name}) as {name}" if name in _SHORTENED else name
                for name in columns
                if name not in _DROPPED
            ]
            con.execute(f"create table packet_db.{table} as select {', '.join(picked)} from {table}")
    finally:
        con.execute("detach packet_db")
