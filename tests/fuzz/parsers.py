"""What Python itself reads: one function a kind of bytes. Whatever the bytes, it answers or says why not, in one sentence."""

from __future__ import annotations

import atexit
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from audit.errors import AuditError
from audit.loaders import _har_entries, claimant, ga4, har, omnibug
from audit.loaders._cells import _beginnings, _rows
from audit.loaders._json_stream import JsonStream
from audit.loaders._nested import requests_in
from audit.loaders._objects import object_in
from audit.loaders._source import Source, read_source
from audit.loaders._unpacking import check_unpacked_size
from audit.loaders._workers import is_taken_over
from audit.plan_file import read_plan
from reports.run_file import read_run
from tests.fuzz.decoders import STORIES, captured, logged

Target = Callable[[bytes], None]

_FOLDER = Path(tempfile.mkdtemp(prefix="pixel-audit-fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
OMNIBUG = b"""Omnibug v2.1.0,,,,,,,
Event Type,Provider,Account,Request ID,Request URL,POST Data,Timestamp,Notes
"GET","Meta Pixel","123","7","https://www.facebook.com/tr/?id=1&ev=Purchase","undefined","Fri Nov 20 2026 17:00:00 GMT+0700",""
"POST","TikTok","C1","8","https://analytics.tiktok.com/api/v2/pixel","{"event":"A"}","Fri Nov 20 2026 17:00:01 GMT+0700 (WIB)",""
"""
_REQUEST = '{"url":"https://graph.facebook.com/v21.0/1/events","method":"POST","body":{"data":[{"event_name":"Purchase"}]}}'
NESTED = [
    f'<14>Nov 20 10:00:00 web app: {{"time":1,"req":{_REQUEST},"res":{{"statusCode":200,"body":"{{}}"}}}}'.encode(),
    json.dumps({"events": [{"timestamp": n, "message": json.dumps({"req": json.loads(_REQUEST)})} for n in range(3)]}).encode(),
    b'2026-11-20 10:00:00 POST https://graph.facebook.com/v21.0/1/events {"data":[{"event_name":"Purchase"}]} 200 {"ok":1}',
]
GA4 = b"""# ----------------------------------------
# Start date: 20261120
# End date: 20261120
# ----------------------------------------
Nth day,Event name,Event count,Total revenue
0000,purchase,12,1500000
"""
PLAN = b"""
[launch]
name = "Test"
timezone = "Asia/Jakarta"
test_orders = ["1001"]
[purchase]
value_basis = "total"
event_id = "{order_id}-{event_name}"
[platforms.meta]
datasets = ["1234567890123456"]
[[senders]]
name = "Code"
platform = "meta"
channel = "browser"
owner = "tracking"
[limits]
late_event = "2h"
[[waivers]]
check = "late_event"
reason = "known"
until = 2026-12-01
"""


def _file(data: bytes, name: str) -> Path:
    path = _FOLDER / f"{os.getpid()}-{name}"
    path.write_bytes(data)
    check_unpacked_size(path, name)
    return path


def entry(data: bytes) -> None:
    """An entry of a HAR as the parser hands it on."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    row = _har_entries.Reader(Path()).row(0, value)
    if not isinstance(row, str):
        json.dumps(row)
        is_taken_over(value)


def capture(data: bytes) -> None:
    """A HAR, entry by entry, whatever else the file is."""
    reader = _har_entries.Reader(Path())
    with suppress(AuditError):
        source = Source(_file(data, "capture.har"), "capture.har", "json_object", members={"log": ("entries",)})
        for place, value in enumerate(har._entries(source)):
            row = reader.row(place, value)
            if not isinstance(row, str):
                json.dumps(row)


def text(data: bytes) -> None:
    """The stream before the parser: what comes out is what went in, unless it is refused."""
    with suppress(ValueError):
        assert b"".join(iter(JsonStream(io.BytesIO(data), 1 << 30).read, b"")) == data or b"\n" in data


def look(data: bytes) -> None:
    """What kind of file this is, and who would read it."""
    with suppress(AuditError):
        claimant(read_source(_file(data, "input"), "input"))


def table(data: bytes) -> None:
    """A table, split by Python."""
    with suppress(AuditError):
        source = Source(_file(data, "table.csv"), "table.csv", "csv", keys=("a", "b"))
        _beginnings(source)
        list(_rows(source))


def requests(data: bytes) -> None:
    """Omnibug's rows."""
    with suppress(AuditError):
        source = Source(_file(data, "omnibug.csv"), "omnibug.csv", "other")
        for _, row in omnibug._rows(source):
            if found := omnibug._ROW.match(row):
                omnibug._utc(found["time"])
                omnibug._body(found["body"])


def nested(data: bytes) -> None:
    """A line of an application log, and the requests somewhere within it."""
    if found := object_in(data.decode(errors="replace")):
        lead, value, rest = found
        json.dumps(requests_in(value, lead, rest))


def report(data: bytes) -> None:
    """A GA4 report."""
    with suppress(AuditError):
        source = Source(_file(data, "ga4.csv"), "ga4.csv", "other", keys=("#",))
        ga4.claims(source)
        for row in ga4._rows(source):
            ga4._day(row)


def plan(data: bytes) -> None:
    """audit.toml."""
    with suppress(AuditError):
        read_plan(_file(data, "audit.toml"))


def run(data: bytes) -> None:
    """run.json of an earlier packet, as ``diff`` and ``--baseline`` read it."""
    with suppress(AuditError):
        read_run(_file(data, "run.json"))


TARGETS: dict[str, Target] = {
    function.__name__: function for function in (entry, capture, text, look, table, requests, nested, report, plan, run)
}


def seeds(name: str) -> list[bytes]:
    """Good bytes to begin from."""
    entries = [json.dumps(value).encode() for value in captured()[::40]]
    log = b"\n".join(json.dumps(row).encode() for row in logged()[:5])
    orders = [path.read_bytes()[:20_000] for path in sorted(STORIES.glob("*/orders/*"))[-2:]]
    har_file = b'{"log":{"version":"1.2","creator":{},"entries":[' + b",".join(entries[:3]) + b"]}}"
    plans = [path.read_bytes() for path in sorted(STORIES.glob("*/audit.toml"))]
    return {
        "entry": entries,
        "capture": [har_file],
        "text": [*entries, har_file],
        "look": [har_file, log, *orders, OMNIBUG, GA4],
        "table": [*orders, GA4],
        "requests": [OMNIBUG],
        "nested": NESTED,
        "report": [GA4],
        "plan": [PLAN, *plans],
        "run": [(Path(__file__).parents[1] / "goldens" / "run.json").read_bytes()],
    }[name]
