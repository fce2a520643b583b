"""The database of a run: its tables and words, and what it may reach."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import duckdb

from audit.decoding import prepare
from audit.errors import InputError
from audit.scripts import run_script

#: The words that wire files, views and checks share (``model/macros``): a later file may use those of an earlier one.
_MACROS = ("addresses", "masking", "people", "amounts", "requests", "ids", "standings")
#: Steps of the optimizer without which a plan may be slow whatever the size of its tables.
_WORTH_THEIR_TIME = frozenset({
    "build_side_probe_side", "column_lifetime", "cte_filter_pusher", "cte_inlining", "deliminator", "empty_result_pullup",
    "expression_rewriter", "filter_pullup", "filter_pushdown", "join_order", "materialized_cte", "statistics_propagation",
    "unused_columns",
})  # fmt: skip
#: What the tables may hold in memory where the user names no bound; the rest spills. Reading and the process come on top.
DEFAULT_MEMORY = "1600MB"
_SIZE = re.compile(r"[0-9]+(?:[.][0-9]+)? ?(?:[KMGT]i?)?B|none|-1", re.IGNORECASE)


def connect(memory: str | None = None, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An empty database in memory with the model's tables and words; what exceeds the bound goes to ``spill``.

    Raises:
        InputError: the bound is no size.
    """
    con = duckdb.connect(":memory:")
    con.execute("attach ':memory:' as work; use work")
    con.execute("set global TimeZone = 'UTC'")  # of every hand that reads, wherever the machine stands
    # Nothing is tidied up on the way: the tables are gone when the run ends.
    con.execute("set checkpoint_threshold = '1TB'")
    con.execute("set threads = 1")
    # A long query would draw a bar on stdout, into the answer.
    con.execute("set enable_progress_bar = false")
    no_size = f"--memory: {memory!r} is no size. Write it like 2GB or 500MB."
    if memory and not _SIZE.fullmatch(memory):  # the database takes -5GB for no bound at all
        raise InputError(no_size)
    try:
        con.execute("set memory_limit = ?", [memory or DEFAULT_MEMORY])
    except duckdb.Error as error:
        raise InputError(no_size) from error
    # Nothing spills where no private folder was given.
    con.execute("set temp_directory = ?", [str(spill) if spill else ""])
    # The salt only keeps digests of this run from being compared with anything outside it; they are never written out.
    con.execute("set variable salt = ?", [secrets.token_hex(16)])
    con.execute("set variable zone = 'UTC'")
    con.execute("set variable own_domains = ''")
    con.execute("set variable batch = 0")
    con.execute("set variable is_small = false")
    for name in ("schema", "decoded", *(f"macros/{room}" for room in _MACROS)):
        run_script(con, name)
    prepare(con)
    if spill is not None:
        _keep_events_in(con, spill)
    return con


def _keep_events_in(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The widest tables go to a file in a private folder: there they are packed as they are written, by all threads."""
    file = folder / f"{secrets.token_hex(4)}.duckdb"  # a second database may follow the first
    con.execute(f"attach '{str(file).replace(chr(39), chr(39) * 2)}' as store")
    for table in ("events", "event_items"):
        con.execute(f"create table store.{table} as from work.{table} limit 0; drop table work.{table}")
    con.execute("set search_path = 'work.main,store.main'")


def lock(con: duckdb.DuckDBPyConnection, out: Path | None) -> None:
    """From here on nothing a log holds can make the database open a file or an address."""
    folders = [con.execute("select current_setting('temp_directory')").fetchone(), (str(out) if out else "",)]
    con.execute("set allowed_directories = ?", [[row[0] for row in folders if row and row[0]]])
    con.execute("set enable_external_access = false")


def expect_little(con: duckdb.DuckDBPyConnection) -> None:
    """Most of a small audit is planning: what an optimizer does for large tables is left out."""
    con.execute("set variable is_small = true")
    known = {name for (name,) in con.execute("select name from duckdb_optimizers()").fetchall()}
    con.execute("set disabled_optimizers = ?", [",".join(sorted(known - _WORTH_THEIR_TIME))])
