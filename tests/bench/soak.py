"""``make soak``: the answer of a big run equals the answers of the same traffic in parts, and every fault put in is counted,
also where a day is audited under a memory bound of a seventh of its size.

``python -m tests.bench.soak [ORDERS] [PARTS]`` (default 20,000 orders in 100 parts).
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from audit import engine
from audit.inputs import find_inputs
from audit.plan_file import read_plan
from audit.spill import spill_folder
from tests.bench.traffic import make

#: Every how many orders a fault of that kind is put in.
FAULTS = {"regenerated": 50, "no_server": 40, "value": 25}
#: Checks that judge each order by itself; the chain judges a day's traffic by its share.
PER_ORDER = ("event_id_mismatch", "value_mismatch", "duplicate_purchase")

#: A day, and the least bound it goes through: what ten such days need, the default bound gives.
DAY, LEAST_BOUND = 250_000, "250MB"

Found = Counter[tuple[str, str | None]]


def found(folder: Path, memory: str | None = None) -> Found:
    """How many rows failed, by check and cause, of the checks that judge orders one by one."""
    plan = read_plan(folder / "audit.toml")
    with spill_folder() as spill:
        audit = engine.run(find_inputs((folder,), plan), plan, memory=memory, spill=spill)
        rows = audit.con.execute("select check_id, cause, count(*) from findings where ok = false group by all").fetchall()
        audit.con.close()
    return Counter({(check, cause): count for check, cause, count in rows if check in PER_ORDER})


def injected(orders: int) -> Found:
    """What the traffic was made with: two copies of a short value, one pair of a regenerated id, which counts twice."""
    regenerated = sum(1 for i in range(orders) if i % FAULTS["regenerated"] == 1)
    short = sum(1 for i in range(orders) if i % FAULTS["value"] == 3)
    # An order whose server event is missing has one copy only.
    short_alone = sum(1 for i in range(orders) if i % FAULTS["value"] == 3 and i % FAULTS["no_server"] == 2)
    return Counter(
        {
            ("event_id_mismatch", "regenerated"): regenerated,
            ("duplicate_purchase", "not_deduplicated"): regenerated,
            ("value_mismatch", "subtotal"): 2 * short - short_alone,
        }
    )


def compare(orders: int, parts: int) -> tuple[Found, Found, Found]:
    """The big run, the sum of its parts, and what was put in."""
    with tempfile.TemporaryDirectory(prefix="pixel-audit-soak-") as name:
        folder = Path(name)
        make(folder / "whole", orders, FAULTS)
        whole = found(folder / "whole")
        pieces: Found = Counter()
        size = orders // parts
        for part in range(parts):
            make(folder / str(part), size, FAULTS, first=part * size, total=orders)
            pieces += found(folder / str(part))
    return whole, pieces, injected(orders)


def bounded(orders: int, memory: str) -> Found:
    """A day under a bound that is a small part of it."""
    with tempfile.TemporaryDirectory(prefix="pixel-audit-soak-") as name:
        make(Path(name), orders, FAULTS)
        return found(Path(name), memory)


def main() -> None:
    """Prints the answers; exits 1 when they differ."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    parts = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    whole, pieces, known = compare(orders, parts)
    for key in sorted({*whole, *pieces, *known}, key=str):
        print(f"{key[0]} {key[1]}: in one run {whole[key]}, in {parts} parts {pieces[key]}, put in {known[key]}")
    day, put_in = bounded(DAY, LEAST_BOUND), injected(DAY)
    for key in sorted({*day, *put_in}, key=str):
        print(f"{key[0]} {key[1]}: of {DAY:,} orders under {LEAST_BOUND} {day[key]}, put in {put_in[key]}")
    sys.exit(0 if whole == pieces == known and day == put_in else 1)


if __name__ == "__main__":
    main()
