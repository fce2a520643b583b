"""Logs whose rows hold a request further in: pino, winston, bunyan, ECS, CloudWatch, Workers, drains; or JSON behind a prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import duckdb

from audit.errors import InputError
from audit.loaders._answers import join_answers
from audit.loaders._bare import BARE_HINT, events_in
from audit.loaders._dates import YEARLESS, is_written, names_no_year
from audit.loaders._glance import HEAD_BYTES, text_of
from audit.loaders._nested import HINT, requests_in
from audit.loaders._objects import object_in
from audit.loaders._paths import lines, whole
from audit.loaders._records import read_records
from audit.loaders._request_fields import is_clock_time
from audit.loaders._requests import insert_requests
from audit.loaders._source import Source, Tally
from audit.loaders._told_errors import joined_errors
from audit.loaders._told_lines import Row, tells_in_lines, told_rows
from audit.loaders._turns import ANSWER_HINT, Reader, answered

KIND = "server"
FORMATS = (
    "application log around requests to a platform or relay (NDJSON, JSON, CSV, text with JSON in its lines): req.url, request.url,"
    " a message that is JSON, …; or around their events alone, as who uses a platform's own client logs them",
    "WooCommerce log of a plugin's requests, as Meta for WooCommerce writes it in debug mode: uri, body, code in lines apart",
)

_BATCH = 2000
_EITHER_HINT = re.compile(HINT.pattern + b"|" + BARE_HINT.pattern)
_TABLES, _DOCUMENTS = ("csv", "parquet"), ("json_object", "json_array")


def claims(source: Source) -> bool:
    """A file that no other loader knows, whose first rows hold a request to a platform or a relay."""
    if source.mapped_kind is not None:
        return False
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    hint, read = _reader(head)
    if not hint.search(head) or any(loader.claims(source) for loader in _others()):
        return False
    if tells_in_lines(head):
        return True
    # A file of settings names the same address; a log says when, or stands behind a prefix.
    rows = _first_rows(source, head)
    return any("ts" in request or source.shape == "text" for lead, row, rest in rows for request in read(row, lead, rest))


def _reader(head: bytes) -> tuple[re.Pattern[bytes], Reader]:
    """How the requests of a log are found: by their addresses, and by their events alone where its first bytes name no address, or
    those of refused ones: a platform's own client tells it in its errors only.
    """
    found = [object_in(text_of(line)) for _, line in joined_errors(head.split(b"\n")) if HINT.search(line)]
    requests = [request for row in found if row for request in requests_in(row[1], row[0], row[2])]
    is_told = any(str(request.get("status", ""))[:1] not in ("4", "5") for request in requests) or tells_in_lines(head)
    return (HINT, requests_in) if is_told or (HINT.search(head) and not requests) else (_EITHER_HINT, _either)


def _either(row: Any, lead: str, rest: str) -> list[dict[str, Any]]:
    return requests_in(row, lead, rest) or events_in(row, lead, rest)


def _others() -> list[Any]:
    from audit.loaders import loaders

    own = __name__.rpartition(".")[2]
    return [loader for name, loader in loaders().items() if name != own]


def _first_rows(source: Source, head: bytes) -> Iterator[tuple[str, Any, str]]:
    """Rows within the first bytes: of a table, of a log's lines, or the objects of a document that may go on behind them."""
    yield from (("", dict(record), "") for record in source.records)
    rows = (object_in(text_of(line)) for _, line in joined_errors(head.split(b"\n")))
    yield from (row for row in rows if row)
    if source.shape in _DOCUMENTS and (document := object_in(text_of(head))):
        yield document


