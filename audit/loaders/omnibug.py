"""Omnibug's exports: one request a row, under a line that names the program; separated by commas or tabs.

Omnibug quotes every cell and escapes no quote of a body, so that a row is no CSV: it is read from both ends, where the cells
are known by their form. Browser and navigation are both told, the answer to a request is not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import duckdb

from audit.loaders._glance import text_of
from audit.loaders._paths import whole
from audit.loaders._rejects import insert_rejects
from audit.loaders._requests import insert_requests
from audit.loaders._source import Source, Tally

KIND = "browser"
FORMATS = ("Omnibug export (CSV or tab-separated)",)

_HEADER_LINES = 2
_TIME = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT[+-]\d{4}"
#: The first cells end where the next begins, without a second thought: a hostile row would make many of them.
_ROW = re.compile(
    rf'^"(?>(?P<type>.*?)"(?P<d>[,\t])")(?>(?P<provider>.*?)"(?P=d)")(?>(?P<account>.*?)"(?P=d)")(?>(?P<id>.*?)"(?P=d)")'
    rf'(?>(?P<url>\w+:.*?)"(?P=d)")(?P<body>.*)"(?P=d)"(?P<time>{_TIME})[^"]*"(?:(?P=d)".*")?$',
    re.DOTALL,
)
_ENDS = re.compile(rf'"{_TIME}[^"]*"(?:[,\t]".*")?$')


def claims(source: Source) -> bool:
    """The program's name and version in the first cell."""
    return source.mapped_kind is None and bool(source.keys) and re.match(r'"?Omnibug v\d', source.keys[0]) is not None


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Requests of the page, and the pages it went to; a row of another form is a reject."""
    read = loads = 0
    bad: list[tuple[int, str]] = []
    pages: list[tuple[int, datetime, str, int]] = []
    con.execute("create or replace temp table records (place bigint, record json)")
    rows: list[tuple[int, str]] = []
    for line, text in _rows(source):
        read += 1
        found = _ROW.match(text) if text.endswith('"') else None
        time = _utc(found["time"]) if found else None
        if found is None or time is None:
            bad.append((line, "not a row as Omnibug writes it"))
            continue
        url = found["url"].replace('\\"', '"')
        if found["type"] == "Navigation" and not found["provider"]:
            loads += 1
            pages.append((line, time, url, loads))
            continue
        body = _body(found["body"])
        row = {"ts": f"{time.isoformat()}Z", "method": "POST" if body else "GET", "url": url, "body": body}
        rows.append((line, json.dumps(row | {"page": str(loads)})))
    insert_rejects(con, source, bad)
    if rows:
        lines, records = zip(*rows, strict=True)
        con.execute("insert into records select unnest(?::bigint[]), unnest(?::json[])", [list(lines), list(records)])
    con.execute("create or replace temp table page_of as select place, json_extract_string(record, '$.page') as page from records")
    rejected, _ = insert_requests(con, source, evidence="browser")
    con.execute(
        "update requests set page_load = 'page/' || p.page from page_of p where requests.source = ? and p.place = requests.place",
        [source.name],
    )
    con.execute("drop table page_of")
    for line, time, url, number in pages:
        con.execute(
            """
            insert into requests by name
            select
                ? as source, ? as place, ? as ref, 'browser' as evidence, ?::timestamp as seen_at, 'GET' as method, ? as url,
                url_host(url) as host, url_path(url) as path, url_query(url) as query, 'page/' || ? as page_load,
                true as is_document, false as has_secret
            """,
            [source.name, line, f"{source.name}:{line}", time, url, str(number)],
        )
    gaps = ["no response status, and no requests but those to platforms: an action of the shopper cannot be seen"]
    if not pages:
        gaps.append("no page navigation")
    return Tally(read=read, rejected=len(bad) + rejected, gaps=tuple(gaps), has_statuses=False)


def _rows(source: Source) -> Iterator[tuple[int, str]]:
    """Each row with the line it begins on: a body may hold line breaks, a row ends with its time."""
    lines = text_of(whole(source)).splitlines()
    begins, held = 0, ""
    for number, line in enumerate(lines[_HEADER_LINES:], start=_HEADER_LINES + 1):
        if held:
            held += "\n" + line
        elif line.strip():
            begins, held = number, line
        if held and ((line.endswith('"') and _ENDS.search(line)) or not held.startswith('"')):
            yield begins, held
            held = ""
    if held:
        yield begins, held


def _utc(text: str) -> datetime | None:
    """``Fri Nov 20 2026 17:00:00 GMT+0700``, whatever the language of this machine; ``None`` when there is no such moment."""
    _, month, day, year, clock, zone = text.split()
    try:
        number = "JanFebMarAprMayJunJulAugSepOctNovDec".index(month) // 3 + 1
        written = f"{year}-{number:02d}-{day}T{clock}{zone.removeprefix('GMT')}"
        return datetime.fromisoformat(written).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _body(text: str) -> str | None:
    """The body as it was sent; a form is written as an object of lists."""
    text = text.strip()
    if text in ("", "undefined", "null", "{}", "[object Object]"):
        return None
    try:
        form = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(form, dict) and form and all(isinstance(values, list) for values in form.values()):
        return urlencode([(name, str(value)) for name, values in form.items() for value in values])
    return text
