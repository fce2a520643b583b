"""Logs of requests a server made or received: one request a row, the URL decides what it is."""

from __future__ import annotations

import duckdb

from audit.loaders._answers import id_of_halves, join_answers
from audit.loaders._mapped import list_key
from audit.loaders._records import read_records
from audit.loaders._requests import has_browser_urls, insert_requests, insert_straight, is_raw
from audit.loaders._source import Source, Tally

#: Rows are understood one by one.
IN_SLICES = True
KIND = "server"
FORMATS = (
    "request log (NDJSON, JSON array, CSV, Parquet): ts, method, url or path, body, status, response, headers, sender",
    "access log of nginx, Envoy or an API gateway with request bodies (JSON lines): time_iso8601 or @timestamp, request_method,"
    " request_uri, request_body, status, http_user_agent, …",
)


def claims(source: Source) -> bool:
    """Rows with a URL or path and a body, status or method, whose first URL is no browser pixel's."""
    if source.mapped_kind is not None:
        return source.mapped_kind == "request_log"
    return is_raw(source) and not has_browser_urls(source)


def load(con: duckdb.DuckDBPyConnection, source: Source) -> Tally:
    """Rows become requests; a row without a time or a URL is a reject. An answer in a row of its own is read with its request."""
    halves = id_of_halves(source)
    straight = insert_straight(con, source, evidence="server") if halves is None else None
    if straight is None:
        read, bad = read_records(con, source, under=list_key(source))
        if halves:
            join_answers(con, source, halves)
        rejected, statuses = insert_requests(con, source, evidence="server")
    else:
        bad = 0
        read, rejected, statuses = straight
    return Tally(read=read, rejected=bad + rejected, has_statuses=statuses, gaps=() if statuses else ("no response status",))
