"""What a large HAR costs: reading it alone, and the whole audit of it and its orders."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.bench.har import make

#: Reads and decodes the evidence of a folder, as ``pixel-audit run`` begins, and tells the entries and the peak memory in
#: KiB. The kernel's own word for it: what ``wait4`` reports includes the memory of the process that started this one.
READ = """
import re, sys
from pathlib import Path
from audit import engine, inputs, tables
from audit.plan_file import read_plan
folder = Path(sys.argv[1])
plan = read_plan(folder / 'audit.toml')
con = tables.connect()
engine.load(con, inputs.find_inputs((folder,), plan), plan, lambda _: None)
print(con.execute("select read_rows from sources where loader = 'har'").fetchall()[0][0])
print(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])
"""
HEADER = ("HAR", "entries", "reading", "reading, memory", "audit", "audit, memory")


class Measured(Protocol):
    """What running a program came to."""

    @property
    def seconds(self) -> float: ...
    @property
    def peak_mib(self) -> float: ...
    @property
    def output(self) -> str: ...


def har_row(measure: Callable[[list[str]], Measured], megabytes: int) -> list[str]:
    """One row of the table: a HAR of that size; memory is the whole process's, interpreter and database included."""
    with tempfile.TemporaryDirectory(prefix="pixel-audit-bench-") as name:
        folder = Path(name)
        capture = make(folder / "capture", megabytes)
        read = measure([sys.executable, "-c", READ, str(capture.folder)])
        entries, peak = (int(word) for word in read.output.split())
        if entries != capture.entries:
            raise SystemExit(f"{capture.entries} entries were made, {entries} read")
        audit = measure(
            [sys.executable, "-m", "audit.cli", "run", str(capture.folder), "--out", str(folder / "packet"), "--exit-zero"]
        )
        return [
            f"{capture.bytes / 1e6:,.0f} MB", f"{capture.entries:,}", f"{read.seconds:.1f} s", f"{peak / 1024:,.0f} MiB",
            f"{audit.seconds:.1f} s", f"{audit.peak_mib:,.0f} MiB",
        ]  # fmt: skip
