"""Further connections to the tables of a run, for work that goes on at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

import duckdb

Done = TypeVar("Done")


@dataclass(frozen=True)
class Hands:
    """Connections, and the threads that work with them."""

    connections: tuple[duckdb.DuckDBPyConnection, ...]
    _free: SimpleQueue[duckdb.DuckDBPyConnection]
    _pool: ThreadPoolExecutor

    def take(self, work: Callable[[duckdb.DuckDBPyConnection], Done]) -> Future[Done]:
        """Does the work with a connection that nobody else uses meanwhile."""

        def done() -> Done:
            hand = self._free.get()
            try:
                return work(hand)
            finally:
                self._free.put(hand)

        return self._pool.submit(done)


@contextmanager
def hands(con: duckdb.DuckDBPyConnection, count: int) -> Iterator[Hands]:
    """``count`` connections that see what ``con`` has committed, under the same names and with the same variables.

    Where the block ends in an exception they are interrupted, and work not begun is not begun any more.
    """
    (path,) = con.execute("select current_setting('search_path')").fetchone() or ("",)
    names = [name for (name,) in con.execute("select name from duckdb_variables()").fetchall()]
    asked = ", ".join(f"getvariable('{name}')" for name in names)
    values = con.execute(f"select {asked}").fetchone() or ()
    connections = tuple(con.cursor() for _ in range(count))
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    try:
        for hand in connections:
            hand.execute("set search_path = ?", [path])
            for name, value in zip(names, values, strict=True):
                hand.execute(f"set variable {name} = ?", [value])
            free.put(hand)
        with ThreadPoolExecutor(count) as pool:
            try:
                yield Hands(connections, free, pool)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for hand in connections:
                    hand.interrupt()
                raise
    finally:
        for hand in connections:
            hand.close()
