"""Statements that stand in files, read and parsed once a process: an audit has some three hundred, a notebook several audits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb

MODEL = Path(__file__).parent / "model"


@cache
def script(name: str) -> str:
    """The text of a script of the model: ``visits``, ``views/pairs``."""
    return (MODEL / f"{name}.sql").read_text(encoding="utf-8")


def run_script(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Runs a script of the model."""
    run_statements(con, script(name))


def run_statements(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Runs statements of a text that is run again, one after the other."""
    for statement in parsed(text):
        con.execute(statement)


@cache
def parsed(text: str) -> tuple[duckdb.Statement, ...]:
    """The statements of a text."""
    return tuple(duckdb.extract_statements(text))
