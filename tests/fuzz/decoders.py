"""Real requests, changed, in batches of hundreds through the loaders and every decoder: nothing breaks, every row is counted."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from audit import engine, loading, tables
from audit.plan import Plan
from audit.plan_tables import store_plan
from tests.fuzz.changes import change_value

STORIES = Path(__file__).parents[2] / "sample_data"
NOW = datetime(2026, 11, 21)


@cache
def captured() -> tuple[dict[str, Any], ...]:
    """Entries of the sample launches, recorded in a real browser, that go to a platform or a relay."""
    hosts = ("facebook.com/", "tiktok.com/", "kwai", "/analytics/", "/tracking/")
    found: list[dict[str, Any]] = []
    for path in sorted(STORIES.glob("*/browser/*.har")):
        entries = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
        found += [entry for entry in entries if any(host in entry["request"]["url"] for host in hosts)]
    return tuple(found)


@cache
def logged() -> tuple[dict[str, Any], ...]:
    """Rows of the sample launches' server logs."""
    paths = [*STORIES.glob("*/relay/*.ndjson"), *STORIES.glob("*/server/*.ndjson")]
    return tuple(json.loads(line) for path in sorted(paths) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def called() -> tuple[dict[str, Any], ...]:
    """Decoded pixel calls of the sample launches."""
    paths = STORIES.glob("*/browser/*.ndjson")
    return tuple(json.loads(line) for path in sorted(paths) for line in path.read_text(encoding="utf-8").splitlines())


def changed(random: Random, rows: tuple[dict[str, Any], ...], count: int) -> list[Any]:
    """So many of the rows, each changed in one to three places."""
    found: list[Any] = []
    while len(found) < count:
        row: Any = random.choice(rows)
        for _ in range(random.choice((1, 1, 2, 3))):
            row = change_value(random, row)
        if _fits(row):
            found.append(row)
    return found


def _fits(value: Any) -> bool:
    """Whether the numbers are ones a capture may hold: one beyond 64 bits makes the whole file damaged."""
    if isinstance(value, dict | list):
        return all(_fits(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or abs(value) < 1 << 63


def write(folder: Path, random: Random, count: int) -> list[engine.InputFile]:
    """A folder of changed evidence: a capture, a server log and a log of pixel calls, the first rows of each as they were."""
    capture, log, calls = folder / "capture.har", folder / "server.ndjson", folder / "calls.ndjson"
    entries = [*captured()[:1], *changed(random, captured(), count)]
    capture.write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}), encoding="utf-8")
    for path, rows in ((log, logged()), (calls, called())):
        lines = [*rows[:3], *changed(random, rows, count)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return [engine.InputFile(path, path.name, named=True) for path in (capture, log, calls)]


def check(folder: Path, seed: int, count: int, *, checks: bool = False) -> None:
    """One batch; ``checks`` asks every check too.

    Raises:
        AssertionError: a row is lost or made up, or a check broke.
        Error: of the database; a decoder broke.
    """
    files = write(folder, Random(seed), count)
    plan = Plan()
    if checks:
        audit = engine.run(files, plan, now=NOW)
        broken = [(outcome.check.id, outcome.note) for outcome in audit.outcomes if outcome.state == "broke"]
        assert not broken, f"seed {seed}: {broken}"
        con = audit.con
    else:
        con = tables.connect()
        store_plan(con, plan, NOW)
        loading.load(con, files, plan, lambda _: None)
        tables.lock(con, None)
        engine.decode(con, plan)
    counts = con.execute("select source, read_rows, kept, ignored, rejected from sources order by source").fetchall()
    con.close()
    for source, read, kept, ignored, rejected in counts:
        assert read == kept + ignored + rejected, f"seed {seed}: {source} {read} = {kept} + {ignored} + {rejected}"
        assert min(kept, ignored, rejected) >= 0, f"seed {seed}: {source}"
        assert read == count + (1 if source == "capture.har" else 3), f"seed {seed}: {source} {read}"
