"""The notions that checks share (``audit/model/views``), made of whatever stands in the tables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache

import duckdb

from audit.hands import hands
from audit.scripts import parsed, script

#: The files, in the order in which they read each other.
_VIEWS = (
    "orders_told", "export_zones", "order_amounts", "orders_fitted", "other_stores", "pairs", "order_visits", "money", "counted",
    "senders", "knowledge", "deliveries", "times", "expected", "steps", "late_starts", "unshown", "patterns", "claims", "goods",
    "one_id", "page_goods", "cart_values",
)  # fmt: skip
#: Views that many checks read.
READ_BY_MANY = frozenset({
    "sent_events", "visit_events", "sent_visit_events", "visit_showings", "event_pairs", "pairs", "deliveries",
})  # fmt: skip
_MADE = re.compile(r"^create (?:view|table) (\w+)", re.MULTILINE)
_COMMENT = re.compile(r"--.*")
#: Statements made at once in a small audit.
_HANDS = 2


@dataclass(frozen=True)
class _Step:
    """A statement, and the places of the earlier ones that it waits for."""

    statement: duckdb.Statement
    after: tuple[int, ...]


def build_views(con: duckdb.DuckDBPyConnection) -> None:
    """Materialises the notions; of a small audit also those views that many checks read."""
    (is_small,) = con.execute("select getvariable('is_small')").fetchone() or (False,)
    if is_small:
        _make_at_once(con)
    else:
        for statement in views():
            con.execute(statement)


def views() -> Iterator[duckdb.Statement]:
    """The statements of ``audit/model/views``, in their order."""
    for name in _VIEWS:
        yield from parsed(script(f"views/{name}"))


def prepare_views() -> None:
    """Parses the statements that a small audit runs."""
    _steps()


def view(name: str) -> duckdb.Statement:
    """The statement that makes a view."""
    return next(statement for statement in views() if f"create view {name} as" in statement.query)


def _make_at_once(con: duckdb.DuckDBPyConnection) -> None:
    """Most of a small audit is planning, and a plan is made by one thread: what does not read each other is made at once."""
    changes, steps = _steps()
    for statement in changes:
        con.execute(statement)
    with hands(con, min(_HANDS, os.cpu_count() or 1)) as several:
        made: list[Future[None]] = []
        for step in steps:
            made.append(several.take(_work(step.statement, [made[place] for place in step.after])))
        for future in made:
            future.result()


def _work(statement: duckdb.Statement, after: list[Future[None]]) -> Callable[[duckdb.DuckDBPyConnection], None]:
    def work(hand: duckdb.DuckDBPyConnection) -> None:
        # They were begun before this one: of those under way the first waits for none.
        for other in after:
            other.result()
        hand.execute(statement)

    return work


@cache
def _steps() -> tuple[tuple[duckdb.Statement, ...], tuple[_Step, ...]]:
    """What has to be done first, down to the last statement that changes a table, and the others."""
    statements = tuple(views())
    first = 1 + max(place for place, statement in enumerate(statements) if not _MADE.search(statement.query))
    places: dict[str, int] = {}
    steps: list[_Step] = []
    for place, statement in enumerate(statements[first:]):
        text = statement.query
        made = _MADE.search(text)
        assert made is not None
        words = set(re.findall(r"\w+", _COMMENT.sub("", text)))
        after = tuple(sorted(places[word] for word in words & places.keys()))
        name = made[1]
        # The rows of what many read are kept: planning it anew for each check takes longer.
        kept = parsed(text.replace(f"create view {name}", f"create table {name}")) if name in READ_BY_MANY else (statement,)
        steps.append(_Step(kept[0], after))
        places[name] = place
    return statements[:first], tuple(steps)