def _is_no_table(source: Source, head: bytes, read: Reader) -> bool:
    """Whether what looked like a header is a line of the log, with a comma in it."""
    held = any(read(dict(record), "", "") for record in source.records)
    told = (object_in(text_of(line)) for line in head.split(b"\n"))
    return not held and any(read(row, lead, rest) for lead, row, rest in filter(None, told))


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Each request becomes a row of its own, at the place of the row it stood in; rows about nothing sent are ignored."""
    unread: list[int] = []
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    hint, read_row = _reader(head)
    is_told = tells_in_lines(head)
    if source.shape == "csv" and not is_told and _is_no_table(source, head, read_row):
        source = replace(source, shape="text")
    if source.shape in _TABLES and not is_told:
        read, _ = read_records(con, source)
        listed = con.execute("select place, record from records order by place").fetchall()
        rows: Iterator[Row] = ((place, "", json.loads(record), "") for place, record in listed)
        con.execute("delete from records")
    else:
        con.execute("create or replace temp table records (place bigint, record json)")
        read = 0
        rows = told_rows(lines(source), unread) if is_told else _lines(source, hint, unread)
        if source.shape not in _DOCUMENTS:
            read = sum(1 for line in lines(source) if line.strip())
    requests = answered(rows, read_row)
    # A document in one line is one all the same: its line is no place to look at.
    if source.shape in _DOCUMENTS or (source.shape == "ndjson" and read == 1):
        placed, read = _requests_of_documents(source, read_row)
        requests = iter(placed)
    sent, zoneless, written, halves = 0, True, "", False
    while batch := list(islice(requests, _BATCH)):
        sent += len(batch)
        times = [str(request.get("ts", "")) for _, request in batch]
        zoneless = zoneless and all(map(is_clock_time, times))
        halves = halves or any(request.get("request_id") for _, request in batch)
        written = written or next(filter(is_written, times), "")
        con.execute(
            "insert into records select r[1]::bigint, r[2]::json from (select unnest(from_json(?, '[[\"VARCHAR\"]]')) as r)",
            [json.dumps([[str(place), json.dumps(request)] for place, request in batch])],
        )
    if unread:
        con.execute(
            "insert into rejects select ? || ':' || unnest(?::bigint[]), ?, 'not a JSON object'", [source.name, unread, source.name]
        )
    as_ours = replace(source, keys=(), records=())
    if halves:
        join_answers(con, as_ours, "request_id")
    _, statuses = insert_requests(con, as_ours, evidence="server", times=written)
    rejected, kept_in_part = _rows_rejected(con, source)
    return Tally(
        read=read + kept_in_part,
        rejected=rejected,
        has_statuses=statuses,
        has_zone=False if sent and zoneless else None,
        gaps=(
            *(() if hint is HINT else ("events without the address they were sent to",)),
            *(() if statuses else ("no response status",)),
            *((YEARLESS,) if names_no_year(written) else ()),
        ),
    )


def _rows_rejected(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[int, int]:
    """Rows with something that cannot be used, each once however many requests it holds, and how many of them gave another: such
    a row counts once as each.
    """
    con.execute(
        "delete from rejects where source = $name"
        " and rowid not in (select min(rowid) from rejects where source = $name group by ref)",
        {"name": source.name},
    )
    found = con.execute(
        "select count(*), count(*) filter (where ref in (select ref from requests where source = $name))"
        " from rejects where source = $name",
        {"name": source.name},
    ).fetchone()
    return found or (0, 0)


def _lines(source: Source, hint: re.Pattern[bytes], unread: list[int]) -> Iterator[Row]:
    """The object of each line that may hold a request or an answer; a request's line that cannot be read goes into ``unread``."""
    for number, line in joined_errors(lines(source)):
        is_request = hint.search(line) is not None
        if not is_request and not ANSWER_HINT.search(line):
            continue
        if found := object_in(text_of(line)):
            yield number, *found
        elif is_request and (b'{"' in line or b"{'" in line):
            unread.append(number)


def _requests_of_documents(source: Source, read: Reader) -> tuple[list[tuple[int, dict[str, Any]]], int]:
    """Each request at the place of its row, and how many rows there are: what a row holds beside its first counts as rows too."""
    placed: list[tuple[int, dict[str, Any]]] = []
    number = 0
    for row in _documents(source):
        found = read(row, "", "")
        placed += enumerate(found, start=number + 1)
        number += max(1, len(found))
    return placed, number


def _documents(source: Source) -> Iterator[Any]:
    """The rows of a document, or of documents one after another."""
    text, start, number = text_of(whole(source)), 0, 0
    decoder = json.JSONDecoder()
    while start < len(text):
        if text[start] not in "{[":
            start += 1
            continue
        try:
            value, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{source.name}: breaks off or is damaged after row {number}. Export it again.") from error
        for row in value if isinstance(value, list) else [value]:
            number += 1
            yield row
