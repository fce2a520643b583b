"""Measures in one run, as ratios: the floor, the whole audit, and the core comparison as one would do it with pandas.

``python -m tests.bench [ORDERS]`` (default 250,000: 1 M browser events and 1 M server events), then a tenth and a hundredth;
and what a large HAR costs.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import har_table
from tests.bench.traffic import Traffic

#: The least it takes: DuckDB reads the same files, every column and nested field typed, into tables, and joins them once.
FLOOR = """
import duckdb, sys
folder = sys.argv[1]
con = duckdb.connect()
con.execute('''
create table browser as
select *
from read_json(?, format = 'newline_delimited', columns = {ts: 'TIMESTAMP', platform: 'VARCHAR', pixel_id: 'VARCHAR',
    event: 'VARCHAR', event_id: 'VARCHAR', page_url: 'VARCHAR', referrer: 'VARCHAR', sender: 'VARCHAR', session: 'VARCHAR',
    cookies: 'STRUCT(_fbp VARCHAR, _fbc VARCHAR)',
    params: 'STRUCT(value DECIMAL(24,6), currency VARCHAR, content_type VARCHAR,
        contents STRUCT(id VARCHAR, quantity DECIMAL(18,3), item_price DECIMAL(24,6))[])'})
''', [f'{folder}/pixel.ndjson'])
con.execute('''
create table server as
select * exclude (body), unnest(body.data) as e
from read_json(?, format = 'newline_delimited', columns = {ts: 'TIMESTAMP', method: 'VARCHAR', url: 'VARCHAR', status: 'INTEGER',
    sender: 'VARCHAR', response: 'STRUCT(events_received BIGINT, messages VARCHAR[], fbtrace_id VARCHAR)',
    body: 'STRUCT(data STRUCT(event_name VARCHAR, event_time BIGINT, event_id VARCHAR, action_source VARCHAR,
        event_source_url VARCHAR,
        user_data STRUCT(em VARCHAR[], ph VARCHAR[], external_id VARCHAR[], fbp VARCHAR, fbc VARCHAR, client_user_agent VARCHAR),
        custom_data STRUCT(value DECIMAL(24,6), currency VARCHAR, order_id VARCHAR, content_type VARCHAR,
            contents STRUCT(id VARCHAR, quantity DECIMAL(18,3), item_price DECIMAL(24,6))[]))[])'})
''', [f'{folder}/server.ndjson'])
con.execute('''
create table orders as
select *
from read_csv(?, header = true, columns = {order_id: 'VARCHAR', created_at: 'TIMESTAMPTZ', currency: 'VARCHAR',
    total: 'DECIMAL(24,6)', subtotal: 'DECIMAL(24,6)', shipping: 'DECIMAL(24,6)', discount: 'DECIMAL(24,6)',
    tax: 'DECIMAL(24,6)', status: 'VARCHAR', source: 'VARCHAR'})
''', [f'{folder}/orders.csv'])
print(con.execute('''
select count(*), sum(b.params.value - s.e.custom_data.value), sum(o.total), max(b.ts)
from browser b
join server s on s.e.event_id = b.event_id and s.e.event_name = b.event
left join orders o on o.order_id = s.e.custom_data.order_id
''').fetchall())
"""
PANDAS = """
import json, sys
import datacompy, pandas as pd
folder = sys.argv[1]
browser = pd.read_json(f'{folder}/pixel.ndjson', lines=True, dtype={'event_id': str})
server = pd.read_json(f'{folder}/server.ndjson', lines=True)
browser = pd.DataFrame({'event_id': browser['event_id'], 'event': browser['event'],
    'value': [float(p['value']) for p in browser['params']], 'currency': [p['currency'] for p in browser['params']]})
rows = [event for body in server['body'] for event in body['data']]
server = pd.DataFrame({'event_id': [e['event_id'] for e in rows], 'event': [e['event_name'] for e in rows],
    'value': [float(e['custom_data']['value']) for e in rows], 'currency': [e['custom_data']['currency'] for e in rows]})
compare = datacompy.PandasCompare(browser, server, join_columns=['event_id', 'event'], df1_name='browser', df2_name='server')
print(compare.count_matching_rows(), len(compare.df1_unq_rows), len(compare.df2_unq_rows))
"""


@dataclass(frozen=True)
class Measure:
    """One program on one size."""

    seconds: float
    peak_mib: float
    output: str


def measure(command: list[str]) -> Measure:
    """Runs a command by itself; wall seconds and peak memory of the process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{output}")
    return Measure(time.perf_counter() - began, usage.ru_maxrss / 1024, output)


def audit_command(traffic: Traffic, out: Path) -> list[str]:
    """The audit as a user calls it."""
    return [sys.executable, "-m", "audit.cli", "run", str(traffic.folder), "--out", str(out), "--exit-zero"]


def compare(orders: int) -> list[str]:
    """One row of the table: the floor, the audit, and pandas on the same files."""
    with tempfile.TemporaryDirectory(prefix="pixel-audit-bench-") as folder:
        # By a process of its own: a child's peak memory begins with its parent's.
        day = Path(folder) / "day"
        made = measure([sys.executable, "-m", "tests.bench.traffic", str(day), str(orders)])
        traffic = Traffic(day, orders, int(made.output.split()[-1]))
        measure([sys.executable, "-c", FLOOR, str(traffic.folder)])  # the files are in the page cache from here on
        floor = measure([sys.executable, "-c", FLOOR, str(traffic.folder)])
        audit = measure(audit_command(traffic, Path(folder) / "packet"))
        run = json.loads((Path(folder) / "packet" / "run.json").read_text(encoding="utf-8"))
        pandas = measure([sys.executable, "-c", PANDAS, str(traffic.folder)])
        size = (Path(folder) / "packet" / "packet.html").stat().st_size
        return [
            f"{orders:,}", f"{traffic.bytes / 1e6:,.0f} MB", f"{floor.seconds:.1f} s", f"{audit.seconds:.1f} s",
            f"{audit.seconds / floor.seconds:.1f} x", f"{audit.peak_mib:,.0f} MiB", f"{pandas.seconds:.1f} s",
            f"{pandas.seconds / floor.seconds:.1f} x", f"{pandas.peak_mib:,.0f} MiB", f"{size / 1024:,.0f} KiB", run["decision"],
        ]  # fmt: skip


def main() -> None:
    """Prints the table as Markdown."""
    full = int(sys.argv[1].replace(",", "").replace("_", "")) if len(sys.argv) > 1 else 250_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    header = (
        "orders", "files", "floor", "audit", "audit / floor", "audit memory", "pandas", "pandas / floor", "pandas memory",
        "packet", "answer",
    )  # fmt: skip
    print(f"| {' | '.join(header)} |")
    print(f"|{'---|' * len(header)}")
    for orders in (full // 100, full // 10, full):
        print(f"| {' | '.join(compare(orders))} |", flush=True)
    print(f"\n| {' | '.join(har_table.HEADER)} |\n|{'---|' * len(har_table.HEADER)}")
    for megabytes in (100, 200, 400):
        print(f"| {' | '.join(har_table.har_row(measure, megabytes))} |", flush=True)


if __name__ == "__main__":
    main()
