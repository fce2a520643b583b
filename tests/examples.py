"""Reads a check's examples: prose, then per example small tables of given rows and the answer rows they must give.

A file ``tests/checks/<id>.md`` holds ``## an example, named`` sections. In a section a line of one word names the table
that follows (``events``, ``orders``, ``event_items`` …; ``answer`` last); a fenced ``toml`` block is the plan. An empty cell
is NULL. Columns that are not given take the defaults of :func:`fill_events` and of the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path

import duckdb

from audit import tables
from audit.asking import ask_one
from audit.check import Check
from audit.plan import Plan
from audit.plan_file import read_plan
from audit.plan_tables import store_plan, store_platforms
from audit.scripts import run_script
from audit.views import views

FOLDER = Path(__file__).parent / "checks"
Row = dict[str, str | None]


@dataclass(frozen=True)
class Example:
    """One example of one check."""

    check: str
    name: str
    plan: str
    given: dict[str, list[Row]]
    answer: list[Row]
    columns: tuple[str, ...] = field(default=())


def examples(check: str) -> list[Example]:
    """Every example of a check's file."""
    text = (FOLDER / f"{check}.md").read_text(encoding="utf-8")
    return [_example(check, part) for part in re.split(r"^## ", text, flags=re.M)[1:]]


def _example(check: str, text: str) -> Example:
    name, _, body = text.partition("\n")
    fenced = re.search(r"```toml\n(.*?)```", body, flags=re.S)
    plan = fenced[1] if fenced else ""
    given: dict[str, list[Row]] = {}
    columns: tuple[str, ...] = ()
    for table, header, rows in _tables(body):
        given[table] = rows
        if table == "answer":
            columns = header
    if "answer" not in given and not re.search(r"^answer: none$", body, flags=re.M):
        raise AssertionError(f"{check}.md, {name!r}: no answer table and no line 'answer: none'")
    return Example(check, name.strip(), plan, {k: v for k, v in given.items() if k != "answer"}, given.get("answer", []), columns)


def _tables(body: str) -> Iterator[tuple[str, tuple[str, ...], list[Row]]]:
    for found in re.finditer(r"^(\w+)\n\n?((?:\|.*\n?)+)", body, flags=re.M):
        lines = [_cells(line) for line in found[2].strip().splitlines()]
        header = tuple(cell or "" for cell in lines[0])
        yield found[1], header, [dict(zip(header, cells, strict=True)) for cells in lines[2:]]


#: An empty text, or one with a blank at an end, stands between marks.
_BLANK_END = re.compile(r"^'(|.*\s|\s.*)'$")


def _cells(line: str) -> list[str | None]:
    cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|").strip())]
    return [None if cell == "" else _BLANK_END.sub(r"\1", cell) for cell in cells]


def answers(example: Example, check: Check, folder: Path) -> list[Row]:
    """The rows the check gives for an example, with the columns the example asks for."""
    con = _database()
    con.execute("begin")
    try:
        prepare(con, example, check, folder)
        # All columns are computed, whichever the example asks for: a text that breaks is a check that breaks.
        con.execute(f"create temp table answer as select * from (\n{check.sql}\n)")
        outcome = ask_one(con, replace(check, sql="select * from answer"))
        assert outcome.state == "ran", outcome.note
        wanted = ", ".join(f"cast({name} as varchar) as {name}" for name in example.columns) or "*"
        names = example.columns or ("platform",)
        rows = con.execute(f"select {wanted} from answer").fetchall()
    finally:
        con.execute("rollback")
    return sorted(
        (dict(zip(names, row, strict=False)) for row in rows),
        key=lambda row: tuple(str(value) for value in row.values()),
    )


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database for all examples: each writes into it and takes back what it wrote."""
    con = tables.connect()
    tables.expect_little(con)  # as of any launch of their size
    return con


@cache
def _views_of(query: str, has_orders: bool) -> tuple[duckdb.Statement, ...]:
    """The part of ``model/views`` that a query reads, itself or through another view; without orders no event gets one."""
    read = _words(query)
    kept: list[duckdb.Statement] = []
    for statement in reversed(_statements()):
        made = re.search(r"^create (?:temp )?(?:table|view) (\w+)", statement.query, flags=re.M)
        if made[1] in read if made else has_orders or "set in_plan" in statement.query:
            kept.append(statement)
            read |= _words(statement.query)
    return tuple(reversed(kept))


@cache
def _statements() -> tuple[duckdb.Statement, ...]:
    return tuple(views())


def _words(sql: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"--.*", "", sql)))


def prepare(con: duckdb.DuckDBPyConnection, example: Example, check: Check, folder: Path) -> None:
    """Writes the example's rows, and everything the engine would derive from them for this check."""
    plan = Plan()
    if example.plan:
        path = folder / "audit.toml"
        path.write_text(example.plan, encoding="utf-8")
        plan = read_plan(path)
    store_plan(con, plan, datetime(2026, 11, 20, 12, 0))
    datasets = set(con.execute("select platform, dataset from plan_datasets").fetchall())
    steps = dict(con.execute("select (platform, event_name), min(step) from plan_steps group by all").fetchall())
    for table, rows in example.given.items():
        filled = [
            planned(fill_events(row, number), datasets, steps)
            if table == "events"
            else fill_orders(row, number)
            if table == "orders"
            else row
            for number, row in enumerate(rows, start=1)
        ]
        for names, alike in groupby(filled, key=tuple):
            insert(con, table, names, list(alike))
    con.execute(
        "insert into order_candidates select event_key, order_key, 'parameter', 1, true from events where order_key is not null"
    )
    run_script(con, "orders")
    store_platforms(con, plan)
    for statement in _views_of(check.sql, "orders" in example.given):
        con.execute(statement)


