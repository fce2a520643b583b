"""What several tests look at and none of them changes: made once a run, by the first that asks, whichever worker runs it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
from filelock import FileLock

from audit import tables

_VARIABLE = "PIXEL_AUDIT_TESTS_SHARED"


@contextmanager
def sharing() -> Iterator[None]:
    """Keeps a folder for what is shared, where the workers of this run find it too."""
    with tempfile.TemporaryDirectory(prefix="pixel-audit-tests-") as folder:
        os.environ[_VARIABLE] = folder
        yield


def shared(name: str, make: Callable[[Path], object]) -> Path:
    """A folder of that name, which ``make`` has filled."""
    folder = Path(os.environ[_VARIABLE]) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)  # of a test that failed on the way
            making.mkdir()
            make(making)
            making.rename(folder)
    return folder


@cache
def words() -> duckdb.DuckDBPyConnection:
    """A database of this worker in which nothing is asked but the model's words (``audit/model/macros``)."""
    return tables.connect()