def insert(con: duckdb.DuckDBPyConnection, table: str, names: tuple[str, ...], rows: list[Row]) -> None:
    """Rows of the same columns; DuckDB casts the texts."""
    marks = f"({', '.join('?' for _ in names)})"
    con.execute(
        f"insert into {table} ({', '.join(names)}) values {', '.join(marks for _ in rows)}",
        [row[name] for row in rows for name in names],
    )


_STEP_NAMES = {
    "tiktok": {"Purchase": "CompletePayment"},
    "snackvideo": {
        "ViewContent": "contentView", "AddToCart": "addToCart", "InitiateCheckout": "initiatedCheckout", "Purchase": "purchase",
    },
}  # fmt: skip


def fill_events(row: Row, number: int) -> Row:
    """Defaults of an event: a Meta Purchase of one visit, as sent by page code or by the relay, at 10:00."""
    filled: Row = {
        "event_key": str(number),
        "ref": f"log:{number}",
        "source": "log",
        "place": str(number),
        "platform": "meta",
    }
    filled |= row
    platform, channel = filled["platform"] or "meta", filled.get("channel") or "browser"
    filled.setdefault("channel", channel)
    if "event_name" not in filled:
        step = filled.get("step") or "Purchase"
        filled["event_name"] = _STEP_NAMES.get(platform, {}).get(step, step)
    filled.setdefault("endpoint", f"{platform}_{'pixel' if channel == 'browser' else 'relay'}")
    filled.setdefault("sender", "page code" if channel == "browser" else "relay")
    filled.setdefault("sender_kind", "page_code" if channel == "browser" else "relay")
    filled.setdefault("event_at", "2026-11-20 10:00:00")
    filled.setdefault("seen_at", filled["event_at"])
    filled.setdefault("session", "visit 1")
    filled.setdefault("event_id_state", "sent" if filled.get("event_id") else "absent")
    filled.setdefault("click_id_state", "sent" if filled.get("click_id") else "absent")
    if "value" in filled:
        filled.setdefault("value_sent", filled["value"])
    if "currency" in filled:
        filled.setdefault("currency_sent", filled["currency"])
    for flag in (
        "is_codeless",
        "is_noscript",
        "has_test_code",
        "has_email",
        "has_phone",
        "has_external_id",
        "has_secret",
        "page_cut",
    ):
        filled.setdefault(flag, "false")
    filled.setdefault("item_count", "0")
    filled.setdefault("copies", "1")
    return filled


def planned(row: Row, datasets: set[tuple[str, str]], steps: dict[tuple[str, str], str]) -> Row:
    """An event with what a plan says of it: whether its dataset is one of the plan's, and which step its name is."""
    platform, dataset = row["platform"] or "", row.get("dataset")
    is_known = dataset is None or (platform, dataset) in datasets or platform not in {named for named, _ in datasets}
    told = {"in_plan": str(is_known), "step": steps.get((platform, row["event_name"] or ""))}
    return row | {name: row.get(name) or value for name, value in told.items()}


def fill_orders(row: Row, number: int) -> Row:
    """Defaults of an order: placed at 10:00 in rupiah, neither spam nor test."""
    filled: Row = {
        "source": "orders",
        "ref": f"orders:{number}",
        "created_at": "2026-11-20 10:00:00",
        "currency": "IDR",
    }
    filled |= row
    for flag in ("is_spam", "is_test", "is_cancelled"):
        filled.setdefault(flag, "false")
    return filled
